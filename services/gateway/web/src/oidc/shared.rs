//! Work that several wait for and nobody has to: it goes on when a browser goes away, and no lock is held while it does.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use jiff::Timestamp;
use tracing::Instrument as _;

use super::{Failed, OidcError};

/// Work that was begun, and its end for everybody who asks.
pub(crate) type Work<T> = Shared<BoxFuture<'static, T>>;

/// Begins work that goes on whatever becomes of who waits for it; `lost` is its end when it breaks off.
pub(crate) fn begun<T>(work: impl Future<Output = T> + Send + 'static, lost: T) -> Work<T>
where
    T: Clone + Send + Sync + 'static,
{
    let task = tokio::spawn(work.in_current_span());
    async move { task.await.unwrap_or(lost) }.boxed().shared()
}

/// What the provider says of itself, as it was found last.
pub(super) struct Found<T>(Arc<Mutex<Slot<T>>>);

struct Slot<T> {
    kept: Option<(Arc<T>, Timestamp)>,
    asked: Option<Work<Result<Arc<T>, Failed>>>,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Slot { kept: None, asked: None })))
    }
}

impl<T: Send + Sync + 'static> Found<T> {
    /// What is kept, where it `serves` (it, and since when), else what `ask` finds. Who comes while somebody asks waits for the same answer, and an answer that
    /// failed is asked for anew.
    pub(super) async fn get<A>(
        &self,
        now: Timestamp,
        serves: impl FnOnce(&T, Timestamp) -> bool,
        ask: impl FnOnce() -> A,
    ) -> Result<Arc<T>, Failed>
    where
        A: Future<Output = Result<T, Failed>> + Send + 'static,
    {
        let asked = {
            let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((kept, since)) = &slot.kept
                && serves(kept, *since)
            {
                return Ok(Arc::clone(kept));
            }
            match &slot.asked {
                Some(asked) => asked.clone(),
                None => slot.asked.insert(self.asking(now, ask())).clone(),
            }
        };
        asked.await
    }

    fn asking(
        &self,
        now: Timestamp,
        ask: impl Future<Output = Result<T, Failed>> + Send + 'static,
    ) -> Work<Result<Arc<T>, Failed>> {
        let slot = Arc::clone(&self.0);
        let work = async move {
            let found = ask.await.map(Arc::new);
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.asked = None;
            if let Ok(found) = &found {
                slot.kept = Some((Arc::clone(found), now));
            }
            found
        };
        begun(work, Err(Arc::new(OidcError::Answer("answer"))))
    }
}

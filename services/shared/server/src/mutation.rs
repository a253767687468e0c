//! Running a mutation to its end, whatever the client does.

use std::future::Future;

use kernel::{Classify, Kind};
use tonic::Status;

use crate::scope::{self, Scope};
use crate::status;

/// Runs the work in a task of its own and answers its result.
///
/// A client that goes away drops the handler's future in the middle; a mutation dropped between two
/// statements leaves its connection in a state nobody can tell. In its own task it ends, commits or
/// rolls back, and the client learns the outcome by retrying with the same `request_id`. The drain
/// waits for it.
///
/// # Errors
/// The status of the work's own error; INTERNAL when it panicked.
pub async fn run_to_end<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Result<T, Status>
where
    T: Send + 'static,
    E: Classify + Send + 'static,
{
    // The status is made inside, so that a failure is logged even if nobody waits for it any more.
    let work = scope::keep_scope(async move { work.await.map_err(|error| status(&error)) });
    let task = match Scope::current() {
        Some(scope) => scope.running.spawn(work),
        None => tokio::spawn(work),
    };
    task.await.unwrap_or_else(|failure| Err(status(&Interrupted { panicked: failure.is_panic() })))
}

/// The task did not reach its end. The panic itself was reported by the panic hook.
#[derive(Debug, thiserror::Error)]
#[error("the operation was interrupted (panicked: {panicked})")]
struct Interrupted {
    panicked: bool,
}

impl Classify for Interrupted {
    fn kind(&self) -> Kind {
        Kind::Internal
    }

    fn reason(&self) -> &'static str {
        "INTERNAL"
    }
}

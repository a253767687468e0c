//! A relay between a ledger's feed and its followers that doubles, reorders, drops, delays and breaks off.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use ventanilla_proto::ledger::v1::watch_response::Item;
use ventanilla_proto::ledger::v1::{GetHeadRequest, GetStepsRequest, Head, Steps, WatchRequest, WatchResponse};

use super::caller::Caller;
use super::dice::Dice;

/// Entries come one by one, so that a follower meets each fault by itself: it takes what is there as
/// one batch, and a gap anywhere in a batch is a gap.
const LONGEST_DELAY: Duration = Duration::from_millis(20);

/// Per cent of entries that something happens to.
#[derive(Debug, Clone, Copy)]
pub struct Odds {
    /// Delivered twice.
    pub doubled: u64,
    /// Delivered after the next one.
    pub reordered: u64,
    /// Not delivered.
    pub dropped: u64,
    /// The stream ends before it.
    pub broken_off: u64,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Counts {
    /// Entries that came from the source, each time.
    pub delivered: AtomicU64,
    /// See [`Odds`].
    pub doubled: AtomicU64,
    /// See [`Odds`].
    pub reordered: AtomicU64,
    /// See [`Odds`].
    pub dropped: AtomicU64,
    /// See [`Odds`].
    pub broken_off: AtomicU64,
}

/// A relay that runs until dropped.
pub struct Relay {
    /// What was done.
    pub counts: Arc<Counts>,
    serving: JoinHandle<()>,
}

impl Relay {
    /// Relays the feed that `source` reaches to whoever connects to `listener`.
    pub fn start(listener: TcpListener, source: Caller, odds: Odds, seed: u64) -> Self {
        let counts = Arc::new(Counts::default());
        let bad = Bad {
            source: LedgerServiceClient::new(source),
            odds,
            dice: Arc::new(Mutex::new(Dice::of(seed, 77))),
            counts: Arc::clone(&counts),
        };
        let serving = tokio::spawn(async move {
            let server = tonic::transport::Server::builder().add_service(LedgerServiceServer::new(bad));
            // Ends with the listener, that is with this task.
            let _ = server.serve_with_incoming(TcpListenerStream::new(listener)).await;
        });
        Self { counts, serving }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Bad {
    source: LedgerServiceClient<Caller>,
    odds: Odds,
    dice: Arc<Mutex<Dice>>,
    counts: Arc<Counts>,
}

/// What becomes of one entry.
enum Fate {
    Delivered,
    Doubled,
    Reordered,
    Dropped,
    BrokenOff,
}

fn fate(odds: Odds, dice: &Mutex<Dice>, counts: &Counts) -> (Fate, Duration) {
    let mut dice = dice.lock().unwrap_or_else(PoisonError::into_inner);
    let (throw, delay) = (dice.below(100), dice.up_to(LONGEST_DELAY));
    let limits = [odds.doubled, odds.reordered, odds.dropped, odds.broken_off];
    let mut below = 0;
    let hit = limits.iter().position(|limit| {
        below += limit;
        throw < below
    });
    let (fate, counter) = match hit {
        Some(0) => (Fate::Doubled, &counts.doubled),
        Some(1) => (Fate::Reordered, &counts.reordered),
        Some(2) => (Fate::Dropped, &counts.dropped),
        Some(_) => (Fate::BrokenOff, &counts.broken_off),
        None => (Fate::Delivered, &counts.delivered),
    };
    counter.fetch_add(1, Ordering::Relaxed);
    (fate, delay)
}

type Answers = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

#[tonic::async_trait]
impl LedgerService for Bad {
    type WatchStream = Answers;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Answers>, Status> {
        let mut source = self.source.clone();
        let mut feed = source.watch(request.into_inner()).await?.into_inner();
        let (odds, dice, counts) = (self.odds, Arc::clone(&self.dice), Arc::clone(&self.counts));
        let answers = async_stream::stream! {
            let mut kept: Option<WatchResponse> = None;
            while let Some(item) = feed.next().await {
                let item = match item {
                    Ok(item) => item,
                    Err(status) => {
                        yield Err(status);
                        break;
                    }
                };
                if !matches!(item.item, Some(Item::Entry(_))) {
                    if let Some(late) = kept.take() {
                        yield Ok(late);
                    }
                    yield Ok(item);
                    continue;
                }
                let (fate, delay) = fate(odds, &dice, &counts);
                tokio::time::sleep(delay).await;
                match fate {
                    Fate::Delivered => yield Ok(item),
                    Fate::Doubled => {
                        yield Ok(item.clone());
                        yield Ok(item);
                    }
                    Fate::Reordered if kept.is_none() => {
                        kept = Some(item);
                        continue;
                    }
                    Fate::Reordered => yield Ok(item),
                    Fate::Dropped => {}
                    Fate::BrokenOff => {
                        yield Err(Status::unavailable("the relay broke off"));
                        break;
                    }
                }
                if let Some(late) = kept.take() {
                    yield Ok(late);
                }
            }
        };
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Result<Response<Head>, Status> {
        self.source.clone().get_head(request.into_inner()).await
    }

    async fn get_steps(&self, request: Request<GetStepsRequest>) -> Result<Response<Steps>, Status> {
        self.source.clone().get_steps(request.into_inner()).await
    }
}

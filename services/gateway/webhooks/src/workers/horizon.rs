//! Up to which event everything was heard that another ledger had to say when that event came.
//!
//! A ledger is asked for its head when somebody waits, and what it had by then is heard once its follower is that far. No clock plays a
//! part in it.

use std::time::Duration;

use ledger::Standings;
use server::PeerChannel;
use tokio::time::{Instant, timeout};
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

/// A ledger is asked no more often than this.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// What was heard of one ledger.
#[derive(Clone)]
pub struct Horizon {
    source: &'static str,
    client: LedgerServiceClient<PeerChannel>,
    reached: i64,
    /// Up to which event all is heard once the follower is at a position.
    ahead: Option<(i64, i64)>,
    asked_at: Option<Instant>,
}

impl Horizon {
    /// Of the ledger of this name; nothing of it is known to be heard.
    pub const fn new(source: &'static str, client: LedgerServiceClient<PeerChannel>) -> Self {
        Self { source, client, reached: 0, ahead: None, asked_at: None }
    }

    /// The number of the event that is reached.
    pub const fn reached(&self) -> i64 {
        self.reached
    }

    /// Somebody waits, and the newest event there is has this number; whether more is reached now.
    pub async fn look(&mut self, newest: i64, standings: &Standings) -> bool {
        if self.ahead.is_none() && newest > self.reached {
            self.ahead = self.head().await.map(|position| (newest, position));
        }
        match self.ahead {
            Some((number, position)) if standings.of(self.source).position >= position => {
                (self.reached, self.ahead) = (number, None);
                true
            }
            _ => false,
        }
    }

    /// The last position of what the ledger has by now.
    async fn head(&mut self) -> Option<i64> {
        if self.asked_at.is_some_and(|at| at.elapsed() < PAUSE) {
            return None;
        }
        self.asked_at = Some(Instant::now());
        match timeout(PATIENCE, self.client.get_head(GetHeadRequest {})).await {
            Ok(Ok(head)) => {
                let head = head.into_inner();
                // What waits for a position will get one of the next.
                Some(head.position + head.waiting_count)
            }
            Ok(Err(status)) => {
                tracing::debug!(source = self.source, code = ?status.code(), "events wait for a ledger that does not answer");
                None
            }
            Err(_) => {
                tracing::debug!(source = self.source, "events wait for a ledger that does not answer in time");
                None
            }
        }
    }
}

/// What was heard of those who tell whose affairs are.
#[derive(Clone)]
pub struct Horizons {
    /// Ticketing, which tells whose a ticket is.
    pub ticketing: Horizon,
    /// The office, which tells what a case is about.
    pub office: Horizon,
}

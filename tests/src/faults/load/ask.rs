//! Asking for one effect until it is acknowledged.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::faults::dice::Dice;
use crate::faults::journal::{Journal, Wish};

/// How long one try may take.
pub(super) const TRY: Duration = Duration::from_secs(4);
/// How long a client keeps trying; the services are never down for so long.
const PATIENCE: Duration = Duration::from_secs(90);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Which `request_id` the tries of one wish carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// The same, as the contract asks.
    Kept,
    /// Another each time: the planted fault.
    Fresh,
}

/// What happened to the calls of a run.
#[derive(Debug, Default)]
pub struct Counts {
    /// Wishes that were acknowledged.
    pub acknowledged: AtomicU64,
    /// Tries that had to be repeated.
    pub retried: AtomicU64,
    /// Wishes that were refused for good.
    pub refused: AtomicU64,
    /// Answers that called a fault internal; a service may be cut off, but not confused.
    pub internal: AtomicU64,
}

/// What an answer means for a client that wants the effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Not known, or not now: ask again.
    Again,
    /// The service calls it a fault of its own; nothing is known either.
    Internal,
    /// No, with the reason.
    Refused(String),
}

/// Reads a status as the contract means it.
pub fn settled(status: &Status) -> Settled {
    let reason = status.get_details_error_info().map(|info| info.reason);
    match (status.code(), reason) {
        (Code::Aborted, Some(reason)) if reason == "STALE_ETAG" => Settled::Refused(reason),
        (Code::Internal, Some(_)) => Settled::Internal,
        (Code::Unavailable | Code::DeadlineExceeded | Code::Aborted | Code::ResourceExhausted, _) => Settled::Again,
        // What has no reason of the house was said by the transport: a connection that broke.
        (_, None) => Settled::Again,
        (_, Some(reason)) => Settled::Refused(reason),
    }
}

/// Asks, counts and keeps the journal. Cheap to clone.
#[derive(Clone)]
pub struct Asker {
    journal: Arc<Journal>,
    counts: Arc<Counts>,
    ids: Ids,
}

impl Asker {
    /// An asker that writes into this journal.
    pub fn new(journal: Arc<Journal>, counts: Arc<Counts>, ids: Ids) -> Self {
        Self { journal, counts, ids }
    }

    /// Sends until the wish is acknowledged, and gives the answer; `None` when it was refused.
    ///
    /// # Errors
    /// When it is never answered, or the journal cannot be written.
    pub async fn ask<T, F, R>(
        &self,
        dice: &mut Dice,
        wish: Wish,
        resource: impl Fn(&T) -> String,
        send: F,
    ) -> anyhow::Result<Option<T>>
    where
        F: Fn(Uuid) -> R,
        R: Future<Output = Result<Response<T>, Status>>,
    {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = Duration::from_millis(4);
        let mut request_id = dice.uuid();
        self.journal.asked(&wish, request_id)?;
        loop {
            let answer = tokio::time::timeout(TRY + Duration::from_secs(1), send(request_id)).await;
            let status = match answer {
                Ok(Ok(answer)) => {
                    let answer = answer.into_inner();
                    self.journal.acknowledged(&wish, request_id, &resource(&answer))?;
                    self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
                    return Ok(Some(answer));
                }
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded("the driver's own limit"),
            };
            match settled(&status) {
                Settled::Again => {}
                Settled::Internal => {
                    self.counts.internal.fetch_add(1, Ordering::Relaxed);
                    self.journal.refused(&wish, request_id, "INTERNAL", status.message())?;
                }
                Settled::Refused(reason) => {
                    self.counts.refused.fetch_add(1, Ordering::Relaxed);
                    self.journal.refused(&wish, request_id, &format!("{:?}", status.code()), &reason)?;
                    return Ok(None);
                }
            }
            if Instant::now() > deadline {
                bail!("{wish:?} was never answered; last: {:?} {}", status.code(), status.message());
            }
            self.counts.retried.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause / 2 + dice.up_to(pause / 2)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if self.ids == Ids::Fresh {
                request_id = dice.uuid();
                self.journal.asked(&wish, request_id)?;
            }
        }
    }
}

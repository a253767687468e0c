//! Makes the match keys of records: of each that came or changed, and of all again when the rules that make
//! them are newer than those a record was keyed by. Whoever ingests does not wait for it.

use std::sync::Arc;
use std::time::Duration;

use customer_profile_domain::matching::{Description, Frequencies, KEYS_VERSION, Person, blocking_keys};
use kernel::{Classify as _, Kind};
use postgres::{Db, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::comparisons::LANES;
use crate::store::match_key;

/// Records keyed in one transaction.
const BATCH: usize = 256;
/// The truth when nobody nudges: another process may have ingested.
const POLL: Duration = Duration::from_secs(1);

/// Makes keys in one schema. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MatchKeys {
    db: Db,
    came: Arc<Notify>,
    keyed: Arc<Keyed>,
}

/// Where it is said that there is something to compare, to each lane.
#[derive(Debug, Default)]
pub(crate) struct Keyed([Notify; LANES.len()]);

impl Keyed {
    pub(crate) fn say(&self) {
        self.0.iter().for_each(Notify::notify_one);
    }

    /// Comes when it was said since this lane last listened.
    pub(crate) async fn said(&self, lane: usize) {
        if let Some(lane) = self.0.get(lane) {
            lane.notified().await;
        }
    }
}

impl MatchKeys {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, came: Arc::new(Notify::new()), keyed: Arc::default() }
    }

    /// Says that a record came or changed.
    pub(crate) fn nudge(&self) {
        self.came.notify_one();
    }

    /// Where it is said that keys were made.
    pub(crate) fn keyed(&self) -> Arc<Keyed> {
        Arc::clone(&self.keyed)
    }

    /// Makes keys until cancelled.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub(crate) async fn run(self, cancel: CancellationToken) -> Result<(), StoreError> {
        let mut outdated = true;
        while !cancel.is_cancelled() {
            match self.round(&mut outdated).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "match keys are made again soon");
                }
                Err(error) if super::set_aside(self.db.reader(), &error).await? => continue,
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.came.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        Ok(())
    }

    /// One batch; whether there may be more.
    async fn round(&self, outdated: &mut bool) -> Result<bool, StoreError> {
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        if *outdated {
            *outdated = match_key::outdate(self.db.reader(), KEYS_VERSION, limit).await? > 0;
        }
        if !match_key::is_any_waiting(self.db.reader()).await? {
            return Ok(*outdated);
        }
        let mut tx = self.db.tx().await?;
        let waiting = match_key::waiting(&mut tx, limit).await?;
        if waiting.is_empty() {
            tx.rollback().await?;
            return Ok(*outdated);
        }
        let neutral = Frequencies::neutral();
        let mut keys = Vec::with_capacity(waiting.len());
        for record in &waiting {
            keys.push((record.id, blocking_keys(&Person::new(&Description::from(&record.content), &neutral))));
            // Somebody may be waiting in a ring.
            tokio::task::yield_now().await;
        }
        match_key::put(&mut tx, &keys, KEYS_VERSION).await?;
        tx.commit().await?;
        self.keyed.say();
        Ok(true)
    }
}

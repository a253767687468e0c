//! Makes the match keys of records: of each that came or changed, and of all again when the rules that make
//! them are newer than those a record was keyed by. Whoever ingests does not wait for it. A process looks for such records when it starts, and
//! every hour: while old and new processes run side by side, the old ones key what comes by their rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use customer_profile_domain::matching::{Description, Frequencies, KEYS_VERSION, Person, blocking_keys};
use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Classify as _, Kind};
use postgres::{Db, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::comparisons::LANES;
use crate::store::match_key;

/// Records keyed in one transaction.
const BATCH: usize = 256;
/// After so long all records are looked through once more for keys of other rules. It reads the whole table, beside everybody.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// The truth when nobody nudges: another process may have ingested.
const POLL: Duration = Duration::from_secs(1);

/// What is looked for among all records.
struct Looking {
    /// Those that could not be read: once.
    unreadable: bool,
    /// Keys of other rules, as long as there are any.
    outdated: bool,
    /// When that began last.
    since: Timestamp,
}

/// Makes keys in one schema. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MatchKeys {
    db: Db,
    ambient: Ambient,
    came: Arc<Notify>,
    /// Somebody met keys of other rules.
    met: Arc<AtomicBool>,
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
    pub(crate) fn new(db: Db, ambient: Ambient) -> Self {
        Self { db, ambient, came: Arc::new(Notify::new()), met: Arc::default(), keyed: Arc::default() }
    }

    /// Says that there are keys of other rules, which are to be made anew now.
    pub(crate) fn look_again(&self) {
        self.met.store(true, Ordering::Relaxed);
        self.came.notify_one();
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
        let mut looking = Looking { unreadable: true, outdated: true, since: self.ambient.now() };
        while !cancel.is_cancelled() {
            let now = self.ambient.now();
            if self.met.swap(false, Ordering::Relaxed) || now.duration_since(looking.since) >= LOOK_AGAIN {
                looking = Looking { outdated: true, since: now, ..looking };
            }
            match self.round(&mut looking).await {
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
    async fn round(&self, looking: &mut Looking) -> Result<bool, StoreError> {
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        if looking.unreadable {
            match_key::try_again(self.db.reader()).await?;
            looking.unreadable = false;
        }
        if looking.outdated {
            looking.outdated = match_key::outdate(self.db.reader(), KEYS_VERSION, limit).await? > 0;
        }
        if !match_key::is_any_waiting(self.db.reader()).await? {
            return Ok(looking.outdated);
        }
        let mut tx = self.db.tx().await?;
        let waiting = match_key::waiting(&mut tx, limit).await?;
        if waiting.is_empty() {
            tx.rollback().await?;
            return Ok(looking.outdated);
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

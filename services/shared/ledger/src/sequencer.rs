//! Gives committed entries their positions, in commit order, and chains them.
//!
//! Readers of the form `where id > cursor` lose entries, because a sequence gives numbers out before
//! commit. Here a number is given after commit, by whoever holds the one row of `ledger_head`; two
//! sequencers at once only wait for each other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff_sqlx::ToSqlx;
use kernel::chain;
use postgres::{Db, StoreError};
use sqlx::{PgConnection, Row};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use ventanilla_proto::ledger::v1::Entry;

use crate::chain;
use crate::draft::Columns;
use crate::rest;
use crate::rows::{self, EntryRow};

/// Entries moved in one transaction at most.
const BATCH: i64 = 1_000;
/// The truth when nobody nudges: another process may have written.
const POLL: Duration = Duration::from_secs(1);

/// Counted so far and no further: more of them is the same news.
const COUNTED: i64 = 10_000;

/// Where a ledger stands, as far as an operator wants to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerStanding {
    /// Position of the last entry.
    pub position: i64,
    /// Committed entries that wait for a position; ten thousand at most are counted.
    pub waiting: i64,
    /// How long the first of them has waited, by the clocks of writer and database; 0 when none waits.
    pub waiting_seconds: f64,
    /// Entries of other ledgers that wait to be released here; ten thousand at most are counted.
    pub parked: i64,
}

/// A service's own ledger. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    db: Db,
    source: &'static str,
    written: Arc<Notify>,
    head: watch::Sender<i64>,
}

impl Ledger {
    /// The ledger in the schema of `db`, known to others as `source`.
    pub fn open(db: Db, source: &'static str) -> Self {
        Self { db, source, written: Arc::new(Notify::new()), head: watch::Sender::new(0) }
    }

    /// Name others know it by.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// The schema it lives in.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Says that something was committed, so that it is sequenced at once.
    pub fn nudge(&self) {
        self.written.notify_one();
    }

    /// Follows the head as this process sees it move.
    pub(crate) fn head(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// The entries of one aggregate after a position, at most `limit`, without personal parts. Those of archived months have no hashes,
    /// commitment and id, and only the payloads that the service [keeps](crate::archive::Kept).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn of_aggregate(&self, aggregate: &str, after: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
        rows::of_aggregate(self.db.reader(), aggregate, after, limit).await
    }

    /// Position and hash of the last entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn position(&self) -> Result<(i64, Vec<u8>), StoreError> {
        let row = sqlx::query("select position, hash from ledger_head").fetch_one(self.db.reader()).await?;
        Ok((row.try_get("position")?, row.try_get("hash")?))
    }

    /// The hash of the entry at a position; `None` where there is no such entry, or it is archived and not the last of its month. Position 0 has
    /// the hash before the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hash_at(&self, position: i64) -> Result<Option<Vec<u8>>, StoreError> {
        if position == 0 {
            return Ok(Some(chain::GENESIS.to_vec()));
        }
        rows::hash_at(self.db.reader(), position).await
    }

    /// Where it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(&self, connection: &mut PgConnection) -> Result<LedgerStanding, StoreError> {
        let row = sqlx::query(
            "select position,
                    (select count(*) from (select from ledger_inbox limit $1) as waiting) as waiting,
                    coalesce((select extract(epoch from clock_timestamp() - recorded_at)::double precision
                              from ledger_inbox order by inbox_id limit 1), 0) as waiting_seconds,
                    (select count(*) from (select from ledger_parked limit $1) as parked) as parked
             from ledger_head",
        )
        .bind(COUNTED)
        .fetch_one(connection)
        .await?;
        Ok(LedgerStanding {
            position: row.try_get("position")?,
            waiting: row.try_get("waiting")?,
            waiting_seconds: row.try_get::<f64, _>("waiting_seconds")?.max(0.0),
            parked: row.try_get("parked")?,
        })
    }

    /// Sequences until cancelled, then once more, so that what was committed before the end is out.
    pub async fn sequence(self, cancel: CancellationToken) {
        let mut failures = 0_u32;
        loop {
            let began = Instant::now();
            let mut pause = Duration::ZERO;
            match self.sequence_waiting().await {
                Ok(moved) => {
                    failures = 0;
                    if moved > 0 {
                        pause = rest(began.elapsed());
                    }
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    tracing::warn!(
                        source = self.source,
                        error = chain(&error),
                        failures,
                        "the sequencer will try again"
                    );
                }
            }
            if !pause.is_zero() && cancel.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                break;
            }
            // A database that is down is asked ever less often, up to the poll interval.
            let wait = if failures == 0 { POLL } else { POLL.min(Duration::from_millis(50 << failures.min(5))) };
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.written.notified(), if failures == 0 => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        if let Err(error) = self.sequence_waiting().await {
            tracing::warn!(source = self.source, error = chain(&error), "entries wait in the inbox for the next start");
        }
    }

    /// Moves everything that waits; answers how many entries that were.
    ///
    /// # Errors
    /// [`StoreError`]; what was not moved stays in the inbox.
    pub async fn sequence_waiting(&self) -> Result<i64, StoreError> {
        let mut all = 0;
        loop {
            let (position, moved) = self.sequence_batch(BATCH).await?;
            self.head.send_if_modified(|head| {
                let ahead = position > *head;
                *head = position.max(*head);
                ahead
            });
            all += moved;
            if moved < BATCH {
                return Ok(all);
            }
        }
    }

    /// Moves one batch; answers the head's position and how many entries moved.
    async fn sequence_batch(&self, limit: i64) -> Result<(i64, i64), StoreError> {
        // Most wake-ups of a quiet service find nothing: learn that without a transaction.
        let idle = sqlx::query("select position, not exists (select from ledger_inbox) as idle from ledger_head")
            .fetch_one(self.db.reader())
            .await?;
        if idle.try_get("idle")? {
            return Ok((idle.try_get("position")?, 0));
        }
        let mut tx = self.db.tx().await?;
        let head = sqlx::query("select position, hash from ledger_head for update").fetch_one(&mut *tx).await?;
        let mut position: i64 = head.try_get("position")?;
        let mut hash: [u8; 32] = head
            .try_get::<Vec<u8>, _>("hash")?
            .try_into()
            .map_err(|_| StoreError::corrupt("ledger_head", "hash", position))?;

        let taken = sqlx::query(
            "with taken as (
                 delete from ledger_inbox where inbox_id in (select inbox_id from ledger_inbox order by inbox_id limit $1)
                 returning *
             ) select * from taken order by inbox_id",
        )
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        if taken.is_empty() {
            tx.rollback().await?;
            return Ok((position, 0));
        }

        let moved = i64::try_from(taken.len()).unwrap_or(limit);
        let mut columns = Columns::default();
        let (mut positions, mut prev_hashes, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for row in &taken {
            let row = EntryRow::read(row)?;
            position += 1;
            prev_hashes.push(hash.to_vec());
            hash = chain::entry_hash(&hash, &row.chained(position));
            positions.push(position);
            hashes.push(hash.to_vec());
            push(&mut columns, row);
        }
        write(&mut tx, columns, positions, prev_hashes, hashes, &hash).await?;
        tx.commit().await?;
        Ok((position, moved))
    }
}

fn push(columns: &mut Columns, row: EntryRow) {
    columns.entry_id.push(row.entry_id);
    columns.aggregate.push(row.aggregate);
    columns.kind.push(row.kind);
    columns.occurred_at.push(row.occurred_at.to_sqlx());
    columns.recorded_at.push(row.recorded_at.to_sqlx());
    columns.actor_kind.push(row.actor_kind);
    columns.actor_id.push(row.actor_id);
    columns.actor_department.push(row.actor_department);
    columns.traceparent.push(row.traceparent);
    columns.payload.push(row.payload);
    columns.commitment.push(row.commitment);
    columns.salt.push(row.salt);
    columns.personal.push(row.personal);
}

/// Entries, personal parts and head in one statement.
async fn write(
    tx: &mut sqlx::PgConnection,
    columns: Columns,
    positions: Vec<i64>,
    prev_hashes: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    hash: &[u8; 32],
) -> Result<(), StoreError> {
    let head = positions.last().copied();
    sqlx::query(
        "with batch as (
             select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                                  $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[], $12::bytea[],
                                  $13::bytea[], $14::bytea[], $15::bytea[], $16::bytea[])
                 as b(position, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                      actor_department, traceparent, payload, commitment, salt, personal, prev_hash, hash)
         ), entries as (
             insert into ledger (position, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                                 actor_department, traceparent, payload, commitment, prev_hash, hash)
             select position, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                    actor_department, traceparent, payload, commitment, prev_hash, hash from batch
         ), parts as (
             insert into ledger_personal (position, salt, personal)
             select position, salt, personal from batch where personal is not null
         )
         update ledger_head set position = $17, hash = $18",
    )
    .bind(positions)
    .bind(columns.entry_id)
    .bind(columns.aggregate)
    .bind(columns.kind)
    .bind(columns.occurred_at)
    .bind(columns.recorded_at)
    .bind(columns.actor_kind)
    .bind(columns.actor_id)
    .bind(columns.actor_department)
    .bind(columns.traceparent)
    .bind(columns.payload)
    .bind(columns.commitment)
    .bind(columns.salt)
    .bind(columns.personal)
    .bind(prev_hashes)
    .bind(hashes)
    .bind(head)
    .bind(hash.as_slice())
    .execute(tx)
    .await?;
    Ok(())
}

//! The ledger by months: one partition for what was given a position from the beginning of a month on.
//!
//! ```text
//! ledger_from_1 [1, 4811]   ledger_from_4812 [4812, 9023]   ledger_from_9024 [9024, ...   <- the open one, of this month
//! ```
//!
//! A partition is a run of positions, since positions alone are in order: entries are given theirs in another order than they were written in.
//! It ends where the ledger stands when the next is begun. A month in which nothing was written has none.
//!
//! [`begin`] is the owner's (a service's role may not make tables), may be said again at any time, and stands beside writers and readers: it
//! waits for who holds the ledger no longer than [`PATIENCE`], lets everybody by, and tries again.

use std::time::Duration;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use postgres::{Db, StoreError, Tx};
use sqlx::{AssertSqlSafe, Executor, Row};

/// How long it waits for a lock. Who waits for the ledger has everybody behind it.
const PATIENCE: &str = "set local lock_timeout = '800ms'";
/// How often it is tried whose lock others hold: a minute and more, with what each try waits.
const TRIES: u32 = 40;
/// Between two tries everybody gets in.
const PAUSE: Duration = Duration::from_secs(1);
/// Above every position of the open partition.
const NOWHERE: i64 = i64::MAX;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The open partition is of this month, or of a later one by a clock that was ahead.
    Stands,
    /// Nothing was written since the open partition was made: it is this month's now.
    Renamed,
    /// The open partition was closed and another was opened.
    Closed {
        /// Last position of the one that was closed.
        last: i64,
    },
}

/// Why a month could not be begun. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MonthError {
    /// Somebody reads or holds the ledger for longer than it is worth waiting.
    #[error("others held the ledger at each of {tries} tries; see in pg_stat_activity who, and say it again")]
    Busy {
        /// How often it was tried.
        tries: u32,
    },
    /// The head says another position than the ledger ends with.
    #[error(
        "the head says position {head}, and the ledger ends with {last}: look with `ventanilla verify` before anything else"
    )]
    Astray {
        /// Position of the head.
        head: i64,
        /// Last position there is.
        last: i64,
    },
    /// A date that is no first day of a month.
    #[error("{0} is not the first day of a month")]
    NoMonth(Date),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MonthError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The partition that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    first: i64,
    month: Date,
}

/// What is to be done about the open partition at the beginning of `month`, where the ledger stands at `head`.
fn due(open: Open, head: i64, month: Date) -> Begun {
    if month <= open.month {
        Begun::Stands
    } else if head < open.first {
        Begun::Renamed
    } else {
        Begun::Closed { last: head }
    }
}

/// The month that the database is in (UTC), as its first day.
///
/// # Errors
/// [`StoreError`].
pub async fn current(db: &Db) -> Result<Date, StoreError> {
    let found: jiff_sqlx::Date =
        sqlx::query_scalar("select date_trunc('month', now() at time zone 'UTC')::date").fetch_one(db.reader()).await?;
    Ok(found.to_jiff())
}

/// Makes the partition of `month` (its first day), if the open one is of an earlier month. `db` is the owner's way in.
///
/// # Errors
/// [`MonthError`]; nothing was changed.
pub async fn begin(db: &Db, month: Date) -> Result<Begun, MonthError> {
    if month.day() != 1 {
        return Err(MonthError::NoMonth(month));
    }
    for _ in 0..TRIES {
        match once(db, month).await {
            Err(MonthError::Store(StoreError::Contended)) => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
    Err(MonthError::Busy { tries: TRIES })
}

async fn once(db: &Db, month: Date) -> Result<Begun, MonthError> {
    let mut tx = db.tx().await?;
    tx.execute(PATIENCE).await?;
    // Whoever gives positions holds this row first and the ledger after it: the same order here.
    let head = sqlx::query("select position, hash from ledger_head for update").fetch_one(&mut *tx).await?;
    let (position, hash): (i64, Vec<u8>) = (head.try_get("position")?, head.try_get("hash")?);
    let open = sqlx::query("select first_position, month from ledger_month where last_position is null")
        .fetch_one(&mut *tx)
        .await?;
    let open =
        Open { first: open.try_get("first_position")?, month: open.try_get::<jiff_sqlx::Date, _>("month")?.to_jiff() };
    let begun = due(open, position, month);
    match begun {
        Begun::Stands => return Ok(begun),
        Begun::Renamed => {
            sqlx::query("update ledger_month set month = $1, opened_at = now() where last_position is null")
                .bind(month.to_sqlx())
                .execute(&mut *tx)
                .await?;
        }
        Begun::Closed { last } => close(&mut tx, open, last, &hash, month).await?,
    }
    tx.commit().await?;
    Ok(begun)
}

/// The open partition ends at `last`, and one without end begins after it.
///
/// That none of its rows lies above `last` is known from the head, which is held, and from the last of them, by the index. The server would read
/// all of them to see it again, while nobody gets in; a rule that every row keeps spares that. So each open partition is made with the rule
/// `position < ledger_open_ends()`, and for this transaction alone that function says where the partition ends.
async fn close(tx: &mut Tx, open: Open, last: i64, hash: &[u8], month: Date) -> Result<(), MonthError> {
    let (first, next) = (open.first, last + 1);
    let found: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from ledger").fetch_one(&mut **tx).await?;
    if found != last {
        return Err(MonthError::Astray { head: last, last: found });
    }
    let from = if first == 1 { "minvalue".to_owned() } else { first.to_string() };
    let statements = format!(
        "alter table ledger detach partition ledger_from_{first};
         create or replace function ledger_open_ends() returns bigint language sql immutable return {next};
         alter table ledger attach partition ledger_from_{first} for values from ({from}) to ({next});
         alter table ledger_from_{first} drop constraint ledger_from_{first}_range;
         create or replace function ledger_open_ends() returns bigint language sql immutable return {NOWHERE};
         create table ledger_from_{next} partition of ledger (
             constraint ledger_from_{next}_entry_id_key unique (entry_id),
             constraint ledger_from_{next}_range check (position >= {next} and position < ledger_open_ends())
         ) for values from ({next}) to (maxvalue);
         select ledger_seal_partition('ledger_from_{next}');"
    );
    tx.execute(AssertSqlSafe(statements)).await?;
    sqlx::query("update ledger_month set last_position = $1, hash = $2, closed_at = now() where first_position = $3")
        .bind(last)
        .bind(hash)
        .bind(first)
        .execute(&mut **tx)
        .await?;
    sqlx::query("insert into ledger_month (first_position, month, prev_hash, opened_at) values ($1, $2, $3, now())")
        .bind(next)
        .bind(month.to_sqlx())
        .bind(hash)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

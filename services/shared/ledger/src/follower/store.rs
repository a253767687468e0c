//! The follower's rows: cursor and parked entries.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use postgres::{Db, StoreError, Tx};
use prost::Message;
use sqlx::Row;
use ventanilla_proto::ledger::v1::Entry;

use super::ReactionError;
use crate::received::Received;

/// The cursor under lock, and what is parked behind it.
pub(super) struct Held {
    pub cursor: i64,
    pub parked: HashSet<String>,
}

/// The last position applied, 0 before the first.
pub(super) async fn cursor(db: &Db, source: &str) -> Result<i64, StoreError> {
    let row = sqlx::query("select coalesce((select position from ledger_cursor where source = $1), 0) as position")
        .bind(source)
        .fetch_one(db.reader())
        .await?;
    Ok(row.try_get("position")?)
}

/// Locks the cursor, so that two followers of one source take turns.
pub(super) async fn lock(tx: &mut Tx, source: &str) -> Result<Held, StoreError> {
    // The commit need not wait for the disk: a crash takes effect and cursor back together and the
    // entry comes again, and whatever the effect put into the own ledger is flushed by the sequencer's
    // commit before anybody else can see it.
    const LOCK: &str = "
        select position, array(select distinct aggregate from ledger_parked p where p.source = $1) as parked,
               set_config('synchronous_commit', 'off', true)
        from ledger_cursor where source = $1 for update";
    let row = match sqlx::query(LOCK).bind(source).fetch_optional(&mut **tx).await? {
        Some(row) => row,
        None => {
            sqlx::query("insert into ledger_cursor (source) values ($1) on conflict do nothing")
                .bind(source)
                .execute(&mut **tx)
                .await?;
            sqlx::query(LOCK).bind(source).fetch_one(&mut **tx).await?
        }
    };
    let parked: Vec<String> = row.try_get("parked")?;
    Ok(Held { cursor: row.try_get("position")?, parked: parked.into_iter().collect() })
}

pub(super) async fn advance(tx: &mut Tx, source: &str, position: i64) -> Result<(), StoreError> {
    sqlx::query(
        "update ledger_cursor set position = $2, head_position = greatest(head_position, $2) where source = $1",
    )
    .bind(source)
    .bind(position)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn note_standing(db: &Db, source: &str, head: i64, as_of: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update ledger_cursor set head_position = $2, as_of = $3 where source = $1")
        .bind(source)
        .bind(head)
        .bind(as_of.to_sqlx())
        .execute(db.reader())
        .await?;
    Ok(())
}

pub(super) async fn park(
    tx: &mut Tx,
    source: &str,
    entry: &Received,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into ledger_parked (source, position, aggregate, entry, reason, parked_at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(source)
    .bind(entry.position())
    .bind(entry.aggregate())
    .bind(entry.entry().encode_to_vec())
    .bind(reason)
    .bind(now.to_sqlx())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The aggregates that are parked, the one that waits longest first.
pub(super) async fn parked(db: &Db, source: &str) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query("select aggregate from ledger_parked where source = $1 group by 1 order by min(position)")
        .bind(source)
        .fetch_all(db.reader())
        .await?;
    Ok(rows.iter().map(|row| row.try_get("aggregate")).collect::<Result<_, _>>()?)
}

pub(super) async fn take_parked(tx: &mut Tx, source: &str, aggregate: &str) -> Result<Vec<Received>, ReactionError> {
    let rows = sqlx::query(
        "with taken as (delete from ledger_parked where source = $1 and aggregate = $2 returning position, entry)
         select entry from taken order by position",
    )
    .bind(source)
    .bind(aggregate)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter()
        .map(|row| {
            let bytes: Vec<u8> = row.try_get("entry")?;
            let entry = Entry::decode(bytes.as_slice()).map_err(|_| ReactionError::Undecodable("parked entry"))?;
            Received::read(entry)
        })
        .collect()
}

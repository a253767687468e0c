//! Ledger rows as the database gives them, and as the contract spells them.

use jiff::Timestamp;
use postgres::StoreError;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

use crate::chain::Chained;

/// One row of `ledger` or `ledger_inbox`.
pub(crate) struct EntryRow {
    pub entry_id: Uuid,
    pub aggregate: String,
    pub kind: String,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_department: Option<String>,
    pub traceparent: String,
    pub payload: Vec<u8>,
    pub commitment: Option<Vec<u8>>,
    pub salt: Option<Vec<u8>>,
    pub personal: Option<Vec<u8>>,
}

impl EntryRow {
    pub(crate) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            entry_id: row.try_get("entry_id")?,
            aggregate: row.try_get("aggregate")?,
            kind: row.try_get("type")?,
            occurred_at: row.try_get::<jiff_sqlx::Timestamp, _>("occurred_at")?.to_jiff(),
            recorded_at: row.try_get::<jiff_sqlx::Timestamp, _>("recorded_at")?.to_jiff(),
            actor_kind: row.try_get("actor_kind")?,
            actor_id: row.try_get("actor_id")?,
            actor_department: row.try_get("actor_department")?,
            traceparent: row.try_get("traceparent")?,
            payload: row.try_get("payload")?,
            commitment: row.try_get("commitment")?,
            salt: row.try_get("salt")?,
            personal: row.try_get("personal")?,
        })
    }

    pub(crate) fn chained(&self, position: i64) -> Chained<'_> {
        Chained {
            position,
            entry_id: self.entry_id,
            aggregate: &self.aggregate,
            kind: &self.kind,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            actor_kind: &self.actor_kind,
            actor_id: &self.actor_id,
            actor_department: self.actor_department.as_deref().unwrap_or(""),
            traceparent: &self.traceparent,
            payload: &self.payload,
            commitment: self.commitment.as_deref().unwrap_or(&[]),
        }
    }

    fn into_proto(self, position: i64, prev_hash: Vec<u8>, hash: Vec<u8>) -> Result<Entry, StoreError> {
        Ok(Entry {
            position,
            entry_id: self.entry_id.as_hyphenated().to_string(),
            aggregate: self.aggregate,
            r#type: self.kind,
            occurred_time: Some(timestamp(self.occurred_at)),
            recorded_time: Some(timestamp(self.recorded_at)),
            actor: Some(Actor {
                kind: actor_kind(&self.actor_kind)
                    .ok_or_else(|| StoreError::corrupt("ledger", "actor_kind", position))?
                    .into(),
                id: self.actor_id,
                department: self.actor_department.unwrap_or_default(),
            }),
            traceparent: self.traceparent,
            payload: self.payload,
            commitment: self.commitment.unwrap_or_default(),
            prev_hash,
            hash,
            personal: self.personal.unwrap_or_default(),
            salt: self.salt.unwrap_or_default(),
        })
    }
}

/// What is read of `ledger l`, column by column: the shape of `l.*` would change under a connection's prepared
/// statements with the migration that adds a column.
macro_rules! entry_columns {
    () => {
        "l.position, l.entry_id, l.aggregate, l.type, l.occurred_at, l.recorded_at, l.actor_kind, l.actor_id,
         l.actor_department, l.traceparent, l.payload, l.commitment, l.prev_hash, l.hash"
    };
}
pub(crate) use entry_columns;

/// The entries come first and their personal parts one by one (`offset 0` keeps them apart): left to itself
/// Postgres may merge the two tables by position, which reads the personal parts from the ledger's beginning,
/// for each follower at each look.
const AFTER: &str = concat!(
    "select ",
    entry_columns!(),
    ", p.salt, p.personal
     from (select * from ledger where position > $1 order by position limit $2) l
     left join lateral (
         select salt, personal from ledger_personal where $3 and position = l.position offset 0
     ) p on true
     order by l.position"
);

/// Entries after a position, in order, with or without their personal parts.
pub(crate) async fn after(pool: &PgPool, position: i64, limit: i64, personal: bool) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(AFTER).bind(position).bind(limit).bind(personal).fetch_all(pool).await?;
    rows.iter().map(entry).collect()
}

/// Entries of one aggregate after a position, in order, without personal parts; those of archived months without what chained them.
pub(crate) async fn of_aggregate(
    pool: &PgPool,
    aggregate: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(concat!(
        "select * from (
             select ",
        entry_columns!(),
        ", null::bytea as salt, null::bytea as personal from ledger l
             union all
             select position, '00000000-0000-0000-0000-000000000000', aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                    actor_department, traceparent, coalesce(payload, ''), null, '', '', null, null from ledger_kept
         ) l
         where l.aggregate = $1 and l.position > $2 order by l.position limit $3",
    ))
    .bind(aggregate)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(entry).collect()
}

/// The hash at a position that the database has: of an archived month that of the last entry.
pub(crate) async fn hash_at(pool: &PgPool, position: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let hash = sqlx::query_scalar(
        "select hash from ledger where position = $1
         union all
         select hash from ledger_month where last_position = $1 and archived_at is not null",
    );
    Ok(hash.bind(position).fetch_optional(pool).await?)
}

/// The first position that is not archived.
pub(crate) async fn first(pool: &PgPool) -> Result<i64, StoreError> {
    let first = "select first_position from ledger_month where archived_at is null order by first_position limit 1";
    Ok(sqlx::query_scalar(first).fetch_one(pool).await?)
}

fn entry(row: &PgRow) -> Result<Entry, StoreError> {
    let position = row.try_get("position")?;
    EntryRow::read(row)?.into_proto(position, row.try_get("prev_hash")?, row.try_get("hash")?)
}

/// Instant to the contract's shape.
pub(crate) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let micros = at.as_microsecond();
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
    }
}

/// The contract's shape to an instant.
pub(crate) fn instant(at: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(at.seconds, at.nanos).ok()
}

/// The stored word of an actor kind.
pub(crate) fn actor_word(kind: i32) -> Option<kernel::ActorKind> {
    Some(match ActorKind::try_from(kind).ok()? {
        ActorKind::Unspecified => return None,
        ActorKind::Employee => kernel::ActorKind::Employee,
        ActorKind::Office => kernel::ActorKind::Office,
        ActorKind::Customer => kernel::ActorKind::Customer,
        ActorKind::System => kernel::ActorKind::System,
    })
}

/// The kind of actor of a stored word.
pub(crate) fn actor_kind(word: &str) -> Option<ActorKind> {
    Some(match word.parse::<kernel::ActorKind>().ok()? {
        kernel::ActorKind::Employee => ActorKind::Employee,
        kernel::ActorKind::Office => ActorKind::Office,
        kernel::ActorKind::Customer => ActorKind::Customer,
        kernel::ActorKind::System => ActorKind::System,
    })
}

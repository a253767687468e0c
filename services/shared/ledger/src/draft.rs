//! What a writer appends: an entry without its position.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::Actor;
use postgres::StoreError;
use prost::{Message, Name};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::chain;

/// Who did it, when, and in which trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Who.
    pub actor: Actor,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// W3C trace context of the request; empty when it is not traced.
    pub traceparent: String,
}

impl Stamp {
    /// The stamp of something that happens as it is written down.
    pub fn of(actor: Actor, now: Timestamp, traceparent: String) -> Self {
        Self { actor, occurred_at: now, recorded_at: now, traceparent }
    }

    /// The same stamp for something that happened at another time.
    #[must_use]
    pub fn occurred(mut self, at: Timestamp) -> Self {
        self.occurred_at = at;
        self
    }
}

/// An entry before it has a position.
#[derive(Debug, Clone)]
pub struct Draft {
    id: Uuid,
    aggregate: String,
    kind: String,
    stamp: Stamp,
    payload: Vec<u8>,
    personal: Option<PersonalPart>,
}

#[derive(Clone)]
struct PersonalPart {
    salt: [u8; 32],
    body: Vec<u8>,
}

impl std::fmt::Debug for PersonalPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}

impl Draft {
    /// An entry about `aggregate` (a resource name) with this non-personal payload.
    pub fn new<M: Message + Name>(id: Uuid, aggregate: impl Into<String>, payload: &M, stamp: &Stamp) -> Self {
        Self {
            id,
            aggregate: aggregate.into(),
            kind: M::full_name(),
            stamp: stamp.clone(),
            payload: payload.encode_to_vec(),
            personal: None,
        }
    }

    /// Adds the personal part, bound by a commitment under `salt` (fresh random bytes).
    #[must_use]
    pub fn with_personal(mut self, personal: &impl Message, salt: [u8; 32]) -> Self {
        self.personal = Some(PersonalPart { salt, body: personal.encode_to_vec() });
        self
    }
}

/// Drafts as parallel arrays, for `unnest` inside a statement of the caller's. The order of the
/// columns is that of [`append`].
#[derive(Debug, Default)]
pub struct Columns {
    /// `entry_id uuid[]`
    pub entry_id: Vec<Uuid>,
    /// `aggregate text[]`
    pub aggregate: Vec<String>,
    /// `type text[]`
    pub kind: Vec<String>,
    /// `occurred_at timestamptz[]`
    pub occurred_at: Vec<jiff_sqlx::Timestamp>,
    /// `recorded_at timestamptz[]`
    pub recorded_at: Vec<jiff_sqlx::Timestamp>,
    /// `actor_kind text[]`
    pub actor_kind: Vec<String>,
    /// `actor_id text[]`
    pub actor_id: Vec<String>,
    /// `actor_department text[]`
    pub actor_department: Vec<Option<String>>,
    /// `traceparent text[]`
    pub traceparent: Vec<String>,
    /// `payload bytea[]`
    pub payload: Vec<Vec<u8>>,
    /// `commitment bytea[]`
    pub commitment: Vec<Option<Vec<u8>>>,
    /// `salt bytea[]`
    pub salt: Vec<Option<Vec<u8>>>,
    /// `personal bytea[]`
    pub personal: Vec<Option<Vec<u8>>>,
}

impl Columns {
    /// The columns of these drafts.
    pub fn of(drafts: &[Draft]) -> Self {
        let mut columns = Self::default();
        columns.push(drafts);
        columns
    }

    /// Adds these drafts.
    pub fn push(&mut self, drafts: &[Draft]) {
        for draft in drafts {
            self.entry_id.push(draft.id);
            self.aggregate.push(draft.aggregate.clone());
            self.kind.push(draft.kind.clone());
            self.occurred_at.push(draft.stamp.occurred_at.to_sqlx());
            self.recorded_at.push(draft.stamp.recorded_at.to_sqlx());
            self.actor_kind.push(draft.stamp.actor.kind.as_str().to_owned());
            self.actor_id.push(draft.stamp.actor.id.clone());
            self.actor_department.push(draft.stamp.actor.department.as_ref().map(ToString::to_string));
            self.traceparent.push(draft.stamp.traceparent.clone());
            self.payload.push(draft.payload.clone());
            let personal = draft.personal.as_ref();
            self.commitment.push(personal.map(|p| chain::commitment(&p.salt, &p.body).to_vec()));
            self.salt.push(personal.map(|p| p.salt.to_vec()));
            self.personal.push(personal.map(|p| p.body.clone()));
        }
    }
}

/// Appends the drafts in the caller's transaction, in one round trip. Call it after the aggregate's
/// row is locked or changed: the order in the ledger is the order of these calls per aggregate.
///
/// # Errors
/// [`StoreError`].
pub async fn append(tx: &mut PgConnection, drafts: &[Draft]) -> Result<(), StoreError> {
    if drafts.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(drafts);
    sqlx::query(
        "insert into ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                                   actor_department, traceparent, payload, commitment, salt, personal)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                              $7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[])",
    )
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
    .execute(tx)
    .await?;
    Ok(())
}

//! Opening a ticket: claim of the request, ticket, claim points, receipt, history and ledger entry in
//! one statement, one round trip. Everything hangs on the claim: a call that was made before writes nothing.

use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use ledger::{Columns, Draft};
use postgres::{Db, RequestError, RequestKey, StoreError};
use sqlx::PgPool;
use ticketing_domain::{Receipt, TicketId};

use super::Stored;
use super::history::ChangeRow;
use crate::proof::KeptProof;

/// All that is written when a ticket opens.
pub(crate) struct Opening {
    /// The call.
    pub key: RequestKey,
    /// Its encoded answer, without the proof.
    pub answer: Vec<u8>,
    /// The ticket.
    pub stored: Stored,
    /// What is kept of the proof.
    pub proof: KeptProof,
    /// The receipt.
    pub receipt: Receipt,
    /// First row of the history.
    pub change: ChangeRow,
    /// First entry of the ledger.
    pub entry: Draft,
}

/// Writes it all, unless the call was made before: `false` then.
pub(crate) async fn open(db: &Db, opening: Opening) -> Result<bool, StoreError> {
    let written = db.statement(move |pool| async move { insert(&pool, &opening).await }).await;
    match written {
        // Two tickets drew the same 60 random bits: the retry draws again.
        Err(error) if error.constraint() == Some("ticket_tracking_key_key") => Err(StoreError::Contended),
        other => other,
    }
}

async fn insert(pool: &PgPool, opening: &Opening) -> Result<bool, sqlx::Error> {
    let Opening { key, answer, stored, proof, receipt, change, entry } = opening;
    let (ticket, facts) = (&stored.ticket, stored.ticket.facts());
    let points: Vec<String> = ticket.points().iter().map(|p| p.text.expose().to_owned()).collect();
    let entry = Columns::of(std::slice::from_ref(entry));
    sqlx::query_scalar!(
        r#"with claim as (
               insert into ticketing.request (request_id, method, body_hash, answer, claimed_at, keep_forever)
               values ($1, $2, $3, $4, $5, true)
               on conflict on constraint request_pkey do nothing
               returning request_id
           ), ticket as (
               insert into ticketing.ticket (ticket_id, customer_id, ticket_type, severity, subject, channel, language,
                   sector, topic, first_received_at, tracking_key, proof_salt, proof_hash, interaction_id, follow_up_of,
                   department, owner, state, state_since, last_change_at, change_count, created_at, updated_at, version)
               select $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26,
                   $5, $5, $27 from claim
           ), point as (
               insert into ticketing.claim_point (ticket_id, ordinal, text)
               select $6, p.ordinal, p.text from claim, unnest($28::text[]) with ordinality as p (text, ordinal)
           ), receipt as (
               insert into ticketing.receipt (ticket_id, received_at, text, content_hash)
               select $6, $29, $30, $31 from claim
           ), change as (
               insert into ticketing.ticket_change (ticket_id, sequence, kind, to_state, department, actor_kind, actor_id,
                   actor_department, occurred_at, recorded_at)
               select $6, $26, $32, $23, $21, $33, $34, $35, $24, $5 from claim
           ), entry as (
               insert into ticketing.ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind,
                   actor_id, actor_department, traceparent, payload, commitment, salt, personal)
               select e.* from claim, unnest($36::uuid[], $37::text[], $38::text[], $39::timestamptz[], $40::timestamptz[],
                   $41::text[], $42::text[], $43::text[], $44::text[], $45::bytea[], $46::bytea[], $47::bytea[],
                   $48::bytea[]) as e
           )
           select exists (select from claim) as "claimed!""#,
        key.id,
        key.method,
        key.body_hash.as_slice(),
        answer,
        stored.created_at.to_sqlx() as _,
        facts.id.uuid(),
        facts.customer.uuid(),
        facts.ticket_type.as_str(),
        facts.severity.as_str(),
        facts.subject.expose(),
        facts.channel.as_str(),
        facts.language.as_str(),
        facts.sector.as_str(),
        facts.topic.as_ref().map(|t| t.as_str()),
        facts.first_received.to_sqlx() as _,
        facts.tracking_key.compact(),
        proof.salt.as_slice(),
        proof.hash.as_slice(),
        facts.interaction.map(|i| i.uuid()),
        facts.follow_up_of.map(|t| t.uuid()),
        ticket.assignment().department.as_str(),
        ticket.assignment().owner.as_ref().map(|o| o.as_str()),
        ticket.state().standing().as_str(),
        ticket.state().since().to_sqlx() as _,
        ticket.last_change().to_sqlx() as _,
        stored.change_count,
        stored.version,
        &points,
        receipt.received.to_sqlx() as _,
        receipt.text.expose(),
        receipt.content_hash.as_slice(),
        change.kind.as_str(),
        change.actor.kind.as_str(),
        change.actor.id,
        change.actor.department.as_ref().map(|d| d.as_str()),
        &entry.entry_id,
        &entry.aggregate,
        &entry.kind,
        &entry.occurred_at as _,
        &entry.recorded_at as _,
        &entry.actor_kind,
        &entry.actor_id,
        &entry.actor_department as _,
        &entry.traceparent,
        &entry.payload,
        &entry.commitment as _,
        &entry.salt as _,
        &entry.personal as _,
    )
    .fetch_one(pool)
    .await
}

/// The answer that was kept when the call was made before.
pub(crate) async fn replay(pool: &PgPool, key: &RequestKey) -> Result<Vec<u8>, RequestError> {
    let row = sqlx::query!("select method, body_hash, answer from ticketing.request where request_id = $1", key.id)
        .fetch_one(pool)
        .await?;
    key.replay(&row.method, &row.body_hash, row.answer)
}

/// What is kept of a ticket's proof.
pub(crate) async fn kept_proof(pool: &PgPool, id: TicketId) -> Result<KeptProof, StoreError> {
    let row = sqlx::query!("select proof_salt, proof_hash from ticketing.ticket where ticket_id = $1", id.uuid())
        .fetch_one(pool)
        .await?;
    read_proof(&row.proof_salt, &row.proof_hash, id)
}

pub(super) fn read_proof(salt: &[u8], hash: &[u8], row: impl std::fmt::Display) -> Result<KeptProof, StoreError> {
    let salt = salt.try_into().map_err(|_| StoreError::corrupt("ticket", "proof_salt", &row))?;
    let hash = hash.try_into().map_err(|_| StoreError::corrupt("ticket", "proof_hash", &row))?;
    Ok(KeptProof { salt, hash })
}

/// The receipt of a ticket.
pub(crate) async fn receipt(pool: &PgPool, id: TicketId) -> Result<Option<Receipt>, StoreError> {
    let row =
        sqlx::query!("select received_at, text, content_hash from ticketing.receipt where ticket_id = $1", id.uuid())
            .fetch_optional(pool)
            .await?;
    let read =
        |content_hash: Vec<u8>| content_hash.try_into().map_err(|_| StoreError::corrupt("receipt", "content_hash", id));
    row.map(|row| {
        Ok(Receipt {
            text: row.text.into(),
            content_hash: read(row.content_hash)?,
            received: row.received_at.to_jiff(),
        })
    })
    .transpose()
}

//! What the public status is read from.

use jiff::Timestamp;
use kernel::{Language, ResourceId};
use postgres::StoreError;
use prost::Message as _;
use sqlx::PgPool;
use ticketing_domain::{KeypadKey, Standing, TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::LocalizedText;

use super::create::read_proof;
use super::word;
use crate::proof::KeptProof;

/// The ticket of a key and what is kept of its proof. Asks for nothing else, so that a key that exists
/// costs the database what one that does not exist costs it.
#[tracing::instrument(name = "db.public_status.proof_of", skip_all)]
pub(crate) async fn proof_of(pool: &PgPool, key: &TrackingKey) -> Result<Option<(TicketId, KeptProof)>, StoreError> {
    let row = sqlx::query!(
        "select ticket_id, proof_salt, proof_hash from ticketing.ticket where tracking_key = $1",
        key.compact()
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        Ok((TicketId::from_uuid(row.ticket_id), read_proof(&row.proof_salt, &row.proof_hash, row.ticket_id)?))
    })
    .transpose()
}

/// Tickets whose keys are typed so on a telephone, and what is kept of their proofs: one nearly always.
#[tracing::instrument(name = "db.public_status.on_keypad", skip_all)]
pub(crate) async fn on_keypad(
    pool: &PgPool,
    key: &KeypadKey,
) -> Result<Vec<(TicketId, TrackingKey, KeptProof)>, StoreError> {
    let rows = sqlx::query!(
        r#"select ticket_id, tracking_key, proof_salt, proof_hash from ticketing.ticket
           where translate(tracking_key, 'ABCDEFGHJKMNPQRSTVWXYZ', '2223334455667777889999') = $1
           limit 16"#,
        key.digits()
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.ticket_id;
            let key = word("ticket", "tracking_key", id, row.tracking_key.parse().ok())?;
            Ok((TicketId::from_uuid(id), key, read_proof(&row.proof_salt, &row.proof_hash, id)?))
        })
        .collect()
}

/// What a customer may see.
pub(crate) struct Status {
    pub standing: Standing,
    /// Why it stands there, where that was said.
    pub reason: Option<String>,
    pub since: Timestamp,
    pub first_received: Timestamp,
    pub department: String,
    /// What it is called, where that was said.
    pub department_name: Vec<LocalizedText>,
    pub language: Language,
    pub office_case_open: bool,
    pub points: i32,
    pub answered: i32,
    pub promise_due: Option<Timestamp>,
    pub cure_due: Option<Timestamp>,
    pub incident_title: Option<String>,
    pub incident_end: Option<Timestamp>,
    pub owner_name: Option<String>,
    pub term: Option<AnswerTerm>,
}

/// By when the customer must have the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerTerm {
    /// Law sets it.
    pub by_law: bool,
    /// The instant; `None` while time does not count.
    pub due: Option<Timestamp>,
}

/// The status of a ticket whose proof was shown.
#[tracing::instrument(name = "db.public_status.status", skip_all)]
pub(crate) async fn status(pool: &PgPool, id: TicketId) -> Result<Status, StoreError> {
    let row = sqlx::query!(
        // What was merged stands where its head stands; its receipt and its points are its own, and so is whether it is before the office.
        r#"select t.state, t.state_reason, t.state_since, k.first_received_at, t.department, k.language, t.cure_due_at,
                  coalesce(k.office_case_open, false) as "office_case_open!",
                  a.public_name as "owner_name?", i.title as "incident_title?", coalesce(i.over_at, i.expected_end_at) as "incident_end: jiff_sqlx::Timestamp",
                  (select count(*) from ticketing.claim_point p
                   where p.ticket_id = k.ticket_id and p.moved_to is null)::int as "points!",
                  (select count(p.answer) from ticketing.claim_point p
                   where p.ticket_id = k.ticket_id and p.moved_to is null)::int as "answered!",
                  (select min(p.due_at) from ticketing.promise p
                   where p.ticket_id in (k.ticket_id, t.ticket_id) and p.state in ('made', 'at_risk'))
                      as "promise_due: jiff_sqlx::Timestamp",
                  n.content as "department_named?", d.by_law as "by_law?", d.due_at as "answer_due: jiff_sqlx::Timestamp"
           from ticketing.ticket k
           join ticketing.ticket t on t.ticket_id = coalesce(k.merged_head, k.ticket_id)
           left join ticketing.agent a on a.agent_id = t.owner
           left join ticketing.department n on n.department_id = t.department
           left join ticketing.incident i on i.incident_id = coalesce(k.incident_id, t.incident_id)
           -- Law first; of several terms the one that ends first.
           left join lateral (select m.by_law, m.due_at from ticketing.term m where m.ticket_id = k.ticket_id and m.state <> 'over'
                              order by m.by_law desc, m.due_at nulls last limit 1) d on true
           where k.ticket_id = $1"#,
        id.uuid()
    )
    .fetch_one(pool)
    .await?;
    let standing = word("ticket", "state", id, Standing::from_word(&row.state))?;
    // An answer is told at once; that it ended the term is told by sla-monitor a little later.
    let answered = standing == Standing::Resolved || standing.is_terminal();
    Ok(Status {
        standing,
        reason: row.state_reason,
        since: row.state_since.to_jiff(),
        first_received: row.first_received_at.to_jiff(),
        department_name: match row.department_named {
            Some(named) => {
                word("department", "content", id, pb::Department::decode(named.as_slice()).ok())?.display_name
            }
            None => Vec::new(),
        },
        department: row.department,
        language: word("ticket", "language", id, row.language.parse().ok())?,
        office_case_open: row.office_case_open,
        points: row.points,
        answered: row.answered,
        promise_due: row.promise_due.map(|t| t.to_jiff()),
        cure_due: row.cure_due_at.map(|t| t.to_jiff()),
        incident_title: row.incident_title,
        owner_name: row.owner_name,
        incident_end: row.incident_end.map(|t| t.to_jiff()),
        term: row
            .by_law
            .filter(|_| !answered)
            .map(|by_law| AnswerTerm { by_law, due: row.answer_due.map(|t| t.to_jiff()) }),
    })
}

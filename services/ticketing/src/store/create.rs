//! Opening tickets: claims of the requests, tickets, claim points, receipts, histories, messages and ledger
//! entries of one affair or of many in one statement, one round trip. Everything of an affair hangs on its
//! claim: a call that was made before writes nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff_sqlx::ToSqlx;
use kernel::{Language, ResourceId};
use ledger::Columns;
use postgres::{Db, RequestError, RequestKey, SharedCommit, StoreError};
use prost::{Message as _, Name as _};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{Receipt, Seal, TicketId, TrackingKey};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1::TicketOpened;

use super::characteristic::written::{self, Written};
use super::history::ChangeColumns;
use super::message::{self, Message, MessageColumns};
use super::word;
use crate::proof::KeptProof;
use crate::usecase::chronicle::Chronicle;

/// Statements under way at once, and tickets in one at most. Two keep the disk busy while one is being
/// prepared; more would only make the groups smaller.
const LANES: usize = 2;
const MOST: usize = 128;

/// All that is written when a ticket opens.
pub(crate) struct Opening {
    /// The call that is claimed with it; none where another claim stands for it.
    pub claim: Option<Claimed>,
    /// The ticket with its history, messages and entries.
    pub chronicle: Chronicle,
    /// What is kept of the proof.
    pub proof: KeptProof,
    /// The receipt.
    pub receipt: Receipt,
    /// Its seal and signature.
    pub sealed: (Seal, Vec<u8>),
    /// What it is known by is held against the newest set once more as it is written.
    pub is_held: bool,
}

/// A call and what it is answered.
pub(crate) struct Claimed {
    /// The call.
    pub key: RequestKey,
    /// Its encoded answer, without the proof.
    pub answer: Vec<u8>,
}

/// What became of an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The ticket is there.
    Opened,
    /// The call was made before.
    Known,
    /// The customer was erased; nothing was written.
    CustomerErased,
    /// Its characteristics were held against a set of which there is another version by now; nothing was written.
    SetChanged,
}

/// Opens tickets; calls that come together share a commit.
pub(crate) type Openings = SharedCommit<Opening, Outcome>;

/// Opens one ticket, in a commit with whatever else waits.
///
/// The statement runs in a task of its own and of nobody's trace; what a caller waits for it is in theirs.
#[tracing::instrument(name = "db.ticket.open", skip_all)]
pub(crate) async fn open(openings: &Openings, opening: Opening) -> Result<Outcome, StoreError> {
    openings.write(opening).await
}

/// Opens many tickets in the transaction of their import, whose claims stand for theirs; answers those that were not opened,
/// because their customer was erased.
#[tracing::instrument(name = "db.ticket.open_all", skip_all)]
pub(crate) async fn open_all(tx: &mut PgConnection, openings: &[&Opening]) -> Result<HashSet<TicketId>, StoreError> {
    let asked = insert(&mut *tx, openings).await?;
    let (opened, unopened): (Vec<_>, Vec<_>) = asked.into_iter().partition(|asked| asked.outcome() == Outcome::Opened);
    let opened: HashSet<Uuid> = opened.into_iter().map(|asked| asked.ticket_id).collect();
    let said: Vec<&Message> = openings
        .iter()
        .filter(|opening| opened.contains(&opening.chronicle.stored.ticket.facts().id.uuid()))
        .flat_map(|opening| &opening.chronicle.messages)
        .collect();
    message::write_beside(tx, &said).await?;
    // Nothing of these is held against the newest set in the statement (`Opening::is_held`), so that it can only be this.
    Ok(unopened.into_iter().map(|asked| TicketId::from_uuid(asked.ticket_id)).collect())
}

/// Opens tickets in `db`.
pub(crate) fn openings(db: &Db) -> Openings {
    let db = db.clone();
    SharedCommit::start(LANES, MOST, move |openings: Vec<Arc<Opening>>| {
        let db = db.clone();
        async move {
            let written = db.statement(move |pool| async move { claim_and_open(&pool, &openings).await }).await;
            match written {
                // Two tickets drew the same 60 random bits: the retry draws again.
                Err(error) if error.constraint() == Some("ticket_tracking_key_key") => Err(StoreError::Contended),
                other => other,
            }
        }
    })
}

async fn claim_and_open(pool: &PgPool, openings: &[Arc<Opening>]) -> Result<Vec<Outcome>, sqlx::Error> {
    let id_of = |opening: &Opening| opening.claim.as_ref().map(|claim| claim.key.id);
    // Of twins in one group the first is written; the other finds its answer. In the order of their ids, so
    // that groups which share some of them wait for each other and never in a circle.
    let mut taken = HashSet::new();
    let firsts: Vec<bool> = openings.iter().map(|o| id_of(o).is_none_or(|id| taken.insert(id))).collect();
    let mut fresh: Vec<&Opening> =
        openings.iter().zip(&firsts).filter(|(_, first)| **first).map(|(o, _)| &**o).collect();
    fresh.sort_by_key(|opening| id_of(opening));
    let tickets: HashMap<Uuid, Outcome> =
        insert(pool, &fresh).await?.into_iter().map(|asked| (asked.ticket_id, asked.outcome())).collect();
    let outcome = |opening: &Opening| {
        let id = opening.chronicle.stored.ticket.facts().id.uuid();
        tickets.get(&id).copied().unwrap_or(Outcome::Known)
    };
    let of_twin = |opening: &Opening| {
        let first = fresh.iter().find(|first| id_of(first) == id_of(opening));
        first.map(|first| outcome(first)).filter(|first| *first != Outcome::Opened).unwrap_or(Outcome::Known)
    };
    let outcomes = openings.iter().zip(&firsts);
    Ok(outcomes.map(|(opening, first)| if *first { outcome(opening) } else { of_twin(opening) }).collect())
}

/// What became of a ticket that was asked for, unless its call was made before.
struct Asked {
    ticket_id: Uuid,
    became: String,
}

impl Asked {
    fn outcome(&self) -> Outcome {
        match self.became.as_str() {
            "opened" => Outcome::Opened,
            "erased" => Outcome::CustomerErased,
            _ => Outcome::SetChanged,
        }
    }
}

/// Writes all of these whose call is new, whose customer was not erased, and which were held against the newest set; answers those, and those that were not for
/// one of the latter two.
async fn insert(executor: impl PgExecutor<'_>, openings: &[&Opening]) -> Result<Vec<Asked>, sqlx::Error> {
    let (mut claim, mut ticket, mut point) =
        (ClaimColumns::default(), TicketColumns::default(), PointColumns::default());
    let (mut message, mut change) = (MessageColumns::default(), ChangeColumns::default());
    let (mut entry, mut entry_ticket) = (Columns::default(), Vec::new());
    for opening in openings {
        let chronicle = &opening.chronicle;
        let id = chronicle.stored.ticket.facts().id;
        claim.push(opening.claim.as_ref());
        ticket.push(opening);
        point.push(opening);
        message.push(&chronicle.messages);
        change.push(id, &chronicle.changes);
        entry.push(&chronicle.entries);
        entry_ticket.extend(std::iter::repeat_n(id.uuid(), chronicle.entries.len()));
    }
    sqlx::query_as!(
        Asked,
        r#"with asked as (
               select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::uuid[], $6::uuid[], $7::text[],
                   $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[],
                   $15::text[], $16::bytea[], $17::bytea[], $18::uuid[], $19::uuid[], $20::text[], $21::text[],
                   $22::text[], $23::text[], $24::timestamptz[], $25::text[], $26::text[], $27::timestamptz[],
                   $28::int[], $29::timestamptz[], $30::bigint[], $31::timestamptz[], $32::text[], $33::bytea[], $79::bool[], $81::text[], $82::bytea[],
                   $83::jsonb[], $84::text[], $85::int[], $86::bool[], $87::bool[], $88::bool[])
                   as i (request_id, method, body_hash, answer, ticket_id, customer_id, ticket_type, severity, subject,
                       channel, language, sector, topic, first_received_at, tracking_key, proof_salt, proof_hash,
                       interaction_id, follow_up_of, department, owner, state, state_reason, state_since, resolution,
                       signpost, last_change_at, change_count, created_at, version, received_at, receipt_text,
                       content_hash, served_first, key_id, signature, characteristics, set_id, set_version, is_held,
                       ever_continuity, ever_finance_complaint)
           ), lost as materialized (
               select a.ticket_id from asked a join ticketing.erased_customer e on e.customer_id = a.customer_id
           ), outdated as materialized (
               -- Held against another version than the newest, which somebody wrote meanwhile.
               select a.ticket_id from asked a
               left join lateral (
                   select s.set_id, s.version from ticketing.characteristic_set s
                   where s.ticket_type = a.ticket_type and (s.topic is null or s.topic = a.topic) order by s.topic is null limit 1
               ) s on true
               where a.is_held and (s.set_id, s.version) is distinct from (a.set_id, a.set_version)
                 and a.ticket_id not in (select ticket_id from lost)
           ), item as (
               select * from asked
               where ticket_id not in (select ticket_id from lost) and ticket_id not in (select ticket_id from outdated)
           ), claim as (
               insert into ticketing.request (request_id, method, body_hash, answer, claimed_at, keep_forever, about)
               select request_id, method, body_hash, answer, created_at, true, ticket_id from item where request_id is not null
               on conflict on constraint request_pkey do nothing
               returning request_id
           ), fresh as (
               select * from item where request_id is null or request_id in (select request_id from claim)
           ), ticket as (
               insert into ticketing.ticket (ticket_id, customer_id, ticket_type, severity, subject, channel, language,
                   sector, topic, first_received_at, tracking_key, proof_salt, proof_hash, interaction_id, follow_up_of,
                   department, owner, state, state_reason, state_since, resolution, signpost, last_change_at,
                   change_count, created_at, updated_at, version, served_first, characteristics, characteristic_set,
                   characteristic_set_version, ever_continuity, ever_finance_complaint)
               select ticket_id, customer_id, ticket_type, severity, subject, channel, language, sector, topic,
                   first_received_at, tracking_key, proof_salt, proof_hash, interaction_id, follow_up_of, department,
                   owner, state, state_reason, state_since, resolution, signpost, last_change_at, change_count,
                   created_at, created_at, version, served_first, characteristics, set_id, set_version, ever_continuity,
                   ever_finance_complaint from fresh
           ), point as (
               insert into ticketing.claim_point (ticket_id, ordinal, text, answer, answered_at)
               select p.* from unnest($34::uuid[], $35::int[], $36::text[], $37::text[], $38::timestamptz[])
                   as p (ticket_id, ordinal, text, answer, answered_at)
               where p.ticket_id in (select ticket_id from fresh)
           ), receipt as (
               insert into ticketing.receipt (ticket_id, received_at, text, content_hash, key_id, signature)
               select ticket_id, received_at, receipt_text, content_hash, key_id, signature from fresh
           ), message as (
               insert into ticketing.message (ticket_id, sequence, message_id, direction, visibility, channel, body,
                   actor_kind, actor_id, actor_department, occurred_at, created_at, sales_offer)
               select m.* from unnest($39::uuid[], $40::int[], $41::uuid[], $42::text[], $43::text[], $44::text[],
                   $45::text[], $46::text[], $47::text[], $48::text[], $49::timestamptz[], $50::timestamptz[],
                   $80::bool[])
                   as m (ticket_id, sequence, message_id, direction, visibility, channel, body, actor_kind, actor_id,
                       actor_department, occurred_at, created_at, sales_offer)
               where m.ticket_id in (select ticket_id from fresh)
           ), change as (
               insert into ticketing.ticket_change (ticket_id, sequence, kind, from_state, to_state, reason, department,
                   related, note, actor_kind, actor_id, actor_department, occurred_at, recorded_at)
               select c.* from unnest($51::uuid[], $52::int[], $53::text[], $54::text[], $55::text[], $56::text[],
                   $57::text[], $58::text[], $59::text[], $60::text[], $61::text[], $62::text[], $63::timestamptz[],
                   $64::timestamptz[])
                   as c (ticket_id, sequence, kind, from_state, to_state, reason, department, related, note, actor_kind,
                       actor_id, actor_department, occurred_at, recorded_at)
               where c.ticket_id in (select ticket_id from fresh)
           ), entry as (
               insert into ticketing.ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind,
                   actor_id, actor_department, traceparent, payload, commitment, salt, personal)
               select entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department,
                   traceparent, payload, commitment, salt, personal
               from unnest($65::uuid[], $66::uuid[], $67::text[], $68::text[], $69::timestamptz[], $70::timestamptz[],
                   $71::text[], $72::text[], $73::text[], $74::text[], $75::bytea[], $76::bytea[], $77::bytea[],
                   $78::bytea[]) with ordinality
                   as e (ticket_id, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                       actor_department, traceparent, payload, commitment, salt, personal, place)
               where e.ticket_id in (select ticket_id from fresh)
               order by e.place
           )
           select ticket_id as "ticket_id!", 'opened' as "became!" from fresh
           union all select ticket_id, 'erased' from lost
           union all select ticket_id, 'outdated' from outdated"#,
        &claim.request_id as _,
        &claim.method as _,
        &claim.body_hash as _,
        &claim.answer as _,
        &ticket.ticket_id,
        &ticket.customer_id,
        &ticket.ticket_type,
        &ticket.severity,
        &ticket.subject,
        &ticket.channel,
        &ticket.language,
        &ticket.sector,
        &ticket.topic as _,
        &ticket.first_received_at as _,
        &ticket.tracking_key,
        &ticket.proof_salt,
        &ticket.proof_hash,
        &ticket.interaction_id as _,
        &ticket.follow_up_of as _,
        &ticket.department,
        &ticket.owner as _,
        &ticket.state,
        &ticket.state_reason as _,
        &ticket.state_since as _,
        &ticket.resolution as _,
        &ticket.signpost as _,
        &ticket.last_change_at as _,
        &ticket.change_count,
        &ticket.created_at as _,
        &ticket.version,
        &ticket.received_at as _,
        &ticket.receipt_text,
        &ticket.content_hash,
        &point.ticket_id,
        &point.ordinal,
        &point.text,
        &point.answer as _,
        &point.answered_at as _,
        &message.ticket_id,
        &message.sequence,
        &message.message_id,
        &message.direction as _,
        &message.visibility,
        &message.channel as _,
        &message.body,
        &message.actor_kind,
        &message.actor_id,
        &message.actor_department as _,
        &message.occurred_at as _,
        &message.created_at as _,
        &change.ticket_id,
        &change.sequence,
        &change.kind,
        &change.from_state as _,
        &change.to_state as _,
        &change.reason as _,
        &change.department,
        &change.related as _,
        &change.note as _,
        &change.actor_kind,
        &change.actor_id,
        &change.actor_department as _,
        &change.occurred_at as _,
        &change.recorded_at as _,
        &entry_ticket,
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
        &ticket.served_first,
        &message.sales_offer,
        &ticket.key_id,
        &ticket.signature,
        &ticket.characteristics as _,
        &ticket.set_id as _,
        &ticket.set_version as _,
        &ticket.is_held,
        &ticket.ever_continuity,
        &ticket.ever_finance_complaint,
    )
    .fetch_all(executor)
    .await
}

#[derive(Default)]
struct ClaimColumns {
    request_id: Vec<Option<Uuid>>,
    method: Vec<Option<String>>,
    body_hash: Vec<Option<Vec<u8>>>,
    answer: Vec<Option<Vec<u8>>>,
}

impl ClaimColumns {
    fn push(&mut self, claim: Option<&Claimed>) {
        self.request_id.push(claim.map(|c| c.key.id));
        self.method.push(claim.map(|c| c.key.method.to_owned()));
        self.body_hash.push(claim.map(|c| c.key.body_hash.to_vec()));
        self.answer.push(claim.map(|c| c.answer.clone()));
    }
}

/// Tickets with their receipts.
#[derive(Default)]
struct TicketColumns {
    ticket_id: Vec<Uuid>,
    customer_id: Vec<Uuid>,
    ticket_type: Vec<String>,
    severity: Vec<String>,
    subject: Vec<String>,
    channel: Vec<String>,
    language: Vec<String>,
    sector: Vec<String>,
    topic: Vec<Option<String>>,
    first_received_at: Vec<jiff_sqlx::Timestamp>,
    tracking_key: Vec<String>,
    proof_salt: Vec<Vec<u8>>,
    proof_hash: Vec<Vec<u8>>,
    interaction_id: Vec<Option<Uuid>>,
    follow_up_of: Vec<Option<Uuid>>,
    department: Vec<String>,
    owner: Vec<Option<String>>,
    state: Vec<String>,
    state_reason: Vec<Option<String>>,
    state_since: Vec<jiff_sqlx::Timestamp>,
    resolution: Vec<Option<String>>,
    signpost: Vec<Option<String>>,
    last_change_at: Vec<jiff_sqlx::Timestamp>,
    change_count: Vec<i32>,
    created_at: Vec<jiff_sqlx::Timestamp>,
    version: Vec<i64>,
    received_at: Vec<jiff_sqlx::Timestamp>,
    receipt_text: Vec<String>,
    content_hash: Vec<Vec<u8>>,
    key_id: Vec<String>,
    signature: Vec<Vec<u8>>,
    served_first: Vec<bool>,
    characteristics: Vec<Option<Json<Vec<Written>>>>,
    set_id: Vec<Option<String>>,
    set_version: Vec<Option<i32>>,
    is_held: Vec<bool>,
    ever_continuity: Vec<bool>,
    ever_finance_complaint: Vec<bool>,
}

impl TicketColumns {
    fn push(&mut self, opening: &Opening) {
        let Opening { chronicle, proof, receipt, sealed: (seal, signature), .. } = opening;
        let stored = &chronicle.stored;
        let (ticket, facts, state) = (&stored.ticket, stored.ticket.facts(), stored.ticket.state());
        let filing = ticket.filing();
        self.served_first.push(facts.served_first);
        let (set, version) = stored.characteristics.held_against().map(|(id, v)| (id.to_string(), v)).unzip();
        self.characteristics.push(written::write(stored.characteristics.stated()).map(Json));
        self.set_id.push(set);
        self.set_version.push(version);
        self.is_held.push(opening.is_held);
        self.ever_continuity.push(ticket.ever().continuity);
        self.ever_finance_complaint.push(ticket.ever().finance_complaint);
        self.ticket_id.push(facts.id.uuid());
        self.customer_id.push(facts.customer.uuid());
        self.ticket_type.push(filing.ticket_type.to_string());
        self.severity.push(filing.severity.to_string());
        self.subject.push(facts.subject.expose().to_owned());
        self.channel.push(facts.channel.to_string());
        self.language.push(facts.language.to_string());
        self.sector.push(filing.sector.as_str().to_owned());
        self.topic.push(filing.topic.as_ref().map(|t| t.as_str().to_owned()));
        self.first_received_at.push(facts.first_received.to_sqlx());
        self.tracking_key.push(facts.tracking_key.compact());
        self.proof_salt.push(proof.salt.to_vec());
        self.proof_hash.push(proof.hash.to_vec());
        self.interaction_id.push(facts.interaction.map(|i| i.uuid()));
        self.follow_up_of.push(facts.follow_up_of.map(|t| t.uuid()));
        self.department.push(ticket.assignment().department.to_string());
        self.owner.push(ticket.assignment().owner.as_ref().map(|o| o.as_str().to_owned()));
        self.state.push(state.standing().to_string());
        self.state_reason.push(state.reason().map(str::to_owned));
        self.state_since.push(state.since().to_sqlx());
        self.resolution.push(state.resolution().map(|r| r.expose().to_owned()));
        self.signpost.push(state.signpost().map(|s| s.expose().to_owned()));
        self.last_change_at.push(ticket.last_change().to_sqlx());
        self.change_count.push(stored.change_count);
        self.created_at.push(stored.created_at.to_sqlx());
        self.version.push(stored.version);
        self.received_at.push(receipt.received.to_sqlx());
        self.receipt_text.push(receipt.text.expose().to_owned());
        self.content_hash.push(receipt.content_hash.to_vec());
        self.key_id.push(seal.key_id.clone());
        self.signature.push(signature.clone());
    }
}

#[derive(Default)]
struct PointColumns {
    ticket_id: Vec<Uuid>,
    ordinal: Vec<i32>,
    text: Vec<String>,
    answer: Vec<Option<String>>,
    answered_at: Vec<Option<jiff_sqlx::Timestamp>>,
}

impl PointColumns {
    fn push(&mut self, opening: &Opening) {
        let ticket = &opening.chronicle.stored.ticket;
        for (ordinal, point) in (1..).zip(ticket.points()) {
            self.ticket_id.push(ticket.facts().id.uuid());
            self.ordinal.push(ordinal);
            self.text.push(point.text.expose().to_owned());
            self.answer.push(point.answered.as_ref().map(|a| a.text.expose().to_owned()));
            self.answered_at.push(point.answered.as_ref().map(|a| a.at.to_sqlx()));
        }
    }
}

/// The answer that was kept when the call was made before; `None` when it was not.
#[tracing::instrument(name = "db.ticket.replay", skip_all)]
pub(crate) async fn replay(pool: &PgPool, key: &RequestKey) -> Result<Option<Vec<u8>>, RequestError> {
    let row =
        sqlx::query!("select method, body_hash, answer, about from ticketing.request where request_id = $1", key.id)
            .fetch_optional(pool)
            .await?;
    row.map(|row| key.replay(&row.method, &row.body_hash, row.answer, row.about)).transpose()
}

/// What is kept of a ticket's proof.
#[tracing::instrument(name = "db.ticket.kept_proof", skip_all)]
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

/// A receipt as it was given, with what its document says beside it.
pub(crate) struct Given {
    /// The receipt.
    pub receipt: Receipt,
    /// Id of the key and signature of its seal; none when it was given before there were seals.
    pub sealed: Option<(String, Vec<u8>)>,
    /// The key of its affair.
    pub key: TrackingKey,
    /// The customer's language.
    pub language: Language,
    /// Its words are gone.
    pub erased: bool,
}

/// The receipt of a ticket.
#[tracing::instrument(name = "db.ticket.receipt", skip_all)]
pub(crate) async fn receipt(pool: &PgPool, id: TicketId) -> Result<Option<Given>, StoreError> {
    let row = sqlx::query!(
        r#"select r.received_at, r.text, r.content_hash, r.key_id, r.signature, t.tracking_key, t.language, t.erased_at is not null as "erased!"
           from ticketing.receipt r join ticketing.ticket t using (ticket_id) where r.ticket_id = $1"#,
        id.uuid()
    )
    .fetch_optional(pool)
    .await?;
    let read =
        |content_hash: Vec<u8>| content_hash.try_into().map_err(|_| StoreError::corrupt("receipt", "content_hash", id));
    row.map(|row| {
        let content_hash = read(row.content_hash)?;
        Ok(Given {
            receipt: Receipt { text: row.text.into(), content_hash, received: row.received_at.to_jiff() },
            sealed: row.key_id.zip(row.signature),
            key: word("ticket", "tracking_key", id, row.tracking_key.parse().ok())?,
            language: word("ticket", "language", id, row.language.parse().ok())?,
            erased: row.erased,
        })
    })
    .transpose()
}

/// The hash of a receipt as the chained part of the ledger tells it; none while the affair's opening waits for its position.
#[tracing::instrument(name = "db.ticket.hash_in_the_ledger", skip_all)]
pub(crate) async fn hash_in_the_ledger(pool: &PgPool, id: TicketId) -> Result<Option<[u8; 32]>, StoreError> {
    let payload = sqlx::query_scalar!(
        r#"select payload as "payload!" from ticketing.ledger_known
           where aggregate = $1 and type = $2 and payload is not null order by position limit 1"#,
        id.name(),
        TicketOpened::full_name(),
    );
    let opened = payload.fetch_optional(pool).await?.and_then(|payload| TicketOpened::decode(payload.as_slice()).ok());
    Ok(opened.and_then(|opened| opened.receipt_content_hash.try_into().ok()))
}

//! Cases and their claim points.

mod row;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, Personal, ResourceId as _};
use ombudsman_escalation_domain::case::{Case, ClaimPoint};
use ombudsman_escalation_domain::dossier::Head;
use ombudsman_escalation_domain::matter::{Amount, Matter, Motive};
use ombudsman_escalation_domain::vocabulary::Stage;
use ombudsman_escalation_domain::{CaseId, CustomerId, ProcedureRefused, Refused, TicketId};
use postgres::{Db, StoreError, affected_one};
use sqlx::PgConnection;
use uuid::Uuid;

use super::seats::customer_family;
use super::wall::family;
use crate::error::Failure;

use row::{CaseRow, Flat, cases};

/// A case with what is stored around it.
#[derive(Debug, Clone)]
pub(crate) struct StoredCase {
    /// The case.
    pub(crate) case: Case,
    /// Row version.
    pub(crate) version: i64,
    /// Who opened it.
    pub(crate) opened_by: Actor,
    /// Where its dossier ends.
    pub(crate) head: Head,
    /// What it is about.
    pub(crate) matter: Matter,
    /// When it was created.
    pub(crate) created_at: Timestamp,
    /// When it last changed.
    pub(crate) updated_at: Timestamp,
    /// When the claim came to be over.
    pub(crate) ended_at: Option<Timestamp>,
    /// How many codes its claimant was given before the one that opens it.
    pub(crate) code_number: i32,
    /// The end of the next term that has to be kept.
    pub(crate) term_due_at: Option<Timestamp>,
}

/// Reads a case and keeps it locked.
#[tracing::instrument(name = "db.case.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: CaseId) -> Result<Option<StoredCase>, StoreError> {
    let row = cases!("where case_id = $1 for update", id.uuid()).fetch_optional(&mut *tx).await?;
    let Some(row) = row else { return Ok(None) };
    let points = points_of(&mut *tx, &[id.uuid()]).await?;
    row.read(points.into_iter().map(|(_, point)| point).collect()).map(Some)
}

/// Reads a case.
#[tracing::instrument(name = "db.case.get", skip_all)]
pub(crate) async fn get(db: &Db, id: CaseId) -> Result<Option<StoredCase>, StoreError> {
    let row = cases!("where case_id = $1", id.uuid()).fetch_optional(db.reader()).await?;
    let Some(row) = row else { return Ok(None) };
    let points = points_of(db.reader(), &[id.uuid()]).await?;
    row.read(points.into_iter().map(|(_, point)| point).collect()).map(Some)
}

/// What a list shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only in this state.
    pub(crate) stage: Option<Stage>,
    /// Only of this ticket.
    pub(crate) ticket: Option<TicketId>,
    /// Only those this person is assigned to.
    pub(crate) assigned_to: Option<String>,
    /// Only those that are open, or only those that are not.
    pub(crate) open: Option<bool>,
}

/// Where a list by term goes on: after the case of this term, and of none last.
pub(crate) type ByTerm = (Option<Timestamp>, CaseId);

/// Cases, newest first, after one of them.
#[tracing::instrument(name = "db.case.list", skip_all)]
pub(crate) async fn newest(
    db: &Db,
    filter: &Filter,
    after: Option<(Timestamp, CaseId)>,
    limit: i64,
) -> Result<Vec<StoredCase>, StoreError> {
    let rows = cases!(
        "where ($1::text is null or state = $1)
            and ($2::uuid is null or ticket_id = $2)
            and ($3::text is null or exists (select from ombudsman.assignment a
                  where a.case_id = c.case_id and a.person = $3 and a.recused_at is null))
            and ($4::timestamptz is null or (created_at, case_id) < ($4, $5::uuid))
            and ($7::boolean is null or ombudsman.is_open(state) = $7)
          order by created_at desc, case_id desc limit $6",
        filter.stage.map(Stage::as_str),
        filter.ticket.map(|ticket| ticket.uuid()),
        filter.assigned_to.as_deref(),
        after.map(|(at, _)| at.to_sqlx()) as _,
        after.map(|(_, id)| id.uuid()),
        limit,
        filter.open,
    )
    .fetch_all(db.reader())
    .await?;
    with_points(db, rows).await
}

/// Open cases by the next term that has to be kept, after one of them. What the filter says of being open is not asked.
#[tracing::instrument(name = "db.case.list_by_term", skip_all)]
pub(crate) async fn by_term(
    db: &Db,
    filter: &Filter,
    after: Option<ByTerm>,
    limit: i64,
) -> Result<Vec<StoredCase>, StoreError> {
    // Before every case: no term ended then, and no id is smaller.
    let (term, id) = after.unwrap_or((Some(Timestamp::UNIX_EPOCH), CaseId::from_uuid(Uuid::nil())));
    let rows = cases!(
        "where ombudsman.is_open(state)
            and (coalesce(term_due_at, 'infinity'), case_id) > (coalesce($4::timestamptz, 'infinity'), $5::uuid)
            and ($1::text is null or state = $1)
            and ($2::uuid is null or ticket_id = $2)
            and ($3::text is null or exists (select from ombudsman.assignment a
                  where a.case_id = c.case_id and a.person = $3 and a.recused_at is null))
          order by coalesce(term_due_at, 'infinity'), case_id limit $6",
        filter.stage.map(Stage::as_str),
        filter.ticket.map(|ticket| ticket.uuid()),
        filter.assigned_to.as_deref(),
        term.map(|at| at.to_sqlx()) as _,
        id.uuid(),
        limit,
    )
    .fetch_all(db.reader())
    .await?;
    with_points(db, rows).await
}

async fn with_points(db: &Db, rows: Vec<CaseRow>) -> Result<Vec<StoredCase>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.case_id).collect();
    let points = points_of(db.reader(), &ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = points.iter().filter(|(case, _)| *case == row.case_id).map(|(_, point)| point.clone()).collect();
            row.read(own)
        })
        .collect()
}

async fn points_of<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    cases: &[Uuid],
) -> Result<Vec<(Uuid, ClaimPoint)>, StoreError> {
    let rows = sqlx::query!(
        "select case_id, point_id, claim from ombudsman.claim_point where case_id = any($1) order by case_id, place",
        cases
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.case_id, ClaimPoint { id: row.point_id, text: Personal::new(row.claim) }))
        .collect())
}

/// Writes a new case; its version is 1.
#[tracing::instrument(name = "db.case.insert", skip_all)]
pub(crate) async fn insert(
    tx: &mut PgConnection,
    case: &Case,
    opened_by: &Actor,
    matter: &Matter,
    now: Timestamp,
) -> Result<(), Failure> {
    let complaint = &case.complaint;
    let inserted = sqlx::query!(
        "insert into ombudsman.office_case
           (case_id, version, ticket_id, customer_id, regime, state, filed_at_entity, filed_at_office, facts_at, known_at,
            parallel, channel, opened_by_kind, opened_by, opened_by_department, created_at, updated_at, review_of,
             motive, language, claimed_minor, claimed_currency, representative_name, representative_kind, representation_at, origin,
             regulator_reference)
         values ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                 $25)",
        case.id.uuid(),
        case.ticket.uuid(),
        case.customer.uuid(),
        case.regime.id,
        case.stage().as_str(),
        complaint.filed_at_entity.to_sqlx() as _,
        complaint.filed_at_office.to_sqlx() as _,
        complaint.facts_at.map(|at| at.to_sqlx()) as _,
        complaint.known_at.map(|at| at.to_sqlx()) as _,
        complaint.parallel.map(|parallel| parallel.as_str()),
        complaint.channel.as_str(),
        opened_by.kind.as_str(),
        opened_by.id,
        opened_by.department.as_ref().map(|department| department.as_str()),
        now.to_sqlx() as _,
        case.review_of.map(|reviewed| reviewed.uuid()),
        matter.motive.as_ref().map(Motive::as_str),
        matter.language.as_str(),
        matter.claimed.as_ref().map(Amount::minor),
        matter.claimed.as_ref().map(Amount::currency),
        complaint.representative.as_ref().map(|representative| representative.name.expose().as_str()),
        complaint.representative.as_ref().map(|representative| representative.kind.as_str()),
        proven(case) as _,
        complaint.origin.map(|origin| origin.as_str()),
        complaint.regulator_reference.as_deref(),
    )
    .execute(&mut *tx)
    .await
    .map_err(StoreError::from);
    match inserted {
        Ok(_) => {}
        Err(error) if error.constraint() == Some("office_case_one_live_per_ticket") => {
            return Err(Failure::TicketTaken);
        }
        Err(error) if error.constraint() == Some("office_case_one_live_review") => {
            return Err(Refused::from(ProcedureRefused::ReviewAtOffice { case: None }).into());
        }
        Err(error) => return Err(error.into()),
    }
    write_points(tx, case).await?;
    Ok(())
}

/// When it was proven that the representative may act.
fn proven(case: &Case) -> Option<jiff_sqlx::Timestamp> {
    case.complaint.representative.as_ref().and_then(|representative| representative.proven_at).map(|at| at.to_sqlx())
}

/// The live case of a ticket.
#[tracing::instrument(name = "db.case.live_of_ticket", skip_all)]
pub(crate) async fn live_of_ticket(db: &Db, ticket: TicketId) -> Result<Option<Refused>, StoreError> {
    live_with(&mut *db.reader().acquire().await?, &[ticket]).await
}

/// The live case that one of the tickets was brought in, under its own key or another's of its affair.
#[tracing::instrument(name = "db.case.live_with", skip_all)]
pub(crate) async fn live_with(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<Option<Refused>, StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let found = sqlx::query_scalar!(
        "select c.case_id from ombudsman.case_ticket t join ombudsman.office_case c on c.case_id = t.case_id
          where t.ticket_id = any($1) and c.review_of is null and not ombudsman.is_over(c.state)
          order by c.case_id limit 1",
        &ids
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.map(|case| Refused::TicketAtOffice { case: CaseId::from_uuid(case) }))
}

/// Which of these tickets were brought before the office in a case in which this one was not. A review hears what the case it reviews did.
#[tracing::instrument(name = "db.case.heard_apart", skip_all)]
pub(crate) async fn heard_apart(
    tx: &mut PgConnection,
    tickets: &[TicketId],
    from: TicketId,
) -> Result<Vec<TicketId>, StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let found = sqlx::query_scalar!(
        "select distinct t.ticket_id from ombudsman.case_ticket t join ombudsman.office_case c on c.case_id = t.case_id
          where t.ticket_id = any($1) and c.review_of is null
            and not exists (select from ombudsman.case_ticket own where own.case_id = t.case_id and own.ticket_id = $2)",
        &ids,
        from.uuid()
    )
    .fetch_all(tx)
    .await?;
    Ok(found.into_iter().map(TicketId::from_uuid).collect())
}

/// The tickets that a case was brought with.
#[tracing::instrument(name = "db.case.tickets", skip_all)]
pub(crate) async fn tickets(tx: &mut PgConnection, case: CaseId) -> Result<Vec<TicketId>, StoreError> {
    let found = sqlx::query_scalar!("select ticket_id from ombudsman.case_ticket where case_id = $1", case.uuid())
        .fetch_all(tx)
        .await?;
    Ok(found.into_iter().map(TicketId::from_uuid).collect())
}

/// Notes which tickets a case is brought with; its own is noted already.
#[tracing::instrument(name = "db.case.bring", skip_all)]
pub(crate) async fn bring(tx: &mut PgConnection, case: CaseId, tickets: &[TicketId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    sqlx::query!(
        "insert into ombudsman.case_ticket (case_id, ticket_id) select $1, unnest($2::uuid[])
         on conflict on constraint case_ticket_pkey do nothing",
        case.uuid(),
        &ids
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The cases of this very customer on an affair: on the ticket itself, and then on those that were one affair with it; of each the last that was opened
/// first, with how many codes were taken back. Who was only once taken for the same person, or still is, opens nothing by it: the wall closes on what ever was, a window opens on what is certain.
#[tracing::instrument(name = "db.case.of_affair", skip_all)]
pub(crate) async fn of_affair(
    db: &Db,
    ticket: TicketId,
    customer: CustomerId,
) -> Result<Vec<(CaseId, i32)>, StoreError> {
    let mut connection = db.reader().acquire().await?;
    let tickets: Vec<Uuid> = family(&mut connection, ticket).await?.into_iter().map(|kin| kin.uuid()).collect();
    let found = sqlx::query!(
        "select case_id, code_number from ombudsman.office_case where ticket_id = any($1) and customer_id = $2
          order by ticket_id = $3 desc, created_at desc, case_id desc limit 100",
        &tickets,
        customer.uuid(),
        ticket.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(found.into_iter().map(|row| (CaseId::from_uuid(row.case_id), row.code_number)).collect())
}

/// Writes what a step changed, and one version more.
#[tracing::instrument(name = "db.case.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, case: &Case, version: i64, now: Timestamp) -> Result<(), StoreError> {
    let flat = Flat::of(case);
    let told = flat.offer.and_then(|offer| offer.told);
    let promise = flat.offer.and_then(|offer| offer.promise.as_ref());
    let repeats: Option<Vec<Uuid>> = flat.repeats.map(|of| of.cases.iter().map(|case| case.uuid()).collect());
    let updated = sqlx::query!(
        "update ombudsman.office_case set version = version + 1, state = $3, facts_at = $4, parallel = $5, cure_items = $6,
            cure_due_at = $7, cured_at = $8, ground = $9, reasons = $10, allegations_due_at = $11, allegations_at = $12,
            signpost = $13, refused_at = $14, statement_due_at = $15, updated_at = $16, came_from = $17, stayed_at = $18,
            offer_sequence = $19, offered_at = $20, offer_told_at = $21, reflection_until = $22, offer_open_until = $23,
            settled_at = $24, own_initiative_at = $25, bound_at = $26, bound_by = $27, proof_sequence = $28,
            offer_debtor = $29, offer_days = $30, representation_at = $31, cure_asked = $32, cure_asked_at = $33,
            extended_at = $34, conciliation_ended_at = $35, refusable_until = $36, proposed_at = $37, known_at = $38,
            repeats = $39, repeats_decided_at = $40
          where case_id = $1 and version = $2",
        case.id.uuid(),
        version,
        case.stage().as_str(),
        case.complaint.facts_at.map(|at| at.to_sqlx()) as _,
        case.complaint.parallel.map(|parallel| parallel.as_str()),
        flat.cure_items.as_deref(),
        flat.cure_due_at.map(|at| at.to_sqlx()) as _,
        flat.cured_at.map(|at| at.to_sqlx()) as _,
        flat.ground.map(|ground| ground.as_str()),
        flat.reasons,
        flat.allegations_due_at.map(|at| at.to_sqlx()) as _,
        flat.allegations_at.map(|at| at.to_sqlx()) as _,
        flat.signpost,
        flat.refused_at.map(|at| at.to_sqlx()) as _,
        flat.statement_due_at.map(|at| at.to_sqlx()) as _,
        now.to_sqlx() as _,
        flat.came_from.map(Stage::as_str),
        flat.stayed_at.map(|at| at.to_sqlx()) as _,
        flat.offer.map(|offer| i64::try_from(offer.entry).unwrap_or(i64::MAX)),
        flat.offer.map(|offer| offer.offered_at.to_sqlx()) as _,
        told.map(|told| told.at.to_sqlx()) as _,
        told.map(|told| told.reflect_until.to_sqlx()) as _,
        told.map(|told| told.open_until.to_sqlx()) as _,
        flat.settled_at.map(|at| at.to_sqlx()) as _,
        flat.own_initiative_at.map(|at| at.to_sqlx()) as _,
        flat.bound.map(|bound| bound.at.to_sqlx()) as _,
        flat.bound.map(|bound| bound.by.as_str()),
        flat.proof_sequence,
        promise.map(|promise| promise.debtor.as_str()),
        promise.map(|promise| i32::try_from(promise.days).unwrap_or(i32::MAX)),
        proven(case) as _,
        flat.cure_asked.as_deref(),
        flat.cure_asked_at.map(|at| at.to_sqlx()) as _,
        case.extended_at.map(|at| at.to_sqlx()) as _,
        case.conciliation_ended_at.map(|at| at.to_sqlx()) as _,
        case.refusable_until.map(|at| at.to_sqlx()) as _,
        flat.proposed_at.map(|at| at.to_sqlx()) as _,
        case.complaint.known_at.map(|at| at.to_sqlx()) as _,
        repeats.as_deref(),
        flat.repeats.map(|of| of.decided_at.to_sqlx()) as _,
    )
    .execute(tx)
    .await?;
    affected_one(&updated)
}

/// The code that its claimant was given opens the case no more: the next one does.
#[tracing::instrument(name = "db.case.renew_code", skip_all)]
pub(crate) async fn renew_code(tx: &mut PgConnection, case: CaseId) -> Result<i32, StoreError> {
    let number = sqlx::query_scalar!(
        "update ombudsman.office_case set code_number = code_number + 1 where case_id = $1 returning code_number",
        case.uuid()
    )
    .fetch_one(tx)
    .await?;
    Ok(number)
}

/// Writes what a case is about.
#[tracing::instrument(name = "db.case.set_matter", skip_all)]
pub(crate) async fn set_matter(tx: &mut PgConnection, case: CaseId, matter: &Matter) -> Result<(), StoreError> {
    let updated = sqlx::query!(
        "update ombudsman.office_case set motive = $2, claimed_minor = $3, claimed_currency = $4 where case_id = $1",
        case.uuid(),
        matter.motive.as_ref().map(Motive::as_str),
        matter.claimed.as_ref().map(Amount::minor),
        matter.claimed.as_ref().map(Amount::currency),
    )
    .execute(tx)
    .await?;
    affected_one(&updated)
}

/// Writes the claim points in place of those there were.
#[tracing::instrument(name = "db.case.write_points", skip_all)]
pub(crate) async fn write_points(tx: &mut PgConnection, case: &Case) -> Result<(), StoreError> {
    sqlx::query!("delete from ombudsman.claim_point where case_id = $1", case.id.uuid()).execute(&mut *tx).await?;
    let points = &case.complaint.points;
    let ids: Vec<String> = points.iter().map(|point| point.id.clone()).collect();
    let texts: Vec<String> = points.iter().map(|point| point.text.expose().clone()).collect();
    sqlx::query!(
        "insert into ombudsman.claim_point (case_id, point_id, place, claim)
         select $1, point_id, place::integer, claim
           from unnest($2::text[], $3::text[]) with ordinality as given (point_id, claim, place)",
        case.id.uuid(),
        &ids,
        &texts,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A case that was decided.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    /// When.
    pub(crate) at: Timestamp,
    /// It.
    pub(crate) id: CaseId,
    /// Whose it is.
    pub(crate) customer: CustomerId,
    /// The tickets it was brought with.
    pub(crate) tickets: Vec<TicketId>,
}

struct DecidedRow {
    case_id: Uuid,
    customer_id: Uuid,
    tickets: Vec<Uuid>,
    issued_at: jiff_sqlx::Timestamp,
}

impl From<DecidedRow> for Decided {
    fn from(row: DecidedRow) -> Self {
        Self {
            at: row.issued_at.to_jiff(),
            id: CaseId::from_uuid(row.case_id),
            customer: CustomerId::from_uuid(row.customer_id),
            tickets: row.tickets.into_iter().map(TicketId::from_uuid).collect(),
        }
    }
}

/// Cases that were decided of whoever was one person with the claimant at any time, whatever the affair: which affairs are about the same ticketing says.
#[tracing::instrument(name = "db.case.decided_before", skip_all)]
pub(crate) async fn decided_before(db: &Db, of: &Case) -> Result<Vec<Decided>, StoreError> {
    let mut connection = db.reader().acquire().await?;
    let kin = customer_family(&mut connection, &[of.customer]).await?;
    let people: Vec<Uuid> = kin.into_iter().map(|kin| kin.uuid()).collect();
    let found = sqlx::query_as!(
        DecidedRow,
        r#"select c.case_id, c.customer_id, d.issued_at as "issued_at: jiff_sqlx::Timestamp",
                  array(select t.ticket_id from ombudsman.case_ticket t where t.case_id = c.case_id) as "tickets!"
             from ombudsman.office_case c join ombudsman.decision d on d.case_id = c.case_id
            where c.customer_id = any($1) and c.case_id <> $2
            order by c.case_id"#,
        &people,
        of.id.uuid()
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(found.into_iter().map(Decided::from).collect())
}

/// Which of these cases were decided.
#[tracing::instrument(name = "db.case.decided", skip_all)]
pub(crate) async fn decided(db: &Db, cases: &[CaseId]) -> Result<Vec<Decided>, StoreError> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    let found = sqlx::query_as!(
        DecidedRow,
        r#"select c.case_id, c.customer_id, d.issued_at as "issued_at: jiff_sqlx::Timestamp",
                  array(select t.ticket_id from ombudsman.case_ticket t where t.case_id = c.case_id) as "tickets!"
             from ombudsman.office_case c join ombudsman.decision d on d.case_id = c.case_id
            where c.case_id = any($1)"#,
        &ids
    )
    .fetch_all(db.reader())
    .await?;
    Ok(found.into_iter().map(Decided::from).collect())
}

/// The cases that any of these tickets was brought in, their reviews among them.
#[tracing::instrument(name = "db.case.about", skip_all)]
pub(crate) async fn about(db: &Db, tickets: &[Uuid]) -> Result<Vec<CaseId>, StoreError> {
    let found = sqlx::query_scalar!(
        "select case_id from ombudsman.case_ticket where ticket_id = any($1) order by case_id",
        tickets
    );
    Ok(found.fetch_all(db.reader()).await?.into_iter().map(CaseId::from_uuid).collect())
}

//! What the conflict wall judges by, and the seats it lets people take.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, Department, ResourceId as _};
use ombudsman_escalation_domain::team::{Seat, Team};
use ombudsman_escalation_domain::vocabulary::{ConflictGround, OfficeRole};
use ombudsman_escalation_domain::wall::{Involvement, Touch, Wall};
use ombudsman_escalation_domain::{CaseId, CustomerId, HouseRefused, Refused, TicketId};
use postgres::{Db, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::seats::customer_family;
use super::{instant, staff, word};
use crate::error::Failure;

/// Everything the wall needs for one case.
#[tracing::instrument(name = "db.wall.load", skip_all)]
pub(crate) async fn load(
    tx: &mut PgConnection,
    ticket: TicketId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Wall, StoreError> {
    let register = staff::register(&mut *tx, now).await?;
    let rows = sqlx::query!(
        r#"select actor_id, actor_kind, department, ticket_id = $1 as "this!", last_at
             from ombudsman.involvement
            where ticket_id = $1
               or (actor_kind = 'employee' and actor_id in (select person from ombudsman.staff))"#,
        ticket.uuid()
    )
    .fetch_all(&mut *tx)
    .await?;
    let received = sqlx::query_scalar!(
        r#"select exists (select from ombudsman.ticket_watch where ticket_id = $1 and received_position is not null)
              and not ombudsman.entry_waits($1) and not ombudsman.opener_unknown($1) as "received!""#,
        ticket.uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    let customers: BTreeSet<CustomerId> = customer_family(tx, &[customer]).await?.into_iter().collect();
    let mut involvement = Involvement { received, touches: Vec::new() };
    let mut last_for_firm: BTreeMap<String, Timestamp> = BTreeMap::new();
    for row in rows {
        let kind = word(&row.actor_kind, "involvement", "actor_kind", ticket)?;
        let last = row.last_at.to_jiff();
        if kind == kernel::ActorKind::Employee {
            let known = last_for_firm.entry(row.actor_id.clone()).or_insert(last);
            *known = last.max(*known);
        }
        if row.this {
            let department = if row.department.is_empty() {
                None
            } else {
                Some(word(&row.department, "involvement", "department", ticket)?)
            };
            involvement.touches.push(Touch { actor: row.actor_id, kind, department });
        }
    }
    for row in spoke_ever(&mut *tx).await? {
        let known = last_for_firm.entry(row.0).or_insert(row.1);
        *known = row.1.max(*known);
    }
    let spoke_for_firm = spoke(&mut *tx, ticket).await?;
    let aside = sqlx::query_scalar!(r#"select ombudsman.stepped_aside($1) as "person!""#, ticket.uuid());
    let stepped_aside = aside.fetch_all(&mut *tx).await?.into_iter().collect();
    Ok(Wall { customers, register, involvement, last_for_firm, spoke_for_firm, stepped_aside })
}

/// Who spoke for the firm in the office's cases of an affair, and for which departments.
async fn spoke(tx: &mut PgConnection, ticket: TicketId) -> Result<BTreeMap<String, BTreeSet<Department>>, StoreError> {
    let rows =
        sqlx::query!(r#"select person as "person!", department from ombudsman.spoke_for_firm($1)"#, ticket.uuid())
            .fetch_all(tx)
            .await?;
    let mut spoke: BTreeMap<String, BTreeSet<Department>> = BTreeMap::new();
    for row in rows {
        let departments = spoke.entry(row.person).or_default();
        if let Some(department) = row.department {
            departments.insert(word(&department, "dossier_entry", "actor_department", ticket)?);
        }
    }
    Ok(spoke)
}

/// When each person of the register last spoke for the firm before the office, in any case, or brought one there for it.
async fn spoke_ever(tx: &mut PgConnection) -> Result<Vec<(String, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        r#"select s.person, e.last_at as "last_at!"
             from ombudsman.staff s
             cross join lateral (select greatest(
                     (select max(recorded_at) from ombudsman.dossier_entry
                       where actor_id = s.person and ombudsman.is_of_the_firm(kind)),
                     (select max(created_at) from ombudsman.office_case
                       where opened_by = s.person and opened_by_kind = 'employee')) as last_at) e
            where e.last_at is not null"#
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.person, row.last_at.to_jiff())).collect())
}

/// Who works, or worked, on a case.
#[tracing::instrument(name = "db.wall.team", skip_all)]
pub(crate) async fn team<'c>(executor: impl sqlx::PgExecutor<'c>, case: CaseId) -> Result<Team, StoreError> {
    let teams = teams(executor, &[case]).await?;
    Ok(teams.into_iter().next().map(|(_, team)| team).unwrap_or_default())
}

/// The teams of several cases; a case without seats is left out.
#[tracing::instrument(name = "db.wall.teams", skip_all)]
pub(crate) async fn teams<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    cases: &[CaseId],
) -> Result<BTreeMap<CaseId, Team>, StoreError> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    let rows = sqlx::query!(
        "select case_id, person, office_role, assigned_at, recused_at, recuse_ground from ombudsman.assignment
          where case_id = any($1) order by assigned_at, assignment_id",
        &ids
    )
    .fetch_all(executor)
    .await?;
    let mut teams: BTreeMap<CaseId, Team> = BTreeMap::new();
    for row in rows {
        let seat = Seat {
            office_role: word(&row.office_role, "assignment", "office_role", row.case_id)?,
            person: row.person,
            since: row.assigned_at.to_jiff(),
            left: instant(row.recused_at),
            stepped_aside: row.recused_at.is_some() && row.recuse_ground.is_none_or(|grounds| grounds.is_empty()),
        };
        teams.entry(CaseId::from_uuid(row.case_id)).or_default().seats.push(seat);
    }
    Ok(teams)
}

/// Up to which positions of their ledgers it is known here what the wall stands on. The database holds seats to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Of customer-profile: who is one person with whom.
    pub(crate) links: i64,
    /// Of ticketing: who acted on which affair, and what is one affair.
    pub(crate) touches: i64,
}

/// A seat that is to be given.
pub(crate) struct NewSeat<'a> {
    pub(crate) id: Uuid,
    pub(crate) case: CaseId,
    pub(crate) person: &'a str,
    pub(crate) office_role: OfficeRole,
    pub(crate) by: &'a str,
    /// What was known when it was asked for.
    pub(crate) heard: Heard,
    pub(crate) now: Timestamp,
}

/// Gives a seat. The database judges once more, under the locks of case and ticket.
#[tracing::instrument(name = "db.wall.seat", skip_all)]
pub(crate) async fn seat(tx: &mut PgConnection, seat: NewSeat<'_>) -> Result<(), Failure> {
    let inserted = sqlx::query!(
        "insert into ombudsman.assignment (assignment_id, case_id, person, office_role, assigned_at, assigned_by, links_position,
            touches_position)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        seat.id,
        seat.case.uuid(),
        seat.person,
        seat.office_role.as_str(),
        seat.now.to_sqlx() as _,
        seat.by,
        seat.heard.links,
        seat.heard.touches,
    )
    .execute(tx)
    .await
    .map_err(StoreError::from);
    match inserted {
        Ok(_) => Ok(()),
        Err(error) => Err(match error.constraint() {
            Some("assignment_once_live") => Refused::AlreadyAssigned.into(),
            // Committed by somebody else after we looked: the use case asks again for the grounds.
            Some("assignment_past_the_wall") => Failure::WallMoved,
            Some("assignment_knows_the_links") => Failure::LinksUnknown,
            Some("assignment_knows_the_touches") => Failure::TouchesUnknown,
            Some("assignment_by_a_mandate_that_runs") => Refused::from(HouseRefused::NoMandate).into(),
            _ => error.into(),
        }),
    }
}

/// The grounds that the database itself finds.
#[tracing::instrument(name = "db.wall.conflicts", skip_all)]
pub(crate) async fn conflicts<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    case: CaseId,
    person: &str,
    now: Timestamp,
) -> Result<Vec<ConflictGround>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select ombudsman.conflicts($1, $2, $3) as "found!""#,
        case.uuid(),
        person,
        now.to_sqlx() as _
    )
    .fetch_one(executor)
    .await?;
    let mut grounds =
        found.iter().map(|text| word(text, "assignment", "conflicts", case)).collect::<Result<Vec<_>, _>>()?;
    grounds.sort();
    Ok(grounds)
}

/// Ends every live seat of a person; answers what they were.
#[tracing::instrument(name = "db.wall.leave", skip_all)]
pub(crate) async fn leave(
    tx: &mut PgConnection,
    case: CaseId,
    person: &str,
    grounds: &[ConflictGround],
    now: Timestamp,
) -> Result<Vec<OfficeRole>, StoreError> {
    let grounds: Vec<String> = grounds.iter().map(ToString::to_string).collect();
    let left = sqlx::query_scalar!(
        "update ombudsman.assignment set recused_at = $3, recuse_ground = $4
          where case_id = $1 and person = $2 and recused_at is null returning office_role",
        case.uuid(),
        person,
        now.to_sqlx() as _,
        &grounds,
    )
    .fetch_all(tx)
    .await?;
    left.iter().map(|role| word(role, "assignment", "office_role", case)).collect()
}

/// Ends one live seat of a person.
#[tracing::instrument(name = "db.wall.leave_seat", skip_all)]
pub(crate) async fn leave_seat(
    tx: &mut PgConnection,
    case: CaseId,
    (person, office_role): (&str, OfficeRole),
    grounds: &[ConflictGround],
    now: Timestamp,
) -> Result<(), StoreError> {
    let grounds: Vec<String> = grounds.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "update ombudsman.assignment set recused_at = $4, recuse_ground = $5
          where case_id = $1 and person = $2 and office_role = $3 and recused_at is null",
        case.uuid(),
        person,
        office_role.as_str(),
        now.to_sqlx() as _,
        &grounds,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that an entry of ticketing's ledger told of a ticket, and who acted on it and so on all of its family. Answers whether that
/// person, in that capacity, is new on one of them.
#[tracing::instrument(name = "db.wall.note_touch", skip_all)]
pub(crate) async fn note_touch(
    tx: &mut PgConnection,
    ticket: TicketId,
    family: &[TicketId],
    position: i64,
    actor: Option<&Actor>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let kin: Vec<Uuid> = family.iter().map(|ticket| ticket.uuid()).collect();
    // The lock that assignments of the ticket's cases wait for.
    sqlx::query!(
        "insert into ombudsman.ticket_watch (ticket_id, received_position)
         select id, case when id = $1 then $2::bigint end from unnest($3::uuid[]) as t (id) order by id
         on conflict on constraint ticket_watch_pkey
         do update set received_position = coalesce(excluded.received_position, ticket_watch.received_position)",
        ticket.uuid(),
        position,
        &kin,
    )
    .execute(&mut *tx)
    .await?;
    let Some(actor) = actor else { return Ok(false) };
    let new = sqlx::query_scalar!(
        r#"insert into ombudsman.involvement (ticket_id, actor_id, actor_kind, department, last_at)
           select id, $2, $3, $4, $5 from unnest($1::uuid[]) as t (id) order by id
           on conflict on constraint involvement_pkey
           do update set last_at = greatest(involvement.last_at, excluded.last_at)
           returning xmax = 0 as "new!""#,
        &kin,
        actor.id,
        actor.kind.as_str(),
        actor.department.as_ref().map_or("", |department| department.as_str()),
        at.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    Ok(new.contains(&true))
}

/// An affair's opening, as the wall notes it.
pub(crate) struct Opening<'a> {
    pub(crate) ticket: TicketId,
    pub(crate) position: i64,
    /// `None` for the office, which is involved in nothing by noting it.
    pub(crate) actor: Option<&'a Actor>,
    pub(crate) at: Timestamp,
}

/// Whether anything but their openings is known of one of these tickets: kin, or a case.
#[tracing::instrument(name = "db.wall.anything_hangs_on", skip_all)]
pub(crate) async fn anything_hangs_on(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<bool, StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let hangs = sqlx::query_scalar!(
        r#"select exists (select from ombudsman.ticket_family where ticket_id = any($1))
               or exists (select from ombudsman.office_case where ticket_id = any($1)) as "hangs!""#,
        &ids
    )
    .fetch_one(tx)
    .await?;
    Ok(hangs)
}

/// Notes many openings at once, each of a ticket without kin, as [`note_touch`] notes one.
#[tracing::instrument(name = "db.wall.note_openings", skip_all)]
pub(crate) async fn note_openings(tx: &mut PgConnection, openings: &[Opening<'_>]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = openings.iter().map(|opening| opening.ticket.uuid()).collect();
    let positions: Vec<i64> = openings.iter().map(|opening| opening.position).collect();
    sqlx::query!(
        "insert into ombudsman.ticket_watch (ticket_id, received_position)
         select * from unnest($1::uuid[], $2::bigint[]) as t (id, position) order by id
         on conflict on constraint ticket_watch_pkey do update set received_position = excluded.received_position",
        &ids,
        &positions,
    )
    .execute(&mut *tx)
    .await?;
    let acted: Vec<(&Opening<'_>, &Actor)> =
        openings.iter().filter_map(|opening| Some((opening, opening.actor?))).collect();
    let department = |actor: &Actor| actor.department.as_ref().map_or("", |slug| slug.as_str()).to_owned();
    sqlx::query!(
        "insert into ombudsman.involvement (ticket_id, actor_id, actor_kind, department, last_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
             as t (id, actor_id, actor_kind, department, at) order by id
         on conflict on constraint involvement_pkey
         do update set last_at = greatest(involvement.last_at, excluded.last_at)",
        &acted.iter().map(|(opening, _)| opening.ticket.uuid()).collect::<Vec<_>>(),
        &acted.iter().map(|(_, actor)| actor.id.clone()).collect::<Vec<_>>(),
        &acted.iter().map(|(_, actor)| actor.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &acted.iter().map(|(_, actor)| department(actor)).collect::<Vec<_>>(),
        &acted.iter().map(|(opening, _)| opening.at.to_sqlx()).collect::<Vec<_>>() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Tickets that were one affair with this one at any time, itself included, in the order of their ids.
#[tracing::instrument(name = "db.wall.family", skip_all)]
pub(crate) async fn family(tx: &mut PgConnection, ticket: TicketId) -> Result<Vec<TicketId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select f.ticket_id as "id!" from ombudsman.ticket_family f
            where f.family_id = (select family_id from ombudsman.ticket_family where ticket_id = $1)
           union select $1 order by 1"#,
        ticket.uuid()
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(TicketId::from_uuid).collect())
}

/// Locks the watches of tickets, in the order of their ids, as assignments and entries lock them.
#[tracing::instrument(name = "db.wall.hold_watches", skip_all)]
async fn hold_watches(tx: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.ticket_watch (ticket_id) select id from unnest($1::uuid[]) as t (id) order by id
         on conflict on constraint ticket_watch_pkey do nothing",
        ids
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "select ticket_id from ombudsman.ticket_watch where ticket_id = any($1) order by ticket_id for update",
        ids
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(())
}

/// Makes one family of all these tickets: who acted on one of them acted on all.
///
/// Their watches are locked first, in the order of their ids, as assignments and entries lock them.
#[tracing::instrument(name = "db.wall.join_families", skip_all)]
pub(crate) async fn join_families(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    hold_watches(tx, &ids).await?;
    let least = ids.iter().min().copied();
    sqlx::query!(
        "insert into ombudsman.ticket_family (ticket_id, family_id) select id, $2 from unnest($1::uuid[]) as t (id) order by id
         on conflict on constraint ticket_family_pkey do update set family_id = excluded.family_id",
        &ids,
        least,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into ombudsman.involvement (ticket_id, actor_id, actor_kind, department, last_at)
           select t.id, i.actor_id, i.actor_kind, i.department, max(i.last_at)
             from unnest($1::uuid[]) as t (id) join ombudsman.involvement i on i.ticket_id = any($1)
            group by t.id, i.actor_id, i.actor_kind, i.department order by t.id, i.actor_id, i.actor_kind, i.department
           on conflict on constraint involvement_pkey
           do update set last_at = greatest(involvement.last_at, excluded.last_at)",
        &ids
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// People who hold a live seat on an open case of one of these tickets, and these people wherever they hold one.
#[tracing::instrument(name = "db.wall.seated_on", skip_all)]
pub(crate) async fn seated_on(
    tx: &mut PgConnection,
    tickets: &[TicketId],
    people: &[String],
) -> Result<Vec<(CaseId, String)>, StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let rows = sqlx::query!(
        r#"select a.case_id as "case_id!", a.person as "person!" from ombudsman.assignment a
             join ombudsman.office_case c on c.case_id = a.case_id
            where c.ticket_id = any($1) and a.recused_at is null and not ombudsman.is_terminal(c.state)
           union
           select a.case_id, a.person from ombudsman.assignment a
             join ombudsman.office_case c on c.case_id = a.case_id
            where a.person = any($2) and a.recused_at is null and not ombudsman.is_terminal(c.state)
            order by 1, 2"#,
        &ids,
        people
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId::from_uuid(row.case_id), row.person)).collect())
}

/// Holds tickets for whoever brings an affair before the office, in the order of their ids.
#[tracing::instrument(name = "db.wall.hold_tickets", skip_all)]
pub(crate) async fn hold_tickets(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    sqlx::query!(
        "insert into ombudsman.ticket_watch (ticket_id) select id from unnest($1::uuid[]) as t (id) order by id
         on conflict on constraint ticket_watch_pkey do nothing",
        &ids
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"select ticket_id from ombudsman.ticket_watch where ticket_id = any($1) order by ticket_id for update"#,
        &ids
    )
    .fetch_all(tx)
    .await?;
    Ok(())
}

/// Who acted on a ticket by the history that ticketing answered, before its ledger tells the same.
#[tracing::instrument(name = "db.wall.note_history", skip_all)]
pub(crate) async fn note_history(
    tx: &mut PgConnection,
    ticket: TicketId,
    touches: &[(Actor, Timestamp)],
) -> Result<(), StoreError> {
    // Before the rows: entries of the ledger that are being applied write the same ones, in another order.
    hold_watches(tx, &[ticket.uuid()]).await?;
    let ids: Vec<String> = touches.iter().map(|(actor, _)| actor.id.clone()).collect();
    let kinds: Vec<String> = touches.iter().map(|(actor, _)| actor.kind.to_string()).collect();
    let departments: Vec<String> = touches
        .iter()
        .map(|(actor, _)| actor.department.as_ref().map_or_else(String::new, ToString::to_string))
        .collect();
    let times: Vec<jiff_sqlx::Timestamp> = touches.iter().map(|(_, at)| at.to_sqlx()).collect();
    sqlx::query!(
        "insert into ombudsman.involvement (ticket_id, actor_id, actor_kind, department, last_at)
         select $1, actor_id, actor_kind, department, max(last_at)
           from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as given (actor_id, actor_kind, department, last_at)
          group by actor_id, actor_kind, department order by actor_id, actor_kind, department
         on conflict on constraint involvement_pkey
         do update set last_at = greatest(involvement.last_at, excluded.last_at)",
        ticket.uuid(),
        &ids,
        &kinds,
        &departments,
        &times as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The reader side of [`team`].
#[tracing::instrument(name = "db.wall.team_now", skip_all)]
pub(crate) async fn team_now(db: &Db, case: CaseId) -> Result<Team, StoreError> {
    team(db.reader(), case).await
}

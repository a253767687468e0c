//! Seats on open cases as the house looks after them, and customers who turned out to be one person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::team::Seat;
use ombudsman_escalation_domain::vocabulary::ConflictGround;
use ombudsman_escalation_domain::{CaseId, CustomerId};
use postgres::{Db, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{instant, word};

/// A seat on an open case that wants somebody else.
#[derive(Debug, Clone)]
pub(crate) struct Wanting {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) seat: Seat,
    pub(crate) grounds: Vec<ConflictGround>,
}

/// Place of a seat in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) case: CaseId,
    pub(crate) person: String,
    pub(crate) office_role: String,
}

/// Seats on open cases that the wall stands against now, and those left last that nobody has taken since; by case, person and role.
#[tracing::instrument(name = "db.seats.wanting", skip_all)]
pub(crate) async fn wanting(
    db: &Db,
    after: Option<&Place>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Wanting>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.case_id, c.version, a.person, a.office_role, a.assigned_at, a.recused_at, g.grounds as "grounds!"
             from ombudsman.assignment a
             join ombudsman.office_case c on c.case_id = a.case_id
             cross join lateral (select case when a.recused_at is not null then coalesce(a.recuse_ground, '{}')
                 else ombudsman.conflicts(a.case_id, a.person, $1)
                   || case when exists (select from ombudsman.staff s where s.person = a.person and a.office_role = any (s.office_roles))
                           then '{}'::text[] else array['not_appointed'] end end as grounds) g
            where not ombudsman.is_terminal(c.state)
              and ($2::uuid is null or (a.case_id, a.person, a.office_role) > ($2, $3::text, $4::text))
              and case when a.recused_at is null then cardinality(g.grounds) > 0
                  else not exists (select from ombudsman.assignment b
                                    where b.case_id = a.case_id and b.office_role = a.office_role
                                      and (b.recused_at is null or (b.recused_at, b.assignment_id) > (a.recused_at, a.assignment_id))) end
            order by a.case_id, a.person, a.office_role limit $5"#,
        now.to_sqlx() as _,
        after.map(|place| place.case.uuid()),
        after.map(|place| place.person.as_str()),
        after.map(|place| place.office_role.as_str()),
        limit,
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter()
        .map(|row| {
            let grounds = row.grounds.iter().map(|text| word(text, "assignment", "recuse_ground", row.case_id));
            let mut grounds = grounds.collect::<Result<Vec<ConflictGround>, _>>()?;
            grounds.sort();
            let seat = Seat {
                office_role: word(&row.office_role, "assignment", "office_role", row.case_id)?,
                person: row.person,
                since: row.assigned_at.to_jiff(),
                left: instant(row.recused_at),
                stepped_aside: row.recused_at.is_some() && grounds.is_empty(),
            };
            Ok(Wanting { case: CaseId::from_uuid(row.case_id), version: row.version, seat, grounds })
        })
        .collect()
}

/// How many live seats everybody holds on open cases.
#[tracing::instrument(name = "db.seats.loads", skip_all)]
pub(crate) async fn loads<'c>(executor: impl sqlx::PgExecutor<'c>) -> Result<BTreeMap<String, u32>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.person, count(*) as "seats!" from ombudsman.assignment a
             join ombudsman.office_case c on c.case_id = a.case_id
            where a.recused_at is null
              and not ombudsman.is_terminal(c.state)
            group by a.person"#
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.person, u32::try_from(row.seats).unwrap_or(u32::MAX))).collect())
}

/// Open cases on which the person holds a live seat, in the order of their ids.
#[tracing::instrument(name = "db.seats.open_cases_of", skip_all)]
pub(crate) async fn open_cases_of(tx: &mut PgConnection, person: &str) -> Result<Vec<CaseId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select distinct a.case_id from ombudsman.assignment a
           join ombudsman.office_case c on c.case_id = a.case_id
          where a.person = $1 and a.recused_at is null
            and not ombudsman.is_terminal(c.state)
          order by a.case_id",
        person
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(CaseId::from_uuid).collect())
}

/// Live seats that the wall may close by what this person does in a case: everybody's in its affair, and theirs anywhere. In the order of the cases.
#[tracing::instrument(name = "db.seats.within_reach", skip_all)]
pub(crate) async fn within_reach(
    tx: &mut PgConnection,
    case: CaseId,
    person: &str,
) -> Result<Vec<(CaseId, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.case_id as "case_id!", a.person as "person!" from ombudsman.assignment a
             join ombudsman.office_case c on c.case_id = a.case_id
            where a.person = $2 and a.recused_at is null and not ombudsman.is_terminal(c.state)
           union
           select a.case_id, a.person from ombudsman.office_case own
             join ombudsman.office_case c on c.ticket_id in (select ombudsman.kin_of(own.ticket_id))
             join ombudsman.assignment a on a.case_id = c.case_id
            where own.case_id = $1 and a.recused_at is null and not ombudsman.is_terminal(c.state)
            order by 1, 2"#,
        case.uuid(),
        person
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId::from_uuid(row.case_id), row.person)).collect())
}

/// Open cases of these customers, in the order of their ids, each with who holds a live seat there.
#[tracing::instrument(name = "db.seats.of_customers", skip_all)]
pub(crate) async fn of_customers(
    tx: &mut PgConnection,
    customers: &[CustomerId],
) -> Result<Vec<(CaseId, Option<String>)>, StoreError> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.uuid()).collect();
    let rows = sqlx::query!(
        r#"select distinct c.case_id, a.person as "person?" from ombudsman.office_case c
             left join ombudsman.assignment a on a.case_id = c.case_id and a.recused_at is null
            where c.customer_id = any($1)
              and not ombudsman.is_terminal(c.state)
            order by c.case_id, a.person"#,
        &ids
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId::from_uuid(row.case_id), row.person)).collect())
}

/// Everybody these customers ever were one person with, themselves included, in the order of their ids.
#[tracing::instrument(name = "db.seats.customer_family", skip_all)]
pub(crate) async fn customer_family(
    tx: &mut PgConnection,
    customers: &[CustomerId],
) -> Result<Vec<CustomerId>, StoreError> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.uuid()).collect();
    let kin = sqlx::query_scalar!(
        r#"select kin.customer_id as "id!" from ombudsman.customer_family own
             join ombudsman.customer_family kin on kin.family_id = own.family_id
            where own.customer_id = any($1)
           union select unnest($1::uuid[]) order by 1"#,
        &ids
    )
    .fetch_all(tx)
    .await?;
    Ok(kin.into_iter().map(CustomerId::from_uuid).collect())
}

/// Makes one family of all these customers. Assignments wait for it, and it for them.
#[tracing::instrument(name = "db.seats.join_customers", skip_all)]
pub(crate) async fn join_customers(tx: &mut PgConnection, customers: &[CustomerId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.uuid()).collect();
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended('ombudsman.customer_family', 0))::text as "locked?""#
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into ombudsman.customer_family (customer_id, family_id)
         select id, $2 from unnest($1::uuid[]) as t (id) order by id
         on conflict on constraint customer_family_pkey do update set family_id = excluded.family_id",
        &ids,
        ids.iter().min().copied(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Every seat of a case, and the grounds it was left for; none where somebody stepped aside by themselves.
#[tracing::instrument(name = "db.seats.leavings", skip_all)]
pub(crate) async fn leavings(
    tx: &mut PgConnection,
    case: CaseId,
) -> Result<Vec<(Seat, Vec<ConflictGround>)>, StoreError> {
    let rows = sqlx::query!(
        "select person, office_role, assigned_at, recused_at, recuse_ground from ombudsman.assignment
          where case_id = $1 order by assigned_at, assignment_id",
        case.uuid()
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let grounds = row.recuse_ground.unwrap_or_default();
            let grounds = grounds.iter().map(|text| word(text, "assignment", "recuse_ground", case));
            let grounds = grounds.collect::<Result<Vec<ConflictGround>, _>>()?;
            let seat = Seat {
                office_role: word(&row.office_role, "assignment", "office_role", case)?,
                person: row.person,
                since: row.assigned_at.to_jiff(),
                left: instant(row.recused_at),
                stepped_aside: row.recused_at.is_some() && grounds.is_empty(),
            };
            Ok((seat, grounds))
        })
        .collect()
}

/// Whether the words of the case were destroyed.
#[tracing::instrument(name = "db.seats.is_erased", skip_all)]
pub(crate) async fn is_erased(tx: &mut PgConnection, case: CaseId) -> Result<bool, StoreError> {
    let erased = sqlx::query_scalar!(
        r#"select exists (select from ombudsman.erased_case where case_id = $1) as "erased!""#,
        case.uuid()
    )
    .fetch_one(tx)
    .await?;
    Ok(erased)
}

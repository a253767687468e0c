//! Whose affairs were, and which of them cases of the office are about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sqlx::PgConnection;
use webhooks_domain::affair::Tenure;

/// Tenures as ticketing tells them, column by column, in the order of their positions.
#[derive(Debug, Default)]
pub struct Tenures {
    /// Affairs.
    pub affairs: Vec<String>,
    /// Positions of the entries.
    pub positions: Vec<i64>,
    /// When they happened.
    pub occurred_at: Vec<Timestamp>,
    /// Departments.
    pub departments: Vec<String>,
}

/// Keeps those of these that begin something new.
#[tracing::instrument(name = "db.affair.put_tenures", skip_all)]
pub async fn put_tenures(tx: &mut PgConnection, told: &Tenures) -> Result<(), StoreError> {
    if told.affairs.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into webhooks.tenure (affair, position, occurred_at, department)
         select affair, position, occurred_at, department from (
             select n.affair, n.position, n.occurred_at, n.department,
                    coalesce(lag(n.department) over (partition by n.affair order by n.position),
                             (select t.department from webhooks.tenure t
                              where t.affair = n.affair and t.position < n.position
                              order by t.position desc limit 1)) as before
             from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[])
                  n (affair, position, occurred_at, department)) told
         where before is distinct from department",
        &told.affairs,
        &told.positions,
        &told.occurred_at.iter().map(|at| at.to_sqlx()).collect::<Vec<_>>() as _,
        &told.departments,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The tenures of these affairs, each in the order of its positions.
#[tracing::instrument(name = "db.affair.tenures", skip_all)]
pub async fn tenures(tx: &mut PgConnection, affairs: &[&str]) -> Result<BTreeMap<String, Vec<Tenure>>, StoreError> {
    let rows = sqlx::query!(
        "select affair, position, occurred_at, department from webhooks.tenure where affair = any($1::text[])
         order by affair, position",
        affairs as &[&str],
    )
    .fetch_all(tx)
    .await?;
    let mut found: BTreeMap<String, Vec<Tenure>> = BTreeMap::new();
    for row in rows {
        let occurred_at = row.occurred_at.to_jiff();
        let tenure = Tenure { position: row.position, occurred_at, department: row.department };
        found.entry(row.affair).or_default().push(tenure);
    }
    Ok(found)
}

/// The tickets that these cases are about, as far as that is known.
#[tracing::instrument(name = "db.affair.tickets_of", skip_all)]
pub async fn tickets_of(tx: &mut PgConnection, cases: &[String]) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = sqlx::query!("select affair, ticket from webhooks.affair where affair = any($1::text[])", cases);
    Ok(rows.fetch_all(tx).await?.into_iter().map(|row| (row.affair, row.ticket)).collect())
}

/// Notes which ticket a case is about. What came of the case before, and was not spread, is of that ticket's affair; it takes its place
/// in it now, behind what may have been spread of it already. Under the lock of [`super::event::lock`].
#[tracing::instrument(name = "db.affair.put_case", skip_all)]
pub async fn put_case(tx: &mut PgConnection, case: &str, ticket: &str) -> Result<(), StoreError> {
    sqlx::query!("insert into webhooks.affair (affair, ticket) values ($1, $2)", case, ticket)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "with waits as (delete from webhooks.unspread where affair = $1 returning number),
              moved as (delete from webhooks.event e using waits where e.number = waits.number returning e.*),
              of_before as (delete from webhooks.event where affair = $1 and spread_at is null returning *),
              kept as (
                  insert into webhooks.event (event_id, source, position, event_type, message, subject, affair, department,
                                              occurred_at, recorded_at, traceparent, payload, spread_at)
                  select event_id, source, position, event_type, message, subject, $2, department,
                         occurred_at, recorded_at, traceparent, payload, recorded_at
                  from (select * from moved union all select * from of_before) all_of_it order by number returning *)
         insert into webhooks.unspread (number, event_type, affair, department, position, occurred_at)
         select number, event_type, affair, department, case source when 'ticketing' then position end, occurred_at from kept",
        case,
        ticket,
    )
    .execute(tx)
    .await?;
    Ok(())
}

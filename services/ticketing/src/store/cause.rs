//! The tree of causes, and what was counted of it.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{Counted, RootCauseId, SlugId as _};

use super::word;

/// What is above a place in the tree, and how many levels are below a cause. Whoever asks keeps the tree as it is until the transaction ends.
pub(crate) struct Place {
    /// From the one that is asked for up; empty when it is not there.
    pub above: Vec<RootCauseId>,
    /// Levels below the cause.
    pub below: usize,
}

/// Where a cause would stand below `parent`.
#[tracing::instrument(name = "db.cause.place", skip_all)]
pub(crate) async fn place(
    tx: &mut PgConnection,
    id: &RootCauseId,
    parent: Option<&RootCauseId>,
) -> Result<Place, StoreError> {
    // Two who move causes below each other at once would both be right, and make a circle.
    sqlx::query!("lock table ticketing.cause_parent in share row exclusive mode").execute(&mut *tx).await?;
    let above = sqlx::query_scalar!(
        r#"with recursive up as (
               select cause_id, 1 as step from ticketing.cause where cause_id = $1
               union all
               select p.parent, up.step + 1 from up join ticketing.cause_parent p on p.cause_id = up.cause_id where up.step < 10
           )
           select cause_id as "cause_id!" from up order by step"#,
        parent.map(RootCauseId::as_str)
    )
    .fetch_all(&mut *tx)
    .await?;
    let below = sqlx::query_scalar!(
        r#"with recursive down as (
               select $1::text as cause_id, 0 as level
               union all
               select p.cause_id, down.level + 1 from down join ticketing.cause_parent p on p.parent = down.cause_id where down.level < 10
           )
           select coalesce(max(level), 0) as "level!" from down"#,
        id.as_str()
    )
    .fetch_one(tx)
    .await?;
    let above = above.iter().map(|slug| word("cause", "cause_id", slug, RootCauseId::of(slug).ok()));
    Ok(Place { above: above.collect::<Result<_, _>>()?, below: usize::try_from(below).unwrap_or(usize::MAX) })
}

/// Writes what a cause is a kind of, beside what was put.
#[tracing::instrument(name = "db.cause.set_parent", skip_all)]
pub(crate) async fn set_parent(
    tx: &mut PgConnection,
    id: &RootCauseId,
    parent: Option<&RootCauseId>,
) -> Result<(), StoreError> {
    match parent {
        Some(parent) => sqlx::query!(
            "insert into ticketing.cause_parent (cause_id, parent) values ($1, $2)
             on conflict on constraint cause_parent_pkey do update set parent = excluded.parent",
            id.as_str(),
            parent.as_str()
        ),
        None => sqlx::query!("delete from ticketing.cause_parent where cause_id = $1", id.as_str()),
    }
    .execute(tx)
    .await?;
    Ok(())
}

/// What each cause is a kind of.
#[tracing::instrument(name = "db.cause.parents", skip_all)]
pub(crate) async fn parents(pool: &PgPool) -> Result<HashMap<String, String>, StoreError> {
    let rows = sqlx::query!("select cause_id, parent from ticketing.cause_parent").fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.cause_id, row.parent)).collect())
}

/// The affairs of a time, or those of one department.
#[derive(Debug, Clone)]
pub(crate) struct Period {
    /// First received from then on.
    pub from: Timestamp,
    /// And before then.
    pub to: Timestamp,
    /// Of this department.
    pub department: Option<String>,
}

/// How many affairs there are in a time, but no more than one over `most`.
#[tracing::instrument(name = "db.cause.count", skip_all)]
pub(crate) async fn count(pool: &PgPool, period: &Period, most: i64) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from ticketing.ticket
               where first_received_at >= $1 and first_received_at < $2 and ($3::text is null or department = $3)
                 and merged_head is null limit $4
           ) as there"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        most.saturating_add(1),
    );
    Ok(count.fetch_one(pool).await?)
}

/// What was counted of each cause in a time, and in the time before that begins at `before`; under the empty name of the affairs of which none was said.
#[tracing::instrument(name = "db.cause.counted", skip_all)]
pub(crate) async fn counted(
    pool: &PgPool,
    period: &Period,
    before: Timestamp,
) -> Result<HashMap<String, Counted>, StoreError> {
    let rows = sqlx::query!(
        r#"select coalesce(root_cause, '') as "cause!", count(*) filter (where first_received_at >= $1) as "tickets!",
                  count(*) filter (where first_received_at >= $1 and ticket_type in ('queja', 'reclamacion')) as "complaints!",
                  count(*) filter (where first_received_at < $1) as "before!"
           from ticketing.ticket
           where first_received_at >= $4 and first_received_at < $2 and ($3::text is null or department = $3) and merged_head is null
           group by 1"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        before.to_sqlx() as _,
    )
    .fetch_all(pool)
    .await?;
    let mut counted: HashMap<String, Counted> = rows
        .into_iter()
        .map(|row| {
            let given = HashMap::new();
            let counted = Counted { tickets: row.tickets, complaints: row.complaints, before: row.before, given };
            (row.cause, counted)
        })
        .collect();
    let given = sqlx::query!(
        r#"select coalesce(t.root_cause, '') as "cause!", r.currency as "currency!",
                  least(sum(r.minor_units), 9223372036854775807)::bigint as "given!"
           from (select t.ticket_id, t.root_cause, t.ticket_id as head from ticketing.ticket t
                 where t.first_received_at >= $1 and t.first_received_at < $2 and ($3::text is null or t.department = $3)
                   and t.merged_head is null
                 union all
                 -- What is answered with one of these.
                 select m.ticket_id, t.root_cause, t.ticket_id from ticketing.ticket t
                 join ticketing.ticket m on m.merged_head = t.ticket_id
                 where t.first_received_at >= $1 and t.first_received_at < $2 and ($3::text is null or t.department = $3)
                   and t.merged_head is null) t
           join ticketing.redress r on r.ticket_id = t.ticket_id and r.state = 'given' and r.currency is not null
           group by 1, 2"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
    )
    .fetch_all(pool)
    .await?;
    for row in given {
        counted.entry(row.cause).or_default().given.insert(row.currency, row.given);
    }
    Ok(counted)
}

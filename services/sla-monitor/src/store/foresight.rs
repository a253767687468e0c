//! What breaches are foretold from: clocks that are comparable, however they ended.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::foresight::{Followed, Past};
use sqlx::PgPool;
use uuid::Uuid;

/// Clocks that a curve is drawn from.
const MOST_LIKE: i64 = 4_000;

/// Clocks that are judged at once.
pub const MOST_JUDGED: i64 = 20_000;

/// Which clocks are comparable.
#[derive(Debug, Clone)]
pub struct Like<'a> {
    /// Type of their subject.
    pub subject_type: &'a str,
    /// Their stage.
    pub stage: &'a str,
    /// Only of this department.
    pub department: Option<&'a str>,
    /// Not this one.
    pub but: Uuid,
}

/// Ages of comparable clocks, in microseconds.
#[derive(Debug, Clone, Default)]
pub struct Ages {
    /// At which they were met.
    pub answered: Vec<i64>,
    /// That those have which are open, or had that fell away.
    pub open: Vec<i64>,
}

/// Ages of the clocks like this that started last, whether they are met by now or not: those that were met last would be the slow ones of their time.
#[tracing::instrument(name = "db.foresight.ages", skip_all)]
pub async fn ages(pool: &PgPool, like: &Like<'_>) -> Result<Ages, StoreError> {
    let mut ages = Ages::default();
    let mut add = |met: bool, age: i64| if met { ages.answered.push(age) } else { ages.open.push(age) };
    match like.department {
        Some(department) => {
            let rows = sqlx::query!(
                r#"select state = 'fulfilled' as "met!",
                          (extract(epoch from coalesce(settled_at, now()) - first_origin_at) * 1000000)::bigint as "age!"
                   from sla_monitor.clock
                   where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4
                   order by first_origin_at desc limit $5"#,
                like.subject_type,
                like.stage,
                department,
                like.but,
                MOST_LIKE,
            );
            rows.fetch_all(pool).await?.into_iter().for_each(|row| add(row.met, row.age));
        }
        None => {
            let rows = sqlx::query!(
                r#"select state = 'fulfilled' as "met!",
                          (extract(epoch from coalesce(settled_at, now()) - first_origin_at) * 1000000)::bigint as "age!"
                   from sla_monitor.clock
                   where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3
                   order by first_origin_at desc limit $4"#,
                like.subject_type,
                like.stage,
                like.but,
                MOST_LIKE,
            );
            rows.fetch_all(pool).await?.into_iter().for_each(|row| add(row.met, row.age));
        }
    }
    Ok(ages)
}

/// The clocks that started in a period, the last ones if they are too many, and the database's time. One that fell away before it was due is none of them: what would
/// have become of it nobody knows.
#[tracing::instrument(name = "db.foresight.history", skip_all)]
pub async fn history(
    pool: &PgPool,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Followed>, Option<Timestamp>), StoreError> {
    let rows = sqlx::query!(
        r#"select subject_type, stage, department, queue, first_origin_at as "received: jiff_sqlx::Timestamp",
                  case when state = 'fulfilled' then settled_at end as "answered: jiff_sqlx::Timestamp",
                  coalesce(breached_at, due_at) as "due: jiff_sqlx::Timestamp", now() as "now!: jiff_sqlx::Timestamp"
           from sla_monitor.clock
           where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%'
             and (state <> 'cancelled' or breached_at is not null)
           order by first_origin_at desc, clock_id desc limit $3"#,
        from.to_sqlx() as _,
        to.to_sqlx() as _,
        MOST_JUDGED,
    )
    .fetch_all(pool)
    .await?;
    let now = rows.first().map(|row| row.now.to_jiff());
    let micros = |at: jiff_sqlx::Timestamp| at.to_jiff().as_microsecond();
    let followed = rows.into_iter().map(|row| Followed {
        like: format!("{}/{}", row.subject_type, row.stage),
        department: row.department,
        queue: row.queue,
        // One that stands still has no due instant: it waits, and is not judged.
        past: Past {
            received: micros(row.received),
            answered: row.answered.map(micros),
            due: row.due.map_or(i64::MAX, micros),
        },
    });
    Ok((followed.collect(), now))
}

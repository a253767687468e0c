//! How old affairs were when they were answered, and how old those are that wait.

use postgres::StoreError;
use sqlx::PgPool;

use super::foresight::Ages;

/// Clocks that are looked at; an affair has one or two.
const MOST: i64 = 4_000;

struct Row {
    waits: bool,
    met_age: Option<i64>,
    age: i64,
}

/// Ages of the affairs of one kind that were received last, in microseconds: of one department, or of all. An affair is answered when the last of its clocks is met;
/// it waits while one of them is open; and one of which none was met was given up.
#[tracing::instrument(name = "db.forecast.ages", skip_all)]
pub async fn ages(pool: &PgPool, subject_type: &str, department: Option<&str>) -> Result<Ages, StoreError> {
    let rows = match department {
        Some(department) => {
            sqlx::query_as!(
                Row,
                r#"select bool_or(settled_at is null) as "waits!",
                          (extract(epoch from max(settled_at) filter (where state = 'fulfilled') - min(first_origin_at)) * 1000000)::bigint as met_age,
                          (extract(epoch from max(coalesce(settled_at, now())) - min(first_origin_at)) * 1000000)::bigint as "age!"
                   from (select affair_id, state, settled_at, first_origin_at from sla_monitor.clock
                         where subject_type = $1 and department = $2 and subject not like '%/promises/%' and not by_conditions
                         order by first_origin_at desc limit $3) as received
                   group by affair_id"#,
                subject_type,
                department,
                MOST,
            )
            .fetch_all(pool)
            .await?
        }
        None => {
            sqlx::query_as!(
                Row,
                r#"select bool_or(settled_at is null) as "waits!",
                          (extract(epoch from max(settled_at) filter (where state = 'fulfilled') - min(first_origin_at)) * 1000000)::bigint as met_age,
                          (extract(epoch from max(coalesce(settled_at, now())) - min(first_origin_at)) * 1000000)::bigint as "age!"
                   from (select affair_id, state, settled_at, first_origin_at from sla_monitor.clock
                         where subject_type = $1 and subject not like '%/promises/%' and not by_conditions
                         order by first_origin_at desc limit $2) as received
                   group by affair_id"#,
                subject_type,
                MOST,
            )
            .fetch_all(pool)
            .await?
        }
    };
    let mut ages = Ages::default();
    for row in rows {
        match row.met_age.filter(|_| !row.waits) {
            Some(age) => ages.answered.push(age),
            None => ages.open.push(row.age),
        }
    }
    Ok(ages)
}

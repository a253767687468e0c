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

/// Ages of the affairs of one kind, in microseconds, of one department or of all, spread over their time where they are too many (`super::foresight`). An affair is answered when the last of its clocks is met;
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
                   from (select count(*) > $3::bigint as many from (select from sla_monitor.clock where subject_type = $1 and department = $2 and subject not like '%/promises/%' and not by_conditions limit $3::bigint + 1) f) found
                        cross join (select min(first_origin_at) as oldest from sla_monitor.clock where subject_type = $1 and department = $2 and subject not like '%/promises/%' and not by_conditions) o
                        cross join lateral (select case when many then greatest(oldest, now() - interval '24 months') else oldest end as at) begun
                        cross join generate_series(0, 399) as n
                        cross join lateral (
                            select affair_id, state, settled_at, first_origin_at from sla_monitor.clock
                            where subject_type = $1 and department = $2 and subject not like '%/promises/%' and not by_conditions
                              and first_origin_at >= at + (now() - at) * (n / 400.0)
                              and first_origin_at < case when n = 399 then 'infinity' else at + (now() - at) * ((n + 1) / 400.0) end
                            order by first_origin_at limit case when many then $3::bigint / 400 else $3::bigint end) c
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
                   from (select count(*) > $2::bigint as many from (select from sla_monitor.clock where subject_type = $1 and subject not like '%/promises/%' and not by_conditions limit $2::bigint + 1) f) found
                        cross join (select min(first_origin_at) as oldest from sla_monitor.clock where subject_type = $1 and subject not like '%/promises/%' and not by_conditions) o
                        cross join lateral (select case when many then greatest(oldest, now() - interval '24 months') else oldest end as at) begun
                        cross join generate_series(0, 399) as n
                        cross join lateral (
                            select affair_id, state, settled_at, first_origin_at from sla_monitor.clock
                            where subject_type = $1 and subject not like '%/promises/%' and not by_conditions
                              and first_origin_at >= at + (now() - at) * (n / 400.0)
                              and first_origin_at < case when n = 399 then 'infinity' else at + (now() - at) * ((n + 1) / 400.0) end
                            order by first_origin_at limit case when many then $2::bigint / 400 else $2::bigint end) c
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

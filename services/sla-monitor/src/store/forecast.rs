//! How old affairs were when they were answered.

use postgres::StoreError;
use sqlx::PgPool;

/// Clocks that are looked at; an affair has one or two.
const MOST: i64 = 4_000;

/// Age at which each of the last affairs of one kind was answered, in microseconds: of one department, or of all. An affair is answered when the last of
/// its clocks is met.
#[tracing::instrument(name = "db.forecast.ages", skip_all)]
pub async fn ages(pool: &PgPool, subject_type: &str, department: Option<&str>) -> Result<Vec<i64>, StoreError> {
    let ages = match department {
        Some(department) => {
            sqlx::query_scalar!(
                r#"select max((extract(epoch from settled_at - first_origin_at) * 1000000)::bigint) as "age!" from (
                       select affair_id, settled_at, first_origin_at from sla_monitor.clock
                       where subject_type = $1 and department = $2 and state = 'fulfilled' and subject not like '%/promises/%' and not by_conditions
                       order by settled_at desc limit $3
                   ) as answered group by affair_id"#,
                subject_type,
                department,
                MOST,
            )
            .fetch_all(pool)
            .await?
        }
        None => {
            sqlx::query_scalar!(
                r#"select max((extract(epoch from settled_at - first_origin_at) * 1000000)::bigint) as "age!" from (
                       select affair_id, settled_at, first_origin_at from sla_monitor.clock
                       where subject_type = $1 and state = 'fulfilled' and subject not like '%/promises/%' and not by_conditions
                       order by settled_at desc limit $2
                   ) as answered group by affair_id"#,
                subject_type,
                MOST,
            )
            .fetch_all(pool)
            .await?
        }
    };
    Ok(ages)
}

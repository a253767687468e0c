//! What breaches are foretold from: clocks that are comparable, however they ended.
//!
//! Where there are more of them than are looked at, those that are spread evenly over the time in which they started, of the last two years at most: the last
//! ones alone would be too young to have ended, and those that ended last the slow ones of their time. The time is cut into four hundred parts, and of each
//! as many are taken as fit, along an index.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::clock::Entry;
use sla_monitor_domain::foresight::{Followed, Past};
use sqlx::PgPool;
use uuid::Uuid;

use super::clock::entries;
use crate::monitor::{Pinned, Version};

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

/// A clock of the house's own with its entries: each of its runs tells something.
#[derive(Debug)]
pub struct Repeating {
    /// Id.
    pub id: Uuid,
    /// What is comparable with it.
    pub like: String,
    /// Department.
    pub department: String,
    /// Queue.
    pub queue: String,
    /// What it is replayed from.
    pub entries: Vec<Entry>,
    /// The database's time.
    pub now: Timestamp,
    rule: String,
    rule_version: i32,
    calendar: String,
    calendar_version: String,
}

impl Repeating {
    /// What it keeps of its rule and calendar.
    pub fn pinned(&self) -> Pinned<'_> {
        Pinned {
            clock: self.id,
            rule: &self.rule,
            rule_version: self.rule_version,
            calendar: &self.calendar,
            calendar_version: Version::Of(&self.calendar_version),
        }
    }
}

struct Row {
    clock_id: Uuid,
    subject_type: String,
    stage: String,
    department: String,
    queue: String,
    rule: String,
    rule_version: i32,
    calendar: String,
    calendar_version: String,
    kinds: Vec<String>,
    grounds: Vec<String>,
    untils: Vec<Option<jiff_sqlx::Timestamp>>,
    times: Vec<jiff_sqlx::Timestamp>,
    now: jiff_sqlx::Timestamp,
}

impl TryFrom<Row> for Repeating {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.clock_id,
            like: format!("{}/{}", row.subject_type, row.stage),
            department: row.department,
            queue: row.queue,
            entries: entries(row.clock_id, &row.kinds, row.grounds, row.untils, row.times)?,
            now: row.now.to_jiff(),
            rule: row.rule,
            rule_version: row.rule_version,
            calendar: row.calendar,
            calendar_version: row.calendar_version,
        })
    }
}

/// The clocks of the house's own like this.
#[tracing::instrument(name = "db.foresight.repeating", skip_all)]
pub async fn repeating(pool: &PgPool, like: &Like<'_>) -> Result<Vec<Repeating>, StoreError> {
    let rows = match like.department {
        Some(department) => {
            sqlx::query_as!(
                Row,
                r#"select c.clock_id, c.subject_type, c.stage, c.department, c.queue, c.rule, c.rule_version, c.calendar, c.calendar_version,
                          e.kinds as "kinds!", e.grounds as "grounds!", e.untils as "untils!: _", e.times as "times!: _", now() as "now!: _"
                   from (select count(*) > $5::bigint as many from (select from sla_monitor.clock where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4 and by_conditions limit $5::bigint + 1) f) found
                        cross join (select min(first_origin_at) as oldest from sla_monitor.clock where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4 and by_conditions) o
                        cross join lateral (select case when many then greatest(oldest, now() - interval '24 months') else oldest end as at) begun
                        cross join generate_series(0, 399) as n
                        cross join lateral (
                            select * from sla_monitor.clock
                            where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4 and by_conditions
                              and first_origin_at >= at + (now() - at) * (n / 400.0)
                              and first_origin_at < case when n = 399 then 'infinity' else at + (now() - at) * ((n + 1) / 400.0) end
                            order by first_origin_at limit case when many then $5::bigint / 400 else $5::bigint end) c
                   cross join lateral (
                       select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                              array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
                       from sla_monitor.clock_entry where clock_id = c.clock_id) e"#,
                like.subject_type,
                like.stage,
                department,
                like.but,
                MOST_LIKE,
            )
            .fetch_all(pool)
            .await?
        }
        None => {
            sqlx::query_as!(
                Row,
                r#"select c.clock_id, c.subject_type, c.stage, c.department, c.queue, c.rule, c.rule_version, c.calendar, c.calendar_version,
                          e.kinds as "kinds!", e.grounds as "grounds!", e.untils as "untils!: _", e.times as "times!: _", now() as "now!: _"
                   from (select count(*) > $4::bigint as many from (select from sla_monitor.clock where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3 and by_conditions limit $4::bigint + 1) f) found
                        cross join (select min(first_origin_at) as oldest from sla_monitor.clock where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3 and by_conditions) o
                        cross join lateral (select case when many then greatest(oldest, now() - interval '24 months') else oldest end as at) begun
                        cross join generate_series(0, 399) as n
                        cross join lateral (
                            select * from sla_monitor.clock
                            where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3 and by_conditions
                              and first_origin_at >= at + (now() - at) * (n / 400.0)
                              and first_origin_at < case when n = 399 then 'infinity' else at + (now() - at) * ((n + 1) / 400.0) end
                            order by first_origin_at limit case when many then $4::bigint / 400 else $4::bigint end) c
                   cross join lateral (
                       select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                              array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
                       from sla_monitor.clock_entry where clock_id = c.clock_id) e"#,
                like.subject_type,
                like.stage,
                like.but,
                MOST_LIKE,
            )
            .fetch_all(pool)
            .await?
        }
    };
    rows.into_iter().map(Repeating::try_from).collect()
}

/// The clocks of the house's own that started in a period, spread over it if they are too many.
#[tracing::instrument(name = "db.foresight.repeating_in", skip_all)]
pub async fn repeating_in(pool: &PgPool, from: Timestamp, to: Timestamp) -> Result<Vec<Repeating>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select c.clock_id, c.subject_type, c.stage, c.department, c.queue, c.rule, c.rule_version, c.calendar, c.calendar_version,
                  e.kinds as "kinds!", e.grounds as "grounds!", e.untils as "untils!: _", e.times as "times!: _", now() as "now!: _"
           from (select count(*) > $3::bigint as many from (select from sla_monitor.clock where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%' and by_conditions limit $3::bigint + 1) f) found
                cross join (select min(first_origin_at) as oldest from sla_monitor.clock where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%' and by_conditions) o
                cross join lateral (select oldest as at) begun
                cross join generate_series(0, 399) as n
                cross join lateral (
                    select * from sla_monitor.clock
                    where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%' and by_conditions
                      and first_origin_at >= at + (least($2, now()) - at) * (n / 400.0)
                      and first_origin_at < case when n = 399 then $2 else at + (least($2, now()) - at) * ((n + 1) / 400.0) end
                    order by first_origin_at limit case when many then $3::bigint / 400 else $3::bigint end) c
           cross join lateral (
               select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                      array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
               from sla_monitor.clock_entry where clock_id = c.clock_id) e"#,
        from.to_sqlx() as _,
        to.to_sqlx() as _,
        MOST_JUDGED,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Repeating::try_from).collect()
}

/// Ages of the clocks of law like this, whether they are met by now or not.
#[tracing::instrument(name = "db.foresight.ages", skip_all)]
pub async fn ages(pool: &PgPool, like: &Like<'_>) -> Result<Ages, StoreError> {
    let mut ages = Ages::default();
    let mut add = |met: bool, age: i64| if met { ages.answered.push(age) } else { ages.open.push(age) };
    match like.department {
        Some(department) => {
            let rows = sqlx::query!(
                r#"select state = 'fulfilled' as "met!",
                          (extract(epoch from coalesce(settled_at, now()) - first_origin_at) * 1000000)::bigint as "age!"
                   from (select count(*) > $5::bigint as many from (select from sla_monitor.clock where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4 and not by_conditions limit $5::bigint + 1) f) found
                        cross join (select min(first_origin_at) as oldest from sla_monitor.clock where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4 and not by_conditions) o
                        cross join lateral (select case when many then greatest(oldest, now() - interval '24 months') else oldest end as at) begun
                        cross join generate_series(0, 399) as n
                        cross join lateral (
                            select state, settled_at, first_origin_at from sla_monitor.clock
                            where subject_type = $1 and stage = $2 and department = $3 and subject not like '%/promises/%' and clock_id <> $4 and not by_conditions
                              and first_origin_at >= at + (now() - at) * (n / 400.0)
                              and first_origin_at < case when n = 399 then 'infinity' else at + (now() - at) * ((n + 1) / 400.0) end
                            order by first_origin_at limit case when many then $5::bigint / 400 else $5::bigint end) c"#,
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
                   from (select count(*) > $4::bigint as many from (select from sla_monitor.clock where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3 and not by_conditions limit $4::bigint + 1) f) found
                        cross join (select min(first_origin_at) as oldest from sla_monitor.clock where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3 and not by_conditions) o
                        cross join lateral (select case when many then greatest(oldest, now() - interval '24 months') else oldest end as at) begun
                        cross join generate_series(0, 399) as n
                        cross join lateral (
                            select state, settled_at, first_origin_at from sla_monitor.clock
                            where subject_type = $1 and stage = $2 and subject not like '%/promises/%' and clock_id <> $3 and not by_conditions
                              and first_origin_at >= at + (now() - at) * (n / 400.0)
                              and first_origin_at < case when n = 399 then 'infinity' else at + (now() - at) * ((n + 1) / 400.0) end
                            order by first_origin_at limit case when many then $4::bigint / 400 else $4::bigint end) c"#,
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

/// The clocks of law that started in a period, spread over it if they are too many, and the database's time. One that fell away before it was due is none of them: what would
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
           from (select count(*) > $3::bigint as many from (select from sla_monitor.clock where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%' and not by_conditions and (state <> 'cancelled' or breached_at is not null) limit $3::bigint + 1) f) found
                cross join (select min(first_origin_at) as oldest from sla_monitor.clock where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%' and not by_conditions and (state <> 'cancelled' or breached_at is not null)) o
                cross join lateral (select oldest as at) begun
                cross join generate_series(0, 399) as n
                cross join lateral (
                    select * from sla_monitor.clock
                    where first_origin_at >= $1 and first_origin_at < $2 and subject not like '%/promises/%' and not by_conditions and (state <> 'cancelled' or breached_at is not null)
                      and first_origin_at >= at + (least($2, now()) - at) * (n / 400.0)
                      and first_origin_at < case when n = 399 then $2 else at + (least($2, now()) - at) * ((n + 1) / 400.0) end
                    order by first_origin_at limit case when many then $3::bigint / 400 else $3::bigint end) c
           order by first_origin_at desc, clock_id desc"#,
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
            still: 0,
        },
    });
    Ok((followed.collect(), now))
}

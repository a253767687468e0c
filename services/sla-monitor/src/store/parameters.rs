//! What the parameters of a period are counted from. A first look counts by whole seconds of waiting, or by larger buckets of the life of an affair, and a
//! second one looks into those few buckets that hold a percentile: a million calls are read from an index, and a few thousand counts are fetched.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::figures::{COMPLAINTS, CallCounts, Coarse, Figure, Published, Resolved, SupervisorRequests};
use sla_monitor_domain::quantile::{Durations, rank};
use sqlx::PgConnection;

/// What is published of each distribution of durations.
pub const PERCENTS: [u8; 5] = [50, 75, 90, 95, 99];

/// A second, of which the limits of the law are edges.
pub const SECOND: i64 = 1_000_000;

/// An hour and some, by which the lives of affairs are counted: a shift is quick and rounds down on either side of zero.
const SHIFT: i32 = 32;

/// Which calls and affairs.
#[derive(Debug, Clone)]
pub struct Period {
    /// Arrived, or first received, at or after.
    pub from: Timestamp,
    /// Before.
    pub to: Timestamp,
    /// Only of this department.
    pub department: Option<String>,
}

/// What was counted.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Calls.
    pub calls: CallCounts,
    /// Affairs by type, in order of name.
    pub resolved: Vec<Resolved>,
    /// Complaints by what brought them about; empty where nobody stated it.
    pub causes: Vec<(String, u64)>,
    /// The database's time.
    pub now: Timestamp,
}

/// Counts the calls and the affairs of a period at the snapshot of a transaction, by the law that has them published.
#[tracing::instrument(name = "db.parameters.count_in", skip_all)]
pub async fn count_in(tx: &mut PgConnection, period: &Period, law: &Published) -> Result<Counted, StoreError> {
    let calls = calls(tx, period, law).await?;
    let resolved = resolved(tx, period, law).await?;
    let causes = causes(tx, period).await?;
    let now = sqlx::query_scalar!(r#"select now() as "now!: jiff_sqlx::Timestamp""#).fetch_one(tx).await?;
    Ok(Counted { calls, resolved, causes, now: now.to_jiff() })
}

#[tracing::instrument(name = "db.parameters.causes", skip_all)]
async fn causes(tx: &mut PgConnection, period: &Period) -> Result<Vec<(String, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select cause, count(*) as "times!" from sla_monitor.affair
           where kind = 'ticket' and first_received_at >= $1 and first_received_at < $2 and ($3::text is null or department = $3)
             and types && $4
           group by cause"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        &COMPLAINTS.map(str::to_owned),
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.cause, row.times.unsigned_abs())).collect())
}

async fn calls(tx: &mut PgConnection, period: &Period, law: &Published) -> Result<CallCounts, StoreError> {
    let mut counts = CallCounts::default();
    let mut waited = waits(tx, period, law).await?;
    // Whichever way abandoned calls are read, the share that law asks for is exact.
    let hung_up = waited.hung_up.count();
    let answered = law.asked(Figure::CallsAnswered).percent;
    let mut held = holding(&waited.answered, waited.abandoned.count().saturating_add(hung_up), answered);
    held.extend(holding(&waited.answered, waited.abandoned_late.saturating_add(hung_up), answered));
    let exact = exact_waits(tx, period, &held).await?;
    counts.calls.answered = waited.answered.refined(exact);
    // Only how many of these are below law's limit is asked for, which is an edge.
    counts.calls.abandoned = std::mem::replace(&mut waited.abandoned, Coarse::new(SECOND)).refined([]);
    counts.calls.hung_up = waited.hung_up.refined([]);
    let (humans, never) = humans(tx, period).await?;
    let exact = exact_humans(tx, period, &holding(&humans, never, law.asked(Figure::HumanOnRequest).percent)).await?;
    (counts.humans, counts.humans_never) = (humans.refined(exact), never);
    counts.supervisors = supervisors(tx, period, law).await?;
    Ok(counts)
}

/// The buckets that hold what is published: percentiles of those served, and how long the share took that the law asks for.
fn holding(served: &Coarse, never: u64, target: Option<u8>) -> Vec<i64> {
    let of = served.count();
    let at_target = target.map(|percent| rank(percent, of.saturating_add(never)));
    served.holding(PERCENTS.iter().map(|percent| rank(*percent, of)).chain(at_target))
}

struct Waits {
    answered: Coarse,
    abandoned: Coarse,
    /// Those of them that had waited as long as law bears, which is whole seconds.
    abandoned_late: u64,
    hung_up: Coarse,
}

#[tracing::instrument(name = "db.parameters.waits", skip_all)]
async fn waits(tx: &mut PgConnection, period: &Period, law: &Published) -> Result<Waits, StoreError> {
    let rows = sqlx::query!(
        r#"select ended_as, waited_micros / 1000000 as "second!", count(*) as "times!" from sla_monitor.call
           where channel = 'phone' and arrived_at >= $1 and arrived_at < $2 and ($3::text is null or department = $3)
           group by 1, 2"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
    )
    .fetch_all(tx)
    .await?;
    let [answered, abandoned, hung_up] = [Coarse::new(SECOND), Coarse::new(SECOND), Coarse::new(SECOND)];
    let mut waits = Waits { answered, abandoned, abandoned_late: 0, hung_up };
    for row in rows {
        let ended = match row.ended_as.as_str() {
            "answered" => &mut waits.answered,
            "abandoned" => &mut waits.abandoned,
            "hung_up" => &mut waits.hung_up,
            word => return Err(StoreError::corrupt("call", "ended_as", word)),
        };
        ended.add(row.second, row.times.unsigned_abs());
        if row.ended_as == "abandoned" && row.second >= law.limit(Figure::CallsAnswered) / SECOND {
            waits.abandoned_late = waits.abandoned_late.saturating_add(row.times.unsigned_abs());
        }
    }
    Ok(waits)
}

#[tracing::instrument(name = "db.parameters.exact_waits", skip_all)]
async fn exact_waits(tx: &mut PgConnection, period: &Period, held: &[i64]) -> Result<Vec<(i64, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select waited_micros, count(*) as "times!" from sla_monitor.call
           where channel = 'phone' and arrived_at >= $1 and arrived_at < $2 and ($3::text is null or department = $3)
             and ended_as = 'answered' and waited_micros / 1000000 = any($4)
           group by 1"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        held,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.waited_micros, row.times.unsigned_abs())).collect())
}

/// How long a person took, and how often none came.
#[tracing::instrument(name = "db.parameters.humans", skip_all)]
async fn humans(tx: &mut PgConnection, period: &Period) -> Result<(Coarse, u64), StoreError> {
    let rows = sqlx::query!(
        r#"select human_micros / 1000000 as second, count(*) as "times!" from sla_monitor.call
           where human_requested_at is not null and arrived_at >= $1 and arrived_at < $2 and ($3::text is null or department = $3)
           group by 1"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
    )
    .fetch_all(tx)
    .await?;
    let (mut came, mut never) = (Coarse::new(SECOND), 0);
    for row in rows {
        match row.second {
            Some(second) => came.add(second, row.times.unsigned_abs()),
            None => never = row.times.unsigned_abs(),
        }
    }
    Ok((came, never))
}

#[tracing::instrument(name = "db.parameters.exact_humans", skip_all)]
async fn exact_humans(tx: &mut PgConnection, period: &Period, held: &[i64]) -> Result<Vec<(i64, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select human_micros as "micros!", count(*) as "times!" from sla_monitor.call
           where human_requested_at is not null and arrived_at >= $1 and arrived_at < $2 and ($3::text is null or department = $3)
             and human_micros / 1000000 = any($4)
           group by 1"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        held,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.micros, row.times.unsigned_abs())).collect())
}

#[tracing::instrument(name = "db.parameters.supervisors", skip_all)]
async fn supervisors(
    tx: &mut PgConnection,
    period: &Period,
    law: &Published,
) -> Result<SupervisorRequests, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "all!",
                  count(*) filter (where supervisor_at < supervisor_requested_at + $4 * interval '1 microsecond') as "at_once!",
                  count(*) filter (where supervisor_later_at <= supervisor_due_at
                                      or (supervisor_at >= supervisor_requested_at + $4 * interval '1 microsecond' and supervisor_at <= supervisor_due_at))
                      as "same_day!"
           from sla_monitor.call
           where supervisor_requested_at is not null and arrived_at >= $1 and arrived_at < $2
             and ($3::text is null or department = $3)"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        law.limit(Figure::SupervisorAtOnce) as f64,
    )
    .fetch_one(tx)
    .await?;
    let [all, at_once, same_day] = [row.all, row.at_once, row.same_day].map(i64::unsigned_abs);
    Ok(SupervisorRequests { at_once, same_day, missed: all.saturating_sub(at_once.saturating_add(same_day)) })
}

/// Affairs whose legal term was decided, by type: under the empty name all of them, first.
#[tracing::instrument(name = "db.parameters.resolved", skip_all)]
async fn resolved(tx: &mut PgConnection, period: &Period, law: &Published) -> Result<Vec<Resolved>, StoreError> {
    let rules = law.terms.as_slice();
    let rows = sqlx::query!(
        r#"select subject_type, count(*) filter (where state = 'fulfilled' and breached_at is null) as "in_term!",
                  case when state = 'fulfilled'
                       then (extract(epoch from settled_at - first_origin_at) * 1000000)::bigint >> $5::integer end as bucket,
                  count(*) filter (where state = 'fulfilled') as "resolved!",
                  count(*) filter (where state <> 'fulfilled' and (breached_at is not null or (state = 'running' and due_at < now())))
                      as "overdue!"
           from sla_monitor.clock
           where first_origin_at >= $1 and first_origin_at < $2 and ($3::text is null or department = $3) and rule = any($4)
           group by subject_type, bucket
           order by subject_type"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        rules,
        SHIFT,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut all = Lives::named(String::new());
    let mut kinds: Vec<Lives> = Vec::new();
    for row in rows {
        if kinds.last().is_none_or(|last| last.kind != row.subject_type) {
            kinds.push(Lives::named(row.subject_type));
        }
        let [in_term, resolved, overdue] = [row.in_term, row.resolved, row.overdue].map(i64::unsigned_abs);
        for lives in std::iter::once(&mut all).chain(kinds.last_mut()) {
            lives.in_term += in_term;
            lives.overdue += overdue;
            if let Some(bucket) = row.bucket {
                lives.took.add(bucket, resolved);
            }
        }
    }
    let mut held: Vec<i64> = std::iter::once(&all).chain(&kinds).flat_map(|lives| lives.holding(law)).collect();
    held.sort_unstable();
    held.dedup();
    let exact = exact_lives(tx, period, rules, &held).await?;
    // Nothing decided says nothing about a type, while of all it says that nothing was.
    let told = kinds.into_iter().filter(|lives| lives.took.count() + lives.overdue > 0);
    let told = std::iter::once(all).chain(told);
    let looked_into = |lives: &Lives| {
        let of = exact.iter().filter(|(kind, _, _)| lives.kind.is_empty() || *kind == lives.kind);
        of.map(|(_, micros, times)| (*micros, *times)).collect::<Vec<_>>()
    };
    Ok(told.map(|lives| lives.resolved(looked_into(&lives))).collect())
}

/// Affairs of one type, their lives in buckets.
struct Lives {
    kind: String,
    in_term: u64,
    took: Coarse,
    overdue: u64,
}

impl Lives {
    const fn named(kind: String) -> Self {
        Self { kind, in_term: 0, took: Coarse::new(1 << SHIFT), overdue: 0 }
    }

    fn holding(&self, law: &Published) -> Vec<i64> {
        holding(&self.took, self.overdue, law.asked(Figure::ResolvedInTerm).percent)
    }

    fn resolved(&self, exact: Vec<(i64, u64)>) -> Resolved {
        let took: Durations = self.took.refined(exact);
        Resolved { kind: self.kind.clone(), in_term: self.in_term, took, overdue: self.overdue }
    }
}

#[tracing::instrument(name = "db.parameters.exact_lives", skip_all)]
async fn exact_lives(
    tx: &mut PgConnection,
    period: &Period,
    rules: &[String],
    held: &[i64],
) -> Result<Vec<(String, i64, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select subject_type, micros as "micros!", count(*) as "times!" from (
               select subject_type, (extract(epoch from settled_at - first_origin_at) * 1000000)::bigint as micros
               from sla_monitor.clock
               where first_origin_at >= $1 and first_origin_at < $2 and ($3::text is null or department = $3) and rule = any($4)
                 and state = 'fulfilled'
           ) as lives
           where micros >> $6::integer = any($5)
           group by subject_type, micros"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        rules,
        held,
        SHIFT,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.subject_type, row.micros, row.times.unsigned_abs())).collect())
}

//! What the house's policies made of calls: written once, never changed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::call::{Attained, Judgement, Verdict, Version};
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::figures::{Abandoned, Coarse};
use sla_monitor_domain::quantile::rank;
use sqlx::{PgConnection, PgExecutor};

use super::call::Call;
use super::parameters::{PERCENTS, Period, SECOND};

/// Writes what was made of new calls of one system.
#[tracing::instrument(name = "db.judged.insert", skip_all)]
pub async fn insert(
    tx: &mut PgConnection,
    source_system: &str,
    judged: &[(&Call, Vec<Judgement>)],
) -> Result<(), StoreError> {
    let rows: Vec<(&Call, &Judgement)> = judged
        .iter()
        .flat_map(|(call, judgements)| judgements.iter().map(move |judgement| (*call, judgement)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let text = |of: &dyn Fn(&Call, &Judgement) -> String| rows.iter().map(|(c, j)| of(c, j)).collect::<Vec<String>>();
    let instants = |of: &dyn Fn(&Call, &Judgement) -> Timestamp| {
        rows.iter().map(|(c, j)| of(c, j).to_sqlx()).collect::<Vec<jiff_sqlx::Timestamp>>()
    };
    sqlx::query!(
        "insert into sla_monitor.call_verdict (source_system, external_id, metric, policy_id, policy_version, calendar, calendar_version,
             department, arrived_at, origin_at, due_at, abandoned, verdict, took_micros)
         select $1, n.* from unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[],
                                    $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[], $14::bigint[]) n",
        source_system,
        &text(&|call, _| call.measured.key.1.clone()),
        &text(&|_, judged| judged.metric.as_str().to_owned()),
        &text(&|_, judged| judged.policy.clone()),
        &rows.iter().map(|(_, judged)| judged.version).collect::<Vec<i32>>(),
        &text(&|_, judged| judged.calendar.0.clone()),
        &text(&|_, judged| judged.calendar.1.clone()),
        &text(&|call, _| call.measured.department.clone()),
        &instants(&|call, _| call.measured.arrived) as _,
        &instants(&|_, judged| judged.origin) as _,
        &instants(&|_, judged| judged.due) as _,
        &text(&|_, judged| judged.abandoned.as_str().to_owned()),
        &text(&|_, judged| judged.verdict.as_str().to_owned()),
        &rows.iter().map(|(_, judged)| judged.took).collect::<Vec<Option<i64>>>() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What was made of one call, by metric.
#[tracing::instrument(name = "db.judged.of_call", skip_all)]
pub async fn of_call(
    executor: impl PgExecutor<'_>,
    source_system: &str,
    id: &str,
) -> Result<Vec<Judgement>, StoreError> {
    let rows = sqlx::query!(
        r#"select metric, policy_id, policy_version, calendar, calendar_version, origin_at as "origin_at: jiff_sqlx::Timestamp",
                  due_at as "due_at: jiff_sqlx::Timestamp", abandoned, verdict, took_micros
           from sla_monitor.call_verdict where source_system = $1 and external_id = $2"#,
        source_system,
        id,
    )
    .fetch_all(executor)
    .await?;
    let judgements = rows.into_iter().map(|row| {
        Ok(Judgement {
            metric: metric(&row.metric)?,
            policy: row.policy_id,
            version: row.policy_version,
            calendar: (row.calendar, row.calendar_version),
            origin: row.origin_at.to_jiff(),
            due: row.due_at.to_jiff(),
            abandoned: Abandoned::from_word(&row.abandoned).ok_or_else(|| corrupt("abandoned", &row.abandoned))?,
            verdict: verdict(&row.verdict)?,
            took: row.took_micros,
        })
    });
    let mut judgements = judgements.collect::<Result<Vec<_>, StoreError>>()?;
    judgements.sort_by_key(|judged| judged.metric);
    Ok(judgements)
}

fn corrupt(column: &'static str, word: &str) -> StoreError {
    StoreError::corrupt("call_verdict", column, word)
}

fn metric(word: &str) -> Result<Metric, StoreError> {
    Metric::of_calls_from_word(word).ok_or_else(|| corrupt("metric", word))
}

/// What a stored word means.
///
/// # Errors
/// [`StoreError`] where it is none.
pub fn verdict(word: &str) -> Result<Verdict, StoreError> {
    Verdict::from_word(word).ok_or_else(|| corrupt("verdict", word))
}

/// How often each version of a policy was kept by the calls that arrived in a period; its durations are exact where a percentile, or the share that is
/// asked for (`percent_of`), falls.
#[tracing::instrument(name = "db.judged.attained", skip_all)]
pub async fn attained(
    tx: &mut PgConnection,
    period: &Period,
    percent_of: impl Fn(&Version) -> Option<u8>,
) -> Result<BTreeMap<Version, Attained>, StoreError> {
    let rows = sqlx::query!(
        r#"select metric, policy_id, policy_version, verdict, took_micros / 1000000 as second, count(*) as "times!"
           from sla_monitor.call_verdict
           where arrived_at >= $1 and arrived_at < $2 and ($3::text is null or department = $3)
           group by 1, 2, 3, 4, 5"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut found: BTreeMap<Version, (Attained, Coarse)> = BTreeMap::new();
    for row in rows {
        let version = (metric(&row.metric)?, row.policy_id, row.policy_version);
        let (attained, took) = found.entry(version).or_insert_with(|| (Attained::default(), Coarse::new(SECOND)));
        let times = row.times.unsigned_abs();
        attained.count(verdict(&row.verdict)?, times);
        if let Some(second) = row.second {
            took.add(second, times);
        }
    }
    let mut all = BTreeMap::new();
    for (version, (attained, took)) in found {
        let ranks = PERCENTS.iter().map(|percent| rank(*percent, took.count()));
        let held = took.holding(ranks.chain(percent_of(&version).map(|percent| rank(percent, attained.decided()))));
        let exact = exact(tx, period, &version, &held).await?;
        all.insert(version, Attained { took: took.refined(exact), ..attained });
    }
    Ok(all)
}

#[tracing::instrument(name = "db.judged.exact", skip_all)]
async fn exact(
    tx: &mut PgConnection,
    period: &Period,
    (metric, policy, number): &Version,
    held: &[i64],
) -> Result<Vec<(i64, u64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select took_micros as "micros!", count(*) as "times!" from sla_monitor.call_verdict
           where arrived_at >= $1 and arrived_at < $2 and ($3::text is null or department = $3)
             and metric = $4 and policy_id = $5 and policy_version = $6 and took_micros / 1000000 = any($7)
           group by 1"#,
        period.from.to_sqlx() as _,
        period.to.to_sqlx() as _,
        period.department,
        metric.as_str(),
        policy,
        number,
        held,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.micros, row.times.unsigned_abs())).collect())
}

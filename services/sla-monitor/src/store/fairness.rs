//! What was kept of what was owed to customers, by what is known of their affairs.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sqlx::PgExecutor;

/// Affairs that are alike in everything that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Channel; empty where it is not known.
    pub channel: String,
    /// Language; empty where it is not known.
    pub language: String,
    /// Whether they were served first by right, or their customers have that right or declared what makes them vulnerable.
    pub served_first: bool,
    /// How long their customers had been customers; empty where it is not known.
    pub tenure: String,
    /// What their customers spent; empty where it is not known.
    pub segment: String,
    /// How many were kept.
    pub kept: u64,
    /// Of how many something was decided.
    pub decided: u64,
}

/// The affairs of a period of which something was decided, and the database's time. An affair counts once, however many clocks it has: it was kept if all that
/// were decided were kept.
#[tracing::instrument(name = "db.fairness.count", skip_all)]
pub async fn count(
    executor: impl PgExecutor<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Alike>, Option<Timestamp>), StoreError> {
    let rows = sqlx::query!(
        r#"with judged as (
               select c.affair_id, c.state, breached_at is not null or (c.state = 'running' and due_at < now()) as breached
               from sla_monitor.affair a join sla_monitor.clock c on c.affair_id = a.affair_id
               where a.kind = 'ticket' and a.first_received_at >= $1 and a.first_received_at < $2 and c.kind in ('sla', 'statutory')
           ), decided as (
               select affair_id, bool_or(breached) as breached from judged
               where breached or state = 'fulfilled' group by affair_id
           )
           select a.channel, a.language, a.served_first or a.vulnerable as "served_first!", a.tenure, a.segment, count(*) filter (where not d.breached) as "kept!", count(*) as "decided!",
                  now() as "now!: jiff_sqlx::Timestamp"
           from decided d join sla_monitor.affair a on a.affair_id = d.affair_id
           group by 1, 2, 3, 4, 5"#,
        from.to_sqlx() as _,
        to.to_sqlx() as _,
    )
    .fetch_all(executor)
    .await?;
    let now = rows.first().map(|row| row.now.to_jiff());
    let alike = rows.into_iter().map(|row| Alike {
        channel: row.channel,
        language: row.language,
        served_first: row.served_first,
        tenure: row.tenure,
        segment: row.segment,
        kept: row.kept.unsigned_abs(),
        decided: row.decided.unsigned_abs(),
    });
    Ok((alike.collect(), now))
}

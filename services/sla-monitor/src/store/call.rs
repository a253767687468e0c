//! Calls as telephone systems measured them: written once, never changed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Channel, Language};
use postgres::StoreError;
use sla_monitor_domain::call::Verdict;
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::figures::{Ended, HumanRequest, Measured, Supervisor, SupervisorRequest};
use sla_monitor_domain::policy::Facts;
use sqlx::{PgConnection, PgPool};

use super::past::Span;
use super::{instant, judged};

/// A call with what no parameter is counted from, and that is kept all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// As it is counted.
    pub measured: Measured,
    /// Channel it came by.
    pub channel: Channel,
    /// Queue it was put under; empty where there is none.
    pub queue: String,
    /// Language; none where it is not known.
    pub language: Option<Language>,
    /// Whether the caller had a right to be served first.
    pub served_first: bool,
}

impl Call {
    /// What the house's policies are chosen by.
    pub fn facts(&self) -> Facts {
        Facts {
            ticket_type: String::new(),
            topic: String::new(),
            sector: String::new(),
            department: self.measured.department.clone(),
            channel: self.channel.as_str().to_owned(),
            queue: self.queue.clone(),
            severity: String::new(),
            language: self.language.map_or("", Language::as_str).to_owned(),
            served_first: self.served_first,
            received: self.measured.arrived,
        }
    }

    fn supervisor(&self) -> Option<SupervisorRequest> {
        self.measured.supervisor
    }

    fn at_once(&self) -> Option<Timestamp> {
        match self.supervisor()?.given {
            Supervisor::AtOnce(at) => Some(at),
            Supervisor::Later(_) | Supervisor::Never => None,
        }
    }

    fn at_last(&self) -> Option<Timestamp> {
        match self.supervisor()?.given {
            Supervisor::Later(at) => Some(at),
            Supervisor::AtOnce(_) | Supervisor::Never => None,
        }
    }

    /// Whether both say the same. Until when a supervisor was owed is judged here and not said by the system: a calendar that was mended since makes
    /// no other call of it.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let mut said = other.clone();
        if let (Some(one), Some(another)) = (self.supervisor(), said.measured.supervisor.as_mut()) {
            another.due = one.due;
        }
        *self == said
    }
}

/// Writes the calls of one system that are not known yet, and answers the ids of those.
#[tracing::instrument(name = "db.call.insert", skip_all)]
pub async fn insert(
    tx: &mut PgConnection,
    source_system: &str,
    calls: &[Call],
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let column = |of: fn(&Call) -> &str| calls.iter().map(|call| of(call).to_owned()).collect::<Vec<String>>();
    let instants = |of: &dyn Fn(&Call) -> Option<Timestamp>| {
        calls.iter().map(|call| of(call).map(|at| at.to_sqlx())).collect::<Vec<Option<jiff_sqlx::Timestamp>>>()
    };
    let served_first: Vec<bool> = calls.iter().map(|call| call.served_first).collect();
    // In one order, so that two requests with the same calls wait for one another and do not meet crosswise.
    let inserted = sqlx::query_scalar!(
        "insert into sla_monitor.call (source_system, external_id, department, queue, channel, language, served_first, arrived_at,
             ended_as, waited_until, human_requested_at, human_at, supervisor_requested_at, supervisor_at, supervisor_later_at,
             supervisor_due_at, recorded_at)
         select $1, n.*, $2
         from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::timestamptz[], $10::text[],
                     $11::timestamptz[], $12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::timestamptz[],
                     $16::timestamptz[], $17::timestamptz[]) as n(external_id)
         order by n.external_id
         on conflict on constraint call_once_per_system do nothing
         returning external_id",
        source_system,
        now.to_sqlx() as _,
        &column(|call| &call.measured.key.1),
        &column(|call| &call.measured.department),
        &column(|call| &call.queue),
        &column(|call| call.channel.as_str()),
        &column(|call| call.language.map_or("", Language::as_str)),
        &served_first,
        &instants(&|call| Some(call.measured.arrived)) as _,
        &column(|call| call.measured.ended.as_str()),
        &instants(&|call| Some(call.measured.wait_ended)) as _,
        &instants(&|call| call.measured.human.map(|human| human.asked)) as _,
        &instants(&|call| call.measured.human?.given) as _,
        &instants(&|call| call.supervisor().map(|supervisor| supervisor.asked)) as _,
        &instants(&Call::at_once) as _,
        &instants(&Call::at_last) as _,
        &instants(&|call| call.supervisor().map(|supervisor| supervisor.due)) as _,
    )
    .fetch_all(tx)
    .await?;
    Ok(inserted)
}

struct Row {
    external_id: String,
    department: String,
    queue: String,
    channel: String,
    language: String,
    served_first: bool,
    arrived_at: jiff_sqlx::Timestamp,
    ended_as: String,
    waited_until: jiff_sqlx::Timestamp,
    human_requested_at: Option<jiff_sqlx::Timestamp>,
    human_at: Option<jiff_sqlx::Timestamp>,
    supervisor_requested_at: Option<jiff_sqlx::Timestamp>,
    supervisor_at: Option<jiff_sqlx::Timestamp>,
    supervisor_later_at: Option<jiff_sqlx::Timestamp>,
    supervisor_due_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn call(self, source_system: &str) -> Result<Call, StoreError> {
        let id = self.external_id.clone();
        let corrupt = |column| StoreError::corrupt("call", column, &id);
        let ended = Ended::from_word(&self.ended_as).ok_or_else(|| corrupt("ended_as"))?;
        let channel = self.channel.parse().map_err(|_| corrupt("channel"))?;
        let given = match (instant(self.supervisor_at), instant(self.supervisor_later_at)) {
            (Some(at), _) => Supervisor::AtOnce(at),
            (None, Some(at)) => Supervisor::Later(at),
            (None, None) => Supervisor::Never,
        };
        let supervisor = instant(self.supervisor_requested_at).zip(instant(self.supervisor_due_at));
        let measured = Measured {
            key: (source_system.to_owned(), self.external_id),
            department: self.department,
            by_phone: channel == Channel::Phone,
            arrived: self.arrived_at.to_jiff(),
            ended,
            wait_ended: self.waited_until.to_jiff(),
            human: instant(self.human_requested_at).map(|asked| HumanRequest { asked, given: instant(self.human_at) }),
            supervisor: supervisor.map(|(asked, due)| SupervisorRequest { asked, given, due }),
        };
        let language = match self.language.as_str() {
            "" => None,
            code => Some(code.parse().map_err(|_| corrupt("language"))?),
        };
        let (queue, served_first) = (self.queue, self.served_first);
        Ok(Call { measured, channel, queue, language, served_first })
    }
}

/// Calls of one system by their ids there.
#[tracing::instrument(name = "db.call.get", skip_all)]
pub async fn get(tx: &mut PgConnection, source_system: &str, ids: &[String]) -> Result<Vec<Call>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select external_id, department, queue, channel, language, served_first, arrived_at as "arrived_at: _", ended_as,
                  waited_until as "waited_until: _", human_requested_at as "human_requested_at: _", human_at as "human_at: _",
                  supervisor_requested_at as "supervisor_requested_at: _", supervisor_at as "supervisor_at: _",
                  supervisor_later_at as "supervisor_later_at: _", supervisor_due_at as "supervisor_due_at: _"
           from sla_monitor.call where source_system = $1 and external_id = any($2)"#,
        source_system,
        ids,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| row.call(source_system)).collect()
}

/// A call of one system by its id there, with when it was recorded; `None` when there is none.
#[tracing::instrument(name = "db.call.one", skip_all)]
pub async fn one(
    tx: &mut PgConnection,
    source_system: &str,
    id: &str,
) -> Result<Option<(Call, Timestamp)>, StoreError> {
    let Some(call) = get(tx, source_system, &[id.to_owned()]).await?.pop() else { return Ok(None) };
    let recorded = sqlx::query_scalar!(
        r#"select recorded_at as "at: jiff_sqlx::Timestamp" from sla_monitor.call where source_system = $1 and external_id = $2"#,
        source_system,
        id,
    )
    .fetch_one(tx)
    .await?;
    Ok(Some((call, recorded.to_jiff())))
}

/// Where a walk along calls has come to.
pub type Place = (Timestamp, String, String);

/// A call with what was made of it by the policy of a metric that held: which, and how it stands; none where none did.
#[derive(Debug)]
pub struct PastCall {
    /// The call.
    pub call: Call,
    /// Id of the policy, and the verdict.
    pub judged: Option<(String, Verdict)>,
}

/// How many calls arrived in a span; and the database's time.
#[tracing::instrument(name = "db.call.count", skip_all)]
pub async fn count(pool: &PgPool, span: Span) -> Result<(i64, Timestamp), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "n!", now() as "now!: jiff_sqlx::Timestamp" from sla_monitor.call
           where arrived_at >= $1 and arrived_at < $2"#,
        span.from.to_sqlx() as _,
        span.to.to_sqlx() as _,
    )
    .fetch_one(pool)
    .await?;
    Ok((row.n, row.now.to_jiff()))
}

/// Calls that arrived in a span, the first first, after a place; each with how it stands to the policy of a metric.
#[tracing::instrument(name = "db.call.past", skip_all)]
pub async fn past(
    pool: &PgPool,
    span: Span,
    after: Option<Place>,
    metric: Metric,
    limit: i64,
) -> Result<Vec<PastCall>, StoreError> {
    // Before all of the first instant: no system has an empty name. One comparison of rows, so that each page begins where it was left.
    let (after_at, after_system, after_id) = after.unwrap_or_else(|| (span.from, String::new(), String::new()));
    let rows = sqlx::query!(
        r#"select c.source_system, c.external_id, c.department, c.queue, c.channel, c.language, c.served_first, c.arrived_at as "arrived_at: jiff_sqlx::Timestamp",
                  c.ended_as, c.waited_until as "waited_until: jiff_sqlx::Timestamp",
                  c.human_requested_at as "human_requested_at: jiff_sqlx::Timestamp", c.human_at as "human_at: jiff_sqlx::Timestamp",
                  c.supervisor_requested_at as "supervisor_requested_at: jiff_sqlx::Timestamp",
                  c.supervisor_at as "supervisor_at: jiff_sqlx::Timestamp",
                  c.supervisor_later_at as "supervisor_later_at: jiff_sqlx::Timestamp",
                  c.supervisor_due_at as "supervisor_due_at: jiff_sqlx::Timestamp",
                  v.policy_id as "policy_id?", v.verdict as "verdict?"
           from (select * from sla_monitor.call
                 where (arrived_at, source_system, external_id) > ($1, $2, $3) and arrived_at < $4
                 order by arrived_at, source_system, external_id limit $6) c
           left join sla_monitor.call_verdict v
             on v.source_system = c.source_system and v.external_id = c.external_id and v.metric = $5
           order by c.arrived_at, c.source_system, c.external_id"#,
        after_at.to_sqlx() as _,
        after_system,
        after_id,
        span.to.to_sqlx() as _,
        metric.as_str(),
        limit,
    )
    .fetch_all(pool)
    .await?;
    let past = rows.into_iter().map(|row| {
        let judged = match (row.policy_id, row.verdict) {
            (Some(policy), Some(word)) => Some((policy, judged::verdict(&word)?)),
            _ => None,
        };
        let told = Row {
            external_id: row.external_id,
            department: row.department,
            queue: row.queue,
            channel: row.channel,
            language: row.language,
            served_first: row.served_first,
            arrived_at: row.arrived_at,
            ended_as: row.ended_as,
            waited_until: row.waited_until,
            human_requested_at: row.human_requested_at,
            human_at: row.human_at,
            supervisor_requested_at: row.supervisor_requested_at,
            supervisor_at: row.supervisor_at,
            supervisor_later_at: row.supervisor_later_at,
            supervisor_due_at: row.supervisor_due_at,
        };
        Ok(PastCall { call: told.call(&row.source_system)?, judged })
    });
    past.collect()
}

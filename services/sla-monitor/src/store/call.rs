//! Calls as telephone systems measured them: written once, never changed.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Channel, Language};
use postgres::StoreError;
use sla_monitor_domain::figures::{Ended, HumanRequest, Measured, Supervisor, SupervisorRequest};
use sqlx::PgConnection;

use super::instant;

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

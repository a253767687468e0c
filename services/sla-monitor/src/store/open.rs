//! Opening clocks: rows, first entries and due instants in one statement.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::clock::{Entry, Happening, Threshold};
use sqlx::PgConnection;
use uuid::Uuid;

use super::agent::Seat;
use super::clock::Stored;
use super::due::DueRows;

/// A clock to be written.
#[derive(Debug, Clone)]
pub struct NewClock {
    /// Id.
    pub id: Uuid,
    /// Ticket or case it belongs to.
    pub affair: Uuid,
    /// Resource name of what it is for.
    pub subject: String,
    /// Customer.
    pub customer: Option<Uuid>,
    /// Id of the rule.
    pub rule: String,
    /// Version of the rule.
    pub rule_version: i32,
    /// Version of the law that ships as it starts.
    pub law_version: i32,
    /// Kind of obligation.
    pub kind: &'static str,
    /// Stage of the obligation.
    pub stage: String,
    /// Id of the calendar.
    pub calendar: String,
    /// Version of the calendar.
    pub calendar_version: String,
    /// Moved by the conditions of a policy of the house.
    pub by_conditions: bool,
    /// Type of the ticket, or `case`.
    pub subject_type: String,
    /// Department.
    pub department: String,
    /// Where whoever has the affair works.
    pub seat: Seat,
    /// Queue that the affair waits in.
    pub queue: String,
    /// Where it counts from.
    pub origin: Timestamp,
    /// What started it.
    pub start: Happening,
    /// The last instant in time; none while what starts it is still to come.
    pub due: Option<Timestamp>,
    /// When it warns.
    pub thresholds: Vec<(Threshold, Timestamp)>,
}

impl NewClock {
    /// The clock as it is kept once it is written, at `now`.
    pub fn stored(self, now: Timestamp) -> Stored {
        Stored {
            id: self.id,
            affair: self.affair,
            subject: self.subject,
            customer: self.customer,
            rule: self.rule,
            rule_version: self.rule_version,
            law_version: self.law_version,
            calendar: self.calendar,
            calendar_version: self.calendar_version,
            subject_type: self.subject_type,
            department: self.department,
            version: 1,
            first_origin: self.origin,
            entries: vec![Entry { at: self.origin, what: self.start }],
            now,
        }
    }
}

/// Where an entry of a clock came from.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// Name of the ledger.
    pub source: &'static str,
    /// Position in it.
    pub position: i64,
    /// Trace it belongs to.
    pub traceparent: &'a str,
    /// When it is written down here.
    pub recorded_at: Timestamp,
}

/// Writes clocks with their first entry and what will fall due, each with what caused it.
#[tracing::instrument(name = "db.open.open", skip_all)]
pub async fn open(tx: &mut PgConnection, caused: &[(NewClock, Cause<'_>)], quiet_ms: u32) -> Result<(), StoreError> {
    let clocks = || caused.iter().map(|(clock, _)| clock);
    let causes = || caused.iter().map(|(_, cause)| cause);
    let traceparents: Vec<String> = causes().map(|c| c.traceparent.to_owned()).collect();
    let recorded: Vec<jiff_sqlx::Timestamp> = causes().map(|c| c.recorded_at.to_sqlx()).collect();
    let sources: Vec<String> = causes().map(|c| c.source.to_owned()).collect();
    let positions: Vec<i64> = causes().map(|c| c.position).collect();
    let ids: Vec<Uuid> = clocks().map(|c| c.id).collect();
    let affairs: Vec<Uuid> = clocks().map(|c| c.affair).collect();
    let subjects: Vec<String> = clocks().map(|c| c.subject.clone()).collect();
    let customers: Vec<Option<Uuid>> = clocks().map(|c| c.customer).collect();
    let rules: Vec<String> = clocks().map(|c| c.rule.clone()).collect();
    let rule_versions: Vec<i32> = clocks().map(|c| c.rule_version).collect();
    let law_versions: Vec<i32> = clocks().map(|c| c.law_version).collect();
    let kinds: Vec<String> = clocks().map(|c| c.kind.to_owned()).collect();
    let stages: Vec<String> = clocks().map(|c| c.stage.clone()).collect();
    let calendars: Vec<String> = clocks().map(|c| c.calendar.clone()).collect();
    let subject_types: Vec<String> = clocks().map(|c| c.subject_type.clone()).collect();
    let departments: Vec<String> = clocks().map(|c| c.department.clone()).collect();
    let teams: Vec<String> = clocks().map(|c| c.seat.team.clone()).collect();
    let managers: Vec<String> = clocks().map(|c| c.seat.manager.clone()).collect();
    let queues: Vec<String> = clocks().map(|c| c.queue.clone()).collect();
    let origins: Vec<jiff_sqlx::Timestamp> = clocks().map(|c| c.origin.to_sqlx()).collect();
    let dues: Vec<Option<jiff_sqlx::Timestamp>> = clocks().map(|c| c.due.map(|due| due.to_sqlx())).collect();
    let calendar_versions: Vec<String> = clocks().map(|c| c.calendar_version.clone()).collect();
    let by_conditions: Vec<bool> = clocks().map(|c| c.by_conditions).collect();
    let starts: Vec<String> = clocks().map(|c| c.start.as_str().to_owned()).collect();
    let untils: Vec<Option<jiff_sqlx::Timestamp>> = clocks()
        .map(|c| match c.start {
            Happening::StartedUntil(until) => Some(until.to_sqlx()),
            _ => None,
        })
        .collect();
    let mut ahead = DueRows::default();
    for clock in clocks() {
        if let Some(due) = clock.due {
            ahead.push(clock.id, (1, clock.origin), due, &clock.thresholds);
        }
    }
    sqlx::query!(
        "with new as (
             select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::integer[], $7::text[],
                                  $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[],
                                  $14::text[], $15::timestamptz[], $25::text[], $26::boolean[], $28::text[], $29::text[], $30::text[],
                                  $16::text[], $17::timestamptz[], $18::text[], $19::bigint[], $31::integer[])
                 as n(clock_id, affair_id, subject, customer_id, rule, rule_version, kind, stage, calendar, subject_type,
                      department, origin_at, due_at, start, until_at, calendar_version, by_conditions, team, manager, queue,
                      traceparent, recorded_at, source, position, law_version)
         ), clocks as (
             insert into sla_monitor.clock (clock_id, affair_id, subject, customer_id, rule, rule_version, kind, stage,
                 calendar, subject_type, department, state, epoch, first_origin_at, origin_at, due_at, traceparent,
                 calendar_version, by_conditions, team, manager, queue, law_version)
             select clock_id, affair_id, subject, customer_id, rule, rule_version, kind, stage,
                 calendar, subject_type, department, case when start = 'awaited' then 'scheduled' else 'running' end, 1, origin_at,
                 origin_at, due_at, traceparent, calendar_version, by_conditions, team, manager, queue, law_version from new
         ), entries as (
             insert into sla_monitor.clock_entry (clock_id, seq, kind, until_at, occurred_at, recorded_at, source, position)
             select clock_id, 1, start, until_at, origin_at, recorded_at, source, position from new
         )
         insert into sla_monitor.due (clock_id, kind, epoch, origin_at, due_at, fire_at)
         select clock_id, kind, epoch, origin_at, due_at,
                case when due_at < now() then now() + make_interval(secs => $24::double precision / 1000) else due_at end
         from unnest($20::uuid[], $21::text[], $22::integer[], $23::timestamptz[], $27::timestamptz[])
             as d(clock_id, kind, epoch, due_at, origin_at)",
        &ids,
        &affairs,
        &subjects,
        &customers as _,
        &rules,
        &rule_versions,
        &kinds,
        &stages,
        &calendars,
        &subject_types,
        &departments,
        &origins as _,
        &dues as _,
        &starts,
        &untils as _,
        &traceparents,
        &recorded as _,
        &sources,
        &positions,
        &ahead.clock_ids,
        &ahead.kinds,
        &ahead.epochs,
        &ahead.due_at as _,
        f64::from(quiet_ms),
        &calendar_versions,
        &by_conditions,
        &ahead.origins as _,
        &teams,
        &managers,
        &queues,
        &law_versions,
    )
    .execute(tx)
    .await?;
    Ok(())
}

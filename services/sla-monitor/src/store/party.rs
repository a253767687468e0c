//! Time that parties to a case have, as it is kept: apart from what the house owes, with entries and due rows in the same tables.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use postgres::StoreError;
use sla_monitor_domain::clock::{Entry, Happening, Threshold};
use sla_monitor_domain::party::Stands;
use sqlx::PgConnection;
use uuid::Uuid;

use super::clock::{Stored, entries};
use super::due::{Came, DueRows};
use super::open::Cause;
use crate::names::CaseId;

/// Time of a party that begins.
#[derive(Debug)]
pub struct NewTerm<'a> {
    /// Id of its clock.
    pub id: Uuid,
    /// The case.
    pub case: CaseId,
    /// The claimant.
    pub customer: Option<Uuid>,
    /// Id of the rule.
    pub rule: &'a str,
    /// Version of the rule.
    pub rule_version: i32,
    /// Version of the law that ships as it starts.
    pub law_version: i32,
    /// Whose time it is.
    pub bearer: &'static str,
    /// What it is for.
    pub stage: &'a str,
    /// Id of the calendar.
    pub calendar: &'a str,
    /// Version of the calendar.
    pub calendar_version: &'a str,
    /// What starts it, and where it counts from.
    pub start: &'a Entry,
    /// The last instant in time.
    pub due: Timestamp,
    /// When it warns.
    pub thresholds: &'a [(Threshold, Timestamp)],
}

/// Writes time of a party with its first entry and what lies ahead.
#[tracing::instrument(name = "db.party.open", skip_all)]
pub async fn open(
    tx: &mut PgConnection,
    term: &NewTerm<'_>,
    cause: Cause<'_>,
    quiet_ms: u32,
) -> Result<(), StoreError> {
    let until = match term.start.what {
        Happening::StartedUntil(until) => Some(until.to_sqlx()),
        _ => None,
    };
    let mut ahead = DueRows::default();
    ahead.push(term.id, (1, term.start.at), term.due, term.thresholds);
    sqlx::query!(
        "with term as (
             insert into sla_monitor.party_clock (clock_id, affair_id, customer_id, rule, rule_version, bearer, stage, calendar,
                 calendar_version, first_origin_at, due_at, traceparent, law_version)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $21)
         ), entry as (
             insert into sla_monitor.clock_entry (clock_id, seq, kind, until_at, occurred_at, recorded_at, source, position)
             values ($1, 1, $13, $14, $10, $15, $16, $17)
         )
         insert into sla_monitor.due (clock_id, kind, epoch, origin_at, due_at, fire_at)
         select $1, kind, 1, $10, at, case when at < now() then now() + make_interval(secs => $20::double precision / 1000) else at end
         from unnest($18::text[], $19::timestamptz[]) as d(kind, at)",
        term.id,
        term.case.uuid(),
        term.customer,
        term.rule,
        term.rule_version,
        term.bearer,
        term.stage,
        term.calendar,
        term.calendar_version,
        term.start.at.to_sqlx() as _,
        term.due.to_sqlx() as _,
        cause.traceparent,
        term.start.what.as_str(),
        until as _,
        cause.recorded_at.to_sqlx() as _,
        cause.source,
        cause.position,
        &ahead.kinds,
        &ahead.due_at as _,
        f64::from(quiet_ms),
        term.law_version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The time that a party has, or let pass, for this in a case, locked: the last that was given, while nothing ended it.
#[tracing::instrument(name = "db.party.lock_open", skip_all)]
pub async fn lock_open(tx: &mut PgConnection, case: CaseId, stage: &str) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query!(
        r#"select c.clock_id, c.customer_id, c.rule, c.rule_version, c.law_version, c.calendar, c.calendar_version, c.version,
                  c.first_origin_at as "first_origin_at: jiff_sqlx::Timestamp",
                  array(select kind from sla_monitor.clock_entry where clock_id = c.clock_id order by seq) as "kinds!",
                  array(select ground from sla_monitor.clock_entry where clock_id = c.clock_id order by seq) as "grounds!",
                  array(select until_at from sla_monitor.clock_entry where clock_id = c.clock_id order by seq) as "untils!: Vec<Option<jiff_sqlx::Timestamp>>",
                  array(select occurred_at from sla_monitor.clock_entry where clock_id = c.clock_id order by seq) as "times!: Vec<jiff_sqlx::Timestamp>",
                  now() as "now!: jiff_sqlx::Timestamp"
           from sla_monitor.party_clock c
           where c.affair_id = $1 and c.stage = $2 and c.state in ('running', 'lapsed')
           order by c.first_origin_at desc, c.clock_id desc limit 1
           for update of c"#,
        case.uuid(),
        stage,
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Stored {
        id: row.clock_id,
        affair: case.uuid(),
        subject: case.name(),
        customer: row.customer_id,
        rule: row.rule,
        rule_version: row.rule_version,
        law_version: row.law_version,
        calendar: row.calendar,
        calendar_version: row.calendar_version,
        subject_type: "case".to_owned(),
        department: String::new(),
        version: row.version,
        first_origin: row.first_origin_at.to_jiff(),
        entries: entries(row.clock_id, &row.kinds, row.grounds, row.untils, row.times)?,
        now: row.now.to_jiff(),
    }))
}

/// Writes what happened to the time of a party, and how it stands after it. Nothing of one that ended lies ahead.
#[tracing::instrument(name = "db.party.change", skip_all)]
pub async fn change(
    tx: &mut PgConnection,
    clock: Uuid,
    (seq, entry): (i32, &Entry),
    stands: Stands,
    cause: Cause<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with written as (
             update sla_monitor.party_clock set state = $2, settled_at = $3, lapsed_at = $4, version = version + 1 where clock_id = $1
         ), entry as (
             insert into sla_monitor.clock_entry (clock_id, seq, kind, occurred_at, recorded_at, source, position)
             values ($1, $5, $6, $7, $8, $9, $10)
         )
         delete from sla_monitor.due where clock_id = $1",
        clock,
        stands.stage.as_str(),
        stands.stage.settled().map(|at| at.to_sqlx()) as _,
        stands.lapsed.map(|at| at.to_sqlx()) as _,
        seq,
        entry.what.as_str(),
        entry.at.to_sqlx() as _,
        cause.recorded_at.to_sqlx() as _,
        cause.source,
        cause.position,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that the time of a party was over; answers whether nobody had noted it before.
#[tracing::instrument(name = "db.party.note_over", skip_all)]
pub async fn note_over(tx: &mut PgConnection, clock: &Stored) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
        "insert into sla_monitor.raised (clock_id, kind, epoch, origin_at, due_at, raised_at)
         select clock_id, 'breach', 1, first_origin_at, due_at, now() from sla_monitor.party_clock where clock_id = $1
         on conflict on constraint raised_once do nothing",
        clock.id
    )
    .execute(tx)
    .await?;
    Ok(noted.rows_affected() > 0)
}

/// A warning, or the end, of the time of a party that was claimed, and is now noted for good.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Clock.
    pub clock: Uuid,
    /// What came.
    pub came: Came,
    /// The instant it came.
    pub at: Timestamp,
    /// The last instant in time.
    pub due: Timestamp,
    /// The case.
    pub case: CaseId,
    /// The claimant.
    pub customer: Option<Uuid>,
    /// Rule.
    pub rule: String,
    /// Version of the rule.
    pub rule_version: i32,
    /// Calendar.
    pub calendar: String,
    /// Version of the calendar.
    pub calendar_version: String,
    /// Trace of what started it.
    pub traceparent: String,
    /// The database's time.
    pub now: Timestamp,
}

/// Claims rows of parties' time that fired by an instant of the database's time, as [`super::due::claim`] claims those of what the house owes; answers
/// how many were taken, and which are new.
#[tracing::instrument(level = "debug", name = "db.party.claim", skip_all)]
pub async fn claim(
    tx: &mut PgConnection,
    limit: i64,
    fired_by: Timestamp,
) -> Result<(usize, Vec<Claimed>), StoreError> {
    let rows = sqlx::query!(
        r#"with claimed as (
               select d.clock_id, d.kind from sla_monitor.due d join sla_monitor.party_clock c on c.clock_id = d.clock_id
               where d.fire_at <= $2
               order by d.fire_at limit $1
               for update of d, c skip locked
           ), gone as (
               delete from sla_monitor.due d using claimed k where d.clock_id = k.clock_id and d.kind = k.kind
               returning d.clock_id, d.kind, d.epoch, d.origin_at, d.due_at
           ), noted as (
               insert into sla_monitor.raised (clock_id, kind, epoch, origin_at, due_at, raised_at)
               select clock_id, kind, epoch, origin_at, due_at, now() from gone
               on conflict on constraint raised_once do nothing
               returning clock_id, kind
           )
           select g.clock_id as "clock_id!", g.kind as "kind!", g.due_at as "at!: jiff_sqlx::Timestamp", n.clock_id is not null as "new!",
                  c.due_at as "due_at: jiff_sqlx::Timestamp", c.affair_id, c.customer_id, c.rule, c.rule_version, c.calendar, c.calendar_version,
                  c.traceparent, now() as "now!: jiff_sqlx::Timestamp"
           from gone g
           join sla_monitor.party_clock c on c.clock_id = g.clock_id
           left join noted n on n.clock_id = g.clock_id and n.kind = g.kind
           order by g.due_at, g.clock_id, g.kind desc"#,
        limit,
        fired_by.to_sqlx() as _
    )
    .fetch_all(tx)
    .await?;
    let taken = rows.len();
    let mut claimed = Vec::with_capacity(taken);
    for row in rows.into_iter().filter(|row| row.new) {
        claimed.push(Claimed {
            came: Came::read(row.clock_id, &row.kind)?,
            clock: row.clock_id,
            at: row.at.to_jiff(),
            due: row.due_at.to_jiff(),
            case: CaseId::from_uuid(row.affair_id),
            customer: row.customer_id,
            rule: row.rule,
            rule_version: row.rule_version,
            calendar: row.calendar,
            calendar_version: row.calendar_version,
            traceparent: row.traceparent,
            now: row.now.to_jiff(),
        });
    }
    Ok((taken, claimed))
}

/// Marks time of parties that was over, unused: these clocks lapsed, and those were given in full.
#[tracing::instrument(level = "debug", name = "db.party.over", skip_all)]
pub async fn over(tx: &mut PgConnection, lapsed: &[Uuid], given: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "update sla_monitor.party_clock
            set state = case when clock_id = any($1) then 'lapsed' else 'fulfilled' end,
                lapsed_at = case when clock_id = any($1) then due_at end,
                settled_at = case when clock_id = any($1) then null else due_at end,
                version = version + 1
          where (clock_id = any($1) or clock_id = any($2)) and state = 'running'",
        lapsed,
        given,
    )
    .execute(tx)
    .await?;
    Ok(())
}

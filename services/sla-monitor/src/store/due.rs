//! The due table: what lies ahead, and the claim of what has come.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError};
use sla_monitor_domain::clock::Threshold;
use sqlx::PgConnection;
use uuid::Uuid;

use super::instant;

/// Rows for the due table, as arrays.
#[derive(Debug, Default)]
pub(super) struct DueRows {
    pub clock_ids: Vec<Uuid>,
    pub kinds: Vec<String>,
    pub epochs: Vec<i32>,
    pub origins: Vec<jiff_sqlx::Timestamp>,
    pub due_at: Vec<jiff_sqlx::Timestamp>,
}

impl DueRows {
    pub fn push(
        &mut self,
        clock: Uuid,
        (epoch, origin): (i32, Timestamp),
        due: Timestamp,
        thresholds: &[(Threshold, Timestamp)],
    ) {
        let warnings = thresholds.iter().map(|(threshold, at)| (threshold.word(), *at));
        for (kind, at) in warnings.chain([("breach".to_owned(), due)]) {
            self.clock_ids.push(clock);
            self.kinds.push(kind);
            self.epochs.push(epoch);
            self.origins.push(origin.to_sqlx());
            self.due_at.push(at.to_sqlx());
        }
    }
}

/// What a row of the due table says when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It is time to warn.
    Warning(Threshold),
    /// The due instant passed.
    Breach,
}

impl Came {
    /// What a row of the due table of this kind says.
    pub(super) fn read(clock: Uuid, kind: &str) -> Result<Self, StoreError> {
        match kind {
            "breach" => Ok(Self::Breach),
            word => {
                let threshold = Threshold::from_word(word);
                Ok(Self::Warning(threshold.ok_or_else(|| StoreError::corrupt("due", "kind", clock))?))
            }
        }
    }
}

/// A warning or breach that was claimed, and is now noted for good.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Clock.
    pub clock: Uuid,
    /// What came.
    pub came: Came,
    /// Run of the clock.
    pub epoch: i32,
    /// The instant it came.
    pub at: Timestamp,
    /// When the clock falls due.
    pub clock_due: Option<Timestamp>,
    /// Resource name of its subject.
    pub subject: String,
    /// Customer.
    pub customer: Option<Uuid>,
    /// Rule.
    pub rule: String,
    /// Trace of what started the clock.
    pub traceparent: String,
    /// The database's time.
    pub now: Timestamp,
}

/// The database's time, and when the first row fires; `None` when none waits.
#[tracing::instrument(level = "debug", name = "db.due.next", skip_all)]
pub async fn next(db: &Db) -> Result<(Timestamp, Option<Timestamp>), StoreError> {
    let row = sqlx::query!(
        r#"select clock_timestamp() as "now!: jiff_sqlx::Timestamp",
                  (select fire_at from sla_monitor.due order by fire_at limit 1) as "fire_at: jiff_sqlx::Timestamp""#
    )
    .fetch_one(db.reader())
    .await?;
    Ok((row.now.to_jiff(), instant(row.fire_at)))
}

/// Claims rows that fired by an instant of the database's time: takes them out of the due table, notes each once per run, and
/// marks breached clocks. Rows or clocks that somebody else holds are left to them.
#[tracing::instrument(level = "debug", name = "db.due.claim", skip_all)]
pub async fn claim(
    tx: &mut PgConnection,
    limit: i64,
    fired_by: Timestamp,
) -> Result<(usize, Vec<Claimed>), StoreError> {
    let rows = sqlx::query!(
        r#"with claimed as (
               select d.clock_id, d.kind, c.state = 'running' and c.origin_at = d.origin_at as holds
               from sla_monitor.due d join sla_monitor.clock c on c.clock_id = d.clock_id
               where d.fire_at <= $2
               order by d.fire_at limit $1
               for update of d, c skip locked
           ), gone as (
               delete from sla_monitor.due d using claimed k where d.clock_id = k.clock_id and d.kind = k.kind
               returning d.clock_id, d.kind, d.epoch, d.origin_at, d.due_at, k.holds
           ), noted as (
               -- What was ahead of a run that is not the present one is raised for nobody.
               insert into sla_monitor.raised (clock_id, kind, epoch, origin_at, due_at, raised_at)
               select clock_id, kind, epoch, origin_at, due_at, now() from gone where holds
               on conflict on constraint raised_once do nothing
               returning clock_id, kind, epoch, due_at
           ), marked as (
               update sla_monitor.clock c set breached_at = coalesce(c.breached_at, n.due_at), version = c.version + 1
               from noted n where n.clock_id = c.clock_id and n.kind = 'breach'
           )
           select g.clock_id as "clock_id!", g.kind as "kind!", g.epoch as "epoch!",
                  g.due_at as "due_at!: jiff_sqlx::Timestamp", n.clock_id is not null as "new!",
                  c.due_at as "clock_due_at: jiff_sqlx::Timestamp", c.subject, c.customer_id, c.rule, c.traceparent,
                  now() as "now!: jiff_sqlx::Timestamp"
           from gone g
           join sla_monitor.clock c on c.clock_id = g.clock_id
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
        let came = Came::read(row.clock_id, &row.kind)?;
        claimed.push(Claimed {
            clock: row.clock_id,
            came,
            epoch: row.epoch,
            at: row.due_at.to_jiff(),
            clock_due: instant(row.clock_due_at),
            subject: row.subject,
            customer: row.customer_id,
            rule: row.rule,
            traceparent: row.traceparent,
            now: row.now.to_jiff(),
        });
    }
    Ok((taken, claimed))
}

/// What an operator wants to know of the due table. Ten thousand rows of each kind at most are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Warnings and breaches that have come and were not raised yet.
    pub come: i64,
    /// How long ago the first of them came, in seconds; 0 when there is none.
    pub late_seconds: f64,
    /// Clocks that fall due within an hour.
    pub within_hour: i64,
    /// Clocks that fall due within a day.
    pub within_day: i64,
}

/// Counts what has come and what is about to.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(level = "debug", name = "db.due.outlook", skip_all)]
pub async fn outlook(db: &Db) -> Result<Outlook, StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from (
                       select from sla_monitor.due where fire_at <= now() limit 10000
                   ) as come) as "come!",
                  (select coalesce(extract(epoch from now() - min(fire_at)), 0)::double precision from (
                       select fire_at from sla_monitor.due where fire_at <= now() order by fire_at limit 1
                   ) as first) as "late_seconds!",
                  (select count(*) from (
                       select from sla_monitor.due
                       where kind = 'breach' and fire_at > now() and fire_at <= now() + interval '1 hour' limit 10000
                   ) as hour) as "within_hour!",
                  (select count(*) from (
                       select from sla_monitor.due
                       where kind = 'breach' and fire_at > now() and fire_at <= now() + interval '1 day' limit 10000
                   ) as day) as "within_day!""#
    )
    .fetch_one(db.reader())
    .await?;
    Ok(Outlook {
        come: row.come,
        late_seconds: row.late_seconds,
        within_hour: row.within_hour,
        within_day: row.within_day,
    })
}

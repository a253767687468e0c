//! Clocks as they are kept: derived columns, and the entries they are derived from.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sla_monitor_domain::affair::Happened;
use sla_monitor_domain::clock::{Breach, Entry, Happening, Threshold};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::due::DueRows;
use super::instant;
use super::open::Cause;
use crate::monitor::{Pinned, Version};

/// A clock with its entries.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Id.
    pub id: Uuid,
    /// Ticket or case.
    pub affair: Uuid,
    /// Resource name of what it is for.
    pub subject: String,
    /// Customer.
    pub customer: Option<Uuid>,
    /// Id of the rule.
    pub rule: String,
    /// Version of the rule.
    pub rule_version: i32,
    /// Version of the law that shipped when it was started; 0 of before it was kept.
    pub law_version: i32,
    /// Id of the calendar.
    pub calendar: String,
    /// Version of the calendar; empty for clocks that were started before versions were kept.
    pub calendar_version: String,
    /// Type of the ticket, or `case`.
    pub subject_type: String,
    /// Department.
    pub department: String,
    /// Row version.
    pub version: i64,
    /// First start.
    pub first_origin: Timestamp,
    /// What it is replayed from.
    pub entries: Vec<Entry>,
    /// The database's time when it was read.
    pub now: Timestamp,
}

struct Row {
    clock_id: Uuid,
    affair_id: Uuid,
    subject: String,
    customer_id: Option<Uuid>,
    rule: String,
    rule_version: i32,
    law_version: i32,
    calendar: String,
    calendar_version: String,
    subject_type: String,
    department: String,
    version: i64,
    first_origin_at: jiff_sqlx::Timestamp,
    entry_kinds: Vec<String>,
    entry_grounds: Vec<String>,
    entry_untils: Vec<Option<jiff_sqlx::Timestamp>>,
    entry_times: Vec<jiff_sqlx::Timestamp>,
    now: jiff_sqlx::Timestamp,
}

impl Stored {
    /// What it keeps of its rule and calendar.
    pub fn pinned(&self) -> Pinned<'_> {
        Pinned {
            clock: self.id,
            rule: &self.rule,
            rule_version: self.rule_version,
            calendar: &self.calendar,
            calendar_version: match self.calendar_version.as_str() {
                "" => Version::First,
                version => Version::Of(version),
            },
        }
    }
}

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let entries = entries(row.clock_id, &row.entry_kinds, row.entry_grounds, row.entry_untils, row.entry_times)?;
        Ok(Self {
            id: row.clock_id,
            affair: row.affair_id,
            subject: row.subject,
            customer: row.customer_id,
            rule: row.rule,
            rule_version: row.rule_version,
            law_version: row.law_version,
            calendar: row.calendar,
            calendar_version: row.calendar_version,
            subject_type: row.subject_type,
            department: row.department,
            version: row.version,
            first_origin: row.first_origin_at.to_jiff(),
            entries,
            now: row.now.to_jiff(),
        })
    }
}

/// The entries that arrays of columns hold.
pub(super) fn entries(
    clock: Uuid,
    kinds: &[String],
    grounds: Vec<String>,
    untils: Vec<Option<jiff_sqlx::Timestamp>>,
    times: Vec<jiff_sqlx::Timestamp>,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::with_capacity(kinds.len());
    for (kind, ((ground, until), at)) in kinds.iter().zip(grounds.into_iter().zip(untils).zip(times)) {
        let what =
            happening(kind, ground, instant(until)).ok_or_else(|| StoreError::corrupt("clock_entry", "kind", clock))?;
        entries.push(Entry { at: at.to_jiff(), what });
    }
    Ok(entries)
}

fn happening(kind: &str, ground: String, until: Option<Timestamp>) -> Option<Happening> {
    Some(match kind {
        "started" => Happening::Started,
        "started_until" => Happening::StartedUntil(until?),
        "awaited" => Happening::Awaited,
        "begun" => Happening::Begun,
        "renewed" => Happening::Renewed,
        "begun_anew" => Happening::BegunAnew,
        "taken_up" => Happening::TakenUp,
        "hindered" => Happening::Hindered(ground),
        "withdrawn" => Happening::Withdrawn(ground),
        "unhindered" => Happening::Unhindered,
        "fulfilled" => Happening::Fulfilled,
        "met_by_word" => Happening::MetByWord,
        "closed" => Happening::Closed,
        "cancelled" => Happening::Cancelled,
        "forfeited" => Happening::Forfeited,
        "reopened" => Happening::Reopened,
        "displaced" => Happening::Displaced,
        "reinstated" => Happening::Reinstated,
        _ => return None,
    })
}

/// One clock by id.
#[tracing::instrument(name = "db.clock.get", skip_all)]
pub async fn get(pool: &PgPool, id: Uuid) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select c.clock_id as "clock_id!", c.affair_id as "affair_id!", c.subject as "subject!", c.customer_id, c.rule as "rule!",
                  c.rule_version as "rule_version!", c.law_version as "law_version!", c.calendar as "calendar!", c.calendar_version as "calendar_version!",
                  c.subject_type as "subject_type!", c.department as "department!", c.version as "version!",
                  c.first_origin_at as "first_origin_at!: _",
                  e.kinds as "entry_kinds!", e.grounds as "entry_grounds!", e.untils as "entry_untils!: _",
                  e.times as "entry_times!: _", now() as "now!: _"
           from (select clock_id, affair_id, subject, customer_id, rule, rule_version, law_version, calendar, calendar_version, subject_type, department,
                        version, first_origin_at
                 from sla_monitor.clock where clock_id = $1
                 union all
                 select clock_id, affair_id, 'cases/' || affair_id, customer_id, rule, rule_version, law_version, calendar, calendar_version, 'case', '',
                        version, first_origin_at
                 from sla_monitor.party_clock where clock_id = $1) c
           cross join lateral (
               select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                      array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
               from sla_monitor.clock_entry where clock_id = c.clock_id) e"#,
        id
    )
    .fetch_optional(pool)
    .await?;
    row.map(Stored::try_from).transpose()
}

/// Which clocks are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this ticket or case.
    pub affair: Option<Uuid>,
    /// Only of this very subject.
    pub subject: Option<String>,
    /// Only of this customer.
    pub customer: Option<Uuid>,
    /// Only in one of these states; none means all.
    pub states: Vec<String>,
}

/// At most `limit` clocks after a key, the first received first.
#[tracing::instrument(name = "db.clock.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    filter: &Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let (after_time, after_id) = after.unzip();
    let states = (!filter.states.is_empty()).then_some(filter.states.as_slice());
    let rows = sqlx::query_as!(
        Row,
        r#"select c.clock_id as "clock_id!", c.affair_id as "affair_id!", c.subject as "subject!", c.customer_id, c.rule as "rule!",
                  c.rule_version as "rule_version!", c.law_version as "law_version!", c.calendar as "calendar!", c.calendar_version as "calendar_version!",
                  c.subject_type as "subject_type!", c.department as "department!", c.version as "version!",
                  c.first_origin_at as "first_origin_at!: _",
                  e.kinds as "entry_kinds!", e.grounds as "entry_grounds!", e.untils as "entry_untils!: _",
                  e.times as "entry_times!: _", now() as "now!: _"
           from (select * from (
                     select clock_id, affair_id, subject, customer_id, rule, rule_version, law_version, calendar, calendar_version, subject_type,
                            department, version, first_origin_at
                     from sla_monitor.clock
                     where ($1::uuid is null or affair_id = $1) and ($2::text is null or subject = $2)
                       and ($3::uuid is null or customer_id = $3) and ($4::text[] is null or state = any($4))
                       and ($5::timestamptz is null or (first_origin_at, clock_id) > ($5, $6))
                     union all
                     select clock_id, affair_id, 'cases/' || affair_id, customer_id, rule, rule_version, law_version, calendar, calendar_version, 'case',
                            '', version, first_origin_at
                     from sla_monitor.party_clock
                     where ($1::uuid is null or affair_id = $1) and $2::text is null
                       and ($3::uuid is null or customer_id = $3) and ($4::text[] is null or state = any($4))
                       and ($5::timestamptz is null or (first_origin_at, clock_id) > ($5, $6))) every
                 order by first_origin_at, clock_id limit $7) c
           cross join lateral (
               select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                      array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
               from sla_monitor.clock_entry where clock_id = c.clock_id) e
           order by c.first_origin_at, c.clock_id"#,
        filter.affair,
        filter.subject,
        filter.customer,
        states,
        after_time.map(|t| t.to_sqlx()) as _,
        after_id,
        limit
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The clocks of an affair, locked; and one more entry counted about it. `subject` narrows to one; what happened to the whole affair is kept in its
/// history.
#[tracing::instrument(name = "db.clock.touch_and_lock", skip_all)]
pub async fn touch_and_lock(
    tx: &mut PgConnection,
    affair: Uuid,
    subject: Option<&str>,
    happened: Option<&Happened>,
) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"with touched as (
               update sla_monitor.affair set entry_count = entry_count + 1 where affair_id = $1 returning entry_count
           ), happened as (
               insert into sla_monitor.affair_event (affair_id, seq, kind, ground, occurred_at)
               select $1, entry_count, $3, $4, $5 from touched where $3::text is not null
           )
           select c.clock_id, c.affair_id, c.subject, c.customer_id, c.rule, c.rule_version, c.law_version, c.calendar, c.calendar_version, c.subject_type,
                  c.department, c.version, c.first_origin_at as "first_origin_at: _",
                  array(select kind from sla_monitor.clock_entry where clock_id = c.clock_id order by seq) as "entry_kinds!",
                  array(select ground from sla_monitor.clock_entry where clock_id = c.clock_id order by seq) as "entry_grounds!",
                  array(select until_at from sla_monitor.clock_entry where clock_id = c.clock_id order by seq)
                      as "entry_untils!: _",
                  array(select occurred_at from sla_monitor.clock_entry where clock_id = c.clock_id order by seq)
                      as "entry_times!: _",
                  now() as "now!: _"
           from sla_monitor.clock c
           where c.affair_id = $1 and ($2::text is null or c.subject = $2)
           order by c.clock_id
           for update of c"#,
        affair,
        subject,
        happened.map(|h| h.event.as_str()),
        happened.map(|h| h.event.ground()),
        happened.map(|h| h.at.to_sqlx()) as _,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// What an entry made of a clock.
#[derive(Debug, Clone)]
pub struct Changed<'a> {
    /// Which.
    pub id: Uuid,
    /// Place of the new entry.
    pub seq: i32,
    /// What happened.
    pub what: &'a Happening,
    /// When.
    pub at: Timestamp,
    /// State after it.
    pub state: &'static str,
    /// Run after it.
    pub epoch: i32,
    /// Origin of the run.
    pub origin: Timestamp,
    /// Where the first run counts from, where that is not the first origin.
    pub first_run: Option<Timestamp>,
    /// The last instant in time, where there is one.
    pub due: Option<Timestamp>,
    /// When it ended.
    pub settled: Option<Timestamp>,
    /// The first breach.
    pub breached: Option<Timestamp>,
    /// When it warns, while it runs.
    pub thresholds: Vec<(Threshold, Timestamp)>,
    /// Breaches to be noted now.
    pub breaches_to_note: Vec<Breach>,
}

/// What the ledger is to be told of breaches after a change.
#[derive(Debug, Default)]
pub struct Noted {
    /// Those to be noted that nobody had raised: origin and due instant.
    pub newly: Vec<(Timestamp, Timestamp)>,
    /// The present due instant was raised before, whatever was told since.
    pub raised: bool,
    /// Warnings of the present run, as it stands now, that have passed and were raised before: none of them comes again.
    pub warned: Vec<Threshold>,
}

/// Writes the entry and everything derived from it.
#[tracing::instrument(name = "db.clock.change", skip_all)]
pub async fn change(
    tx: &mut PgConnection,
    changed: &Changed<'_>,
    cause: Cause<'_>,
    quiet_ms: u32,
) -> Result<Noted, StoreError> {
    let ground = match changed.what {
        Happening::Hindered(ground) | Happening::Withdrawn(ground) => ground.as_str(),
        _ => "",
    };
    let mut ahead = DueRows::default();
    if let (Some(due), "running") = (changed.due, changed.state) {
        ahead.push(changed.id, (changed.epoch, changed.origin), due, &changed.thresholds);
    }
    let note = &changed.breaches_to_note;
    let epochs: Vec<i32> = note.iter().map(|breach| breach.epoch).collect();
    let at: Vec<jiff_sqlx::Timestamp> = note.iter().map(|breach| breach.at.to_sqlx()).collect();
    let origins: Vec<jiff_sqlx::Timestamp> = note.iter().map(|breach| breach.origin.to_sqlx()).collect();
    let rows = sqlx::query!(
        r#"with armed as (
               -- Each instant is raised once, of whatever run: two runs that are breached have two, and where late words change where a run counts
               -- from, its term of days may end with the same day. A warning of a run is raised again only for an instant that lies ahead.
               select d.kind, d.epoch, d.due_at
               from unnest($15::text[], $16::integer[], $17::timestamptz[]) as d(kind, epoch, due_at)
               where not exists (select from sla_monitor.raised r
                                 where r.clock_id = $1 and r.kind = d.kind
                                   and (r.due_at = d.due_at or (d.kind <> 'breach' and r.origin_at = $4 and d.due_at <= now())))
           ), written as (
               update sla_monitor.clock set state = $2, epoch = $3, origin_at = $4, due_at = $5, settled_at = $6,
                      breached_at = $7, first_run_at = $22, version = version + 1
               where clock_id = $1
           ), entry as (
               insert into sla_monitor.clock_entry (clock_id, seq, kind, ground, occurred_at, recorded_at, source, position)
               values ($1, $8, $9, $10, $11, $12, $13, $14)
           ), gone as (
               -- What was ahead of another run goes, and of this one what is not ahead any more.
               delete from sla_monitor.due where clock_id = $1 and not (kind = any(select kind from armed))
           ), ahead as (
               insert into sla_monitor.due (clock_id, kind, epoch, origin_at, due_at, fire_at)
               select $1, d.kind, d.epoch, $4, d.due_at,
                      case when d.due_at < now() then now() + make_interval(secs => $18::double precision / 1000) else d.due_at end
               from armed d
               on conflict on constraint due_pkey
                   do update set epoch = excluded.epoch, origin_at = excluded.origin_at, due_at = excluded.due_at,
                                 fire_at = excluded.fire_at
           ), noted as (
               insert into sla_monitor.raised (clock_id, kind, epoch, origin_at, due_at, raised_at)
               select $1, 'breach', epoch, origin_at, due_at, now()
               from unnest($19::integer[], $20::timestamptz[], $21::timestamptz[]) as b(epoch, due_at, origin_at)
               where not exists (select from sla_monitor.raised r
                                 where r.clock_id = $1 and r.kind = 'breach' and r.due_at = b.due_at)
               on conflict on constraint raised_once do nothing
               returning origin_at, due_at
           )
           select 'breach'::text as "kind!", origin_at as "origin_at!: jiff_sqlx::Timestamp", due_at as "due_at!: jiff_sqlx::Timestamp", true as "new!" from noted
           union all
           select kind, origin_at, due_at, false from sla_monitor.raised
           where clock_id = $1 and kind = 'breach' and due_at = $5
           union all
           select d.kind, $4, d.due_at, false from unnest($15::text[], $17::timestamptz[]) as d(kind, due_at)
           where d.kind <> 'breach' and d.due_at <= now() and not exists (select from armed a where a.kind = d.kind)"#,
        changed.id,
        changed.state,
        changed.epoch,
        changed.origin.to_sqlx() as _,
        changed.due.map(|t| t.to_sqlx()) as _,
        changed.settled.map(|t| t.to_sqlx()) as _,
        changed.breached.map(|t| t.to_sqlx()) as _,
        changed.seq,
        changed.what.as_str(),
        ground,
        changed.at.to_sqlx() as _,
        cause.recorded_at.to_sqlx() as _,
        cause.source,
        cause.position,
        &ahead.kinds,
        &ahead.epochs,
        &ahead.due_at as _,
        f64::from(quiet_ms),
        &epochs,
        &at as _,
        &origins as _,
        changed.first_run.map(|t| t.to_sqlx()) as _,
    )
    .fetch_all(tx)
    .await?;
    let warned = rows.iter().filter_map(|row| Threshold::from_word(&row.kind)).collect();
    let raised = rows.iter().any(|row| !row.new && row.kind == "breach");
    let newly = rows.iter().filter(|row| row.new).map(|row| (row.origin_at.to_jiff(), row.due_at.to_jiff()));
    Ok(Noted { newly: newly.collect(), raised, warned })
}

/// Writes an entry that moved nothing: one that comes later and was before it may make it move something.
#[tracing::instrument(name = "db.clock.note", skip_all)]
pub async fn note(
    tx: &mut PgConnection,
    clock: Uuid,
    seq: i32,
    entry: &Entry,
    cause: Cause<'_>,
) -> Result<(), StoreError> {
    let ground = match &entry.what {
        Happening::Hindered(ground) | Happening::Withdrawn(ground) => ground.as_str(),
        _ => "",
    };
    sqlx::query!(
        "insert into sla_monitor.clock_entry (clock_id, seq, kind, ground, occurred_at, recorded_at, source, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        clock,
        seq,
        entry.what.as_str(),
        ground,
        entry.at.to_sqlx() as _,
        cause.recorded_at.to_sqlx() as _,
        cause.source,
        cause.position,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps how a promise ended that clocks are of.
#[tracing::instrument(name = "db.clock.promise_ended", skip_all)]
pub async fn promise_ended(tx: &mut PgConnection, subject: &str, outcome: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update sla_monitor.clock set outcome = $2, version = version + 1 where subject = $1 and outcome <> $2",
        subject,
        outcome
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The names of the clocks of these tickets and cases, those of parties among them.
#[tracing::instrument(name = "db.clock.of_affairs", skip_all)]
pub async fn of_affairs(pool: &PgPool, affairs: &[Uuid]) -> Result<Vec<String>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select 'clocks/' || clock_id as "clock!" from sla_monitor.clock where affair_id = any($1)
           union all
           select 'clocks/' || clock_id from sla_monitor.party_clock where affair_id = any($1)"#,
        affairs
    );
    Ok(found.fetch_all(pool).await?)
}

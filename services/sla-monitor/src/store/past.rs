//! Walks along what was received: affairs with their histories, clocks with their entries. Page by page, so that a long window holds nothing up.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use postgres::StoreError;
use sla_monitor_domain::affair::{Event, Happened};
use sqlx::PgPool;
use uuid::Uuid;

use super::affair::Affair;
use super::agent::Seat;
use super::clock::Stored;
use super::instant;
use crate::names::CaseId;

/// A span of first receipts: from an instant, up to another and without it.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub to: Timestamp,
}

/// Where a walk has come to.
pub type Place = (Timestamp, Uuid);

/// An affair, what happened to it, and the clock it has of a measure.
#[derive(Debug)]
pub struct PastAffair {
    /// The affair.
    pub affair: Affair,
    /// What its customer spent; empty where it is not known.
    pub segment: String,
    /// What it was filed as before, the first first.
    pub before: Vec<Before>,
    /// What happened to it since it is filed so, in the order in which word of it came.
    pub history: Vec<Happened>,
    /// Its clock: rule, state, breach; none where no such clock was started.
    pub clock: Option<PastClock>,
}

/// An affair as it was filed before it was filed as something else.
#[derive(Debug)]
pub struct Before {
    /// The affair as it was filed.
    pub affair: Affair,
    /// What happened meanwhile, in the order in which word of it came.
    pub history: Vec<Happened>,
    /// Until when.
    pub until: Timestamp,
}

/// How a clock stands.
#[derive(Debug)]
pub struct PastClock {
    /// Id of its rule.
    pub rule: String,
    /// State, as a word.
    pub state: String,
    /// Breached, as it stands now.
    pub breached: bool,
}

/// How many tickets were received in a span; and the database's time.
#[tracing::instrument(name = "db.past.count_affairs", skip_all)]
pub async fn count_affairs(pool: &PgPool, span: Span) -> Result<(i64, Timestamp), StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "n!", now() as "now!: jiff_sqlx::Timestamp" from sla_monitor.affair
           where kind = 'ticket' and first_received_at >= $1 and first_received_at < $2"#,
        span.from.to_sqlx() as _,
        span.to.to_sqlx() as _,
    )
    .fetch_one(pool)
    .await?;
    Ok((row.n, row.now.to_jiff()))
}

/// Tickets that were received in a span, the first first, after a place; each with the clock it has of a rule that ships, or of a measure of the house.
#[tracing::instrument(name = "db.past.affairs", skip_all)]
pub async fn affairs(
    pool: &PgPool,
    span: Span,
    after: Option<Place>,
    measured_by: &str,
    limit: i64,
) -> Result<Vec<PastAffair>, StoreError> {
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select a.affair_id, a.subject_type, a.sector, a.topic, a.department, a.first_received_at as "received: jiff_sqlx::Timestamp",
                  a.types, a.topics, a.calendar, a.channel, a.severity, a.language, a.served_first, a.received_by, a.segment,
                  e.seqs as "seqs!", e.kinds as "kinds!", e.grounds as "grounds!", e.times as "times!: Vec<jiff_sqlx::Timestamp>",
                  f.seqs as "filed_seqs!", f.times as "filed_times!: Vec<jiff_sqlx::Timestamp>", f.subject_types as "filed_as!",
                  f.sectors as "filed_sectors!", f.of_topics as "filed_topics!", f.severities as "filed_severities!",
                  f.types as "types_by_then!", f.topics as "topics_by_then!",
                  c.rule as "rule?", c.state as "state?", c.breached as "breached?"
           from (select * from sla_monitor.affair
                 where kind = 'ticket' and first_received_at >= $1 and first_received_at < $2
                   and ($3::timestamptz is null or (first_received_at, affair_id) > ($3, $4))
                 order by first_received_at, affair_id limit $6) a
           cross join lateral (
               select coalesce(array_agg(seq order by seq), '{}') as seqs, coalesce(array_agg(kind order by seq), '{}') as kinds,
                      coalesce(array_agg(ground order by seq), '{}') as grounds, coalesce(array_agg(occurred_at order by seq), '{}') as times
               from sla_monitor.affair_event where affair_id = a.affair_id) e
           cross join lateral (
               select coalesce(array_agg(seq order by seq), '{}') as seqs, coalesce(array_agg(occurred_at order by seq), '{}') as times,
                      coalesce(array_agg(subject_type order by seq), '{}') as subject_types, coalesce(array_agg(sector order by seq), '{}') as sectors,
                      coalesce(array_agg(topic order by seq), '{}') as of_topics, coalesce(array_agg(severity order by seq), '{}') as severities,
                      coalesce(array_agg(types order by seq), '{}') as types, coalesce(array_agg(topics order by seq), '{}') as topics
               from sla_monitor.affair_filing where affair_id = a.affair_id) f
           left join lateral (
               select rule, state, breached_at is not null or (state = 'running' and due_at < now()) as breached
               from sla_monitor.clock
               where affair_id = a.affair_id and subject not like '%/promises/%'
                 and case when by_conditions then stage = $5 else rule = $5 end
               order by state = 'cancelled', first_origin_at desc, clock_id limit 1) c on true
           order by a.first_received_at, a.affair_id"#,
        span.from.to_sqlx() as _,
        span.to.to_sqlx() as _,
        after_at.map(|t| t.to_sqlx()) as _,
        after_id,
        measured_by,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        let mut history = Vec::with_capacity(row.kinds.len());
        for ((kind, ground), at) in row.kinds.iter().zip(row.grounds).zip(row.times) {
            let event = Event::from_word(kind, ground)
                .ok_or_else(|| StoreError::corrupt("affair_event", "kind", row.affair_id))?;
            history.push(Happened { at: at.to_jiff(), event });
        }
        let affair = Affair {
            id: row.affair_id,
            is_case: false,
            customer: None,
            subject_type: row.subject_type,
            sector: row.sector,
            topic: row.topic,
            department: row.department,
            first_received: row.received.to_jiff(),
            types: row.types,
            topics: row.topics,
            calendar: row.calendar,
            channel: row.channel,
            severity: row.severity,
            language: row.language,
            served_first: row.served_first,
            received_by: row.received_by,
            owner: String::new(),
            seat: Seat::default(),
            skills: Vec::new(),
        };
        let (mut before, mut told) = (Vec::with_capacity(row.filed_seqs.len()), 0);
        for (n, seq) in row.filed_seqs.iter().enumerate() {
            let by_then = row.seqs.partition_point(|event| event <= seq);
            before.push(Before {
                affair: Affair {
                    subject_type: row.filed_as[n].clone(),
                    sector: row.filed_sectors[n].clone(),
                    topic: row.filed_topics[n].clone(),
                    severity: row.filed_severities[n].clone(),
                    types: first(&affair.types, row.types_by_then[n]),
                    topics: first(&affair.topics, row.topics_by_then[n]),
                    ..affair.clone()
                },
                history: history[told..by_then].to_vec(),
                until: row.filed_times[n].to_jiff(),
            });
            told = by_then;
        }
        history.drain(..told);
        read.push(PastAffair {
            affair,
            segment: row.segment,
            before,
            history,
            clock: match (row.rule, row.state, row.breached) {
                (Some(rule), Some(state), Some(breached)) => Some(PastClock { rule, state, breached }),
                _ => None,
            },
        });
    }
    Ok(read)
}

/// The first so many of some words.
fn first(words: &[String], many: i32) -> Vec<String> {
    words.iter().take(usize::try_from(many).unwrap_or_default()).cloned().collect()
}

/// A clock, and how it is kept.
#[derive(Debug)]
pub struct KeptClock {
    /// The clock with its entries.
    pub stored: Stored,
    /// Whose time it is.
    pub of: Whose,
    /// State, as a word.
    pub state: String,
    /// Run.
    pub epoch: i32,
    /// Where the run counts from.
    pub origin: Timestamp,
    /// Due instant.
    pub due: Option<Timestamp>,
    /// When it ended.
    pub settled: Option<Timestamp>,
    /// The first breach that was written down; when the time of a party lapsed.
    pub breached: Option<Timestamp>,
}

/// Whose time a clock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// What the house owes.
    House,
    /// What a party to a case has.
    Party,
}

/// How many clocks have their first origin in a span, parties' among them.
#[tracing::instrument(name = "db.past.count_clocks", skip_all)]
pub async fn count_clocks(pool: &PgPool, span: Span) -> Result<i64, StoreError> {
    let n = sqlx::query_scalar!(
        r#"select (select count(*) from sla_monitor.clock where first_origin_at >= $1 and first_origin_at < $2)
                + (select count(*) from sla_monitor.party_clock where first_origin_at >= $1 and first_origin_at < $2) as "n!""#,
        span.from.to_sqlx() as _,
        span.to.to_sqlx() as _,
    );
    Ok(n.fetch_one(pool).await?)
}

/// Clocks of what the house owes with their first origin in a span, the first first, after a place.
#[tracing::instrument(name = "db.past.clocks", skip_all)]
pub async fn clocks(pool: &PgPool, span: Span, after: Option<Place>, limit: i64) -> Result<Vec<KeptClock>, StoreError> {
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select c.clock_id, c.affair_id, c.subject, c.customer_id, c.rule, c.rule_version, c.law_version, c.calendar, c.calendar_version, c.subject_type,
                  c.department, c.version, c.first_origin_at as "first_origin_at: jiff_sqlx::Timestamp", c.state, c.epoch,
                  c.origin_at as "origin_at: jiff_sqlx::Timestamp", c.settled_at as "settled_at: jiff_sqlx::Timestamp",
                  c.due_at as "due_at: jiff_sqlx::Timestamp", c.breached_at as "breached_at: jiff_sqlx::Timestamp",
                  e.kinds as "kinds!", e.grounds as "grounds!", e.untils as "untils!: Vec<Option<jiff_sqlx::Timestamp>>",
                  e.times as "times!: Vec<jiff_sqlx::Timestamp>", now() as "now!: jiff_sqlx::Timestamp"
           from (select * from sla_monitor.clock
                 where first_origin_at >= $1 and first_origin_at < $2
                   and ($3::timestamptz is null or (first_origin_at, clock_id) > ($3, $4))
                 order by first_origin_at, clock_id limit $5) c
           cross join lateral (
               select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                      array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
               from sla_monitor.clock_entry where clock_id = c.clock_id) e
           order by c.first_origin_at, c.clock_id"#,
        span.from.to_sqlx() as _,
        span.to.to_sqlx() as _,
        after_at.map(|t| t.to_sqlx()) as _,
        after_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        let entries = super::clock::entries(row.clock_id, &row.kinds, row.grounds, row.untils, row.times)?;
        read.push(KeptClock {
            of: Whose::House,
            state: row.state,
            epoch: row.epoch,
            origin: row.origin_at.to_jiff(),
            due: instant(row.due_at),
            settled: instant(row.settled_at),
            breached: instant(row.breached_at),
            stored: Stored {
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
            },
        });
    }
    Ok(read)
}

/// Clocks of parties' time with their first origin in a span, the first first, after a place.
#[tracing::instrument(name = "db.past.party_clocks", skip_all)]
pub async fn party_clocks(
    pool: &PgPool,
    span: Span,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<KeptClock>, StoreError> {
    let (after_at, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"select c.clock_id, c.affair_id, c.customer_id, c.rule, c.rule_version, c.law_version, c.calendar, c.calendar_version, c.version,
                  c.first_origin_at as "first_origin_at: jiff_sqlx::Timestamp", c.state, c.due_at as "due_at: jiff_sqlx::Timestamp",
                  c.settled_at as "settled_at: jiff_sqlx::Timestamp", c.lapsed_at as "lapsed_at: jiff_sqlx::Timestamp",
                  e.kinds as "kinds!", e.grounds as "grounds!", e.untils as "untils!: Vec<Option<jiff_sqlx::Timestamp>>",
                  e.times as "times!: Vec<jiff_sqlx::Timestamp>", now() as "now!: jiff_sqlx::Timestamp"
           from (select * from sla_monitor.party_clock
                 where first_origin_at >= $1 and first_origin_at < $2
                   and ($3::timestamptz is null or (first_origin_at, clock_id) > ($3, $4))
                 order by first_origin_at, clock_id limit $5) c
           cross join lateral (
               select array_agg(kind order by seq) as kinds, array_agg(ground order by seq) as grounds,
                      array_agg(until_at order by seq) as untils, array_agg(occurred_at order by seq) as times
               from sla_monitor.clock_entry where clock_id = c.clock_id) e
           order by c.first_origin_at, c.clock_id"#,
        span.from.to_sqlx() as _,
        span.to.to_sqlx() as _,
        after_at.map(|t| t.to_sqlx()) as _,
        after_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        let entries = super::clock::entries(row.clock_id, &row.kinds, row.grounds, row.untils, row.times)?;
        read.push(KeptClock {
            of: Whose::Party,
            state: row.state,
            epoch: 1,
            origin: row.first_origin_at.to_jiff(),
            due: Some(row.due_at.to_jiff()),
            settled: instant(row.settled_at),
            breached: instant(row.lapsed_at),
            stored: Stored {
                id: row.clock_id,
                affair: row.affair_id,
                subject: CaseId::from_uuid(row.affair_id).name(),
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
                entries,
                now: row.now.to_jiff(),
            },
        });
    }
    Ok(read)
}

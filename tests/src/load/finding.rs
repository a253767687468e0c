//! Millions of affairs, and how long it takes to find some of them: the first page of views and searches, and a page far down.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use ticketing_domain::TrackingKey;
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::TicketState as S;
use ventanilla_proto::r#type::v1::Language;

use super::Promised;
use super::drive::Choice;
use crate::scene::Scene;

/// Affairs written by one COPY.
const BATCH: u32 = 50_000;
/// Of so many old affairs one is not over.
const ONE_LIVE_OF: u32 = 100;
const DEPARTMENTS: u32 = 20;
const AGENTS: u32 = 500;
/// Affairs of one customer, on the average.
const PER_CUSTOMER: u32 = 5;
/// Words there are; the one of rank r stands in one of r + 4 texts.
const VOCABULARY: u32 = 4_000;
/// How long ago the first was written down.
const DAYS: i64 = 3 * 365;
/// Pages of a hundred before a page that is far down.
const FAR_DOWN: usize = 300;
/// Milliseconds that the first page of any search takes at most.
const SLOWEST_MS: f64 = 50.0;

const COLUMNS: &str = "ticket_id, customer_id, ticket_type, severity, subject, channel, language, sector, topic, first_received_at,
    tracking_key, proof_salt, proof_hash, department, owner, state, state_reason, state_since, resolution, last_change_at,
    change_count, created_at, updated_at, version, served_first";

/// One kind of search: how long its pages take.
#[derive(Debug, Serialize)]
struct Line {
    search: &'static str,
    found: usize,
    first_p50_ms: f64,
    first_p99_ms: f64,
    /// A page after thirty thousand affairs, where there are so many.
    deep_p50_ms: Option<f64>,
    deep_p99_ms: Option<f64>,
}

/// A whole run.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    tickets: u32,
    seeded_seconds: f64,
    lines: Vec<Line>,
}

/// Writes so many affairs with their words, by COPY.
pub(super) async fn seed(url: &str, tickets: u32, now: Timestamp) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut admin = PgConnection::connect(url).await?;
    admin.execute("set synchronous_commit = off; set maintenance_work_mem = '1GB'").await?;
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select i.indexname::text, i.indexdef::text from pg_indexes i
         where i.schemaname = 'ticketing' and i.tablename in ('ticket', 'ticket_words')
           and i.indexname not in (select conname from pg_constraint)",
    )
    .fetch_all(&mut admin)
    .await?;
    for (name, _) in &indexes {
        admin.execute(AssertSqlSafe(format!("drop index ticketing.{name}"))).await?;
    }
    let bar = super::bar(u64::from(tickets) + indexes.len() as u64 * u64::from(tickets / 20), "writing affairs");
    let mut first = 0_u32;
    while first < tickets {
        let last = (first + BATCH).min(tickets);
        let (mut rows, mut words) = (String::new(), String::new());
        (first..last).for_each(|number| affair(number, tickets, now, &mut rows, &mut words));
        copy(&mut admin, &format!("copy ticketing.ticket ({COLUMNS}) from stdin"), rows).await?;
        copy(&mut admin, "copy ticketing.ticket_words (ticket_id, part, created_at, words) from stdin", words).await?;
        bar.inc(u64::from(last - first));
        first = last;
    }
    for (name, definition) in indexes {
        bar.set_message(format!("making {name}"));
        admin.execute(AssertSqlSafe(definition)).await?;
        bar.inc(u64::from(tickets / 20));
    }
    bar.set_message("looking at what there is");
    admin.execute("vacuum analyze ticketing.ticket").await?;
    admin.execute("vacuum analyze ticketing.ticket_words").await?;
    admin.execute("checkpoint").await?;
    bar.finish_and_clear();
    admin.close().await?;
    Ok(begun.elapsed().as_secs_f64())
}

async fn copy(admin: &mut PgConnection, statement: &str, rows: String) -> anyhow::Result<()> {
    let mut sink = admin.copy_in_raw(statement).await?;
    sink.send(rows.into_bytes()).await?;
    sink.finish().await?;
    Ok(())
}

fn affair(number: u32, of: u32, now: Timestamp, rows: &mut String, words: &mut String) {
    use std::fmt::Write as _;
    let mut draw = Choice::new(u64::from(number));
    let mut pick = |below: u32| draw.below(below);
    let id = Uuid::from_u128((7 << 76) | (2 << 62) | u128::from(number));
    let age = SignedDuration::from_secs(DAYS * 86_400).mul_f64(f64::from(of - number) / f64::from(of));
    let created = now - age;
    let customer = Uuid::from_u128(u128::from(pick(of / PER_CUSTOMER + 1)));
    let kind = ["consulta", "queja", "reclamacion", "incidencia", "solicitud", "baja"][pick(6) as usize];
    let severity = if pick(100) == 0 { "critical" } else { ["low", "medium", "high"][pick(3) as usize] };
    let language = if pick(12) == 0 { "en" } else { "es" };
    let channel = ["phone", "email", "web", "chat"][pick(4) as usize];
    let department = format!("department-{}", pick(DEPARTMENTS) * pick(DEPARTMENTS) / DEPARTMENTS);
    // What is new is not over, and a little of what is old.
    let live = of - number < of / 200 || pick(ONE_LIVE_OF) == 0;
    let state = if live {
        ["acknowledged", "in_progress", "in_progress", "pending", "held"][pick(5) as usize]
    } else {
        "closed"
    };
    let reason = match state {
        "pending" => "customer_travels",
        "held" => "supplier_down",
        "closed" => "accepted_by_customer",
        _ => "\\N",
    };
    let owner = if state == "acknowledged" { "\\N".to_owned() } else { format!("agent-{}", pick(AGENTS)) };
    let resolution = if state == "closed" { "Se hizo lo que se dijo." } else { "\\N" };
    let mut entropy = [0; 12];
    (0..12).for_each(|place| entropy[place] = (number.checked_shr(5 * place as u32).unwrap_or(0) & 31) as u8);
    let key = TrackingKey::from_entropy(entropy).compact();
    let (salt, hash) = ("\\\\x00", format!("\\\\x{}", "00".repeat(32)));
    let mut text: Vec<u32> = (0..24).filter(|rank| pick(rank + 4) == 0).collect();
    text.extend((0..6).map(|_| 24 + pick(VOCABULARY) * pick(VOCABULARY) / VOCABULARY));
    let subject = text.iter().map(|rank| word(*rank)).collect::<Vec<_>>().join(" ");
    let topic = format!("topic-{}", pick(30));
    writeln!(
        rows,
        "{id}\t{customer}\t{kind}\t{severity}\t{subject}\t{channel}\t{language}\tgeneral\t{topic}\t{created}\t{key}\t{salt}\t{hash}\t\
         {department}\t{owner}\t{state}\t{reason}\t{created}\t{resolution}\t{created}\t3\t{created}\t{created}\t3\t{}",
        pick(30) == 0
    )
    .expect("a string takes what is written");
    let second = created.as_second();
    let date = created.to_zoned(jiff::tz::TimeZone::UTC);
    let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
    write!(
        words,
        "{id}\t0\t{created}\t'@{language}' '@h{}' '@d{}' '@m{month}'",
        second.div_euclid(3_600),
        second.div_euclid(86_400)
    )
    .expect("a string takes what is written");
    for (place, rank) in text.iter().enumerate() {
        write!(words, " '{}':{}", word(*rank), place + 1).expect("a string takes what is written");
    }
    words.push('\n');
}

/// The word of this rank, which no ending is taken from in either language.
fn word(rank: u32) -> String {
    format!("w{rank}x")
}

/// A filter among so many affairs.
type Search = fn(&mut Choice, u32) -> pb::TicketFilter;

/// What is looked for, each time with other values in it.
fn searches() -> Vec<(&'static str, Search)> {
    fn live() -> Vec<i32> {
        [S::Acknowledged, S::InProgress, S::Pending, S::Held].map(Into::into).to_vec()
    }
    fn department(draw: &mut Choice) -> String {
        format!("department-{}", draw.below(12))
    }
    fn owner(draw: &mut Choice) -> String {
        format!("agent-{}", draw.below(AGENTS))
    }
    fn words(query: String) -> pb::TicketFilter {
        pb::TicketFilter { query, ..Default::default() }
    }
    vec![
        ("everything", |_, _| pb::TicketFilter::default()),
        ("mine and not over", |d, _| pb::TicketFilter { owner: owner(d), states: live(), ..Default::default() }),
        ("mine", |d, _| pb::TicketFilter { owner: owner(d), ..Default::default() }),
        ("department, not over", |d, _| pb::TicketFilter {
            department: department(d),
            states: live(),
            ..Default::default()
        }),
        ("department, nobody's", |d, _| pb::TicketFilter {
            department: department(d),
            states: live(),
            unowned: true,
            ..Default::default()
        }),
        ("department, waiting", |d, _| pb::TicketFilter {
            department: department(d),
            states: vec![S::Pending.into()],
            ..Default::default()
        }),
        ("department, closed, a topic", |d, _| pb::TicketFilter {
            department: department(d),
            states: vec![S::Closed.into()],
            topic: format!("topic-{}", d.below(30)),
            ..Default::default()
        }),
        ("critical and not over", |_, _| pb::TicketFilter {
            severities: vec![4],
            states: live(),
            ..Default::default()
        }),
        ("held", |_, _| pb::TicketFilter { states: vec![S::Held.into()], ..Default::default() }),
        ("served first, English, claims", |_, _| pb::TicketFilter {
            served_first: true,
            language: Language::En.into(),
            ticket_types: vec![3],
            ..Default::default()
        }),
        ("a customer", |d, tickets| pb::TicketFilter {
            customer: format!("customers/{}", Uuid::from_u128(u128::from(d.below(tickets / PER_CUSTOMER)))),
            ..Default::default()
        }),
        ("what there is none of", |_, _| pb::TicketFilter { topic: "earthquake".to_owned(), ..Default::default() }),
        ("word of every 4th", |_, _| words(word(0))),
        ("word of every 20th", |d, _| words(word(14 + d.below(4)))),
        ("word of every 20th, an owner", |d, _| pb::TicketFilter { owner: owner(d), ..words(word(14 + d.below(4))) }),
        ("rare word", |d, _| words(word(1_000 + d.below(2_500)))),
        ("word there is none of", |_, _| words("earthquake".to_owned())),
        ("two frequent words", |d, _| words(format!("{} {}", word(d.below(4)), word(4 + d.below(8))))),
        ("frequent and rare word", |d, _| words(format!("{} {}", word(d.below(4)), word(200 + d.below(500))))),
        ("frequent word, department, not over", |d, _| pb::TicketFilter {
            department: department(d),
            states: live(),
            ..words(word(d.below(8)))
        }),
    ]
}

/// Looks for all of these, so often each.
pub(super) async fn measure(scene: &Scene, tickets: u32, seeded_seconds: f64, calls: usize) -> anyhow::Result<Finding> {
    let mut finder = scene.role(Role::Agent).finding.clone();
    let searches = searches();
    let bar: ProgressBar = super::bar((searches.len() * calls * 2) as u64, "looking");
    let mut lines = Vec::new();
    for (name, filter) in searches {
        bar.set_message(name);
        let mut draw = Choice::new(4_711);
        let (mut first, mut deep, mut found) = (Vec::new(), Vec::new(), 0);
        for _ in 0..calls {
            let request = pb::SearchTicketsRequest { filter: Some(filter(&mut draw, tickets)), ..Default::default() };
            let begun = Instant::now();
            let page = finder.search_tickets(request).await.with_context(|| name.to_owned())?.into_inner();
            first.push(begun.elapsed());
            found += page.tickets.len();
            bar.inc(1);
        }
        let request =
            pb::SearchTicketsRequest { filter: Some(filter(&mut draw, tickets)), page_size: 100, ..Default::default() };
        let mut below = request.clone();
        for _ in 0..FAR_DOWN {
            below.page_token = finder.search_tickets(below.clone()).await?.into_inner().next_page_token;
            if below.page_token.is_empty() {
                break;
            }
        }
        if !below.page_token.is_empty() {
            below.page_size = 25;
            for _ in 0..calls {
                let begun = Instant::now();
                finder.search_tickets(below.clone()).await?;
                deep.push(begun.elapsed());
            }
        }
        bar.inc(calls as u64);
        let (first, deep) = (percentiles(first), percentiles(deep));
        lines.push(Line {
            search: name,
            found: found / calls.max(1),
            first_p50_ms: first.map_or(0.0, |(p50, _)| p50),
            first_p99_ms: first.map_or(0.0, |(_, p99)| p99),
            deep_p50_ms: deep.map(|(p50, _)| p50),
            deep_p99_ms: deep.map(|(_, p99)| p99),
        });
    }
    bar.finish_and_clear();
    Ok(Finding { tickets, seeded_seconds, lines })
}

fn percentiles(mut took: Vec<Duration>) -> Option<(f64, f64)> {
    took.sort_unstable();
    let at = |percent: usize| took.get((took.len() * percent).div_ceil(100).checked_sub(1)?);
    Some((at(50)?.as_secs_f64() * 1e3, at(99)?.as_secs_f64() * 1e3))
}

impl Promised for Finding {
    fn broken(&self) -> Vec<String> {
        let slow = self.lines.iter().filter(|line| line.first_p99_ms > SLOWEST_MS);
        slow.map(|line| format!("{}: p99 {:.1} ms, promised {SLOWEST_MS:.0}", line.search, line.first_p99_ms)).collect()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} affairs, written in {:.0} s", self.tickets, self.seeded_seconds)?;
        writeln!(
            f,
            "{:<38} {:>6} {:>10} {:>10} {:>10} {:>10}",
            "milliseconds", "found", "first p50", "p99", "far p50", "p99"
        )?;
        for line in &self.lines {
            let far = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.1}"));
            writeln!(
                f,
                "{:<38} {:>6} {:>10.1} {:>10.1} {:>10} {:>10}",
                line.search,
                line.found,
                line.first_p50_ms,
                line.first_p99_ms,
                far(line.deep_p50_ms),
                far(line.deep_p99_ms)
            )?;
        }
        Ok(())
    }
}

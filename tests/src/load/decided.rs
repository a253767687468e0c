//! A hundred thousand decided cases, and how long it takes to find precedents among them, to report their year, and to see causes.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use uuid::Uuid;
use ventanilla_proto::ombudsman::v1 as office;

use super::drive::Choice;
use crate::scene::Scene;
use crate::scene::affair::Affair;
use crate::scene::people::Person;

/// Cases written by one COPY.
const BATCH: u32 = 10_000;
/// Claim points of a case.
const POINTS: u32 = 2;
const MOTIVES: u32 = 20;
/// Words there are; the one of rank r stands in one of r + 4 texts.
const VOCABULARY: u32 = 4_000;
/// The year in which all was decided.
const YEAR: i32 = 2025;

/// What was measured.
#[derive(Debug, Serialize)]
pub(super) struct Decided {
    cases: u32,
    seeded_seconds: f64,
    lines: Vec<Line>,
}

/// How long one kind of call takes.
#[derive(Debug, Serialize)]
struct Line {
    call: &'static str,
    found: usize,
    p50_ms: f64,
    p99_ms: f64,
    /// What p99 is held to.
    most_ms: f64,
}

/// Milliseconds in which precedents are found.
const PRECEDENTS: f64 = 50.0;
/// Milliseconds in which a year is reported, and its causes are.
const REPORT: f64 = 2_000.0;
/// Milliseconds in which a page of a dossier is read, and in which that is written down.
const PAGE: f64 = 100.0;
const ACCESS: f64 = 50.0;

/// Writes so many decided cases by COPY, and their words by the office's own function.
pub(super) async fn seed(url: &str, cases: u32) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut admin = PgConnection::connect(url).await?;
    admin
        .execute(
            "set synchronous_commit = off; set session_replication_role = replica; set maintenance_work_mem = '1GB'",
        )
        .await?;
    let bar = super::bar(u64::from(cases), "writing cases");
    let mut first = 0;
    while first < cases {
        let last = (first + BATCH).min(cases);
        let mut rows = Rows::default();
        (first..last).for_each(|number| rows.add(number, cases));
        rows.copy(&mut admin).await?;
        bar.inc(u64::from(last - first));
        first = last;
    }
    bar.set_message("reading their words");
    admin
        .execute(
            "insert into ombudsman.precedent (case_id, point_id, outcome, issued_at, words)
             select d.case_id, p.point_id, p.outcome, d.issued_at,
                    array['@' || c.regime || '|' || c.motive] || ombudsman.words_of(d.language, q.claim || ' ' || p.finding || ' ' || p.reason)
               from ombudsman.decision d join ombudsman.office_case c using (case_id)
               join ombudsman.decision_point p using (case_id) join ombudsman.claim_point q using (case_id, point_id);
             insert into ombudsman.precedent_word (mark, word, points)
             select words[1], w, count(*) from ombudsman.precedent, unnest(words) w group by 1, 2",
        )
        .await?;
    bar.set_message("looking at what there is");
    for table in
        ["office_case", "claim_point", "decision", "decision_point", "precedent", "precedent_word", "case_clock"]
    {
        admin.execute(AssertSqlSafe(format!("vacuum analyze ombudsman.{table}"))).await?;
    }
    admin.execute("checkpoint").await?;
    bar.finish_and_clear();
    admin.close().await?;
    Ok(begun.elapsed().as_secs_f64())
}

#[derive(Default)]
struct Rows {
    cases: String,
    claims: String,
    decisions: String,
    answers: String,
    clocks: String,
}

impl Rows {
    fn add(&mut self, number: u32, of: u32) {
        use std::fmt::Write as _;
        let mut draw = Choice::new(u64::from(number));
        let mut pick = |below: u32| draw.below(below);
        let id = Uuid::from_u128((7 << 76) | (2 << 62) | u128::from(number));
        let customer = Uuid::from_u128(u128::from(pick(of / 2 + 1)));
        let regime = ["es.general", "es.finance"][pick(2) as usize];
        let motive = format!("m-{}", pick(MOTIVES) * pick(MOTIVES) / MOTIVES);
        let start: Timestamp = "2025-01-02T09:00:00Z".parse().expect("an instant");
        let filed = start + SignedDuration::from_secs(300 * 86_400).mul_f64(f64::from(number) / f64::from(of));
        let issued = filed + SignedDuration::from_hours(24 * i64::from(5 + pick(50)));
        let due = filed + SignedDuration::from_hours(24 * 45);
        let outcome = ["upheld", "partly_upheld", "not_upheld"][pick(3) as usize];
        let state = ["notified", "closed", "closed"][pick(3) as usize];
        // What the office's triggers, which rest meanwhile, would have written.
        let (came_from, ended) = match state {
            "closed" => ("not_binding", issued.to_string()),
            _ => ("\\N", "\\N".to_owned()),
        };
        let (claimed, paid) = match (pick(3), outcome) {
            (0, "not_upheld") => (Some(100 + pick(90_000)), None),
            (0, _) => (Some(100 + pick(90_000)), Some(50 + pick(40_000))),
            _ => (None, None),
        };
        let money = |amount: Option<u32>| amount.map_or("\\N\t\\N".to_owned(), |amount| format!("{amount}\tEUR"));
        writeln!(
            self.cases,
            "{id}\t7\t{id}\t{customer}\t{regime}\t{state}\t{filed}\t{filed}\tnone\tweb\toffice\tregistry-1\t{due}\t{filed}\t{issued}\t{motive}\tes\t{}\t{came_from}\t{ended}",
            money(claimed)
        )
        .expect("a string takes what is written");
        writeln!(
            self.decisions,
            "{id}\t{outcome}\ttrue\tx\tx\tes\tombudsman-1\t{issued}\t{issued}\t1\t\\\\x{}\t{}",
            "00".repeat(32),
            money(paid)
        )
        .expect("a string takes what is written");
        if pick(20) > 0 {
            writeln!(self.clocks, "{id}\t{id}\tes.decide\tdecide\t{due}").expect("a string takes what is written");
        }
        for point in 1..=POINTS {
            let [claim, finding, reason] = [(); 3].map(|()| text(&mut pick));
            writeln!(self.claims, "{id}\tp{point}\t{point}\t{claim}").expect("a string takes what is written");
            writeln!(self.answers, "{id}\tp{point}\t{point}\t{outcome}\t{finding}\t{reason}\tx")
                .expect("a string takes what is written");
        }
    }

    async fn copy(self, admin: &mut PgConnection) -> anyhow::Result<()> {
        for (table, rows) in [
            (
                "office_case (case_id, version, ticket_id, customer_id, regime, state, filed_at_entity, filed_at_office, parallel, channel,
                 opened_by_kind, opened_by, statement_due_at, created_at, updated_at, motive, language, claimed_minor, claimed_currency,
                 came_from, ended_at)",
                self.cases,
            ),
            ("claim_point (case_id, point_id, place, claim)", self.claims),
            (
                "decision (case_id, outcome, binding, binding_article, signpost, language, issued_by, issued_at, notify_due_at,
                 dossier_sequence, dossier_hash, redress_minor, redress_currency)",
                self.decisions,
            ),
            ("decision_point (case_id, point_id, place, outcome, finding, reason, remedy)", self.answers),
            ("case_clock (clock_id, case_id, rule, stage, due_at)", self.clocks),
        ] {
            let mut sink = admin.copy_in_raw(&format!("copy ombudsman.{table} from stdin")).await?;
            sink.send(rows.into_bytes()).await?;
            sink.finish().await?;
        }
        Ok(())
    }
}

/// Some frequent words and some rare ones.
fn text(pick: &mut impl FnMut(u32) -> u32) -> String {
    let mut ranks: Vec<u32> = (0..24).filter(|rank| pick(rank + 4) == 0).collect();
    ranks.extend((0..6).map(|_| 24 + pick(VOCABULARY) * pick(VOCABULARY) / VOCABULARY));
    ranks.into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The word of this rank, of letters alone, which no ending is taken from.
fn word(rank: u32) -> String {
    let letters: String =
        rank.to_string().bytes().map(|digit| char::from(b"bcdfghjklm"[usize::from(digit - b'0')])).collect();
    format!("w{letters}x")
}

/// Asks for each, so often.
pub(super) async fn measure(scene: &Scene, cases: u32, seeded_seconds: f64, calls: usize) -> anyhow::Result<Decided> {
    let affair = Affair::of(scene, Person::numbered(46_000_001));
    let customer = affair.arrive().await?.customer;
    let ticket = affair.complain(&customer, "").await?.ticket.unwrap_or_default();
    affair.appoint().await?;
    let case = affair.bring(&ticket.name).await?;
    let case = affair.admit(&case).await?.name;
    let id: Uuid = case.trim_start_matches("cases/").parse()?;
    let admin = scene.admin().await;
    let (mut draw, mut lines) = (Choice::new(4_711), Vec::new());

    let mut precedents = affair.cast.ombudsman.precedents.clone();
    let (mut took, mut found) = (Vec::new(), 0);
    for _ in 0..calls {
        let mut pick = |below: u32| draw.below(below);
        let (claim, motive) = (text(&mut pick), format!("m-{}", pick(MOTIVES / 2)));
        sqlx::query("update ombudsman.claim_point set claim = $2 where case_id = $1")
            .bind(id)
            .bind(claim)
            .execute(&admin)
            .await?;
        // Past the trigger that keeps every motive a case has had: each question is that of a case which has had one.
        let update = format!("update ombudsman.office_case set motive = '{motive}' where case_id = '{id}'");
        admin.execute(AssertSqlSafe(format!("set local session_replication_role = replica; {update}"))).await?;
        let request = office::FindPrecedentsRequest {
            case_name: case.clone(),
            claim_point: "p1".to_owned(),
            ..Default::default()
        };
        let begun = Instant::now();
        let answer = precedents.find_precedents(request).await.context("precedents")?.into_inner();
        took.push(begun.elapsed());
        found += answer.points.iter().map(|point| point.precedents.len()).sum::<usize>();
    }
    lines.push(line("precedents of a claim point", found / calls.max(1), took, PRECEDENTS));

    let mut reports = affair.cast.ombudsman.reports.clone();
    for (call, audience, regime) in [
        ("the year, for the board", office::ReportAudience::Board, ""),
        ("the year, for the public", office::ReportAudience::Public, "es.finance"),
    ] {
        let (mut took, mut found) = (Vec::new(), 0);
        for _ in 0..calls.min(20) {
            let request =
                office::GetYearlyReportRequest { year: YEAR, regime: regime.to_owned(), audience: audience.into() };
            let begun = Instant::now();
            found = reports.get_yearly_report(request).await.context(call)?.into_inner().lines.len();
            took.push(begun.elapsed());
        }
        lines.push(line(call, found, took, REPORT));
    }
    let (mut took, mut found) = (Vec::new(), 0);
    for _ in 0..calls.min(20) {
        let begun = Instant::now();
        let request = office::ListSystemicIssuesRequest::default();
        found = reports.list_systemic_issues(request).await.context("causes")?.into_inner().issues.len();
        took.push(begun.elapsed());
    }
    lines.push(line("systemic issues", found, took, REPORT));
    lines.extend(dossier(&affair, &admin, &case, calls).await?);
    Ok(Decided { cases, seeded_seconds, lines })
}

/// A dossier as it is read, and what of that is the access log: the same row in a transaction of its own, by one connection beside the service.
async fn dossier(affair: &Affair<'_>, admin: &PgPool, case: &str, calls: usize) -> anyhow::Result<[Line; 2]> {
    let id: Uuid = case.trim_start_matches("cases/").parse()?;
    let mut client = affair.cast.intake.office.clone();
    let (mut read, mut logged, mut found) = (Vec::new(), Vec::new(), 0);
    for _ in 0..calls {
        let request =
            office::ListDossierEntriesRequest { parent: case.to_owned(), page_size: 100, ..Default::default() };
        let begun = Instant::now();
        found = client.list_dossier_entries(request).await.context("a dossier")?.into_inner().entries.len();
        read.push(begun.elapsed());
        let begun = Instant::now();
        sqlx::query(
            "insert into ombudsman.dossier_access
               (case_id, actor_kind, actor_id, first_sequence, last_sequence, sealed_shown, traceparent, read_at)
             values ($1, 'office', 'intake', 1, 10, false, '', now())",
        )
        .bind(id)
        .execute(admin)
        .await?;
        logged.push(begun.elapsed());
    }
    Ok([line("a page of a dossier", found, read, PAGE), line("of it, a row of the access log", 1, logged, ACCESS)])
}

fn line(call: &'static str, found: usize, mut took: Vec<Duration>, most_ms: f64) -> Line {
    took.sort_unstable();
    let at =
        |percent: usize| took.get((took.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    Line { call, found, p50_ms: at(50).as_secs_f64() * 1e3, p99_ms: at(99).as_secs_f64() * 1e3, most_ms }
}

impl super::Promised for Decided {
    fn broken(&self) -> Vec<String> {
        let slow = |line: &&Line| line.p99_ms > line.most_ms;
        let told = |line: &Line| format!("{}: p99 {:.1} ms, promised {:.0}", line.call, line.p99_ms, line.most_ms);
        self.lines.iter().filter(slow).map(told).collect()
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} decided cases, written in {:.0} s", self.cases, self.seeded_seconds)?;
        writeln!(f, "{:<32} {:>6} {:>10} {:>10} {:>10}", "milliseconds", "found", "p50", "p99", "promised")?;
        for line in &self.lines {
            let Line { call, found, p50_ms, p99_ms, most_ms } = line;
            writeln!(f, "{call:<32} {found:>6} {p50_ms:>10.1} {p99_ms:>10.1} {most_ms:>10.0}")?;
        }
        Ok(())
    }
}

//! How the affairs of a log went by their process map: where they left it, and which step ate the time.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;

use super::board::{percent, span};
use super::map::Steps;
use super::read::EventLog;
use crate::client::{Client, describe, persist};

/// How long a hundred thousand affairs may take to be measured.
const PATIENCE: Duration = Duration::from_secs(120);
/// Ways off the map that are printed.
const MOST_PRINTED: usize = 10;

/// How affairs went.
#[derive(Serialize)]
pub struct ProcessReport {
    process: String,
    version: i32,
    cases: i64,
    ended: i64,
    /// Cases that began, went and ended only as the map says.
    conforming: i64,
    fitness: Option<f64>,
    steps: Vec<StepLine>,
    moves: Vec<MoveLine>,
}

#[derive(Serialize)]
struct StepLine {
    step: String,
    title: String,
    may_begin: bool,
    may_end: bool,
    next: Vec<String>,
    visits: i64,
    cases: i64,
    open: i64,
    total_seconds: f64,
    share: Option<f64>,
    p50_seconds: Option<f64>,
    p90_seconds: Option<f64>,
    longest_seconds: Option<f64>,
}

#[derive(Serialize)]
struct MoveLine {
    /// `null` for the beginning.
    from: Option<String>,
    /// `null` for the end.
    to: Option<String>,
    count: i64,
    on_map: bool,
}

/// Asks how the affairs of the time that the log covers went by the newest map.
pub async fn measure(
    maps: &ProcessServiceClient<Client>,
    log: &EventLog,
    steps: &Steps,
) -> anyhow::Result<Option<ProcessReport>> {
    let Some((from, to)) = log.span() else { return Ok(None) };
    let at = |second: i64| Some(prost_types::Timestamp { seconds: second, nanos: 0 });
    let request = pb::MeasureProcessRequest {
        name: format!("processes/{}", steps.topic()),
        from_time: at(from.as_second()),
        to_time: at(to.as_second() + 1),
        ..pb::MeasureProcessRequest::default()
    };
    let measured = persist(|| {
        let (mut maps, mut request) = (maps.clone(), tonic::Request::new(request.clone()));
        request.set_timeout(PATIENCE);
        async move { maps.measure_process(request).await }
    });
    let measured = measured.await;
    let figures =
        measured.map_err(|status| anyhow::anyhow!("the process cannot be measured: {}", describe(&status)))?;
    Ok(Some(ProcessReport::of(figures)))
}

impl ProcessReport {
    fn of(figures: pb::ProcessFigures) -> Self {
        let process = figures.process.unwrap_or_default();
        let drawn = |id: &str| process.steps.iter().find(|step| step.id == id);
        let step = |figures: &pb::StepFigures| {
            let step = drawn(&figures.step).cloned().unwrap_or_default();
            StepLine {
                step: figures.step.clone(),
                title: step.internal_title.first().map(|title| title.text.clone()).unwrap_or_default(),
                may_begin: step.may_begin,
                may_end: step.may_end,
                next: step.next,
                visits: figures.visit_count,
                cases: figures.ticket_count,
                open: figures.open_count,
                total_seconds: seconds(figures.total_duration).unwrap_or_default(),
                share: figures.share,
                p50_seconds: seconds(figures.p50_duration),
                p90_seconds: seconds(figures.p90_duration),
                longest_seconds: seconds(figures.longest_duration),
            }
        };
        let end = |step: &str, off_map: bool| match (step, off_map) {
            ("", false) => None,
            (told, true) => Some(format!("?{told}")),
            (step, false) => Some(step.to_owned()),
        };
        let moved = |made: &pb::MoveFigures| MoveLine {
            from: end(&made.from_step, made.from_off_map),
            to: end(&made.to_step, made.to_off_map),
            count: made.count,
            on_map: made.on_map,
        };
        #[allow(clippy::cast_precision_loss, reason = "a share of affairs needs no more than the 52 bits of a double")]
        let fitness = (figures.ticket_count > 0).then(|| figures.conforming_count as f64 / figures.ticket_count as f64);
        Self {
            process: process.name.clone(),
            version: process.version,
            cases: figures.ticket_count,
            ended: figures.ended_count,
            conforming: figures.conforming_count,
            fitness,
            steps: figures.steps.iter().map(step).collect(),
            moves: figures.moves.iter().map(moved).collect(),
        }
    }
}

fn seconds(duration: Option<prost_types::Duration>) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "a time in seconds is far below 2^52")]
    duration.map(|duration| duration.seconds as f64 + f64::from(duration.nanos) / 1e9)
}

impl fmt::Display for ProcessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let went = percent(self.fitness);
        writeln!(
            f,
            "\n  {} version {}: {} of {} cases went by the map ({went})",
            self.process, self.version, self.conforming, self.cases
        )?;
        writeln!(
            f,
            "    {:<32} {:>8} {:>8} {:>10} {:>10} {:>10} {:>8}",
            "step", "visits", "cases", "p50", "p90", "longest", "of time"
        )?;
        let time = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), span);
        for step in &self.steps {
            let (p50, p90, longest) = (time(step.p50_seconds), time(step.p90_seconds), time(step.longest_seconds));
            let (id, share) = (if step.step.is_empty() { "(off the map)" } else { &step.step }, percent(step.share));
            writeln!(
                f,
                "    {id:<32} {:>8} {:>8} {p50:>10} {p90:>10} {longest:>10} {share:>8}",
                step.visits, step.cases
            )?;
        }
        let off: Vec<&MoveLine> = self.moves.iter().filter(|made| !made.on_map).collect();
        let times: i64 = off.iter().map(|made| made.count).sum();
        writeln!(f, "    left the map {times} times by {} ways", off.len())?;
        for made in off.iter().take(MOST_PRINTED) {
            let (from, to) = (made.from.as_deref().unwrap_or("(begin)"), made.to.as_deref().unwrap_or("(end)"));
            writeln!(f, "    {:>8} {from} -> {to}", made.count)?;
        }
        Ok(())
    }
}

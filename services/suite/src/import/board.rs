//! Waits until the clocks have caught up, and shows what was kept and what was missed.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use kernel::{Ambient, Role};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection, Row as _};
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::sla::v1::{Board, BoardRow, GetBoardRequest};

use super::Tally;
use super::process::ProcessReport;
use super::read::{BadLine, EventLog};
use crate::cli;
use crate::client::{Target, describe};
use crate::services::Service;

/// Without any progress for so long, something is stuck.
const STUCK: Duration = Duration::from_secs(60);

/// Waits until sla-monitor has applied everything that ticketing wrote down. Asks the database, for
/// no caller of an RPC is told another service's cursor.
pub async fn wait_for_clocks(database_url: &str) -> anyhow::Result<()> {
    let mut admin = PgConnection::connect(database_url).await.context("the database cannot be asked")?;
    let mut furthest = -1_i64;
    let mut moved = Instant::now();
    let mut told = Instant::now();
    loop {
        let row = sqlx::query(
            "select h.position as head, (select count(*) from ticketing.ledger_inbox) as waiting,
                    coalesce((select c.position from sla_monitor.ledger_cursor c where c.source = 'ticketing'), 0) as applied
             from ticketing.ledger_head h",
        )
        .fetch_one(&mut admin)
        .await?;
        let (head, waiting, applied): (i64, i64, i64) =
            (row.try_get("head")?, row.try_get("waiting")?, row.try_get("applied")?);
        if waiting == 0 && applied >= head {
            return Ok(());
        }
        if applied > furthest {
            (furthest, moved) = (applied, Instant::now());
        }
        if moved.elapsed() > STUCK {
            bail!("sla-monitor stands at entry {applied} of {head} and does not move: look at its log lines above");
        }
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            eprintln!("ventanilla: sla-monitor has applied {applied} of {head} entries");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The board of the time that the log covers.
pub async fn ask(target: &Target, log: &EventLog, ambient: &Ambient) -> anyhow::Result<Board> {
    let caller = target.caller(Role::Importer, Some("event-log-import"), None, ambient)?;
    let mut clocks = SlaServiceClient::new(caller.on(&target.connect(Service::SlaMonitor)?));
    let (from, to) = log.span().context("the log is empty")?;
    let at = |second: i64| Some(prost_types::Timestamp { seconds: second, nanos: 0 });
    let request =
        GetBoardRequest { from_time: at(from.as_second()), to_time: at(to.as_second() + 1), policy: String::new() };
    let board = clocks.get_board(request).await;
    let board = board.map_err(|status| anyhow::anyhow!("the board cannot be had: {}", describe(&status)))?;
    Ok(board.into_inner())
}

/// What the command prints.
#[derive(Serialize)]
pub struct Report<'a> {
    file: String,
    /// Cases and events of the file that can be used.
    cases: usize,
    events: usize,
    bad_line_count: usize,
    bad_lines: &'a [BadLine],
    loaded_cases: usize,
    already_loaded_cases: usize,
    failed_cases: Vec<FailedCase<'a>>,
    /// Share of the decided clocks that were met; `null` when none was decided.
    attainment: Option<f64>,
    breaches: i64,
    clocks: i64,
    met: i64,
    open: i64,
    cancelled: i64,
    percentiles: Percentiles,
    /// Affairs on the board, and ledger entries behind it.
    board_cases: i64,
    board_entries: i64,
    by_policy: Vec<Line>,
    /// How the cases went by their process map.
    process: Option<ProcessReport>,
    seconds: f64,
}

#[derive(Serialize)]
struct FailedCase<'a> {
    case: &'a str,
    reason: &'a str,
}

/// Time from first receipt to fulfilment in seconds, exact.
#[derive(Serialize, Default)]
struct Percentiles {
    p50_seconds: Option<f64>,
    p75_seconds: Option<f64>,
    p90_seconds: Option<f64>,
    p95_seconds: Option<f64>,
    p99_seconds: Option<f64>,
}

#[derive(Serialize)]
struct Line {
    policy: String,
    clocks: i64,
    met: i64,
    breaches: i64,
    open: i64,
    attainment: Option<f64>,
    percentiles: Percentiles,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        import: &cli::Import,
        log: &'a EventLog,
        tally: &'a Tally,
        board: &Board,
        process: Option<ProcessReport>,
        took: Duration,
    ) -> Self {
        let total = board.total.clone().unwrap_or_default();
        Self {
            file: import.file.display().to_string(),
            cases: log.cases.len(),
            events: log.event_count(),
            bad_line_count: log.bad_lines.len(),
            bad_lines: &log.bad_lines,
            loaded_cases: tally.loaded,
            already_loaded_cases: tally.loaded_before,
            failed_cases: tally.failed.iter().map(|(case, reason)| FailedCase { case, reason }).collect(),
            attainment: total.attainment,
            breaches: total.breached_count,
            clocks: total.clock_count,
            met: total.met_count,
            open: total.open_count,
            cancelled: total.cancelled_count,
            percentiles: percentiles(&total),
            board_cases: total.case_count,
            board_entries: total.event_count,
            by_policy: board.by_policy.iter().map(line).collect(),
            process,
            seconds: took.as_secs_f64(),
        }
    }
}

fn line(row: &BoardRow) -> Line {
    Line {
        policy: row.key.clone(),
        clocks: row.clock_count,
        met: row.met_count,
        breaches: row.breached_count,
        open: row.open_count,
        attainment: row.attainment,
        percentiles: percentiles(row),
    }
}

fn percentiles(row: &BoardRow) -> Percentiles {
    let Some(settle) = row.settle else { return Percentiles::default() };
    let seconds = |duration: Option<prost_types::Duration>| {
        #[allow(clippy::cast_precision_loss, reason = "a term in seconds is far below 2^52")]
        duration.map(|duration| duration.seconds as f64 + f64::from(duration.nanos) / 1e9)
    };
    Percentiles {
        p50_seconds: seconds(settle.p50_duration),
        p75_seconds: seconds(settle.p75_duration),
        p90_seconds: seconds(settle.p90_duration),
        p95_seconds: seconds(settle.p95_duration),
        p99_seconds: seconds(settle.p99_duration),
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.file)?;
        writeln!(
            f,
            "  cases        {:>9}   ({} loaded now, {} before, {} failed)",
            self.cases,
            self.loaded_cases,
            self.already_loaded_cases,
            self.failed_cases.len()
        )?;
        writeln!(f, "  events       {:>9}   ({} bad lines skipped)", self.events, self.bad_line_count)?;
        writeln!(
            f,
            "  clocks       {:>9}   ({} met, {} open, {} fell away)",
            self.clocks, self.met, self.open, self.cancelled
        )?;
        writeln!(f, "  breaches     {:>9}", self.breaches)?;
        writeln!(f, "  attainment   {:>9}", percent(self.attainment))?;
        writeln!(f, "  time from first receipt to fulfilment: {}", self.percentiles)?;
        for line in &self.by_policy {
            writeln!(f, "\n  {}", line.policy)?;
            writeln!(
                f,
                "    {} clocks, {} met, {} breached, {} open, attainment {}",
                line.clocks,
                line.met,
                line.breaches,
                line.open,
                percent(line.attainment)
            )?;
            writeln!(f, "    {}", line.percentiles)?;
        }
        if let Some(process) = &self.process {
            write!(f, "{process}")?;
        }
        writeln!(f, "\n  in {:.1} s", self.seconds)
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("p50", self.p50_seconds),
            ("p75", self.p75_seconds),
            ("p90", self.p90_seconds),
            ("p95", self.p95_seconds),
            ("p99", self.p99_seconds),
        ];
        let parts: Vec<String> =
            all.iter().filter_map(|(name, value)| value.map(|value| format!("{name} {}", span(value)))).collect();
        if parts.is_empty() { f.write_str("nothing was fulfilled") } else { f.write_str(&parts.join(", ")) }
    }
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0))
}

/// Days, hours or minutes, whichever reads best.
pub(super) fn span(seconds: f64) -> String {
    match seconds {
        s if s >= 86_400.0 => format!("{:.1} d", s / 86_400.0),
        s if s >= 3_600.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} min", s / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_unit_that_reads_best() {
        assert_eq!(span(90.0), "1.5 min");
        assert_eq!(span(5_400.0), "1.5 h");
        assert_eq!(span(129_600.0), "1.5 d");
    }
}

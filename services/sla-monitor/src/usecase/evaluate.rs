//! `PreviewEvaluation`, and what is published of a year.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use postgres::StoreError;
use sla_monitor_domain::board::Days;
use sla_monitor_domain::evaluation::{self, Language};
use sqlx::PgConnection;
use ventanilla_proto::sla::v1 as proto;

use super::get_board::{Added, Figured, Window, add_up};
use super::get_fairness::{Told, fairness_by};
use super::get_service_parameters::{Parameters, parameters_in};
use crate::error::Failure;
use crate::grpc::{present, present_measure};
use crate::monitor::Monitor;
use crate::store::board::snapshot;
use crate::store::evaluation::ledger_end;
use crate::store::parameters::Period;

/// How often it is looked whether the ledger's entries have their positions, which takes them some milliseconds.
const TRIES: u32 = 40;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// An evaluation that is not published.
#[derive(Debug, Clone)]
pub struct Evaluated {
    /// The figures, as the contract has them: all that is told but texts, ledger and version.
    pub figures: proto::Evaluation,
    /// Text in Spanish.
    pub text_es: String,
    /// Text in English.
    pub text_en: String,
    /// Entries of the ledger, and the hash of the last.
    pub ledger: (i64, Vec<u8>),
}

/// When a year begins and ends in the house's zone, and the zone.
///
/// # Errors
/// [`StoreError`] for a zone that is not known here.
pub fn bounds(monitor: &Monitor, year: i16) -> Result<(Timestamp, Timestamp, TimeZone), StoreError> {
    let law = monitor.law();
    let unknown = || StoreError::corrupt("calendar", "zone", law.zone());
    let zone = TimeZone::get(law.zone()).map_err(|_| unknown())?;
    let days = Days(zone.clone());
    let start = |year: i16| Date::new(year, 1, 1).ok().and_then(|day| days.start(day)).ok_or_else(unknown);
    Ok((start(year)?, start(year + 1)?, zone))
}

/// Counts everything of a year at one instant, at which no entry waits for its position in the ledger: what is told rests on the entries up to there.
///
/// # Errors
/// [`Failure::BoardBeingSummed`]; [`Failure::LedgerBehind`] where entries wait however often it is tried.
#[tracing::instrument(name = "evaluation.evaluate", skip_all, fields(year = year))]
pub async fn evaluate(monitor: &Monitor, year: i16, version: i32) -> Result<Evaluated, Failure> {
    let (from, to, zone) = bounds(monitor, year)?;
    let period = Period { from, to, department: None };
    let window = Window { from: Some(from), to: Some(to), rule: None };
    let _turn = monitor.boards.acquire().await.map_err(|_| Failure::BoardBeingSummed)?;
    for _ in 0..TRIES {
        let mut tx = snapshot(&monitor.db).await?;
        let Some(ledger) = ledger_end(&mut tx).await? else {
            tx.rollback().await?;
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let counted = count(monitor, &mut tx, (&period, &window)).await;
        tx.rollback().await?;
        let (parameters, added, fairness) = counted?;
        let figured = added.figured()?;
        if figured.zone != monitor.law().zone() {
            return Err(Failure::BoardBeingSummed);
        }
        let told = Counted { parameters, figured, fairness, ledger };
        return Ok(written(monitor, (year, version), &zone, (&period, &window), told));
    }
    Err(Failure::LedgerBehind)
}

/// Everything of a year, counted.
struct Counted {
    parameters: Parameters,
    figured: Figured,
    fairness: Told,
    ledger: (i64, Vec<u8>),
}

async fn count(
    monitor: &Monitor,
    tx: &mut PgConnection,
    (period, window): (&Period, &Window),
) -> Result<(Parameters, Added, Told), Failure> {
    let parameters = parameters_in(monitor, tx, period).await?;
    let added = add_up(&monitor.db, tx, window).await?;
    let fairness = fairness_by(monitor, &mut *tx, period.from, period.to).await?;
    Ok((parameters, added, fairness))
}

fn written(
    monitor: &Monitor,
    (year, version): (i16, i32),
    zone: &TimeZone,
    (period, window): (&Period, &Window),
    counted: Counted,
) -> Evaluated {
    let Counted { parameters, figured, fairness, ledger } = counted;
    let calls = &parameters.calls;
    let mut shown = vec![&calls.human, &calls.supervisor[0], &calls.supervisor[1], &calls.answered.parameter];
    shown.extend(parameters.resolved.iter().map(|(parameter, _)| parameter));
    shown.extend(&parameters.causes);
    let hash = hex::encode(&ledger.1);
    let told = evaluation::Evaluation {
        firm: &monitor.firm,
        year,
        version,
        counted: figured.now,
        zone,
        ledger: (ledger.0, &hash),
        parameters: shown,
        calls: [calls.answered.abandoned_counted, calls.answered.abandoned_apart, calls.answered.hung_up],
        lines: &figured.lines,
        fairness: &fairness.service,
    };
    let (text_es, text_en) = (evaluation::text(&told, Language::Spanish), evaluation::text(&told, Language::English));
    let figures = proto::Evaluation {
        parameters: Some(present_measure::parameters(parameters, period)),
        board: Some(present::board(figured, window)),
        fairness: Some(present_measure::fairness(&fairness, period.from, period.to)),
        ..proto::Evaluation::default()
    };
    Evaluated { figures, text_es, text_en, ledger }
}

/// What the evaluation of a year would be now.
///
/// # Errors
/// As [`evaluate`].
#[tracing::instrument(name = "evaluation.preview", skip_all)]
pub async fn preview_evaluation(monitor: &Monitor, year: i16) -> Result<proto::Evaluation, Failure> {
    let Evaluated { figures, text_es, text_en, ledger } = evaluate(monitor, year, 0).await?;
    Ok(proto::Evaluation {
        name: format!("evaluations/{year}"),
        ledger_position: ledger.0,
        ledger_hash: ledger.1,
        sha256_es: sha256(&text_es),
        sha256_en: sha256(&text_en),
        text_es,
        text_en,
        ..figures
    })
}

/// The hash of a text.
pub fn sha256(text: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

//! `PreviewEvaluation`, and what is published of a year.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use postgres::StoreError;
use sla_monitor_domain::board::Days;
use sla_monitor_domain::evaluation::{self, Language};
use ventanilla_proto::sla::v1 as proto;

use super::get_board::{Window, get_board};
use super::get_fairness::get_fairness;
use super::get_service_parameters::get_service_parameters;
use crate::error::Failure;
use crate::grpc::{present, present_measure};
use crate::monitor::Monitor;
use crate::store::parameters::Period;

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

/// Counts everything of a year. The ledger is looked at first: what its entries up to there tell is in the figures.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "evaluation.evaluate", skip_all, fields(year))]
pub async fn evaluate(monitor: &Monitor, year: i16, version: i32) -> Result<Evaluated, Failure> {
    let (from, to, zone) = bounds(monitor, year)?;
    let ledger = monitor.ledger.position().await?;
    let period = Period { from, to, department: None };
    let parameters = get_service_parameters(monitor, &period).await?;
    let window = Window { from: Some(from), to: Some(to), rule: None };
    let figured = get_board(monitor, &window).await?;
    let fairness = get_fairness(monitor, from, to).await?;
    let calls = &parameters.calls;
    let mut shown = vec![&calls.human, &calls.supervisor[0], &calls.supervisor[1], &calls.answered.parameter];
    shown.extend(parameters.resolved.iter().map(|(parameter, _)| parameter));
    let hash = hex::encode(&ledger.1);
    let told = evaluation::Evaluation {
        firm: &monitor.firm,
        year,
        version,
        counted: figured.now,
        zone: &zone,
        ledger: (ledger.0, &hash),
        parameters: shown,
        calls: [calls.answered.abandoned_counted, calls.answered.abandoned_apart, calls.answered.hung_up],
        lines: &figured.lines,
        fairness: &fairness.service,
    };
    let (text_es, text_en) = (evaluation::text(&told, Language::Spanish), evaluation::text(&told, Language::English));
    let figures = proto::Evaluation {
        parameters: Some(present_measure::parameters(parameters, &period)),
        board: Some(present::board(figured, &window)),
        fairness: Some(present_measure::fairness(&fairness, from, to)),
        ..proto::Evaluation::default()
    };
    Ok(Evaluated { figures, text_es, text_en, ledger })
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

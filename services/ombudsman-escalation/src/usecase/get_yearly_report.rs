//! The report of a year, as data.

use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::report::{self, Audience};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::criterion::{self, Leading, Recommended};
use crate::store::report as store;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The year.
    pub year: i16,
    /// Only under these rules.
    pub regime: Option<&'static Regime>,
    /// For whom.
    pub audience: Audience,
}

/// A report with all that it tells.
pub(crate) struct Report {
    /// What was asked.
    pub(crate) query: Query,
    /// When it was counted.
    pub(crate) as_of: jiff::Timestamp,
    /// The figures.
    pub(crate) lines: Vec<report::Line>,
    /// Criteria of the year.
    pub(crate) leading: Vec<Leading>,
    /// Recommendations of the year.
    pub(crate) recommended: Vec<Recommended>,
}

/// The report, as data.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "report.get", skip_all)]
pub async fn run(office: Office, query: Query) -> Result<pb::YearlyReport, Failure> {
    Ok(answer::report(&counted(&office, query).await?))
}

/// Counts it.
#[tracing::instrument(name = "report.count", skip_all)]
pub(crate) async fn counted(office: &Office, query: Query) -> Result<Report, Failure> {
    let as_of = office.ambient.now();
    let (from, to) = report::year(query.year);
    // Two counts of a year that goes on tell each other's difference, which is somebody.
    if query.audience == Audience::Public && as_of < to {
        return Err(Refused::YearNotOver.into());
    }
    let window = store::Window { from, to, regime: query.regime.map(|regime| regime.id) };
    let counted = store::count(&office.db, window).await?;
    let leading = criterion::leading(&office.db, window).await?;
    let recommended = criterion::recommended(&office.db, window).await?;
    Ok(Report { query, as_of, lines: report::lines(&counted, query.audience), leading, recommended })
}

//! Reporting what the firm did not carry out.

use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::obligation;

/// Name of the RPC.
pub const METHOD: &str = "ReportOverdue";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The report.
    pub report: Personal<String>,
}

/// Records the report to whom the regime names.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.report_overdue", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let owed = obligation::of_case(&mut step.tx, command.change.case).await?;
    let after = step.case().report(&owed)?;
    let told = Phrase::Reported { regime: after.regime, report: command.report.expose() };
    step.say(&office, DossierKind::OverdueReport, told);
    step.file_papers().await?;
    for missed in owed {
        let reported = missed.clone().report(step.now);
        if reported != missed {
            obligation::update(&mut step.tx, after.id, &reported).await?;
        }
    }
    let article = after.regime.reports_article.to_owned();
    step.note(&office, &pb::OverdueReported { case_name: after.id.name(), article });
    step.finish(&office, after).await
}

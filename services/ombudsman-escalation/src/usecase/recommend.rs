//! Recommending something to the firm, which owes an answer.

use kernel::{Department, Personal};
use ombudsman_escalation_domain::obligation::Obligation;
use ombudsman_escalation_domain::term;
use ombudsman_escalation_domain::vocabulary::{DossierKind, ObligationKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::obligation;

/// Name of the RPC.
pub const METHOD: &str = "Recommend";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// What.
    pub recommendation: Personal<String>,
    /// Who owes the answer.
    pub debtor: Department,
    /// Within how many calendar days.
    pub days: i64,
}

/// Records the recommendation.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.recommend", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case();
    after.accepts_recommendations()?;
    let owed = obligation::of_case(&mut step.tx, after.id).await?;
    let recommended =
        Paper::text(DossierKind::Recommendation, Visibility::Parties, command.recommendation.into_inner());
    let entry = step.add(&office, recommended).entry.sequence;
    let times = (step.now, term::end_after_days(step.now, command.days));
    let owed = Obligation::new(ObligationKind::Recommendation, command.debtor, entry, times).after(owed.len());
    obligation::insert(&mut step.tx, after.id, &owed).await?;
    step.note(&office, &answer::obligation_set(after.id, &owed));
    step.finish(&office, after).await
}

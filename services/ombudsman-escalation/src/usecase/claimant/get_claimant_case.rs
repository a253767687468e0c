//! Reading the case as its claimant.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::case::{Case, Completion, Effect};
use ombudsman_escalation_domain::vocabulary::{Party, Stage};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Own, Window};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{clock, procedure};

/// Name of the RPC.
const METHOD: &str = "GetClaimantCase";

/// The case, as far as it is its claimant's to read.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.get_case", skip_all)]
pub async fn run(office: Office, call: Call, window: Window) -> Result<pb::ClaimantCase, Failure> {
    let Own { case: stored, others, proven, .. } = window.look(&office, call, METHOD).await?;
    let case = &stored.case;
    let terms = clock::terms_of(office.db.reader(), case.id).await?;
    if !proven {
        return Ok(answer::claimant_case_unproven(&stored, &terms, &others));
    }
    let effect = match case.stage() {
        Stage::Notified => Some(procedure::effect(&mut *office.db.reader().acquire().await?, case.id).await?),
        _ => None,
    };
    let standing = procedure::standing(&mut *office.db.reader().acquire().await?, case.id).await?;
    let told = answer::claimant_case(&stored, &terms, options(&office, case, effect), &others);
    let superseded_by = standing.superseded_by.map(|review| review.name()).unwrap_or_default();
    Ok(pb::ClaimantCase { superseded_by, confirms: standing.confirms, ..told })
}

/// What the claimant can do now.
fn options(office: &Office, case: &Case, effect: Option<Effect>) -> Vec<pb::ClaimantOption> {
    use pb::ClaimantOption as O;
    let now = office.ambient.now();
    let may_answer = effect
        .and_then(|effect| case.answer_term(effect))
        .is_some_and(|term| term.bearer == Party::Claimant && now < term.due);
    let offer = |accepted| case.clone().answer_offer(accepted, now).is_ok();
    [
        (case.clone().hear_claimant(now).is_ok(), O::Add),
        (offer(false), O::DeclineOffer),
        (offer(true), O::AcceptOffer),
        (may_answer, O::AnswerDecision),
        (case.clone().receive_cure(Completion::default(), now).is_ok(), O::Complete),
        (case.clone().withdraw().is_ok(), O::Withdraw),
    ]
    .into_iter()
    .filter_map(|(may, option)| may.then_some(option))
    .collect()
}

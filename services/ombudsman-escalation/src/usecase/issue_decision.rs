//! Issuing the decision: every claim point answered, and nothing changed ever after.

use kernel::{Language, ResourceId as _};
use ombudsman_escalation_domain::decision::{Answer, Decision};
use ombudsman_escalation_domain::term;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use ombudsman_escalation_domain::{CaseId, Refused};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step};
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::outcome_to_proto;
use crate::office::Office;
use crate::store::decision as store;

/// Name of the RPC.
pub const METHOD: &str = "IssueDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// One answer per claim point.
    pub answers: Vec<Answer>,
    /// Where the claimant may turn next.
    pub signpost: String,
    /// Language it is written in.
    pub language: Language,
}

/// Issues the decision. The answer of the request is kept for good.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.issue", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Decision, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return again(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    let after = step.case().decide()?;
    let decision = Decision::of(&before.complaint.points, command.answers, before.regime)?;
    let mut issued = store::Issued {
        case: after.id,
        outcome: decision.outcome,
        binding: decision.binding,
        binding_article: decision.binding_article.to_owned(),
        signpost: command.signpost,
        language: command.language,
        issued_by: step.actor.id.clone(),
        issued_at: step.now,
        notify_due_at: term::end_after_days(step.now, after.regime.notify_days),
        notified_at: None,
        dossier_hash: [0; 32],
    };
    let written = answer::decision(&issued, &decision.answers);
    let sealed = step.add(&office, Paper::message(DossierKind::Decision, Visibility::Office, &written));
    issued.dossier_hash = sealed.hash;
    store::insert(&mut step.tx, &issued, &decision, sealed.entry.sequence).await?;
    let noted = pb::DecisionIssued {
        case_name: after.id.name(),
        ticket: after.ticket.name(),
        customer: after.customer.name(),
        outcome: outcome_to_proto(issued.outcome).into(),
        binding: issued.binding,
        hash: issued.dossier_hash.to_vec(),
    };
    step.note(&office, &noted);
    step.write(&office, after).await?;
    let answer = answer::decision(&issued, &decision.answers);
    step.commit(&office, &without_words(&answer).encode_to_vec(), true).await?;
    Ok(answer)
}

/// The answer as it is kept: what was written stays in the decision's own tables.
fn without_words(answer: &pb::Decision) -> pb::Decision {
    pb::Decision { points: Vec::new(), ..answer.clone() }
}

async fn again(office: &Office, kept: &[u8]) -> Result<pb::Decision, Failure> {
    let kept = pb::Decision::decode(kept).map_err(|_| Failure::Unreadable)?;
    let case = kept.name.strip_suffix("/decision").and_then(|name| CaseId::parse(name).ok());
    let case = case.ok_or(Failure::Unreadable)?;
    let mut connection = office.db.reader().acquire().await?;
    let (_, answers) = store::get(&mut connection, case).await?.ok_or(Refused::DecisionNotFound)?;
    Ok(pb::Decision { points: answers.iter().map(answer::decision_point).collect(), ..kept })
}

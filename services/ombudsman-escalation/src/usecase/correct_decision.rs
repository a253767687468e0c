//! Correcting a slip of the pen in a decision: never an edit, always one entry more.

use kernel::{Personal, ResourceId as _, Violations};
use ombudsman_escalation_domain::correction::changes_a_number;
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::vocabulary::{DecisionText, DossierKind, OfficeRole, Visibility};
use ombudsman_escalation_domain::{ProcedureRefused, Refused, notice};
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::document;
use crate::error::Failure;
use crate::grpc::vocabulary::decision_text_to_proto;
use crate::office::Office;
use crate::store::{decision, procedure};

/// Name of the RPC.
pub const METHOD: &str = "CorrectDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Whose answer; `None` for the signpost.
    pub claim_point: Option<String>,
    /// Which text.
    pub text: DecisionText,
    /// What stands there.
    pub stood: Personal<String>,
    /// What is to stand there.
    pub stands: Personal<String>,
    /// Why it is a slip.
    pub reason: Personal<String>,
}

/// Records the correction beside the decision, as a signed text that names the hash of what it corrects.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.correct", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case();
    after.is_told()?;
    procedure::refuse_erased(&mut step.tx, after.id).await?;
    let (issued, answers) = decision::get(&mut step.tx, after.id).await?.ok_or(Refused::DecisionNotFound)?;
    stands_there(&command, &issued.signpost, &answers)?;
    let decided = decision::in_force(&mut step.tx, after.id, answers.clone()).await?;
    grants_the_same(&command, [&answers, &decided])?;
    let Command { claim_point, text, stood, stands, reason, .. } = command;
    let number = procedure::corrections(&mut step.tx, after.id).await?.len() + 1;
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    let (signed_hash, sealed_text) = document::correct(
        &office.sealer,
        &notice::Corrected {
            office: &office.name,
            case: after.id,
            number,
            corrects: issued.signed.as_ref().map_or(issued.dossier_hash, |signed| signed.hash),
            part: text,
            claim_point: claim_point.as_deref(),
            stood: stood.expose(),
            stands: stands.expose(),
            reason: reason.expose(),
            by: &step.actor.id,
            at: step.now,
            language: issued.language,
        },
    );
    let correction = pb::Correction {
        claim_point: claim_point.clone().unwrap_or_default(),
        text: decision_text_to_proto(text).into(),
        stood: stood.into_inner(),
        stands: stands.into_inner(),
        reason: reason.into_inner(),
        corrected_by: step.actor.id.clone(),
        correct_time: Some(time_to_proto(step.now)),
        number: i32::try_from(number).unwrap_or(i32::MAX),
        document_hash: signed_hash.to_vec(),
    };
    let sealed = step.add(&office, Paper::message(DossierKind::Correction, Visibility::Parties, &correction));
    let document = step.add(&office, Paper::text(DossierKind::Correction, Visibility::Parties, sealed_text));
    step.file_papers().await?;
    let corrected = procedure::Corrected {
        part: text,
        claim_point,
        entry: sealed.entry.sequence,
        by: step.actor.id.clone(),
        at: step.now,
        content: None,
        number,
        signed: Some(procedure::SignedCorrection { hash: signed_hash, entry: document.entry.sequence, sealed: None }),
    };
    procedure::correct(&mut step.tx, after.id, &corrected).await?;
    if let (DecisionText::Remedy, Some(point)) = (text, &corrected.claim_point) {
        let stood = decided.iter().find(|answer| answer.claim_point == *point).map(|answer| answer.remedy.expose());
        let remedy = stood.map(|stood| stood.replacen(&correction.stood, &correction.stands, 1)).unwrap_or_default();
        procedure::correct_remedy(&mut step.tx, after.id, (point, &remedy), (number, step.now)).await?;
    }
    let hash = sealed.hash.to_vec();
    step.note(&office, &pb::DecisionCorrected { case_name: after.id.name(), text: correction.text, hash });
    step.finish(&office, after).await
}

/// Whether the remedy of a point that grants an amount keeps its numbers, as it was issued and as it stands: what the firm is to pay is counted from
/// the amount, and both say the same.
fn grants_the_same(command: &Command, texts: [&[Answer]; 2]) -> Result<(), Refused> {
    let mut violations = Violations::new();
    let (stood, stands) = (command.stood.expose(), command.stands.expose());
    let granting =
        |answer: &&Answer| Some(&answer.claim_point) == command.claim_point.as_ref() && answer.redress.is_some();
    let mut remedies = texts.into_iter().filter_map(|answers| answers.iter().find(granting));
    if command.text == DecisionText::Remedy && remedies.any(|one| changes_a_number(one.remedy.expose(), stood, stands))
    {
        violations.push("stands", "changes a number of a remedy that grants an amount: a review changes amounts");
    }
    violations.into_result().map_err(|violations| ProcedureRefused::NotInDecision { violations }.into())
}

/// Whether the decision says there, to the letter, what is said to be a slip.
fn stands_there(command: &Command, signpost: &str, answers: &[Answer]) -> Result<(), Refused> {
    let mut violations = Violations::new();
    let answer = command.claim_point.as_ref().map(|point| answers.iter().find(|answer| answer.claim_point == *point));
    let said = match (command.text, answer) {
        (DecisionText::Signpost, None) => Some(signpost),
        (DecisionText::Finding, Some(Some(answer))) => Some(answer.finding.expose().as_str()),
        (DecisionText::Reason, Some(Some(answer))) => Some(answer.reason.expose().as_str()),
        (DecisionText::Remedy, Some(Some(answer))) => Some(answer.remedy.expose().as_str()),
        _ => None,
    };
    match said {
        None => violations.push("claim_point", "is no claim point whose answer has this text"),
        Some(said) if !said.contains(command.stood.expose()) => violations.push("stood", "does not stand there"),
        Some(_) if command.stood == command.stands => violations.push("stands", "is what stands there"),
        Some(_) => {}
    }
    violations.into_result().map_err(|violations| ProcedureRefused::NotInDecision { violations }.into())
}

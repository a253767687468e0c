//! Correcting a slip of the pen in a decision: never an edit, always one entry more.

use kernel::{Personal, ResourceId as _, Violations};
use ombudsman_escalation_domain::correction::{Slip, Texts};
use ombudsman_escalation_domain::obligation::Obligation;
use ombudsman_escalation_domain::vocabulary::{DecisionText, DossierKind, ObligationKind, OfficeRole, Visibility};
use ombudsman_escalation_domain::{ProcedureRefused, Refused, notice};
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::document;
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::{decision_text, decision_text_to_proto};
use crate::office::Office;
use crate::store::{decision, obligation, procedure};

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
    if let Some(review) = procedure::standing(&mut step.tx, after.id).await?.superseded_by {
        return Err(Refused::from(ProcedureRefused::DecisionSuperseded { case: review }).into());
    }
    let (issued, answers) = decision::get(&mut step.tx, after.id).await?.ok_or(Refused::DecisionNotFound)?;
    not_ordered(&command, &obligation::of_case(&mut step.tx, after.id).await?)?;
    after.accepts_correction(command.text)?;
    let before = procedure::corrections(&mut step.tx, after.id).await?;
    let before: Vec<pb::Correction> =
        before.iter().map(answer::correction).collect::<Option<_>>().ok_or(Failure::Unreadable)?;
    let texts = Texts { signpost: issued.signpost.clone(), answers };
    let mended = texts.correct_since(before.iter().filter_map(slip_of), command.slip());
    let mended = mended.map_err(|violations| Refused::from(ProcedureRefused::NotInDecision { violations }))?;
    let Command { claim_point, text, stood, stands, reason, .. } = command;
    let number = before.len() + 1;
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
        procedure::correct_remedy(&mut step.tx, after.id, (point, &mended), (number, step.now)).await?;
    }
    let hash = sealed.hash.to_vec();
    step.note(&office, &pb::DecisionCorrected { case_name: after.id.name(), text: correction.text, hash });
    step.finish(&office, after).await
}

impl Command {
    fn slip(&self) -> Slip<'_> {
        Slip {
            text: self.text,
            claim_point: self.claim_point.as_deref(),
            stood: self.stood.expose(),
            stands: self.stands.expose(),
        }
    }
}

/// A slip that was corrected before; `None` for one of a text that this version does not know.
fn slip_of(correction: &pb::Correction) -> Option<Slip<'_>> {
    let text = decision_text(&mut Violations::new(), "", correction.text)?;
    let claim_point = Some(correction.claim_point.as_str()).filter(|point| !point.is_empty());
    Some(Slip { text, claim_point, stood: &correction.stood, stands: &correction.stands })
}

/// What was ordered is what stood: the order's paper would keep the slip.
fn not_ordered(command: &Command, owed: &[Obligation]) -> Result<(), Refused> {
    let of_it = |owed: &&Obligation| owed.kind == ObligationKind::Order && owed.claim_point == command.claim_point;
    match owed.iter().find(of_it).filter(|_| command.text == DecisionText::Remedy) {
        Some(order) => Err(ProcedureRefused::RemedyOrdered { number: order.number }.into()),
        None => Ok(()),
    }
}

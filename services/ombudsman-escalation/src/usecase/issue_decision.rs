//! Issuing the decision: every claim point answered, and nothing changed ever after.

use kernel::{Classify as _, Kind, Language, ResourceId as _};
use ombudsman_escalation_domain::case::Case;
use ombudsman_escalation_domain::decision::{self, Answer, Decision};
use ombudsman_escalation_domain::document::{Facts, text};
use ombudsman_escalation_domain::precedent::{self, Considered, Known};
use ombudsman_escalation_domain::term;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use ombudsman_escalation_domain::{CaseId, ProcedureRefused, Refused};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, denied, heard};
use crate::document;
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::decision as store;
use crate::store::precedent as precedent_store;

/// Name of the RPC.
pub const METHOD: &str = "IssueDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// One answer per claim point.
    pub answers: Vec<Answer>,
    /// Earlier decisions that were considered.
    pub considered: Vec<Considered>,
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
    let heard = heard::known(&office, &call).await;
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return again(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    let after = step.case().decide()?;
    // Nobody takes a decision back: it is issued past a wall that knows everything.
    heard?;
    if command.language != step.stored.matter.language {
        let why = format!("must be the claimant's, {}", step.stored.matter.language);
        return Err(Failure::field("language", why));
    }
    let mark = precedent_store::mark(&before, &step.stored.matter);
    let (shown, given) = precedents(&mut step, &mark, &command.considered).await?;
    let weighed = precedent::weigh(&command.answers, &command.considered, &shown, &given, before.regime);
    let decision = Decision::of(&before.complaint.points, command.answers, before.regime);
    let (decision, precedents) = decision::together(decision, weighed)?;
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
        redress: decision.redress.clone(),
        signed: None,
        precedents,
    };
    let text = compose(&office, &before, &issued, &decision.answers);
    let (signed, sealed_text) = document::sign(&office.sealer, &issued, &text);
    issued.signed = Some(signed);
    let written = answer::decision(&issued, &decision.answers);
    let sealed = step.add(&office, Paper::message(DossierKind::Decision, Visibility::Office, &written));
    issued.dossier_hash = sealed.hash;
    step.add(&office, Paper::text(DossierKind::Decision, Visibility::Office, sealed_text));
    let writing = store::Writing {
        issued: &issued,
        answers: &decision.answers,
        text: &text,
        dossier_sequence: sealed.entry.sequence,
        mark: &mark,
    };
    if let Err(failure) = store::insert(&mut step.tx, &writing).await {
        let case = after.id.name();
        step.tx.rollback().await?;
        let of_whom = matches!(
            failure,
            Failure::Refused(
                Refused::Conflict { .. } | Refused::House(_) | Refused::Procedure(ProcedureRefused::ReviewByAnother)
            )
        );
        let is_denial = of_whom || failure.kind() == Kind::PermissionDenied;
        return Err(if is_denial { denied(&office, &call, (METHOD, case), failure).await } else { failure });
    }
    let noted = pb::DecisionIssued {
        case_name: after.id.name(),
        ticket: after.ticket.name(),
        customer: after.customer.name(),
        outcome: pb::DecisionOutcome::Unspecified.into(),
        binding: false,
        hash: issued.dossier_hash.to_vec(),
    };
    step.note(&office, &noted);
    step.write(&office, after).await?;
    let answer = answer::decision(&issued, &decision.answers);
    step.commit(&office, &without_words(&answer).encode_to_vec(), true).await?;
    Ok(answer)
}

/// For each claim point the precedents that FindPrecedents shows, and what there is of those that were considered.
async fn precedents(step: &mut Step, mark: &str, considered: &[Considered]) -> Result<(Known, Known), Failure> {
    let (case, language) = (step.case(), step.stored.matter.language);
    let marks = precedent_store::marks(&mut step.tx, &case, &step.stored.matter).await?;
    // Of two decisions on one cause that are issued at once, the second sees the first.
    precedent_store::hold(&mut step.tx, &marks).await?;
    let found = precedent_store::shown(&mut step.tx, &case, &marks, language, precedent::LOOKED_AT).await?;
    let shown: Known = found
        .into_iter()
        .map(|(point, shown)| (point, shown.found.into_iter().map(|(_, found)| found).collect()))
        .collect();
    let mut given = Known::new();
    for (point, asked) in precedent_store::asked(&mut step.tx, mark, language, &case.complaint.points).await? {
        let wanted: Vec<(CaseId, String)> =
            considered.iter().filter(|one| one.claim_point == point).map(|one| (one.case, one.point.clone())).collect();
        let mut named = precedent_store::named(&mut step.tx, case.id, &asked, &wanted).await?;
        // As similar as it is shown to be, under whichever motive that is.
        for one in &mut named {
            let same = shown.get(&point).into_iter().flatten().find(|f| f.case == one.case && f.point == one.point);
            one.similarity = same.map_or(one.similarity, |same| same.similarity.max(one.similarity));
        }
        given.insert(point, named);
    }
    Ok((shown, given))
}

/// The text that is signed.
fn compose(office: &Office, case: &Case, issued: &store::Issued, answers: &[Answer]) -> String {
    text(&Facts {
        office: &office.name,
        case: case.id,
        regime: case.regime.id,
        filed_at_entity: case.complaint.filed_at_entity,
        filed_at_office: case.complaint.filed_at_office,
        points: &case.complaint.points,
        answers,
        precedents: &issued.precedents,
        outcome: issued.outcome,
        binding: issued.binding,
        binding_article: &issued.binding_article,
        redress: issued.redress.as_ref(),
        signpost: &issued.signpost,
        issued_by: &issued.issued_by,
        issued_at: issued.issued_at,
        language: issued.language,
    })
}

/// The answer as it is kept: what was written stays in the decision's own tables.
fn without_words(answer: &pb::Decision) -> pb::Decision {
    pb::Decision { points: Vec::new(), precedents: Vec::new(), ..answer.clone() }
}

async fn again(office: &Office, kept: &[u8]) -> Result<pb::Decision, Failure> {
    let kept = pb::Decision::decode(kept).map_err(|_| Failure::Unreadable)?;
    let case = kept.name.strip_suffix("/decision").and_then(|name| CaseId::parse(name).ok());
    let case = case.ok_or(Failure::Unreadable)?;
    let mut connection = office.db.reader().acquire().await?;
    let (issued, answers) = store::get(&mut connection, case).await?.ok_or(Refused::DecisionNotFound)?;
    let told = answer::decision(&issued, &answers);
    Ok(pb::Decision { points: told.points, precedents: told.precedents, ..kept })
}

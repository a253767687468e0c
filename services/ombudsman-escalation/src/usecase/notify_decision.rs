//! Telling the parties the decision; from here on the claimant can read it.

use kernel::{Channel, ResourceId as _};
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::obligation::{Obligation, name};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{BoundBy, DossierKind, ObligationKind, OfficeRole, Outcome, Visibility};
use ombudsman_escalation_domain::{CaseId, Refused, recurrence, review, term};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::document;
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::outcome_to_proto;
use crate::office::Office;
use crate::store::{case, decision, obligation, procedure};

/// Name of the RPC.
pub const METHOD: &str = "NotifyDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// How the claimant was told.
    pub channel: Channel,
}

/// Records the notification, and puts the decision where both parties read it. A review that decides otherwise takes the place of what it
/// reviews from now on; a cause that came again opens once more what had been met for it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.notify_decision", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let reviewed = procedure::review_of(&mut *office.db.reader().acquire().await?, command.change.case).await?;
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin_after(&office, &call, &command.change, seats, reviewed.as_slice()).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().notify()?;
    let (case, now, by) = (after.id, step.now, step.actor.id.clone());
    decision::notify(&mut step.tx, case, command.channel, &by, now).await?;
    let (issued, answers) = decision::get(&mut step.tx, case).await?.ok_or(Refused::DecisionNotFound)?;
    let told_of = decision::Issued { notified_at: Some(now), ..issued };
    let told = answer::decision(&told_of, &answers);
    step.add(&office, Paper::message(DossierKind::Decision, Visibility::Parties, &told));
    let text = decision::document(&mut step.tx, case).await?;
    if let Some(sealed) = text.and_then(|text| document::sealed(&told_of, text.expose())) {
        step.add(&office, Paper::text(DossierKind::Decision, Visibility::Parties, sealed));
    }
    step.say(&office, DossierKind::Notification, Phrase::DecisionTold(command.channel));
    let (ticket, customer) = (after.ticket.name(), after.customer.name());
    step.write(&office, after).await?;
    let notified = pb::DecisionNotified {
        case_name: case.name(),
        ticket,
        customer,
        outcome: outcome_to_proto(told_of.outcome).into(),
        binding: told_of.binding,
    };
    step.note(&office, &notified);
    let confirms = match reviewed {
        Some(reviewed) => !take_place_of(&office, &mut step, reviewed, &answers).await?,
        None => false,
    };
    let effect = procedure::effect(&mut step.tx, case).await?;
    if let Some(term) = step.case().answer_term(effect) {
        let set = answer::term_set(&step.case(), term);
        step.note(&office, &set);
    }
    if step.case().binds_by_law(effect) {
        let bound = answer::decision_bound(&step.case(), BoundBy::Law);
        step.note(&office, &bound);
    }
    // What came again was opened once more by the decision that it confirms.
    if !confirms {
        open_once_more(&office, &mut step, told_of.outcome).await?;
    }
    step.conclude(&office).await
}

/// The decision of the review is in force from now on and the reviewed one no more, unless the review repeats it. Answers
/// whether it took its place.
async fn take_place_of(office: &Office, step: &mut Step, reviewed: CaseId, review: &[Answer]) -> Result<bool, Failure> {
    let stored = case::lock(&mut step.tx, reviewed).await?.ok_or(Refused::CaseNotFound)?;
    let (_, decided) = decision::get(&mut step.tx, reviewed).await?.ok_or(Refused::DecisionNotFound)?;
    let decided = decision::in_force(&mut step.tx, reviewed, decided).await?;
    if review::repeats(review, &decided) {
        return Ok(false);
    }
    let (bench, id) = (step.bench(office), step.stored.case.id);
    bench.supersede(&mut step.tx, stored, id).await?;
    Ok(true)
}

/// What the firm had met for the same cause to another customer is owed once more, when that cause came again. Whose it was is not told here.
async fn open_once_more(office: &Office, step: &mut Step, outcome: Outcome) -> Result<(), Failure> {
    let case = step.case();
    let mut held = None;
    let earlier = loop {
        let met = obligation::met_for_the_cause(&mut step.tx, case.id).await?;
        let Some(last) = recurrence::reopens(outcome, case.complaint.facts_at, met) else { return Ok(()) };
        if held.as_ref() == Some(&last) {
            break last;
        }
        // Another decision that is told at this moment may open it as well: whoever holds it looks again.
        obligation::hold(&mut step.tx, last.case, last.number).await?;
        held = Some(last);
    };
    let due = term::end_after_days(step.now, recurrence::ANSWER_DAYS);
    let told = Phrase::CameAgain { debtor: &earlier.debtor, due };
    let entry = step.say(office, DossierKind::Recommendation, told).entry.sequence;
    let others = obligation::of_case(&mut step.tx, case.id).await?.len();
    let owed = Obligation {
        reopens: Some((earlier.case, earlier.number)),
        ..Obligation::new(ObligationKind::Recommendation, earlier.debtor, entry, (step.now, due)).after(others)
    };
    obligation::insert(&mut step.tx, case.id, &owed).await?;
    let reopened = pb::ObligationReopened {
        case_name: case.id.name(),
        obligation: name(case.id, owed.number),
        earlier_obligation: name(earlier.case, earlier.number),
    };
    step.note(office, &reopened);
    step.note(office, &answer::obligation_set(case.id, &owed));
    Ok(())
}

//! Proposing to refuse a case on a ground of the closed list; the claimant may answer.

use kernel::Personal;
use ombudsman_escalation_domain::admissibility::{Facts, Repetition};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Ground, OfficeRole};
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, prior_contact, repeated, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::case as case_store;

/// Name of the RPC.
pub const METHOD: &str = "ProposeInadmissibility";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The ground.
    pub ground: Ground,
    /// Decided cases that it repeats as the office holds, beside those that are known to be the same affair; of the ground `repeated` alone.
    pub repeats: Vec<CaseId>,
    /// Reasons given to the claimant.
    pub reasons: Personal<String>,
}

/// Proposes the refusal.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.propose_inadmissibility", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let key = &command.change.key;
    // Whether the firm had answered only ticketing knows.
    let answered = match command.ground {
        Ground::NoPriorContact if postgres::answered(&office.db, key).await?.is_none() => {
            let asked = case_store::get(&office.db, command.change.case).await?.ok_or(Refused::CaseNotFound)?;
            prior_contact::answered(&office, &call, &asked.case).await?
        }
        _ => false,
    };
    // Who is one person and what is one affair is asked before anything is locked, and asked of nobody twice.
    let repeats = match command.ground {
        Ground::Repeated if postgres::answered(&office.db, key).await?.is_none() => {
            let asked = case_store::get(&office.db, command.change.case).await?.ok_or(Refused::CaseNotFound)?;
            let mut decided = repeated::decided_before(&office, &call, &asked.case).await?;
            // A review repeats what it reviews; that is what it is for.
            if asked.case.review_of.is_none() {
                decided.extend(repeated::named(&office, &call, &asked.case, &command.repeats).await?);
            }
            Repetition::of(decided.into_iter().map(|decided| (decided.id, decided.at)))
        }
        _ => None,
    };
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step.of_another(&office, &call).await?,
        };
    // Asked for what was there and not answered in time: nothing holds it up any more.
    let past_its_cure = step.case().past_its_cure(step.now);
    if past_its_cure != step.case() {
        step.write(&office, past_its_cure).await?;
    }
    let case = step.case();
    let cure_expired = case.cure.as_ref().is_some_and(|cure| cure.due <= step.now);
    let judged =
        case.cure.as_ref().is_some_and(|cure| cure.asks_for_a_judgement() && (cure.cured_at.is_some() || cure_expired));
    let facts = Facts { repeats, cure_expired, judged, answered };
    let article = case.regime.article(command.ground);
    let after = case.propose_inadmissibility(command.ground, command.reasons.clone(), &facts, step.now)?;
    let repeats = facts.repeats.as_ref().map(|repeats| repeats.cases.as_slice()).unwrap_or_default();
    let proposed = Phrase::RefusalProposed { article, reasons: command.reasons.expose(), repeats };
    step.say(&office, DossierKind::InadmissibilityProposal, proposed);
    step.finish(&office, after).await
}

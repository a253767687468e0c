//! Clocks on cases: when the office must decide, and when that was missed, shown on the case.

use jiff::Timestamp;
use kernel::{Ambient, ResourceId as _, Violations};
use ledger::{Reaction, ReactionError, Received};
use ombudsman_escalation_domain::vocabulary::{Party, TermKind};
use ombudsman_escalation_domain::{CaseId, obligation};
use postgres::Tx;
use server::parse;
use ventanilla_proto::sla::v1::{
    ClockBearer, ClockBreached, ClockMoved, ClockSettled, ClockStarted, PartyTermLapsed, PartyTermSettled,
    PartyTermStarted,
};

use super::{hearings, obligations};
use crate::store::clock::{self, PartyClock};

/// What the monitor calls the time to answer a proposed refusal.
const ALLEGATIONS: &str = "allegations_on_inadmissibility";

/// What it calls the time to complete a complaint.
const CURE: &str = "claimant_cures";

/// Applies sla-monitor's entries about cases; the others are no concern of the office.
pub struct Clocks {
    ambient: Ambient,
}

impl Clocks {
    /// Stamps what follows from an entry with this clock and chance.
    pub const fn new(ambient: Ambient) -> Self {
        Self { ambient }
    }
}

#[tonic::async_trait]
impl Reaction for Clocks {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(started) = entry.payload::<ClockStarted>()? {
            if let Ok(case) = CaseId::parse(&started.subject) {
                let due_at = optional(started.due_time.as_ref())?;
                clock::start(tx, &started.clock, case, &started.rule, &started.stage, due_at).await?;
            }
        } else if let Some(moved) = entry.payload::<ClockMoved>()? {
            if CaseId::parse(&moved.subject).is_ok() {
                clock::set_due(tx, &moved.clock, optional(moved.due_time.as_ref())?).await?;
            }
        } else if let Some(settled) = entry.payload::<ClockSettled>()? {
            if CaseId::parse(&settled.subject).is_ok() {
                let at = optional(settled.settled_time.as_ref())?.unwrap_or(entry.occurred_at());
                clock::settle(tx, &settled.clock, at).await?;
            }
        } else if let Some(breached) = entry.payload::<ClockBreached>()? {
            let at = optional(breached.breached_time.as_ref())?.unwrap_or(entry.occurred_at());
            if CaseId::parse(&breached.subject).is_ok() {
                clock::breach(tx, &breached.clock, at).await?;
            } else if let Some((case, number)) = obligation::parse_name(&breached.subject) {
                obligations::fall_due(tx, &self.ambient, entry, (case, number), at).await?;
            }
        } else if let Some(given) = entry.payload::<PartyTermStarted>()? {
            if let (Ok(case), Some(term)) = (CaseId::parse(&given.subject), party_clock(&given)?) {
                clock::give_party(tx, &given.clock, case, &given.rule, &term).await?;
            }
        } else if let Some(lapsed) = entry.payload::<PartyTermLapsed>()? {
            let at = optional(lapsed.lapse_time.as_ref())?.unwrap_or(entry.occurred_at());
            clock::lapse(tx, &lapsed.clock, at).await?;
            if let (Ok(case), ALLEGATIONS | CURE) = (CaseId::parse(&lapsed.subject), lapsed.stage.as_str()) {
                hearings::over(tx, &self.ambient, entry, case, at).await?;
            }
        } else if let Some(settled) = entry.payload::<PartyTermSettled>()? {
            let at = optional(settled.settled_time.as_ref())?.unwrap_or(entry.occurred_at());
            clock::settle(tx, &settled.clock, at).await?;
        }
        Ok(())
    }
}

/// What a party was given time for; `None` for what this office gives nobody time for.
fn party_clock(given: &PartyTermStarted) -> Result<Option<PartyClock>, ReactionError> {
    let kind = match given.stage.as_str() {
        CURE => TermKind::Cure,
        ALLEGATIONS => TermKind::Allegations,
        "entity_allegations_to_defensor" => TermKind::Statement,
        "reflection_before_acceptance" => TermKind::Reflection,
        "answer_offer" => TermKind::OfferAnswer,
        "claimant_answers_decision" | "firm_answers_decision" => TermKind::DecisionAnswer,
        "refuse_admission" => TermKind::Refusal,
        _ => return Ok(None),
    };
    let bearer = match given.bearer() {
        ClockBearer::Claimant => Party::Claimant,
        ClockBearer::Firm => Party::Firm,
        ClockBearer::Office => Party::Office,
        ClockBearer::House | ClockBearer::Unspecified => return Ok(None),
    };
    let due_at = optional(given.due_time.as_ref())?.ok_or(ReactionError::Undecodable("due_time"))?;
    Ok(Some(PartyClock { kind, bearer, due_at, lapsed_at: None }))
}

fn optional(time: Option<&prost_types::Timestamp>) -> Result<Option<Timestamp>, ReactionError> {
    let mut violations = Violations::new();
    let instant = parse::optional_time(&mut violations, "time", time);
    if violations.is_empty() { Ok(instant) } else { Err(ReactionError::Undecodable("time")) }
}

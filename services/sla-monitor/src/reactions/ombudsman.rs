//! The ledger of the ombudsman's office: cases and their decisions.
//!
//! * A case starts the clock of its regime. A statutory one counts from the presentation to the firm at any door; the
//!   house's own from the day the case reached the office.
//! * Asking for a cure, or proposing a refusal, is a ground that the rule gives its effect; the case going on ends it.
//! * The decision meets the deciding of the case, and of the ticket it came from: the defender's decision is the firm's.
//!   It starts the clock of its notification, where the regime has one.
//! * A reasoned refusal to admit, a rectification that satisfies the claimant and a settlement meet it too; an archived, withdrawn or
//!   forwarded case ends without a verdict, and so does one that was closed while it was stayed.
//! * While a case is stayed the office must abstain: the term to decide stands still.
//! * What the office orders or recommends starts a clock until the instant it gives. The proof meets it at the instant it came, however
//!   long it took to judge it.

use kernel::ResourceId as _;
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use sla_monitor_domain::catalogue::CaseFacts;
use sla_monitor_domain::clock::{Entry, Happening};
use sla_monitor_domain::rule::{Ends, Rule};
use ventanilla_proto::ombudsman::v1 as proto;

use super::effects::{Effects, Start};
use super::{instant, maybe_named, named};
use crate::monitor::Monitor;
use crate::names::{CaseId, CustomerId, TicketId};
use crate::store::affair::{self, Affair};
use crate::store::agent::Seat;

/// Name of the ledger.
pub const SOURCE: &str = "ombudsman-escalation";

/// What happens to clocks by what happens to cases.
pub struct Cases(pub Monitor);

#[tonic::async_trait]
impl Reaction for Cases {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let effects = Effects::of(&self.0, SOURCE, entry);
        if let Some(opened) = entry.payload::<proto::CaseOpened>()? {
            self.opened(tx, &effects, &opened).await
        } else if let Some(moved) = entry.payload::<proto::CaseTransitioned>()? {
            transitioned(tx, &effects, &moved).await
        } else if let Some(issued) = entry.payload::<proto::DecisionIssued>()? {
            self.decided(tx, &effects, entry, &issued).await
        } else if let Some(owed) = entry.payload::<proto::ObligationSet>()? {
            self.owed(tx, &effects, entry, &owed).await
        } else if let Some(met) = entry.payload::<proto::ObligationMet>()? {
            let case: CaseId = named("case_name", &met.case_name)?;
            let done = |rule: &Rule, _: &_| (rule.ends == Ends::ObligationMet).then_some(Happening::Fulfilled);
            effects.happen(tx, case.uuid(), Some(&met.obligation), done).await
        } else if let Ok(case) = CaseId::parse(entry.aggregate()) {
            affair::touch(tx, case.uuid()).await?;
            Ok(())
        } else {
            Ok(())
        }
    }
}

impl Cases {
    async fn opened(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        opened: &proto::CaseOpened,
    ) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &opened.case_name)?;
        let customer: Option<CustomerId> = maybe_named("customer", &opened.customer)?;
        let at_entity = instant("filed_at_entity_time", opened.filed_at_entity_time.as_ref())?;
        let at_office = instant("filed_at_office_time", opened.filed_at_office_time.as_ref())?;
        let affair = Affair {
            id: case.uuid(),
            is_case: true,
            customer: customer.map(kernel::ResourceId::uuid),
            subject_type: "case".to_owned(),
            sector: opened.regime.clone(),
            topic: String::new(),
            department: String::new(),
            first_received: at_entity,
            types: Vec::new(),
            topics: Vec::new(),
            calendar: self.0.law().calendar_of("").id.clone(),
            channel: String::new(),
            severity: String::new(),
            language: String::new(),
            served_first: false,
            received_by: String::new(),
            owner: String::new(),
            seat: Seat::default(),
        };
        let revision = affair::insert(tx, &affair).await?;
        let law = self.0.law_at(tx, revision).await?;
        let calendar = law.calendar_of("");
        let facts = CaseFacts { regime: &affair.sector, received: at_entity };
        let Some(chosen) = law.catalogue.for_case(facts, calendar) else { return Ok(()) };
        let at = if chosen.rule.starts == "first_receipt" { at_entity } else { at_office };
        let entries = vec![Entry { at, what: Happening::Started }];
        let start = Start { rule: chosen.rule, calendar, subject: case.name(), entries };
        effects.start(tx, &affair, vec![start]).await
    }

    async fn owed(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        entry: &Received,
        owed: &proto::ObligationSet,
    ) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &owed.case_name)?;
        let due = instant("due_time", owed.due_time.as_ref())?;
        let stage = match owed.kind() {
            proto::ObligationKind::Order => "comply",
            proto::ObligationKind::Recommendation => "answer_recommendation",
            // Of a newer office, which this one does not count for.
            proto::ObligationKind::Unspecified => return Ok(()),
        };
        let Some(affair) = affair::touch(tx, case.uuid()).await? else {
            return Err(ReactionError::Refused("something owed after a case that was never opened"));
        };
        let law = self.0.law();
        let Some(chosen) = law.catalogue.for_obligation(stage) else { return Ok(()) };
        let affair = Affair { department: owed.department.clone(), ..affair };
        let entries = vec![Entry { at: entry.occurred_at(), what: Happening::StartedUntil(due) }];
        let start =
            Start { rule: chosen.rule, calendar: law.calendar_of(""), subject: owed.obligation.clone(), entries };
        effects.start(tx, &affair, vec![start]).await
    }

    async fn decided(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        entry: &Received,
        issued: &proto::DecisionIssued,
    ) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &issued.case_name)?;
        let ticket: Option<TicketId> = maybe_named("ticket", &issued.ticket)?;
        effects.happen(tx, case.uuid(), None, |rule, _| met_by_decision(rule)).await?;
        if let Some(ticket) = ticket {
            effects.happen(tx, ticket.uuid(), None, |rule, _| met_by_decision(rule)).await?;
        }
        let Some(affair) = affair::touch(tx, case.uuid()).await? else {
            return Err(ReactionError::Refused("a decision of a case that was never opened"));
        };
        let law = self.0.law();
        let calendar = law.calendar_of("");
        let Some(chosen) = law.catalogue.for_decision(&affair.sector, entry.occurred_at(), calendar) else {
            return Ok(());
        };
        let entries = vec![Entry { at: entry.occurred_at(), what: Happening::Started }];
        let start = Start { rule: chosen.rule, calendar, subject: case.name(), entries };
        effects.start(tx, &affair, vec![start]).await
    }
}

async fn transitioned(
    tx: &mut Tx,
    effects: &Effects<'_>,
    moved: &proto::CaseTransitioned,
) -> Result<(), ReactionError> {
    use proto::CaseState as S;
    let case: CaseId = named("case_name", &moved.case_name)?;
    let affair = case.uuid();
    let hindered = |ground: &'static str| {
        move |rule: &Rule, _: &_| rule.effect_of(ground).map(|_| Happening::Hindered(ground.to_owned()))
    };
    match (moved.from_state(), moved.to_state()) {
        (_, S::NeedsCure) => effects.happen(tx, affair, None, hindered("cure")).await,
        (_, S::InadmissibleProposed) => effects.happen(tx, affair, None, hindered("inadmissibility_allegations")).await,
        (_, S::Stayed) => effects.happen(tx, affair, None, hindered("parallel_proceedings")).await,
        (S::Stayed, S::Closed) => {
            let decided_elsewhere = |rule: &Rule, _: &_| (rule.ends == Ends::Decision).then_some(Happening::Cancelled);
            effects.happen(tx, affair, None, decided_elsewhere).await
        }
        // What was missed stays missed; nobody waits for it any more.
        (_, S::Closed) => {
            let given_up = |rule: &Rule, _: &_| (rule.ends == Ends::ObligationMet).then_some(Happening::Cancelled);
            effects.happen(tx, affair, None, given_up).await
        }
        (_, S::Inadmissible | S::Rectified | S::Settled) => {
            effects.happen(tx, affair, None, |rule, _| met_by_decision(rule)).await
        }
        (_, S::ArchivedUncured | S::Withdrawn | S::ForwardedInternally) => {
            effects.happen(tx, affair, None, |_, _| Some(Happening::Cancelled)).await
        }
        (_, S::Notified) => {
            let told = |rule: &Rule, _: &_| (rule.ends == Ends::Notification).then_some(Happening::Fulfilled);
            effects.happen(tx, affair, None, told).await
        }
        (S::NeedsCure | S::InadmissibleProposed | S::Stayed, _) => {
            let goes_on = |rule: &Rule, _: &_| (!rule.effects.is_empty()).then_some(Happening::Unhindered);
            effects.happen(tx, affair, None, goes_on).await
        }
        // Stages of the work inside the office move no term; a state of a newer office is tolerated.
        _ => {
            affair::touch(tx, affair).await?;
            Ok(())
        }
    }
}

fn met_by_decision(rule: &Rule) -> Option<Happening> {
    (rule.ends == Ends::Decision).then_some(Happening::Fulfilled)
}

//! The ledger of the ombudsman's office: cases and their decisions.
//!
//! * A case starts the clock of its regime. A statutory one counts from the presentation to the firm at any door; the
//!   house's own from the day the case reached the office.
//! * Asking for a cure, or proposing a refusal, is a ground that the rule gives its effect; the case going on ends it, and so does the claimant's answer to
//!   a proposed refusal, or the end of their time for it.
//! * The decision meets the deciding of the case, and of the ticket it came from: the defender's decision is the firm's.
//!   It starts the clock of its notification: the regime's, or else the house's own.
//! * A reasoned refusal to admit, a rectification that satisfies the claimant and a settlement meet it too; an archived, withdrawn or
//!   forwarded case ends without a verdict, and so does one that was closed while it was stayed.
//! * A reasoned extension makes the term longer, up to the bound of its rule, where the rule knows one.
//! * While a case is stayed the office must abstain: the term to decide stands still.
//! * A decision that binds the firm starts the time in which the office orders what it asks for; what the firm then misses, the time in which the
//!   office reports it. What is made up for before is not reported.
//! * What the office orders or recommends starts a clock until the instant it gives. The proof meets it at the instant it came, however
//!   long it took to judge it.
//! * A party that the office gives time for something has a clock that is nobody's obligation ([`super::parties`]).
//! * Beside that the house may measure by policies of its own how long the office takes to decide and to notify, and the firm to carry out
//!   what was ordered.

use jiff::Timestamp;
use kernel::ResourceId as _;
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use sla_monitor_domain::case::Event;
use sla_monitor_domain::catalogue::CaseFacts;
use sla_monitor_domain::clock::{Entry, Happening};
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::policy::{Facts, choose_of, opening};
use sla_monitor_domain::{Calendar, Rule};
use ventanilla_proto::ombudsman::v1 as proto;

use super::effects::{Effects, Start};
use super::{instant, maybe_named, named};
use crate::monitor::{Law, Monitor};
use crate::names::{CaseId, CustomerId, TicketId};
use crate::store::affair::{self, Affair};
use crate::store::agent::Seat;
use crate::store::clock::touch_and_lock;

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
        } else if let Some(extended) = entry.payload::<proto::CaseTermExtended>()? {
            let case: CaseId = named("case_name", &extended.case_name)?;
            effects.happen(tx, case.uuid(), None, |rule, _| Event::TermExtended.to_clock_of(rule)).await
        } else if let Some(issued) = entry.payload::<proto::DecisionIssued>()? {
            self.decided(tx, &effects, entry, &issued).await
        } else if let Some(heard) = entry.payload::<proto::HearingEnded>()? {
            let case: CaseId = named("case_name", &heard.case_name)?;
            effects.happen(tx, case.uuid(), None, |rule, _| Event::GoesOn.to_clock_of(rule)).await
        } else if let Some(bound) = entry.payload::<proto::DecisionBound>()? {
            self.bound(tx, &effects, entry, &bound).await
        } else if let Some(overdue) = entry.payload::<proto::ObligationOverdue>()? {
            self.overdue(tx, &effects, entry, &overdue).await
        } else if let Some(reported) = entry.payload::<proto::OverdueReported>()? {
            let case: CaseId = named("case_name", &reported.case_name)?;
            effects.happen(tx, case.uuid(), None, |rule, _| Event::Reported.to_clock_of(rule)).await
        } else if let Some(owed) = entry.payload::<proto::ObligationSet>()? {
            self.owed(tx, &effects, entry, &owed).await
        } else if let Some(met) = entry.payload::<proto::ObligationMet>()? {
            let case: CaseId = named("case_name", &met.case_name)?;
            let done = |rule: &Rule, _: &_| Event::ObligationMet.to_clock_of(rule);
            effects.happen(tx, case.uuid(), Some(&met.obligation), done).await
        } else if let Some(set) = entry.payload::<proto::PartyTermSet>()? {
            effects.give_party(tx, &set).await
        } else if let Some(closed) = entry.payload::<proto::PartyTermClosed>()? {
            effects.close_party(tx, &closed).await
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
            skills: Vec::new(),
        };
        let revision = affair::insert(tx, &affair).await?;
        let law = self.0.law_at(tx, revision).await?;
        let calendar = law.calendar_of("");
        let facts = CaseFacts { regime: &affair.sector, received: at_entity };
        let by_regime = law.catalogue.for_case(facts, calendar).map(|chosen| {
            let at = if chosen.rule.starts == "first_receipt" { at_entity } else { at_office };
            let entries = vec![Entry { at, what: Happening::Started }];
            Start { rule: chosen.rule, calendar, subject: case.name(), entries }
        });
        let metrics = [Metric::DecideCase, Metric::NotifyDecision];
        let own = chosen_by_the_house(&law, &metrics, &Facts::of_case(&affair.sector, "", at_office));
        let own = own.into_iter().map(|(rule, calendar)| {
            let entries = vec![opening(rule, at_office, "")];
            Start { rule, calendar, subject: case.name(), entries }
        });
        effects.start(tx, &affair, by_regime.into_iter().chain(own).collect()).await
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
            proto::ObligationKind::Order | proto::ObligationKind::Settlement => "comply",
            proto::ObligationKind::Recommendation => "answer_recommendation",
            // Of a newer office, which this one does not count for.
            proto::ObligationKind::Unspecified => return Ok(()),
        };
        let Some(affair) = affair::touch(tx, case.uuid()).await? else {
            return Err(ReactionError::Refused("something owed after a case that was never opened"));
        };
        let law = self.0.law_now(tx).await?;
        let affair = Affair { department: owed.department.clone(), ..affair };
        let (at, subject) = (entry.occurred_at(), || owed.obligation.clone());
        let by_the_office = law.catalogue.for_obligation(stage).map(|chosen| {
            let entries = vec![Entry { at, what: Happening::StartedUntil(due) }];
            Start { rule: chosen.rule, calendar: law.calendar_of(""), subject: subject(), entries }
        });
        let metrics: &[Metric] = if owed.kind() == proto::ObligationKind::Order { &[Metric::Comply] } else { &[] };
        let own = chosen_by_the_house(&law, metrics, &Facts::of_case(&affair.sector, &affair.department, at));
        let own = own.into_iter().map(|(rule, calendar)| {
            let entries = vec![Entry { at, what: Happening::Started }];
            Start { rule, calendar, subject: subject(), entries }
        });
        effects.start(tx, &affair, by_the_office.into_iter().chain(own).collect()).await
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
        effects.happen(tx, case.uuid(), None, |rule, _| Event::Decided.to_clock_of(rule)).await?;
        if let Some(ticket) = ticket {
            effects.happen(tx, ticket.uuid(), None, |rule, _| Event::Decided.to_clock_of(rule)).await?;
        }
        self.office_owes(tx, effects, case, ("notify_decision", entry.occurred_at())).await
    }

    async fn bound(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        entry: &Received,
        bound: &proto::DecisionBound,
    ) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &bound.case_name)?;
        self.office_owes(tx, effects, case, ("order_compliance", entry.occurred_at())).await
    }

    /// Starts the time that the office has, by its regime or its own rulebook, for this stage with a decision.
    async fn office_owes(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        case: CaseId,
        (stage, since): (&str, Timestamp),
    ) -> Result<(), ReactionError> {
        let Some(affair) = affair::touch(tx, case.uuid()).await? else {
            return Err(ReactionError::Refused("a decision of a case that was never opened"));
        };
        let law = self.0.law();
        let calendar = law.calendar_of("");
        let Some(chosen) = law.catalogue.for_decision(stage, &affair.sector, since, calendar) else { return Ok(()) };
        let entries = vec![Entry { at: since, what: Happening::Started }];
        let start = Start { rule: chosen.rule, calendar, subject: case.name(), entries };
        effects.start(tx, &affair, vec![start]).await
    }

    /// What was ordered or agreed was missed, which the office reports. Recommendations are answered or not, and nobody reports them.
    async fn overdue(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        entry: &Received,
        overdue: &proto::ObligationOverdue,
    ) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &overdue.case_name)?;
        let Some(affair) = affair::touch(tx, case.uuid()).await? else {
            return Err(ReactionError::Refused("something missed after a case that was never opened"));
        };
        let reported = matches!(overdue.kind(), proto::ObligationKind::Order | proto::ObligationKind::Settlement);
        let law = self.0.law_now(tx).await?;
        let Some(chosen) = law.catalogue.for_obligation("report_overdue").filter(|_| reported) else { return Ok(()) };
        let running = touch_and_lock(tx, case.uuid(), Some(&overdue.obligation), None).await?;
        if running.iter().any(|clock| clock.rule == chosen.rule.id) {
            // It was told before.
            return Ok(());
        }
        // Since it is known: a proof that was awaiting judgement when the time was over may yet have held.
        let entries = vec![Entry { at: entry.occurred_at(), what: Happening::Started }];
        let calendar = law.calendar_of("");
        let start = Start { rule: chosen.rule, calendar, subject: overdue.obligation.clone(), entries };
        effects.start(tx, &affair, vec![start]).await
    }
}

/// The house's policies of these metrics that hold, with the calendars they count on.
fn chosen_by_the_house<'a>(law: &'a Law, metrics: &[Metric], facts: &Facts) -> Vec<(&'a Rule, &'a Calendar)> {
    let chosen = choose_of(metrics, law.policies.iter().map(|rule| &**rule), facts);
    let calendar = |rule: &Rule| {
        let named = rule.measure.as_ref().and_then(|measure| measure.calendar.as_deref());
        &**named.and_then(|id| law.calendar(id)).unwrap_or_else(|| law.calendar_of(&facts.department))
    };
    chosen.into_iter().map(|chosen| (chosen.rule, calendar(chosen.rule))).collect()
}

async fn transitioned(
    tx: &mut Tx,
    effects: &Effects<'_>,
    moved: &proto::CaseTransitioned,
) -> Result<(), ReactionError> {
    let case: CaseId = named("case_name", &moved.case_name)?;
    match event(moved.from_state(), moved.to_state()) {
        Some(event) => effects.happen(tx, case.uuid(), None, |rule, _| event.to_clock_of(rule)).await,
        None => {
            affair::touch(tx, case.uuid()).await?;
            Ok(())
        }
    }
}

/// What a transition is to clocks. Stages of the work inside the office move none; a state of a newer office is tolerated.
const fn event(from: proto::CaseState, to: proto::CaseState) -> Option<Event> {
    use proto::CaseState as S;
    Some(match (from, to) {
        (_, S::NeedsCure) => Event::NeedsCure,
        (_, S::InadmissibleProposed) => Event::RefusalProposed,
        (_, S::Stayed) => Event::Stayed,
        (S::Stayed, S::Closed) => Event::ClosedWhileStayed,
        (_, S::Closed) => Event::Closed,
        (_, S::Inadmissible | S::Rectified | S::Settled) => Event::EndedOtherwise,
        (_, S::ArchivedUncured | S::Withdrawn | S::ForwardedInternally) => Event::GivenUp,
        (_, S::Notified) => Event::Notified,
        (_, S::Compliance) => Event::Ordered,
        (S::NeedsCure | S::InadmissibleProposed | S::Stayed, _) => Event::GoesOn,
        _ => return None,
    })
}

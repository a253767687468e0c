//! Time that the office gives a party to a case, and what becomes of it.

use kernel::ResourceId as _;
use ledger::{Draft, ReactionError, append};
use postgres::{StoreError, Tx};
use sla_monitor_domain::clock::{Entry, Happening, Terms, Unreplayable};
use sla_monitor_domain::party::{Stage, given, stands};
use sla_monitor_domain::replay;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as proto;

use super::effects::Effects;
use super::{instant, maybe_named, named};
use crate::grpc::present;
use crate::names::{CaseId, ClockId, CustomerId};
use crate::store::affair;
use crate::store::clock::Stored;
use crate::store::party::{self, NewTerm};

/// What a rule calls that time; `None` for what a newer office gives time for, which this one does not count.
const fn stage(kind: office::PartyTermKind, bearer: office::Party) -> Option<&'static str> {
    use office::PartyTermKind as K;
    Some(match kind {
        K::Unspecified => return None,
        K::Cure => "claimant_cures",
        K::Allegations => "allegations_on_inadmissibility",
        K::Statement => "entity_allegations_to_defensor",
        K::Reflection => "reflection_before_acceptance",
        K::OfferAnswer => "answer_offer",
        K::Refusal => "refuse_admission",
        K::DecisionAnswer => match bearer {
            office::Party::Firm => "firm_answers_decision",
            office::Party::Claimant | office::Party::Office | office::Party::Unspecified => "claimant_answers_decision",
        },
    })
}

impl Effects<'_> {
    /// A party has time from here on.
    pub(super) async fn give_party(&self, tx: &mut Tx, set: &office::PartyTermSet) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &set.case_name)?;
        let customer: Option<CustomerId> = maybe_named("customer", &set.customer)?;
        let over_at = instant("due_time", set.due_time.as_ref())?;
        let Some(affair) = affair::touch(tx, case.uuid()).await? else {
            return Err(ReactionError::Refused("time given in a case that was never opened"));
        };
        let Some(stage) = stage(set.kind(), set.bearer()) else { return Ok(()) };
        let law = self.monitor.law_now(tx).await?;
        let (calendar, at) = (law.calendar_of(""), self.stamp.occurred_at);
        let Some(chosen) = law.catalogue.for_party(stage, &affair.sector, at, calendar) else { return Ok(()) };
        let terms = Terms { rule: chosen.rule, calendar };
        let start = Entry { at, what: given(terms, at, over_at) };
        let uncounted = |_: Unreplayable| ReactionError::Refused("no due instant");
        let replayed = replay(std::slice::from_ref(&start), terms).map_err(uncounted)?;
        let thresholds = replayed.thresholds(terms).map_err(|error| uncounted(error.into()))?;
        let due = replayed.state.due().ok_or(ReactionError::Refused("no due instant"))?;
        let id = self.new_id();
        let term = NewTerm {
            id,
            case,
            customer: customer.map(kernel::ResourceId::uuid),
            rule: &chosen.rule.id,
            rule_version: chosen.rule.version,
            law_version: law.version,
            bearer: chosen.rule.bearer.as_str(),
            stage,
            calendar: &calendar.id,
            calendar_version: &calendar.version,
            start: &start,
            due,
            thresholds: &thresholds,
        };
        party::open(tx, &term, self.cause(), self.monitor.due.late_entry_quiet_ms).await?;
        let clock = ClockId::from_uuid(id).name();
        let payload = proto::PartyTermStarted {
            clock: clock.clone(),
            subject: case.name(),
            customer: set.customer.clone(),
            rule: chosen.rule.id.clone(),
            stage: stage.to_owned(),
            bearer: present::bearer(chosen.rule.bearer).into(),
            origin_time: Some(present::time(at)),
            due_time: Some(present::time(due)),
        };
        append(tx, &[Draft::new(self.new_id(), clock, &payload, &self.stamp)]).await?;
        Ok(())
    }

    /// A party used its time, or what it was for is over.
    pub(super) async fn close_party(&self, tx: &mut Tx, closed: &office::PartyTermClosed) -> Result<(), ReactionError> {
        let case: CaseId = named("case_name", &closed.case_name)?;
        affair::touch(tx, case.uuid()).await?;
        for bearer in [office::Party::Claimant, office::Party::Firm] {
            let Some(stage) = stage(closed.kind(), bearer) else { return Ok(()) };
            if let Some(clock) = party::lock_open(tx, case, stage).await? {
                return self.end_party(tx, &clock, closed.used).await;
            }
        }
        Ok(())
    }

    async fn end_party(&self, tx: &mut Tx, clock: &Stored, used: bool) -> Result<(), ReactionError> {
        let (rule, calendar) = self.monitor.terms_in(tx, &clock.pinned()).await?;
        let terms = Terms { rule: &rule, calendar: &calendar };
        let broken = |_: Unreplayable| ReactionError::from(StoreError::corrupt("clock_entry", "kind", clock.id));
        let at = self.stamp.occurred_at;
        let before = stands(&replay(&clock.entries, terms).map_err(broken)?, terms, at);
        let entry = Entry { at, what: if used { Happening::Fulfilled } else { Happening::Cancelled } };
        let mut entries = clock.entries.clone();
        entries.push(entry.clone());
        let replayed = replay(&entries, terms).map_err(broken)?;
        let after = stands(&replayed, terms, at);
        let seq = i32::try_from(entries.len()).unwrap_or(i32::MAX);
        party::change(tx, clock.id, (seq, &entry), after, self.cause()).await?;
        let name = ClockId::from_uuid(clock.id).name();
        let customer = clock.customer.map(|id| CustomerId::from_uuid(id).name()).unwrap_or_default();
        let mut drafts = Vec::new();
        // Over before what ended it, and not told by now.
        let newly_over = replayed.breach_by(at).is_some() && party::note_over(tx, clock).await?;
        if let (true, Some(lapse)) = (newly_over, after.lapsed) {
            let payload = proto::PartyTermLapsed {
                clock: name.clone(),
                subject: clock.subject.clone(),
                customer: customer.clone(),
                rule: rule.id.clone(),
                stage: rule.stage.clone(),
                bearer: present::bearer(rule.bearer).into(),
                lapse_time: Some(present::time(lapse)),
            };
            drafts.push(Draft::new(self.new_id(), name.clone(), &payload, &self.stamp.clone().occurred(lapse)));
        }
        let given_only_now = newly_over && after.lapsed.is_none();
        if after.stage != Stage::Lapsed && (before.stage != after.stage || given_only_now) {
            let payload = proto::PartyTermSettled {
                clock: name.clone(),
                subject: clock.subject.clone(),
                customer,
                stage: rule.stage.clone(),
                bearer: present::bearer(rule.bearer).into(),
                state: present::party_state(after).into(),
                settled_time: after.stage.settled().map(present::time),
                lapse_time: after.lapsed.map(present::time),
            };
            drafts.push(Draft::new(self.new_id(), name, &payload, &self.stamp));
        }
        append(tx, &drafts).await?;
        Ok(())
    }
}

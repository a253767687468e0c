//! The ledger of ticketing: affairs, their states, messages and promises.
//!
//! * An affair starts a clock for every rule that holds on the day of its first receipt, counted from that receipt.
//! * Resolved, or refused with reasons: meets what is to be resolved, answered or decided. Cancelled by the customer: the
//!   clocks fall away, those of promises too.
//! * Waiting moves a clock only where its rule names the reason as a ground; otherwise the customer's time goes on.
//! * Work taken up again ends the waiting; on a resolved affair it is a reopening. Where the customer was asked for something and said nothing, it is as if
//!   nobody had asked.
//! * A holding reply lengthens what its law lets it lengthen.
//! * The first message to the customer meets what asks for a first answer.
//! * The house's own policies are moved by more: what the customer says, who works on it, what department has it.
//! * Filed as something else, an affair owes what it owed and what that obliges to, from the same first receipt; another sector is another law.
//! * Split off another, it takes over first receipt and history.
//! * What brought it about is what was stated last, whenever that was: it moves no clock.
//! * Its open clocks are of the team and the manager of whoever has it, and move with it; so they do where that person changes to another team.
//! * They are of the queue it waits in, which its department, the skills asked for its topic, and its language make; and move with each of these.

use std::collections::HashMap;

use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use sla_monitor_domain::affair::{Event, Happened};
use sla_monitor_domain::clock::{Entry, Happening};
use sla_monitor_domain::policy::choose;
use sla_monitor_domain::{Calendar, Rule};
use ventanilla_proto::ticketing::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

use super::effects::{Effects, Start, write_all};
use super::{instant, maybe_named, named};
use crate::monitor::{Law, Monitor};
use crate::names::{CustomerId, Subject, TicketId};
use crate::policy;
use crate::store::affair::{self, Affair};
use crate::store::agent::{self, Seat};
use crate::store::{clock, queue};
use kernel::{ActorKind, ResourceId as _};

/// Name of the ledger.
pub const SOURCE: &str = "ticketing";

/// The ground by which rules know that a customer was answered for the time being.
const HOLDING_REPLY: &str = "holding_reply";

/// The reason ticketing gives where work goes on though the customer was asked to complete an affair and has said nothing.
const CURE_WITHDRAWN: &str = "cure_withdrawn";

/// The reason ticketing gives for a new owner who is the superior that was asked for; it said so by nothing else before.
const SUPERVISOR_CAME: &str = "supervisor_called";

/// What happens to clocks by what happens to affairs.
pub struct Affairs(pub Monitor);

#[tonic::async_trait]
impl Reaction for Affairs {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let effects = Effects::of(&self.0, SOURCE, entry);
        if let Some(opened) = entry.payload::<proto::TicketOpened>()? {
            self.opened(tx, &effects, &opened).await
        } else if let Some(moved) = entry.payload::<proto::TicketTransitioned>()? {
            transitioned(tx, &effects, &moved).await
        } else if let Some(message) = entry.payload::<proto::MessageAdded>()? {
            // What the house says by itself, that it will be late for one, is no answer.
            let by_itself = entry.actor().kind == ActorKind::System;
            said(tx, &effects, &message, by_itself).await
        } else if let Some(promise) = entry.payload::<proto::PromiseMade>()? {
            self.promised(tx, &effects, entry, &promise).await
        } else if let Some(settled) = entry.payload::<proto::PromiseSettled>()? {
            promise_settled(tx, &effects, &settled).await
        } else if let Some(filed) = entry.payload::<proto::TicketReclassified>()? {
            self.reclassified(tx, &effects, &filed).await
        } else if let Some(handed) = entry.payload::<proto::TicketAssigned>()? {
            assigned(tx, &effects, &handed).await
        } else if let Some(asked) = entry.payload::<proto::SupervisorCalled>()? {
            called(tx, &effects, &asked).await
        } else if let Some(sent) = entry.payload::<proto::HoldingReplySent>()? {
            let ticket: TicketId = named("ticket", &sent.ticket)?;
            effects.befall(tx, ticket.uuid(), Event::Extended(HOLDING_REPLY.to_owned())).await
        } else if let Some(stated) = entry.payload::<proto::RootCauseStated>()? {
            cause_stated(tx, &stated).await
        } else if let Some(put) = entry.payload::<proto::AgentPut>()? {
            agent_put(tx, &put).await
        } else if let Some(put) = entry.payload::<proto::QueuePut>()? {
            queue_put(tx, &put).await
        } else if let Ok(ticket) = TicketId::parse(entry.aggregate()) {
            affair::touch(tx, ticket.uuid()).await?;
            Ok(())
        } else {
            Ok(())
        }
    }

    fn runs(&self, entry: &Received) -> bool {
        // An affair that was split off another needs what was written of that one.
        matches!(entry.payload::<proto::TicketOpened>(), Ok(Some(opened)) if opened.split_from.is_empty())
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        let mut opened = Vec::with_capacity(run.len());
        for Applying { entry, span } in run {
            let payload = entry.payload::<proto::TicketOpened>()?.ok_or(ReactionError::Undecodable("type"))?;
            opened.push((span.in_scope(|| Effects::of(&self.0, SOURCE, entry)), payload));
        }
        self.opened_together(tx, &opened).await
    }
}

impl Affairs {
    async fn opened(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        opened: &proto::TicketOpened,
    ) -> Result<(), ReactionError> {
        let parent: Option<TicketId> = maybe_named("split_from", &opened.split_from)?;
        let parent = match parent {
            Some(parent) => affair::get(&mut **tx, parent.uuid()).await?,
            None => None,
        };
        let skills = queue::skills(tx, &opened.department, &opened.topic).await?;
        let mut affair = self.affair(opened, (agent::seat(tx, &opened.owner).await?, skills))?;
        if let Some(parent) = &parent {
            // What was asked for in one affair is owed the same in two.
            add_new(&mut affair.types, &parent.types);
            add_new(&mut affair.topics, &parent.topics);
            affair.received_by.clone_from(&parent.received_by);
            if !parent.calendar.is_empty() {
                affair.calendar.clone_from(&parent.calendar);
            }
        }
        let revision = affair::insert(tx, &affair).await?;
        let law = self.0.law_at(tx, revision).await?;
        let history = match &parent {
            Some(parent) => {
                affair::inherit(tx, affair.id, parent.id).await?;
                affair::history(tx, affair.id).await?
            }
            None => Vec::new(),
        };
        effects.start(tx, &affair, starts_of(&law, &affair, &history)).await?;
        match parent {
            // Split off into another department: from there it was handed over.
            Some(parent) if parent.department != affair.department => {
                let over = Event::HandedOver { from: parent.department, to: affair.department };
                effects.befall(tx, affair.id, over).await
            }
            _ => Ok(()),
        }
    }

    /// Affairs that were opened one after the other, none of them split off another.
    async fn opened_together(
        &self,
        tx: &mut Tx,
        opened: &[(Effects<'_>, proto::TicketOpened)],
    ) -> Result<(), ReactionError> {
        let mut owners: Vec<String> = opened.iter().map(|(_, opened)| opened.owner.clone()).collect();
        owners.retain(|owner| !owner.is_empty());
        let seats = if owners.is_empty() { HashMap::new() } else { agent::seats(tx, &owners).await? };
        let seat_of = |owner: &str| seats.get(owner).cloned().unwrap_or_default();
        let topic_of = |opened: &proto::TicketOpened| (opened.department.clone(), opened.topic.clone());
        let topics: Vec<(String, String)> = opened.iter().map(|(_, opened)| topic_of(opened)).collect();
        let skills = queue::skills_of(tx, &topics).await?;
        let skills_of = |opened: &proto::TicketOpened| skills.get(&topic_of(opened)).cloned().unwrap_or_default();
        let affairs = opened.iter().map(|(_, opened)| self.affair(opened, (seat_of(&opened.owner), skills_of(opened))));
        let affairs = affairs.collect::<Result<Vec<Affair>, _>>()?;
        let revision = affair::insert_all(tx, &affairs).await?;
        let law = self.0.law_at(tx, revision).await?;
        let begun = opened
            .iter()
            .zip(&affairs)
            .map(|((effects, _), affair)| Ok((effects, effects.begin(affair, starts_of(&law, affair, &[]))?)));
        write_all(tx, begun.collect::<Result<_, ReactionError>>()?).await
    }

    /// An affair as it was opened.
    fn affair(
        &self,
        opened: &proto::TicketOpened,
        (seat, skills): (Seat, Vec<String>),
    ) -> Result<Affair, ReactionError> {
        let ticket: TicketId = named("ticket", &opened.ticket)?;
        let customer: Option<CustomerId> = maybe_named("customer", &opened.customer)?;
        let filed_as = policy::ticket_type(opened.ticket_type()).to_owned();
        Ok(Affair {
            id: ticket.uuid(),
            is_case: false,
            customer: customer.map(kernel::ResourceId::uuid),
            subject_type: filed_as.clone(),
            sector: opened.sector.clone(),
            topic: opened.topic.clone(),
            department: opened.department.clone(),
            first_received: instant("first_received_time", opened.first_received_time.as_ref())?,
            types: vec![filed_as],
            topics: vec![opened.topic.clone()],
            calendar: self.0.law().calendar_of(&opened.department).id.clone(),
            channel: policy::channel(opened.channel).to_owned(),
            severity: policy::severity(opened.severity()).to_owned(),
            language: policy::language(opened.language).to_owned(),
            served_first: opened.served_first,
            received_by: opened.department.clone(),
            owner: opened.owner.clone(),
            seat,
            skills,
        })
    }

    async fn reclassified(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        filed: &proto::TicketReclassified,
    ) -> Result<(), ReactionError> {
        let ticket: TicketId = named("ticket", &filed.ticket)?;
        let affair = affair::get(&mut **tx, ticket.uuid()).await?;
        let mut affair = affair.ok_or(ReactionError::Refused("another filing of a ticket that was never opened"))?;
        let other_law = affair.sector != filed.sector;
        policy::ticket_type(filed.ticket_type()).clone_into(&mut affair.subject_type);
        policy::severity(filed.severity()).clone_into(&mut affair.severity);
        affair.sector.clone_from(&filed.sector);
        affair.topic.clone_from(&filed.topic);
        affair.skills = queue::skills(tx, &affair.department, &affair.topic).await?;
        let (subject_type, topic) = (affair.subject_type.clone(), affair.topic.clone());
        add_new(&mut affair.types, &[subject_type]);
        add_new(&mut affair.topics, &[topic]);
        let revision = affair::refile(tx, &affair, effects.stamp.occurred_at).await?;
        let law = self.0.law_at(tx, revision).await?;
        effects.refile(tx, &law, &affair, other_law).await
    }

    async fn promised(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        entry: &Received,
        made: &proto::PromiseMade,
    ) -> Result<(), ReactionError> {
        let subject = Subject::parse(&made.promise).map_err(|_| ReactionError::Undecodable("promise"))?;
        if !made.term_clock.is_empty() {
            // A term whose clock runs already: a second one would count it twice.
            affair::touch(tx, subject.affair()).await?;
            return Ok(());
        }
        let due = instant("due_time", made.due_time.as_ref())?;
        let affair = affair::touch(tx, subject.affair()).await?;
        let affair = affair.ok_or(ReactionError::Refused("a promise of a ticket that was never opened"))?;
        let law = self.0.law();
        let Some(chosen) = law.catalogue.for_promise() else { return Ok(()) };
        let start = Start {
            rule: chosen.rule,
            calendar: law.calendar_of(&affair.department),
            subject: subject.name(),
            entries: vec![Entry { at: entry.occurred_at(), what: Happening::StartedUntil(due) }],
        };
        effects.start(tx, &affair, vec![start]).await
    }
}

async fn transitioned(
    tx: &mut Tx,
    effects: &Effects<'_>,
    moved: &proto::TicketTransitioned,
) -> Result<(), ReactionError> {
    use proto::TicketState as S;
    let ticket: TicketId = named("ticket", &moved.ticket)?;
    let affair = ticket.uuid();
    match (moved.from_state(), moved.to_state()) {
        (_, S::Resolved | S::Rejected) => effects.befall(tx, affair, Event::Resolved).await,
        (_, S::Cancelled) => effects.befall(tx, affair, Event::Cancelled).await,
        (_, S::Pending) => effects.befall(tx, affair, Event::Waits(moved.reason.clone())).await,
        (_, S::Held) => effects.befall(tx, affair, Event::Held(moved.reason.clone())).await,
        (S::Resolved, S::InProgress) => effects.befall(tx, affair, Event::Reopened).await,
        // The customer has said nothing: no time was given.
        (S::Pending, S::InProgress) if moved.reason == CURE_WITHDRAWN => {
            effects.befall(tx, affair, Event::Withdrawn).await
        }
        // Begun, or taken up again.
        (_, S::InProgress) => effects.befall(tx, affair, Event::Works).await,
        // An affair closed after its resolution: no clock is about that. A state of a newer ticketing is tolerated.
        (_, S::Unspecified | S::Acknowledged | S::Closed) => {
            affair::touch(tx, affair).await?;
            Ok(())
        }
    }
}

/// Adds the words that are not there yet.
fn add_new(words: &mut Vec<String>, more: &[String]) {
    for word in more {
        if !words.contains(word) {
            words.push(word.clone());
        }
    }
}

async fn said(
    tx: &mut Tx,
    effects: &Effects<'_>,
    message: &proto::MessageAdded,
    by_itself: bool,
) -> Result<(), ReactionError> {
    let ticket: TicketId = named("ticket", &message.ticket)?;
    let public = message.visibility() == proto::MessageVisibility::Public;
    let event = match message.direction() {
        Direction::Outbound if public && !by_itself => match &message.explanation {
            Some(explanation) => Event::Explained { signposts: explanation.signposts },
            None => Event::Answered,
        },
        Direction::Inbound if public => Event::CustomerWrote,
        Direction::Unspecified | Direction::Outbound | Direction::Inbound => {
            affair::touch(tx, ticket.uuid()).await?;
            return Ok(());
        }
    };
    effects.befall(tx, ticket.uuid(), event).await
}

/// A superior was asked for.
async fn called(tx: &mut Tx, effects: &Effects<'_>, called: &proto::SupervisorCalled) -> Result<(), ReactionError> {
    let ticket: TicketId = named("ticket", &called.ticket)?;
    let event = if called.supervisor.is_empty() { Event::SuperiorAwaited } else { Event::SuperiorCame };
    effects.befall(tx, ticket.uuid(), event).await
}

/// Handed to somebody, and to another department maybe. The calendar its clocks count on stays.
async fn assigned(tx: &mut Tx, effects: &Effects<'_>, assigned: &proto::TicketAssigned) -> Result<(), ReactionError> {
    let ticket: TicketId = named("ticket", &assigned.ticket)?;
    // One that was never opened has nothing to wait with.
    let waits_in = match affair::get(&mut **tx, ticket.uuid()).await? {
        Some(affair) => {
            let skills = queue::skills(tx, &assigned.to_department, &affair.topic).await?;
            Affair { department: assigned.to_department.clone(), skills, ..affair }.queue()
        }
        None => String::new(),
    };
    affair::hand_over(tx, ticket.uuid(), (&assigned.to_department, &waits_in), &assigned.owner).await?;
    let (from, to) = (assigned.from_department.clone(), assigned.to_department.clone());
    let comes = (assigned.to_superior || assigned.reason == SUPERVISOR_CAME).then_some(Event::SuperiorCame);
    let goes = (!from.is_empty() && from != to).then_some(Event::HandedOver { from, to });
    if comes.is_none() && goes.is_none() {
        affair::touch(tx, ticket.uuid()).await?;
    }
    for event in comes.into_iter().chain(goes) {
        effects.befall(tx, ticket.uuid(), event).await?;
    }
    Ok(())
}

/// What brought an affair about. It is an entry about the affair like others.
async fn cause_stated(tx: &mut Tx, stated: &proto::RootCauseStated) -> Result<(), ReactionError> {
    let ticket: TicketId = named("ticket", &stated.ticket)?;
    let cause = stated.cause.strip_prefix("causes/").filter(|cause| !cause.is_empty());
    let cause = cause.ok_or(ReactionError::Undecodable("cause"))?;
    affair::touch(tx, ticket.uuid()).await?;
    Ok(affair::brought_about_by(tx, ticket.uuid(), cause).await?)
}

/// Who works for which team, and under whom.
async fn agent_put(tx: &mut Tx, put: &proto::AgentPut) -> Result<(), ReactionError> {
    let id = agent_id("agent", &put.agent)?;
    let manager = if put.manager.is_empty() { "" } else { agent_id("manager", &put.manager)? };
    let seat = Seat { team: put.team.clone(), manager: manager.to_owned() };
    Ok(agent::put(tx, id, &seat).await?)
}

/// What a department asks of who takes its affairs.
async fn queue_put(tx: &mut Tx, put: &proto::QueuePut) -> Result<(), ReactionError> {
    let department = put.queue.strip_prefix("queues/").filter(|department| !department.is_empty());
    let department = department.ok_or(ReactionError::Undecodable("queue"))?;
    let rules: Vec<queue::Rule> = put.rules.iter().map(|rule| (rule.topic.clone(), rule.skill.clone())).collect();
    Ok(queue::put(tx, department, &rules).await?)
}

/// The id that owners of affairs are told by.
fn agent_id<'a>(field: &'static str, name: &'a str) -> Result<&'a str, ReactionError> {
    let id = name.strip_prefix("agents/").filter(|id| !id.is_empty());
    id.ok_or(ReactionError::Undecodable(field))
}

/// The clocks of a new affair to which all this has happened.
fn starts_of<'a>(law: &'a Law, affair: &Affair, history: &[Happened]) -> Vec<Start<'a>> {
    let subject = TicketId::from_uuid(affair.id).name();
    let chosen = chosen_for(law, affair).into_iter();
    let start = |(rule, calendar)| {
        Start::with_history(rule, calendar, subject.clone(), (affair, history, affair.first_received))
    };
    chosen.filter_map(start).collect()
}

/// Rules and calendars of an affair: law by all it was filed as, and the house's policies by what it is.
pub(super) fn chosen_for<'a>(law: &'a Law, affair: &Affair) -> Vec<(&'a Rule, &'a Calendar)> {
    let counted_on = law.calendar(&affair.calendar).unwrap_or_else(|| law.calendar_of(&affair.department));
    let by_law = law.catalogue.for_affair(affair.filed(), counted_on).into_iter().map(|chosen| chosen.rule);
    let own = choose(law.policies.iter().map(|rule| &**rule), &affair.facts()).into_iter().map(|chosen| chosen.rule);
    let calendar = |rule: &Rule| {
        let named = rule.measure.as_ref().and_then(|measure| measure.calendar.as_deref());
        named.and_then(|id| law.calendar(id)).unwrap_or(counted_on)
    };
    by_law.chain(own).map(|rule| (rule, &**calendar(rule))).collect()
}

async fn promise_settled(
    tx: &mut Tx,
    effects: &Effects<'_>,
    settled: &proto::PromiseSettled,
) -> Result<(), ReactionError> {
    use proto::PromiseState as S;
    let subject = Subject::parse(&settled.promise).map_err(|_| ReactionError::Undecodable("promise"))?;
    let (what, outcome) = match settled.state() {
        S::Kept => (Happening::Fulfilled, "kept"),
        S::Renegotiated => (Happening::Cancelled, "renegotiated"),
        S::Lapsed => (Happening::Cancelled, "lapsed"),
        S::BrokenAnnounced => (Happening::Forfeited, "broken_announced"),
        S::BrokenSilent => (Happening::Forfeited, "broken_silent"),
        S::BrokenUnreported => (Happening::Forfeited, "broken_unreported"),
        S::Unspecified | S::Made | S::AtRisk => {
            affair::touch(tx, subject.affair()).await?;
            return Ok(());
        }
    };
    effects.happen(tx, subject.affair(), Some(&subject.name()), move |_, _| Some(what.clone())).await?;
    Ok(clock::promise_ended(tx, &subject.name(), outcome).await?)
}

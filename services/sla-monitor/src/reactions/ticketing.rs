//! The ledger of ticketing: affairs, their states, messages and promises.
//!
//! * An affair starts a clock for every rule that holds on the day of its first receipt, counted from that receipt.
//! * Resolved, or refused with reasons: meets what is to be resolved, answered or decided. Cancelled by the customer: the
//!   clocks fall away, those of promises too.
//! * Waiting moves a clock only where its rule names the reason as a ground; otherwise the customer's time goes on.
//! * Work taken up again ends the waiting; on a resolved affair it is a reopening.
//! * The first message to the customer meets what asks for a first answer.
//! * Filed as something else, an affair owes what it owed and what that obliges to, from the same first receipt; another sector is another law.
//! * Split off another, it takes over first receipt and history.

use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use sla_monitor_domain::affair::Event;
use sla_monitor_domain::catalogue::Filed;
use sla_monitor_domain::clock::Happening;
use ventanilla_proto::ticketing::v1 as proto;
use ventanilla_proto::r#type::v1::Direction;

use super::effects::{Effects, MET, OPEN, RUNNING, STANDING_STILL, Start};
use super::{instant, maybe_named, named};
use crate::monitor::Monitor;
use crate::names::{CustomerId, Subject, TicketId};
use crate::store::affair::{self, Affair};
use kernel::ResourceId as _;

/// Name of the ledger.
pub const SOURCE: &str = "ticketing";

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
            said(tx, &effects, &message).await
        } else if let Some(promise) = entry.payload::<proto::PromiseMade>()? {
            self.promised(tx, &effects, entry, &promise).await
        } else if let Some(settled) = entry.payload::<proto::PromiseSettled>()? {
            promise_settled(tx, &effects, &settled).await
        } else if let Some(filed) = entry.payload::<proto::TicketReclassified>()? {
            self.reclassified(tx, &effects, &filed).await
        } else if let Some(assigned) = entry.payload::<proto::TicketAssigned>()? {
            let ticket: TicketId = named("ticket", &assigned.ticket)?;
            Ok(affair::move_to_department(tx, ticket.uuid(), &assigned.to_department).await?)
        } else if let Ok(ticket) = TicketId::parse(entry.aggregate()) {
            affair::touch(tx, ticket.uuid()).await?;
            Ok(())
        } else {
            Ok(())
        }
    }
}

impl Affairs {
    async fn opened(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        opened: &proto::TicketOpened,
    ) -> Result<(), ReactionError> {
        let ticket: TicketId = named("ticket", &opened.ticket)?;
        let customer: Option<CustomerId> = maybe_named("customer", &opened.customer)?;
        let first_received = instant("first_received_time", opened.first_received_time.as_ref())?;
        let parent: Option<TicketId> = maybe_named("split_from", &opened.split_from)?;
        let parent = match parent {
            Some(parent) => affair::get(&mut **tx, parent.uuid()).await?,
            None => None,
        };
        let law = &self.0.law;
        let own = (ticket_type(opened.ticket_type()).to_owned(), opened.topic.clone());
        let mut affair = Affair {
            id: ticket.uuid(),
            is_case: false,
            customer: customer.map(kernel::ResourceId::uuid),
            subject_type: own.0.clone(),
            sector: opened.sector.clone(),
            topic: opened.topic.clone(),
            department: opened.department.clone(),
            first_received,
            types: vec![own.0],
            topics: vec![own.1],
            calendar: law.calendar_of(&opened.department).id.clone(),
        };
        if let Some(parent) = &parent {
            // What was asked for in one affair is owed the same in two.
            add_new(&mut affair.types, &parent.types);
            add_new(&mut affair.topics, &parent.topics);
            if !parent.calendar.is_empty() {
                affair.calendar.clone_from(&parent.calendar);
            }
        }
        affair::insert(tx, &affair).await?;
        let history = match &parent {
            Some(parent) => {
                affair::inherit(tx, affair.id, parent.id).await?;
                affair::history(tx, affair.id).await?
            }
            None => Vec::new(),
        };
        let calendar = law.catalogue.calendar(&affair.calendar).unwrap_or_else(|| law.calendar_of(&affair.department));
        let filed =
            Filed { types: &affair.types, topics: &affair.topics, sector: &affair.sector, received: first_received };
        let starts = law.catalogue.for_affair(filed, calendar).into_iter().map(|chosen| Start {
            rule: chosen.rule,
            calendar,
            subject: ticket.name(),
            at: first_received,
            what: Happening::Started,
        });
        effects.start_with(tx, &affair, starts.collect(), &history).await
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
        ticket_type(filed.ticket_type()).clone_into(&mut affair.subject_type);
        affair.sector.clone_from(&filed.sector);
        affair.topic.clone_from(&filed.topic);
        let (subject_type, topic) = (affair.subject_type.clone(), affair.topic.clone());
        add_new(&mut affair.types, &[subject_type]);
        add_new(&mut affair.topics, &[topic]);
        affair::refile(tx, &affair).await?;
        effects.refile(tx, &affair, other_law).await
    }

    async fn promised(
        &self,
        tx: &mut Tx,
        effects: &Effects<'_>,
        entry: &Received,
        made: &proto::PromiseMade,
    ) -> Result<(), ReactionError> {
        let subject = Subject::parse(&made.promise).map_err(|_| ReactionError::Undecodable("promise"))?;
        let due = instant("due_time", made.due_time.as_ref())?;
        let affair = affair::touch(tx, subject.affair()).await?;
        let affair = affair.ok_or(ReactionError::Refused("a promise of a ticket that was never opened"))?;
        let Some(chosen) = self.0.law.catalogue.for_promise() else { return Ok(()) };
        let start = Start {
            rule: chosen.rule,
            calendar: self.0.law.calendar_of(&affair.department),
            subject: subject.name(),
            at: entry.occurred_at(),
            what: Happening::StartedUntil(due),
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
        (_, S::Resolved | S::Rejected) => effects.befall(tx, affair, &OPEN, Event::Resolved).await,
        (_, S::Cancelled) => effects.befall(tx, affair, &OPEN, Event::Cancelled).await,
        (_, S::Pending | S::Held) => effects.befall(tx, affair, &RUNNING, Event::Waits(moved.reason.clone())).await,
        (S::Pending | S::Held, S::InProgress) => effects.befall(tx, affair, &STANDING_STILL, Event::Works).await,
        (S::Resolved, S::InProgress) => effects.befall(tx, affair, &MET, Event::Reopened).await,
        // Work begun, or an affair closed after its resolution: no clock of the customer is about that. A state of a newer
        // ticketing is tolerated.
        (_, S::Unspecified | S::Acknowledged | S::InProgress | S::Closed) => {
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

async fn said(tx: &mut Tx, effects: &Effects<'_>, message: &proto::MessageAdded) -> Result<(), ReactionError> {
    let ticket: TicketId = named("ticket", &message.ticket)?;
    let answers =
        message.direction() == Direction::Outbound && message.visibility() == proto::MessageVisibility::Public;
    if !answers {
        affair::touch(tx, ticket.uuid()).await?;
        return Ok(());
    }
    effects.befall(tx, ticket.uuid(), &OPEN, Event::Answered).await
}

async fn promise_settled(
    tx: &mut Tx,
    effects: &Effects<'_>,
    settled: &proto::PromiseSettled,
) -> Result<(), ReactionError> {
    use proto::PromiseState as S;
    let subject = Subject::parse(&settled.promise).map_err(|_| ReactionError::Undecodable("promise"))?;
    let what = match settled.state() {
        S::Kept => Happening::Fulfilled,
        S::Renegotiated => Happening::Cancelled,
        S::BrokenAnnounced | S::BrokenSilent => Happening::Forfeited,
        S::Unspecified | S::Made | S::AtRisk => {
            affair::touch(tx, subject.affair()).await?;
            return Ok(());
        }
    };
    effects.happen(tx, subject.affair(), Some(&subject.name()), &OPEN, move |_, _| Some(what.clone())).await
}

/// The type as rules name it.
fn ticket_type(ticket_type: proto::TicketType) -> &'static str {
    match ticket_type {
        proto::TicketType::Unspecified => "unknown",
        proto::TicketType::Consulta => "consulta",
        proto::TicketType::Queja => "queja",
        proto::TicketType::Reclamacion => "reclamacion",
        proto::TicketType::Incidencia => "incidencia",
        proto::TicketType::Solicitud => "solicitud",
        proto::TicketType::Baja => "baja",
    }
}

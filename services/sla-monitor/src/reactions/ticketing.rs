//! The ledger of ticketing: affairs, their states, messages and promises.
//!
//! * An affair starts a clock for every rule that holds on the day of its first receipt, counted from that receipt.
//! * Resolved, or refused with reasons: meets what is to be resolved, answered or decided. Cancelled by the customer: the
//!   clocks fall away, those of promises too.
//! * Waiting moves a clock only where its rule names the reason as a ground; otherwise the customer's time goes on.
//! * Work taken up again ends the waiting; on a resolved affair it is a reopening.
//! * The first message to the customer meets what asks for a first answer.

use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use sla_monitor_domain::catalogue::TicketFacts;
use sla_monitor_domain::clock::Happening;
use sla_monitor_domain::rule::{Ends, Rule};
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
        let affair = Affair {
            id: ticket.uuid(),
            is_case: false,
            customer: customer.map(kernel::ResourceId::uuid),
            subject_type: ticket_type(opened.ticket_type()).to_owned(),
            sector: opened.sector.clone(),
            topic: opened.topic.clone(),
            department: opened.department.clone(),
            first_received,
        };
        affair::insert(tx, &affair).await?;
        let law = &self.0.law;
        let calendar = law.calendar_of(&affair.department);
        let facts = TicketFacts {
            ticket_type: &affair.subject_type,
            sector: &affair.sector,
            topic: &affair.topic,
            received: first_received,
        };
        let chosen = law.catalogue.for_ticket(facts, calendar);
        let starts = chosen.into_iter().map(|chosen| Start {
            rule: chosen.rule,
            calendar,
            subject: ticket.name(),
            at: first_received,
            what: Happening::Started,
        });
        effects.start(tx, &affair, starts.collect()).await
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
        (_, S::Resolved | S::Rejected) => {
            effects.happen(tx, affair, None, &OPEN, |rule, _| met_by_resolution(rule)).await
        }
        (_, S::Cancelled) => effects.happen(tx, affair, None, &OPEN, |_, _| Some(Happening::Cancelled)).await,
        (_, S::Pending | S::Held) => {
            let hindered =
                |rule: &Rule, _: &_| rule.effect_of(&moved.reason).map(|_| Happening::Hindered(moved.reason.clone()));
            effects.happen(tx, affair, None, &RUNNING, hindered).await
        }
        (S::Pending | S::Held, S::InProgress) => {
            effects.happen(tx, affair, None, &STANDING_STILL, |_, _| Some(Happening::Unhindered)).await
        }
        (S::Resolved, S::InProgress) => {
            let reopened = |rule: &Rule, _: &_| met_by_resolution(rule).map(|_| Happening::Reopened);
            effects.happen(tx, affair, None, &MET, reopened).await
        }
        // Work begun, or an affair closed after its resolution: no clock of the customer is about that. A state of a newer
        // ticketing is tolerated.
        (_, S::Unspecified | S::Acknowledged | S::InProgress | S::Closed) => {
            affair::touch(tx, affair).await?;
            Ok(())
        }
    }
}

fn met_by_resolution(rule: &Rule) -> Option<Happening> {
    match rule.ends {
        Ends::Resolved | Ends::FirstAnswer | Ends::Decision => Some(Happening::Fulfilled),
        Ends::Notification | Ends::PromiseSettled | Ends::Nothing => None,
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
    let first_answer = |rule: &Rule, _: &_| (rule.ends == Ends::FirstAnswer).then_some(Happening::Fulfilled);
    effects.happen(tx, ticket.uuid(), None, &OPEN, first_answer).await
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

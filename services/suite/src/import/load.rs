//! Turns one case of a log into calls.
//!
//! Activities are opaque labels, so the rule looks at places alone and holds for any log:
//!
//! | event | becomes |
//! | --- | --- |
//! | before the first | the customer: a source record of the system `event-log` whose id is the case's |
//! | first | the ticket, an *incidencia*, received and acknowledged at that instant |
//! | second | work begins: acknowledged to in progress |
//! | second to last but one | one work step each: an internal note with the activity's label |
//! | last | in progress to resolved, the resolution naming the last activity |
//!
//! A log holds what is over, so a case with a single event was begun and resolved at that instant.
//! Nothing is closed: a log does not say that the customer accepted.

use prost_types::Timestamp as ProtoTimestamp;
use tonic::{Code, Status};
use uuid::Uuid;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{Identifier, IdentifierType, IngestSourceRecordRequest, SourceRecord};
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::ticketing::v1::{
    AddMessageRequest, CreateTicketRequest, GetTicketRequest, Message, MessageVisibility, ResolveTicketRequest,
    StartTicketRequest, Ticket, TicketState, TicketType,
};
use ventanilla_proto::r#type::v1::Channel;

use super::read::{Case, Event};
use crate::client::{Client, describe, persist};

/// Under which the ids of requests are made.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6f0c_1d3e_52a4_4b0e_9a57_0c6b_7a0d_51e2);
/// Slug of the department that the log's tickets belong to.
const DEPARTMENT: &str = "service-desk";
const SYSTEM: &str = "event-log";

/// Loads cases. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    customers: CustomerServiceClient<Client>,
    tickets: TicketServiceClient<Client>,
}

impl Loader {
    /// Loads through these.
    pub fn new(customers: Client, tickets: Client) -> Self {
        Self { customers: CustomerServiceClient::new(customers), tickets: TicketServiceClient::new(tickets) }
    }

    /// Loads one case, its events one after the other; `Err` says why not.
    pub async fn load(&self, case: &Case) -> Result<(), String> {
        self.try_load(case).await.map_err(|status| describe(&status))
    }

    async fn try_load(&self, case: &Case) -> Result<(), Status> {
        let (Some(first), Some(last)) = (case.events.first(), case.events.last()) else { return Ok(()) };
        let customer = self.customer(case, first).await?;
        let ticket = self.open(case, first, customer).await?;
        let begin = case.events.get(1).unwrap_or(first);
        let mut ticket = self.start(case, begin, ticket).await?;
        let steps = case.events.len().saturating_sub(1);
        for (ordinal, event) in case.events.iter().enumerate().take(steps).skip(1) {
            self.step(case, ordinal, event, &ticket.name).await?;
        }
        if steps > 1 || ticket.state() != TicketState::InProgress {
            // The notes may have moved the ticket's version; a ticket of an earlier run may be done.
            let tickets = &self.tickets;
            let request = GetTicketRequest { name: ticket.name.clone() };
            ticket = persist(|| {
                let (mut tickets, request) = (tickets.clone(), request.clone());
                async move { tickets.get_ticket(request).await }
            })
            .await?;
        }
        if ticket.state() == TicketState::InProgress {
            self.resolve(case, last, ticket).await?;
        }
        Ok(())
    }

    async fn customer(&self, case: &Case, first: &Event) -> Result<String, Status> {
        let request = IngestSourceRecordRequest {
            record: Some(SourceRecord {
                source_system: SYSTEM.to_owned(),
                department: DEPARTMENT.to_owned(),
                external_id: case.id.clone(),
                // Not the id as it is: an account is compared without regard to case and blanks.
                identifiers: vec![Identifier {
                    r#type: IdentifierType::Account.into(),
                    value: Uuid::new_v5(&NAMESPACE, case.id.as_bytes()).simple().to_string(),
                    issuer: SYSTEM.to_owned(),
                    ..Identifier::default()
                }],
                observed_time: time(first),
                ..SourceRecord::default()
            }),
            request_id: request_id(case, 0, "customer"),
        };
        let record = persist(|| {
            let (mut customers, request) = (self.customers.clone(), request.clone());
            async move { customers.ingest_source_record(request).await }
        })
        .await?;
        // The name that never changes, whatever is linked later.
        Ok(if record.own_customer.is_empty() { record.customer } else { record.own_customer })
    }

    async fn open(&self, case: &Case, first: &Event, customer: String) -> Result<Ticket, Status> {
        let request = CreateTicketRequest {
            ticket: Some(Ticket {
                customer,
                ticket_type: TicketType::Incidencia.into(),
                subject: format!("Caso {}: actividad «{}»", case.id, first.activity).chars().take(200).collect(),
                channel: Channel::Api.into(),
                department: DEPARTMENT.to_owned(),
                first_received_time: time(first),
                ..Ticket::default()
            }),
            request_id: request_id(case, 1, "open"),
            occurred_time: time(first),
        };
        let answer = persist(|| {
            let (mut tickets, request) = (self.tickets.clone(), request.clone());
            async move { tickets.create_ticket(request).await }
        })
        .await?;
        answer.ticket.ok_or_else(|| Status::internal("ticketing answered without the ticket"))
    }

    async fn start(&self, case: &Case, event: &Event, ticket: Ticket) -> Result<Ticket, Status> {
        let request = StartTicketRequest {
            name: ticket.name,
            etag: ticket.etag,
            request_id: request_id(case, 2, "start"),
            occurred_time: time(event),
        };
        persist(|| {
            let (mut tickets, request) = (self.tickets.clone(), request.clone());
            async move { tickets.start_ticket(request).await }
        })
        .await
    }

    async fn step(&self, case: &Case, ordinal: usize, event: &Event, ticket: &str) -> Result<(), Status> {
        let request = AddMessageRequest {
            parent: ticket.to_owned(),
            message: Some(Message {
                visibility: MessageVisibility::Internal.into(),
                body: format!("Paso {}: actividad «{}»", ordinal + 1, event.activity),
                ..Message::default()
            }),
            request_id: request_id(case, ordinal + 1, "step"),
            occurred_time: time(event),
        };
        persist(|| {
            let (mut tickets, request) = (self.tickets.clone(), request.clone());
            async move { tickets.add_message(request).await }
        })
        .await?;
        Ok(())
    }

    async fn resolve(&self, case: &Case, last: &Event, ticket: Ticket) -> Result<(), Status> {
        let request = ResolveTicketRequest {
            name: ticket.name,
            resolution: format!(
                "El registro de origen da por terminado el caso {} con la actividad «{}», la número {}.",
                case.id,
                last.activity,
                case.events.len()
            ),
            etag: ticket.etag,
            request_id: request_id(case, case.events.len(), "resolve"),
            occurred_time: time(last),
        };
        let resolved = persist(|| {
            let (mut tickets, request) = (self.tickets.clone(), request.clone());
            async move { tickets.resolve_ticket(request).await }
        })
        .await;
        match resolved {
            // The same event was resolved before, from another version of the ticket: it is done.
            Err(status) if status.code() == Code::AlreadyExists => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

/// Made of the case and the event's place in it, whatever file it came in.
fn request_id(case: &Case, ordinal: usize, step: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{}\u{1f}{ordinal}\u{1f}{step}", case.id).as_bytes()).to_string()
}

fn time(event: &Event) -> Option<ProtoTimestamp> {
    Some(ProtoTimestamp { seconds: event.at.as_second(), nanos: event.at.subsec_nanosecond() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_request_depends_on_case_and_place_alone() {
        let case = |id: &str| Case { id: id.to_owned(), events: Vec::new() };
        assert_eq!(request_id(&case("a"), 1, "step"), request_id(&case("a"), 1, "step"));
        assert_ne!(request_id(&case("a"), 1, "step"), request_id(&case("a"), 2, "step"));
        assert_ne!(request_id(&case("a"), 1, "step"), request_id(&case("b"), 1, "step"));
    }
}

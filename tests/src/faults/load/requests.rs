//! The requests of the load. Each carries its wish's mark in a text of its own, so that the checker
//! finds what became of it without any help of the services.

use jiff::{SignedDuration, Timestamp};
use tonic::Request;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ombudsman::v1 as ombudsman;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use super::timed;
use crate::faults::caller::DEPARTMENT;

/// Source system of the records that the load brings.
pub const SOURCE_SYSTEM: &str = "crm-faults";

/// A mutation that carries a `request_id`.
pub trait Mutation: Clone {
    /// Sets it.
    fn set_request_id(&mut self, request_id: String);
}

macro_rules! mutations {
    ($($message:path),+ $(,)?) => {
        $(impl Mutation for $message {
            fn set_request_id(&mut self, request_id: String) {
                self.request_id = request_id;
            }
        })+
    };
}

mutations!(
    customer::IngestSourceRecordRequest,
    customer::RecordInteractionRequest,
    ticketing::CreateTicketRequest,
    ticketing::AddMessageRequest,
    ticketing::MakePromiseRequest,
    ticketing::StartTicketRequest,
    ticketing::HoldTicketRequest,
    ticketing::ResumeTicketRequest,
    ombudsman::OpenCaseRequest,
);

/// The request under this id, with a time limit.
pub fn with_id<M: Mutation>(wanted: &M, request_id: Uuid) -> Request<M> {
    let mut message = wanted.clone();
    message.set_request_id(request_id.to_string());
    timed(message)
}

/// A request to take in this record.
pub fn ingest(record: &customer::SourceRecord, request_id: Uuid) -> Request<customer::IngestSourceRecordRequest> {
    let request = customer::IngestSourceRecordRequest { record: Some(record.clone()), request_id: String::new() };
    with_id(&request, request_id)
}

/// A record of a person nobody knows yet.
pub fn record(mark: &str, now: Timestamp) -> customer::SourceRecord {
    customer::SourceRecord {
        source_system: SOURCE_SYSTEM.to_owned(),
        department: DEPARTMENT.to_owned(),
        external_id: mark.to_owned(),
        person_name: Some(customer::PersonName {
            given_name: "Carmen".to_owned(),
            first_surname: "Prueba".to_owned(),
            ..customer::PersonName::default()
        }),
        identifiers: vec![customer::Identifier {
            r#type: customer::IdentifierType::Account.into(),
            value: mark.to_owned(),
            issuer: SOURCE_SYSTEM.to_owned(),
            ..customer::Identifier::default()
        }],
        observed_time: Some(time(now)),
        ..customer::SourceRecord::default()
    }
}

/// A contact with a customer.
pub fn interaction(customer: &str, mark: &str, now: Timestamp) -> customer::RecordInteractionRequest {
    customer::RecordInteractionRequest {
        parent: customer.to_owned(),
        interaction: Some(customer::Interaction {
            channel: Channel::Phone.into(),
            direction: Direction::Inbound.into(),
            department: DEPARTMENT.to_owned(),
            summary: mark.to_owned(),
            occurred_time: Some(time(now)),
            ..customer::Interaction::default()
        }),
        request_id: String::new(),
    }
}

/// An affair: a fault report, or a claim with a point.
pub fn ticket(customer: &str, mark: &str, claim: bool) -> ticketing::CreateTicketRequest {
    let (ticket_type, claim_points) = if claim {
        let point = ticketing::ClaimPoint { text: "the bill is wrong".to_owned(), ..ticketing::ClaimPoint::default() };
        (ticketing::TicketType::Reclamacion, vec![point])
    } else {
        (ticketing::TicketType::Incidencia, Vec::new())
    };
    ticketing::CreateTicketRequest {
        ticket: Some(ticketing::Ticket {
            customer: customer.to_owned(),
            ticket_type: ticket_type.into(),
            subject: mark.to_owned(),
            channel: Channel::Phone.into(),
            department: DEPARTMENT.to_owned(),
            // Of finance, whose affairs the office hears whenever they come.
            sector: "finance".to_owned(),
            claim_points,
            ..ticketing::Ticket::default()
        }),
        request_id: String::new(),
        occurred_time: None,
    }
}

/// An answer to the customer.
pub fn message(ticket: &str, mark: &str) -> ticketing::AddMessageRequest {
    ticketing::AddMessageRequest {
        parent: ticket.to_owned(),
        message: Some(ticketing::Message {
            direction: Direction::Outbound.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: mark.to_owned(),
            ..ticketing::Message::default()
        }),
        request_id: String::new(),
        occurred_time: None,
    }
}

/// A promise that falls due long after the run.
pub fn promise(ticket: &str, mark: &str, now: Timestamp) -> ticketing::MakePromiseRequest {
    let due = now.checked_add(SignedDuration::from_hours(24 * 30)).unwrap_or(now);
    ticketing::MakePromiseRequest {
        parent: ticket.to_owned(),
        promise: Some(ticketing::Promise {
            text: mark.to_owned(),
            due_time: Some(time(due)),
            channel: Channel::Phone.into(),
            kind: ticketing::PromiseKind::Other.into(),
            ..ticketing::Promise::default()
        }),
        request_id: String::new(),
        occurred_time: None,
    }
}

/// The mark of a start, which has no text: a ticket is started once.
pub fn start_mark(ticket: &str) -> String {
    format!("start of {ticket}")
}

/// Somebody begins to work.
pub fn start(ticket: &ticketing::Ticket) -> ticketing::StartTicketRequest {
    ticketing::StartTicketRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        ..ticketing::StartTicketRequest::default()
    }
}

/// The ticket waits, for a reason that is the mark.
pub fn hold(ticket: &ticketing::Ticket, mark: &str) -> ticketing::HoldTicketRequest {
    ticketing::HoldTicketRequest {
        name: ticket.name.clone(),
        reason: mark.to_owned(),
        etag: ticket.etag.clone(),
        ..ticketing::HoldTicketRequest::default()
    }
}

/// The ticket goes on, for a reason that is the mark.
pub fn resume(ticket: &ticketing::Ticket, mark: &str) -> ticketing::ResumeTicketRequest {
    ticketing::ResumeTicketRequest {
        name: ticket.name.clone(),
        reason: mark.to_owned(),
        etag: ticket.etag.clone(),
        ..ticketing::ResumeTicketRequest::default()
    }
}

/// A complaint before the office, whose one point is the mark.
pub fn case(ticket: &str, mark: &str) -> ombudsman::OpenCaseRequest {
    ombudsman::OpenCaseRequest {
        ticket: ticket.to_owned(),
        channel: Channel::Web.into(),
        parallel_proceedings: ombudsman::ParallelProceedings::None.into(),
        claim_points: vec![ombudsman::ClaimPoint { text: mark.to_owned(), ..ombudsman::ClaimPoint::default() }],
        ..ombudsman::OpenCaseRequest::default()
    }
}

fn time(instant: Timestamp) -> prost_types::Timestamp {
    server::parse::time_to_proto(instant)
}

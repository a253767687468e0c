//! A ticketing service of one test's own, and what tests say again and again.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use testkit::{Client, Database, Harness, Served};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Direction, Language};
use ventanilla_ticketing as ticketing;

pub const CUSTOMER: &str = "customers/0190a000-0000-7000-8000-000000000007";
pub const ANSWER: &str = "La lectura de marzo era estimada; la real da 41 euros menos, que abonamos en mayo.";
pub const OTHER_ANSWER: &str = "Llamamos el martes a las 10:15; la llamada quedó grabada y nadie contestó.";

pub type Tickets = TicketServiceClient<Client>;

/// A service on a fresh database.
pub struct World {
    pub harness: Harness,
    pub database: Database,
    pub served: Served,
}

impl World {
    pub async fn new() -> Self {
        let harness = Harness::default();
        let database = Database::fresh(ticketing::SCHEMA, &ticketing::migrations()).await;
        let served = serve(&harness, &database, &[]).await;
        Self { harness, database, served }
    }

    pub fn agent(&self) -> Tickets {
        self.as_role(Role::Agent)
    }

    pub fn as_role(&self, role: Role) -> Tickets {
        TicketServiceClient::new(self.served.channel(role))
    }

    /// Puts people to work in billing.
    pub async fn employ(&self, ids: &[&str]) {
        let mut boss = TeamServiceClient::new(self.served.channel(Role::Supervisor));
        for id in ids {
            let agent = pb::Agent {
                name: format!("agents/{id}"),
                department: "billing".into(),
                capacity: 20,
                ..Default::default()
            };
            let put = pb::PutAgentRequest { agent: Some(agent), request_id: fresh_id() };
            boss.put_agent(put).await.unwrap();
        }
    }

    pub fn advance(&self, step: SignedDuration) {
        self.harness.surroundings.advance(step);
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &'static str) -> i64 {
        let statement = match table {
            "ticket" => "select count(*) from ticketing.ticket",
            "request" => "select count(*) from ticketing.request",
            "entries" => {
                "select (select count(*) from ticketing.ledger) + (select count(*) from ticketing.ledger_inbox)"
            }
            other => panic!("no count for {other}"),
        };
        sqlx::query_scalar(statement).fetch_one(&self.database.admin().await).await.unwrap()
    }
}

pub async fn serve(harness: &Harness, database: &Database, peers: &[(&str, std::net::SocketAddr)]) -> Served {
    let settings = ticketing::Settings::new(database.settings_of(ticketing::SCHEMA));
    let assembly = ticketing::assemble(settings, harness.house_with("ticketing", peers)).await.unwrap();
    harness.start(assembly).await
}

/// A request id nobody used before.
pub fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed))).to_string()
}

pub fn time(text: &str) -> Option<prost_types::Timestamp> {
    let at: Timestamp = text.parse().unwrap();
    Some(server::parse::time_to_proto(at))
}

/// A complaint with two points.
pub fn complaint() -> pb::Ticket {
    let point = |text: &str| pb::ClaimPoint { text: text.into(), ..Default::default() };
    pb::Ticket {
        customer: CUSTOMER.into(),
        ticket_type: pb::TicketType::Reclamacion.into(),
        severity: pb::Severity::High.into(),
        subject: "Doble cobro de Begoña Echeverría".into(),
        channel: Channel::Phone.into(),
        department: "billing".into(),
        language: Language::Es.into(),
        topic: "billing".into(),
        claim_points: vec![point("Me cobran dos veces la factura de marzo"), point("Nadie me devuelve la llamada")],
        ..Default::default()
    }
}

pub fn create_request(ticket: pb::Ticket) -> pb::CreateTicketRequest {
    pb::CreateTicketRequest { ticket: Some(ticket), request_id: fresh_id(), occurred_time: None }
}

/// Opens a complaint.
pub async fn open(client: &mut Tickets) -> pb::CreateTicketResponse {
    client.create_ticket(create_request(complaint())).await.unwrap().into_inner()
}

/// Opens a complaint and begins to work on it.
pub async fn started(client: &mut Tickets) -> pb::Ticket {
    let ticket = open(client).await.ticket.unwrap();
    start(client, &ticket).await.unwrap()
}

/// Opens a complaint, answers both points and resolves it.
pub async fn resolved(client: &mut Tickets) -> pb::Ticket {
    let ticket = started(client).await;
    let ticket = answer(client, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(client, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(client, &ticket).await.unwrap()
}

pub async fn start(client: &mut Tickets, ticket: &pb::Ticket) -> Result<pb::Ticket, Status> {
    let request = pb::StartTicketRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.start_ticket(request).await.map(tonic::Response::into_inner)
}

pub async fn answer(client: &mut Tickets, ticket: &pb::Ticket, point: &str, text: &str) -> Result<pb::Ticket, Status> {
    let request = pb::AnswerClaimPointRequest {
        name: ticket.name.clone(),
        claim_point: point.into(),
        answer: text.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.answer_claim_point(request).await.map(tonic::Response::into_inner)
}

pub async fn resolve(client: &mut Tickets, ticket: &pb::Ticket) -> Result<pb::Ticket, Status> {
    let request = pb::ResolveTicketRequest {
        name: ticket.name.clone(),
        resolution: ANSWER.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.resolve_ticket(request).await.map(tonic::Response::into_inner)
}

pub async fn wait(client: &mut Tickets, ticket: &pb::Ticket) -> Result<pb::Ticket, Status> {
    let request = pb::WaitForCustomerRequest {
        name: ticket.name.clone(),
        reason: "customer_travels".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.wait_for_customer(request).await.map(tonic::Response::into_inner)
}

/// The customer says that they withdraw; the name of the message.
pub async fn withdrawal(client: &mut Tickets, ticket: &str) -> String {
    say(client, ticket, Direction::Inbound, pb::MessageVisibility::Public).await.name
}

/// The customer says that they accept, and somebody who did not answer closes it.
pub async fn accept(world: &World, ticket: &pb::Ticket) -> pb::Ticket {
    accept_at(&world.served, ticket).await
}

/// The same of a service that is in no world.
pub async fn accept_at(served: &Served, ticket: &pb::Ticket) -> pb::Ticket {
    let by = |role| TicketServiceClient::new(served.channel(role));
    say(&mut by(Role::Agent), &ticket.name, Direction::Inbound, pb::MessageVisibility::Public).await;
    close(&mut by(Role::Supervisor), ticket, pb::CloseReason::AcceptedByCustomer).await.unwrap()
}

pub async fn close(client: &mut Tickets, ticket: &pb::Ticket, reason: pb::CloseReason) -> Result<pb::Ticket, Status> {
    let request = pb::CloseTicketRequest {
        name: ticket.name.clone(),
        reason: reason.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.close_ticket(request).await.map(tonic::Response::into_inner)
}

pub fn promise_request(ticket: &str, due: &str) -> pb::MakePromiseRequest {
    pb::MakePromiseRequest {
        parent: ticket.into(),
        promise: Some(pb::Promise {
            text: "Le llamo mañana antes de las 14".into(),
            kind: pb::PromiseKind::Other.into(),
            due_time: time(due),
            channel: Channel::Phone.into(),
            ..Default::default()
        }),
        request_id: fresh_id(),
        occurred_time: None,
    }
}

pub async fn get(client: &mut Tickets, name: &str) -> pb::Ticket {
    client.get_ticket(pb::GetTicketRequest { name: name.into() }).await.unwrap().into_inner()
}

/// Something is said, by e-mail where it went either way, or noted.
pub async fn say(
    client: &mut Tickets,
    ticket: &str,
    direction: Direction,
    visibility: pb::MessageVisibility,
) -> pb::Message {
    let channel = if direction == Direction::Unspecified { Channel::Unspecified } else { Channel::Email };
    let message = pb::Message {
        direction: direction.into(),
        visibility: visibility.into(),
        channel: channel.into(),
        body: "Aquí tienen el recibo.".into(),
        ..Default::default()
    };
    let request = pb::AddMessageRequest {
        parent: ticket.into(),
        message: Some(message),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.add_message(request).await.unwrap().into_inner()
}

/// The machine-readable reason of a refusal.
pub fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// A fact of a refusal.
pub fn fact(status: &Status, key: &str) -> String {
    let details = status.get_error_details();
    details.error_info().and_then(|info| info.metadata.get(key).cloned()).unwrap_or_default()
}

/// The fields a request was refused for.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|b| b.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|v| v.field).collect()
}

#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, why: &str) -> Status {
    let status = answer.expect_err("the call must be refused");
    assert_eq!((status.code(), reason(&status).as_str()), (code, why), "{}", status.message());
    status
}

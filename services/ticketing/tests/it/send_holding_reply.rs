//! SendHoldingReply, beside a real sla-monitor that hears of affairs and counts their terms.

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kernel::Role;
use sla_monitor as sla;
use testkit::{Database, Harness, Served, eventually};
use tonic::{Code, Status};
use ventanilla_proto::sla::v1 as clocks;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use ventanilla_ticketing as ticketing;

use crate::world::{
    Tickets, World, assert_refused, complaint, create_request, fact, fields, fresh_id, get, serve, withdrawal,
};

const LIMIT: Duration = Duration::from_secs(20);
const PAYMENTS: &str = "es.fin.pay.decide";
/// What Role::Agent is called in these tests.
const OWNER: &str = "test-agent";

/// ticketing and a sla-monitor that follows it, both in the machine's time.
struct House {
    world: World,
    monitor: Served,
    /// The one that sla-monitor follows: on the same database, and knowing nobody.
    _followed: Served,
}

impl House {
    async fn new() -> Self {
        let harness = Harness::in_real_time();
        let (own, theirs) = (ticketing::migrations(), sla::migrations());
        let database = Database::fresh_with(&[(ticketing::SCHEMA, &own), (sla::SCHEMA, &theirs)]).await;
        let followed = serve(&harness, &database, &[]).await;
        let nobody = ([127, 0, 0, 1], 1).into();
        let peers = [("ticketing", followed.addr), ("ombudsman-escalation", nobody), ("customer-profile", nobody)];
        let settings = sla::Settings::new(database.settings_of(sla::SCHEMA));
        let assembly = sla::assemble(settings, harness.house_with("sla-monitor", &peers)).await.unwrap();
        let monitor = harness.start(assembly).await;
        let served = serve(&harness, &database, &[("sla-monitor", monitor.addr)]).await;
        let world = World { harness, database, served };
        world.employ(&[OWNER]).await;
        Self { world, monitor, _followed: followed }
    }

    /// An affair of this sector, owned by the agent, whose terms are counted.
    async fn affair(&self, sector: &str) -> pb::Ticket {
        let mut agent = self.world.agent();
        let asked = pb::Ticket { sector: sector.into(), owner: OWNER.into(), topic: String::new(), ..complaint() };
        let ticket = agent.create_ticket(create_request(asked)).await.unwrap().into_inner().ticket.unwrap();
        self.terms(&ticket.name, |_| true).await;
        ticket
    }

    /// The clocks of an affair, once there are any that fit.
    async fn terms(&self, ticket: &str, fits: impl Fn(&[clocks::Clock]) -> bool) -> Vec<clocks::Clock> {
        let client = SlaServiceClient::new(self.monitor.channel(Role::Agent));
        eventually(LIMIT, || {
            let (mut client, fits) = (client.clone(), &fits);
            let asked = clocks::ListClocksRequest { subject: ticket.into(), ..Default::default() };
            async move {
                let clocks = client.list_clocks(asked).await.unwrap().into_inner().clocks;
                if !clocks.is_empty() && fits(&clocks) { Ok(clocks) } else { Err(clocks) }
            }
        })
        .await
    }
}

fn wire(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(server::parse::time_to_proto(at))
}

fn read(at: Option<prost_types::Timestamp>) -> Timestamp {
    let at = at.expect("an instant");
    Timestamp::new(at.seconds, at.nanos).unwrap()
}

fn request(ticket: &pb::Ticket, answer_by: Timestamp) -> pb::SendHoldingReplyRequest {
    pb::SendHoldingReplyRequest {
        name: ticket.name.clone(),
        explanation: "El banco del comercio aún no ha contestado.".into(),
        answer_by_time: wire(answer_by),
        channel: Channel::Email.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
    }
}

async fn send(
    agent: &mut Tickets,
    ticket: &pb::Ticket,
    answer_by: Timestamp,
) -> Result<pb::SendHoldingReplyResponse, Status> {
    agent.send_holding_reply(request(ticket, answer_by)).await.map(tonic::Response::into_inner)
}

/// The last instant of the day a month after the receipt, in Madrid: the whole of what art. 69 gives.
fn a_month_after(received: Timestamp) -> Timestamp {
    let zone = TimeZone::get("Europe/Madrid").unwrap();
    let day = received.to_zoned(zone.clone()).date().checked_add(1.month()).unwrap();
    let end = day.to_datetime(Time::constant(23, 59, 59, 999_999_000)).to_zoned(zone).unwrap();
    end.timestamp()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payment_services_are_answered_for_the_time_being_once_and_within_a_month_in_all() {
    let house = House::new().await;
    let mut agent = house.world.agent();
    let ticket = house.affair("payment-services").await;
    let received = read(ticket.first_received_time);
    let (month, of_pay) = (a_month_after(received), |clock: &clocks::Clock| clock.rule == PAYMENTS);
    let before =
        read(house.terms(&ticket.name, |all| all.iter().any(of_pay)).await.into_iter().find(of_pay).unwrap().due_time);
    assert!(before < month, "fifteen business days end {before}");

    let late = month.checked_add(SignedDuration::from_millis(1)).unwrap();
    let status =
        assert_refused(send(&mut agent, &ticket, late).await, Code::FailedPrecondition, "HOLDING_REPLY_TOO_LATE");
    assert_eq!(fact(&status, "latest"), month.to_string());

    let asked = request(&ticket, month);
    let sent = agent.send_holding_reply(asked.clone()).await.unwrap().into_inner();
    assert_eq!((sent.policy.as_str(), read(sent.latest_answer_time)), ("policies/es.fin.pay.decide", month));
    let (told, now) = (sent.message.clone().unwrap(), sent.ticket.clone().unwrap());
    assert_eq!((told.direction(), told.channel()), (Direction::Outbound, Channel::Email));
    assert!(told.body.contains("El banco del comercio aún no ha contestado."), "{}", told.body);
    let day = month.to_zoned(TimeZone::get("Europe/Madrid").unwrap()).strftime("%d/%m/%Y 23:59").to_string();
    assert!(told.body.contains(&day), "{}", told.body);
    assert_eq!(told.explanation, Some(pb::Explanation { expected_time: wire(month), signposts: false }));
    let lengthened = house.terms(&ticket.name, |all| all.iter().any(|c| of_pay(c) && read(c.due_time) != before)).await;
    let lengthened = lengthened.into_iter().find(of_pay).unwrap();
    assert_eq!((read(lengthened.due_time), lengthened.breached_time), (month, None));

    // A retry is the same call; another is refused, whoever makes it.
    assert_eq!(agent.send_holding_reply(asked).await.unwrap().into_inner(), sent);
    let mut chief = house.world.as_role(Role::Supervisor);
    for who in [&mut agent, &mut chief] {
        assert_refused(send(who, &now, before).await, Code::FailedPrecondition, "HOLDING_REPLY_SENT");
    }
    let history = pb::ListTicketHistoryRequest { name: ticket.name.clone(), ..Default::default() };
    let history = agent.list_ticket_history(history).await.unwrap().into_inner().changes;
    let noted: Vec<_> = history.iter().filter(|c| c.kind() == pb::TicketChangeKind::HoldingReplySent).collect();
    assert_eq!(noted.iter().map(|c| c.related.as_str()).collect::<Vec<_>>(), [told.name.as_str()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_law_knows_it_nothing_is_said_and_nothing_lengthened() {
    let house = House::new().await;
    let mut agent = house.world.agent();
    for sector in ["", "banking"] {
        let ticket = house.affair(sector).await;
        let soon = read(ticket.first_received_time).checked_add(SignedDuration::from_hours(48)).unwrap();
        let refused = send(&mut agent, &ticket, soon).await;
        assert_refused(refused, Code::FailedPrecondition, "HOLDING_REPLY_NOT_PROVIDED");
        assert_eq!(get(&mut agent, &ticket.name).await, ticket);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_neither_owns_the_affair_nor_leads_anybody_does_not_lengthen_its_term() {
    let house = House::new().await;
    let ticket = house.affair("payment-services").await;
    let soon = read(ticket.first_received_time).checked_add(SignedDuration::from_hours(48)).unwrap();
    let other = house.world.served.channel_as("somebody-else", &[Role::Agent], Some("billing"));
    assert_refused(send(&mut Tickets::new(other), &ticket, soon).await, Code::PermissionDenied, "NOT_YOURS");
    let mut crm = house.world.as_role(Role::Crm);
    assert_eq!(send(&mut crm, &ticket, soon).await.unwrap_err().code(), Code::PermissionDenied);
    let mut chief = house.world.as_role(Role::Supervisor);
    let sent = send(&mut chief, &ticket, soon).await.unwrap();
    assert_eq!(sent.ticket.unwrap().state(), pb::TicketState::Acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_holding_reply_is_said_at_once() {
    let house = House::new().await;
    let mut agent = house.world.agent();
    let ticket = house.affair("payment-services").await;
    let wrong = pb::SendHoldingReplyRequest {
        name: ticket.name.clone(),
        answer_by_time: wire(read(ticket.first_received_time).checked_sub(SignedDuration::from_hours(1)).unwrap()),
        ..Default::default()
    };
    let refused = agent.send_holding_reply(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["explanation", "answer_by_time", "channel", "etag", "request_id"]);
    let stale = pb::Ticket { etag: "\"7\"".into(), ..ticket.clone() };
    let soon = read(ticket.first_received_time).checked_add(SignedDuration::from_hours(48)).unwrap();
    assert_refused(send(&mut agent, &stale, soon).await, Code::Aborted, "STALE_ETAG");
    let over = pb::CancelTicketRequest {
        message: withdrawal(&mut agent, &ticket.name).await,
        name: ticket.name.clone(),
        reason: "withdrawn_by_customer".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    let over = agent.cancel_ticket(over).await.unwrap().into_inner();
    house.terms(&ticket.name, |all| all.iter().all(|c| c.state() == clocks::ClockState::Cancelled)).await;
    assert_refused(send(&mut agent, &over, soon).await, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_held_off_while_nobody_counts() {
    let alone = World::new().await;
    let mut agent = alone.agent();
    alone.employ(&[OWNER]).await;
    let asked = pb::Ticket { sector: "payment-services".into(), owner: OWNER.into(), ..complaint() };
    let ticket = agent.create_ticket(create_request(asked)).await.unwrap().into_inner().ticket.unwrap();
    let soon = read(ticket.first_received_time).checked_add(SignedDuration::from_hours(48)).unwrap();
    let before = alone.count("entries").await;
    let status = assert_refused(send(&mut agent, &ticket, soon).await, Code::Unavailable, "PEER_UNAVAILABLE");
    assert_eq!((fact(&status, "peer").as_str(), alone.count("entries").await), ("sla-monitor", before));
}

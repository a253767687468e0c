//! Before a promise breaks, the customer is told: templates and who approves them, what is written when, how it goes out, and what becomes of promise and notice.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::SignedDuration;
use kernel::{Ambient, FixedClock, Role, SeededEntropy, SteadyClock};
use sqlx::migrate::Migrator;
use testkit::{Client, Database, Harness, Served, Surroundings, eventually};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::notice_service_client::NoticeServiceClient;
use ventanilla_proto::ticketing::v1::{NoticeOutcome, NoticeState, PromiseKind, PromiseState};
use ventanilla_proto::r#type::v1::{Channel, Language, LocalizedText};
use ventanilla_ticketing as ticketing;

use crate::reactions::{CLOCK, Neighbour, breach, warning};
use crate::world::{
    CUSTOMER, Tickets, World, complaint, create_request, fresh_id, get, open, promise_request, serve, start, time,
};

mod merged;
mod templates;

pub type Notices = NoticeServiceClient<Client>;

pub const LIMIT: Duration = Duration::from_secs(20);
/// It is nine o'clock of the day before, ten in Madrid.
pub const DUE: &str = "2026-11-24T08:00:00Z";
/// Seven hours from then, and before the house's quiet hours.
const SAME_DAY: &str = "2026-11-23T16:00:00Z";

/// customer-profile, which answers one question.
#[derive(Clone, Default)]
pub struct Profile {
    view: Arc<Mutex<customer::CustomerView>>,
    is_silent: Arc<AtomicBool>,
}

impl Profile {
    fn wishes(&self, preferences: customer::ContactPreferences) {
        let care = customer::CareSection { preferences: Some(preferences), ..Default::default() };
        self.view.lock().unwrap().care = Some(care);
    }

    fn falls_silent(&self) {
        self.is_silent.store(true, Ordering::Relaxed);
    }

    fn has_email(&self) {
        let email = customer::Identifier { r#type: customer::IdentifierType::Email.into(), ..Default::default() };
        let identifier = customer::GoldenIdentifier { value: Some(email), ..Default::default() };
        let known = customer::Customer { identifiers: vec![identifier], ..Default::default() };
        let golden = customer::GoldenSection { customer: Some(known), ..Default::default() };
        self.view.lock().unwrap().golden = Some(golden);
    }
}

impl NamedService for Profile {
    const NAME: &str = "ventanilla.customer.v1.CustomerService";
}

impl UnaryService<customer::GetCustomerViewRequest> for Profile {
    type Response = customer::CustomerView;
    type Future = BoxFuture<Response<customer::CustomerView>, Status>;

    fn call(&mut self, request: Request<customer::GetCustomerViewRequest>) -> Self::Future {
        assert_eq!(request.get_ref().name, CUSTOMER);
        let view = self.view.lock().unwrap().clone();
        let is_silent = self.is_silent.load(Ordering::Relaxed);
        Box::pin(async move {
            if is_silent { Err(Status::unavailable("customer-profile is gone")) } else { Ok(Response::new(view)) }
        })
    }
}

impl Service<http::Request<Body>> for Profile {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let profile = self.clone();
        Box::pin(async move {
            let codec: ProstCodec<customer::CustomerView, customer::GetCustomerViewRequest> = ProstCodec::default();
            Ok(Grpc::new(codec).unary(profile, request).await)
        })
    }
}

/// ticketing between a monitor that warns and a customer-profile that knows what is wished.
pub struct House {
    pub world: World,
    pub monitor: Neighbour,
    pub customers: Neighbour,
    pub profile: Profile,
    pub _neighbours: [Served; 2],
}

impl House {
    pub async fn new() -> Self {
        Self::within(Harness::default()).await
    }

    async fn within(harness: Harness) -> Self {
        let (own, house) = (ticketing::migrations(), Migrator::with_migrations(Vec::new()));
        let schemas = [(ticketing::SCHEMA, &own), ("sla_monitor", &house), ("customer_profile", &house)];
        let database = Database::fresh_with(&schemas).await;
        let profile = Profile::default();
        let sla = ("sla_monitor", "sla-monitor");
        let (monitor, first) = Neighbour::beside(&harness, &database, sla, |assembly| assembly).await;
        let known = profile.clone();
        let names = ("customer_profile", "customer-profile");
        let (customers, second) = Neighbour::beside(&harness, &database, names, |assembly| assembly.serve(known)).await;
        let peers = [("sla-monitor", first.addr), ("customer-profile", second.addr)];
        let served = serve(&harness, &database, &peers).await;
        let world = World { harness, database, served };
        Self { world, monitor, customers, profile, _neighbours: [first, second] }
    }

    /// The same with a template that is approved.
    pub async fn ready() -> Self {
        let house = Self::new().await;
        approved(&house.world, template("delay", "", "")).await;
        house
    }

    /// A promise of a call by then, whose clock has warned.
    pub async fn at_risk(&self, due: &str) -> pb::Promise {
        let mut agent = self.world.agent();
        let ticket = open(&mut agent).await.ticket.unwrap().name;
        self.at_risk_in(&ticket, due).await
    }

    pub async fn at_risk_in(&self, ticket: &str, due: &str) -> pb::Promise {
        let mut agent = self.world.agent();
        let promise = agent.make_promise(promise_request(ticket, due)).await.unwrap().into_inner();
        self.monitor.says(CLOCK, &warning(&promise.name, 75)).await;
        promise
    }
}

pub fn supervisor(world: &World, subject: &str) -> Notices {
    NoticeServiceClient::new(world.served.channel_as(subject, &[Role::Supervisor], Some("billing")))
}

pub fn transport(world: &World) -> Notices {
    NoticeServiceClient::new(world.served.channel(Role::Service))
}

pub fn said(language: Language, text: &str) -> LocalizedText {
    LocalizedText { language: language.into(), text: text.into() }
}

pub fn template(slug: &str, department: &str, reason: &str) -> pb::NoticeTemplate {
    let text = "{tracking_key}, {subject}: no llegaremos el {promise_due}. {cause}. Será el {new_due}. {remedy}.";
    pb::NoticeTemplate {
        name: format!("noticeTemplates/{slug}"),
        title: "No llegamos".into(),
        department: department.into(),
        reason: reason.into(),
        texts: vec![said(Language::Es, text)],
        causes: vec![said(Language::Es, &format!("Causa de {slug}"))],
        remedies: vec![said(Language::Es, "Le abonamos un mes")],
        ..Default::default()
    }
}

pub async fn put(who: &mut Notices, template: pb::NoticeTemplate) -> Result<pb::NoticeTemplate, Status> {
    let request = pb::PutNoticeTemplateRequest { template: Some(template), request_id: fresh_id() };
    who.put_notice_template(request).await.map(Response::into_inner)
}

pub async fn approve(who: &mut Notices, template: &pb::NoticeTemplate) -> Result<pb::NoticeTemplate, Status> {
    let request = pb::ApproveNoticeTemplateRequest {
        name: template.name.clone(),
        etag: template.etag.clone(),
        request_id: fresh_id(),
    };
    who.approve_notice_template(request).await.map(Response::into_inner)
}

pub async fn approved(world: &World, template: pb::NoticeTemplate) -> pb::NoticeTemplate {
    let written = put(&mut supervisor(world, "rosa"), template).await.unwrap();
    approve(&mut supervisor(world, "luis"), &written).await.unwrap()
}

pub fn ticket_of(promise: &pb::Promise) -> &str {
    promise.name.split("/promises/").next().unwrap()
}

pub async fn notices(world: &World, ticket: &str) -> Vec<pb::Notice> {
    let list = pb::ListNoticesRequest { parent: ticket.into(), ..Default::default() };
    let mut reader = NoticeServiceClient::new(world.served.channel(Role::Agent));
    reader.list_notices(list).await.unwrap().into_inner().notices
}

/// The notice about a promise, once it is written.
pub async fn written(world: &World, promise: &pb::Promise) -> pb::Notice {
    eventually(LIMIT, || async {
        let found = notices(world, ticket_of(promise)).await;
        found.into_iter().find(|notice| notice.promise == promise.name).ok_or("nobody told")
    })
    .await
}

pub async fn promises(world: &World, ticket: &str) -> Vec<pb::Promise> {
    let list = pb::ListPromisesRequest { parent: ticket.into(), ..Default::default() };
    world.agent().list_promises(list).await.unwrap().into_inner().promises
}

pub async fn promise(world: &World, name: &str) -> pb::Promise {
    let all = promises(world, name.split("/promises/").next().unwrap()).await;
    all.into_iter().find(|promise| promise.name == name).unwrap()
}

/// The promise, once it is broken.
pub async fn broken(house: &House, name: &str, at: &str) -> pb::Promise {
    house.monitor.says(CLOCK, &breach(name, at)).await;
    eventually(LIMIT, || async {
        let found = promise(&house.world, name).await;
        if found.state() == PromiseState::AtRisk { Err(found) } else { Ok(found) }
    })
    .await
}

pub async fn take(who: &mut Notices, channels: &[Channel]) -> Vec<pb::Notice> {
    let request = pb::TakeNoticesRequest {
        channels: channels.iter().map(|channel| (*channel).into()).collect(),
        request_id: fresh_id(),
        ..Default::default()
    };
    who.take_notices(request).await.unwrap().into_inner().notices
}

pub fn report_of(notice: &pb::Notice, outcome: NoticeOutcome, reason: &str) -> pb::ReportNoticeRequest {
    pb::ReportNoticeRequest {
        name: notice.name.clone(),
        hand_count: notice.hand_count,
        outcome: outcome.into(),
        reason: reason.into(),
        request_id: fresh_id(),
    }
}

pub async fn report(who: &mut Notices, notice: &pb::Notice, outcome: NoticeOutcome, reason: &str) -> pb::Notice {
    who.report_notice(report_of(notice, outcome, reason)).await.unwrap().into_inner()
}

pub async fn kept(agent: &mut Tickets, promise: pb::Promise) -> pb::Promise {
    let request = pb::SettlePromiseRequest {
        name: promise.name,
        state: PromiseState::Kept.into(),
        etag: promise.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    agent.settle_promise(request).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_before_the_promise_breaks_was_not_left_waiting_in_silence() {
    let house = House::ready().await;
    let world = &house.world;
    let promised = house.at_risk(DUE).await;
    let notice = written(world, &promised).await;
    let ticket = get(&mut world.agent(), ticket_of(&promised)).await;
    assert_eq!(
        notice.text,
        format!(
            "{}, Doble cobro de Begoña Echeverría: no llegaremos el 24/11/2026 09:00 (Europe/Madrid). Causa de delay. Será el 25/11/2026 09:00 \
             (Europe/Madrid). Le abonamos un mes.",
            ticket.tracking_key
        )
    );
    assert_eq!((notice.state(), notice.channel()), (NoticeState::Waiting, Channel::Phone));
    assert_eq!((notice.send_time, notice.hand_count), (time("2026-11-23T09:00:00Z"), 0));
    let instead = promise(world, &notice.new_promise).await;
    assert_eq!((instead.state(), instead.due_time), (PromiseState::Made, time("2026-11-25T08:00:00Z")));
    assert_eq!((instead.kind(), instead.replaces.as_str()), (PromiseKind::Other, ""));
    assert_eq!(instead.actor.unwrap().id, "ticketing");
    assert!(instead.text.ends_with("Le llamo mañana antes de las 14"), "{}", instead.text);
    assert_eq!(promise(world, &promised.name).await.state(), PromiseState::AtRisk);
    let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    let messages = world.agent().list_messages(list).await.unwrap().into_inner().messages;
    assert_eq!(messages.iter().map(|m| (&m.name, &m.body)).collect::<Vec<_>>(), [(&notice.message, &notice.text)]);
    assert_eq!(messages[0].visibility(), pb::MessageVisibility::Public);

    let mut phone = transport(world);
    assert_eq!(take(&mut phone, &[Channel::Email, Channel::Sms]).await, [], "it is not theirs");
    let taken = take(&mut phone, &[Channel::Phone]).await;
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].state(), taken[0].hand_count), (NoticeState::Handed, 1));
    let delivered = report(&mut phone, &taken[0], NoticeOutcome::Delivered, "").await;
    assert_eq!((delivered.state(), delivered.hand_time), (NoticeState::Delivered, time("2026-11-23T09:00:00Z")));
    assert_eq!(report(&mut phone, &taken[0], NoticeOutcome::Delivered, "").await, delivered, "said twice");

    world.advance(SignedDuration::from_hours(24));
    let broken = broken(&house, &promised.name, DUE).await;
    assert_eq!((broken.state(), broken.cause.as_str()), (PromiseState::BrokenAnnounced, "Causa de delay"));
    assert_eq!(broken.settle_time, time(DUE));
    assert_eq!(promise(world, &notice.new_promise).await.state(), PromiseState::Made);
    let history = pb::ListTicketHistoryRequest { name: ticket.name, page_size: 100, ..Default::default() };
    let changes = world.agent().list_ticket_history(history).await.unwrap().into_inner().changes;
    let noted: Vec<(pb::TicketChangeKind, &str)> =
        changes.iter().skip(3).map(|change| (change.kind(), change.reason.as_str())).collect();
    assert_eq!(
        noted,
        [
            (pb::TicketChangeKind::MessageAdded, ""),
            (pb::TicketChangeKind::NoticeWritten, ""),
            (pb::TicketChangeKind::PromiseMade, ""),
            (pb::TicketChangeKind::NoticeReported, "delivered"),
            (pb::TicketChangeKind::PromiseSettled, "broken_announced"),
        ]
    );
    let pool = world.database.admin().await;
    let holds = "select l.payload, p.personal from ticketing.ledger l join ticketing.ledger_personal p using (position)
                 where l.type = 'ventanilla.ticketing.v1.NoticeWritten'";
    let (payload, personal): (Vec<u8>, Vec<u8>) = sqlx::query_as(holds).fetch_one(&pool).await.unwrap();
    let spells = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("Begoña");
    assert_eq!((spells(&payload), spells(&personal)), (false, true));
}

/// A house whose machine shows this time, and whose services go by what the database told, as processes do.
async fn house_on_a_machine_that_shows(wall: &FixedClock) -> House {
    let ambient = Ambient::new(SteadyClock::over(wall.clone()), SeededEntropy::new(1));
    let house = House::within(Harness::with(Surroundings { ambient, clock: wall.clone() })).await;
    approved(&house.world, template("delay", "", "")).await;
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_told_and_when_goes_by_the_databases_time_whatever_the_clock_of_the_machine_shows() {
    for days in [-30, 30] {
        let off = SignedDuration::from_hours(24 * days);
        let wall = FixedClock::at(Ambient::system().now().checked_add(off).unwrap());
        let house = house_on_a_machine_that_shows(&wall).await;
        let world = &house.world;
        let pool = world.database.admin().await;
        let now: jiff_sqlx::Timestamp = sqlx::query_scalar("select now()").fetch_one(&pool).await.unwrap();
        let now = now.to_jiff();
        // Whatever hour it is, it is none of those in which this customer wants to be left alone.
        let hour =
            |hours: i64| now.checked_add(SignedDuration::from_hours(hours)).unwrap().strftime("%H:%M").to_string();
        house.profile.wishes(customer::ContactPreferences {
            quiet_hours: Some(customer::QuietHours { from: hour(12), until: hour(13), time_zone: "UTC".into() }),
            ..Default::default()
        });
        let due_in = |hours| now.checked_add(SignedDuration::from_hours(hours)).unwrap().to_string();
        let (near, far) = (house.at_risk(&due_in(3)).await, house.at_risk(&due_in(10 * 24)).await);
        let notice = written(world, &near).await;
        // Whoever sets it while the service runs changes as little.
        wall.advance(SignedDuration::from_hours(-48 * days));
        let later = house.at_risk(&due_in(4)).await;
        written(world, &later).await;
        assert_eq!(notices(world, ticket_of(&far)).await, [], "{days} days off");
        let taken = take(&mut transport(world), &[Channel::Phone]).await;
        assert_eq!(taken.len(), 2, "{days} days off");
        for taken in &taken {
            report(&mut transport(world), taken, NoticeOutcome::Delivered, "").await;
        }
        for at in [notice.send_time, taken[0].hand_time, taken[1].hand_time] {
            let seconds = at.unwrap().seconds - now.as_second();
            assert!((0..600).contains(&seconds), "{days} days off: {seconds}");
        }
        assert_eq!(broken(&house, &near.name, &due_in(3)).await.state(), PromiseState::BrokenAnnounced);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_somebody_has_and_says_nothing_of_is_told_apart_until_they_do() {
    let house = House::ready().await;
    let world = &house.world;
    let promised = [house.at_risk(SAME_DAY).await, house.at_risk(SAME_DAY).await, house.at_risk(SAME_DAY).await];
    for promise in &promised {
        written(world, promise).await;
    }
    world.advance(SignedDuration::from_secs(7 * 3_600 - 30));
    let mut phone = transport(world);
    let taken = take(&mut phone, &[Channel::Phone]).await;
    assert_eq!(taken.len(), 3);
    world.advance(SignedDuration::from_secs(40));
    for promise in &promised {
        let broken = broken(&house, &promise.name, SAME_DAY).await;
        assert_eq!((broken.state(), broken.cause.as_str()), (PromiseState::BrokenUnreported, "Causa de delay"));
    }
    let of = |promise: &pb::Promise| taken.iter().find(|notice| notice.promise == promise.name).unwrap();
    report(&mut phone, of(&promised[0]), NoticeOutcome::Delivered, "").await;
    report(&mut phone, of(&promised[1]), NoticeOutcome::Failed, "line_busy").await;
    for (promised, state) in
        promised.iter().zip([PromiseState::BrokenAnnounced, PromiseState::BrokenSilent, PromiseState::BrokenUnreported])
    {
        let now = promise(world, &promised.name).await;
        assert_eq!((now.state(), now.settle_time, now.cause.as_str()), (state, time(SAME_DAY), "Causa de delay"));
    }
    // What is known is not unlearnt.
    report(&mut phone, of(&promised[0]), NoticeOutcome::Delivered, "").await;
    assert_eq!(promise(world, &promised[0].name).await.state(), PromiseState::BrokenAnnounced);
    let list =
        pb::ListTicketHistoryRequest { name: ticket_of(&promised[0]).into(), page_size: 100, ..Default::default() };
    let changes = world.agent().list_ticket_history(list).await.unwrap().into_inner().changes;
    let settled: Vec<&str> = changes
        .iter()
        .filter(|change| change.kind() == pb::TicketChangeKind::PromiseSettled)
        .map(|change| change.reason.as_str())
        .collect();
    assert_eq!(settled, ["broken_unreported", "broken_announced"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_the_house_too_late_or_never_leaves_the_promise_broken_in_silence() {
    let house = House::ready().await;
    let (never, late) = (house.at_risk(SAME_DAY).await, house.at_risk(SAME_DAY).await);
    written(&house.world, &never).await;
    written(&house.world, &late).await;
    house.world.advance(SignedDuration::from_hours(8));
    assert_eq!(broken(&house, &never.name, SAME_DAY).await.state(), PromiseState::BrokenSilent);
    // Late is better than never, and is late.
    assert_eq!(take(&mut transport(&house.world), &[Channel::Phone]).await.len(), 2);
    assert_eq!(broken(&house, &late.name, SAME_DAY).await.state(), PromiseState::BrokenSilent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_after_all_is_kept_and_what_was_promised_instead_with_it() {
    let house = House::ready().await;
    let world = &house.world;
    let (promised, given_way) = (house.at_risk(DUE).await, house.at_risk(DUE).await);
    let (notice, other) = (written(world, &promised).await, written(world, &given_way).await);
    let mut agent = world.agent();
    let now = promise(world, &promised.name).await;
    assert_eq!(kept(&mut agent, now).await.state(), PromiseState::Kept);
    assert_eq!(promise(world, &notice.new_promise).await.state(), PromiseState::Kept);
    assert_eq!(notices(world, ticket_of(&promised)).await[0].state(), NoticeState::Withdrawn);
    // Whoever agrees on another date is not told of a third.
    let mut agreed = promise_request(ticket_of(&given_way), "2026-11-27T13:00:00Z");
    agreed.promise.as_mut().unwrap().replaces.clone_from(&given_way.name);
    agent.make_promise(agreed).await.unwrap();
    assert_eq!(promise(world, &other.new_promise).await.state(), PromiseState::Renegotiated);
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await, [], "there is nothing to tell");

    // Who was told already is called in time all the same.
    let told = house.at_risk(DUE).await;
    let notice = written(world, &told).await;
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await.len(), 1);
    let instead = promise(world, &notice.new_promise).await;
    assert_eq!(kept(&mut agent, instead).await.state(), PromiseState::Kept);
    assert_eq!(promise(world, &told.name).await.state(), PromiseState::Kept);
    assert_eq!(notices(world, ticket_of(&told)).await[0].state(), NoticeState::Handed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_woken_and_nobody_is_told_too_late_for_it() {
    let house = House::ready().await;
    let world = &house.world;
    let quiet = |from: &str, until: &str| customer::QuietHours {
        from: from.into(),
        until: until.into(),
        time_zone: String::new(),
    };
    // It is ten in the morning in Madrid.
    let wishes = customer::ContactPreferences {
        preferred_channel: Channel::Sms.into(),
        quiet_hours: Some(quiet("22:00", "14:00")),
        ..Default::default()
    };
    house.profile.wishes(wishes.clone());
    let notice = written(world, &house.at_risk(DUE).await).await;
    assert_eq!((notice.channel(), notice.send_time), (Channel::Sms, time("2026-11-23T13:00:00Z")));
    let mut sender = transport(world);
    assert_eq!(take(&mut sender, &[Channel::Sms]).await, []);
    // Three hours from now is too late: it goes by what wakes nobody.
    let soon = "2026-11-23T13:00:00Z";
    let web = written(world, &house.at_risk(soon).await).await;
    assert_eq!((web.channel(), web.send_time), (Channel::Web, time("2026-11-23T09:00:00Z")));
    house.profile.has_email();
    let email = written(world, &house.at_risk(soon).await).await;
    assert_eq!((email.channel(), email.send_time), (Channel::Email, time("2026-11-23T09:00:00Z")));
    let learned = customer::ContactPreferences {
        preferred_channel: Channel::Unspecified.into(),
        learned_channel: Channel::Chat.into(),
        quiet_hours: Some(quiet("22:00", "08:00")),
        ..wishes
    };
    house.profile.wishes(learned);
    let chat = written(world, &house.at_risk(DUE).await).await;
    assert_eq!((chat.channel(), chat.send_time), (Channel::Chat, time("2026-11-23T09:00:00Z")));
    world.advance(SignedDuration::from_hours(4));
    let taken = take(&mut sender, &[Channel::Sms]).await;
    assert_eq!(taken.iter().map(|taken| &taken.name).collect::<Vec<_>>(), [&notice.name]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stated_no_quiet_hours_is_woken_no_more_than_the_house_would() {
    let house = House::ready().await;
    let world = &house.world;
    let wishes = customer::ContactPreferences { preferred_channel: Channel::Sms.into(), ..Default::default() };
    house.profile.wishes(wishes);
    // Half past ten at night in Madrid.
    world.advance(SignedDuration::from_mins(12 * 60 + 30));
    let waits = written(world, &house.at_risk("2026-11-24T12:00:00Z").await).await;
    assert_eq!((waits.channel(), waits.send_time), (Channel::Sms, time("2026-11-24T08:00:00Z")));
    let silent = written(world, &house.at_risk(DUE).await).await;
    assert_eq!((silent.channel(), silent.send_time), (Channel::Web, time("2026-11-23T21:30:00Z")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_customer_profile_is_silent_nobody_is_woken_and_nobody_is_told_too_late() {
    let house = House::ready().await;
    let world = &house.world;
    let day = written(world, &house.at_risk(DUE).await).await;
    assert_eq!((day.channel(), day.send_time), (Channel::Phone, time("2026-11-23T09:00:00Z")));
    house.profile.falls_silent();
    // Half past ten at night in Madrid.
    world.advance(SignedDuration::from_mins(12 * 60 + 30));
    let waits = written(world, &house.at_risk("2026-11-24T12:00:00Z").await).await;
    assert_eq!((waits.channel(), waits.send_time), (Channel::Phone, time("2026-11-24T08:00:00Z")));
    let silent = written(world, &house.at_risk(DUE).await).await;
    assert_eq!((silent.channel(), silent.send_time), (Channel::Web, time("2026-11-23T21:30:00Z")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_that_is_not_approved_and_the_nearest_text_is() {
    let house = House::new().await;
    let world = &house.world;
    let mut agent = world.agent();
    let general = put(&mut supervisor(world, "rosa"), template("general", "", "")).await.unwrap();
    approved(world, template("of-network", "network", "")).await;
    let reason = approved(world, template("of-part", "", "part_missing")).await;
    let billing = house.at_risk("2026-11-24T07:00:00Z").await;
    let other = pb::Ticket { department: "network".into(), ..complaint() };
    let other = agent.create_ticket(create_request(other)).await.unwrap().into_inner().ticket.unwrap().name;
    let later = house.at_risk_in(&other, DUE).await;
    assert_eq!(written(world, &later).await.template, "noticeTemplates/of-network");
    // The one that was due before was looked at before.
    assert_eq!(notices(world, ticket_of(&billing)).await, []);
    assert_eq!(promise(world, &billing.name).await.state(), PromiseState::AtRisk);
    approve(&mut supervisor(world, "luis"), &general).await.unwrap();
    assert_eq!(written(world, &billing).await.template, general.name);

    let held = open(&mut agent).await.ticket.unwrap();
    let held = start(&mut agent, &held).await.unwrap();
    let hold = pb::HoldTicketRequest {
        name: held.name.clone(),
        reason: "part_missing".into(),
        etag: held.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.hold_ticket(hold).await.unwrap();
    assert_eq!(written(world, &house.at_risk_in(&held.name, DUE).await).await.template, reason.name);
    // What is due later than that is not spoken of yet.
    let far = house.at_risk("2026-11-25T09:00:00Z").await;
    let near = house.at_risk(DUE).await;
    written(world, &near).await;
    assert_eq!(notices(world, ticket_of(&far)).await, []);
    world.advance(SignedDuration::from_hours(1));
    world.advance(SignedDuration::from_hours(23));
    assert_eq!(written(world, &far).await.send_time, time("2026-11-24T09:00:00Z"));
}

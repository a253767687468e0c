//! What customer-profile and ticketing know of an affair beside its course: what its customer spends and since when they are one, and what brought it about.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use server::Assembly;
use testkit::{Served, eventually};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::ValueSegment as Segment;
use ventanilla_proto::rights::v1::GatherPersonalDataRequest;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::world::{SOON, Ticket, World, at, client, wire};

/// customer-profile, which knows some customers and answers one question, unless it is silent.
#[derive(Clone, Default)]
pub struct Profile(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    silent: bool,
    worth: HashMap<String, customer::WorthSection>,
    care: HashMap<String, customer::CareSection>,
}

impl Profile {
    /// The customer of a ticket spends this, and was told of since then.
    pub fn knows(&self, ticket: &Ticket, segment: Segment, since: Option<Timestamp>) {
        let worth = customer::WorthSection {
            segment: segment.into(),
            first_dealing_time: since.map(wire),
            ..Default::default()
        };
        self.0.lock().unwrap().worth.insert(ticket.customer.clone(), worth);
    }

    /// The customer of a ticket, who is known, is to be cared for so.
    pub fn cares(&self, ticket: &Ticket, care: customer::CareSection) {
        self.0.lock().unwrap().care.insert(ticket.customer.clone(), care);
    }

    fn is_silent(&self, silent: bool) {
        self.0.lock().unwrap().silent = silent;
    }
}

impl NamedService for Profile {
    const NAME: &str = "ventanilla.customer.v1.CustomerService";
}

impl UnaryService<customer::GetCustomerViewRequest> for Profile {
    type Response = customer::CustomerView;
    type Future = BoxFuture<Response<customer::CustomerView>, Status>;

    fn call(&mut self, request: Request<customer::GetCustomerViewRequest>) -> Self::Future {
        let known = self.0.lock().unwrap();
        let answer = match known.worth.get(&request.get_ref().name) {
            _ if known.silent => Err(Status::unavailable("silent")),
            None => Err(Status::not_found("nobody")),
            Some(worth) => Ok(customer::CustomerView {
                worth: Some(worth.clone()),
                care: known.care.get(&request.get_ref().name).cloned(),
                ..Default::default()
            }),
        };
        Box::pin(async move { answer.map(Response::new) })
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

/// A world beside this customer-profile.
pub async fn beside(profile: &Profile) -> (World, Served) {
    let mut world = World::new().await;
    let known = world.harness.start(Assembly::new("customer-profile").serve(profile.clone())).await;
    world.customer_profile = Some(known.addr);
    (world, known)
}

/// A line of a board: key, affairs, clocks.
type Lines = Vec<(String, i64, i64)>;

fn lines(expected: &[(&str, i64, i64)]) -> Lines {
    expected.iter().map(|(key, cases, clocks)| ((*key).to_owned(), *cases, *clocks)).collect()
}

async fn board(served: &Served) -> sla::Board {
    client(served, Role::Sre).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner()
}

fn told(rows: &[sla::BoardRow]) -> Lines {
    rows.iter().map(|row| (row.key.clone(), row.case_count, row.clock_count)).collect()
}

/// Waits until nobody is left to be asked about, of so many affairs.
pub async fn asked(world: &World, affairs: i64) {
    eventually(SOON, || async {
        let asked = "select count(*) filter (where asked) from sla_monitor.affair";
        let asked: i64 = sqlx::query_scalar(asked).fetch_one(&world.admin).await.unwrap();
        if asked == affairs { Ok(()) } else { Err(asked) }
    })
    .await;
}

async fn tenure_of(world: &World, ticket: &Ticket) -> String {
    sqlx::query_scalar("select tenure from sla_monitor.affair where affair_id = $1::uuid")
        .bind(ticket.name.strip_prefix("tickets/"))
        .fetch_one(&world.admin)
        .await
        .unwrap()
}

fn days(at: Timestamp, days: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

#[tokio::test]
async fn a_board_tells_what_customers_spent_when_their_affair_came_and_not_what_they_spend_later() {
    let profile = Profile::default();
    let (world, _known) = beside(&profile).await;
    let served = world.start().await;
    let now = world.now().await;
    let [rich, poor, other, stranger] = [(); 4].map(|()| Ticket::incident(now));
    profile.knows(&rich, Segment::High, Some(days(now, -91)));
    profile.knows(&poor, Segment::Low, Some(days(now, -89)));
    profile.knows(&other, Segment::Unspecified, None);
    // What is known now says nothing of eight days ago.
    let old = Ticket { customer: rich.customer.clone(), ..Ticket::incident(days(now, -8)) };
    for ticket in [&rich, &poor, &other, &stranger, &old] {
        world.open(ticket).await;
    }
    asked(&world, 5).await;
    let first = [("", 2, 2), ("high", 1, 1), ("low", 1, 1), ("none", 1, 1)];
    assert_eq!(told(&board(&served).await.by_segment), lines(&first));
    let tenures = [tenure_of(&world, &rich).await, tenure_of(&world, &poor).await, tenure_of(&world, &other).await];
    assert_eq!(tenures, ["later", "first_90_days", ""]);

    // Who spends less by the next affair is another customer in it alone.
    profile.knows(&rich, Segment::Middle, Some(days(now, -91)));
    let next = Ticket { customer: rich.customer.clone(), ..Ticket::incident(now) };
    world.open(&next).await;
    asked(&world, 6).await;
    let second = [("", 2, 2), ("high", 1, 1), ("low", 1, 1), ("middle", 1, 1), ("none", 1, 1)];
    assert_eq!(told(&board(&served).await.by_segment), lines(&second));
}

#[tokio::test]
async fn while_customer_profile_is_silent_nothing_is_made_up_and_afterwards_it_is_asked() {
    let profile = Profile::default();
    let (world, _known) = beside(&profile).await;
    profile.is_silent(true);
    let served = world.start().await;
    let ticket = Ticket::incident(world.now().await);
    profile.knows(&ticket, Segment::High, None);
    world.open(&ticket).await;
    world.caught_up(&served).await;
    assert_eq!(told(&board(&served).await.by_segment), lines(&[("", 2, 2)]), "no affair waits for it");
    served.stop().await;
    profile.is_silent(false);
    let served = world.start().await;
    asked(&world, 2).await;
    assert_eq!(told(&board(&served).await.by_segment), lines(&[("", 1, 1), ("high", 1, 1)]));
}

#[tokio::test]
async fn what_brought_an_affair_about_is_what_was_stated_last_also_of_what_is_settled() {
    let world = World::new().await;
    let served = world.start().await;
    let state = async |ticket: &Ticket, cause: &str| {
        let stated = ticketing::RootCauseStated { ticket: ticket.name.clone(), cause: format!("causes/{cause}") };
        world.ticketing.write(&ticket.name, &stated, at("2026-11-04T09:00:00Z")).await;
    };
    let received = at("2026-11-02T09:00:00Z");
    let [settled, open, nobody_says] = [(); 3].map(|()| Ticket::incident(received));
    for ticket in [&settled, &open, &nobody_says] {
        world.open(ticket).await;
    }
    world.resolve(&settled, at("2026-11-03T09:00:00Z")).await;
    state(&settled, "meter-misread").await;
    state(&open, "meter-misread").await;
    world.caught_up(&served).await;
    let by_cause = board(&served).await.by_cause;
    assert_eq!(told(&by_cause), lines(&[("causes/meter-misread", 2, 2)]));
    assert_eq!((by_cause[0].met_count, by_cause[0].settle.is_some()), (1, true));
    state(&open, "storm").await;
    world.caught_up(&served).await;
    let two = lines(&[("causes/meter-misread", 1, 1), ("causes/storm", 1, 1)]);
    assert_eq!(told(&board(&served).await.by_cause), two);
}

#[tokio::test]
async fn whoever_is_erased_leaves_no_segment_tenure_or_language_behind_and_their_clocks_stay() {
    let profile = Profile::default();
    let mut world = World::new().await;
    let customers = world.customers(|assembly| assembly.serve(profile.clone())).await;
    let served = world.start().await;
    let now = world.now().await;
    let [gone, stays] = [(); 2].map(|()| Ticket::incident(now));
    for ticket in [&gone, &stays] {
        profile.knows(ticket, Segment::High, Some(days(now, -10)));
        let opened = ticketing::TicketOpened { language: Language::Ca.into(), ..ticket.opened() };
        world.ticketing.write(&ticket.name, &opened, now).await;
    }
    asked(&world, 2).await;
    let before = board(&served).await;
    assert_eq!(told(&before.by_segment), lines(&[("high", 2, 2)]));
    assert_eq!(told(&before.by_queue), lines(&[("customer-service/*/ca", 2, 2)]));
    assert_eq!(tenure_of(&world, &gone).await, "first_90_days");
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e5".to_owned(),
        customer: gone.customer.clone(),
        customers: vec![gone.customer.clone()],
        ground: customer::ErasureGround::Objection.into(),
    };
    customers.write(&gone.customer, &erased, now).await;
    eventually(SOON, || async {
        let board = board(&served).await;
        let (segments, queues) = (told(&board.by_segment), told(&board.by_queue));
        let forgotten = segments == lines(&[("", 1, 1), ("high", 1, 1)])
            && queues == lines(&[("customer-service/*/*", 1, 1), ("customer-service/*/ca", 1, 1)]);
        if forgotten { Ok(()) } else { Err((segments, queues)) }
    })
    .await;
    assert_eq!(
        (tenure_of(&world, &gone).await, tenure_of(&world, &stays).await),
        (String::new(), "first_90_days".to_owned())
    );
    let clocks: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.clock").fetch_one(&world.admin).await.unwrap();
    assert_eq!(clocks, 2);
}

#[tokio::test]
async fn what_is_kept_of_a_person_beside_their_clocks_is_told_them_and_gone_once_they_are_erased() {
    let profile = Profile::default();
    let mut world = World::new().await;
    let customers = world.customers(|assembly| assembly.serve(profile.clone())).await;
    let served = world.start().await;
    let now = world.now().await;
    let ticket = Ticket::incident(now);
    profile.knows(&ticket, Segment::High, Some(days(now, -10)));
    let care = customer::CareSection { priority_right: customer::PriorityRight::Age.into(), ..Default::default() };
    profile.cares(&ticket, care);
    let opened = ticketing::TicketOpened {
        language: Language::Ca.into(),
        channel: Channel::Phone.into(),
        served_first: true,
        ..ticket.opened()
    };
    world.ticketing.write(&ticket.name, &opened, now).await;
    asked(&world, 1).await;
    let told = gathered(&served, &ticket).await;
    let expected = sla::AffairRecord {
        affair: ticket.name.clone(),
        channel: "phone".to_owned(),
        language: "ca".to_owned(),
        served_first: true,
        segment: "high".to_owned(),
        tenure: "first_90_days".to_owned(),
        vulnerable: true,
    };
    assert_eq!(told, [expected]);
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e5".to_owned(),
        customer: ticket.customer.clone(),
        customers: vec![ticket.customer.clone()],
        ground: customer::ErasureGround::Objection.into(),
    };
    customers.write(&ticket.customer, &erased, now).await;
    eventually(SOON, || async {
        let told = gathered(&served, &ticket).await;
        let nothing = sla::AffairRecord { affair: ticket.name.clone(), ..Default::default() };
        if told == [nothing] { Ok(()) } else { Err(told) }
    })
    .await;
}

/// What is told of the affairs of a ticket's customer, beside their clocks.
async fn gathered(served: &Served, ticket: &Ticket) -> Vec<sla::AffairRecord> {
    let mut service = PersonalDataServiceClient::new(served.channel(Role::Service));
    let request = GatherPersonalDataRequest { customers: vec![ticket.customer.clone()] };
    let mut records = service.gather_personal_data(request).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = records.message().await.unwrap() {
        told.extend(answer.record.unwrap().to_msg::<sla::AffairRecord>());
    }
    told
}

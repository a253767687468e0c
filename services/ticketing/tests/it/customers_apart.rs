//! Customers who counted as one turn out to be two: what was merged for their sake comes apart by itself.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::SignedDuration;
use kernel::Role;
use sqlx::migrate::Migrator;
use testkit::{Database, Harness, Served, eventually};
use tokio::sync::Notify;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::r#type::v1::ActorKind;
use ventanilla_ticketing as ticketing;

use crate::notices::promises;
use crate::reactions::Neighbour;
use crate::relations::{Relations, merge};
use crate::world::{
    CUSTOMER, Tickets, World, assert_refused, complaint, create_request, fresh_id, get, promise_request, serve, start,
    time,
};

const LIMIT: Duration = Duration::from_secs(20);
pub const SECOND: &str = "customers/0190a000-0000-7000-8000-0000000000a2";
pub const THIRD: &str = "customers/0190a000-0000-7000-8000-0000000000a3";

/// That somebody came, and that they may go on.
type Gate = (Arc<Notify>, Arc<Notify>);

/// customer-profile, which tells under which name a customer goes on.
#[derive(Clone, Default)]
struct Known {
    names: Arc<Mutex<BTreeMap<String, String>>>,
    /// Where set, whoever asks for the second waits there, after it was noted that they asked.
    gate: Arc<Mutex<Option<Gate>>>,
}

impl Known {
    fn says(&self, name: &str, goes_on_as: &str) {
        self.names.lock().unwrap().insert(name.to_owned(), goes_on_as.to_owned());
    }
}

impl NamedService for Known {
    const NAME: &str = "ventanilla.customer.v1.CustomerService";
}

impl UnaryService<customer::GetCustomerRequest> for Known {
    type Response = customer::Customer;
    type Future = BoxFuture<Response<customer::Customer>, Status>;

    fn call(&mut self, request: Request<customer::GetCustomerRequest>) -> Self::Future {
        let asked = request.into_inner().name;
        let names = self.names.lock().unwrap().clone();
        let found = names.get(&asked).cloned();
        let gate = self.gate.lock().unwrap().clone().filter(|_| asked == SECOND);
        Box::pin(async move {
            if let Some((came, go)) = gate {
                came.notify_one();
                go.notified().await;
            }
            let name = found.ok_or_else(|| Status::not_found("nobody"))?;
            let others = names.into_iter().filter(|(other, goes_on)| *goes_on == name && *other != name);
            let also_known_as = others.map(|(other, _)| other).collect();
            Ok(Response::new(customer::Customer { name, also_known_as, ..Default::default() }))
        })
    }
}

impl Service<http::Request<Body>> for Known {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let known = self.clone();
        Box::pin(async move {
            let codec: ProstCodec<customer::Customer, customer::GetCustomerRequest> = ProstCodec::default();
            Ok(Grpc::new(codec).unary(known, request).await)
        })
    }
}

/// Ticketing beside a customer-profile that knows three ids.
pub struct House {
    pub world: World,
    customers: Neighbour,
    known: Known,
    _neighbour: Served,
}

impl House {
    /// Three ids that are one person.
    pub async fn new() -> Self {
        let harness = Harness::default();
        let (own, house) = (ticketing::migrations(), Migrator::with_migrations(Vec::new()));
        let database = Database::fresh_with(&[(ticketing::SCHEMA, &own), ("customer_profile", &house)]).await;
        let known = Known::default();
        for name in [CUSTOMER, SECOND, THIRD] {
            known.says(name, CUSTOMER);
        }
        let (answers, names) = (known.clone(), ("customer_profile", "customer-profile"));
        let and = |assembly: server::Assembly| assembly.serve(answers);
        let (customers, neighbour) = Neighbour::beside(&harness, &database, names, and).await;
        let served = serve(&harness, &database, &[("customer-profile", neighbour.addr)]).await;
        Self { world: World { harness, database, served }, customers, known, _neighbour: neighbour }
    }

    fn relations(&self) -> Relations {
        RelationServiceClient::new(self.world.served.channel(Role::Agent))
    }

    /// The second, and whoever went over to it before, are somebody else: of those the entry says nothing.
    async fn come_apart(&self) {
        self.known.says(SECOND, SECOND);
        self.known.says(THIRD, SECOND);
        self.told_apart().await;
    }

    async fn told_apart(&self) {
        let restored = vec![SECOND.to_owned()];
        let apart = customer::CustomersSeparated { customer: CUSTOMER.into(), restored, ..Default::default() };
        self.customers.says(CUSTOMER, &apart).await;
    }

    /// Once it was heard so often that customers came apart, and all merges were looked at for it where that is asked for.
    async fn heard(&self, times: i64, looked: bool) {
        let admin = self.world.database.admin().await;
        eventually(LIMIT, || async {
            let row: (i64, i64) =
                sqlx::query_as("select heard, looked from ticketing.customers_apart").fetch_one(&admin).await.unwrap();
            if row.0 == times && (!looked || row.1 == times) { Ok(()) } else { Err(row) }
        })
        .await;
    }
}

pub async fn started_of(agent: &mut Tickets, customer: &str) -> pb::Ticket {
    let ticket = pb::Ticket { customer: customer.into(), ..complaint() };
    let opened = agent.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap();
    start(agent, &opened).await.unwrap()
}

async fn history(agent: &mut Tickets, ticket: &str) -> Vec<pb::TicketChange> {
    let request = pb::ListTicketHistoryRequest { name: ticket.into(), page_size: 100, ..Default::default() };
    agent.list_ticket_history(request).await.unwrap().into_inner().changes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_merged_for_one_who_turns_out_to_be_two_comes_apart_and_nothing_else_does() {
    let house = House::new().await;
    let (mut agent, mut relations) = (house.world.agent(), house.relations());
    let mut all = Vec::new();
    for customer in [CUSTOMER, CUSTOMER, SECOND, THIRD] {
        all.push(started_of(&mut agent, customer).await);
    }
    let [head, own, theirs, gone_over] = all.as_slice() else { unreachable!() };
    // Theirs in that of the first; what came under the third id in theirs; and the first's own in what came under the third.
    for (from, into) in [(theirs, head), (gone_over, theirs), (own, gone_over)] {
        let (from, into) = (get(&mut agent, &from.name).await, get(&mut agent, &into.name).await);
        merge(&mut relations, &from, &into).await.unwrap();
    }
    // It was looked at as the service began, and word comes twice.
    house.come_apart().await;
    house.told_apart().await;
    house.heard(3, true).await;
    let mut now = Vec::new();
    for ticket in &all {
        now.push(get(&mut agent, &ticket.name).await);
    }
    let stands: Vec<_> = now.iter().map(|one| (one.merged_into.as_str(), one.merged_count, one.state())).collect();
    let working = pb::TicketState::InProgress;
    let expected = [("", 0, working), ("", 0, working), ("", 1, working), (theirs.name.as_str(), 0, working)];
    assert_eq!(stands, expected, "who is one stays together, and everything stands where it stood");
    let last = history(&mut agent, &theirs.name).await;
    let ended: Vec<_> = last.iter().filter(|change| change.kind() == pb::TicketChangeKind::Unmerged).collect();
    assert!(!ended.is_empty());
    for change in ended {
        let actor = change.actor.as_ref().unwrap();
        assert_eq!((actor.kind(), change.reason.as_str()), (ActorKind::System, "customers_separated"));
    }
    let links = pb::ListTicketLinksRequest { parent: own.name.clone(), page_size: 100, ..Default::default() };
    let links = relations.list_ticket_links(links).await.unwrap().into_inner().links;
    assert_eq!(links.iter().map(|link| link.end_reason.as_str()).collect::<Vec<_>>(), ["customers_separated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_to_one_who_turns_out_to_be_two_is_owed_to_each() {
    let house = House::new().await;
    let (mut agent, mut relations) = (house.world.agent(), house.relations());
    let (head, theirs) = (started_of(&mut agent, CUSTOMER).await, started_of(&mut agent, SECOND).await);
    let promise = |kind: pb::PromiseKind| {
        let mut request = promise_request(&head.name, "2026-11-27T10:00:00Z");
        let promise = request.promise.as_mut().unwrap();
        promise.kind = kind.into();
        if kind == pb::PromiseKind::Callback {
            promise.window_start_time = time("2026-11-23T08:00:00Z");
        }
        request
    };
    let kinds = [pb::PromiseKind::Resolution, pb::PromiseKind::Callback, pb::PromiseKind::Other];
    agent.make_promise(promise(pb::PromiseKind::Callback)).await.unwrap();
    house.world.advance(SignedDuration::from_mins(5));
    merge(&mut relations, &theirs, &head).await.unwrap();
    house.world.advance(SignedDuration::from_mins(5));
    let mut promised = Vec::new();
    for kind in kinds {
        promised.push(agent.make_promise(promise(kind)).await.unwrap().into_inner());
    }
    // Tried once, by the number of the first: the second was not tried by that.
    let tried = pb::AttemptPromiseRequest {
        name: promised[1].name.clone(),
        outcome: pb::AttemptOutcome::NoAnswer.into(),
        etag: promised[1].etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    assert_eq!(agent.attempt_promise(tried).await.unwrap().into_inner().attempt_count, 1);
    house.come_apart().await;
    house.heard(2, true).await;
    let owed = promises(&house.world, &theirs.name).await;
    assert_eq!(owed.len(), promised.len(), "{owed:?}");
    for (own, first) in owed.iter().zip(&promised) {
        assert_eq!(*own, pb::Promise { name: own.name.clone(), etag: own.etag.clone(), ..first.clone() });
        assert!(own.name.starts_with(&theirs.name), "{}", own.name);
    }
    assert_eq!(promises(&house.world, &head.name).await.len(), 4, "and what was promised stays where it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_whom_nothing_is_known_and_who_is_one_again_stay_together() {
    let house = House::new().await;
    let (mut agent, mut relations) = (house.world.agent(), house.relations());
    let (head, theirs) = (started_of(&mut agent, CUSTOMER).await, started_of(&mut agent, SECOND).await);
    merge(&mut relations, &theirs, &head).await.unwrap();
    // Word of it comes when they are one again; then when nobody knows them any more.
    house.told_apart().await;
    house.heard(2, true).await;
    house.known.names.lock().unwrap().remove(SECOND);
    house.told_apart().await;
    house.heard(3, true).await;
    assert_eq!(get(&mut agent, &theirs.name).await.merged_into, head.name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_apart_while_somebody_merges_is_not_merged() {
    let house = House::new().await;
    let (mut agent, mut relations) = (house.world.agent(), house.relations());
    let (head, theirs) = (started_of(&mut agent, CUSTOMER).await, started_of(&mut agent, SECOND).await);
    let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    *house.known.gate.lock().unwrap() = Some((came.clone(), go.clone()));
    let merging = merge(&mut relations, &theirs, &head);
    let meanwhile = async {
        came.notified().await;
        *house.known.gate.lock().unwrap() = None;
        // It is heard, and looked at, before the merge is there to be looked at.
        house.come_apart().await;
        house.heard(2, true).await;
        go.notify_one();
    };
    let (merged, ()) = tokio::join!(merging, meanwhile);
    assert_eq!(merged.unwrap_err().code(), Code::Aborted);
    let again = merge(&mut house.relations(), &theirs, &head).await;
    assert_refused(again, Code::FailedPrecondition, "CUSTOMERS_DIFFER");
    assert_eq!(get(&mut agent, &theirs.name).await.merged_into, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_one_is_found_under_each_of_their_ids_and_who_is_two_under_their_own() {
    let house = House::new().await;
    let mut agent = house.world.agent();
    let mut names = Vec::new();
    for customer in [CUSTOMER, SECOND, CUSTOMER, THIRD, SECOND] {
        house.world.advance(SignedDuration::from_secs(1));
        names.insert(0, started_of(&mut agent, customer).await.name);
    }
    for customer in [CUSTOMER, SECOND, THIRD] {
        assert_eq!(listed(&mut agent, customer).await, names, "{customer}");
    }
    let filter = pb::TicketFilter { customer: SECOND.into(), ..Default::default() };
    let counted = pb::CountTicketsRequest { filter: Some(filter.clone()), ..Default::default() };
    let mut finder = house.world.finder("agent-1", Role::Agent);
    let counts = finder.count_tickets(counted).await.unwrap().into_inner().counts;
    assert_eq!(counts[0].count, 5);
    let search = pb::SearchTicketsRequest { filter: Some(filter), ..Default::default() };
    assert_eq!(finder.search_tickets(search).await.unwrap().into_inner().tickets.len(), 5);

    house.known.says(SECOND, SECOND);
    assert_eq!(listed(&mut agent, SECOND).await, [names[0].clone(), names[3].clone()]);
    // Of whom customer-profile says nothing there is what came under the id that is said.
    house.known.names.lock().unwrap().clear();
    assert_eq!(listed(&mut agent, CUSTOMER).await, [names[2].clone(), names[4].clone()]);
}

/// The affairs of a customer, two at a time.
async fn listed(agent: &mut Tickets, customer: &str) -> Vec<String> {
    let mut request = pb::ListTicketsRequest { customer: customer.into(), page_size: 2, ..Default::default() };
    let mut names = Vec::new();
    loop {
        let page = agent.list_tickets(request.clone()).await.unwrap().into_inner();
        names.extend(page.tickets.into_iter().map(|ticket| ticket.name));
        if page.next_page_token.is_empty() {
            return names;
        }
        request.page_token = page.next_page_token;
    }
}

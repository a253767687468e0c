//! customer-profile as far as the office asks it: a real ledger with its feed, and who customers are, which the test says.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use kernel::{Actor, ActorKind, Ambient};
use ledger::{Draft, Ledger, Stamp};
use server::Assembly;
use testkit::{Database, Harness, Served};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use ventanilla_proto::customer::v1 as pb;

/// Its schema, which holds a ledger and nothing else.
pub const SCHEMA: &str = "customer_profile";

/// The stand-in, running.
pub struct Neighbour {
    pub served: Served,
    pub people: People,
    ledger: Ledger,
    ambient: Ambient,
}

impl Neighbour {
    pub async fn start(harness: &Harness, database: &Database) -> Self {
        let db = postgres::Db::connect(&database.settings_of(SCHEMA)).await.unwrap();
        let (ledger, people) = (Ledger::open(db, "customer-profile"), People::default());
        let assembly = Assembly::new("customer-profile").serve(people.clone()).keep_ledger(&ledger, &harness.house());
        let served = harness.start(assembly).await;
        Self { served, people, ledger, ambient: harness.surroundings.ambient.clone() }
    }

    /// Writes down that these two are one person; answers how many entries the ledger has by then.
    pub async fn link(&self, customer: &str, absorbed: &str) -> i64 {
        let linked = pb::CustomersLinked {
            customer: customer.to_owned(),
            absorbed: vec![absorbed.to_owned()],
            ..Default::default()
        };
        let now = self.ambient.now();
        let actor = Actor { kind: ActorKind::System, id: "customer-profile".to_owned(), department: None };
        let stamp = Stamp::of(actor, now, String::new());
        let mut tx = self.ledger.db().tx().await.unwrap();
        ledger::append(&mut tx, &[Draft::new(self.ambient.uuid(now), customer, &linked, &stamp)]).await.unwrap();
        tx.commit().await.unwrap();
        self.ledger.nudge();
        let count = "select (select count(*) from customer_profile.ledger) + (select count(*) from customer_profile.ledger_inbox)";
        sqlx::query_scalar(count).fetch_one(self.ledger.db().reader()).await.unwrap()
    }
}

/// Who customers are.
#[derive(Clone, Default)]
pub struct People(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    silent: bool,
    shown: HashMap<String, pb::CustomerView>,
    asked: Vec<pb::GetCustomerRequest>,
}

impl People {
    /// From now on the screen shows this customer.
    pub fn show(&self, view: pb::CustomerView) {
        self.0.lock().unwrap().shown.insert(view.name.clone(), view);
    }

    /// Whether questions are answered. The ledger goes on.
    pub fn is_silent(&self, silent: bool) {
        self.0.lock().unwrap().silent = silent;
    }

    /// What was asked of the past.
    pub fn asked(&self) -> Vec<pb::GetCustomerRequest> {
        self.0.lock().unwrap().asked.clone()
    }

    fn view(&self, name: &str) -> Result<pb::CustomerView, Status> {
        let known = self.0.lock().unwrap();
        match known.shown.get(name) {
            _ if known.silent => Err(Status::unavailable("silent")),
            None => Err(Status::not_found("nobody")),
            Some(view) => Ok(view.clone()),
        }
    }
}

impl NamedService for People {
    const NAME: &str = "ventanilla.customer.v1.CustomerService";
}

impl UnaryService<pb::GetCustomerViewRequest> for People {
    type Response = pb::CustomerView;
    type Future = BoxFuture<Response<pb::CustomerView>, Status>;

    fn call(&mut self, request: Request<pb::GetCustomerViewRequest>) -> Self::Future {
        let answer = self.view(&request.get_ref().name);
        Box::pin(async move { answer.map(Response::new) })
    }
}

impl UnaryService<pb::GetCustomerRequest> for People {
    type Response = pb::Customer;
    type Future = BoxFuture<Response<pb::Customer>, Status>;

    fn call(&mut self, request: Request<pb::GetCustomerRequest>) -> Self::Future {
        let answer = self.view(&request.get_ref().name);
        if answer.is_ok() {
            self.0.lock().unwrap().asked.push(request.into_inner());
        }
        let customer = answer.map(|view| view.golden.and_then(|golden| golden.customer).unwrap_or_default());
        Box::pin(async move { customer.map(Response::new) })
    }
}

impl Service<http::Request<Body>> for People {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let people = self.clone();
        Box::pin(async move {
            if request.uri().path().ends_with("/GetCustomerView") {
                let codec: ProstCodec<pb::CustomerView, pb::GetCustomerViewRequest> = ProstCodec::default();
                return Ok(Grpc::new(codec).unary(people, request).await);
            }
            let codec: ProstCodec<pb::Customer, pb::GetCustomerRequest> = ProstCodec::default();
            Ok(Grpc::new(codec).unary(people, request).await)
        })
    }
}

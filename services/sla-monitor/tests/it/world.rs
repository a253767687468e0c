//! What the tests stand in: the service, and the two ledgers it listens to, each a real one with its feed.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Ambient, Role};
use ledger::{Draft, Ledger, Stamp};
use prost::{Message, Name};
use server::{Assembly, House};
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use testkit::{Client, Database, Harness, Served, Surroundings, eventually};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::measure_service_client::MeasureServiceClient;
use ventanilla_proto::sla::v1::policy_service_client::PolicyServiceClient;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Direction;
use ventanilla_sla_monitor::{SCHEMA, Settings, assemble, migrations};

/// How long anything that happens by itself may take.
pub const SOON: Duration = Duration::from_secs(20);

/// A ledger that the service listens to, written by the test.
pub struct Source {
    ledger: Ledger,
    ambient: Ambient,
    served: Served,
}

impl Source {
    async fn start(harness: &Harness, database: &Database, name: &'static str, schema: &str) -> Self {
        Self::serving(harness, database, (name, schema), |assembly| assembly).await
    }

    /// One that answers more than who follows it.
    async fn serving(
        harness: &Harness,
        database: &Database,
        (name, schema): (&'static str, &str),
        also: impl FnOnce(Assembly) -> Assembly,
    ) -> Self {
        let db = postgres::Db::connect(&database.settings_of(schema)).await.unwrap();
        let ledger = Ledger::open(db, name);
        let assembly = also(Assembly::new(name).keep_ledger(&ledger, &harness.house()));
        let served = harness.start(assembly).await;
        Self { ledger, ambient: Ambient::system(), served }
    }

    /// Writes an entry that happened at an instant.
    pub async fn write<M: Message + Name>(&self, aggregate: &str, payload: &M, at: Timestamp) {
        let now = self.ambient.now();
        let actor = Actor { kind: ActorKind::Employee, id: "agent-1".to_owned(), department: None };
        let stamp = Stamp::of(actor, now, String::new()).occurred(at);
        let mut tx = self.ledger.db().tx().await.unwrap();
        ledger::append(&mut tx, &[Draft::new(self.ambient.uuid(now), aggregate, payload, &stamp)]).await.unwrap();
        tx.commit().await.unwrap();
        self.ledger.nudge();
    }

    fn addr(&self) -> SocketAddr {
        self.served.addr
    }
}

/// The service and its sources.
pub struct World {
    /// The house.
    pub harness: Harness,
    /// Its database.
    pub database: Database,
    /// Where affairs come from.
    pub ticketing: Source,
    /// Where cases come from.
    pub ombudsman: Source,
    /// Looks at what was written.
    pub admin: PgPool,
    /// Who knows customers; nobody unless a test says so.
    pub customer_profile: Option<SocketAddr>,
}

impl World {
    /// A world in the machine's time.
    pub async fn new() -> Self {
        Self::within(Harness::in_real_time()).await
    }

    /// A world whose services believe it to be another time than the database does.
    pub async fn skewed(by: SignedDuration) -> Self {
        let at = Ambient::system().now().checked_add(by).unwrap();
        Self::within(Harness::with(Surroundings::at(&at.to_string(), 7))).await
    }

    async fn within(harness: Harness) -> Self {
        let none = Migrator::with_migrations(Vec::new());
        let own = migrations();
        let database = Database::fresh_with(&[
            (SCHEMA, &own),
            ("ticketing", &none),
            ("ombudsman", &none),
            ("customer_profile", &none),
        ])
        .await;
        let ticketing = Source::start(&harness, &database, "ticketing", "ticketing").await;
        let ombudsman = Source::start(&harness, &database, "ombudsman-escalation", "ombudsman").await;
        let admin = database.admin().await;
        Self { harness, database, ticketing, ombudsman, admin, customer_profile: None }
    }

    /// Where customers come from, who are answered about by what is served beside their ledger. Before the service is started.
    pub async fn customers(&mut self, also: impl FnOnce(Assembly) -> Assembly) -> Source {
        let name = ("customer-profile", "customer_profile");
        let customers = Source::serving(&self.harness, &self.database, name, also).await;
        self.customer_profile = Some(customers.addr());
        customers
    }

    /// Settings of the service under test: late entries get no time to arrive unless a test gives it.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.database.settings());
        settings.due.late_entry_quiet_ms = 0;
        settings
    }

    /// Starts the service.
    pub async fn start(&self) -> Served {
        self.start_with(self.settings()).await
    }

    /// Starts the service with these settings.
    pub async fn start_with(&self, settings: Settings) -> Served {
        self.harness.start(assemble(settings, self.house()).await.unwrap()).await
    }

    /// The house it is started in.
    pub fn house(&self) -> House {
        let nobody = ([127, 0, 0, 1], 1).into();
        let peers = [
            ("ticketing", self.ticketing.addr()),
            ("ombudsman-escalation", self.ombudsman.addr()),
            ("customer-profile", self.customer_profile.unwrap_or(nobody)),
        ];
        self.harness.house_with("sla-monitor", &peers)
    }

    /// The database's time.
    pub async fn now(&self) -> Timestamp {
        let now: jiff_sqlx::Timestamp = sqlx::query_scalar("select now()").fetch_one(&self.admin).await.unwrap();
        now.to_jiff()
    }

    /// Opens a ticket.
    pub async fn open(&self, ticket: &Ticket) {
        self.ticketing.write(&ticket.name, &ticket.opened(), ticket.received).await;
    }

    /// Moves a ticket from one state to another.
    pub async fn transition(&self, ticket: &Ticket, states: (State, State), reason: &str, at: Timestamp) {
        let moved = ticketing::TicketTransitioned {
            ticket: ticket.name.clone(),
            from_state: states.0.into(),
            to_state: states.1.into(),
            reason: reason.to_owned(),
            department: "customer-service".to_owned(),
        };
        self.ticketing.write(&ticket.name, &moved, at).await;
    }

    /// Something is said on a ticket, to or by the customer.
    pub async fn say(&self, ticket: &Ticket, direction: Direction, at: Timestamp) {
        let said = ticketing::MessageAdded {
            ticket: ticket.name.clone(),
            message: format!("{}/messages/1", ticket.name),
            direction: direction.into(),
            visibility: ticketing::MessageVisibility::Public.into(),
            ..Default::default()
        };
        self.ticketing.write(&ticket.name, &said, at).await;
    }

    /// Resolves a ticket.
    pub async fn resolve(&self, ticket: &Ticket, at: Timestamp) {
        self.transition(ticket, (State::InProgress, State::Resolved), "", at).await;
    }

    /// Promises something on a ticket; answers the promise's name.
    pub async fn promise(&self, ticket: &Ticket, made: Timestamp, due: Timestamp) -> String {
        let promise = format!("{}/promises/{}", ticket.name, self.harness.surroundings.ambient.uuid(made));
        let payload = ticketing::PromiseMade {
            ticket: ticket.name.clone(),
            promise: promise.clone(),
            due_time: Some(wire(due)),
            ..ticketing::PromiseMade::default()
        };
        self.ticketing.write(&ticket.name, &payload, made).await;
        promise
    }

    /// Ends a promise.
    pub async fn settle(&self, ticket: &Ticket, promise: &str, state: ticketing::PromiseState, at: Timestamp) {
        let payload =
            ticketing::PromiseSettled { ticket: ticket.name.clone(), promise: promise.to_owned(), state: state.into() };
        self.ticketing.write(&ticket.name, &payload, at).await;
    }

    /// Entries of one type in the service's ledger, sequenced or not, with when they happened and were recorded.
    pub async fn told<M: Message + Name + Default>(&self) -> Vec<Told<M>> {
        let rows: Vec<(Vec<u8>, jiff_sqlx::Timestamp, jiff_sqlx::Timestamp)> = sqlx::query_as(
            "select payload, occurred_at, recorded_at from (
                 select 0 as waits, position, type, payload, occurred_at, recorded_at from sla_monitor.ledger
                 union all
                 select 1, inbox_id, type, payload, occurred_at, recorded_at from sla_monitor.ledger_inbox) e
             where type = $1 order by waits, position",
        )
        .bind(M::full_name())
        .fetch_all(&self.admin)
        .await
        .unwrap();
        let read = |(payload, occurred, recorded): (Vec<u8>, jiff_sqlx::Timestamp, jiff_sqlx::Timestamp)| Told {
            payload: M::decode(payload.as_slice()).unwrap(),
            occurred: occurred.to_jiff(),
            recorded: recorded.to_jiff(),
        };
        rows.into_iter().map(read).collect()
    }
}

/// An entry as it stands in the ledger.
#[derive(Debug)]
pub struct Told<M> {
    /// What it says.
    pub payload: M,
    /// When it happened.
    pub occurred: Timestamp,
    /// When it was written down.
    pub recorded: Timestamp,
}

/// State of a ticket.
pub use ticketing::TicketState as State;

/// A ticket to be opened.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Resource name.
    pub name: String,
    /// Resource name of the customer.
    pub customer: String,
    /// Type.
    pub kind: ticketing::TicketType,
    /// Sector.
    pub sector: &'static str,
    /// Topic.
    pub topic: &'static str,
    /// Department.
    pub department: &'static str,
    /// First receipt.
    pub received: Timestamp,
}

impl Ticket {
    /// A complaint of the general sector, first received at an instant.
    pub fn complaint(received: Timestamp) -> Self {
        let id = || Ambient::system().uuid(received);
        Self {
            name: format!("tickets/{}", id()),
            customer: format!("customers/{}", id()),
            kind: ticketing::TicketType::Reclamacion,
            sector: "general",
            topic: "",
            department: "customer-service",
            received,
        }
    }

    /// An incident, first received at an instant.
    pub fn incident(received: Timestamp) -> Self {
        Self { kind: ticketing::TicketType::Incidencia, ..Self::complaint(received) }
    }

    /// The same ticket of another sector.
    pub fn of_sector(self, sector: &'static str) -> Self {
        Self { sector, ..self }
    }

    /// The same ticket about a topic.
    pub fn about(self, topic: &'static str) -> Self {
        Self { topic, ..self }
    }

    /// The entry that opens it.
    pub fn opened(&self) -> ticketing::TicketOpened {
        ticketing::TicketOpened {
            ticket: self.name.clone(),
            customer: self.customer.clone(),
            ticket_type: self.kind.into(),
            department: self.department.to_owned(),
            first_received_time: Some(wire(self.received)),
            sector: self.sector.to_owned(),
            topic: self.topic.to_owned(),
            ..ticketing::TicketOpened::default()
        }
    }
}

/// A client for a role.
pub fn client(served: &Served, role: Role) -> SlaServiceClient<Client> {
    SlaServiceClient::new(served.channel(role))
}

/// A client of what is measured, for a role.
pub fn measures(served: &Served, role: Role) -> MeasureServiceClient<Client> {
    MeasureServiceClient::new(served.channel(role))
}

/// The reason of a refusal.
pub fn reason(status: &tonic::Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// The fields that a refusal names.
pub fn fields(status: &tonic::Status) -> Vec<String> {
    let wrong = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    wrong.into_iter().map(|violation| violation.field).collect()
}

/// A client for policies and calendars, for a role.
pub fn policies(served: &Served, role: Role) -> PolicyServiceClient<Client> {
    PolicyServiceClient::new(served.channel(role))
}

/// The clocks of a subject, when there are as many as expected.
pub async fn clocks(served: &Served, subject: &str, expected: usize) -> Vec<sla::Clock> {
    clocks_that(served, subject, |clocks| clocks.len() == expected).await
}

/// The clocks of a subject, when they fit.
pub async fn clocks_that(served: &Served, subject: &str, fits: impl Fn(&[sla::Clock]) -> bool) -> Vec<sla::Clock> {
    let client = client(served, Role::Agent);
    eventually(SOON, || {
        let mut client = client.clone();
        let request = sla::ListClocksRequest { subject: subject.to_owned(), ..sla::ListClocksRequest::default() };
        let fits = &fits;
        async move {
            let clocks = client.list_clocks(request).await.map_err(|e| format!("{e}"))?.into_inner().clocks;
            if fits(&clocks) { Ok(clocks) } else { Err(format!("{clocks:?}")) }
        }
    })
    .await
}

/// The one clock of a subject, in a state.
pub async fn clock_in(served: &Served, subject: &str, state: sla::ClockState) -> sla::Clock {
    let mut clocks = clocks_that(served, subject, |clocks| clocks.len() == 1 && clocks[0].state() == state).await;
    clocks.remove(0)
}

/// An instant from its text.
pub fn at(text: &str) -> Timestamp {
    testkit::instant(text)
}

/// An instant on the wire.
pub fn wire(at: Timestamp) -> prost_types::Timestamp {
    server::parse::time_to_proto(at)
}

/// An instant from the wire.
pub fn read(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    time.map(|t| Timestamp::new(t.seconds, t.nanos).unwrap())
}

/// An instant some milliseconds later.
pub fn later(at: Timestamp, millis: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_millis(millis)).unwrap()
}

/// A name nobody has.
pub fn nobody(collection: &str) -> String {
    format!("{collection}/{}", Uuid::from_u128(0xdead))
}

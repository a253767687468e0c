//! What the tests stand in: the service, and the four ledgers it listens to, each a real one with its feed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Ambient, Role};
use ledger::{Draft, Ledger, Stamp};
use postgres::Tx;
use prost::{Message, Name};
use server::Assembly;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use testkit::{Client, Database, Harness, Served, eventually};
use tonic_types::StatusExt as _;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::webhook::v1 as proto;
use ventanilla_proto::webhook::v1::webhook_service_client::WebhookServiceClient;
use ventanilla_webhooks::{SCHEMA, Settings, assemble, migrations};

use crate::receiver::Receiver;

/// How long anything that happens by itself may take.
pub const SOON: Duration = Duration::from_secs(30);

/// The ledgers: name and schema.
const SOURCES: [(&str, &str); 4] = [
    ("customer-profile", "customer_profile"),
    ("ticketing", "ticketing"),
    ("sla-monitor", "sla_monitor"),
    ("ombudsman-escalation", "ombudsman"),
];

/// A ledger that the service listens to, written by the test.
pub struct Source {
    ledger: Ledger,
    served: Served,
}

/// The service's surroundings.
pub struct World {
    /// The house.
    pub harness: Harness,
    /// Its database.
    pub database: Database,
    /// Looks at what was written.
    pub admin: PgPool,
    sources: BTreeMap<&'static str, Source>,
    ambient: Ambient,
}

impl World {
    /// With four empty ledgers.
    pub async fn new() -> Self {
        let harness = Harness::in_real_time();
        let (none, own) = (Migrator::with_migrations(Vec::new()), migrations());
        let mut schemas = vec![(SCHEMA, &own)];
        schemas.extend(SOURCES.map(|(_, schema)| (schema, &none)));
        let database = Database::fresh_with(&schemas).await;
        let mut sources = BTreeMap::new();
        for (name, schema) in SOURCES {
            let mut settings = database.settings_of(schema);
            settings.max_connections = 4;
            let ledger = Ledger::open(postgres::Db::connect(&settings).await.unwrap(), name);
            let served = harness.start(Assembly::new(name).keep_ledger(&ledger, &harness.house())).await;
            sources.insert(name, Source { ledger, served });
        }
        let admin = database.admin().await;
        Self { harness, database, admin, sources, ambient: Ambient::system() }
    }

    /// Settings in which nothing waits long, and this machine may be posted to.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(self.database.settings(), &[7; 32]);
        settings.endpoints.inside = vec!["127.0.0.1".to_owned()];
        settings.endpoints.timeout_ms = 1_000;
        settings.pace.first_pause_ms = 4;
        settings.pace.longest_pause_ms = 40;
        settings.pace.most_attempts = 1_000;
        settings.courier.lease_ms = 2_000;
        settings
    }

    /// Starts the service.
    pub async fn start(&self) -> Served {
        self.start_with(self.settings()).await
    }

    /// Starts the service with these settings.
    pub async fn start_with(&self, settings: Settings) -> Served {
        let peers: Vec<_> = self.sources.iter().map(|(name, source)| (*name, source.served.addr)).collect();
        let house = self.harness.house_with("webhooks", &peers);
        self.harness.start(assemble(settings, house).await.unwrap()).await
    }

    /// An id.
    pub fn uuid(&self) -> String {
        self.ambient.uuid(self.ambient.now()).to_string()
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.ambient.now()
    }

    /// Writes entries into a ledger, in one transaction.
    pub async fn write<M: Message + Name>(&self, source: &str, aggregate: &str, payloads: &[M]) {
        let now = self.now();
        let drafts: Vec<Draft> = payloads.iter().map(|payload| self.draft(aggregate, payload, now)).collect();
        self.append(source, &drafts).await;
    }

    /// An entry about something that happened at an instant.
    pub fn draft<M: Message + Name>(&self, aggregate: &str, payload: &M, occurred_at: Timestamp) -> Draft {
        let now = self.now();
        let actor = Actor { kind: ActorKind::Employee, id: "agent-1".to_owned(), department: None };
        let stamp = Stamp::of(actor, now, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
        Draft::new(self.ambient.uuid(now), aggregate, payload, &stamp.occurred(occurred_at))
    }

    /// Writes these entries into a ledger, in one transaction.
    pub async fn append(&self, source: &str, drafts: &[Draft]) {
        let ledger = &self.sources[source].ledger;
        let mut tx = ledger.db().tx().await.unwrap();
        ledger::append(&mut tx, drafts).await.unwrap();
        tx.commit().await.unwrap();
        ledger.nudge();
    }

    /// The same, and waits until they are numbered: what follows from an entry elsewhere is written after that.
    pub async fn append_numbered(&self, source: &str, drafts: &[Draft]) {
        self.append(source, drafts).await;
        let ledger = &self.sources[source].ledger;
        eventually(SOON, || async {
            let mut connection = ledger.db().reader().acquire().await.map_err(|e| e.to_string())?;
            let standing = ledger.standing(&mut connection).await.map_err(|e| e.to_string())?;
            if standing.waiting == 0 { Ok(()) } else { Err(format!("{} wait", standing.waiting)) }
        })
        .await;
    }

    /// Somebody else's transaction in the service's schema.
    pub async fn begin(&self) -> Tx {
        self.database.db().await.tx().await.unwrap()
    }

    /// Nothing is heard of a ledger until this transaction ends.
    pub async fn deafen(&self, source: &str) -> Tx {
        let cursor = "insert into webhooks.ledger_cursor (source) values ($1) on conflict do nothing";
        sqlx::query(cursor).bind(source).execute(&self.admin).await.unwrap();
        let mut held = self.begin().await;
        let lock = "select from webhooks.ledger_cursor where source = $1 for update";
        sqlx::query(lock).bind(source).execute(&mut *held).await.unwrap();
        held
    }

    /// Waits until so many events are kept.
    pub async fn kept(&self, count: i64) {
        eventually(SOON, || async {
            let kept = sqlx::query_scalar::<_, i64>("select count(*) from webhooks.event").fetch_one(&self.admin).await;
            let kept = kept.map_err(|e| e.to_string())?;
            if kept >= count { Ok(()) } else { Err(format!("{kept} of {count}")) }
        })
        .await;
    }

    /// Opens an affair in a department, of a customer who is served first; answers its name.
    pub async fn open(&self, department: &str) -> String {
        let ticket = format!("tickets/{}", self.uuid());
        let opened = ticketing::TicketOpened {
            ticket: ticket.clone(),
            customer: format!("customers/{}", self.uuid()),
            ticket_type: ticketing::TicketType::Reclamacion.into(),
            department: department.to_owned(),
            served_first: true,
            ..Default::default()
        };
        self.write("ticketing", &ticket, &[opened]).await;
        ticket
    }

    /// Opens an affair whose subject holds these words.
    pub async fn open_saying(&self, department: &str, words: &str) {
        let ticket = format!("tickets/{}", self.uuid());
        let opened =
            ticketing::TicketOpened { ticket: ticket.clone(), department: department.to_owned(), ..Default::default() };
        let personal = ticketing::TicketOpenedPersonal { subject: words.to_owned(), ..Default::default() };
        let (now, ledger) = (self.now(), &self.sources["ticketing"].ledger);
        let actor = Actor { kind: ActorKind::Employee, id: "agent-1".to_owned(), department: None };
        let stamp = Stamp::of(actor, now, String::new());
        let draft = Draft::new(self.ambient.uuid(now), ticket, &opened, &stamp);
        let mut tx = ledger.db().tx().await.unwrap();
        ledger::append(&mut tx, &[draft.with_personal(&personal, [9; 32])]).await.unwrap();
        tx.commit().await.unwrap();
        ledger.nudge();
    }

    /// Moves an affair, so many times from a number on; the number is the reason.
    pub async fn step(&self, ticket: &str, numbers: std::ops::Range<usize>) {
        let moved = |number: usize| ticketing::TicketTransitioned {
            ticket: ticket.to_owned(),
            from_state: ticketing::TicketState::InProgress.into(),
            to_state: ticketing::TicketState::InProgress.into(),
            reason: format!("step_{number}"),
            department: "billing".to_owned(),
        };
        let all: Vec<_> = numbers.map(moved).collect();
        self.write("ticketing", ticket, &all).await;
    }

    /// A subscription of billing's supervisor for all types of events; answers it with its secret.
    pub async fn subscribe(&self, served: &Served, receiver: &Receiver) -> (proto::Subscription, String) {
        self.subscribe_to(served, receiver, &["*"]).await
    }

    /// A subscription of billing's supervisor.
    pub async fn subscribe_to(
        &self,
        served: &Served,
        receiver: &Receiver,
        types: &[&str],
    ) -> (proto::Subscription, String) {
        self.subscribe_as(supervisor(served), receiver, types).await
    }

    /// A subscription of this caller's own.
    pub async fn subscribe_as(
        &self,
        mut client: WebhookServiceClient<Client>,
        receiver: &Receiver,
        types: &[&str],
    ) -> (proto::Subscription, String) {
        let request = proto::CreateSubscriptionRequest {
            subscription: Some(subscription(&receiver.url(), types)),
            request_id: self.uuid(),
        };
        let made = client.create_subscription(request).await.unwrap().into_inner();
        (made.subscription.unwrap(), made.secret)
    }

    /// The subscription as it stands.
    pub async fn shown(&self, served: &Served, name: &str) -> proto::Subscription {
        let request = proto::GetSubscriptionRequest { name: name.to_owned() };
        supervisor(served).get_subscription(request).await.unwrap().into_inner()
    }

    /// The subscription once it is as expected.
    pub async fn shown_when(
        &self,
        served: &Served,
        name: &str,
        fits: impl Fn(&proto::Subscription) -> bool,
    ) -> proto::Subscription {
        let client = supervisor(served);
        eventually(SOON, || {
            let (mut client, fits) = (client.clone(), &fits);
            let request = proto::GetSubscriptionRequest { name: name.to_owned() };
            async move {
                let shown = client.get_subscription(request).await.map_err(|e| e.to_string())?.into_inner();
                if fits(&shown) { Ok(shown) } else { Err(format!("{shown:?}")) }
            }
        })
        .await
    }

    /// Deliveries of a subscription in a state, the newest event first.
    pub async fn deliveries(&self, served: &Served, name: &str, state: proto::DeliveryState) -> Vec<proto::Delivery> {
        let request = proto::ListDeliveriesRequest {
            parent: name.to_owned(),
            state: state.into(),
            page_size: 100,
            ..Default::default()
        };
        supervisor(served).list_deliveries(request).await.unwrap().into_inner().deliveries
    }

    /// Waits until so many events were spread.
    pub async fn spread(&self, count: i64) {
        eventually(SOON, || async {
            let spread: i64 = sqlx::query_scalar(
                "select (select count(*) from webhooks.event) - (select count(*) from webhooks.unspread)",
            )
            .fetch_one(&self.admin)
            .await
            .map_err(|e| e.to_string())?;
            if spread >= count { Ok(()) } else { Err(format!("{spread} of {count}")) }
        })
        .await;
    }

    /// Entries of one type in the service's ledger, sequenced or not.
    pub async fn told<M: Message + Name + Default>(&self) -> Vec<M> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "select payload from (
                 select 0 as waits, position, type, payload from webhooks.ledger
                 union all select 1, inbox_id, type, payload from webhooks.ledger_inbox) e
             where type = $1 order by waits, position",
        )
        .bind(M::full_name())
        .fetch_all(&self.admin)
        .await
        .unwrap();
        rows.into_iter().map(|payload| M::decode(payload.as_slice()).unwrap()).collect()
    }
}

/// A subscription to these types, to be made.
pub fn subscription(url: &str, types: &[&str]) -> proto::Subscription {
    proto::Subscription {
        url: url.to_owned(),
        event_types: types.iter().map(|text| (*text).to_owned()).collect(),
        ..Default::default()
    }
}

/// A client for billing's supervisor.
pub fn supervisor(served: &Served) -> WebhookServiceClient<Client> {
    WebhookServiceClient::new(served.channel_as("boss", &[Role::Supervisor], Some("billing")))
}

/// A client for this role of a department.
pub fn of(served: &Served, role: Role, department: Option<&str>) -> WebhookServiceClient<Client> {
    WebhookServiceClient::new(served.channel_as("somebody", &[role], department))
}

/// A client for the supervisor of another department.
pub fn supervisor_of(served: &Served, department: &str) -> WebhookServiceClient<Client> {
    WebhookServiceClient::new(served.channel_as("other-boss", &[Role::Supervisor], Some(department)))
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

//! The service of one test, and builders for what is sent to it.

use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{ResourceId, Role};
use ledger::{Applying, Reaction, Received};
use prost::{Message, Name};
use sqlx::PgPool;
use testkit::{Client, Database, Harness, Served, instant};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;
use ventanilla_customer_profile::{IdentitySettings, SCHEMA, Settings, assemble, migrations};
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

/// A running customer-profile.
pub struct World {
    pub harness: Harness,
    pub database: Database,
    pub served: Served,
    next: AtomicU64,
}

impl World {
    pub async fn new() -> Self {
        Self::telling(IdentitySettings::default()).await
    }

    /// A service that tells in this way who is who.
    pub async fn telling(identity: IdentitySettings) -> Self {
        let harness = Harness::default();
        let database = Database::fresh(SCHEMA, &migrations()).await;
        let served = serve(&harness, database.settings(), identity).await;
        Self { harness, database, served, next: AtomicU64::new(1) }
    }

    /// The same database served by a service that was started anew.
    pub async fn restarted(self) -> Self {
        self.restarted_with(IdentitySettings::default()).await
    }

    /// The same with other settings.
    pub async fn restarted_with(self, identity: IdentitySettings) -> Self {
        self.stopped().await.started(identity).await
    }

    /// The same database while nobody serves it.
    pub async fn stopped(self) -> Stopped {
        let Self { harness, database, served, next } = self;
        served.stop().await;
        Stopped { harness, database, next }
    }

    /// A service with four connections, one of which is kept for who waits on the telephone.
    pub async fn keeping_one_for_rings() -> Self {
        let harness = Harness::default();
        let database = Database::fresh(SCHEMA, &migrations()).await;
        let settings = postgres::Settings { max_connections: 4, kept_for_rings: 1, ..database.settings() };
        let served = serve(&harness, settings, IdentitySettings::default()).await;
        Self { harness, database, served, next: AtomicU64::new(1) }
    }

    /// Another service on the same database, with settings of its own.
    pub async fn beside(&self, identity: IdentitySettings) -> Served {
        serve(&self.harness, self.database.settings(), identity).await
    }

    pub fn client(&self, role: Role) -> CustomerServiceClient<Client> {
        CustomerServiceClient::new(self.served.channel(role))
    }

    pub fn request_id(&self) -> String {
        Uuid::from_u64_pair(7, self.next.fetch_add(1, Ordering::Relaxed)).to_string()
    }

    pub async fn admin(&self) -> PgPool {
        self.database.admin().await
    }

    /// Ingests a record that must be taken.
    pub async fn ingest(&self, record: SourceRecord) -> SourceRecord {
        self.try_ingest(record).await.unwrap()
    }

    pub fn now(&self) -> jiff::Timestamp {
        self.harness.house().ambient.now()
    }

    /// A moment passes, so that what comes is later than what was.
    fn a_moment_later(&self) {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
    }

    /// Ingests a record a little later than everything before it.
    pub async fn try_ingest(&self, record: SourceRecord) -> Result<SourceRecord, Status> {
        self.a_moment_later();
        let request = IngestSourceRecordRequest { record: Some(record), request_id: self.request_id() };
        Ok(self.client(Role::Crm).ingest_source_record(request).await?.into_inner())
    }

    /// Ingests as a caller should: what was ABORTED, UNAVAILABLE or took too long is sent again with the same
    /// `request_id`, however busy the machine is.
    pub async fn insist(&self, record: SourceRecord) -> SourceRecord {
        let request = IngestSourceRecordRequest { record: Some(record), request_id: self.request_id() };
        let client = self.client(Role::Crm);
        let retried = [Code::Aborted, Code::Unavailable, Code::DeadlineExceeded];
        testkit::eventually(std::time::Duration::from_secs(120), || {
            let (mut client, request) = (client.clone(), request.clone());
            async move {
                match client.ingest_source_record(request).await {
                    Ok(answer) => Ok(answer.into_inner()),
                    Err(status) if retried.contains(&status.code()) => Err(status),
                    Err(status) => panic!("refused: {status:?}"),
                }
            }
        })
        .await
    }

    pub async fn customer(&self, name: &str) -> Customer {
        let request = GetCustomerRequest { name: name.to_owned(), ..Default::default() };
        self.client(Role::Agent).get_customer(request).await.unwrap().into_inner()
    }

    /// The customer as a screen showed it.
    pub async fn customer_as_known(&self, name: &str, known: jiff::Timestamp) -> Result<Customer, Status> {
        let known_time = Some(server::parse::time_to_proto(known));
        let request = GetCustomerRequest { name: name.to_owned(), known_time, ..Default::default() };
        Ok(self.client(Role::Agent).get_customer(request).await?.into_inner())
    }

    pub async fn view(&self, name: &str) -> CustomerView {
        let request = GetCustomerViewRequest { name: name.to_owned() };
        self.client(Role::Agent).get_customer_view(request).await.unwrap().into_inner()
    }

    pub async fn lookup(&self, phone: &str) -> PhoneAnswer {
        let request = LookupByPhoneRequest { phone_number: phone.to_owned(), region_code: String::new() };
        self.client(Role::Ivr).lookup_by_phone(request).await.unwrap().into_inner()
    }

    pub async fn interaction(&self, customer: &str, summary: &str, at: &str) -> Interaction {
        let request = RecordInteractionRequest {
            parent: customer.to_owned(),
            interaction: Some(Interaction {
                channel: 1,
                direction: 1,
                department: "customer-service".to_owned(),
                summary: summary.to_owned(),
                occurred_time: Some(time(at)),
                ..Default::default()
            }),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).record_interaction(request).await.unwrap().into_inner()
    }

    /// Waits until everything that was ingested is compared with what it shares a key with.
    pub async fn compared(&self) {
        let admin = self.admin().await;
        testkit::eventually(std::time::Duration::from_secs(20), || async {
            let waiting = "select count(*) from customer_profile.source_record where compared_by is null";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&admin).await.unwrap();
            if waiting == 0 { Ok(()) } else { Err(waiting) }
        })
        .await;
    }

    /// The proposals that wait for a steward.
    pub async fn queue(&self) -> Vec<MatchProposal> {
        self.compared().await;
        let request = ListMatchProposalsRequest::default();
        self.client(Role::Steward).list_match_proposals(request).await.unwrap().into_inner().proposals
    }

    pub async fn confirm(&self, proposal: &MatchProposal) -> Result<MatchProposal, Status> {
        self.a_moment_later();
        let request = ConfirmMatchProposalRequest {
            name: proposal.name.clone(),
            reason: "asked her".to_owned(),
            etag: proposal.etag.clone(),
            request_id: self.request_id(),
        };
        Ok(self.client(Role::Steward).confirm_match_proposal(request).await?.into_inner())
    }

    pub async fn reject(&self, proposal: &MatchProposal) -> Result<MatchProposal, Status> {
        self.a_moment_later();
        let request = RejectMatchProposalRequest {
            name: proposal.name.clone(),
            reason: "sisters".to_owned(),
            etag: proposal.etag.clone(),
            request_id: self.request_id(),
        };
        Ok(self.client(Role::Steward).reject_match_proposal(request).await?.into_inner())
    }

    pub async fn preview(&self, customers: &[&str]) -> Result<MergePreview, Status> {
        let customers = customers.iter().map(|name| (*name).to_owned()).collect();
        Ok(self.client(Role::Steward).preview_merge(PreviewMergeRequest { customers }).await?.into_inner())
    }

    /// Merges as a steward does: after a look.
    pub async fn merge(&self, customers: &[&str]) -> Result<Customer, Status> {
        let token = self.preview(customers).await?.token;
        self.merge_with(customers, token).await
    }

    pub async fn merge_with(&self, customers: &[&str], token: String) -> Result<Customer, Status> {
        self.a_moment_later();
        let request = MergeCustomersRequest {
            customers: customers.iter().map(|name| (*name).to_owned()).collect(),
            token,
            reason: "one person by her own word".to_owned(),
            request_id: self.request_id(),
        };
        Ok(self.client(Role::Steward).merge_customers(request).await?.into_inner())
    }

    /// Takes records out of a customer as it stands.
    pub async fn unmerge(&self, customer: &str, records: &[&str]) -> Result<Vec<Customer>, Status> {
        self.a_moment_later();
        let request = UnmergeCustomersRequest {
            name: customer.to_owned(),
            source_records: records.iter().map(|name| (*name).to_owned()).collect(),
            reason: "two people".to_owned(),
            etag: self.customer(customer).await.etag,
            request_id: self.request_id(),
        };
        Ok(self.client(Role::Steward).unmerge_customers(request).await?.into_inner().customers)
    }

    /// What is and was asserted of a customer's records, newest first.
    pub async fn links(&self, customer: &str) -> Vec<IdentityLink> {
        let request = ListIdentityLinksRequest { parent: customer.to_owned(), ..Default::default() };
        self.client(Role::Steward).list_identity_links(request).await.unwrap().into_inner().links
    }

    /// Applies an entry of another ledger, as its follower would, in a transaction of its own.
    pub async fn react<R: Reaction>(&self, reaction: &R, entry: Received) {
        let mut tx = self.database.db().await.tx().await.unwrap();
        reaction.apply(&mut tx, &entry).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Applies neighbours of another ledger together, as its follower would.
    pub async fn react_together<R: Reaction>(&self, reaction: &R, entries: &[Received]) {
        let run: Vec<Applying<'_>> =
            entries.iter().map(|entry| Applying { entry, span: tracing::Span::none() }).collect();
        assert!(entries.iter().all(|entry| reaction.runs(entry)));
        let mut tx = self.database.db().await.tx().await.unwrap();
        reaction.apply_run(&mut tx, &run).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Every row of a table of the service.
    pub async fn rows(&self, table: &str) -> Vec<String> {
        let statement = format!("select t::text from {SCHEMA}.{table} t order by 1");
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(&self.admin().await).await.unwrap()
    }

    /// How many rows a table of the service has.
    pub async fn count(&self, table: &str) -> i64 {
        let statement = format!("select count(*) from {SCHEMA}.{table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&self.admin().await).await.unwrap()
    }

    /// Types of the entries in the ledger's order, once `total` of them are sequenced.
    pub async fn entries(&self, total: usize) -> Vec<String> {
        let admin = self.admin().await;
        testkit::eventually(std::time::Duration::from_secs(20), || async {
            let kinds: Vec<String> = sqlx::query_scalar("select type from customer_profile.ledger order by position")
                .fetch_all(&admin)
                .await
                .unwrap();
            if kinds.len() == total { Ok(kinds) } else { Err(kinds) }
        })
        .await
    }
}

/// A database that nobody serves.
pub struct Stopped {
    harness: Harness,
    database: Database,
    next: AtomicU64,
}

impl Stopped {
    pub async fn admin(&self) -> PgPool {
        self.database.admin().await
    }

    /// The service over it.
    pub async fn started(self, identity: IdentitySettings) -> World {
        let Self { harness, database, next } = self;
        let served = serve(&harness, database.settings(), identity).await;
        World { harness, database, served, next }
    }
}

async fn serve(harness: &Harness, database: postgres::Settings, identity: IdentitySettings) -> Served {
    let settings = Settings { identity, ..Settings::new(database) };
    harness.start(assemble(settings, harness.house()).await.unwrap()).await
}

/// A record with an observation time; the rest is added by the builders below.
pub fn record(source_system: &str, department: &str, external_id: &str) -> SourceRecord {
    SourceRecord {
        source_system: source_system.to_owned(),
        department: department.to_owned(),
        external_id: external_id.to_owned(),
        observed_time: Some(time("2026-11-20T10:00:00Z")),
        ..Default::default()
    }
}

/// What a record can be told beyond its name in the world.
pub trait Say: Sized {
    /// Given name, first and second surname.
    fn parts(self, name: [&str; 3]) -> Self;
    fn born(self, birth_date: &str) -> Self;
    fn named(self, full_name: &str) -> Self;
    fn with(self, kind: IdentifierType, value: &str) -> Self;
    fn observed(self, at: &str) -> Self;
    fn dni(self, value: &str) -> Self {
        self.with(IdentifierType::NationalId, value)
    }
    fn phone(self, value: &str) -> Self {
        self.with(IdentifierType::Phone, value)
    }
    fn email(self, value: &str) -> Self {
        self.with(IdentifierType::Email, value)
    }
}

impl Say for SourceRecord {
    fn parts(mut self, name: [&str; 3]) -> Self {
        let [given_name, first_surname, second_surname] = name.map(str::to_owned);
        self.person_name = Some(PersonName { given_name, first_surname, second_surname, ..Default::default() });
        self
    }

    fn born(mut self, birth_date: &str) -> Self {
        self.birth_date = birth_date.to_owned();
        self
    }

    fn named(mut self, full_name: &str) -> Self {
        self.person_name = Some(PersonName { full_name: full_name.to_owned(), ..Default::default() });
        self
    }

    fn with(mut self, kind: IdentifierType, value: &str) -> Self {
        let issuer = if kind == IdentifierType::Account { "broadband" } else { "" };
        self.identifiers.push(Identifier {
            r#type: kind.into(),
            value: value.to_owned(),
            issuer: issuer.to_owned(),
            ..Default::default()
        });
        self
    }

    fn observed(mut self, at: &str) -> Self {
        self.observed_time = Some(time(at));
        self
    }
}

/// A DNI with its right letter.
pub fn dni(number: u32) -> String {
    let letter = b"TRWAGMYFPDXBNJZSQVHLCKE"[(number % 23) as usize];
    format!("{number:08}{}", char::from(letter))
}

pub fn time(at: &str) -> prost_types::Timestamp {
    server::parse::time_to_proto(instant(at))
}

/// An entry of another service's ledger.
pub fn entry<M: Message + Name>(position: i64, aggregate: &str, at: &str, payload: &M) -> Received {
    entry_with(position, aggregate, at, payload, Vec::new())
}

pub fn entry_with<M: Message + Name>(
    position: i64,
    aggregate: &str,
    at: &str,
    payload: &M,
    personal: Vec<u8>,
) -> Received {
    Received::read(Entry {
        position,
        entry_id: Uuid::from_u64_pair(9, position.unsigned_abs()).to_string(),
        aggregate: aggregate.to_owned(),
        r#type: M::full_name(),
        occurred_time: Some(time(at)),
        recorded_time: Some(time(at)),
        actor: Some(Actor { kind: ActorKind::Employee.into(), id: "agent-1".to_owned(), department: String::new() }),
        payload: payload.encode_to_vec(),
        personal,
        ..Default::default()
    })
    .unwrap()
}

pub fn ticket_id(n: u64) -> String {
    format!("tickets/{}", Uuid::from_u64_pair(1, n))
}

/// Reason of a refusal.
pub fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// Paths of the fields that were refused.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let Some(bad) = details.bad_request() else { return Vec::new() };
    bad.field_violations.iter().map(|v| v.field.clone()).collect()
}

/// A customer nobody ever had.
pub fn stranger() -> String {
    customer_profile_domain::CustomerId::from_uuid(Uuid::from_u128(404)).name()
}

/// Chance that is the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    pub fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        let nth = usize::try_from(self.below(all.len() as u64)).unwrap();
        all[nth].clone()
    }
}

/// Waits until everybody is written by the settings in force.
pub async fn written_anew(admin: &PgPool) {
    testkit::eventually(std::time::Duration::from_secs(30), || async {
        let open = "select count(*) from customer_profile.survivorship
                    where done_at is null and number = (select max(number) from customer_profile.survivorship)";
        let open: i64 = sqlx::query_scalar(open).fetch_one(admin).await.unwrap();
        if open == 0 { Ok(()) } else { Err(open) }
    })
    .await;
}

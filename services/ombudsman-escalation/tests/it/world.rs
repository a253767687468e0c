//! An office of one test's own with a ticketing service beside it, and what tests say again and again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use ombudsman_escalation as office;
use prost::{Message, Name};
use sqlx::migrate::Migrator;
use testkit::{Client, Database, Harness, Served, Surroundings, eventually};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::house_service_client::HouseServiceClient;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ombudsman::v1::procedure_service_client::ProcedureServiceClient;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::neighbour::{self, Neighbour};

pub const CUSTOMER: &str = "customers/0190a000-0000-7000-8000-000000000007";
pub const OFFICE_KEY: [u8; 32] = [9; 32];
pub const SIGNPOST: &str = "Banco de España, or the courts";

/// People of the office: subject, role of the token, office role.
pub const STAFF: [(&str, Role, pb::OfficeRole); 3] = [
    ("elena", Role::Ombudsman, pb::OfficeRole::Ombudsman),
    ("ines", Role::OfficeIntake, pb::OfficeRole::Intake),
    ("oscar", Role::Investigator, pb::OfficeRole::Investigator),
];

pub type Office = OmbudsmanServiceClient<Client>;
pub type Procedure = ProcedureServiceClient<Client>;
pub type House = HouseServiceClient<Client>;

/// The office and its neighbours.
pub struct World {
    pub harness: Harness,
    pub database: Database,
    pub ticketing: Option<Served>,
    pub profile: Option<Neighbour>,
    pub served: Served,
}

impl World {
    /// An office without people.
    pub async fn new() -> Self {
        Self::within(Harness::default()).await
    }

    async fn within(harness: Harness) -> Self {
        let (own, theirs, none) = (office::migrations(), ticketing::migrations(), nothing());
        let schemas = [(office::SCHEMA, &own), (ticketing::SCHEMA, &theirs), (neighbour::SCHEMA, &none)];
        let database = Database::fresh_with(&schemas).await;
        let profile = Neighbour::start(&harness, &database).await;
        let settings = ticketing::Settings::new(database.settings_of(ticketing::SCHEMA));
        let peers = [("customer-profile", profile.served.addr)];
        let assembly = ticketing::assemble(settings, harness.house_with("ticketing", &peers)).await.unwrap();
        let ticketing = harness.start(assembly).await;
        let nobody = harness.nowhere();
        let peers = [("ticketing", ticketing.addr), ("sla-monitor", nobody), ("customer-profile", profile.served.addr)];
        let assembly =
            office::assemble(accredited(&database), harness.house_with(office::SOURCE, &peers)).await.unwrap();
        let served = harness.start(assembly).await;
        Self { harness, database, ticketing: Some(ticketing), profile: Some(profile), served }
    }

    /// An office with its three people, each without a relation to anybody.
    pub async fn staffed() -> Self {
        Self::new().await.with_staff().await
    }

    async fn with_staff(self) -> Self {
        for (person, role, office_role) in STAFF {
            self.register(person, "ombudsman-office", None, &[office_role]).await;
            self.declare(person, role, Vec::new()).await;
        }
        self
    }

    /// A staffed office beside a real sla-monitor, each following the other. It is long ago, so that for the monitor, which goes by the
    /// database's time, everything has fallen due that can.
    pub async fn monitored() -> (Self, Served) {
        Self::monitored_at("2020-03-02T09:00:00Z").await
    }

    /// The same at an instant that is over for the database, under the law of its day.
    pub async fn monitored_at(instant: &str) -> (Self, Served) {
        let harness = Harness::with(Surroundings::at(instant, 1));
        let (own, theirs, clocks) = (office::migrations(), ticketing::migrations(), sla_monitor::migrations());
        let none = nothing();
        let schemas = [
            (office::SCHEMA, &own),
            (ticketing::SCHEMA, &theirs),
            (sla_monitor::SCHEMA, &clocks),
            (neighbour::SCHEMA, &none),
        ];
        let database = Database::fresh_with(&schemas).await;
        let (door, monitor_door) = (harness.port().await, harness.port().await);
        let (office_at, monitor_at) = (door.local_addr().unwrap(), monitor_door.local_addr().unwrap());
        let settings = ticketing::Settings::new(database.settings_of(ticketing::SCHEMA));
        let peers = [("sla-monitor", monitor_at)];
        let assembly = ticketing::assemble(settings, harness.house_with("ticketing", &peers)).await.unwrap();
        let ticketing = harness.start(assembly).await;
        let profile = Neighbour::start(&harness, &database).await;
        let known = profile.served.addr;

        let peers = [("ticketing", ticketing.addr), ("sla-monitor", monitor_at), ("customer-profile", known)];
        let assembly =
            office::assemble(accredited(&database), harness.house_with(office::SOURCE, &peers)).await.unwrap();
        let served = harness.start_on(door, assembly).await;

        let peers = [("ticketing", ticketing.addr), (office::SOURCE, office_at), ("customer-profile", known)];
        let mut settings = sla_monitor::Settings::new(database.settings_of(sla_monitor::SCHEMA));
        settings.due.late_entry_quiet_ms = 0;
        let assembly = sla_monitor::assemble(settings, harness.house_with(sla_monitor::SOURCE, &peers)).await.unwrap();
        let monitor = harness.start_on(monitor_door, assembly).await;
        let world = Self { harness, database, ticketing: Some(ticketing), profile: Some(profile), served };
        (world.with_staff().await, monitor)
    }

    pub fn as_person(&self, person: &str, role: Role) -> Office {
        OmbudsmanServiceClient::new(self.served.channel_as(person, &[role], None))
    }

    /// The house's own service, called as somebody.
    pub fn house(&self, person: &str, role: Role) -> House {
        HouseServiceClient::new(self.served.channel_as(person, &[role], None))
    }

    /// A person of the register, by their opaque id.
    pub async fn member(&self, person: &str) -> pb::OfficeMember {
        let request = pb::ListOfficeMembersRequest { page_size: 100, ..Default::default() };
        let found = self.house("elena", Role::Ombudsman).list_office_members(request).await.unwrap().into_inner();
        found.members.into_iter().find(|member| member.person == person).expect("in the register")
    }

    /// Gives a person a further term of three years that begins in so many days.
    pub async fn renew(&self, person: &str, days: i64) {
        let member = self.member(person).await;
        let mandate =
            pb::Mandate { start_time: self.in_days(days), end_time: self.in_days(days + 3 * 366), ending: None };
        let request = pb::RenewMandateRequest {
            name: member.name,
            etag: member.etag,
            mandate: Some(mandate),
            request_id: fresh_id(),
        };
        // Nobody renews their own: whoever appoints the ombudsman does.
        let who = if person == "elena" { "whoever-appoints" } else { "elena" };
        self.house(who, Role::Ombudsman).renew_mandate(request).await.unwrap();
    }

    pub fn elena(&self) -> Office {
        self.as_person("elena", Role::Ombudsman)
    }

    pub fn ines(&self) -> Office {
        self.as_person("ines", Role::OfficeIntake)
    }

    pub fn oscar(&self) -> Office {
        self.as_person("oscar", Role::Investigator)
    }

    pub fn liaison(&self) -> Office {
        OmbudsmanServiceClient::new(self.served.channel(Role::FirmLiaison))
    }

    /// The procedure, called as one of the three, or as the firm's liaison.
    pub fn procedure(&self, person: &str) -> Procedure {
        let role = STAFF.iter().find(|(known, ..)| *known == person).map_or(Role::FirmLiaison, |(_, role, _)| *role);
        let department = (role == Role::FirmLiaison).then_some("customer-service");
        ProcedureServiceClient::new(self.served.channel_as(person, &[role], department))
    }

    /// ticketing, called as this employee.
    pub fn tickets(&self, person: &str, department: &str) -> TicketServiceClient<Client> {
        let ticketing = self.ticketing.as_ref().expect("ticketing runs");
        TicketServiceClient::new(ticketing.channel_as(person, &[Role::Agent], Some(department)))
    }

    /// customer-profile.
    pub fn profile(&self) -> &Neighbour {
        self.profile.as_ref().expect("customer-profile runs")
    }

    pub fn days(&self, days: i64) {
        self.harness.surroundings.advance(SignedDuration::from_hours(24 * days));
    }

    pub fn in_days(&self, days: i64) -> Option<prost_types::Timestamp> {
        let at = self.harness.surroundings.ambient.now() + SignedDuration::from_hours(24 * days);
        Some(server::parse::time_to_proto(at))
    }

    pub async fn register(&self, person: &str, unit: &str, line_manager: Option<&str>, roles: &[pb::OfficeRole]) {
        let member = pb::OfficeMember {
            person: person.to_owned(),
            office_roles: roles.iter().map(|role| (*role).into()).collect(),
            unit: unit.to_owned(),
            line_manager: line_manager.unwrap_or_default().to_owned(),
            mandate: Some(pb::Mandate { start_time: self.in_days(-1), end_time: self.in_days(3 * 365), ending: None }),
            ..Default::default()
        };
        let request = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
        // Nobody enters themselves: the first is entered by who appoints.
        let mut by = if person == "elena" { self.as_person("board", Role::Ombudsman) } else { self.elena() };
        by.register_office_member(request).await.unwrap();
    }

    pub async fn declare(&self, person: &str, role: Role, relations: Vec<pb::Relation>) {
        let declaration = Some(pb::RelationDeclaration { relations, ..Default::default() });
        let request = pb::DeclareRelationsRequest { declaration, request_id: fresh_id() };
        self.as_person(person, role).declare_relations(request).await.unwrap();
    }

    /// Another process of the same office, with these keys.
    pub async fn with_keys(
        &self,
        key: [u8; 32],
        former: &[[u8; 32]],
        lost: &str,
    ) -> Result<Served, office::StartError> {
        let nobody = self.harness.nowhere();
        let known = self.profile().served.addr;
        let peers = [("ticketing", nobody), ("sla-monitor", nobody), ("customer-profile", known)];
        let settings = office::Settings::new(self.database.settings_of(office::SCHEMA), &key).with_former_keys(former);
        let settings = office::Settings { lost_draft_keys: lost.to_owned(), ..settings };
        let assembly = office::assemble(settings, self.harness.house_with(office::SOURCE, &peers)).await?;
        Ok(self.harness.start(assembly).await)
    }

    /// Another process of the same office, with these settings.
    pub async fn beside(&self, settings: office::Settings) -> Served {
        let nobody = self.harness.nowhere();
        let ticketing = self.ticketing.as_ref().expect("ticketing runs").addr;
        let peers =
            [("ticketing", ticketing), ("sla-monitor", nobody), ("customer-profile", self.profile().served.addr)];
        let house = self.harness.house_with(office::SOURCE, &peers);
        self.harness.start(office::assemble(settings, house).await.unwrap()).await
    }

    /// Somebody of the office with one role and no relation to anybody.
    pub async fn hire(&self, person: &str, role: Role, office_role: pb::OfficeRole) {
        self.register(person, "ombudsman-office", None, &[office_role]).await;
        self.declare(person, role, Vec::new()).await;
    }

    /// A complaint of two points about finance, taken in by `zoe` of billing.
    pub async fn ticket(&self) -> String {
        self.ticket_in("finance").await
    }

    /// The same in a sector.
    pub async fn ticket_in(&self, sector: &str) -> String {
        self.ticket_with(sector, &["Me cobran dos veces la factura de marzo", "Nadie me devuelve la llamada"]).await
    }

    /// A ticket in which this is claimed.
    pub async fn ticket_of(&self, claims: &[&str]) -> String {
        self.ticket_with("finance", claims).await
    }

    async fn ticket_with(&self, sector: &str, claims: &[&str]) -> String {
        let point = |text: &str| tickets::ClaimPoint { text: text.into(), ..Default::default() };
        let ticket = tickets::Ticket {
            customer: CUSTOMER.into(),
            ticket_type: tickets::TicketType::Reclamacion.into(),
            severity: tickets::Severity::High.into(),
            subject: "Doble cobro".into(),
            channel: Channel::Email.into(),
            department: "billing".into(),
            language: Language::Es.into(),
            sector: sector.into(),
            claim_points: claims.iter().map(|claim| point(claim)).collect(),
            ..Default::default()
        };
        let request =
            tickets::CreateTicketRequest { ticket: Some(ticket), request_id: fresh_id(), occurred_time: None };
        let opened = self.tickets("zoe", "billing").create_ticket(request).await.unwrap().into_inner();
        opened.ticket.unwrap().name
    }

    /// A case of a fresh ticket, whose history the office has received.
    pub async fn case(&self) -> pb::Case {
        let ticket = self.ticket().await;
        let case = self.ines().open_case(open_request(&ticket)).await.unwrap().into_inner();
        self.received(&ticket).await;
        case
    }

    /// Waits until ticketing's ledger told the office of the ticket.
    pub async fn received(&self, ticket: &str) {
        let admin = self.database.admin().await;
        let id = uuid_of(ticket);
        eventually(Duration::from_secs(20), || async {
            let known: bool = sqlx::query_scalar(
                "select exists (select from ombudsman.ticket_watch where ticket_id = $1 and received_position is not null)",
            )
            .bind(id)
            .fetch_one(&admin)
            .await
            .unwrap();
            if known { Ok(()) } else { Err("the ticket was not received") }
        })
        .await;
    }

    pub async fn get(&self, case: &str) -> pb::Case {
        self.ines().get_case(pb::GetCaseRequest { name: case.to_owned() }).await.unwrap().into_inner()
    }

    pub async fn etag(&self, case: &str) -> String {
        self.get(case).await.etag
    }

    pub async fn assign(&self, case: &str, person: &str, role: pb::OfficeRole) -> Result<pb::Case, Status> {
        let request = pb::AssignCaseRequest {
            name: case.to_owned(),
            etag: self.etag(case).await,
            person: person.to_owned(),
            office_role: role.into(),
            request_id: fresh_id(),
        };
        self.elena().assign_case(request).await.map(tonic::Response::into_inner)
    }

    /// A case that turns out to be of another customer.
    pub async fn of_somebody_else(&self, case: &str) {
        let moved = "alter table ombudsman.office_case disable trigger user;
                     update ombudsman.office_case set customer_id = gen_random_uuid() where case_id = '{}';
                     alter table ombudsman.office_case enable trigger user";
        let moved = moved.replace("{}", &uuid_of(case).to_string());
        sqlx::raw_sql(sqlx::AssertSqlSafe(moved)).execute(&self.database.admin().await).await.unwrap();
    }

    /// A case with all three people on it.
    pub async fn seated_case(&self) -> pb::Case {
        let mut case = self.case().await;
        for (person, _, role) in STAFF {
            case = self.assign(&case.name, person, role).await.unwrap();
        }
        case
    }

    /// A case under this regime with all three people on it.
    pub async fn seated_under(&self, regime: &str) -> String {
        let ticket = self.ticket().await;
        let facts_time = self.in_days(-30);
        let request = pb::OpenCaseRequest { regime: regime.into(), facts_time, ..open_request(&ticket) };
        let case = self.ines().open_case(request).await.unwrap().into_inner().name;
        self.received(&ticket).await;
        for (person, _, role) in STAFF {
            self.assign(&case, person, role).await.unwrap();
        }
        case
    }

    /// The firm asks the customer to complete the affair, and its own term waits for that.
    pub async fn ask_to_complete(&self, ticket: &str) {
        let mut agent = self.tickets("zoe", "billing");
        let read = tickets::GetTicketRequest { name: ticket.to_owned() };
        let etag = agent.get_ticket(read).await.unwrap().into_inner().etag;
        let name = ticket.to_owned();
        let start = tickets::StartTicketRequest { name, etag, request_id: fresh_id(), ..Default::default() };
        let etag = agent.start_ticket(start).await.unwrap().into_inner().etag;
        let cure = tickets::CureRequest {
            missing: "El recibo del banco.".into(),
            channel: Channel::Email.into(),
            ..Default::default()
        };
        let (parent, cure) = (ticket.to_owned(), Some(cure));
        let request = tickets::RequestCureRequest { parent, cure, etag, request_id: fresh_id() };
        agent.request_cure(request).await.unwrap();
    }

    /// A case before an accredited body, after a month of silence; everybody is seated.
    pub async fn seated_under_adr(&self) -> String {
        let ticket = self.ticket_in("general").await;
        self.days(40);
        let facts_time = self.in_days(-60);
        let request = pb::OpenCaseRequest { regime: "es.adr".into(), facts_time, ..open_request(&ticket) };
        let case = self.ines().open_case(request).await.unwrap().into_inner().name;
        self.received(&ticket).await;
        for (person, _, role) in STAFF {
            self.assign(&case, person, role).await.unwrap();
        }
        case
    }

    /// Brings a seated case as far as a draft.
    pub async fn to_draft(&self, case: &str) {
        self.to_investigation(case).await;
        self.oscar().save_draft(self.draft_request(case, "the firm is wrong on both points").await).await.unwrap();
    }

    /// Brings a seated case as far as its investigation.
    pub async fn to_investigation(&self, case: &str) {
        self.admit(case).await.unwrap();
        let request = pb::SubmitEntityStatementRequest {
            name: case.to_owned(),
            etag: self.etag(case).await,
            statement: "Both charges were correct.".into(),
            request_id: fresh_id(),
        };
        self.liaison().submit_entity_statement(request).await.unwrap();
        let etag = self.etag(case).await;
        let request = pb::StartInvestigationRequest { name: case.to_owned(), etag, request_id: fresh_id() };
        self.oscar().start_investigation(request).await.unwrap();
    }

    /// Decides a drafted case and tells the parties.
    pub async fn decide(&self, case: &str) {
        self.elena().issue_decision(issue_request(self, case).await).await.unwrap();
        let request = pb::NotifyDecisionRequest {
            name: case.to_owned(),
            etag: self.etag(case).await,
            channel: Channel::Web.into(),
            request_id: fresh_id(),
        };
        self.ines().notify_decision(request).await.unwrap();
    }

    /// A case under this regime whose decision the parties know: the first point upheld, the second not.
    pub async fn told_under(&self, regime: &str) -> String {
        let case = self.seated_under(regime).await;
        self.to_draft(&case).await;
        self.decide(&case).await;
        case
    }

    pub async fn admission(&self, case: &str) -> pb::AdmitCaseRequest {
        let (name, etag, request_id) = (case.to_owned(), self.etag(case).await, fresh_id());
        pb::AdmitCaseRequest { name, etag, request_id, ..Default::default() }
    }

    pub async fn admit(&self, case: &str) -> Result<pb::Case, Status> {
        let request = self.admission(case).await;
        self.ines().admit_case(request).await.map(tonic::Response::into_inner)
    }

    /// A case with a draft of its decision.
    pub async fn drafted_case(&self) -> pb::Case {
        let case = self.seated_case().await.name;
        self.to_draft(&case).await;
        self.get(&case).await
    }

    pub async fn draft_request(&self, case: &str, text: &str) -> pb::SaveDraftRequest {
        pb::SaveDraftRequest {
            name: case.to_owned(),
            etag: self.etag(case).await,
            text: text.to_owned(),
            request_id: fresh_id(),
        }
    }

    /// Payloads of this kind in the office's ledger, in the order they were written.
    pub async fn entries<M: Message + Name + Default>(&self) -> Vec<M> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "select payload from (select 0 as waits, position as place, type, payload from ombudsman.ledger
                union all select 1, inbox_id, type, payload from ombudsman.ledger_inbox) written
              where type = $1 order by waits, place",
        )
        .bind(M::full_name())
        .fetch_all(&self.database.admin().await)
        .await
        .unwrap();
        rows.iter().map(|bytes| M::decode(bytes.as_slice()).unwrap()).collect()
    }

    /// How many rows the tables of cases, papers and requests hold.
    pub async fn rows(&self) -> (i64, i64, i64) {
        sqlx::query_as(
            "select (select count(*) from ombudsman.office_case), (select count(*) from ombudsman.dossier_entry),
                    (select count(*) from ombudsman.request)",
        )
        .fetch_one(&self.database.admin().await)
        .await
        .unwrap()
    }

    /// What the database says to a statement of somebody who goes around the service: the broken rule.
    pub async fn rule_broken_by(&self, statement: &'static str, case: Uuid) -> String {
        let refused = sqlx::query(statement).bind(case).execute(&self.database.admin().await).await;
        let error = refused.expect_err("the database refuses");
        error.as_database_error().and_then(|db| db.constraint()).unwrap_or_else(|| panic!("{error}")).to_owned()
    }
}

/// An office that hears cases under every regime.
pub fn accredited(database: &Database) -> office::Settings {
    let settings = office::Settings::new(database.settings_of(office::SCHEMA), &OFFICE_KEY);
    office::Settings { accredited: true, ..settings }
}

/// A relation that lasts.
pub fn relation(party: &str) -> pb::Relation {
    pb::Relation { party: party.to_owned(), kind: pb::RelationKind::Personal.into(), end_time: None }
}

/// No tables but those that every service has.
fn nothing() -> Migrator {
    Migrator::with_migrations(Vec::new())
}

pub fn open_request(ticket: &str) -> pb::OpenCaseRequest {
    pb::OpenCaseRequest {
        ticket: ticket.to_owned(),
        regime: "es.finance".into(),
        channel: Channel::Web.into(),
        parallel_proceedings: pb::ParallelProceedings::None.into(),
        facts_time: time("2026-10-01T00:00:00Z"),
        request_id: fresh_id(),
        ..Default::default()
    }
}

/// Two proper answers.
pub fn answers() -> Vec<pb::DecisionPoint> {
    vec![
        pb::DecisionPoint {
            claim_point: "p1".into(),
            outcome: pb::DecisionOutcome::Upheld.into(),
            finding: "the bank statement of March shows the same invoice charged on the 3rd and the 5th".into(),
            reason: "the contract allows one charge per invoice and no exception fits what happened here".into(),
            remedy: "the firm refunds the second charge with legal interest".into(),
            redress_amount: None,
        },
        pb::DecisionPoint {
            claim_point: "p2".into(),
            outcome: pb::DecisionOutcome::NotUpheld.into(),
            finding: "the call log shows three attempts to reach the claimant in the week of the promise".into(),
            reason: "a promise to call is kept by calling at the agreed hours, which the log proves".into(),
            remedy: "nothing is ordered since the promise was kept".into(),
            redress_amount: None,
        },
    ]
}

pub async fn issue_request(world: &World, case: &str) -> pb::IssueDecisionRequest {
    pb::IssueDecisionRequest {
        name: case.to_owned(),
        etag: world.etag(case).await,
        points: answers(),
        signpost: SIGNPOST.into(),
        language: Language::Es.into(),
        request_id: fresh_id(),
        precedents: Vec::new(),
    }
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

pub fn uuid_of(name: &str) -> Uuid {
    name.split('/').nth(1).and_then(|id| id.parse().ok()).expect("a resource name")
}

/// Code, reason and metadata of a refusal.
pub fn refusal(status: &Status) -> (Code, String, BTreeMap<String, String>) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no reason: {status:?}"));
    (status.code(), info.reason.clone(), info.metadata.clone().into_iter().collect())
}

/// Code and reason of a refusal.
pub fn reason(status: &Status) -> (Code, String) {
    let (code, reason, _) = refusal(status);
    (code, reason)
}

/// Fields that were wrong.
pub fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().unwrap_or_else(|| panic!("no fields: {status:?}"));
    bad.field_violations.iter().map(|violation| violation.field.clone()).collect()
}

//! Cases of many customers and motives, taken as far as a test needs.

use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::precedent_service_client::PrecedentServiceClient;
use ventanilla_proto::ombudsman::v1::report_service_client::ReportServiceClient;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::world::{STAFF, World, fresh_id, open_request, time};

pub const UPHELD: pb::DecisionOutcome = pb::DecisionOutcome::Upheld;
pub const PARTLY: pb::DecisionOutcome = pb::DecisionOutcome::PartlyUpheld;
pub const NOT_UPHELD: pb::DecisionOutcome = pb::DecisionOutcome::NotUpheld;

/// Reasons that say something.
pub const DEPARTURE: &str = "allí el contrato pactaba la comisión y aquí ninguna cláusula la menciona siquiera";

/// What is brought.
#[derive(Debug, Clone, Copy)]
pub struct Brought {
    pub customer: u16,
    pub topic: &'static str,
    pub claim: &'static str,
}

pub const DOUBLE: Brought = Brought {
    customer: 1,
    topic: "billing",
    claim: "El banco cargó dos veces la comisión de mantenimiento del contador",
};

impl Brought {
    pub const fn of(self, customer: u16) -> Self {
        Self { customer, ..self }
    }

    pub fn customer_name(self) -> String {
        format!("customers/0190a000-0000-7000-8000-{:012x}", self.customer)
    }
}

impl World {
    pub fn precedents_as(&self, person: &str, role: Role) -> PrecedentServiceClient<Client> {
        PrecedentServiceClient::new(self.served.channel_as(person, &[role], None))
    }

    pub fn precedents(&self) -> PrecedentServiceClient<Client> {
        self.precedents_as("elena", Role::Ombudsman)
    }

    pub fn reports(&self) -> ReportServiceClient<Client> {
        ReportServiceClient::new(self.served.channel_as("elena", &[Role::Ombudsman], None))
    }

    /// A case with all three people on it.
    pub async fn bring(&self, brought: Brought) -> String {
        self.bring_at(brought, time("2026-10-01T00:00:00Z")).await
    }

    /// The same about facts of this time.
    pub async fn bring_at(&self, brought: Brought, facts_time: Option<prost_types::Timestamp>) -> String {
        let ticket = tickets::Ticket {
            customer: brought.customer_name(),
            ticket_type: tickets::TicketType::Reclamacion.into(),
            severity: tickets::Severity::High.into(),
            subject: "Reclamación".into(),
            topic: brought.topic.into(),
            channel: Channel::Email.into(),
            department: "billing".into(),
            language: Language::Es.into(),
            claim_points: vec![tickets::ClaimPoint { text: brought.claim.into(), ..Default::default() }],
            ..Default::default()
        };
        let request =
            tickets::CreateTicketRequest { ticket: Some(ticket), request_id: fresh_id(), occurred_time: None };
        let opened = self.tickets("zoe", "billing").create_ticket(request).await.unwrap().into_inner();
        let ticket = opened.ticket.unwrap().name;
        let request = pb::OpenCaseRequest { facts_time, ..open_request(&ticket) };
        let case = self.ines().open_case(request).await.unwrap().into_inner().name;
        self.received(&ticket).await;
        for (person, _, role) in STAFF {
            self.assign(&case, person, role).await.unwrap();
        }
        case
    }

    /// The same with a draft.
    pub async fn bring_to_draft(&self, brought: Brought) -> String {
        let name = self.bring(brought).await;
        self.draft_of(name).await
    }

    /// Takes a case of three people as far as a draft.
    pub async fn draft_of(&self, name: String) -> String {
        self.admit(&name).await.unwrap();
        let request = pb::SubmitEntityStatementRequest {
            name: name.clone(),
            etag: self.etag(&name).await,
            statement: "The charge was correct.".into(),
            request_id: fresh_id(),
        };
        self.liaison().submit_entity_statement(request).await.unwrap();
        let etag = self.etag(&name).await;
        let request = pb::StartInvestigationRequest { name: name.clone(), etag, request_id: fresh_id() };
        self.oscar().start_investigation(request).await.unwrap();
        self.oscar().save_draft(self.draft_request(&name, "a draft").await).await.unwrap();
        name
    }

    /// A decision of its one point, about whatever `about` says.
    pub async fn decision_of(&self, name: &str, outcome: pb::DecisionOutcome, about: &str) -> pb::IssueDecisionRequest {
        pb::IssueDecisionRequest {
            name: name.to_owned(),
            etag: self.etag(name).await,
            points: vec![pb::DecisionPoint {
                claim_point: "p1".into(),
                outcome: outcome.into(),
                finding: format!("Consta en el extracto que {about} se produjo dos veces en el mismo mes"),
                reason: format!("El contrato firmado por las partes no permite que {about} se repita jamás"),
                remedy: "La entidad devolverá lo que cobró de más".into(),
                redress_amount: None,
            }],
            signpost: "Banco de España".into(),
            language: Language::Es.into(),
            request_id: fresh_id(),
            precedents: Vec::new(),
        }
    }

    /// A decided case: its name and its decision.
    pub async fn bring_and_decide(&self, brought: Brought, outcome: pb::DecisionOutcome) -> (String, pb::Decision) {
        let name = self.bring_to_draft(brought).await;
        let mut request = self.decision_of(&name, outcome, "el cobro").await;
        // Whatever goes another way is answered.
        request.precedents = self.answered(&name, outcome).await;
        let decision = self.elena().issue_decision(request).await.unwrap().into_inner();
        (name, decision)
    }

    /// Reasons for departing from everything that must be answered by this outcome.
    pub async fn answered(&self, name: &str, outcome: pb::DecisionOutcome) -> Vec<pb::ConsideredPrecedent> {
        let found = self.find(name).await.unwrap().points.remove(0).precedents;
        let contrary = found.into_iter().filter(|one| one.must_be_answered && one.outcome() != outcome);
        contrary.map(|one| considering(&one, DEPARTURE)).collect()
    }

    pub async fn find(&self, name: &str) -> Result<pb::FindPrecedentsResponse, Status> {
        let request = pb::FindPrecedentsRequest { case_name: name.to_owned(), ..Default::default() };
        self.precedents().find_precedents(request).await.map(tonic::Response::into_inner)
    }

    pub async fn notify(&self, name: &str) {
        let request = pb::NotifyDecisionRequest {
            name: name.to_owned(),
            etag: self.etag(name).await,
            channel: Channel::Web.into(),
            request_id: fresh_id(),
        };
        self.ines().notify_decision(request).await.unwrap();
    }

    /// Closes a case whose parties know the decision; what it binds the firm to is carried out first.
    pub async fn put_away(&self, name: &str) {
        let order = pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days: 10 };
        if act!(self, "elena", order_compliance, OrderComplianceRequest, name, orders: vec![order]).is_ok() {
            let owed = self.owed(name).await.remove(0).name;
            act!(self, "liaison", prove_execution, ProveExecutionRequest, &owed, proof: "transfer of today").unwrap();
            act!(self, "oscar", review_execution, ReviewExecutionRequest, &owed, holds: true, reasons: "It was paid.")
                .unwrap();
        }
        let etag = self.etag(name).await;
        let request = pb::CloseCaseRequest { name: name.to_owned(), etag, request_id: fresh_id() };
        self.ines().close_case(request).await.unwrap();
    }

    pub async fn classify(&self, name: &str, motive: &str, claimed: Option<(i64, &str)>) -> Result<pb::Case, Status> {
        let money = |(minor_units, currency): (i64, &str)| ventanilla_proto::r#type::v1::Money {
            currency_code: currency.to_owned(),
            minor_units,
        };
        let matter = pb::CaseMatter { motive: motive.into(), language: 0, claimed_amount: claimed.map(money) };
        let etag = self.etag(name).await;
        let request =
            pb::ClassifyCaseRequest { name: name.to_owned(), etag, matter: Some(matter), request_id: fresh_id() };
        self.precedents_as("ines", Role::OfficeIntake).classify_case(request).await.map(tonic::Response::into_inner)
    }
}

/// A precedent of `p1` as considered, with reasons.
pub fn considering(one: &pb::Precedent, reason: &str) -> pb::ConsideredPrecedent {
    pb::ConsideredPrecedent {
        claim_point: "p1".into(),
        decision: one.decision.clone(),
        decided_point: one.decided_point.clone(),
        departure_reason: reason.into(),
        ..Default::default()
    }
}

/// The document of a decision.
pub async fn document(
    client: &mut PrecedentServiceClient<Client>,
    decision: &str,
    format: pb::DocumentFormat,
) -> Result<pb::DecisionDocument, Status> {
    let request =
        pb::GetDecisionDocumentRequest { name: decision.to_owned(), format: format.into(), ..Default::default() };
    client.get_decision_document(request).await.map(tonic::Response::into_inner)
}

pub const GONE: (Code, &str) = (Code::NotFound, "DECISION_NOT_FOUND");

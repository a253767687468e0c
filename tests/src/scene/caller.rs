//! Calling the services of a scene as somebody, in the trace of whoever calls.

use std::net::SocketAddr;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::rights_service_client::RightsServiceClient;
use ventanilla_proto::customer::v1::rules_service_client::RulesServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ombudsman::v1::claimant_service_client::ClaimantServiceClient;
use ventanilla_proto::ombudsman::v1::house_service_client::HouseServiceClient;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ombudsman::v1::precedent_service_client::PrecedentServiceClient;
use ventanilla_proto::ombudsman::v1::procedure_service_client::ProcedureServiceClient;
use ventanilla_proto::ombudsman::v1::report_service_client::ReportServiceClient;
use ventanilla_proto::sla::v1::measure_service_client::MeasureServiceClient;
use ventanilla_proto::sla::v1::policy_service_client::PolicyServiceClient;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1::article_service_client::ArticleServiceClient;
use ventanilla_proto::ticketing::v1::characteristic_service_client::CharacteristicServiceClient;
use ventanilla_proto::ticketing::v1::desk_service_client::DeskServiceClient;
use ventanilla_proto::ticketing::v1::finding_service_client::FindingServiceClient;
use ventanilla_proto::ticketing::v1::incident_service_client::IncidentServiceClient;
use ventanilla_proto::ticketing::v1::learning_service_client::LearningServiceClient;
use ventanilla_proto::ticketing::v1::notice_service_client::NoticeServiceClient;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::ticketing::v1::redress_service_client::RedressServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::team_service_client::TeamServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::webhook::v1::webhook_service_client::WebhookServiceClient;

use super::services::Service;

/// What the generated clients are made of.
pub type Transport = InterceptedService<Channel, Voice>;

/// A connection to one service in one person's name.
pub struct Caller;

impl Caller {
    /// A connection to the service at `address`, made when it is first used.
    ///
    /// # Panics
    /// When the token is no header value.
    #[allow(clippy::new_ret_no_self, reason = "the transport is tonic's; this only makes it")]
    pub fn new(address: SocketAddr, token: Option<&str>) -> Transport {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address makes a URI");
        let authorization = token.map(|token| {
            let mut value: MetadataValue<Ascii> = format!("Bearer {token}").parse().expect("a token is ASCII");
            value.set_sensitive(true);
            value
        });
        InterceptedService::new(endpoint.tcp_nodelay(true).connect_lazy(), Voice { authorization })
    }
}

/// Puts the token and the trace of the running span on every call.
#[derive(Clone)]
pub struct Voice {
    authorization: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Voice {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        if let Ok(traceparent) = telemetry::current_traceparent().parse::<MetadataValue<Ascii>>()
            && !traceparent.is_empty()
        {
            request.metadata_mut().insert("traceparent", traceparent);
        }
        Ok(request)
    }
}

/// One person's clients of all services. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Clients {
    /// customer-profile.
    pub customers: CustomerServiceClient<Transport>,
    /// customer-profile, for what people ask of their own data.
    pub rights: RightsServiceClient<Transport>,
    /// customer-profile, for the rules that say who is who.
    pub rules: RulesServiceClient<Transport>,
    /// ticketing.
    pub tickets: TicketServiceClient<Transport>,
    /// ticketing, for who works on affairs.
    pub team: TeamServiceClient<Transport>,
    /// ticketing, for what happens to many customers at once.
    pub incidents: IncidentServiceClient<Transport>,
    /// ticketing, what affairs are to one another.
    pub relations: RelationServiceClient<Transport>,
    /// ticketing, for whoever looks for affairs.
    pub finding: FindingServiceClient<Transport>,
    /// ticketing, what agents write with.
    pub desk: DeskServiceClient<Transport>,
    /// ticketing, what is learned from affairs.
    pub learning: LearningServiceClient<Transport>,
    /// ticketing, what affairs are known by.
    pub characteristics: CharacteristicServiceClient<Transport>,
    /// ticketing, what customers are given.
    pub redress: RedressServiceClient<Transport>,
    /// ticketing, what customers are told before a promise is broken.
    pub notices: NoticeServiceClient<Transport>,
    /// ticketing, for who holds key and proof.
    pub public: PublicServiceClient<Transport>,
    /// ticketing, answers that are kept.
    pub articles: ArticleServiceClient<Transport>,
    /// sla-monitor.
    pub clocks: SlaServiceClient<Transport>,
    /// sla-monitor, calls, published figures and fairness.
    pub measures: MeasureServiceClient<Transport>,
    /// sla-monitor, what the house measures of its own.
    pub policies: PolicyServiceClient<Transport>,
    /// ombudsman-escalation.
    pub office: OmbudsmanServiceClient<Transport>,
    /// ombudsman-escalation, ways out of a case and what follows its decision.
    pub procedure: ProcedureServiceClient<Transport>,
    /// ombudsman-escalation, for who holds key and proof.
    pub claimant: ClaimantServiceClient<Transport>,
    /// The people of the office and its keys.
    pub house: HouseServiceClient<Transport>,
    /// ombudsman-escalation, deciding alike.
    pub precedents: PrecedentServiceClient<Transport>,
    /// ombudsman-escalation, what it reports.
    pub reports: ReportServiceClient<Transport>,
    /// webhooks.
    pub webhooks: WebhookServiceClient<Transport>,
    transports: [Transport; 5],
}

impl Clients {
    pub(super) fn new(transport: impl Fn(Service) -> Transport) -> Self {
        let transports = Service::ALL.map(transport);
        let [customers, tickets, clocks, office, webhooks] = transports.clone();
        Self {
            customers: CustomerServiceClient::new(customers.clone()),
            rights: RightsServiceClient::new(customers.clone()),
            rules: RulesServiceClient::new(customers),
            tickets: TicketServiceClient::new(tickets.clone()),
            team: TeamServiceClient::new(tickets.clone()),
            incidents: IncidentServiceClient::new(tickets.clone()),
            relations: RelationServiceClient::new(tickets.clone()),
            finding: FindingServiceClient::new(tickets.clone()),
            desk: DeskServiceClient::new(tickets.clone()),
            learning: LearningServiceClient::new(tickets.clone()),
            characteristics: CharacteristicServiceClient::new(tickets.clone()),
            redress: RedressServiceClient::new(tickets.clone()),
            notices: NoticeServiceClient::new(tickets.clone()),
            public: PublicServiceClient::new(tickets.clone()),
            articles: ArticleServiceClient::new(tickets),
            clocks: SlaServiceClient::new(clocks.clone()),
            policies: PolicyServiceClient::new(clocks.clone()),
            measures: MeasureServiceClient::new(clocks),
            procedure: ProcedureServiceClient::new(office.clone()),
            claimant: ClaimantServiceClient::new(office.clone()),
            house: HouseServiceClient::new(office.clone()),
            precedents: PrecedentServiceClient::new(office.clone()),
            reports: ReportServiceClient::new(office.clone()),
            office: OmbudsmanServiceClient::new(office),
            webhooks: WebhookServiceClient::new(webhooks),
            transports,
        }
    }

    /// The connection to one service.
    pub fn transport(&self, service: Service) -> Transport {
        let place = Service::ALL.iter().position(|known| *known == service).expect("one of them");
        self.transports[place].clone()
    }

    /// The ledger of one service.
    pub fn ledger(&self, service: Service) -> LedgerServiceClient<Transport> {
        LedgerServiceClient::new(self.transport(service))
    }
}

/// The machine-readable reason of a refusal; empty when it carries none.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// The fields a refusal names.
pub fn violations(status: &Status) -> Vec<String> {
    let named = status.get_details_bad_request();
    named.map(|bad| bad.field_violations.into_iter().map(|v| v.field).collect()).unwrap_or_default()
}

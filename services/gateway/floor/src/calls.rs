//! Asking the services, as whoever looks at the page and for no longer than they wait.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use server::PeerChannel;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::sla::v1::measure_service_client::MeasureServiceClient;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1::learning_service_client::LearningServiceClient;
use ventanilla_proto::ticketing::v1::process_service_client::ProcessServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use web::{Session, Trouble};

use crate::Floor;

/// Largest answer of a service: an affair with the longest answers to all its points.
const LARGEST: usize = 16 * 1024 * 1024;

/// How long somebody looks at an empty page.
const LOOK: Duration = Duration::from_secs(10);

/// How long figures of many may take.
const MEASURE: Duration = Duration::from_secs(30);

/// How long a page stays live before its browser asks again, and shows anew who is looking.
const WATCH: Duration = Duration::from_secs(10 * 60);

impl Floor {
    fn channel(&self, service: &str, session: &Session, limit: Duration) -> Result<PeerChannel, Trouble> {
        let channel = self.peers.channel(service).map_err(|error| {
            tracing::error!(error = kernel::chain(&error), service, "a page cannot ask a service");
            Trouble::new(StatusCode::SERVICE_UNAVAILABLE)
        })?;
        Ok(channel.as_caller(Some(&session.bearer), Some(Instant::now() + limit)))
    }

    pub(crate) fn customers(&self, session: &Session) -> Result<CustomerServiceClient<PeerChannel>, Trouble> {
        Ok(CustomerServiceClient::new(self.channel("customer-profile", session, LOOK)?))
    }

    pub(crate) fn watched_customers(&self, session: &Session) -> Result<CustomerServiceClient<PeerChannel>, Trouble> {
        Ok(CustomerServiceClient::new(self.channel("customer-profile", session, WATCH)?))
    }

    pub(crate) fn clocks(&self, session: &Session) -> Result<SlaServiceClient<PeerChannel>, Trouble> {
        Ok(SlaServiceClient::new(self.channel("sla-monitor", session, MEASURE)?))
    }

    pub(crate) fn watched_clocks(&self, session: &Session) -> Result<SlaServiceClient<PeerChannel>, Trouble> {
        Ok(SlaServiceClient::new(self.channel("sla-monitor", session, WATCH)?))
    }

    pub(crate) fn measures(&self, session: &Session) -> Result<MeasureServiceClient<PeerChannel>, Trouble> {
        Ok(MeasureServiceClient::new(self.channel("sla-monitor", session, MEASURE)?))
    }

    pub(crate) fn learning(&self, session: &Session) -> Result<LearningServiceClient<PeerChannel>, Trouble> {
        Ok(LearningServiceClient::new(self.channel("ticketing", session, MEASURE)?))
    }

    pub(crate) fn tickets(&self, session: &Session) -> Result<TicketServiceClient<PeerChannel>, Trouble> {
        let client = TicketServiceClient::new(self.channel("ticketing", session, LOOK)?);
        Ok(client.max_decoding_message_size(LARGEST))
    }

    pub(crate) fn processes(&self, session: &Session) -> Result<ProcessServiceClient<PeerChannel>, Trouble> {
        Ok(ProcessServiceClient::new(self.channel("ticketing", session, MEASURE)?))
    }
}

/// Whether the contract lets somebody call this, as far as their roles go: what is not open to them is not offered. Whether it is
/// done is for the service to say.
pub(crate) fn may(session: &Session, rpc: &str) -> bool {
    ventanilla_proto::policy_of(rpc).is_some_and(|policy| {
        policy.roles.iter().any(|role| role.parse().is_ok_and(|role| session.principal.has(role)))
    })
}

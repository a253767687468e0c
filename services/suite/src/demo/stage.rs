//! What every scene needs: connections, callers, a trace per step, and a line for the audience.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Role};
use prost_types::Timestamp as ProtoTimestamp;
use tonic::Status;
use tonic::transport::Channel;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1::notice_service_client::NoticeServiceClient;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use crate::client::{Caller, Client, Target, describe};
use crate::services::Service;

/// How long a ledger may take to bring its news to the neighbours.
const NEWS: Duration = Duration::from_secs(15);

/// The stage of one play.
pub struct Stage<'a> {
    target: &'a Target,
    /// Clock and chance.
    pub ambient: &'a Ambient,
    /// Tells this play's people and papers from those of other plays on the same suite.
    pub run: String,
    channels: Vec<(Service, Channel)>,
    steps: usize,
}

/// Somebody at one step, in the step's own trace.
pub struct Scene {
    caller: Caller,
    channels: Vec<(Service, Channel)>,
}

impl<'a> Stage<'a> {
    /// Connects to everybody.
    pub async fn set(target: &'a Target, ambient: &'a Ambient) -> anyhow::Result<Self> {
        let mut channels = Vec::new();
        let auditor = target.caller(Role::Auditor, Some("demo-auditor"), None, ambient)?;
        for service in Service::ALL {
            let channel = target.connect(service)?;
            let head = LedgerServiceClient::new(auditor.on(&channel)).get_head(GetHeadRequest {}).await;
            head.map_err(|status| anyhow!("{} does not answer: {}", service.name(), status.message()))?;
            channels.push((service, channel));
        }
        let run = hex::encode(ambient.bytes::<4>());
        Ok(Self { target, ambient, run, channels, steps: 0 })
    }

    /// The next step: who acts (`role`, `subject` without the play's mark), and what the audience reads.
    pub fn step(&mut self, role: Role, subject: &str, department: Option<&str>, what: &str) -> anyhow::Result<Scene> {
        self.steps += 1;
        let trace_id = hex::encode(self.ambient.bytes::<16>());
        let traceparent = format!("00-{trace_id}-{}-01", hex::encode(self.ambient.bytes::<8>()));
        println!("{:>3}. {what}\n     {role} · trace {trace_id}", self.steps);
        let caller = self.target.caller(role, Some(&self.person(subject)), department, self.ambient)?;
        Ok(Scene { caller: caller.traced(&traceparent)?, channels: self.channels.clone() })
    }

    /// Somebody who looks on, outside the steps.
    pub fn aside(&self, role: Role, subject: &str) -> anyhow::Result<Scene> {
        let caller = self.target.caller(role, Some(&self.person(subject)), None, self.ambient)?;
        Ok(Scene { caller, channels: self.channels.clone() })
    }

    /// The subject of a person of this play.
    pub fn person(&self, subject: &str) -> String {
        format!("{subject}-{}", self.run)
    }

    /// A fresh request id.
    pub fn request_id(&self) -> String {
        self.ambient.uuid(self.ambient.now()).to_string()
    }

    /// The present instant, moved by so many hours.
    pub fn in_hours(&self, hours: i64) -> Option<ProtoTimestamp> {
        let at = self.ambient.now().saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
        Some(ProtoTimestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
    }
}

impl Scene {
    fn client(&self, service: Service) -> Client {
        let place = Service::ALL.iter().position(|known| *known == service).unwrap_or_default();
        self.caller.on(&self.channels[place].1)
    }

    /// customer-profile.
    pub fn customers(&self) -> CustomerServiceClient<Client> {
        CustomerServiceClient::new(self.client(Service::CustomerProfile))
    }

    /// ticketing.
    pub fn tickets(&self) -> TicketServiceClient<Client> {
        TicketServiceClient::new(self.client(Service::Ticketing))
    }

    /// The notices of ticketing.
    pub fn notices(&self) -> NoticeServiceClient<Client> {
        NoticeServiceClient::new(self.client(Service::Ticketing))
    }

    /// sla-monitor.
    pub fn clocks(&self) -> SlaServiceClient<Client> {
        SlaServiceClient::new(self.client(Service::SlaMonitor))
    }

    /// ombudsman-escalation.
    pub fn office(&self) -> OmbudsmanServiceClient<Client> {
        OmbudsmanServiceClient::new(self.client(Service::OmbudsmanEscalation))
    }
}

/// One detail below a step.
pub fn say(detail: impl std::fmt::Display) {
    println!("     {detail}");
}

/// What a refusal means here: the play cannot go on.
pub fn refused(status: &Status) -> anyhow::Error {
    anyhow!("the last step was refused: {}", describe(status))
}

/// Asks again until there is an answer: another service's ledger brings it.
pub async fn until<T, E: Debug, Fut>(mut ask: impl FnMut() -> Fut) -> anyhow::Result<T>
where
    Fut: Future<Output = Result<T, E>>,
{
    let deadline = Instant::now() + NEWS;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(seen) if Instant::now() > deadline => bail!("the news did not arrive in {NEWS:?}; last seen: {seen:?}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

//! Writes, and a file of what was acknowledged, which no database that is destroyed takes along.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use kernel::{Ambient, Role};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::rights_service_client::RightsServiceClient;
use ventanilla_proto::customer::v1::{
    EraseCustomerRequest, ErasureGround, Identifier, IdentifierType, IngestSourceRecordRequest, SourceRecord,
};
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::ticketing::v1::{
    AddMessageRequest, CreateTicketRequest, Message, MessageVisibility, Ticket, TicketType,
};
use ventanilla_proto::r#type::v1::{Channel as Contact, Direction};

use crate::client::{Client, Target};
use crate::services::Service;
use crate::suite::Suite;

const DEPARTMENT: &str = "billing";
/// Pause of each client between two affairs: a load, and no trial of strength.
const PAUSE: Duration = Duration::from_millis(20);

/// One write of which a caller was told that it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// When the caller heard it.
    pub at: Timestamp,
    /// What was made, e.g. `tickets/…`.
    pub resource: String,
}

/// The file. Cheap to clone.
#[derive(Clone)]
pub struct Journal(Arc<Mutex<File>>);

impl Journal {
    /// A new file.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create_new(true).append(true).open(path);
        let file = file.with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    fn note(&self, at: Timestamp, resource: &str) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&Acknowledged { at, resource: resource.to_owned() })?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)?;
        Ok(())
    }

    /// All that was acknowledged.
    pub fn read(path: &Path) -> anyhow::Result<Vec<Acknowledged>> {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

/// Clients that write until they are told to end.
pub struct Load {
    running: JoinSet<anyhow::Result<()>>,
    ending: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
}

/// One of them.
struct Writer {
    customers: CustomerServiceClient<Client>,
    tickets: TicketServiceClient<Client>,
    ambient: Ambient,
    journal: Journal,
    ending: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
}

impl Load {
    /// Starts so many clients.
    pub fn start(suite: &Suite, journal: &Journal, clients: u16, ambient: &Ambient) -> anyhow::Result<Self> {
        let target = Target::of(suite);
        let (ending, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut running = JoinSet::new();
        for number in 0..clients {
            let agent =
                target.caller(Role::Agent, Some(&format!("drill-agent-{number}")), Some(DEPARTMENT), ambient)?;
            let crm = target.caller(Role::Crm, Some(&format!("drill-crm-{number}")), Some(DEPARTMENT), ambient)?;
            let writer = Writer {
                customers: CustomerServiceClient::new(crm.on(&target.connect(Service::CustomerProfile)?)),
                tickets: TicketServiceClient::new(agent.on(&target.connect(Service::Ticketing)?)),
                ambient: ambient.clone(),
                journal: journal.clone(),
                ending: Arc::clone(&ending),
                acknowledged: Arc::clone(&acknowledged),
            };
            running.spawn(writer.run());
        }
        Ok(Self { running, ending, acknowledged })
    }

    /// Lets it run for so long. An error when nothing was acknowledged meanwhile.
    pub async fn runs_for(&self, span: Duration) -> anyhow::Result<()> {
        let before = self.acknowledged.load(Ordering::Relaxed);
        tokio::time::sleep(span).await;
        let written = self.acknowledged.load(Ordering::Relaxed) - before;
        ensure!(written > 0 || span.is_zero(), "nothing was acknowledged in {span:?}: there is no load to speak of");
        Ok(())
    }

    /// Tells the clients to go; those that wait for a database that is no more are not waited for.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.ending.store(true, Ordering::Relaxed);
        self.running.abort_all();
        while let Some(ended) = self.running.join_next().await {
            if let Ok(ended) = ended {
                ended?;
            }
        }
        Ok(())
    }
}

impl Writer {
    async fn run(mut self) -> anyhow::Result<()> {
        while !self.ending.load(Ordering::Relaxed) {
            self.affair().await?;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// A person, their affair and an answer to it. Who is refused or cut off begins another: what counts is what was acknowledged.
    async fn affair(&mut self) -> anyhow::Result<()> {
        let word = hex::encode(self.ambient.bytes::<8>());
        let record = record(&word, IdentifierType::Account, &word, self.ambient.now());
        let request = IngestSourceRecordRequest { record: Some(record), request_id: self.id() };
        let Ok(record) = self.customers.ingest_source_record(request).await else { return Ok(()) };
        let record = record.into_inner();
        self.was_told(&record.name)?;
        let ticket = Ticket {
            customer: record.customer,
            ticket_type: TicketType::Incidencia.into(),
            subject: word.clone(),
            channel: Contact::Phone.into(),
            department: DEPARTMENT.to_owned(),
            ..Ticket::default()
        };
        let request =
            CreateTicketRequest { ticket: Some(ticket), request_id: self.id(), ..CreateTicketRequest::default() };
        let Ok(ticket) = self.tickets.create_ticket(request).await else { return Ok(()) };
        let ticket = ticket.into_inner().ticket.unwrap_or_default();
        self.was_told(&ticket.name)?;
        let message = Message {
            direction: Direction::Outbound.into(),
            visibility: MessageVisibility::Public.into(),
            channel: Contact::Email.into(),
            body: word,
            ..Message::default()
        };
        let request = AddMessageRequest {
            parent: ticket.name,
            message: Some(message),
            request_id: self.id(),
            ..AddMessageRequest::default()
        };
        let Ok(message) = self.tickets.add_message(request).await else { return Ok(()) };
        self.was_told(&message.into_inner().name)
    }

    fn was_told(&self, resource: &str) -> anyhow::Result<()> {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        self.journal.note(self.ambient.now(), resource)
    }

    fn id(&self) -> String {
        self.ambient.uuid(self.ambient.now()).to_string()
    }
}

fn record(word: &str, kind: IdentifierType, value: &str, now: Timestamp) -> SourceRecord {
    SourceRecord {
        source_system: "drill".to_owned(),
        department: DEPARTMENT.to_owned(),
        external_id: word.to_owned(),
        identifiers: vec![Identifier {
            r#type: kind.into(),
            value: value.to_owned(),
            issuer: "drill".to_owned(),
            ..Identifier::default()
        }],
        observed_time: Some(server::parse::time_to_proto(now)),
        ..SourceRecord::default()
    }
}

/// Somebody who is in the backup, and is erased after the point.
pub struct Forgotten {
    /// `customers/{id}`.
    pub customer: String,
    /// A word that stands in their record alone.
    pub word: String,
}

/// Brings the person who will be forgotten.
pub async fn bring_who_will_be_forgotten(suite: &Suite, ambient: &Ambient) -> anyhow::Result<Forgotten> {
    let target = Target::of(suite);
    let crm = target.caller(Role::Crm, Some("drill-crm"), Some(DEPARTMENT), ambient)?;
    let mut customers = CustomerServiceClient::new(crm.on(&target.connect(Service::CustomerProfile)?));
    let word = format!("forgotten{}", hex::encode(ambient.bytes::<8>()));
    let record = record(&word, IdentifierType::Account, &word, ambient.now());
    let request =
        IngestSourceRecordRequest { record: Some(record), request_id: ambient.uuid(ambient.now()).to_string() };
    let record = customers.ingest_source_record(request).await.context("a person cannot be brought")?.into_inner();
    Ok(Forgotten { customer: record.customer, word })
}

/// Has them erased.
pub async fn have_forgotten(suite: &Suite, forgotten: &Forgotten, ambient: &Ambient) -> anyhow::Result<()> {
    let target = Target::of(suite);
    let officer = target.caller(Role::PrivacyOfficer, Some("drill-privacy"), None, ambient)?;
    let mut rights = RightsServiceClient::new(officer.on(&target.connect(Service::CustomerProfile)?));
    let request = EraseCustomerRequest {
        name: forgotten.customer.clone(),
        ground: ErasureGround::ConsentWithdrawn.into(),
        request_id: ambient.uuid(ambient.now()).to_string(),
    };
    rights.erase_customer(request).await.context("the person is not erased")?;
    Ok(())
}

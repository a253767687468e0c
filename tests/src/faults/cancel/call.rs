//! A mutation that can be sent again and again, and asking for it until it is answered.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use kernel::Role;
use tonic::Request;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use crate::faults::caller::Caller;
use crate::faults::fleet::Fleet;
use crate::faults::journal::{Journal, Wish};
use crate::faults::load::{Settled, settled};
use crate::faults::service::Service;

/// For a client that stays.
pub(super) const GENEROUS: Duration = Duration::from_secs(20);

/// One mutation that can be sent again and again.
#[derive(Clone)]
pub(super) enum Call {
    Record(customer::IngestSourceRecordRequest),
    Interaction(customer::RecordInteractionRequest),
    Ticket(Box<ticketing::CreateTicketRequest>),
    Message(ticketing::AddMessageRequest),
    Promise(ticketing::MakePromiseRequest),
}

/// The ways to both services, straight or through proxies.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) profile: CustomerServiceClient<Caller>,
    pub(super) tickets: TicketServiceClient<Caller>,
}

impl Clients {
    pub(super) fn of(profile: Caller, tickets: Caller) -> Self {
        Self { profile: CustomerServiceClient::new(profile), tickets: TicketServiceClient::new(tickets) }
    }

    /// The name of what the call made.
    pub(super) async fn send(mut self, call: Call, limit: Duration) -> Result<String, tonic::Status> {
        fn timed<T>(message: T, limit: Duration) -> Request<T> {
            let mut request = Request::new(message);
            request.set_timeout(limit);
            request
        }
        Ok(match call {
            Call::Record(m) => self.profile.ingest_source_record(timed(m, limit)).await?.into_inner().name,
            Call::Interaction(m) => self.profile.record_interaction(timed(m, limit)).await?.into_inner().name,
            Call::Ticket(m) => {
                let answer = self.tickets.create_ticket(timed(*m, limit)).await?.into_inner();
                answer.ticket.unwrap_or_default().name
            }
            Call::Message(m) => self.tickets.add_message(timed(m, limit)).await?.into_inner().name,
            Call::Promise(m) => self.tickets.make_promise(timed(m, limit)).await?.into_inner().name,
        })
    }
}

/// A call whose outcome its client never learnt.
pub(super) struct Open {
    pub(super) wish: Wish,
    pub(super) request_id: Uuid,
    pub(super) call: Call,
}

/// Asks again for everything that is open, under the same ids, until each is acknowledged. Each call
/// is sent by two clients at once: even a twin makes no second effect.
///
/// # Errors
/// When a call is refused or never answered.
pub(super) async fn ask_again(fleet: &Fleet, journal: &Journal, open: &[Open]) -> anyhow::Result<()> {
    const AT_ONCE: usize = 8;
    let straight = || -> anyhow::Result<Clients> {
        let caller = |service| fleet.caller(service, Role::Agent);
        Ok(Clients::of(caller(Service::CustomerProfile)?, caller(Service::Ticketing)?))
    };
    let (one, other) = (&straight()?, &straight()?);
    let asked = futures::stream::iter(open).map(|open| async move {
        let (first, second) = tokio::join!(until_answered(one, open), until_answered(other, open));
        let (first, second) = (first?, second?);
        anyhow::ensure!(first == second, "{:?} was answered by {first} and by {second}", open.wish);
        journal.acknowledged(&open.wish, open.request_id, &first)
    });
    asked.buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// The answer of a call that is asked again while it may be.
///
/// # Errors
/// When it is refused, or not answered in half a minute.
pub(super) async fn until_answered(clients: &Clients, open: &Open) -> anyhow::Result<String> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let status = match clients.clone().send(open.call.clone(), GENEROUS).await {
            Ok(resource) => return Ok(resource),
            Err(status) => status,
        };
        let again = settled(&status) == Settled::Again && Instant::now() < deadline;
        anyhow::ensure!(again, "{:?} was answered {:?}: {}", open.wish, status.code(), status.message());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

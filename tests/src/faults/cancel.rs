//! Calls that are cancelled at random moments, in every way a client can go away, among calls that are
//! kept; afterwards what was cancelled is asked for again under the same `request_id`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kernel::{Ambient, Role};
use serde::Serialize;
use tonic::Request;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use super::caller::Caller;
use super::dice::Dice;
use super::fleet::Fleet;
use super::journal::{Journal, Kind, Wish};
use super::load::{Settled, requests, settled};
use super::proxy::{Proxy, Through};
use super::service::Service;

/// How a client goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The future is dropped: the stream is reset.
    Drop,
    /// A tiny `grpc-timeout` runs out.
    Deadline,
    /// The connection is reset under the call.
    Reset,
}

/// One mutation that can be sent again and again.
#[derive(Clone)]
enum Call {
    Record(customer::IngestSourceRecordRequest),
    Interaction(customer::RecordInteractionRequest),
    Ticket(ticketing::CreateTicketRequest),
    Message(ticketing::AddMessageRequest),
    Promise(ticketing::MakePromiseRequest),
}

/// The ways to both services, straight or through proxies.
#[derive(Clone)]
struct Clients {
    profile: CustomerServiceClient<Caller>,
    tickets: TicketServiceClient<Caller>,
}

impl Clients {
    fn of(profile: Caller, tickets: Caller) -> Self {
        Self { profile: CustomerServiceClient::new(profile), tickets: TicketServiceClient::new(tickets) }
    }

    /// The name of what the call made.
    async fn send(mut self, call: Call, limit: Duration) -> Result<String, tonic::Status> {
        fn timed<T>(message: T, limit: Duration) -> Request<T> {
            let mut request = Request::new(message);
            request.set_timeout(limit);
            request
        }
        Ok(match call {
            Call::Record(m) => self.profile.ingest_source_record(timed(m, limit)).await?.into_inner().name,
            Call::Interaction(m) => self.profile.record_interaction(timed(m, limit)).await?.into_inner().name,
            Call::Ticket(m) => {
                let answer = self.tickets.create_ticket(timed(m, limit)).await?.into_inner();
                answer.ticket.unwrap_or_default().name
            }
            Call::Message(m) => self.tickets.add_message(timed(m, limit)).await?.into_inner().name,
            Call::Promise(m) => self.tickets.make_promise(timed(m, limit)).await?.into_inner().name,
        })
    }
}

/// A call whose outcome its client never learnt.
pub struct Open {
    wish: Wish,
    request_id: Uuid,
    call: Call,
}

/// What a run of cancelled calls left behind.
#[derive(Default)]
pub struct Left {
    /// Calls that were cancelled, by way.
    pub cancelled: BTreeMap<Way, usize>,
    /// Calls that were answered.
    pub answered: usize,
    /// Calls whose outcome is open.
    pub open: Vec<Open>,
    /// Answers that call a fault internal, and refusals: there should be none.
    pub refused: Vec<String>,
}

const GENEROUS: Duration = Duration::from_secs(20);

/// Sends calls from several clients until `cancelled` of them were cancelled; about as many are kept.
///
/// # Errors
/// When the journal cannot be written or a call that was kept is not answered.
pub async fn cancel(
    fleet: &Arc<Fleet>,
    journal: &Arc<Journal>,
    seed: u64,
    cancelled: usize,
    told: impl Fn(usize) + Send + Sync + 'static,
) -> anyhow::Result<Left> {
    const CLIENTS: u64 = 8;
    let wanted = Arc::new(AtomicUsize::new(cancelled));
    let told = Arc::new(told);
    let mut running = tokio::task::JoinSet::new();
    for number in 1..=CLIENTS {
        let (fleet, journal, wanted, told) =
            (Arc::clone(fleet), Arc::clone(journal), Arc::clone(&wanted), Arc::clone(&told));
        running.spawn(async move {
            let mut goer = Goer::new(&fleet, journal, Dice::of(seed, number)).await?;
            while wanted.load(Ordering::Relaxed) > 0 {
                if goer.step().await? {
                    let before = wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                    told(before.unwrap_or(0).saturating_sub(1));
                }
            }
            anyhow::Ok(goer.left)
        });
    }
    let mut all = Left::default();
    while let Some(ended) = running.join_next().await {
        let left = ended??;
        for (way, count) in left.cancelled {
            *all.cancelled.entry(way).or_default() += count;
        }
        all.answered += left.answered;
        all.open.extend(left.open);
        all.refused.extend(left.refused);
    }
    Ok(all)
}

/// Asks again for everything that is open, under the same ids, until each is acknowledged. Each call
/// is sent by two clients at once: even a twin makes no second effect.
///
/// # Errors
/// When a call is refused or never answered.
pub async fn ask_again(fleet: &Fleet, journal: &Journal, open: &[Open]) -> anyhow::Result<()> {
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

async fn until_answered(clients: &Clients, open: &Open) -> anyhow::Result<String> {
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

/// A client that goes away in the middle of half of its calls.
struct Goer {
    dice: Dice,
    ambient: Ambient,
    journal: Arc<Journal>,
    straight: Clients,
    through: Clients,
    proxies: [Proxy; 2],
    customer: String,
    ticket: String,
    /// A moving mean of how long answers take, so that random moments fall before, in and after the work.
    usual: Duration,
    left: Left,
}

impl Goer {
    async fn new(fleet: &Fleet, journal: Arc<Journal>, dice: Dice) -> anyhow::Result<Self> {
        let services = [Service::CustomerProfile, Service::Ticketing];
        let proxies = [
            Proxy::start(fleet.addr(services[0]), || Through).await?,
            Proxy::start(fleet.addr(services[1]), || Through).await?,
        ];
        let by = |proxy: &Proxy| fleet.keys().caller(&format!("http://{}", proxy.addr()), Role::Agent);
        let through = Clients::of(by(&proxies[0])?, by(&proxies[1])?);
        let straight = Clients::of(fleet.caller(services[0], Role::Agent)?, fleet.caller(services[1], Role::Agent)?);
        let mut goer = Self {
            dice,
            ambient: Ambient::system(),
            journal,
            straight,
            through,
            proxies,
            customer: String::new(),
            ticket: String::new(),
            usual: Duration::from_millis(5),
            left: Left::default(),
        };
        goer.settle().await?;
        Ok(goer)
    }

    /// A customer and a ticket to talk about.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let (wish, request_id) = self.wish(Kind::Record);
        let record = requests::record(&wish.mark, self.ambient.now());
        self.journal.asked(&wish, request_id)?;
        let request = requests::ingest(&record, request_id);
        let record = self.straight.profile.ingest_source_record(request).await?.into_inner();
        self.journal.acknowledged(&wish, request_id, &record.name)?;
        self.customer = record.own_customer;
        let (wish, request_id) = self.wish(Kind::Ticket);
        self.journal.asked(&wish, request_id)?;
        let request = requests::with_id(&requests::ticket(&self.customer, &wish.mark, true), request_id);
        let answer = self.straight.tickets.create_ticket(request).await?.into_inner();
        self.ticket = answer.ticket.unwrap_or_default().name;
        self.journal.acknowledged(&wish, request_id, &self.ticket)?;
        Ok(())
    }

    fn wish(&mut self, kind: Kind) -> (Wish, Uuid) {
        (Wish { kind, mark: format!("m_{}", self.dice.uuid().simple()) }, self.dice.uuid())
    }

    fn call(&self, wish: &Wish, request_id: Uuid, now: Timestamp) -> Call {
        fn under<M: requests::Mutation>(mut message: M, id: Uuid) -> M {
            message.set_request_id(id.to_string());
            message
        }
        match wish.kind {
            Kind::Record => {
                let record = Some(requests::record(&wish.mark, now));
                Call::Record(customer::IngestSourceRecordRequest { record, request_id: request_id.to_string() })
            }
            Kind::Interaction => {
                Call::Interaction(under(requests::interaction(&self.customer, &wish.mark, now), request_id))
            }
            Kind::Message => Call::Message(under(requests::message(&self.ticket, &wish.mark), request_id)),
            Kind::Promise => Call::Promise(under(requests::promise(&self.ticket, &wish.mark, now), request_id)),
            Kind::Ticket | Kind::Start | Kind::Transition => {
                Call::Ticket(under(requests::ticket(&self.customer, &wish.mark, false), request_id))
            }
        }
    }

    /// One call, kept or cancelled; whether it was cancelled.
    async fn step(&mut self) -> anyhow::Result<bool> {
        const KINDS: [Kind; 6] =
            [Kind::Ticket, Kind::Ticket, Kind::Message, Kind::Promise, Kind::Record, Kind::Interaction];
        let kind = self.dice.pick(&KINDS);
        let (wish, request_id) = self.wish(kind);
        let call = self.call(&wish, request_id, self.ambient.now());
        self.journal.asked(&wish, request_id)?;
        let began = Instant::now();
        if self.dice.chance(40) {
            let resource = self.straight.clone().send(call, GENEROUS).await;
            let resource = resource.map_err(|status| anyhow::anyhow!("a kept call: {status:?}"))?;
            self.usual = (self.usual * 7 + began.elapsed()) / 8;
            self.answered(&wish, request_id, &resource)?;
            return Ok(false);
        }
        let way = self.dice.pick(&[Way::Drop, Way::Drop, Way::Deadline, Way::Deadline, Way::Reset]);
        let moment = self.dice.up_to(self.usual * 5 / 4);
        let answer = match way {
            Way::Drop => {
                let sent = self.straight.clone().send(call.clone(), GENEROUS);
                tokio::time::timeout(moment, sent).await.ok()
            }
            Way::Deadline => Some(self.straight.clone().send(call.clone(), moment).await),
            Way::Reset => {
                let sent = self.through.clone().send(call.clone(), GENEROUS);
                tokio::pin!(sent);
                tokio::select! {
                    answer = &mut sent => Some(answer),
                    () = tokio::time::sleep(moment) => {
                        self.proxies.iter().for_each(Proxy::cut_all);
                        Some(sent.await)
                    }
                }
            }
        };
        match answer {
            Some(Ok(resource)) => {
                self.answered(&wish, request_id, &resource)?;
                return Ok(false);
            }
            Some(Err(status)) if settled(&status) != Settled::Again => {
                self.left.refused.push(format!("{wish:?}: {:?} {}", status.code(), status.message()));
            }
            Some(Err(_)) | None => {}
        }
        *self.left.cancelled.entry(way).or_default() += 1;
        self.left.open.push(Open { wish, request_id, call });
        Ok(true)
    }

    fn answered(&mut self, wish: &Wish, request_id: Uuid, resource: &str) -> anyhow::Result<()> {
        self.left.answered += 1;
        self.journal.acknowledged(wish, request_id, resource)
    }
}

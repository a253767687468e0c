//! Load: clients that want effects, ask for each until it is acknowledged, and keep a journal.

mod ask;
pub mod requests;
pub mod window;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::{Ambient, Role};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::{Interaction, SourceRecord};
use ventanilla_proto::ombudsman::v1 as ombudsman;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use window::Window;

pub use ask::{Asker, Counts, Ids, Settled, settled};

use super::caller::Caller;
use super::dice::Dice;
use super::fleet::Fleet;
use super::journal::{Kind, Wish};
use super::service::Service;

/// One client of the services, with customers of its own. It alone changes its tickets, so no `etag`
/// of its own is ever stale.
pub struct Client {
    dice: Dice,
    ambient: Ambient,
    asker: Asker,
    profile: CustomerServiceClient<Caller>,
    tickets: TicketServiceClient<Caller>,
    // Where the office runs.
    office: Option<OmbudsmanServiceClient<Caller>>,
    // Where it runs: half of the tickets and messages go through it.
    window: Option<Window>,
    customers: Vec<String>,
    only_tickets: bool,
}

impl Client {
    /// Client number `number` of a run with this seed.
    ///
    /// # Errors
    /// When the fleet has no token for it.
    pub fn new(fleet: &Fleet, asker: Asker, seed: u64, number: u64) -> anyhow::Result<Self> {
        Ok(Self {
            dice: Dice::of(seed, number),
            ambient: Ambient::system(),
            asker,
            profile: CustomerServiceClient::new(fleet.caller(Service::CustomerProfile, Role::Agent)?),
            tickets: TicketServiceClient::new(fleet.caller(Service::Ticketing, Role::Agent)?),
            office: match fleet.services().contains(&Service::OmbudsmanEscalation) {
                true => Some(OmbudsmanServiceClient::new(fleet.caller(Service::OmbudsmanEscalation, Role::Agent)?)),
                false => None,
            },
            window: Window::of(fleet, Role::Agent)?,
            customers: Vec::new(),
            only_tickets: false,
        })
    }

    /// The same client with tickets that belong to a customer nobody asks customer-profile about.
    #[must_use]
    pub fn with_customer(mut self, customer: String) -> Self {
        self.customers.push(customer);
        self
    }

    /// The same client, who talks to ticketing alone.
    #[must_use]
    pub fn only_tickets(mut self) -> Self {
        self.only_tickets = true;
        self
    }

    /// Plays affair after affair until told to stop; what was begun is brought to its end.
    ///
    /// # Errors
    /// When a wish is never answered, or the journal cannot be written.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            self.affair(&stop).await?;
        }
        Ok(())
    }

    async fn affair(&mut self, stop: &CancellationToken) -> anyhow::Result<()> {
        if !self.only_tickets && (self.customers.is_empty() || self.dice.chance(15)) {
            let customer = self.record().await?;
            self.customers.extend(customer);
        }
        let at = self.dice.below(self.customers.len() as u64);
        let Some(customer) = self.customers.get(usize::try_from(at)?).cloned() else { return Ok(()) };
        if !self.only_tickets && self.dice.chance(30) && !stop.is_cancelled() {
            self.interaction(&customer).await?;
        }
        let Some(ticket) = self.ticket(&customer).await? else { return Ok(()) };
        if self.dice.chance(50) && !stop.is_cancelled() {
            self.transitions(&ticket).await?;
        }
        for _ in 0..self.dice.below(3) {
            if !stop.is_cancelled() {
                self.message(&ticket.name).await?;
            }
        }
        if self.dice.chance(40) && !stop.is_cancelled() {
            self.promise(&ticket.name).await?;
        }
        // Last: the office's note moves the version of the ticket.
        if !self.only_tickets && self.dice.chance(25) && !stop.is_cancelled() {
            self.case(&ticket.name).await?;
        }
        Ok(())
    }

    /// By which way the next wish goes: half of them through the window, where there is one.
    fn way(&mut self) -> Option<Window> {
        self.window.clone().filter(|_| self.dice.chance(50))
    }

    fn wish(&mut self, kind: Kind) -> Wish {
        Wish { kind, mark: format!("m_{}", self.dice.uuid().simple()) }
    }

    /// Brings a department's record of a new person; gives the customer it makes.
    ///
    /// # Errors
    /// See [`Self::run`].
    pub async fn record(&mut self) -> anyhow::Result<Option<String>> {
        let wish = self.wish(Kind::Record);
        let wanted = requests::record(&wish.mark, self.ambient.now());
        let client = self.profile.clone();
        let name = |record: &SourceRecord| record.name.clone();
        let record = self
            .asker
            .ask(&mut self.dice, wish, name, |request_id| {
                let (mut client, request) = (client.clone(), requests::ingest(&wanted, request_id));
                async move { client.ingest_source_record(request).await }
            })
            .await?;
        Ok(record.map(|record| record.own_customer))
    }

    async fn interaction(&mut self, customer: &str) -> anyhow::Result<()> {
        let wish = self.wish(Kind::Interaction);
        let wanted = requests::interaction(customer, &wish.mark, self.ambient.now());
        let client = self.profile.clone();
        let name = |interaction: &Interaction| interaction.name.clone();
        self.asker
            .ask(&mut self.dice, wish, name, |request_id| {
                let (mut client, request) = (client.clone(), requests::with_id(&wanted, request_id));
                async move { client.record_interaction(request).await }
            })
            .await?;
        Ok(())
    }

    /// Opens a ticket.
    ///
    /// # Errors
    /// See [`Self::run`].
    pub async fn ticket(&mut self, customer: &str) -> anyhow::Result<Option<ticketing::Ticket>> {
        let wish = self.wish(Kind::Ticket);
        let wanted = requests::ticket(customer, &wish.mark, self.dice.chance(50));
        let (client, window) = (self.tickets.clone(), self.way());
        let name = |answer: &ticketing::CreateTicketResponse| named(answer.ticket.as_ref());
        let answer = self
            .asker
            .ask(&mut self.dice, wish, name, |request_id| {
                let (mut client, window) = (client.clone(), window.clone());
                let request = requests::with_id(&wanted, request_id);
                async move {
                    match window {
                        Some(window) => window.post("/v1/tickets", request).await,
                        None => client.create_ticket(request).await,
                    }
                }
            })
            .await?;
        Ok(answer.and_then(|answer| answer.ticket))
    }

    async fn message(&mut self, ticket: &str) -> anyhow::Result<()> {
        let wish = self.wish(Kind::Message);
        let wanted = requests::message(ticket, &wish.mark);
        let (client, window) = (self.tickets.clone(), self.way());
        let path = format!("/v1/{ticket}/messages");
        let name = |message: &ticketing::Message| message.name.clone();
        self.asker
            .ask(&mut self.dice, wish, name, |request_id| {
                let (mut client, window, path) = (client.clone(), window.clone(), path.clone());
                let mut request = requests::with_id(&wanted, request_id);
                async move {
                    match window {
                        Some(window) => {
                            // It stands in the path.
                            request.get_mut().parent.clear();
                            window.post(&path, request).await
                        }
                        None => client.add_message(request).await,
                    }
                }
            })
            .await?;
        Ok(())
    }

    async fn promise(&mut self, ticket: &str) -> anyhow::Result<()> {
        let wish = self.wish(Kind::Promise);
        let wanted = requests::promise(ticket, &wish.mark, self.ambient.now());
        let client = self.tickets.clone();
        let name = |promise: &ticketing::Promise| promise.name.clone();
        self.asker
            .ask(&mut self.dice, wish, name, |request_id| {
                let (mut client, request) = (client.clone(), requests::with_id(&wanted, request_id));
                async move { client.make_promise(request).await }
            })
            .await?;
        Ok(())
    }

    /// Brings the affair before the office, which asks two peers for all of it.
    async fn case(&mut self, ticket: &str) -> anyhow::Result<()> {
        let Some(client) = self.office.clone() else { return Ok(()) };
        let wish = self.wish(Kind::Case);
        let wanted = requests::case(ticket, &wish.mark);
        let name = |case: &ombudsman::Case| case.name.clone();
        self.asker
            .ask(&mut self.dice, wish, name, |request_id| {
                let (mut client, request) = (client.clone(), requests::with_id(&wanted, request_id));
                async move { client.open_case(request).await }
            })
            .await?;
        Ok(())
    }

    /// acknowledged -> in progress -> held -> in progress.
    async fn transitions(&mut self, ticket: &ticketing::Ticket) -> anyhow::Result<()> {
        let wish = Wish { kind: Kind::Start, mark: requests::start_mark(&ticket.name) };
        let wanted = requests::start(ticket);
        let started = self.transition(wish, |client, id| {
            let (mut client, request) = (client, requests::with_id(&wanted, id));
            async move { client.start_ticket(request).await }
        });
        let Some(started) = started.await? else { return Ok(()) };

        let wish = self.wish(Kind::Transition);
        let wanted = requests::hold(&started, &wish.mark);
        let held = self.transition(wish, |client, id| {
            let (mut client, request) = (client, requests::with_id(&wanted, id));
            async move { client.hold_ticket(request).await }
        });
        let Some(held) = held.await? else { return Ok(()) };

        let wish = self.wish(Kind::Transition);
        let wanted = requests::resume(&held, &wish.mark);
        let resumed = self.transition(wish, |client, id| {
            let (mut client, request) = (client, requests::with_id(&wanted, id));
            async move { client.resume_ticket(request).await }
        });
        resumed.await?;
        Ok(())
    }

    async fn transition<F, R>(&mut self, wish: Wish, send: F) -> anyhow::Result<Option<ticketing::Ticket>>
    where
        F: Fn(TicketServiceClient<Caller>, uuid::Uuid) -> R,
        R: Future<Output = Result<Response<ticketing::Ticket>, Status>>,
    {
        let client = self.tickets.clone();
        let name = |ticket: &ticketing::Ticket| ticket.name.clone();
        self.asker.ask(&mut self.dice, wish, name, |request_id| send(client.clone(), request_id)).await
    }
}

fn named(ticket: Option<&ticketing::Ticket>) -> String {
    ticket.map(|ticket| ticket.name.clone()).unwrap_or_default()
}

/// A request with the time that a careful client gives a call.
pub(crate) fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(ask::TRY);
    request
}

/// Several clients at once.
pub struct Load {
    stop: CancellationToken,
    running: tokio::task::JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Starts these clients.
    pub fn start(clients: impl IntoIterator<Item = Client>) -> Self {
        let stop = CancellationToken::new();
        let mut running = tokio::task::JoinSet::new();
        for client in clients {
            running.spawn(client.run(stop.clone()));
        }
        Self { stop, running }
    }

    /// Waits until `enough` says so, or a client fails.
    ///
    /// # Errors
    /// The client's error, or that there was not enough in this time, with how far it came.
    pub async fn until(&mut self, limit: Duration, enough: impl Fn() -> Result<(), String>) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        while let Err(so_far) = enough() {
            anyhow::ensure!(Instant::now() < deadline, "not enough after {limit:?}: {so_far}");
            tokio::select! {
                Some(ended) = self.running.join_next() => ended??,
                () = tokio::time::sleep(Duration::from_millis(10)) => {}
            }
        }
        Ok(())
    }

    /// Lets every client bring its affair to its end.
    ///
    /// # Errors
    /// The first error of a client.
    pub async fn finish(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// As many clients as asked for, sharing one journal.
///
/// # Errors
/// When the fleet has no tokens for them.
pub fn clients(fleet: &Fleet, asker: &Asker, seed: u64, count: u64) -> anyhow::Result<Vec<Client>> {
    (1..=count).map(|number| Client::new(fleet, asker.clone(), seed, number)).collect()
}

/// Counters that all clients share.
pub fn counts() -> Arc<Counts> {
    Arc::new(Counts::default())
}

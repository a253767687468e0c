//! The ledgers of a house in use are switched to a broker and back, which is killed and emptied meanwhile.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};
use testkit::NatsServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::cluster::Postgres;
use super::dice::Dice;
use super::effects;
use super::fleet::{Fleet, Plan, free_ports};
use super::journal::Journal;
use super::load::{self, Asker, Ids, Load};
use super::quiet;
use super::service::Service;

/// How long followers may take to catch up at the end.
const REST_LIMIT: Duration = Duration::from_secs(90);
/// How long it may take until every follower is served by the broker.
const HEARD_LIMIT: Duration = Duration::from_secs(60);
/// Who is followed by whom, where the figures are looked at.
const FOLLOWED: [Service; 4] =
    [Service::CustomerProfile, Service::Ticketing, Service::SlaMonitor, Service::OmbudsmanEscalation];

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Chance of the clients and of who is killed.
    pub seed: u64,
    /// How often the broker is killed; every second time it loses all that it kept.
    pub kills: usize,
    /// How many clients at once.
    pub clients: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The seed, to repeat the choices.
    pub seed: u64,
    /// Effects that were acknowledged.
    pub acknowledged: u64,
    /// Wishes that were refused for good.
    pub refused: u64,
    /// Answers that called a fault internal.
    pub internal: u64,
    /// Entries that webhooks was brought by the broker, after it was killed for the last time.
    pub by_broker: u64,
    /// Things that the broker brought and nobody believed.
    pub forged: u64,
    /// Entries that came over the broker after all was switched back; none should.
    pub after_switching_back: u64,
    /// Acknowledged and gone.
    pub lost: usize,
    /// Happened more often than asked for.
    pub duplicated: usize,
    /// Everything the checker found, lost and duplicated included.
    pub faults: Vec<String>,
}

/// Switches one service after the other to the broker, kills that and services again and again, and switches back, all under load; then
/// checks what is left. `program` is what nodes are made of (see `node`).
///
/// # Errors
/// When a service does not come back, or nothing comes over the broker. What the checker finds is no error: it stands in the summary.
pub async fn run(program: &Path, order: Order) -> anyhow::Result<Summary> {
    let postgres = Postgres::start().await?;
    let mut nats = NatsServer::start().await;
    let page = SocketAddr::from((Ipv4Addr::LOCALHOST, free_ports(1)?[0]));
    let mut plan = Plan::new(program, postgres.urls())?;
    plan.shown(Service::Webhooks, page.port());
    let fleet = Fleet::start(plan).await?;
    let journal = Arc::new(Journal::create(fleet.folder())?);
    let counts = load::counts();
    let asker = Asker::new(Arc::clone(&journal), Arc::clone(&counts), Ids::Kept);
    let load = Load::start(load::clients(&fleet, &asker, order.seed, order.clients)?);

    switch(&fleet, Some(nats.addr())).await?;
    heard(page, &fleet).await?;
    let mut dice = Dice::of(order.seed, 0);
    for kill in 0..order.kills {
        nats.kill();
        if kill % 2 == 1 {
            nats.lose_all();
        }
        let victim = dice.pick(&Service::ALL);
        fleet.replace(victim)?;
        fleet.ready(victim).await?;
        nats.up().await;
        heard(page, &fleet).await?;
    }
    let (by_broker, forged) =
        (carried(page).await?.values().sum(), figure(page, "ventanilla_follower_forged_total").await?);
    switch(&fleet, None).await?;
    load.finish().await.with_context(|| format!("what the services said:\n{}", fleet.errors_logged().join("\n")))?;
    let after_switching_back = carried(page).await?.values().sum();

    let mut admin = PgConnection::connect(postgres.admin_url()).await?;
    let mut faults = quiet::wait(&mut admin, &fleet.services(), REST_LIMIT).await?.err().unwrap_or_default();
    let record = journal.read()?;
    faults.extend(effects::inspect(postgres.admin_url(), &mut admin, &fleet, &record).await?);
    admin.close().await?;
    Ok(Summary {
        seed: order.seed,
        acknowledged: counts.acknowledged.load(Ordering::Relaxed),
        refused: counts.refused.load(Ordering::Relaxed),
        internal: counts.internal.load(Ordering::Relaxed),
        by_broker,
        forged,
        after_switching_back,
        lost: faults.iter().filter(|fault| fault.is_loss()).count(),
        duplicated: faults.iter().filter(|fault| fault.is_duplicate()).count(),
        faults: faults.iter().map(ToString::to_string).collect(),
    })
}

/// One service after the other is told to stop and started with other settings, while the others go on with theirs.
async fn switch(fleet: &Fleet, broker: Option<SocketAddr>) -> anyhow::Result<()> {
    for service in fleet.services() {
        fleet.switch(service, broker)?;
        fleet.roll(service).await?;
        fleet.ready(service).await?;
    }
    Ok(())
}

/// Waits until each ledger of which there is news comes to webhooks over the broker.
async fn heard(page: SocketAddr, fleet: &Fleet) -> anyhow::Result<()> {
    let before = carried(page).await?;
    let deadline = Instant::now() + HEARD_LIMIT;
    loop {
        let now = carried(page).await?;
        // The load writes to these two all the time; the others follow them, and are followed.
        let more = |service: Service| now.get(service.name()) > before.get(service.name());
        if more(Service::Ticketing) && more(Service::SlaMonitor) {
            return Ok(());
        }
        let said = || FOLLOWED.map(|service| fleet.last_words(service)).join("\n");
        anyhow::ensure!(Instant::now() < deadline, "nothing comes over the broker; the services said:\n{}", said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many entries of each ledger came to webhooks over the broker since it was started.
async fn carried(page: SocketAddr) -> anyhow::Result<std::collections::BTreeMap<String, u64>> {
    let mut carried = std::collections::BTreeMap::new();
    for line in lines(page, "ventanilla_follower_entries_total").await? {
        if !line.contains("ventanilla_by=\"broker\"") {
            continue;
        }
        let source = line.split("ventanilla_source=\"").nth(1).and_then(|rest| rest.split('"').next());
        *carried.entry(source.context("an entry is of a ledger")?.to_owned()).or_default() += value(&line)?;
    }
    Ok(carried)
}

async fn figure(page: SocketAddr, name: &str) -> anyhow::Result<u64> {
    lines(page, name).await?.iter().map(|line| value(line)).sum()
}

fn value(line: &str) -> anyhow::Result<u64> {
    let number = line.rsplit(' ').next().context("a line of figures ends in a number")?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, written as a float")]
    Ok(number.parse::<f64>()? as u64)
}

/// The lines of a figure; none while the process is being started.
async fn lines(page: SocketAddr, name: &str) -> anyhow::Result<Vec<String>> {
    let asked = async {
        let mut connection = tokio::net::TcpStream::connect(page).await?;
        connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = asked.await.unwrap_or_default();
    Ok(answer.lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect())
}

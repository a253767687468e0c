//! The load driver: what the services do per second, beside what Postgres does when pgbench sends it
//! the very same statements, on the same server in the same run.
//!
//! The ratio is what counts. The absolute rates are those of the machine, on which services, server
//! and drivers share the processors.

mod board;
mod clocks;
mod cores;
mod decided;
mod drive;
mod finding;
mod gaps;
mod ingest;
mod overload;
mod pace;
mod pgbench;
mod report;
mod rest;
mod seed;
mod statements;
mod visible;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::Ambient;
use postgres::Settings;
use postgres::cluster::{Cluster, Options};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::faults::fleet::{self, Fleet};
use crate::scene::services::Service;
use crate::scene::{Scene, fingerprint};
use drive::Operation;
use report::{Report, Round};

/// The database the services work on.
const SUITE: &str = "ventanilla";
/// Its copy for pgbench, so that nothing follows what pgbench writes.
const BENCH: &str = "bench";
const FOREIGN: &str = "begin isolation level repeatable read;
    insert into ticketing.ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
        traceparent, payload)
    values (gen_random_uuid(), 'tickets/foreign', 'foreign', now(), now(), 'system', 'foreign', '', '')";
/// How long followers may take to catch up between two measurements.
const CATCH_UP: Duration = Duration::from_secs(600);

/// What to measure.
#[derive(Debug, clap::Parser)]
#[command(about = "Measures the services beside pgbench running the same statements")]
pub struct Plan {
    /// Customers that are there before anything is measured.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=50_000_000))]
    pub customers: u32,
    /// Seconds of each single measurement.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Rounds, of which the median is given.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub rounds: u32,
    /// Numbers of clients.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32])]
    pub clients: Vec<usize>,
    /// Connections of each service to its database while it is measured beside pgbench.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(2..=64))]
    pub connections: u32,
    /// Seconds for which a foreign transaction with an old snapshot stays open in ticketing's database while
    /// it is measured once more how long a ticket takes to be seen; 0 leaves that out.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub foreign: u64,
    /// Instead of all that: take in so many records of people by `IngestSourceRecords`, and compare them.
    #[arg(long, default_value_t = 0)]
    pub ingest: u32,
    /// So many of those records, spread over the second half of them, bring one and the same telephone number, for which the telephone
    /// then rings: it must link nobody, and slow nothing.
    #[arg(long, default_value_t = 0, requires = "ingest")]
    pub bomb: u32,
    /// Instead of all that: write so many affairs by COPY, and look for some of them. Ends with an error when a first page is slow.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub tickets: u32,
    /// Instead of all that: write so many running clocks, and watch how late those are raised that fall due. Ends with an error when they are late.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub clocks: u32,
    /// Instead of all that: write so many closed clocks, and ask for boards over them. Ends with an error when a board is slow.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    pub closed_clocks: u32,
    /// Instead of all that: write so many decided cases by COPY, find precedents among them, and report their year. Ends with an error when that is slow.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000_000))]
    pub decided_cases: u32,
    /// Instead of all that: so many calls of LookupByPhone a second, through REST and over gRPC in turn. Ends with an error when a promise is not kept.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub rest: u32,
    /// Instead of all that: a customer's view while the services it rests on are down, hung or slow, in every combination. Ends with an error when an
    /// answer is slow, or a gap not named.
    #[arg(long)]
    pub gaps: bool,
    /// Instead of all that: twice, five and ten times more calls than can be served, for so many seconds each. Ends with an error when
    /// a promise is not kept.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3_600))]
    pub overload: u64,
    /// How many of the clocks fall due each second, for the seconds of a measurement.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub due_per_second: u32,
    /// Calls of each kind of search, or board.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
    /// Print one JSON document on standard output instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Measures, and prints what was found.
///
/// # Errors
/// When there is no Postgres, a service does not start, or a call fails.
pub async fn run(plan: Plan) -> anyhow::Result<()> {
    // Traces are made, as they are in production; nothing collects them here.
    let quiet = telemetry::Settings { filter: "warn".to_owned(), ..telemetry::Settings::default() };
    let telemetry = telemetry::init("ventanilla-load", &quiet)?;
    let ambient = Ambient::system();
    let home = Home::new(&ambient)?;
    let start = home.0.join("postgres");
    let options = Options { max_connections: 300, talk: false, ..Options::durable() };
    let cores = if plan.overload > 0 { cores::Cores::split()? } else { None };
    let cluster = tokio::task::spawn_blocking(move || Cluster::start(&start, &options)).await??;
    if plan.ingest > 0 {
        let outcome = take_in(&plan, &cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        return show(&outcome?, plan.json);
    }
    if plan.tickets > 0 {
        let outcome = find(&plan, &cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        return hold(&outcome?, plan.json);
    }
    if plan.clocks > 0 {
        let outcome = raise(&plan, &cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        return hold(&outcome?, plan.json);
    }
    if plan.closed_clocks > 0 {
        let outcome = figure(&plan, &cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        return hold(&outcome?, plan.json);
    }
    if plan.decided_cases > 0 {
        let outcome = learn(&plan, &cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        return hold(&outcome?, plan.json);
    }
    if plan.rest > 0 {
        let outcome = both_ways(&plan, &cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        let ways = outcome?;
        show(&ways, plan.json)?;
        let missed = ways.missed();
        anyhow::ensure!(missed.is_empty(), "what is promised of REST was not kept: {}", missed.join("; "));
        return Ok(());
    }
    if plan.gaps {
        let outcome = apart(&cluster).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        return hold(&outcome?, plan.json);
    }
    if plan.overload > 0 {
        let outcome = burden(&plan, &cluster, cores.as_ref()).await;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        telemetry.shutdown(Duration::from_secs(1)).await;
        let overload = outcome?;
        show(&overload, plan.json)?;
        anyhow::ensure!(overload.holds(), "what is promised under overload was not kept");
        return Ok(());
    }
    let outcome = measure(&plan, &cluster).await;
    tokio::task::spawn_blocking(move || cluster.stop()).await??;
    telemetry.shutdown(Duration::from_secs(1)).await;
    hold(&outcome?, plan.json)
}

/// A measurement that is held to something.
trait Promised {
    /// What of it was not kept, in words.
    fn broken(&self) -> Vec<String>;
}

/// Shows what was found, and ends with an error when what is promised was not kept.
fn hold(report: &(impl serde::Serialize + std::fmt::Display + Promised), json: bool) -> anyhow::Result<()> {
    show(report, json)?;
    let broken = report.broken();
    anyhow::ensure!(broken.is_empty(), "what is promised was not kept: {}", broken.join("; "));
    Ok(())
}

fn show(report: &(impl serde::Serialize + std::fmt::Display), json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}

async fn take_in(plan: &Plan, cluster: &Cluster) -> anyhow::Result<ingest::Ingested> {
    let url = prepared(cluster).await?;
    let scene = Scene::on(&url, 16).await?;
    let ingested = ingest::measure(&scene, plan).await;
    scene.stop().await.context("the services did not end well")?;
    ingested
}

async fn find(plan: &Plan, cluster: &Cluster) -> anyhow::Result<finding::Finding> {
    let url = prepared(cluster).await?;
    let seconds =
        finding::seed(&url, plan.tickets, Ambient::system().now()).await.context("the affairs cannot be written")?;
    let scene = Scene::on(&url, 16).await?;
    let found = finding::measure(&scene, plan.tickets, seconds, usize::try_from(plan.calls)?).await;
    scene.stop().await.context("the services did not end well")?;
    found
}

async fn raise(plan: &Plan, cluster: &Cluster) -> anyhow::Result<clocks::Raised> {
    let url = prepared(cluster).await?;
    let seeded = clocks::seed(&url, plan.clocks.into()).await.context("the clocks cannot be written")?;
    let (scene, raised) =
        clocks::measure(&url, plan.clocks.into(), seeded, (plan.due_per_second, plan.seconds)).await?;
    scene.stop().await.context("the services did not end well")?;
    Ok(raised)
}

async fn figure(plan: &Plan, cluster: &Cluster) -> anyhow::Result<board::Boards> {
    let url = prepared(cluster).await?;
    let seeded = board::seed(&url, plan.closed_clocks.into()).await.context("the clocks cannot be written")?;
    let (scene, boards) = board::measure(&url, seeded, usize::try_from(plan.calls)?).await?;
    scene.stop().await.context("the services did not end well")?;
    Ok(boards)
}

async fn learn(plan: &Plan, cluster: &Cluster) -> anyhow::Result<decided::Decided> {
    let url = prepared(cluster).await?;
    let seconds = decided::seed(&url, plan.decided_cases).await.context("the cases cannot be written")?;
    let scene = Scene::on(&url, 16).await?;
    let measured = decided::measure(&scene, plan.decided_cases, seconds, usize::try_from(plan.calls)?).await;
    scene.stop().await.context("the services did not end well")?;
    measured
}

async fn apart(cluster: &Cluster) -> anyhow::Result<gaps::Gaps> {
    let url = prepared(cluster).await?;
    gaps::measure(&url).await
}

async fn burden(plan: &Plan, cluster: &Cluster, cores: Option<&cores::Cores>) -> anyhow::Result<overload::Overload> {
    let url = prepared(cluster).await?;
    overload::measure(plan, cluster, &url, cores).await
}

async fn both_ways(plan: &Plan, cluster: &Cluster) -> anyhow::Result<rest::Ways> {
    let url = prepared(cluster).await?;
    let scene = Scene::on(&url, 16).await?;
    let sample = seed::Sample::make(&scene).await.context("the services do not write the sample")?;
    scene.stop().await?;
    seed::customers(&url, &sample, plan.customers).await.context("the customers cannot be seeded")?;
    let scene = Scene::on(&url, 16).await?;
    let ways = rest::measure(&scene, plan).await;
    scene.stop().await.context("the services did not end well")?;
    ways
}

/// A database with the four schemas.
async fn prepared(cluster: &Cluster) -> anyhow::Result<String> {
    let url = cluster.url(SUITE);
    let mut server = PgConnection::connect(&cluster.url("postgres")).await?;
    server.execute(AssertSqlSafe(format!("create database {SUITE}"))).await?;
    server.close().await?;
    for service in Service::ALL {
        postgres::migrate(&Settings::new(url.clone(), service.schema()), &service.migrations()).await?;
    }
    Ok(url)
}

async fn measure(plan: &Plan, cluster: &Cluster) -> anyhow::Result<Report> {
    let url = prepared(cluster).await?;
    let mut server = PgConnection::connect(&cluster.url("postgres")).await?;
    let version: String = sqlx::query_scalar("show server_version").fetch_one(&mut server).await?;
    let scene = Scene::on(&url, 16).await?;
    let sample = seed::Sample::make(&scene).await.context("the services do not write the sample")?;
    let statements = statements::Statements::of(&scene.admin().await, &sample).await?;
    scene.stop().await?;
    seed::customers(&url, &sample, plan.customers).await.context("the customers cannot be seeded")?;
    server.execute(AssertSqlSafe(format!("create database {BENCH} template {SUITE}"))).await?;
    // What was copied is on the disk before anything is measured, and not written out beside it.
    server.execute("checkpoint").await?;
    tokio::task::spawn_blocking(rustix::fs::sync).await?;
    server.close().await?;

    // As they are deployed: each a process of its own, and this one another, as pgbench is.
    let databases = Service::ALL.into_iter().map(|service| (service, url.clone())).collect();
    let processes = fleet::Plan::new(&std::env::current_exe()?, databases)?.with_connections(plan.connections);
    let fleet = Fleet::start(processes).await?;
    let doors = Service::ALL.map(|service| (service, fleet.addr(service))).into();
    let scene = Scene::at(doors, &url, fleet.keys().issuer());
    seed::prove(&scene, &sample, plan.customers).await.context("the seed does not hold")?;
    let bench = pgbench::Pgbench::find(cluster.url(BENCH), plan.customers);
    let mut report = Report::new(plan, version);
    let admin = scene.admin().await;
    let all = u64::from(plan.rounds) * (3 * 4 * plan.clients.len() as u64 + 1);
    let bar = bar(all, "measuring");
    for round in 1..=plan.rounds {
        for operation in Operation::ALL {
            for &clients in &plan.clients {
                bar.set_message(format!("round {round}: {} with {clients} clients", operation.name()));
                let served = drive::closed_loop(&scene, operation, clients, plan).await?;
                bar.inc(1);
                // So that no measurement pays for the one before.
                fingerprint::settled(&admin, CATCH_UP).await;
                let half = drive::open_loop(&scene, operation, clients, served.rate / 2.0, plan).await?;
                bar.inc(1);
                fingerprint::settled(&admin, CATCH_UP).await;
                let script = statements.script(operation);
                let bare = match &bench {
                    Some(bench) => Some(bench.rate(script, clients, plan.seconds).await?),
                    None => None,
                };
                bar.inc(1);
                let bare_half_p99_ms = match (&bench, bare) {
                    (Some(bench), Some(rate)) => Some(bench.p99_at(script, clients, rate / 2.0, plan.seconds).await?),
                    _ => None,
                };
                bar.inc(1);
                report.add(Round { operation: operation.name(), clients, served, half, bare, bare_half_p99_ms });
            }
        }
        bar.set_message(format!("round {round}: committed to visible"));
        report.visible(visible::measure(&scene, plan, round, plan.seconds).await?);
        fingerprint::settled(&admin, CATCH_UP).await;
        bar.inc(1);
    }
    if plan.foreign > 0 {
        bar.set_message("committed to visible beside a foreign transaction");
        let mut foreign = admin.acquire().await?;
        // An entry of its own that never commits, and a snapshot that everything after it is newer than.
        foreign.execute(FOREIGN).await.context("the foreign transaction does not begin")?;
        report.beside_foreign(visible::measure(&scene, plan, plan.rounds + 1, plan.foreign).await?);
        foreign.execute("rollback").await?;
    }
    bar.finish_and_clear();
    admin.close().await;
    report
        .resident(Service::ALL.into_iter().filter_map(|service| Some((service.name(), fleet.most_resident(service)?))));
    for error in fleet.errors_logged() {
        eprintln!("{error}");
    }
    Ok(report)
}

fn bar(length: u64, message: &str) -> ProgressBar {
    let style = "{msg:<48} [{bar:30}] {pos}/{len} {elapsed} {eta}";
    let style = ProgressStyle::with_template(style).expect("the template is one").progress_chars("=> ");
    ProgressBar::new(length).with_style(style).with_message(message.to_owned())
}

/// A folder that goes with the run.
struct Home(PathBuf);

impl Home {
    fn new(ambient: &Ambient) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("ventanilla-load-{}", hex::encode(ambient.bytes::<8>())));
        std::fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        // As root the server runs under another account, which has to pass through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        std::fs::set_permissions(&folder, open)?;
        Ok(Self(folder))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

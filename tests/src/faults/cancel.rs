//! Calls that are cancelled at random moments, in every way a client can go away, among calls that are
//! kept; afterwards what was cancelled is asked for again under the same `request_id`.

mod call;
mod goer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::{Connection as _, PgConnection};

use self::call::ask_again;
use self::goer::{Goer, Left};
use super::ambiguous;
use super::dice::Dice;
use super::fleet::{Fleet, Plan};
use super::journal::Journal;
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

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Chance of the clients.
    pub seed: u64,
    /// How many calls are to be cancelled.
    pub cancelled: usize,
    /// Per cent of the calls that clients go away from.
    pub percent: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The seed, to repeat the choices.
    pub seed: u64,
    /// Calls that were cancelled, by way.
    pub cancelled: BTreeMap<Way, usize>,
    /// Calls that were answered.
    pub answered: usize,
    /// Sessions that were still inside a transaction, long after the last call.
    pub left_in_transaction: i64,
    /// Whether every wish was acknowledged in the end, the cancelled ones by asking again.
    pub all_acknowledged: bool,
    /// What the checker found, refusals and errors that services logged.
    pub faults: Vec<String>,
    /// The whole run.
    pub seconds: u64,
}

/// Cancels calls to customer-profile and ticketing, looks for transactions left behind, checks what
/// was acknowledged, asks again for what was cancelled, and checks again.
///
/// # Errors
/// When a call that was kept or asked again is not answered. What the checker finds is no error: it
/// stands in the summary.
pub async fn run(
    program: &Path,
    order: Order,
    told: impl Fn(usize) + Send + Sync + 'static,
) -> anyhow::Result<Summary> {
    let began = Instant::now();
    let services = [Service::CustomerProfile, Service::Ticketing];
    let database = ambiguous::database(&services).await;
    let url = ambiguous::through(&database.url(), ambiguous::server_of(&database.url())?)?;
    let urls = services.into_iter().map(|service| (service, url.clone())).collect();
    let fleet = Arc::new(Fleet::start(Plan::new(program, urls)?).await?);
    let journal = Arc::new(Journal::create(fleet.folder())?);

    let left = cancel(&fleet, &journal, order, told).await?;
    let left_in_transaction = left_in_transaction(&database.url()).await?;
    let (_, mut faults) = ambiguous::check(&database, &fleet, &journal).await?;
    ask_again(&fleet, &journal, &left.open).await?;
    let (record, found) = ambiguous::check(&database, &fleet, &journal).await?;
    faults.extend(found);
    let faults = faults.iter().map(ToString::to_string).chain(left.refused).chain(fleet.errors_logged()).collect();
    Ok(Summary {
        seed: order.seed,
        cancelled: left.cancelled,
        answered: left.answered,
        left_in_transaction,
        all_acknowledged: record.acknowledged.len() == record.asked.len(),
        faults,
        seconds: began.elapsed().as_secs(),
    })
}

/// Sessions that stay inside a transaction without doing anything. The server itself ends such a
/// session after thirty seconds, so a leak outlasts this wait.
async fn left_in_transaction(url: &str) -> anyhow::Result<i64> {
    let mut admin = PgConnection::connect(url).await?;
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'",
        )
        .fetch_one(&mut admin)
        .await?;
        if left == 0 || Instant::now() > deadline {
            return Ok(left);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends calls from several clients until as many as ordered were cancelled.
///
/// # Errors
/// When the journal cannot be written or a call that was kept is not answered.
async fn cancel(
    fleet: &Arc<Fleet>,
    journal: &Arc<Journal>,
    order: Order,
    told: impl Fn(usize) + Send + Sync + 'static,
) -> anyhow::Result<Left> {
    const CLIENTS: u64 = 8;
    let wanted = Arc::new(AtomicUsize::new(order.cancelled));
    let told = Arc::new(told);
    let mut running = tokio::task::JoinSet::new();
    for number in 1..=CLIENTS {
        let (fleet, journal, wanted, told) =
            (Arc::clone(fleet), Arc::clone(journal), Arc::clone(&wanted), Arc::clone(&told));
        running.spawn(async move {
            let mut goer = Goer::new(&fleet, journal, Dice::of(order.seed, number), order.percent).await?;
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

//! Two replicas of each service and of the window at once, killed and rolled one by one under load.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};

use super::balance::Balance;
use super::caller::Keys;
use super::cluster::Postgres;
use super::dice::Dice;
use super::effects;
use super::fleet::{Fleet, Plan};
use super::journal::Journal;
use super::load::{self, Asker, Ids, Load};
use super::quiet;
use super::run::Percentiles;
use super::service::Part;
use super::subscriber::Subscriber;

/// How long followers may take to catch up at the end.
const REST_LIMIT: Duration = Duration::from_secs(90);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Chance of the clients.
    pub seed: u64,
    /// How often every replica is replaced: by SIGTERM and by SIGKILL in turn.
    pub rounds: usize,
    /// How many clients at once.
    pub clients: u64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The seed, to repeat the choices.
    pub seed: u64,
    /// Replicas that were told to stop, drained and were started again.
    pub rolled: usize,
    /// Replicas that were killed and started again.
    pub killed: usize,
    /// Effects that were acknowledged.
    pub acknowledged: u64,
    /// Tries that had to be repeated.
    pub retried: u64,
    /// Webhooks that another system was sent, repeats included.
    pub told: usize,
    /// Wishes that were refused for good.
    pub refused: u64,
    /// Answers that called a fault internal.
    pub internal: u64,
    /// Acknowledged and gone.
    pub lost: usize,
    /// Happened more often than asked for.
    pub duplicated: usize,
    /// Everything the checker found, lost and duplicated included.
    pub faults: Vec<String>,
    /// From SIGTERM until the replica answered again, in milliseconds.
    pub roll_ms: Percentiles,
    /// From SIGKILL until the replica answered again, in milliseconds.
    pub kill_ms: Percentiles,
    /// How long followers took to come to rest after the load.
    pub rest_ms: u64,
}

/// Two of each, on one Postgres, with one issuer of tokens and a balancer before each pair.
struct Pairs {
    fleets: [Fleet; 2],
    _balances: Vec<Balance>,
}

impl Pairs {
    async fn start(program: &Path, postgres: &Postgres, subscriber: &Subscriber) -> anyhow::Result<Self> {
        let plan = || anyhow::Ok(Plan::new(program, postgres.urls())?.with_window());
        let mut plans = [plan()?, plan()?];
        let mut balances = Vec::new();
        for part in Part::ALL {
            let balance = Balance::before(plans.iter().map(|plan| plan.addr(part)).collect()).await?;
            for plan in &mut plans {
                plan.front(part, balance.addr());
            }
            balances.push(balance);
        }
        for plan in &mut plans {
            plan.receiver(subscriber.addr());
        }
        let keys = Keys::new()?;
        let [first, second] = plans;
        let first = Fleet::start_with(first, keys.clone()).await?;
        let second = Fleet::start_with(second, keys).await?;
        Ok(Self { fleets: [first, second], _balances: balances })
    }
}

/// Replaces replica after replica under load and checks what is left. `program` is what nodes are made of
/// (see `node`), `told` hears of each.
///
/// # Errors
/// When a replica does not come back or does not drain, or a client is never answered. What the checker finds
/// is no error: it stands in the summary.
pub async fn run(program: &Path, order: Order, mut told: impl FnMut(Part, Duration)) -> anyhow::Result<Summary> {
    let postgres = Postgres::start().await?;
    let subscriber = Subscriber::listen().await?;
    let pairs = Pairs::start(program, &postgres, &subscriber).await?;
    let [first, second] = &pairs.fleets;
    let mut admin = PgConnection::connect(postgres.admin_url()).await?;
    let at_first = quiet::wait(&mut admin, &first.services(), REST_LIMIT).await?;
    let at_first = at_first.map_err(|unrest| anyhow::anyhow!("no rest before the load: {unrest:?}"))?;
    subscriber.subscribe(first, Dice::of(order.seed, 0).uuid()).await?;
    let journal = Arc::new(Journal::create(first.folder())?);
    let counts = load::counts();
    let asker = Asker::new(Arc::clone(&journal), Arc::clone(&counts), Ids::Kept);
    let load = Load::start(load::clients(first, &asker, order.seed, order.clients)?);

    let (mut rolled, mut killed) = (Vec::new(), Vec::new());
    for turn in 0..order.rounds {
        for (number, part) in Part::ALL.into_iter().enumerate() {
            for (replica, fleet) in [first, second].into_iter().enumerate() {
                let began = Instant::now();
                // So that in two rounds each replica went both ways.
                let gently = (turn + number + replica) % 2 == 0;
                if gently {
                    fleet.roll(part).await?;
                } else {
                    fleet.replace(part)?;
                }
                fleet.ready(part).await?;
                if gently { &mut rolled } else { &mut killed }.push(began.elapsed());
                told(part, began.elapsed());
            }
        }
    }
    let said = || [first.errors_logged(), second.errors_logged()].concat().join("\n");
    load.finish().await.with_context(|| format!("what the services said:\n{}", said()))?;

    let resting = Instant::now();
    let mut faults = quiet::wait(&mut admin, &first.services(), REST_LIMIT).await?.err().unwrap_or_default();
    let rest = resting.elapsed();
    let record = journal.read()?;
    // Either fleet signs the same ledgers, with a key of its own: both say whether they hold.
    for fleet in [first, second] {
        faults.extend(effects::inspect(postgres.admin_url(), &mut admin, fleet, &record).await?);
    }
    let since = at_first.heads.into_iter().collect();
    faults.extend(subscriber.check(&mut admin, &since).await?);
    admin.close().await?;

    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let refusals: BTreeMap<_, _> = record.refused.iter().map(|(wish, code, reason)| (wish, (code, reason))).collect();
    let sentences = faults.iter().map(ToString::to_string);
    Ok(Summary {
        seed: order.seed,
        rolled: rolled.len(),
        killed: killed.len(),
        acknowledged: count(&counts.acknowledged),
        retried: count(&counts.retried),
        told: subscriber.got().len(),
        refused: count(&counts.refused),
        internal: count(&counts.internal),
        lost: faults.iter().filter(|fault| fault.is_loss()).count(),
        duplicated: faults.iter().filter(|fault| fault.is_duplicate()).count(),
        faults: sentences.chain(refusals.iter().map(|refusal| format!("refused: {refusal:?}"))).collect(),
        roll_ms: Percentiles::of(rolled),
        kill_ms: Percentiles::of(killed),
        rest_ms: u64::try_from(rest.as_millis()).unwrap_or(u64::MAX),
    })
}

//! A whole run of the driver: load, kills, rest, check.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};

use super::check::Fault;
use super::cluster::Postgres;
use super::dice::Dice;
use super::effects;
use super::fleet::{Fleet, Plan};
use super::journal::Journal;
use super::killer::{self, Kill, Victim, Victims};
use super::load::{self, Asker, Ids, Load};
use super::quiet;

/// How long followers may take to catch up after the last kill.
const REST_LIMIT: Duration = Duration::from_secs(90);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Chance of clients and killer.
    pub seed: u64,
    /// How many kills.
    pub kills: usize,
    /// How many clients at once.
    pub clients: u64,
    /// Who may be killed.
    pub victims: Victims,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The seed, to repeat the choices.
    pub seed: u64,
    /// Kills by victim.
    pub kills: BTreeMap<&'static str, usize>,
    /// Effects that were acknowledged.
    pub acknowledged: u64,
    /// Tries that had to be repeated.
    pub retried: u64,
    /// Wishes that were refused for good.
    pub refused: u64,
    /// Answers that called a fault internal.
    pub internal: u64,
    /// Ledger entries by service.
    pub entries: Vec<(String, i64)>,
    /// Acknowledged and gone.
    pub lost: usize,
    /// Happened more often than asked for.
    pub duplicated: usize,
    /// Everything the checker found, lost and duplicated included.
    pub faults: Vec<String>,
    /// From the kill of a service until it answered again, in milliseconds.
    pub service_recovery_ms: Percentiles,
    /// From the kill of Postgres until every service answered again.
    pub postgres_recovery_ms: Percentiles,
    /// The part of it after Postgres accepted connections again.
    pub after_postgres_ms: Percentiles,
    /// How long followers took to come to rest after the load.
    pub rest_ms: u64,
    /// The whole run.
    pub seconds: u64,
}

/// Of a list of times.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Percentiles {
    /// Half are faster.
    pub p50: u64,
    /// One in a hundred is slower.
    pub p99: u64,
    /// The slowest.
    pub max: u64,
}

impl Percentiles {
    /// Of these times.
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut millis: Vec<u64> =
            times.into_iter().map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).collect();
        millis.sort_unstable();
        // Nearest rank.
        let at = |percent: usize| {
            let rank = (millis.len() * percent).div_ceil(100).saturating_sub(1);
            millis.get(rank).copied().unwrap_or(0)
        };
        Self { p50: at(50), p99: at(99), max: millis.last().copied().unwrap_or(0) }
    }
}

/// Kills services and Postgres under load and checks what is left. `program` is what nodes are made
/// of (see `node`), `told` hears of each kill.
///
/// # Errors
/// When something does not come back, or a client is never answered. What the checker finds is no
/// error: it stands in the summary.
pub async fn run(program: &Path, order: Order, told: impl FnMut(&Kill)) -> anyhow::Result<Summary> {
    let began = Instant::now();
    let postgres = Postgres::start().await?;
    let fleet = Fleet::start(Plan::new(program, postgres.urls())?).await?;
    let journal = Arc::new(Journal::create(fleet.folder())?);
    let counts = load::counts();
    let asker = Asker::new(Arc::clone(&journal), Arc::clone(&counts), Ids::Kept);
    let load = Load::start(load::clients(&fleet, &asker, order.seed, order.clients)?);

    let mut dice = Dice::of(order.seed, 0);
    let kills = killer::kill(&fleet, &postgres, &mut dice, order.kills, order.victims, told).await?;
    load.finish().await.with_context(|| format!("what the services said:\n{}", fleet.errors_logged().join("\n")))?;

    let resting = Instant::now();
    let mut admin = PgConnection::connect(postgres.admin_url()).await?;
    let (entries, mut faults) = match quiet::wait(&mut admin, &fleet.services(), REST_LIMIT).await? {
        Ok(rest) => (rest.heads, Vec::new()),
        Err(unrest) => (Vec::new(), unrest),
    };
    let rest = resting.elapsed();
    let record = journal.read()?;
    faults.extend(effects::inspect(postgres.admin_url(), &mut admin, &fleet, &record).await?);
    admin.close().await?;

    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let of_service = |kill: &&Kill| kill.victim != Victim::Postgres;
    Ok(Summary {
        seed: order.seed,
        kills: by_victim(&kills),
        acknowledged: count(&counts.acknowledged),
        retried: count(&counts.retried),
        refused: count(&counts.refused),
        internal: count(&counts.internal),
        entries,
        lost: faults.iter().filter(|fault| fault.is_loss()).count(),
        duplicated: faults.iter().filter(|fault| fault.is_duplicate()).count(),
        faults: told_of(&faults, &record.refused),
        service_recovery_ms: Percentiles::of(kills.iter().filter(of_service).map(|kill| kill.recovered)),
        postgres_recovery_ms: Percentiles::of(kills.iter().filter(|k| !of_service(k)).map(|kill| kill.recovered)),
        after_postgres_ms: Percentiles::of(kills.iter().filter_map(|kill| kill.followed)),
        rest_ms: u64::try_from(rest.as_millis()).unwrap_or(u64::MAX),
        seconds: began.elapsed().as_secs(),
    })
}

fn by_victim(kills: &[Kill]) -> BTreeMap<&'static str, usize> {
    let mut by_victim = BTreeMap::new();
    for kill in kills {
        *by_victim.entry(kill.victim.name()).or_default() += 1;
    }
    by_victim
}

/// The faults as sentences, and after them what was refused though nothing should be.
fn told_of(faults: &[Fault], refused: &[(super::journal::Wish, String, String)]) -> Vec<String> {
    let refusals = refused.iter().map(|(wish, code, reason)| format!("refused: {wish:?} with {code} {reason}"));
    faults.iter().map(Fault::to_string).chain(refusals).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times = (1..=200).map(Duration::from_millis);
        let percentiles = Percentiles::of(times);
        assert_eq!((percentiles.p50, percentiles.p99, percentiles.max), (100, 198, 200));
        assert_eq!(Percentiles::of([]).max, 0);
    }
}

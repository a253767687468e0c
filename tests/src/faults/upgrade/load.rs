//! Who works in the schemas meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postgres::{Db, Settings};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::statements::Statement;
use crate::faults::dice::Dice;
use crate::faults::service::Service;

/// How long a client pauses after a statement, so that the machine is not what is waited for.
const PACE: Duration = Duration::from_millis(4);
/// Deadlock and serialization: somebody else's write, and the caller's to try again.
const CONTENDED: [&str; 2] = ["40P01", "40001"];

/// The longest run while a file was applied.
#[derive(Debug, Clone, Serialize)]
pub struct Wait {
    /// How long.
    pub ms: u64,
    /// The file.
    pub file: String,
    /// The statement.
    pub statement: String,
}

#[derive(Default)]
struct Seen {
    /// The file that is being applied; none before the first and after the last.
    file: String,
    runs: u64,
    contended: u64,
    longest_beside: Duration,
    waits: BTreeMap<String, (Duration, String)>,
    failed: BTreeMap<(String, String), u64>,
}

/// What was seen.
pub struct Done {
    /// Runs while files were applied.
    pub runs: u64,
    /// Runs that gave way to one another.
    pub contended: u64,
    /// The longest run while none was.
    pub longest_beside: Duration,
    /// The longest of each file, longest first.
    pub waits: Vec<Wait>,
    /// What ended otherwise than in the older schema.
    pub failed: Vec<String>,
}

/// Clients at work until they are told to stop.
pub struct Load {
    seen: Arc<Mutex<Seen>>,
    stop: CancellationToken,
    clients: JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Starts so many clients in each schema; returns once each has prepared its statements.
    pub async fn start(
        work: Vec<(Service, Vec<Statement>)>,
        settings: impl Fn(Service) -> Settings,
        each: u64,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (seen, stop) = (Arc::new(Mutex::new(Seen::default())), CancellationToken::new());
        let mut clients = JoinSet::new();
        let mut number = 0;
        for (service, statements) in work.into_iter().filter(|(_, statements)| !statements.is_empty()) {
            let statements = Arc::new(statements);
            for _ in 0..each {
                number += 1;
                let db = Db::connect(&settings(service)).await?;
                let mut connection = db.reader().acquire().await?.detach();
                for (number, statement) in statements.iter().enumerate() {
                    let prepared = statement.prepare(&mut connection, &format!("s{number}")).await;
                    prepared.map_err(|code| anyhow::anyhow!("{code}: {}", statement.named()))?;
                }
                let (statements, seen, stop) = (Arc::clone(&statements), Arc::clone(&seen), stop.clone());
                let mut dice = Dice::of(seed, number);
                clients.spawn(async move {
                    while !stop.is_cancelled() {
                        let at = usize::try_from(dice.below(statements.len() as u64)).unwrap_or(0);
                        let begun = Instant::now();
                        let ended = statements[at].execute(&mut connection, &format!("s{at}")).await;
                        note(&seen, &statements[at], begun.elapsed(), ended.err());
                        tokio::time::sleep(PACE).await;
                    }
                    Ok(())
                });
            }
        }
        Ok(Self { seen, stop, clients })
    }

    /// From now on this file is applied; none where it has no name.
    pub fn apply(&self, file: &str) {
        file.clone_into(&mut lock(&self.seen).file);
    }

    /// Tells the clients to stop, and what they saw.
    pub async fn finish(mut self) -> anyhow::Result<Done> {
        self.stop.cancel();
        while let Some(ended) = self.clients.join_next().await {
            ended??;
        }
        let seen = std::mem::take(&mut *lock(&self.seen));
        let wait =
            |(file, (took, statement)): (String, (Duration, String))| Wait { ms: super::millis(took), file, statement };
        let mut waits: Vec<Wait> = seen.waits.into_iter().map(wait).collect();
        waits.sort_by_key(|wait| std::cmp::Reverse(wait.ms));
        let failed =
            seen.failed.into_iter().map(|((code, statement), times)| format!("{code} ({times} times): {statement}"));
        Ok(Done {
            runs: seen.runs,
            contended: seen.contended,
            longest_beside: seen.longest_beside,
            waits,
            failed: failed.collect(),
        })
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(seen: &Mutex<Seen>, statement: &Statement, took: Duration, ended: Option<String>) {
    let mut seen = lock(seen);
    if seen.file.is_empty() {
        seen.longest_beside = seen.longest_beside.max(took);
    } else {
        seen.runs += 1;
        let file = seen.file.clone();
        let longest = seen.waits.entry(file).or_default();
        if took > longest.0 {
            *longest = (took, statement.named());
        }
    }
    match ended {
        ended if ended == statement.ends => {}
        Some(code) if CONTENDED.contains(&code.as_str()) => seen.contended += 1,
        ended => {
            let code = ended.unwrap_or_else(|| "no error any more".to_owned());
            *seen.failed.entry((code, statement.named())).or_default() += 1;
        }
    }
}

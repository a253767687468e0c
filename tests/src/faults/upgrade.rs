//! An upgrade under load: schemas of an older version are filled, and brought up to date file by file while the statements of the stores run in
//! them.
//!
//! The binaries of a former version are not kept, but what they ask is: every statement of the stores is committed (`.sqlx`), today's and each
//! former commit's. Those that the older schema understands are prepared once and executed again and again, as the services' connections do,
//! with nothing as their arguments: a read finds no row, a write changes none and is rolled back, and each waits for the tables as with any. So
//! what is seen is who waits for a migration and how long, and what of the former statements fails in the newer schema. What the binaries
//! make of rows that newer ones write is not seen here.

mod fill;
mod load;
mod statements;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use postgres::cluster::{Cluster, Options};
use postgres::{ProvisionError, Settings};
use serde::Serialize;
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use self::load::{Load, Wait};
use super::process::Folder;
use super::service::Service;

/// Who works in a schema waits no longer than this for a migration.
pub const LONGEST_WAIT: Duration = Duration::from_secs(1);
const DATABASE: &str = "ventanilla";
/// How long the load runs before the first file and after the last.
const BESIDE: Duration = Duration::from_secs(1);
/// How many tables may turn out to hold what a later file refuses.
const MOST_EMPTIED: usize = 40;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Order {
    /// Chance of the load.
    pub seed: u64,
    /// The version of the last file of the older schema.
    pub from: i64,
    /// Rows that are written into each table that can be filled.
    pub rows: u32,
    /// Connections that work in each schema.
    pub clients: u64,
    /// Folder of the statements (`query-*.json`), of today or of a former commit.
    pub statements: PathBuf,
    /// Files that are applied after those of the tree: to see what would come of them.
    pub planted: Vec<(Service, Migration)>,
}

impl Order {
    /// All files of a service.
    fn files(&self, service: Service) -> Migrator {
        let own = service.migrations();
        let planted = self.planted.iter().filter(|(of, _)| *of == service).map(|(_, file)| file);
        Migrator::with_migrations(own.iter().chain(planted).cloned().collect())
    }
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The seed, to repeat the choices.
    pub seed: u64,
    /// The older version.
    pub from: i64,
    /// Files that were applied under load.
    pub files: usize,
    /// How long they took.
    pub took_ms: u64,
    /// Tables that were filled, and those of them that were emptied again, since a later file refuses what they held.
    pub filled: usize,
    /// See `filled`.
    pub emptied: Vec<String>,
    /// Tables that were left empty: no row could be made up that they take.
    pub empty: Vec<String>,
    /// Statements that the older schema understands.
    pub statements: usize,
    /// How often they were executed while files were applied.
    pub runs: u64,
    /// Runs that gave way to one another (deadlock, serialization): a caller is told to try again.
    pub contended: u64,
    /// The longest run before the first file, and after the last.
    pub longest_beside_ms: u64,
    /// The longest run while files were applied.
    pub longest_ms: u64,
    /// The longest runs, each the longest of its file, longest first.
    pub waits: Vec<Wait>,
    /// What failed in the newer schema, or while it was made, that had not failed in the older.
    pub failed: Vec<String>,
}

impl Summary {
    /// Whether nobody waited too long and nothing failed.
    pub fn is_well(&self) -> bool {
        self.failed.is_empty() && u128::from(self.longest_ms) <= LONGEST_WAIT.as_millis() && self.runs > 0
    }
}

/// Does it. `progress` hears of every file, and how many there are.
///
/// # Errors
/// When there is no Postgres, or a file cannot be applied for another reason than a row that was made up.
pub async fn run(order: Order, mut progress: impl FnMut(&str, usize)) -> anyhow::Result<Summary> {
    let folder = Folder::new("upgrade")?;
    let home = folder.path().join("postgres");
    let options = Options { talk: false, ..Options::durable() };
    let cluster = tokio::task::spawn_blocking(move || Cluster::start(&home, &options)).await??;
    let mut server = PgConnection::connect(&cluster.url("postgres")).await?;
    server.execute(AssertSqlSafe(format!("create database {DATABASE}"))).await?;
    server.close().await?;
    let url = cluster.url(DATABASE);
    let settings = |service: Service| Settings::new(url.clone(), service.schema());
    for service in Service::ALL {
        postgres::migrate(&settings(service), &up_to(&order.files(service), order.from)).await?;
    }

    let mut admin = PgConnection::connect(&url).await?;
    // What is made up obeys no trigger and refers to nothing.
    admin.execute("set session_replication_role = replica").await?;
    let (mut filled, mut empty) = (0, Vec::new());
    for service in Service::ALL {
        let done = fill::fill(&mut admin, service.schema(), order.rows).await?;
        filled += done.filled;
        empty.extend(done.empty);
    }
    admin.execute("analyze").await?;

    let all = statements::read(&order.statements)?;
    let mut understood = Vec::new();
    for service in Service::ALL {
        understood.push((service, statements::understood(&settings(service), service.schema(), &all).await?));
    }
    let statements = understood.iter().map(|(_, statements)| statements.len()).sum();
    anyhow::ensure!(
        statements > 0,
        "the older schema understands none of the statements of {}",
        order.statements.display()
    );

    let load = Load::start(understood.clone(), settings, order.clients, order.seed).await?;
    tokio::time::sleep(BESIDE).await;
    let pending: Vec<(Service, Vec<(i64, String)>)> =
        Service::ALL.into_iter().map(|service| (service, newer(&order.files(service), order.from))).collect();
    let files = pending.iter().map(|(_, files)| files.len()).sum();
    let (begun, mut emptied) = (Instant::now(), Vec::new());
    for (service, newer) in pending {
        for (version, description) in newer {
            let file = format!("{} {version} {description}", service.name());
            progress(&file, files);
            load.apply(&file);
            let migrator = up_to(&order.files(service), version);
            // A row that was made up is no row that a binary wrote: what refuses it is no fault of the file.
            while let Err(error) = postgres::migrate(&settings(service), &migrator).await {
                let table = refused_row(&error).filter(|_| emptied.len() < MOST_EMPTIED);
                let table = table.with_context(|| format!("{file} cannot be applied: {}", kernel::chain(&error)))?;
                let table = format!("{}.{table}", service.schema());
                admin.execute(AssertSqlSafe(format!("truncate {table} cascade"))).await?;
                emptied.push(table);
            }
        }
    }
    load.apply("");
    let took = begun.elapsed();
    tokio::time::sleep(BESIDE).await;
    let done = load.finish().await?;

    // And who connects anew: every statement once more, from the beginning.
    let mut failed = done.failed;
    for (service, statements) in &understood {
        failed.extend(statements::strange(&settings(*service), statements).await?);
    }
    failed.sort();
    failed.dedup();
    Ok(Summary {
        seed: order.seed,
        from: order.from,
        files,
        took_ms: millis(took),
        filled,
        emptied,
        empty,
        statements,
        runs: done.runs,
        contended: done.contended,
        longest_beside_ms: millis(done.longest_beside),
        longest_ms: done.waits.first().map_or(0, |wait| wait.ms),
        waits: done.waits.into_iter().take(10).collect(),
        failed,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The files up to this version.
fn up_to(migrator: &Migrator, version: i64) -> Migrator {
    Migrator::with_migrations(migrator.iter().filter(|migration| migration.version <= version).cloned().collect())
}

fn newer(migrator: &Migrator, version: i64) -> Vec<(i64, String)> {
    let newer = migrator.iter().filter(|migration| migration.version > version);
    newer.map(|migration| (migration.version, migration.description.clone().into_owned())).collect()
}

/// The table whose rows a file refuses.
fn refused_row(error: &ProvisionError) -> Option<String> {
    let ProvisionError::Migrate { source: MigrateError::ExecuteMigration(cause, _), .. } = error else { return None };
    let refused = cause.as_database_error()?;
    refused.code().filter(|code| code.starts_with("23") || code.starts_with("22"))?;
    refused.table().map(str::to_owned)
}

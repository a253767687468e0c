//! A schema is brought up to date while others work in it.
//!
//! Each file is a transaction, or one statement by itself (`-- no-transaction`). What a file waits for is waited for shortly, and everybody
//! is let by before it is tried again, so that nobody who works in the schema waits longer than a second *for a lock that a file wants*. How long
//! a file then keeps what it was given is the file's own: `tests/src/migrations.rs` says what may stand in one.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migration, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::provision::identifier;
use crate::{ProvisionError, Settings, StoreError, schema_migrator};

/// How often a file is tried whose lock others hold: with the pauses between, a minute.
const TRIES: u32 = 18;
/// By how much each pause is longer than the one before, and the longest.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// What builds an index beside writers stands in nobody's way: it may wait for the transactions that began before it.
const PATIENCE_BESIDE: &str = "10min";
/// How long a file waits for a lock. Who waits for a table has everybody behind it: they are let by again before anybody has waited a second.
pub(crate) const PATIENCE: &str = "800ms";

/// Lock time-out, and the deadlock that two may come into.
const HELD: [&str; 2] = ["55P03", "40P01"];

/// Brings `settings.schema` up to date. Safe to run again, by two at once, and beside those who work in it.
///
/// A file that cannot get its lock is tried again for a minute; one that others change meanwhile waits its turn as long as that takes.
///
/// # Errors
/// [`ProvisionError::Busy`] when a lock was not to be had, [`ProvisionError`] otherwise. Files before the one that failed stay applied.
pub async fn migrate(settings: &Settings, service: &Migrator) -> Result<(), ProvisionError> {
    let mut migrator = schema_migrator(&settings.schema, service)?;
    // Taken below, and by short looks: who waits for it holds a snapshot, and an index that is built beside writers waits for every one.
    migrator.set_locking(false);
    let options = settings.options_of_migrations().map_err(StoreError::from)?;
    let connection = PgConnection::connect_with(&options).await.map_err(StoreError::from)?;
    let mut migrating = Migrating { connection, migrator: &migrator, schema: &settings.schema };
    migrating.take_turn().await?;
    for migration in migrating.apart().await? {
        migrating.bring(Some(migration.version - 1), None).await?;
        migrating.by_itself(migration).await?;
    }
    migrating.bring(None, None).await?;
    // The turn ends with the session.
    migrating.connection.close().await.map_err(StoreError::from)?;
    Ok(())
}

struct Migrating<'a> {
    connection: PgConnection,
    migrator: &'a Migrator,
    schema: &'a str,
}

impl<'a> Migrating<'a> {
    /// One at a time in a database, older versions of this program among them.
    async fn take_turn(&mut self) -> Result<(), ProvisionError> {
        let mut looks: u32 = 0;
        loop {
            match self.connection.lock().await {
                Ok(()) => return Ok(()),
                Err(error) if is_held(&error) => {
                    if looks.is_multiple_of(10) {
                        tracing::info!(schema = self.schema, "somebody else migrates in this database; waiting");
                    }
                    looks += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// The files that are not applied and run outside a transaction, oldest first.
    async fn apart(&mut self) -> Result<Vec<&'a Migration>, ProvisionError> {
        let apart: Vec<_> = self.migrator.iter().filter(|migration| migration.no_tx).collect();
        if apart.is_empty() {
            return Ok(apart);
        }
        let table = format!("{}.schema_migration", self.schema);
        let known = "select to_regclass($1) is not null";
        let known: bool =
            sqlx::query_scalar(known).bind(&table).fetch_one(&mut self.connection).await.map_err(StoreError::from)?;
        if !known {
            return Ok(apart);
        }
        let applied = self.connection.list_applied_migrations(&table).await.map_err(|error| self.failed(error))?;
        let applied: BTreeSet<i64> = applied.into_iter().map(|migration| migration.version).collect();
        Ok(apart.into_iter().filter(|migration| !applied.contains(&migration.version)).collect())
    }

    /// Applies what is not applied up to this version, of which the last makes this index beside writers, where one is named.
    async fn bring(&mut self, target: Option<i64>, makes: Option<&str>) -> Result<(), ProvisionError> {
        let (mut file, mut tries) = (0, 0);
        loop {
            if let Some(index) = makes {
                // No row says that the file was applied: what an earlier try left of its index is half of one, or nobody's.
                let drop = format!("drop index concurrently if exists {}", identifier(index)?);
                self.connection.execute(AssertSqlSafe(drop)).await.map_err(StoreError::from)?;
            }
            let error = match self.migrator.run_direct(target, &mut self.connection, false).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !is_held(&error) {
                return Err(self.failed(error));
            }
            let version = version_of(&error);
            if version != file {
                (file, tries) = (version, 0);
            }
            tries += 1;
            if tries == TRIES {
                return Err(ProvisionError::Busy { schema: self.schema.to_owned(), version, tries });
            }
            // What the failed file held is given back by the server at the error itself.
            self.connection.ping().await.map_err(StoreError::from)?;
            let pause = (PAUSE * tries).min(LONGEST_PAUSE);
            tracing::warn!(
                schema = self.schema,
                migration = version,
                tries,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "others hold what this migration needs; it lets them by and is tried again"
            );
            tokio::time::sleep(pause).await;
        }
    }

    /// Applies one file that is a single statement outside a transaction; all before it are applied.
    async fn by_itself(&mut self, migration: &Migration) -> Result<(), ProvisionError> {
        self.patience(PATIENCE_BESIDE).await?;
        let index = index_made_beside(migration.sql.as_str());
        self.bring(Some(migration.version), index.as_deref()).await?;
        self.patience(PATIENCE).await
    }

    async fn patience(&mut self, with: &'static str) -> Result<(), ProvisionError> {
        let set = format!("set lock_timeout = '{with}'");
        self.connection.execute(AssertSqlSafe(set)).await.map_err(StoreError::from)?;
        Ok(())
    }

    fn failed(&self, source: MigrateError) -> ProvisionError {
        ProvisionError::Migrate { schema: self.schema.to_owned(), source }
    }
}

fn is_held(error: &MigrateError) -> bool {
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else { return false };
    let code = cause.as_database_error().and_then(|refused| refused.code());
    code.is_some_and(|code| HELD.contains(&code.as_ref()))
}

/// The file that an error is about; 0 where it is about none.
fn version_of(error: &MigrateError) -> i64 {
    match error {
        MigrateError::ExecuteMigration(_, version) => *version,
        _ => 0,
    }
}

/// The index that a statement makes beside writers, by its name.
fn index_made_beside(sql: &str) -> Option<String> {
    let said: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let said = said.join(" ").to_lowercase();
    let mut words = said.split_whitespace().filter(|word| *word != "unique");
    let begins = ["create", "index", "concurrently"].iter().all(|word| words.next() == Some(*word));
    let mut words = words.skip_while(|word| ["if", "not", "exists"].contains(word));
    words.next().filter(|_| begins).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_index_that_is_made_beside_writers_is_read_from_its_file() {
        let made = |sql: &str| index_made_beside(sql);
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(made("-- no-transaction\n-- why\ncreate index concurrently t_a on t (a);"), named("t_a"));
        assert_eq!(made("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a\n    ON t (a);"), named("t_a"));
        assert_eq!(made("create index t_a on t (a);"), None);
        assert_eq!(made("drop index concurrently t_a;"), None);
        assert_eq!(made("create table concurrently (a int);"), None);
    }
}

//! A fresh database per test, copied from a template that holds the migrated schema.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use anyhow::Context;
use postgres::{Db, Settings};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use crate::Playground;

/// A database of one test's own. Dropped with it.
pub struct Database {
    server: String,
    name: String,
    schema: String,
    connections: u32,
}

impl Database {
    /// A fresh database whose `schema` holds the house tables and those of `service`.
    ///
    /// # Panics
    /// When there is no Postgres or a migration fails: no test can go on without.
    pub async fn fresh(schema: &str, service: &Migrator) -> Self {
        Self::fresh_with(&[(schema, service)]).await
    }

    /// A fresh database with several schemas, for tests of services together. [`Self::settings`]
    /// speaks of the first.
    ///
    /// # Panics
    /// When there is no Postgres or a migration fails: no test can go on without.
    pub async fn fresh_with(schemas: &[(&str, &Migrator)]) -> Self {
        Self::try_fresh(schemas).await.unwrap_or_else(|error| panic!("no test database: {error:#}"))
    }

    async fn try_fresh(schemas: &[(&str, &Migrator)]) -> anyhow::Result<Self> {
        let server = server_url().await?;
        let mut admin = PgConnection::connect(&server).await.context("connecting to the test server")?;
        let template = template(&mut admin, &server, schemas).await?;
        #[allow(clippy::disallowed_methods, reason = "a name nobody else has; it decides nothing in a test")]
        let name = format!("t_{}", Uuid::new_v4().simple());
        copy(&mut admin, &template, &name).await?;
        admin.close().await?;
        let schema = schemas.first().map(|(schema, _)| (*schema).to_owned()).unwrap_or_default();
        Ok(Self { server, name, schema, connections: FEW })
    }

    /// The same with room for many at once, for tests of who crowds whom.
    #[must_use]
    pub fn roomy(mut self) -> Self {
        self.connections = MANY;
        self
    }

    /// Address of this database, as its owner.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// What a service is given to reach its schema.
    pub fn settings(&self) -> Settings {
        self.settings_of(&self.schema)
    }

    /// What a service is given to reach `schema`.
    pub fn settings_of(&self, schema: &str) -> Settings {
        let mut settings = Settings::new(self.url(), schema);
        settings.max_connections = self.connections;
        settings
    }

    /// The service's own way in.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn db(&self) -> Db {
        let settings = Settings { max_connections: MANY, ..self.settings() };
        Db::connect(&settings).await.expect("the test database was just made")
    }

    /// A pool of the owner, for looking at what a service wrote. Names need their schema.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn admin(&self) -> PgPool {
        PgPool::connect(&self.url()).await.expect("the test database was just made")
    }
}

/// Connections of a service. Each is a process of the server that reads the catalogue anew, which is most of what a test costs.
const FEW: u32 = 3;
/// Connections where many come at once.
const MANY: u32 = 16;
/// How long a test waits for its database to be gone.
const DROP_PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let (gone, waiting) = std::sync::mpsc::channel();
        // A thread, since a drop may run inside a runtime and cannot wait there. And not for long: a
        // connection of that very runtime may be half-way through its handshake, and the server waits
        // for it. What is not dropped here goes with the whole server.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            let dropped = runtime.block_on(async {
                let mut admin = PgConnection::connect(&server).await.ok()?;
                let statement = format!("drop database if exists {name} with (force)");
                admin.execute(AssertSqlSafe(statement)).await.ok()
            });
            gone.send(()).ok()?;
            dropped
        });
        let _ = waiting.recv_timeout(DROP_PATIENCE);
    }
}

/// Address of a server that tests were told to use.
fn theirs() -> Option<String> {
    std::env::var("VENTANILLA_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

/// Address of the server tests use: `VENTANILLA_DATABASE_URL`, else the throwaway one.
///
/// # Errors
/// When neither is to be had; the message ends in a cure.
pub async fn server_url() -> anyhow::Result<String> {
    static OURS: OnceLock<Playground> = OnceLock::new();
    if let Some(url) = theirs() {
        return Ok(url);
    }
    if let Some(ours) = OURS.get() {
        return Ok(ours.url().to_owned());
    }
    let joined = tokio::task::spawn_blocking(Playground::join).await??;
    Ok(OURS.get_or_init(|| joined).url().to_owned())
}

/// The template for `schemas`, made if absent. Its name holds a hash of every migration, so an
/// edited one gives another template.
async fn template(admin: &mut PgConnection, server: &str, schemas: &[(&str, &Migrator)]) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    for (schema, service) in schemas {
        schema.hash(&mut hasher);
        for migration in postgres::schema_migrator(schema, service)?.iter() {
            (migration.version, &*migration.checksum).hash(&mut hasher);
        }
    }
    let key = hasher.finish();
    let first = schemas.first().map_or("none", |(schema, _)| *schema);
    let name = format!("tpl_{first}_{key:016x}");
    if exists(admin, &name).await? {
        return Ok(name);
    }
    // One process makes it, the others wait here and then find it.
    let lock = key.cast_signed();
    sqlx::query("select pg_advisory_lock($1)").bind(lock).execute(&mut *admin).await?;
    if !exists(admin, &name).await? {
        make_template(admin, server, &name, schemas).await?;
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(lock).execute(&mut *admin).await?;
    Ok(name)
}

async fn make_template(
    admin: &mut PgConnection,
    server: &str,
    name: &str,
    schemas: &[(&str, &Migrator)],
) -> anyhow::Result<()> {
    // Under another name until it is complete: what is found by its own name can be copied.
    let draft = format!("{name}_draft");
    admin.execute(AssertSqlSafe(format!("drop database if exists {draft} with (force)"))).await?;
    admin.execute(AssertSqlSafe(format!("create database {draft} template template0 encoding 'UTF8'"))).await?;
    for (schema, service) in schemas {
        let settings = Settings::new(with_database(server, &draft), *schema);
        postgres::migrate(&settings, service).await.with_context(|| format!("migrating {schema}"))?;
    }
    admin.execute(AssertSqlSafe(format!("alter database {draft} rename to {name}"))).await?;
    Ok(())
}

async fn exists(admin: &mut PgConnection, name: &str) -> anyhow::Result<bool> {
    let found: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(admin)
        .await?;
    Ok(found)
}

/// Copies the template. The server refuses while any session is still inside the template, such as
/// the migration's connection on its way out.
async fn copy(admin: &mut PgConnection, template: &str, name: &str) -> anyhow::Result<()> {
    // File by file: writing every page to the log as well costs several times as much, and nobody recovers a test's database. A server that
    // is somebody's own would write out all it has each time.
    let by_file = if theirs().is_none() { " strategy file_copy" } else { "" };
    let statement = format!("create database {name} template {template}{by_file}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        match admin.execute(AssertSqlSafe(statement.clone())).await {
            Ok(_) => return Ok(()),
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("55006") && std::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error).with_context(|| format!("copying {template}")),
        }
    }
}

/// `url` with its database replaced; what stands after `?` is kept.
fn with_database(url: &str, database: &str) -> String {
    let (head, query) = url.split_once('?').map_or((url, None), |(head, query)| (head, Some(query)));
    let authority_end = head.find("://").map_or(0, |at| at + 3);
    let base = head[authority_end..].find('/').map_or(head, |slash| &head[..authority_end + slash]);
    match query {
        Some(query) => format!("{base}/{database}?{query}"),
        None => format!("{base}/{database}"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_an_address_is_replaced_and_the_rest_kept() {
        assert_eq!(with_database("postgres://u:p@h:1/a", "b"), "postgres://u:p@h:1/b");
        assert_eq!(with_database("postgres://u:p@h:1", "b"), "postgres://u:p@h:1/b");
        assert_eq!(with_database("postgres://h/a?sslmode=require", "b"), "postgres://h/b?sslmode=require");
    }
}

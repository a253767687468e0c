//! Schemas, roles and migrations: a step of its own, with an administrator's connection.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::StoreError;

/// The database role of one service.
#[derive(Debug, Clone)]
pub struct ServiceRole {
    /// Name of the role.
    pub role: String,
    /// The one schema it may use.
    pub schema: String,
    /// Its password.
    pub password: SecretString,
}

/// Why the database could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// The server.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed or was edited after it was applied.
    #[error("a migration of schema {schema} failed")]
    Migrate {
        /// Schema.
        schema: String,
        /// What happened.
        #[source]
        source: MigrateError,
    },
    /// Somebody held what a migration needs for longer than it is worth waiting. Nothing of that file was written.
    #[error(
        "migration {version} of schema {schema} needs a lock that others held at each of {tries} tries; it was not applied: \
         see in pg_stat_activity who holds a transaction open, and migrate again"
    )]
    Busy {
        /// Schema.
        schema: String,
        /// The file.
        version: i64,
        /// How often it was tried.
        tries: u32,
    },
    /// Only a-z, 0-9 and _ make an identifier here.
    #[error("{0:?} is not a name for a role or schema: use a-z, 0-9 and _")]
    Name(String),
}

/// The tables that every schema has: requests and ledger.
pub fn house_migrations() -> Migrator {
    sqlx::migrate!("./migrations")
}

/// The house tables and a service's own tables as one history in `schema`.
///
/// # Errors
/// [`ProvisionError::Name`] when `schema` is not an identifier.
pub fn schema_migrator(schema: &str, service: &Migrator) -> Result<Migrator, ProvisionError> {
    identifier(schema)?;
    let all: Vec<Migration> = house_migrations().iter().chain(service.iter()).cloned().collect();
    let mut migrator = Migrator::with_migrations(all);
    migrator.create_schema(Cow::Owned(schema.to_owned()));
    migrator.dangerous_set_table_name(format!("{schema}.schema_migration"));
    // A newer binary may have migrated already; an older one must still start.
    migrator.set_ignore_missing(true);
    Ok(migrator)
}

/// Creates the role if it is absent and sets its password.
///
/// # Errors
/// [`ProvisionError`].
pub async fn provision_role(admin: &mut PgConnection, role: &ServiceRole) -> Result<(), ProvisionError> {
    let name = identifier(&role.role)?;
    let password = role.password.expose_secret().replace('\'', "''");
    let statement = format!(
        "do $do$ begin
             if not exists (select from pg_roles where rolname = '{name}') then create role {name} login; end if;
         end $do$;
         alter role {name} login password '{password}' nosuperuser nocreatedb nocreaterole nobypassrls;
         alter role {name} set search_path = {schema};",
        schema = identifier(&role.schema)?,
    );
    admin.execute(AssertSqlSafe(statement)).await.map_err(StoreError::from)?;
    Ok(())
}

/// Gives the role its own schema and nothing else. Run after every migration.
///
/// # Errors
/// [`ProvisionError`].
pub async fn grant(admin: &mut PgConnection, role: &ServiceRole) -> Result<(), ProvisionError> {
    let (name, schema) = (identifier(&role.role)?, identifier(&role.schema)?);
    let statement = format!(
        "revoke all on schema public from public;
         revoke all on schema {schema} from public;
         grant usage on schema {schema} to {name};
         grant select, insert, update, delete on all tables in schema {schema} to {name};
         grant usage, select on all sequences in schema {schema} to {name};
         revoke update, delete, truncate on {schema}.ledger from {name};
         revoke insert, delete, truncate on {schema}.ledger_head from {name};
         revoke insert, update, delete, truncate on {schema}.ledger_month, {schema}.ledger_kept, {schema}.ledger_known from {name};
         select {schema}.ledger_seal_partition(oid::regclass) from pg_class
          where relnamespace = '{schema}'::regnamespace and relname like 'ledger\\_from\\_%' and relkind = 'r';
         revoke insert, update, delete, truncate on {schema}.schema_migration from {name};"
    );
    admin.execute(AssertSqlSafe(statement)).await.map_err(StoreError::from)?;
    Ok(())
}

pub(crate) fn identifier(name: &str) -> Result<&str, ProvisionError> {
    let fits = name.len() <= 63
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fits { Ok(name) } else { Err(ProvisionError::Name(name.to_owned())) }
}

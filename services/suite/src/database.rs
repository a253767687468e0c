//! The suite's database: its own private Postgres, or the server the user names; one role and one
//! schema per service.

use anyhow::{Context as _, bail};
use kernel::Ambient;
use postgres::cluster::{Cluster, Options};
use postgres::{ServiceRole, Settings};
use secrecy::ExposeSecret as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::data_folder::DataFolder;
use crate::keys::role_password;
use crate::services::Service;

const NAME: &str = "ventanilla";

/// A database that answers.
pub struct Database {
    /// For an administrator; holds a password.
    pub admin_url: String,
    /// Ours to stop; `None` when the user runs the server.
    cluster: Option<Cluster>,
}

impl Database {
    /// The server the user names, else the one in the data folder, started.
    pub async fn open(folder: &DataFolder) -> anyhow::Result<Self> {
        match std::env::var("VENTANILLA_DATABASE_URL") {
            Ok(url) if !url.is_empty() => {
                let admin = PgConnection::connect(&url).await;
                let admin = admin.map_err(|error| unreachable_server(&error))?;
                admin.close().await?;
                Ok(Self { admin_url: url, cluster: None })
            }
            _ => Self::private(folder, Options::durable()).await,
        }
    }

    /// The server in the data folder, started like this, whatever server the user names.
    pub async fn private(folder: &DataFolder, options: Options) -> anyhow::Result<Self> {
        let home = folder.at("postgres");
        let start = move || Cluster::start(&home, &options);
        let cluster = tokio::task::spawn_blocking(start).await??;
        let mut admin = PgConnection::connect(&cluster.url("postgres")).await?;
        let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(NAME)
            .fetch_one(&mut admin)
            .await?;
        if !there {
            admin.execute(AssertSqlSafe(format!("create database {NAME}"))).await?;
        }
        admin.close().await?;
        Ok(Self { admin_url: cluster.url(NAME), cluster: Some(cluster) })
    }

    /// Brings every schema up to date, and gives each service's role its own schema and no other.
    pub async fn provision(&self, folder: &DataFolder, ambient: &Ambient) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect(&self.admin_url).await?;
        for service in Service::ALL {
            let schema = service.schema();
            let password = role_password(folder, schema, ambient)?;
            let role = ServiceRole { role: schema.to_owned(), schema: schema.to_owned(), password };
            postgres::provision_role(&mut admin, &role)
                .await
                .with_context(|| format!("the role {schema} cannot be made"))?;
            let settings = Settings::new(self.admin_url.clone(), schema);
            postgres::migrate(&settings, &service.migrations())
                .await
                .with_context(|| format!("the schema {schema} cannot be brought up to date"))?;
            postgres::grant(&mut admin, &role)
                .await
                .with_context(|| format!("the role {schema} cannot be given its schema"))?;
        }
        admin.close().await?;
        Ok(())
    }

    /// How a service reaches its own schema, in its own role.
    pub fn settings(&self, folder: &DataFolder, service: Service, ambient: &Ambient) -> anyhow::Result<Settings> {
        let password = role_password(folder, service.schema(), ambient)?;
        let url = in_role(&self.admin_url, service.schema(), password.expose_secret())?;
        Ok(Settings::new(url, service.schema()))
    }

    /// The server, when it is ours.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// Stops the server, when it is ours.
    pub async fn stop(self) -> anyhow::Result<()> {
        match self.cluster {
            Some(cluster) => Ok(tokio::task::spawn_blocking(move || cluster.stop()).await??),
            None => Ok(()),
        }
    }
}

fn unreachable_server(error: &sqlx::Error) -> anyhow::Error {
    let why = match error {
        sqlx::Error::Database(refused) => refused.message().to_owned(),
        sqlx::Error::Io(io) => io.to_string(),
        other => other.to_string(),
    };
    anyhow::anyhow!(
        "the server of VENTANILLA_DATABASE_URL cannot be used ({why}): correct the address, or unset it to have a private Postgres"
    )
}

/// `url` with another user. Passwords of ours are hex, so nothing needs escaping.
fn in_role(url: &str, role: &str, password: &str) -> anyhow::Result<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        bail!("VENTANILLA_DATABASE_URL is no address like postgres://user:password@host:5432/database");
    };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..authority_end].rfind('@').map_or(rest, |at| &rest[at + 1..]);
    Ok(format!("{scheme}://{role}:{password}@{host}"))
}

#[cfg(test)]
mod tests {
    use super::in_role;

    #[test]
    fn a_service_reaches_the_same_database_under_its_own_name() {
        let own = |url| in_role(url, "ticketing", "pw").unwrap();
        assert_eq!(own("postgres://postgres:a@h:1/v"), "postgres://ticketing:pw@h:1/v");
        assert_eq!(own("postgres://h/v?sslmode=require"), "postgres://ticketing:pw@h/v?sslmode=require");
        assert_eq!(own("postgres://u:p%40@h/v?x=a@b"), "postgres://ticketing:pw@h/v?x=a@b");
        assert!(in_role("localhost", "a", "b").is_err());
    }
}

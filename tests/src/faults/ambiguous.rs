//! One or two services on a throwaway database, with a proxy between ticketing and its Postgres that
//! cuts commits from their answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use testkit::Database;

use super::check::Fault;
use super::effects;
use super::fleet::{Fleet, Plan};
use super::journal::{Journal, Record};
use super::load::{self, Asker, Counts, Ids};
use super::proxy::Proxy;
use super::proxy::postgres::Ambiguity;
use super::quiet;
use super::service::Service;

/// Ticketing behind a proxy that makes commits ambiguous.
pub struct Bench {
    /// The services.
    pub fleet: Fleet,
    /// What the clients keep.
    pub journal: Arc<Journal>,
    /// What happened to their calls.
    pub counts: Arc<Counts>,
    /// What the proxy did.
    pub ambiguity: Arc<Ambiguity>,
    database: Database,
    _proxy: Proxy,
}

impl Bench {
    /// Starts it.
    ///
    /// # Errors
    /// When ticketing does not come up.
    pub async fn start(program: &Path, ambiguity: Arc<Ambiguity>) -> anyhow::Result<Self> {
        let database = database(&[Service::Ticketing]).await;
        let taps = Arc::clone(&ambiguity);
        let proxy = Proxy::start(server_of(&database.url())?, move || taps.tap()).await?;
        let url = through(&database.url(), proxy.addr())?;
        let fleet = Fleet::start(Plan::new(program, BTreeMap::from([(Service::Ticketing, url)]))?).await?;
        let journal = Arc::new(Journal::create(fleet.folder())?);
        Ok(Self { fleet, journal, counts: load::counts(), ambiguity, database, _proxy: proxy })
    }

    /// Who asks, keeping the `request_id` over the tries or not.
    pub fn asker(&self, ids: Ids) -> Asker {
        Asker::new(Arc::clone(&self.journal), Arc::clone(&self.counts), ids)
    }

    /// Waits for rest and holds everything against the journal.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn check(&self) -> anyhow::Result<(Record, Vec<Fault>)> {
        check(&self.database, &self.fleet, &self.journal).await
    }
}

/// Waits for rest and holds everything against the journal.
///
/// # Errors
/// When the database cannot be read.
pub async fn check(database: &Database, fleet: &Fleet, journal: &Journal) -> anyhow::Result<(Record, Vec<Fault>)> {
    let mut admin = PgConnection::connect(&database.url()).await?;
    let limit = std::time::Duration::from_secs(60);
    let mut faults = quiet::wait(&mut admin, &fleet.services(), limit).await?.err().unwrap_or_default();
    let record = journal.read()?;
    faults.extend(effects::inspect(&database.url(), &mut admin, fleet, &record).await?);
    admin.close().await?;
    Ok((record, faults))
}

/// A throwaway database with the schemas of these services.
pub async fn database(services: &[Service]) -> Database {
    let migrations: Vec<_> = services.iter().map(|service| (service.schema(), service.migrations())).collect();
    let schemas: Vec<_> = migrations.iter().map(|(schema, migrator)| (*schema, migrator)).collect();
    Database::fresh_with(&schemas).await
}

/// Where the server of this database's address listens.
///
/// # Errors
/// When the address names a host that is no loopback address.
pub fn server_of(url: &str) -> anyhow::Result<SocketAddr> {
    let authority = authority(url)?;
    let host = authority.rsplit('@').next().unwrap_or_default().replace("localhost", "127.0.0.1");
    let host = if host.contains(':') { host } else { format!("{host}:5432") };
    host.parse().with_context(|| format!("{host} is no address of a server"))
}

/// The same database through another listener, in the clear.
///
/// # Errors
/// When the address is none.
pub fn through(url: &str, listener: SocketAddr) -> anyhow::Result<String> {
    let authority = authority(url)?;
    let user = authority.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
    let changed = url.replacen(authority, &format!("{user}{listener}"), 1);
    let mark = if changed.contains('?') { '&' } else { '?' };
    Ok(format!("{changed}{mark}sslmode=disable"))
}

fn authority(url: &str) -> anyhow::Result<&str> {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split(['/', '?']).next()).context("the database's address has no host")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_led_through_a_proxy() {
        assert_eq!(server_of("postgres://u:p@127.0.0.1:6000/a").unwrap().port(), 6000);
        assert_eq!(server_of("postgres://localhost/a?x=y").unwrap().port(), 5432);
        let proxy = SocketAddr::from(([127, 0, 0, 1], 7));
        assert_eq!(through("postgres://u:p@h:1/a", proxy).unwrap(), "postgres://u:p@127.0.0.1:7/a?sslmode=disable");
    }
}

//! The Postgres that is killed: private, durable, on a fixed port, one role and schema per service.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use postgres::cluster::{Cluster, ClusterError, Options};
use postgres::{ServiceRole, Settings};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::fleet::free_ports;
use super::process::Folder;
use super::service::Service;

const DATABASE: &str = "ventanilla";
/// Nobody but this machine's loopback can reach the server, and it is gone with the run.
const PASSWORD: &str = "for-one-run";
/// Processes of a killed server take a moment to notice.
const RESTART_LIMIT: Duration = Duration::from_secs(60);

/// A Postgres of this run's own. Stops when dropped.
pub struct Postgres {
    // Before the folder: the server ends first.
    running: Mutex<Option<Cluster>>,
    folder: Folder,
    port: u16,
    admin_url: String,
}

impl Postgres {
    /// Makes a data folder, starts the server, and gives each service its role and migrated schema.
    ///
    /// # Errors
    /// When the machine has no Postgres; the message ends in a cure.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = Folder::new("faults")?;
        let port = free_ports(1)?[0];
        let cluster = launch(folder.path().join("postgres"), port).await?;
        let mut admin = PgConnection::connect(&cluster.url("postgres")).await?;
        admin.execute(AssertSqlSafe(format!("create database {DATABASE}"))).await?;
        admin.close().await?;
        let admin_url = cluster.url(DATABASE);
        let server = Self { running: Mutex::new(Some(cluster)), folder, port, admin_url };
        server.provision().await?;
        Ok(server)
    }

    async fn provision(&self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect(&self.admin_url).await?;
        for service in Service::ALL {
            let schema = service.schema().to_owned();
            let password = SecretString::from(PASSWORD.to_owned());
            let role = ServiceRole { role: schema.clone(), schema: schema.clone(), password };
            postgres::provision_role(&mut admin, &role).await?;
            let settings = Settings::new(self.admin_url.clone(), schema);
            postgres::migrate(&settings, &service.migrations()).await?;
            postgres::grant(&mut admin, &role).await?;
        }
        admin.close().await?;
        Ok(())
    }

    /// Address for an administrator.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// Address for each service, in its own role.
    pub fn urls(&self) -> BTreeMap<Service, String> {
        let url = |service: Service| {
            format!("postgres://{}:{PASSWORD}@127.0.0.1:{}/{DATABASE}?sslmode=disable", service.schema(), self.port)
        };
        Service::ALL.into_iter().map(|service| (service, url(service))).collect()
    }

    /// Kills the postmaster with SIGKILL and starts the server again; returns when it accepts
    /// connections, that is after crash recovery.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn replace(&self) -> anyhow::Result<()> {
        let cluster = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let cluster = cluster.context("the server does not run")?;
        let pid = i32::try_from(cluster.pid()).ok().and_then(Pid::from_raw).context("the server has no process")?;
        kill_process(pid, Signal::KILL).context("the server cannot be killed")?;
        // Collects the dead process and lets go of the folder's lock.
        tokio::task::spawn_blocking(move || drop(cluster)).await?;
        let cluster = launch(self.folder.path().join("postgres"), self.port).await?;
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(cluster);
        Ok(())
    }
}

async fn launch(home: PathBuf, port: u16) -> anyhow::Result<Cluster> {
    let started = tokio::task::spawn_blocking(move || {
        let options = Options { port: Some(port), talk: false, ..Options::durable() };
        let deadline = Instant::now() + RESTART_LIMIT;
        loop {
            match Cluster::start(&home, &options) {
                Err(ClusterError::PortTaken { .. } | ClusterError::StillInUse { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                other => return other,
            }
        }
    });
    Ok(started.await??)
}

//! The services and the window before them in one process, from the first port to the last drained call.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use kernel::{Ambient, Role};
use postgres::cluster::Cluster;
use secrecy::SecretString;
use server::{Hall, House, Opening, PeerSettings, Peers, StackSettings, TokenSource};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::data_folder::{DataFolder, Lock, Running};
use crate::database::Database;
use crate::keys::Keys;
use crate::services::Service;

/// A suite that runs.
pub struct Suite {
    /// Where its data is.
    pub folder: DataFolder,
    /// Its keys.
    pub keys: Arc<Keys>,
    /// Address by service; the window's under `gateway`.
    pub addresses: BTreeMap<String, String>,
    database: Database,
    cancel: CancellationToken,
    serving: JoinSet<(&'static str, anyhow::Result<()>)>,
    _lock: Lock,
}

impl Suite {
    /// Starts everything on `folder`. The window is at `port_base`, the services at the five ports after it; 0 takes free ones.
    pub async fn start(folder: DataFolder, port_base: u16, ambient: &Ambient) -> anyhow::Result<Self> {
        let lock = folder.lock()?;
        // Before the database: a taken port is the commonest trouble, and quickly told.
        let ports = Ports::listen(port_base).await?;
        let database = Database::open(&folder).await.map_err(|error| full_disk(error, &folder))?;
        Self::serve((folder, lock), database, ports, ambient).await
    }

    /// Starts everything on free ports and on this database.
    pub async fn start_on(folder: DataFolder, database: Database, ambient: &Ambient) -> anyhow::Result<Self> {
        let lock = folder.lock()?;
        let ports = Ports::listen(0).await?;
        Self::serve((folder, lock), database, ports, ambient).await
    }

    async fn serve(
        (folder, lock): (DataFolder, Lock),
        database: Database,
        ports: Ports,
        ambient: &Ambient,
    ) -> anyhow::Result<Self> {
        let Ports { window: (window, window_address), services: listeners } = ports;
        let keys = Arc::new(Keys::open(&folder, ambient)?);
        database.provision(&folder, ambient).await.map_err(|error| full_disk(error, &folder))?;

        let mut addresses: BTreeMap<String, String> = listeners
            .iter()
            .map(|(service, _, address)| (service.name().to_owned(), format!("http://{address}")))
            .collect();
        let cancel = CancellationToken::new();
        let mut serving = JoinSet::new();
        for (service, listener, _) in listeners {
            let house = house(&folder, &keys, service, &addresses, ambient)?;
            let settings = database.settings(&folder, service, ambient)?;
            let verifier = Arc::clone(&house.verifier);
            let assembly = service.assemble(settings, house, &keys).await?;
            let run = server::run(assembly, listener, StackSettings::default(), verifier, cancel.clone());
            serving.spawn(async move { (service.name(), run.await.map_err(anyhow::Error::from)) });
        }
        let settings = window_settings(&keys, window_address);
        let hall = Hall {
            ambient: ambient.clone(),
            verifier: Arc::new(keys.issuer.verifier(ambient.clone())),
            peers: Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default())?,
            own: TokenSource::issued_as(Arc::clone(&keys.issuer), gateway::NAME, Role::Form, ambient.clone()),
            listener: window,
            cancel: cancel.clone(),
            // Nobody balances load before a suite on one machine.
            lame_duck: std::time::Duration::ZERO,
        };
        serving
            .spawn(async move { (gateway::NAME, gateway::serve(settings, hall).await.map_err(anyhow::Error::from)) });
        addresses.insert(gateway::NAME.to_owned(), format!("http://{window_address}"));
        let running =
            Running { pid: std::process::id(), services: addresses.clone(), database: database.admin_url.clone() };
        folder.note_running(&running)?;
        Ok(Self { folder, keys, addresses, database, cancel, serving, _lock: lock })
    }

    /// Address of the database for an administrator.
    pub fn database_url(&self) -> &str {
        &self.database.admin_url
    }

    /// Its private server.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.database.cluster()
    }

    /// Waits until a service ends by itself, which none should, and says which and why.
    pub async fn failed(&mut self) -> anyhow::Error {
        match self.serving.join_next().await {
            Some(Ok((service, Err(error)))) => error.context(format!("{service} failed")),
            Some(Ok((service, Ok(())))) => anyhow::anyhow!("{service} ended without being told to"),
            Some(Err(error)) => anyhow::Error::from(error).context("a service died"),
            None => std::future::pending().await,
        }
    }

    /// Lets everything go as it stands, the services in the midst of their calls: for who destroyed the database under them.
    pub async fn abandon(mut self) {
        self.cancel.cancel();
        self.serving.shutdown().await;
        self.folder.forget_running();
        tokio::task::block_in_place(|| drop(self));
    }

    /// Drains the services, signs the last checkpoints and stops the database.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.cancel.cancel();
        let mut first_error = None;
        while let Some(ended) = self.serving.join_next().await {
            if let Ok((service, Err(error))) = ended {
                first_error.get_or_insert(error.context(format!("{service} did not stop well")));
            }
        }
        self.folder.forget_running();
        self.database.stop().await?;
        first_error.map_or(Ok(()), Err)
    }
}

/// A database that has no room says so in many words; its user needs these.
fn full_disk(error: anyhow::Error, folder: &DataFolder) -> anyhow::Error {
    let said = format!("{error:#}");
    // 53100 is the server's own code for it.
    if ["53100", "No space left on device", "could not extend file"].iter().any(|sign| said.contains(sign)) {
        anyhow::anyhow!("the disk that holds {} is full: free some space and start again", folder.path().display())
    } else {
        error
    }
}

fn house(
    folder: &DataFolder,
    keys: &Keys,
    service: Service,
    addresses: &BTreeMap<String, String>,
    ambient: &Ambient,
) -> anyhow::Result<House> {
    let tokens = TokenSource::issued(Arc::clone(&keys.issuer), service.name(), ambient.clone());
    Ok(House {
        ambient: ambient.clone(),
        verifier: Arc::new(keys.issuer.verifier(ambient.clone())),
        peers: Peers::new(addresses, tokens, &PeerSettings::default())?,
        signing_key: Arc::clone(&keys.ledger),
        former_keys: keys.ledger_former.clone(),
        opening: Opening::default(),
        checkpoint_dir: folder.private("checkpoints")?,
        broker: None,
    })
}

/// The ports that were taken, before anything is started behind them.
struct Ports {
    window: (TcpListener, SocketAddr),
    services: Vec<(Service, TcpListener, SocketAddr)>,
}

impl Ports {
    async fn listen(port_base: u16) -> anyhow::Result<Self> {
        let window = listen_at(port_base, gateway::NAME).await?;
        Ok(Self { window, services: listen(port_base).await? })
    }
}

async fn listen(port_base: u16) -> anyhow::Result<Vec<(Service, TcpListener, SocketAddr)>> {
    let mut listeners = Vec::new();
    for (offset, service) in (1_u16..).zip(Service::ALL) {
        let port = if port_base == 0 { 0 } else { port_base + offset };
        let (listener, address) = listen_at(port, service.name()).await?;
        listeners.push((service, listener, address));
    }
    Ok(listeners)
}

async fn listen_at(port: u16, who: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => {
            let address = listener.local_addr().context("a bound port has no address")?;
            Ok((listener, address))
        }
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {port}, meant for {who}, is taken: stop what listens there, or choose other ports with --port-base (0 takes free ones)"
        ),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            bail!("port {port} may not be used by this account: choose higher ports with --port-base")
        }
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be used")),
    }
}

/// The window of this machine: its people sign in with the suite's own tokens.
fn window_settings(keys: &Keys, address: SocketAddr) -> gateway::Settings {
    let mut settings = gateway::Settings::default();
    settings.web.public_url = format!("http://{address}");
    settings.web.sealing_keys = vec![SecretString::from(hex::encode(keys.window))];
    settings.ivr.tracking_url = format!("http://{address}/t");
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_its_cure() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(port - 1).await.unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port-base"), "{error}");
    }
}

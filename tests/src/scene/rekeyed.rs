//! Another process of the office, on the same tables, after it was given a new key for what it deliberates.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use kernel::Role;
use postgres::Settings;
use server::{FormerKeys, House, Opening, PeerSettings, Peers, StackSettings, TokenSource};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use ventanilla_proto::ombudsman::v1::house_service_client::HouseServiceClient;

use super::Scene;
use super::caller::{Caller, Transport};
use super::services::{OFFICE_KEY, Service};

/// It, until this is dropped.
pub struct Rekeyed {
    address: SocketAddr,
    _cancel: DropGuard,
}

impl Rekeyed {
    /// The services as a gateway reaches them, with this process for the office.
    pub fn peers(&self, scene: &Scene) -> Peers {
        let own = Service::OmbudsmanEscalation;
        let at = |service: Service, at: SocketAddr| if service == own { self.address } else { at };
        let addresses: BTreeMap<String, String> = scene
            .addresses
            .iter()
            .map(|(service, known)| (service.name().to_owned(), format!("http://{}", at(*service, *known))))
            .collect();
        Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default()).expect("addresses make URIs")
    }

    /// The house's own service, called by the ombudsman.
    pub fn house(&self, scene: &Scene) -> HouseServiceClient<Transport> {
        let token = scene.token("ombudsman-1", &[Role::Ombudsman], None);
        HouseServiceClient::new(Caller::new(self.address, Some(&token)))
    }
}

impl Scene {
    /// The office under this key, with the one it had as its former one.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn office_under(&self, office_key: &[u8; 32]) -> anyhow::Result<Rekeyed> {
        let own = Service::OmbudsmanEscalation;
        let peers: BTreeMap<String, String> =
            self.addresses.iter().map(|(service, at)| (service.name().to_owned(), format!("http://{at}"))).collect();
        let tokens = TokenSource::issued(Arc::clone(&self.issuer), own.name(), self.ambient.clone());
        let house = House {
            ambient: self.ambient.clone(),
            verifier: self.verifier(),
            peers: Peers::new(&peers, tokens, &PeerSettings::default())?,
            signing_key: Arc::new(super::key(2)?),
            former_keys: FormerKeys::default(),
            opening: Opening::default(),
            checkpoint_dir: self.checkpoints.clone(),
            broker: None,
        };
        let verifier = self.verifier();
        let database = Settings::new(self.database_url.as_str(), own.schema());
        let settings = ombudsman_escalation::Settings::new(database, office_key).with_former_keys(&[OFFICE_KEY]);
        let assembly = ombudsman_escalation::assemble(settings, house).await?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, cancel) = (port.local_addr()?, CancellationToken::new());
        tokio::spawn(server::run(assembly, port, StackSettings::default(), verifier, cancel.clone()));
        Ok(Rekeyed { address, _cancel: cancel.drop_guard() })
    }
}

//! Connections to the broker.
//!
//! A connection that breaks is given up, and a new one made with what stands in the files then: passwords and certificates are rotated
//! without a word to anybody, and nothing waits in a buffer for a server that may have forgotten what it was sent.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, ContextBuilder};
use async_nats::{Client, ConnectOptions, Event};
use tokio_util::sync::CancellationToken;

use crate::settings::BrokerSettings;
use crate::stream::Names;

/// How long connecting and each question to the broker may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Why the broker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The settings name something that cannot be.
    #[error("`broker.{setting}` cannot be used: {why}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// Why.
        why: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No server takes the connection.
    #[error("no server of the broker takes the connection")]
    Connect(#[source] async_nats::ConnectError),
    /// The broker refused what was asked of it, or did not answer.
    #[error("the broker did not {what}")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something in the stream is no entry of a ledger.
    #[error("the stream holds something that is no entry of a ledger")]
    Foreign,
    /// The connection broke.
    #[error("the connection to the broker broke")]
    Gone,
    /// Another process hands the ledger over.
    #[error("another process hands the ledger over")]
    Displaced,
    /// The ledger.
    #[error(transparent)]
    Store(#[from] postgres::StoreError),
}

impl BrokerError {
    pub(crate) fn refused<E>(what: &'static str) -> impl Fn(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Refused { what, source: source.into() }
    }
}

/// The broker, as one process speaks to it. Cheap to clone; each user of it has a connection of their own.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    settings: BrokerSettings,
    service: &'static str,
}

impl Broker {
    /// The broker by these settings, spoken to by `service`. Connects to nobody yet.
    ///
    /// # Errors
    /// [`BrokerError::Setting`] names the setting.
    pub fn new(settings: BrokerSettings, service: &'static str) -> Result<Self, BrokerError> {
        let wrong = |setting, why| Err(BrokerError::Setting { setting, why });
        if settings.servers.contains('@') {
            return wrong(
                "servers",
                "a name and a password do not stand in an address; give `user` and `password_file`",
            );
        }
        if servers(&settings.servers).any(|server| server.parse::<async_nats::ServerAddr>().is_err()) {
            return wrong("servers", "each must be an address such as tls://nats:4222");
        }
        let token =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !token(&settings.prefix) {
            return wrong("prefix", "it must be letters, digits, hyphens and underscores");
        }
        if settings.tls.as_ref().is_some_and(|tls| tls.cert_file.is_some() != tls.key_file.is_some()) {
            return wrong("tls", "a certificate and its key go together");
        }
        if settings.stream.replicas == 0 || settings.stream.max_bytes == 0 || settings.stream.max_age_hours == 0 {
            return wrong("stream", "nothing would be kept");
        }
        Ok(Self(Arc::new(Inner { settings, service })))
    }

    /// What things are called there.
    pub(crate) fn names(&self, source: &str) -> Names {
        Names::of(&self.0.settings.prefix, source)
    }

    pub(crate) fn settings(&self) -> &BrokerSettings {
        &self.0.settings
    }

    /// Connects, with what stands in the files now.
    pub(crate) async fn connect(&self) -> Result<Connection, BrokerError> {
        let Inner { settings, service } = &*self.0;
        let gone = CancellationToken::new();
        let broken = gone.clone();
        let mut options = ConnectOptions::new()
            .name(*service)
            .custom_inbox_prefix(format!("_INBOX_{service}"))
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .max_reconnects(1)
            .event_callback(move |event| {
                if matches!(event, Event::Disconnected | Event::Closed | Event::LameDuckMode) {
                    broken.cancel();
                }
                std::future::ready(())
            });
        if let Some(path) = &settings.password_file {
            let password =
                std::fs::read_to_string(path).map_err(|source| BrokerError::File { path: path.clone(), source })?;
            let user = settings.user.clone().unwrap_or_else(|| (*service).to_owned());
            options = options.user_and_password(user, password.trim_end_matches(['\r', '\n']).to_owned());
        }
        if let Some(tls) = &settings.tls {
            options = options.require_tls(true).add_root_certificates(tls.ca_file.clone());
            if let (Some(cert), Some(key)) = (&tls.cert_file, &tls.key_file) {
                options = options.add_client_certificate(cert.clone(), key.clone());
            }
        }
        let mut refused = None;
        // One after the other, each once: the library would go round them for ever, or stop after the first.
        for server in servers(&settings.servers) {
            match options.clone().connect(server).await {
                Ok(client) => return Ok(Connection { client, gone }),
                Err(error) => refused = Some(BrokerError::Connect(error)),
            }
        }
        Err(refused.unwrap_or(BrokerError::Setting { setting: "servers", why: "there is none" }))
    }
}

fn servers(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}

/// One connection. What is made of it ends when it breaks.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// Cancelled once it is broken; it does not come back.
    pub(crate) gone: CancellationToken,
}

impl Connection {
    pub(crate) fn jetstream(&self) -> jetstream::Context {
        ContextBuilder::new().timeout(PATIENCE).ack_timeout(PATIENCE).build(self.client.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{StreamSettings, TlsFiles};

    fn settings() -> BrokerSettings {
        BrokerSettings {
            servers: "nats://nats-1:4222, tls://nats-2:4222".to_owned(),
            user: None,
            password_file: None,
            tls: None,
            prefix: "ventanilla".to_owned(),
            stream: StreamSettings::default(),
        }
    }

    fn refused(settings: BrokerSettings) -> String {
        Broker::new(settings, "ticketing").err().expect("it is refused").to_string()
    }

    #[test]
    fn a_setting_that_cannot_be_used_is_named_and_none_is_quoted() {
        assert!(Broker::new(settings(), "ticketing").is_ok());
        let said = refused(BrokerSettings { servers: "nats://ticketing:hunter2@nats:4222".to_owned(), ..settings() });
        assert!(said.contains("broker.servers") && !said.contains("hunter2"), "{said}");
        assert!(refused(BrokerSettings { servers: "no address".to_owned(), ..settings() }).contains("broker.servers"));
        for prefix in ["", "a.b", "a b", ">"] {
            assert!(refused(BrokerSettings { prefix: prefix.to_owned(), ..settings() }).contains("broker.prefix"));
        }
        let half = TlsFiles { ca_file: "ca".into(), cert_file: Some("cert".into()), key_file: None };
        assert!(refused(BrokerSettings { tls: Some(half), ..settings() }).contains("broker.tls"));
        let nothing = StreamSettings { max_bytes: 0, ..StreamSettings::default() };
        assert!(refused(BrokerSettings { stream: nothing, ..settings() }).contains("broker.stream"));
    }
}

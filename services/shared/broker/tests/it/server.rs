//! How this house speaks to a server of the test's own.

use testkit::NatsServer;
use ventanilla_broker::{Broker, BrokerSettings, StreamSettings};

/// How a process without a name speaks to a server.
pub fn settings(nats: &NatsServer) -> BrokerSettings {
    BrokerSettings {
        servers: format!("nats://{}", nats.addr()),
        user: None,
        password_file: None,
        tls: None,
        prefix: "ventanilla".to_owned(),
        stream: StreamSettings::default(),
    }
}

/// The broker, as this service speaks to it.
pub fn broker(nats: &NatsServer, service: &'static str) -> Broker {
    Broker::new(settings(nats), service).unwrap()
}

/// Somebody who speaks to it without this house's code.
pub async fn stranger(nats: &NatsServer) -> async_nats::Client {
    async_nats::connect(format!("nats://{}", nats.addr())).await.unwrap()
}

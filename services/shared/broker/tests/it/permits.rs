//! What a service may do at the broker by the configuration that is deployed, and over which connections.

use std::path::Path;

use async_nats::{ConnectOptions, jetstream};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use testkit::NatsServer;
use ventanilla_broker::{Broker, BrokerSettings, TlsFiles, standing};

use crate::scene::{Following, Source};
use crate::server::settings;

/// The configuration that is deployed, on this port and with this folder.
fn deployed(port: u16, folder: &Path) -> String {
    let store = folder.join("store");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy/nats/nats.conf");
    let text = std::fs::read_to_string(path).unwrap();
    let on_port = text.replace("0.0.0.0:4222", &format!("127.0.0.1:{port}"));
    let kept = on_port.replace("\"/data\"", &format!("\"{}\"", store.display()));
    assert!(kept.contains(&port.to_string()) && kept.contains(&store.display().to_string()));
    kept
}

/// The password of each service, as its environment gives it to the server.
fn passwords() -> Vec<(String, String)> {
    let services = ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks"];
    let name = |service: &str| service.to_uppercase().replace('-', "_");
    services.map(|service| (format!("NATS_{}", name(service)), password(service))).to_vec()
}

fn password(service: &str) -> String {
    format!("of-{service}")
}

fn as_service(nats: &NatsServer, service: &'static str) -> Broker {
    let password = nats.file(&format!("{service}.password"), &format!("{}\n", password(service)));
    Broker::new(BrokerSettings { password_file: Some(password), ..settings(nats) }, service).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_what_the_deployed_configuration_permits_a_ledger_is_handed_over_and_followed() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source) = (NatsServer::start_with(&passwords(), deployed).await, Source::open().await);
    source.hand_over(as_service(&nats, "ticketing"));
    source.hand_over(as_service(&nats, "ticketing"));
    for service in ["customer-profile", "sla-monitor", "ombudsman-escalation", "webhooks"] {
        let following = Following::new().await;
        following.start(&source, Some(as_service(&nats, service)));
        following.hears_the_broker(&source).await;
        following.has_all(&source).await;
    }
    let seen = standing(&as_service(&nats, "ticketing"), "ticketing").await.unwrap().unwrap();
    assert_eq!(seen.position, Some(source.ledger.position().await.unwrap().0));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_service_hands_over_beats_for_or_empties_the_ledger_of_another_and_nobody_comes_without_a_password() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source) = (NatsServer::start_with(&passwords(), deployed).await, Source::open().await);
    source.hand_over(as_service(&nats, "ticketing"));
    let following = Following::new().await;
    following.start(&source, Some(as_service(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;

    let client = ConnectOptions::with_user_and_password("sla-monitor".to_owned(), password("sla-monitor"))
        .custom_inbox_prefix("_INBOX_sla-monitor")
        .connect(format!("nats://{}", nats.addr()))
        .await
        .unwrap();
    let jetstream = jetstream::context::ContextBuilder::new()
        .timeout(std::time::Duration::from_secs(1))
        .ack_timeout(std::time::Duration::from_secs(1))
        .build(client.clone());
    let before = standing(&as_service(&nats, "ticketing"), "ticketing").await.unwrap().unwrap();
    let sent = jetstream.publish("ventanilla.ledger.ticketing.entries", "x".into()).await.unwrap();
    assert!(sent.await.is_err(), "an entry of another's ledger was taken");
    let stream = jetstream.get_stream("ventanilla-ledger-ticketing").await.expect("it may read it");
    assert!(stream.purge().await.is_err(), "another's stream was emptied");
    assert!(jetstream.delete_stream("ventanilla-ledger-ticketing").await.is_err(), "another's stream was removed");
    let after = standing(&as_service(&nats, "ticketing"), "ticketing").await.unwrap().unwrap();
    assert_eq!(before, after);

    let nobody = Broker::new(settings(&nats), "ticketing").unwrap();
    assert!(standing(&nobody, "ticketing").await.is_err(), "somebody was let in without a password");
    let wrong = nats.file("wrong.password", "guessed");
    let guesser = Broker::new(BrokerSettings { password_file: Some(wrong), ..settings(&nats) }, "ticketing").unwrap();
    let error = kernel::chain(&standing(&guesser, "ticketing").await.unwrap_err());
    assert!(!error.contains("guessed"), "{error}");
}

/// An authority, and a certificate of it for a name.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = pem("CERTIFICATE", params.self_signed(&key).unwrap().der());
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn certify(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der()))
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_server_is_held_against_its_authority_and_shows_itself_to_who_has_a_certificate() {
    if !NatsServer::is_there() {
        return;
    }
    let (house, other) = (Authority::new(), Authority::new());
    let (certificate, key) = house.certify("localhost");
    let nats = NatsServer::start_with(&[], |port, folder| {
        std::fs::write(folder.join("tls.crt"), &certificate).unwrap();
        std::fs::write(folder.join("tls.key"), &key).unwrap();
        std::fs::write(folder.join("ca.crt"), &house.pem).unwrap();
        let at = |name: &str| folder.join(name).display().to_string();
        format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{}\" }}\n\
             tls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify: true }}\n",
            at("store"),
            at("tls.crt"),
            at("tls.key"),
            at("ca.crt")
        )
    })
    .await;
    let port = nats.addr().port();
    let broker = |tls: Option<TlsFiles>| {
        let settings = BrokerSettings { servers: format!("tls://localhost:{port}"), tls, ..settings(&nats) };
        Broker::new(settings, "ticketing").unwrap()
    };
    let (mine, mine_key) = house.certify("ticketing");
    let shown = TlsFiles {
        ca_file: nats.file("house.crt", &house.pem),
        cert_file: Some(nats.file("mine.crt", &mine)),
        key_file: Some(nats.file("mine.key", &mine_key)),
    };
    let good = broker(Some(shown.clone()));
    assert_eq!(standing(&good, "ticketing").await.unwrap(), None);

    let distrusting = TlsFiles { ca_file: nats.file("other.crt", &other.pem), ..shown.clone() };
    assert!(
        standing(&broker(Some(distrusting)), "ticketing").await.is_err(),
        "a server of another authority was believed"
    );
    let nameless = TlsFiles { cert_file: None, key_file: None, ..shown };
    assert!(standing(&broker(Some(nameless)), "ticketing").await.is_err(), "who has no certificate was let in");

    let (source, following) = (Source::open().await, Following::new().await);
    source.hand_over(good.clone());
    following.start(&source, Some(good));
    following.hears_the_broker(&source).await;
}

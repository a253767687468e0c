//! A process that exports to a collector over TLS. In a file of its own, since telemetry is set up once per
//! process.

#[path = "support/collector.rs"]
mod collector;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use ventanilla_telemetry::{self as telemetry, Unreached};

use crate::collector::Collector;

/// Takes TLS for `localhost` and hands what it carries to `collector`. Answers its port and the file of who certifies it.
async fn encrypted(collector: SocketAddr) -> (u16, PathBuf) {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = std::env::temp_dir().join(format!("telemetry-{}.pem", std::process::id()));
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(cert.der()));
    std::fs::write(&file, pem).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut within = acceptor.accept(stream).await?;
                let mut on = TcpStream::connect(collector).await?;
                tokio::io::copy_bidirectional(&mut within, &mut on).await
            });
        }
    });
    (port, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_spans_and_metrics_reach_a_collector_over_tls_whose_authority_is_named() {
    let collector = Collector::default();
    let (port, authority) = encrypted(collector.listen().await).await;
    let settings = |host: &str, otlp_ca_file| telemetry::Settings {
        otlp_endpoint: Some(format!("https://{host}:{port}")),
        otlp_ca_file,
        ..Default::default()
    };
    let reach = async |settings| telemetry::Collector::of(&settings).unwrap().unwrap().reach().await;
    let stranger = reach(settings("localhost", None)).await;
    assert!(
        matches!(&stranger, Err(Unreached::NotIt(why)) if why.to_string().contains("UnknownIssuer")),
        "{stranger:?}"
    );
    let another = reach(settings("127.0.0.1", Some(authority.clone()))).await;
    assert!(
        matches!(&another, Err(Unreached::NotIt(why)) if why.to_string().contains("not valid for name")),
        "{another:?}"
    );
    reach(settings("localhost", Some(authority.clone()))).await.unwrap();

    let guard = telemetry::init("testing", &settings("localhost", Some(authority.clone()))).unwrap();
    drop(tracing::info_span!("the.last.span"));
    telemetry::meter().u64_counter("test.counted").build().add(1, &[]);
    guard.shutdown(Duration::from_secs(5)).await;
    assert!(collector.spans.lock().unwrap().iter().any(|name| name == "the.last.span"));
    assert!(collector.metrics.lock().unwrap().iter().any(|name| name == "test.counted"));
    std::fs::remove_file(authority).unwrap();
}

#[tokio::test]
async fn what_is_no_address_of_a_collector_or_no_file_of_authorities_is_said_by_name() {
    let at = |endpoint: &str| {
        let settings = telemetry::Settings { otlp_endpoint: Some(endpoint.to_owned()), ..Default::default() };
        telemetry::Collector::of(&settings).unwrap().unwrap().at()
    };
    assert_eq!(at("http://collector:4317"), "collector:4317");
    assert_eq!(at("https://collector"), "collector:443");
    let said = |endpoint: &str, file: Option<&str>| {
        let settings = telemetry::Settings {
            otlp_endpoint: Some(endpoint.to_owned()),
            otlp_ca_file: file.map(Into::into),
            ..Default::default()
        };
        telemetry::Collector::of(&settings).map(|_| ()).unwrap_err().to_string()
    };
    for wrong in ["collector:4317", "ftp://collector", "/var/run/collector"] {
        assert!(said(wrong, None).contains("telemetry.otlp_endpoint is no address"), "{wrong}");
    }
    assert!(said("https://collector:4317", Some("/nowhere.pem")).contains("/nowhere.pem"));
}

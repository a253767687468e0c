//! TLS between services: who may connect, whose token counts on which connection, and certificates that change while it runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Ambient, Role};
use tonic::{Code, Response, Status};
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::{GetHeadRequest, Head, WatchRequest};
use ventanilla_server::{
    Clients, PeerChannel, PeerError, PeerSettings, Peers, StackSettings, Tls, TlsSettings, TokenIssuer, TokenSource,
};

use crate::support::certificates::{Authority, Files};
use crate::support::{Answers, House, PATIENCE, assembly, issuer, with_token};

fn settings(files: &Files) -> TlsSettings {
    TlsSettings {
        cert_file: files.at("tls.crt"),
        key_file: files.at("tls.key"),
        ca_file: files.at("ca.crt"),
        clients: Clients::Required,
        service_domain: None,
        service_uri_prefix: Some("spiffe://house.test/".to_owned()),
    }
}

fn tls(files: &Files) -> Tls {
    Tls::open(settings(files)).unwrap()
}

/// The service named `testing`.
async fn testing(files: &Files, issuer: &Arc<TokenIssuer>) -> House {
    House::behind(tls(files), Arc::clone(issuer), assembly(Answers::at_once())).await
}

/// The service `at` this house as one that shows these certificates, with tokens that name `service`.
fn seen_by(files: &Files, house: &House, at: &str, service: &str) -> PeerChannel {
    let tokens = TokenSource::issued(Arc::clone(&house.issuer), service, Ambient::system());
    let addresses = BTreeMap::from([(at.to_owned(), house.url.clone())]);
    Peers::over(Some(&tls(files)), &addresses, tokens, &PeerSettings::default()).unwrap().channel(at).unwrap()
}

async fn head(channel: PeerChannel) -> Result<Head, Status> {
    LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.map(Response::into_inner)
}

fn user(house: &House, channel: &PeerChannel) -> PeerChannel {
    channel.as_caller(Some(&house.token(&[Role::Auditor]).into()), None)
}

/// Whether there was an answer, and not only a broken connection.
fn connected(answer: &Result<Head, Status>) -> bool {
    // tonic tells a connection that broke before an answer as one of these.
    let broken = [Code::Unavailable, Code::Unknown, Code::Internal, Code::Cancelled];
    answer.as_ref().map_or_else(|status| !broken.contains(&status.code()), |_| true)
}

#[tokio::test]
async fn a_services_token_counts_together_with_its_certificate_alone() {
    let (authority, issuer) = (Authority::new(), Arc::new(issuer()));
    let (own, front, thief) =
        (Files::of(&authority, "testing"), Files::of(&authority, "front"), Files::of(&authority, "webhooks"));
    let by_uri = Files::of(&authority, "spiffe://house.test/front");
    let house = testing(&own, &issuer).await;
    head(seen_by(&front, &house, "testing", "front")).await.unwrap();
    head(seen_by(&by_uri, &house, "testing", "front")).await.unwrap();
    let stolen = head(seen_by(&thief, &house, "testing", "front")).await.unwrap_err();
    assert_eq!(stolen.code(), Code::Unauthenticated, "{stolen}");
    // A person's token is not a service's: whoever is let in may bring it, as the gateway does.
    head(user(&house, &seen_by(&thief, &house, "testing", "webhooks"))).await.unwrap();
}

#[tokio::test]
async fn a_token_of_a_service_may_not_speak_for_somebody_over_anothers_connection() {
    let (authority, issuer) = (Authority::new(), Arc::new(issuer()));
    let (own, thief) = (Files::of(&authority, "testing"), Files::of(&authority, "webhooks"));
    let house = testing(&own, &issuer).await;
    let stolen = issuer.issue("front", &[Role::Service], None, Duration::from_secs(60), house.ambient.now()).unwrap();
    let channel = seen_by(&thief, &house, "testing", "webhooks").as_caller(Some(&stolen.into()), None);
    let mut request = tonic::Request::new(GetHeadRequest {});
    let somebody = house.token(&[Role::Auditor]).parse().unwrap();
    request.metadata_mut().insert("x-ventanilla-on-behalf-of", somebody);
    let refused = LedgerServiceClient::new(channel).get_head(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn nobody_connects_with_a_certificate_that_is_over_or_of_somebody_elses_authority_or_without_one() {
    let (authority, foreign, issuer) = (Authority::new(), Authority::new(), Arc::new(issuer()));
    let own = Files::of(&authority, "testing");
    let house = testing(&own, &issuer).await;
    let good = Files::of(&authority, "front");
    head(seen_by(&good, &house, "testing", "front")).await.unwrap();

    let over = Files::of(&authority, "front");
    over.put(&authority.certify("front", 2024), &authority.pem);
    let stranger = Files::of(&foreign, "front");
    // Trusts us, and is certified by somebody else.
    stranger.put(&foreign.certify("front", 2999), &authority.pem);
    for files in [&over, &stranger] {
        let answer = head(seen_by(files, &house, "testing", "front")).await;
        assert!(!connected(&answer), "{answer:?}");
    }
    // And whoever speaks no TLS gets nothing, at once and not when the time for greetings is over.
    let clear = house.url.replace("https://", "http://");
    let plain = tonic::transport::Endpoint::from_shared(clear).unwrap().connect_lazy();
    let answer = LedgerServiceClient::new(plain)
        .get_head(with_token(GetHeadRequest {}, &house.token(&[Role::Auditor])))
        .await
        .map(tonic::Response::into_inner);
    assert!(!connected(&answer), "{answer:?}");
}

#[tokio::test]
async fn where_certificates_are_asked_of_services_alone_people_come_without_and_services_do_not() {
    let (authority, issuer) = (Authority::new(), Arc::new(issuer()));
    let own = Files::of(&authority, "testing");
    let optional = Tls::open(TlsSettings { clients: Clients::Optional, ..settings(&own) }).unwrap();
    let open = House::behind(optional, Arc::clone(&issuer), assembly(Answers::at_once())).await;
    let strict = testing(&own, &issuer).await;
    let service = issuer.issue("front", &[Role::Service], None, Duration::from_secs(60), open.ambient.now()).unwrap();
    for (house, token, code) in [
        (&open, open.token(&[Role::Auditor]), None),
        (&open, service, Some(Code::Unauthenticated)),
        (&strict, strict.token(&[Role::Auditor]), Some(Code::Unavailable)),
    ] {
        let answer = match bare(&own, house).await {
            Some(channel) => {
                LedgerServiceClient::new(channel).get_head(with_token(GetHeadRequest {}, &token)).await.err()
            }
            None => Some(Status::unavailable("no connection")),
        };
        // With TLS 1.3 the client learns only later that it was not let in, as a broken connection.
        let said = answer.map(|status| match status.code() {
            Code::Unauthenticated => Code::Unauthenticated,
            _ => Code::Unavailable,
        });
        assert_eq!(said, code);
    }
}

/// A connection that trusts the house's authority and shows no certificate.
async fn bare(files: &Files, house: &House) -> Option<tonic::transport::Channel> {
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(files.at("ca.crt")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = tower::service_fn(move |uri: http::Uri| {
        let config = Arc::new(config.clone());
        async move {
            let stream = tokio::net::TcpStream::connect(uri.authority().unwrap().as_str()).await?;
            let name = "testing".try_into().unwrap();
            let stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await?;
            Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(stream))
        }
    });
    let endpoint = tonic::transport::Endpoint::from_shared(house.url.clone()).unwrap();
    endpoint.connect_with_connector(connector).await.ok()
}

#[tokio::test]
async fn a_peer_is_believed_to_be_who_its_certificate_is_for_whatever_the_address() {
    let (authority, issuer) = (Authority::new(), Arc::new(issuer()));
    let (impostor, front) = (Files::of(&authority, "webhooks"), Files::of(&authority, "front"));
    let house = testing(&impostor, &issuer).await;
    let answer = head(seen_by(&front, &house, "testing", "front")).await;
    assert!(!connected(&answer), "{answer:?}");
    head(seen_by(&front, &house, "webhooks", "front")).await.unwrap();
}

#[tokio::test]
async fn no_token_leaves_in_the_clear_where_there_are_certificates() {
    let files = Files::of(&Authority::new(), "front");
    let peers = |tls: Option<&Tls>, address: &str| {
        let addresses = BTreeMap::from([("testing".to_owned(), address.to_owned())]);
        Peers::over(tls, &addresses, TokenSource::nothing(), &PeerSettings::default()).err()
    };
    assert!(matches!(peers(Some(&tls(&files)), "http://127.0.0.1:1"), Some(PeerError::Clear(_))));
    assert!(matches!(peers(None, "https://127.0.0.1:1"), Some(PeerError::NoTls(_))));
    assert!(peers(Some(&tls(&files)), "https://127.0.0.1:1").is_none());
}

#[tokio::test]
async fn certificates_and_authorities_change_while_a_stream_stays_open() {
    let (old, new, issuer) = (Authority::new(), Authority::new(), Arc::new(issuer()));
    let own = Files::of(&old, "testing");
    let house = testing(&own, &issuer).await;
    let before = Files::of(&old, "front");
    let channel = seen_by(&before, &house, "testing", "front");
    let watching = WatchRequest::default();
    let mut stream = LedgerServiceClient::new(channel.clone()).watch(watching).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());

    // Half of a change: the key is not the certificate's. What was there goes on.
    std::fs::write(own.at("tls.crt"), new.certify("testing", 2999).0).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    head(seen_by(&before, &house, "testing", "front")).await.unwrap();

    own.put(&new.certify("testing", 2999), &new.pem);
    let after = Files::of(&new, "front");
    let end = tokio::time::Instant::now() + PATIENCE;
    while head(seen_by(&after, &house, "testing", "front")).await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the new certificates are not in use");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let late = head(seen_by(&before, &house, "testing", "front")).await;
    assert!(!connected(&late), "the old authority certifies nobody any more: {late:?}");
    // The connection of before is still there, with its stream and for new calls.
    head(channel).await.unwrap();
    let said = tokio::time::timeout(Duration::from_millis(100), stream.message()).await;
    assert!(said.is_err(), "the stream is open: {said:?}");
}

#[tokio::test]
async fn a_client_takes_new_certificates_for_its_next_connection() {
    let (old, new, issuer) = (Authority::new(), Authority::new(), Arc::new(issuer()));
    let (own, front) = (Files::of(&new, "testing"), Files::of(&old, "front"));
    let house = testing(&own, &issuer).await;
    let channel = seen_by(&front, &house, "testing", "front");
    let answer = head(channel.clone()).await;
    assert!(!connected(&answer), "{answer:?}");
    front.put(&new.certify("front", 2999), &new.pem);
    let end = tokio::time::Instant::now() + PATIENCE;
    while head(channel.clone()).await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the same channel did not come to use the new certificates");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn who_says_nothing_while_tls_is_agreed_on_holds_no_place_for_long() {
    use tokio::io::AsyncReadExt as _;
    let (authority, issuer) = (Authority::new(), Arc::new(issuer()));
    let (own, front) = (Files::of(&authority, "testing"), Files::of(&authority, "front"));
    let settings = StackSettings { connections: 2, preface_ms: 300, ..StackSettings::default() };
    let house = House::behind_with(tls(&own), issuer, assembly(Answers::at_once()), settings).await;
    let address = house.url.trim_start_matches("https://");
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut mute = tokio::net::TcpStream::connect(address).await.unwrap();
    for stream in [&mut silent, &mut mute] {
        let ended = tokio::time::timeout(PATIENCE, stream.read(&mut [0; 16])).await.expect("it is closed");
        assert!(matches!(ended, Ok(0) | Err(_)));
    }
    head(seen_by(&front, &house, "testing", "front")).await.unwrap();
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let files = Files::of(&Authority::new(), "front");
    let said = |change: &dyn Fn(&mut TlsSettings)| {
        let mut settings = settings(&files);
        change(&mut settings);
        Tls::open(settings).err().unwrap().to_string()
    };
    assert!(said(&|s| s.cert_file = files.at("none.crt")).contains("none.crt"));
    assert!(said(&|s| s.key_file = files.at("ca.crt")).contains("no private key"));
    assert!(said(&|s| s.ca_file = files.at("tls.key")).contains("no authority"));
    assert!(said(&|s| s.service_domain = Some("no name".to_owned())).contains("no name"));
    let other = Files::of(&Authority::new(), "front");
    assert!(said(&|s| s.key_file = other.at("tls.key")).contains("cannot be used"));
}

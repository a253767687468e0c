//! A service as its own process: this test binary starts itself again as one.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tonic::body::Body;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::{TokenIssuer, Worker};

#[path = "../../../tests/it/support/certificates.rs"]
mod certificates;

use certificates::{Authority, Files};

const FOLDER: &str = "VENTANILLA_TEST_FOLDER";

#[derive(Deserialize)]
struct Nothing {}

/// The process under test. Ignored when all tests run: it serves until it is told to stop.
#[test]
#[ignore = "started by the tests of this file"]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let arguments = Arguments { command: None, config: Some(folder.join("settings.toml")) };
    let code = match run_with(&arguments) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{}", kernel::chain(&error));
            1
        }
    };
    std::process::exit(code);
}

fn run_with(arguments: &Arguments) -> Result<(), StartError> {
    let binary = Binary {
        name: "testing",
        defaults: "[service]\n",
        assemble: |_: Nothing, house: House| async move {
            assert!(house.peers.channel("ticketing").is_ok());
            Ok::<_, Cause>(Assembly::new("testing").worker(Worker::new("deaf", |_| std::future::pending::<()>())))
        },
        migrate: |_: Nothing| async { Ok::<_, Cause>(()) },
        database: |_: Nothing| postgres::Settings::new("postgres://nowhere", "testing"),
        kept: ledger::archive::Kept::NOTHING,
    };
    start(binary, arguments)
}

struct Running {
    child: Child,
    folder: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn started(case: &str, port: u16) -> Running {
    started_with(case, port, "http", "")
}

fn started_with(case: &str, port: u16, scheme: &str, more: &str) -> Running {
    let folder = std::env::temp_dir().join(format!("ventanilla-process-{case}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let key = Ed25519KeyPair::generate().unwrap();
    let issuer = TokenIssuer::new(&key, "https://id.test", "ventanilla").unwrap();
    std::fs::write(folder.join("jwks.json"), issuer.jwks()).unwrap();
    let der = base64::engine::general_purpose::STANDARD.encode(key.to_pkcs8v1().unwrap().as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    std::fs::write(folder.join("key.pem"), pem).unwrap();
    let at = folder.display();
    let settings = format!(
        "listen = \"127.0.0.1:{port}\"\nsigning_key_file = \"{at}/key.pem\"\ncheckpoint_dir = \"{at}\"\n\
         [auth]\nissuer = \"https://id.test\"\naudience = \"ventanilla\"\njwks_file = \"{at}/jwks.json\"\n\
         [stack]\ndrain_ms = 1000\n[service]\n{more}"
    );
    std::fs::write(folder.join("settings.toml"), settings).unwrap();
    let child = Process::new(std::env::current_exe().unwrap())
        .args(["binary::tests::process::child", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, &folder)
        .env("VENTANILLA__PEERS__TICKETING", format!("{scheme}://127.0.0.1:1"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Running { child, folder }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_process_serves_and_ends_on_sigterm_though_a_stream_and_a_worker_do_not() {
    let port = free_port();
    let mut running = started("sigterm", port);
    let transport: Client<HttpConnector, Body> = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let origin = format!("http://127.0.0.1:{port}").parse().unwrap();
    let mut health = HealthClient::with_origin(transport, origin);
    let patience = Instant::now() + Duration::from_secs(20);
    let mut watch = loop {
        match health.watch(HealthCheckRequest::default()).await {
            Ok(watch) => break watch.into_inner(),
            Err(_) => assert!(Instant::now() < patience, "the process does not serve"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    let told = Instant::now();
    Process::new("kill").args(["-TERM", &running.child.id().to_string()]).status().unwrap();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let status = tokio::task::spawn_blocking(move || running.child.wait().map(|status| (status, running))).await;
    let (status, _running) = status.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
}

#[test]
fn a_taken_port_is_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut running = started("taken", taken.local_addr().unwrap().port());
    let status = running.child.wait().unwrap();
    let mut said = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("stop what uses it or set another `listen`"), "{said}");
}

#[test]
fn a_slip_in_the_settings_ends_the_start_and_what_stands_there_is_not_said() {
    let mut running = started_with("slip", free_port(), "http", "sealing_key = \"hunter2\n");
    let status = running.child.wait().unwrap();
    let mut said = String::new();
    running.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(
        said.contains("the settings cannot be used") && said.contains("line ") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn a_process_with_certificates_is_asked_for_its_health_by_them_alone() {
    let (authority, port) = (Authority::new(), free_port());
    let own = Files::of(&authority, "testing");
    let tls = |files: &Files| {
        let at = |name: &str| files.at(name).display().to_string();
        let (certificate, key, authorities) = (at("tls.crt"), at("tls.key"), at("ca.crt"));
        format!("[tls]\ncert_file = \"{certificate}\"\nkey_file = \"{key}\"\nca_file = \"{authorities}\"\n")
    };
    let running = started_with("tls", port, "https", &tls(&own));
    let health = |config: PathBuf| {
        run_with(&Arguments { command: Some(Command::Health { alive: false }), config: Some(config) })
    };
    let patience = Instant::now() + Duration::from_secs(20);
    while let Err(error) = health(running.folder.join("settings.toml")) {
        assert!(Instant::now() < patience, "{error}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Neither in the clear nor by somebody else's authority.
    let foreign = Files::of(&Authority::new(), "testing");
    let settings = std::fs::read_to_string(running.folder.join("settings.toml")).unwrap();
    for other in [String::new(), tls(&foreign)] {
        let path = running.folder.join("other.toml");
        std::fs::write(&path, settings.replace(&tls(&own), &other)).unwrap();
        assert!(matches!(health(path), Err(StartError::Health(HealthError::Silent { .. }))), "{other}");
    }
}

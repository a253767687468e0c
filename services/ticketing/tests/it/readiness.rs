//! Whether the service says that it serves: not before its schema is as new as itself, and not while its database is away.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::Role;
use secrecy::ExposeSecret as _;
use server::{ALIVE, TokenIssuer};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection};
use testkit::{Database, Harness, eventually};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_ticketing as ticketing;

use crate::world::{World, open};

const PATIENCE: Duration = Duration::from_secs(30);

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

/// The service's own binary, ended with the test.
struct Process {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ventanilla-ticketing"))
}

impl Process {
    fn start(database: &Database) -> Self {
        let folder = std::env::temp_dir().join(format!("ventanilla-readiness-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let key = Ed25519KeyPair::generate().unwrap();
        let issuer = TokenIssuer::new(&key, "https://id.test", "ventanilla").unwrap();
        fs::write(folder.join("jwks.json"), issuer.jwks()).unwrap();
        let token =
            issuer.issue("ticketing", &[Role::Service], None, PATIENCE, kernel::Ambient::system().now()).unwrap();
        fs::write(folder.join("token"), token).unwrap();
        fs::write(folder.join("key.pk8"), key.to_pkcs8v1().unwrap().as_ref()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (at, url) = (folder.display(), database.url());
        let settings = format!(
            "listen = \"127.0.0.1:{port}\"\nsigning_key_file = \"{at}/key.pk8\"\ncheckpoint_dir = \"{at}\"\n\
             [auth]\nissuer = \"https://id.test\"\naudience = \"ventanilla\"\njwks_file = \"{at}/jwks.json\"\nservice_token_file = \"{at}/token\"\n\
             [telemetry]\nlog_format = \"text\"\n[service.database]\nurl = \"{url}\"\nschema = \"ticketing\"\nmax_connections = 3\n"
        );
        fs::write(folder.join("ticketing.toml"), settings).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let child =
            binary().arg("--config").arg(folder.join("ticketing.toml")).stderr(log).stdout(Stdio::null()).spawn();
        Self { child: child.unwrap(), folder, port }
    }

    /// Runs the binary with these settings to its end, and answers whether that was a good one.
    fn says(&self, arguments: &[&str]) -> bool {
        let mut command = binary();
        command.args(arguments).arg("--config").arg(self.folder.join("ticketing.toml"));
        command.stderr(Stdio::null()).stdout(Stdio::null()).status().unwrap().success()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://127.0.0.1:{}", self.port)).unwrap().connect_lazy()
    }

    async fn status(&self, service: &str) -> Result<ServingStatus, Status> {
        Ok(HealthClient::new(self.channel()).check(about(service)).await?.into_inner().status())
    }

    async fn is(&self, service: &str, wanted: ServingStatus) {
        eventually(PATIENCE, || async {
            match self.status(service).await {
                Ok(status) if status == wanted => Ok(()),
                other => Err(format!("{other:?}: {}", self.log())),
            }
        })
        .await;
    }

    /// What a call is answered that shows no token.
    async fn call(&self) -> Status {
        TicketServiceClient::new(self.channel()).get_ticket(pb::GetTicketRequest::default()).await.unwrap_err()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_binary_that_is_newer_than_its_schema_waits_says_so_and_serves_once_it_is_migrated() {
    let all: Vec<_> = ticketing::migrations().iter().cloned().collect();
    let before = Migrator::with_migrations(all[..all.len() - 1].to_vec());
    let database = Database::fresh(ticketing::SCHEMA, &before).await;
    let process = Process::start(&database);
    process.is(ALIVE, ServingStatus::Serving).await;
    assert_eq!(process.status("").await.unwrap(), ServingStatus::NotServing);
    let refused = process.call().await;
    assert!(refused.code() == Code::Unavailable && refused.message().contains("schema"), "{refused:?}");
    assert!(process.says(&["health", "--alive"]) && !process.says(&["health"]));
    let (log, last) = (process.log(), all.last().unwrap().version);
    let missing =
        format!("1 of its migrations are not applied, the last of them {last}: run `ventanilla-ticketing migrate`");
    assert!(log.contains(&missing), "{log}");
    // Who is told by a stream is not left with what was true then.
    let mut watch = HealthClient::new(process.channel()).watch(about("")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);

    assert!(process.says(&["migrate"]));
    process.is("", ServingStatus::Serving).await;
    let ended = tokio::time::timeout(PATIENCE, watch.message()).await.expect("the stream ends");
    assert!(!matches!(ended, Ok(Some(_))), "{ended:?}");
    assert_eq!(process.call().await.code(), Code::Unauthenticated, "it serves");
    assert!(process.says(&["health", "--alive"]) && process.says(&["health"]));
}

/// A connection beside the database of the test.
async fn beside(database: &Database) -> (PgConnection, String) {
    let options = PgConnectOptions::from_str(database.settings().url.expose_secret()).unwrap();
    let name = options.get_database().unwrap().to_owned();
    (options.database("postgres").connect().await.unwrap(), name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_database_is_away_says_so_until_it_is_back_and_is_alive_all_the_time() {
    let harness = Harness::in_real_time();
    let database = Database::fresh(ticketing::SCHEMA, &ticketing::migrations()).await;
    let served = crate::world::serve(&harness, &database, &[]).await;
    let world = World { harness, database, served };
    let mut health = HealthClient::new(world.served.anonymous());
    let mut watch = health.watch(about("")).await.unwrap().into_inner();
    let mut told = async || {
        let told = tokio::time::timeout(PATIENCE, watch.message()).await.expect("health changes");
        told.unwrap().unwrap().status()
    };
    assert_eq!(told().await, ServingStatus::Serving);
    let (mut admin, name) = beside(&world.database).await;
    let shut = format!(
        "alter database {name} with allow_connections false;
         select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
    );
    admin.execute(AssertSqlSafe(shut)).await.unwrap();
    assert_eq!(told().await, ServingStatus::NotServing);
    let alive = health.check(about(ALIVE)).await.unwrap().into_inner().status();
    assert_eq!(alive, ServingStatus::Serving, "a restart would bring nothing back");
    let named = health.check(about("ventanilla.ticketing.v1.TicketService")).await.unwrap().into_inner().status();
    assert_eq!(named, ServingStatus::NotServing);
    admin.execute(AssertSqlSafe(format!("alter database {name} with allow_connections true"))).await.unwrap();
    assert_eq!(told().await, ServingStatus::Serving);
    let mut agent = TicketServiceClient::new(world.served.channel(Role::Agent));
    open(&mut agent).await;
}

//! What an operator sees: every service as a process sends its spans and metrics to a real OTLP receiver and
//! shows its figures to Prometheus, under the names that dashboards and alerts ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use testkit::NatsServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use ventanilla_tests::faults::cluster::Postgres;
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::fleet::{Fleet, Plan, free_ports};
use ventanilla_tests::faults::journal::Journal;
use ventanilla_tests::faults::load::{self, Asker, Ids, Load};
use ventanilla_tests::faults::process::Folder;
use ventanilla_tests::faults::service::Service;
use ventanilla_tests::tree::{files, root, text};

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");
const LIMIT: Duration = Duration::from_secs(30);

/// What no short and healthy run shows: a worker that failed, a peer that was left alone, and forecasts, which want clocks that ended.
const RARE: [&str; 6] = [
    "ventanilla_peer_refused_total",
    "ventanilla_worker_restarts_total",
    "ventanilla_sla_breach_forecast_brier_score",
    "ventanilla_sla_breach_forecast_brier_score_by_queue",
    "ventanilla_sla_breach_forecast_base_rate",
    "ventanilla_sla_breach_forecast_skill",
];
/// What is told where there is a broker.
const OF_A_BROKER: [&str; 2] = ["ventanilla_follower_carried", "ventanilla_follower_forged_total"];
/// What rules make of others.
const MADE: [&str; 2] = ["ventanilla:calls:", "ventanilla:ring:"];
/// Labels, which stand in questions beside names.
const LABELS: [&str; 8] = [
    "ventanilla_service",
    "ventanilla_source",
    "ventanilla_by",
    "ventanilla_within",
    "ventanilla_danger",
    "rpc_method",
    "rpc_response_status_code",
    "db_client_connection_state",
];

/// Takes what is sent: names by the service that sent them.
#[derive(Clone, Default)]
struct Receiver {
    spans: Arc<Mutex<BTreeSet<(String, String)>>>,
    metrics: Arc<Mutex<BTreeSet<(String, String)>>>,
}

fn sender(resource: Option<Resource>) -> String {
    let attributes = resource.map(|resource| resource.attributes).unwrap_or_default();
    let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
    match name.and_then(|name| name.value).and_then(|value| value.value) {
        Some(Value::StringValue(name)) => name,
        _ => String::new(),
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        for sent in request.into_inner().resource_spans {
            let service = sender(sent.resource);
            let spans = sent.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.spans.lock().unwrap().extend(spans.map(|span| (service.clone(), span.name)));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        for sent in request.into_inner().resource_metrics {
            let service = sender(sent.resource);
            let metrics = sent.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            self.metrics.lock().unwrap().extend(metrics.map(|metric| (service.clone(), metric.name)));
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

impl Receiver {
    async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(self.clone()))
            .add_service(MetricsServiceServer::new(self.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        address
    }
}

/// `GET` over HTTP/1.0, whose answer ends with the connection.
async fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut connection = tokio::net::TcpStream::connect(address).await.map_err(said)?;
    connection.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.map_err(said)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.map_err(said)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if head.contains(" 200 ") { Ok(body.to_owned()) } else { Err(head.to_owned()) }
}

/// The names on a page of figures.
fn shown(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

/// The names that dashboards, rules and alerts ask for, each with where.
fn asked_for() -> BTreeMap<String, PathBuf> {
    let mut asked = BTreeMap::new();
    let boards = files("deploy/observability/grafana/dashboards", "json");
    let rules = files("deploy/observability/prometheus/rules", "yml");
    for path in boards.into_iter().chain(rules) {
        for word in text(&path).split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')) {
            // What the gateway shows (http_, ventanilla:http:) is not this fleet's.
            let ours = ["ventanilla_", "ventanilla:calls", "ventanilla:ring", "rpc_", "db_client_"]
                .iter()
                .any(|house| word.starts_with(house));
            if ours && !LABELS.contains(&word) {
                asked.insert(word.to_owned(), path.clone());
            }
        }
    }
    asked
}

/// A Prometheus that scrapes these, once a second; stopped when dropped.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    // Goes last: the process writes into it.
    _folder: Folder,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = (self.process.kill(), self.process.wait());
    }
}

impl Prometheus {
    /// `None` where the machine has none and nobody requires one.
    fn start(targets: &[SocketAddr]) -> Option<Self> {
        let found = Command::new("prometheus").arg("--version").output().is_ok_and(|output| output.status.success());
        if !found {
            let required = std::env::var("VENTANILLA_PROMETHEUS").is_ok_and(|word| word == "required");
            assert!(!required, "VENTANILLA_PROMETHEUS=required, and there is none: apt-get install prometheus");
            println!("skipped: the questions to a real Prometheus, for want of one (apt-get install prometheus)");
            return None;
        }
        let folder = Folder::new("prometheus").unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_ports(1).unwrap()[0]));
        let targets: Vec<String> = targets.iter().map(|target| format!("'{target}'")).collect();
        let settings = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
             rule_files: ['{rules}/*.yml']\n\
             scrape_configs: [{{job_name: ventanilla, static_configs: [{{targets: [{targets}]}}]}}]\n",
            rules = root().join("deploy/observability/prometheus/rules").display(),
            targets = targets.join(", "),
        );
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, settings).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { process: child, address, _folder: folder })
    }

    async fn names(&self) -> Result<BTreeSet<String>, String> {
        let body = get(self.address, "/api/v1/label/__name__/values").await?;
        let answer: serde_json::Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        let names = answer["data"].as_array().ok_or("no names")?;
        Ok(names.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect())
    }

    /// What the question comes to, by the service its series names.
    async fn ask(&self, question: &str) -> Result<BTreeMap<String, f64>, String> {
        let encoded: String = question.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let body = get(self.address, &format!("/api/v1/query?query={encoded}")).await?;
        let answer: serde_json::Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        let series = answer["data"]["result"].as_array().ok_or("no result")?;
        let value = |one: &serde_json::Value| one["value"][1].as_str().and_then(|value| value.parse().ok());
        let service = |one: &serde_json::Value| one["metric"]["ventanilla_service"].as_str().unwrap_or("").to_owned();
        Ok(series.iter().filter_map(|one| Some((service(one), value(one)?))).collect())
    }
}

fn missing(asked: &BTreeMap<String, PathBuf>, there: &BTreeSet<String>, made_too: bool) -> Vec<String> {
    let is_made = |name: &str| MADE.iter().any(|made| name.starts_with(made));
    let expected = asked.iter().filter(|(name, _)| !RARE.contains(&name.as_str()) && (made_too || !is_made(name)));
    expected
        .filter(|(name, _)| !there.contains(*name))
        .map(|(name, path)| format!("{name} of {}", path.display()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_that_boards_and_alerts_ask_for_is_there_and_spans_and_metrics_reach_the_receiver() {
    let receiver = Receiver::default();
    let collector = receiver.start().await;
    let postgres = Postgres::start().await.unwrap();
    let mut plan = Plan::new(Path::new(NODE), postgres.urls()).unwrap();
    let ports = free_ports(Service::ALL.len()).unwrap();
    let mut pages = Vec::new();
    for (service, port) in Service::ALL.into_iter().zip(ports) {
        plan.watched(service, port, collector);
        pages.push((service, SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    }
    // Some figures are about a broker, and there is none on every machine.
    let nats = if NatsServer::is_there() { Some(NatsServer::start().await) } else { None };
    if let Some(nats) = &nats {
        plan.carried_by(nats.addr());
    }
    let fleet = Fleet::start(plan).await.unwrap();
    let targets: Vec<SocketAddr> = pages.iter().map(|(_, page)| *page).collect();
    let prometheus = Prometheus::start(&targets);

    let journal = Arc::new(Journal::create(fleet.folder()).unwrap());
    let counts = load::counts();
    let asker = Asker::new(journal, Arc::clone(&counts), Ids::Kept);
    let load = Load::start(load::clients(&fleet, &asker, Dice::seed(), 2).unwrap());

    let mut asked = asked_for();
    if nats.is_none() {
        asked.retain(|name, _| !OF_A_BROKER.contains(&name.as_str()));
    }
    assert!(asked.len() > 20, "boards and alerts ask for {asked:?}");
    testkit::eventually(LIMIT, || async {
        let mut there = BTreeSet::new();
        ring(&fleet).await;
        for (_, page) in &pages {
            there.extend(shown(&get(*page, "/metrics").await?));
        }
        let missing = missing(&asked, &there, false);
        if missing.is_empty() { Ok(()) } else { Err(format!("nobody shows {missing:#?}")) }
    })
    .await;
    if let Some(prometheus) = &prometheus {
        testkit::eventually(LIMIT, || async {
            // What comes before the first look of Prometheus is no change to it.
            ring(&fleet).await;
            let missing = missing(&asked, &prometheus.names().await?, true);
            if missing.is_empty() { Ok(()) } else { Err(format!("Prometheus does not know {missing:#?}")) }
        })
        .await;
        let each = "sum by (ventanilla_service) (rpc_server_call_duration_seconds_count) > 0";
        let position = "max by (ventanilla_service) (ventanilla_ledger_position) > 0";
        let ratio = "ventanilla:calls:bad_ratio_5m == 0";
        for (question, services) in [(each, 4), (position, 3), (ratio, 3)] {
            testkit::eventually(LIMIT, || async {
                let told = prometheus.ask(question).await?;
                if told.len() >= services { Ok(()) } else { Err(format!("{question}: {told:?}")) }
            })
            .await;
        }
        let down = prometheus.ask("up == 0").await.unwrap();
        assert!(down.is_empty(), "{down:?}");
    }
    load.finish().await.unwrap();

    // What has ended is sent in batches: the spans of each service come, and its metrics with its end.
    let opened = ("ticketing".to_owned(), "ventanilla.ticketing.v1.TicketService/CreateTicket".to_owned());
    testkit::eventually(LIMIT, || async {
        let spans = receiver.spans.lock().unwrap().clone();
        let silent: Vec<_> =
            Service::ALL.into_iter().filter(|service| !spans.iter().any(|(by, _)| by == service.name())).collect();
        let whole = silent.is_empty() && spans.contains(&opened);
        if whole { Ok(()) } else { Err(format!("no span of {silent:?}, or none of {}", opened.1)) }
    })
    .await;
    for service in Service::ALL {
        fleet.roll(service).await.unwrap();
        let told = (service.name().to_owned(), "rpc.server.call.duration".to_owned());
        let metrics = receiver.metrics.lock().unwrap().clone();
        assert!(metrics.contains(&told), "what {} counted last reached nobody: {metrics:?}", service.name());
    }
}

/// The telephone asks who calls: a rule of its own watches how soon it is told.
async fn ring(fleet: &Fleet) {
    use ventanilla_proto::customer::v1::LookupByPhoneRequest;
    use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
    let caller = fleet.caller(Service::CustomerProfile, kernel::Role::Ivr).unwrap();
    let request = LookupByPhoneRequest { phone_number: "+34600123456".to_owned(), ..Default::default() };
    // Nobody has that number; being told so is an answer like another.
    let _ = CustomerServiceClient::new(caller).lookup_by_phone(request).await;
}

#[test]
fn a_figure_that_nobody_shows_is_missed() {
    let page = "# TYPE a_total counter\na_total{x=\"y\"} 1\nventanilla_b 2\n";
    let there = shown(page);
    assert_eq!(there, BTreeSet::from(["a_total".to_owned(), "ventanilla_b".to_owned()]));
    let asked = ["ventanilla_b", "ventanilla_c", "ventanilla:calls:bad_ratio_1h", RARE[0]];
    let asked = asked.map(|name| (name.to_owned(), PathBuf::from("board"))).into();
    assert_eq!(missing(&asked, &there, false), ["ventanilla_c of board"]);
    assert_eq!(missing(&asked, &there, true).len(), 2);
}

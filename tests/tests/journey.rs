//! One complaint travels from the phone call to the ombudsman's decision through all four services,
//! and can be followed: calls by trace, ledgers by links, and nobody's data in any of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kernel::Role;
use opentelemetry::trace::SpanKind;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use telemetry::testing::{SpanData, attribute};
use tokio::io::AsyncReadExt as _;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_tests::faults::check::Fault;
use ventanilla_tests::faults::cluster::Postgres;
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::encrypted::{Authority, Certificates, Tunnel};
use ventanilla_tests::faults::fleet::{Fleet, Plan};
use ventanilla_tests::faults::journal::Journal;
use ventanilla_tests::faults::load::{self, Asker, Ids, Load};
use ventanilla_tests::faults::process::Folder;
use ventanilla_tests::faults::{effects, quiet};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::{Affair, SAID};
use ventanilla_tests::scene::canary::Canaries;
use ventanilla_tests::scene::complaint;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::recording::{Recording, record};
use ventanilla_tests::scene::services::Service;

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");
/// How long anything may take to come about by itself.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_complaint_travels_from_the_call_to_the_decision() {
    let recording = record();
    let scene = match Scene::elsewhere() {
        Some(scene) => scene,
        None => Scene::fresh().await,
    };
    travels(&scene, &recording, Person::numbered(87_654_321)).await;
    if scene.is_here() {
        scene.stop().await.expect("the services end well");
    }
}

/// Renews everybody's certificate again and again until it is dropped.
struct Renewing(tokio::task::JoinHandle<()>);

impl Renewing {
    fn begin(certificates: Certificates, authority: Arc<Authority>) -> Self {
        let mut pace = tokio::time::interval(Duration::from_millis(700));
        Self(tokio::spawn(async move {
            loop {
                pace.tick().await;
                certificates.renew(&authority).expect("files are written");
            }
        }))
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until every service shows the certificate in its file to whoever connects, without having been started again.
async fn shown_by_all(certificates: &Certificates, fleet: &Fleet) {
    for service in Service::ALL {
        testkit::eventually(LIMIT, || async {
            let shown =
                certificates.shown_by(service, fleet.addr(service)).await.map_err(|error| format!("{error:#}"))?;
            let written = certificates.of(service).map_err(|error| error.to_string())?;
            if shown == written { Ok(()) } else { Err(format!("{} shows a former one", service.name())) }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_travels_through_processes_that_speak_tls_alone_while_certificates_and_authority_change_under_load() {
    let (folder, postgres) = (Folder::new("certificates").unwrap(), Postgres::start().await.unwrap());
    let (first, second) = (Arc::new(Authority::new("first").unwrap()), Authority::new("second").unwrap());
    let certificates = Certificates::by(folder.path(), &first).unwrap();
    let mut plan = Plan::new(Path::new(NODE), postgres.urls()).unwrap();
    plan.encrypted(certificates.clone());
    let mut tunnels = Vec::new();
    for service in Service::ALL {
        let tunnel = Tunnel::to(&certificates, service, plan.addr(service)).await.unwrap();
        plan.door(service, tunnel.addr());
        tunnels.push(tunnel);
    }
    let fleet = Fleet::start(plan).await.unwrap();

    // Who shows no certificate, or speaks no TLS, is let in by nobody.
    for service in Service::ALL {
        let nameless = certificates.connect(service, fleet.addr(service), false).await;
        // With TLS 1.3 a client learns that it was refused when it reads.
        if let Ok(mut stream) = nameless {
            assert!(!matches!(stream.read(&mut [0; 1]).await, Ok(read) if read > 0), "{}", service.name());
        }
        let plain = fleet.keys().caller(&format!("http://{}", fleet.addr(service)), Role::Auditor).unwrap();
        let head = LedgerServiceClient::new(plain).get_head(GetHeadRequest {}).await;
        assert!(head.is_err(), "{} answers without TLS", service.name());
    }

    let renewing = Renewing::begin(certificates.clone(), Arc::clone(&first));
    let doors = Service::ALL.map(|service| (service, fleet.door(service))).into();
    let scene = Scene::at(doors, postgres.admin_url(), fleet.keys().issuer());
    travels(&scene, &record(), Person::numbered(76_543_218)).await;
    drop(renewing);

    // Another authority takes the place of the first, as it would in a house in use: both are believed, then the new one certifies, then the old
    // one is believed no more.
    let journal = Arc::new(Journal::create(fleet.folder()).unwrap());
    let counts = load::counts();
    let asker = Asker::new(Arc::clone(&journal), Arc::clone(&counts), Ids::Kept);
    let load = Load::start(load::clients(&fleet, &asker, Dice::seed(), 3).unwrap());
    certificates.believe(&[&first, &second]).unwrap();
    shown_by_all(&certificates, &fleet).await;
    certificates.renew(&second).unwrap();
    shown_by_all(&certificates, &fleet).await;
    certificates.believe(&[&second]).unwrap();
    let former = Folder::new("certificates").unwrap();
    let of_the_first = Certificates::by(former.path(), &first).unwrap();
    of_the_first.believe(&[&second]).unwrap();
    for service in Service::ALL {
        testkit::eventually(LIMIT, || async {
            let mut stream = match of_the_first.connect(service, fleet.addr(service), true).await {
                Ok(stream) => stream,
                Err(_) => return Ok(()),
            };
            match stream.read(&mut [0; 1]).await {
                Ok(read) if read > 0 => Err("a certificate of the former authority is believed"),
                _ => Ok(()),
            }
        })
        .await;
        // Connections that were open stayed so; these are made anew, to all and by all.
        fleet.roll(service).await.unwrap();
        fleet.ready(service).await.unwrap();
    }
    load.finish().await.unwrap();
    let mut admin = PgConnection::connect(postgres.admin_url()).await.unwrap();
    let rest = quiet::wait(&mut admin, &fleet.services(), LIMIT).await.unwrap();
    assert!(rest.is_ok(), "{rest:?}");
    let record = journal.read().unwrap();
    let mut faults = effects::inspect(postgres.admin_url(), &mut admin, &fleet, &record).await.unwrap();
    // What the complaint itself left was asked by nobody of the load.
    faults.retain(|fault| !matches!(fault, Fault::Unasked(_)));
    assert_eq!(faults, []);
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((count(&counts.refused), count(&counts.internal)), (0, 0));
    assert!(count(&counts.acknowledged) > 50, "there was no load to speak of: {}", count(&counts.acknowledged));
}

async fn travels(scene: &Scene, recording: &Recording, person: Person) {
    let travelled = complaint::travels(scene, person).await;
    if !scene.is_here() {
        // Their spans and log lines are not ours to see; what follows is about nothing else.
        return;
    }
    let [complained, brought, decided] = travelled.traces.map(|trace| trace.expect("the process records"));
    a_call_to_a_peer_stays_in_its_trace(recording, &brought).await;
    let entries = entries(&scene.admin().await).await;
    every_reaction_is_linked_to_its_cause(recording, &entries);
    for trace in [&complained, &brought, &decided] {
        the_entries_of_a_step_are_followed(recording, &entries, trace);
    }
    let created = &travelled.created;
    assert_eq!(recording.leaks(&canaries(&travelled.affair, &created.tracking_key, &created.proof)), [""; 0]);
    assert!(recording.log().contains("TRACE"), "the log was recorded at its finest level");
}

/// OpenCase, the call it makes to ticketing, and ticketing's answer: one trace, each the child of the
/// one before.
async fn a_call_to_a_peer_stays_in_its_trace(recording: &Recording, trace: &str) {
    let open = "ventanilla.ombudsman.v1.OmbudsmanService/OpenCase";
    let get = "ventanilla.ticketing.v1.TicketService/GetTicket";
    let find = |spans: &[SpanData], kind: SpanKind, method: &str| {
        let of_call =
            |span: &&SpanData| span.span_kind == kind && attribute(span, "rpc.method").as_deref() == Some(method);
        spans.iter().filter(|span| span.span_context.trace_id().to_string() == trace).find(of_call).cloned()
    };
    let hop = recording.wait_for(LIMIT, |spans| {
        let root = spans.iter().find(|s| s.span_context.trace_id().to_string() == trace && s.name == "bring").cloned();
        root.zip(find(spans, SpanKind::Server, open)).zip(find(spans, SpanKind::Client, get).zip(find(
            spans,
            SpanKind::Server,
            get,
        )))
    });
    let Some(((root, opened), (asked, answered))) = hop.await else {
        let names: Vec<_> = recording.of_trace(trace).iter().map(|s| (s.name.clone(), s.span_kind.clone())).collect();
        panic!("the trace has no such hop, only {names:?}");
    };
    assert_eq!(opened.parent_span_id, root.span_context.span_id(), "the call is the child of its caller");
    assert_eq!(attribute(&opened, "ventanilla.service").as_deref(), Some("ombudsman-escalation"));
    assert_eq!(attribute(&answered, "ventanilla.service").as_deref(), Some("ticketing"));
    assert_eq!(answered.parent_span_id, asked.span_context.span_id(), "ticketing answers the office's call");
    assert!(answered.parent_span_is_remote);
    a_call_shows_its_use_case_and_its_statements(recording, &opened, "case.open", &["db.case.insert", "db.commit"]);
}

/// The three levels of a call: what was asked, what is done about it, and what the database is asked for it.
fn a_call_shows_its_use_case_and_its_statements(
    recording: &Recording,
    call: &SpanData,
    use_case: &str,
    statements: &[&str],
) {
    let spans = recording.of_trace(&call.span_context.trace_id().to_string());
    let child = |parent: &SpanData, name: &str| {
        let is_it = |span: &&SpanData| span.name == name && span.parent_span_id == parent.span_context.span_id();
        spans.iter().find(is_it).cloned()
    };
    let names: Vec<_> = spans.iter().map(|span| span.name.clone()).collect();
    let within = child(call, use_case).unwrap_or_else(|| panic!("no {use_case} in {names:?}"));
    for statement in statements {
        assert!(child(&within, statement).is_some(), "{use_case} does not show {statement}: {names:?}");
    }
}

/// Where each entry of each ledger was written: traceparent by source and position.
type Entries = BTreeMap<(String, i64), String>;

async fn entries(admin: &sqlx::PgPool) -> Entries {
    let mut entries = Entries::new();
    for service in Service::ALL {
        let statement = format!("select position, traceparent from {}.ledger", service.schema());
        let rows: Vec<(i64, String)> =
            sqlx::query_as(AssertSqlSafe(statement)).fetch_all(admin).await.expect("the ledger can be read");
        entries.extend(
            rows.into_iter().map(|(position, traceparent)| ((service.name().to_owned(), position), traceparent)),
        );
    }
    entries
}

fn applied(span: &SpanData) -> Option<(String, i64)> {
    if span.name != "ledger.apply" {
        return None;
    }
    Some((attribute(span, "messaging.source")?, attribute(span, "ledger.position")?.parse().ok()?))
}

fn every_reaction_is_linked_to_its_cause(recording: &Recording, entries: &Entries) {
    let mut reactions = 0;
    let mut wrong = Vec::new();
    for span in recording.spans() {
        let Some(entry) = applied(&span) else { continue };
        reactions += 1;
        let cause = entries.get(&entry).unwrap_or_else(|| panic!("{entry:?} is applied and in no ledger"));
        let linked: Vec<String> = span
            .links
            .iter()
            .map(|link| {
                let cause = &link.span_context;
                let sampled = cause.trace_flags().to_u8();
                format!("00-{}-{}-{sampled:02x}", cause.trace_id(), cause.span_id())
            })
            .collect();
        if cause.is_empty() || !linked.contains(cause) {
            wrong.push(format!("{entry:?} was written in {cause:?}, its reaction is linked to {linked:?}"));
        }
        if cause.contains(&span.span_context.trace_id().to_string()) {
            wrong.push(format!("{entry:?} is applied in the trace that wrote it, which would never end"));
        }
    }
    assert!(wrong.is_empty(), "{} of {reactions} reactions:\n{}", wrong.len(), wrong.join("\n"));
    assert!(reactions >= 20, "only {reactions} reactions were seen");
}

/// What a step wrote to a ledger was applied by another service, linked to the step's trace.
fn the_entries_of_a_step_are_followed(recording: &Recording, entries: &Entries, trace: &str) {
    let written: Vec<_> = entries.iter().filter(|(_, parent)| parent.contains(trace)).map(|(entry, _)| entry).collect();
    assert!(!written.is_empty(), "the step wrote entries in its own trace");
    let followed: Vec<(String, i64)> = recording.spans().iter().filter_map(applied).collect();
    for entry in written {
        assert!(followed.contains(entry), "{entry:?} was applied by nobody");
    }
}

/// Everything about the person, and everything that was said.
fn canaries(affair: &Affair<'_>, tracking_key: &str, proof: &str) -> Canaries {
    let mut canaries = Canaries::new();
    let person = &affair.person;
    for word in
        [&person.given, &person.surnames[0], &person.surnames[1], &person.phone, &person.email, &person.document]
    {
        canaries.plant(word);
    }
    for word in SAID {
        canaries.plant(word);
    }
    canaries.plant("canario.example");
    // What opens the customer's affair to a stranger, and what opens the house to anybody.
    canaries.plant(tracking_key);
    canaries.plant(&tracking_key.replace('-', ""));
    if proof.chars().any(|c| !c.is_ascii_hexdigit()) {
        canaries.plant(proof);
    }
    canaries.plant("eyJ0eXAiOiJKV1Qi");
    canaries
}

#[tokio::test]
async fn a_canary_in_a_span_or_a_log_line_is_seen() {
    let recording = record();
    let mut canaries = Canaries::new();
    canaries.plant("sacamuelas");
    assert_eq!(recording.leaks(&canaries), [""; 0]);

    let span = tracing::info_span!("planted.attribute", customer.name = "doña SACAMUELAS");
    drop(span);
    let span = tracing::info_span!("planted.event");
    span.in_scope(|| tracing::info!(said = "sacamuelas", "an event of the span"));
    drop(span);
    tracing::trace!("a line that says sacamuelas");

    let leaks = recording.leaks(&canaries);
    let seen = |what: &str| leaks.iter().any(|leak| leak.contains(what));
    assert!(seen("span planted.attribute"), "{leaks:?}");
    assert!(seen("span planted.event"), "{leaks:?}");
    assert!(seen("a line that says"), "{leaks:?}");
}

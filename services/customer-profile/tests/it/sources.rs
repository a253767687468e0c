//! With any of the other services down, or there and silent, the view answers in time and names each gap.

use std::net::SocketAddr;
use std::time::Duration;

use futures::StreamExt as _;
use kernel::Role;
use ledger::{Feed, Ledger};
use postgres::Db;
use server::{Assembly, Principal, Worker};
use sqlx::migrate::Migrator;
use testkit::{Database, Harness, Served};
use tonic::Request;
use ventanilla_customer_profile::{SCHEMA, Settings, assemble, migrations};
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;

use crate::support::{Say, record};

/// The services that the view is fed by, and the schema of each.
const SOURCES: [(&str, &str); 3] =
    [("ticketing", "ticketing"), ("sla-monitor", "sla_monitor"), ("ombudsman-escalation", "ombudsman")];

/// How one of them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Up,
    /// Nobody listens where it should be.
    Down,
    /// It takes connections, and says nothing.
    Deaf,
}

const CONDITIONS: [Condition; 3] = [Condition::Up, Condition::Down, Condition::Deaf];

/// A ledger that nothing is in, served as its service would.
async fn ledger_of(harness: &Harness, database: &Database, (source, schema): (&'static str, &'static str)) -> Served {
    let db = Db::connect(&database.settings_of(schema)).await.unwrap();
    let ledger = Ledger::open(db, source);
    let feed = Feed::new(ledger.clone(), harness.surroundings.ambient.clone(), |known| {
        known.get::<Principal>().is_some_and(|p| p.has(Role::Service))
    });
    let assembly = Assembly::new(source)
        .serve(LedgerServiceServer::new(feed))
        .worker(Worker::new("sequencer", move |cancel| ledger.clone().sequence(cancel)));
    harness.start(assembly).await
}

/// Which sources the view names as missing, section by section.
fn gaps(view: &CustomerView) -> Vec<(&'static str, String)> {
    let standing = |standing: Option<&SectionStanding>| {
        standing.and_then(|standing| standing.gap.as_ref()).map(|gap| gap.source.clone()).unwrap_or_default()
    };
    macro_rules! section {
        ($field:ident) => {
            (stringify!($field), standing(view.$field.as_ref().unwrap().standing.as_ref()))
        };
    }
    vec![
        section!(golden),
        section!(open_tickets),
        section!(promises),
        section!(holds),
        section!(clocks),
        section!(breaches),
        section!(cases),
        section!(satisfaction),
        section!(last_interactions),
        section!(consents),
        section!(care),
        section!(relations),
        section!(worth),
        section!(effort),
    ]
}

/// What they should be.
fn expected(conditions: [Condition; 3]) -> Vec<(&'static str, String)> {
    let [tickets, clocks, cases] =
        [0, 1, 2].map(|nth| if conditions[nth] == Condition::Up { String::new() } else { SOURCES[nth].0.to_owned() });
    let own = String::new;
    // What several feed names the first that is missing.
    let together = |other: &String| if tickets.is_empty() { other.clone() } else { tickets.clone() };
    vec![
        ("golden", own()),
        ("open_tickets", tickets.clone()),
        ("promises", together(&clocks)),
        ("holds", together(&cases)),
        ("clocks", clocks.clone()),
        ("breaches", clocks.clone()),
        ("cases", cases),
        ("satisfaction", tickets.clone()),
        ("last_interactions", own()),
        ("consents", own()),
        ("care", own()),
        ("relations", own()),
        ("worth", together(&clocks)),
        ("effort", own()),
    ]
}

async fn looks(harness: &Harness, conditions: [Condition; 3], ledgers: &[SocketAddr; 3], deaf: SocketAddr) {
    let closed = harness.nowhere();
    let peers: Vec<(&str, SocketAddr)> = (0..3)
        .map(|nth| {
            let at = match conditions[nth] {
                Condition::Up => ledgers[nth],
                Condition::Down => closed,
                Condition::Deaf => deaf,
            };
            (SOURCES[nth].0, at)
        })
        .collect();
    let database = Database::fresh(SCHEMA, &migrations()).await;
    let house = harness.house_with("customer-profile", &peers);
    let served = harness.start(assemble(Settings::new(database.settings()), house).await.unwrap()).await;
    let mut crm = CustomerServiceClient::new(served.channel(Role::Crm));
    let request = IngestSourceRecordRequest {
        record: Some(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"]).phone("600111222")),
        request_id: "00000000-0000-7000-8000-000000000001".to_owned(),
    };
    let customer = crm.ingest_source_record(request).await.unwrap().into_inner().customer;

    let agent = CustomerServiceClient::new(served.channel(Role::Agent));
    let look = || {
        let (mut agent, name) = (agent.clone(), customer.clone());
        async move {
            let mut request = Request::new(GetCustomerViewRequest { name });
            // Whoever waits with a customer on the line waits no longer.
            request.set_timeout(Duration::from_secs(2));
            agent.get_customer_view(request).await.map(|view| gaps(&view.into_inner()))
        }
    };
    let expected = expected(conditions);
    testkit::eventually(Duration::from_secs(30), || async {
        // A busy machine may be late once; whoever waits for a silent source is late each time.
        let found = look().await.map_err(|status| format!("{conditions:?}: {status}"))?;
        if found == expected { Ok(()) } else { Err(format!("{conditions:?}: {found:?}")) }
    })
    .await;
    let ivr = CustomerServiceClient::new(served.channel(Role::Ivr));
    let caller = testkit::eventually(Duration::from_secs(30), || {
        let mut ivr = ivr.clone();
        let known = LookupByPhoneRequest { phone_number: "600111222".to_owned(), ..Default::default() };
        async move {
            let mut request = Request::new(known);
            request.set_timeout(Duration::from_secs(1));
            ivr.lookup_by_phone(request).await.map(tonic::Response::into_inner)
        }
    })
    .await;
    let missing: Vec<&str> = (0..3).filter(|nth| conditions[*nth] != Condition::Up).map(|nth| SOURCES[nth].0).collect();
    assert_eq!(caller.customer, customer);
    assert_eq!(caller.gaps.iter().map(|gap| gap.source.as_str()).collect::<Vec<_>>(), missing, "{conditions:?}");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_down_or_silent_the_view_and_the_ring_answer_in_time_and_name_it() {
    let harness = Harness::in_real_time();
    let house = Migrator::with_migrations(Vec::new());
    let schemas: Vec<(&str, &Migrator)> = SOURCES.iter().map(|(_, schema)| (*schema, &house)).collect();
    let database = Database::fresh_with(&schemas).await;
    let mut feeds = Vec::new();
    for source in SOURCES {
        feeds.push(ledger_of(&harness, &database, source).await);
    }
    let ledgers = [0, 1, 2].map(|nth| feeds[nth].addr);
    // Its backlog takes connections, and nobody ever reads from them.
    let deaf = harness.port().await;
    let deaf_at = deaf.local_addr().unwrap();

    let all = CONDITIONS
        .into_iter()
        .flat_map(|a| CONDITIONS.into_iter().flat_map(move |b| CONDITIONS.into_iter().map(move |c| [a, b, c])));
    let looked: Vec<()> = futures::stream::iter(all)
        .map(|conditions| looks(&harness, conditions, &ledgers, deaf_at))
        .buffer_unordered(4)
        .collect()
        .await;
    assert_eq!(looked.len(), 27);
    drop(deaf);
}

/// A customer-profile that is told everything.
struct Fed {
    served: Served,
    feeds: Vec<Served>,
    now: jiff::Timestamp,
    _databases: [Database; 2],
}

impl Fed {
    async fn new() -> Self {
        let harness = Harness::in_real_time();
        let house = Migrator::with_migrations(Vec::new());
        let schemas: Vec<(&str, &Migrator)> = SOURCES.iter().map(|(_, schema)| (*schema, &house)).collect();
        let theirs = Database::fresh_with(&schemas).await;
        let (mut feeds, mut peers) = (Vec::new(), Vec::new());
        for source in SOURCES {
            let feed = ledger_of(&harness, &theirs, source).await;
            peers.push((source.0, feed.addr));
            feeds.push(feed);
        }
        let database = Database::fresh(SCHEMA, &migrations()).await;
        let house = harness.house_with("customer-profile", &peers);
        let served = harness.start(assemble(Settings::new(database.settings()), house).await.unwrap()).await;
        Self { served, feeds, now: harness.surroundings.ambient.now(), _databases: [database, theirs] }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_to_be_profiled_is_offered_nothing_because_they_may_leave() {
    let Fed { served, now, feeds: _feeds, _databases } = Fed::new().await;
    let request_id = |n: u32| format!("00000000-0000-7000-8000-{n:012}");
    let request = IngestSourceRecordRequest {
        record: Some(record("crm", "sales", "1").parts(["Ana", "Pérez", "Gil"])),
        request_id: request_id(1),
    };
    let mut crm = CustomerServiceClient::new(served.channel(Role::Crm));
    let ana = crm.ingest_source_record(request).await.unwrap().into_inner().customer;
    let told = [(DealingKind::ContractStart, 400), (DealingKind::ContractEnd, 3)].map(|(kind, days)| Dealing {
        source_system: "shop".to_owned(),
        external_id: format!("{kind:?}"),
        customer: ana.clone(),
        kind: kind.into(),
        occurred_time: Some(server::parse::time_to_proto(now - jiff::SignedDuration::from_hours(24 * days))),
        ..Default::default()
    });
    let told = told.into_iter().zip(2..);
    let told = told.map(|(dealing, n)| IngestFactsRequest { dealing: Some(dealing), request_id: request_id(n) });
    let told: Vec<IngestFactsRequest> = told.collect();
    let taken = crm.ingest_facts(futures::stream::iter(told)).await.unwrap().into_inner();
    assert_eq!(taken.filter(|answer| std::future::ready(answer.is_ok())).count().await, 2);

    let agent = CustomerServiceClient::new(served.channel(Role::Agent));
    let withdrawn = WithdrawConsentRequest {
        parent: ana.clone(),
        purpose: ConsentPurpose::Profiling.into(),
        request_id: request_id(4),
        ..Default::default()
    };
    agent.clone().withdraw_consent(withdrawn).await.unwrap();
    // Once it is known that she has no affair open.
    let proposed = |first: u32| {
        let (agent, name) = (agent.clone(), ana.clone());
        let turn = std::sync::atomic::AtomicU32::new(first);
        testkit::eventually(Duration::from_secs(30), move || {
            let (mut agent, name) = (agent.clone(), name.clone());
            let request_id = request_id(turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
            async move {
                let request = ProposeNextBestActionRequest { name, request_id };
                let answer = agent.propose_next_best_action(request).await.unwrap().into_inner();
                if answer.gaps.is_empty() { Ok(answer.next_actions) } else { Err(format!("{:?}", answer.gaps)) }
            }
        })
    };
    assert_eq!(proposed(1_000).await, []);
    let agreed = GiveConsentRequest {
        parent: ana.clone(),
        purpose: ConsentPurpose::Profiling.into(),
        legal_basis: LegalBasis::Consent.into(),
        proof: "recording 4712".to_owned(),
        request_id: request_id(5),
        ..Default::default()
    };
    agent.clone().give_consent(agreed).await.unwrap();
    let offered = proposed(2_000_000).await;
    assert_eq!(offered.iter().map(NextAction::kind).collect::<Vec<_>>(), [NextActionKind::FollowUp]);
    assert!(offered[0].reasons().any(|reason| reason == NextActionReason::Leaving));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_is_shown_with_what_may_be_missing_and_is_the_same_whoever_is_silent() {
    let Fed { served, mut feeds, _databases, .. } = Fed::new().await;
    let mut customers = Vec::new();
    for (n, given) in [(1, "Ana"), (2, "Eva")] {
        let request = IngestSourceRecordRequest {
            record: Some(record("crm", "sales", given).parts([given, "Pérez", "Gil"])),
            request_id: format!("00000000-0000-7000-8000-00000000000{n}"),
        };
        let mut crm = CustomerServiceClient::new(served.channel(Role::Crm));
        customers.push(crm.ingest_source_record(request).await.unwrap().into_inner().customer);
    }
    let steward = CustomerServiceClient::new(served.channel(Role::Steward));
    let preview = |missing: &'static [&'static str]| {
        let (steward, customers) = (steward.clone(), customers.clone());
        testkit::eventually(Duration::from_secs(30), move || {
            let (mut steward, customers) = (steward.clone(), customers.clone());
            async move {
                let shown = steward.preview_merge(PreviewMergeRequest { customers }).await.unwrap().into_inner();
                let named: Vec<&str> = shown.gaps.iter().map(|gap| gap.source.as_str()).collect();
                if named == missing { Ok(shown) } else { Err(format!("{named:?}")) }
            }
        })
    };
    let whole = preview(&[]).await;
    let silent = feeds.remove(1);
    silent.stop().await;
    let lacking = preview(&["sla-monitor"]).await;
    assert_eq!(lacking.token, whole.token, "what is merged is the same");
    let request = MergeCustomersRequest {
        customers: customers.clone(),
        token: whole.token,
        reason: "one person by her own word".to_owned(),
        request_id: "00000000-0000-7000-8000-000000000003".to_owned(),
    };
    let merged = steward.clone().merge_customers(request).await.unwrap().into_inner();
    assert!(customers.contains(&merged.name));
    served.stop().await;
}

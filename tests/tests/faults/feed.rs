//! A feed that doubles, reorders, drops and breaks off makes no difference to what its followers know.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kernel::Role;
use tokio::net::TcpListener;
use ventanilla_tests::faults::ambiguous::{check, database};
use ventanilla_tests::faults::caller::Keys;
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::feed::{Odds, Relay};
use ventanilla_tests::faults::fleet::{Fleet, Plan};
use ventanilla_tests::faults::journal::Journal;
use ventanilla_tests::faults::load::{Asker, Ids, Load, clients, counts};
use ventanilla_tests::faults::proxy::{CutAfter, Proxy, Side};
use ventanilla_tests::faults::service::Service;

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_doubles_reorders_drops_and_breaks_off_is_applied_exactly_once() {
    let seed = Dice::seed();
    println!("seed {seed}");
    let services = [Service::CustomerProfile, Service::Ticketing];
    let database = database(&services).await;
    let url = format!("{}?sslmode=disable", database.url());
    let urls: BTreeMap<Service, String> = services.into_iter().map(|service| (service, url.clone())).collect();
    let mut plan = Plan::new(Path::new(NODE), urls).unwrap();

    // customer-profile -> a proxy that cuts connections -> a relay that spoils the feed -> ticketing
    let keys = Keys::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relayed = listener.local_addr().unwrap();
    let source = keys.caller(&format!("http://{}", plan.addr(Service::Ticketing)), Role::Service).unwrap();
    let odds = Odds { doubled: 10, reordered: 20, dropped: 5, broken_off: 1 };
    let relay = Relay::start(listener, source, odds, seed);
    let lengths = std::sync::Mutex::new(Dice::of(seed, 78));
    let tap = move || CutAfter { side: Side::Server, left: 2_000 + lengths.lock().unwrap().below(20_000) as usize };
    let proxy = Proxy::start(relayed, tap).await.unwrap();
    plan.detour(Service::CustomerProfile, Service::Ticketing, proxy.addr());
    let fleet = Fleet::start_with(plan, keys).await.unwrap();
    let journal = Arc::new(Journal::create(fleet.folder()).unwrap());

    let counted = counts();
    let asker = Asker::new(Arc::clone(&journal), Arc::clone(&counted), Ids::Kept);
    let mut load = Load::start(clients(&fleet, &asker, seed, 3).unwrap());
    let acknowledged = || counted.acknowledged.load(Ordering::Relaxed);
    let enough = || if acknowledged() >= 150 { Ok(()) } else { Err(format!("{} acknowledged", acknowledged())) };
    load.until(Duration::from_secs(120), enough).await.unwrap();
    load.finish().await.unwrap();

    let (record, faults) = check(&database, &fleet, &journal).await.unwrap();
    println!("{} acknowledged; the relay: {:?}", record.acknowledged.len(), relay.counts);
    assert_eq!(faults, []);
    for (what, count) in
        [("doubled", &relay.counts.doubled), ("reordered", &relay.counts.reordered), ("dropped", &relay.counts.dropped)]
    {
        assert!(count.load(Ordering::Relaxed) > 5, "hardly anything was {what}");
    }
}

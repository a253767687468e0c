//! Ledgers are switched to a broker and back under load, and the broker is killed and emptied: nothing lost, nothing doubled.

use std::path::Path;

use testkit::NatsServer;
use ventanilla_tests::faults::carried::{Order, run};
use ventanilla_tests::faults::dice::Dice;

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");

#[tokio::test(flavor = "multi_thread")]
async fn a_house_is_switched_to_the_broker_and_back_under_load_and_loses_and_doubles_nothing() {
    if !NatsServer::is_there() {
        return;
    }
    let seed = Dice::seed();
    println!("seed {seed}");
    let summary = run(Path::new(NODE), Order { seed, kills: 4, clients: 4 }).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&summary).unwrap());
    assert!(summary.faults.is_empty(), "{:#?}", summary.faults);
    assert_eq!((summary.lost, summary.duplicated, summary.refused, summary.internal), (0, 0, 0, 0));
    assert!(summary.by_broker > 0, "nothing came over the broker");
    assert_eq!((summary.forged, summary.after_switching_back), (0, 0));
    assert!(summary.acknowledged > 100, "there was no load to speak of: {}", summary.acknowledged);
}

//! Two replicas of each service and of the window, replaced one by one under load: nothing lost, nothing doubled.

use std::path::Path;

use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::roll::{Order, run};

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_of_each_replaced_one_by_one_lose_nothing_and_double_nothing() {
    let seed = Dice::seed();
    println!("seed {seed}");
    let summary = run(Path::new(NODE), Order { seed, rounds: 1, clients: 4 }, |_, _| ()).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&summary).unwrap());
    assert!(summary.faults.is_empty(), "{:#?}", summary.faults);
    assert_eq!((summary.lost, summary.duplicated, summary.refused, summary.internal), (0, 0, 0, 0));
    assert_eq!((summary.rolled, summary.killed), (6, 6));
    assert!(summary.told > 50, "webhooks told next to nothing: {}", summary.told);
    assert!(summary.acknowledged > 50, "there was no load to speak of: {}", summary.acknowledged);
}

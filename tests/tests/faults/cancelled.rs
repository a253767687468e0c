//! A client that goes away in the middle of a call leaves no transaction behind, takes nothing with it
//! that was acknowledged, and learns the outcome by asking again.

use std::path::Path;

use ventanilla_tests::faults::cancel::{Order, Way, run};
use ventanilla_tests::faults::dice::Dice;

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_cancelled_calls_leave_no_transaction_open_and_lose_nothing() {
    let order = Order { seed: Dice::seed(), cancelled: 1_000, percent: 60 };
    println!("seed {}", order.seed);
    let summary = run(Path::new(NODE), order, |_| ()).await.unwrap();
    println!("{}", serde_json::to_string_pretty(&summary).unwrap());
    assert_eq!(summary.faults, Vec::<String>::new());
    assert_eq!(summary.left_in_transaction, 0);
    assert!(summary.all_acknowledged, "asking again answers every call that was cancelled");
    assert!(summary.cancelled.values().sum::<usize>() >= order.cancelled);
    for way in [Way::Drop, Way::Deadline, Way::Reset] {
        assert!(summary.cancelled.get(&way).copied().unwrap_or(0) > 50, "{way:?} hardly ever happened");
    }
}

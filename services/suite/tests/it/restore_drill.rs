//! `restore-drill`: a database under load is lost, and what comes back is what it should be.

use std::fs;

use serde_json::Value;

use crate::running::{Folder, left_running, run, text};

#[test]
fn a_destroyed_database_comes_back_as_it_was_at_the_point_and_forgets_again() {
    let folder = Folder::new("drill");
    let drill = folder.0.join("drill");
    let path = drill.to_str().unwrap();
    let output = run(
        &folder.data(),
        &["restore-drill", "--folder", path, "--seconds", "2", "--after", "1", "--clients", "2", "--json"],
    );
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["holds"], true, "{report}");

    // The writes are counted once more, from the file that the clients kept.
    let acknowledged = fs::read_to_string(drill.join("acknowledged.jsonl")).unwrap();
    let point: jiff::Timestamp = report["point"].as_str().unwrap().parse().unwrap();
    let lines: Vec<Value> = acknowledged.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by_the_point =
        lines.iter().filter(|line| line["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() <= point).count();
    let count = |name: &str| report["writes"][name].as_array().unwrap().len();
    assert_eq!(report["writes"]["acknowledged"], lines.len());
    assert_eq!(report["writes"]["kept"], by_the_point, "all that was acknowledged by the point is there");
    assert_eq!(count("lost"), 0);
    assert!(count("gone") > 0, "the load went on after the point: {report}");
    assert!(by_the_point > 10, "there was no load to speak of: {report}");

    let erasure = &report["erasure"];
    assert_eq!(erasure["answered"], "CUSTOMER_STATE_ERASED");
    assert!(!erasure["brought_back"].as_array().unwrap().is_empty(), "the backup had the person");
    let ledgers = report["ledgers"].as_array().unwrap();
    assert_eq!(ledgers.len(), 5);
    assert!(ledgers.iter().all(|ledger| ledger["fault"].is_null()), "{report}");
    let archived = ledgers.iter().filter(|ledger| ledger["archived_months"] == 1).count();
    assert!(archived >= 2, "what was archived before the point is where its ledger begins: {report}");
    let gone = ledgers.iter().any(|ledger| !ledger["signed_and_gone"].as_array().unwrap().is_empty());
    assert!(gone, "what was signed after the point is told: {report}");
    assert!(report["rto"]["seconds_per_gigabyte"].as_f64().unwrap() > 0.0);
    assert!(report["rpo"]["archive_seconds"].as_f64().unwrap() < 60.0, "{report}");
    assert_eq!(left_running(&folder.0), Vec::<String>::new());
    assert_eq!(serde_json::from_slice::<Value>(&fs::read(drill.join("report.json")).unwrap()).unwrap(), report);

    let again = run(&folder.data(), &["restore-drill", "--folder", path]);
    assert!(text(&again.stderr).contains("is not empty"), "a drill never writes over another");
}

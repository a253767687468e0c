//! `import`: what comes in, what is skipped, what a second run does.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::running::{Folder, left_running, run, text};

/// Three cases (of one, two and four events), two bad lines, everything a file may vary in.
const LOG: &str = "ActivityID,CompleteTimestamp,CaseID\r\n\
    1,2010-04-01 10:00:00,one\r\n\
    \"1\",2010-04-02 10:00:00,\"two\"\r\n\
    2,2010-04-02 12:00:00,two\r\n\
    9,yesterday,two\r\n\
    1,2010-04-05 10:00:00,four\r\n\
    3,2010-04-07 10:00:00,four\r\n\
    2,2010-04-06 10:00:00,four\r\n\
    2,2010-04-06 10:00:00,four\r\n\
    1,2010-04-05 10:00:00\r\n";

fn import(folder: &Folder, log: &std::path::Path) -> (Value, String) {
    let output = run(&folder.data(), &["import", log.to_str().unwrap(), "--json"]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let out = text(&output.stdout);
    assert_eq!(out.trim().lines().count(), 1, "one object: {out}");
    (serde_json::from_str(&out).unwrap(), said)
}

#[test]
fn a_log_is_loaded_once_with_its_bad_lines_named() {
    let folder = Folder::new("import");
    let log = folder.0.join("log.csv");
    fs::write(&log, LOG).unwrap();

    let (report, said) = import(&folder, &log);
    assert_eq!((report["cases"].as_u64(), report["events"].as_u64()), (Some(3), Some(7)));
    assert_eq!((report["loaded_cases"].as_u64(), report["already_loaded_cases"].as_u64()), (Some(3), Some(0)));
    let lines: Vec<u64> =
        report["bad_lines"].as_array().unwrap().iter().map(|bad| bad["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [5, 10]);
    assert!(said.contains("line 5") && said.contains("line 10"), "{said}");
    assert_eq!(report["board_cases"].as_u64(), Some(3));

    let (again, _) = import(&folder, &log);
    assert_eq!((again["loaded_cases"].as_u64(), again["already_loaded_cases"].as_u64()), (Some(0), Some(3)));

    // Without the note of what is loaded everything is sent again, and changes nothing.
    fs::remove_file(folder.data().join("import/loaded")).unwrap();
    let (repeated, _) = import(&folder, &log);
    assert_eq!(repeated["loaded_cases"].as_u64(), Some(3));
    for figure in ["board_cases", "board_entries", "clocks", "breaches", "attainment"] {
        assert_eq!(repeated[figure], report[figure], "{figure}");
    }
    assert_eq!(left_running(&folder.0), Vec::<String>::new());
}

#[test]
fn a_file_that_is_no_log_is_refused_before_anything_starts() {
    let folder = Folder::new("nolog");
    let log = folder.0.join("log.csv");
    fs::write(&log, "a,b\n1,2\n").unwrap();
    let output = run(&folder.data(), &["import", log.to_str().unwrap()]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("CaseID") && said.trim().lines().count() == 1, "{said}");
    assert!(!folder.data().exists());
}

/// A log of 120 cases that mostly go from 1 over 2 to 3, made by a fixed rule; some over a change to winter time, some with events at one instant.
fn walks() -> String {
    let mut log = String::from("CaseID,ActivityID,CompleteTimestamp\n");
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for case in 0..120 {
        let mut at: jiff::civil::DateTime = "2010-10-30T22:00:00".parse().unwrap();
        let mut activity = 1;
        for _ in 0..=draw(7) {
            writeln!(log, "c-{case},{activity},{}", at.strftime("%Y-%m-%d %H:%M:%S")).unwrap();
            at = at.saturating_add(jiff::SignedDuration::from_mins(i64::try_from(draw(4) * draw(90)).unwrap()));
            activity = if draw(12) == 0 { 4 + draw(3) } else { (activity % 3) + draw(2) };
        }
    }
    log
}

#[test]
fn conformance_and_step_times_agree_with_a_calculation_made_outside() {
    let folder = Folder::new("conformance");
    let (log, kept) = (folder.0.join("log.csv"), folder.0.join("report.json"));
    fs::write(&log, walks()).unwrap();
    let (mut report, _) = import(&folder, &log);
    let process = &report["process"];
    let (cases, conforming) = (process["cases"].as_u64().unwrap(), process["conforming"].as_u64().unwrap());
    assert!(cases == 120 && 0 < conforming && conforming < cases, "both kinds are there: {conforming} of {cases}");

    let compare = |report: &Value| {
        fs::write(&kept, report.to_string()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/event_log.py");
        let compared = Command::new("python3").args([script.as_ref(), log.as_os_str(), kept.as_os_str()]).output();
        compared.expect("this test compares with a Python script: install python3 (3.9 or newer) and put it in PATH")
    };
    let compared = compare(&report);
    assert!(compared.status.success(), "{}{}", text(&compared.stdout), text(&compared.stderr));
    // And the comparison sees what is wrong.
    report["process"]["steps"][0]["p90_seconds"] = Value::from(1.0);
    report["process"]["conforming"] = Value::from(conforming + 1);
    let compared = compare(&report);
    let said = text(&compared.stdout);
    assert!(compared.status.code() == Some(1) && said.contains("p90") && said.contains("conforming"), "{said}");
}

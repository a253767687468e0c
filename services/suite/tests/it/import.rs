//! `import`: what comes in, what is skipped, what a second run does.

use std::fs;

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

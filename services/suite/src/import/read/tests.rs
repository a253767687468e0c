use super::*;

const NOW: &str = "2026-11-22T10:00:00Z";

fn log(text: &str) -> EventLog {
    read(text.as_bytes(), NOW.parse().unwrap()).unwrap()
}

fn refusal(text: &str) -> String {
    read(text.as_bytes(), NOW.parse().unwrap()).unwrap_err().to_string()
}

fn instants(log: &EventLog) -> Vec<String> {
    log.cases.iter().flat_map(|case| &case.events).map(|event| event.at.to_string()).collect()
}

#[test]
fn a_log_is_read_whatever_its_line_ends_column_order_and_quotes() {
    let plain = log("CaseID,ActivityID,CompleteTimestamp\n1-36,1,2010-04-01 00:59:00\n1-36,2,2010-04-01 01:45:00\n");
    let odd = log("\u{feff}completetimestamp, activityid ,\"CaseID\",extra\r\n\"2010-04-01 00:59:00\",1,1-36,x\r\n\
         2010-04-01T01:45:00,\"2\",\"1-36\",\"a, \"\"b\"\"\"");
    assert_eq!(plain.cases, odd.cases);
    assert_eq!((plain.cases.len(), plain.event_count()), (1, 2));
    assert!(odd.bad_lines.is_empty(), "{:?}", odd.bad_lines);
}

#[test]
fn times_without_a_zone_are_madrids_and_others_are_what_they_say() {
    let log = log("CaseID,ActivityID,CompleteTimestamp\na,1,2010-01-15 12:00:00\na,2,2010-07-15 12:00:00\n\
         a,3,2010-08-15T12:00:00Z\na,4,2010-09-15 12:00:00+09:00\na,5,2010-09-15 12:00:00.250\n");
    assert_eq!(
        instants(&log),
        [
            "2010-01-15T11:00:00Z",
            "2010-07-15T10:00:00Z",
            "2010-08-15T12:00:00Z",
            "2010-09-15T03:00:00Z",
            "2010-09-15T10:00:00.25Z"
        ]
    );
}

#[test]
fn skipped_and_doubled_hours_follow_the_written_rule() {
    let log = log("CaseID,ActivityID,CompleteTimestamp\na,1,2010-03-28 02:30:00\nb,1,2010-10-31 02:30:00\n");
    assert_eq!(instants(&log), ["2010-03-28T01:30:00Z", "2010-10-31T00:30:00Z"]);
}

#[test]
fn events_are_ordered_by_instant_and_then_by_line() {
    let log = log(
        "CaseID,ActivityID,CompleteTimestamp\na,late,2010-01-02 00:00:00\na,x,2010-01-01 00:00:00\na,y,2010-01-01 00:00:00\n",
    );
    let order: Vec<&str> = log.cases[0].events.iter().map(|event| event.activity.as_str()).collect();
    assert_eq!(order, ["x", "y", "late"]);
}

#[test]
fn every_bad_line_is_named_by_number_with_its_reason_and_the_rest_is_kept() {
    let log = log("CaseID,ActivityID,CompleteTimestamp\n\
         ,1,2010-01-01 00:00:00\n\
         a,,2010-01-01 00:00:00\n\
         a,1,yesterday\n\
         a,1,2010-02-30 00:00:00\n\
         a,1\n\
         a,1,2010-01-01 00:00:00,more\n\
         a,1,2030-01-01 00:00:00\n\
         a,1,2010-01-01\n\
         a,1,2010-01-01 00:00:00 +25:00\n\
         \n\
         a,1,2010-01-01 00:00:00\n");
    let lines: Vec<usize> = log.bad_lines.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8, 9, 10], "{:?}", log.bad_lines);
    assert_eq!(log.event_count(), 1);
    let said = |line: usize, word: &str| log.bad_lines.iter().any(|bad| bad.line == line && bad.reason.contains(word));
    assert!(
        said(2, "CaseID") && said(3, "ActivityID") && said(6, "2 fields") && said(8, "future"),
        "{:?}",
        log.bad_lines
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    let log = log(
        "CaseID,ActivityID,CompleteTimestamp\na,\"1,2010-01-01 00:00:00\nb,1,2010-01-01 00:00:00\nc,1\",2010-01-01 00:00:00\nd,1,2010-01-01 00:00:00\n",
    );
    let cases: Vec<&str> = log.cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(cases, ["b", "d"]);
    assert_eq!(log.bad_lines.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn a_quoted_remark_may_hold_line_breaks() {
    let log =
        log("CaseID,ActivityID,CompleteTimestamp,Remark\na,1,2010-01-01 00:00:00,\"two\nlines\"\nb,1,nonsense,x\n");
    assert_eq!(log.cases.len(), 1);
    assert_eq!(log.bad_lines[0].line, 4, "line numbers count the lines of the file");
}

#[test]
fn bytes_that_are_no_text_spoil_their_own_line_alone() {
    let mut bytes = b"CaseID,ActivityID,CompleteTimestamp\n".to_vec();
    bytes.extend_from_slice(b"a,\xff\xfe,2010-01-01 00:00:00\nb,1,2010-01-01 00:00:00\n");
    let log = read(bytes.as_slice(), NOW.parse().unwrap()).unwrap();
    assert_eq!((log.cases.len(), log.bad_lines.len()), (1, 1));
}

#[test]
fn a_file_without_the_columns_is_refused_with_their_names() {
    assert!(refusal("").contains("CaseID, ActivityID, CompleteTimestamp"));
    assert!(refusal("case;activity;time\n").contains("CaseID"));
    let missing = refusal("CaseID,CompleteTimestamp\na,2010-01-01 00:00:00\n");
    assert!(missing.contains("ActivityID"), "{missing}");
}

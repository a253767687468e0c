//! A board as a file.

use serde_json::{Value, json};
use server::cell;
use ventanilla_proto::sla::v1 as proto;

use super::convert_measure::Format;
use super::present;
use crate::usecase::get_board::{Figured, Window};

/// Bytes of one part.
const PART: usize = 48 * 1024;

const COLUMNS: [&str; 14] = [
    "line",
    "key",
    "cases",
    "clocks",
    "met",
    "breached",
    "open",
    "cancelled",
    "attainment",
    "p50_seconds",
    "p75_seconds",
    "p90_seconds",
    "p95_seconds",
    "p99_seconds",
];

/// The file, in parts.
pub fn parts(figured: Figured, window: &Window, format: Format) -> Vec<proto::ExportBoardResponse> {
    let board = present::board(figured, window);
    let rows = rows(&board);
    let (media_type, extension, content) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv", csv(&rows)),
        Format::Json => ("application/json", "json", json(&board, &rows)),
    };
    let as_of = board.as_of_time.map(text).unwrap_or_default();
    let file_name = format!("board-{}.{extension}", as_of.replace(':', ""));
    let mut parts: Vec<proto::ExportBoardResponse> = content
        .as_bytes()
        .chunks(PART)
        .map(|part| proto::ExportBoardResponse { content: part.to_vec(), ..Default::default() })
        .collect();
    if let Some(first) = parts.first_mut() {
        (first.media_type, first.file_name) = (media_type.to_owned(), file_name);
    }
    parts
}

/// What each row is a line of, with the row.
type Rows<'a> = Vec<(&'static str, &'a proto::BoardRow)>;

fn rows(board: &proto::Board) -> Rows<'_> {
    let total = board.total.iter().map(|row| ("total", row));
    let lines: [(&'static str, &[proto::BoardRow]); 13] = [
        ("policy", &board.by_policy),
        ("department", &board.by_department),
        ("subject_type", &board.by_subject_type),
        ("stage", &board.by_stage),
        ("kind", &board.by_kind),
        ("channel", &board.by_channel),
        ("promise_outcome", &board.by_promise_outcome),
        ("team", &board.by_team),
        ("manager", &board.by_manager),
        ("queue", &board.by_queue),
        ("segment", &board.by_segment),
        ("cause", &board.by_cause),
        ("month", &board.by_month),
    ];
    total.chain(lines.into_iter().flat_map(|(line, rows)| rows.iter().map(move |row| (line, row)))).collect()
}

fn csv(rows: &Rows<'_>) -> String {
    let mut file = COLUMNS.join(",");
    file.push_str("\r\n");
    for (line, row) in rows {
        let mut cells = vec![cell(line), cell(&row.key)];
        cells.extend(counts(row).map(|count| count.to_string()));
        cells.push(row.attainment.map(|share| share.to_string()).unwrap_or_default());
        cells.extend(settle(row).map(|seconds| seconds.unwrap_or_default()));
        file.push_str(&cells.join(","));
        file.push_str("\r\n");
    }
    file
}

fn counts(row: &proto::BoardRow) -> [i64; 6] {
    [row.case_count, row.clock_count, row.met_count, row.breached_count, row.open_count, row.cancelled_count]
}

fn settle(row: &proto::BoardRow) -> [Option<String>; 5] {
    let settle = row.settle.unwrap_or_default();
    let percentiles =
        [settle.p50_duration, settle.p75_duration, settle.p90_duration, settle.p95_duration, settle.p99_duration];
    percentiles.map(|duration| duration.map(|duration| seconds(&duration)))
}

/// Seconds with six decimals, exactly: both parts have one sign.
fn seconds(duration: &prost_types::Duration) -> String {
    let sign = if duration.seconds < 0 || duration.nanos < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", duration.seconds.unsigned_abs(), duration.nanos.unsigned_abs() / 1_000)
}

fn json(board: &proto::Board, rows: &Rows<'_>) -> String {
    let row = |(line, row): &(&str, &proto::BoardRow)| {
        let [cases, clocks, met, breached, open, cancelled] = counts(row);
        // The nearest number is written as the same decimals again.
        let [p50, p75, p90, p95, p99] = settle(row).map(|told| told.and_then(|told| told.parse::<f64>().ok()));
        json!({
            "line": line, "key": row.key, "cases": cases, "clocks": clocks, "met": met, "breached": breached, "open": open,
            "cancelled": cancelled, "attainment": row.attainment,
            "settle_seconds": {"p50": p50, "p75": p75, "p90": p90, "p95": p95, "p99": p99},
        })
    };
    let file: Value = json!({
        "from": board.from_time.map(text), "to": board.to_time.map(text), "as_of": board.as_of_time.map(text),
        "months_of_zone": board.zone, "definitions": board.definitions, "rows": rows.iter().map(row).collect::<Vec<_>>(),
    });
    file.to_string()
}

fn text(at: prost_types::Timestamp) -> String {
    super::measured::instant(Some(&at)).map(|at| at.to_string()).unwrap_or_default()
}

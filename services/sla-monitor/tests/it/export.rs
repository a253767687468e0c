//! ExportBoard: the board as a file.

use kernel::Role;
use testkit::Served;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::BoardFormat as Format;

use crate::world::{Ticket, World, at, client, clocks_that, fields, later, measures, reason, wire};

const DAY: i64 = 86_400_000;

async fn file(served: &Served, format: Format) -> (String, String, String) {
    let request = sla::ExportBoardRequest { format: format.into(), ..Default::default() };
    let mut parts = measures(served, Role::Auditor).export_board(request).await.unwrap().into_inner();
    let (mut media_type, mut name, mut content) = (String::new(), String::new(), Vec::new());
    while let Some(part) = parts.message().await.unwrap() {
        media_type.push_str(&part.media_type);
        name.push_str(&part.file_name);
        content.extend(part.content);
    }
    (media_type, name, String::from_utf8(content).unwrap())
}

async fn filled(world: &World, served: &Served) {
    let mut last = String::new();
    for i in 0..30_i64 {
        let mut ticket = Ticket::incident(later(at("2026-03-20T08:00:00Z"), i * DAY));
        ticket.department = ["service-desk", "field-service"][usize::try_from(i % 2).unwrap()];
        world.open(&ticket).await;
        world.resolve(&ticket, later(ticket.received, 1 + i * i * 7_919_333 % (9 * DAY))).await;
        last = ticket.name;
    }
    clocks_that(served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
}

fn line(kind: &str, row: &sla::BoardRow) -> String {
    let seconds = |duration: Option<prost_types::Duration>| {
        duration.map(|d| format!("{}.{:06}", d.seconds, d.nanos / 1_000)).unwrap_or_default()
    };
    let settle = row.settle.unwrap_or_default();
    let attainment = row.attainment.map(|share| share.to_string()).unwrap_or_default();
    let (counts, times) = (
        [row.case_count, row.clock_count, row.met_count, row.breached_count, row.open_count, row.cancelled_count],
        [settle.p50_duration, settle.p75_duration, settle.p90_duration, settle.p95_duration, settle.p99_duration],
    );
    let counts = counts.map(|count| count.to_string()).join(",");
    format!("{kind},{},{counts},{attainment},{}", row.key, times.map(seconds).join(","))
}

#[tokio::test]
async fn the_file_has_the_rows_of_the_board_and_its_months_add_up() {
    let world = World::new().await;
    let served = world.start().await;
    filled(&world, &served).await;
    let board = client(&served, Role::Sre).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner();
    let total = board.total.clone().unwrap();
    let (media_type, name, csv) = file(&served, Format::Csv).await;
    assert_eq!(media_type, "text/csv; charset=utf-8");
    assert!(name.starts_with("board-20") && name.ends_with(".csv"), "{name}");
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert!(lines[0].starts_with("line,key,cases,clocks,met,breached,open,cancelled,attainment,p50_seconds"));
    let mut expected = vec![line("total", &total)];
    expected.extend(board.by_policy.iter().map(|row| line("policy", row)));
    expected.extend(board.by_department.iter().map(|row| line("department", row)));
    expected.extend(board.by_subject_type.iter().map(|row| line("subject_type", row)));
    expected.extend(board.by_stage.iter().map(|row| line("stage", row)));
    expected.extend(board.by_kind.iter().map(|row| line("kind", row)));
    expected.extend(board.by_channel.iter().map(|row| line("channel", row)));
    expected.extend(board.by_queue.iter().map(|row| line("queue", row)));
    expected.extend(board.by_segment.iter().map(|row| line("segment", row)));
    assert_eq!(lines[1..=expected.len()], expected.iter().map(String::as_str).collect::<Vec<_>>());
    let months: Vec<Vec<&str>> = lines[expected.len() + 1..].iter().map(|line| line.split(',').collect()).collect();
    // The last of March in Madrid is the last of March, and not of UTC.
    assert_eq!(
        months.iter().map(|month| (month[0], month[1])).collect::<Vec<_>>(),
        [("month", "2026-03"), ("month", "2026-04")]
    );
    for (column, sum) in [(3, total.clock_count), (4, total.met_count), (5, total.breached_count)] {
        assert_eq!(months.iter().map(|month| month[column].parse::<i64>().unwrap()).sum::<i64>(), sum);
    }

    let (media_type, _, json) = file(&served, Format::Json).await;
    assert_eq!(media_type, "application/json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), lines.len() - 1);
    assert_eq!((rows[0]["line"].as_str(), rows[0]["clocks"].as_i64()), (Some("total"), Some(total.clock_count)));
    let p95 = total.settle.unwrap().p95_duration.unwrap();
    let told = rows[0]["settle_seconds"]["p95"].as_f64().unwrap();
    assert_eq!(format!("{told:.6}"), format!("{}.{:06}", p95.seconds, p95.nanos / 1_000));
    assert_eq!(json["months_of_zone"], "Europe/Madrid");
}

#[tokio::test]
async fn a_cell_is_never_a_formula() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::incident(at("2026-03-31T23:30:00Z"));
    world.open(&ticket).await;
    clocks_that(&served, &ticket.name, |c| c.len() == 1).await;
    sqlx::query("update sla_monitor.clock set department = '=HYPERLINK(\"x\",\"y\")'")
        .execute(&world.admin)
        .await
        .unwrap();
    let (_, _, csv) = file(&served, Format::Csv).await;
    assert!(csv.contains("department,\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",1,1"), "{csv}");
    assert!(csv.contains("month,2026-04,1,1"), "{csv}");
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = measures(&served, Role::Sre);
    let wrong = sla::ExportBoardRequest {
        from_time: Some(wire(at("2026-03-31T23:30:00Z"))),
        to_time: Some(wire(at("2026-03-31T23:30:00Z"))),
        policy: "policies/a b".to_owned(),
        format: 9,
    };
    let refused = client.export_board(wrong).await.unwrap_err();
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, ["to_time", "policy", "format"].map(str::to_owned).to_vec())
    );
    assert_eq!(fields(&client.export_board(sla::ExportBoardRequest::default()).await.unwrap_err()), ["format"]);
    let unknown = sla::ExportBoardRequest { policy: "policies/no.such".to_owned(), format: 1, ..Default::default() };
    assert_eq!(reason(&client.export_board(unknown).await.unwrap_err()), "POLICY_NOT_FOUND");
    let mut ivr = measures(&served, Role::Ivr);
    let asked = sla::ExportBoardRequest { format: 1, ..Default::default() };
    assert_eq!(ivr.export_board(asked).await.unwrap_err().code(), Code::PermissionDenied);
}

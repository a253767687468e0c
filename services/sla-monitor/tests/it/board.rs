//! The board equals a plain recomputation from the clocks.

use jiff::Timestamp;
use kernel::Role;
use testkit::eventually;
use ventanilla_proto::sla::v1 as sla;

use crate::world::{SOON, Ticket, World, at, client, clocks_that, later, read};

const DAY: i64 = 86_400_000;

/// Nearest rank: the smallest value such that at least `p` % are no larger.
fn nearest_rank(sorted: &[i64], p: usize) -> i64 {
    sorted[(sorted.len() * p).div_ceil(100) - 1]
}

fn micros(duration: Option<prost_types::Duration>) -> i64 {
    let duration = duration.unwrap();
    duration.seconds * 1_000_000 + i64::from(duration.nanos) / 1_000
}

#[tokio::test]
async fn the_board_equals_a_plain_recomputation() {
    let world = World::new().await;
    let served = world.start().await;
    let begin = at("2010-04-01T08:00:00Z");
    let mut last = String::new();
    for i in 0_i64..60 {
        let mut ticket = Ticket::incident(later(begin, i * DAY / 3));
        ticket.department = ["service-desk", "field-service"][usize::try_from(i % 2).unwrap()];
        world.open(&ticket).await;
        // Some quick, some slow, some never, some withdrawn.
        let settled = later(ticket.received, 1 + (i * i * 7_919) % (45 * DAY));
        match i % 10 {
            0 => {}
            1 => {
                let states = (crate::world::State::InProgress, crate::world::State::Cancelled);
                world.transition(&ticket, states, "withdrawn_by_customer", later(ticket.received, DAY)).await;
            }
            _ => world.resolve(&ticket, settled).await,
        }
        last = ticket.name;
    }
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    let clocks = all(&served).await;
    assert_eq!(clocks.len(), 60);
    let board = client(&served, Role::Importer).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner();
    let total = board.total.unwrap();
    check(&total, &clocks.iter().collect::<Vec<_>>());
    assert_eq!(total.event_count, 60 + 54);
    for row in &board.by_department {
        check(row, &clocks.iter().filter(|c| c.department == row.key).collect::<Vec<_>>());
    }
    assert_eq!((board.by_department.len(), board.by_policy.len(), board.by_subject_type.len()), (2, 1, 1));
    assert_eq!(board.by_policy[0].key, "policies/house.incident.resolution");
    assert_eq!(board.by_subject_type[0].key, "incidencia");
    for rows in [&board.by_stage, &board.by_kind, &board.by_channel] {
        assert_eq!(rows.iter().map(|row| row.clock_count).sum::<i64>(), 60);
    }
    assert_eq!(board.by_month.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["2010-04"]);
    assert_eq!((board.by_promise_outcome.len(), board.zone.as_str()), (0, "Europe/Madrid"));
}

#[tokio::test]
async fn windows_that_adjoin_add_up_and_a_policy_narrows() {
    let world = World::new().await;
    let served = world.start().await;
    let (march, april) = (at("2011-03-31T10:00:00Z"), at("2011-04-01T10:00:00Z"));
    let late = Ticket::incident(march);
    let ticket = Ticket::incident(april);
    world.open(&late).await;
    world.open(&ticket).await;
    world.resolve(&late, at("2011-06-01T10:00:00Z")).await;
    world.resolve(&ticket, at("2011-04-02T10:00:00Z")).await;
    clocks_that(&served, &ticket.name, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    let client = client(&served, Role::Sre);
    let count = |from: Option<Timestamp>, to: Option<Timestamp>, policy: &str| {
        let mut client = client.clone();
        let request = sla::GetBoardRequest {
            from_time: from.map(crate::world::wire),
            to_time: to.map(crate::world::wire),
            policy: policy.to_owned(),
        };
        async move { client.get_board(request).await.unwrap().into_inner().total.unwrap() }
    };
    let edge = Some(at("2011-04-01T00:00:00Z"));
    let (before, after) = (count(None, edge, "").await, count(edge, None, "").await);
    // The miss stays in March, although the answer came in June.
    assert_eq!((before.breached_count, before.attainment), (1, Some(0.0)));
    assert_eq!((after.met_count, after.attainment), (1, Some(1.0)));
    assert_eq!(count(None, None, "").await.clock_count, 2);
    assert_eq!(count(None, None, "policies/house.incident.resolution").await.clock_count, 2);
    let nothing = count(None, None, "policies/house.promise").await;
    assert_eq!((nothing.clock_count, nothing.case_count, nothing.attainment, nothing.settle), (0, 0, None, None));
}

fn check(row: &sla::BoardRow, clocks: &[&sla::Clock]) {
    let count = |fits: &dyn Fn(&sla::Clock) -> bool| i64::try_from(clocks.iter().filter(|c| fits(c)).count()).unwrap();
    let breached = count(&|c| c.breached_time.is_some());
    let met = count(&|c| c.state() == sla::ClockState::Fulfilled && c.breached_time.is_none());
    assert_eq!((row.clock_count, row.met_count, row.breached_count), (count(&|_| true), met, breached));
    assert_eq!(row.cancelled_count, count(&|c| c.state() == sla::ClockState::Cancelled && c.breached_time.is_none()));
    assert_eq!(row.clock_count, row.met_count + row.breached_count + row.open_count + row.cancelled_count);
    #[allow(clippy::cast_precision_loss)]
    let attainment = met as f64 / (met + breached) as f64;
    assert_eq!(row.attainment, Some(attainment));
    let fulfilled = clocks.iter().filter(|c| c.state() == sla::ClockState::Fulfilled);
    let mut times: Vec<i64> = fulfilled
        .map(|c| read(c.settled_time).unwrap().as_microsecond() - read(c.first_received_time).unwrap().as_microsecond())
        .collect();
    times.sort_unstable();
    let settle = row.settle.unwrap();
    let percentiles = [
        (50, settle.p50_duration),
        (75, settle.p75_duration),
        (90, settle.p90_duration),
        (95, settle.p95_duration),
        (99, settle.p99_duration),
    ];
    for (p, duration) in percentiles {
        assert_eq!(micros(duration), nearest_rank(&times, p), "p{p} of {}", row.key);
    }
}

async fn all(served: &testkit::Served) -> Vec<sla::Clock> {
    let mut client = client(served, Role::Auditor);
    let mut clocks = Vec::new();
    let mut request = sla::ListClocksRequest { page_size: 7, ..sla::ListClocksRequest::default() };
    loop {
        let page = client.list_clocks(request.clone()).await.unwrap().into_inner();
        clocks.extend(page.clocks);
        if page.next_page_token.is_empty() {
            return clocks;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn promises_are_told_by_how_they_ended() {
    use ventanilla_proto::ticketing::v1::PromiseState as S;
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::incident(at("2026-03-02T09:00:00Z"));
    world.open(&ticket).await;
    let mut last = String::new();
    for (state, n) in [
        (S::Kept, 2),
        (S::Renegotiated, 1),
        (S::Lapsed, 1),
        (S::BrokenAnnounced, 3),
        (S::BrokenSilent, 1),
        (S::BrokenUnreported, 2),
    ] {
        for _ in 0..n {
            let promise = world.promise(&ticket, at("2026-03-02T10:00:00Z"), at("2026-03-05T10:00:00Z")).await;
            world.settle(&ticket, &promise, state, at("2026-03-05T12:00:00Z")).await;
            last = promise;
        }
    }
    // Of one of those somebody says afterwards that its notice arrived; it is broken once all the same.
    world.settle(&ticket, &last, S::BrokenAnnounced, at("2026-03-05T12:30:00Z")).await;
    world.promise(&ticket, at("2026-03-02T10:00:00Z"), at("2099-03-05T10:00:00Z")).await;
    clocks_that(&served, &ticket.name, |c| {
        c.len() == 12 && c.iter().filter(|c| c.settled_time.is_some()).count() == 10
    })
    .await;
    let told = [
        ("broken_announced", 4),
        ("broken_silent", 1),
        ("broken_unreported", 1),
        ("kept", 2),
        ("lapsed", 1),
        ("renegotiated", 1),
    ];
    let board = eventually(SOON, || async {
        let board = client(&served, Role::Sre).get_board(sla::GetBoardRequest::default()).await.unwrap().into_inner();
        let rows: Vec<_> = board.by_promise_outcome.iter().map(|row| (row.key.as_str(), row.clock_count)).collect();
        if rows == told { Ok(board) } else { Err(format!("{rows:?}")) }
    })
    .await;
    assert_eq!(board.by_promise_outcome.iter().map(|row| row.breached_count).sum::<i64>(), 10);
    assert!(board.by_promise_outcome.iter().all(|row| row.case_count == 1));
}

#[tokio::test]
async fn a_board_is_watched_as_it_changes() {
    let world = World::new().await;
    let served = world.start().await;
    let mut boards =
        client(&served, Role::Sre).watch_board(sla::WatchBoardRequest::default()).await.unwrap().into_inner();
    let first = boards.message().await.unwrap().unwrap();
    assert_eq!(first.total.unwrap().clock_count, 0);
    let ticket = Ticket::incident(at("2026-03-02T09:00:00Z"));
    world.open(&ticket).await;
    let opened = boards.message().await.unwrap().unwrap();
    assert!(opened.as_of_time.unwrap().seconds >= first.as_of_time.unwrap().seconds);
    assert_eq!(opened.total.unwrap().clock_count, 1);
    world.resolve(&ticket, at("2026-03-02T10:00:00Z")).await;
    // What comes between, the entry counted and the clock not yet ended, may be told too.
    loop {
        let total = boards.message().await.unwrap().unwrap().total.unwrap();
        if (total.met_count, total.open_count) == (1, 0) {
            break;
        }
    }
    let wrong = sla::WatchBoardRequest { policy: "policies/no.such".to_owned(), ..Default::default() };
    let refused = client(&served, Role::Sre).watch_board(wrong).await.unwrap_err();
    assert_eq!(crate::world::reason(&refused), "POLICY_NOT_FOUND");
}

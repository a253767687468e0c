//! The receiver dies and comes back at random, and so does the service: nothing is lost, each affair comes in its order, and what
//! comes again carries the same id.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::{Ambient, SeededEntropy, SystemClock};
use testkit::eventually;
use ventanilla_proto::webhook::v1 as proto;

use crate::receiver::{Got, Receiver, Reply};
use crate::world::{SOON, World};

const AFFAIRS: usize = 8;
const STEPS: usize = 25;

/// By affair: the steps as they came, each with its id.
fn by_affair(got: &[Got]) -> BTreeMap<String, Vec<(usize, String)>> {
    let mut affairs: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for got in got {
        let event = got.json();
        assert_eq!(event["id"], got.header("webhook-id"));
        let Some(step) = event["data"]["reason"].as_str().and_then(|reason| reason.strip_prefix("step_")) else {
            continue;
        };
        let affair = event["partitionkey"].as_str().expect("an affair").to_owned();
        let step = step.parse().expect("a number");
        affairs.entry(affair).or_default().push((step, got.header("webhook-id").to_owned()));
    }
    affairs
}

/// What is wrong with what came.
fn faults(got: &[Got], affairs: usize, steps: usize) -> Vec<String> {
    let found = by_affair(got);
    let mut wrong = Vec::new();
    if found.len() != affairs {
        wrong.push(format!("{} affairs of {affairs}", found.len()));
    }
    for (affair, came) in found {
        if !came.is_sorted_by_key(|(step, _)| *step) {
            wrong.push(format!("{affair} out of order: {:?}", came.iter().map(|(step, _)| step).collect::<Vec<_>>()));
        }
        let mut ids: BTreeMap<usize, String> = BTreeMap::new();
        for (step, id) in came {
            let known = ids.entry(step).or_insert_with(|| id.clone());
            if *known != id {
                wrong.push(format!("{affair} step {step} came as {known} and as {id}"));
            }
        }
        let lost: Vec<usize> = (0..steps).filter(|step| !ids.contains_key(step)).collect();
        if !lost.is_empty() {
            wrong.push(format!("{affair} lost {lost:?}"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_receiver_and_service_are_killed_at_random() {
    let world = World::new().await;
    let dice = Ambient::new(SystemClock, SeededEntropy::new(20_261_130));
    let mut served = world.start().await;
    // One in four is cut off before it is read to its end, after it was taken, or refused.
    let mut receiver = Receiver::that(move |_| match dice.bytes::<1>()[0] {
        0..20 => Reply::BreakBefore,
        20..40 => Reply::BreakAfter,
        40..60 => Reply::Answer(503, ""),
        _ => Reply::Answer(200, ""),
    })
    .await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let mut tickets = Vec::new();
    for _ in 0..AFFAIRS {
        tickets.push(world.open("billing").await);
    }
    // Dice of their own: who asks the others first depends on the machine, and what is killed may not.
    let fate = Ambient::new(SystemClock, SeededEntropy::new(20_261_201));
    let (mut receivers, mut services) = (0, 0);
    for round in 0..STEPS {
        for ticket in &tickets {
            world.step(ticket, round..round + 1).await;
        }
        match fate.bytes::<1>()[0] % 4 {
            0 => {
                receivers += 1;
                receiver.die().await;
                tokio::time::sleep(Duration::from_millis(u64::from(fate.bytes::<1>()[0] / 8))).await;
                receiver.come_back().await;
            }
            1 => {
                services += 1;
                served.kill();
                served = world.start().await;
            }
            _ => {}
        }
    }
    assert!(receivers > 1 && services > 1, "{receivers} receivers and {services} services were killed");
    receiver.now(|_| Reply::Answer(200, ""));
    let got = eventually(SOON, || async {
        let got = receiver.got();
        let wrong = faults(&got, AFFAIRS, STEPS);
        if wrong.is_empty() { Ok(got) } else { Err(wrong) }
    })
    .await;
    let all: usize = by_affair(&got).values().map(Vec::len).sum();
    assert!(all > AFFAIRS * STEPS, "some came twice, or nothing was tried: {all}");
    world.shown_when(&served, &made.name, |shown| shown.waiting_count == 0).await;
    let dead = world.deliveries(&served, &made.name, proto::DeliveryState::Dead).await;
    assert!(dead.is_empty(), "{dead:?}");
    let lanes: i64 = sqlx::query_scalar("select count(*) from webhooks.lane").fetch_one(&world.admin).await.unwrap();
    assert_eq!(lanes, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_together_tell_each_affair_in_its_order() {
    let world = World::new().await;
    let (first, second) = (world.start().await, world.start().await);
    let dice = Ambient::new(SystemClock, SeededEntropy::new(5));
    let receiver = Receiver::that(move |_| match dice.bytes::<1>()[0] {
        0..40 => Reply::Answer(500, ""),
        _ => Reply::Answer(200, ""),
    })
    .await;
    world.subscribe(&first, &receiver).await;
    for _ in 0..AFFAIRS {
        let ticket = world.open("billing").await;
        world.step(&ticket, 0..STEPS).await;
    }
    eventually(SOON, || async {
        let wrong = faults(&receiver.got(), AFFAIRS, STEPS);
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    })
    .await;
    drop(second);
}

#[test]
fn the_check_sees_what_is_lost_out_of_order_or_renamed() {
    let came = |step: usize, id: &str| Got {
        line: String::new(),
        headers: BTreeMap::from([("webhook-id".to_owned(), id.to_owned())]),
        body: format!(r#"{{"id":"{id}","partitionkey":"tickets/1","data":{{"reason":"step_{step}"}}}}"#).into_bytes(),
    };
    assert!(faults(&[came(0, "a"), came(0, "a"), came(1, "b")], 1, 2).is_empty());
    assert_eq!(faults(&[came(0, "a")], 1, 2).len(), 1, "lost");
    assert_eq!(faults(&[came(1, "b"), came(0, "a")], 1, 2).len(), 1, "out of order");
    assert_eq!(faults(&[came(0, "a"), came(1, "b"), came(0, "a")], 1, 2).len(), 1, "an old one came late");
    assert_eq!(faults(&[came(0, "a"), came(0, "c"), came(1, "b")], 1, 2).len(), 1, "renamed");
    assert_eq!(faults(&[], 1, 2).len(), 1, "nothing");
}

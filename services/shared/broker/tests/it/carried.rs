//! Entries over the broker, once and in their order, whatever becomes of it.

use std::sync::Arc;

use futures::StreamExt as _;
use ledger::{Carried, Carrier as _, CarrierError};
use testkit::NatsServer;

use crate::scene::{Following, Marks, SOON, SOURCE, Source, kept_until, one_beat};
use crate::server::{broker, stranger};

#[tokio::test(flavor = "multi_thread")]
async fn entries_come_over_the_broker_once_and_in_order_though_nobody_reaches_the_ledger() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    source.write(5).await;
    source.hand_over(broker(&nats, "ticketing"));
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;
    source.cut().await;
    source.write(20).await;
    source.serve().await;
    following.has_all(&source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_keeps_no_word_of_anybody_and_who_reads_them_is_given_them_all_the_same() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    source.hand_over(broker(&nats, "ticketing"));
    let anybody = stranger(&nats).await;
    one_beat(&anybody).await;
    let reads = Marks { personal: true };
    following.start_as(&source, Some(Arc::new(broker(&nats, "customer-profile"))), reads);
    following.is_carried().await;
    source.write(9).await;
    for (position, bytes) in kept_until(&anybody, 9).await {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("palabras"), "{position}: {text}");
        assert!(text.contains("0af7651916cd43dd8448eb211c80319c"), "its trace goes along: {text}");
    }
    following.has_all(&source).await;
    let words: Vec<_> = following.applied().await.into_iter().filter_map(|(_, _, words)| words).collect();
    assert_eq!(words, ["palabras de 3", "palabras de 6", "palabras de 9"]);
    // They were asked for one by one, and the broker goes on.
    following.is_carried().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_is_brought_what_they_missed_from_their_own_position_on() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source) = (NatsServer::start().await, Source::open().await);
    source.hand_over(broker(&nats, "ticketing"));
    let anybody = stranger(&nats).await;
    one_beat(&anybody).await;
    source.write(30).await;
    let first = kept_until(&anybody, 30).await[0].0;
    for after in [0, 10, 29, 30] {
        // Beats come all the time: not to be brought an entry is to wait for it in vain.
        let brought = tokio::time::timeout(SOON, brought_up_to_thirty(&nats, after.max(first - 1))).await;
        assert_eq!(brought.expect("an entry is left out"), (first.max(after + 1)..=30).collect::<Vec<_>>());
    }
}

/// The positions that a service is brought after this one, up to the thirtieth, behind a first beat.
async fn brought_up_to_thirty(nats: &NatsServer, after: i64) -> Vec<i64> {
    let carrier = broker(nats, "sla-monitor");
    let mut brought = loop {
        match carrier.open(SOURCE, after).await {
            Ok(brought) => break brought,
            // On a busy machine a beat may be late: who follows asks again.
            Err(CarrierError::Silent) => {}
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(matches!(brought.next().await, Some(Carried::Beat(beat)) if beat.position == 30));
    let mut positions = Vec::new();
    while after < 30 && positions.last() != Some(&30) {
        if let Carried::Entry(entry) = brought.next().await.expect("the broker is there") {
            positions.push(entry.position);
        }
    }
    positions
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_words_is_given_none_by_either_way() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source) = (NatsServer::start().await, Source::open().await);
    source.hand_over(broker(&nats, "ticketing"));
    for carrier in [None, Some(broker(&nats, "sla-monitor"))] {
        let following = Following::new().await;
        following.start(&source, carrier);
        source.write(6).await;
        following.has_all(&source).await;
        assert!(following.applied().await.iter().all(|(_, _, words)| words.is_none()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    if !NatsServer::is_there() {
        return;
    }
    let (mut nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    source.hand_over(broker(&nats, "ticketing"));
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;
    for round in 0..3 {
        source.write(10).await;
        nats.kill();
        source.write(10).await;
        nats.up().await;
        source.write(10).await;
        following.has_all(&source).await;
        if round == 2 {
            following.hears_the_broker(&source).await;
        }
    }
    following.has_all(&source).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_forgot_everything_begins_anew_at_the_head() {
    if !NatsServer::is_there() {
        return;
    }
    let (mut nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    source.hand_over(broker(&nats, "ticketing"));
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;
    source.write(10).await;
    nats.kill();
    nats.lose_all();
    source.write(10).await;
    nats.up().await;
    following.hears_the_broker(&source).await;
    source.write(10).await;
    let head = source.ledger.position().await.unwrap().0;
    following.has_all(&source).await;
    let anybody = stranger(&nats).await;
    let kept = kept_until(&anybody, head).await;
    assert!(kept[0].0 > 10, "what was before is read from the ledger: {}", kept[0].0);
    assert!(kept.windows(2).all(|two| two[1].0 == two[0].0 + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_too_large_to_be_carried_comes_all_the_same() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    source.hand_over(broker(&nats, "ticketing"));
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;
    source.write(2).await;
    source.write_marked(&"x".repeat(2_000_000), None).await;
    source.write(2).await;
    let head = source.ledger.position().await.unwrap().0;
    following.has_all(&source).await;
    following.hears_the_broker(&source).await;
    let anybody = stranger(&nats).await;
    let kept = kept_until(&anybody, head).await;
    assert!(kept.windows(2).all(|two| two[1].0 == two[0].0 + 1), "it has its place in the stream");
    assert!(kept.iter().all(|(_, bytes)| bytes.len() < 600_000));
}

//! Who hands over, and what the broker then keeps.

use testkit::NatsServer;

use crate::scene::{Following, Source, kept_until, one_beat};
use crate::server::{broker, stranger};

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_leave_no_gap_and_double_nothing_and_either_may_die() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source) = (NatsServer::start().await, Source::open().await);
    let anybody = stranger(&nats).await;
    let first = source.hand_over(broker(&nats, "ticketing"));
    one_beat(&anybody).await;
    let second = source.hand_over(broker(&nats, "ticketing"));
    source.write(60).await;
    kept_until(&anybody, 60).await;
    first.cancel();
    source.write(60).await;
    kept_until(&anybody, 120).await;
    let third = source.hand_over(broker(&nats, "ticketing"));
    second.cancel();
    source.write(30).await;
    let kept: Vec<i64> = kept_until(&anybody, 150).await.into_iter().map(|(position, _)| position).collect();
    third.cancel();
    let whole: Vec<i64> = (kept[0]..=150).collect();
    assert_eq!(kept, whole);
    assert!(kept[0] <= 60, "it began with {}", kept[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_begin_together_on_an_empty_broker_leave_no_gap() {
    if !NatsServer::is_there() {
        return;
    }
    for _ in 0..3 {
        let (nats, source) = (NatsServer::start().await, Source::open().await);
        let anybody = stranger(&nats).await;
        for _ in 0..4 {
            source.hand_over(broker(&nats, "ticketing"));
        }
        source.write(80).await;
        one_beat(&anybody).await;
        source.write(20).await;
        let kept: Vec<i64> = kept_until(&anybody, 100).await.into_iter().map(|(position, _)| position).collect();
        assert_eq!(kept, (kept[0]..=100).collect::<Vec<i64>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_a_future_that_was_given_up_is_emptied_before_anybody_hears_of_it() {
    if !NatsServer::is_there() {
        return;
    }
    // The same ledger by name and key, as before and after a database is restored to an earlier instant.
    let (nats, given_up, restored) = (NatsServer::start().await, Source::open().await, Source::open().await);
    let anybody = stranger(&nats).await;
    let before = given_up.hand_over(broker(&nats, "ticketing"));
    one_beat(&anybody).await;
    given_up.write(30).await;
    let given_up = kept_until(&anybody, 30).await;
    before.cancel();

    restored.write(10).await;
    let following = Following::new().await;
    restored.hand_over(broker(&nats, "ticketing"));
    following.start(&restored, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&restored).await;
    restored.write(10).await;
    following.has_all(&restored).await;
    let head = restored.ledger.position().await.unwrap().0;
    let kept = kept_until(&anybody, head).await;
    assert_eq!(kept.last().unwrap().0, head);
    assert!(kept.iter().all(|entry| !given_up.contains(entry)), "what was given up is gone");
}

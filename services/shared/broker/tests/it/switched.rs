//! From the ledger's own feed to the broker and back, while entries are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use testkit::NatsServer;

use crate::scene::{Following, Source};
use crate::server::broker;

#[tokio::test(flavor = "multi_thread")]
async fn switching_to_the_broker_and_back_under_writes_loses_nothing_and_doubles_nothing() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Arc::new(Source::open().await), Following::new().await);
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (source, done) = (source.clone(), done.clone());
        async move {
            while !done.load(Ordering::SeqCst) {
                source.write(5).await;
            }
        }
    });
    let at_least = |count: i64| {
        let (following, source) = (&following, &source);
        async move {
            let goal = source.ledger.position().await.unwrap().0 + count;
            testkit::eventually(crate::scene::SOON, || async {
                let applied = following.standings.of(crate::scene::SOURCE).position;
                if applied >= goal { Ok(()) } else { Err(applied) }
            })
            .await;
        }
    };
    for round in 0..2 {
        let by_feed = following.start(&source, None);
        at_least(20).await;
        by_feed.cancel();
        let handing = source.hand_over(broker(&nats, "ticketing"));
        let by_broker = following.start(&source, Some(broker(&nats, "sla-monitor")));
        at_least(20).await;
        if round == 0 {
            // While one process goes and another comes, both follow.
            following.start(&source, None);
            at_least(20).await;
        }
        by_broker.cancel();
        handing.cancel();
    }
    done.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    source.hand_over(broker(&nats, "ticketing"));
    following.hears_the_broker(&source).await;
    following.has_all(&source).await;
}

//! A broker, and whoever has its passwords, is not believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_nats::jetstream;
use futures::stream::BoxStream;
use jiff::Timestamp;
use kernel::Ambient;
use ledger::{Carried, CarriedBeat, CarriedEntry, Carrier, CarrierError, Chained, entry_hash};
use testkit::{NatsServer, eventually};
use ventanilla_broker::Broker;
use ventanilla_proto::ledger::v1::{Entry, WatchRequest, watch_response};

use crate::scene::{Following, Marks, SOON, SOURCE, Source, kept_until, one_beat};
use crate::server::{broker, stranger};

fn headers(position: i64, hash: &[u8; 32], signature: &[u8], as_of: Option<Timestamp>) -> async_nats::HeaderMap {
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Ventanilla-Position", position.to_string());
    headers.insert("Ventanilla-Hash", hash_hex(hash));
    headers.insert("Ventanilla-Signature", hash_hex(signature));
    if let Some(as_of) = as_of {
        headers.insert("Ventanilla-As-Of", as_of.as_microsecond().to_string());
    }
    headers
}

/// The hash that makes an entry whole.
fn hash_of(entry: &Entry) -> [u8; 32] {
    let instant = |at: &Option<prost_types::Timestamp>| {
        let at = at.as_ref().unwrap();
        Timestamp::new(at.seconds, at.nanos).unwrap()
    };
    let actor = entry.actor.as_ref().unwrap();
    let chained = Chained {
        position: entry.position,
        entry_id: entry.entry_id.parse().unwrap(),
        aggregate: &entry.aggregate,
        kind: &entry.r#type,
        occurred_at: instant(&entry.occurred_time),
        recorded_at: instant(&entry.recorded_time),
        actor_kind: "employee",
        actor_id: &actor.id,
        actor_department: &actor.department,
        traceparent: &entry.traceparent,
        payload: &entry.payload,
        commitment: &entry.commitment,
    };
    entry_hash(&entry.prev_hash.as_slice().try_into().unwrap(), &chained)
}

fn hash_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_somebody_else_put_into_the_stream_is_never_applied_and_the_true_ones_are() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    let handing = source.hand_over(broker(&nats, "ticketing"));
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;
    let head = source.ledger.position().await.unwrap().0;
    let anybody = stranger(&nats).await;
    kept_until(&anybody, head).await;

    // What a forger can make who reads the stream: an entry in its right place, well chained, signed with a key of theirs.
    let forger = Source::open_with(9).await;
    forger.write_marked("forged", None).await;
    forger.ledger.sequence_waiting().await.unwrap();
    let mut feed = forger.feed().watch(WatchRequest { after_position: 0 }).await.unwrap().into_inner();
    let mut entry = loop {
        if let Some(watch_response::Item::Entry(entry)) = feed.message().await.unwrap().unwrap().item {
            break entry;
        }
    };
    entry.position = head + 1;
    entry.prev_hash = source.ledger.hash_at(head).await.unwrap().unwrap();
    entry.hash = hash_of(&entry).to_vec();
    let forged = CarriedEntry::sign(&forger.sealer, SOURCE, &entry, 1_000_000).unwrap();
    let jetstream = jetstream::new(anybody.clone());
    let sent = jetstream
        .publish_with_headers(
            "ventanilla.ledger.ticketing.entries",
            headers(forged.position, &forged.hash, &forged.signature, None),
            forged.body.clone().into(),
        )
        .await
        .unwrap();
    sent.await.unwrap();
    source.write(10).await;
    following.has_all(&source).await;
    assert!(following.applied().await.iter().all(|(_, mark, _)| !mark.contains("forged")));
    handing.cancel();

    // Whoever hands over next finds it, empties the stream, and the broker is of use again.
    source.hand_over(broker(&nats, "ticketing"));
    following.hears_the_broker(&source).await;
    following.has_all(&source).await;
}

/// Says beats again and again, as whoever may write to the broker can, until it is dropped.
struct Liar(tokio::task::JoinHandle<()>);

impl Liar {
    fn says(client: async_nats::Client, beat: impl Fn() -> async_nats::HeaderMap + Send + 'static) -> Self {
        let mut pace = tokio::time::interval(std::time::Duration::from_millis(50));
        Self(tokio::spawn(async move {
            loop {
                let sent = client.publish_with_headers("ventanilla.ledger.ticketing.beats", beat(), Vec::new().into());
                sent.await.unwrap();
                client.flush().await.unwrap();
                pace.tick().await;
            }
        }))
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A broker that counts how often it was asked to bring something.
struct Counted {
    broker: Broker,
    asked: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl Carrier for Counted {
    async fn open(&self, source: &'static str, after: i64) -> Result<BoxStream<'static, Carried>, CarrierError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.broker.open(source, after).await
    }
}

async fn believed(following: &Following, carried: bool) {
    let standings = &following.standings;
    eventually(SOON, || async move {
        let now = standings.of(SOURCE).carried;
        if now == carried { Ok(()) } else { Err(now) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beat_that_somebody_repeats_is_believed_once_and_keeps_nobody_from_the_ledger() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    let anybody = stranger(&nats).await;
    let handing = source.hand_over(broker(&nats, "ticketing"));
    let said = one_beat(&anybody).await.headers.unwrap();
    handing.cancel();
    // Nobody hands over any more, and somebody says so all the same.
    let _liar = Liar::says(anybody, move || said.clone());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Counted { broker: broker(&nats, "sla-monitor"), asked: Arc::clone(&asked) };
    following.start_as(&source, Some(Arc::new(counted)), Marks { personal: false });
    believed(&following, true).await;
    source.write(20).await;
    following.has_all(&source).await;
    believed(&following, false).await;
    source.write(20).await;
    following.has_all(&source).await;
    // It is heard again and again, and not believed.
    let before = asked.load(Ordering::SeqCst);
    eventually(SOON, || async {
        assert!(!following.standings.of(SOURCE).carried, "a beat was believed twice");
        let more = asked.load(Ordering::SeqCst) - before;
        if more > 2 { Ok(()) } else { Err(more) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beat_that_somebody_makes_up_is_not_believed_and_keeps_nobody_from_the_ledger() {
    if !NatsServer::is_there() {
        return;
    }
    let (nats, source, following) = (NatsServer::start().await, Source::open().await, Following::new().await);
    source.hand_over(broker(&nats, "ticketing"));
    following.start(&source, Some(broker(&nats, "sla-monitor")));
    following.hears_the_broker(&source).await;
    let forger = Source::open_with(9).await;
    let _liar = Liar::says(stranger(&nats).await, move || {
        let now = Ambient::system().now();
        let made_up = CarriedBeat::sign(&forger.sealer, SOURCE, 1_000, [1; 32], now);
        headers(1_000, &made_up.hash, &made_up.signature, Some(now))
    });
    believed(&following, false).await;
    source.write(20).await;
    following.has_all(&source).await;
}

//! A broker is not believed: whatever it does with what it was given, each entry is applied once, in its order, as its ledger has it.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use kernel::Ambient;
use proptest::prelude::*;
use seal::Sealer;
use ventanilla_ledger::{Carried, CarriedBeat, CarriedEntry, Carrier, CarrierError, Forged};
use ventanilla_proto::ledger::v1::Entry;

use crate::follower::{SOON, Scene};
use crate::support::{draft, filled, house, instant, write};
use testkit::eventually;

const WHOLE: usize = 1_000_000;

fn key(seed: u8) -> Arc<Ed25519KeyPair> {
    Arc::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap())
}

/// The entries of a ledger of ten, every third with a personal part.
async fn entries() -> Vec<Entry> {
    use ventanilla_ledger::Tail;
    let (_database, db) = house().await;
    let ledger = filled(&db, 10).await;
    let mut tail = std::pin::pin!(ledger.tail(0, true));
    match tail.next().await.unwrap().unwrap() {
        Tail::Entries(entries) => entries,
        Tail::CaughtUp { .. } => panic!("there are ten"),
    }
}

#[tokio::test]
async fn what_a_ledger_signed_is_read_back_without_a_word_of_anybody() {
    let key = key(1);
    let sealer = Sealer::new(key.clone());
    for entry in entries().await {
        let carried = CarriedEntry::sign(&sealer, "house", &entry, WHOLE).unwrap();
        assert!(!carried.body.windows(5).any(|bytes| bytes == "Núñ".as_bytes()), "a personal part is carried");
        let read = carried.open("house", key.public_key().as_ref()).unwrap().unwrap();
        assert_eq!(read, Entry { personal: vec![], salt: vec![], ..entry.clone() });
        // Of another ledger, or by another key, it is nothing.
        assert_eq!(carried.open("other", key.public_key().as_ref()), Err(Forged::Signature));
        assert_eq!(carried.open("house", self::key(2).public_key().as_ref()), Err(Forged::Signature));
        // One that is too large is a word of it.
        let word = CarriedEntry::sign(&sealer, "house", &entry, 10).unwrap();
        assert_eq!((word.body.len(), word.open("house", key.public_key().as_ref())), (0, Ok(None)));
    }
}

#[tokio::test]
async fn a_personal_part_that_somebody_slips_in_is_not_read() {
    use prost::Message as _;
    let key = key(1);
    let entry = entries().await.remove(0);
    let mut carried = CarriedEntry::sign(&Sealer::new(key.clone()), "house", &entry, WHOLE).unwrap();
    carried.body = Entry { personal: b"slipped in".to_vec(), salt: vec![1; 32], ..entry }.encode_to_vec();
    let read = carried.open("house", key.public_key().as_ref()).unwrap().unwrap();
    assert!(read.personal.is_empty() && read.salt.is_empty());
}

#[tokio::test]
async fn no_field_of_an_entry_can_be_changed_and_no_word_of_a_beat() {
    use prost::Message as _;
    let key = key(1);
    let (sealer, public) = (Sealer::new(key.clone()), key.public_key().as_ref().to_vec());
    let all = entries().await;
    let (entry, other) = (all[2].clone(), all[3].clone());
    let signed = CarriedEntry::sign(&sealer, "house", &entry, WHOLE).unwrap();
    let changes: [fn(&mut Entry, &Entry); 13] = [
        |e, _| e.position += 1,
        |e, o| e.entry_id.clone_from(&o.entry_id),
        |e, _| e.aggregate.push('x'),
        |e, _| e.r#type.push('x'),
        |e, _| e.occurred_time.as_mut().unwrap().seconds += 1,
        |e, _| e.recorded_time.as_mut().unwrap().nanos += 1_000,
        |e, _| e.actor.as_mut().unwrap().kind = 2,
        |e, _| e.actor.as_mut().unwrap().id.push('x'),
        |e, _| e.traceparent.clear(),
        |e, _| e.payload.push(0),
        |e, _| e.commitment.push(0),
        |e, o| e.prev_hash.clone_from(&o.prev_hash),
        |e, o| e.hash.clone_from(&o.hash),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = entry.clone();
        change(&mut changed, &other);
        let carried = CarriedEntry { body: changed.encode_to_vec(), ..signed.clone() };
        assert_eq!(carried.open("house", &public), Err(Forged::Entry), "change {number}");
    }
    for wrong in [
        CarriedEntry { position: 4, ..signed.clone() },
        CarriedEntry { hash: [0; 32], ..signed.clone() },
        CarriedEntry { signature: vec![], ..signed },
    ] {
        assert_eq!(wrong.open("house", &public), Err(Forged::Signature));
    }
    let beat = CarriedBeat::sign(&sealer, "house", 7, [7; 32], instant());
    assert_eq!(beat.check("house", &public), Ok(()));
    for (wrong, source) in [
        (CarriedBeat { position: 8, ..beat.clone() }, "house"),
        (CarriedBeat { hash: [8; 32], ..beat.clone() }, "house"),
        (CarriedBeat { as_of: Ambient::system().now(), ..beat.clone() }, "house"),
        (beat, "other"),
    ] {
        assert_eq!(wrong.check(source, &public), Err(Forged::Signature));
    }
}

/// A broker that says where the head is, again and again, and brings what it likes.
struct Sayer {
    brings: Vec<CarriedEntry>,
    head: Arc<Mutex<(i64, [u8; 32])>>,
    sealer: Sealer,
}

#[tonic::async_trait]
impl Carrier for Sayer {
    async fn open(&self, _: &'static str, _: i64) -> Result<BoxStream<'static, Carried>, CarrierError> {
        let (head, sealer) = (Arc::clone(&self.head), self.sealer.clone());
        let beat = move || {
            let (position, hash) = *head.lock().unwrap();
            Carried::Beat(CarriedBeat::sign(&sealer, "source", position, hash, Ambient::system().now()))
        };
        let brings = self.brings.clone();
        Ok(Box::pin(async_stream::stream! {
            let mut pace = tokio::time::interval(std::time::Duration::from_millis(20));
            yield beat();
            for entry in brings {
                yield Carried::Entry(entry);
            }
            loop {
                pace.tick().await;
                yield beat();
            }
        }))
    }
}

impl Scene {
    /// A follower that is served by a broker which brings this; answers what that says of the head.
    async fn served_by(&self, brings: Vec<CarriedEntry>) -> Arc<Mutex<(i64, [u8; 32])>> {
        let (position, hash) = self.source.position().await.unwrap();
        let head = Arc::new(Mutex::new((position, hash.try_into().unwrap())));
        let sayer = Sayer { brings, head: Arc::clone(&head), sealer: Sealer::new(self.key.clone()) };
        let follower = self.follower().carried_by(Some(Arc::new(sayer)));
        tokio::spawn(follower.run(self.feed.clone(), self.cancel.child_token()));
        head
    }

    async fn is_carried(&self) {
        eventually(SOON, || async { if self.standings.of("source").carried { Ok(()) } else { Err("not carried") } })
            .await;
    }
}

#[tokio::test]
async fn what_a_broker_leaves_out_is_read_from_the_ledger_once_it_was_told_of() {
    let scene = Scene::set().await;
    let head = scene.served_by(Vec::new()).await;
    scene.is_carried().await;
    for number in 1..=3 {
        scene.write("things/1", number, &format!("m{number}")).await;
        scene.source.sequence_waiting().await.unwrap();
        let (position, hash) = scene.source.position().await.unwrap();
        *head.lock().unwrap() = (position, hash.try_into().unwrap());
        scene.marks_until(|marks| marks.len() == usize::try_from(number).unwrap()).await;
        assert!(scene.standings.of("source").carried, "the broker says where the head is: it is heard on");
    }
}

#[tokio::test]
async fn an_entry_that_the_ledger_signed_in_a_future_it_gave_up_is_not_applied() {
    let (scene, given_up) = (Scene::set().await, Scene::set().await);
    for number in 1..=2 {
        scene.write("things/1", number, &format!("m{number}")).await;
        given_up.write("things/1", number, &format!("m{number} given up")).await;
    }
    given_up.write("things/1", 3, "m3 given up").await;
    let other = given_up.received(3).await[2].entry().clone();
    scene.received(2).await;
    let signed = CarriedEntry::sign(&Sealer::new(scene.key.clone()), "source", &other, WHOLE).unwrap();
    scene.served_by(vec![signed]).await;
    scene.marks_until(|marks| marks.len() == 2).await;
    scene.write("things/1", 3, "m3").await;
    assert_eq!(scene.marks_until(|marks| marks.len() >= 3).await, ["m1", "m2", "m3"]);
}

/// What a broker does next.
#[derive(Debug, Clone, Copy)]
enum Whim {
    /// Brings the entry at this place of all that there are.
    Bring(usize),
    /// Brings a word of it alone.
    Word(usize),
    /// Says where the head is.
    Beat,
    /// Says it again.
    Repeat,
    /// Brings an entry with another's body.
    Swap(usize, usize),
    /// Breaks off.
    End,
}

fn whim() -> impl Strategy<Value = Whim> {
    let place = 0_usize..40;
    prop_oneof![
        6 => place.clone().prop_map(Whim::Bring),
        1 => place.clone().prop_map(Whim::Word),
        3 => Just(Whim::Beat),
        1 => Just(Whim::Repeat),
        1 => (place.clone(), place).prop_map(|(one, other)| Whim::Swap(one, other)),
        1 => Just(Whim::End),
    ]
}

/// A broker that does as it pleases, each time it is asked something else, and brings nothing once its whims are over.
struct Capricious {
    entries: Vec<Entry>,
    sealer: Sealer,
    whims: Mutex<std::vec::IntoIter<Whim>>,
}

impl Capricious {
    fn beat(&self) -> CarriedBeat {
        let last = self.entries.last().unwrap();
        let hash = last.hash.as_slice().try_into().unwrap();
        CarriedBeat::sign(&self.sealer, "source", last.position, hash, Ambient::system().now())
    }

    fn entry(&self, place: usize, most: usize) -> CarriedEntry {
        CarriedEntry::sign(&self.sealer, "source", &self.entries[place % self.entries.len()], most).unwrap()
    }
}

#[tonic::async_trait]
impl Carrier for Capricious {
    async fn open(&self, _: &'static str, _: i64) -> Result<BoxStream<'static, Carried>, CarrierError> {
        let first = self.beat();
        let mut brought = vec![Carried::Beat(first.clone())];
        for whim in self.whims.lock().unwrap().by_ref() {
            brought.push(match whim {
                Whim::Bring(place) => Carried::Entry(self.entry(place, WHOLE)),
                Whim::Word(place) => Carried::Entry(self.entry(place, 0)),
                Whim::Beat => Carried::Beat(self.beat()),
                Whim::Repeat => Carried::Beat(first.clone()),
                Whim::Swap(one, other) => {
                    Carried::Entry(CarriedEntry { body: self.entry(other, WHOLE).body, ..self.entry(one, WHOLE) })
                }
                Whim::End => break,
            });
        }
        if brought.len() == 1 {
            return Err(CarrierError::Silent);
        }
        // One after the other, as over a wire.
        Ok(Box::pin(futures::stream::iter(brought).then(|one| async move {
            tokio::task::yield_now().await;
            one
        })))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_broker_brings_each_entry_is_applied_once_and_in_order(whims in prop::collection::vec(whim(), 0..120)) {
        tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
            let scene = Scene::set().await;
            let drafts: Vec<_> = (1..=40).map(|n| draft(&format!("things/{}", n % 3), n, &format!("m{n}"))).collect();
            write(scene.source.db(), &drafts).await;
            scene.source.sequence_waiting().await.unwrap();
            let entries = scene.received(40).await.into_iter().map(|received| received.entry().clone()).collect();
            let carrier = Capricious { entries, sealer: Sealer::new(scene.key.clone()), whims: Mutex::new(whims.into_iter()) };
            let follower = scene.follower().carried_by(Some(Arc::new(carrier)));
            tokio::spawn(follower.run(scene.feed.clone(), scene.cancel.child_token()));
            let marks = scene.marks_until(|marks| marks.len() >= 40).await;
            assert_eq!(marks, (1..=40).map(|n| format!("m{n}")).collect::<Vec<_>>());
            // And what is written afterwards, whatever the broker does then.
            scene.write("things/1", 41, "m41").await;
            eventually(SOON, || async {
                let marks = scene.marks().await;
                if marks.last().is_some_and(|mark| mark == "m41") && marks.len() == 41 { Ok(()) } else { Err(marks.len()) }
            })
            .await;
            scene.cancel.cancel();
        });
    }
}

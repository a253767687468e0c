//! Delivered at least once, in effect exactly once; a poison entry parks its aggregate alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::SignedDuration;
use jiff::civil::date;
use kernel::Ambient;
use postgres::{Db, Tx};
use sqlx::Row;
use telemetry::testing::{Lines, alone};
use testkit::{Database, Surroundings, eventually};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use ventanilla_ledger::months::begin;
use ventanilla_ledger::{
    Applying, Feed, Follower, FollowerError, Ledger, Reaction, ReactionError, Received, Standings,
};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;
use ventanilla_proto::ledger::v1::{WatchRequest, watch_response};

use crate::support::{draft, house, personal_draft, write};

/// Writes every mark it sees, and refuses entries marked `poison` while it is told to.
pub struct Marks {
    refuses: Arc<AtomicBool>,
}

#[tonic::async_trait]
impl Reaction for Marks {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let Some(payload) = entry.payload::<AccessDenied>()? else { return Ok(()) };
        sqlx::query("insert into mark (position, aggregate, mark) values ($1, $2, $3)")
            .bind(entry.position())
            .bind(entry.aggregate())
            .bind(&payload.method)
            .execute(&mut **tx)
            .await?;
        if payload.method == "poison" && self.refuses.load(Ordering::SeqCst) {
            return Err(ReactionError::Refused("poison"));
        }
        Ok(())
    }
}

/// A source with its feed on a port, and a follower's own schema.
pub struct Scene {
    pub source: Ledger,
    pub feed: LedgerServiceClient<Channel>,
    pub key: Arc<Ed25519KeyPair>,
    follower_db: Db,
    refuses: Arc<AtomicBool>,
    pub standings: Standings,
    pub cancel: CancellationToken,
    _databases: [Database; 2],
}

impl Scene {
    pub async fn set() -> Self {
        let (source_database, source_db) = house().await;
        let (follower_database, follower_db) = house().await;
        sqlx::query("create table house.mark (position bigint, aggregate text, mark text)")
            .execute(&follower_database.admin().await)
            .await
            .unwrap();
        let source = Ledger::open(source_db, "source");
        let cancel = CancellationToken::new();
        tokio::spawn(source.clone().sequence(cancel.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let key = Arc::new(Ed25519KeyPair::from_seed_unchecked(&[2; 32]).unwrap());
        let feed = Feed::new(source.clone(), Ambient::system(), |_| true).signing_with(key.public_key().as_ref());
        tokio::spawn(
            Server::builder()
                .add_service(LedgerServiceServer::new(feed))
                .serve_with_incoming(TcpIncoming::from(listener)),
        );
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
        Self {
            source,
            feed: LedgerServiceClient::new(channel),
            key,
            follower_db,
            refuses: Arc::new(AtomicBool::new(true)),
            standings: Standings::new(&["source"]),
            cancel,
            _databases: [source_database, follower_database],
        }
    }

    pub fn follower(&self) -> Follower<Marks> {
        self.follower_by(Ambient::system())
    }

    /// One that goes by this clock.
    fn follower_by(&self, ambient: Ambient) -> Follower<Marks> {
        let own = Ledger::open(self.follower_db.clone(), "own");
        let marks = Marks { refuses: self.refuses.clone() };
        Follower::new(own, "source", marks, ambient, self.standings.clone())
    }

    /// Waits until the source has beaten twice more, so that whatever is done at a beat is done.
    async fn beats(&self) {
        for _ in 0..2 {
            let before = self.standings.of("source").as_of;
            eventually(SOON, || async {
                let heard = self.standings.of("source").as_of;
                if heard > before { Ok(()) } else { Err(heard) }
            })
            .await;
        }
    }

    fn start_follower(&self) -> CancellationToken {
        let cancel = self.cancel.child_token();
        tokio::spawn(self.follower().run(self.feed.clone(), cancel.clone()));
        cancel
    }

    pub async fn write(&self, aggregate: &str, number: u128, mark: &str) {
        write(self.source.db(), &[draft(aggregate, number, mark)]).await;
        self.source.nudge();
    }

    pub async fn marks(&self) -> Vec<String> {
        let rows =
            sqlx::query("select mark from mark order by position").fetch_all(self.follower_db.reader()).await.unwrap();
        rows.iter().map(|r| r.get(0)).collect()
    }

    /// Waits until `holds` is true of the marks, and gives them.
    pub async fn marks_until(&self, holds: impl Fn(&[String]) -> bool) -> Vec<String> {
        let holds = &holds;
        eventually(SOON, || async move {
            let marks = self.marks().await;
            if holds(&marks) { Ok(marks) } else { Err(marks) }
        })
        .await
    }

    /// Every entry of the source, as a follower receives them.
    pub async fn received(&self, count: usize) -> Vec<Received> {
        let mut stream = self.feed.clone().watch(WatchRequest { after_position: 0 }).await.unwrap().into_inner();
        let mut all = Vec::new();
        while all.len() < count {
            if let Some(watch_response::Item::Entry(entry)) = stream.message().await.unwrap().unwrap().item {
                all.push(Received::read(entry).unwrap());
            }
        }
        all
    }
}

pub const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn entries_arrive_in_order_and_the_standing_says_caught_up() {
    let scene = Scene::set().await;
    scene.start_follower();
    for number in 1..=20 {
        scene.write("things/1", number, &number.to_string()).await;
    }
    scene.marks_until(|marks| marks.len() == 20).await;
    let expected: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
    assert_eq!(scene.marks().await, expected);
    eventually(SOON, || async {
        let standing = scene.standings.of("source");
        if standing.as_of.is_some() && standing.position == 20 { Ok(()) } else { Err(standing) }
    })
    .await;
    assert!(scene.standings.of("source").connected);
}

#[tokio::test]
async fn two_followers_and_restarts_apply_every_entry_once() {
    let scene = Scene::set().await;
    for round in 0..5_u128 {
        let followers = [scene.start_follower(), scene.start_follower()];
        for number in 1..=10 {
            scene.write("things/1", round * 10 + number, &(round * 10 + number).to_string()).await;
        }
        scene.marks_until(|marks| !marks.is_empty()).await;
        followers.iter().for_each(CancellationToken::cancel);
    }
    scene.start_follower();
    scene.marks_until(|marks| marks.len() >= 50).await;
    let expected: Vec<String> = (1..=50).map(|n| n.to_string()).collect();
    assert_eq!(scene.marks().await, expected);
}

#[tokio::test]
async fn duplicates_change_nothing_and_a_gap_is_an_error() {
    let scene = Scene::set().await;
    for number in 1..=4 {
        scene.write("things/1", number, &number.to_string()).await;
    }
    let entries = scene.received(4).await;
    let follower = scene.follower();
    follower.apply(&entries[..2]).await.unwrap();
    follower.apply(&entries[..2]).await.unwrap();
    let refused = follower.apply(&entries[3..]).await.unwrap_err();
    assert!(matches!(refused, FollowerError::Gap { cursor: 2, position: 4 }), "{refused}");
    follower.apply(&entries).await.unwrap();
    assert_eq!(scene.marks().await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn what_stands_before_a_gap_is_applied_before_the_gap_is_reported() {
    let scene = Scene::set().await;
    for number in 1..=4 {
        scene.write("things/1", number, &number.to_string()).await;
    }
    let mut entries = scene.received(4).await;
    entries.remove(2);
    let refused = scene.follower().apply(&entries).await.unwrap_err();
    assert!(matches!(refused, FollowerError::Gap { cursor: 2, position: 4 }), "{refused}");
    assert_eq!(scene.marks().await, ["1", "2"]);
}

#[tokio::test]
async fn a_poison_entry_parks_its_aggregate_and_is_released_in_order() {
    let scene = Scene::set().await;
    scene.start_follower();
    for (number, aggregate, mark) in
        [(1, "things/a", "a1"), (2, "things/p", "poison"), (3, "things/p", "p2"), (4, "things/a", "a2")]
    {
        scene.write(aggregate, number, mark).await;
    }
    scene.marks_until(|marks| marks.len() == 2).await;
    assert_eq!(scene.marks().await, ["a1", "a2"], "the other aggregate goes on, the failed effect left nothing");
    scene.write("things/p", 5, "p3").await;
    scene.write("things/a", 6, "a3").await;
    scene.marks_until(|marks| marks.len() == 3).await;

    let follower = scene.follower();
    assert!(follower.release("things/p").await.is_err(), "the cause is not mended yet");
    scene.refuses.store(false, Ordering::SeqCst);
    assert_eq!(follower.release("things/p").await.unwrap(), 3);
    assert_eq!(scene.marks().await, ["a1", "poison", "p2", "a2", "p3", "a3"]);
    scene.write("things/p", 7, "p4").await;
    scene.marks_until(|marks| marks.len() == 7).await;
}

#[tokio::test]
async fn the_line_of_a_parked_entry_has_the_trace_id_of_what_wrote_it_also_where_warnings_alone_are_logged() {
    if !alone(
        "follower::the_line_of_a_parked_entry_has_the_trace_id_of_what_wrote_it_also_where_warnings_alone_are_logged",
    ) {
        return;
    }
    let lines = Lines::of("warn");
    let scene = Scene::set().await;
    scene.start_follower();
    scene.write("things/p", 1, "poison").await;
    scene.write("things/a", 2, "a1").await;
    scene.marks_until(|marks| marks == ["a1"]).await;
    let line = lines.with(&["an entry cannot be applied", "things/p"]).expect("it is told");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["span"]["name"], "ledger.apply");
    assert_eq!(line["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c", "{line}");
}

#[tokio::test]
async fn who_begins_to_follow_tries_what_is_parked_and_leaves_what_still_cannot_be_applied() {
    let scene = Scene::set().await;
    let first = scene.start_follower();
    for (number, aggregate, mark) in
        [(1, "things/p", "poison"), (2, "things/p", "p2"), (3, "things/q", "poison"), (4, "things/a", "a1")]
    {
        scene.write(aggregate, number, mark).await;
    }
    scene.marks_until(|marks| marks == ["a1"]).await;
    first.cancel();

    // Started anew and no wiser: all stays where it is, and what comes is applied all the same.
    let second = scene.start_follower();
    scene.write("things/a", 5, "a2").await;
    scene.write("things/p", 6, "p3").await;
    scene.marks_until(|marks| marks == ["a1", "a2"]).await;
    second.cancel();

    scene.refuses.store(false, Ordering::SeqCst);
    scene.start_follower();
    scene.marks_until(|marks| marks.len() == 6).await;
    assert_eq!(scene.marks().await, ["poison", "p2", "poison", "a1", "a2", "p3"]);
    let left: i64 =
        sqlx::query_scalar("select count(*) from ledger_parked").fetch_one(scene.follower_db.reader()).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_is_parked_is_tried_anew_every_ten_minutes_by_who_goes_on_following() {
    let scene = Scene::set().await;
    let time = Surroundings::default();
    tokio::spawn(scene.follower_by(time.ambient.clone()).run(scene.feed.clone(), scene.cancel.clone()));
    for (number, aggregate, mark) in [(1, "things/p", "poison"), (2, "things/p", "p2"), (3, "things/a", "a1")] {
        scene.write(aggregate, number, mark).await;
    }
    scene.marks_until(|marks| marks == ["a1"]).await;
    // Tried at the tenth minute and no wiser: it stays, and goes on being tried.
    time.advance(SignedDuration::from_mins(10));
    scene.beats().await;
    scene.refuses.store(false, Ordering::SeqCst);
    time.advance(SignedDuration::from_secs(599));
    scene.beats().await;
    assert_eq!(scene.marks().await, ["a1"], "not before its time");
    time.advance(SignedDuration::from_secs(1));
    scene.marks_until(|marks| marks.len() == 3).await;
    assert_eq!(scene.marks().await, ["poison", "p2", "a1"]);
}

#[tokio::test]
async fn a_cursor_beyond_the_head_is_refused() {
    let scene = Scene::set().await;
    let refused = scene.feed.clone().watch(WatchRequest { after_position: 5 }).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::OutOfRange);
    assert!(refused.message().contains("POSITION_AHEAD"));
}

#[tokio::test]
async fn who_follows_from_before_what_is_archived_is_told_so_and_is_never_given_what_comes_after_instead() {
    let mut scene = Scene::set().await;
    write(scene.source.db(), &[draft("things/1", 1, "a"), draft("things/1", 2, "b")]).await;
    scene.source.sequence_waiting().await.unwrap();
    begin(scene.source.db(), date(2031, 1, 1)).await.unwrap();
    write(scene.source.db(), &[draft("things/1", 3, "c")]).await;
    scene.source.sequence_waiting().await.unwrap();
    sqlx::raw_sql("alter table ledger detach partition ledger_from_1; update ledger_month set archived_at = now() where first_position = 1")
        .execute(scene.source.db().reader())
        .await
        .unwrap();
    for after_position in [0, 1] {
        let status = scene.feed.watch(WatchRequest { after_position }).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::OutOfRange);
        assert!(status.message().starts_with("LEDGER_ARCHIVED") && status.message().ends_with("is 3"), "{status:?}");
    }
    let mut watched = scene.feed.watch(WatchRequest { after_position: 2 }).await.unwrap().into_inner();
    let first = watched.message().await.unwrap().unwrap();
    assert!(matches!(first.item, Some(watch_response::Item::Entry(entry)) if entry.position == 3));
}

#[tokio::test]
async fn personal_parts_go_to_services_and_nobody_else() {
    let (_database, db) = house().await;
    let ledger = Ledger::open(db.clone(), "house");
    write(&db, &[personal_draft("things/1", 1, "Señora Núñez")]).await;
    ledger.sequence_waiting().await.unwrap();
    for (service, parts) in [(true, 1), (false, 0)] {
        let mut tail = Box::pin(ledger.tail(0, service));
        let Some(Ok(ventanilla_ledger::Tail::Entries(entries))) = futures::StreamExt::next(&mut tail).await else {
            panic!("an entry is there");
        };
        assert_eq!(entries.iter().filter(|e| !e.personal.is_empty()).count(), parts);
        assert!(!entries[0].commitment.is_empty());
    }
}

/// Remembers what it was given together; runs entries of the types that begin with `run.`, and refuses an aggregate named `poison`.
#[derive(Clone, Default)]
struct Runs(Arc<std::sync::Mutex<Vec<Vec<i64>>>>);

impl Runs {
    fn take(&self, entries: &[&Received]) -> Result<(), ReactionError> {
        if entries.iter().any(|entry| entry.aggregate() == "poison") {
            return Err(ReactionError::Refused("poison"));
        }
        self.0.lock().unwrap().push(entries.iter().map(|entry| entry.position()).collect());
        Ok(())
    }
}

#[tonic::async_trait]
impl Reaction for Runs {
    async fn apply(&self, _: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        self.take(&[entry])
    }

    fn runs(&self, entry: &Received) -> bool {
        entry.kind().starts_with("run.")
    }

    async fn apply_run(&self, _: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        self.take(&run.iter().map(|each| each.entry).collect::<Vec<_>>())
    }
}

fn entry(position: i64, kind: &str, aggregate: &str) -> Received {
    let time = prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 };
    let actor = ventanilla_proto::r#type::v1::Actor {
        kind: ventanilla_proto::r#type::v1::ActorKind::System.into(),
        id: "system".to_owned(),
        department: String::new(),
    };
    Received::read(ventanilla_proto::ledger::v1::Entry {
        position,
        entry_id: uuid::Uuid::from_u128(u128::try_from(position).unwrap()).to_string(),
        aggregate: aggregate.to_owned(),
        r#type: kind.to_owned(),
        occurred_time: Some(time),
        recorded_time: Some(time),
        actor: Some(actor),
        ..Default::default()
    })
    .unwrap()
}

async fn applied(of: &[(&str, &str)]) -> Vec<Vec<i64>> {
    let (_database, db) = house().await;
    let runs = Runs::default();
    let follower =
        Follower::new(Ledger::open(db, "own"), "source", runs.clone(), Ambient::system(), Standings::new(&["source"]));
    let entries: Vec<Received> =
        (1..).zip(of).map(|(position, (kind, aggregate))| entry(position, kind, aggregate)).collect();
    follower.apply(&entries).await.unwrap();
    runs.0.lock().unwrap().clone()
}

#[tokio::test]
async fn neighbours_of_one_type_and_many_aggregates_are_applied_together_and_nothing_changes_places() {
    let together = applied(&[
        ("run.a", "1"),
        ("run.a", "2"),
        ("run.b", "3"),
        ("run.b", "4"),
        ("run.b", "3"), // what was told of 3 comes first
        ("single", "5"),
        ("single", "6"),
        ("run.a", "7"),
        ("single", "8"),
        ("run.a", "9"),
        ("run.a", "10"),
    ])
    .await;
    assert_eq!(together, [vec![1, 2], vec![3, 4], vec![5], vec![6], vec![7], vec![8], vec![9], vec![10, 11]]);
}

#[tokio::test]
async fn one_poison_entry_of_a_run_parks_its_own_aggregate_alone() {
    let applied = applied(&[("run.a", "1"), ("run.a", "poison"), ("run.a", "2"), ("run.a", "poison")]).await;
    assert_eq!(applied, [vec![1], vec![3]]);
}

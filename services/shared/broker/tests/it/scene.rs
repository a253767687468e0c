//! A ledger with its feed, who hands it over, and who follows it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use futures::StreamExt as _;
use kernel::{Actor, ActorKind, Ambient};
use ledger::{Carrier, Draft, Feed, Follower, Ledger, Reaction, ReactionError, Received, Stamp, Standings, append};
use postgres::{Db, Tx};
use seal::Sealer;
use sqlx::Row as _;
use sqlx::migrate::Migrator;
use testkit::{Database, eventually};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use uuid::Uuid;
use ventanilla_broker::{Broker, Handing};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;
use ventanilla_proto::ticketing::v1::MessageAddedPersonal;

/// How long anything may take that happens by itself; nothing here takes more than seconds.
pub const SOON: Duration = Duration::from_secs(40);
/// The ledger's name.
pub const SOURCE: &str = "ticketing";

/// Writes every mark it sees, with the words of the personal part where it reads them.
pub struct Marks {
    pub personal: bool,
}

#[tonic::async_trait]
impl Reaction for Marks {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let Some(payload) = entry.payload::<AccessDenied>()? else { return Ok(()) };
        let words = entry.personal::<MessageAddedPersonal>().map(|personal| personal.body);
        sqlx::query("insert into mark (position, mark, words) values ($1, $2, $3)")
            .bind(entry.position())
            .bind(&payload.method)
            .bind(words)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    fn reads_personal(&self) -> bool {
        self.personal
    }
}

/// A ledger in a database of its own, served over gRPC until that is cut.
pub struct Source {
    pub ledger: Ledger,
    pub sealer: Sealer,
    key: Vec<u8>,
    at: SocketAddr,
    serving: std::sync::Mutex<Option<JoinHandle<()>>>,
    number: AtomicU32,
    cancel: CancellationToken,
    _database: Database,
}

impl Source {
    pub async fn open() -> Self {
        Self::open_with(2).await
    }

    /// One that signs with another key.
    pub async fn open_with(seed: u8) -> Self {
        let database = Database::fresh("house", &Migrator::DEFAULT).await;
        let ledger = Ledger::open(database.db().await, SOURCE);
        let cancel = CancellationToken::new();
        tokio::spawn(ledger.clone().sequence(cancel.clone()));
        let key = Arc::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = Self {
            key: key.public_key().as_ref().to_vec(),
            sealer: Sealer::new(key),
            ledger,
            at: listener.local_addr().unwrap(),
            serving: std::sync::Mutex::default(),
            number: AtomicU32::new(0),
            cancel,
            _database: database,
        };
        source.serve_on(listener);
        source
    }

    fn serve_on(&self, listener: TcpListener) {
        let feed = Feed::new(self.ledger.clone(), Ambient::system(), |_| true).signing_with(&self.key);
        let serving = Server::builder()
            .add_service(LedgerServiceServer::new(feed))
            .serve_with_incoming(TcpIncoming::from(listener));
        let serving = tokio::spawn(async move { serving.await.unwrap() });
        *self.serving.lock().unwrap() = Some(serving);
    }

    /// Nobody reaches the ledger over gRPC any more, and what was open breaks. Begins again with [`Self::serve`].
    pub async fn cut(&self) {
        let serving = self.serving.lock().unwrap().take().expect("it is served");
        serving.abort();
        let _ = serving.await;
    }

    /// Serves the ledger again, where it was.
    pub async fn serve(&self) {
        let listener = eventually(SOON, || TcpListener::bind(self.at)).await;
        self.serve_on(listener);
    }

    /// A way to its feed.
    pub fn feed(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(Channel::from_shared(format!("http://{}", self.at)).unwrap().connect_lazy())
    }

    /// Writes so many entries, each in a transaction of its own; every third about somebody, in words.
    pub async fn write(&self, count: u32) {
        for _ in 0..count {
            let number = self.number.fetch_add(1, Ordering::SeqCst) + 1;
            self.write_marked(&format!("m{number}"), number.is_multiple_of(3).then(|| format!("palabras de {number}")))
                .await;
        }
    }

    pub async fn write_marked(&self, mark: &str, words: Option<String>) {
        let payload = AccessDenied { method: mark.to_owned(), ..AccessDenied::default() };
        let actor = Actor { kind: ActorKind::Employee, id: "agent-1".into(), department: None };
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let stamp = Stamp::of(actor, Ambient::system().now(), traceparent.into());
        let mut draft = Draft::new(Uuid::new_v4(), "things/1", &payload, &stamp);
        if let Some(body) = words {
            draft = draft.with_personal(&MessageAddedPersonal { body, ..Default::default() }, [7; 32]);
        }
        let mut tx = self.ledger.db().tx().await.unwrap();
        append(&mut tx, &[draft]).await.unwrap();
        tx.commit().await.unwrap();
        self.ledger.nudge();
    }

    /// Hands it over, as one replica does.
    pub fn hand_over(&self, broker: Broker) -> CancellationToken {
        let cancel = self.cancel.child_token();
        let handing = Handing::new(broker, self.ledger.clone(), self.sealer.clone(), Ambient::system());
        tokio::spawn(handing.run(cancel.clone()));
        cancel
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// A service that follows, with a database of its own.
pub struct Following {
    pub db: Db,
    pub standings: Standings,
    _database: Database,
}

impl Following {
    pub async fn new() -> Self {
        let database = Database::fresh("house", &Migrator::DEFAULT).await;
        sqlx::query(
            "create table house.mark (position bigint, mark text, words text, n bigint generated always as identity)",
        )
        .execute(&database.admin().await)
        .await
        .unwrap();
        Self { db: database.db().await, standings: Standings::new(&[SOURCE]), _database: database }
    }

    /// Follows until it is cancelled, as a process does from its start to its end.
    pub fn start(&self, source: &Source, carrier: Option<Broker>) -> CancellationToken {
        self.start_as(source, carrier.map(|broker| Arc::new(broker) as Arc<dyn Carrier>), Marks { personal: false })
    }

    pub fn start_as(&self, source: &Source, carrier: Option<Arc<dyn Carrier>>, marks: Marks) -> CancellationToken {
        let own = Ledger::open(self.db.clone(), "own");
        let follower = Follower::new(own, SOURCE, marks, Ambient::system(), self.standings.clone()).carried_by(carrier);
        let cancel = source.cancel.child_token();
        tokio::spawn(follower.run(source.feed(), cancel.clone()));
        cancel
    }

    /// Waits until a broker brings the entries.
    pub async fn is_carried(&self) {
        let carried = || async { if self.standings.of(SOURCE).carried { Ok(()) } else { Err("nothing is carried") } };
        eventually(SOON, carried).await;
    }

    /// What was applied, in the order in which it was.
    pub async fn applied(&self) -> Vec<(i64, String, Option<String>)> {
        let rows =
            sqlx::query("select position, mark, words from mark order by n").fetch_all(self.db.reader()).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }

    /// Waits until everything that was written is applied, and holds it against the ledger: each entry once, in its order.
    pub async fn has_all(&self, source: &Source) {
        eventually(SOON, || async { self.misses(source).await }).await;
        let rows = sqlx::query("select position, payload from ledger order by position")
            .fetch_all(source.ledger.db().reader())
            .await
            .unwrap();
        let written: Vec<(i64, String)> = rows
            .iter()
            .map(|row| {
                let payload: Vec<u8> = row.get(1);
                let payload: AccessDenied = prost::Message::decode(payload.as_slice()).unwrap();
                (row.get(0), payload.method)
            })
            .collect();
        let applied: Vec<(i64, String)> =
            self.applied().await.into_iter().map(|(position, mark, _)| (position, mark)).collect();
        assert_eq!(applied, written, "each entry once, in its order");
    }

    /// Waits until entries come over the broker: with the ledger's own feed cut, one that is written then can come in no other way.
    /// The feed is open again afterwards.
    pub async fn hears_the_broker(&self, source: &Source) {
        let began = Instant::now();
        loop {
            self.is_carried().await;
            source.cut().await;
            source.write(1).await;
            let came = tokio::time::timeout(Duration::from_secs(3), async {
                eventually(SOON, || async { self.misses(source).await }).await;
            });
            let came = came.await;
            source.serve().await;
            // A line that was about to break when the feed was cut is made anew.
            match came {
                Ok(()) => return,
                Err(_) => {
                    assert!(began.elapsed() < SOON, "nothing came over the broker: {:?}", self.misses(source).await)
                }
            }
        }
    }

    /// What was written and is not applied here.
    async fn misses(&self, source: &Source) -> Result<(), (i64, i64, i64)> {
        let waiting: i64 = sqlx::query_scalar("select count(*) from ledger_inbox")
            .fetch_one(source.ledger.db().reader())
            .await
            .unwrap();
        let (head, _) = source.ledger.position().await.unwrap();
        let applied = i64::try_from(self.applied().await.len()).unwrap();
        if waiting == 0 && applied == head { Ok(()) } else { Err((waiting, head, applied)) }
    }
}

/// Everything that the broker keeps of the ledger: positions in the order of the stream, and all bytes of every message.
pub async fn kept(client: &async_nats::Client) -> Option<Vec<(i64, Vec<u8>)>> {
    let jetstream = jetstream::new(client.clone());
    let mut stream = jetstream.get_stream("ventanilla-ledger-ticketing").await.ok()?;
    let state = stream.info().await.ok()?.state.clone();
    let mut kept = Vec::new();
    for sequence in state.first_sequence..=state.last_sequence {
        if state.messages == 0 {
            break;
        }
        let raw = stream.get_raw_message(sequence).await.ok()?;
        let position = raw.headers.get("Ventanilla-Position")?.as_str().parse().ok()?;
        let mut bytes = format!("{:?}", raw.headers).into_bytes();
        bytes.extend_from_slice(&raw.payload);
        kept.push((position, bytes));
    }
    Some(kept)
}

/// Waits until the broker keeps the ledger up to a position, and gives what it keeps.
pub async fn kept_until(client: &async_nats::Client, until: i64) -> Vec<(i64, Vec<u8>)> {
    eventually(SOON, || async {
        let kept = kept(client).await.unwrap_or_default();
        if kept.last().is_some_and(|(position, _)| *position >= until) { Ok(kept) } else { Err(kept.len()) }
    })
    .await
}

/// The beats of the ledger, as anybody may hear them.
pub async fn beats(client: &async_nats::Client) -> async_nats::Subscriber {
    client.subscribe("ventanilla.ledger.ticketing.beats").await.unwrap()
}

/// Waits for one beat.
pub async fn one_beat(client: &async_nats::Client) -> async_nats::Message {
    let mut beats = beats(client).await;
    tokio::time::timeout(SOON, beats.next()).await.expect("somebody beats").expect("the broker is there")
}

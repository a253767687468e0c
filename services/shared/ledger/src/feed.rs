//! Serves a ledger to its followers.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use jiff::Timestamp;
use kernel::Ambient;
use postgres::StoreError;
use sqlx::Row;
use tonic::{Code, Request, Response, Status};
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerService;
use ventanilla_proto::ledger::v1::{
    Entry, GetHeadRequest, GetStepsRequest, Head, Heartbeat, Steps, WatchRequest, WatchResponse, watch_response,
};

use crate::rows;
use crate::sequencer::Ledger;
use crate::steps::Affairs;

/// Entries read in one statement at most.
const PAGE: i64 = 500;
/// How often a quiet stream says where the head is.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What a tail of the ledger gives.
#[derive(Debug)]
pub enum Tail {
    /// The next entries, in order, at least one.
    Entries(Vec<Entry>),
    /// Nothing is left after the last entries: the head as it was then.
    CaughtUp {
        /// Position of the last entry.
        head: i64,
    },
}

impl Ledger {
    /// Entries after a position and then new ones as they are sequenced; never ends by itself.
    pub fn tail(&self, after: i64, personal: bool) -> impl Stream<Item = Result<Tail, StoreError>> + Send + 'static {
        let (db, mut head) = (self.db().clone(), self.head());
        async_stream::try_stream! {
            let mut position = after;
            loop {
                head.mark_unchanged();
                let entries = rows::after(db.reader(), position, PAGE, personal).await?;
                if entries.first().is_some_and(|first| first.position != position + 1) {
                    // What comes next is archived: nobody is to go on without knowing.
                    Err(StoreError::corrupt("ledger", "position", position + 1))?;
                }
                if let Some(last) = entries.last() {
                    position = last.position;
                    let full = entries.len() as i64 == PAGE;
                    yield Tail::Entries(entries);
                    if full {
                        continue;
                    }
                }
                yield Tail::CaughtUp { head: position };
                // The sequencer of this process wakes us; another process's is met by the poll.
                let _ = tokio::time::timeout(HEARTBEAT, head.changed()).await;
            }
        }
    }
}

/// The gRPC face of a [`Ledger`].
pub struct Feed {
    ledger: Ledger,
    ambient: Ambient,
    sees_personal: fn(&tonic::Extensions) -> bool,
    verifying_key: Vec<u8>,
    affairs: Option<Arc<dyn Affairs>>,
}

impl Feed {
    /// Serves `ledger`; `sees_personal` says from a request's extensions whether the caller is a
    /// service of the suite, which alone is given personal parts.
    pub fn new(ledger: Ledger, ambient: Ambient, sees_personal: fn(&tonic::Extensions) -> bool) -> Self {
        Self { ledger, ambient, sees_personal, verifying_key: Vec::new(), affairs: None }
    }

    /// Tells the public key (Ed25519) of what this ledger signs.
    #[must_use]
    pub fn signing_with(self, verifying_key: &[u8]) -> Self {
        Self { verifying_key: verifying_key.to_vec(), ..self }
    }

    /// Tells the steps of affairs; without this no entry belongs to one.
    #[must_use]
    pub fn telling_of(self, affairs: Arc<dyn Affairs>) -> Self {
        Self { affairs: Some(affairs), ..self }
    }
}

type Answers = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

#[tonic::async_trait]
impl LedgerService for Feed {
    type WatchStream = Answers;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Answers>, Status> {
        let personal = (self.sees_personal)(request.extensions());
        let after = request.get_ref().after_position;
        let (head, _) = self.ledger.position().await.map_err(|e| refused(self.ledger.source(), &e))?;
        if after < 0 || after > head {
            return Err(Status::new(
                Code::OutOfRange,
                format!("POSITION_AHEAD: after_position is {after} and the head is {head}: this is another ledger"),
            ));
        }
        let first = rows::first(self.ledger.db().reader()).await.map_err(|e| refused(self.ledger.source(), &e))?;
        if after + 1 < first {
            return Err(Status::new(
                Code::OutOfRange,
                format!(
                    "LEDGER_ARCHIVED: after_position is {after} and the first entry that is not archived is {first}"
                ),
            ));
        }
        let (tail, ambient, source) = (self.ledger.tail(after, personal), self.ambient.clone(), self.ledger.source());
        let answers = async_stream::stream! {
            for await part in tail {
                match part {
                    Ok(Tail::Entries(entries)) => {
                        for entry in entries {
                            yield Ok(WatchResponse { item: Some(watch_response::Item::Entry(entry)) });
                        }
                    }
                    Ok(Tail::CaughtUp { head }) => yield Ok(heartbeat(head, ambient.now())),
                    Err(error) => {
                        yield Err(refused(source, &error));
                        break;
                    }
                }
            }
        };
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_head(&self, _: Request<GetHeadRequest>) -> Result<Response<Head>, Status> {
        let row = sqlx::query(
            "select position, hash, (select count(*) from ledger_inbox) as waiting,
                    (select count(*) from ledger_parked) as parked from ledger_head",
        )
        .fetch_one(self.ledger.db().reader())
        .await
        .map_err(|e| refused(self.ledger.source(), &e.into()))?;
        let head = || -> Result<Head, sqlx::Error> {
            Ok(Head {
                source: self.ledger.source().to_owned(),
                position: row.try_get("position")?,
                hash: row.try_get("hash")?,
                waiting_count: row.try_get("waiting")?,
                parked_count: row.try_get("parked")?,
                verifying_key: self.verifying_key.clone(),
            })
        };
        head().map(Response::new).map_err(|e| refused(self.ledger.source(), &e.into()))
    }

    async fn get_steps(&self, request: Request<GetStepsRequest>) -> Result<Response<Steps>, Status> {
        let Some(affairs) = &self.affairs else { return Ok(Response::new(Steps::default())) };
        let parts = affairs.parts(&request).await?;
        let from = request.get_ref().from_time.as_ref().and_then(rows::instant);
        let steps = self.ledger.steps(&parts, from).await;
        steps.map(Response::new).map_err(|e| refused(self.ledger.source(), &e))
    }
}

fn heartbeat(head_position: i64, now: Timestamp) -> WatchResponse {
    let beat = Heartbeat { head_position, as_of_time: Some(rows::timestamp(now)) };
    WatchResponse { item: Some(watch_response::Item::Heartbeat(beat)) }
}

/// A follower only needs to know whether to come back; what happened stands in our log.
fn refused(source: &str, error: &StoreError) -> Status {
    tracing::warn!(source, error = kernel::chain(error), "the feed broke off");
    match error {
        StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) | StoreError::Contended => {
            Status::unavailable("the ledger cannot be read now; come back with the same position")
        }
        _ => Status::internal("the ledger cannot be read"),
    }
}

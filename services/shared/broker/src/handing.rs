//! Handing a ledger over: each entry once, in order, whoever else tries and whatever became of the broker meanwhile.
//!
//! An entry is taken by the broker only behind the sequence that the one before it got, so that of two replicas one is refused and none leaves a
//! gap or doubles an entry. A stream whose last entry is none of this ledger (the database was restored to an earlier instant, or
//! the stream is somebody else's) is emptied before anybody is told anything, and so is one that is too far behind: it begins anew at the head, and
//! who needs what was before reads it from the ledger.

use std::time::Duration;

use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use futures::{Stream, StreamExt as _};
use kernel::Ambient;
use ledger::{CarriedBeat, CarriedEntry, Ledger, Tail};
use postgres::StoreError;
use seal::Sealer;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use ventanilla_proto::ledger::v1::Entry;

use crate::connection::{Broker, BrokerError, Connection};
use crate::stream::{Found, Last, Names, find_or_make};
use crate::{figures, message};

/// Time between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// Who handed over for so long did so.
const WENT_WELL: Duration = Duration::from_secs(10);
/// A process that hands over beats every second; when it was not heard for this long, another takes over.
const ABSENT: Duration = Duration::from_millis(2_500);
/// A stream that is further behind begins anew at the head.
const FURTHEST: i64 = 20_000;
/// Bytes of an entry that is carried whole: well below what NATS takes unless told otherwise, 1 MiB.
const LARGEST: usize = 512 * 1024;

/// Hands one ledger over. Cheap to clone.
#[derive(Clone)]
pub struct Handing {
    broker: Broker,
    ledger: Ledger,
    sealer: Sealer,
    ambient: Ambient,
}

/// Where the stream stands, and so what comes next.
struct Place {
    /// The last entry that the broker has, or need not have.
    last: Last,
    /// The stream's sequence that the next entry goes behind.
    sequence: u64,
    /// Whether an entry of this ledger stands at that sequence: only then is it sure that no other process counts from elsewhere.
    settled: bool,
}

impl Handing {
    /// Hands `ledger` to `broker`, signed with the key that signs its checkpoints.
    pub fn new(broker: Broker, ledger: Ledger, sealer: Sealer, ambient: Ambient) -> Self {
        Self { broker, ledger, sealer, ambient }
    }

    /// Hands over until cancelled.
    pub async fn run(self, cancel: CancellationToken) {
        let source = self.ledger.source();
        let mut failing = false;
        loop {
            figures::handing(source, false);
            let began = Instant::now();
            let ended = tokio::select! {
                () = cancel.cancelled() => return,
                ended = self.hand_over() => ended,
            };
            let Err(error) = ended else { continue };
            let error = kernel::chain(&error);
            // A broker may be away for hours, and everything goes on without it: one line says so, each time that it went well before.
            failing &= began.elapsed() < WENT_WELL;
            if failing {
                tracing::debug!(source, error, "the ledger is not handed over");
            } else {
                tracing::warn!(source, error, "the ledger is not handed over; followers ask for it themselves");
            }
            failing = true;
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    /// Hands over until the connection breaks or the broker refuses; while another process does, waits for its end.
    async fn hand_over(&self) -> Result<(), BrokerError> {
        let connection = self.broker.connect().await?;
        let names = self.broker.names(self.ledger.source());
        loop {
            match self.lead(&connection, &names).await {
                Err(BrokerError::Displaced) => {}
                ended => return ended,
            }
            figures::handing(self.ledger.source(), false);
            tracing::info!(source = self.ledger.source(), "another process hands the ledger over");
            self.stand_by(&connection, &names).await?;
        }
    }

    /// Waits until no other process is heard any more.
    async fn stand_by(&self, connection: &Connection, names: &Names) -> Result<(), BrokerError> {
        let beats = connection.client.subscribe(names.beats.clone()).await;
        let mut beats = beats.map_err(BrokerError::refused("let this process hear its ledger's beats"))?;
        loop {
            tokio::select! {
                () = connection.gone.cancelled() => return Err(BrokerError::Gone),
                heard = tokio::time::timeout(ABSENT, beats.next()) => match heard {
                    Err(_) => return Ok(()),
                    Ok(None) => return Err(BrokerError::Gone),
                    Ok(Some(_)) => {}
                },
            }
        }
    }

    async fn lead(&self, connection: &Connection, names: &Names) -> Result<(), BrokerError> {
        let jetstream = connection.jetstream();
        let found = find_or_make(&jetstream, names, &self.broker.settings().stream).await?;
        let mut place = self.place(found).await?;
        tracing::info!(source = self.ledger.source(), after = place.last.position, "the ledger is handed over");
        figures::handing(self.ledger.source(), true);
        let mut tail = std::pin::pin!(self.ledger.tail(place.last.position, false));
        while let Some(part) = next(&mut tail, &connection.gone).await? {
            match part {
                Tail::Entries(entries) => {
                    // Until one entry is in, another process may count from another place: no other goes with it.
                    let (first, rest) = entries.split_at(if place.settled { 0 } else { 1.min(entries.len()) });
                    self.hand(&jetstream, names, first, &mut place).await?;
                    self.hand(&jetstream, names, rest, &mut place).await?;
                }
                Tail::CaughtUp { head } if head == place.last.position => {
                    self.beat(connection, names, place.last).await?;
                }
                Tail::CaughtUp { .. } => {}
            }
            figures::handed(self.ledger.source(), place.last.position);
        }
        Err(BrokerError::Gone)
    }

    /// Where to go on, after the stream was emptied where it is none of this ledger or too far behind.
    async fn place(&self, found: Found) -> Result<Place, BrokerError> {
        // After the stream: a ledger only grows, so what another process handed over meanwhile is in it.
        if let Some(last) = found.last {
            let own = self.ledger.hash_at(last.position).await?;
            let (head, _) = self.ledger.position().await?;
            if own.as_deref() == Some(last.hash.as_slice()) && head - last.position <= FURTHEST {
                return Ok(Place { last, sequence: found.last_sequence, settled: true });
            }
            let (source, position) = (self.ledger.source(), last.position);
            if own.as_deref() == Some(last.hash.as_slice()) {
                tracing::info!(source, position, head, "the stream is far behind its ledger and begins anew");
            } else {
                tracing::warn!(
                    source,
                    position,
                    head,
                    "the stream tells of another ledger than this one and is emptied"
                );
            }
            found.stream.purge().await.map_err(BrokerError::refused("empty the stream"))?;
        }
        let (position, hash) = self.ledger.position().await?;
        let hash = hash.try_into().map_err(|_| StoreError::corrupt("ledger_head", "hash", position))?;
        Ok(Place { last: Last { position, hash }, sequence: found.last_sequence, settled: false })
    }

    /// Hands entries over, all on their way at once, and waits until the broker has written them down.
    async fn hand(
        &self,
        jetstream: &async_nats::jetstream::Context,
        names: &Names,
        entries: &[Entry],
        place: &mut Place,
    ) -> Result<(), BrokerError> {
        let mut taken: Vec<(Last, PublishAckFuture)> = Vec::with_capacity(entries.len());
        for (entry, sequence) in entries.iter().zip(place.sequence..) {
            let source = self.ledger.source();
            let carried = CarriedEntry::sign(&self.sealer, source, entry, LARGEST)
                .map_err(|_| StoreError::corrupt("ledger", "hash", entry.position))?;
            let last = Last { position: carried.position, hash: carried.hash };
            let message = PublishMessage::build()
                .headers(message::of_entry(&carried, &entry.traceparent))
                .payload(carried.body.into())
                .expected_stream(&names.stream)
                .expected_last_sequence(sequence);
            taken.push((last, jetstream.send_publish(names.entries.clone(), message).await.map_err(not_taken)?));
        }
        for (last, taken) in taken {
            let answer = taken.await.map_err(not_taken)?;
            *place = Place { last, sequence: answer.sequence, settled: true };
        }
        Ok(())
    }

    async fn beat(&self, connection: &Connection, names: &Names, last: Last) -> Result<(), BrokerError> {
        let beat = CarriedBeat::sign(&self.sealer, self.ledger.source(), last.position, last.hash, self.ambient.now());
        let sent =
            connection.client.publish_with_headers(names.beats.clone(), message::of_beat(&beat), Vec::new().into());
        sent.await.map_err(BrokerError::refused("take a beat"))
    }
}

/// The next part of the ledger, unless the connection breaks or nothing can be written to it.
async fn next(
    tail: &mut (impl Stream<Item = Result<Tail, StoreError>> + Unpin),
    gone: &CancellationToken,
) -> Result<Option<Tail>, BrokerError> {
    tokio::select! {
        () = gone.cancelled() => Err(BrokerError::Gone),
        part = tail.next() => Ok(part.transpose()?),
    }
}

fn not_taken(error: PublishError) -> BrokerError {
    match error.kind() {
        PublishErrorKind::WrongLastSequence => BrokerError::Displaced,
        _ => BrokerError::refused("take an entry")(error),
    }
}

//! Bringing what ledgers handed over to whoever follows them.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::{Message, jetstream};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use ledger::{Carried, Carrier, CarrierError};

use crate::connection::{Broker, BrokerError, Connection, PATIENCE};
use crate::message;
use crate::stream::{Found, find};

/// Entries that are on their way to a follower at once.
const AT_ONCE: usize = 500;
/// How often the broker says that it is there when there is nothing to bring.
const ALIVE: Duration = Duration::from_secs(2);
/// How long one request for entries stands.
const STANDS: Duration = Duration::from_secs(30);
/// The broker forgets a follower that asked for nothing for this long.
const FORGOTTEN: Duration = Duration::from_secs(60);

#[tonic::async_trait]
impl Carrier for Broker {
    async fn open(&self, source: &'static str, after: i64) -> Result<BoxStream<'static, Carried>, CarrierError> {
        let failed = |error: BrokerError| CarrierError::Broker(error.into());
        let connection = self.connect().await.map_err(failed)?;
        let names = self.names(source);
        let beats = connection.client.subscribe(names.beats.clone()).await;
        let mut beats = beats.map_err(BrokerError::refused("let this process hear beats")).map_err(failed)?;
        // Whoever beats has held the stream against its ledger: only then is it looked into.
        let first = tokio::time::timeout(PATIENCE, beats.next()).await.ok().flatten().ok_or(CarrierError::Silent)?;
        let first = beat(&first).ok_or_else(|| failed(BrokerError::Foreign))?;
        let found = find(&connection.jetstream(), &names).await.map_err(failed)?.ok_or(CarrierError::Silent)?;
        let mut entries = consume(&found, after).await.map_err(failed)?;
        let Connection { client, gone } = connection;
        Ok(Box::pin(async_stream::stream! {
            // Held as long as anything is brought.
            let _client = client;
            yield Carried::Beat(first);
            loop {
                let brought = tokio::select! {
                    () = gone.cancelled() => break,
                    heard = beats.next() => heard.and_then(|heard| beat(&heard)).map(Carried::Beat),
                    entry = entries.next() => entry.and_then(entry_of).map(Carried::Entry),
                };
                let Some(brought) = brought else { break };
                yield brought;
            }
        }))
    }
}

/// Entries from the one after a position on, as far as the stream has them.
async fn consume(found: &Found, after: i64) -> Result<pull::Stream, BrokerError> {
    let config = pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start(found, after) },
        // The cursor is kept by who follows, in the transaction of the effect; the broker need not know it.
        ack_policy: AckPolicy::None,
        inactive_threshold: FORGOTTEN,
        memory_storage: true,
        ..pull::Config::default()
    };
    let consumer = found.stream.create_consumer(config).await;
    let consumer = consumer.map_err(BrokerError::refused("let this process follow"))?;
    let stream = consumer.stream().max_messages_per_batch(AT_ONCE).expires(STANDS).heartbeat(ALIVE);
    stream.messages().await.map_err(BrokerError::refused("bring entries"))
}

/// The sequence at which the entry after a position stands, by the last one: a stream has its entries without gaps. Where it does not, the
/// follower notices.
fn start(found: &Found, after: i64) -> u64 {
    let end = found.last_sequence + 1;
    let Some(last) = found.last else { return end };
    let missing = u64::try_from(last.position.saturating_sub(after)).unwrap_or(0);
    end.saturating_sub(missing).max(found.first_sequence)
}

fn beat(heard: &Message) -> Option<ledger::CarriedBeat> {
    message::beat(heard.headers.as_ref())
}

fn entry_of(brought: Result<jetstream::Message, pull::MessagesError>) -> Option<ledger::CarriedEntry> {
    match brought {
        Ok(brought) => {
            let entry = message::entry(brought.headers.as_ref(), &brought.payload);
            if entry.is_none() {
                tracing::warn!("the stream holds something that is no entry of a ledger");
            }
            entry
        }
        Err(error) => {
            tracing::debug!(error = kernel::chain(&error), "the broker brings nothing more");
            None
        }
    }
}

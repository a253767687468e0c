//! The stream of a ledger: what it is called, how it is made, and where it stands.

use std::time::Duration;

use async_nats::jetstream::{
    self, ErrorCode,
    context::{GetStreamError, GetStreamErrorKind},
    stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
};

use crate::connection::{Broker, BrokerError, Connection};
use crate::message;
use crate::settings::StreamSettings;

/// What things of one ledger are called at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The stream.
    pub stream: String,
    /// Where its entries are sent; the stream's one subject.
    pub entries: String,
    /// Where its beats are sent; in no stream.
    pub beats: String,
}

impl Names {
    pub(crate) fn of(prefix: &str, source: &str) -> Self {
        Self {
            stream: format!("{prefix}-ledger-{source}"),
            entries: format!("{prefix}.ledger.{source}.entries"),
            beats: format!("{prefix}.ledger.{source}.beats"),
        }
    }
}

/// The last entry of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Last {
    /// Its place in the ledger.
    pub position: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// A stream as it was found.
pub(crate) struct Found {
    pub stream: Stream,
    /// Sequence of the first entry it still has.
    pub first_sequence: u64,
    /// Sequence of the last entry it ever had.
    pub last_sequence: u64,
    /// The last entry; `None` where it has none.
    pub last: Option<Last>,
}

/// Looks for the stream; `None` where there is none.
pub(crate) async fn find(jetstream: &jetstream::Context, names: &Names) -> Result<Option<Found>, BrokerError> {
    let mut stream = match jetstream.get_stream(&names.stream).await {
        Ok(stream) => stream,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(BrokerError::refused("tell of the stream")(error)),
    };
    let state = stream.info().await.map_err(BrokerError::refused("tell of the stream"))?.state.clone();
    let last = if state.messages == 0 {
        None
    } else {
        let raw = stream.get_raw_message(state.last_sequence).await;
        let raw = raw.map_err(BrokerError::refused("give the last entry of the stream"))?;
        let carried = message::entry(Some(&raw.headers), &raw.payload).ok_or(BrokerError::Foreign)?;
        Some(Last { position: carried.position, hash: carried.hash })
    };
    Ok(Some(Found { stream, first_sequence: state.first_sequence, last_sequence: state.last_sequence, last }))
}

fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// The stream, made where there is none. One that somebody else made is left as they made it.
pub(crate) async fn find_or_make(
    jetstream: &jetstream::Context,
    names: &Names,
    settings: &StreamSettings,
) -> Result<Found, BrokerError> {
    if let Some(found) = find(jetstream, names).await? {
        return Ok(found);
    }
    let made =
        jetstream.create_stream(config(names, settings)).await.map_err(BrokerError::refused("make the stream"))?;
    tracing::info!(stream = names.stream, "the stream of the ledger was made");
    Ok(Found { stream: made, first_sequence: 1, last_sequence: 0, last: None })
}

fn config(names: &Names, settings: &StreamSettings) -> Config {
    Config {
        name: names.stream.clone(),
        subjects: vec![names.entries.clone()],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        max_bytes: settings.max_bytes.into(),
        max_age: Duration::from_secs(u64::from(settings.max_age_hours) * 3_600),
        num_replicas: settings.replicas.into(),
        ..Config::default()
    }
}

/// Where a ledger stands at the broker, for who looks at a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Entries that the broker keeps.
    pub kept: u64,
    /// Place of the last of them in the ledger; `None` where it keeps none.
    pub position: Option<i64>,
}

/// Connects and looks where the ledger `source` stands there; `None` where it has no stream.
///
/// # Errors
/// [`BrokerError`].
pub async fn standing(broker: &Broker, source: &str) -> Result<Option<Standing>, BrokerError> {
    let connection: Connection = broker.connect().await?;
    let found = find(&connection.jetstream(), &broker.names(source)).await?;
    Ok(found.map(|found| Standing {
        kept: if found.last.is_some() { found.last_sequence + 1 - found.first_sequence } else { 0 },
        position: found.last.map(|last| last.position),
    }))
}

//! Following what a broker carries of a ledger, and asking the ledger itself for everything that it does not bring.
//!
//! The broker is never what is believed: what it brings has to hold against the ledger's key, and what is missing, what has a personal part
//! that is read here, and what came as a mere word of it is read from the ledger. So a broker may lose, double, reorder, forget or invent
//! whatever it likes: each entry is applied once, in its order, and only as its ledger has it.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::{Entry, GetHeadRequest, Heartbeat};

use super::{BATCH, FeedChannel, Follower, FollowerError, Reaction, SILENCE};
use crate::carried::{Carried, CarriedBeat, CarriedEntry, Carrier, CarrierError, Forged};
use crate::figures;
use crate::received::Received;
use crate::rows;

/// Time between two tries to hear something over the broker, while the ledger itself is followed.
const TRIED_EVERY: Duration = Duration::from_secs(1);
/// A beat that was signed longer ago is a repetition, and no sign that the ledger hands anything over now.
const FRESH: SignedDuration = SignedDuration::from_secs(30);

/// What a broker brings, from a beat on that held.
pub(super) struct Line {
    carried: BoxStream<'static, Carried>,
    key: Vec<u8>,
    /// The last beat.
    beat: CarriedBeat,
    /// Position and hash of the last entry that was seen, to which the next has to be chained.
    last: Option<(i64, [u8; 32])>,
}

/// Why nothing is taken from the broker for the moment.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    #[error("the ledger does not tell its key: {0:?}")]
    Key(tonic::Code),
    #[error(transparent)]
    Forged(#[from] Forged),
    #[error("the broker fell silent")]
    Silent,
    #[error("the broker ended")]
    Ended,
    #[error("the ledger went back to position {0}, which is behind what was applied here")]
    Behind(i64),
}

/// An entry that held; without its body where the ledger has to be asked for it.
struct Held {
    position: i64,
    entry: Option<Received>,
}

impl<R: Reaction> Follower<R> {
    /// Tries again and again to hear the ledger over the broker, by a beat that was signed after the last one that was `heard`; never ends
    /// where there is no broker.
    pub(super) async fn opening<C: FeedChannel>(&self, client: &LedgerServiceClient<C>, heard: Timestamp) -> Line {
        let Some(carrier) = &self.carrier else { return std::future::pending().await };
        self.is_carried(false);
        figures::forged(self.own.source(), self.source, 0);
        loop {
            match self.open(carrier.as_ref(), client, heard).await {
                Ok(line) => return line,
                Err(cut) => self.told_of(&cut, false),
            }
            tokio::time::sleep(TRIED_EVERY).await;
        }
    }

    async fn open<C: FeedChannel>(
        &self,
        carrier: &dyn Carrier,
        client: &LedgerServiceClient<C>,
        heard: Timestamp,
    ) -> Result<Line, Cut> {
        // The ledger itself says by which key it is known, over the connection that its certificate vouches for.
        let head = client.clone().get_head(GetHeadRequest {}).await.map_err(|status| Cut::Key(status.code()))?;
        let key = head.into_inner().verifying_key;
        if key.is_empty() {
            return Err(Cut::Key(tonic::Code::Unimplemented));
        }
        let after = self.standings.of(self.source).position;
        let mut carried = carrier.open(self.source, after).await?;
        let Some(Carried::Beat(beat)) = carried.next().await else { return Err(Cut::Ended) };
        beat.check(self.source, &key)?;
        if beat.as_of <= heard || self.ambient.now().duration_since(beat.as_of) > FRESH {
            return Err(CarrierError::Silent.into());
        }
        Ok(Line { carried, key, last: Some((beat.position, beat.hash)), beat })
    }

    /// Follows what is carried until the broker fails, which is no error: the ledger itself is followed then. Answers when the last beat
    /// was signed.
    pub(super) async fn follow_line<C: FeedChannel>(
        &self,
        client: &LedgerServiceClient<C>,
        line: Line,
        failures: &mut u32,
    ) -> Result<Timestamp, FollowerError> {
        self.is_carried(true);
        tracing::info!(source = self.source, "entries come over the broker");
        let Line { carried, key, mut beat, mut last } = line;
        let mut carried = carried.ready_chunks(BATCH);
        let mut silent_at = Instant::now() + SILENCE;
        // What was applied when the last beat was heard: the ledger had it then, and has it for ever after.
        let mut applied = self.standings.of(self.source).position;
        self.caught_up(&beat).await;
        let cut = 'line: loop {
            let items = match tokio::time::timeout_at(silent_at, carried.next()).await {
                Err(_) => break Cut::Silent,
                Ok(None) => break Cut::Ended,
                Ok(Some(items)) => items,
            };
            let (held, beats) = match self.held(items, &key, &mut last) {
                Ok(held) => held,
                Err(forged) => break forged.into(),
            };
            self.apply_held(client, &held).await?;
            for next in beats {
                // A beat that is repeated tells nothing and keeps nobody waiting.
                if next.as_of <= beat.as_of {
                    continue;
                }
                silent_at = Instant::now() + SILENCE;
                if next.position < applied {
                    break 'line Cut::Behind(next.position);
                }
                // Beats and entries take different ways: what was told of a beat ago and is not here yet was not carried.
                self.fetch(client, beat.position).await?;
                applied = self.standings.of(self.source).position;
                beat = next;
            }
            self.caught_up(&beat).await;
            self.try_parked().await?;
            self.tell();
            *failures = 0;
        };
        self.is_carried(false);
        self.told_of(&cut, true);
        Ok(beat.as_of)
    }

    /// What holds of the items; all of it or nothing.
    fn held(
        &self,
        items: Vec<Carried>,
        key: &[u8],
        last: &mut Option<(i64, [u8; 32])>,
    ) -> Result<(Vec<Held>, Vec<CarriedBeat>), Forged> {
        let (mut held, mut beats) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Carried::Entry(carried) => {
                    let entry = carried.open(self.source, key)?;
                    chained(entry.as_ref(), &carried, *last)?;
                    *last = Some((carried.position, carried.hash));
                    held.push(Held { position: carried.position, entry: self.as_carried(entry) });
                }
                Carried::Beat(beat) => {
                    beat.check(self.source, key)?;
                    beats.push(beat);
                }
            }
        }
        Ok((held, beats))
    }

    /// The entry, where it can be applied as it was carried.
    fn as_carried(&self, entry: Option<Entry>) -> Option<Received> {
        let entry = entry.filter(|entry| entry.commitment.is_empty() || !self.reaction.reads_personal())?;
        // One that cannot be read is parked when it comes from the ledger, like any other.
        Received::read(entry).ok()
    }

    /// Applies what was carried, in order, and reads from the ledger what lies between and what came as a mere word of it.
    async fn apply_held<C: FeedChannel>(
        &self,
        client: &LedgerServiceClient<C>,
        held: &[Held],
    ) -> Result<(), FollowerError> {
        let mut rest = held;
        loop {
            let cursor = self.standings.of(self.source).position;
            rest = &rest[rest.iter().take_while(|held| held.position <= cursor).count()..];
            let Some(first) = rest.first() else { return Ok(()) };
            if first.position > cursor + 1 {
                self.fetch(client, first.position - 1).await?;
                continue;
            }
            let run = rest.iter().zip(cursor + 1..).take_while(|(held, next)| held.position == *next).count();
            let whole: Option<Vec<Received>> = rest[..run].iter().map(|held| held.entry.clone()).collect();
            match whole {
                Some(entries) => {
                    self.apply(&entries).await?;
                    figures::came(self.own.source(), self.source, "broker", entries.len());
                }
                None => self.fetch(client, rest[run - 1].position).await?,
            }
        }
    }

    /// Reads from the ledger itself and applies what stands there up to a position.
    async fn fetch<C: FeedChannel>(&self, client: &LedgerServiceClient<C>, until: i64) -> Result<(), FollowerError> {
        if self.standings.of(self.source).position >= until {
            return Ok(());
        }
        let never = std::pin::pin!(std::future::pending::<()>());
        self.follow_ledger(client, &mut 0, never, Some(until)).await.map(|_| ())
    }

    fn is_carried(&self, now: bool) {
        self.standings.update(self.source, |s| (s.connected, s.carried) = (s.connected || now, now));
        figures::carried(self.own.source(), self.source, now);
    }

    async fn caught_up(&self, beat: &CarriedBeat) {
        self.heard(Heartbeat { head_position: beat.position, as_of_time: Some(rows::timestamp(beat.as_of)) }).await;
    }

    /// Says why nothing comes over the broker; loudly where something came before.
    fn told_of(&self, cut: &Cut, before: bool) {
        let error = kernel::chain(cut);
        match cut {
            Cut::Forged(_) => {
                figures::forged(self.own.source(), self.source, 1);
                tracing::warn!(
                    source = self.source,
                    error,
                    "what the broker brings is not believed; the ledger itself is followed"
                );
            }
            _ if before => tracing::info!(source = self.source, error, "the ledger itself is followed"),
            _ => tracing::debug!(source = self.source, error, "the ledger itself is followed"),
        }
    }
}

/// Whether an entry follows the one before it, where both are known.
fn chained(entry: Option<&Entry>, carried: &CarriedEntry, last: Option<(i64, [u8; 32])>) -> Result<(), Forged> {
    match (entry, last) {
        (Some(entry), Some((position, hash))) if carried.position == position + 1 && entry.prev_hash != hash => {
            Err(Forged::Chain)
        }
        _ => Ok(()),
    }
}

//! Applies another service's entries: delivered at least once, in effect exactly once.
//!
//! The cursor moves in the transaction of the effect. A batch is one transaction; when one of its
//! entries fails, the batch is applied again entry by entry, and the entry that keeps failing parks
//! its aggregate: it and the aggregate's later entries wait in `ledger_parked` for
//! [`Follower::release`], everything else goes on. Whoever follows tries what is parked when it begins and every ten minutes: it may
//! be the version that knows what the one beside it does not.

mod line;
mod store;

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Classify, Kind};
use postgres::{StoreError, Tx};
use tokio_util::sync::CancellationToken;
use tonic::client::GrpcService;
use tracing::{Instrument, Span};
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::{Entry, Heartbeat, WatchRequest, watch_response};

use crate::carried::Carrier;
use crate::figures;
use crate::received::Received;
use crate::rows;
use crate::sequencer::Ledger;
use crate::standing::Standings;

/// Entries applied in one transaction at most.
const BATCH: usize = 256;
/// Longest pause between two tries to reach a source.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A source that says nothing for this long (it beats every second) is taken for gone.
const SILENCE: Duration = Duration::from_secs(5);
/// Time between two tries of what is parked. While versions stand beside each other the older one parks what only the newer knows.
const TRIED_ANEW: SignedDuration = SignedDuration::from_mins(10);

/// What a service does about another's entries.
#[tonic::async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// Applies one entry inside the transaction that moves the cursor. Entries it does not know are
    /// no error. No network call in here.
    ///
    /// # Errors
    /// [`ReactionError`]; a lasting one parks the entry's aggregate.
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError>;

    /// Whether it reads personal parts. Who does not say so is given none, so that none stays here when an entry is parked.
    fn reads_personal(&self) -> bool {
        false
    }

    /// Whether this entry may be applied together with others of its type that stand beside it ([`Reaction::apply_run`]).
    fn runs(&self, _: &Received) -> bool {
        false
    }

    /// Applies entries that stand one after the other, all of one type, each of another aggregate, each one that
    /// [`Reaction::runs`]: what [`Reaction::apply`] would do for each, in fewer round trips.
    ///
    /// # Errors
    /// As [`Reaction::apply`]; which entry was at fault is found out by applying them one by one.
    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        for each in run {
            self.apply(tx, each.entry).instrument(each.span.clone()).await?;
        }
        Ok(())
    }
}

/// One entry of a run, and the span its effects belong to.
#[derive(Debug)]
pub struct Applying<'a> {
    /// The entry.
    pub entry: &'a Received,
    /// The span of applying it, linked to the trace of its cause.
    pub span: Span,
}

/// Why an entry was not applied.
#[derive(Debug, thiserror::Error)]
pub enum ReactionError {
    /// The database. Unavailable and contended ones are tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The named part of the entry is not what its type says.
    #[error("the entry's {0} cannot be read")]
    Undecodable(&'static str),
    /// The reaction refuses the entry; the reason is for the log and holds no personal data.
    #[error("the entry was refused: {0}")]
    Refused(&'static str),
}

impl From<sqlx::Error> for ReactionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl ReactionError {
    /// Whether waiting may heal it.
    fn passes(&self) -> bool {
        matches!(self, Self::Store(e) if matches!(e.kind(), Kind::Unavailable | Kind::Aborted))
    }
}

/// Why following broke off, to be taken up again from the cursor.
#[derive(Debug, thiserror::Error)]
pub enum FollowerError {
    /// The source cannot be reached or ended the stream.
    #[error("the source's feed broke: {0:?}")]
    Feed(tonic::Code),
    /// The source said nothing for too long.
    #[error("the source fell silent")]
    Silent,
    /// A position was skipped: the feed is not this ledger's.
    #[error("the feed jumped from position {cursor} to {position}")]
    Gap {
        /// Last position applied.
        cursor: i64,
        /// Position that came.
        position: i64,
    },
    /// What was carried tells of an entry that the ledger does not have.
    #[error("the ledger ends at position {head}, and a broker told of position {position}")]
    Ahead {
        /// Last position of the ledger.
        head: i64,
        /// Position that was told of.
        position: i64,
    },
    /// The database here.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry failed in a way that waiting may heal.
    #[error(transparent)]
    Reaction(#[from] ReactionError),
}

impl From<sqlx::Error> for FollowerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A way to the feed of a ledger: a channel, or what puts a token on its calls.
pub trait FeedChannel:
    GrpcService<
        tonic::body::Body,
        Error: Into<BoxError>,
        ResponseBody: http_body::Body<Data = prost::bytes::Bytes, Error: Into<BoxError> + Send> + Send + 'static,
        Future: Send,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<C> FeedChannel for C where
    C: GrpcService<
            tonic::body::Body,
            Error: Into<BoxError>,
            ResponseBody: http_body::Body<Data = prost::bytes::Bytes, Error: Into<BoxError> + Send> + Send + 'static,
            Future: Send,
        > + Clone
        + Send
        + Sync
        + 'static
{
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Follows one source with one reaction. Cheap to clone.
pub struct Follower<R> {
    own: Ledger,
    source: &'static str,
    reaction: Arc<R>,
    ambient: Ambient,
    standings: Standings,
    carrier: Option<Arc<dyn Carrier>>,
    /// Since when this process follows: how old what it shows is at least, until it is caught up.
    began: Timestamp,
    /// When what is parked was tried last, since it began to follow.
    tried: Arc<Mutex<Option<Timestamp>>>,
}

impl<R> Clone for Follower<R> {
    fn clone(&self) -> Self {
        Self {
            own: self.own.clone(),
            source: self.source,
            reaction: Arc::clone(&self.reaction),
            ambient: self.ambient.clone(),
            standings: self.standings.clone(),
            carrier: self.carrier.clone(),
            began: self.began,
            tried: Arc::clone(&self.tried),
        }
    }
}

impl<R: Reaction> Follower<R> {
    /// Follows the ledger `source` on behalf of the service whose own ledger is `own`.
    pub fn new(own: Ledger, source: &'static str, reaction: R, ambient: Ambient, standings: Standings) -> Self {
        let (reaction, began, tried) = (Arc::new(reaction), ambient.now(), Arc::default());
        Self { own, source, reaction, ambient, standings, carrier: None, began, tried }
    }

    /// Lets a broker bring the entries while it can; the ledger itself goes on being what is believed, and is asked for what the
    /// broker does not bring.
    #[must_use]
    pub fn carried_by(self, carrier: Option<Arc<dyn Carrier>>) -> Self {
        Self { carrier, ..self }
    }

    /// Follows until cancelled, reconnecting from the cursor whenever the feed breaks.
    pub async fn run<C: FeedChannel>(self, client: LedgerServiceClient<C>, cancel: CancellationToken) {
        let mut failures = 0_u32;
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = None;
        loop {
            let following = async {
                if let Err(error) = self.try_parked().await {
                    return error;
                }
                self.follow(&client, &mut failures).await
            };
            let ended = tokio::select! {
                () = cancel.cancelled() => break,
                ended = following => ended,
            };
            self.standings.update(self.source, |s| (s.connected, s.carried) = (false, false));
            self.tell();
            failures = failures.saturating_add(1);
            match ended {
                // An unreachable source is ordinary while services come and go.
                FollowerError::Feed(_) | FollowerError::Silent if failures < 5 => {
                    tracing::debug!(source = self.source, error = kernel::chain(&ended), "following again soon");
                }
                _ => tracing::warn!(
                    source = self.source,
                    error = kernel::chain(&ended),
                    failures,
                    "following again soon"
                ),
            }
            let pause = LONGEST_PAUSE.min(Duration::from_millis(25 << failures.min(8)));
            tokio::select! {
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Follows the ledger, and what is carried of it once that is heard; whenever nothing is carried any more, the ledger again.
    async fn follow<C: FeedChannel>(&self, client: &LedgerServiceClient<C>, failures: &mut u32) -> FollowerError {
        let mut heard = Timestamp::MIN;
        loop {
            let opening = std::pin::pin!(self.opening(client, heard));
            let ended = match self.follow_ledger(client, failures, opening, None).await {
                Ok(Some(line)) => self.follow_line(client, line, failures).await,
                Ok(None) => Ok(heard),
                Err(error) => Err(error),
            };
            match ended {
                Ok(last) => heard = last,
                Err(error) => return error,
            }
        }
    }

    /// Follows the ledger over its own feed, until something else is `opening`, or what stands at `until` is applied.
    async fn follow_ledger<C: FeedChannel, O>(
        &self,
        client: &LedgerServiceClient<C>,
        failures: &mut u32,
        mut opening: Pin<&mut (impl Future<Output = O> + Send)>,
        until: Option<i64>,
    ) -> Result<Option<O>, FollowerError> {
        let cursor = store::cursor(self.own.db(), self.source).await?;
        self.standings.update(self.source, |s| s.position = cursor);
        if until.is_some_and(|until| cursor >= until) {
            return Ok(None);
        }
        let request = WatchRequest { after_position: cursor };
        let stream = client.clone().watch(request).await.map_err(|status| FollowerError::Feed(status.code()))?;
        self.standings.update(self.source, |s| s.connected = true);
        let mut ready = Box::pin(stream.into_inner().ready_chunks(BATCH));
        loop {
            let items = tokio::select! {
                biased;
                opened = &mut opening => return Ok(Some(opened)),
                items = tokio::time::timeout(SILENCE, ready.next()) => items,
            };
            let items = items.map_err(|_| FollowerError::Silent)?.ok_or(FollowerError::Feed(tonic::Code::Ok))?;
            let (mut entries, mut beat) = (Vec::new(), None);
            for item in items {
                match item.map(|answer| answer.item) {
                    Ok(Some(watch_response::Item::Entry(entry))) => {
                        // Without actor or times it is no entry of this ledger design.
                        entries.push(Received::read(self.given(entry))?);
                    }
                    Ok(Some(watch_response::Item::Heartbeat(heartbeat))) => beat = Some(heartbeat),
                    Ok(None) => {}
                    Err(status) => return Err(FollowerError::Feed(status.code())),
                }
            }
            if !entries.is_empty() {
                self.apply(&entries).await?;
                figures::came(self.own.source(), self.source, "ledger", entries.len());
            }
            let cursor = self.standings.of(self.source).position;
            if until.is_some_and(|until| cursor >= until) {
                return Ok(None);
            }
            if let Some(beat) = beat {
                // The feed beats after the last entry it sent: what is missing below was lost on the way.
                if beat.head_position > cursor {
                    return Err(FollowerError::Gap { cursor, position: beat.head_position });
                }
                if let Some(position) = until {
                    return Err(FollowerError::Ahead { head: beat.head_position, position });
                }
                self.heard(beat).await;
                self.try_parked().await?;
            }
            self.tell();
            *failures = 0;
        }
    }

    /// The entry as the reaction is given it.
    fn given(&self, entry: Entry) -> Entry {
        if self.reaction.reads_personal() {
            return entry;
        }
        Entry { personal: Vec::new(), salt: Vec::new(), ..entry }
    }

    /// Applies entries in order and moves the cursor; entries already applied are skipped, and what
    /// stands before a gap is applied before the gap is reported.
    ///
    /// # Errors
    /// [`FollowerError`]; nothing of a failed transaction stays.
    pub async fn apply(&self, entries: &[Received]) -> Result<(), FollowerError> {
        let whole = before_gap(entries);
        self.apply_whole(&entries[..whole]).await?;
        match (entries.get(whole.saturating_sub(1)), entries.get(whole)) {
            (Some(last), Some(next)) => Err(FollowerError::Gap { cursor: last.position(), position: next.position() }),
            _ => Ok(()),
        }
    }

    async fn apply_whole(&self, entries: &[Received]) -> Result<(), FollowerError> {
        let applied = match self.apply_together(entries).await {
            Err(FollowerError::Reaction(error)) if !error.passes() => self.apply_singly(entries).await,
            other => other,
        }?;
        self.standings.update(self.source, |s| {
            s.position = applied.max(s.position);
            s.head_position = s.head_position.max(applied);
        });
        self.own.nudge();
        Ok(())
    }

    /// One transaction for all; the common case.
    async fn apply_together(&self, entries: &[Received]) -> Result<i64, FollowerError> {
        let mut tx = self.own.db().tx().await?;
        let mut held = store::lock(&mut tx, self.source).await?;
        let mut run = Run::default();
        for entry in entries {
            if !next(held.cursor, entry.position())? {
                continue;
            }
            held.cursor = entry.position();
            if held.parked.contains(entry.aggregate()) {
                store::park(&mut tx, self.source, entry, "waits behind a parked entry", self.ambient.now()).await?;
                continue;
            }
            let runs = self.reaction.runs(entry);
            if !run.takes(entry, runs) {
                self.react(&mut tx, std::mem::take(&mut run)).await?;
            }
            run.push(entry, runs);
        }
        self.react(&mut tx, run).await?;
        store::advance(&mut tx, self.source, held.cursor).await?;
        tx.commit().await?;
        Ok(held.cursor)
    }

    /// One transaction for each, so that the one that fails is known and parked.
    async fn apply_singly(&self, entries: &[Received]) -> Result<i64, FollowerError> {
        let mut position = 0;
        for entry in entries {
            position = match self.apply_together(std::slice::from_ref(entry)).await {
                Err(FollowerError::Reaction(error)) if !error.passes() => {
                    self.park(entry, &error).instrument(self.span(entry)).await?
                }
                other => other?,
            };
        }
        Ok(position)
    }

    async fn park(&self, entry: &Received, error: &ReactionError) -> Result<i64, FollowerError> {
        tracing::error!(
            source = self.source,
            position = entry.position(),
            aggregate = entry.aggregate(),
            error = kernel::chain(error),
            "an entry cannot be applied; its aggregate is parked and tried again every ten minutes"
        );
        let mut tx = self.own.db().tx().await?;
        let held = store::lock(&mut tx, self.source).await?;
        if next(held.cursor, entry.position())? {
            store::park(&mut tx, self.source, entry, &error.to_string(), self.ambient.now()).await?;
            store::advance(&mut tx, self.source, entry.position()).await?;
        }
        tx.commit().await?;
        Ok(entry.position())
    }

    /// Tries what is parked where it was not tried for long; the clock is looked at with each beat of the source.
    async fn try_parked(&self) -> Result<(), FollowerError> {
        let now = self.ambient.now();
        let tried = *self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.is_none_or(|tried| now.duration_since(tried) >= TRIED_ANEW) {
            self.release_all().await?;
            *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        }
        Ok(())
    }

    /// Tries every aggregate that is parked, the one that waits longest first; what still cannot be applied stays.
    ///
    /// # Errors
    /// [`FollowerError`] that waiting may heal; what was not tried stays parked.
    pub async fn release_all(&self) -> Result<(), FollowerError> {
        for aggregate in store::parked(self.own.db(), self.source).await? {
            match self.release(&aggregate).await {
                Ok(entries) => tracing::info!(source = self.source, aggregate, entries, "parked entries are applied"),
                Err(FollowerError::Reaction(error)) if !error.passes() => {
                    let error = kernel::chain(&error);
                    tracing::warn!(source = self.source, aggregate, error, "parked entries still cannot be applied");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Applies the parked entries of one aggregate, in order, in one transaction; the cause must
    /// have been mended first. Answers how many were applied.
    ///
    /// # Errors
    /// [`FollowerError`]; all of them stay parked.
    pub async fn release(&self, aggregate: &str) -> Result<usize, FollowerError> {
        let mut tx = self.own.db().tx().await?;
        store::lock(&mut tx, self.source).await?;
        let parked = store::take_parked(&mut tx, self.source, aggregate).await?;
        for entry in &parked {
            self.react(&mut tx, Run::of(entry)).await?;
        }
        tx.commit().await?;
        self.own.nudge();
        Ok(parked.len())
    }

    async fn react(&self, tx: &mut Tx, run: Run<'_>) -> Result<(), ReactionError> {
        let mut run: Vec<Applying<'_>> =
            run.entries.into_iter().map(|entry| Applying { entry, span: self.span(entry) }).collect();
        match run.pop() {
            None => Ok(()),
            Some(only) if run.is_empty() => self.reaction.apply(tx, only.entry).instrument(only.span).await,
            Some(last) => {
                // What is done for all of them is done in the trace of the last.
                let span = last.span.clone();
                run.push(last);
                self.reaction.apply_run(tx, &run).instrument(span).await
            }
        }
    }

    fn span(&self, entry: &Received) -> Span {
        // No filter of log lines takes the trace id from those within.
        let span = tracing::error_span!(
            "ledger.apply",
            otel.kind = "consumer",
            messaging.source = self.source,
            messaging.r#type = entry.kind(),
            ledger.position = entry.position(),
            // For the log alone: of the call that wrote the entry, which the span is linked to and no part of.
            trace_id = telemetry::trace_id_in(&entry.entry().traceparent),
        );
        telemetry::link(&span, &entry.entry().traceparent);
        span
    }

    /// Says how far behind it is, also when the source says nothing.
    fn tell(&self) {
        let standing = self.standings.of(self.source);
        figures::followed(self.own.source(), self.source, standing, self.began, self.ambient.now());
    }

    async fn heard(&self, beat: Heartbeat) {
        let as_of = beat.as_of_time.as_ref().and_then(rows::instant);
        let mut caught_up_now = false;
        self.standings.update(self.source, |s| {
            s.head_position = beat.head_position.max(s.position);
            if s.position >= beat.head_position {
                // Once a second is enough for the row that is only read at the next start.
                caught_up_now = match (s.as_of, as_of) {
                    (Some(before), Some(now)) => now.duration_since(before).as_secs() >= 1,
                    _ => true,
                };
                s.as_of = as_of.or(s.as_of);
            }
        });
        if caught_up_now
            && let Some(as_of) = as_of
            && let Err(error) = store::note_standing(self.own.db(), self.source, beat.head_position, as_of).await
        {
            tracing::debug!(
                source = self.source,
                error = kernel::chain(&error),
                "the standing is kept in memory alone"
            );
        }
    }
}

/// Entries that are applied together: one, or several of one type that the reaction takes in a run, each of another aggregate.
#[derive(Default)]
struct Run<'a> {
    entries: Vec<&'a Received>,
    aggregates: HashSet<&'a str>,
    /// Whether others may join.
    open: bool,
}

impl<'a> Run<'a> {
    fn of(entry: &'a Received) -> Self {
        let mut run = Self::default();
        run.push(entry, false);
        run
    }

    /// Whether the entry may join what is gathered.
    fn takes(&self, entry: &Received, runs: bool) -> bool {
        match self.entries.first() {
            None => true,
            Some(first) => {
                self.open && runs && first.kind() == entry.kind() && !self.aggregates.contains(entry.aggregate())
            }
        }
    }

    fn push(&mut self, entry: &'a Received, open: bool) {
        self.entries.push(entry);
        self.aggregates.insert(entry.aggregate());
        self.open = open;
    }
}

/// How many entries stand before the first jump in their positions.
fn before_gap(entries: &[Received]) -> usize {
    let Some(first) = entries.first() else { return 0 };
    let mut highest = first.position();
    for (index, entry) in entries.iter().enumerate() {
        if entry.position() > highest + 1 {
            return index;
        }
        highest = highest.max(entry.position());
    }
    entries.len()
}

/// Whether the entry at `position` is the next one; `false` when it was applied before.
fn next(cursor: i64, position: i64) -> Result<bool, FollowerError> {
    match position {
        p if p <= cursor => Ok(false),
        p if p == cursor + 1 => Ok(true),
        position => Err(FollowerError::Gap { cursor, position }),
    }
}

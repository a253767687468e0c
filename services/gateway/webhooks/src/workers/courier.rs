//! Makes deliveries: takes a lane by lease, sends the first that waits in it, writes down what became of it, and goes on with the next.
//!
//! Any number of these may run. Two never send of one affair to one subscription at once: a lane is held by one, and who holds it
//! is done, or has given up, before the lease ends. A process that dies leaves its lanes to whoever looks after that; what it
//! had sent and not written down is sent again, under the same id.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId as _};
use ledger::{Draft, Stamp, append};
use postgres::StoreError;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::endpoint::Endpoint;
use webhooks_domain::pace::{Next, Outcome};
use webhooks_domain::secret::{Secret, signatures};
use webhooks_domain::standing::{Health, Reason, State};

use crate::envelope;
use crate::figures;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::names::DeliveryName;
use crate::store;
use crate::store::delivery::State as Delivered;
use crate::store::lane::{self, First, Lane, Made};
use crate::store::subscription::{self, Stored};

/// What other processes let wait, or a pause that ends, is seen this soon.
const POLL: Duration = Duration::from_millis(200);
/// How long attempts have to end when the process goes down; its drain takes no longer than eight seconds.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a lane that cannot be worked is left alone.
const TROUBLE: SignedDuration = SignedDuration::from_secs(30);

/// Delivers until told to stop; attempts that were begun are brought to their end, if that is soon.
///
/// # Errors
/// What waiting does not heal; the supervisor starts it again.
pub async fn run(hooks: Hooks, cancel: CancellationToken) -> Result<(), StoreError> {
    let places = Arc::new(Semaphore::new(usize::from(hooks.courier.at_once.max(1))));
    let running = TaskTracker::new();
    while !cancel.is_cancelled() {
        let found = match take(&hooks, places.available_permits()).await {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "deliveries are looked for again soon");
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        for lane in found {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
            let (hooks, cancel) = (hooks.clone(), cancel.clone());
            running.spawn(server::keep_scope(async move {
                follow(&hooks, lane, &cancel).await;
                drop(place);
                hooks.waits.notify_one();
            }));
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = hooks.waits.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    running.close();
    if tokio::time::timeout(FAREWELL, running.wait()).await.is_err() {
        tracing::info!(
            attempts = running.len(),
            "attempts are cut off; their events are sent again once the leases are over"
        );
    }
    Ok(())
}

/// Takes lanes that are due, no more than there is room for.
async fn take(hooks: &Hooks, room: usize) -> Result<Vec<Lane>, StoreError> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let now = hooks.ambient.now();
    let mut tx = hooks.db.tx().await?;
    let mut taken = Vec::new();
    for (subscription, failures) in lane::due(&mut tx, now).await? {
        let health = Health { failures, ..Health::default() };
        let most = health.at_once(usize::from(hooks.courier.at_once_each.max(1))).min(room - taken.len());
        if most == 0 {
            break;
        }
        let lease = (hooks.ambient.uuid(now), f64::from(hooks.courier.lease_ms));
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        taken.extend(lane::take(&mut tx, subscription, most, now, lease).await?);
    }
    tx.commit().await?;
    Ok(taken)
}

/// Sends what waits in a lane, one after the other, as long as it is taken.
async fn follow(hooks: &Hooks, lane: Lane, cancel: &CancellationToken) {
    loop {
        match step(hooks, &lane).await {
            Ok(true) if !cancel.is_cancelled() => continue,
            Ok(true) => give_back(hooks, &lane, SignedDuration::ZERO).await,
            Ok(false) => {}
            Err(error) => {
                let (subscription, error) = (lane.subscription.name(), kernel::chain(&error));
                tracing::error!(
                    subscription,
                    affair = lane.affair,
                    error,
                    "a delivery cannot be made; tried again later"
                );
                give_back(hooks, &lane, TROUBLE).await;
            }
        }
        return;
    }
}

/// Should this fail too, the lease ends by itself.
async fn give_back(hooks: &Hooks, lane: &Lane, pause: SignedDuration) {
    let next = hooks.ambient.now().checked_add(pause).unwrap_or(Timestamp::MAX);
    let done = async {
        let mut tx = hooks.db.tx().await?;
        lane::give_back(&mut tx, lane, next).await?;
        tx.commit().await
    };
    if let Err(error) = done.await {
        tracing::warn!(error = kernel::chain(&error), "a lane is not given back before its lease ends");
    }
}

/// One attempt; whether the lane is held for another.
async fn step(hooks: &Hooks, lane: &Lane) -> Result<bool, StoreError> {
    let Some(stored) = subscription::get(hooks.db.reader(), lane.subscription).await? else { return Ok(false) };
    let mut reader = hooks.db.reader().acquire().await?;
    let first = if stored.state == State::Active { lane::first(&mut reader, lane).await? } else { None };
    drop(reader);
    let Some(first) = first else { return settle(hooks, lane).await };
    let span = tracing::info_span!(
        "webhook.deliver",
        otel.kind = "producer",
        subscription = %lane.subscription,
        event.id = %first.event.id,
        event.r#type = first.event.event_type,
        attempt = first.attempts + 1,
        outcome = tracing::field::Empty,
    );
    telemetry::link(&span, &first.event.traceparent);
    async {
        let made = attempt(hooks, &stored, &first).await?;
        tracing::Span::current().record("outcome", made.outcome.as_str());
        figures::attempted(made, first.asked_at);
        written(hooks, lane, (&stored, &first), made).await
    }
    .instrument(span)
    .await
}

/// Sends it once.
async fn attempt(hooks: &Hooks, stored: &Stored, first: &First) -> Result<Made, StoreError> {
    let now = hooks.ambient.now();
    let begun = Instant::now();
    let made = |outcome| {
        let duration = SignedDuration::try_from(begun.elapsed()).unwrap_or(SignedDuration::MAX);
        Made { outcome, duration, ended_at: hooks.ambient.now() }
    };
    // The rules may have become stricter since the subscription was made.
    let Ok(endpoint) = Endpoint::parse(&stored.url, &hooks.rules) else { return Ok(made(Outcome::ForbiddenAddress)) };
    let body = envelope::body(&first.event, &hooks.envelope)
        .map_err(|_| StoreError::corrupt("event", "payload", first.event.number))?;
    let kept = store::secret::that_sign(hooks.db.reader(), &hooks.keys, stored.id, now).await?;
    let secrets: Vec<Secret> = kept.into_iter().map(|kept| kept.secret).collect();
    let headers = headers(first.event.id, now, &signatures(&secrets, first.event.id, now, &body));
    Ok(made(hooks.post.post(&endpoint, headers, body, now).await))
}

/// The headers of Standard Webhooks, and the trace.
fn headers(id: Uuid, now: Timestamp, signatures: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let all = [
        ("webhook-id", id.as_hyphenated().to_string()),
        ("webhook-timestamp", now.as_second().to_string()),
        ("webhook-signature", signatures.to_owned()),
        ("traceparent", telemetry::current_traceparent()),
    ];
    for (name, value) in all {
        if let Ok(value) = HeaderValue::try_from(value)
            && !value.is_empty()
        {
            headers.insert(name, value);
        }
    }
    headers
}

/// Writes down what became of an attempt; whether the lane is held for another.
async fn written(
    hooks: &Hooks,
    lane: &Lane,
    (known, first): (&Stored, &First),
    made: Made,
) -> Result<bool, StoreError> {
    let (now, outcome) = (made.ended_at, made.outcome);
    let [chance, other] = hooks.ambient.bytes::<2>();
    let attempt = first.attempts.saturating_add(1);
    let next = hooks.pace.next(outcome, attempt, (first.asked_at, now), chance);
    let mut tx = hooks.db.tx().await?;
    let taken = next == Next::Delivered;
    // The subscription before the lane, as everywhere; and not at all while its endpoint does well, so that those who deliver to
    // it do not wait for each other.
    let stored = if taken && known.health == Health::default() {
        subscription::get_in(&mut tx, lane.subscription).await?
    } else {
        subscription::lock(&mut tx, lane.subscription).await?
    };
    let Some(mut stored) = stored else { return Ok(false) };
    if !lane::held(&mut tx, lane).await? {
        // Somebody thought us dead and went on; what they write down holds.
        return Ok(false);
    }
    let mut drafts = Vec::new();
    let before = stored.state;
    let (health, too_long) = match (taken, known.health == Health::default()) {
        (true, true) => (stored.health, false),
        (true, false) => (Health::default(), false),
        (false, _) => stored.health.failed(&hooks.pace, hooks.pause_after, now, other),
    };
    if health != stored.health {
        subscription::put_health(&mut tx, lane.subscription, health).await?;
    }
    if before == State::Active {
        stored.state = match next {
            Next::Gone => State::Disabled(Reason::Gone),
            _ if too_long => State::Paused(Reason::Failing),
            _ => State::Active,
        };
    }
    let state = match next {
        Next::Delivered => Delivered::Delivered,
        Next::Dead => Delivered::Dead,
        Next::Again(_) | Next::Gone => Delivered::Waiting,
    };
    lane::attempted(&mut tx, first.delivery, state, made).await?;
    if state == Delivered::Dead {
        drafts.push(died(hooks, lane, first, (outcome, attempt), now));
    }
    if stored.state != before {
        stored = Stored { version: stored.version + 1, updated_at: now, ..stored };
        subscription::update(&mut tx, &stored).await?;
        drafts.push(turned(hooks, &stored, now));
        tracing::warn!(subscription = %stored.id, state = stored.state.as_str(), "a subscription is told no more");
    }
    let more = state != Delivered::Waiting && lane::first(&mut tx, lane).await?.is_some();
    // Rather than trying the next affair at once when the endpoint fails, all of them wait for its rest to end.
    let goes_on = more && stored.state == State::Active && health.rest_until.is_none_or(|until| until <= now);
    match next {
        _ if goes_on => lane::keep(&mut tx, lane, f64::from(hooks.courier.lease_ms)).await?,
        Next::Again(at) => lane::give_back(&mut tx, lane, at).await?,
        Next::Gone => lane::give_back(&mut tx, lane, now).await?,
        Next::Delivered | Next::Dead if more => lane::give_back(&mut tx, lane, now).await?,
        Next::Delivered | Next::Dead => lane::end(&mut tx, lane).await?,
    }
    append(&mut tx, &drafts).await?;
    tx.commit().await?;
    if !drafts.is_empty() {
        hooks.ledger.nudge();
    }
    Ok(goes_on)
}

/// Nothing waits, or nothing may be sent now: the lane ends, or is given back.
async fn settle(hooks: &Hooks, lane: &Lane) -> Result<bool, StoreError> {
    let mut tx = hooks.db.tx().await?;
    if lane::held(&mut tx, lane).await? {
        match lane::first(&mut tx, lane).await? {
            Some(_) => lane::give_back(&mut tx, lane, hooks.ambient.now()).await?,
            None => lane::end(&mut tx, lane).await?,
        }
    }
    tx.commit().await?;
    Ok(false)
}

/// What this service does by itself.
fn stamp(now: Timestamp) -> Stamp {
    let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
    Stamp::of(actor, now, telemetry::current_traceparent())
}

fn turned(hooks: &Hooks, stored: &Stored, now: Timestamp) -> Draft {
    Draft::new(hooks.ambient.uuid(now), stored.id.name(), &present::turned(stored), &stamp(now))
}

fn died(hooks: &Hooks, lane: &Lane, first: &First, (outcome, attempts): (Outcome, u32), now: Timestamp) -> Draft {
    let payload = proto::DeliveryDied {
        delivery: DeliveryName { subscription: lane.subscription, delivery: first.delivery }.to_string(),
        subscription: lane.subscription.name(),
        event_id: first.event.id.as_hyphenated().to_string(),
        event_type: first.event.event_type.clone(),
        attempt_count: i32::try_from(attempts).unwrap_or(i32::MAX),
        last_status: outcome.status().map_or(0, i32::from),
        last_outcome: present::outcome(outcome.as_str()).into(),
    };
    Draft::new(hooks.ambient.uuid(now), lane.subscription.name(), &payload, &stamp(now))
}

//! `PauseSubscription`, `ResumeSubscription`, `DisableSubscription`.

use kernel::ResourceId as _;
use postgres::{RequestKey, StoreError};
use server::Call;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;
use webhooks_domain::standing::{Health, State, WrongState};

use super::Reach;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::store::delivery::wait_anew;
use crate::store::lane::{hurry_all, lock_all};
use crate::store::subscription::{Stored, lock, put_health, update};

/// A verb on a version.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Which.
    pub id: SubscriptionId,
    /// Version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// Pauses it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.pause", skip_all, fields(subscription = %asked.id))]
pub async fn pause_subscription(hooks: &Hooks, call: &Call, asked: Turn) -> Result<proto::Subscription, Failure> {
    turn(hooks, call, asked, State::pause).await
}

/// Resumes it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.resume", skip_all, fields(subscription = %asked.id))]
pub async fn resume_subscription(hooks: &Hooks, call: &Call, asked: Turn) -> Result<proto::Subscription, Failure> {
    turn(hooks, call, asked, State::resume).await
}

/// Disables it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.disable", skip_all, fields(subscription = %asked.id))]
pub async fn disable_subscription(hooks: &Hooks, call: &Call, asked: Turn) -> Result<proto::Subscription, Failure> {
    turn(hooks, call, asked, State::disable).await
}

async fn turn(
    hooks: &Hooks,
    call: &Call,
    asked: Turn,
    verb: impl FnOnce(State) -> Result<State, WrongState>,
) -> Result<proto::Subscription, Failure> {
    let mut tx = match begin(hooks, &asked.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let stored = Reach::to_change(call.acting()).seen(asked.id, lock(&mut tx, asked.id).await?)?;
    if stored.version != asked.etag {
        return Err(StoreError::Stale.into());
    }
    let now = hooks.ambient.now();
    let mut stored = Stored { state: verb(stored.state)?, updated_at: now, version: stored.version + 1, ..stored };
    update(&mut tx, &stored).await?;
    if stored.state == State::Active {
        // Whoever resumes it says that its endpoint is there: what failed before counts no more, and nothing waits for a pause.
        stored.health = Health::default();
        put_health(&mut tx, stored.id, stored.health).await?;
        lock_all(&mut tx, stored.id).await?;
        hurry_all(&mut tx, stored.id, now).await?;
        wait_anew(&mut tx, stored.id, now).await?;
    }
    let entry = present::turned(&stored);
    finish(hooks, tx, (call, &asked.key), (stored.id.name(), &entry), present::subscription(&stored, None)).await
}

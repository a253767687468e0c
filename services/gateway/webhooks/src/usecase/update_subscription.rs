//! `UpdateSubscription`.

use kernel::ResourceId as _;
use postgres::{RequestKey, StoreError};
use server::Call;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;

use super::write::{Begun, begin, finish};
use super::{Content, Reach};
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::store::subscription::{Stored, lock, update};

/// What a subscription is to say from now on.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which.
    pub id: SubscriptionId,
    /// All of it.
    pub content: Content,
    /// Version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// Says it anew.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.update", skip_all, fields(subscription = %change.id))]
pub async fn update_subscription(hooks: &Hooks, call: &Call, change: Change) -> Result<proto::Subscription, Failure> {
    let reach = Reach::to_change(call.acting());
    let mut tx = match begin(hooks, &change.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let stored = reach.seen(change.id, lock(&mut tx, change.id).await?)?;
    if stored.version != change.etag {
        return Err(StoreError::Stale.into());
    }
    let stored = Stored {
        filter: reach.narrow(change.content.filter)?,
        url: change.content.url,
        description: change.content.description,
        updated_at: hooks.ambient.now(),
        version: stored.version + 1,
        ..stored
    };
    update(&mut tx, &stored).await?;
    let entry = present::put(&stored, &hooks.rules, false);
    finish(hooks, tx, (call, &change.key), (stored.id.name(), &entry), present::subscription(&stored, None)).await
}

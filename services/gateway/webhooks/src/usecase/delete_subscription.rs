//! `DeleteSubscription`.

use kernel::ResourceId as _;
use postgres::StoreError;
use server::Call;
use ventanilla_proto::webhook::v1 as proto;

use super::Reach;
use super::turn_subscription::Turn;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::hooks::Hooks;
use crate::store::delivery::{counts, lock_spreading};
use crate::store::lane::lock_all;
use crate::store::subscription::{delete, lock};

/// Deletes it with all that hangs on it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.delete", skip_all, fields(subscription = %asked.id))]
pub async fn delete_subscription(hooks: &Hooks, call: &Call, asked: Turn) -> Result<(), Failure> {
    let mut tx = match begin::<()>(hooks, &asked.key).await? {
        Begun::Replay(()) => return Ok(()),
        Begun::Fresh(tx) => tx,
    };
    lock_spreading(&mut tx).await?;
    let stored = Reach::to_change(call.acting()).seen(asked.id, lock(&mut tx, asked.id).await?)?;
    if stored.version != asked.etag {
        return Err(StoreError::Stale.into());
    }
    lock_all(&mut tx, stored.id).await?;
    let (waiting_count, _) = counts(&mut tx, stored.id).await?;
    delete(&mut tx, stored.id).await?;
    let entry = proto::SubscriptionDeleted { subscription: stored.id.name(), waiting_count };
    finish(hooks, tx, (call, &asked.key), (stored.id.name(), &entry), ()).await
}

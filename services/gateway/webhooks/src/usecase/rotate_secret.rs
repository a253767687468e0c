//! `RotateSecret`.

use jiff::{SignedDuration, Timestamp};
use kernel::ResourceId as _;
use postgres::{RequestKey, StoreError};
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;

use super::Reach;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::store::secret;
use crate::store::subscription::{self, Stored, lock, update};

/// A rotation.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// Whose secret.
    pub id: SubscriptionId,
    /// How long the former one signs too.
    pub grace: SignedDuration,
    /// Version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// Gives a new secret.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.rotate_secret", skip_all, fields(subscription = %rotation.id))]
pub async fn rotate_secret(
    hooks: &Hooks,
    call: &Call,
    rotation: Rotation,
) -> Result<proto::RotateSecretResponse, Failure> {
    let mut tx = match begin::<proto::RotateSecretResponse>(hooks, &rotation.key).await? {
        // A secret is told to whoever may change the subscription now, and not to who once might.
        Begun::Replay(answer) => {
            let found = subscription::get(hooks.db.reader(), rotation.id).await?;
            Reach::to_change(call.acting()).seen(rotation.id, found)?;
            return with_secret(hooks, answer).await;
        }
        Begun::Fresh(tx) => tx,
    };
    let found = lock(&mut tx, rotation.id).await?;
    let stored = Reach::to_change(call.acting()).seen(rotation.id, found)?;
    if stored.version != rotation.etag {
        return Err(StoreError::Stale.into());
    }
    let now = hooks.ambient.now();
    let until = now.checked_add(rotation.grace).unwrap_or(Timestamp::MAX);
    let number = stored.secret_number + 1;
    let stored = Stored { secret_number: number, version: stored.version + 1, updated_at: now, ..stored };
    secret::end_former(&mut tx, (stored.id, number), until, now).await?;
    secret::insert(&mut tx, (stored.id, number), &hooks.ambient.bytes(), hooks.keys.in_use(), now).await?;
    update(&mut tx, &stored).await?;
    let mut subscription = present::subscription(&stored, None);
    subscription.former_secret_until_time = (until > now).then(|| time_to_proto(until));
    let entry = proto::SecretRotated {
        subscription: stored.id.name(),
        secret_number: number,
        former_until_time: Some(time_to_proto(until)),
    };
    let answer = proto::RotateSecretResponse { subscription: Some(subscription), secret: String::new() };
    let answer = finish(hooks, tx, (call, &rotation.key), (stored.id.name(), &entry), answer).await?;
    with_secret(hooks, answer).await
}

async fn with_secret(
    hooks: &Hooks,
    answer: proto::RotateSecretResponse,
) -> Result<proto::RotateSecretResponse, Failure> {
    let secret = secret_of(hooks, answer.subscription.as_ref()).await?;
    Ok(proto::RotateSecretResponse { secret, ..answer })
}

/// The secret an answer speaks of, as long as it signs; a repeated call long after may be told none.
pub(super) async fn secret_of(hooks: &Hooks, told: Option<&proto::Subscription>) -> Result<String, Failure> {
    let Some(told) = told else { return Ok(String::new()) };
    let id = SubscriptionId::parse(&told.name).map_err(|_| StoreError::corrupt("request", "answer", &told.name))?;
    let all = secret::that_sign(hooks.db.reader(), &hooks.keys, id, hooks.ambient.now()).await?;
    Ok(all
        .into_iter()
        .find(|kept| kept.number == told.secret_number)
        .map(|kept| kept.secret.text())
        .unwrap_or_default())
}

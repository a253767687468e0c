//! `CreateSubscription`.

use kernel::{Department, ResourceId as _, Violations};
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;
use webhooks_domain::standing::{Health, State};

use super::write::{Begun, begin, finish};
use super::{Content, Reach};
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::store::secret;
use crate::store::subscription::{Stored, count_locked, insert};

/// A subscription to be made.
#[derive(Debug, Clone)]
pub struct NewSubscription {
    /// Whose it is to be; the caller's own when none.
    pub department: Option<Department>,
    /// What it says.
    pub content: Content,
    /// The call.
    pub key: RequestKey,
}

/// Makes it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.create", skip_all)]
pub async fn create_subscription(
    hooks: &Hooks,
    call: &Call,
    new: NewSubscription,
) -> Result<proto::CreateSubscriptionResponse, Failure> {
    let reach = Reach::to_change(call.acting());
    let Some(department) = new.department.or_else(|| call.actor().department.clone()) else {
        let mut violations = Violations::new();
        violations.push("subscription.department", "is required of who works for no department");
        return Err(violations.into());
    };
    if !reach.holds(department.as_str()) {
        return Err(Failure::NotYourDepartment);
    }
    let filter = reach.narrow(new.content.filter)?;
    let mut tx = match begin::<proto::CreateSubscriptionResponse>(hooks, &new.key).await? {
        Begun::Replay(answer) => return with_secret(hooks, answer).await,
        Begun::Fresh(tx) => tx,
    };
    let limit = hooks.most_subscriptions;
    if count_locked(&mut tx, &department).await? >= limit {
        return Err(Failure::TooMany { limit });
    }
    let now = hooks.ambient.now();
    let stored = Stored {
        id: SubscriptionId::from_uuid(hooks.ambient.uuid(now)),
        department,
        url: new.content.url,
        filter,
        description: new.content.description,
        state: State::Active,
        health: Health::default(),
        secret_number: 1,
        creator: call.actor().clone(),
        created_at: now,
        updated_at: now,
        version: 1,
    };
    insert(&mut tx, &stored).await?;
    secret::insert(&mut tx, (stored.id, 1), &hooks.ambient.bytes(), hooks.keys.in_use(), now).await?;
    let subscription = present::subscription(&stored, None);
    let entry = present::put(&stored, &hooks.rules, true);
    let answer = proto::CreateSubscriptionResponse { subscription: Some(subscription), secret: String::new() };
    let answer = finish(hooks, tx, (call, &new.key), (stored.id.name(), &entry), answer).await?;
    with_secret(hooks, answer).await
}

/// The answer with what is kept nowhere.
async fn with_secret(
    hooks: &Hooks,
    answer: proto::CreateSubscriptionResponse,
) -> Result<proto::CreateSubscriptionResponse, Failure> {
    let secret = super::rotate_secret::secret_of(hooks, answer.subscription.as_ref()).await?;
    Ok(proto::CreateSubscriptionResponse { secret, ..answer })
}

//! `GetSubscription`, `ListSubscriptions`.

use jiff::Timestamp;
use kernel::{Department, ResourceId as _};
use server::Call;
use server::parse::time_to_proto;
use uuid::Uuid;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;

use super::Reach;
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::store::{delivery, secret, subscription};

/// Shows one.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.get", skip_all, fields(subscription = %id))]
pub async fn get_subscription(hooks: &Hooks, call: &Call, id: SubscriptionId) -> Result<proto::Subscription, Failure> {
    let found = subscription::get(hooks.db.reader(), id).await?;
    let stored = Reach::to_see(call.acting()).seen(id, found)?;
    let mut reader = hooks.db.reader().acquire().await?;
    let counts = delivery::counts(&mut reader, id).await?;
    drop(reader);
    let secrets = secret::that_sign(hooks.db.reader(), &hooks.keys, id, hooks.ambient.now()).await?;
    let mut shown = present::subscription(&stored, Some(counts));
    shown.former_secret_until_time = secrets.iter().filter_map(|kept| kept.until).max().map(time_to_proto);
    Ok(shown)
}

/// Which are asked for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Of this department.
    pub department: Option<Department>,
    /// In this state.
    pub state: Option<&'static str>,
    /// After this one.
    pub after: Option<(Timestamp, Uuid)>,
    /// So many.
    pub size: usize,
}

/// Where a page goes on.
pub type After = Option<(Timestamp, Uuid)>;

/// Lists those the caller may see.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.list", skip_all)]
pub async fn list_subscriptions(
    hooks: &Hooks,
    call: &Call,
    page: Page,
) -> Result<(Vec<proto::Subscription>, After), Failure> {
    let department = match (Reach::to_see(call.acting()), page.department) {
        (Reach::All, asked) => asked,
        (Reach::Own(own), asked) if asked.as_ref().is_none_or(|asked| *asked == own) => Some(own),
        (Reach::Own(_) | Reach::None, _) => return Ok((Vec::new(), None)),
    };
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let found = subscription::list(hooks.db.reader(), department.as_ref(), page.state, page.after, limit).await?;
    let shown = found.get(..page.size).unwrap_or(&found);
    let next = shown.last().filter(|_| found.len() > page.size).map(|last| (last.created_at, last.id.uuid()));
    Ok((shown.iter().map(|stored| present::subscription(stored, None)).collect(), next))
}

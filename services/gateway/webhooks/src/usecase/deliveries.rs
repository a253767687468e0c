//! `ListDeliveries`, `GetDelivery`, `ListDeadLetters`.

use kernel::ResourceId as _;
use postgres::StoreError;
use server::Call;
use uuid::Uuid;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;

use super::Reach;
use crate::envelope;
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::names::DeliveryName;
use crate::store::delivery::{self, Asked, Shown};
use crate::store::{event, subscription};

/// Attempts that are shown of one delivery.
const MOST_ATTEMPTS: i64 = 100;

/// Deliveries that are asked for.
#[derive(Debug, Clone)]
pub struct Page {
    /// Whose.
    pub parent: SubscriptionId,
    /// Which of them.
    pub asked: Asked,
    /// So many.
    pub size: usize,
}

/// Lists them.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "delivery.list", skip_all, fields(subscription = %page.parent))]
pub async fn list_deliveries(
    hooks: &Hooks,
    call: &Call,
    page: Page,
) -> Result<(Vec<proto::Delivery>, Option<i64>), Failure> {
    let found = subscription::get(hooks.db.reader(), page.parent).await?;
    Reach::to_see(call.acting()).seen(page.parent, found)?;
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let found = delivery::list(hooks.db.reader(), page.parent, page.asked, limit).await?;
    let shown = found.get(..page.size).unwrap_or(&found);
    let next = shown.last().filter(|_| found.len() > page.size).map(|last| last.number);
    Ok((shown.iter().map(present::delivery).collect(), next))
}

/// What was given up that is asked for.
#[derive(Debug, Clone)]
pub struct DeadPage {
    /// Before this one.
    pub before: Option<(i64, Uuid)>,
    /// So many.
    pub size: usize,
}

/// A page of dead letters, and where the next one begins.
pub type DeadLetters = (Vec<proto::Delivery>, Option<(i64, Uuid)>);

/// Lists what was given up.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "delivery.list_dead", skip_all)]
pub async fn list_dead_letters(hooks: &Hooks, call: &Call, page: DeadPage) -> Result<DeadLetters, Failure> {
    let department = match Reach::to_see(call.acting()) {
        Reach::All => None,
        Reach::Own(own) => Some(own),
        Reach::None => return Ok((Vec::new(), None)),
    };
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let found = delivery::dead(hooks.db.reader(), department.as_ref(), page.before, limit).await?;
    let shown = found.get(..page.size).unwrap_or(&found);
    let last = shown.last().filter(|_| found.len() > page.size);
    let next = last.map(|last| (last.number, last.name.subscription.uuid()));
    Ok((shown.iter().map(present::delivery).collect(), next))
}

/// Shows one with its body and the attempts to make it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "delivery.get", skip_all)]
pub async fn get_delivery(hooks: &Hooks, call: &Call, name: DeliveryName) -> Result<proto::Delivery, Failure> {
    let mut reader = hooks.db.reader().acquire().await?;
    let found = delivery::get(&mut reader, name).await?;
    let found = within(&Reach::to_see(call.acting()), name, found)?;
    let attempts = delivery::attempts(&mut reader, name.delivery, MOST_ATTEMPTS).await?;
    drop(reader);
    let event = event::get(hooks.db.reader(), found.number).await?;
    let unreadable = || StoreError::corrupt("event", "payload", found.number);
    let body = envelope::body(&event.ok_or_else(unreadable)?, &hooks.envelope).map_err(|_| unreadable())?;
    Ok(proto::Delivery {
        body: String::from_utf8(body).map_err(|_| unreadable())?,
        attempts: attempts.iter().map(present::attempt).collect(),
        ..present::delivery(&found)
    })
}

/// The delivery, when there is one within reach.
pub(super) fn within(reach: &Reach, name: DeliveryName, found: Option<Shown>) -> Result<Shown, Failure> {
    let found = found.filter(|shown| reach.holds(&shown.department));
    found.ok_or_else(|| Failure::DeliveryNotFound(name.to_string()))
}

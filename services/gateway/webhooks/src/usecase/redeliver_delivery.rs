//! `RedeliverDelivery`.

use kernel::ResourceId as _;
use postgres::{RequestKey, StoreError};
use server::Call;
use ventanilla_proto::webhook::v1 as proto;

use super::Reach;
use super::deliveries::within;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::names::DeliveryName;
use crate::store::delivery::{New, State, get, put_waiting};
use crate::store::lane::hurry;
use crate::store::subscription;

/// Has it sent again.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "delivery.redeliver", skip_all)]
pub async fn redeliver_delivery(
    hooks: &Hooks,
    call: &Call,
    (name, key): (DeliveryName, RequestKey),
) -> Result<proto::Delivery, Failure> {
    let mut tx = match begin(hooks, &key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    // Whoever deletes it waits, or has done so.
    subscription::lock(&mut tx, name.subscription).await?;
    let found = within(&Reach::to_change(call.acting()), name, get(&mut tx, name).await?)?;
    if found.state == State::Waiting {
        return Err(Failure::DeliveryWaiting);
    }
    let now = hooks.ambient.now();
    let new = New {
        ids: vec![name.delivery],
        subscriptions: vec![name.subscription.uuid()],
        numbers: vec![found.number],
        affairs: vec![found.affair],
    };
    put_waiting(&mut tx, &new, now).await?;
    hurry(&mut tx, name.subscription, &new.affairs[0], now).await?;
    let gone = || StoreError::corrupt("delivery", "delivery_id", name);
    let answer = present::delivery(&get(&mut tx, name).await?.ok_or_else(gone)?);
    let entry = proto::DeliveryRepeated { delivery: name.to_string(), event_id: answer.event_id.clone() };
    finish(hooks, tx, (call, &key), (name.subscription.name(), &entry), answer).await
}

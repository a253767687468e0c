//! `SendTestEvent`.

use kernel::ResourceId as _;
use ledger::{Draft, Stamp, append};
use postgres::{RequestKey, StoreError};
use prost::{Message as _, Name as _};
use server::Call;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;
use webhooks_domain::pattern::event_type;
use webhooks_domain::standing::{State, WrongState};

use super::Reach;
use super::write::{Begun, begin, keep};
use crate::envelope::Event;
use crate::error::Failure;
use crate::grpc::present;
use crate::hooks::Hooks;
use crate::names::DeliveryName;
use crate::store::delivery::{New, get, put_waiting};
use crate::store::event::insert_spread;
use crate::store::subscription::lock;

/// Sends it. The entry in the ledger is the event: they have one id.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.test", skip_all, fields(subscription = %id))]
pub async fn send_test_event(
    hooks: &Hooks,
    call: &Call,
    (id, key): (SubscriptionId, RequestKey),
) -> Result<proto::Delivery, Failure> {
    let mut tx = match begin(hooks, &key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let stored = Reach::to_change(call.acting()).seen(id, lock(&mut tx, id).await?)?;
    if stored.state != State::Active {
        return Err(WrongState(stored.state).into());
    }
    let now = hooks.ambient.now();
    let payload = proto::SubscriptionTested { subscription: id.name() };
    let message = proto::SubscriptionTested::full_name();
    let event = Event {
        number: 0,
        id: hooks.ambient.uuid(now),
        source: crate::SOURCE.to_owned(),
        position: None,
        event_type: event_type(&message).unwrap_or_default(),
        message,
        subject: id.name(),
        affair: id.name(),
        department: Some(stored.department.to_string()),
        occurred_at: now,
        traceparent: call.traceparent.clone(),
        payload: payload.encode_to_vec(),
    };
    let (event_id, affair) = (event.id, event.affair.clone());
    let number = insert_spread(&mut tx, event, now).await?;
    let name = DeliveryName { subscription: id, delivery: hooks.ambient.uuid(now) };
    let new =
        New { ids: vec![name.delivery], subscriptions: vec![id.uuid()], numbers: vec![number], affairs: vec![affair] };
    put_waiting(&mut tx, &new, now).await?;
    let gone = || StoreError::corrupt("delivery", "delivery_id", name);
    let answer = present::delivery(&get(&mut tx, name).await?.ok_or_else(gone)?);
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    append(&mut tx, &[Draft::new(event_id, id.name(), &payload, &stamp)]).await?;
    keep(hooks, tx, &key, answer).await
}

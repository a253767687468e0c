//! `ReplaySubscription`.

use jiff::Timestamp;
use kernel::ResourceId as _;
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;
use webhooks_domain::affair::has_department;
use webhooks_domain::standing::WrongState;

use super::Reach;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::hooks::Hooks;
use crate::store::delivery::{New, lock_spreading, put_waiting, that_fit};
use crate::store::event::{head, without_department};
use crate::store::subscription::lock;

/// Events by one call at most.
const MOST: usize = 20_000;

/// What is to be sent again.
#[derive(Debug, Clone)]
pub struct Replay {
    /// To whom.
    pub id: SubscriptionId,
    /// From this position on.
    pub from: i64,
    /// And not what happened before this instant.
    pub since: Option<Timestamp>,
    /// Up to this position.
    pub to: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// Has it sent again.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "subscription.replay", skip_all, fields(subscription = %replay.id))]
pub async fn replay_subscription(
    hooks: &Hooks,
    call: &Call,
    replay: Replay,
) -> Result<proto::ReplaySubscriptionResponse, Failure> {
    let mut tx = match begin(hooks, &replay.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    lock_spreading(&mut tx).await?;
    let stored = Reach::to_change(call.acting()).seen(replay.id, lock(&mut tx, replay.id).await?)?;
    if !stored.state.gathers() {
        return Err(WrongState(stored.state).into());
    }
    let head = head(&mut tx).await?;
    if replay.from > head {
        return Err(Failure::PositionAhead { head });
    }
    let to = replay.to.unwrap_or(head).min(head);
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut found = that_fit(&mut tx, &stored.filter, (replay.from, to), replay.since, limit).await?;
    let next_position = found.get(MOST).map_or(0, |(number, _)| *number);
    found.truncate(MOST);
    if !stored.filter.departments.is_empty() {
        // As when it was spread: an affair whose department nobody knows concerns none of those that are named.
        let somebodys = found.iter().filter(|(_, affair)| has_department(affair));
        let numbers: Vec<i64> = somebodys.map(|(number, _)| *number).collect();
        let unknown = without_department(&mut tx, &numbers).await?;
        found.retain(|(number, _)| !unknown.contains(number));
    }
    let now = hooks.ambient.now();
    let last = if next_position == 0 { to } else { next_position - 1 };
    let (numbers, affairs): (Vec<i64>, Vec<String>) = found.into_iter().unzip();
    let new = New {
        ids: numbers.iter().map(|_| hooks.ambient.uuid(now)).collect(),
        subscriptions: vec![stored.id.uuid(); numbers.len()],
        numbers,
        affairs,
    };
    put_waiting(&mut tx, &new, now).await?;
    let delivery_count = i64::try_from(new.numbers.len()).unwrap_or(i64::MAX);
    let entry = proto::DeliveriesReplayed {
        subscription: stored.id.name(),
        from_position: replay.from,
        to_position: last,
        delivery_count,
    };
    let answer = proto::ReplaySubscriptionResponse { delivery_count, next_position };
    finish(hooks, tx, (call, &replay.key), (stored.id.name(), &entry), answer).await
}

//! Hands events to the subscriptions that want them, in the order of their positions, each once.
//!
//! Whose affair it is that an event belongs to only ticketing tells, and another ledger may be ahead of it. An affair that nobody
//! has told of yet waits until everything was heard of ticketing that stood there when the event was written down; who asked
//! for one department's affairs would miss it otherwise, or be told another's.

use std::time::Duration;

use kernel::{Classify as _, Kind};
use postgres::StoreError;
use tokio_util::sync::CancellationToken;

use crate::TICKETING;
use crate::hooks::Hooks;
use crate::store::delivery::New;
use crate::store::{delivery, event, subscription};

/// Events spread in one transaction at most.
const BATCH: i64 = 500;
/// What another process kept is seen this soon.
const POLL: Duration = Duration::from_millis(200);

/// Spreads until told to stop.
///
/// # Errors
/// What waiting does not heal; the supervisor starts it again.
pub async fn run(hooks: Hooks, cancel: CancellationToken) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        match round(&hooks).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "events are spread again soon");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = hooks.came.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    Ok(())
}

/// One batch; whether there may be more.
async fn round(hooks: &Hooks) -> Result<bool, StoreError> {
    // Looked for outside the lock: nearly always there is nothing.
    if event::any_unspread(hooks.db.reader()).await? { batch(hooks).await } else { Ok(false) }
}

#[tracing::instrument(name = "webhook.spread", skip_all)]
async fn batch(hooks: &Hooks) -> Result<bool, StoreError> {
    let now = hooks.ambient.now();
    let mut tx = hooks.db.tx().await?;
    delivery::lock_spreading(&mut tx).await?;
    // Before it is asked whose affairs these are: what is heard of ticketing after that answer says nothing of it.
    let heard = hooks.standings.of(TICKETING).as_of;
    let told = event::unspread(&mut tx, heard, BATCH).await?;
    let wanted = subscription::that_gather(&mut tx).await?;
    let mut new = New::default();
    for event in &told {
        for (subscription, filter) in &wanted {
            if filter.takes(&event.event_type, &event.affair, event.department.as_deref()) {
                new.ids.push(hooks.ambient.uuid(now));
                new.subscriptions.push(*subscription);
                new.numbers.push(event.number);
                new.affairs.push(event.affair.clone());
            }
        }
    }
    if told.is_empty() {
        tx.rollback().await?;
        return Ok(false);
    }
    delivery::put_waiting(&mut tx, &new, now).await?;
    let numbers: Vec<i64> = told.iter().map(|event| event.number).collect();
    let departments: Vec<Option<String>> = told.into_iter().map(|event| event.department).collect();
    event::spread(&mut tx, &numbers, &departments, now).await?;
    tx.commit().await?;
    hooks.waits.notify_one();
    Ok(true)
}

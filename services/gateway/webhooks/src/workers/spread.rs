//! Hands events to the subscriptions that want them, in the order of their positions, each once.
//!
//! An event that names no department is of the one that had its affair when it happened. That only ticketing tells, and only the
//! office what its cases are about, and another ledger may be ahead of theirs. So it waits, and with it what is behind it of its
//! affair, until everything was heard that they had when it came; who asked for one department's affairs would miss it otherwise, or
//! be told another's. What is decided then follows from the ledgers and not from when it is decided.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kernel::{Classify as _, Kind};
use postgres::StoreError;
use tokio_util::sync::CancellationToken;
use webhooks_domain::affair::department_at;

use super::horizon::Horizons;
use crate::hooks::Hooks;
use crate::store::delivery::New;
use crate::store::event::{Reached, Unspread};
use crate::store::{affair, delivery, event, subscription};

/// Events spread in one transaction at most.
const BATCH: i64 = 500;
/// What another process kept is seen this soon.
const POLL: Duration = Duration::from_millis(200);

/// Spreads until told to stop.
///
/// # Errors
/// What waiting does not heal; the supervisor starts it again.
pub async fn run(hooks: Hooks, mut heard: Horizons, cancel: CancellationToken) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        let began = Instant::now();
        match round(&hooks, &mut heard).await {
            Ok(true) => {
                cancel.run_until_cancelled(tokio::time::sleep(ledger::rest(began.elapsed()))).await;
                continue;
            }
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
async fn round(hooks: &Hooks, heard: &mut Horizons) -> Result<bool, StoreError> {
    // Looked for outside the lock: nearly always there is nothing.
    if !event::any_unspread(hooks.db.reader()).await? {
        return Ok(false);
    }
    let reached = Reached { ticketing: heard.ticketing.reached(), office: heard.office.reached() };
    if batch(hooks, reached).await? {
        return Ok(true);
    }
    // The newest event is known before the ledgers are asked: what they say then is enough for all up to it.
    let waiting = event::waiting(hooks.db.reader()).await?;
    let ticketing = waiting.of_tickets && heard.ticketing.look(waiting.newest, &hooks.standings).await;
    let office = waiting.of_cases && heard.office.look(waiting.newest, &hooks.standings).await;
    Ok(ticketing || office)
}

#[tracing::instrument(name = "webhook.spread", skip_all)]
async fn batch(hooks: &Hooks, reached: Reached) -> Result<bool, StoreError> {
    let now = hooks.ambient.now();
    let mut tx = hooks.db.tx().await?;
    delivery::lock_spreading(&mut tx).await?;
    let told = event::unspread(&mut tx, reached, BATCH).await?;
    // Looked for after the others were read: it may come before them in their affairs.
    if event::adopt(&mut tx).await? {
        tx.commit().await?;
        return Ok(true);
    }
    let open: Vec<&str> = told.iter().filter(|e| e.department.is_none()).map(|e| e.affair.as_str()).collect();
    let tenures = if open.is_empty() { BTreeMap::new() } else { affair::tenures(&mut tx, &open).await? };
    let department = |event: &Unspread| {
        let of_its_affair = || department_at(tenures.get(&event.affair)?, event.moment).map(str::to_owned);
        event.department.clone().or_else(of_its_affair)
    };
    let departments: Vec<Option<String>> = told.iter().map(department).collect();
    let gathering = subscription::that_gather(&mut tx).await?;
    let mut new = New::default();
    for (event, department) in told.iter().zip(&departments) {
        for (subscription, filter) in &gathering {
            if filter.takes(&event.event_type, &event.affair, department.as_deref()) {
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
    let wanted = !new.ids.is_empty();
    if wanted {
        delivery::put_waiting(&mut tx, &new, now).await?;
    }
    let numbers: Vec<i64> = told.iter().map(|event| event.number).collect();
    event::spread(&mut tx, &numbers, &departments).await?;
    tx.commit().await?;
    if wanted {
        hooks.waits.notify_one();
    }
    Ok(true)
}

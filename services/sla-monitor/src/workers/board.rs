//! Sums what changed of affairs, so that a board over years reads a few lines of each.
//!
//! Any number of these may run; one of them sums. What was not summed yet is counted when a board is asked for: this worker makes boards fast, and never right.

use std::time::Duration;

use jiff::tz::TimeZone;
use kernel::{Classify as _, Kind};
use postgres::StoreError;
use sla_monitor_domain::board::Days;
use tokio_util::sync::CancellationToken;

use crate::monitor::Monitor;
use crate::store::board::fold::{begin, fold, start_over, waiting};

/// How often it is looked whether there is enough to do.
const POLL: Duration = Duration::from_secs(1);

/// Sums until told to stop.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub async fn run(monitor: Monitor, cancel: CancellationToken) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        let pause = match look(&monitor).await {
            Ok(pause) => pause,
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "boards are summed again soon");
                POLL
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    Ok(())
}

/// Sums a batch where enough waits, or has waited long enough; answers how long there is nothing to do.
async fn look(monitor: &Monitor) -> Result<Duration, StoreError> {
    let settings = &monitor.board;
    let poll = POLL.min(Duration::from_millis(settings.wait_ms.into()));
    let waiting = waiting(&monitor.db, settings.most_waiting, settings.wait_ms).await?;
    let enough = waiting.changes >= settings.most_waiting || waiting.changes > 0 && waiting.long;
    if enough || waiting.zone != monitor.law().zone() { sum(monitor).await } else { Ok(poll) }
}

#[tracing::instrument(name = "board.sum", skip_all, fields(affairs = tracing::field::Empty))]
async fn sum(monitor: &Monitor) -> Result<Duration, StoreError> {
    let law = monitor.law();
    let Some((mut tx, summed_in)) = begin(&monitor.db).await? else { return Ok(POLL) };
    if summed_in != law.zone() {
        start_over(&mut tx, law.zone()).await?;
        tx.commit().await?;
        return Ok(Duration::ZERO);
    }
    let zone = TimeZone::get(&summed_in).map_err(|_| StoreError::corrupt("board_state", "zone", &summed_in))?;
    let affairs = fold(&mut tx, &Days(zone), monitor.board.batch).await?;
    tx.commit().await?;
    tracing::Span::current().record("affairs", affairs);
    // A full batch leaves more to do.
    let more = i64::try_from(affairs).is_ok_and(|affairs| affairs >= monitor.board.batch);
    Ok(if more { Duration::ZERO } else { POLL.min(Duration::from_millis(monitor.board.wait_ms.into())) })
}

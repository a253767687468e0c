//! Sums what changed of affairs, so that a board over years reads a few lines of each.
//!
//! Any number of these may run; one of them sums. What was not summed yet is counted when a board is asked for: this worker makes boards fast, and never right.

use std::time::Duration;

use jiff::tz::TimeZone;
use kernel::{Classify as _, Kind};
use postgres::StoreError;
use sla_monitor_domain::board::{Days, MADE_AS};
use tokio_util::sync::CancellationToken;

use crate::monitor::Monitor;
use crate::store::board::fold::{Held, begin, fold, start_over, waiting};

/// How often it is looked whether there is enough to do.
const POLL: Duration = Duration::from_secs(1);
/// The least pause.
const SHORTEST: Duration = Duration::from_millis(10);
/// The pause while somebody else sums in another way.
const AT_ODDS: Duration = Duration::from_secs(60);

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
    let waiting = waiting(&monitor.db, settings.most_waiting, settings.wait_ms).await?;
    let enough = waiting.changes >= settings.most_waiting || waiting.changes > 0 && waiting.long;
    let other = waiting.zone != monitor.law().zone() || waiting.made_as != MADE_AS;
    if enough || other { sum(monitor).await } else { Ok(rest(monitor)) }
}

fn rest(monitor: &Monitor) -> Duration {
    Duration::from_millis(monitor.board.wait_ms.into()).clamp(SHORTEST, POLL)
}

#[tracing::instrument(name = "board.sum", skip_all, fields(affairs = tracing::field::Empty))]
async fn sum(monitor: &Monitor) -> Result<Duration, StoreError> {
    let law = monitor.law();
    let Some(Held { mut tx, zone, made_as, just_begun }) = begin(&monitor.db).await? else { return Ok(POLL) };
    if zone != law.zone() || made_as != MADE_AS {
        if just_begun && !zone.is_empty() {
            tx.rollback().await?;
            // Two who do not agree would begin anew against each other for ever.
            tracing::error!(
                summed = zone,
                here = law.zone(),
                "boards were begun anew by somebody with another zone or version"
            );
            return Ok(AT_ODDS);
        }
        start_over(&mut tx, law.zone()).await?;
        tx.commit().await?;
        return Ok(Duration::ZERO);
    }
    let known = TimeZone::get(&zone).map_err(|_| StoreError::corrupt("board_state", "zone", &zone))?;
    let batch = monitor.board.batch.max(1);
    let affairs = match fold(&mut tx, &Days(known), batch).await {
        Ok(affairs) => affairs,
        // Sums and what is known of them do not fit together: something wrote to them past this, or days are others than they were.
        Err(error @ (StoreError::Corrupt { .. } | StoreError::Constraint { .. })) if !just_begun => {
            tx.rollback().await?;
            tracing::error!(
                error = kernel::chain(&error),
                "what is summed for boards does not fit; all is summed anew"
            );
            return begin_anew(monitor).await;
        }
        Err(error) => return Err(error),
    };
    tx.commit().await?;
    tracing::Span::current().record("affairs", affairs);
    // A full batch leaves more to do.
    let more = i64::try_from(affairs).is_ok_and(|affairs| affairs >= batch);
    Ok(if more { Duration::ZERO } else { rest(monitor) })
}

async fn begin_anew(monitor: &Monitor) -> Result<Duration, StoreError> {
    if let Some(mut held) = begin(&monitor.db).await? {
        start_over(&mut held.tx, monitor.law().zone()).await?;
        held.tx.commit().await?;
    }
    Ok(Duration::ZERO)
}

/// Before anything was ever summed, has what is there wait for it.
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn prepare(monitor: &Monitor) -> Result<(), StoreError> {
    let waiting = waiting(&monitor.db, 0, 0).await?;
    if waiting.zone.is_empty() {
        begin_anew(monitor).await?;
    }
    Ok(())
}

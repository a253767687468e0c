//! Reads the house's policies and calendars anew when somebody else has written them.

use std::time::Duration;

use kernel::{Classify as _, Kind};
use postgres::StoreError;
use tokio_util::sync::CancellationToken;

use crate::monitor::Monitor;

/// Who starts a clock by a new affair never waits for this: its own statement tells. Everybody else is this much behind at most.
const POLL: Duration = Duration::from_secs(1);

/// Looks until told to stop.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub async fn run(monitor: Monitor, cancel: CancellationToken) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        match monitor.current().await {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "policies and calendars are looked at again soon");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    Ok(())
}

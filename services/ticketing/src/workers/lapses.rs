//! Ends the time of customers who were asked to complete an affair. Any number of these may run: an affair is taken by one.

use std::time::Duration;

use kernel::{Classify as _, Kind};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::usecase::Ticketing;

/// Between two looks. What a look finds counts as of the instant at which the time was over, so nothing hangs on it.
const POLL: Duration = Duration::from_secs(1);
/// What was left aside is looked at again so often: what was wrong with it may be mended.
const AGAIN: Duration = Duration::from_secs(60);

/// Takes up what is overdue until told to stop. A database that is away is asked again at every poll.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub(crate) async fn run(app: Ticketing, cancel: CancellationToken) -> Result<(), Error> {
    let (mut left, mut since) = (Vec::new(), Instant::now());
    while !cancel.is_cancelled() {
        if since.elapsed() >= AGAIN {
            left.clear();
            since = Instant::now();
        }
        match app.lapse_next_cure(&mut left).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "customers' time is looked at again soon");
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

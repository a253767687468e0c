//! Ends what was merged for customers who turn out to be two. Any number of these may run: a merge is ended once.

use std::time::Duration;

use kernel::{Classify as _, Kind};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::usecase::Ticketing;

/// Between two looks at whether anything was heard.
const POLL: Duration = Duration::from_secs(1);
/// What could not be ended yet, or was not to be asked, is looked at again after this.
const AGAIN: Duration = Duration::from_secs(30);

/// Looks until told to stop. Who is away is asked again.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub(crate) async fn run(app: Ticketing, cancel: CancellationToken) -> Result<(), Error> {
    while !cancel.is_cancelled() {
        let pause = match app.end_merges_of_two().await {
            Ok(true) => POLL,
            Ok(false) => AGAIN,
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "merges of two customers are looked at again soon");
                AGAIN
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

//! Writes what those affected by an incident are told into their affairs. Any number of these may run: an affair is told by one.

use std::time::Duration;

use kernel::{Classify as _, Kind};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::usecase::Ticketing;
use crate::usecase::affected::Told;

/// Between two looks when nobody says that there is something to tell: another process may have been told to and have died.
const POLL: Duration = Duration::from_secs(1);
/// Between two looks while somebody else is at work on those who are left.
const HELD: Duration = Duration::from_millis(50);

/// Tells until told to stop. A database that is away is asked again at every poll.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub(crate) async fn run(app: Ticketing, cancel: CancellationToken) -> Result<(), Error> {
    while !cancel.is_cancelled() {
        let pause = match app.tell_some().await {
            Ok(Told::Some) => continue,
            Ok(Told::Later) => HELD,
            Ok(Told::All) => POLL,
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "those affected by an incident are told soon");
                POLL
            }
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            () = app.telling.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    Ok(())
}

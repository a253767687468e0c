//! Tells customers of promises that are about to be broken, and ends what a version before left running in affairs that were withdrawn or erased. Any number of
//! these may run: a promise is spoken of once.

use std::time::Duration;

use kernel::{Classify as _, Kind};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::usecase::Ticketing;

/// Between two looks.
const POLL: Duration = Duration::from_secs(1);
/// What was left aside is looked at again so often: something may have been approved for it elsewhere.
const AGAIN: Duration = Duration::from_secs(60);
/// What a version before left running is looked for as this begins, and so often: one may be at work beside this one for a while.
const LOOK_BACK: Duration = Duration::from_secs(3_600);

/// Tells until told to stop. A database that is away is asked again at every poll.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub(crate) async fn run(app: Ticketing, cancel: CancellationToken) -> Result<(), Error> {
    let (mut left, mut since) = (Vec::new(), Instant::now());
    let mut looked_back: Option<Instant> = None;
    while !cancel.is_cancelled() {
        if looked_back.is_none_or(|at| at.elapsed() >= LOOK_BACK) && look_back(&app, &cancel).await? {
            looked_back = Some(Instant::now());
        }
        if since.elapsed() >= AGAIN {
            left.clear();
            since = Instant::now();
        }
        let done = async {
            let announced = app.announce_next_promise(&mut left).await?;
            Ok::<_, Error>(app.give_up_next_notice(&mut left).await? || announced)
        };
        match done.await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "promises at risk are looked at again soon");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = app.announcing.notified() => left.clear(),
            () = tokio::time::sleep(POLL) => {}
        }
    }
    Ok(())
}

/// Ends what runs in withdrawn and erased affairs; `false` when the database is away or somebody else is at it, and there may be more.
async fn look_back(app: &Ticketing, cancel: &CancellationToken) -> Result<bool, Error> {
    let mut left = Vec::new();
    while !cancel.is_cancelled() {
        match app.lapse_left_running(&mut left).await {
            Ok(true) => {}
            Ok(false) => return Ok(true),
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

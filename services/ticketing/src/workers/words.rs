//! Reads the ledger for words. Any number of these may run: each batch is written by one.

use futures::StreamExt as _;
use kernel::{Classify as _, Kind};
use ledger::Tail;
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::usecase::Ticketing;

/// Before the ledger is read again after a database that was away.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Writes words until told to stop. A database that is away is asked again.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub(crate) async fn run(app: Ticketing, cancel: CancellationToken) -> Result<(), Error> {
    while !cancel.is_cancelled() {
        match follow(&app, &cancel).await {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "the ledger is read for words again soon");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    Ok(())
}

async fn follow(app: &Ticketing, cancel: &CancellationToken) -> Result<(), Error> {
    let after = app.read_for_words_to().await?;
    let mut tail = Box::pin(app.ledger.tail(after, false));
    loop {
        let part = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            part = tail.next() => part,
        };
        match part {
            None => return Ok(()),
            Some(Ok(Tail::Entries(entries))) => app.read_for_words(&entries).await?,
            Some(Ok(Tail::CaughtUp { .. })) => {}
            Some(Err(error)) => return Err(error.into()),
        }
    }
}

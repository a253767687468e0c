//! Reads the ledger for words. Any number of these may run: each batch is written by one.

use futures::StreamExt as _;
use kernel::{Classify as _, Kind};
use ledger::Tail;
use tokio_util::sync::CancellationToken;
use ventanilla_proto::ledger::v1::Entry;

use crate::Error;
use crate::usecase::Ticketing;

/// Entries whose words are written together: an erasure waits for as many.
const BATCH: usize = 100;
/// Texts that are read anew together: an erasure waits for as many.
const TEXTS: i64 = 100;
/// Between two such batches, so that most of the time is the calls'.
const BETWEEN: std::time::Duration = std::time::Duration::from_millis(100);
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

/// Reads anew what an earlier version read, a few texts at a time, and is done. A database that is away is asked again.
///
/// # Errors
/// What waiting does not heal; the supervisor starts the worker again.
pub(crate) async fn anew(app: Ticketing, cancel: CancellationToken) -> Result<(), Error> {
    while !cancel.is_cancelled() {
        let pause = match app.read_anew(TEXTS).await {
            Ok(true) => BETWEEN,
            Ok(false) => {
                cancel.cancelled().await;
                return Ok(());
            }
            Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::warn!(error = kernel::chain(&error), "words are read anew again soon");
                PAUSE
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
            Some(Ok(Tail::Entries(entries))) => {
                for batch in entries.chunks(BATCH) {
                    read(app, batch).await?;
                }
            }
            Some(Ok(Tail::CaughtUp { .. })) => {}
            Some(Err(error)) => return Err(error.into()),
        }
    }
}

/// Reads some entries; what cannot be read by itself either is passed over, so that one affair does not keep all others from being found.
async fn read(app: &Ticketing, batch: &[Entry]) -> Result<(), Error> {
    match app.read_for_words(batch).await {
        Err(error) if error.kind() == Kind::Internal => {}
        done => return done,
    }
    for entry in batch {
        match app.read_for_words(std::slice::from_ref(entry)).await {
            Err(error) if error.kind() == Kind::Internal => {
                tracing::error!(position = entry.position, error = kernel::chain(&error), "its words cannot be found");
                app.pass_over(entry.position).await?;
            }
            done => done?,
        }
    }
    Ok(())
}

//! `WatchBoard`: a board whenever it has changed.

mod shared;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::shared::{Look, Shared};
use super::get_board::{Figured, Window, get_board};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::board::last_change;

pub use self::shared::Watched;

/// The pause between two boards.
const PAUSE: Duration = Duration::from_secs(2);
/// Whoever comes to look finds the look of another good enough that was begun this lately: ticks come a little early and late.
const LATELY: Duration = Duration::from_millis(1_500);
/// Told again at the latest after so long, whatever happened. What was committed long after it was written, and what time alone changes, is told by then.
const AGAIN: Duration = Duration::from_secs(15);

/// The board of a window, now and whenever a figure of it has changed; never ends by itself. However many watch a window, it is added up as if one did.
///
/// # Errors
/// [`Failure::PolicyNotFound`] for an unknown rule.
#[tracing::instrument(name = "board.watch", skip_all)]
pub async fn watch_board(
    monitor: &Monitor,
    window: Window,
) -> Result<impl Stream<Item = Result<Arc<Figured>, Failure>> + Send + 'static, Failure> {
    let monitor = monitor.clone();
    let shared = monitor.watched.of(&window);
    let mut told = first(&Of { monitor: &monitor, window: &window }, &shared).await?;
    Ok(async_stream::try_stream! {
        yield told.clone();
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let board = next(&Of { monitor: &monitor, window: &window }, &shared).await?;
            if !Arc::ptr_eq(&board, &told) {
                told = board.clone();
                yield board;
            }
        }
    })
}

/// Where boards come from.
trait Source: Sync {
    /// The number of the last change of an affair or clock.
    fn last_change(&self) -> impl Future<Output = Result<Option<i64>, Failure>> + Send;

    /// The board as it is now.
    fn board(&self) -> impl Future<Output = Result<Figured, Failure>> + Send;
}

/// The board of a window.
struct Of<'a> {
    monitor: &'a Monitor,
    window: &'a Window,
}

impl Source for Of<'_> {
    async fn last_change(&self) -> Result<Option<i64>, Failure> {
        Ok(last_change(&self.monitor.db).await?)
    }

    async fn board(&self) -> Result<Figured, Failure> {
        get_board(self.monitor, self.window).await
    }
}

/// The board for who begins to watch: added up since they asked, by them or by another who watches.
async fn first(source: &impl Source, shared: &Shared) -> Result<Arc<Figured>, Failure> {
    let asked = Instant::now();
    let mut turn = shared.turn().await;
    if let Some(look) = turn.as_ref().filter(|look| look.added > asked) {
        return Ok(look.told.clone());
    }
    let begun = Instant::now();
    let seen = source.last_change().await?;
    let board = Arc::new(source.board().await?);
    let once_more = turn.as_ref().is_some_and(|look| look.once_more || look.seen != seen);
    *turn = Some(Look { begun, seen, once_more, added: begun, told: board.clone(), at: begun });
    Ok(board)
}

/// The board that holds now, which is the one told last where no figure has changed since.
async fn next(source: &impl Source, shared: &Shared) -> Result<Arc<Figured>, Failure> {
    let mut turn = shared.turn().await;
    let Some(look) = turn.as_mut() else {
        drop(turn);
        return first(source, shared).await;
    };
    if look.begun.elapsed() < LATELY {
        return Ok(look.told.clone());
    }
    let begun = Instant::now();
    let again = look.at.elapsed() >= AGAIN;
    let last = source.last_change().await?;
    if again || look.once_more || last != look.seen {
        let board = source.board().await?;
        // A change is counted when it is written, and committed after: whoever saw one looks once more.
        (look.once_more, look.seen, look.added) = (last != look.seen, last, begun);
        if again || board.lines != look.told.lines {
            (look.told, look.at) = (Arc::new(board), begun);
        }
    }
    look.begun = begun;
    Ok(look.told.clone())
}

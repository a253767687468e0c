//! `WatchBoard`: a board whenever it has changed.

use std::time::Duration;

use futures::Stream;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::get_board::{Figured, Window, get_board};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::board::last_change;

/// The pause between two boards.
const PAUSE: Duration = Duration::from_secs(2);
/// Told again at the latest after so long, whatever happened. What was committed long after it was written, and what time alone changes, is told by then.
const AGAIN: Duration = Duration::from_secs(15);

/// The board of a window, now and whenever a figure of it has changed; never ends by itself.
///
/// # Errors
/// [`Failure::PolicyNotFound`] for an unknown rule.
#[tracing::instrument(name = "board.watch", skip_all)]
pub async fn watch_board(
    monitor: &Monitor,
    window: Window,
) -> Result<impl Stream<Item = Result<Figured, Failure>> + Send + 'static, Failure> {
    let monitor = monitor.clone();
    let mut seen = last_change(&monitor.db).await?;
    let mut told = get_board(&monitor, &window).await?;
    Ok(async_stream::try_stream! {
        let mut at = Instant::now();
        yield told.clone();
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut once_more = false;
        loop {
            ticks.tick().await;
            let again = at.elapsed() >= AGAIN;
            let last = last_change(&monitor.db).await?;
            if !(again || once_more || last != seen) {
                continue;
            }
            // A change is counted when it is written, and committed after: whoever saw one looks once more.
            (once_more, seen) = (last != seen, last);
            let board = get_board(&monitor, &window).await?;
            if again || board.lines != told.lines {
                at = Instant::now();
                told = board.clone();
                yield board;
            }
        }
    })
}

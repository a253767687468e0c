//! Forgets deliveries that were taken long ago, and says how much is left to do. Events stay, for replays; so does what waits or was
//! given up.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use postgres::StoreError;
use tokio_util::sync::CancellationToken;

use crate::figures;
use crate::hooks::Hooks;
use crate::store;

/// Time between two looks, and how many go at once.
const PAUSE: Duration = Duration::from_secs(60);
const AT_ONCE: u16 = 2_000;

/// Forgets until told to stop.
///
/// # Errors
/// The database; the supervisor starts it again.
pub async fn run(hooks: Hooks, cancel: CancellationToken) -> Result<(), StoreError> {
    let kept = SignedDuration::from_hours(24 * i64::from(hooks.courier.keep_delivered_days));
    loop {
        let before = hooks.ambient.now().checked_sub(kept).unwrap_or(Timestamp::MIN);
        let forgotten = store::delivery::forget(hooks.db.reader(), before, AT_ONCE.into()).await?;
        let mut pause = Duration::ZERO;
        if forgotten < AT_ONCE.into() {
            figures::stands(&store::delivery::backlog(hooks.db.reader()).await?, hooks.ambient.now());
            pause = PAUSE;
        }
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

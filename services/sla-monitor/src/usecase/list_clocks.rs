//! `ListClocks`: clocks by subject, customer and state, the first received first.

use jiff::Timestamp;
use uuid::Uuid;

use super::Standing;
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::clock::{Filter, list};

/// Where a page ends: first receipt and id of its last clock.
pub type Key = (Timestamp, Uuid);

/// A page of clocks.
#[derive(Debug, Clone)]
pub struct Page {
    /// Which.
    pub filter: Filter,
    /// After this key.
    pub after: Option<Key>,
    /// At most so many.
    pub size: usize,
}

/// The page, and the key to go on after when there is more.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "clock.list", skip_all)]
pub async fn list_clocks(monitor: &Monitor, page: Page) -> Result<(Vec<Standing>, Option<Key>), Failure> {
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut stored = list(monitor.db.reader(), &page.filter, page.after, limit).await?;
    let more = stored.len() > page.size;
    stored.truncate(page.size);
    let next = stored.last().filter(|_| more).map(|last| (last.first_origin, last.id));
    let mut clocks = Vec::with_capacity(stored.len());
    for stored in stored {
        clocks.push(Standing::of(monitor, stored).await?);
    }
    Ok((clocks, next))
}

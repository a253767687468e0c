//! Months of the ledgers end and go into files while the drill lasts, as they do in a house that has stood for years.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::civil::{Date, date};
use kernel::Ambient;
use ledger::archive::{self, ArchiveError, Order};
use ledger::months;

use crate::services::Service;
use crate::suite::Suite;

use super::check::db;
use super::places::Places;

/// The month that ends after the base backup, and the one that ends after the point.
pub const FIRST: Date = date(2998, 1, 1);
pub const SECOND: Date = date(2999, 1, 1);

/// How long followers may take to come past the end of a month.
const FOLLOWED: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Begins a month in every ledger, under load.
pub async fn begin(suite: &Suite, month: Date) -> anyhow::Result<()> {
    for service in Service::ALL {
        let db = db(suite, service).await?;
        months::begin(&db, month).await.with_context(|| format!("a month of {} cannot be begun", service.name()))?;
        db.close(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Takes what ended out of every ledger and gives how many months went.
pub async fn take_out(suite: &Suite, places: &Places, ambient: &Ambient) -> anyhow::Result<usize> {
    let (folder, checkpoint_dir) = (places.months(), suite.folder.at("checkpoints"));
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let deadline = Instant::now() + FOLLOWED;
    let mut gone = 0;
    for service in Service::ALL {
        let db = db(suite, service).await?;
        loop {
            let order = Order {
                source: service.name(),
                through: SECOND,
                folder: &folder,
                checkpoint_dir: &checkpoint_dir,
                key: &suite.keys.ledger,
                former: &[],
                kept: service.kept(),
                now: ambient.now(),
            };
            match archive::archive(&db, order).await {
                Ok(months) => {
                    gone += months.len();
                    break;
                }
                // Nothing was written to it since.
                Err(ArchiveError::Last { .. }) => break,
                Err(ArchiveError::Followed { .. }) if Instant::now() < deadline => tokio::time::sleep(LOOK_AGAIN).await,
                Err(error) => {
                    return Err(error).with_context(|| format!("a month of {} cannot be archived", service.name()));
                }
            }
        }
        db.close(Duration::from_secs(1)).await;
    }
    Ok(gone)
}

//! `ExportBoard`: the board with its months, for a file.

use super::get_board::{Window, get_board};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::board::{Figured, Figures};
use crate::store::months::{Months, count};

/// A board with its months.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The board.
    pub figured: Figured,
    /// Figures by month, in order, under names such as `2026-11`.
    pub months: Vec<(String, Figures)>,
    /// Name of the zone the months are of.
    pub zone: String,
}

/// The board of a window with its months, on the house's own calendar.
///
/// # Errors
/// [`Failure::PolicyNotFound`] for an unknown rule.
#[tracing::instrument(name = "board.export", skip_all)]
pub async fn export_board(monitor: &Monitor, window: &Window) -> Result<Exported, Failure> {
    let figured = get_board(monitor, window).await?;
    let law = monitor.law();
    let calendar = law.calendar(law.default_calendar());
    let zone = calendar.map_or_else(|| "UTC".to_owned(), |calendar| calendar.zone_name.clone());
    let months = Months { from: window.from, to: window.to, rule: window.rule.as_deref(), zone: &zone };
    let months = count(&monitor.db, &months).await?;
    Ok(Exported { figured, months, zone })
}

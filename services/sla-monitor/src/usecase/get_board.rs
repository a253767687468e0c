//! `GetBoard`: what was kept and what was missed.

use jiff::Timestamp;

use super::get_policy::get_policy;
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::board::{Figured, count};

/// Which clocks are counted.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// First origin at or after.
    pub from: Option<Timestamp>,
    /// First origin before.
    pub to: Option<Timestamp>,
    /// Only of this rule.
    pub rule: Option<String>,
}

/// The figures of the window.
///
/// # Errors
/// [`Failure::PolicyNotFound`] for an unknown rule.
#[tracing::instrument(name = "board.get", skip_all)]
pub async fn get_board(monitor: &Monitor, window: &Window) -> Result<Figured, Failure> {
    if let Some(rule) = &window.rule {
        get_policy(monitor, rule, 0).await?;
    }
    Ok(count(&monitor.db, window.from, window.to, window.rule.as_deref()).await?)
}

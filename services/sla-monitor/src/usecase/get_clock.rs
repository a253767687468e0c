//! `GetClock`: one clock, derived now.

use super::{Standing, standing};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::names::ClockId;

/// The clock of this id.
///
/// # Errors
/// [`Failure::ClockNotFound`] when there is none.
#[tracing::instrument(name = "clock.get", skip_all)]
pub async fn get_clock(monitor: &Monitor, id: ClockId) -> Result<Standing, Failure> {
    standing(monitor, id).await
}

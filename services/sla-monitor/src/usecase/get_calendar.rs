//! `GetCalendar`: one calendar.

use sla_monitor_domain::Calendar;

use crate::error::Failure;
use crate::monitor::Monitor;

/// The calendar of this id.
///
/// # Errors
/// [`Failure::CalendarNotFound`] when there is none.
#[tracing::instrument(name = "calendar.get", skip_all)]
pub fn get_calendar<'a>(monitor: &'a Monitor, id: &str) -> Result<&'a Calendar, Failure> {
    monitor.law.catalogue.calendar(id).ok_or_else(|| Failure::CalendarNotFound(format!("calendars/{id}")))
}

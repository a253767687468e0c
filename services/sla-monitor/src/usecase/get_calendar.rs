//! `GetCalendar`, `ListCalendars`: calendars that ship and those of the house.

use std::sync::Arc;

use sla_monitor_domain::Calendar;
use ventanilla_proto::sla::v1 as proto;

use crate::error::Failure;
use crate::monitor::{Monitor, Version};
use crate::store::law::calendar_changes;

/// A version of the calendar of this id.
///
/// # Errors
/// [`Failure::CalendarNotFound`] when there is none.
pub async fn calendar(monitor: &Monitor, id: &str, version: Version<'_>) -> Result<Arc<Calendar>, Failure> {
    // Somebody else may have written it a moment ago.
    let law = monitor.current().await?;
    let found = law.calendar_at(id, version).map(Arc::clone);
    found.ok_or_else(|| Failure::CalendarNotFound(format!("calendars/{id}")))
}

/// The calendar, and what the house changed about the one it extends.
///
/// # Errors
/// [`Failure::CalendarNotFound`] when there is none.
#[tracing::instrument(name = "calendar.get", skip_all)]
pub async fn get_calendar(
    monitor: &Monitor,
    id: &str,
    version: &str,
) -> Result<(Arc<Calendar>, Option<proto::HouseCalendar>), Failure> {
    let version = if version.is_empty() { Version::Newest } else { Version::Of(version) };
    let calendar = calendar(monitor, id, version).await?;
    let house = match monitor.law().catalogue.calendar(id) {
        Some(_) => None,
        None => calendar_changes(monitor.db.reader(), id, &calendar.version).await?,
    };
    Ok((calendar, house))
}

/// A page of calendars.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Only of this place.
    pub jurisdiction: Option<String>,
    /// After this id.
    pub after: Option<String>,
    /// At most so many.
    pub size: usize,
}

/// The newest version of each, and the id to go on after when there is more.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "calendar.list", skip_all)]
pub async fn list_calendars(monitor: &Monitor, page: &Page) -> Result<(Vec<Arc<Calendar>>, Option<String>), Failure> {
    let law = monitor.current().await?;
    let fits = |calendar: &&Arc<Calendar>| {
        page.jurisdiction.as_ref().is_none_or(|place| calendar.jurisdiction == *place)
            && page.after.as_ref().is_none_or(|after| calendar.id > *after)
    };
    let mut found: Vec<Arc<Calendar>> = law.calendars().filter(fits).take(page.size + 1).cloned().collect();
    let more = found.len() > page.size;
    found.truncate(page.size);
    let next = found.last().filter(|_| more).map(|last| last.id.clone());
    Ok((found, next))
}

//! `PutCalendar`: calendars of the house, each another one and what differs from it.

use postgres::{RequestKey, StoreError};
use server::Call;
use sla_monitor_domain::calendar::Changes;
use ventanilla_proto::sla::v1 as proto;

use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::grpc::present;
use crate::monitor::Monitor;
use crate::store::law::{bump, insert_calendar, newest_calendar};

/// A calendar to be written.
#[derive(Debug, Clone)]
pub struct NewCalendar {
    /// Id of the calendar it extends.
    pub extends: String,
    /// What differs; the version is given here.
    pub changes: Changes,
    /// The same as the contract spells it.
    pub said: proto::HouseCalendar,
    /// The newest version the caller knows; none of a new calendar.
    pub known: Option<String>,
    /// The call.
    pub key: RequestKey,
}

/// Writes the calendar, or its next version.
///
/// # Errors
/// [`Failure`]; all that is wrong with the changes is told together.
#[tracing::instrument(name = "calendar.put", skip_all, fields(calendar.id = %new.changes.id))]
pub async fn put_calendar(monitor: &Monitor, call: &Call, new: NewCalendar) -> Result<proto::Calendar, Failure> {
    let name = format!("calendars/{}", new.changes.id);
    let law = monitor.law();
    if law.catalogue.calendar(&new.changes.id).is_some() {
        return Err(Failure::Shipped(name));
    }
    let Some(base) = law.catalogue.calendar(&new.extends) else {
        return Err(Failure::CalendarNotFound(format!("calendars/{}", new.extends)));
    };
    let mut tx = match begin(monitor, &new.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let newest = newest_calendar(&mut tx, &new.changes.id).await?;
    let (known, number) = newest.map_or((None, 1), |(version, number)| (Some(version), number + 1));
    if known != new.known {
        return Err(StoreError::Stale.into());
    }
    let changes = Changes { version: number.to_string(), ..new.changes };
    let calendar = base.extended(changes).map_err(|problems| {
        let mut violations = kernel::Violations::new();
        for problem in problems {
            let (field, what) = problem.split_once(": ").unwrap_or(("", &problem));
            violations.push(present::calendar_field(field), what);
        }
        Failure::Invalid(violations)
    })?;
    let now = monitor.ambient.now();
    if !insert_calendar(&mut tx, &calendar, &new.said, number, (call.actor(), now)).await? {
        return Err(StoreError::Stale.into());
    }
    bump(&mut tx).await?;
    let answer = present::calendar(&calendar, Some(new.said.clone()));
    let entry = proto::CalendarWritten {
        calendar: Some(new.said),
        version: calendar.version.clone(),
        extends_version: base.version.clone(),
    };
    let answer = finish(monitor, tx, (call, &new.key), (name, &entry), answer).await?;
    monitor.refresh().await?;
    Ok(answer)
}

//! What every use case, reaction and worker of this service is surrounded by.

use std::sync::Arc;

use kernel::Ambient;
use ledger::{Ledger, Standings};
use postgres::Db;
use sla_monitor_domain::data::DataError;
use sla_monitor_domain::{Calendar, Catalogue, Rule};

use crate::config::{DueSettings, LawSettings};

/// The service's surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Monitor {
    /// Its schema.
    pub db: Db,
    /// Its ledger.
    pub ledger: Ledger,
    /// Ids, and the time entries are written down. What falls due is decided by the database's time alone.
    pub ambient: Ambient,
    /// How far behind its sources it is.
    pub standings: Standings,
    /// Rules and calendars.
    pub law: Arc<Law>,
    /// How due clocks are raised.
    pub due: Arc<DueSettings>,
}

/// Rules and calendars, and which calendar holds for whom.
pub struct Law {
    /// All of them.
    pub catalogue: Catalogue,
    settings: LawSettings,
}

impl Law {
    /// Reads what ships, under these settings.
    ///
    /// # Errors
    /// [`DataError`] when a switch or a calendar is unknown.
    pub fn read(settings: LawSettings) -> Result<Self, DataError> {
        let catalogue = Catalogue::embedded(&settings.switches)?;
        let named = std::iter::once(&settings.calendar).chain(settings.department_calendars.values());
        for id in named {
            if catalogue.calendar(id).is_none() {
                return Err(DataError::new("calendars", &format!("no calendar is named {id}")));
            }
        }
        Ok(Self { catalogue, settings })
    }

    /// The calendar a department's clocks count on.
    pub fn calendar_of(&self, department: &str) -> &Calendar {
        let id = self.settings.department_calendars.get(department).unwrap_or(&self.settings.calendar);
        self.catalogue.calendar(id).expect("every calendar named in the settings was found when they were read")
    }

    /// Id of the calendar used unless a department has its own.
    pub fn default_calendar(&self) -> &str {
        &self.settings.calendar
    }

    /// A rule and a calendar by the ids a clock keeps.
    pub fn terms<'a>(&'a self, rule: &str, calendar: &str) -> Option<(&'a Rule, &'a Calendar)> {
        Some((self.catalogue.rule(rule)?, self.catalogue.calendar(calendar)?))
    }
}

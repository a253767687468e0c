//! What this service is told at start.

use std::collections::BTreeMap;

use serde::Deserialize;
use sla_monitor_domain::figures::Abandoned;

/// Settings of sla-monitor.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// The schema `sla_monitor`, by its own role.
    pub database: postgres::Settings,
    /// Calendars and readings of the law.
    #[serde(default)]
    pub law: LawSettings,
    /// How due clocks are raised.
    #[serde(default)]
    pub due: DueSettings,
    /// How what is measured is read.
    #[serde(default)]
    pub measures: MeasureSettings,
    /// How boards are summed.
    #[serde(default)]
    pub board: BoardSettings,
    /// What the firm is called on what it publishes.
    #[serde(default = "firm_name")]
    pub firm_name: String,
}

fn firm_name() -> String {
    "Ventanilla".to_owned()
}

impl Settings {
    /// The settings that ship, with this database.
    pub fn new(database: postgres::Settings) -> Self {
        Self {
            database,
            law: LawSettings::default(),
            due: DueSettings::default(),
            measures: MeasureSettings::default(),
            board: BoardSettings::default(),
            firm_name: firm_name(),
        }
    }
}

/// Calendars and readings of the law.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LawSettings {
    /// Calendar of departments that have none of their own.
    pub calendar: String,
    /// Calendars by the slug of the department.
    pub department_calendars: BTreeMap<String, String>,
    /// The size of the company, by which some of the law binds it or not; large where nothing is said.
    pub company: sla_monitor_domain::Company,
    /// Readings that differ from the strict ones: name of the switch to value.
    pub switches: BTreeMap<String, String>,
}

impl Default for LawSettings {
    fn default() -> Self {
        Self {
            calendar: "es.madrid".to_owned(),
            department_calendars: BTreeMap::new(),
            company: sla_monitor_domain::Company::default(),
            switches: BTreeMap::new(),
        }
    }
}

/// How due clocks are raised.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DueSettings {
    /// Clocks raised in one transaction at most.
    pub batch: i64,
    /// How long late entries about a clock that was due before it was known get to arrive, in milliseconds.
    pub late_entry_quiet_ms: u32,
    /// How long a due clock waits at most for a source that this service is behind, in milliseconds. What a late entry
    /// shows afterwards is corrected.
    pub patience_ms: u32,
}

impl Default for DueSettings {
    fn default() -> Self {
        Self { batch: 500, late_entry_quiet_ms: 5_000, patience_ms: 30_000 }
    }
}

/// How boards are summed. What was not summed yet is counted when a board is asked for, so these say what that costs and not what it tells.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoardSettings {
    /// How long changed affairs wait at most to be summed, in milliseconds.
    pub wait_ms: u32,
    /// How many changes are waited for no longer.
    pub most_waiting: i64,
    /// Affairs summed in one transaction at most.
    pub batch: i64,
}

impl Default for BoardSettings {
    fn default() -> Self {
        Self { wait_ms: 30_000, most_waiting: 2_000, batch: 20_000 }
    }
}

/// How what is measured is read.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeasureSettings {
    /// What calls count as that the caller gave up, in the share of calls answered within three minutes.
    pub abandoned_calls: AbandonedCalls,
}

/// What calls count as that the caller gave up. The law does not say whether they are among those whose share it asks for; the strict reading holds
/// unless the house chooses the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbandonedCalls {
    /// Not answered, however early they were given up.
    #[default]
    Always,
    /// Not answered after three minutes, and left out before.
    AfterTheTerm,
}

impl From<AbandonedCalls> for Abandoned {
    fn from(reading: AbandonedCalls) -> Self {
        match reading {
            AbandonedCalls::Always => Self::Always,
            AbandonedCalls::AfterTheTerm => Self::AfterTheTerm,
        }
    }
}

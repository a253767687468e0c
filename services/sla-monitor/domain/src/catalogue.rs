//! All calendars and rules, and the choice of the rules that hold for an affair.

mod file;
mod select;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::{CALENDARS, DataError, REGIMES};
use crate::{Calendar, Company, Rule};

pub use select::{CaseFacts, Chosen, Filed, TicketFacts, Withheld};

/// Switches between readings of a text: name to value.
pub type Switches = BTreeMap<String, String>;

/// What the product ships: calendars and rules by id.
#[derive(Debug, Clone)]
pub struct Catalogue {
    calendars: Arc<BTreeMap<String, Calendar>>,
    rules: BTreeMap<String, Rule>,
    company: Company,
}

impl Catalogue {
    /// Reads the embedded data for a company of which nothing is known, which counts as large: see [`Catalogue::embedded_for`].
    ///
    /// # Errors
    /// As [`Catalogue::embedded_for`].
    pub fn embedded(switches: &Switches) -> Result<Self, DataError> {
        Self::embedded_for(switches, &Company::default())
    }

    /// Reads the embedded data for a company, with the readings that were chosen; the strict ones where none was.
    ///
    /// # Errors
    /// [`DataError`] when a file does not hold what it should, or a switch is unknown or set to no reading of its text.
    pub fn embedded_for(switches: &Switches, company: &Company) -> Result<Self, DataError> {
        let mut calendars = BTreeMap::new();
        for text in CALENDARS {
            let calendar = Calendar::parse_among(text, &calendars)?;
            if let Some(twice) = calendars.insert(calendar.id.clone(), calendar) {
                return Err(DataError::new(&twice.id, "a calendar twice"));
            }
        }
        let mut rules = BTreeMap::new();
        for (name, text) in REGIMES {
            for rule in file::parse(name, text, switches)? {
                if let Some(twice) = rules.insert(rule.id.clone(), rule) {
                    return Err(DataError::new(name, &format!("rule {} twice", twice.id)));
                }
            }
        }
        let known = |name: &String| rules.values().any(|r| r.readings().any(|x| x.name == *name));
        if let Some(unknown) = switches.keys().find(|name| !known(name)) {
            return Err(DataError::new("switches", &format!("no reading is named {unknown}")));
        }
        Ok(Self { calendars: Arc::new(calendars), rules, company: *company })
    }

    /// The same calendars with other rules, for another company: law as it was once.
    pub fn under(&self, rules: impl IntoIterator<Item = Rule>, company: &Company) -> Self {
        let rules = rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        Self { calendars: Arc::clone(&self.calendars), rules, company: *company }
    }

    /// The same with this rule, in the place of the one of its id where there is one.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.insert(rule.id.clone(), rule);
        self
    }

    /// The same rules under these versions, by id; one that is not named keeps its own.
    #[must_use]
    pub fn numbered(mut self, versions: &BTreeMap<String, i32>) -> Self {
        for rule in self.rules.values_mut() {
            rule.version = versions.get(&rule.id).copied().unwrap_or(rule.version);
        }
        self
    }

    /// A calendar by id.
    pub fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.get(id)
    }

    /// Every calendar, in order of id.
    pub fn calendars(&self) -> impl Iterator<Item = &Calendar> {
        self.calendars.values()
    }

    /// The company whose law is chosen.
    pub const fn company(&self) -> &Company {
        &self.company
    }

    /// A rule by id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// Every rule, in order of id.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }
}

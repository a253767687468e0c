//! A calendar made of another and what differs from it: a town's days, the hours of a house, a bridge day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Calendar, Holiday, Hours, SCOPES, Title, well_formed};

/// Longest id of a calendar, in characters.
const LONGEST_ID: usize = 64;

/// What a calendar has that differs from the one it extends. All else is taken over: jurisdiction, region, the years that are held
/// and the day their data was taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Id of the new calendar: lower-case letters, digits, dots and hyphens.
    pub id: String,
    /// Version of the new calendar.
    pub version: String,
    /// Its name; where one language is left empty the other stands for both.
    pub title: Title,
    /// Where its own days come from, e.g. the resolution of a town council.
    pub source: String,
    /// Days that are holidays besides those of the calendar that is extended.
    pub added: Vec<(Date, Holiday)>,
    /// Holidays that are not kept. One may be taken out and added again under another name.
    pub removed: Vec<Date>,
    /// Hours in place of the others, all weekdays of them.
    pub hours: Option<Vec<Hours>>,
    /// Days with hours of their own, minutes as in [`Hours`]; no hours close the day. They take the place of those of the same day.
    pub exceptions: Vec<(Date, Vec<(i32, i32)>)>,
    /// Weekdays on which business is done, 1 Monday to 7 Sunday, in place of the others.
    pub business_weekdays: Option<Vec<i8>>,
    /// IANA name of another zone.
    pub zone: Option<String>,
}

impl Calendar {
    /// The calendar that differs from this one by the changes.
    ///
    /// # Errors
    /// All that is wrong with the changes, each named by the field it stands in.
    pub fn extended(&self, changes: Changes) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        self.check_names(&changes, &mut problems);
        let zone = match changes.zone.as_deref().map(TimeZone::get) {
            None => self.zone.clone(),
            Some(found) => found.unwrap_or_else(|_| {
                problems.push(format!("zone: no zone is named `{}`", changes.zone.as_deref().unwrap_or_default()));
                TimeZone::UTC
            }),
        };
        let business_weekdays = match &changes.business_weekdays {
            None => self.business_weekdays,
            Some(days) => weekdays(days, &mut problems),
        };
        check_hours(changes.hours.as_deref(), &mut problems);
        let holidays = self.holidays_with(&changes, &mut problems);
        let exceptions = self.exceptions_with(&changes, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let Title { es, en } = changes.title;
        Ok(Self {
            id: changes.id,
            version: changes.version,
            extends: self.id.clone(),
            jurisdiction: self.jurisdiction.clone(),
            region: self.region.clone(),
            title: Title {
                es: if es.trim().is_empty() { en.clone() } else { es.clone() },
                en: if en.trim().is_empty() { es } else { en },
            },
            zone_name: changes.zone.unwrap_or_else(|| self.zone_name.clone()),
            data_date: self.data_date,
            first_year: self.first_year,
            last_year: self.last_year,
            source: changes.source,
            hours: changes.hours.unwrap_or_else(|| self.hours.clone()),
            holidays,
            exceptions,
            business_weekdays,
            zone,
        })
    }

    fn check_names(&self, changes: &Changes, problems: &mut Vec<String>) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        if changes.id.is_empty() || changes.id.len() > LONGEST_ID || !changes.id.chars().all(fits) {
            problems.push(format!(
                "id: `{}` must be 1 to {LONGEST_ID} lower-case letters, digits, dots and hyphens",
                changes.id
            ));
        } else if changes.id == self.id {
            problems.push(format!("id: `{}` is the calendar that is extended", changes.id));
        }
        let title_is_empty = changes.title.es.trim().is_empty() && changes.title.en.trim().is_empty();
        let named = [("version", changes.version.trim().is_empty()), ("title", title_is_empty)];
        for (field, is_empty) in named.into_iter().chain([("source", changes.source.trim().is_empty())]) {
            if is_empty {
                problems.push(format!("{field}: must not be empty"));
            }
        }
    }

    fn holidays_with(&self, changes: &Changes, problems: &mut Vec<String>) -> BTreeMap<Date, Holiday> {
        let mut holidays = self.holidays.clone();
        let mut seen = BTreeSet::new();
        for date in &changes.removed {
            if !seen.insert(*date) {
                problems.push(format!("removed: {date} stands twice"));
            } else if holidays.remove(date).is_none() {
                problems.push(format!("removed: {date} is no holiday of {}", self.id));
            }
        }
        seen.clear();
        for (date, holiday) in &changes.added {
            if !seen.insert(*date) {
                problems.push(format!("added: {date} stands twice"));
                continue;
            }
            if !self.covers(*date) {
                problems.push(format!("added: {date} is outside {} to {}", self.first_year, self.last_year));
            }
            if holiday.title.trim().is_empty() {
                problems.push(format!("added: {date} has no title"));
            }
            if !SCOPES.contains(&holiday.scope.as_str()) {
                problems.push(format!("added: {date} has scope `{}`, not {}", holiday.scope, SCOPES.join(", ")));
            }
            if let Some(held) = holidays.insert(*date, holiday.clone()) {
                problems.push(format!("added: {date} is a holiday of {} already, {}", self.id, held.title));
            }
        }
        holidays
    }

    fn exceptions_with(&self, changes: &Changes, problems: &mut Vec<String>) -> BTreeMap<Date, Vec<(i32, i32)>> {
        let mut exceptions = self.exceptions.clone();
        let mut seen = BTreeSet::new();
        for (date, hours) in &changes.exceptions {
            if !seen.insert(*date) {
                problems.push(format!("exceptions: {date} stands twice"));
            }
            if !self.covers(*date) {
                problems.push(format!("exceptions: {date} is outside {} to {}", self.first_year, self.last_year));
            }
            for (start, end) in hours.iter().filter(|(start, end)| !well_formed(*start, *end)) {
                problems.push(format!("exceptions: {start}-{end} of {date} are no hours"));
            }
            exceptions.insert(*date, hours.clone());
        }
        exceptions
    }
}

fn weekdays(days: &[i8], problems: &mut Vec<String>) -> [bool; 7] {
    let mut works = [false; 7];
    for day in days {
        let slot = day.checked_sub(1).and_then(|i| usize::try_from(i).ok()).and_then(|i| works.get_mut(i));
        match slot {
            None => problems.push(format!("business_weekdays: {day} is not from 1 to 7")),
            Some(true) => problems.push(format!("business_weekdays: {day} stands twice")),
            Some(free) => *free = true,
        }
    }
    if days.is_empty() {
        problems.push("business_weekdays: at least one is needed, or no term could be counted".to_owned());
    }
    works
}

fn check_hours(hours: Option<&[Hours]>, problems: &mut Vec<String>) {
    let Some(hours) = hours else { return };
    if hours.is_empty() {
        problems.push("hours: at least one interval is needed, or no term could be counted".to_owned());
    }
    for h in hours {
        if !(1..=7).contains(&h.weekday) {
            problems.push(format!("hours: weekday {} is not from 1 to 7", h.weekday));
        }
        if !well_formed(h.start_minute, h.end_minute) {
            problems.push(format!("hours: {}-{} of weekday {} are no hours", h.start_minute, h.end_minute, h.weekday));
        }
    }
}

//! How much of a term is used up, counted over the tables of an almanac.

use ventanilla_sla_monitor_domain::Term;
use ventanilla_sla_monitor_domain::clock::Threshold;

use crate::almanac::{Almanac, DAY, END, MINUTE, Unit, length_of};

/// How far a run may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Term(Term),
    /// A minute that was fixed.
    Until(i64),
}

/// One run: from where, how far, when it stood still, and since when it is broken, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    pub origin: i64,
    pub limit: Limit,
    pub still: Vec<(i64, i64, String)>,
    pub broken: Option<i64>,
}

/// What a term asks for, of what, and from which minute on it is counted.
struct Need {
    unit: Unit,
    count: i64,
    from: i64,
}

impl Stretch {
    pub fn new(origin: i64, limit: Limit) -> Self {
        Self { origin, limit, still: Vec::new(), broken: None }
    }

    fn need(&self, term: Term, almanac: &Almanac) -> Need {
        let (unit, count) = match term {
            Term::Minutes(n) => (Unit::Minute, n.into()),
            Term::OpenMinutes(n) => (Unit::OpenMinute, n.into()),
            Term::Seconds(_) | Term::OpenSeconds(_) => panic!("the model walks by minutes; seconds are the oracle's"),
            Term::BusinessDays(n) => (Unit::BusinessDay, n.into()),
            Term::CalendarDays(n) => (Unit::Day, n.into()),
            Term::Weeks(n) => (Unit::Day, i64::from(n) * 7),
            Term::Months(n) => (Unit::Day, days_to_the_same_date(almanac, self.origin, n.into())),
        };
        // The day of the starting event is not counted.
        let by_days = matches!(unit, Unit::Day | Unit::BusinessDay);
        let from = if by_days { almanac.midnight_after(self.origin) } else { self.origin };
        Need { unit, count, from }
    }

    /// What is used up by a minute: all that passed since the start without what passed while it stood still.
    fn used(&self, need: &Need, minute: i64, almanac: &Almanac) -> i64 {
        let passed = |from: i64, to: i64| {
            let (from, to) = (from.max(need.from), to.min(minute));
            if from < to { almanac.over(need.unit, to) - almanac.over(need.unit, from) } else { 0 }
        };
        passed(need.from, minute) - self.still.iter().map(|(from, to, _)| passed(*from, *to)).sum::<i64>()
    }

    /// The first minute by which so much is used up.
    fn when(&self, need: &Need, count: i64, almanac: &Almanac) -> i64 {
        let (mut before, mut by) = (self.origin - 1, END - 1);
        assert!(self.used(need, by, almanac) >= count, "the tables end too early");
        while by - before > 1 {
            let middle = i64::midpoint(before, by);
            if self.used(need, middle, almanac) >= count {
                by = middle;
            } else {
                before = middle;
            }
        }
        by
    }

    /// The last instant in time if nothing more happened, in microseconds.
    pub fn last(&self, limit: Limit, almanac: &Almanac) -> i64 {
        let Limit::Term(term) = limit else {
            let Limit::Until(minute) = limit else { unreachable!() };
            return minute * MINUTE;
        };
        let need = self.need(term, almanac);
        let minute = self.when(&need, need.count, almanac);
        let by_days = matches!(need.unit, Unit::Day | Unit::BusinessDay);
        minute * MINUTE - i64::from(by_days)
    }

    /// When it warns, in microseconds.
    pub fn warns(&self, threshold: Threshold, almanac: &Almanac) -> i64 {
        let due = self.last(self.limit, almanac);
        let percent = match threshold {
            Threshold::Lead(minutes) => {
                let begins = (self.origin * MINUTE).min(due);
                return (due - i64::from(minutes) * MINUTE).max(begins);
            }
            Threshold::Share(percent) => i64::from(percent),
        };
        let Limit::Term(term) = self.limit else {
            return self.origin * MINUTE + (due - self.origin * MINUTE).max(0) * percent / 100;
        };
        let need = self.need(term, almanac);
        // So many whole ones, and so many hundredths of the next.
        let (whole, rest) = (need.count * percent / 100, need.count * percent % 100);
        let at = if rest == 0 {
            self.when(&need, whole, almanac) * MINUTE
        } else {
            let end = self.when(&need, whole + 1, almanac);
            let length = match need.unit {
                Unit::Minute | Unit::OpenMinute => 1,
                Unit::Day | Unit::BusinessDay => end - almanac.day_began[usize::try_from(end - 1).unwrap()],
            };
            (end - length) * MINUTE + length * MINUTE * rest / 100
        };
        at.min(due)
    }
}

/// From date to date; the last day of the month where the date does not exist.
fn days_to_the_same_date(almanac: &Almanac, origin: i64, months: i64) -> i64 {
    let number = almanac.day_number[usize::try_from(origin).unwrap()];
    let (mut year, mut month, mut day) = (1970, 1, number);
    while day >= length_of(year, month) {
        day -= length_of(year, month);
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    let mut days = -day;
    for _ in 0..months {
        days += length_of(year, month);
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
    days + day.min(length_of(year, month) - 1)
}

#[test]
fn a_month_from_the_last_of_january_ends_with_the_last_of_february() {
    let madrid = &crate::almanac::ALMANACS[0];
    assert_eq!(days_to_the_same_date(madrid, 30 * DAY + 600, 1), 28);
    assert_eq!(days_to_the_same_date(madrid, 14 * DAY + 600, 1), 31);
}

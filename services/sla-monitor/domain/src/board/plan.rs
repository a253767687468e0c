//! Which parts of a window are read from sums, and which are counted clock by clock.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Days;

/// A part of time, of which an end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// First instant.
    pub from: Option<Timestamp>,
    /// First instant after.
    pub to: Option<Timestamp>,
}

impl Range {
    /// Whether an instant is in it.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Hours of one day, counted as [`Days::hour`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// The day.
    pub day: Date,
    /// The first.
    pub from: i16,
    /// The first after.
    pub to: i16,
}

/// The hours after the last of any day.
const END: i16 = i16::MAX;

/// Which parts of a window are counted how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whether anything is read from sums.
    pub summed: bool,
    /// The whole days in it, where there are any: the first, and the first after.
    pub whole: Option<(Date, Date)>,
    /// Whole hours beside them.
    pub hours: Vec<Hours>,
    /// When these begin and end.
    pub between: Range,
    /// What is left at the ends.
    pub edges: Vec<Range>,
}

impl Plan {
    /// The plan of a window, where days are summed, and hours of them or not.
    pub fn new(days: &Days, window: Range, by_hours: bool) -> Self {
        if by_hours { Self::by_hours(days, window) } else { Self::by_days(days, window) }.unwrap_or_else(|| Self {
            summed: false,
            whole: None,
            hours: Vec::new(),
            between: Range::default(),
            edges: vec![window],
        })
    }

    fn by_days(days: &Days, window: Range) -> Option<Self> {
        let first = window.from.map_or(Some(Date::MIN), |from| days.at_or_after(from))?;
        let after = window.to.map_or(Date::MAX, |to| days.of(to));
        if first >= after {
            return None;
        }
        let begins = window.from.and_then(|_| days.start(first));
        let ends = window.to.and_then(|_| days.start(after));
        Some(Self::with(window, Some((first, after)), Vec::new(), Range { from: begins, to: ends }))
    }

    fn by_hours(days: &Days, window: Range) -> Option<Self> {
        let first = match window.from {
            Some(from) => Some(days.hour_at_or_after(from)?),
            None => None,
        };
        let last = window.to.map(|to| days.hour(to));
        let between = Range { from: first.map(|(.., at)| at), to: last.map(|(.., at)| at) };
        if matches!(between, Range { from: Some(from), to: Some(to) } if from >= to) {
            return None;
        }
        let (begins, from) = first.map_or((Date::MIN, 0), |(day, hour, _)| (day, hour));
        let (ends, to) = last.map_or((Date::MAX, 0), |(day, hour, _)| (day, hour));
        if begins == ends {
            return Some(Self::with(window, None, vec![Hours { day: begins, from, to }], between));
        }
        let mut hours = Vec::new();
        let mut day = begins;
        if from > 0 {
            hours.push(Hours { day, from, to: END });
            day = day.tomorrow().ok()?;
        }
        if to > 0 {
            hours.push(Hours { day: ends, from: 0, to });
        }
        Some(Self::with(window, (day < ends).then_some((day, ends)), hours, between))
    }

    fn with(window: Range, whole: Option<(Date, Date)>, hours: Vec<Hours>, between: Range) -> Self {
        let before = Range { from: window.from, to: between.from };
        let behind = Range { from: between.to, to: window.to };
        let edges = [before, behind]
            .into_iter()
            .filter(|edge| matches!(edge, Range { from: Some(from), to: Some(to) } if from < to));
        Self { summed: true, whole, hours, between, edges: edges.collect() }
    }

    /// Whether an instant is in what is read from sums.
    pub(super) fn in_whole(&self, at: Timestamp) -> bool {
        self.summed && self.between.holds(at)
    }
}

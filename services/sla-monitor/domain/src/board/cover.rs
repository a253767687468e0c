//! Which sums cover a window of days: whole years, then the months beside them, then the days beside those.

use jiff::ToSpan as _;
use jiff::civil::Date;

/// Over how long a sum is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// A civil day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Grain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Year];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The first day of the one a day is in.
    pub fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        }
    }

    const fn narrower(self) -> Option<Self> {
        match self {
            Self::Day => None,
            Self::Month => Some(Self::Day),
            Self::Year => Some(Self::Month),
        }
    }

    /// The first day, at or after this one, of one of these; none where dates end.
    fn next_start(self, day: Date) -> Option<Date> {
        let start = self.start(day);
        if start == day {
            return Some(day);
        }
        let step = match self {
            Self::Day => 1.day(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        };
        start.checked_add(step).ok()
    }
}

/// All sums of one grain that begin on or after a day and before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Which sums.
    pub grain: Grain,
    /// The first day.
    pub from: Date,
    /// The first day after.
    pub to: Date,
}

/// The fewest sums that together hold every day from `from` on and before `to`, each once, and none wider than `widest`.
pub fn cover(from: Date, to: Date, widest: Grain) -> Vec<Span> {
    let mut spans = Vec::new();
    fill(from, to, widest, &mut spans);
    spans
}

fn fill(from: Date, to: Date, grain: Grain, spans: &mut Vec<Span>) {
    if from >= to {
        return;
    }
    let Some(narrower) = grain.narrower() else {
        spans.push(Span { grain, from, to });
        return;
    };
    // Whole ones lie between the first start and the last.
    match (grain.next_start(from), grain.start(to)) {
        (Some(first), last) if first < last => {
            fill(from, first, narrower, spans);
            spans.push(Span { grain, from: first, to: last });
            fill(last, to, narrower, spans);
        }
        _ => fill(from, to, narrower, spans),
    }
}

//! The figures of the yearly evaluation and its audit (Ley 10/2025, arts. 21 and 22) as exact counts, each with what it is counted from, what
//! the law asks ([`Published`], dated data), how long the share that the law asks took, and the error that art. 22.1.b bounds for each parameter.
//!
//! Readings, all of them the house's and none the law's words:
//!
//! * «menos de tres minutos» is less: what took three minutes to the microsecond did not meet it; a supervisor who comes to the same call later than that has
//!   met what is owed by the end of the business day, and not what is owed at once;
//! * the 95 % «de media» of art. 8.2 is the share of all requests of the period, and not the mean of its days' shares, which would let quiet
//!   days make up for busy ones;
//! * 5 % of error is five points of the share, or 5 % of a mean. A full count has none. A sample has the distance, within 95 %, from the
//!   share seen to the farther end of its interval: the half width alone would be too kind to shares near 100 %;
//! * a figure that counted nothing is neither met nor missed.

mod calls;
mod causes;
mod coarse;
mod measured;
mod published;
mod recomputed;

pub use calls::{Abandoned, Calls, CallsAnswered};
pub use causes::{AffairTold, COMPLAINTS, NOT_STATED, recount as recount_causes};
pub use coarse::Coarse;
pub use measured::{
    CallCounts, CallParameters, Ended, HumanRequest, Measured, Supervisor, SupervisorRequest, supervisor_due,
};
pub use published::{Asked, Published};
pub use recomputed::{Period, Recomputed, Told, recompute};

use crate::proportion::{Counted, needed, reach};
use crate::quantile::{Durations, rank};

/// Two-sided 95 % point of the normal distribution, for means.
const Z: f64 = 1.959_963_984_540_054;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Calls answered effectively in less than three minutes.
    CallsAnswered,
    /// Persons found in less than three minutes for those who asked for one.
    HumanOnRequest,
    /// Supervisors found in the same communication, in less than three minutes from the request.
    SupervisorAtOnce,
    /// Supervisors found so, or on the same business day.
    SupervisorSameDay,
    /// Affairs resolved and answered within their legal term.
    ResolvedInTerm,
    /// Affairs under one cause.
    Cause,
}

impl Figure {
    /// The word that is published.
    pub const fn id(self) -> &'static str {
        match self {
            Self::CallsAnswered => "calls_answered_within_3_min",
            Self::HumanOnRequest => "human_on_request_within_3_min",
            Self::SupervisorAtOnce => "supervisor_in_same_communication",
            Self::SupervisorSameDay => "supervisor_within_business_day",
            Self::ResolvedInTerm => "resolved_within_term",
            Self::Cause => "cause",
        }
    }

    /// Every figure.
    pub const ALL: [Self; 6] = [
        Self::CallsAnswered,
        Self::HumanOnRequest,
        Self::SupervisorAtOnce,
        Self::SupervisorSameDay,
        Self::ResolvedInTerm,
        Self::Cause,
    ];

    /// Whether it is about how long something took.
    pub const fn is_timed(self) -> bool {
        matches!(self, Self::CallsAnswered | Self::HumanOnRequest | Self::SupervisorAtOnce)
    }
}

/// One published share.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// What is measured.
    pub figure: Figure,
    /// Of which kind of affair, or under which cause, where it is told apart.
    pub of: Option<String>,
    /// What was counted: numerator, denominator, and how many there are where only a sample was looked at.
    pub counted: Counted,
    /// Within how long the share that is asked for was served, in microseconds; none where there is no such share, where durations were not
    /// taken, or where so many never were.
    pub at_target: Option<i64>,
    /// How far it may be from the truth.
    pub error: ErrorBound,
    /// What law asks of it.
    pub asked: &'static Asked,
    /// The law that has it published.
    pub law: &'static Published,
}

impl Parameter {
    /// A figure of which only counts are known.
    pub fn counts(law: &'static Published, figure: Figure, of: Option<String>, counted: Counted) -> Self {
        let error = ErrorBound::new(counted, law.most_error);
        Self { figure, of, counted, at_target: None, error, asked: law.asked(figure), law }
    }

    /// A figure by durations: how many of those served, and of the `never` that were not, took less than law asks. `all` is how many there are
    /// when these are a sample; none if that is fewer than these.
    pub fn durations(
        law: &'static Published,
        figure: Figure,
        of: Option<String>,
        served: &Durations,
        never: u64,
        all: Option<u64>,
    ) -> Option<Self> {
        let looked_at = served.count().saturating_add(never);
        let counted = Counted::sample(served.below(law.limit(figure)), looked_at, all.unwrap_or(looked_at))?;
        let told = Self::counts(law, figure, of, counted);
        let at_target = told.asked.percent.and_then(|percent| served.ranked(rank(percent, looked_at)));
        Some(Self { at_target, ..told })
    }

    /// The value, 0 to 1; none of nothing.
    pub fn share(&self) -> Option<f64> {
        self.counted.share()
    }

    /// Whether the share that is asked for was reached, in whole numbers; none where none is asked for, or nothing was counted.
    pub fn met(&self) -> Option<bool> {
        let target = self.asked.percent.filter(|_| self.counted.of() > 0)?;
        Some(u128::from(self.counted.with()) * 100 >= u128::from(target) * u128::from(self.counted.of()))
    }
}

/// How far a share may be from the truth, within 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErrorBound {
    /// The interval (Wilson, with the correction for a finite population).
    pub interval: [f64; 2],
    /// Half its width.
    pub half_width: f64,
    /// From the share to its farther end: what is held against `most`.
    pub reach: f64,
    /// The most that law bears.
    pub most: f64,
    /// How many must be looked at for `most` at the share that was seen, or at a half where nothing was.
    pub needed: u64,
}

impl ErrorBound {
    /// Of what was counted, where law bears an error of `most`.
    pub fn new(counted: Counted, most: f64) -> Self {
        let interval = counted.interval();
        // Of nothing there is nothing to get wrong, and of an empty sample all.
        let share = counted.share().unwrap_or(0.5);
        Self {
            interval,
            half_width: (interval[1] - interval[0]) / 2.0,
            reach: reach(share, counted.of(), counted.all()),
            most,
            needed: needed(share, counted.all(), most),
        }
    }

    /// Whether law bears it.
    pub fn within(&self) -> bool {
        self.reach <= self.most
    }
}

/// How requests for a supervisor ended (art. 8.3): in the same communication and in less than three minutes from the request; failing that, on the same business day,
/// in that communication or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SupervisorRequests {
    /// Put through in the same communication, in less than three minutes.
    pub at_once: u64,
    /// Put through later in it, or attended by another, on the same business day.
    pub same_day: u64,
    /// Attended later still, or never.
    pub missed: u64,
}

impl SupervisorRequests {
    /// Both figures of a full count: at once, of which the law asks no share, and by the end of the business day, of which it asks all.
    pub fn parameters(self, law: &'static Published) -> Option<[Parameter; 2]> {
        let by_the_day = self.at_once.saturating_add(self.same_day);
        let of = by_the_day.saturating_add(self.missed);
        let at_once = Counted::full(self.at_once, of)?;
        let by_the_day = Counted::full(by_the_day, of)?;
        let parameter = |figure, counted| Parameter::counts(law, figure, None, counted);
        Some([parameter(Figure::SupervisorAtOnce, at_once), parameter(Figure::SupervisorSameDay, by_the_day)])
    }
}

/// Affairs of one kind whose legal term was decided in the period: resolved, in time or late, or past due and still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Kind of affair.
    pub kind: String,
    /// Resolved within the term, which is counted in business days and so cannot be read off a duration.
    pub in_term: u64,
    /// How long each that was resolved took.
    pub took: Durations,
    /// Past due and not resolved.
    pub overdue: u64,
}

impl Resolved {
    /// The share resolved within the term, of a full count; none if more were in term than were resolved.
    pub fn parameter(&self, law: &'static Published) -> Option<Parameter> {
        let of = self.took.count().saturating_add(self.overdue);
        let counted = Counted::full(self.in_term, of).filter(|_| self.in_term <= self.took.count())?;
        let told = Parameter::counts(law, Figure::ResolvedInTerm, Some(self.kind.clone()), counted);
        let at_target = told.asked.percent.and_then(|percent| self.took.ranked(rank(percent, of)));
        Some(Parameter { at_target, ..told })
    }
}

/// How long affairs took that were resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// How many.
    pub count: u64,
    /// Mean, in microseconds.
    pub mean: f64,
    /// Median, 75 %, 90 %, 95 % and 99 %, by nearest rank, in microseconds.
    pub quantiles: [(u8, i64); 5],
    /// Half the 95 % interval of the mean as a share of the mean, by the normal distribution: 0 of a full count; none of a sample of one.
    pub error: Option<f64>,
}

impl Times {
    /// Of durations that are all there are, or a sample from `all`; none of nothing, or of more than there are.
    pub fn new(took: &Durations, all: Option<u64>) -> Option<Self> {
        let (count, mean) = (took.count(), took.mean()?);
        let all = all.unwrap_or(count);
        if all < count {
            return None;
        }
        let quantile = |percent| took.quantile(percent).map(|micros| (percent, micros));
        let quantiles = [quantile(50)?, quantile(75)?, quantile(90)?, quantile(95)?, quantile(99)?];
        let error = if all == count {
            Some(0.0)
        } else {
            let finite = 1.0 - count as f64 / all as f64;
            took.deviation().map(|s| Z * s * (finite / count as f64).sqrt() / mean).filter(|error| error.is_finite())
        };
        Some(Self { count, mean, quantiles, error })
    }
}

/// The shares of causes in a full count, the commonest first and equal ones by name.
pub fn causes<'a>(law: &'static Published, counts: impl IntoIterator<Item = (&'a str, u64)>) -> Vec<Parameter> {
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    let all = counts.iter().fold(0, |sum: u64, (_, n)| sum.saturating_add(*n));
    let parameter = |(cause, n): (&str, u64)| {
        Counted::full(n, all).map(|counted| Parameter::counts(law, Figure::Cause, Some(cause.to_owned()), counted))
    };
    counts.into_iter().filter_map(parameter).collect()
}

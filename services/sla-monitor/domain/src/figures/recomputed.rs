//! The parameters of a period once more, from the entries of an exported ledger and nothing else: what an auditor holds against what is published.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::measured::{CallCounts, CallParameters, Measured};
use super::{Abandoned, Published, Resolved};
use crate::quantile::Durations;

/// What an entry of the ledger tells that a parameter is counted from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Calls were measured.
    Calls(Vec<Measured>),
    /// A clock was started.
    Started {
        /// Which.
        clock: String,
        /// What it counts from, which is the first receipt.
        origin: Timestamp,
        /// When it falls due; none while it was put off.
        due: Option<Timestamp>,
        /// Whether it is a legal term that the answer to the affair meets.
        is_legal_answer: bool,
    },
    /// A clock was moved, or is open again.
    Moved {
        /// Which.
        clock: String,
        /// When that happened in the world.
        at: Timestamp,
        /// When it falls due; none while it stands still.
        due: Option<Timestamp>,
        /// The first breach that stands after it; none where there is none, or where it was not said yet.
        breached: Option<Timestamp>,
    },
    /// A clock ended.
    Settled {
        /// Which.
        clock: String,
        /// When it was met; none where it fell away.
        met: Option<Timestamp>,
        /// When it was breached before.
        breached: Option<Timestamp>,
    },
    /// A clock was breached.
    Breached {
        /// Which.
        clock: String,
        /// When.
        at: Timestamp,
    },
}

/// Which entries count, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First instant: of what arrived or was first received.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
    /// Only calls of this department.
    pub department: Option<String>,
    /// The instant at which open clocks are judged.
    pub as_of: Timestamp,
    /// What abandoned calls count as.
    pub reading: Abandoned,
}

impl Period {
    /// The law it is measured by.
    pub fn law(&self) -> &'static Published {
        Published::of_period(self.from)
    }

    pub(super) fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Whether a call is one of the period's.
    pub fn counts(&self, call: &Measured) -> bool {
        self.holds(call.arrived) && self.department.as_ref().is_none_or(|only| *only == call.department)
    }
}

/// What a ledger gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Recomputed {
    /// The parameters of calls.
    pub calls: CallParameters,
    /// Affairs of all types. Not told of one department: a clock goes with its affair, and where that went stands in ticketing's ledger.
    pub resolved: Option<Resolved>,
}

/// One clock, as its entries leave it.
struct Clock {
    origin: Timestamp,
    due: Option<Timestamp>,
    met: Option<Timestamp>,
    breached: Option<Timestamp>,
}

/// Counts what a whole ledger tells of a period, its entries in the order of their positions; none if the counts cannot be true together.
pub fn recompute(told: impl IntoIterator<Item = Told>, period: &Period) -> Option<Recomputed> {
    let mut counts = CallCounts::default();
    let (mut seen, mut clocks) = (BTreeSet::new(), BTreeMap::new());
    for told in told {
        match told {
            Told::Calls(calls) => {
                for call in calls.into_iter().filter(|call| period.counts(call)) {
                    if seen.insert(call.key.clone()) {
                        counts.add(period.law(), &call);
                    }
                }
            }
            Told::Started { clock, origin, due, is_legal_answer } => {
                if is_legal_answer && period.holds(origin) {
                    clocks.insert(clock, Clock { origin, due, met: None, breached: None });
                }
            }
            Told::Moved { clock, at, due, breached } => {
                if let Some(clock) = clocks.get_mut(&clock) {
                    (clock.due, clock.met) = (due, None);
                    // What moved it before it was breached, and was written down after, takes the breach back; a run that was breached stays so in the next.
                    clock.breached = breached.or_else(|| clock.breached.filter(|breached| *breached < at));
                }
            }
            Told::Settled { clock, met, breached } => {
                if let Some(clock) = clocks.get_mut(&clock) {
                    (clock.due, clock.met, clock.breached) = (None, met, breached);
                }
            }
            Told::Breached { clock, at } => {
                if let Some(clock) = clocks.get_mut(&clock) {
                    clock.breached = clock.breached.or(Some(at));
                }
            }
        }
    }
    let resolved = period.department.is_none().then(|| resolved(clocks.values(), period.as_of));
    Some(Recomputed { calls: counts.parameters(period.law(), period.reading)?, resolved })
}

fn resolved<'a>(clocks: impl IntoIterator<Item = &'a Clock>, as_of: Timestamp) -> Resolved {
    let mut resolved = Resolved { kind: String::new(), in_term: 0, took: Durations::default(), overdue: 0 };
    for clock in clocks {
        let breached = clock.breached.is_some() || clock.due.is_some_and(|due| due < as_of);
        match clock.met {
            Some(met) => {
                resolved.took.add(met.as_microsecond() - clock.origin.as_microsecond(), 1);
                resolved.in_term += u64::from(!breached);
            }
            None => resolved.overdue += u64::from(breached),
        }
    }
    resolved
}

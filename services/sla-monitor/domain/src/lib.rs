//! The decisions of the clock service: when a term falls due, what an event does to a clock, which rule holds for an affair,
//! and the proof of all of it. Pure: no clock, no store, no transport; the same values always give the same answer.
//!
//! Conventions, each stated again in the proof of a due instant:
//!
//! * the day of the starting event is not counted;
//! * a term in days, weeks or months ends with its last civil day: the due instant is that day's last microsecond in the
//!   calendar's zone, and what happens *at or before* it is in time;
//! * a civil day does not count when the clock stood still at its end;
//! * a term in hours or minutes runs from instant to instant;
//! * a local time that a change of clocks removes means the first instant after the change, and one that it repeats means
//!   the first of the two.

pub mod affair;
pub mod board;
pub mod calendar;
pub mod call;
pub mod case;
pub mod catalogue;
pub mod clock;
pub mod company;
pub mod condition;
pub mod data;
pub mod evaluation;
pub mod fairness;
pub mod figures;
pub mod filing;
pub mod forecast;
pub mod foresight;
pub mod jurisdiction;
pub mod party;
pub mod policy;
pub mod proof;
pub mod proportion;
pub mod quantile;
pub mod queue;
pub mod rule;
pub mod run;
pub mod term;

pub use calendar::Calendar;
pub use catalogue::Catalogue;
pub use clock::{Entry, Happening, Replay, State, replay};
pub use company::Company;
pub use proof::{Proof, Step};
pub use rule::Rule;
pub use run::{Pause, Run};
pub use term::Term;

/// Why a due instant cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Uncountable {
    /// The count leads past the last date that can be written.
    #[error("the term leads past the last date that can be written")]
    OutOfRange,
    /// The calendar has no day, or no hour, that counts within ten years.
    #[error("the calendar has no day or hour that counts within ten years")]
    NothingCounts,
}

//! Calls as a telephone system measured them, one by one, and the parameters that are counted from them.

use jiff::Timestamp;

use super::{Abandoned, Calls, CallsAnswered, Figure, Parameter, Published, SupervisorRequests};
use crate::quantile::Durations;
use crate::{Calendar, Uncountable};

/// Days after a request within which a business day must come.
const MOST_DAYS: usize = 3_660;

/// How the waiting of a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Answered by somebody, or something, to whom the reason of the call can be told.
    Answered,
    /// Given up by the caller.
    Abandoned,
    /// Hung up by the house.
    HungUp,
}

impl Ended {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::HungUp => "hung_up",
        }
    }

    /// What a stored word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Answered, Self::Abandoned, Self::HungUp].into_iter().find(|ended| ended.as_str() == word)
    }
}

/// A person was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HumanRequest {
    /// When.
    pub asked: Timestamp,
    /// When a person took the call; none where none did.
    pub given: Option<Timestamp>,
}

/// How a request for a supervisor was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supervisor {
    /// It was not.
    Never,
    /// In the same communication.
    AtOnce(Timestamp),
    /// By another communication.
    Later(Timestamp),
}

/// A supervisor was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SupervisorRequest {
    /// When.
    pub asked: Timestamp,
    /// How it was met.
    pub given: Supervisor,
    /// The last instant of that business day, as [`supervisor_due`] had it when the call was recorded.
    pub due: Timestamp,
}

/// One call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The system that measured it, and its id there.
    pub key: (String, String),
    /// Slug of the department that was called.
    pub department: String,
    /// Whether it came by phone.
    pub by_phone: bool,
    /// When it arrived.
    pub arrived: Timestamp,
    /// How its waiting ended.
    pub ended: Ended,
    /// When.
    pub wait_ended: Timestamp,
    /// The request for a person.
    pub human: Option<HumanRequest>,
    /// The request for a supervisor.
    pub supervisor: Option<SupervisorRequest>,
}

/// Until when a supervisor is owed who was asked for at an instant and not put through (art. 8.3, «el mismo día hábil»): the end of that civil day
/// if business is done on it, and else of the first day on which it is, because on a day off there is no business day for it to be the same as.
///
/// # Errors
/// [`Uncountable`] at the edges of the calendar, and where it has no business day within ten years.
pub fn supervisor_due(calendar: &Calendar, asked: Timestamp) -> Result<Timestamp, Uncountable> {
    let mut day = calendar.day_of(asked);
    for _ in 0..MOST_DAYS {
        if calendar.is_business_day(day) {
            return calendar.last_instant(day);
        }
        day = day.tomorrow().map_err(|_| Uncountable::OutOfRange)?;
    }
    Err(Uncountable::NothingCounts)
}

/// What the parameters of calls are counted from. Two of them add up to one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// How the calls by phone ended.
    pub calls: Calls,
    /// How long it took until a person took those calls in which one was asked for.
    pub humans: Durations,
    /// Requests for a person that nobody met.
    pub humans_never: u64,
    /// How requests for a supervisor ended.
    pub supervisors: SupervisorRequests,
}

/// The parameters of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct CallParameters {
    /// Calls answered in less than three minutes.
    pub answered: CallsAnswered,
    /// Persons found in less than three minutes for those who asked for one.
    pub human: Parameter,
    /// Supervisors found in the same communication, and by the end of the business day.
    pub supervisor: [Parameter; 2],
}

impl CallCounts {
    /// Counts one, as the law of its period has it.
    pub fn add(&mut self, law: &Published, call: &Measured) {
        if call.by_phone {
            let waited = micros(call.arrived, call.wait_ended);
            match call.ended {
                Ended::Answered => self.calls.answered.add(waited, 1),
                Ended::Abandoned => self.calls.abandoned.add(waited, 1),
                Ended::HungUp => self.calls.hung_up.add(waited, 1),
            }
        }
        match call.human {
            Some(HumanRequest { asked, given: Some(given) }) => self.humans.add(micros(asked, given), 1),
            Some(HumanRequest { given: None, .. }) => self.humans_never += 1,
            None => {}
        }
        if let Some(request) = call.supervisor {
            let at_once = law.limit(Figure::SupervisorAtOnce);
            match request.given {
                Supervisor::AtOnce(at) if micros(request.asked, at) < at_once => self.supervisors.at_once += 1,
                Supervisor::AtOnce(at) | Supervisor::Later(at) if at <= request.due => self.supervisors.same_day += 1,
                Supervisor::AtOnce(_) | Supervisor::Later(_) | Supervisor::Never => self.supervisors.missed += 1,
            }
        }
    }

    /// The parameters, of a full count.
    pub fn parameters(&self, law: &'static Published, reading: Abandoned) -> Option<CallParameters> {
        let human = Figure::HumanOnRequest;
        Some(CallParameters {
            answered: self.calls.answered_in_time(law, reading)?,
            human: Parameter::durations(law, human, None, &self.humans, self.humans_never, None)?,
            supervisor: self.supervisors.parameters(law)?,
        })
    }
}

/// From one instant to another, in microseconds.
fn micros(from: Timestamp, to: Timestamp) -> i64 {
    to.as_microsecond() - from.as_microsecond()
}

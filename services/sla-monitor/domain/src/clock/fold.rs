//! The fold of entries into a clock.

use jiff::Timestamp;

use super::{Breach, Entry, Fall, Happening, Length, Replay, State, Terms, Unreplayable};
use crate::rule::Does;
use crate::{Pause, Run, Term, Uncountable};

/// The ground of a clock for which what starts it is still to come.
pub const STILL_TO_START: &str = "still_to_start";

/// Makes the clock that the entries describe. Their order does not matter; of entries at the same instant the earlier in the
/// slice is taken first, and one that is the same as the one before it at that instant is the same word, and taken once.
///
/// # Errors
/// [`Unreplayable`] when they do not start a clock, or its due instant cannot be computed.
pub fn replay(entries: &[Entry], terms: Terms<'_>) -> Result<Replay, Unreplayable> {
    folded(entries, terms, |_| {})
}

/// How a clock stands after one of its entries.
pub(super) struct Moment<'a> {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub what: &'a Happening,
    /// Whether it ever counted by then.
    pub ran: bool,
    /// Run.
    pub epoch: i32,
    /// Origin of the run.
    pub origin: Timestamp,
    /// Spans of the run that did not count.
    pub pauses: &'a [Pause],
    /// State.
    pub state: &'a State,
}

/// The same, and shows the clock after each of its entries.
pub(super) fn folded(
    entries: &[Entry],
    terms: Terms<'_>,
    mut show: impl FnMut(Moment<'_>),
) -> Result<Replay, Unreplayable> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.at);
    sorted.dedup();
    // A start that is written down with a later origin than some other entry still comes first.
    let start = sorted
        .iter()
        .position(|e| matches!(e.what, Happening::Started | Happening::StartedUntil(_) | Happening::Awaited));
    let first = sorted.remove(start.ok_or(Unreplayable::NeverStarted)?);
    let length = match first.what {
        Happening::StartedUntil(due) => Length::Until(due),
        _ => Length::Term(terms.rule.term.ok_or_else(|| Unreplayable::NoTerm(terms.rule.id.clone()))?),
    };
    let ran = first.what != Happening::Awaited;
    let mut fold = Fold {
        terms,
        ran,
        first: first.at,
        closed: false,
        by_closing: false,
        by_word: false,
        asked: None,
        epoch: 1,
        origin: first.at,
        base: length,
        length,
        pauses: Vec::new(),
        longer: Vec::new(),
        first_run: ran.then_some(first.at),
        breaches: Vec::new(),
    };
    let mut state = match ran {
        true => State::Running { due: fold.due()? },
        false => State::Scheduled { ground: STILL_TO_START.to_owned(), since: first.at },
    };
    show(fold.moment(&state, first.at, &first.what));
    let displaced = out_since(&sorted);
    let mut fell = None;
    for entry in sorted.into_iter().filter(|entry| displaced.is_none_or(|at| entry.at <= at)) {
        let stood = !matches!(state, State::Cancelled { .. });
        state = fold.step(state, entry)?;
        if stood && matches!(state, State::Cancelled { .. }) {
            fell = Some(match entry.what {
                Happening::Forfeited => Fall::Forfeited,
                Happening::Cancelled => Fall::Withdrawn,
                Happening::Fulfilled | Happening::MetByWord => Fall::MetBefore,
                _ => Fall::NeverStarted,
            });
        }
        show(fold.moment(&state, entry.at, &entry.what));
    }
    if let Some(at) = displaced {
        let stood = state.settled().is_none();
        state = fold.displace(state, at);
        fell = if stood { Some(Fall::Displaced) } else { fell };
        show(fold.moment(&state, at, &Happening::Displaced));
    }
    Ok(Replay {
        first_origin: first.at,
        first_run: fold.first_run,
        epoch: fold.epoch,
        origin: fold.origin,
        length: fold.length,
        pauses: fold.pauses,
        longer: fold.longer.into_iter().map(|(max_total, _)| max_total).collect(),
        fell: fell.filter(|_| matches!(state, State::Cancelled { .. })),
        state,
        closed: fold.closed,
        by_closing: fold.by_closing,
        by_word: fold.by_word,
        asked: fold.asked,
        breaches: fold.breaches,
    })
}

/// Since when the rule does not govern the affair, where that is so in the end.
pub fn displaced_since(entries: &[Entry]) -> Option<Timestamp> {
    let mut sorted: Vec<&Entry> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.at);
    out_since(&sorted)
}

fn out_since(sorted: &[&Entry]) -> Option<Timestamp> {
    sorted.iter().fold(None, |since, entry| match entry.what {
        Happening::Displaced => since.or(Some(entry.at)),
        Happening::Reinstated => None,
        _ => since,
    })
}

struct Fold<'a> {
    terms: Terms<'a>,
    /// Whether it ever counted.
    ran: bool,
    /// When it came to be.
    first: Timestamp,
    /// The affair is resolved: nothing begins.
    closed: bool,
    /// It was met by the resolution, and not before.
    by_closing: bool,
    /// What met its run, or would have, was said: a reopening does not unsay it.
    by_word: bool,
    /// Since it is resolved: where it would count from, were it not.
    asked: Option<Timestamp>,
    epoch: i32,
    origin: Timestamp,
    /// The length every run begins with.
    base: Length,
    length: Length,
    pauses: Vec<Pause>,
    /// What lengthened it while it stood still, or was put off, and when: it counts when it goes on.
    longer: Vec<(Term, Timestamp)>,
    /// Where its first run counts from.
    first_run: Option<Timestamp>,
    breaches: Vec<Breach>,
}

impl Fold<'_> {
    fn moment<'a>(&'a self, state: &'a State, at: Timestamp, what: &'a Happening) -> Moment<'a> {
        Moment { at, what, ran: self.ran, epoch: self.epoch, origin: self.origin, pauses: &self.pauses, state }
    }

    fn step(&mut self, state: State, entry: &Entry) -> Result<State, Unreplayable> {
        let at = entry.at;
        let of_the_house = self.terms.rule.measure.is_some();
        match &entry.what {
            Happening::Closed => {
                self.by_closing |= !matches!(state, State::Fulfilled { .. } | State::Cancelled { .. });
                self.closed = true;
            }
            Happening::Reopened if of_the_house => return self.reopen(state, at),
            what if self.closed => {
                self.while_closed(what, at);
                return Ok(state);
            }
            _ => {}
        }
        let state = match (state, &entry.what) {
            (State::Running { due }, Happening::Hindered(ground)) => {
                self.judge(due, at);
                self.hinder(due, ground, at)?
            }
            (State::Running { due }, Happening::Fulfilled | Happening::MetByWord | Happening::Closed) => {
                self.judge(due, at);
                State::Fulfilled { at, due }
            }
            (State::Running { due }, Happening::Cancelled) => {
                self.judge(due, at);
                State::Cancelled { at }
            }
            (State::Running { due }, Happening::Forfeited) => {
                self.breach(due);
                State::Cancelled { at }
            }
            (state @ (State::Paused { .. } | State::Scheduled { .. }), Happening::Hindered(more)) => {
                if self.ran
                    && let Some(Does::Extend { max_total }) = self.terms.rule.does_on(more)
                {
                    self.longer.push((max_total, at));
                }
                state
            }
            (State::Paused { ground, since }, Happening::Unhindered | Happening::TakenUp) => {
                self.go_on(ground, since, at)?;
                State::Running { due: self.due()? }
            }
            (State::Paused { ground, .. } | State::Scheduled { ground, .. }, Happening::Withdrawn(back))
                if self.ran && ground == *back =>
            {
                self.go_on_as_before()?;
                State::Running { due: self.due()? }
            }
            (State::Scheduled { .. }, Happening::Unhindered) if self.ran => {
                self.start_put_off(at)?;
                State::Running { due: self.due()? }
            }
            (State::Running { due }, Happening::Renewed | Happening::BegunAnew) => {
                self.judge(due, at);
                self.run_from(at)?
            }
            (State::Paused { ground, .. }, Happening::Renewed | Happening::BegunAnew) => {
                self.begin(at);
                State::Paused { ground, since: at }
            }
            (State::Scheduled { .. }, Happening::Renewed)
            | (
                State::Scheduled { .. } | State::Fulfilled { .. } | State::Cancelled { .. },
                Happening::Begun | Happening::TakenUp | Happening::BegunAnew,
            ) => self.run_from(at)?,
            // What starts it never came: nobody was owed anything, and nothing was met.
            (State::Scheduled { .. }, Happening::Fulfilled | Happening::MetByWord | Happening::Closed) if !self.ran => {
                State::Cancelled { at }
            }
            // Met while it stood still: in time by any measure, and due when it would have been had it gone on then, so that one
            // which does not hold gains no time.
            (State::Paused { ground, since }, Happening::Fulfilled | Happening::MetByWord | Happening::Closed) => {
                self.go_on(ground, since, at)?;
                State::Fulfilled { at, due: self.due()? }
            }
            (State::Scheduled { .. }, Happening::Fulfilled | Happening::MetByWord | Happening::Closed) => {
                self.start_put_off(at)?;
                State::Fulfilled { at, due: self.due()? }
            }
            (State::Paused { .. } | State::Scheduled { .. }, Happening::Cancelled | Happening::Forfeited) => {
                State::Cancelled { at }
            }
            (State::Fulfilled { due, .. }, Happening::Reopened) if !self.by_word => {
                if at > due {
                    self.begin(at);
                }
                State::Running { due: self.due()? }
            }
            // Everything else changes nothing: a second fulfilment, a ground on top of another, what comes after the end.
            (state, _) => state,
        };
        // Said while the affair was resolved, it is said as well.
        self.by_word |= entry.what == Happening::MetByWord && matches!(state, State::Fulfilled { .. });
        Ok(state)
    }

    /// The affair is resolved: nothing begins, and what would have is remembered.
    fn while_closed(&mut self, what: &Happening, at: Timestamp) {
        match what {
            Happening::Begun | Happening::TakenUp => {
                self.asked.get_or_insert(at);
            }
            Happening::BegunAnew => (self.asked, self.by_closing) = (Some(at), false),
            // What had ended before is not renewed.
            Happening::Renewed if self.by_closing || self.asked.is_some() => {
                (self.asked, self.by_closing) = (Some(at), false);
            }
            Happening::Fulfilled | Happening::MetByWord | Happening::Cancelled => {
                (self.asked, self.by_closing) = (None, false);
            }
            _ => {}
        }
    }

    /// The resolution of the affair did not hold.
    fn reopen(&mut self, state: State, at: Timestamp) -> Result<State, Unreplayable> {
        self.closed = false;
        let (taken_back, asked) = (std::mem::take(&mut self.by_closing), self.asked.take());
        match state {
            State::Fulfilled { due, .. } if taken_back && at <= due => return Ok(State::Running { due: self.due()? }),
            State::Cancelled { .. } if taken_back && asked.is_none() => {
                return Ok(State::Scheduled { ground: STILL_TO_START.to_owned(), since: self.first });
            }
            ended if asked.is_none() && !taken_back => return Ok(ended),
            _ => {}
        }
        // What was due while the affair was resolved nobody owed.
        if let Some(asked) = asked
            && self.due_from(asked)? >= at
        {
            return Ok(self.run_from(asked)?);
        }
        Ok(self.run_from(at)?)
    }

    fn hinder(&mut self, due: Timestamp, ground: &str, at: Timestamp) -> Result<State, Unreplayable> {
        let Some(does) = self.terms.rule.does_on(ground) else { return Ok(State::Running { due }) };
        let ground = ground.to_owned();
        Ok(match does {
            // A term that was already over cannot be stopped, put off or made longer.
            _ if due < at => State::Running { due },
            Does::Pause | Does::Restart => State::Paused { ground, since: at },
            Does::DeferStart => State::Scheduled { ground, since: at },
            Does::Extend { max_total } => {
                self.extend(due, max_total)?;
                State::Running { due: self.due()? }
            }
        })
    }

    /// Makes the run longer, never shorter; a second time changes nothing, since the bound is counted from the same origin.
    fn extend(&mut self, due: Timestamp, max_total: Term) -> Result<(), Uncountable> {
        if self.due_of(Length::Term(max_total))? > due {
            self.length = Length::Term(max_total);
        }
        Ok(())
    }

    /// The ground fell away: what stood still was not counted, or the whole term counts again.
    fn go_on(&mut self, ground: String, since: Timestamp, at: Timestamp) -> Result<(), Uncountable> {
        if self.terms.rule.does_on(&ground) == Some(Does::Restart) {
            return self.start_put_off(at);
        }
        // What stood still before the origin was never counted.
        let from = since.max(self.origin);
        if from < at {
            self.pauses.push(Pause { from, to: at, ground });
        }
        let longer = std::mem::take(&mut self.longer);
        self.lengthen(longer)
    }

    /// The ground never was: time has gone on, and what lengthened the term meanwhile did so where it was not over.
    fn go_on_as_before(&mut self) -> Result<(), Uncountable> {
        for (max_total, at) in std::mem::take(&mut self.longer) {
            let due = self.due()?;
            if due >= at {
                self.extend(due, max_total)?;
            }
        }
        Ok(())
    }

    /// A run begins once its ground fell away, and is as long as it was made meanwhile.
    fn start_put_off(&mut self, at: Timestamp) -> Result<(), Uncountable> {
        let longer = std::mem::take(&mut self.longer);
        self.begin(at);
        self.lengthen(longer)
    }

    fn lengthen(&mut self, longer: Vec<(Term, Timestamp)>) -> Result<(), Uncountable> {
        longer.into_iter().try_for_each(|(max_total, _)| self.extend(self.due()?, max_total))
    }

    fn run_from(&mut self, origin: Timestamp) -> Result<State, Uncountable> {
        self.begin(origin);
        Ok(State::Running { due: self.due()? })
    }

    fn begin(&mut self, origin: Timestamp) {
        if self.ran {
            self.epoch += 1;
        }
        self.ran = true;
        self.by_word = false;
        self.first_run.get_or_insert(origin);
        self.origin = origin;
        self.length = self.base;
        self.pauses.clear();
        self.longer.clear();
    }

    fn displace(&mut self, state: State, at: Timestamp) -> State {
        match state {
            State::Running { due } => {
                self.judge(due, at);
                State::Cancelled { at }
            }
            State::Scheduled { .. } | State::Paused { .. } => State::Cancelled { at },
            ended @ (State::Fulfilled { .. } | State::Cancelled { .. }) => ended,
        }
    }

    /// The run's verdict when something happens at `at`.
    fn judge(&mut self, due: Timestamp, at: Timestamp) {
        if due < at {
            self.breach(due);
        }
    }

    fn breach(&mut self, due: Timestamp) {
        let breach = Breach { epoch: self.epoch, origin: self.origin, at: due };
        if self.breaches.last() != Some(&breach) {
            self.breaches.push(breach);
        }
    }

    /// The last instant in time of a run that counts from an instant and never stands still.
    fn due_from(&self, origin: Timestamp) -> Result<Timestamp, Uncountable> {
        match self.base {
            Length::Term(term) => Run { term, origin, calendar: self.terms.calendar, pauses: &[] }.due(),
            Length::Until(due) => Ok(due),
        }
    }

    fn due(&self) -> Result<Timestamp, Uncountable> {
        self.due_of(self.length)
    }

    fn due_of(&self, length: Length) -> Result<Timestamp, Uncountable> {
        match length {
            Length::Term(term) => {
                Run { term, origin: self.origin, calendar: self.terms.calendar, pauses: &self.pauses }.due()
            }
            Length::Until(due) => Ok(due),
        }
    }
}

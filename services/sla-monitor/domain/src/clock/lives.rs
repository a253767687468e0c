//! The runs of a clock, one after the other: how long each counted and whether it was met. What repeats, as the time to each next answer, has one run for each.

use jiff::Timestamp;

use super::fold::{Moment, folded};
use super::{Entry, Happening, State, Terms, Unreplayable};

/// One run of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Where it counts from.
    pub from: Timestamp,
    /// When it ended; none while it goes on.
    pub until: Option<Timestamp>,
    /// It was met; a run that ended otherwise fell away, or began anew without it.
    pub met: bool,
    /// The last instant in time, as it stood last; none of one that never ran.
    pub due: Option<Timestamp>,
    /// How long it stood still before it went on, in microseconds.
    still: i64,
    /// Since when it stands still, or stood when it ended.
    still_since: Option<Timestamp>,
}

impl Life {
    /// How long it stood still in all, in microseconds; while it goes on, until now.
    pub fn still(&self, now: Timestamp) -> i64 {
        let end = self.until.unwrap_or(now);
        let last = self.still_since.map_or(0, |since| micros(since.max(self.from), end).max(0));
        self.still.saturating_add(last)
    }

    /// How long it counted, in microseconds: without what stood still, and while it goes on, until now.
    pub fn age(&self, now: Timestamp) -> i64 {
        micros(self.from, self.until.unwrap_or(now)).saturating_sub(self.still(now)).max(0)
    }

    /// Whether it stands still, or did when it ended: then it is due at no instant that is known.
    pub const fn stands(&self) -> bool {
        self.still_since.is_some()
    }
}

fn micros(from: Timestamp, to: Timestamp) -> i64 {
    to.as_microsecond().saturating_sub(from.as_microsecond())
}

/// The runs of the clock that the entries describe, the first first; none of one for which what starts it never came.
///
/// # Errors
/// As [`super::replay`].
pub fn lives(entries: &[Entry], terms: Terms<'_>) -> Result<Vec<Life>, Unreplayable> {
    let mut lives: Vec<(i32, Life)> = Vec::new();
    folded(entries, terms, |moment| follow(&mut lives, &moment))?;
    Ok(lives.into_iter().map(|(_, life)| life).collect())
}

fn follow(lives: &mut Vec<(i32, Life)>, moment: &Moment<'_>) {
    if !moment.ran {
        return;
    }
    if lives.last().is_none_or(|(epoch, _)| *epoch != moment.epoch) {
        if let Some((_, last)) = lives.last_mut().filter(|(_, last)| last.until.is_none()) {
            // What renews it is what it waited for: a word of the house, and the time to the next one counts.
            (last.until, last.met) =
                (Some(moment.at), matches!(moment.what, Happening::Renewed | Happening::BegunAnew));
        }
        let life = Life { from: moment.origin, until: None, met: false, due: None, still: 0, still_since: None };
        lives.push((moment.epoch, life));
    }
    let Some((_, life)) = lives.last_mut() else { return };
    life.still = moment.pauses.iter().map(|pause| micros(pause.from, pause.to)).sum();
    life.due = moment.state.due().or(life.due);
    match moment.state {
        State::Running { .. } => (life.until, life.met, life.still_since) = (None, false, None),
        State::Paused { since, .. } | State::Scheduled { since, .. } => {
            (life.until, life.met, life.still_since) = (None, false, Some(*since));
        }
        State::Fulfilled { at, .. } => (life.until, life.met, life.still_since) = (Some(*at), true, None),
        State::Cancelled { at } => life.until = Some(*at),
    }
}

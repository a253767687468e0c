//! What an entry did to a clock, told from the clock before and after it.

use super::{Replay, State};

/// What an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Time stopped counting.
    Pause,
    /// Time counts again.
    Resume,
    /// The whole term counts again from a new origin.
    Restart,
    /// The start was put off.
    DeferStart,
    /// The put-off start came.
    Start,
    /// The term was made longer.
    Extend,
    /// The fulfilment did not hold.
    Reopen,
    /// A late entry took back a breach of a run that is over.
    Correct,
    /// The clock ended.
    Settle,
}

impl Replay {
    /// What made this clock out of the one before; `None` when nothing changed.
    pub fn moved_from(&self, before: &Self) -> Option<Move> {
        // Where the first run counts from is no move of the present one.
        if (Self { first_run: before.first_run, ..self.clone() }) == *before {
            return None;
        }
        Some(match (&before.state, &self.state) {
            (_, State::Fulfilled { .. } | State::Cancelled { .. }) => Move::Settle,
            (old, new) if old == new && self.longer.len() > before.longer.len() => Move::Extend,
            (_, State::Paused { .. }) => Move::Pause,
            (State::Cancelled { .. }, State::Scheduled { .. }) => Move::Reopen,
            (_, State::Scheduled { .. }) => Move::DeferStart,
            (State::Scheduled { .. }, State::Running { .. }) => Move::Start,
            (State::Paused { .. }, State::Running { .. }) if self.epoch > before.epoch => Move::Restart,
            (State::Paused { .. }, State::Running { .. }) => Move::Resume,
            (State::Fulfilled { .. } | State::Cancelled { .. }, State::Running { .. }) => Move::Reopen,
            (State::Running { .. }, State::Running { .. }) if self.epoch > before.epoch => Move::Restart,
            (State::Running { due: old }, State::Running { due: new }) if old == new => {
                let stands = |breach| self.breaches.contains(breach);
                match before.breaches.iter().all(stands) {
                    // Only a verdict was added: nothing the clock's followers do not learn from the breach itself.
                    true => return None,
                    false => Move::Correct,
                }
            }
            (State::Running { .. }, State::Running { .. }) => Move::Extend,
        })
    }
}

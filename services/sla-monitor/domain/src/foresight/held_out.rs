//! What would have been foretold of affairs that are over, each from what was known before the moment of foretelling and nothing later.
//!
//! A curve is drawn with the answer that makes what is known a fiftieth more, from all that was answered by then and all that waited then,
//! and serves until the next. So its draws depend on the past alone, and `n` affairs cost `50 n` steps and a sort of them, not `n^2`; each
//! prediction is two binary searches. What a curve does not know yet is at most a fiftieth of what it knows.

use super::{Curve, Outcome};
use crate::forecast::FEWEST;

/// How much more must be known for a new curve: one part in so many.
const GROWTH: usize = 50;

/// One affair of the past; instants in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// First receipt.
    pub received: i64,
    /// When it was answered, if it was.
    pub answered: Option<i64>,
    /// The last instant in time, as it stood in the end.
    pub due: i64,
    /// How long of it did not count, in the end.
    pub still: i64,
}

/// What would have been foretold of one affair at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Its place in the history.
    pub affair: usize,
    /// The share of its term that had passed, in percent.
    pub share: u8,
    /// The moment.
    pub at: i64,
    /// What would have been told, and what came of it.
    pub outcome: Outcome,
}

/// All that would have been foretold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeldOut {
    /// In the order of the moments.
    pub predictions: Vec<Prediction>,
    /// Moments at which too little was known to tell anything.
    pub too_few: Vec<TooFew>,
}

/// A moment at which too little was known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooFew {
    /// Place of the affair in the history.
    pub affair: usize,
    /// The share of its term that had passed, in percent.
    pub share: u8,
    /// What would have been told of a younger one at that moment, the greatest age of which anything was; 0 where there was none.
    pub at_least: f64,
}

/// Foretells at each of `shares` (percent of the term, below 100) what came of every affair that was then open and whose term was over before
/// `until`, the instant of the history. One whose term was not over does not count even if it was answered: the others of its age would be
/// missing. Affairs that still wait belong into the history: leaving them out hides the slowest.
pub fn held_out(history: &[Past], until: i64, shares: &[u8]) -> HeldOut {
    let mut moments = moments(history, until, shares);
    moments.sort_unstable();
    let mut answers: Vec<i64> = history.iter().filter_map(|past| past.answered).collect();
    answers.sort_unstable();
    let mut by_receipt: Vec<&Past> = history.iter().collect();
    by_receipt.sort_unstable_by_key(|past| past.received);

    let (mut told, mut curve, mut known) = (HeldOut::default(), None, 0);
    let (mut enough, mut drawn) = (FEWEST, 0);
    for (at, affair, share) in moments {
        while answers.get(known).is_some_and(|answered| *answered < at) {
            known += 1;
        }
        while enough + (enough / GROWTH).max(1) <= known {
            enough += (enough / GROWTH).max(1);
        }
        if known >= enough && drawn < enough {
            curve = Some(draw(&by_receipt, answers[enough - 1]));
            drawn = enough;
        }
        let Past { received, answered, due, still } = history[affair];
        let due_age = due - received - still;
        let foresight = curve.as_ref().and_then(|curve| curve.breach(at - received, due_age));
        match foresight.and_then(|told| Outcome::new(told.breach, answered.is_none_or(|at| at > due))) {
            Some(outcome) => told.predictions.push(Prediction { affair, share, at, outcome }),
            None => {
                let at_least = curve.as_ref().and_then(|curve| curve.last_told(due_age)).unwrap_or_default();
                told.too_few.push(TooFew { affair, share, at_least });
            }
        }
    }
    told
}

/// The moments of foretelling, with affair and share.
fn moments(history: &[Past], until: i64, shares: &[u8]) -> Vec<(i64, usize, u8)> {
    let mut moments = Vec::with_capacity(history.len() * shares.len());
    for (affair, Past { received, answered, due, still }) in history.iter().enumerate() {
        for share in shares.iter().filter(|share| **share < 100 && received < due && *due < until) {
            // Told when so much of it had counted, had nothing stood still before: never from what was known later.
            let term = i128::from(*due) - i128::from(*received) - i128::from(*still);
            let Ok(passed) = i64::try_from(term * i128::from(*share) / 100) else { continue };
            let at = received + passed;
            if answered.is_none_or(|answered| answered > at) {
                moments.push((at, affair, *share));
            }
        }
    }
    moments
}

/// The curve of what was known at an instant, that instant's own answers included.
fn draw(by_receipt: &[&Past], now: i64) -> Curve {
    let received = by_receipt.partition_point(|past| past.received <= now);
    let (mut answered, mut open) = (Vec::with_capacity(received), Vec::new());
    for past in &by_receipt[..received] {
        match past.answered.filter(|at| *at <= now) {
            Some(at) => answered.push((at - past.received - past.still).max(0)),
            None => open.push((now - past.received - past.still).max(0)),
        }
    }
    Curve::new(answered, open)
}

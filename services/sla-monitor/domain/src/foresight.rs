//! How likely a running clock is to be breached, and how far such foresight can be believed.
//!
//! What is known of comparable affairs is of two kinds: how old those were that were answered, and how old those are that still wait. The
//! second are not left out, for they are the slow ones: they count as *censored*, known to take longer than their present age (Kaplan and
//! Meier, *J Am Stat Assoc* 1958; 53: 457-481). With S(t) the share that takes longer than t,
//!
//! ```text
//! S(t) = product over ages u <= t of (1 - answered at u / at u or older)      P(breach | open at age a) = S(due) / S(a)
//! ```
//!
//! Ages are microseconds from first receipt. What is answered *at* its due age is in time. An affair that waits at just the age at which
//! another was answered counts as older than it. Beyond the last answer the curve stays where it is (Gill, *Censoring and Stochastic
//! Integrals*, 1980): where nothing was seen, no hope is given. For one curve and one due age the chance of a breach never falls as the clock
//! grows older.
//!
//! A clock that grows older than nearly all of its department's is foretold from those of the whole house. They may have been quicker: so it is told no less than
//! its department told [last](Curve::last_told), and the chance does not fall there either ([`foretell`]).
//!
//! It assumes that what still waits is like what was answered at the same age, and that the future is like the past. Whether it holds is for
//! [`calibration`](Record) to say, on affairs that were [held out](held_out).

mod by_department;
mod calibration;
mod held_out;

pub use by_department::{ByLine, Followed, Judged, by_line};
pub use calibration::{BINS, Calibration, Outcome, Record, Row};
pub use held_out::{HeldOut, Past, Prediction, TooFew, held_out};

use crate::forecast::FEWEST;

/// The share of comparable affairs that take longer than an age.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Ages of the answered, sorted.
    answered: Vec<i64>,
    /// Ages of those that wait, sorted.
    open: Vec<i64>,
    /// Each age at which some were answered, and S from there to the next.
    steps: Vec<(i64, f64)>,
}

/// What a curve says of one clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foresight {
    /// The chance that it is not answered by its due age, 0 to 1.
    pub breach: f64,
    /// How many comparable affairs were answered at a greater age than the clock has.
    pub answered: usize,
    /// How many comparable affairs wait at a greater age.
    pub open: usize,
}

impl Curve {
    /// Draws the curve from ages of affairs that were answered and of affairs that still wait, in any order.
    pub fn new(mut answered: Vec<i64>, mut open: Vec<i64>) -> Self {
        answered.sort_unstable();
        open.sort_unstable();
        let (mut steps, mut share) = (Vec::new(), 1.0);
        let (mut before, mut censored) = (0, 0);
        // While nobody drops out, the product is one fraction: so that half of them is a half to the last bit.
        let (mut since, mut all, mut left) = (share, answered.len() + open.len(), answered.len() + open.len());
        for ties in answered.chunk_by(|a, b| a == b) {
            let age = ties[0];
            while open.get(censored).is_some_and(|waits| *waits < age) {
                censored += 1;
            }
            let at_risk = (answered.len() - before) + (open.len() - censored);
            if at_risk != left {
                (since, all) = (share, at_risk);
            }
            left = at_risk - ties.len();
            share = since * (left as f64 / all as f64);
            steps.push((age, share));
            before += ties.len();
        }
        Self { answered, open, steps }
    }

    /// S: the share that takes longer than `age`.
    pub fn beyond(&self, age: i64) -> f64 {
        let passed = self.steps.partition_point(|(step, _)| *step <= age);
        passed.checked_sub(1).map_or(1.0, |last| self.steps[last].1)
    }

    /// How many were answered at a greater age, and how many wait at one.
    pub fn older(&self, age: i64) -> (usize, usize) {
        let older = |ages: &[i64]| ages.len() - ages.partition_point(|other| *other <= age);
        (older(&self.answered), older(&self.open))
    }

    /// The least age above `age` at which S is this share or less; none where it never falls so far.
    pub fn falls_to(&self, age: i64, share: f64) -> Option<i64> {
        // Rounding of a product of fractions moves no rank.
        let first = self.steps.partition_point(|(step, left)| *step <= age || *left > share + 1e-12);
        self.steps.get(first).map(|(step, _)| *step)
    }

    /// The greatest age of any.
    pub fn followed_to(&self) -> i64 {
        let last = |ages: &[i64]| ages.last().copied().unwrap_or_default();
        last(&self.answered).max(last(&self.open))
    }

    /// How likely a clock that is open at `age` is to be open still after `due_age`.
    ///
    /// Past its due age it is breached, whatever others did. Before it there is no answer when fewer than [`FEWEST`] were answered at a
    /// greater age; so S(age) is never 0 where it divides.
    pub fn breach(&self, age: i64, due_age: i64) -> Option<Foresight> {
        let (answered, open) = self.older(age);
        if age >= due_age {
            return Some(Foresight { breach: 1.0, answered, open });
        }
        let from = self.beyond(age);
        (answered >= FEWEST && from > 0.0).then(|| Foresight { breach: self.beyond(due_age) / from, answered, open })
    }

    /// The chance it tells of a clock with this due age at the greatest age at which it tells anything; none where it never does.
    pub fn last_told(&self, due_age: i64) -> Option<f64> {
        let last = self.answered.len().checked_sub(FEWEST).map(|place| self.answered[place])?.checked_sub(1)?;
        self.breach(last, due_age).map(|told| told.breach)
    }
}

/// What is foretold of a clock, and from whose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foretold {
    /// What.
    pub foresight: Foresight,
    /// From those of the whole house: too few of its own department were answered as late.
    pub of_house: bool,
}

/// How likely a clock that is open at `age` is to be open still after `due_age`: as the clocks of its own department tell, or, where too few of them were answered at a
/// greater age, as those of the whole house do. For the same two curves the chance never falls as the clock grows older.
pub fn foretell(own: &Curve, house: &Curve, age: i64, due_age: i64) -> Option<Foretold> {
    if let Some(foresight) = own.breach(age, due_age) {
        return Some(Foretold { foresight, of_house: false });
    }
    let foresight = house.breach(age, due_age)?;
    let breach = foresight.breach.max(own.last_told(due_age).unwrap_or_default());
    Some(Foretold { foresight: Foresight { breach, ..foresight }, of_house: true })
}

//! An estimate of silent dissatisfaction: affairs whose customer was not content and never complained about them. It is counted in affairs,
//! not in customers, and says nothing of any one of them.
//!
//! That no complaint came says nothing about content (ISO 9000:2015, 3.9.2; ISO 10004:2018 therefore has the customer asked): most who have
//! a problem do not complain, and how many differs so much between trades (TARP for the U.S. Office of Consumer Affairs, *Consumer Complaint
//! Handling in America*, 1986; Goodman and Newman, *Quality Progress* 2003; 36(1): 51-55) that no multiplier taken from elsewhere is used
//! here: only what these customers said when asked.
//!
//! The interval is the score interval (Wilson, *J Am Stat Assoc* 1927; 22: 209-212) with the variance of a sample drawn without replacement
//! from a finite population (Cochran, *Sampling Techniques*, 1977, ch. 3), so that it closes as the answers come to be all affairs.
//!
//! **It assumes that those who do not answer are like those who do.** They seldom are, and no formula mends it: the interval is of chance
//! only. Beside it stand the two bounds that do not assume it, [`Silence::least`] and [`Silence::most`], and one sign that it fails,
//! `contradicted`. When dissatisfaction is very rare among few answers the score interval covers somewhat less than it says (Brown, Cai and
//! DasGupta, *Stat Sci* 2001; 16(2): 101-133).

use std::fmt;

/// Two-sided 95 % point of the normal distribution.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// With fewer answers there is no estimate: at half dissatisfied the interval would be wider than 17 points to each side.
pub const LEAST_ANSWERS: u64 = 30;

/// What was counted, of affairs that were answered and whose customer made no complaint about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeardCounts {
    /// All of them.
    pub finished: u64,
    /// In how many the customer was asked in a survey.
    pub asked: u64,
    /// In how many the customer answered it.
    pub answered: u64,
    /// In how many the answer was that they were not content.
    pub dissatisfied: u64,
    /// In how many no survey was answered and the customer came back for the same topic: a sign by behaviour, and not yet a proof.
    pub came_back: u64,
}

/// Counts that do not contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard(HeardCounts);

/// How counts contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeardFlaw {
    /// More were asked than finished.
    AskedOverFinished,
    /// More answered than were asked.
    AnsweredOverAsked,
    /// More were dissatisfied than answered.
    DissatisfiedOverAnswered,
    /// More came back without an answer than did not answer.
    CameBackOverUnanswered,
}

impl fmt::Display for HeardFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AskedOverFinished => "more were asked than finished",
            Self::AnsweredOverAsked => "more answered than were asked",
            Self::DissatisfiedOverAnswered => "more were dissatisfied than answered",
            Self::CameBackOverUnanswered => "more came back without an answer than did not answer",
        })
    }
}

/// All that contradicts, at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(HeardFlaw::to_string).collect::<Vec<_>>().join("; "))]
pub struct HeardError(Vec<HeardFlaw>);

impl HeardError {
    /// What contradicts.
    pub fn flaws(&self) -> &[HeardFlaw] {
        &self.0
    }
}

impl Heard {
    /// Takes counts that can be true together.
    ///
    /// # Errors
    /// [`HeardError`] with every contradiction between them.
    pub fn new(counts: HeardCounts) -> Result<Self, HeardError> {
        let HeardCounts { finished, asked, answered, dissatisfied, came_back } = counts;
        let checks = [
            (asked > finished, HeardFlaw::AskedOverFinished),
            (answered > asked, HeardFlaw::AnsweredOverAsked),
            (dissatisfied > answered, HeardFlaw::DissatisfiedOverAnswered),
            (came_back > finished.saturating_sub(answered), HeardFlaw::CameBackOverUnanswered),
        ];
        let flaws: Vec<HeardFlaw> = checks.into_iter().filter_map(|(fails, flaw)| fails.then_some(flaw)).collect();
        if flaws.is_empty() { Ok(Self(counts)) } else { Err(HeardError(flaws)) }
    }

    /// What was counted.
    pub const fn counts(self) -> HeardCounts {
        self.0
    }
}

/// How much dissatisfaction was not complained of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// Affairs in which it was seen: said in a survey, or shown by coming back.
    pub observed: u64,
    /// Affairs of which nothing is known: no answer, and nobody came back.
    pub unheard: u64,
    /// What share of those who were asked answered; the lower, the more the estimate rests on its assumption.
    pub response: Option<f64>,
    /// What it comes to, if those who do not answer are like those who do.
    pub estimate: SilenceEstimate,
}

/// An estimate of affairs with silent dissatisfaction, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SilenceEstimate {
    /// Fewer than [`LEAST_ANSWERS`] answered.
    TooFewAnswers {
        /// How many did.
        answered: u64,
    },
    /// `least <= low <= affairs <= high <= most` of its [`Silence`].
    Made {
        /// Share of those who answered that were not content.
        share: f64,
        /// How many affairs that is of all, and never fewer than were observed.
        affairs: f64,
        /// Where the 95 % interval begins.
        low: f64,
        /// Where it ends.
        high: f64,
        /// More was observed than the interval allows: those who did not answer are worse off than those who did, and the truth lies above.
        contradicted: bool,
    },
}

impl Silence {
    /// How many there are at least, whatever the unheard think.
    pub const fn least(&self) -> u64 {
        self.observed
    }

    /// How many there are at most: every one of the unheard, too.
    pub const fn most(&self) -> u64 {
        self.observed.saturating_add(self.unheard)
    }
}

/// How much dissatisfaction there is that was not complained of.
pub fn silence(heard: Heard) -> Silence {
    let HeardCounts { finished, asked, answered, dissatisfied, came_back } = heard.0;
    let observed = dissatisfied.saturating_add(came_back);
    let unheard = finished.saturating_sub(answered).saturating_sub(came_back);
    let response = (asked > 0).then(|| answered as f64 / asked as f64);
    let mut silence = Silence { observed, unheard, response, estimate: SilenceEstimate::TooFewAnswers { answered } };
    if answered >= LEAST_ANSWERS {
        let share = dissatisfied as f64 / answered as f64;
        let [low, high] = score_interval(dissatisfied, answered, finished).map(|share| share * finished as f64);
        let [least, most] = [silence.least() as f64, silence.most() as f64];
        // Those who came back are among those who did not answer, of whom the share speaks already: they are a floor and not an addition.
        let affairs = (share * finished as f64).clamp(least, most);
        silence.estimate = SilenceEstimate::Made {
            share,
            affairs,
            // Rounding must not put the estimate outside its interval.
            low: low.clamp(least, most).min(affairs),
            high: high.clamp(least, most).max(affairs),
            contradicted: least > high,
        };
    }
    silence
}

/// The shares p of a population of `all` for which a sample of `of` without replacement has `with` within 95 %:
/// `(with/of - p)^2 <= Z^2 p (1 - p) / of (all - of) / (all - 1)`. `of` is at least 2.
pub(crate) fn score_interval(with: u64, of: u64, all: u64) -> [f64; 2] {
    let (x, n) = (with as f64, of as f64);
    let z2 = Z * Z * all.saturating_sub(of) as f64 / all.saturating_sub(1) as f64;
    let centre = x + z2 / 2.0;
    let half = (z2 * (x * (n - x) / n + z2 / 4.0)).sqrt();
    [(centre - half) / (n + z2), (centre + half) / (n + z2)]
}

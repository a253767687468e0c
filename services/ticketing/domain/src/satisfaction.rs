//! What customers thought, in figures: how many said each point of a scale, their mean, the shares that speak well and ill, and the net promoter
//! score, each with its 95 % interval.
//!
//! Shares have the score interval (Wilson, *J Am Stat Assoc* 1927; 22: 209-212). Means, of which the net promoter score is one (a promoter counts 100,
//! a detractor -100, everybody else 0; Reichheld, *Harv Bus Rev* 2003; 81(12): 46-54), have Student's (*Biometrika* 1908; 6: 1-25), cut off where the
//! scale ends. Where fewer than two answered, or all said the same, a mean has none: answers that do not differ say nothing of how far others would.
//!
//! **The intervals are of chance only.** Who answers a survey is seldom like who does not, and no formula mends that: beside the figures stands how many
//! were asked.

use crate::silence::{Z, score_interval};

/// Points of CSAT, from 1.
const CSAT: usize = 5;
/// Points of the recommendation question, from 0.
const NPS: usize = 11;
/// Points of CES, from 1.
const CES: usize = 7;

/// Surveys of some affairs, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// In how many affairs the customer was asked.
    pub asked: u64,
    /// In how many the customer answered, in scores or in words.
    pub answered: u64,
    csat: [u64; CSAT],
    nps: [u64; NPS],
    ces: [u64; CES],
}

/// A question of the survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Satisfaction, 1 to 5.
    Csat,
    /// Recommendation, 0 to 10.
    Nps,
    /// Ease, 1 to 7.
    Ces,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csat, Self::Nps, Self::Ces];

    /// The lowest point.
    pub const fn lowest(self) -> i16 {
        match self {
            Self::Csat | Self::Ces => 1,
            Self::Nps => 0,
        }
    }

    /// From which point on an answer speaks well: satisfied, a promoter, easy.
    const fn well_from(self) -> i16 {
        match self {
            Self::Csat => 4,
            Self::Nps => 9,
            Self::Ces => 5,
        }
    }

    /// Up to which point it speaks ill, as [`Opinion::is_dissatisfied`](crate::Opinion::is_dissatisfied) has it.
    const fn ill_to(self) -> i16 {
        match self {
            Self::Csat => 2,
            Self::Nps => 6,
            Self::Ces => 3,
        }
    }
}

impl Answers {
    /// How many said each point, the lowest first.
    pub const fn of(&self, question: Question) -> &[u64] {
        match question {
            Question::Csat => &self.csat,
            Question::Nps => &self.nps,
            Question::Ces => &self.ces,
        }
    }

    /// Counts so many who said this point; `None` for one that is not on the scale.
    #[must_use]
    pub fn with(mut self, question: Question, point: i16, count: u64) -> Option<Self> {
        let place = usize::try_from(point.checked_sub(question.lowest())?).ok()?;
        let counts: &mut [u64] = match question {
            Question::Csat => &mut self.csat,
            Question::Nps => &mut self.nps,
            Question::Ces => &mut self.ces,
        };
        let counted = counts.get_mut(place)?;
        *counted = counted.saturating_add(count);
        Some(self)
    }

    /// Those of two sets of affairs that have none in common.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.asked = self.asked.saturating_add(other.asked);
        self.answered = self.answered.saturating_add(other.answered);
        let add = |mine: &mut [u64], theirs: &[u64]| {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = mine.saturating_add(*theirs));
        };
        add(&mut self.csat, &other.csat);
        add(&mut self.nps, &other.nps);
        add(&mut self.ces, &other.ces);
        self
    }
}

/// A figure, and where the 95 % interval of chance begins and ends, where there is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimated {
    /// The figure.
    pub value: f64,
    /// Its interval.
    pub interval: Option<[f64; 2]>,
}

/// What was answered to one question, in figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// How many answered it.
    pub count: u64,
    /// The mean of what they said.
    pub mean: Estimated,
    /// Which share spoke well, 0 to 1.
    pub well: Estimated,
    /// Which share spoke ill.
    pub ill: Estimated,
    /// Per cent of those who spoke well less per cent of those who spoke ill, -100 to 100: of the recommendation question the net promoter score.
    pub net: Estimated,
}

/// The figures of one question; `None` when nobody answered it.
pub fn scored(answers: &Answers, question: Question) -> Option<Scored> {
    let points = || answers.of(question).iter().zip(question.lowest()..).map(|(count, point)| (*count, point));
    let count = points().map(|(count, _)| count).fold(0, u64::saturating_add);
    if count == 0 {
        return None;
    }
    let well = points().filter(|(_, point)| *point >= question.well_from()).map(|(count, _)| count).sum();
    let ill = points().filter(|(_, point)| *point <= question.ill_to()).map(|(count, _)| count).sum();
    let weighted: Vec<(u64, f64)> = points().map(|(count, point)| (count, f64::from(point))).collect();
    let ends = [weighted.first(), weighted.last()].map(|end| end.map_or(0.0, |(_, point)| *point));
    Some(Scored {
        count,
        mean: mean(&weighted, ends),
        well: share(well, count),
        ill: share(ill, count),
        net: mean(&[(well, 100.0), (ill, -100.0), (count - well - ill, 0.0)], [-100.0, 100.0]),
    })
}

fn share(with: u64, of: u64) -> Estimated {
    let interval = score_interval(with, of, u64::MAX).map(|end| end.clamp(0.0, 1.0));
    Estimated { value: with as f64 / of as f64, interval: Some(interval) }
}

/// The mean of values that were said so many times, on a scale with these ends.
fn mean(said: &[(u64, f64)], [lowest, highest]: [f64; 2]) -> Estimated {
    let n = said.iter().map(|(count, _)| *count).fold(0, u64::saturating_add);
    let sum_of = |of: &dyn Fn(f64) -> f64| said.iter().map(|(count, value)| *count as f64 * of(*value)).sum::<f64>();
    let value = sum_of(&|value| value) / n as f64;
    let squares = sum_of(&|said| (said - value) * (said - value));
    let differ = said.iter().filter(|(count, _)| *count > 0).count() > 1;
    let interval = differ.then(|| {
        let freedom = n - 1;
        let half = student(freedom) * (squares / freedom as f64 / n as f64).sqrt();
        [(value - half).max(lowest), (value + half).min(highest)]
    });
    Estimated { value, interval }
}

/// The two-sided 95 % point of Student's distribution with this many degrees of freedom, at least one.
fn student(freedom: u64) -> f64 {
    if freedom > 200 {
        // Abramowitz and Stegun 26.7.5; what is left out is below 1e-9 here.
        let (v, z) = (freedom as f64, Z);
        return z
            + (z.powi(3) + z) / (4.0 * v)
            + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * v.powi(2))
            + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * v.powi(3));
    }
    let (mut low, mut high) = (1.0_f64, 13.0_f64);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if within(middle, freedom) < 0.95 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// How likely Student's variable is within `-t..t` (Abramowitz and Stegun 26.7.3 and 26.7.4: a finite series for whole degrees of freedom).
fn within(t: f64, freedom: u64) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    // Each term is the one before with the next pair of factors.
    let (mut term, mut sum, mut k) = if odd { (cosine, 0.0, 1_u64) } else { (1.0, 0.0, 0) };
    while k + 2 <= freedom {
        sum += term;
        term *= (k + 1) as f64 / (k + 2) as f64 * cosine * cosine;
        k += 2;
    }
    if odd { std::f64::consts::FRAC_2_PI * (angle + sine * sum) } else { sine * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_points_are_those_of_the_tables() {
        for (freedom, point) in [
            (1, 12.706_204_736),
            (2, 4.302_652_730),
            (3, 3.182_446_305),
            (4, 2.776_445_105),
            (5, 2.570_581_836),
            (10, 2.228_138_852),
            (30, 2.042_272_456),
            (120, 1.979_930_405),
            (200, 1.971_896_224),
            (1_000, 1.962_339_081),
        ] {
            assert!((student(freedom) - point).abs() < 1e-8, "{freedom}: {} {point}", student(freedom));
        }
        // Where one way of calculating ends and the other begins, nothing jumps.
        let [before, after, then] = [student(200), student(201), student(202)];
        assert!(before > after && after > then && ((before - after) / (after - then) - 1.0).abs() < 0.05);
    }

    #[test]
    fn what_is_off_the_scale_is_not_counted() {
        for (question, off) in [(Question::Csat, [0, 6]), (Question::Nps, [-1, 11]), (Question::Ces, [0, 8])] {
            for point in off {
                assert_eq!(Answers::default().with(question, point, 1), None, "{question:?} {point}");
            }
        }
    }
}

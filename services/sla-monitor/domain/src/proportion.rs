//! A share of what was counted, and how far chance may have put it from the truth.
//!
//! The interval is the score interval (Wilson, *J Am Stat Assoc* 1927; 22: 209-212) at 95 %, with the variance of a sample drawn without
//! replacement from a finite population (Cochran, *Sampling Techniques*, 1977, ch. 3): it closes as the sample comes to be all there is. It is
//! of chance only; a sample that was not drawn by lot has errors that no formula shows.

/// Two-sided 95 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// What was counted: `with` of the `of` that were looked at, of `all` there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    with: u64,
    of: u64,
    all: u64,
}

impl Counted {
    /// Every one was looked at; none if more have it than there are.
    pub const fn full(with: u64, of: u64) -> Option<Self> {
        Self::sample(with, of, of)
    }

    /// `of` were drawn by lot from `all`; none if the counts cannot be true together.
    pub const fn sample(with: u64, of: u64, all: u64) -> Option<Self> {
        if with <= of && of <= all { Some(Self { with, of, all }) } else { None }
    }

    /// How many have it.
    pub const fn with(self) -> u64 {
        self.with
    }

    /// How many were looked at.
    pub const fn of(self) -> u64 {
        self.of
    }

    /// How many there are.
    pub const fn all(self) -> u64 {
        self.all
    }

    /// Their share, 0 to 1; none of nothing.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.with as f64 / self.of as f64)
    }

    /// Where the true share of all lies within 95 %: the share itself where all were looked at, and anywhere where none was.
    pub fn interval(self) -> [f64; 2] {
        wilson(self.with, self.of, Some(self.all))
    }
}

/// The shares of `all` (none: without end) that a sample of `of` having `with` is compatible with at 95 %.
pub fn wilson(with: u64, of: u64, all: Option<u64>) -> [f64; 2] {
    match all {
        Some(all) if all <= of => {
            let share = if of == 0 { 0.0 } else { with as f64 / of as f64 };
            [share, share]
        }
        _ if of == 0 => [0.0, 1.0],
        _ => {
            let share = with as f64 / of as f64;
            let [low, high] = ends(share, of as f64, all);
            // Rounding must not put the share outside its interval.
            [low.clamp(0.0, share), high.clamp(share, 1.0)]
        }
    }
}

/// How far, at most and within 95 %, the share seen in a sample of `of` from `all` is from the true one: the farther end of the interval.
/// It is never less than the interval's half width, which is too kind to shares near 0 and 1, where the interval is lopsided.
pub fn reach(share: f64, of: u64, all: u64) -> f64 {
    if of >= all {
        return 0.0;
    }
    if of == 0 {
        return 1.0;
    }
    let [low, high] = ends(share, of as f64, Some(all));
    (share - low).max(high - share).clamp(0.0, 1.0)
}

/// The smallest sample from `all` whose share, if it came out as `share`, would have a [`reach`] of `most` or less.
/// Plan with 0.5, the worst, where nothing is known yet.
pub fn needed(share: f64, all: u64, most: f64) -> u64 {
    // The reach falls as the sample grows.
    let (mut low, mut high) = (0, all);
    while low < high {
        let middle = low + (high - low) / 2;
        if reach(share, middle, all) <= most { high = middle } else { low = middle + 1 }
    }
    low
}

/// The roots p of `(share - p)^2 = z2 p (1 - p) / n`, where `z2 = Z^2 (all - n) / (all - 1)`.
fn ends(share: f64, n: f64, all: Option<u64>) -> [f64; 2] {
    let z2 = Z * Z * all.map_or(1.0, |all| (all as f64 - n) / (all as f64 - 1.0));
    let centre = share + z2 / (2.0 * n);
    let half = (z2 / n * (share * (1.0 - share) + z2 / (4.0 * n))).sqrt();
    [(centre - half) / (1.0 + z2 / n), (centre + half) / (1.0 + z2 / n)]
}

//! Exact counts of how long things took, from which quantiles are read without interpolation. Two of them add up to one, so that days,
//! departments and shards can be counted apart.

use std::collections::BTreeMap;

/// How often each duration was seen, in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Durations {
    counts: BTreeMap<i64, u64>,
    count: u64,
}

impl Durations {
    /// Counts one duration so many times.
    pub fn add(&mut self, micros: i64, times: u64) {
        if times > 0 {
            let seen = self.counts.entry(micros).or_default();
            *seen = seen.saturating_add(times);
            self.count = self.count.saturating_add(times);
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (micros, times) in &other.counts {
            self.add(*micros, *times);
        }
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many were shorter than `limit`.
    pub fn below(&self, limit: i64) -> u64 {
        self.counts.range(..limit).fold(0, |sum, (_, times)| sum.saturating_add(*times))
    }

    /// The duration of this rank, the shortest having 1.
    pub fn ranked(&self, rank: u64) -> Option<i64> {
        let mut left = rank.checked_sub(1)?;
        for (micros, times) in &self.counts {
            match left.checked_sub(*times) {
                Some(rest) => left = rest,
                None => return Some(*micros),
            }
        }
        None
    }

    /// The least duration within which at least `percent` of them were over, by nearest rank (method 1 of Hyndman and Fan, *Am Stat* 1996;
    /// 50(4): 361-365); none of nothing.
    pub fn quantile(&self, percent: u8) -> Option<i64> {
        self.ranked(rank(percent, self.count))
    }

    /// The mean, in microseconds.
    pub fn mean(&self) -> Option<f64> {
        let sum = self.counts.iter().fold(0_i128, |sum, (micros, times)| {
            sum.saturating_add(i128::from(*micros).saturating_mul(i128::from(*times)))
        });
        (self.count > 0).then(|| sum as f64 / self.count as f64)
    }

    /// The standard deviation with n - 1, in microseconds; none of fewer than two.
    pub fn deviation(&self) -> Option<f64> {
        let mean = self.mean().filter(|_| self.count > 1)?;
        let squares: f64 =
            self.counts.iter().map(|(micros, times)| (*micros as f64 - mean).powi(2) * *times as f64).sum();
        Some((squares / (self.count - 1) as f64).sqrt())
    }
}

/// The nearest rank of `percent` among `count`: the smallest number that is at least so many percent of it, and 1 at least.
pub fn rank(percent: u8, count: u64) -> u64 {
    let rank = (u128::from(percent.min(100)) * u128::from(count)).div_ceil(100).max(1);
    u64::try_from(rank).unwrap_or(u64::MAX)
}

//! Durations counted in buckets, of which only those are looked into that hold a rank that is asked for: what is read from a million of them is as
//! exact as if all had been fetched, and a few hundred counts are fetched.

use std::collections::BTreeMap;

use crate::quantile::Durations;

/// How many durations fell into each bucket of one width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coarse {
    width: i64,
    counts: BTreeMap<i64, u64>,
    count: u64,
}

impl Coarse {
    /// Nothing yet, in buckets of this width in microseconds: bucket `n` holds what is at least `n * width` and less than `(n + 1) * width`.
    pub const fn new(width: i64) -> Self {
        Self { width, counts: BTreeMap::new(), count: 0 }
    }

    /// Counts so many in a bucket.
    pub fn add(&mut self, bucket: i64, times: u64) {
        if times > 0 {
            *self.counts.entry(bucket).or_default() += times;
            self.count += times;
        }
    }

    /// How many there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The buckets that hold these ranks, each once and in order; a rank beyond the last holds nothing.
    pub fn holding(&self, ranks: impl IntoIterator<Item = u64>) -> Vec<i64> {
        let mut held: Vec<i64> = ranks.into_iter().filter_map(|rank| self.bucket_of(rank)).collect();
        held.sort_unstable();
        held.dedup();
        held
    }

    fn bucket_of(&self, rank: u64) -> Option<i64> {
        let mut left = rank.checked_sub(1)?;
        for (bucket, times) in &self.counts {
            match left.checked_sub(*times) {
                Some(rest) => left = rest,
                None => return Some(*bucket),
            }
        }
        None
    }

    /// The durations, with these in place of the buckets they fall into, all of whose durations they must be. Of what is read from them the counts below an edge of a
    /// bucket are exact, and the ranks that fall among these; any other duration stands at the beginning of its bucket.
    pub fn refined(&self, exact: impl IntoIterator<Item = (i64, u64)>) -> Durations {
        let (mut durations, mut looked_into) = (Durations::default(), BTreeMap::new());
        for (micros, times) in exact {
            *looked_into.entry(micros.div_euclid(self.width)).or_insert(0) += times;
            durations.add(micros, times);
        }
        for (bucket, times) in &self.counts {
            // What was not looked into, in whole or, where the two were counted apart, in part.
            let rest = times.saturating_sub(looked_into.get(bucket).copied().unwrap_or(0));
            durations.add(bucket.saturating_mul(self.width), rest);
        }
        durations
    }
}

//! The odds learned from pairs of which nobody knows whether they are one person: m by expectation
//! and maximisation, u from pairs of strangers, with the rules in force as a starting point and as
//! a weight against thin evidence.

use std::collections::BTreeMap;

use super::level::{Field, Level};
use super::rules::{Odds, Rules};
use super::score::Comparison;

const FIELDS: usize = Field::ALL.len();
const LEVELS: usize = Level::ALL.len();

/// How to estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan<'a> {
    /// Version of the rules that come out.
    pub version: &'a str,
    /// Pairs drawn at random, of which next to none is one person; without any, u stays as it is.
    /// Pairs found by blocking keys would not do: they are more alike than strangers are.
    pub strangers: &'a [Comparison],
    /// Which part of the pairs is guessed to be one person at first.
    pub matches: f64,
    /// Rounds after which it ends without having converged.
    pub rounds: usize,
    /// It has converged when no probability moved further in one round.
    pub tolerance: f64,
    /// How many pairs the initial odds count for.
    pub prior: f64,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self { version: "estimated", strangers: &[], matches: 0.1, rounds: 200, tolerance: 1e-5, prior: 100.0 }
    }
}

/// What an estimation came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The rules with new odds.
    pub rules: Rules,
    /// The part of the pairs that is one person.
    pub matches: f64,
    /// Rounds it took.
    pub rounds: usize,
    /// Whether it ended because nothing moved any more.
    pub converged: bool,
}

type Pattern = ([Level; FIELDS], bool);
type Patterns = BTreeMap<Pattern, f64>;
type Table = [[f64; LEVELS]; FIELDS];

/// Re-estimates the odds of `initial` from unlabelled pairs that share a blocking key. The order of
/// the pairs does not matter. Without pairs the odds stay as they are.
///
/// While it learns, it holds the pairs of two people against each other and not against strangers:
/// they share a key, and would else all be taken for one person. What families share is taken
/// back as in a score, or the siblings among the pairs would teach that given names say little.
pub fn estimate(pairs: &[Comparison], initial: &Rules, plan: &Plan<'_>) -> Estimate {
    let patterns = counted(pairs);
    let (start_m, start_u) = (table(initial, |odds| odds.m), table(initial, |odds| odds.u));
    let (mut m, mut u) = (start_m, start_u);
    let mut matches = plan.matches.clamp(1e-6, 1.0 - 1e-6);
    let (mut rounds, mut converged) = (0, pairs.is_empty());
    while !converged && rounds < plan.rounds {
        let believed = with(initial, plan.version, &m, &u);
        let posteriors: Patterns = patterns.keys().map(|key| (*key, posterior(&believed, matches, *key))).collect();
        let matched: f64 = patterns.iter().map(|(key, count)| posteriors[key] * count).sum();
        let next_m = shares(&level_counts(&patterns, |key| posteriors[key]), &start_m, plan.prior);
        let next_u = shares(&level_counts(&patterns, |key| 1.0 - posteriors[key]), &start_u, plan.prior);
        let next_matches = (matched / pairs.len() as f64).clamp(1e-6, 1.0 - 1e-6);
        let moved = distance(&m, &next_m).max(distance(&u, &next_u)).max((matches - next_matches).abs());
        (m, u, matches) = (next_m, next_u, next_matches);
        rounds += 1;
        converged = moved <= plan.tolerance;
    }
    let strange = shares(&level_counts(&counted(plan.strangers), |_| 1.0), &start_u, plan.prior);
    Estimate { rules: with(initial, plan.version, &m, &strange), matches, rounds, converged }
}

/// Few patterns of levels occur, each many times; in order, so that sums come out the same.
fn counted(pairs: &[Comparison]) -> Patterns {
    let mut patterns = Patterns::new();
    for pair in pairs {
        *patterns.entry(pair.pattern()).or_default() += 1.0;
    }
    patterns
}

/// How likely a pair with this pattern is one person.
fn posterior(rules: &Rules, matches: f64, pattern: Pattern) -> f64 {
    let prior = (matches / (1.0 - matches)).log2();
    let bits = prior + rules.judge(&Comparison::of_pattern(pattern)).total;
    1.0 / (1.0 + (-bits).exp2())
}

/// How often each level occurs, each pattern counted as far as `part` of it.
fn level_counts(patterns: &Patterns, part: impl Fn(&Pattern) -> f64) -> Table {
    let mut counts = [[0.0; LEVELS]; FIELDS];
    for (pattern, count) in patterns {
        let count = part(pattern) * count;
        for (field, level) in pattern.0.iter().enumerate().filter(|(_, level)| level.is_evidence()) {
            counts[field][*level as usize] += count;
        }
    }
    counts
}

/// Counts as parts of their field's whole, with the starting odds as so many pairs more.
fn shares(counts: &Table, start: &Table, prior: f64) -> Table {
    std::array::from_fn(|field| {
        let known = |level: usize| start[field][level] > 0.0;
        let seen: f64 = (0..LEVELS).filter(|level| known(*level)).map(|level| counts[field][level]).sum();
        std::array::from_fn(|level| {
            if known(level) && seen > 0.0 {
                (counts[field][level] + prior * start[field][level]) / (seen + prior)
            } else {
                start[field][level]
            }
        })
    })
}

fn table(rules: &Rules, part: fn(Odds) -> f64) -> Table {
    std::array::from_fn(|field| {
        std::array::from_fn(|level| rules.odds(Field::ALL[field], Level::ALL[level]).map_or(0.0, part))
    })
}

fn with(initial: &Rules, version: &str, m: &Table, u: &Table) -> Rules {
    let odds = std::array::from_fn(|field| {
        std::array::from_fn(|level| {
            let known = initial.odds(Field::ALL[field], Level::ALL[level]);
            known.map(|_| Odds { m: m[field][level], u: u[field][level] })
        })
    });
    initial.with_odds(version, odds)
}

fn distance(one: &Table, other: &Table) -> f64 {
    one.iter().flatten().zip(other.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

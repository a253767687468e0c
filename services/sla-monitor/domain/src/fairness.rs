//! The fair service index: whether what is owed is kept as often for one group of customers as for another.
//!
//! For each dimension (tenure, segment, channel, language, vulnerability) the share kept of what was decided is compared between its groups:
//! chi-square of Pearson where every expected count is at least 5, else Fisher's exact test, of each group against the rest and times their
//! number where there are more than two. The p values of all dimensions are corrected by Holm, so that of a hundred reports on a house that
//! treats all alike five at most raise any alarm. An alarm also needs a gap that a customer would notice: [`LEAST_GAP`]. Beside it stands the
//! four-fifths rule (29 CFR 1607.4 D) of the worst to the best group, which on shares near 100 % is a mild rule and so no condition.
//!
//! **The index** tells, of every hundred affairs that would be kept at the rate of the others, how many are kept for the group that is served
//! worst, over all dimensions with a disparity; it is 100 where none was found. 100 says that no disparity was found, not that there is none.
//! A difference is no proof of its cause: groups may bring affairs with other terms.

mod chance;
mod groups;
mod honeymoon;

pub use chance::{chi_square_beyond, fisher, holm};
pub use groups::{Spending, tenure};
pub use honeymoon::{FIRST_90_DAYS, Honeymoon, LATER};

use chance::LEAST_EXPECTED;

use crate::proportion::{Counted, wilson};

/// With fewer decided a group is shown and not compared.
pub const LEAST_DECIDED: u64 = 20;

/// The chance of any false alarm in a report.
pub const ALARM: f64 = 0.05;

/// The least gap that is a disparity: two points.
pub const LEAST_GAP: f64 = 0.02;

/// The worst group's share is less than this of the best one's: the four-fifths rule is broken.
pub const FOUR_FIFTHS: f64 = 0.8;

/// By what customers are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// How long they have been customers.
    Tenure,
    /// Segment.
    Segment,
    /// Channel of the affair.
    Channel,
    /// Language of the affair.
    Language,
    /// Vulnerability, declared or presumed.
    Vulnerability,
}

impl Dimension {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenure => "tenure",
            Self::Segment => "segment",
            Self::Channel => "channel",
            Self::Language => "language",
            Self::Vulnerability => "vulnerability",
        }
    }
}

/// What was decided for one group of a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    name: String,
    counted: Counted,
}

impl Group {
    /// `kept` of `decided`; none if more were kept than decided.
    pub fn new(name: impl Into<String>, kept: u64, decided: u64) -> Option<Self> {
        Some(Self { name: name.into(), counted: Counted::full(kept, decided)? })
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Kept of decided.
    pub const fn counted(&self) -> Counted {
        self.counted
    }

    /// The share kept; none of nothing.
    pub fn attainment(&self) -> Option<f64> {
        self.counted.share()
    }

    /// Where the rate behind it lies within 95 % (Wilson): what was decided counts as a sample of what might have been.
    pub fn interval(&self) -> [f64; 2] {
        wilson(self.counted.with(), self.counted.of(), None)
    }

    fn is_compared(&self) -> bool {
        self.counted.of() >= LEAST_DECIDED
    }
}

/// How attainment was compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// Pearson's chi-square.
    ChiSquare {
        /// The statistic.
        statistic: f64,
        /// Groups less one.
        freedom: u32,
    },
    /// Fisher's exact test.
    Fisher,
}

/// What is said of one dimension.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing, and why.
    Silent(Silent),
    /// One group is served worse than the rest.
    Disparity(Disparity),
}

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silent {
    /// Fewer than two groups have [`LEAST_DECIDED`].
    TooFew,
    /// Chance alone may do it.
    NoEvidence,
    /// More than chance, and less than [`LEAST_GAP`].
    Slight,
}

/// Which group is served worse, and by how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Disparity {
    /// The group with the most evidence of being served worse than the rest together.
    pub group: String,
    /// Its share kept.
    pub attainment: f64,
    /// The share kept of the other compared groups together.
    pub rest: f64,
}

impl Disparity {
    /// How much of the rate of the others it has.
    pub fn relative(&self) -> f64 {
        self.attainment / self.rest
    }

    /// How many points it is behind, of 1.
    pub fn gap(&self) -> f64 {
        self.rest - self.attainment
    }
}

/// One dimension, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// Dimension.
    pub dimension: Dimension,
    /// Its groups as they were given.
    pub groups: Vec<Group>,
    /// The lowest share kept over the highest, of groups that are compared.
    pub worst_to_best: Option<f64>,
    /// The test and its p value, uncorrected.
    pub test: Option<(Test, f64)>,
    /// The p value, corrected for the number of dimensions that were tested.
    pub corrected: Option<f64>,
    /// Verdict.
    pub verdict: Verdict,
}

impl Compared {
    /// Whether the four-fifths rule is kept; none where nothing was compared.
    pub fn keeps_four_fifths(&self) -> Option<bool> {
        self.worst_to_best.map(|ratio| ratio >= FOUR_FIFTHS)
    }
}

/// All dimensions, and the index.
#[derive(Debug, Clone, PartialEq)]
pub struct FairService {
    /// Dimensions in the order given.
    pub dimensions: Vec<Compared>,
    /// 0 to 100; none where nothing could be compared.
    pub index: Option<f64>,
}

/// Compares attainment in every dimension.
pub fn fair_service(dimensions: Vec<(Dimension, Vec<Group>)>) -> FairService {
    let tests: Vec<Option<(Test, f64)>> = dimensions.iter().map(|(_, groups)| test(&compared(groups))).collect();
    let mut corrected = holm(&tests.iter().flatten().map(|(_, p)| *p).collect::<Vec<_>>()).into_iter();
    let mut told = Vec::with_capacity(dimensions.len());
    for ((dimension, groups), test) in dimensions.into_iter().zip(tests) {
        let corrected = test.and_then(|_| corrected.next());
        let verdict = verdict(&compared(&groups), corrected);
        let worst_to_best = worst_to_best(&compared(&groups));
        told.push(Compared { dimension, groups, worst_to_best, test, corrected, verdict });
    }
    let worst = told.iter().filter_map(|dimension| match &dimension.verdict {
        Verdict::Disparity(disparity) => Some(disparity.relative() * 100.0),
        Verdict::Silent(_) => None,
    });
    let worst = worst.fold(100.0, f64::min);
    let index = told.iter().any(|dimension| dimension.test.is_some()).then_some(worst);
    FairService { dimensions: told, index }
}

fn compared(groups: &[Group]) -> Vec<&Group> {
    groups.iter().filter(|group| group.is_compared()).collect()
}

/// Kept and decided of all together.
fn sums(groups: &[&Group]) -> (u64, u64) {
    groups.iter().fold((0, 0), |(kept, decided), group| (kept + group.counted.with(), decided + group.counted.of()))
}

fn worst_to_best(groups: &[&Group]) -> Option<f64> {
    let shares: Vec<f64> = groups.iter().filter_map(|group| group.attainment()).collect();
    let (worst, best) =
        shares.iter().fold((1.0_f64, 0.0_f64), |(low, high), share| (low.min(*share), high.max(*share)));
    // Where nothing was kept for anybody, all are served alike.
    (shares.len() > 1).then(|| if best > 0.0 { worst / best } else { 1.0 })
}

fn test(groups: &[&Group]) -> Option<(Test, f64)> {
    let freedom = u32::try_from(groups.len()).ok()?.checked_sub(1).filter(|freedom| *freedom > 0)?;
    let (kept, decided) = sums(groups);
    let share = kept as f64 / decided as f64;
    let rarer = share.min(1.0 - share);
    if groups.iter().any(|group| group.counted.of() as f64 * rarer < LEAST_EXPECTED) {
        let values = groups.iter().map(|group| fisher(group.counted.with(), group.counted.of(), kept, decided));
        // Of two groups both have the same table.
        let times = if freedom == 1 { 1.0 } else { groups.len() as f64 };
        return Some((Test::Fisher, (values.fold(1.0, f64::min) * times).min(1.0)));
    }
    let distance = |group: &&Group| {
        let expected = group.counted.of() as f64 * share;
        (group.counted.with() as f64 - expected).powi(2) / (expected * (1.0 - share))
    };
    let statistic = groups.iter().map(distance).sum();
    Some((Test::ChiSquare { statistic, freedom }, chi_square_beyond(statistic, freedom)))
}

fn verdict(groups: &[&Group], corrected: Option<f64>) -> Verdict {
    let Some(p) = corrected else { return Verdict::Silent(Silent::TooFew) };
    if p > ALARM {
        return Verdict::Silent(Silent::NoEvidence);
    }
    match most_evident(groups) {
        Some(disparity) if disparity.gap() >= LEAST_GAP => Verdict::Disparity(disparity),
        _ => Verdict::Silent(Silent::Slight),
    }
}

/// The group with the lowest adjusted residual: how far it is below what it would have at the common rate, in standard deviations
/// (Haberman, *Biometrics* 1973; 29: 205-220). The factor of the common rate is the same for all and left out.
fn most_evident(groups: &[&Group]) -> Option<Disparity> {
    let (kept, decided) = sums(groups);
    let share = kept as f64 / decided as f64;
    let residual = |group: &Group| {
        let of = group.counted.of() as f64;
        (group.counted.with() as f64 - of * share) / (of * (1.0 - of / decided as f64)).sqrt()
    };
    let group = groups.iter().min_by(|a, b| residual(a).total_cmp(&residual(b)))?;
    let rest = Counted::full(kept - group.counted.with(), decided - group.counted.of())?.share()?;
    Some(Disparity { group: group.name.clone(), attainment: group.attainment()?, rest })
}

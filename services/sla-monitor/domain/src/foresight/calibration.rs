//! Whether what was foreseen came about as often as it was foreseen.
//!
//! The Brier score is the mean of (probability - outcome)^2 (Brier, *Mon Weather Rev* 1950; 78: 1-3): 0 is best, and whoever always says the
//! base rate gets that rate's variance, the score of climatology. It falls into parts (Murphy, *J Appl Meteorol* 1973; 12: 595-600) over bins
//! of similar probabilities, which are exact with one more for what differs within a bin (Stephenson, Coelho and Jolliffe, *Weather Forecast*
//! 2008; 23: 752-757):
//!
//! ```text
//! brier = reliability - resolution + uncertainty + within
//! ```

/// How many bins there are: [0, 0.1), [0.1, 0.2), ... [0.9, 1].
pub const BINS: usize = 10;

/// A probability that was told and whether the clock was breached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    told: f64,
    breached: bool,
}

impl Outcome {
    /// None if it is no probability.
    pub fn new(told: f64, breached: bool) -> Option<Self> {
        (0.0..=1.0).contains(&told).then_some(Self { told, breached })
    }

    /// The probability that was told.
    pub const fn told(self) -> f64 {
        self.told
    }

    /// Whether it came about.
    pub const fn breached(self) -> bool {
        self.breached
    }

    /// The same, had no less than this probability been told.
    pub(super) const fn at_least(self, told: f64) -> Self {
        Self { told: self.told.max(told), ..self }
    }

    /// Its bin.
    fn bin(self) -> usize {
        (1..BINS).filter(|edge| self.told >= *edge as f64 / BINS as f64).count()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Bin {
    count: u64,
    breached: u64,
    told: f64,
    squares: f64,
}

/// What came of all that was told, bin by bin. Two of them add up to one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Record([Bin; BINS]);

/// A row of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Where the bin begins.
    pub from: f64,
    /// Mean of the probabilities told in it.
    pub told: f64,
    /// Share of them that came about.
    pub observed: f64,
    /// How many there are.
    pub count: u64,
}

/// How good the foresight was.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// How many were told.
    pub count: u64,
    /// Share of clocks that were breached.
    pub base_rate: f64,
    /// Brier score; the lower the better.
    pub brier: f64,
    /// Brier score of always telling the base rate, which no one knew in advance.
    pub climatology: f64,
    /// `1 - brier / climatology`: 1 is perfect, 0 no better than the base rate; none where all or no clocks were breached.
    pub skill: Option<f64>,
    /// Mean squared distance of told and observed over the bins; the lower the better.
    pub reliability: f64,
    /// Mean squared distance of observed and base rate over the bins; the higher the better.
    pub resolution: f64,
    /// Variance of the outcome, equal to `climatology`.
    pub uncertainty: f64,
    /// What differs within bins.
    pub within: f64,
    /// The reliability diagram, without empty bins.
    pub rows: Vec<Row>,
}

impl Record {
    /// Adds one.
    pub fn add(&mut self, outcome: Outcome) {
        let bin = &mut self.0[outcome.bin()];
        let observed = if outcome.breached { 1.0 } else { 0.0 };
        bin.count += 1;
        bin.breached += u64::from(outcome.breached);
        bin.told += outcome.told;
        bin.squares += (outcome.told - observed).powi(2);
    }

    /// Adds what was recorded elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (bin, more) in self.0.iter_mut().zip(&other.0) {
            bin.count += more.count;
            bin.breached += more.breached;
            bin.told += more.told;
            bin.squares += more.squares;
        }
    }

    /// How good it was; none of nothing.
    pub fn calibration(&self) -> Option<Calibration> {
        let count: u64 = self.0.iter().map(|bin| bin.count).sum();
        if count == 0 {
            return None;
        }
        let n = count as f64;
        let base_rate = self.0.iter().map(|bin| bin.breached).sum::<u64>() as f64 / n;
        let rows: Vec<Row> = (0..BINS).zip(&self.0).filter_map(row).collect();
        let mean =
            |of: fn(&Row, f64) -> f64| rows.iter().map(|row| row.count as f64 * of(row, base_rate)).sum::<f64>() / n;
        let brier = self.0.iter().map(|bin| bin.squares).sum::<f64>() / n;
        let reliability = mean(|row, _| (row.told - row.observed).powi(2));
        let resolution = mean(|row, base_rate| (row.observed - base_rate).powi(2));
        let uncertainty = base_rate * (1.0 - base_rate);
        Some(Calibration {
            count,
            base_rate,
            brier,
            climatology: uncertainty,
            skill: (uncertainty > 0.0).then(|| 1.0 - brier / uncertainty),
            reliability,
            resolution,
            uncertainty,
            within: brier - (reliability - resolution + uncertainty),
            rows,
        })
    }
}

impl Extend<Outcome> for Record {
    fn extend<T: IntoIterator<Item = Outcome>>(&mut self, outcomes: T) {
        outcomes.into_iter().for_each(|outcome| self.add(outcome));
    }
}

fn row((index, bin): (usize, &Bin)) -> Option<Row> {
    let count = bin.count as f64;
    (bin.count > 0).then(|| Row {
        from: index as f64 / BINS as f64,
        told: bin.told / count,
        observed: bin.breached as f64 / count,
        count: bin.count,
    })
}

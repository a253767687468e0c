//! What was measured, as a table or as JSON: the median of the rounds, and their spread.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::drive::{Operation, Served};
use super::{Plan, Promised};

/// One measurement of one operation.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Round {
    pub(super) operation: &'static str,
    pub(super) clients: usize,
    pub(super) served: Served,
    /// The same at half that rate, whatever the answers take.
    pub(super) half: Served,
    /// What pgbench reached with the same statements.
    pub(super) bare: Option<f64>,
    /// 99th percentile of pgbench at half of its rate.
    pub(super) bare_half_p99_ms: Option<f64>,
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    customers: u32,
    seconds: u64,
    processors: usize,
    postgres: String,
    rounds: Vec<Round>,
    visible: Vec<Served>,
    beside_foreign: Option<Served>,
    /// The most memory that each service had resident, in bytes.
    resident: BTreeMap<&'static str, u64>,
}

/// Median, least and greatest.
#[derive(Debug, Clone, Copy)]
struct Spread {
    median: f64,
    least: f64,
    greatest: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        Some(Self { median: values[(values.len() - 1) / 2], least, greatest })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.greatest < 10.0 { 2 } else { usize::from(self.greatest < 100.0) };
        let text = format!("{:.digits$} ({:.digits$}-{:.digits$})", self.median, self.least, self.greatest);
        f.pad(&text)
    }
}

impl Report {
    pub(super) fn new(plan: &Plan, postgres: String) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (customers, seconds) = (plan.customers, plan.seconds);
        Self {
            customers,
            seconds,
            processors,
            postgres,
            rounds: Vec::new(),
            visible: Vec::new(),
            beside_foreign: None,
            resident: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, round: Round) {
        self.rounds.push(round);
    }

    pub(super) fn visible(&mut self, seen: Served) {
        self.visible.push(seen);
    }

    pub(super) fn beside_foreign(&mut self, seen: Served) {
        self.beside_foreign = Some(seen);
    }

    pub(super) fn resident(&mut self, resident: impl Iterator<Item = (&'static str, u64)>) {
        self.resident = resident.collect();
    }

    fn lines(&self) -> Vec<(&'static str, usize)> {
        let mut lines: Vec<_> = self.rounds.iter().map(|round| (round.operation, round.clients)).collect();
        let mut seen = std::collections::HashSet::new();
        lines.retain(|line| seen.insert(*line));
        lines
    }
}

/// Clients at which the figures are promised.
const PROMISED_AT: usize = 32;

/// What is promised of an operation: the least share of pgbench's rate, and the 99th percentile at half load, in milliseconds.
const fn promised(operation: Operation) -> (f64, f64) {
    match operation {
        Operation::LookupByPhone => (0.35, 5.0),
        Operation::GetCustomerView => (0.6, 10.0),
        Operation::CreateTicket => (0.5, 20.0),
    }
}

impl Promised for Report {
    fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for operation in Operation::ALL {
            let name = operation.name();
            let (least, most_ms) = promised(operation);
            let rounds = || self.rounds.iter().filter(|round| (round.operation, round.clients) == (name, PROMISED_AT));
            let ratio = Spread::of(rounds().filter_map(|round| round.bare.map(|bare| round.served.rate / bare)));
            if let Some(ratio) = ratio.filter(|ratio| ratio.median < least) {
                broken.push(format!("{name}: {:.2} of pgbench's rate, promised {least}", ratio.median));
            }
            let slow = Spread::of(rounds().map(|round| round.half.p99_ms));
            if let Some(slow) = slow.filter(|slow| slow.median > most_ms) {
                broken.push(format!("{name}: p99 {:.1} ms at half load, promised {most_ms:.0}", slow.median));
            }
        }
        broken
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} customers, {} s a measurement, {} processors shared by services, Postgres {} and drivers.\n\
             Median of the rounds (least-greatest); rates a second, latencies in ms.\n",
            self.customers, self.seconds, self.processors, self.postgres
        )?;
        let head =
            ["operation", "clients", "rate", "p50", "p99", "p99 at half load", "pgbench", "its p99 at half", "ratio"];
        writeln!(
            f,
            "{:<17}{:>7}  {:>22}{:>22}{:>22}{:>22}{:>24}{:>20}{:>20}",
            head[0], head[1], head[2], head[3], head[4], head[5], head[6], head[7], head[8]
        )?;
        for (operation, clients) in self.lines() {
            let rounds: Vec<&Round> =
                self.rounds.iter().filter(|r| (r.operation, r.clients) == (operation, clients)).collect();
            let column = |value: &dyn Fn(&Round) -> Option<f64>| {
                let spread = Spread::of(rounds.iter().filter_map(|round| value(round)));
                spread.map_or_else(|| "-".to_owned(), |spread| spread.to_string())
            };
            writeln!(
                f,
                "{operation:<17}{clients:>7}  {:>22}{:>22}{:>22}{:>22}{:>24}{:>20}{:>20}",
                column(&|r| Some(r.served.rate)),
                column(&|r| Some(r.served.p50_ms)),
                column(&|r| Some(r.served.p99_ms)),
                column(&|r| Some(r.half.p99_ms)),
                column(&|r| r.bare),
                column(&|r| r.bare_half_p99_ms),
                column(&|r| r.bare.map(|bare| r.served.rate / bare)),
            )?;
        }
        let refused: u64 = self.rounds.iter().map(|round| round.served.refused + round.half.refused).sum();
        if refused > 0 {
            writeln!(
                f,
                "\n{refused} calls were turned away as UNAVAILABLE or RESOURCE_EXHAUSTED, and are not counted."
            )?;
        }
        let column = |value: fn(&Served) -> f64| Spread::of(self.visible.iter().map(value));
        if let (Some(rate), Some(p50), Some(p99)) = (column(|s| s.rate), column(|s| s.p50_ms), column(|s| s.p99_ms)) {
            writeln!(f, "\ncommitted -> visible at {rate} tickets a second: p50 {p50} ms, p99 {p99} ms")?;
        }
        if let Some(seen) = &self.beside_foreign {
            writeln!(
                f,
                "the same beside an open foreign transaction: p50 {:.1} ms, p99 {:.1} ms",
                seen.p50_ms, seen.p99_ms
            )?;
        }
        let resident = self.resident.iter().map(|(name, bytes)| format!("{name} {} MB", bytes / 1_000_000));
        writeln!(f, "\nmost memory resident: {}", resident.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{Operation, Promised as _, Report, Round, Served, Spread};

    fn report(rounds: &[(f64, f64)]) -> Report {
        let served = |rate, p99_ms| Served { rate, p50_ms: 1.0, p99_ms, refused: 0 };
        let round = |&(rate, p99_ms): &(f64, f64)| Round {
            operation: Operation::LookupByPhone.name(),
            clients: 32,
            served: served(rate, 9.0),
            half: served(rate / 2.0, p99_ms),
            bare: Some(1_000.0),
            bare_half_p99_ms: None,
        };
        Report {
            customers: 1,
            seconds: 1,
            processors: 2,
            postgres: String::new(),
            rounds: rounds.iter().map(round).collect(),
            visible: Vec::new(),
            beside_foreign: None,
            resident: [].into(),
        }
    }

    #[test]
    fn what_is_promised_is_held_by_the_median_of_the_rounds() {
        assert_eq!(report(&[(350.0, 5.0), (900.0, 1.0), (100.0, 99.0)]).broken(), Vec::<String>::new());
        let broken = report(&[(349.0, 5.1), (900.0, 1.0), (100.0, 99.0)]).broken();
        assert_eq!(
            broken,
            [
                "LookupByPhone: 0.35 of pgbench's rate, promised 0.35",
                "LookupByPhone: p99 5.1 ms at half load, promised 5"
            ]
        );
    }

    #[test]
    fn the_median_stands_between_least_and_greatest() {
        let spread = Spread::of([3.0, 1.0, 2.0].into_iter()).unwrap();
        assert_eq!(spread.to_string(), "2.00 (1.00-3.00)");
        assert!(Spread::of([].into_iter()).is_none());
    }
}

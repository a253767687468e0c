//! The figures of the yearly report (Orden ECO/734/2004 art. 17), made of what was counted.
//!
//! Words of the database are counted as they are: a state that is added later is one more line.

pub mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::disclosure::{Cell, SMALL, Sum, protect};
use crate::term;

/// Cases that reached the office and are alike in all that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where they stand, as a word.
    pub state: String,
    /// Where they stood when they were closed.
    pub closed_from: Option<String>,
    /// The ground they were refused on, as a word.
    pub ground: Option<String>,
    /// Their motive.
    pub motive: Option<String>,
    /// Whether the firm was heard, or could be.
    pub admitted: bool,
    /// Currency of what is claimed.
    pub currency: Option<String>,
    /// How many.
    pub count: u64,
    /// What is claimed together, in minor units.
    pub claimed: i64,
    /// The largest of the claims.
    pub largest: i64,
}

/// Decisions that are alike in all that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// How they went, as a word.
    pub outcome: String,
    /// Motive of their cases.
    pub motive: Option<String>,
    /// What their cases came to, as a word; closing them does not change it.
    pub came_to: String,
    /// Whether the term was kept, as a word.
    pub term: String,
    /// Whether they bind the firm.
    pub binding: bool,
    /// Whether they depart from an earlier decision.
    pub departs: bool,
    /// Currency of what the firm is to pay.
    pub currency: Option<String>,
    /// How many.
    pub count: u64,
    /// What the firm is to pay together, in minor units.
    pub redress: i64,
    /// The largest of these amounts.
    pub largest: i64,
}

/// What the firm had met and owes once more, since its cause came again for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// Rules of the cause.
    pub regime: String,
    /// Motive of the cause.
    pub motive: Option<String>,
    /// How often.
    pub count: u64,
}

/// What was counted of a year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// What reached the office in it.
    pub received: Vec<Received>,
    /// What was decided in it.
    pub decided: Vec<Decided>,
    /// Decisions by the whole days they took from reaching the office.
    pub days: BTreeMap<i32, u64>,
    /// What was owed once more from a day in it.
    pub reopened: Vec<Reopened>,
}

/// For whom a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Every figure.
    Board,
    /// Nothing that could tell of anybody.
    Public,
}

/// The tables of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// What reached the office, by what became of it.
    Received,
    /// The refused, by ground.
    RefusalGround,
    /// The received, by motive.
    Motive,
    /// The received, by the currency of what is claimed.
    Claimed,
    /// The received, by where they stand; of the closed also from where.
    State,
    /// Decisions, by outcome.
    Outcome,
    /// Decisions, by the currency of what is to be paid.
    Redress,
    /// Decisions, by whether the term was kept.
    Term,
    /// Decisions, by what their cases came to.
    Compliance,
    /// Decisions, by motive and outcome.
    OutcomeByMotive,
    /// Decisions, by whether they bind.
    Binding,
    /// Decisions, by whether they depart from an earlier one.
    Precedent,
    /// What is owed once more, by the regime and the motive of its cause.
    Recurrence,
}

impl Table {
    /// Every table, in the order of the report.
    pub const ALL: &'static [Self] = &[
        Self::Received,
        Self::RefusalGround,
        Self::Motive,
        Self::Claimed,
        Self::State,
        Self::Outcome,
        Self::Binding,
        Self::Term,
        Self::Redress,
        Self::Compliance,
        Self::Precedent,
        Self::OutcomeByMotive,
        Self::Recurrence,
    ];

    /// Whether the public is shown it.
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::State | Self::OutcomeByMotive | Self::Recurrence)
    }

    /// Where the total of the table stands: the tables of one population share it, and the grounds make the refused.
    const fn total(self) -> (Self, &'static str) {
        match self {
            Self::Received | Self::Motive | Self::Claimed | Self::State => (Self::Received, ""),
            Self::RefusalGround => (Self::Received, REFUSED),
            Self::Recurrence => (Self::Recurrence, ""),
            _ => (Self::Outcome, ""),
        }
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Table it stands in.
    pub table: Table,
    /// What it counts; empty for the total.
    pub key: String,
    /// How many.
    pub count: Option<u64>,
    /// Sum of amounts in minor units.
    pub total: Option<i64>,
    /// Median of the days to the decision.
    pub median_days: Option<i32>,
    /// The ninth of ten.
    pub p90_days: Option<i32>,
}

const REFUSED: &str = "refused";
/// Where there is no motive.
const UNCLASSIFIED: &str = "unclassified";
/// Where there is no amount.
const NONE: &str = "none";

/// The first instants of a civil year in Madrid and of the next.
pub fn year(year: i16) -> (Timestamp, Timestamp) {
    (term::start_of_year(year), term::start_of_year(year + 1))
}

/// What became of a case, as a word of the first table.
fn course(case: &Received) -> &str {
    // Closing a case does not change what became of it.
    match case.closed_from.as_deref().unwrap_or(&case.state) {
        "inadmissible" | "archived_uncured" => REFUSED,
        "received" | "registered" | "needs_cure" | "inadmissible_proposed" => "pending",
        "rectified" => "admitted",
        // The office went on by itself with what the claimant had stopped.
        "withdrawn" | "own_initiative" => "withdrawn",
        _ if case.admitted => "admitted",
        // `withdrawn`, and whatever comes to be told apart later.
        other => other,
    }
}

/// Where a case stands, as a word; of a closed one also where it stood.
fn state(case: &Received) -> String {
    match &case.closed_from {
        Some(from) => format!("{}/{from}", case.state),
        None => case.state.clone(),
    }
}

#[derive(Default)]
struct Sums {
    count: u64,
    amount: i64,
    largest: i64,
}

type Cells = BTreeMap<(Table, String), Sums>;

fn add(cells: &mut Cells, table: Table, key: &str, count: u64, (amount, largest): (i64, i64)) {
    let sums = cells.entry((table, key.to_owned())).or_default();
    sums.count += count;
    sums.amount = sums.amount.saturating_add(amount);
    sums.largest = sums.largest.max(largest);
}

/// The figures for an audience.
pub fn lines(counted: &Counted, audience: Audience) -> Vec<Line> {
    let cells = cells(counted);
    let withheld = match audience {
        Audience::Board => BTreeMap::new(),
        Audience::Public => withheld(&cells),
    };
    let shown = |table: &&Table| audience == Audience::Board || table.is_public();
    let mut lines = Vec::new();
    for table in Table::ALL.iter().filter(shown) {
        let (of, key) = table.total();
        let total = (of, key.to_owned());
        let own = cells.range((*table, String::new())..).take_while(|((of, _), _)| of == table);
        let parts = own.filter(|((_, key), _)| !key.is_empty());
        let head = cells.get_key_value(&total).map(|(at, sums)| (at, sums, ""));
        for (at, sums, key) in head.into_iter().chain(parts.map(|(at, sums)| (at, sums, at.1.as_str()))) {
            let visible = !withheld.get(at).copied().unwrap_or(false);
            let amounts = matches!(table, Table::Claimed | Table::Redress) && !key.is_empty() && key != NONE;
            let tells_nobody = audience == Audience::Board || (sums.count >= SMALL && sums.largest <= sums.amount / 2);
            let days = if *table == Table::Outcome && key.is_empty() && visible { Some(&counted.days) } else { None };
            lines.push(Line {
                table: *table,
                key: key.to_owned(),
                count: visible.then_some(sums.count),
                total: (amounts && visible && tells_nobody).then_some(sums.amount),
                median_days: days.and_then(|days| quantile(days, 5)),
                p90_days: days.and_then(|days| quantile(days, 9)),
            });
        }
    }
    lines
}

fn cells(counted: &Counted) -> Cells {
    let mut cells = Cells::new();
    let nothing = (0, 0);
    add(&mut cells, Table::Received, "", 0, nothing);
    add(&mut cells, Table::Outcome, "", 0, nothing);
    add(&mut cells, Table::Recurrence, "", 0, nothing);
    for case in &counted.received {
        let motive = case.motive.as_deref().unwrap_or(UNCLASSIFIED);
        let course = course(case);
        add(&mut cells, Table::Received, "", case.count, nothing);
        add(&mut cells, Table::Received, course, case.count, nothing);
        add(&mut cells, Table::Motive, motive, case.count, nothing);
        add(&mut cells, Table::State, &state(case), case.count, nothing);
        let currency = case.currency.as_deref().unwrap_or(NONE);
        add(&mut cells, Table::Claimed, currency, case.count, (case.claimed, case.largest));
        if course == REFUSED {
            let ground = case.ground.as_deref().unwrap_or(NONE);
            add(&mut cells, Table::RefusalGround, ground, case.count, nothing);
        }
    }
    for made in &counted.decided {
        let motive = made.motive.as_deref().unwrap_or(UNCLASSIFIED);
        let both = format!("{motive}/{}", made.outcome);
        add(&mut cells, Table::Outcome, "", made.count, nothing);
        add(&mut cells, Table::Outcome, &made.outcome, made.count, nothing);
        add(&mut cells, Table::OutcomeByMotive, &both, made.count, nothing);
        add(&mut cells, Table::Term, &made.term, made.count, nothing);
        add(&mut cells, Table::Compliance, &made.came_to, made.count, nothing);
        add(&mut cells, Table::Binding, if made.binding { "binding" } else { "not_binding" }, made.count, nothing);
        add(&mut cells, Table::Precedent, if made.departs { "departs" } else { "follows" }, made.count, nothing);
        let currency = made.currency.as_deref().unwrap_or(NONE);
        add(&mut cells, Table::Redress, currency, made.count, (made.redress, made.largest));
    }
    for again in &counted.reopened {
        let cause = format!("{}/{}", again.regime, again.motive.as_deref().unwrap_or(UNCLASSIFIED));
        add(&mut cells, Table::Recurrence, "", again.count, nothing);
        add(&mut cells, Table::Recurrence, &cause, again.count, nothing);
    }
    cells
}

/// Which figures the public is not told.
fn withheld(cells: &Cells) -> BTreeMap<(Table, String), bool> {
    let places: Vec<&(Table, String)> = cells.keys().filter(|(table, _)| table.is_public()).collect();
    let place = |of: &(Table, String)| places.iter().position(|known| *known == of);
    let mut figures: Vec<Cell> = places.iter().map(|at| Cell::of(cells[*at].count)).collect();
    let sums: Vec<Sum> = Table::ALL
        .iter()
        .filter(|table| table.is_public())
        .filter_map(|table| {
            let (of, key) = table.total();
            let total = place(&(of, key.to_owned()))?;
            let own = |at: &usize| places[*at].0 == *table && !places[*at].1.is_empty();
            Some(Sum { total, parts: (0..places.len()).filter(own).collect() })
        })
        .collect();
    protect(&mut figures, &sums);
    places.into_iter().cloned().zip(figures.into_iter().map(|cell| cell.withheld)).collect()
}

/// The smallest number of days within which so many tenths of the decisions were made.
fn quantile(days: &BTreeMap<i32, u64>, tenths: u64) -> Option<i32> {
    let all: u64 = days.values().sum();
    let rank = (all * tenths).div_ceil(10).max(1);
    let mut passed = 0;
    days.iter().find_map(|(days, count)| {
        passed += count;
        (passed >= rank && all > 0).then_some(*days)
    })
}

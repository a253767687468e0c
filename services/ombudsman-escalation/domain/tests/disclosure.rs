//! What is published of small figures, held against a reader who tries every way to fill in what is withheld.

use std::collections::BTreeSet;

use ombudsman_escalation_domain::disclosure::{Cell, SMALL, Sum, protect};
use proptest::prelude::*;

/// Every way to fill the withheld figures so that all sums hold and none is below one, as values by cell; `None` when there are more
/// than can be tried.
fn ways(cells: &[Cell], sums: &[Sum]) -> Vec<BTreeSet<u64>> {
    let most = cells.iter().map(|cell| cell.count).max().unwrap_or(0) + 2;
    let unknown: Vec<usize> = (0..cells.len()).filter(|at| cells[*at].withheld).collect();
    let mut values: Vec<Option<u64>> =
        cells.iter().map(|cell| if cell.withheld { None } else { Some(cell.count) }).collect();
    let mut found = vec![BTreeSet::new(); cells.len()];
    fill(&unknown, most, sums, &mut values, &mut found);
    found
}

fn holds(sum: &Sum, values: &[Option<u64>]) -> bool {
    let parts: Vec<Option<u64>> = sum.parts.iter().map(|part| values[*part]).collect();
    let known: u64 = parts.iter().flatten().sum();
    match values[sum.total] {
        Some(total) if parts.iter().all(Option::is_some) => known == total,
        Some(total) => known < total,
        None => true,
    }
}

fn fill(unknown: &[usize], most: u64, sums: &[Sum], values: &mut Vec<Option<u64>>, found: &mut [BTreeSet<u64>]) {
    let Some((at, rest)) = unknown.split_first() else {
        for (seen, value) in found.iter_mut().zip(values.iter()) {
            seen.extend(*value);
        }
        return;
    };
    for guess in 1..=most {
        values[*at] = Some(guess);
        if sums.iter().all(|sum| holds(sum, values)) {
            fill(rest, most, sums, values, found);
        }
    }
    values[*at] = None;
}

/// One total with two tables of it, and a table below the first part of the first.
fn tables(first: &[u64], cut: usize, below: usize) -> (Vec<Cell>, Vec<Sum>) {
    let total: u64 = first.iter().sum();
    let mut cells = vec![Cell::of(total)];
    cells.extend(first.iter().map(|count| Cell::of(*count)));
    let one: Vec<usize> = (1..cells.len()).collect();
    // Another cut through the same total.
    let low = total * (cut as u64) / 7;
    let two = vec![cells.len(), cells.len() + 1];
    cells.extend([Cell::of(low), Cell::of(total - low)]);
    // The first part, cut once more.
    let part = first[0] * (below as u64) / 7;
    let three = vec![cells.len(), cells.len() + 1];
    cells.extend([Cell::of(part), Cell::of(first[0] - part)]);
    let sums = vec![Sum { total: 0, parts: one }, Sum { total: 0, parts: two }, Sum { total: 1, parts: three }];
    (cells, sums)
}

proptest! {
    #[test]
    fn no_small_figure_follows_from_what_is_shown(first in prop::collection::vec(0_u64..9, 2..4), cut in 0_usize..8, below in 0_usize..8) {
        let (mut cells, sums) = tables(&first, cut, below);
        protect(&mut cells, &sums);
        for (at, cell) in cells.iter().enumerate() {
            prop_assert!(cell.withheld || cell.count == 0 || cell.count >= SMALL, "{at} is small and shown");
            prop_assert!(!cell.withheld || cell.count > 0, "nothing is hidden by hiding nothing");
        }
        let ways = ways(&cells, &sums);
        for (at, cell) in cells.iter().enumerate() {
            if (1..SMALL).contains(&cell.count) {
                prop_assert!(ways[at].len() > 1, "{at} can only be {:?}: {cells:?}", ways[at]);
            }
        }
    }

    #[test]
    fn where_nothing_is_small_nothing_is_withheld(first in prop::collection::vec(5_u64..90, 2..6)) {
        let mut cells = vec![Cell::of(first.iter().sum())];
        cells.extend(first.iter().map(|count| Cell::of(*count)));
        let sums = [Sum { total: 0, parts: (1..cells.len()).collect() }];
        protect(&mut cells, &sums);
        prop_assert!(cells.iter().all(|cell| !cell.withheld));
    }
}

#[test]
fn one_small_figure_takes_the_next_smallest_with_it() {
    let mut cells = [40, 3, 30, 7].map(Cell::of);
    protect(&mut cells, &[Sum { total: 0, parts: vec![1, 2, 3] }]);
    assert_eq!(cells.map(|cell| cell.withheld), [false, true, false, true]);
}

#[test]
fn two_small_figures_that_can_only_be_one_each_take_another_with_them() {
    let mut cells = [22, 1, 1, 20].map(Cell::of);
    protect(&mut cells, &[Sum { total: 0, parts: vec![1, 2, 3] }]);
    assert_eq!(cells.map(|cell| cell.withheld), [false, true, true, true]);
}

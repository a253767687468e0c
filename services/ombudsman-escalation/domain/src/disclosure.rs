//! What of a table may be published: small figures are withheld, and others with them from which they would follow.
//!
//! Tables share totals (a total may be a part of another table), so that what one table withholds another must not tell.
//! A reader knows every figure that is shown, that withheld ones are at least one, and which parts make which total.

/// Figures below this are withheld.
pub const SMALL: u64 = 5;

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub count: u64,
    /// Nobody is told.
    pub withheld: bool,
}

impl Cell {
    /// A figure that is shown unless it must not be.
    pub const fn of(count: u64) -> Self {
        Self { count, withheld: false }
    }
}

/// A total and the parts that make it, as places in a list of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The total.
    pub total: usize,
    /// Its parts.
    pub parts: Vec<usize>,
}

/// Withholds what must be: every figure from 1 to 4, and so many more that none of those follows from what is shown, nor how many
/// the withheld parts of a total are together if they are as few.
pub fn protect(cells: &mut [Cell], sums: &[Sum]) {
    for cell in cells.iter_mut() {
        cell.withheld = (1..SMALL).contains(&cell.count);
    }
    // Each round withholds one more, so that it ends.
    while let Some(more) = small_together(cells, sums).or_else(|| one_told(cells, sums)) {
        cells[more].withheld = true;
    }
}

/// The next figure to withhold because the withheld parts of a shown total are few together.
fn small_together(cells: &[Cell], sums: &[Sum]) -> Option<usize> {
    sums.iter().find_map(|sum| {
        let withheld = sum.parts.iter().map(|part| cells[*part]).filter(|cell| cell.withheld);
        let together: u64 = withheld.map(|cell| cell.count).sum();
        let few = (1..SMALL).contains(&together) && !cells[sum.total].withheld;
        if few { least_shown(cells, [sum]) } else { None }
    })
}

/// The next figure to withhold because a small one can be only one number.
fn one_told(cells: &[Cell], sums: &[Sum]) -> Option<usize> {
    let ranges = ranges(cells, sums);
    let told = (0..cells.len()).find(|at| (1..SMALL).contains(&cells[*at].count) && ranges[*at].0 == ranges[*at].1)?;
    // The nearest sums first: those the figure is in, then those that share something withheld with them.
    let mut known = vec![told];
    let mut near: Vec<usize> = Vec::new();
    loop {
        let touched = |sum: &Sum| known.iter().any(|at| sum.total == *at || sum.parts.contains(at));
        let next: Vec<usize> = (0..sums.len()).filter(|at| !near.contains(at) && touched(&sums[*at])).collect();
        if next.is_empty() {
            return None;
        }
        if let Some(found) = least_shown(cells, next.iter().map(|at| &sums[*at])) {
            return Some(found);
        }
        let reached = next.iter().flat_map(|at| sums[*at].parts.iter().copied().chain([sums[*at].total]));
        known.extend(reached.filter(|at| cells[*at].withheld));
        near.extend(next);
    }
}

/// The smallest figure of these sums that is shown and is not nothing; a total only when every part is withheld.
fn least_shown<'a>(cells: &[Cell], sums: impl IntoIterator<Item = &'a Sum> + Clone) -> Option<usize> {
    let shown = |at: &usize| !cells[*at].withheld && cells[*at].count > 0;
    let parts = sums.clone().into_iter().flat_map(|sum| sum.parts.iter().copied()).filter(shown);
    let least = parts.min_by_key(|at| (cells[*at].count, *at));
    least.or_else(|| sums.into_iter().map(|sum| sum.total).filter(shown).min_by_key(|at| (cells[*at].count, *at)))
}

/// What a reader can make of each figure: the least and the most it can be. Exact, since no two ways lead from one sum to another.
fn ranges(cells: &[Cell], sums: &[Sum]) -> Vec<(u64, u64)> {
    let known = |cell: &Cell| if cell.withheld { (1, u64::MAX) } else { (cell.count, cell.count) };
    let mut ranges: Vec<(u64, u64)> = cells.iter().map(known).collect();
    let mut narrowed = true;
    while narrowed {
        narrowed = false;
        for sum in sums {
            let least: u64 = sum.parts.iter().map(|part| ranges[*part].0).sum();
            let most = sum.parts.iter().fold(0_u64, |most, part| most.saturating_add(ranges[*part].1));
            narrowed |= narrow(&mut ranges[sum.total], least, most);
            let total = ranges[sum.total];
            for part in &sum.parts {
                let (own_least, own_most) = ranges[*part];
                let most_others = if most == u64::MAX {
                    let others = sum.parts.iter().filter(|other| *other != part);
                    others.fold(0_u64, |most, other| most.saturating_add(ranges[*other].1))
                } else {
                    most - own_most
                };
                let (least, most) = (total.0.saturating_sub(most_others), total.1.saturating_sub(least - own_least));
                if narrow(&mut ranges[*part], least, most) {
                    narrowed = true;
                    // The sums above were made of the wider range.
                    break;
                }
            }
        }
    }
    ranges
}

fn narrow(range: &mut (u64, u64), least: u64, most: u64) -> bool {
    let before = *range;
    *range = (range.0.max(least), range.1.min(most));
    *range != before
}

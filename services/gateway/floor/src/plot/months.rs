//! A line of time: the share that was kept month by month with what it is known within, and below how many it is a share of.

use super::WIDE;
use super::picture::{Anchor, Picture};
use super::scale::{Scale, count_ticks, floor_of, share, share_ticks};
use crate::format::Format;

/// One month.
#[derive(Debug, Clone, PartialEq)]
pub struct MonthRow {
    /// What it is called, shortly.
    pub label: String,
    /// The share that was kept; nothing where nothing was decided.
    pub rate: Option<f64>,
    /// Where the share behind it begins, within 95 %.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// How many clocks there are, missed ones too.
    pub count: i64,
    /// How many were missed.
    pub missed: i64,
}

const LEFT: f64 = 58.0;
const RIGHT: f64 = WIDE - 12.0;
const TOP: f64 = 12.0;
const RATES: f64 = 172.0;
const BARS: f64 = 196.0;
const BOTTOM: f64 = 266.0;

/// The months in their order.
pub fn months(id: &'static str, rows: &[MonthRow], format: Format) -> Picture {
    let mut picture = Picture::new(id, WIDE, BOTTOM + 26.0);
    let slot = (RIGHT - LEFT) / rows.len().max(1) as f64;
    let middle = |index: usize| LEFT + slot * (index as f64 + 0.5);

    let least = rows.iter().filter(|row| row.rate.is_some()).map(|row| share(row.low)).fold(1.0, f64::min);
    let floor = if rows.iter().any(|row| row.rate.is_some()) { floor_of(least) } else { 0.0 };
    let kept = Scale::new((floor, 1.0), (RATES, TOP));
    for tick in share_ticks(floor) {
        let y = kept.at(tick);
        picture.line((LEFT, y), (RIGHT, y), "p-grid");
        picture.text((LEFT - 8.0, y + 4.0), Anchor::End, LEFT - 10.0, "p-axis", &format.whole_percent(tick));
    }
    let most = rows.iter().map(|row| row.count.max(0) as f64).fold(0.0, f64::max);
    let many = Scale::new((0.0, most), (BOTTOM, BARS));
    for tick in count_ticks(most).into_iter().step_by(2) {
        let y = many.at(tick);
        picture.line((LEFT, y), (RIGHT, y), "p-grid");
        picture.text((LEFT - 8.0, y + 4.0), Anchor::End, LEFT - 10.0, "p-axis", &format.count(tick as i64));
    }

    for run in runs(rows) {
        let low = |index: usize| kept.at(share(rows[index].low).min(share(rows[index].rate.unwrap_or(0.0))));
        let high = |index: usize| kept.at(share(rows[index].high).max(share(rows[index].rate.unwrap_or(0.0))));
        if run.len() > 1 {
            let over = run.clone().map(|index| (middle(index), high(index)));
            let under = run.clone().rev().map(|index| (middle(index), low(index)));
            picture.path(&over.chain(under).collect::<Vec<_>>(), true, "p-band");
            let line: Vec<_> =
                run.clone().map(|index| (middle(index), kept.at(share(rows[index].rate.unwrap_or(0.0))))).collect();
            picture.path(&line, false, "p-line");
        } else {
            picture.line((middle(run.start), low(run.start)), (middle(run.start), high(run.start)), "p-interval");
        }
    }
    let every = (56.0 / slot).ceil().max(1.0) as usize;
    for (index, row) in rows.iter().enumerate() {
        let x = middle(index);
        bar(&mut picture, &many, (x, slot), row, format);
        if let Some(rate) = row.rate.map(share) {
            let tip = format!("{}: {} ({})", row.label, format.percent(rate), format.of(row.count));
            picture.dot((x, kept.at(rate)), 4.5, "p-dot", &tip);
        }
        // Counted from the end, so that the month we are in is always named.
        if (rows.len() - 1 - index).is_multiple_of(every) {
            picture.text((x, BOTTOM + 17.0), Anchor::Middle, 54.0_f64.min(2.0 * (WIDE - x)), "p-axis", &row.label);
        }
    }
    picture
}

fn bar(picture: &mut Picture, many: &Scale, (x, slot): (f64, f64), row: &MonthRow, format: Format) {
    let width = (slot * 0.6).min(36.0);
    let (count, missed) = (row.count.max(0) as f64, row.missed.clamp(0, row.count.max(0)) as f64);
    let (all, late) = (many.at(count), many.at(missed));
    let tip = format!("{}: {} / {}", row.label, format.count(row.missed), format.count(row.count));
    picture.rect((x - width / 2.0, all), (width, BOTTOM - all), "p-rest", &tip);
    picture.rect((x - width / 2.0, late), (width, BOTTOM - late), "p-breached", &tip);
    picture.stripes((x - width / 2.0, late), (width, BOTTOM - late));
}

/// Months in a row of which something is known.
fn runs(rows: &[MonthRow]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for index in (0..rows.len()).filter(|index| rows[*index].rate.is_some()) {
        match runs.last_mut() {
            Some(run) if run.end == index => run.end = index + 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

//! What was foretold against what came of it: on the diagonal, what is told can be believed.

use super::picture::{Anchor, Picture};
use super::scale::{Scale, count_ticks, share, share_ticks};
use crate::format::Format;

/// All that were foretold with similar probability.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldRow {
    /// The mean of what was told.
    pub told: f64,
    /// The share that came about.
    pub observed: f64,
    /// Where the share behind it begins, within 95 %.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// How many there are.
    pub count: i64,
}

const WIDTH: f64 = 476.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 444.0;
const TOP: f64 = 12.0;
const SQUARE: f64 = 392.0;
const BARS: f64 = 424.0;
const BOTTOM: f64 = 484.0;

/// The points, with the share of all that came about as a line across, and below how often each was told.
pub fn calibration(id: &'static str, rows: &[ToldRow], base: f64, format: Format) -> Picture {
    let mut picture = Picture::new(id, WIDTH, BOTTOM + 30.0);
    let told = Scale::new((0.0, 1.0), (LEFT, RIGHT));
    let observed = Scale::new((0.0, 1.0), (SQUARE, TOP));
    for tick in share_ticks(0.0) {
        let (x, y) = (told.at(tick), observed.at(tick));
        picture.line((x, TOP), (x, SQUARE), "p-grid");
        picture.line((LEFT, y), (RIGHT, y), "p-grid");
        picture.text((LEFT - 8.0, y + 4.0), Anchor::End, LEFT - 10.0, "p-axis", &format.whole_percent(tick));
        let room = 54.0_f64.min(2.0 * (WIDTH - x));
        picture.text((x, SQUARE + 17.0), Anchor::Middle, room, "p-axis", &format.whole_percent(tick));
    }
    let across = observed.at(share(base));
    picture.line((LEFT, across), (RIGHT, across), "p-all");
    picture.line((LEFT, SQUARE), (RIGHT, TOP), "p-diagonal");

    let most = rows.iter().map(|row| row.count.max(0) as f64).fold(0.0, f64::max);
    let many = Scale::new((0.0, most), (BOTTOM, BARS));
    let highest = count_ticks(most).into_iter().fold(0.0, f64::max);
    picture.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "p-grid");
    picture.text(
        (LEFT - 8.0, many.at(highest) + 4.0),
        Anchor::End,
        LEFT - 10.0,
        "p-axis",
        &format.count(highest as i64),
    );
    let line: Vec<_> = rows.iter().map(|row| (told.at(share(row.told)), observed.at(share(row.observed)))).collect();
    if line.len() > 1 {
        picture.path(&line, false, "p-line");
    }
    for (row, at) in rows.iter().zip(line) {
        let (low, high) = (share(row.low).min(share(row.observed)), share(row.high).max(share(row.observed)));
        picture.line((at.0, observed.at(low)), (at.0, observed.at(high)), "p-interval");
        let tip = format!("{} → {} · {}", format.percent(row.told), format.percent(row.observed), format.of(row.count));
        picture.dot(at, 5.5, "p-dot", &tip);
        let y = many.at(row.count.max(0) as f64);
        picture.rect((at.0 - 9.0, y), (18.0, BOTTOM - y), "p-rest", &tip);
    }
    picture
}

//! Shares with the interval they are known within: a dot, and a line for how far it may be from the truth.

use super::picture::{Anchor, Picture};
use super::scale::{Scale, floor_of, share, share_ticks};
use super::{LINE, WIDE};
use crate::format::Format;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct RateRow {
    /// What it is about.
    pub label: String,
    /// The share, of nothing where there is none.
    pub rate: Option<f64>,
    /// Where the share behind it begins, within 95 %.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// Of how many.
    pub of: i64,
    /// The share that is asked for, where one is.
    pub target: Option<f64>,
}

const LEFT: f64 = 190.0;
const RIGHT: f64 = WIDE - 190.0;
const TOP: f64 = 12.0;

/// The lines in their order, with the share of all of them as a line from top to bottom.
pub fn rates(id: &'static str, rows: &[RateRow], all: Option<f64>, format: Format) -> Picture {
    let bottom = TOP + LINE * rows.len().max(1) as f64;
    let mut picture = Picture::new(id, WIDE, bottom + 26.0);
    let ends = rows.iter().filter(|row| row.rate.is_some()).flat_map(|row| [row.low, row.target.unwrap_or(1.0)]);
    let ends: Vec<f64> = ends.chain(all).map(share).collect();
    // Of nothing, the whole axis.
    let floor = if ends.is_empty() { 0.0 } else { floor_of(ends.into_iter().fold(1.0, f64::min)) };
    let scale = Scale::new((floor, 1.0), (LEFT, RIGHT));
    for tick in share_ticks(floor) {
        let x = scale.at(tick);
        picture.line((x, TOP), (x, bottom), "p-grid");
        picture.text((x, bottom + 17.0), Anchor::Middle, 60.0, "p-axis", &format.whole_percent(tick));
    }
    if let Some(all) = all {
        let x = scale.at(share(all));
        picture.line((x, TOP), (x, bottom), "p-all");
    }
    for (index, row) in rows.iter().enumerate() {
        line(&mut picture, &scale, TOP + LINE * (index as f64 + 0.5), row, format);
    }
    picture
}

fn line(picture: &mut Picture, scale: &Scale, y: f64, row: &RateRow, format: Format) {
    picture.text((LEFT - 12.0, y + 4.0), Anchor::End, LEFT - 14.0, "p-label", &row.label);
    let Some(rate) = row.rate.map(share) else {
        picture.text((LEFT + 8.0, y + 4.0), Anchor::Start, 320.0, "p-faint", format.nothing_decided());
        return;
    };
    let (low, high) = (share(row.low).min(rate), share(row.high).max(rate));
    let said = format!("{} · {}", format.percent(rate), format.of(row.of));
    let tip = format!("{}: {} ({} – {})", row.label, said, format.percent(low), format.percent(high));
    let (from, to) = (scale.at(low), scale.at(high));
    picture.line((from, y), (to, y), "p-interval");
    for end in [from, to] {
        picture.line((end, y - 4.0), (end, y + 4.0), "p-interval");
    }
    let missed = row.target.is_some_and(|target| rate < share(target));
    if let Some(target) = row.target {
        let x = scale.at(share(target));
        picture.line((x, y - 10.0), (x, y + 10.0), "p-target");
    }
    picture.dot((scale.at(rate), y), 5.5, if missed { "p-dot p-missed" } else { "p-dot" }, &tip);
    picture.text((RIGHT + 14.0, y + 4.0), Anchor::Start, WIDE - RIGHT - 16.0, "p-value", &said);
}

//! What shares were and are: a ring for before, a dot for now, and what lies between.

use super::picture::{Anchor, Picture};
use super::scale::{Scale, share};
use super::{LINE, WIDE};
use crate::format::Format;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRow {
    /// What it is about.
    pub label: String,
    /// The share of the time before.
    pub before: f64,
    /// The share now.
    pub now: f64,
    /// Of so many.
    pub count: i64,
}

const LEFT: f64 = 230.0;
const RIGHT: f64 = WIDE - 150.0;
const TOP: f64 = 12.0;

/// The lines in their order.
pub fn change(id: &'static str, rows: &[ChangeRow], format: Format) -> Picture {
    let bottom = TOP + LINE * rows.len().max(1) as f64;
    let mut picture = Picture::new(id, WIDE, bottom + 26.0);
    let most = rows.iter().flat_map(|row| [share(row.before), share(row.now)]).fold(0.0, f64::max);
    let step = [0.05, 0.1, 0.2, 0.25].into_iter().find(|step| step * 4.0 >= most).unwrap_or(0.25);
    let most = (most / step).ceil().max(1.0) * step;
    let scale = Scale::new((0.0, most), (LEFT, RIGHT));
    for index in 0..=(most / step).round() as u32 {
        let tick = f64::from(index) * step;
        let x = scale.at(tick);
        picture.line((x, TOP), (x, bottom), "p-grid");
        picture.text((x, bottom + 17.0), Anchor::Middle, 60.0, "p-axis", &format.whole_percent(tick));
    }
    for (index, row) in rows.iter().enumerate() {
        let y = TOP + LINE * (index as f64 + 0.5);
        let (before, now) = (share(row.before), share(row.now));
        let said = format!("{} · {}", format.percent(now), format.count(row.count));
        let tip = format!("{}: {} → {}", row.label, format.percent(before), format.percent(now));
        picture.text((LEFT - 12.0, y + 4.0), Anchor::End, LEFT - 14.0, "p-label", &row.label);
        picture.line((scale.at(before), y), (scale.at(now), y), if now > before { "p-worse" } else { "p-reach" });
        picture.dot((scale.at(before), y), 4.0, "p-ring", &tip);
        picture.dot((scale.at(now), y), 5.5, if now > before { "p-dot p-missed" } else { "p-dot" }, &tip);
        picture.text((RIGHT + 14.0, y + 4.0), Anchor::Start, WIDE - RIGHT - 16.0, "p-value", &said);
    }
    picture
}

//! How long things took: half of them, nine in ten, and the slowest, on a scale where twice as long is as far everywhere.

use super::picture::{Anchor, Picture};
use super::scale::Spans;
use super::{LINE, WIDE};
use crate::format::Format;

/// One line; lengths in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct DurationRow {
    /// What it is about.
    pub label: String,
    /// The lengths at 50, 75, 90, 95 and 99 percent.
    pub at: [f64; 5],
}

/// The percents of [`DurationRow::at`].
const PERCENTS: [&str; 5] = ["50", "75", "90", "95", "99"];

const LEFT: f64 = 190.0;
const RIGHT: f64 = WIDE - 190.0;
const TOP: f64 = 34.0;

/// The lines in their order.
pub fn durations(id: &'static str, rows: &[DurationRow], format: Format) -> Picture {
    let bottom = TOP + LINE * rows.len().max(1) as f64;
    let mut picture = Picture::new(id, WIDE, bottom + 26.0);
    key(&mut picture);
    let all = || rows.iter().flat_map(|row| row.at).filter(|length| length.is_finite());
    let scale = Spans::new(all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max), (LEFT, RIGHT));
    for tick in scale.ticks(52.0) {
        let x = scale.at(tick);
        picture.line((x, TOP), (x, bottom), "p-grid");
        picture.text((x, bottom + 17.0), Anchor::Middle, 60.0, "p-axis", &format.span(tick));
    }
    for (index, row) in rows.iter().enumerate() {
        let y = TOP + LINE * (index as f64 + 0.5);
        picture.text((LEFT - 12.0, y + 4.0), Anchor::End, LEFT - 14.0, "p-label", &row.label);
        let at = row.at.map(|length| scale.at(length));
        picture.line((at[0], y), (at[4], y), "p-reach");
        picture.line((at[0], y), (at[2], y), "p-most");
        for (place, percent) in PERCENTS.iter().enumerate() {
            let tip = format!("{} · p{percent}: {}", row.label, format.span(row.at[place]));
            mark(&mut picture, place, (at[place], y), &tip);
        }
        let said = format!("{} · {}", format.span(row.at[0]), format.span(row.at[2]));
        picture.text((RIGHT + 16.0, y + 4.0), Anchor::Start, WIDE - RIGHT - 18.0, "p-value", &said);
    }
    picture
}

/// Half is a full dot, nine in ten a square, the others rings: told apart by shape.
fn mark(picture: &mut Picture, place: usize, at: (f64, f64), tip: &str) {
    match place {
        0 => picture.dot(at, 5.5, "p-dot", tip),
        2 => picture.rect((at.0 - 4.5, at.1 - 4.5), (9.0, 9.0), "p-square", tip),
        4 => picture.dot(at, 4.0, "p-ring p-missed", tip),
        _ => picture.dot(at, 3.0, "p-ring", tip),
    }
}

fn key(picture: &mut Picture) {
    let mut x = LEFT;
    for (place, percent) in PERCENTS.iter().enumerate() {
        mark(picture, place, (x + 6.0, 14.0), "");
        picture.text((x + 18.0, 18.0), Anchor::Start, 40.0, "p-axis", &format!("p{percent}"));
        x += 62.0;
    }
    picture.text((RIGHT + 16.0, 18.0), Anchor::Start, 130.0, "p-axis", "p50 · p90");
}

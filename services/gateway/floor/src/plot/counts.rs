//! How many, and what of: bars that are laid end to end.

use super::picture::{Anchor, Picture, width_of};
use super::scale::{Scale, count_ticks};
use super::{LINE, WIDE};
use crate::format::Format;

/// A kind of part that every bar is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// Class of its colour.
    pub class: &'static str,
    /// It is striped too.
    pub striped: bool,
}

/// One bar: how many of each part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// What it is about.
    pub label: String,
    /// As many numbers as there are parts.
    pub counts: Vec<i64>,
}

const LEFT: f64 = 190.0;
const RIGHT: f64 = WIDE - 90.0;
const TOP: f64 = 34.0;
/// From one line of the key to the next.
const KEY_LINE: f64 = 20.0;

/// The bars in their order, below a key of their parts.
pub fn counts(id: &'static str, parts: &[Part], rows: &[CountRow], format: Format) -> Picture {
    let places = places(parts);
    let top = TOP + KEY_LINE * places.last().map_or(0.0, |(_, line)| *line);
    let bottom = top + LINE * rows.len().max(1) as f64;
    let mut picture = Picture::new(id, WIDE, bottom + 26.0);
    key(&mut picture, parts, &places);
    let sum = |row: &CountRow| row.counts.iter().map(|count| (*count).max(0) as f64).sum::<f64>();
    let most = rows.iter().map(sum).fold(0.0, f64::max);
    let scale = Scale::new((0.0, most), (LEFT, RIGHT));
    for tick in count_ticks(most) {
        let x = scale.at(tick);
        picture.line((x, top), (x, bottom), "p-grid");
        picture.text((x, bottom + 17.0), Anchor::Middle, 80.0, "p-axis", &format.count(tick as i64));
    }
    for (index, row) in rows.iter().enumerate() {
        let y = top + LINE * index as f64;
        picture.text((LEFT - 12.0, y + 18.0), Anchor::End, LEFT - 14.0, "p-label", &row.label);
        let mut before = 0.0;
        for (part, count) in parts.iter().zip(&row.counts) {
            let count = (*count).max(0);
            let (from, to) = (scale.at(before), scale.at(before + count as f64));
            before += count as f64;
            if count == 0 {
                continue;
            }
            let tip = format!("{} · {}: {}", row.label, part.name, format.count(count));
            picture.rect((from, y + 5.0), (to - from, LINE - 10.0), part.class, &tip);
            if part.striped {
                picture.stripes((from, y + 5.0), (to - from, LINE - 10.0));
            }
        }
        let end = scale.at(before) + 8.0;
        picture.text((end, y + 18.0), Anchor::Start, WIDE - end - 2.0, "p-value", &format.count(before as i64));
    }
    picture
}

/// Where each part stands in the key: how far from the left, and on which of its lines.
fn places(parts: &[Part]) -> Vec<(f64, f64)> {
    let wide = |part: &Part| width_of(&part.name) + 40.0;
    let all: f64 = parts.iter().map(wide).sum();
    let (mut x, mut line) = (LEFT.min(WIDE - all).max(0.0), 0.0);
    let mut places = Vec::with_capacity(parts.len());
    for part in parts {
        if x > 0.0 && x + wide(part) - 14.0 > WIDE {
            (x, line) = (0.0, line + 1.0);
        }
        places.push((x, line));
        x += wide(part);
    }
    places
}

fn key(picture: &mut Picture, parts: &[Part], places: &[(f64, f64)]) {
    for (part, (x, line)) in parts.iter().zip(places) {
        let (x, down) = (*x, KEY_LINE * line);
        let room = (WIDE - x - 22.0).clamp(0.0, width_of(&part.name) + 4.0);
        picture.rect((x, 8.0 + down), (14.0, 14.0), part.class, "");
        if part.striped {
            picture.stripes((x, 8.0 + down), (14.0, 14.0));
        }
        picture.text((x + 20.0, 19.0 + down), Anchor::Start, room, "p-axis", &part.name);
    }
}

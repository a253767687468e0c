//! The way affairs go: the steps from top to bottom, and bows for where affairs went from each.
//!
//! Steps stand in a line in the order of the map, so that a map of a hundred steps is as readable as one of five and nothing ever
//! crosses a name. Who goes on goes by on the right, who goes back on the left; as wide as often. What the map does not say is
//! dashed. The bar within a step is its share of all the time.

use std::collections::BTreeMap;

use super::WIDE;
use super::picture::{Anchor, Picture};
use super::scale::share;
use crate::format::Format;

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// What the house calls it.
    pub title: String,
    /// Its share of the time that all steps took.
    pub share: Option<f64>,
    /// What is written below its name.
    pub note: String,
    /// It takes more of the time than any other.
    pub slowest: bool,
    /// It is not on the map.
    pub off_map: bool,
}

/// Where a move begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before everything.
    Beginning,
    /// A step, by its place in the line.
    At(usize),
    /// After everything.
    End,
}

/// How often affairs went from one place to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// From where.
    pub from: Place,
    /// To where.
    pub to: Place,
    /// How often.
    pub count: i64,
    /// The map says so.
    pub on_map: bool,
}

const LEFT: f64 = 180.0;
const RIGHT: f64 = 540.0;
const MIDDLE: f64 = (LEFT + RIGHT) / 2.0;
const BOX: f64 = 52.0;
const STEP: f64 = 88.0;
const TOP: f64 = 44.0;
/// How far a bow may go out.
const OUT: f64 = 170.0;

/// The steps in their order, and the moves between them.
pub fn way(id: &'static str, stations: &[Station], moves: &[Move], format: Format) -> Picture {
    let end = TOP + STEP * stations.len() as f64;
    let mut picture = Picture::new(id, WIDE, end + 44.0);
    let most = moves.iter().map(|step| step.count).max().unwrap_or(1).max(1) as f64;
    let row = |place: Place| match place {
        Place::Beginning => -1_i64,
        Place::At(index) => index.min(stations.len().saturating_sub(1)) as i64,
        Place::End => stations.len() as i64,
    };
    let mut ports = Ports { last: stations.len() as i64, taken: BTreeMap::new(), crown: (MIDDLE, TOP) };
    // The rare first, so that what is usual lies on top.
    let mut drawn: Vec<&Move> = moves.iter().collect();
    drawn.sort_by_key(|step| step.count);
    for step in drawn {
        let (from, to) = (row(step.from), row(step.to));
        let width = 1.2 + 7.0 * (step.count.max(0) as f64 / most).sqrt();
        let class = if step.on_map { "p-move" } else { "p-move p-astray" };
        let tip = format!("{} → {}: {}", name(stations, step.from), name(stations, step.to), format.count(step.count));
        if to == from + 1 {
            down(&mut picture, (from, to), (width, class, &tip), &format.count(step.count));
        } else {
            bow(&mut picture, &mut ports, (from, to), (width, class, &tip));
            if !step.on_map {
                let text = format.count(step.count);
                picture.text(ports.crown, Anchor::Middle, 60.0, "p-axis p-halo", &text);
            }
        }
    }
    for (index, station) in stations.iter().enumerate() {
        draw(&mut picture, TOP + STEP * index as f64, station);
    }
    picture.dot((MIDDLE, 16.0), 9.0, "p-begin", "");
    picture.dot((MIDDLE, end + 26.0), 9.0, "p-begin", "");
    picture.dot((MIDDLE, end + 26.0), 4.5, "p-end", "");
    picture
}

fn name(stations: &[Station], place: Place) -> &str {
    match place {
        Place::Beginning => "●",
        Place::At(index) => stations.get(index).map_or("?", |station| &station.title),
        Place::End => "◎",
    }
}

fn draw(picture: &mut Picture, y: f64, station: &Station) {
    let width = RIGHT - LEFT;
    let class = if station.off_map { "p-station p-astray" } else { "p-station" };
    picture.rect((LEFT, y), (width, BOX), class, &station.title);
    let taken = (width - 2.0) * station.share.map_or(0.0, share);
    picture.rect((LEFT + 1.0, y + BOX - 9.0), (taken, 8.0), if station.slowest { "p-slow" } else { "p-time" }, "");
    picture.text((LEFT + 12.0, y + 20.0), Anchor::Start, width - 24.0, "p-title", &station.title);
    picture.text((LEFT + 12.0, y + 37.0), Anchor::Start, width - 24.0, "p-note", &station.note);
}

/// Upper and lower edge of a row.
fn edges(row: i64, last: i64) -> (f64, f64) {
    if row < 0 {
        (7.0, 25.0)
    } else if row >= last {
        let end = TOP + STEP * last as f64;
        (end + 17.0, end + 35.0)
    } else {
        let top = TOP + STEP * row as f64;
        (top, top + BOX)
    }
}

fn down(picture: &mut Picture, (from, to): (i64, i64), (width, class, tip): (f64, &str, &str), said: &str) {
    let top = if from < 0 { 25.0 } else { TOP + STEP * from as f64 + BOX };
    let bottom = if from < 0 { TOP } else { TOP + STEP * to as f64 };
    // The end is a dot and no box: it stands a little lower.
    picture.bow((MIDDLE, top), MIDDLE, (MIDDLE, bottom - 5.0), width, class, tip);
    head(picture, (MIDDLE, bottom), (0.0, 1.0), class);
    if from >= 0 {
        picture.text((MIDDLE + 14.0, (top + bottom) / 2.0 + 4.0), Anchor::Start, 90.0, "p-axis", said);
    }
}

fn bow(picture: &mut Picture, ports: &mut Ports, (from, to): (i64, i64), (width, class, tip): (f64, &str, &str)) {
    let last = ports.last;
    let forward = to > from;
    let far = (to - from).unsigned_abs() as f64;
    let out = (34.0 + 26.0 * far.sqrt() * 1.6).min(OUT);
    let (side, bend) = if forward { (RIGHT, RIGHT + out) } else { (LEFT, LEFT - out) };
    let start = (edge(from, last, side), ports.next(from, forward, edges(from, last)));
    let stop = (edge(to, last, side), ports.next(to, forward, edges(to, last)));
    let inward = if forward { -1.0 } else { 1.0 };
    ports.crown = (0.125 * (start.0 + stop.0) + 0.75 * bend, (start.1 + stop.1) / 2.0 + 4.0);
    picture.bow(start, bend, (stop.0 - inward * 5.0, stop.1), width, class, tip);
    head(picture, stop, (inward, 0.0), class);
}

/// Where the side of a row is: beginning and end are dots.
fn edge(row: i64, last: i64, side: f64) -> f64 {
    if row < 0 || row >= last { if side > MIDDLE { MIDDLE + 9.0 } else { MIDDLE - 9.0 } } else { side }
}

fn head(picture: &mut Picture, at: (f64, f64), towards: (f64, f64), class: &str) {
    let (x, y) = at;
    let (along, across) = ((towards.0 * 9.0, towards.1 * 9.0), (-towards.1 * 5.0, towards.0 * 5.0));
    let points =
        [(x, y), (x - along.0 + across.0, y - along.1 + across.1), (x - along.0 - across.0, y - along.1 - across.1)];
    let class = if class.contains("p-astray") { "p-head p-astray" } else { "p-head" };
    picture.path(&points, true, class);
}

/// Where bows leave and reach the sides of rows: one below the other.
struct Ports {
    last: i64,
    taken: BTreeMap<(i64, bool), u32>,
    /// Where the last bow is farthest out.
    crown: (f64, f64),
}

impl Ports {
    fn next(&mut self, row: i64, right: bool, (top, bottom): (f64, f64)) -> f64 {
        let taken = self.taken.entry((row, right)).or_default();
        *taken += 1;
        // Halves of halves: however many come, they fit, and the first are far apart.
        let mut place = 0.0;
        let (mut half, mut rest) = (0.5, *taken);
        while rest > 0 {
            place += half * f64::from(rest % 2);
            rest /= 2;
            half /= 2.0;
        }
        top + (bottom - top) * place
    }
}

//! The lines of one window, added up from what was summed before, from what has changed since, and from the parts of days at the window's ends.

use std::collections::HashMap;
use std::ops::Range as Span;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{
    Days, Dimension, Labels, Line, PERCENTS, Part, Piece, Plan, Range, Ranks, Scratch, Shape, Share, Slots, Tally,
    unpacked,
};

/// Sums and clocks disagree about how many durations lie in a slot: something wrote to one of them past the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{found} durations were found in slot {slot}, where {summed} are summed")]
pub struct Disagree {
    /// Which.
    pub slot: u32,
    /// By the sums.
    pub summed: i64,
    /// By the clocks.
    pub found: usize,
}

/// What was summed of lines is not what [`super::repacked`] writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what is summed by {} cannot be read", dimension.as_str())]
pub struct Unreadable {
    /// Of which.
    pub dimension: Dimension,
}

/// Whose the lines of a pack are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Lines of this dimension.
    Lines(Dimension),
    /// The one of everything, told as that of the month of this day.
    Month(Date),
}

/// Where an affair is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// The whole days: it was summed as something else, or not yet. So many times; below zero what was summed of it is taken away.
    Whole(i64),
    /// A part of the window beside them.
    Beside(Range),
}

#[derive(Debug, Default)]
struct Sum {
    tally: Tally,
    /// Durations, as they were summed: where, in which pack.
    settle: Vec<(usize, Span<usize>)>,
    /// Durations that are counted besides, or below zero.
    besides: Slots,
    /// Where the ranks are that are asked for, once everything is added.
    at: Vec<Option<(u32, usize)>>,
    wanted: Vec<Wanted>,
}

/// A slot that holds a rank that is asked for.
#[derive(Debug)]
struct Wanted {
    slot: u32,
    summed: i64,
    there: Vec<i64>,
    gone: Vec<i64>,
}

/// The durations of one line in one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The place of the line, for [`Sums::found`].
    pub place: usize,
    /// The line.
    pub line: Line,
    /// The least duration, in microseconds.
    pub from: i64,
    /// The least after.
    pub to: i64,
}

/// Which durations are to be looked at singly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// Of all clocks that are counted: ranges in microseconds that do not touch, the least and the least after.
    pub ranges: Vec<(i64, i64)>,
    /// Of lines of which there may be many: each has ranks elsewhere, and together they would have nearly every clock looked at.
    pub keyed: Vec<Keyed>,
}

/// One line, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub line: Line,
    /// Its counts.
    pub tally: Tally,
    /// Microseconds to fulfilment at each of [`PERCENTS`], by nearest rank; none where nothing was fulfilled.
    pub settle: Option<[i64; PERCENTS.len()]>,
}

/// The lines of one window.
#[derive(Debug)]
pub struct Sums {
    days: Days,
    plan: Plan,
    within: Option<String>,
    places: HashMap<Line, usize>,
    lines: Vec<(Line, Sum)>,
    packs: Vec<Vec<u8>>,
    /// Fulfilled clocks that came by affairs: how often, when, under which labels, and how long they took.
    singly: Vec<(i64, Timestamp, Arc<Labels>, i64)>,
}

impl Sums {
    /// Nothing yet; with a rule, of its clocks alone.
    pub fn new(days: Days, plan: Plan, within: Option<&str>) -> Self {
        let mut sums = Self {
            days,
            plan,
            within: within.map(str::to_owned),
            places: HashMap::new(),
            lines: Vec::new(),
            packs: Vec::new(),
            singly: Vec::new(),
        };
        sums.place(Line::total());
        sums
    }

    /// Adds what was summed over a part of time.
    ///
    /// # Errors
    /// [`Unreadable`] where something else was packed.
    pub fn add(&mut self, of: Of, pack: Vec<u8>) -> Result<(), Unreadable> {
        let (number, dimension) =
            (self.packs.len(), if let Of::Lines(dimension) = of { dimension } else { Dimension::Total });
        let read = unpacked(&pack, |key, tally, settle| {
            let place = self.place(match of {
                Of::Lines(dimension) => Line { dimension, key: key.into() },
                Of::Month(day) => month(day),
            });
            let sum = &mut self.lines[place].1;
            sum.tally.add(&tally, 1);
            if !settle.is_empty() {
                sum.settle.push((number, settle));
            }
        });
        self.packs.push(pack);
        read.ok_or(Unreadable { dimension })
    }

    /// Adds an affair.
    pub fn add_share(&mut self, share: &Share, into: Into) {
        let within = self.within.take();
        share.parts(within.as_deref(), |at, line, part| {
            let times = match into {
                Into::Whole(times) if self.plan.in_whole(at) => times,
                Into::Beside(part) if part.holds(at) => 1,
                Into::Whole(_) | Into::Beside(_) => return,
            };
            if line.dimension == Dimension::Total {
                if let Part::Clock(Piece { labels, origin, end: super::End::Fulfilled { micros }, .. }) = part {
                    self.singly.push((times, *origin, Arc::clone(labels), *micros));
                }
                self.count(self.month(at), part, times);
            }
            self.count(line, part, times);
        });
        self.within = within;
    }

    /// A clock that was summed as open, and whose due instant has passed since.
    pub fn overdue(&mut self, piece: &Piece) {
        if !self.plan.in_whole(piece.origin) || self.within.as_deref().is_some_and(|rule| *piece.labels.rule != *rule) {
            return;
        }
        let overdue = Tally { open: -1, breached: 1, ..Tally::default() };
        for line in piece.labels.lines().chain([self.month(piece.origin)]) {
            let place = self.place(line);
            self.lines[place].1.tally.add(&overdue, 1);
        }
    }

    /// The line of the month that an instant is in.
    pub fn month(&self, at: Timestamp) -> Line {
        month(self.days.of(at))
    }

    fn count(&mut self, line: Line, part: Part<'_>, times: i64) {
        let scale = line.dimension.scale();
        let place = self.place(line);
        let sum = &mut self.lines[place].1;
        match part {
            Part::Clock(piece) => {
                sum.tally.add(&Tally::of(piece), times);
                if let super::End::Fulfilled { micros } = piece.end {
                    sum.besides.add(scale.slot(micros), times);
                }
            }
            Part::Case(entries) => sum.tally.add(&Tally { cases: 1, events: entries, ..Tally::default() }, times),
        }
    }

    fn place(&mut self, line: Line) -> usize {
        let next = self.lines.len();
        match self.places.entry(line) {
            std::collections::hash_map::Entry::Occupied(there) => *there.get(),
            std::collections::hash_map::Entry::Vacant(free) => {
                self.lines.push((free.key().clone(), Sum::default()));
                *free.insert(next)
            }
        }
    }

    /// The durations to look at singly. Called once, when all is added.
    ///
    /// # Errors
    /// [`Unreadable`] where something else than durations was summed.
    pub fn wanted(&mut self) -> Result<Looks, Unreadable> {
        let (mut looks, mut keyed, mut scratch) = (Vec::new(), Vec::new(), Scratch::default());
        for (place, (line, sum)) in self.lines.iter_mut().enumerate() {
            let settle: Vec<&[u8]> = sum.settle.drain(..).map(|(pack, at)| &self.packs[pack][at]).collect();
            let ranks = scratch.ranks(&settle, &sum.besides, &PERCENTS);
            let Ranks { at, slots: held } = ranks.ok_or(Unreadable { dimension: line.dimension })?;
            let scale = line.dimension.scale();
            let bounds = held.iter().map(|(slot, _)| scale.bounds(*slot));
            if line.dimension.has_many_lines() {
                keyed.extend(bounds.map(|(from, to)| Keyed { place, line: line.clone(), from, to }));
            } else {
                looks.extend(bounds);
            }
            sum.at = at;
            let wanted = |(slot, summed)| Wanted { slot, summed, there: Vec::new(), gone: Vec::new() };
            sum.wanted = held.into_iter().map(wanted).collect();
        }
        for (times, at, labels, micros) in std::mem::take(&mut self.singly) {
            let places: Vec<usize> = self.places_of(&labels, at);
            self.found(&places, micros, times);
        }
        self.packs.clear();
        looks.sort_unstable();
        looks.dedup();
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for (from, to) in looks {
            match ranges.last_mut() {
                Some((_, end)) if *end == from => *end = to,
                _ => ranges.push((from, to)),
            }
        }
        Ok(Looks { ranges, keyed })
    }

    /// The places of the lines that a clock of this shape is on and whose durations are found among those of all clocks.
    pub fn shared_places(&self, shape: &Shape) -> Vec<usize> {
        shape.lines().filter_map(|line| self.places.get(&line).copied()).collect()
    }

    /// The places of the lines that a clock with these labels is on, and of its month's.
    fn places_of(&self, labels: &Labels, at: Timestamp) -> Vec<usize> {
        let lines = labels.lines().chain([self.month(at)]);
        lines.filter_map(|line| self.places.get(&line).copied()).collect()
    }

    /// A duration that was found in the whole days, on the lines of these places.
    pub fn found(&mut self, places: &[usize], micros: i64, times: i64) {
        for place in places {
            let (line, sum) = &mut self.lines[*place];
            let (slot, wanted) = (line.dimension.scale().slot(micros), &mut sum.wanted);
            if let Some(wanted) = wanted.iter_mut().find(|wanted| wanted.slot == slot) {
                let list = if times < 0 { &mut wanted.gone } else { &mut wanted.there };
                list.extend(std::iter::repeat_n(micros, usize::try_from(times.unsigned_abs()).unwrap_or(0)));
            }
        }
    }

    /// The lines that anything is counted on, and the total; in order.
    ///
    /// # Errors
    /// [`Disagree`] where what was found is not what was summed.
    pub fn tell(self) -> Result<Vec<Told>, Disagree> {
        let mut told = Vec::with_capacity(self.lines.len());
        for (line, sum) in self.lines {
            if sum.tally == Tally::default() && line.dimension != Dimension::Total {
                continue;
            }
            let Sum { tally, at, wanted, .. } = sum;
            let mut exact: HashMap<u32, Vec<i64>> = HashMap::new();
            for Wanted { slot, summed, there, gone } in wanted {
                let found = there.len().saturating_sub(gone.len());
                let left = without(there, gone).filter(|left| i64::try_from(left.len()) == Ok(summed));
                let left = left.ok_or(Disagree { slot, summed, found })?;
                exact.insert(slot, left);
            }
            let ranked = at.iter().map(|at| at.and_then(|(slot, rank)| exact.get(&slot)?.get(rank - 1).copied()));
            let settle = ranked.collect::<Option<Vec<i64>>>().and_then(|settle| settle.try_into().ok());
            told.push(Told { line, tally, settle });
        }
        told.sort_by(|a, b| a.line.cmp(&b.line));
        Ok(told)
    }
}

/// The line of the month of a day.
pub fn month(day: Date) -> Line {
    Line { dimension: Dimension::Month, key: format!("{:04}-{:02}", day.year(), day.month()).into() }
}

/// What is left, in order; none if something is to be taken away that is not there.
fn without(mut there: Vec<i64>, mut gone: Vec<i64>) -> Option<Vec<i64>> {
    there.sort_unstable();
    gone.sort_unstable();
    let mut gone = gone.into_iter().peekable();
    there.retain(|micros| gone.next_if_eq(micros).is_none());
    gone.next().is_none().then_some(there)
}

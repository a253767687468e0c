//! How many affairs went by a map: where they left it, and which step eats the time.

use std::collections::{BTreeMap, HashSet};

use super::{Course, Place, ProcessMap};

/// An end of a move.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MoveEnd {
    /// The beginning, or the end, of an affair.
    Edge,
    /// A place.
    At(Place),
}

/// How often affairs went from one place to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where they came from.
    pub from: MoveEnd,
    /// Where they came to.
    pub to: MoveEnd,
    /// How often.
    pub count: u64,
    /// The map says so.
    pub on_map: bool,
}

/// What one step took. Times in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepFigures {
    /// How often affairs came to it.
    pub visits: u64,
    /// How many affairs did.
    pub affairs: u64,
    /// How many are there still.
    pub open: u64,
    /// All the time that stays which are over took.
    pub total: i128,
    /// The shortest such that at least half of the stays took no longer (nearest rank).
    pub p50: Option<i64>,
    /// The same of nine in ten.
    pub p90: Option<i64>,
    /// The longest.
    pub longest: Option<i64>,
    /// How many stays took longer than the step may take.
    pub over_standard: u64,
    /// To how many stays affairs came in another department than the step's owner.
    pub elsewhere: u64,
}

/// How affairs went by a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// How many.
    pub affairs: u64,
    /// How many were answered or are over.
    pub ended: u64,
    /// How many began, went and ended only as the map says.
    pub conforming: u64,
    /// How many came to no step.
    pub unplaced: u64,
    /// What each step took, in the order of the map.
    pub steps: Vec<StepFigures>,
    /// What was spent where no step is.
    pub off_map: StepFigures,
    /// From where to where they went, the most frequent first.
    pub moves: Vec<Move>,
}

/// Figures in the making.
#[derive(Debug)]
pub struct Measure<'a> {
    map: &'a ProcessMap,
    figures: Figures,
    /// How long each stay took, of each step and then of where no step is.
    micros: Vec<Vec<i64>>,
    moves: BTreeMap<(MoveEnd, MoveEnd), (u64, bool)>,
}

impl<'a> Measure<'a> {
    /// Nothing yet, held against this map.
    pub fn of(map: &'a ProcessMap) -> Self {
        let steps = vec![StepFigures::default(); map.steps().len()];
        Self {
            map,
            figures: Figures {
                affairs: 0,
                ended: 0,
                conforming: 0,
                unplaced: 0,
                off_map: StepFigures::default(),
                moves: Vec::new(),
                steps,
            },
            micros: vec![Vec::new(); map.steps().len() + 1],
            moves: BTreeMap::new(),
        }
    }

    /// One affair more.
    pub fn add(&mut self, course: &Course) {
        self.figures.affairs += 1;
        self.figures.ended += u64::from(course.ended());
        self.figures.conforming += u64::from(course.conforming());
        self.figures.unplaced += u64::from(course.visits().is_empty());
        let mut seen = HashSet::new();
        let mut from = MoveEnd::Edge;
        for visit in course.visits() {
            let step = visit.place.step();
            let row = step.unwrap_or(self.map.steps().len());
            let figures = match step {
                Some(place) => &mut self.figures.steps[place],
                None => &mut self.figures.off_map,
            };
            let (owner, standard) = step
                .map_or((None, None), |at| (self.map.steps()[at].department.as_ref(), self.map.steps()[at].standard));
            figures.visits += 1;
            figures.affairs += u64::from(seen.insert(row));
            figures.elsewhere += u64::from(owner.is_some_and(|owner| *owner != visit.department));
            match visit.until {
                None => figures.open += 1,
                Some(until) => {
                    let took = until.duration_since(visit.from);
                    let micros = i64::try_from(took.as_micros()).unwrap_or(i64::MAX);
                    figures.total += i128::from(micros);
                    figures.over_standard += u64::from(standard.is_some_and(|standard| took > standard));
                    self.micros[row].push(micros);
                }
            }
            let to = MoveEnd::At(visit.place.clone());
            self.moves.entry((from, to.clone())).or_insert((0, visit.on_map)).0 += 1;
            from = to;
        }
        if course.ended() && from != MoveEnd::Edge {
            let may_end = match &from {
                MoveEnd::At(Place::Step(at)) => self.map.steps()[*at].may_end,
                _ => false,
            };
            self.moves.entry((from, MoveEnd::Edge)).or_insert((0, may_end)).0 += 1;
        }
    }

    /// What it came to.
    pub fn figures(mut self) -> Figures {
        let rows = self.figures.steps.iter_mut().chain(std::iter::once(&mut self.figures.off_map));
        for (figures, micros) in rows.zip(&mut self.micros) {
            micros.sort_unstable();
            figures.p50 = nearest_rank(micros, 50);
            figures.p90 = nearest_rank(micros, 90);
            figures.longest = micros.last().copied();
        }
        let made = self.moves.into_iter();
        let mut moves: Vec<Move> = made.map(|((from, to), (count, on_map))| Move { from, to, count, on_map }).collect();
        // Equally frequent ones stay in the order of the map.
        moves.sort_by_key(|made| std::cmp::Reverse(made.count));
        Figures { moves, ..self.figures }
    }
}

/// The smallest of these, which are in order, such that at least `percent` of them are no larger.
fn nearest_rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

//! The way one affair has come on a map: a pure function of the map and of what happened.

use jiff::Timestamp;
use kernel::Department;

use super::{ProcessMap, Step};
use crate::{Slug, Standing};

/// Where an affair stood after something happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// When it happened.
    pub at: Timestamp,
    /// Its state.
    pub standing: Standing,
    /// The reason it stood there with.
    pub reason: Option<String>,
    /// The department that worked on it.
    pub department: Department,
    /// The step it was said to have come to, where that is what happened.
    pub stated: Option<Slug>,
    /// It was filed as something else, where that is what happened.
    pub refiled: bool,
}

impl Turn {
    /// Whether it leaves the affair where it stood: it went to another person, say.
    fn changes_nothing_after(&self, before: &Self) -> bool {
        let stands = |turn: &Self| (turn.standing, turn.reason.clone(), turn.department.clone());
        self.stated.is_none() && stands(self) == stands(before)
    }
}

/// Where on the map an affair can be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// At the step with this place in the map.
    Step(usize),
    /// Where no step is.
    OffMap {
        /// What it was said to have come to, where something was.
        told: Option<String>,
    },
}

impl Place {
    /// The step, where it is one.
    pub const fn step(&self) -> Option<usize> {
        match self {
            Self::Step(place) => Some(*place),
            Self::OffMap { .. } => None,
        }
    }
}

/// A stay at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Where.
    pub place: Place,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none while it lasts.
    pub until: Option<Timestamp>,
    /// The department that worked on the affair when it came.
    pub department: Department,
    /// The map lets it come here from where it was, or begin here.
    pub on_map: bool,
}

/// The way one affair has come on a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    visits: Vec<Visit>,
    ended: bool,
    conforming: bool,
}

impl Course {
    /// Lays the map over what happened, which is in order. Steps that were told while the affair was filed as something else, and are not on this map, were on
    /// another.
    pub fn lay(map: &ProcessMap, turns: &[Turn]) -> Self {
        let mut visits: Vec<Visit> = Vec::new();
        let filed_at = turns.iter().rposition(|turn| turn.refiled).unwrap_or(0);
        for (i, turn) in turns.iter().enumerate() {
            let of_another_map = |step: &Slug| i < filed_at && map.place_of(step.as_str()).is_none();
            let told_elsewhere = turn.stated.as_ref().is_some_and(of_another_map);
            if told_elsewhere || (i > 0 && turn.changes_nothing_after(&turns[i - 1])) {
                continue;
            }
            let current = visits.last().map(|visit| &visit.place);
            let before = visits.len().checked_sub(2).map(|i| &visits[i].place);
            let Some(place) = map.place_after(turn, current, before) else { continue };
            if current == Some(&place) {
                continue;
            }
            let on_map = map.lets(current, &place);
            if let Some(left) = visits.last_mut() {
                left.until = Some(turn.at);
            }
            visits.push(Visit { place, from: turn.at, until: None, department: turn.department.clone(), on_map });
        }
        let ended = end_of(turns);
        if let Some(end) = ended {
            // An answer that stands ends the way: what comes after takes no time.
            for visit in &mut visits {
                visit.until = Some(visit.until.map_or(end, |until| until.min(end)).max(visit.from));
            }
        }
        let may_end = |visit: &Visit| visit.place.step().is_some_and(|place| map.steps()[place].may_end);
        let conforming = visits.iter().all(|visit| visit.on_map)
            && !visits.is_empty()
            && (ended.is_none() || visits.last().is_some_and(may_end));
        Self { visits, ended: ended.is_some(), conforming }
    }

    /// Where it was, in order; the last is where it is.
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// Whether the affair was answered, and not taken up again, or is over.
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Whether it began, went and ended only as the map says.
    pub const fn conforming(&self) -> bool {
        self.conforming
    }
}

/// Since when the affair is answered or over, where it is.
fn end_of(turns: &[Turn]) -> Option<Timestamp> {
    let is_end = |turn: &&Turn| turn.standing == Standing::Resolved || turn.standing.is_terminal();
    turns.iter().rev().take_while(is_end).last().map(|turn| turn.at)
}

impl ProcessMap {
    /// Where an affair is once this has happened; none while no step has taken it.
    fn place_after(&self, turn: &Turn, current: Option<&Place>, before: Option<&Place>) -> Option<Place> {
        if let Some(stated) = &turn.stated {
            let place = self.place_of(stated.as_str()).map(Place::Step);
            return Some(place.unwrap_or_else(|| Place::OffMap { told: Some(stated.as_str().to_owned()) }));
        }
        let step_at = |place: Option<&Place>| place.and_then(Place::step).map(|at| (at, &self.steps()[at]));
        let names = |step: &Step| step.names(turn);
        if let Some((at, _)) = step_at(current).filter(|(_, step)| names(step)) {
            return Some(Place::Step(at));
        }
        let came_from = step_at(before).filter(|(_, step)| names(step)).map(|(at, _)| at);
        if let Some(at) = came_from.or_else(|| self.steps().iter().position(names)) {
            return Some(Place::Step(at));
        }
        match current? {
            // What is entered by word alone is left by word alone.
            Place::Step(at) if !self.steps()[*at].situations.is_empty() => Some(Place::OffMap { told: None }),
            stays => Some(stays.clone()),
        }
    }

    fn lets(&self, from: Option<&Place>, to: &Place) -> bool {
        match (from, to) {
            (None, Place::Step(to)) => self.steps()[*to].may_begin,
            (Some(Place::Step(from)), Place::Step(to)) => self.leads(*from, *to),
            _ => false,
        }
    }
}

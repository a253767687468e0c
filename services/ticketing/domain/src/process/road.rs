//! The way of one affair as its customer is told it: where it was, where it is, and how it usually goes on.

use jiff::Timestamp;

use super::{Course, ProcessMap};

/// Milestones ahead at most: a customer wants to know what comes, not every turn of a map.
const MOST_AHEAD: usize = 8;

/// Where a milestone lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stretch {
    /// It was there.
    Passed,
    /// It is there.
    Here,
    /// It usually comes there.
    Ahead,
}

/// A step of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milestone {
    /// The place of the step in the map.
    pub step: usize,
    /// Where it lies.
    pub stretch: Stretch,
    /// Since when the affair was there; none ahead.
    pub since: Option<Timestamp>,
}

/// The way of an affair: each stay at a step, then the usual next steps until affairs may end. Stays off the map are not told; an affair that is off it
/// now has nothing ahead that could be said.
pub fn road(map: &ProcessMap, course: &Course) -> Vec<Milestone> {
    let visits = course.visits();
    let last = visits.len().saturating_sub(1);
    let mut road: Vec<Milestone> = visits
        .iter()
        .enumerate()
        .filter_map(|(i, visit)| {
            let stretch = if i == last { Stretch::Here } else { Stretch::Passed };
            visit.place.step().map(|step| Milestone { step, stretch, since: Some(visit.from) })
        })
        .collect();
    let mut at = road.last().filter(|milestone| milestone.stretch == Stretch::Here).map(|milestone| milestone.step);
    let mut seen: Vec<usize> = Vec::new();
    while let Some(here) = at.filter(|here| !map.steps()[*here].may_end && seen.len() < MOST_AHEAD) {
        seen.push(here);
        at = map.next(here).next().and_then(|step| map.place_of(step.id.as_str()));
        let Some(next) = at.filter(|next| !seen.contains(next)) else { break };
        road.push(Milestone { step: next, stretch: Stretch::Ahead, since: None });
    }
    road
}

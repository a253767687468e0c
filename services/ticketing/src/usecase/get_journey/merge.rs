//! The steps of several ledgers as one journey: a function of what each of them told.

use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use server::Principal;
use server::parse::time_to_proto;
use ventanilla_proto::ledger::v1::{Step, Steps};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

/// What one ledger told.
pub(super) struct Told {
    /// Its name.
    pub source: &'static str,
    /// Its steps; `None` where it did not answer.
    pub steps: Option<Steps>,
}

/// Whom a reader is shown in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Everybody.
    All,
    /// Everybody but people of the office, of whom it is said that they are of it.
    Firm,
    /// Nobody: what kind of party it was.
    Kinds,
}

impl Sight {
    /// Whom this reader is shown.
    pub fn of(who: &Principal) -> Self {
        if who.is_office() || who.has_any(&[Role::Service, Role::Auditor]) {
            Self::All
        } else if who.has_any(&[Role::Agent, Role::Supervisor, Role::Crm, Role::Ivr, Role::Importer]) {
            Self::Firm
        } else {
            Self::Kinds
        }
    }

    fn shows(self, actor: Actor) -> Actor {
        let shown = match self {
            Self::All => true,
            Self::Firm => actor.kind() != ActorKind::Office,
            Self::Kinds => false,
        };
        if shown { actor } else { Actor { kind: actor.kind, ..Actor::default() } }
    }
}

/// A journey.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub steps: Vec<pb::JourneyStep>,
    pub gaps: Vec<pb::JourneyGap>,
    /// From when on there are more steps.
    pub next: Option<Timestamp>,
}

/// The steps of all ledgers in the order they were written down in, of one instant by ledger and position, those that wait for one last.
///
/// Of a ledger that has more than it told nothing is known after the last step it told: the journey is told up to the first such instant, and goes on
/// there. What was archived is a gap where it may be of this affair, which was first received at `first_received`.
pub(super) fn merged(told: Vec<Told>, sight: Sight, first_received: Timestamp) -> Merged {
    let mut gaps = Vec::new();
    let mut steps = Vec::new();
    let mut next: Option<Timestamp> = None;
    for Told { source, steps: told } in told {
        let Some(told) = told else {
            gaps.push(gap(source, pb::JourneyGapReason::NoAnswer, None));
            continue;
        };
        let archived = instant(told.archived_time.as_ref()).filter(|archived| *archived > first_received);
        gaps.extend(archived.map(|before| gap(source, pb::JourneyGapReason::Archived, Some(before))));
        if told.truncated {
            let last = told.steps.last().and_then(|last| instant(last.recorded_time.as_ref()));
            next = next.into_iter().chain(last).min();
        }
        steps.extend(told.steps.into_iter().map(|told| step(source, told, sight)));
    }
    // Sorting keeps the order of equals: ours first, then as they were asked.
    steps.sort_by_key(recorded);
    if let Some(at) = next {
        let before = steps.partition_point(|step| recorded(step) < Some(at));
        if before > 0 {
            steps.truncate(before);
        } else {
            // One instant holds more than an answer does: there is no going on within it.
            steps.retain(|step| recorded(step) == Some(at));
            next = at.checked_add(SignedDuration::from_micros(1)).ok();
        }
    }
    Merged { steps, gaps, next }
}

fn recorded(step: &pb::JourneyStep) -> Option<Timestamp> {
    instant(step.recorded_time.as_ref())
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
}

fn gap(source: &str, reason: pb::JourneyGapReason, before: Option<Timestamp>) -> pb::JourneyGap {
    pb::JourneyGap { source: source.to_owned(), reason: reason.into(), before_time: before.map(time_to_proto) }
}

fn step(source: &str, step: Step, sight: Sight) -> pb::JourneyStep {
    let trace_id = step.traceparent.split('-').nth(1).unwrap_or_default().to_owned();
    pb::JourneyStep {
        source: source.to_owned(),
        position: step.position,
        r#type: step.r#type,
        actor: step.actor.map(|actor| sight.shows(actor)),
        occurred_time: step.occurred_time,
        recorded_time: step.recorded_time,
        traceparent: step.traceparent,
        trace_id,
        aggregate: step.aggregate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn steps(seconds: &[i64]) -> Steps {
        let step = |(place, second): (usize, &i64)| Step {
            position: i64::try_from(place).unwrap() + 1,
            recorded_time: Some(time_to_proto(at(*second))),
            actor: Some(Actor { kind: ActorKind::Office.into(), id: "judge-1".to_owned(), department: String::new() }),
            traceparent: format!("00-{second:032x}-0000000000000001-01"),
            ..Step::default()
        };
        Steps { steps: seconds.iter().enumerate().map(step).collect(), ..Steps::default() }
    }

    fn told(source: &'static str, seconds: &[i64]) -> Told {
        Told { source, steps: Some(steps(seconds)) }
    }

    fn cut(source: &'static str, seconds: &[i64]) -> Told {
        Told { source, steps: Some(Steps { truncated: true, ..steps(seconds) }) }
    }

    fn order(merged: &Merged) -> Vec<(&str, i64)> {
        merged.steps.iter().map(|step| (step.source.as_str(), step.position)).collect()
    }

    #[test]
    fn steps_come_in_the_order_they_were_written_down_in_and_of_one_instant_ours_first() {
        let merged = merged(vec![told("a", &[1, 5, 5]), told("b", &[2, 5]), told("c", &[])], Sight::All, at(0));
        assert_eq!(order(&merged), [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 2)]);
        assert_eq!((merged.gaps.len(), merged.next), (0, None));
        assert_eq!(merged.steps[0].trace_id, format!("{:032x}", 1));
    }

    #[test]
    fn who_does_not_answer_is_a_gap_and_the_others_stand() {
        let merged = merged(vec![told("a", &[1]), Told { source: "b", steps: None }], Sight::All, at(0));
        assert_eq!(order(&merged), [("a", 1)]);
        assert_eq!(merged.gaps, [gap("b", pb::JourneyGapReason::NoAnswer, None)]);
    }

    #[test]
    fn what_is_archived_is_a_gap_where_the_affair_is_older_than_that() {
        let archived = || Told {
            source: "b",
            steps: Some(Steps { archived_time: Some(time_to_proto(at(50))), ..Steps::default() }),
        };
        assert_eq!(
            merged(vec![archived()], Sight::All, at(49)).gaps,
            [gap("b", pb::JourneyGapReason::Archived, Some(at(50)))]
        );
        assert_eq!(merged(vec![archived()], Sight::All, at(50)).gaps, []);
    }

    #[test]
    fn nothing_is_told_after_what_a_ledger_left_out_and_the_next_answer_goes_on_there() {
        let merged = merged(vec![told("a", &[1, 3, 9]), cut("b", &[2, 3, 4]), cut("c", &[1, 8])], Sight::All, at(0));
        assert_eq!(order(&merged), [("a", 1), ("c", 1), ("b", 1), ("a", 2), ("b", 2)]);
        assert_eq!(merged.next, Some(at(4)));
    }

    #[test]
    fn an_instant_that_fills_an_answer_is_left_behind() {
        let merged = merged(vec![cut("a", &[4, 4]), told("b", &[4, 5])], Sight::All, at(0));
        assert_eq!(order(&merged), [("a", 1), ("a", 2), ("b", 1)]);
        assert_eq!(merged.next, Some(at(4) + SignedDuration::from_micros(1)));
    }

    #[test]
    fn the_firm_is_shown_nobody_of_the_office_and_who_runs_the_suite_nobody() {
        let sight = |role| Sight::of(&Principal::new("x", [role]));
        let employee =
            Actor { kind: ActorKind::Employee.into(), id: "agent-1".to_owned(), department: "billing".to_owned() };
        let office = Actor { kind: ActorKind::Office.into(), id: "judge-1".to_owned(), department: String::new() };
        let shown = |role| [&employee, &office].map(|actor| sight(role).shows(actor.clone()).id);
        for role in [Role::Agent, Role::Supervisor, Role::Crm, Role::Ivr, Role::Importer] {
            assert_eq!(shown(role), ["agent-1", ""], "{role}");
        }
        assert_eq!(shown(Role::Sre), ["", ""]);
        for role in [Role::Auditor, Role::Service, Role::Investigator, Role::Ombudsman, Role::OfficeIntake] {
            assert_eq!(shown(role), ["agent-1", "judge-1"], "{role}");
        }
        assert_eq!(sight(Role::Sre).shows(office).kind(), ActorKind::Office);
    }
}

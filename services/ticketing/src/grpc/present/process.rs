//! Process maps, courses and figures as the contract spells them.

use jiff::{SignedDuration, Timestamp};
use kernel::{Language, ResourceId as _};
use postgres::etag;
use server::parse::{actor_to_proto, language_to_proto, time_to_proto};
use ticketing_domain::{
    Course, Figures, Move, MoveEnd, Place, Process, ProcessMap, Situation, SlugId as _, Step, StepFigures, TicketId,
    Visit, Wording,
};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::LocalizedText;

use super::{state, ticket_type};
use crate::store::process::StoredProcess;

/// Most visits of a course that are told.
const MOST_VISITS: usize = 1_000;
/// Most kinds of moves that are told.
const MOST_MOVES: usize = 1_000;
/// Most steps of a history that the customer is told.
const MOST_TOLD: usize = 50;

pub(crate) fn process(stored: &StoredProcess) -> pb::Process {
    let process = &stored.process;
    pb::Process {
        name: process.id.name(),
        ticket_type: process.scope.ticket_type.map_or(pb::TicketType::Unspecified, ticket_type).into(),
        topic: process.scope.topic.as_ref().map(|topic| topic.as_str().to_owned()).unwrap_or_default(),
        version: process.version,
        effective_time: Some(time_to_proto(process.effective)),
        steps: steps(&process.map),
        actor: Some(actor_to_proto(&process.by)),
        create_time: Some(time_to_proto(process.at)),
        etag: etag(i64::from(stored.newest)),
    }
}

/// The same without its steps, whose texts fill a page.
pub(crate) fn process_in_list(stored: &StoredProcess) -> pb::Process {
    pb::Process { steps: Vec::new(), ..process(stored) }
}

fn steps(map: &ProcessMap) -> Vec<pb::ProcessStep> {
    map.steps().iter().map(step).collect()
}

fn step(step: &Step) -> pb::ProcessStep {
    pb::ProcessStep {
        id: step.id.as_str().to_owned(),
        department: step.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        standard_duration: step.standard.map(duration),
        internal_title: localized(&step.internal_title),
        public_title: localized(&step.public_title),
        public_text: localized(&step.public_text),
        public_next: localized(&step.public_next),
        situations: step.situations.iter().map(situation).collect(),
        next: step.next.iter().map(|id| id.as_str().to_owned()).collect(),
        may_begin: step.may_begin,
        may_end: step.may_end,
    }
}

pub(crate) fn localized<const MAX: usize>(wording: &Wording<MAX>) -> Vec<LocalizedText> {
    let text = |(language, text): (Language, &str)| LocalizedText {
        language: language_to_proto(language).into(),
        text: text.to_owned(),
    };
    wording.iter().map(text).collect()
}

fn situation(situation: &Situation) -> pb::StepSituation {
    pb::StepSituation {
        state: state(situation.standing).into(),
        reason: situation.reason.as_ref().map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
        department: situation.department.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

pub(super) fn duration(duration: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: duration.as_secs(), nanos: duration.subsec_nanos() }
}

/// Id of the step, and what was told of a place that is none.
fn place(map: &ProcessMap, place: &Place) -> (String, String) {
    match place {
        Place::Step(at) => (map.steps()[*at].id.as_str().to_owned(), String::new()),
        Place::OffMap { told } => (String::new(), told.clone().unwrap_or_default()),
    }
}

pub(crate) fn course(ticket: TicketId, followed: &Process, course: &Course, now: Timestamp) -> pb::TicketCourse {
    let map = &followed.map;
    let visit = |visit: &Visit| {
        let (step, unknown_step) = place(map, &visit.place);
        let standard = visit.place.step().and_then(|at| map.steps()[at].standard);
        let stayed = visit.until.unwrap_or(now).duration_since(visit.from);
        pb::StepVisit {
            step,
            unknown_step,
            enter_time: Some(time_to_proto(visit.from)),
            leave_time: visit.until.map(time_to_proto),
            department: visit.department.to_string(),
            on_map: visit.on_map,
            over_standard: standard.is_some_and(|standard| stayed > standard),
        }
    };
    let here = course.visits().last().and_then(|visit| visit.place.step());
    pb::TicketCourse {
        name: format!("{}/course", ticket.name()),
        process: followed.id.name(),
        process_version: followed.version,
        visits: course.visits().iter().skip(course.visits().len().saturating_sub(MOST_VISITS)).map(visit).collect(),
        next: here.map(|at| map.next(at).map(|step| step.id.as_str().to_owned()).collect()).unwrap_or_default(),
        conforming: course.conforming(),
    }
}

pub(crate) fn figures(stored: &StoredProcess, draft: Option<&ProcessMap>, figures: &Figures) -> pb::ProcessFigures {
    let map = draft.unwrap_or(&stored.process.map);
    let held = match draft {
        None => process(stored),
        Some(draft) => pb::Process {
            ticket_type: stored.process.scope.ticket_type.map_or(pb::TicketType::Unspecified, ticket_type).into(),
            topic: stored.process.scope.topic.as_ref().map(|topic| topic.as_str().to_owned()).unwrap_or_default(),
            steps: steps(draft),
            ..pb::Process::default()
        },
    };
    let all: i128 = figures.steps.iter().chain([&figures.off_map]).map(|step| step.total).sum();
    let ids = map.steps().iter().map(|step| step.id.as_str());
    let off_map = (figures.off_map.visits > 0).then_some(("", &figures.off_map));
    pb::ProcessFigures {
        process: Some(held),
        ticket_count: count(figures.affairs),
        ended_count: count(figures.ended),
        conforming_count: count(figures.conforming),
        unplaced_count: count(figures.unplaced),
        steps: ids.zip(&figures.steps).chain(off_map).map(|(id, step)| step_figures(id, step, all)).collect(),
        moves: figures.moves.iter().take(MOST_MOVES).map(|made| move_figures(map, made)).collect(),
        move_kind_count: i64::try_from(figures.moves.len()).unwrap_or(i64::MAX),
    }
}

fn step_figures(id: &str, figures: &StepFigures, all: i128) -> pb::StepFigures {
    let micros = |micros: i64| duration(SignedDuration::from_micros(micros));
    #[allow(clippy::cast_precision_loss, reason = "a share needs no more than the 52 bits of a double")]
    let share = (all > 0).then(|| figures.total as f64 / all as f64);
    pb::StepFigures {
        step: id.to_owned(),
        visit_count: count(figures.visits),
        ticket_count: count(figures.affairs),
        open_count: count(figures.open),
        total_duration: Some(micros(i64::try_from(figures.total).unwrap_or(i64::MAX))),
        share,
        p50_duration: figures.p50.map(micros),
        p90_duration: figures.p90.map(micros),
        longest_duration: figures.longest.map(micros),
        over_standard_count: count(figures.over_standard),
        elsewhere_count: count(figures.elsewhere),
    }
}

fn move_figures(map: &ProcessMap, made: &Move) -> pb::MoveFigures {
    let end = |end: &MoveEnd| match end {
        MoveEnd::Edge => (String::new(), false),
        MoveEnd::At(at) => {
            let (step, told) = place(map, at);
            (if step.is_empty() { told } else { step }, at.step().is_none())
        }
    };
    let ((from_step, from_off_map), (to_step, to_off_map)) = (end(&made.from), end(&made.to));
    pb::MoveFigures { from_step, to_step, from_off_map, to_off_map, count: count(made.count), on_map: made.on_map }
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Where an affair is on its map, as its customer is told.
pub(crate) struct PublicCourse {
    pub title: String,
    pub text: String,
    pub next: String,
    pub history: Vec<pb::PublicStep>,
}

/// What a customer is told of the way an affair has come, and of how it stands in the words of this step.
pub(crate) fn public_course(
    followed: &Process,
    course: &Course,
    here: Option<&Step>,
    language: Language,
) -> PublicCourse {
    let mut history: Vec<pb::PublicStep> = Vec::new();
    for visit in course.visits() {
        let Some(at) = visit.place.step() else { continue };
        let title = followed.map.steps()[at].public_title.in_language(language).to_owned();
        // Steps that are one to the customer are told once.
        if history.last().is_none_or(|before| before.title != title) {
            history.push(pb::PublicStep { title, enter_time: Some(time_to_proto(visit.from)) });
        }
    }
    history.drain(..history.len().saturating_sub(MOST_TOLD));
    let told = |wording: fn(&Step) -> &Wording<500>| {
        here.map(|step| wording(step).in_language(language).to_owned()).unwrap_or_default()
    };
    PublicCourse {
        title: here.map(|step| step.public_title.in_language(language).to_owned()).unwrap_or_default(),
        text: told(|step| &step.public_text),
        next: told(|step| &step.public_next),
        history,
    }
}

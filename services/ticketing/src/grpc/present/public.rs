//! What customers are told of their affairs.

use jiff::Timestamp;
use postgres::etag;
use server::parse::{language_to_proto, time_to_proto};
use ticketing_domain::{CustomerOption, Milestone, Process, Stretch, SurveyState, Ticket};
use ventanilla_proto::ticketing::v1 as pb;

use super::process::duration;
use super::state;
use crate::store::Stored;
use crate::store::message::{Direction, Message};
use crate::store::survey::StoredSurvey;

/// Milestones that are told at most: the last ones that it passed, and those ahead.
const MOST_MILESTONES: usize = 20;

pub(crate) fn public_act(ticket: &Ticket, at: Timestamp) -> pb::PublicAct {
    pb::PublicAct {
        state: state(ticket.state().standing()).into(),
        occurred_time: Some(time_to_proto(at)),
        complaint_invitation: String::new(),
    }
}

pub(crate) fn public_affair(
    status: pb::PublicStatus,
    stored: &Stored,
    followed: &Process,
    road: &[Milestone],
    messages: &[Message],
    options: &[CustomerOption],
    survey: Option<&StoredSurvey>,
) -> pb::PublicAffair {
    let ticket = &stored.ticket;
    let state = ticket.state();
    let own = |point: &&ticketing_domain::ClaimPoint| point.moved_to.is_none();
    pb::PublicAffair {
        status: Some(status),
        etag: etag(stored.version),
        subject: ticket.facts().subject.expose().to_owned(),
        language: language_to_proto(ticket.facts().language).into(),
        milestones: milestones(stored, followed, road),
        points: ticket.points().iter().filter(own).map(point).collect(),
        resolution: state.resolution().map(|r| r.expose().to_owned()).unwrap_or_default(),
        signpost: state.signpost().map(|s| s.expose().to_owned()).unwrap_or_default(),
        messages: messages.iter().map(message).collect(),
        options: options.iter().map(|option| self::option(*option).into()).collect(),
        // Known to who converts: the token is bound to what was asked.
        next_page_token: String::new(),
        survey: survey.map(public_survey),
    }
}

fn public_survey(stored: &StoredSurvey) -> pb::PublicSurvey {
    pb::PublicSurvey {
        etag: etag(stored.version),
        ask_time: Some(time_to_proto(stored.survey.asked)),
        answer_time: match &stored.survey.state {
            SurveyState::Asked => None,
            SurveyState::Answered { at, .. } => Some(time_to_proto(*at)),
        },
    }
}

/// Steps that are one to the customer are told once, since when it came to the first of them.
fn milestones(stored: &Stored, followed: &Process, road: &[Milestone]) -> Vec<pb::PublicMilestone> {
    let language = stored.ticket.facts().language;
    let mut told: Vec<pb::PublicMilestone> = Vec::new();
    for milestone in road {
        let step = &followed.map.steps()[milestone.step];
        let title = step.public_title.in_language(language).to_owned();
        let place = match milestone.stretch {
            Stretch::Passed => pb::MilestonePlace::Passed,
            Stretch::Here => pb::MilestonePlace::Here,
            Stretch::Ahead => pb::MilestonePlace::Ahead,
        };
        match told.last_mut().filter(|before| before.title == title) {
            Some(before) if milestone.stretch != Stretch::Ahead => before.place = place.into(),
            Some(_) => {}
            None => told.push(pb::PublicMilestone {
                title,
                place: place.into(),
                enter_time: milestone.since.map(time_to_proto),
                standard_duration: step.standard.map(duration),
            }),
        }
    }
    told.drain(..told.len().saturating_sub(MOST_MILESTONES));
    told
}

fn point(point: &ticketing_domain::ClaimPoint) -> pb::PublicPoint {
    pb::PublicPoint {
        text: point.text.expose().to_owned(),
        answer: point.answered.as_ref().map(|a| a.text.expose().to_owned()).unwrap_or_default(),
    }
}

fn message(message: &Message) -> pb::PublicMessage {
    pb::PublicMessage {
        from_customer: message.way.is_some_and(|way| way.direction == Direction::Inbound),
        text: message.body.expose().to_owned(),
        occurred_time: Some(time_to_proto(message.occurred_at)),
        file_names: message.attachments.iter().map(|attached| attached.file.file_name.expose().to_owned()).collect(),
    }
}

const fn option(option: CustomerOption) -> pb::PublicOption {
    match option {
        CustomerOption::Say => pb::PublicOption::Say,
        CustomerOption::Accept => pb::PublicOption::Accept,
        CustomerOption::Object => pb::PublicOption::Object,
        CustomerOption::Ombudsman => pb::PublicOption::Ombudsman,
        CustomerOption::Survey => pb::PublicOption::Survey,
    }
}

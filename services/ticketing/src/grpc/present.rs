//! Domain values as the contract spells them.

mod characteristic;
mod desk;
mod event;
mod learning;
mod notice;
mod process;
mod public;
mod words;

use jiff::Timestamp;
use kernel::{Department, ResourceId};
use postgres::etag;
use server::parse::{actor_to_proto, channel_to_proto, language_to_proto, time_to_proto};
use ticketing_domain::{
    Agent, AgentId, ClaimPoint, CureLaw, CureRequest, CureState, IncidentState, Opinion, PromiseKind, Receipt, Seal,
    Skill, SkillRule, SlugId, SurveyState, TicketId, TrackingKey, answer_due,
};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1 as shared;

pub(crate) use characteristic::{characteristic_names, characteristic_set, characteristics, held_against};
pub(crate) use desk::{attachment, draft, macro_, mention, scan, scan_name, unscanned};
pub(crate) use event::event;
pub(crate) use learning::{
    article, cause, cause_figures, citation, item, money, redress, redress_state, satisfaction, silence,
};
pub(crate) use notice::{notice, notice_state, notice_template};
pub(crate) use process::{PublicCourse, course, figures, localized, process, process_in_list, public_course};
pub(crate) use public::{public_act, public_affair};
pub(crate) use words::{
    affected_outcome, attempt_outcome, link_kind, promise_state, satisfaction_cause, severity, state, take_reason,
    ticket_type, visibility,
};
use words::{change_kind, presence};

use crate::document::Document;
use crate::proof::sha256;
use crate::store::Stored;
use crate::store::agent::StoredAgent;
use crate::store::history::ChangeRow;
use crate::store::incident::{StoredIncident, StoredUpdate};
use crate::store::link::Link;
use crate::store::message::{Direction, Explanation, Message, Way};
use crate::store::named::{StoredDepartment, StoredView};
use crate::store::promise::{StoredPromise, window};
use crate::store::public_status::Status;
use crate::store::queue::StoredQueue;
use crate::store::survey::StoredSurvey;

pub(crate) fn ticket(stored: &Stored) -> pb::Ticket {
    let (ticket, facts, state) = (&stored.ticket, stored.ticket.facts(), stored.ticket.state());
    let filing = ticket.filing();
    let (characteristic_set, characteristic_set_version) = held_against(&stored.characteristics);
    pb::Ticket {
        name: facts.id.name(),
        customer: facts.customer.name(),
        ticket_type: ticket_type(filing.ticket_type).into(),
        severity: severity(filing.severity).into(),
        state: self::state(state.standing()).into(),
        state_reason: state.reason().unwrap_or_default().to_owned(),
        state_time: Some(time_to_proto(state.since())),
        subject: facts.subject.expose().to_owned(),
        channel: channel_to_proto(facts.channel).into(),
        department: ticket.assignment().department.to_string(),
        owner: ticket.assignment().owner.as_ref().map(|o| o.as_str().to_owned()).unwrap_or_default(),
        language: language_to_proto(facts.language).into(),
        sector: filing.sector.as_str().to_owned(),
        topic: filing.topic.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        claim_points: ticket.points().iter().map(claim_point).collect(),
        first_received_time: Some(time_to_proto(facts.first_received)),
        tracking_key: facts.tracking_key.to_string(),
        interaction: facts.interaction.map(ResourceId::name).unwrap_or_default(),
        follow_up_of: facts.follow_up_of.map(ResourceId::name).unwrap_or_default(),
        resolution: state.resolution().map(|r| r.expose().to_owned()).unwrap_or_default(),
        signpost: state.signpost().map(|s| s.expose().to_owned()).unwrap_or_default(),
        office_case: ticket.office_case().map(|c| c.id.name()).unwrap_or_default(),
        create_time: Some(time_to_proto(stored.created_at)),
        update_time: Some(time_to_proto(stored.updated_at)),
        etag: etag(stored.version),
        served_first: facts.served_first,
        cure: state.cure().map(|c| c.id.name()).unwrap_or_default(),
        cure_due_time: state.cure().map(|c| time_to_proto(c.due)),
        incident: ticket.affected().map(|a| a.incident.name()).unwrap_or_default(),
        supervisor_call_time: ticket.supervisor_called().map(time_to_proto),
        merged_into: ticket.merged().map(|merged| merged.head.name()).unwrap_or_default(),
        merged_count: i32::try_from(ticket.gathers()).unwrap_or(i32::MAX),
        root_cause: stored.root_cause.as_ref().map(SlugId::name).unwrap_or_default(),
        characteristics: characteristics(&stored.characteristics),
        characteristic_set,
        characteristic_set_version,
    }
}

fn claim_point(point: &ClaimPoint) -> pb::ClaimPoint {
    pb::ClaimPoint {
        id: point.id.clone(),
        text: point.text.expose().to_owned(),
        answer: point.answered.as_ref().map(|a| a.text.expose().to_owned()).unwrap_or_default(),
        answer_time: point.answered.as_ref().map(|a| time_to_proto(a.at)),
        moved_to: point.moved_to.map(ResourceId::name).unwrap_or_default(),
    }
}

pub(crate) fn receipt_name(ticket: TicketId) -> String {
    format!("{}/receipt", ticket.name())
}

pub(crate) fn receipt(receipt: &Receipt, (seal, signature): &(Seal, Vec<u8>)) -> pb::Receipt {
    pb::Receipt {
        name: receipt_name(seal.ticket),
        content_hash: receipt.content_hash.to_vec(),
        received_time: Some(time_to_proto(receipt.received)),
        text: receipt.text.expose().clone(),
        key_id: seal.key_id.clone(),
        signature: signature.clone(),
    }
}

pub(crate) fn receipt_document(name: String, document: &Document) -> pb::ReceiptDocument {
    pb::ReceiptDocument {
        name,
        file_name: document.file_name.clone(),
        media_type: document.media_type.to_owned(),
        content: document.content.clone(),
        content_hash: sha256(&document.content).to_vec(),
    }
}

pub(crate) fn message(message: &Message) -> pb::Message {
    let (direction, channel) = way(message.way);
    pb::Message {
        name: message.id.name(),
        direction: direction.into(),
        visibility: visibility(message.visibility).into(),
        channel: channel.into(),
        body: message.body.expose().to_owned(),
        sales_offer: message.sales_offer,
        actor: Some(actor_to_proto(&message.actor)),
        occurred_time: Some(time_to_proto(message.occurred_at)),
        create_time: Some(time_to_proto(message.created_at)),
        attachments: message
            .attachments
            .iter()
            .map(|attached| pb::Attachment {
                scan_state: desk::scan_state(attached.scan).into(),
                ..attachment(&attached.file)
            })
            .collect(),
        mentions: message.mentions.iter().map(AgentId::name).collect(),
        explanation: message.explains.map(explanation),
    }
}

pub(crate) fn explanation(explains: Explanation) -> pb::Explanation {
    pb::Explanation { expected_time: Some(time_to_proto(explains.expected)), signposts: explains.signposts }
}

pub(crate) fn promise(stored: &StoredPromise) -> pb::Promise {
    let promise = &stored.promise;
    let (from, tried) = window(promise.kind);
    pb::Promise {
        name: promise.id.name(),
        text: promise.text.expose().to_owned(),
        due_time: Some(time_to_proto(promise.due)),
        channel: channel_to_proto(promise.channel).into(),
        replaces: promise.replaces.map(|r| r.name()).unwrap_or_default(),
        state: promise_state(promise.state.standing()).into(),
        actor: Some(actor_to_proto(&promise.by)),
        made_time: Some(time_to_proto(promise.made)),
        settle_time: promise.state.settled().map(time_to_proto),
        cause: promise.state.cause().map(|c| c.expose().to_owned()).unwrap_or_default(),
        etag: etag(stored.version),
        kind: promise_kind(promise.kind).into(),
        window_start_time: from.map(time_to_proto),
        attempt_count: i32::try_from(tried.times).unwrap_or(i32::MAX),
        attempt_time: tried.last.map(time_to_proto),
        despite_forecast: promise.despite.as_ref().map(|word| word.as_str().to_owned()).unwrap_or_default(),
        forecast: promise.forecast.map(|told| pb::PromiseForecast {
            earliest_time: Some(time_to_proto(told.earliest)),
            percent: told.percent.into(),
            kept_share: told.kept_share,
            basis_count: told.basis,
            too_early: promise.is_too_early(),
        }),
        department: String::new(),
        term_clock: promise.term.map(ResourceId::name).unwrap_or_default(),
    }
}

pub(crate) const fn promise_kind(kind: PromiseKind) -> pb::PromiseKind {
    match kind {
        PromiseKind::Other => pb::PromiseKind::Other,
        PromiseKind::Resolution => pb::PromiseKind::Resolution,
        PromiseKind::Callback { .. } => pb::PromiseKind::Callback,
        PromiseKind::Appointment { .. } => pb::PromiseKind::Appointment,
        PromiseKind::FollowUp => pb::PromiseKind::FollowUp,
    }
}

pub(crate) fn cure_request(cure: &CureRequest) -> pb::CureRequest {
    pb::CureRequest {
        name: cure.id.name(),
        missing: cure.missing.expose().to_owned(),
        channel: channel_to_proto(cure.channel).into(),
        due_time: Some(time_to_proto(cure.due)),
        state: cure_state(cure.state).into(),
        message: cure.message.name(),
        policy: policy_name(cure.law),
        least_due_time: Some(time_to_proto(cure.least.due)),
        proof_es: cure.least.es.clone(),
        proof_en: cure.least.en.clone(),
        actor: Some(actor_to_proto(&cure.by)),
        ask_time: Some(time_to_proto(cure.asked)),
        settle_time: cure.state.settled().map(time_to_proto),
    }
}

pub(crate) fn policy_name(law: CureLaw) -> String {
    format!("policies/{}", law.rule())
}

pub(crate) const fn cure_state(state: CureState) -> pb::CureState {
    match state {
        CureState::Asked => pb::CureState::Asked,
        CureState::Answered { .. } => pb::CureState::Answered,
        CureState::Withdrawn { .. } => pb::CureState::Withdrawn,
        CureState::Lapsed { .. } => pb::CureState::Lapsed,
    }
}

pub(crate) fn survey(stored: &StoredSurvey) -> pb::Survey {
    let survey = &stored.survey;
    let (state, answered) = match &survey.state {
        SurveyState::Asked => (pb::SurveyState::Asked, None),
        SurveyState::Answered { at, by, opinion } => (pb::SurveyState::Answered, Some((*at, by, opinion))),
    };
    pb::Survey {
        name: survey.id.name(),
        channel: channel_to_proto(survey.channel).into(),
        state: state.into(),
        actor: Some(actor_to_proto(&survey.by)),
        ask_time: Some(time_to_proto(survey.asked)),
        answer: answered.map(|(_, _, opinion)| self::opinion(opinion)),
        answer_time: answered.map(|(at, _, _)| time_to_proto(at)),
        answer_actor: answered.map(|(_, by, _)| actor_to_proto(by)),
        etag: etag(stored.version),
        complaint_invitation: String::new(),
    }
}

pub(crate) fn opinion(opinion: &Opinion) -> pb::SurveyAnswer {
    pb::SurveyAnswer {
        channel: channel_to_proto(opinion.channel).into(),
        csat: opinion.csat.map(|score| score.get().into()),
        nps: opinion.nps.map(|score| score.get().into()),
        ces: opinion.ces.map(|score| score.get().into()),
        causes: opinion.causes.iter().map(|cause| satisfaction_cause(*cause).into()).collect(),
        verbatim: opinion.verbatim.as_ref().map(|words| words.expose().to_owned()).unwrap_or_default(),
    }
}

pub(crate) fn agent(stored: &StoredAgent) -> pb::Agent {
    let agent = &stored.agent;
    pb::Agent {
        name: agent.id.name(),
        department: agent.department.to_string(),
        skills: agent.skills.iter().map(skill).collect(),
        languages: agent.languages.iter().map(|language| language_to_proto(*language).into()).collect(),
        capacity: agent.capacity.into(),
        presence: presence(agent.presence).into(),
        presence_time: Some(time_to_proto(stored.presence_since)),
        leads: agent.leads,
        public_name: agent.public_name.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
        team: team(agent),
        manager: manager(agent),
        holding_count: i32::try_from(stored.holding).unwrap_or(i32::MAX),
        create_time: Some(time_to_proto(stored.created_at)),
        etag: etag(stored.version),
    }
}

/// The slug of the team; empty for none.
pub(crate) fn team(agent: &Agent) -> String {
    agent.team.as_ref().map(|team| team.as_str().to_owned()).unwrap_or_default()
}

/// The name of whom they report to; empty for nobody.
pub(crate) fn manager(agent: &Agent) -> String {
    agent.manager.as_ref().map(AgentId::name).unwrap_or_default()
}

pub(crate) fn skill(skill: &Skill) -> pb::AgentSkill {
    pb::AgentSkill { skill: skill.skill.as_str().to_owned(), expire_time: skill.until.map(time_to_proto) }
}

pub(crate) fn queue_name(department: &Department) -> String {
    format!("queues/{department}")
}

pub(crate) fn queue(queue: &StoredQueue) -> pb::Queue {
    pb::Queue {
        name: queue_name(&queue.department),
        rules: queue.rules.iter().map(skill_rule).collect(),
        waiting_count: i32::try_from(queue.waiting).unwrap_or(i32::MAX),
        oldest_received_time: queue.oldest.map(time_to_proto),
        etag: if queue.version == 0 { String::new() } else { etag(queue.version) },
    }
}

pub(crate) fn department(stored: &StoredDepartment) -> pb::Department {
    pb::Department {
        name: stored.named.id.name(),
        etag: etag(stored.version),
        display_name: stored.named.content.display_name.clone(),
    }
}

pub(crate) fn skill_rule(rule: &SkillRule) -> pb::SkillRule {
    pb::SkillRule { topic: rule.topic.as_str().to_owned(), skill: rule.skill.as_str().to_owned() }
}

pub(crate) fn incident(stored: &StoredIncident) -> pb::Incident {
    let incident = &stored.incident;
    let (state, over) = match incident.state {
        IncidentState::Open => (pb::IncidentState::Open, None),
        IncidentState::Over { at } => (pb::IncidentState::Over, Some(at)),
    };
    pb::Incident {
        name: incident.id.name(),
        title: incident.title.expose().to_owned(),
        department: incident.department.to_string(),
        topic: incident.topic.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
        start_time: Some(time_to_proto(incident.started)),
        state: state.into(),
        expected_end_time: incident.expected_end.map(time_to_proto),
        end_time: over.map(time_to_proto),
        affected_count: stored.affected,
        update_count: incident.updates,
        actor: Some(actor_to_proto(&incident.by)),
        create_time: Some(time_to_proto(stored.created_at)),
        etag: etag(stored.version),
    }
}

pub(crate) fn incident_update(stored: &StoredUpdate) -> pb::IncidentUpdate {
    let update = &stored.update;
    let text = |(language, text): (_, &ticketing_domain::Told)| pb::IncidentText {
        language: language_to_proto(language).into(),
        text: text.expose().to_owned(),
    };
    pb::IncidentUpdate {
        name: update.name(),
        texts: update.texts.iter().map(text).collect(),
        expected_end_time: update.expected_end.map(time_to_proto),
        over: update.over,
        actor: Some(actor_to_proto(&update.by)),
        create_time: Some(time_to_proto(update.at)),
        told_count: stored.told,
        waiting_count: stored.waiting,
    }
}

pub(crate) fn link(link: &Link) -> pb::TicketLink {
    pb::TicketLink {
        name: link.id.name(),
        kind: link_kind(link.kind).into(),
        from_ticket: link.id.ticket.name(),
        to_ticket: link.to.name(),
        reason: link.reason.clone().unwrap_or_default(),
        actor: Some(actor_to_proto(&link.by)),
        create_time: Some(time_to_proto(link.at)),
        end_time: link.end.as_ref().map(|end| time_to_proto(end.at)),
        end_reason: link.end.as_ref().and_then(|end| end.reason.clone()).unwrap_or_default(),
        end_actor: link.end.as_ref().map(|end| actor_to_proto(&end.by)),
    }
}

pub(crate) fn change(row: &ChangeRow) -> pb::TicketChange {
    let (from, to) = row.states.map_or((None, None), |(from, to)| (from, Some(to)));
    pb::TicketChange {
        sequence: row.sequence,
        kind: change_kind(row.kind).into(),
        from_state: from.map_or(pb::TicketState::Unspecified, state).into(),
        to_state: to.map_or(pb::TicketState::Unspecified, state).into(),
        reason: row.reason.clone().unwrap_or_default(),
        department: row.department.clone(),
        related: row.related.clone().unwrap_or_default(),
        actor: Some(actor_to_proto(&row.actor)),
        occurred_time: Some(time_to_proto(row.occurred_at)),
        recorded_time: Some(time_to_proto(row.recorded_at)),
    }
}

pub(crate) fn public_status(
    key: TrackingKey,
    status: &Status,
    told: &PublicCourse,
    now: Timestamp,
) -> pb::PublicStatus {
    pb::PublicStatus {
        tracking_key: key.to_string(),
        state: state(status.standing).into(),
        language: language_to_proto(status.language).into(),
        step_title: told.title.clone(),
        state_text: told.text.clone(),
        next_step: told.next.clone(),
        history: told.history.clone(),
        state_time: Some(time_to_proto(status.since)),
        first_received_time: Some(time_to_proto(status.first_received)),
        department: status.department.clone(),
        department_name: status.department_name.clone(),
        owner_name: status.owner_name.clone().unwrap_or_default(),
        claim_point_count: status.points,
        answered_point_count: status.answered,
        promise_due_time: status.promise_due.map(time_to_proto),
        office_case_open: status.office_case_open,
        cure_due_time: status.cure_due.map(time_to_proto),
        incident_title: status.incident_title.clone().unwrap_or_default(),
        incident_end_time: status.incident_end.map(time_to_proto),
        answer_due_time: status.term.and_then(|term| term.due).map(time_to_proto),
        answer_due_by_law: status.term.is_some_and(|term| term.by_law),
        answer_due_text: status
            .term
            .map(|term| answer_due(term.due, term.by_law, now, status.language))
            .unwrap_or_default(),
        // Of telephone systems alone.
        ticket: String::new(),
        etag: String::new(),
    }
}

pub(crate) fn view(stored: &StoredView) -> pb::View {
    let view = &stored.named;
    pb::View {
        name: view.id.name(),
        title: view.title.as_str().to_owned(),
        department: view.department.as_ref().map(ToString::to_string).unwrap_or_default(),
        filter: Some(view.content.clone()),
        actor: Some(actor_to_proto(&view.by)),
        create_time: Some(time_to_proto(view.at)),
        etag: etag(stored.version),
    }
}

pub(crate) fn way(way: Option<Way>) -> (shared::Direction, shared::Channel) {
    let Some(way) = way else { return (shared::Direction::Unspecified, shared::Channel::Unspecified) };
    let direction = match way.direction {
        Direction::Inbound => shared::Direction::Inbound,
        Direction::Outbound => shared::Direction::Outbound,
    };
    (direction, channel_to_proto(way.channel))
}

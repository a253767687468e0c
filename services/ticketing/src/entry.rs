//! What goes into the ledger: domain values as entries of the contract. The chained part holds ids,
//! enums and times; texts go into the personal part.

use kernel::{Ambient, ResourceId};
use ledger::{Draft, Stamp};
use ticketing_domain::{
    Agent, AgentId, Assigned, AttemptOutcome, CaseId, Characteristics, ClockId, CureRequest, CureSettled, Filing,
    HoldingReply, Incident, IncidentId, IncidentUpdate, MacroId, Merged, Notice, Opened, Opinion, PointAnswered,
    Promise, Receipt, Redress, RedressState, Refiled, RootCauseId, Slug, SlugId as _, SplitOff, State, Survey, Ticket,
    TicketId, Transitioned, ViewId, Word,
};
use ventanilla_proto::ticketing::v1 as pb;

use crate::grpc::present;
use crate::proof::sha256;
use crate::store::article::Citation;
use crate::store::link::Link;
use crate::store::message::Message;
use crate::store::process::StoredProcess;
use crate::store::promise::window;
use crate::store::queue::StoredQueue;

/// Makes entries with their own ids and salts.
pub(crate) struct Entries<'a> {
    ambient: &'a Ambient,
    stamp: &'a Stamp,
}

impl<'a> Entries<'a> {
    pub(crate) fn new(ambient: &'a Ambient, stamp: &'a Stamp) -> Self {
        Self { ambient, stamp }
    }

    fn draft<M: prost::Message + prost::Name>(&self, ticket: TicketId, payload: &M) -> Draft {
        self.draft_about(ticket.name(), payload)
    }

    fn draft_about<M: prost::Message + prost::Name>(&self, aggregate: String, payload: &M) -> Draft {
        Draft::new(self.ambient.uuid(self.stamp.recorded_at), aggregate, payload, self.stamp)
    }

    pub(crate) fn opened(&self, opened: &Opened, receipt: &Receipt) -> Draft {
        let (ticket, facts, filing) = (&opened.ticket, opened.ticket.facts(), opened.ticket.filing());
        let (characteristic_set, characteristic_set_version) = present::held_against(&opened.characteristics);
        let payload = pb::TicketOpened {
            ticket: facts.id.name(),
            customer: facts.customer.name(),
            ticket_type: present::ticket_type(filing.ticket_type).into(),
            severity: present::severity(filing.severity).into(),
            channel: server::parse::channel_to_proto(facts.channel).into(),
            department: ticket.assignment().department.to_string(),
            first_received_time: Some(server::parse::time_to_proto(facts.first_received)),
            language: server::parse::language_to_proto(facts.language).into(),
            sector: filing.sector.as_str().to_owned(),
            topic: topic(filing),
            claim_points: ticket.points().iter().map(|p| p.id.clone()).collect(),
            receipt_content_hash: receipt.content_hash.to_vec(),
            interaction: facts.interaction.map(ResourceId::name).unwrap_or_default(),
            served_first: facts.served_first,
            split_from: opened.split_from.map(ResourceId::name).unwrap_or_default(),
            follow_up_of: facts.follow_up_of.map(ResourceId::name).unwrap_or_default(),
            owner: ticket.assignment().owner.as_ref().map(|o| o.as_str().to_owned()).unwrap_or_default(),
            characteristics: present::characteristic_names(&opened.characteristics),
            characteristic_set,
            characteristic_set_version,
        };
        let personal = pb::TicketOpenedPersonal {
            tracking_key: facts.tracking_key.to_string(),
            characteristics: present::characteristics(&opened.characteristics),
            subject: facts.subject.expose().to_owned(),
            claim_point_texts: ticket.points().iter().map(|p| p.text.expose().to_owned()).collect(),
        };
        self.draft(facts.id, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn transitioned(&self, ticket: &Ticket, happened: &Transitioned) -> Draft {
        let payload = pb::TicketTransitioned {
            ticket: ticket.facts().id.name(),
            from_state: present::state(happened.from).into(),
            to_state: present::state(happened.to).into(),
            reason: happened.reason.clone().unwrap_or_default(),
            department: ticket.assignment().department.to_string(),
        };
        let draft = self.draft(ticket.facts().id, &payload);
        let personal = match ticket.state() {
            State::Resolved { resolution, .. } => {
                pb::TicketTransitionedPersonal { resolution: resolution.expose().to_owned(), ..Default::default() }
            }
            State::Rejected { signpost, .. } => {
                pb::TicketTransitionedPersonal { signpost: signpost.expose().to_owned(), ..Default::default() }
            }
            _ => return draft,
        };
        draft.with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn assigned(&self, ticket: TicketId, happened: &Assigned) -> Draft {
        let payload = pb::TicketAssigned {
            ticket: ticket.name(),
            from_department: happened.from.department.to_string(),
            to_department: happened.to.department.to_string(),
            owner: happened.to.owner.as_ref().map(|o| o.as_str().to_owned()).unwrap_or_default(),
            reason: happened.reason.as_ref().map(|r| r.as_str().to_owned()).unwrap_or_default(),
            to_superior: happened.to_superior,
        };
        self.draft(ticket, &payload)
    }

    pub(crate) fn message_added(&self, message: &Message) -> Draft {
        let (direction, channel) = present::way(message.way);
        let payload = pb::MessageAdded {
            ticket: message.id.ticket.name(),
            message: message.id.name(),
            direction: direction.into(),
            visibility: present::visibility(message.visibility).into(),
            channel: channel.into(),
            sales_offer: message.sales_offer,
            attachment_count: i32::try_from(message.attachments.len()).unwrap_or(i32::MAX),
            mentions: message.mentions.iter().map(AgentId::name).collect(),
            explanation: message.explains.map(present::explanation),
        };
        let personal = pb::MessageAddedPersonal {
            body: message.body.expose().to_owned(),
            attachments: message.attachments.iter().map(|attached| present::attachment(&attached.file)).collect(),
        };
        self.draft(message.id.ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn point_answered(&self, ticket: TicketId, happened: &PointAnswered) -> Draft {
        let payload = pb::ClaimPointAnswered { ticket: ticket.name(), claim_point: happened.point.clone() };
        let personal = pb::ClaimPointAnsweredPersonal { answer: happened.answered.text.expose().to_owned() };
        self.draft(ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn promise_made(&self, promise: &Promise) -> Draft {
        let payload = pb::PromiseMade {
            ticket: promise.id.ticket.name(),
            promise: promise.id.name(),
            due_time: Some(server::parse::time_to_proto(promise.due)),
            channel: server::parse::channel_to_proto(promise.channel).into(),
            replaces: promise.replaces.map(|r| r.name()).unwrap_or_default(),
            kind: present::promise_kind(promise.kind).into(),
            window_start_time: window(promise.kind).0.map(server::parse::time_to_proto),
            too_early: promise.is_too_early(),
            term_clock: promise.term.map(|clock| clock.name()).unwrap_or_default(),
        };
        let personal = pb::PromiseMadePersonal { text: promise.text.expose().to_owned() };
        self.draft(promise.id.ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn promise_at_risk(&self, promise: &Promise, clock: ClockId) -> Draft {
        let payload =
            pb::PromiseAtRisk { ticket: promise.id.ticket.name(), promise: promise.id.name(), clock: clock.name() };
        self.draft(promise.id.ticket, &payload)
    }

    pub(crate) fn promise_attempted(&self, promise: &Promise, outcome: AttemptOutcome) -> Draft {
        let payload = pb::PromiseAttempted {
            ticket: promise.id.ticket.name(),
            promise: promise.id.name(),
            outcome: present::attempt_outcome(outcome).into(),
            attempt_count: i32::try_from(window(promise.kind).1.times).unwrap_or(i32::MAX),
        };
        self.draft(promise.id.ticket, &payload)
    }

    pub(crate) fn promise_settled(&self, promise: &Promise) -> Draft {
        let payload = pb::PromiseSettled {
            ticket: promise.id.ticket.name(),
            promise: promise.id.name(),
            state: present::promise_state(promise.state.standing()).into(),
        };
        self.draft(promise.id.ticket, &payload)
    }

    pub(crate) fn notice_written(&self, notice: &Notice) -> Draft {
        let payload = pb::NoticeWritten {
            ticket: notice.id.ticket.name(),
            notice: notice.id.name(),
            promise: notice.promise.name(),
            new_promise: notice.new_promise.name(),
            template: notice.template.name(),
            language: server::parse::language_to_proto(notice.said.language).into(),
            channel: server::parse::channel_to_proto(notice.route.channel).into(),
            promise_due_time: Some(server::parse::time_to_proto(notice.due)),
            new_due_time: Some(server::parse::time_to_proto(notice.new_due)),
            send_time: Some(server::parse::time_to_proto(notice.route.from)),
            message: notice.message.map(|message| message.name()).unwrap_or_default(),
        };
        let personal = pb::NoticeWrittenPersonal { text: notice.said.text.expose().to_owned() };
        self.draft(notice.id.ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn notice_reported(&self, notice: &Notice) -> Draft {
        let delivery = &notice.delivery;
        let payload = pb::NoticeReported {
            ticket: notice.id.ticket.name(),
            notice: notice.id.name(),
            state: present::notice_state(delivery.state).into(),
            failure: delivery.failure.as_ref().map(Word::as_str).unwrap_or_default().to_owned(),
            hand_count: i32::try_from(delivery.handings).unwrap_or(i32::MAX),
            hand_time: delivery.handed.map(server::parse::time_to_proto),
        };
        self.draft(notice.id.ticket, &payload)
    }

    pub(crate) fn notice_template_put(&self, template: pb::NoticeTemplate) -> Draft {
        self.draft_about(template.name.clone(), &pb::NoticeTemplatePut { template: Some(template) })
    }

    pub(crate) fn notice_template_approved(&self, template: pb::NoticeTemplate) -> Draft {
        self.draft_about(template.name.clone(), &pb::NoticeTemplateApproved { template: Some(template) })
    }

    pub(crate) fn survey_asked(&self, ticket: &Ticket, survey: &Survey) -> Draft {
        let payload = pb::SurveyAsked {
            ticket: ticket.facts().id.name(),
            channel: server::parse::channel_to_proto(survey.channel).into(),
            department: ticket.assignment().department.to_string(),
        };
        self.draft(ticket.facts().id, &payload)
    }

    pub(crate) fn survey_answered(&self, ticket: &Ticket, opinion: &Opinion) -> Draft {
        let said = present::opinion(opinion);
        let payload = pb::SurveyAnswered {
            ticket: ticket.facts().id.name(),
            channel: said.channel,
            csat: said.csat,
            nps: said.nps,
            ces: said.ces,
            causes: said.causes,
            department: ticket.assignment().department.to_string(),
        };
        let personal = pb::SurveyAnsweredPersonal { verbatim: said.verbatim };
        self.draft(ticket.facts().id, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn cure_requested(&self, cure: &CureRequest) -> Draft {
        let payload = pb::CureRequested {
            ticket: cure.id.ticket.name(),
            cure: cure.id.name(),
            due_time: Some(server::parse::time_to_proto(cure.due)),
            least_due_time: Some(server::parse::time_to_proto(cure.least.due)),
            policy: present::policy_name(cure.law),
            channel: server::parse::channel_to_proto(cure.channel).into(),
            message: cure.message.name(),
        };
        let personal = pb::CureRequestedPersonal { missing: cure.missing.expose().to_owned() };
        self.draft(cure.id.ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn cure_settled(&self, settled: &CureSettled) -> Draft {
        let payload = pb::CureSettled {
            ticket: settled.id.ticket.name(),
            cure: settled.id.name(),
            state: present::cure_state(settled.state).into(),
        };
        self.draft(settled.id.ticket, &payload)
    }

    pub(crate) fn holding_reply_sent(&self, sent: &HoldingReply) -> Draft {
        let ticket = sent.message.ticket;
        let payload = pb::HoldingReplySent {
            ticket: ticket.name(),
            message: sent.message.name(),
            answer_by_time: Some(server::parse::time_to_proto(sent.told.answer_by)),
            latest_answer_time: Some(server::parse::time_to_proto(sent.lengthened.latest)),
            policy: sent.lengthened.policy.clone(),
            channel: server::parse::channel_to_proto(sent.told.channel).into(),
        };
        self.draft(ticket, &payload)
    }

    pub(crate) fn supervisor_called(&self, ticket: &Ticket, superior: Option<&AgentId>, reason: &str) -> Draft {
        let payload = pb::SupervisorCalled {
            ticket: ticket.facts().id.name(),
            department: ticket.assignment().department.to_string(),
            supervisor: superior.map(AgentId::name).unwrap_or_default(),
            reason: reason.to_owned(),
        };
        self.draft(ticket.facts().id, &payload)
    }

    pub(crate) fn incident_opened(&self, incident: &Incident) -> Draft {
        let payload = pb::IncidentOpened {
            incident: incident.id.name(),
            department: incident.department.to_string(),
            topic: incident.topic.as_ref().map(|t| t.as_str().to_owned()).unwrap_or_default(),
            start_time: Some(server::parse::time_to_proto(incident.started)),
            title_hash: sha256(incident.title.expose().as_bytes()).to_vec(),
        };
        self.draft_about(incident.id.name(), &payload)
    }

    pub(crate) fn incident_told(&self, update: &IncidentUpdate) -> Draft {
        let texts = || update.texts.iter();
        let payload = pb::IncidentTold {
            incident: update.incident.name(),
            update: update.name(),
            expected_end_time: update.expected_end.map(server::parse::time_to_proto),
            over: update.over,
            text_hashes: texts().map(|(_, text)| sha256(text.expose().as_bytes()).to_vec()).collect(),
            languages: texts().map(|(language, _)| server::parse::language_to_proto(language).into()).collect(),
        };
        self.draft_about(update.incident.name(), &payload)
    }

    pub(crate) fn reclassified(&self, ticket: TicketId, happened: &Refiled) -> Draft {
        let Refiled { from, to, added, reason, .. } = happened;
        let payload = pb::TicketReclassified {
            ticket: ticket.name(),
            ticket_type: present::ticket_type(to.ticket_type).into(),
            severity: present::severity(to.severity).into(),
            sector: to.sector.as_str().to_owned(),
            topic: topic(to),
            from_ticket_type: present::ticket_type(from.ticket_type).into(),
            from_severity: present::severity(from.severity).into(),
            from_sector: from.sector.as_str().to_owned(),
            from_topic: topic(from),
            reason: reason.as_str().to_owned(),
            claim_points: added.iter().map(|point| point.id.clone()).collect(),
        };
        let draft = self.draft(ticket, &payload);
        if added.is_empty() {
            return draft;
        }
        let claim_point_texts = added.iter().map(|point| point.text.expose().to_owned()).collect();
        draft.with_personal(&pb::TicketReclassifiedPersonal { claim_point_texts }, self.ambient.bytes())
    }

    pub(crate) fn characteristics_stated(&self, ticket: TicketId, known: &Characteristics) -> Draft {
        let (characteristic_set, characteristic_set_version) = present::held_against(known);
        let payload = pb::CharacteristicsStated {
            ticket: ticket.name(),
            characteristics: present::characteristic_names(known),
            characteristic_set,
            characteristic_set_version,
        };
        let personal = pb::CharacteristicsStatedPersonal { characteristics: present::characteristics(known) };
        self.draft(ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn characteristic_set_put(&self, set: pb::CharacteristicSet) -> Draft {
        let name = set.name.clone();
        self.draft_about(name, &pb::CharacteristicSetPut { characteristic_set: Some(set) })
    }

    pub(crate) fn split(&self, ticket: TicketId, happened: &SplitOff) -> Draft {
        let payload = pb::TicketSplit {
            ticket: ticket.name(),
            into: happened.into.name(),
            claim_points: happened.points.clone(),
            reason: happened.reason.as_str().to_owned(),
        };
        self.draft(ticket, &payload)
    }

    pub(crate) fn merged(&self, ticket: TicketId, merged: Merged, reason: &Word) -> Draft {
        let payload = pb::TicketMerged {
            ticket: ticket.name(),
            into: merged.into.name(),
            head: merged.head.name(),
            reason: reason.as_str().to_owned(),
        };
        self.draft(ticket, &payload)
    }

    pub(crate) fn unmerged(&self, ticket: TicketId, from: TicketId, reason: &Word) -> Draft {
        let payload =
            pb::TicketUnmerged { ticket: ticket.name(), from: from.name(), reason: reason.as_str().to_owned() };
        self.draft(ticket, &payload)
    }

    pub(crate) fn linked(&self, link: &Link) -> Draft {
        let payload = pb::TicketLinked {
            ticket: link.id.ticket.name(),
            link: link.id.name(),
            kind: present::link_kind(link.kind).into(),
            to_ticket: link.to.name(),
        };
        self.draft(link.id.ticket, &payload)
    }

    pub(crate) fn unlinked(&self, link: &Link) -> Draft {
        self.draft(link.id.ticket, &pb::TicketUnlinked { ticket: link.id.ticket.name(), link: link.id.name() })
    }

    pub(crate) fn step_entered(&self, ticket: TicketId, step: &Slug) -> Draft {
        self.draft(ticket, &pb::StepEntered { ticket: ticket.name(), step: step.as_str().to_owned() })
    }

    pub(crate) fn process_put(&self, process: &StoredProcess) -> Draft {
        let name = process.process.id.name();
        self.draft_about(name, &pb::ProcessPut { process: Some(present::process(process)) })
    }

    pub(crate) fn view_put(&self, view: pb::View) -> Draft {
        self.draft_about(view.name.clone(), &pb::ViewPut { view: Some(view) })
    }

    pub(crate) fn view_deleted(&self, view: &ViewId) -> Draft {
        self.draft_about(view.name(), &pb::ViewDeleted { view: view.name() })
    }

    pub(crate) fn macro_put(&self, kept: pb::Macro) -> Draft {
        self.draft_about(kept.name.clone(), &pb::MacroPut { r#macro: Some(kept) })
    }

    pub(crate) fn macro_deleted(&self, id: &MacroId) -> Draft {
        self.draft_about(id.name(), &pb::MacroDeleted { r#macro: id.name() })
    }

    pub(crate) fn cause_put(&self, cause: pb::RootCause) -> Draft {
        self.draft_about(cause.name.clone(), &pb::RootCausePut { cause: Some(cause) })
    }

    pub(crate) fn root_cause_stated(&self, ticket: TicketId, cause: &RootCauseId) -> Draft {
        self.draft(ticket, &pb::RootCauseStated { ticket: ticket.name(), cause: cause.name() })
    }

    pub(crate) fn item_put(&self, item: pb::RedressItem) -> Draft {
        self.draft_about(item.name.clone(), &pb::RedressItemPut { item: Some(item) })
    }

    pub(crate) fn redress_proposed(&self, redress: &Redress) -> Draft {
        let payload = pb::RedressProposed {
            ticket: redress.id.ticket.name(),
            redress: redress.id.name(),
            item: redress.item.name(),
            amount: redress.amount.as_ref().map(present::money),
            state: present::redress_state(redress.state.standing()).into(),
        };
        let personal = pb::RedressProposedPersonal { reason: redress.reason.expose().to_owned() };
        self.draft(redress.id.ticket, &payload).with_personal(&personal, self.ambient.bytes())
    }

    pub(crate) fn redress_decided(&self, redress: &Redress, granted: bool) -> Draft {
        let payload = pb::RedressDecided {
            ticket: redress.id.ticket.name(),
            redress: redress.id.name(),
            granted,
            state: present::redress_state(redress.state.standing()).into(),
        };
        let draft = self.draft(redress.id.ticket, &payload);
        match &redress.state {
            RedressState::Refused { why, .. } => {
                let personal = pb::RedressDecidedPersonal { refusal: why.expose().to_owned() };
                draft.with_personal(&personal, self.ambient.bytes())
            }
            _ => draft,
        }
    }

    pub(crate) fn redress_given(&self, redress: &Redress) -> Draft {
        let payload = pb::RedressGiven { ticket: redress.id.ticket.name(), redress: redress.id.name() };
        let draft = self.draft(redress.id.ticket, &payload);
        match &redress.state {
            RedressState::Given { reference, .. } => {
                let personal = pb::RedressGivenPersonal { reference: reference.expose().to_owned() };
                draft.with_personal(&personal, self.ambient.bytes())
            }
            _ => draft,
        }
    }

    pub(crate) fn article_put(&self, article: pb::Article) -> Draft {
        self.draft_about(article.name.clone(), &pb::ArticlePut { article: Some(article) })
    }

    pub(crate) fn article_cited(&self, citation: &Citation) -> Draft {
        let payload = pb::ArticleCited {
            ticket: citation.ticket.name(),
            article: citation.article.name(),
            version: citation.number,
        };
        self.draft(citation.ticket, &payload)
    }

    pub(crate) fn affected(&self, ticket: TicketId, incident: IncidentId) -> Draft {
        self.draft(ticket, &pb::TicketAffected { ticket: ticket.name(), incident: incident.name() })
    }

    pub(crate) fn unaffected(&self, ticket: TicketId, incident: IncidentId) -> Draft {
        self.draft(ticket, &pb::TicketUnaffected { ticket: ticket.name(), incident: incident.name() })
    }

    pub(crate) fn agent_put(&self, agent: &Agent) -> Draft {
        let payload = pb::AgentPut {
            agent: agent.id.name(),
            department: agent.department.to_string(),
            skills: agent.skills.iter().map(present::skill).collect(),
            languages: agent.languages.iter().map(|l| server::parse::language_to_proto(*l).into()).collect(),
            capacity: agent.capacity.into(),
            leads: agent.leads,
            team: present::team(agent),
            manager: present::manager(agent),
        };
        self.draft_about(agent.id.name(), &payload)
    }

    pub(crate) fn queue_put(&self, queue: &StoredQueue) -> Draft {
        let name = present::queue_name(&queue.department);
        let payload =
            pb::QueuePut { queue: name.clone(), rules: queue.rules.iter().map(present::skill_rule).collect() };
        self.draft_about(name, &payload)
    }

    pub(crate) fn department_put(&self, department: pb::Department) -> Draft {
        self.draft_about(department.name.clone(), &pb::DepartmentPut { department: Some(department) })
    }

    pub(crate) fn office_case_noted(&self, ticket: TicketId, case: CaseId, reason: &str) -> Draft {
        let payload = pb::OfficeCaseNoted { ticket: ticket.name(), case_name: case.name(), reason: reason.to_owned() };
        self.draft(ticket, &payload)
    }
}

fn topic(filing: &Filing) -> String {
    filing.topic.as_ref().map(|topic| topic.as_str().to_owned()).unwrap_or_default()
}

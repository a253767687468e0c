//! Requests of deliberation and decision.

use kernel::{Personal, Violations};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::decision::Answer;
use server::parse;
use server::parse::not_a_value;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{LONG, Parsed, SHORT, change, personal, whole};
use crate::grpc::vocabulary::outcome;
use crate::usecase::{issue_decision, notify_decision, save_draft};

/// Longest draft.
const DRAFT: usize = 200_000;

pub(crate) fn save_draft(request: &pb::SaveDraftRequest) -> Parsed<save_draft::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, save_draft::METHOD, of, request);
    let text = personal(&mut violations, "text", &request.text, DRAFT);
    whole(violations, change.zip(text).map(|(change, text)| save_draft::Command { change, text }))
}

pub(crate) fn issue_decision(request: &pb::IssueDecisionRequest) -> Parsed<issue_decision::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, issue_decision::METHOD, of, request);
    if request.points.is_empty() {
        violations.push("points", "is required");
    }
    let mut answers = Vec::with_capacity(request.points.len());
    for (index, point) in request.points.iter().enumerate() {
        answers.extend(answer(&mut violations, index, point));
    }
    let signpost = parse::required_text(&mut violations, "signpost", &request.signpost, SHORT);
    let before = violations.as_slice().len();
    let language = parse::language(&mut violations, "language", request.language);
    if language.is_none() && violations.as_slice().len() == before {
        not_a_value::<()>(&mut violations, "language", request.language);
    }
    let command =
        (|| Some(issue_decision::Command { change: change?, answers, signpost: signpost?, language: language? }))();
    whole(violations, command)
}

/// Whether the texts answer the point is the domain's to say, with all points before it; here only what cannot be text.
fn answer(violations: &mut Violations, index: usize, point: &pb::DecisionPoint) -> Option<Answer> {
    let field = |name: &str| format!("points[{index}].{name}");
    let claim_point = parse::required_text(violations, &field("claim_point"), &point.claim_point, 64);
    let outcome = outcome(violations, &field("outcome"), point.outcome);
    let mut text = |name: &str, value: &str| {
        if value.trim().is_empty() {
            return Some(Personal::new(String::new()));
        }
        personal(violations, &field(name), value, LONG)
    };
    let finding = text("finding", &point.finding);
    let reason = text("reason", &point.reason);
    let remedy = text("remedy", &point.remedy);
    Some(Answer { claim_point: claim_point?, outcome: outcome?, finding: finding?, reason: reason?, remedy: remedy? })
}

pub(crate) fn notify_decision(request: &pb::NotifyDecisionRequest) -> Parsed<notify_decision::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, notify_decision::METHOD, of, request);
    let channel = parse::channel(&mut violations, "channel", request.channel);
    whole(violations, change.zip(channel).map(|(change, channel)| notify_decision::Command { change, channel }))
}

pub(crate) fn get_decision(request: &pb::GetDecisionRequest) -> Parsed<CaseId> {
    let mut violations = Violations::new();
    let Some(case) = request.name.strip_suffix("/decision") else {
        violations.push("name", "must be a resource name of the form cases/{uuid}/decision");
        return Err(violations);
    };
    let id = parse::name::<CaseId>(&mut violations, "name", case);
    whole(violations, id)
}

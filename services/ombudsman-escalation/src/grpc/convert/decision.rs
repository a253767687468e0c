//! Requests of deliberation and decision.

use kernel::{Personal, Violations};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::matter::{Amount, NotAnAmount};
use ombudsman_escalation_domain::precedent::Considered;
use server::parse;
use server::parse::not_a_value;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::r#type::v1::Money;

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
    let considered = considered(&mut violations, &request.precedents);
    let command = (|| {
        Some(issue_decision::Command { change: change?, answers, considered, signpost: signpost?, language: language? })
    })();
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
    let redress = amount(violations, &field("redress_amount"), point.redress_amount.as_ref());
    Some(Answer {
        claim_point: claim_point?,
        outcome: outcome?,
        finding: finding?,
        reason: reason?,
        remedy: remedy?,
        redress,
    })
}

fn considered(violations: &mut Violations, given: &[pb::ConsideredPrecedent]) -> Vec<Considered> {
    let mut considered = Vec::with_capacity(given.len());
    for (index, one) in given.iter().enumerate() {
        let field = |name: &str| format!("precedents[{index}].{name}");
        let claim_point = parse::required_text(violations, &field("claim_point"), &one.claim_point, 64);
        let case = decision_name(violations, &field("decision"), &one.decision);
        let point = parse::required_text(violations, &field("decided_point"), &one.decided_point, 64);
        let departure = parse::optional_text(violations, &field("departure_reason"), &one.departure_reason, LONG)
            .filter(|text| !text.trim().is_empty())
            .map(Personal::new);
        considered.extend((|| Some(Considered { claim_point: claim_point?, case: case?, point: point?, departure }))());
    }
    considered
}

/// An amount of money that may be left out.
pub(super) fn amount(violations: &mut Violations, field: &str, given: Option<&Money>) -> Option<Amount> {
    let given = given?;
    match Amount::new(given.minor_units, &given.currency_code) {
        Ok(amount) => Some(amount),
        Err(wrong) => {
            let part = match wrong {
                NotAnAmount::Currency => "currency_code",
                NotAnAmount::Size => "minor_units",
            };
            violations.push(format!("{field}.{part}"), wrong.to_string());
            None
        }
    }
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
    let id = decision_name(&mut violations, "name", &request.name);
    whole(violations, id)
}

/// The case of a decision's name.
pub(super) fn decision_name(violations: &mut Violations, field: &str, name: &str) -> Option<CaseId> {
    let Some(case) = name.strip_suffix("/decision") else {
        violations.push(field, "must be a resource name of the form cases/{uuid}/decision");
        return None;
    };
    parse::name::<CaseId>(violations, field, case)
}

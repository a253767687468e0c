//! Requests of the procedure.

use kernel::{ResourceId as _, Violations};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::case::Promise;
use ombudsman_escalation_domain::obligation::{LONGEST_DAYS, Order, parse_name};
use ombudsman_escalation_domain::vocabulary::{BoundBy, DecisionText};
use prost::Message;
use server::{page_size, parse};
use ventanilla_proto::ombudsman::v1 as pb;

use super::{LONG, Parsed, SHORT, change, personal, whole};
use crate::grpc::vocabulary::{bound_by, decision_text, stay_closure};
use crate::usecase::{
    Change, answer_decision, answer_offer, close_stayed_case, continue_by_own_initiative, correct_decision,
    end_conciliation, extend_term, forward_case, list_obligations, offer_settlement, order_compliance, prove_execution,
    recommend, report_overdue, resume_case, review_case, review_execution, stay_case, tell_offer,
};

/// Orders of one decision at most: more points than an affair of many merged tickets has.
const ORDERS: usize = 1_000;

a_change_with_text!(extend_term, extend_term, ExtendTermRequest, reasons);
a_change_with_text!(stay_case, stay_case, StayCaseRequest, proceedings);
a_change_with_text!(resume_case, resume_case, ResumeCaseRequest, statement);
a_change_with_text!(end_conciliation, end_conciliation, EndConciliationRequest, reasons);
a_change_with_text!(continue_by_own_initiative, continue_by_own_initiative, ContinueByOwnInitiativeRequest, reasons);
a_change_with_text!(report_overdue, report_overdue, ReportOverdueRequest, report);
a_change_with_text!(review_case, review_case, ReviewCaseRequest, cause);

/// The case before this end of a name.
fn case_before(violations: &mut Violations, name: &str, end: &str, form: &str) -> Option<CaseId> {
    match name.strip_suffix(end) {
        Some(case) => parse::name::<CaseId>(violations, "name", case),
        None => {
            violations.push("name", format!("must be a resource name of the form {form}"));
            None
        }
    }
}

pub(crate) fn get_procedure(request: &pb::GetProcedureRequest) -> Parsed<CaseId> {
    let mut violations = Violations::new();
    let case = case_before(&mut violations, &request.name, "/procedure", "cases/{uuid}/procedure");
    whole(violations, case)
}

pub(crate) fn list_obligations(request: &pb::ListObligationsRequest) -> Parsed<list_obligations::Page> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "parent", &request.parent);
    let size = page_size(&mut violations, request.page_size);
    let token = request.page_token.clone();
    whole(violations, case.map(|case| list_obligations::Page { case, size, token }))
}

/// A change of the case in the name of an obligation, and which obligation.
fn change_of_obligation(
    violations: &mut Violations,
    method: &'static str,
    (name, etag, request_id): (&str, &str, &str),
    request: &impl Message,
) -> Option<(Change, u32)> {
    let found = parse_name(name);
    // Whatever else is wrong is named too.
    let case = found.map(|(case, _)| case).unwrap_or_else(|| CaseId::from_uuid(uuid::Uuid::nil()));
    let change = change(violations, method, (&case.name(), etag, request_id), request);
    if found.is_none() {
        violations.push("name", "must be a resource name of the form cases/{uuid}/obligations/{number}");
    }
    change.zip(found.map(|(_, number)| number))
}

pub(crate) fn forward_case(request: &pb::ForwardCaseRequest) -> Parsed<forward_case::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, forward_case::METHOD, of, request);
    let competent = parse::required_text(&mut violations, "competent", &request.competent, SHORT);
    let reasons = personal(&mut violations, "reasons", &request.reasons, LONG);
    let command = (|| Some(forward_case::Command { change: change?, competent: competent?, reasons: reasons? }))();
    whole(violations, command)
}

pub(crate) fn close_stayed_case(request: &pb::CloseStayedCaseRequest) -> Parsed<close_stayed_case::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, close_stayed_case::METHOD, of, request);
    let reason = stay_closure(&mut violations, "reason", request.reason);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let command = (|| Some(close_stayed_case::Command { change: change?, reason: reason?, statement: statement? }))();
    whole(violations, command)
}

pub(crate) fn tell_offer(request: &pb::TellOfferRequest) -> Parsed<tell_offer::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, tell_offer::METHOD, of, request);
    let channel = parse::channel(&mut violations, "channel", request.channel);
    whole(violations, change.zip(channel).map(|(change, channel)| tell_offer::Command { change, channel }))
}

pub(crate) fn answer_offer(request: &pb::AnswerOfferRequest) -> Parsed<answer_offer::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, answer_offer::METHOD, of, request);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let accepted = request.accepted;
    let command =
        change.zip(statement).map(|(change, statement)| answer_offer::Command { change, accepted, statement });
    whole(violations, command)
}

pub(crate) fn answer_decision(request: &pb::AnswerDecisionRequest) -> Parsed<answer_decision::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, answer_decision::METHOD, of, request);
    let party = bound_by(&mut violations, "party", request.party);
    if party == Some(BoundBy::Law) {
        violations.push("party", "must be CLAIMANT or FIRM");
    }
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let accepted = request.accepted;
    let command =
        (|| Some(answer_decision::Command { change: change?, party: party?, accepted, statement: statement? }))();
    whole(violations, command)
}

fn days(violations: &mut Violations, field: &str, given: i32) -> Option<i64> {
    let days = i64::from(given);
    if (1..=LONGEST_DAYS).contains(&days) {
        return Some(days);
    }
    violations.push(field, format!("must be from 1 to {LONGEST_DAYS}, is {given}"));
    None
}

pub(crate) fn order_compliance(request: &pb::OrderComplianceRequest) -> Parsed<order_compliance::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, order_compliance::METHOD, of, request);
    if request.orders.is_empty() {
        violations.push("orders", "is required");
    } else if request.orders.len() > ORDERS {
        violations.push("orders", format!("must be at most {ORDERS}, are {}", request.orders.len()));
    }
    let mut orders = Vec::new();
    for (index, order) in request.orders.iter().take(ORDERS).enumerate() {
        let field = |name: &str| format!("orders[{index}].{name}");
        let claim_point = parse::required_text(&mut violations, &field("claim_point"), &order.claim_point, 64);
        let debtor = parse::department(&mut violations, &field("department"), &order.department);
        let days = days(&mut violations, &field("term_days"), order.term_days);
        orders.extend((|| Some(Order { claim_point: claim_point?, debtor: debtor?, days: days? }))());
    }
    whole(violations, change.map(|change| order_compliance::Command { change, orders }))
}

pub(crate) fn offer_settlement(request: &pb::OfferSettlementRequest) -> Parsed<offer_settlement::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, offer_settlement::METHOD, of, request);
    let terms = personal(&mut violations, "terms", &request.terms, LONG);
    // Who does it, and until when, or neither: nothing is left to be done.
    let promise = match (request.department.as_str(), request.term_days) {
        ("", 0) => None,
        (department, given) => {
            let debtor = parse::department(&mut violations, "department", department);
            let days = days(&mut violations, "term_days", given);
            (|| Some(Promise { debtor: debtor?, days: days? }))()
        }
    };
    let command = change.zip(terms).map(|(change, terms)| offer_settlement::Command { change, terms, promise });
    whole(violations, command)
}

pub(crate) fn recommend(request: &pb::RecommendRequest) -> Parsed<recommend::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, recommend::METHOD, of, request);
    let recommendation = personal(&mut violations, "recommendation", &request.recommendation, LONG);
    let debtor = parse::department(&mut violations, "department", &request.department);
    let days = days(&mut violations, "term_days", request.term_days);
    let command = (|| {
        Some(recommend::Command { change: change?, recommendation: recommendation?, debtor: debtor?, days: days? })
    })();
    whole(violations, command)
}

pub(crate) fn prove_execution(request: &pb::ProveExecutionRequest) -> Parsed<prove_execution::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let found = change_of_obligation(&mut violations, prove_execution::METHOD, of, request);
    let proof = personal(&mut violations, "proof", &request.proof, LONG);
    let command = found.zip(proof).map(|((change, number), proof)| prove_execution::Command { change, number, proof });
    whole(violations, command)
}

pub(crate) fn review_execution(request: &pb::ReviewExecutionRequest) -> Parsed<review_execution::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let found = change_of_obligation(&mut violations, review_execution::METHOD, of, request);
    let reasons = personal(&mut violations, "reasons", &request.reasons, LONG);
    let holds = request.holds;
    let command = found.zip(reasons).map(|((change, number), reasons)| review_execution::Command {
        change,
        number,
        holds,
        reasons,
    });
    whole(violations, command)
}

pub(crate) fn correct_decision(request: &pb::CorrectDecisionRequest) -> Parsed<correct_decision::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, correct_decision::METHOD, of, request);
    let text = decision_text(&mut violations, "text", request.text);
    let claim_point = match (text, request.claim_point.as_str()) {
        (_, "") => None,
        (Some(DecisionText::Signpost), _) => {
            violations.push("claim_point", "must be empty: the signpost is of no claim point");
            None
        }
        (_, point) => parse::required_text(&mut violations, "claim_point", point, 64),
    };
    let stood = personal(&mut violations, "stood", &request.stood, SHORT);
    let stands = personal(&mut violations, "stands", &request.stands, SHORT);
    let reason = personal(&mut violations, "reason", &request.reason, LONG);
    let command = (|| {
        Some(correct_decision::Command {
            change: change?,
            claim_point,
            text: text?,
            stood: stood?,
            stands: stands?,
            reason: reason?,
        })
    })();
    whole(violations, command)
}

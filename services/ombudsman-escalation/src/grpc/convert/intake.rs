//! Requests of the registry: opening, completing, refusing.

use std::collections::BTreeSet;

use kernel::{Personal, Violations};
use ombudsman_escalation_domain::case::{ClaimPoint, Completion};
use ombudsman_escalation_domain::regime::{REGIMES, Regime};
use ombudsman_escalation_domain::vocabulary::{Ground, Parallel};
use ombudsman_escalation_domain::{CaseId, TicketId};
use server::parse;
use ventanilla_proto::ombudsman::v1 as pb;

use super::claimant::holder;
use super::{LONG, Parsed, SHORT, change, key, personal, whole};
use crate::grpc::vocabulary::{ground, missing_item, parallel, representative_kind};
use crate::usecase::{
    Change, open_case, open_public_case, propose_inadmissibility, receive_cure, refuse_case, request_cure,
    tell_claimant_code,
};

/// Claim points of one case at most.
const POINTS: usize = 50;
/// Characters of the name of a representative.
const NAME: usize = 200;
/// Cases that a complaint is said to repeat, at most.
const MOST_REPEATED: usize = 10;
/// Characters of a regulator's reference.
const REFERENCE: usize = 128;

pub(crate) fn open_case(request: &pb::OpenCaseRequest) -> Parsed<open_case::Command> {
    let mut violations = Violations::new();
    let ticket = parse::name::<TicketId>(&mut violations, "ticket", &request.ticket);
    let regime = Regime::find(&request.regime);
    if regime.is_none() && !request.regime.is_empty() {
        let known: Vec<&str> = REGIMES.iter().map(|regime| regime.id).collect();
        violations.push("regime", format!("must be one of {}", known.join(", ")));
    }
    let channel = parse::channel(&mut violations, "channel", request.channel);
    let parallel = declared(&mut violations, request.parallel_proceedings);
    let points = claim_points(&mut violations, &request.claim_points);
    let facts_at = parse::optional_time(&mut violations, "facts_time", request.facts_time.as_ref());
    let known_at = parse::optional_time(&mut violations, "facts_known_time", request.facts_known_time.as_ref());
    if let (Some(facts_at), Some(known_at)) = (facts_at, known_at)
        && known_at < facts_at
    {
        violations.push("facts_known_time", "must not be before facts_time");
    }
    let representative = request.representative.as_ref().and_then(|given| representing(&mut violations, given));
    let reference = &request.regulator_reference;
    let regulator_reference = parse::optional_text(&mut violations, "regulator_reference", reference, REFERENCE);
    let key = key(&mut violations, &request.request_id, open_case::METHOD, request);
    let command = (|| {
        Some(open_case::Command {
            key: key?,
            ticket: ticket?,
            regime,
            channel: channel?,
            parallel,
            points,
            facts_at,
            known_at,
            representative,
            regulator_reference,
        })
    })();
    whole(violations, command)
}

/// Who comes for the claimant.
fn representing(violations: &mut Violations, given: &pb::Representative) -> Option<open_case::Representing> {
    let name = personal(violations, "representative.display_name", &given.display_name, NAME);
    let kind = representative_kind(violations, "representative.kind", given.kind);
    let proof = parse::optional_text(violations, "representative.proof", &given.proof, LONG).map(Personal::new);
    Some(open_case::Representing { name: name?, kind: kind?, proof })
}

pub(crate) fn open_public_case(request: &pb::OpenPublicCaseRequest) -> Parsed<open_public_case::Command> {
    let mut violations = Violations::new();
    let holder = holder(&mut violations, &request.tracking_key, &request.proof);
    let parallel = declared(&mut violations, request.parallel_proceedings);
    // No hash of a proof is kept.
    let bare = pb::OpenPublicCaseRequest { proof: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, open_public_case::METHOD, &bare);
    let command = key.zip(holder);
    let command = command.map(|(key, holder)| open_public_case::Command { key, holder, parallel });
    whole(violations, command)
}

pub(super) fn declared(violations: &mut Violations, value: i32) -> Option<Parallel> {
    // Left out is a declaration that is missing, which can be completed later.
    if value == 0 { None } else { parallel(violations, "parallel_proceedings", value) }
}

pub(super) fn claim_points(violations: &mut Violations, given: &[pb::ClaimPoint]) -> Vec<ClaimPoint> {
    if given.len() > POINTS {
        violations.push("claim_points", format!("must be at most {POINTS}, are {}", given.len()));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut points = Vec::with_capacity(given.len());
    for (index, point) in given.iter().enumerate() {
        let id = match point.id.as_str() {
            "" => Some(format!("p{}", index + 1)),
            own => parse::required_text(violations, &format!("claim_points[{index}].id"), own, 64),
        };
        let text = personal(violations, &format!("claim_points[{index}].text"), &point.text, SHORT);
        if let Some(id) = &id
            && !seen.insert(id.clone())
        {
            violations.push(format!("claim_points[{index}].id"), "names another point of this request too");
        }
        if let (Some(id), Some(text)) = (id, text) {
            points.push(ClaimPoint { id, text });
        }
    }
    points
}

pub(crate) fn request_cure(request: &pb::RequestCureRequest) -> Parsed<request_cure::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, request_cure::METHOD, of, request);
    if request.items.is_empty() {
        violations.push("items", "is required");
    }
    let mut items = BTreeSet::new();
    for (index, item) in request.items.iter().enumerate() {
        items.extend(missing_item(&mut violations, &format!("items[{index}]"), *item));
    }
    let explanation = personal(&mut violations, "explanation", &request.explanation, LONG);
    let command = change.zip(explanation);
    whole(violations, command.map(|(change, explanation)| request_cure::Command { change, items, explanation }))
}

pub(crate) fn receive_cure(request: &pb::ReceiveCureRequest) -> Parsed<receive_cure::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, receive_cure::METHOD, of, request);
    let completion = Completion {
        parallel: declared(&mut violations, request.parallel_proceedings),
        facts_at: parse::optional_time(&mut violations, "facts_time", request.facts_time.as_ref()),
        known_at: parse::optional_time(&mut violations, "facts_known_time", request.facts_known_time.as_ref()),
        points: claim_points(&mut violations, &request.claim_points),
        representation: request.representation_proven,
        own: false,
    };
    let content: Option<Personal<String>> = personal(&mut violations, "content", &request.content, LONG);
    let received_at = parse::optional_time(&mut violations, "receive_time", request.receive_time.as_ref());
    let command = change.zip(content);
    let command = command.map(|(change, content)| receive_cure::Command { change, completion, content, received_at });
    whole(violations, command)
}

pub(crate) fn propose_inadmissibility(
    request: &pb::ProposeInadmissibilityRequest,
) -> Parsed<propose_inadmissibility::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, propose_inadmissibility::METHOD, of, request);
    let ground = ground(&mut violations, "ground", request.ground);
    let reasons = personal(&mut violations, "reasons", &request.reasons, LONG);
    let repeats = repeats(&mut violations, ground, &request.repeats);
    let command =
        (|| Some(propose_inadmissibility::Command { change: change?, ground: ground?, repeats, reasons: reasons? }))();
    whole(violations, command)
}

/// The cases that a complaint is said to repeat, each once.
fn repeats(violations: &mut Violations, ground: Option<Ground>, names: &[String]) -> Vec<CaseId> {
    if names.len() > MOST_REPEATED {
        violations.push("repeats", format!("must name at most {MOST_REPEATED} cases"));
        return Vec::new();
    }
    if !names.is_empty() && ground.is_some_and(|ground| ground != Ground::Repeated) {
        violations.push("repeats", "must be empty unless the ground is REPEATED");
    }
    let mut cases = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let field = format!("repeats[{index}]");
        match parse::name::<CaseId>(violations, &field, name) {
            Some(case) if cases.contains(&case) => violations.push(field, "names another of this request too"),
            Some(case) => cases.push(case),
            None => {}
        }
    }
    cases
}

pub(crate) fn refuse_case(request: &pb::RefuseCaseRequest) -> Parsed<refuse_case::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, refuse_case::METHOD, of, request);
    let ground = ground(&mut violations, "ground", request.ground);
    let reasons = personal(&mut violations, "reasons", &request.reasons, LONG);
    let signpost = parse::required_text(&mut violations, "signpost", &request.signpost, SHORT);
    let command =
        (|| Some(refuse_case::Command { change: change?, ground: ground?, reasons: reasons?, signpost: signpost? }))();
    whole(violations, command)
}

pub(crate) fn tell_claimant_code(request: &pb::TellClaimantCodeRequest) -> Parsed<tell_claimant_code::Command> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "name", &request.name);
    let channel = parse::channel(&mut violations, "channel", request.channel);
    let key = key(&mut violations, &request.request_id, tell_claimant_code::METHOD, request);
    let renewed = request.renewed;
    let command = (|| {
        let change = Change { key: key?, case: case?, version: None };
        Some(tell_claimant_code::Command { change, channel: channel?, renewed })
    })();
    whole(violations, command)
}

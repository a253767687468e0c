//! Requests about a ticket itself.

use jiff::Timestamp;
use kernel::{Language, ResourceId, Violations};
use server::parse;
use ticketing_domain::{
    Answer, Assignment, Body, CancelReason, Characteristics, CloseReason, Draft, EverFiled, Filing, MAX_POINTS,
    MessageId, Owner, PointText, Proof, Refusal, Severity, Slug, Subject, TicketId, TicketType, TrackingKey, Word,
    is_elapsed_term,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::characteristic::characteristics;
use super::{header, key, past, reason, whole};
use crate::Error;
use crate::document::Format;
use crate::usecase::{CHARACTERISTICS, Handover, NewAnswer, NewTicket, Rejection, Target};

pub(in crate::grpc) fn create(request: &pb::CreateTicketRequest, now: Timestamp) -> Result<NewTicket, Violations> {
    let v = &mut Violations::new();
    let key = key(v, "CreateTicket", &request.request_id, request);
    let stated = past(v, "occurred_time", request.occurred_time.as_ref(), now);
    let draft = match &request.ticket {
        Some(ticket) => draft(v, ticket, stated.unwrap_or(now)),
        None => {
            v.push("ticket", "is required");
            None
        }
    };
    let said = request.ticket.as_ref().map(|ticket| ticket.characteristics.as_slice()).unwrap_or_default();
    let said = characteristics(v, CHARACTERISTICS, said);
    let violations = std::mem::take(v);
    whole(violations, draft.zip(key).map(|(draft, key)| NewTicket { draft, characteristics: said, key, stated }))
}

/// What a field `ticket` asks for, opened at `opened`.
pub(super) fn draft(v: &mut Violations, ticket: &pb::Ticket, opened: Timestamp) -> Option<Draft> {
    let customer = parse::name(v, "ticket.customer", &ticket.customer);
    let filing = filing(
        v,
        "ticket.",
        Filed {
            ticket_type: ticket.ticket_type,
            severity: ticket.severity,
            sector: &ticket.sector,
            topic: &ticket.topic,
        },
    );
    let subject = v.check("ticket.subject", ticket.subject.parse::<Subject>());
    let channel = parse::channel(v, "ticket.channel", ticket.channel);
    let department = parse::department(v, "ticket.department", &ticket.department);
    let owner = optional::<Owner>(v, "ticket.owner", &ticket.owner);
    let language = parse::language(v, "ticket.language", ticket.language).unwrap_or(Language::Es);
    let points = points(v, "ticket.claim_points", &ticket.claim_points);
    let complains = filing.as_ref().is_some_and(|filing| filing.ticket_type.is_complaint());
    if complains && ticket.claim_points.is_empty() {
        v.push("ticket.claim_points", "a queja or reclamación claims at least one point");
    }
    let first_received = past(v, "ticket.first_received_time", ticket.first_received_time.as_ref(), opened);
    let interaction = parse::optional_name(v, "ticket.interaction", &ticket.interaction);
    let follow_up_of = parse::optional_name(v, "ticket.follow_up_of", &ticket.follow_up_of);
    Some(Draft {
        customer: customer?,
        filing: filing?,
        subject: subject?,
        channel: channel?,
        assignment: Assignment { department: department?, owner },
        language,
        points,
        first_received,
        interaction,
        follow_up_of,
        served_first: ticket.served_first,
        // What is stated is held against a set first.
        characteristics: Characteristics::default(),
        // Known of the affair it follows up.
        ever: EverFiled::default(),
    })
}

/// What a request says a ticket is filed as.
pub(super) struct Filed<'a> {
    pub ticket_type: i32,
    pub severity: i32,
    pub sector: &'a str,
    pub topic: &'a str,
}

/// What a ticket is filed as, its fields found behind `prefix`.
pub(super) fn filing(v: &mut Violations, prefix: &str, filed: Filed<'_>) -> Option<Filing> {
    let ticket_type = ticket_type(v, &format!("{prefix}ticket_type"), filed.ticket_type);
    let severity = severity(v, &format!("{prefix}severity"), filed.severity);
    let sector = if filed.sector.is_empty() { "general" } else { filed.sector };
    let sector = match kernel::is_sector(sector) {
        true => v.check(format!("{prefix}sector"), sector.parse::<Slug>()),
        false => {
            v.push(format!("{prefix}sector"), format!("must be one of {}", kernel::SECTORS.join(", ")));
            None
        }
    };
    let topic = optional::<Slug>(v, &format!("{prefix}topic"), filed.topic);
    Some(Filing { ticket_type: ticket_type?, severity: severity?, sector: sector?, topic })
}

pub(super) fn points(v: &mut Violations, field: &str, points: &[pb::ClaimPoint]) -> Vec<PointText> {
    if points.len() > MAX_POINTS {
        v.push(field, format!("must have at most {MAX_POINTS} points"));
        return Vec::new();
    }
    let read = |(i, point): (usize, &pb::ClaimPoint)| v.check(format!("{field}[{i}].text"), point.text.parse());
    points.iter().enumerate().filter_map(read).collect()
}

pub(super) fn optional<T: std::str::FromStr>(v: &mut Violations, field: &str, value: &str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    if value.is_empty() { None } else { v.check(field, value.parse()) }
}

pub(super) fn ticket_type(v: &mut Violations, field: &str, value: i32) -> Option<TicketType> {
    match pb::TicketType::try_from(value) {
        Ok(pb::TicketType::Consulta) => Some(TicketType::Consulta),
        Ok(pb::TicketType::Queja) => Some(TicketType::Queja),
        Ok(pb::TicketType::Reclamacion) => Some(TicketType::Reclamacion),
        Ok(pb::TicketType::Incidencia) => Some(TicketType::Incidencia),
        Ok(pb::TicketType::Solicitud) => Some(TicketType::Solicitud),
        Ok(pb::TicketType::Baja) => Some(TicketType::Baja),
        Ok(pb::TicketType::Unspecified) | Err(_) => parse::not_a_value(v, field, value),
    }
}

pub(super) fn severity(v: &mut Violations, field: &str, value: i32) -> Option<Severity> {
    match pb::Severity::try_from(value) {
        Ok(pb::Severity::Low) => Some(Severity::Low),
        Ok(pb::Severity::Unspecified | pb::Severity::Medium) => Some(Severity::Medium),
        Ok(pb::Severity::High) => Some(Severity::High),
        Ok(pb::Severity::Critical) => Some(Severity::Critical),
        Err(_) => parse::not_a_value(v, field, value),
    }
}

pub(in crate::grpc) fn ticket_name(name: &str) -> Result<TicketId, Violations> {
    let mut v = Violations::new();
    let id = parse::name(&mut v, "name", name);
    whole(v, id)
}

pub(in crate::grpc) fn receipt_name(name: &str) -> Result<TicketId, Violations> {
    let mut v = Violations::new();
    let ticket = receipt_of(&mut v, name);
    whole(v, ticket)
}

fn receipt_of(v: &mut Violations, name: &str) -> Option<TicketId> {
    let ticket = name.strip_suffix("/receipt").and_then(|ticket| TicketId::parse(ticket).ok());
    if ticket.is_none() {
        v.push("name", "must be a resource name of the form tickets/{uuid}/receipt");
    }
    ticket
}

pub(in crate::grpc) fn public_status(
    request: &pb::GetPublicStatusRequest,
    _now: Timestamp,
) -> Result<(TrackingKey, Proof), Violations> {
    let mut v = Violations::new();
    let key = v.check("tracking_key", request.tracking_key.parse());
    let proof = v.check("proof", request.proof.parse());
    whole(v, key.zip(proof))
}

pub(in crate::grpc) fn receipt_document(
    request: &pb::GetReceiptDocumentRequest,
) -> Result<(TicketId, Format), Violations> {
    let mut v = Violations::new();
    let ticket = receipt_of(&mut v, &request.name);
    let format = format(&mut v, request.format);
    whole(v, ticket.zip(format))
}

pub(in crate::grpc) fn public_receipt(
    request: &pb::GetPublicReceiptRequest,
) -> Result<(TrackingKey, Proof, Format), Violations> {
    let mut v = Violations::new();
    let key = v.check("tracking_key", request.tracking_key.parse());
    let proof = v.check("proof", request.proof.parse());
    let format = format(&mut v, request.format);
    whole(v, key.zip(proof).zip(format).map(|((key, proof), format)| (key, proof, format)))
}

fn format(v: &mut Violations, value: i32) -> Option<Format> {
    match pb::DocumentFormat::try_from(value) {
        Ok(pb::DocumentFormat::Pdf) => Some(Format::Pdf),
        Ok(pb::DocumentFormat::Text) => Some(Format::Text),
        Ok(pb::DocumentFormat::Unspecified) | Err(_) => parse::not_a_value(v, "format", value),
    }
}

pub(in crate::grpc) fn answer_claim_point(
    request: &pb::AnswerClaimPointRequest,
    now: Timestamp,
) -> Result<(Target, NewAnswer), Violations> {
    let mut v = Violations::new();
    let target = header!("AnswerClaimPoint", request).target(&mut v, request, now);
    let point = parse::required_text(&mut v, "claim_point", &request.claim_point, 20);
    let text = v.check("answer", request.answer.parse::<Answer>());
    whole(v, target.zip(point.zip(text).map(|(point, text)| NewAnswer { point, text })))
}

pub(in crate::grpc) fn start(request: &pb::StartTicketRequest, now: Timestamp) -> Result<Target, Violations> {
    let mut v = Violations::new();
    let target = header!("StartTicket", request).target(&mut v, request, now);
    whole(v, target)
}

/// Verbs that ask for a reason beside the header.
macro_rules! with_reason {
    ($($function:ident, $request:ident, $method:literal;)+) => {$(
        pub(in crate::grpc) fn $function(
            request: &pb::$request,
            now: Timestamp,
        ) -> Result<(Target, Word), Violations> {
            let mut v = Violations::new();
            let target = header!($method, request).target(&mut v, request, now);
            let reason = reason(&mut v, &request.reason);
            whole(v, target.zip(reason))
        }
    )+};
}

with_reason! {
    wait_for_customer, WaitForCustomerRequest, "WaitForCustomer";
    hold, HoldTicketRequest, "HoldTicket";
    reopen, ReopenTicketRequest, "ReopenTicket";
}

/// A term that has passed is refused as law refuses it, whatever else is wrong.
pub(in crate::grpc) fn cancel(
    request: &pb::CancelTicketRequest,
    now: Timestamp,
) -> Result<(Target, (CancelReason, MessageId)), Error> {
    if is_elapsed_term(&request.reason) {
        return Err(Refusal::CloseByElapsedTerm.into());
    }
    let mut v = Violations::new();
    let target = header!("CancelTicket", request).target(&mut v, request, now);
    let reason = CancelReason::from_word(&request.reason);
    if reason.is_none() {
        let known: Vec<_> = CancelReason::ALL.iter().map(|reason| reason.as_str()).collect();
        v.push("reason", format!("must be one of {}", known.join(", ")));
    }
    let message = v.check("message", MessageId::parse(&request.message));
    Ok(whole(v, target.zip(reason.zip(message)))?)
}

pub(in crate::grpc) fn resume(
    request: &pb::ResumeTicketRequest,
    now: Timestamp,
) -> Result<(Target, Option<Word>), Violations> {
    let mut v = Violations::new();
    let target = header!("ResumeTicket", request).target(&mut v, request, now);
    let reason = optional::<Word>(&mut v, "reason", &request.reason);
    whole(v, target.map(|target| (target, reason)))
}

pub(in crate::grpc) fn resolve(
    request: &pb::ResolveTicketRequest,
    now: Timestamp,
) -> Result<(Target, Answer), Violations> {
    let mut v = Violations::new();
    let target = header!("ResolveTicket", request).target(&mut v, request, now);
    let resolution = v.check("resolution", request.resolution.parse());
    whole(v, target.zip(resolution))
}

pub(in crate::grpc) fn close(
    request: &pb::CloseTicketRequest,
    now: Timestamp,
) -> Result<(Target, CloseReason), Violations> {
    let mut v = Violations::new();
    let target = header!("CloseTicket", request).target(&mut v, request, now);
    let reason = close_reason(&mut v, "reason", request.reason);
    whole(v, target.zip(reason))
}

pub(super) fn close_reason(v: &mut Violations, field: &str, value: i32) -> Option<CloseReason> {
    match pb::CloseReason::try_from(value) {
        Ok(pb::CloseReason::AcceptedByCustomer) => Some(CloseReason::AcceptedByCustomer),
        Ok(pb::CloseReason::ObjectionWindowOver) => Some(CloseReason::ObjectionWindowOver),
        Ok(pb::CloseReason::TermElapsed) => Some(CloseReason::TermElapsed),
        Ok(pb::CloseReason::ClosedAtSource) => Some(CloseReason::ClosedAtSource),
        Ok(pb::CloseReason::Unspecified) | Err(_) => parse::not_a_value(v, field, value),
    }
}

/// Without reason, explanation or signpost it is refused as law would refuse it, with all else that is wrong.
pub(in crate::grpc) fn reject(request: &pb::RejectTicketRequest, now: Timestamp) -> Result<(Target, Rejection), Error> {
    let mut v = Violations::new();
    let target = header!("RejectTicket", request).target(&mut v, request, now);
    let reason = reason(&mut v, &request.reason);
    let explanation = v.check("explanation", request.explanation.parse());
    let signpost = v.check("signpost", request.signpost.parse());
    let told = || Some(Rejection { reason: reason?, explanation: explanation?, signpost: signpost? });
    match told() {
        Some(told) => Ok(whole(v, target.map(|target| (target, told)))?),
        None => Err(Error::Unreasoned(v)),
    }
}

pub(in crate::grpc) fn transfer(
    request: &pb::TransferTicketRequest,
    now: Timestamp,
) -> Result<(Target, Handover), Violations> {
    let mut v = Violations::new();
    let target = header!("TransferTicket", request).target(&mut v, request, now);
    let department = parse::department(&mut v, "to_department", &request.to_department);
    let owner = optional::<Owner>(&mut v, "owner", &request.owner);
    let reason = optional::<Word>(&mut v, "reason", &request.reason);
    let known = optional::<Body>(&mut v, "handover", &request.handover);
    let to = department.map(|department| Assignment { department, owner });
    whole(v, target.zip(to.map(|to| Handover { to, reason, known })))
}

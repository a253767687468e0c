//! Requests about what tickets are filed as and are to one another.

use jiff::Timestamp;
use kernel::Violations;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{Assignment, LinkId, LinkKind, MAX_POINTS, Owner, Slug, Subject, TicketId, Word};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;

use super::characteristic::characteristics;
use super::list::unreadable;
use super::ticket::{Filed, filing, optional, points};
use super::{Target, etag, key, reason, whole};
use crate::usecase::{EndOfLink, EndOfMerge, LinkPlace, NewFiling, NewLink, NewMerge, NewSplit};

/// The head of a request about one ticket: its name, its version and the call.
macro_rules! target {
    ($v:expr, $method:literal, $request:expr) => {{
        let id = parse::name($v, "name", &$request.name);
        let etag = etag($v, &$request.etag);
        let key = key($v, $method, &$request.request_id, $request);
        id.zip(etag).zip(key).map(|((id, etag), key)| Target { id, etag, key, stated: None })
    }};
}

pub(in crate::grpc) fn reclassify(
    request: &pb::ReclassifyTicketRequest,
    _now: Timestamp,
) -> Result<(Target, NewFiling), Violations> {
    let mut v = Violations::new();
    let target = target!(&mut v, "ReclassifyTicket", request);
    let filed = Filed {
        ticket_type: request.ticket_type,
        severity: request.severity,
        sector: &request.sector,
        topic: &request.topic,
    };
    let filing = filing(&mut v, "", filed);
    let points = points(&mut v, "claim_points", &request.claim_points);
    let characteristics = characteristics(&mut v, "characteristics", &request.characteristics);
    let reason = reason(&mut v, &request.reason);
    let new = filing.zip(reason).map(|(filing, reason)| NewFiling { filing, points, characteristics, reason });
    whole(v, target.zip(new))
}

pub(in crate::grpc) fn split(
    request: &pb::SplitTicketRequest,
    _now: Timestamp,
) -> Result<(Target, NewSplit), Violations> {
    let mut v = Violations::new();
    let target = target!(&mut v, "SplitTicket", request);
    if request.claim_points.len() > MAX_POINTS {
        v.push("claim_points", format!("must have at most {MAX_POINTS} ids"));
    }
    for (i, id) in request.claim_points.iter().take(MAX_POINTS).enumerate() {
        parse::required_text(&mut v, &format!("claim_points[{i}]"), id, 20);
        if request.claim_points[..i].contains(id) {
            v.push(format!("claim_points[{i}]"), "is named twice");
        }
    }
    let subject = v.check("subject", request.subject.parse::<Subject>());
    let department = parse::department(&mut v, "department", &request.department);
    let owner = optional::<Owner>(&mut v, "owner", &request.owner);
    let topic = optional::<Slug>(&mut v, "topic", &request.topic);
    let reason = reason(&mut v, &request.reason);
    let new = || {
        Some(NewSplit {
            points: request.claim_points.clone(),
            subject: subject?,
            topic,
            assignment: Assignment { department: department?, owner },
            reason: reason?,
        })
    };
    let new = new();
    whole(v, target.zip(new))
}

pub(in crate::grpc) fn merge(request: &pb::MergeTicketRequest, _now: Timestamp) -> Result<NewMerge, Violations> {
    let mut v = Violations::new();
    let target = target!(&mut v, "MergeTicket", request);
    let into = parse::name(&mut v, "into", &request.into);
    let into_etag = v.check("into_etag", postgres::parse_etag(&request.into_etag));
    let reason = reason(&mut v, &request.reason);
    let new = || {
        let Target { id, etag, key, .. } = target?;
        Some(NewMerge { id, etag, into: into?, into_etag: into_etag?, reason: reason?, key })
    };
    let new = new();
    whole(v, new)
}

pub(in crate::grpc) fn unmerge(request: &pb::UnmergeTicketRequest, _now: Timestamp) -> Result<EndOfMerge, Violations> {
    let mut v = Violations::new();
    let target = target!(&mut v, "UnmergeTicket", request);
    let reason = reason(&mut v, &request.reason);
    let end = target.zip(reason).map(|(Target { id, etag, key, .. }, reason)| EndOfMerge { id, etag, reason, key });
    whole(v, end)
}

pub(in crate::grpc) fn link(request: &pb::LinkTicketsRequest, _now: Timestamp) -> Result<NewLink, Violations> {
    let mut v = Violations::new();
    let from = parse::name(&mut v, "parent", &request.parent);
    let key = key(&mut v, "LinkTickets", &request.request_id, request);
    let said = match &request.link {
        Some(link) => {
            let kind = link_kind(&mut v, link.kind);
            let to = parse::name(&mut v, "link.to_ticket", &link.to_ticket);
            let reason = optional::<Word>(&mut v, "link.reason", &link.reason);
            kind.zip(to).map(|(kind, to)| (kind, to, reason))
        }
        None => {
            v.push("link", "is required");
            None
        }
    };
    let new = || {
        let (kind, to, reason) = said?;
        Some(NewLink { from: from?, kind, to, reason, key: key? })
    };
    let new = new();
    whole(v, new)
}

fn link_kind(v: &mut Violations, value: i32) -> Option<LinkKind> {
    match pb::TicketLinkKind::try_from(value) {
        Ok(pb::TicketLinkKind::ParentOf) => Some(LinkKind::ParentOf),
        Ok(pb::TicketLinkKind::DuplicateOf) => Some(LinkKind::DuplicateOf),
        Ok(pb::TicketLinkKind::CausedBy) => Some(LinkKind::CausedBy),
        Ok(pb::TicketLinkKind::FollowUpOf | pb::TicketLinkKind::SplitFrom | pb::TicketLinkKind::MergedInto) => {
            v.push("link.kind", "is made by CreateTicket, SplitTicket or MergeTicket");
            None
        }
        Ok(pb::TicketLinkKind::Unspecified) | Err(_) => parse::not_a_value(v, "link.kind", value),
    }
}

pub(in crate::grpc) fn unlink(request: &pb::UnlinkTicketsRequest, _now: Timestamp) -> Result<EndOfLink, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", LinkId::parse(&request.name));
    let key = key(&mut v, "UnlinkTickets", &request.request_id, request);
    let reason = reason(&mut v, &request.reason);
    let end = || Some(EndOfLink { id: id?, reason: reason?, key: key? });
    let end = end();
    whole(v, end)
}

/// The links of a ticket that are asked for.
pub(in crate::grpc) struct Links {
    pub ticket: TicketId,
    pub after: Option<LinkPlace>,
    pub size: usize,
}

impl Links {
    const LIST: &str = "links";

    /// The token of the page after this place.
    pub fn next_token(&self, place: Option<LinkPlace>) -> String {
        use kernel::ResourceId as _;
        let binding = self.ticket.name();
        let token = |(at, id): LinkPlace| {
            PageToken::encode(Self::LIST, binding.as_bytes(), &[&at.to_string(), &id.to_string()])
        };
        place.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn links(request: &pb::ListTicketLinksRequest) -> Result<Links, Status> {
    use kernel::ResourceId as _;
    let mut v = Violations::new();
    let ticket = parse::name::<TicketId>(&mut v, "parent", &request.parent);
    let size = page_size(&mut v, request.page_size);
    let ticket = whole(v, ticket).map_err(|e| status(&e))?;
    let binding = ticket.name();
    let after = match PageToken::decode(&request.page_token, Links::LIST, binding.as_bytes()).map_err(|e| status(&e))? {
        Some(token) => {
            let [at, id] = token.fields().map_err(|e| status(&e))?;
            let place = at.parse::<Timestamp>().ok().zip(id.parse().ok());
            Some(place.ok_or_else(|| status(&unreadable()))?)
        }
        None => None,
    };
    Ok(Links { ticket, after, size })
}

//! Requests that look for affairs, keep filters, and change many affairs.

use std::collections::HashSet;

use jiff::Timestamp;
use kernel::{ResourceId as _, Uuid, Violations};
use postgres::RequestKey;
use prost::Message as _;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{Assignment, Body, Owner, Slug, TicketId, ViewId, Word};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::change_tickets_request::Change as Asked;

use super::list::standing;
use super::named::{Header, delete, id};
use super::ticket::{optional, severity, ticket_type};
use super::{etag, key, list, reason, whole};
use crate::store::finding::Filter;
use crate::usecase::named::{EndOfNamed, NewNamed};
use crate::usecase::{Change, Changes, Handover, Place};

/// Values of one list of a filter.
const MOST_VALUES: usize = 20;
/// Views that are counted at once.
const MOST_VIEWS: usize = 20;
/// Affairs that one call changes.
const MOST_CHANGED: usize = 100;

/// What a filter says, under its path.
pub(in crate::grpc) fn filter(v: &mut Violations, field: &str, said: &pb::TicketFilter) -> Option<Filter> {
    let mut within = Violations::new();
    let w = &mut within;
    let read = Filter {
        query: optional(w, "query", &said.query),
        states: values(w, "states", &said.states, standing),
        department: optional(w, "department", &said.department),
        owner: optional::<Owner>(w, "owner", &said.owner),
        unowned: said.unowned,
        customers: parse::optional_name(w, "customer", &said.customer).into_iter().collect(),
        ticket_types: values(w, "ticket_types", &said.ticket_types, ticket_type),
        severities: values(w, "severities", &said.severities, |w, field, value| {
            if value == 0 { parse::not_a_value(w, field, value) } else { severity(w, field, value) }
        }),
        topic: optional::<Slug>(w, "topic", &said.topic),
        channel: if said.channel == 0 { None } else { parse::channel(w, "channel", said.channel) },
        language: parse::language(w, "language", said.language),
        incident: parse::optional_name(w, "incident", &said.incident),
        from: parse::optional_time(w, "from_time", said.from_time.as_ref()),
        to: parse::optional_time(w, "to_time", said.to_time.as_ref()),
        office_case_open: said.office_case_open,
        served_first: said.served_first,
    };
    if said.unowned && read.owner.is_some() {
        w.push("unowned", "is left out where an owner is said");
    }
    if read.from.zip(read.to).is_some_and(|(from, to)| from >= to) {
        w.push("to_time", "must be after from_time");
    }
    let fine = within.is_empty();
    v.absorb(field, within);
    fine.then_some(read)
}

fn values<T>(
    v: &mut Violations,
    field: &str,
    said: &[i32],
    read: impl Fn(&mut Violations, &str, i32) -> Option<T>,
) -> Vec<T> {
    if said.len() > MOST_VALUES {
        v.push(field, format!("must be at most {MOST_VALUES} values"));
        return Vec::new();
    }
    said.iter().enumerate().filter_map(|(i, value)| read(v, &format!("{field}[{i}]"), *value)).collect()
}

/// What is looked for beside a view: a field that is set takes the place of the view's.
fn beside(mut view: pb::TicketFilter, said: &pb::TicketFilter) -> pb::TicketFilter {
    // Of what is encoded twice the last counts, and lists are put together: those that are said take the place of the view's.
    if !said.states.is_empty() {
        view.states.clear();
    }
    if !said.ticket_types.is_empty() {
        view.ticket_types.clear();
    }
    if !said.severities.is_empty() {
        view.severities.clear();
    }
    // A time is put together of its parts, too.
    if said.from_time.is_some() {
        view.from_time = None;
    }
    if said.to_time.is_some() {
        view.to_time = None;
    }
    // Who is asked for by name is not nobody.
    view.unowned &= said.owner.is_empty();
    if said.unowned {
        view.owner.clear();
    }
    view.merge(said.encode_to_vec().as_slice()).expect("it was encoded a moment ago");
    view
}

/// The view that a search goes by, where it goes by one.
pub(in crate::grpc) fn searched_view(request: &pb::SearchTicketsRequest) -> Result<Option<ViewId>, Violations> {
    let mut v = Violations::new();
    let view = if request.view.is_empty() { None } else { id(&mut v, "view", &request.view) };
    // All that is wrong at once, whatever the view says.
    filter(&mut v, "filter", &request.filter.clone().unwrap_or_default());
    page_size(&mut v, request.page_size);
    v.into_result()?;
    Ok(view)
}

/// A page of affairs that is looked for.
pub(in crate::grpc) struct Search {
    pub filter: Filter,
    pub after: Option<Place>,
    pub size: usize,
    binding: Vec<u8>,
}

impl Search {
    /// The token of the page after this place.
    pub fn next_token(&self, place: Option<Place>) -> String {
        let token = |(at, id): Place| PageToken::encode("search", &self.binding, &[&at.to_string(), &id.to_string()]);
        place.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn search(request: pb::SearchTicketsRequest, view: pb::TicketFilter) -> Result<Search, Status> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    let looked_for = beside(view, &request.filter.clone().unwrap_or_default());
    let filter = filter(&mut v, "filter", &looked_for);
    let filter = whole(v, filter).map_err(|e| status(&e))?;
    let token = request.page_token.clone();
    let binding = pb::SearchTicketsRequest { page_size: 0, page_token: String::new(), ..request }.encode_to_vec();
    let after = match PageToken::decode(&token, "search", &binding).map_err(|e| status(&e))? {
        Some(token) => {
            let [at, id] = token.fields().map_err(|e| status(&e))?;
            let place = at.parse::<Timestamp>().ok().zip(id.parse().ok());
            Some(place.ok_or_else(|| status(&list::unreadable()))?)
        }
        None => None,
    };
    Ok(Search { filter, after, size, binding })
}

/// The views that are counted by.
pub(in crate::grpc) fn counted_views(request: &pb::CountTicketsRequest) -> Result<Vec<ViewId>, Violations> {
    let mut v = Violations::new();
    if request.views.len() > MOST_VIEWS {
        v.push("views", format!("must be at most {MOST_VIEWS} views"));
    }
    let views =
        request.views.iter().enumerate().filter_map(|(i, name)| id(&mut v, &format!("views[{i}]"), name)).collect();
    filter(&mut v, "filter", &request.filter.clone().unwrap_or_default());
    v.into_result()?;
    Ok(views)
}

/// What is counted by each of these, or by the filter alone.
pub(in crate::grpc) fn counted(
    request: &pb::CountTicketsRequest,
    views: Vec<(ViewId, pb::TicketFilter)>,
) -> Result<Vec<(Option<ViewId>, Filter)>, Violations> {
    let mut v = Violations::new();
    let said = request.filter.clone().unwrap_or_default();
    let counted = if views.is_empty() {
        filter(&mut v, "filter", &said).map(|filter| (None, filter)).into_iter().collect()
    } else {
        let mut counted = Vec::with_capacity(views.len());
        for (id, view) in views {
            counted.extend(filter(&mut v, "filter", &beside(view, &said)).map(|filter| (Some(id), filter)));
        }
        counted
    };
    v.into_result()?;
    Ok(counted)
}

pub(in crate::grpc) fn put_view(
    request: &pb::PutViewRequest,
) -> Result<NewNamed<ViewId, pb::TicketFilter>, Violations> {
    let mut v = Violations::new();
    let Some(said) = &request.view else {
        key(&mut v, "PutView", &request.request_id, request);
        v.push("view", "is required");
        return whole(v, None);
    };
    let shown = match &said.filter {
        None => {
            v.push("view.filter", "is required");
            None
        }
        Some(said) => {
            // What is kept under a name is nobody's.
            for (field, personal) in [("query", &said.query), ("customer", &said.customer)] {
                if !personal.is_empty() {
                    v.push(format!("view.filter.{field}"), "is not kept; say it with the search");
                }
            }
            filter(&mut v, "view.filter", said).map(|_| said.clone())
        }
    };
    let header = Header {
        method: "PutView",
        field: "view",
        name: &said.name,
        title: &said.title,
        department: &said.department,
        etag: &said.etag,
        request_id: &request.request_id,
    };
    let new = header.put(&mut v, request, shown);
    whole(v, new)
}

pub(in crate::grpc) fn delete_view(request: &pb::DeleteViewRequest) -> Result<EndOfNamed<ViewId>, Violations> {
    delete("DeleteView", &request.name, &request.etag, &request.request_id, request)
}

pub(in crate::grpc) fn change_tickets(request: &pb::ChangeTicketsRequest) -> Result<Changes, Violations> {
    let mut v = Violations::new();
    let call = parse::request_id(&mut v, &request.request_id);
    if request.tickets.is_empty() {
        v.push("tickets", "is required");
    } else if request.tickets.len() > MOST_CHANGED {
        v.push("tickets", format!("must be at most {MOST_CHANGED} tickets"));
        return whole(v, None);
    }
    let (mut tickets, mut seen) = (Vec::with_capacity(request.tickets.len()), HashSet::new());
    for (i, said) in request.tickets.iter().enumerate() {
        let mut within = Violations::new();
        let id = parse::name::<TicketId>(&mut within, "name", &said.name);
        let version = etag(&mut within, &said.etag);
        if id.is_some_and(|id| !seen.insert(id)) {
            within.push("name", "must be there once");
        }
        v.absorb(&format!("tickets[{i}]"), within);
        if let (Some(id), Some(version), Some(call)) = (id, version, call) {
            tickets.push((id, version, own_key(request, said, id, call)));
        }
    }
    let change = change(&mut v, request.change.as_ref());
    whole(v, change.map(|change| Changes { tickets, change }))
}

/// The call of one of many: the same for a retry, another for another affair.
fn own_key(request: &pb::ChangeTicketsRequest, said: &pb::ChangedTicket, id: TicketId, call: Uuid) -> RequestKey {
    let own = pb::ChangeTicketsRequest {
        tickets: vec![said.clone()],
        change: request.change.clone(),
        request_id: request.request_id.clone(),
    };
    RequestKey::of(Uuid::new_v5(&call, id.uuid().as_bytes()), "ChangeTickets", &own.encode_to_vec())
}

pub(super) fn change(v: &mut Violations, asked: Option<&Asked>) -> Option<Change> {
    let mut within = Violations::new();
    let (field, change) = match asked {
        None => {
            v.push("change", "is required: a transfer, a hold or a resumption");
            return None;
        }
        Some(Asked::Transfer(said)) => {
            let department = parse::department(&mut within, "to_department", &said.to_department);
            let owner = optional::<Owner>(&mut within, "owner", &said.owner);
            let reason = optional::<Word>(&mut within, "reason", &said.reason);
            let known = optional::<Body>(&mut within, "handover", &said.handover);
            let to = department.map(|department| Assignment { department, owner });
            ("transfer", to.map(|to| Change::Transfer(Handover { to, reason, known })))
        }
        Some(Asked::Hold(said)) => {
            ("hold", reason(&mut within, &said.reason).map(|awaiting| Change::Hold { awaiting }))
        }
        Some(Asked::Resume(said)) => {
            ("resume", Some(Change::Resume { reason: optional::<Word>(&mut within, "reason", &said.reason) }))
        }
    };
    v.absorb(field, within);
    change
}

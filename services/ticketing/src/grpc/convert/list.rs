//! Requests for lists, with the page tokens they give out.

use jiff::Timestamp;
use kernel::{ResourceId, Violations};
use prost::Message as _;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{Standing, TicketId, TrackingKey};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;

use super::whole;
use crate::store::finding::Filter;
use crate::usecase::{Page, Place, Traveller};

/// A list of tickets that is asked for.
pub(in crate::grpc) struct Tickets {
    pub filter: Filter,
    pub after: Option<Place>,
    pub size: usize,
    binding: Vec<u8>,
}

impl Tickets {
    /// The token of the page after this row.
    pub fn next_token(&self, place: Option<Place>) -> String {
        let token = |(at, id): Place| PageToken::encode("tickets", &self.binding, &[&at.to_string(), &id.to_string()]);
        place.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn tickets(request: pb::ListTicketsRequest) -> Result<Tickets, Status> {
    let mut v = Violations::new();
    let customers = parse::optional_name(&mut v, "customer", &request.customer).into_iter().collect();
    let department =
        if request.department.is_empty() { None } else { parse::department(&mut v, "department", &request.department) };
    let incident = parse::optional_name(&mut v, "incident", &request.incident);
    let read = |(i, value): (usize, &i32)| standing(&mut v, &format!("states[{i}]"), *value);
    let states = request.states.iter().enumerate().filter_map(read).collect();
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;

    let token = request.page_token.clone();
    let binding = pb::ListTicketsRequest { page_size: 0, page_token: String::new(), ..request }.encode_to_vec();
    let after = match PageToken::decode(&token, "tickets", &binding).map_err(|e| status(&e))? {
        Some(token) => {
            let [at, id] = token.fields().map_err(|e| status(&e))?;
            let place = at.parse::<Timestamp>().ok().zip(id.parse().ok());
            // The checksum held, so the token is ours and of another version.
            Some(place.ok_or_else(|| status(&unreadable()))?)
        }
        None => None,
    };
    let filter = Filter { customers, states, department, incident, ..Filter::default() };
    Ok(Tickets { filter, after, size, binding })
}

/// A list of what belongs to one ticket.
pub(in crate::grpc) struct Parts {
    pub page: Page,
    list: &'static str,
}

impl Parts {
    /// The token of the page after this sequence number.
    pub fn next_token(&self, last: Option<i32>) -> String {
        let binding = self.page.ticket.name();
        let token = |last: i32| PageToken::encode(self.list, binding.as_bytes(), &[&last.to_string()]);
        last.map(token).unwrap_or_default()
    }
}

fn parts(list: &'static str, field: &str, name: &str, size: i32, token: &str) -> Result<Parts, Status> {
    let mut v = Violations::new();
    let ticket = parse::name::<TicketId>(&mut v, field, name);
    let size = page_size(&mut v, size);
    let ticket = whole(v, ticket).map_err(|e| status(&e))?;
    let after = match PageToken::decode(token, list, ticket.name().as_bytes()).map_err(|e| status(&e))? {
        Some(token) => {
            let [last] = token.fields().map_err(|e| status(&e))?;
            last.parse().map_err(|_| status(&unreadable()))?
        }
        None => 0,
    };
    Ok(Parts { page: Page { ticket, after, size }, list })
}

pub(in crate::grpc) fn messages(request: &pb::ListMessagesRequest) -> Result<Parts, Status> {
    // A token goes on in the order it was given out in, and in no other.
    let list = if request.newest_first { "messages-newest-first" } else { "messages" };
    parts(list, "parent", &request.parent, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn promises(request: &pb::ListPromisesRequest) -> Result<Parts, Status> {
    parts("promises", "parent", &request.parent, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn notices(request: &pb::ListNoticesRequest) -> Result<Parts, Status> {
    parts("notices", "parent", &request.parent, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn cures(request: &pb::ListCureRequestsRequest) -> Result<Parts, Status> {
    parts("cures", "parent", &request.parent, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn history(request: &pb::ListTicketHistoryRequest) -> Result<Parts, Status> {
    parts("history", "name", &request.name, request.page_size, &request.page_token)
}

pub(in crate::grpc) fn watch(request: &pb::WatchTicketsRequest) -> Result<(i64, Option<String>), Violations> {
    let mut v = Violations::new();
    let ticket = parse::optional_name::<TicketId>(&mut v, "ticket", &request.ticket);
    if request.after_position < 0 {
        v.push("after_position", "must not be negative");
    }
    v.into_result()?;
    Ok((request.after_position, ticket.map(ResourceId::name)))
}

pub(in crate::grpc) fn journey(request: &pb::GetJourneyRequest) -> Result<(Traveller, Option<Timestamp>), Violations> {
    let mut v = Violations::new();
    let traveller = match (request.name.as_str(), request.tracking_key.as_str()) {
        ("", "") => {
            v.push("name", "is required, or tracking_key");
            None
        }
        (name, "") => parse::name(&mut v, "name", name).map(Traveller::Ticket),
        ("", key) => v.check("tracking_key", key.parse::<TrackingKey>()).map(Traveller::Key),
        _ => {
            v.push("tracking_key", "must be left out when name is given");
            None
        }
    };
    let from = parse::optional_time(&mut v, "from_time", request.from_time.as_ref());
    whole(v, traveller.map(|traveller| (traveller, from)))
}

pub(super) fn standing(v: &mut Violations, field: &str, value: i32) -> Option<Standing> {
    match pb::TicketState::try_from(value) {
        Ok(pb::TicketState::Acknowledged) => Some(Standing::Acknowledged),
        Ok(pb::TicketState::InProgress) => Some(Standing::InProgress),
        Ok(pb::TicketState::Pending) => Some(Standing::Pending),
        Ok(pb::TicketState::Held) => Some(Standing::Held),
        Ok(pb::TicketState::Resolved) => Some(Standing::Resolved),
        Ok(pb::TicketState::Closed) => Some(Standing::Closed),
        Ok(pb::TicketState::Rejected) => Some(Standing::Rejected),
        Ok(pb::TicketState::Cancelled) => Some(Standing::Cancelled),
        Ok(pb::TicketState::Unspecified) | Err(_) => parse::not_a_value(v, field, value),
    }
}

pub(super) fn unreadable() -> Violations {
    let mut v = Violations::new();
    v.push("page_token", "must be a next_page_token of the same list and filter");
    v
}

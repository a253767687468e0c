//! Requests about mass incidents.

use jiff::Timestamp;
use kernel::{ResourceId as _, Violations};
use prost::Message as _;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{IncidentDraft, IncidentId, Slug, Telling, Texts, TicketId, Title, Told};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;

use super::{etag, key, list, past, whole};
use crate::store::incident::Filter;
use crate::usecase::{AreAffected, IsNot, NewIncident, NewTelling, Place};

/// Affairs of one call.
const MOST_TICKETS: usize = 500;
/// There are no more languages.
const MOST_TEXTS: usize = 5;

pub(in crate::grpc) fn incident_name(name: &str) -> Result<IncidentId, Violations> {
    let mut v = Violations::new();
    let id = parse::name(&mut v, "name", name);
    whole(v, id)
}

pub(in crate::grpc) fn open_incident(
    request: &pb::OpenIncidentRequest,
    now: Timestamp,
) -> Result<NewIncident, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "OpenIncident", &request.request_id, request);
    let draft = match &request.incident {
        Some(incident) => draft(&mut v, incident, now),
        None => {
            v.push("incident", "is required");
            None
        }
    };
    let new = draft.zip(key).map(|(draft, key)| NewIncident { draft, key });
    whole(v, new)
}

fn draft(v: &mut Violations, incident: &pb::Incident, now: Timestamp) -> Option<IncidentDraft> {
    let title = v.check("incident.title", incident.title.parse::<Title>());
    let department = parse::department(v, "incident.department", &incident.department);
    let topic = match incident.topic.as_str() {
        "" => None,
        topic => v.check("incident.topic", topic.parse::<Slug>()),
    };
    let started = past(v, "incident.start_time", incident.start_time.as_ref(), now);
    Some(IncidentDraft { title: title?, department: department?, topic, started })
}

pub(in crate::grpc) fn add_affected(request: &pb::AddAffectedRequest) -> Result<AreAffected, Violations> {
    let mut v = Violations::new();
    let incident = parse::name(&mut v, "name", &request.name);
    let key = key(&mut v, "AddAffected", &request.request_id, request);
    let mut tickets: Vec<TicketId> = Vec::with_capacity(request.tickets.len().min(MOST_TICKETS));
    if !(1..=MOST_TICKETS).contains(&request.tickets.len()) {
        v.push("tickets", "must be 1 to 500");
    } else {
        let mut seen = std::collections::HashSet::new();
        for (i, name) in request.tickets.iter().enumerate() {
            let field = format!("tickets[{i}]");
            match parse::name::<TicketId>(&mut v, &field, name) {
                Some(ticket) if !seen.insert(ticket) => v.push(field, "is named twice"),
                Some(ticket) => tickets.push(ticket),
                None => {}
            }
        }
    }
    let asked = || Some(AreAffected { incident: incident?, tickets, key: key? });
    let asked = asked();
    whole(v, asked)
}

pub(in crate::grpc) fn remove_affected(request: &pb::RemoveAffectedRequest) -> Result<IsNot, Violations> {
    let mut v = Violations::new();
    let incident = parse::name(&mut v, "name", &request.name);
    let ticket = parse::name(&mut v, "ticket", &request.ticket);
    let key = key(&mut v, "RemoveAffected", &request.request_id, request);
    let asked = || Some(IsNot { incident: incident?, ticket: ticket?, key: key? });
    let asked = asked();
    whole(v, asked)
}

pub(in crate::grpc) fn tell_affected(
    request: &pb::TellAffectedRequest,
    now: Timestamp,
) -> Result<NewTelling, Violations> {
    let mut v = Violations::new();
    let id = parse::name(&mut v, "parent", &request.parent);
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "TellAffected", &request.request_id, request);
    let telling = match &request.update {
        Some(update) => telling(&mut v, update, now),
        None => {
            v.push("update", "is required");
            None
        }
    };
    let new = || Some(NewTelling { id: id?, telling: telling?, etag: etag?, key: key? });
    let new = new();
    whole(v, new)
}

fn telling(v: &mut Violations, update: &pb::IncidentUpdate, now: Timestamp) -> Option<Telling> {
    let expected_end = parse::optional_time(v, "update.expected_end_time", update.expected_end_time.as_ref());
    if expected_end.is_some_and(|end| end < now) {
        v.push("update.expected_end_time", "must not be in the past");
    }
    if update.texts.len() > MOST_TEXTS {
        v.push("update.texts", "must be at most 5");
        return None;
    }
    let mut texts = Some(Vec::with_capacity(update.texts.len()));
    for (i, said) in update.texts.iter().enumerate() {
        let field = format!("update.texts[{i}].language");
        // Left out means Spanish elsewhere; here each text says which it is in.
        let language = match said.language {
            0 => {
                v.push(field, "is required");
                None
            }
            value => parse::language(v, &field, value),
        };
        let text = v.check(format!("update.texts[{i}].text"), said.text.parse::<Told>());
        texts = texts.zip(language.zip(text)).map(|(mut texts, one)| {
            texts.push(one);
            texts
        });
    }
    let texts = v.check("update.texts", Texts::new(texts?))?;
    Some(Telling { texts, expected_end, over: update.over })
}

/// A list of incidents that is asked for.
pub(in crate::grpc) struct Incidents {
    pub filter: Filter,
    pub after: Option<Place>,
    pub size: usize,
    binding: Vec<u8>,
}

impl Incidents {
    /// The token of the page after this row.
    pub fn next_token(&self, place: Option<Place>) -> String {
        let token =
            |(at, id): Place| PageToken::encode("incidents", &self.binding, &[&at.to_string(), &id.to_string()]);
        place.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn incidents(request: pb::ListIncidentsRequest) -> Result<Incidents, Status> {
    let mut v = Violations::new();
    let department =
        if request.department.is_empty() { None } else { parse::department(&mut v, "department", &request.department) };
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;
    let (token, open_only) = (request.page_token.clone(), request.open_only);
    let binding = pb::ListIncidentsRequest { page_size: 0, page_token: String::new(), ..request }.encode_to_vec();
    let after = match PageToken::decode(&token, "incidents", &binding).map_err(|e| status(&e))? {
        Some(token) => {
            let [at, id] = token.fields().map_err(|e| status(&e))?;
            let place = at.parse::<Timestamp>().ok().zip(id.parse().ok());
            // The checksum held, so the token is ours and of another version.
            Some(place.ok_or_else(|| status(&list::unreadable()))?)
        }
        None => None,
    };
    Ok(Incidents { filter: Filter { department, open_only }, after, size, binding })
}

/// A list of what was told that is asked for.
pub(in crate::grpc) struct Updates {
    pub incident: IncidentId,
    pub after: i32,
    pub size: usize,
}

impl Updates {
    /// The token of the page after this number.
    pub fn next_token(&self, last: Option<i32>) -> String {
        let binding = self.incident.name();
        let token = |last: i32| PageToken::encode("incident-updates", binding.as_bytes(), &[&last.to_string()]);
        last.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn updates(request: &pb::ListIncidentUpdatesRequest) -> Result<Updates, Status> {
    let mut v = Violations::new();
    let incident = parse::name::<IncidentId>(&mut v, "parent", &request.parent);
    let size = page_size(&mut v, request.page_size);
    let incident = whole(v, incident).map_err(|e| status(&e))?;
    let binding = incident.name();
    let token = PageToken::decode(&request.page_token, "incident-updates", binding.as_bytes());
    let after = match token.map_err(|e| status(&e))? {
        Some(token) => {
            let [last] = token.fields().map_err(|e| status(&e))?;
            last.parse().map_err(|_| status(&list::unreadable()))?
        }
        None => 0,
    };
    Ok(Updates { incident, after, size })
}

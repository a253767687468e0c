//! Requests of `PolicyService` to values.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Violations;
use postgres::{RequestKey, parse_etag};
use prost::Message;
use server::{PageToken, page_size, parse};
use sla_monitor_domain::calendar::{Changes, Holiday, Hours, Title};
use ventanilla_proto::sla::v1 as proto;

use super::{LONGEST_ID, slug, unreadable_token, version_number};
use crate::error::Failure;
use crate::policy::{content, house_id};
use crate::store::past::Span;
use crate::usecase::get_calendar::Page as CalendarPage;
use crate::usecase::put_calendar::NewCalendar;
use crate::usecase::simulate_policy::Trial;
use crate::usecase::write_policy::{NewDraft, Turned};

/// Most days a calendar of the house may change, of each sort.
const MOST_DAYS: usize = 500;
/// Shortest id of a calendar of the house: calendars that ship have the two letters of a country, or a dot.
const SHORTEST_CALENDAR: usize = 3;
/// Most hours of a day with hours of its own.
const MOST_HOURS: usize = 20;
/// Most intervals of a calendar.
const MOST_INTERVALS: usize = 100;
/// Longest title of a calendar, or of a holiday.
const LONGEST_TITLE: usize = 100;
/// Longest source of a calendar.
const LONGEST_SOURCE: usize = 300;

fn key(v: &mut Violations, method: &'static str, id: &str, request: &impl Message) -> Option<RequestKey> {
    let id = parse::request_id(v, id)?;
    Some(RequestKey::of(id, method, &request.encode_to_vec()))
}

fn etag(v: &mut Violations, field: &str, etag: &str) -> Option<i64> {
    if etag.is_empty() {
        v.push(field, "is required");
        return None;
    }
    v.check(field, parse_etag(etag))
}

fn whole<T>(violations: Violations, value: Option<T>) -> Result<T, Failure> {
    violations.clone().into_result()?;
    value.ok_or_else(|| violations.into())
}

/// `PutPolicy`.
pub fn put_policy(request: &proto::PutPolicyRequest) -> Result<NewDraft, Failure> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutPolicy", &request.request_id, request);
    let Some(said) = &request.policy else {
        v.push("policy", "is required");
        return whole(v, None);
    };
    let id = house_id(&mut v, "policy.name", "policies", &said.name);
    let content = content(&mut v, said);
    let known = if said.etag.is_empty() { Some(None) } else { etag(&mut v, "policy.etag", &said.etag).map(Some) };
    let calendar = said.measure.as_ref().map(|m| m.calendar.clone()).filter(|name| !name.is_empty());
    let calendar = match &calendar {
        Some(name) => slug(&mut v, "policy.measure.calendar", "calendars", name).map(Some),
        None => Some(None),
    };
    let new = || Some(NewDraft { id: id?, content: content?, calendar: calendar?, etag: known?, key: key? });
    let new = new();
    whole(v, new)
}

/// `ActivatePolicy`.
pub fn activate(request: &proto::ActivatePolicyRequest) -> Result<Turned, Failure> {
    let mut v = Violations::new();
    let key = key(&mut v, "ActivatePolicy", &request.request_id, request);
    let at = parse::optional_time(&mut v, "from_time", request.from_time.as_ref());
    let (id, etag) = (slug(&mut v, "name", "policies", &request.name), etag(&mut v, "etag", &request.etag));
    let turned = || Some(Turned { id: id?, etag: etag?, at, key: key? });
    let turned = turned();
    whole(v, turned)
}

/// `WithdrawPolicy`.
pub fn withdraw(request: &proto::WithdrawPolicyRequest) -> Result<Turned, Failure> {
    let mut v = Violations::new();
    let key = key(&mut v, "WithdrawPolicy", &request.request_id, request);
    let at = parse::optional_time(&mut v, "until_time", request.until_time.as_ref());
    let (id, etag) = (slug(&mut v, "name", "policies", &request.name), etag(&mut v, "etag", &request.etag));
    let turned = || Some(Turned { id: id?, etag: etag?, at, key: key? });
    let turned = turned();
    whole(v, turned)
}

/// A page of versions.
pub struct VersionsPage {
    /// Id of the policy.
    pub id: String,
    /// Below this version.
    pub below: i32,
    /// At most so many.
    pub size: usize,
}

fn versions_binding(request: &proto::ListPolicyVersionsRequest) -> Vec<u8> {
    let name = request.name.clone();
    proto::ListPolicyVersionsRequest { name, ..proto::ListPolicyVersionsRequest::default() }.encode_to_vec()
}

/// `ListPolicyVersions`.
pub fn versions(request: &proto::ListPolicyVersionsRequest) -> Result<VersionsPage, Failure> {
    let mut v = Violations::new();
    let id = slug(&mut v, "name", "policies", &request.name);
    let size = page_size(&mut v, request.page_size);
    let id = whole(v, id)?;
    let below = match PageToken::decode(&request.page_token, "policy_versions", &versions_binding(request))? {
        Some(token) => {
            let [below] = token.fields()?;
            below.parse().map_err(|_| unreadable_token())?
        }
        None => i32::MAX,
    };
    Ok(VersionsPage { id, below, size })
}

/// The token that goes on below a version.
pub fn versions_token(request: &proto::ListPolicyVersionsRequest, next: Option<i32>) -> String {
    let token = |below: i32| PageToken::encode("policy_versions", &versions_binding(request), &[&below.to_string()]);
    next.map(token).unwrap_or_default()
}

fn span(v: &mut Violations, from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Span {
    let span = Span { from: from.unwrap_or(Timestamp::UNIX_EPOCH), to: to.unwrap_or(now) };
    if span.to > now {
        v.push("to_time", "must not be in the future");
    } else if span.to <= span.from {
        v.push(if to.is_some() { "to_time" } else { "from_time" }, "must leave a span: the end after the beginning");
    }
    span
}

/// `SimulatePolicy`.
pub fn simulate(request: &proto::SimulatePolicyRequest, now: Timestamp) -> Result<Trial, Failure> {
    let mut v = Violations::new();
    let id = slug(&mut v, "name", "policies", &request.name);
    version_number(&mut v, request.version);
    let from = parse::time(&mut v, "from_time", request.from_time.as_ref());
    let to = parse::optional_time(&mut v, "to_time", request.to_time.as_ref());
    let span = span(&mut v, from, to, now);
    let trial = || Some(Trial { id: id?, version: request.version, span });
    let trial = trial();
    whole(v, trial)
}

/// `ReplayClocks`.
pub fn replay(request: &proto::ReplayClocksRequest, now: Timestamp) -> Result<Span, Failure> {
    let mut v = Violations::new();
    let from = parse::optional_time(&mut v, "from_time", request.from_time.as_ref());
    let to = parse::optional_time(&mut v, "to_time", request.to_time.as_ref());
    let span = span(&mut v, from, to, now);
    whole(v, Some(span))
}

/// Dates in a list, `inner` naming where in its items they stand.
fn dates<'a>(
    v: &mut Violations,
    (field, inner): (&str, &str),
    said: impl Iterator<Item = &'a str>,
) -> Vec<Option<Date>> {
    let mut read = Vec::new();
    for (i, text) in said.enumerate() {
        // Another spelling of a date, with an hour or a zone, is none here.
        let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
        if date.is_none() {
            v.push(format!("calendar.{field}[{i}]{inner}"), "must be a date, YYYY-MM-DD");
        }
        read.push(date);
    }
    read
}

fn at_most<T>(v: &mut Violations, field: &str, list: &[T], most: usize) {
    if list.len() > most {
        v.push(format!("calendar.{field}"), format!("must be at most {most}"));
    }
}

/// A text of one line.
fn line(v: &mut Violations, field: &str, said: &str, most: usize) -> Option<String> {
    let text = parse::required_text(v, field, said, most)?;
    if text.contains(['\n', '\r']) {
        v.push(field, "must be one line");
        return None;
    }
    Some(text)
}

/// `PutCalendar`. What does not fit the calendar that is extended is found where that is known.
pub fn put_calendar(request: &proto::PutCalendarRequest) -> Result<NewCalendar, Failure> {
    let mut v = Violations::new();
    let key = key(&mut v, "PutCalendar", &request.request_id, request);
    let known = parse::optional_text(&mut v, "known_version", &request.known_version, LONGEST_ID);
    let Some(said) = &request.calendar else {
        v.push("calendar", "is required");
        return whole(v, None);
    };
    let id = house_id(&mut v, "calendar.name", "calendars", &said.name);
    if id.as_ref().is_some_and(|id| id.len() < SHORTEST_CALENDAR) {
        v.push("calendar.name", "must have an id of at least 3 characters: shorter ones are those of countries");
    }
    let extends = slug(&mut v, "calendar.extends", "calendars", &said.extends);
    let es = line(&mut v, "calendar.title_es", &said.title_es, LONGEST_TITLE);
    let en = line(&mut v, "calendar.title_en", &said.title_en, LONGEST_TITLE);
    let source = line(&mut v, "calendar.source", &said.source, LONGEST_SOURCE);
    at_most(&mut v, "holidays", &said.holidays, MOST_DAYS);
    at_most(&mut v, "removed_dates", &said.removed_dates, MOST_DAYS);
    at_most(&mut v, "exceptions", &said.exceptions, MOST_DAYS);
    at_most(&mut v, "weekly_intervals", &said.weekly_intervals, MOST_INTERVALS);
    at_most(&mut v, "business_weekdays", &said.business_weekdays, 7);
    let days = dates(&mut v, ("holidays", ".date"), said.holidays.iter().map(|h| h.date.as_str()));
    for (i, holiday) in said.holidays.iter().enumerate() {
        line(&mut v, &format!("calendar.holidays[{i}].title"), &holiday.title, LONGEST_TITLE);
    }
    for (i, exception) in said.exceptions.iter().enumerate() {
        at_most(&mut v, &format!("exceptions[{i}].intervals"), &exception.intervals, MOST_HOURS);
    }
    let holiday = |(day, said): (Option<Date>, &proto::Holiday)| {
        Some((day?, Holiday { title: said.title.clone(), scope: said.scope.clone() }))
    };
    let added = days.into_iter().zip(&said.holidays).filter_map(holiday).collect();
    let removed = dates(&mut v, ("removed_dates", ""), said.removed_dates.iter().map(String::as_str));
    let closed = dates(&mut v, ("exceptions", ".date"), said.exceptions.iter().map(|e| e.date.as_str()));
    let spans = |e: &proto::CalendarException| e.intervals.iter().map(|i| (i.start_minute, i.end_minute)).collect();
    let exceptions = closed.into_iter().zip(&said.exceptions).filter_map(|(day, e)| Some((day?, spans(e)))).collect();
    let hours = |i: &proto::WeeklyInterval| Hours {
        weekday: i8::try_from(i.weekday).unwrap_or(0),
        start_minute: i.start_minute,
        end_minute: i.end_minute,
    };
    let hours: Vec<Hours> = said.weekly_intervals.iter().map(hours).collect();
    let weekdays: Vec<i8> = said.business_weekdays.iter().map(|day| i8::try_from(*day).unwrap_or(0)).collect();
    let zone = parse::optional_text(&mut v, "calendar.time_zone", &said.time_zone, LONGEST_ID);
    let new = || {
        Some(NewCalendar {
            extends: extends?,
            changes: Changes {
                id: id?,
                version: String::new(),
                title: Title { es: es?, en: en? },
                source: source?,
                added,
                removed: removed.into_iter().flatten().collect(),
                hours: (!hours.is_empty()).then_some(hours),
                exceptions,
                business_weekdays: (!weekdays.is_empty()).then_some(weekdays),
                zone,
            },
            said: said.clone(),
            known,
            key: key?,
        })
    };
    let new = new();
    whole(v, new)
}

fn calendars_binding(request: &proto::ListCalendarsRequest) -> Vec<u8> {
    let jurisdiction = request.jurisdiction.clone();
    proto::ListCalendarsRequest { jurisdiction, ..proto::ListCalendarsRequest::default() }.encode_to_vec()
}

/// `ListCalendars`.
pub fn calendars(request: &proto::ListCalendarsRequest) -> Result<CalendarPage, Failure> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    let place = &request.jurisdiction;
    let is_a_code = place.len() == 2 && place.bytes().all(|b| b.is_ascii_uppercase());
    if !place.is_empty() && !is_a_code {
        v.push("jurisdiction", "must be two capital letters, as ES");
    }
    v.into_result()?;
    let after = match PageToken::decode(&request.page_token, "calendars", &calendars_binding(request))? {
        Some(token) => {
            let [id] = token.fields()?;
            Some(id)
        }
        None => None,
    };
    Ok(CalendarPage { jurisdiction: (!place.is_empty()).then(|| place.clone()), after, size })
}

/// The token that goes on after a calendar.
pub fn calendars_token(request: &proto::ListCalendarsRequest, next: Option<String>) -> String {
    next.map(|id| PageToken::encode("calendars", &calendars_binding(request), &[&id])).unwrap_or_default()
}

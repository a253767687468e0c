//! Requests to values: every violation at once, each under its field's path.

pub mod policy;

use jiff::Timestamp;
use kernel::{ResourceId as _, Violations};
use prost::Message as _;
use server::{PageToken, page_size, parse};
use sla_monitor_domain::rule::Kind;
use ventanilla_proto::sla::v1 as proto;

use crate::error::Failure;
use crate::names::{ClockId, CustomerId, Subject};
use crate::store::clock::Filter;
use crate::usecase::forecast_resolution::Asked;
use crate::usecase::get_board::Window;
use crate::usecase::preview_due::Preview;
use crate::usecase::{list_clocks, list_policies};

/// Longest id of a policy or calendar.
const LONGEST_ID: usize = 63;

/// The id in `collection/{id}`, where the id is letters, digits, dots, hyphens and underscores.
fn slug(violations: &mut Violations, field: &str, collection: &str, name: &str) -> Option<String> {
    if name.is_empty() {
        violations.push(field, "is required");
        return None;
    }
    let id = name.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
    let fits = |id: &&str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(known)
    };
    let id = id.filter(fits);
    if id.is_none() {
        let form = format!(
            "must be a resource name of the form {collection}/{{id}}, the id of letters, digits, dots, hyphens and underscores"
        );
        violations.push(field, form);
    }
    id.map(str::to_owned)
}

fn optional_slug(violations: &mut Violations, field: &str, collection: &str, name: &str) -> Option<String> {
    if name.is_empty() { None } else { slug(violations, field, collection, name) }
}

/// `GetPolicy`.
pub fn get_policy(request: &proto::GetPolicyRequest) -> Result<(String, i32), Failure> {
    let mut violations = Violations::new();
    let id = slug(&mut violations, "name", "policies", &request.name);
    version_number(&mut violations, request.version);
    violations.clone().into_result()?;
    id.map(|id| (id, request.version)).ok_or_else(|| violations.into())
}

/// A version that is asked for; 0 asks for none in particular.
fn version_number(violations: &mut Violations, version: i32) {
    if version < 0 {
        violations.push("version", "must not be negative");
    }
}

/// `GetCalendar`.
pub fn get_calendar(request: &proto::GetCalendarRequest) -> Result<(String, String), Failure> {
    let mut violations = Violations::new();
    let id = slug(&mut violations, "name", "calendars", &request.name);
    let version = parse::optional_text(&mut violations, "version", &request.version, LONGEST_ID);
    violations.clone().into_result()?;
    id.map(|id| (id, version.unwrap_or_default())).ok_or_else(|| violations.into())
}

/// `GetClock`, `ExplainClock`.
pub fn clock_name(name: &str) -> Result<ClockId, Failure> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, "name", name);
    id.ok_or_else(|| violations.into())
}

/// `PreviewDue`.
pub fn preview(request: &proto::PreviewDueRequest) -> Result<Preview, Failure> {
    let mut violations = Violations::new();
    let rule = slug(&mut violations, "policy", "policies", &request.policy);
    let start = parse::time(&mut violations, "start_time", request.start_time.as_ref());
    let calendar = optional_slug(&mut violations, "calendar", "calendars", &request.calendar);
    let subject = Some(&request.subject).filter(|named| !named.is_empty());
    let affair = subject.and_then(|named| violations.check("subject", Subject::parse(named))).map(|of| of.affair());
    let department = match request.department.is_empty() {
        true => None,
        false => parse::department(&mut violations, "department", &request.department),
    };
    violations.clone().into_result()?;
    let department = department.map(|slug| slug.to_string()).unwrap_or_default();
    match (rule, start) {
        (Some(rule), Some(start)) => Ok(Preview { rule, start, calendar, affair, department }),
        _ => Err(violations.into()),
    }
}

/// `GetBoard`.
pub fn window(request: &proto::GetBoardRequest) -> Result<Window, Failure> {
    window_of((request.from_time.as_ref(), request.to_time.as_ref()), &request.policy)
}

/// `WatchBoard`.
pub fn watch_window(request: &proto::WatchBoardRequest) -> Result<Window, Failure> {
    window_of((request.from_time.as_ref(), request.to_time.as_ref()), &request.policy)
}

fn window_of(
    (from, to): (Option<&prost_types::Timestamp>, Option<&prost_types::Timestamp>),
    policy: &str,
) -> Result<Window, Failure> {
    let mut violations = Violations::new();
    let from = parse::optional_time(&mut violations, "from_time", from);
    let to = parse::optional_time(&mut violations, "to_time", to);
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        violations.push("to_time", "must be after from_time");
    }
    let rule = optional_slug(&mut violations, "policy", "policies", policy);
    violations.into_result()?;
    Ok(Window { from, to, rule })
}

/// What the page tokens of a list are bound to: the request without its paging fields.
fn policies_binding(request: &proto::ListPoliciesRequest) -> Vec<u8> {
    proto::ListPoliciesRequest { page_size: 0, page_token: String::new(), ..*request }.encode_to_vec()
}

fn clocks_binding(request: &proto::ListClocksRequest) -> Vec<u8> {
    let bound = proto::ListClocksRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    bound.encode_to_vec()
}

/// `ListPolicies`.
pub fn policies(request: &proto::ListPoliciesRequest) -> Result<list_policies::Page, Failure> {
    let mut violations = Violations::new();
    let size = page_size(&mut violations, request.page_size);
    let kind = match proto::PolicyKind::try_from(request.kind) {
        Ok(proto::PolicyKind::Unspecified) => None,
        Ok(proto::PolicyKind::Sla) => Some(Kind::Sla),
        Ok(proto::PolicyKind::Ola) => Some(Kind::Ola),
        Ok(proto::PolicyKind::Uc) => Some(Kind::Uc),
        Ok(proto::PolicyKind::Statutory) => Some(Kind::Statutory),
        Err(_) => parse::not_a_value(&mut violations, "kind", request.kind),
    };
    violations.into_result()?;
    let after = match PageToken::decode(&request.page_token, "policies", &policies_binding(request))? {
        Some(token) => {
            let [id] = token.fields()?;
            Some(id)
        }
        None => None,
    };
    Ok(list_policies::Page { kind, enabled_only: request.enabled_only, after, size })
}

/// The token that goes on after a policy.
pub fn policies_token(request: &proto::ListPoliciesRequest, next: Option<String>) -> String {
    next.map(|id| PageToken::encode("policies", &policies_binding(request), &[&id])).unwrap_or_default()
}

/// `ListClocks`.
pub fn clocks(request: &proto::ListClocksRequest) -> Result<list_clocks::Page, Failure> {
    let mut violations = Violations::new();
    let size = page_size(&mut violations, request.page_size);
    let mut filter = subject_filter(&mut violations, &request.subject, &request.customer);
    for (i, state) in request.states.iter().enumerate() {
        let word = match proto::ClockState::try_from(*state) {
            Ok(proto::ClockState::Scheduled) => "scheduled",
            Ok(proto::ClockState::Running) => "running",
            Ok(proto::ClockState::Paused) => "paused",
            Ok(proto::ClockState::Fulfilled) => "fulfilled",
            Ok(proto::ClockState::Cancelled) => "cancelled",
            Ok(proto::ClockState::Lapsed) => "lapsed",
            Ok(proto::ClockState::Unspecified) | Err(_) => {
                parse::not_a_value::<()>(&mut violations, &format!("states[{i}]"), *state);
                continue;
            }
        };
        filter.states.push(word.to_owned());
    }
    violations.into_result()?;
    let after = match PageToken::decode(&request.page_token, "clocks", &clocks_binding(request))? {
        Some(token) => {
            let [time, id] = token.fields()?;
            // The checksum held, so it is ours; one that cannot be read is of another version of this list.
            let key = time.parse().ok().zip(uuid::Uuid::try_parse(&id).ok());
            Some(key.ok_or_else(unreadable_token)?)
        }
        None => None,
    };
    Ok(list_clocks::Page { filter, after, size })
}

fn unreadable_token() -> Failure {
    match PageToken::decode("-", "clocks", &[]) {
        Err(error) => error.into(),
        Ok(_) => Violations::new().into(),
    }
}

/// The token that goes on after a clock.
pub fn clocks_token(request: &proto::ListClocksRequest, next: Option<list_clocks::Key>) -> String {
    next.map(|(time, id)| PageToken::encode("clocks", &clocks_binding(request), &[&time.to_string(), &id.to_string()]))
        .unwrap_or_default()
}

/// Which clocks are watched, and from where on.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// Position of the last item known.
    pub after: i64,
    /// Resource name of the subject; empty for all.
    pub subject: String,
    /// Resource name of the customer; empty for all.
    pub customer: String,
}

/// `WatchClocks`.
pub fn watch(request: proto::WatchClocksRequest) -> Result<Watch, Failure> {
    let mut violations = Violations::new();
    if request.after_position < 0 {
        violations.push("after_position", "must not be negative");
    }
    subject_filter(&mut violations, &request.subject, &request.customer);
    violations.into_result()?;
    Ok(Watch { after: request.after_position, subject: request.subject, customer: request.customer })
}

fn subject_filter(violations: &mut Violations, subject: &str, customer: &str) -> Filter {
    let mut filter = Filter::default();
    if !subject.is_empty() {
        match violations.check("subject", Subject::parse(subject)) {
            Some(Subject::Promise(..) | Subject::Obligation(..)) => filter.subject = Some(subject.to_owned()),
            Some(of) => filter.affair = Some(of.affair()),
            None => {}
        }
    }
    let customer: Option<CustomerId> = parse::optional_name(violations, "customer", customer);
    filter.customer = customer.map(|id| id.uuid());
    filter
}

/// What is asked of affairs that were answered, of one that is not.
pub fn forecast(request: &proto::ForecastResolutionRequest, now: Timestamp) -> Result<Asked, Violations> {
    let mut v = Violations::new();
    let word = |v: &mut Violations, field: &str, said: &str| {
        let fits = (1..=63).contains(&said.len()) && said.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !fits {
            v.push(field, "must be a word of a-z and underscores");
        }
        fits.then(|| said.to_owned())
    };
    let subject_type = word(&mut v, "subject_type", &request.subject_type);
    let department = parse::department(&mut v, "department", &request.department);
    let start = parse::time(&mut v, "start_time", request.start_time.as_ref());
    if start.is_some_and(|start| start > now) {
        v.push("start_time", "must not be in the future");
    }
    let percent = match request.percent {
        0 => Some(80),
        percent => u8::try_from(percent).ok().filter(|percent| (1..=99).contains(percent)),
    };
    if percent.is_none() {
        v.push("percent", "must be 1 to 99");
    }
    let due = parse::optional_time(&mut v, "due_time", request.due_time.as_ref());
    let asked = || {
        let department = department?.to_string();
        Some(Asked { subject_type: subject_type?, department, start: start?, percent: percent?, due })
    };
    let asked = asked();
    v.into_result()?;
    Ok(asked.expect("a value that cannot be read leaves a violation"))
}

//! Requests to values: every violation at once, each under its field's path.

use jiff::{SignedDuration, Timestamp};
use kernel::{Department, Violations};
use postgres::{RequestKey, parse_etag};
use prost::Message as _;
use server::{PageToken, page_size, parse};
use uuid::Uuid;
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::SubscriptionId;
use webhooks_domain::endpoint::{Endpoint, Rules};
use webhooks_domain::pattern::{Filter, Pattern};

use super::present;
use crate::catalogue;
use crate::error::Failure;
use crate::names::DeliveryName;
use crate::store::delivery::{Asked, State};
use crate::usecase::Content;
use crate::usecase::create_subscription::NewSubscription;
use crate::usecase::replay_subscription::Replay;
use crate::usecase::rotate_secret::Rotation;
use crate::usecase::turn_subscription::Turn;
use crate::usecase::update_subscription::Change;
use crate::usecase::{deliveries, show_subscription};

/// Patterns, and departments, of one subscription.
const MOST: usize = 50;
/// Characters of a description.
const LONGEST_DESCRIPTION: usize = 500;
/// How long a former secret signs when nothing is said, and at most.
const GRACE: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_GRACE: SignedDuration = SignedDuration::from_hours(30 * 24);

fn key(v: &mut Violations, request_id: &str, method: &'static str, body: &[u8]) -> Option<RequestKey> {
    parse::request_id(v, request_id).map(|id| RequestKey::of(id, method, body))
}

fn etag(v: &mut Violations, tag: &str) -> Option<i64> {
    if tag.is_empty() {
        v.push("etag", "is required");
        return None;
    }
    v.check("etag", parse_etag(tag))
}

fn name(v: &mut Violations, field: &str, name: &str) -> Option<SubscriptionId> {
    parse::name(v, field, name)
}

/// The value when nothing was wrong.
fn whole<T>(violations: Violations, value: Option<T>) -> Result<T, Failure> {
    violations.clone().into_result()?;
    value.ok_or_else(|| violations.into())
}

fn content(v: &mut Violations, rules: &Rules, said: Option<&proto::Subscription>) -> Option<Content> {
    let Some(said) = said else {
        v.push("subscription", "is required");
        return None;
    };
    let url = if said.url.is_empty() {
        v.push("subscription.url", "is required");
        None
    } else {
        v.check("subscription.url", Endpoint::parse(&said.url, rules))
    };
    let patterns = patterns(v, &said.event_types);
    let departments = departments(v, &said.departments);
    let description =
        parse::optional_text(v, "subscription.description", &said.description, LONGEST_DESCRIPTION).unwrap_or_default();
    Some(Content {
        url: url?.as_str().to_owned(),
        filter: Filter { patterns: patterns?, departments: departments? },
        description,
    })
}

fn patterns(v: &mut Violations, said: &[String]) -> Option<Vec<Pattern>> {
    const FIELD: &str = "subscription.event_types";
    if said.is_empty() || said.len() > MOST {
        v.push(FIELD, format!("must be 1 to {MOST} patterns"));
        return None;
    }
    let mut read = Vec::new();
    for (place, text) in said.iter().enumerate() {
        let field = format!("{FIELD}[{place}]");
        let Some(pattern) = v.check(&field, text.parse::<Pattern>()) else { continue };
        if !catalogue::knows(&pattern) {
            v.push(field, "means no event that there is; ListEventTypes tells them");
        } else if !read.contains(&pattern) {
            read.push(pattern);
        }
    }
    Some(read)
}

fn departments(v: &mut Violations, said: &[String]) -> Option<Vec<Department>> {
    const FIELD: &str = "subscription.departments";
    if said.len() > MOST {
        v.push(FIELD, format!("must be at most {MOST} departments"));
        return None;
    }
    let mut read = Vec::new();
    for (place, slug) in said.iter().enumerate() {
        let department = parse::department(v, &format!("{FIELD}[{place}]"), slug);
        read.extend(department.filter(|department| !read.contains(department)));
    }
    Some(read)
}

/// `CreateSubscription`.
pub fn create(request: &proto::CreateSubscriptionRequest, rules: &Rules) -> Result<NewSubscription, Failure> {
    let mut v = Violations::new();
    let content = content(&mut v, rules, request.subscription.as_ref());
    let department = department_of(&mut v, request.subscription.as_ref());
    let key = key(&mut v, &request.request_id, "CreateSubscription", &request.encode_to_vec());
    let new = || Some(NewSubscription { department, content: content?, key: key? });
    let new = new();
    whole(v, new)
}

fn department_of(v: &mut Violations, said: Option<&proto::Subscription>) -> Option<Department> {
    let slug = said.map(|said| said.department.as_str()).filter(|slug| !slug.is_empty())?;
    parse::department(v, "subscription.department", slug)
}

/// `UpdateSubscription`.
pub fn update(request: &proto::UpdateSubscriptionRequest, rules: &Rules) -> Result<Change, Failure> {
    let mut v = Violations::new();
    let id = name(&mut v, "name", &request.name);
    let content = content(&mut v, rules, request.subscription.as_ref());
    // It stays whose it is; what is no department is wrong all the same.
    let _ = department_of(&mut v, request.subscription.as_ref());
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, &request.request_id, "UpdateSubscription", &request.encode_to_vec());
    let change = || Some(Change { id: id?, content: content?, etag: etag?, key: key? });
    let change = change();
    whole(v, change)
}

/// A verb: its subscription, version and `request_id`.
pub fn turn(method: &'static str, said: (&str, &str, &str), body: &[u8]) -> Result<Turn, Failure> {
    let mut v = Violations::new();
    let (id, etag) = (name(&mut v, "name", said.0), etag(&mut v, said.1));
    let key = key(&mut v, said.2, method, body);
    let turn = || Some(Turn { id: id?, etag: etag?, key: key? });
    let turn = turn();
    whole(v, turn)
}

/// `RotateSecret`.
pub fn rotate(request: &proto::RotateSecretRequest) -> Result<Rotation, Failure> {
    let mut v = Violations::new();
    let (id, etag) = (name(&mut v, "name", &request.name), etag(&mut v, &request.etag));
    let grace = request.grace_duration.as_ref().map_or(Some(GRACE), |said| {
        let nanos = (0..1_000_000_000).contains(&said.nanos);
        let read =
            SignedDuration::try_from_secs_f64(said.seconds as f64).ok().filter(|grace| nanos && !grace.is_negative());
        let read = read.filter(|grace| *grace <= LONGEST_GRACE);
        if read.is_none() {
            v.push("grace_duration", "must be at least zero and at most 30 days");
        }
        read
    });
    let key = key(&mut v, &request.request_id, "RotateSecret", &request.encode_to_vec());
    let rotation = || Some(Rotation { id: id?, grace: grace?, etag: etag?, key: key? });
    let rotation = rotation();
    whole(v, rotation)
}

/// `SendTestEvent`.
pub fn test(request: &proto::SendTestEventRequest) -> Result<(SubscriptionId, RequestKey), Failure> {
    let mut v = Violations::new();
    let id = name(&mut v, "name", &request.name);
    let key = key(&mut v, &request.request_id, "SendTestEvent", &request.encode_to_vec());
    whole(v, id.zip(key))
}

/// `ReplaySubscription`.
pub fn replay(request: &proto::ReplaySubscriptionRequest) -> Result<Replay, Failure> {
    let mut v = Violations::new();
    let id = name(&mut v, "name", &request.name);
    for (field, position) in [("from_position", request.from_position), ("to_position", request.to_position)] {
        if position < 0 {
            v.push(field, "must not be negative");
        }
    }
    if request.to_position > 0 && request.to_position < request.from_position {
        v.push("to_position", "must not be before from_position");
    }
    let since = parse::optional_time(&mut v, "from_time", request.from_time.as_ref());
    if since.is_some() && request.from_position > 0 {
        v.push("from_time", "must be left out when from_position is given");
    }
    let key = key(&mut v, &request.request_id, "ReplaySubscription", &request.encode_to_vec());
    let to = (request.to_position > 0).then_some(request.to_position);
    let replay = || Some(Replay { id: id?, from: request.from_position, since, to, key: key? });
    let replay = replay();
    whole(v, replay)
}

/// `GetSubscription`.
pub fn subscription_name(said: &str) -> Result<SubscriptionId, Failure> {
    let mut v = Violations::new();
    let id = name(&mut v, "name", said);
    whole(v, id)
}

fn delivery(v: &mut Violations, said: &str) -> Option<DeliveryName> {
    if said.is_empty() {
        v.push("name", "is required");
        return None;
    }
    v.check("name", said.parse())
}

/// `GetDelivery`.
pub fn delivery_name(said: &str) -> Result<DeliveryName, Failure> {
    let mut v = Violations::new();
    let name = delivery(&mut v, said);
    whole(v, name)
}

/// `RedeliverDelivery`.
pub fn redeliver(request: &proto::RedeliverDeliveryRequest) -> Result<(DeliveryName, RequestKey), Failure> {
    let mut v = Violations::new();
    let name = delivery(&mut v, &request.name);
    let key = key(&mut v, &request.request_id, "RedeliverDelivery", &request.encode_to_vec());
    whole(v, name.zip(key))
}

/// What decides a list beside its page, as bytes.
fn bound<M: prost::Message>(request: &M) -> Vec<u8> {
    request.encode_to_vec()
}

fn bad_token<T>(parsed: Option<T>) -> Result<T, Failure> {
    parsed.ok_or_else(|| {
        let refused = PageToken::decode("-", "", b"");
        refused.err().map_or_else(|| Violations::new().into(), Failure::from)
    })
}

const SUBSCRIPTIONS: &str = "webhooks.subscriptions";
const DELIVERIES: &str = "webhooks.deliveries";
const DEAD: &str = "webhooks.dead_letters";
const TYPES: &str = "webhooks.event_types";

fn unpaged_subscriptions(request: &proto::ListSubscriptionsRequest) -> Vec<u8> {
    bound(&proto::ListSubscriptionsRequest { page_size: 0, page_token: String::new(), ..request.clone() })
}

/// `ListSubscriptions`.
pub fn subscriptions(request: &proto::ListSubscriptionsRequest) -> Result<show_subscription::Page, Failure> {
    let mut v = Violations::new();
    let department = match request.department.as_str() {
        "" => None,
        slug => parse::department(&mut v, "department", slug),
    };
    let state = match proto::SubscriptionState::try_from(request.state) {
        Ok(proto::SubscriptionState::Unspecified) => None,
        Ok(proto::SubscriptionState::Active) => Some("active"),
        Ok(proto::SubscriptionState::Paused) => Some("paused"),
        Ok(proto::SubscriptionState::Disabled) => Some("disabled"),
        Err(_) => parse::not_a_value(&mut v, "state", request.state),
    };
    let size = page_size(&mut v, request.page_size);
    v.into_result()?;
    let token = PageToken::decode(&request.page_token, SUBSCRIPTIONS, &unpaged_subscriptions(request))?;
    let after = match token {
        None => None,
        Some(token) => {
            let [at, id] = token.fields()?;
            Some(bad_token(at.parse::<Timestamp>().ok().zip(Uuid::try_parse(&id).ok()))?)
        }
    };
    Ok(show_subscription::Page { department, state, after, size })
}

/// The token of the page after this one.
pub fn subscriptions_token(request: &proto::ListSubscriptionsRequest, next: show_subscription::After) -> String {
    let filter = unpaged_subscriptions(request);
    next.map_or_else(String::new, |(at, id)| {
        PageToken::encode(SUBSCRIPTIONS, &filter, &[&at.to_string(), &id.to_string()])
    })
}

fn unpaged_deliveries(request: &proto::ListDeliveriesRequest) -> Vec<u8> {
    bound(&proto::ListDeliveriesRequest { page_size: 0, page_token: String::new(), ..request.clone() })
}

/// `ListDeliveries`.
pub fn deliveries(request: &proto::ListDeliveriesRequest) -> Result<deliveries::Page, Failure> {
    let mut v = Violations::new();
    let parent = name(&mut v, "parent", &request.parent);
    let state = match proto::DeliveryState::try_from(request.state) {
        Ok(proto::DeliveryState::Unspecified) => None,
        Ok(proto::DeliveryState::Waiting) => Some(State::Waiting),
        Ok(proto::DeliveryState::Delivered) => Some(State::Delivered),
        Ok(proto::DeliveryState::Dead) => Some(State::Dead),
        Err(_) => parse::not_a_value(&mut v, "state", request.state),
    };
    let last_outcome = match proto::AttemptOutcome::try_from(request.last_outcome) {
        Ok(outcome) => present::outcome_word(outcome),
        Err(_) => parse::not_a_value(&mut v, "last_outcome", request.last_outcome),
    };
    if !(0..=5).contains(&request.last_status_class) {
        v.push("last_status_class", "must be the first digit of a status, 1 to 5, or 0");
    }
    let last_status_class = (request.last_status_class > 0).then_some(request.last_status_class);
    let size = page_size(&mut v, request.page_size);
    let parent = whole(v, parent)?;
    let token = PageToken::decode(&request.page_token, DELIVERIES, &unpaged_deliveries(request))?;
    let before = match token {
        None => None,
        Some(token) => {
            let [number] = token.fields()?;
            Some(bad_token(number.parse().ok())?)
        }
    };
    Ok(deliveries::Page { parent, asked: Asked { state, last_outcome, last_status_class, before }, size })
}

/// The token of the page after this one.
pub fn deliveries_token(request: &proto::ListDeliveriesRequest, next: Option<i64>) -> String {
    let filter = unpaged_deliveries(request);
    next.map_or_else(String::new, |number| PageToken::encode(DELIVERIES, &filter, &[&number.to_string()]))
}

/// `ListDeadLetters`.
pub fn dead_letters(request: &proto::ListDeadLettersRequest) -> Result<deliveries::DeadPage, Failure> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    v.into_result()?;
    let before = match PageToken::decode(&request.page_token, DEAD, b"")? {
        None => None,
        Some(token) => {
            let [number, id] = token.fields()?;
            Some(bad_token(number.parse().ok().zip(Uuid::try_parse(&id).ok()))?)
        }
    };
    Ok(deliveries::DeadPage { before, size })
}

/// The token of the page after this one.
pub fn dead_letters_token(next: Option<(i64, Uuid)>) -> String {
    next.map_or_else(String::new, |(number, id)| PageToken::encode(DEAD, b"", &[&number.to_string(), &id.to_string()]))
}

/// `ListEventTypes`: after which type, and how many.
pub fn event_types(request: &proto::ListEventTypesRequest) -> Result<(String, usize), Failure> {
    let mut v = Violations::new();
    let size = page_size(&mut v, request.page_size);
    v.into_result()?;
    match PageToken::decode(&request.page_token, TYPES, b"")? {
        None => Ok((String::new(), size)),
        Some(token) => {
            let [after] = token.fields()?;
            Ok((after, size))
        }
    }
}

/// The token of the page after this one.
pub fn event_types_token(next: Option<&str>) -> String {
    next.map_or_else(String::new, |last| PageToken::encode(TYPES, b"", &[last]))
}

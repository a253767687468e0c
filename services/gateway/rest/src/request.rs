//! From what came over HTTP to the message of the RPC: path, query, body and the headers that stand for fields.

use kernel::Violations;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};

use crate::contract::{BodyPlace, Operation};
use crate::decode::{self, inside, note};
use crate::etag;
use crate::json::Json;
use crate::table;

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Asked<'r> {
    pub(crate) path: &'r str,
    pub(crate) query: Option<&'r str>,
    pub(crate) body: Option<Json>,
    /// `Idempotency-Key`.
    pub(crate) idempotency_key: Option<&'r str>,
    /// `If-Match`.
    pub(crate) if_match: Option<&'r str>,
    /// `Last-Event-ID`.
    pub(crate) last_event_id: Option<&'r str>,
}

/// Puts the message together.
///
/// # Errors
/// All that is wrong with it, as far as HTTP and JSON go; what the fields mean is the service's to judge.
pub(crate) fn read(operation: &Operation, asked: Asked<'_>) -> Result<DynamicMessage, Violations> {
    let mut wrong = Violations::new();
    let mut message = body(operation, asked.body, &mut wrong);
    path(operation, asked.path, &mut message, &mut wrong);
    query(operation, asked.query, &mut message, &mut wrong);
    if let (Some(field), Some(key)) = (&operation.request_id, asked.idempotency_key) {
        let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key);
        agree(&mut message, std::slice::from_ref(field), key, "Idempotency-Key", &mut wrong);
    }
    if let Some(tag) = asked.if_match {
        if_match(operation, tag, &mut message, &mut wrong);
    }
    if let (Some(field), Some(id)) = (&operation.cursor, asked.last_event_id.filter(|id| !id.is_empty())) {
        // A stream that broke is opened again at the address it had, so that the header goes before the query.
        match decode::one(&field.kind(), Json::Text(id.to_owned()), field.json_name(), &mut wrong) {
            Some(position) => message.set_field(field, position),
            None => note(&mut wrong, field.json_name(), "Last-Event-ID is none of this stream's"),
        }
    }
    wrong.into_result().map(|()| message)
}

fn body(operation: &Operation, body: Option<Json>, wrong: &mut Violations) -> DynamicMessage {
    let input = operation.rpc.input();
    let mut message = DynamicMessage::new(input.clone());
    match (&operation.body, body) {
        (_, None) => {}
        (BodyPlace::None, Some(_)) => note(wrong, "", "this call takes no body"),
        (BodyPlace::Whole, Some(json)) => {
            if let Some(read) = decode::message(&input, json, "", wrong) {
                message = read;
            }
        }
        (BodyPlace::Field(field), Some(json)) => {
            if let Some(value) = decode::field_value(field, json, field.json_name(), wrong) {
                message.set_field(field, value);
            }
        }
    }
    message
}

fn path(operation: &Operation, path: &str, message: &mut DynamicMessage, wrong: &mut Violations) {
    let texts = table::captures(&operation.template, path);
    for (way, text) in operation.bound.iter().zip(texts) {
        match text {
            Some(text) => agree(message, way, &text, "the path", wrong),
            None => note(wrong, &spelled(way), "is no UTF-8 in the path"),
        }
    }
}

/// Sets a field that the body may have said too: both must say the same.
fn agree(message: &mut DynamicMessage, way: &[FieldDescriptor], text: &str, whence: &str, wrong: &mut Violations) {
    let Some(last) = way.last() else { return };
    let place = spelled(way);
    let Some(value) = decode::one(&last.kind(), from_text(&last.kind(), text), &place, wrong) else { return };
    let Some(holder) = holder(message, way) else { return };
    if holder.has_field(last) && *holder.get_field(last) != value {
        note(wrong, &place, format!("differs from {whence}"));
        return;
    }
    if holder.has_field(last) {
        return;
    }
    match decode::rival(holder, last) {
        Some(other) => note(wrong, &place, format!("excludes {other}: only one of them may be given")),
        None => holder.set_field(last, value),
    }
}

/// The message that holds the field at the end of the way.
fn holder<'m>(message: &'m mut DynamicMessage, way: &[FieldDescriptor]) -> Option<&'m mut DynamicMessage> {
    let (_, before) = way.split_last()?;
    let mut holder = message;
    for step in before {
        let Value::Message(inner) = holder.get_field_mut(step) else { return None };
        holder = inner;
    }
    Some(holder)
}

fn spelled(way: &[FieldDescriptor]) -> String {
    way.iter().fold(String::new(), |path, step| inside(&path, step.json_name()))
}

/// What stands in a path, a query or a header, as JSON would have it.
fn from_text(kind: &Kind, text: &str) -> Json {
    match (kind, text) {
        (Kind::Bool, "true") => Json::Bool(true),
        (Kind::Bool, "false") => Json::Bool(false),
        (Kind::Enum(_), number) => match number.parse::<i32>() {
            Ok(number) => Json::Integer(number.into()),
            Err(_) => Json::Text(number.to_owned()),
        },
        (_, text) => Json::Text(text.to_owned()),
    }
}

fn query(operation: &Operation, query: Option<&str>, message: &mut DynamicMessage, wrong: &mut Violations) {
    let Some(query) = query else { return };
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let Some(way) = parameter(operation, &name) else {
            let shown: String = name.chars().take(80).collect();
            note(wrong, &shown, "there is no such query parameter");
            continue;
        };
        let place = spelled(&way);
        let given = |bound: &Vec<FieldDescriptor>| {
            bound.iter().map(FieldDescriptor::number).eq(way.iter().map(FieldDescriptor::number))
        };
        if operation.bound.iter().any(given) {
            note(wrong, &place, "is given by the path");
            continue;
        }
        let Some(last) = way.last() else { continue };
        let Some(value) = decode::one(&last.kind(), from_text(&last.kind(), &text), &place, wrong) else { continue };
        let Some(holder) = holder(message, &way) else { continue };
        if last.is_list() {
            if let Value::List(items) = holder.get_field_mut(last) {
                items.push(value);
            }
        } else if holder.has_field(last) {
            note(wrong, &place, "is said twice");
        } else if let Some(other) = decode::rival(holder, last) {
            note(wrong, &place, format!("excludes {other}: only one of them may be given"));
        } else {
            holder.set_field(last, value);
        }
    }
}

/// The way to a field that a query parameter of this name gives: what neither the path nor the body does, and is no
/// message of ours.
fn parameter(operation: &Operation, name: &str) -> Option<Vec<FieldDescriptor>> {
    if matches!(operation.body, BodyPlace::Whole) {
        return None;
    }
    let mut descriptor = operation.rpc.input();
    let mut way: Vec<FieldDescriptor> = Vec::new();
    for step in name.split('.') {
        if let Some(before) = way.last() {
            let kind = before.kind();
            let inner = kind.as_message().filter(|_| !before.is_list() && !before.is_map())?;
            descriptor = inner.clone();
        }
        way.push(decode::field(&descriptor, step)?);
    }
    if let (BodyPlace::Field(body), Some(first)) = (&operation.body, way.first())
        && body.number() == first.number()
    {
        return None;
    }
    is_parameter(way.last()?).then_some(way)
}

/// Whether a field fits into one query parameter.
pub(crate) fn is_parameter(field: &FieldDescriptor) -> bool {
    match field.kind() {
        _ if field.is_map() => false,
        Kind::Message(inner) => {
            matches!(inner.full_name(), "google.protobuf.Timestamp" | "google.protobuf.Duration")
        }
        _ => true,
    }
}

fn if_match(operation: &Operation, tag: &str, message: &mut DynamicMessage, wrong: &mut Violations) {
    let Some(way) = &operation.etag else {
        note(wrong, "", "this call takes no etag: leave If-Match out");
        return;
    };
    match etag::version(tag) {
        Some(version) => agree(message, way, &version, "If-Match", wrong),
        None => note(wrong, &spelled(way), "If-Match must be one strong entity tag, as an answer gave it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tests::of;
    use crate::json::Limits;

    fn json(text: &str) -> Option<Json> {
        Some(Json::read(text.as_bytes(), Limits { values: 1_000, depth: 32 }).unwrap())
    }

    fn wrong(operation: &str, asked: Asked<'_>) -> Vec<String> {
        read(of(operation), asked).unwrap_err().as_slice().iter().map(|v| v.field.clone()).collect()
    }

    fn text(message: &DynamicMessage, name: &str) -> String {
        message.get_field_by_name(name).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn the_path_gives_a_field_and_the_body_may_not_contradict_it() {
        let path = "/v1/tickets/7:resolve";
        let read_ = read(of("ResolveTicket"), Asked { path, body: json("{}"), ..Asked::default() }).unwrap();
        assert_eq!(text(&read_, "name"), "tickets/7");
        let same = Asked { path, body: json(r#"{"name": "tickets/7"}"#), ..Asked::default() };
        assert!(read(of("ResolveTicket"), same).is_ok());
        assert_eq!(
            wrong("ResolveTicket", Asked { path, body: json(r#"{"name": "tickets/8"}"#), ..Asked::default() }),
            ["name"]
        );
    }

    #[test]
    fn a_field_inside_the_body_is_given_by_the_path() {
        let asked = Asked {
            path: "/v1/views/mine",
            query: Some("requestId=r"),
            body: json(r#"{"title": "x"}"#),
            if_match: Some("\"3\""),
            ..Asked::default()
        };
        let message = read(of("PutView"), asked).unwrap();
        let view = message.get_field_by_name("view").unwrap().as_message().unwrap().clone();
        assert_eq!((text(&view, "name"), text(&view, "etag")), ("views/mine".to_owned(), "\"3\"".to_owned()));
        assert_eq!(text(&message, "request_id"), "r");
    }

    #[test]
    fn a_put_whose_body_is_the_whole_request_takes_if_match_for_what_is_put() {
        let puts = [
            ("PutAgent", "/v1/agents:put", "agent"),
            ("PutQueue", "/v1/queues:put", "queue"),
            ("PutDepartment", "/v1/departments:put", "department"),
        ];
        for (id, path, what) in puts {
            let asked = |body: &str| Asked { path, body: json(body), if_match: Some("\"3\""), ..Asked::default() };
            let body = format!(r#"{{"{what}": {{"name": "{what}s/a"}}, "requestId": "r"}}"#);
            let message = read(of(id), asked(&body)).unwrap();
            let put = message.get_field_by_name(what).unwrap().as_message().unwrap().clone();
            assert_eq!((text(&put, "name"), text(&put, "etag")), (format!("{what}s/a"), "\"3\"".to_owned()));
            let otherwise = format!(r#"{{"{what}": {{"etag": "\"4\""}}}}"#);
            assert_eq!(wrong(id, asked(&otherwise)), [format!("{what}.etag")], "{id}: both must say the same");
        }
    }

    #[test]
    fn query_parameters_are_fields_by_either_name_and_unknown_ones_are_refused() {
        let asked = Asked {
            path: "/v1/tickets",
            query: Some("customer=customers%2F7&pageSize=5&page_token=x"),
            ..Asked::default()
        };
        let message = read(of("ListTickets"), asked).unwrap();
        assert_eq!(text(&message, "customer"), "customers/7");
        let query = Some("pageSize=x&nothing=1&pageToken=a&page_token=b&order.by=1");
        assert_eq!(
            wrong("ListTickets", Asked { path: "/v1/tickets", query, ..Asked::default() }),
            ["pageSize", "nothing", "pageToken", "order.by"]
        );
        let query = Some("name=tickets/8");
        assert_eq!(wrong("GetTicket", Asked { path: "/v1/tickets/7", query, ..Asked::default() }), ["name"]);
    }

    #[test]
    fn a_call_whose_body_is_the_whole_message_takes_no_query() {
        let asked = Asked { path: "/v1/tickets", query: Some("requestId=r"), body: json("{}"), ..Asked::default() };
        assert_eq!(wrong("CreateTicket", asked), ["requestId"]);
    }

    #[test]
    fn a_call_without_a_body_refuses_one() {
        let asked = Asked { path: "/v1/tickets/7", body: json("{}"), ..Asked::default() };
        assert_eq!(wrong("GetTicket", asked), [""]);
    }

    #[test]
    fn an_idempotency_key_is_the_request_id() {
        let of_header =
            |key, body| Asked { path: "/v1/tickets", body: json(body), idempotency_key: Some(key), ..Asked::default() };
        for key in ["r-1", "\"r-1\""] {
            let message = read(of("CreateTicket"), of_header(key, "{}")).unwrap();
            assert_eq!(text(&message, "request_id"), "r-1");
        }
        assert!(read(of("CreateTicket"), of_header("r-1", r#"{"requestId": "r-1"}"#)).is_ok());
        assert_eq!(wrong("CreateTicket", of_header("r-1", r#"{"requestId": "r-2"}"#)), ["requestId"]);
    }

    #[test]
    fn a_precondition_that_cannot_be_judged_is_refused() {
        let asked =
            |tag| Asked { path: "/v1/tickets/7:resolve", body: json("{}"), if_match: Some(tag), ..Asked::default() };
        assert_eq!(text(&read(of("ResolveTicket"), asked("\"3\"")).unwrap(), "etag"), "\"3\"");
        for tag in ["*", "W/\"3\"", "\"3\", \"4\"", "3"] {
            assert_eq!(wrong("ResolveTicket", asked(tag)), ["etag"], "{tag}");
        }
        let asked = Asked { path: "/v1/tickets/7", if_match: Some("\"3\""), ..Asked::default() };
        assert_eq!(wrong("GetTicket", asked), [""]);
    }

    #[test]
    fn a_stream_is_resumed_after_the_last_event_whatever_its_address_says() {
        let asked = |id| Asked {
            path: "/v1/tickets:watch",
            query: Some("afterPosition=3"),
            last_event_id: Some(id),
            ..Asked::default()
        };
        let message = read(of("WatchTickets"), asked("17")).unwrap();
        assert_eq!(message.get_field_by_name("after_position").unwrap().as_i64(), Some(17));
        assert!(wrong("WatchTickets", asked("x")).contains(&"afterPosition".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn no_query_is_too_strange(query in "\\PC{0,80}") {
            for id in ["ListTickets", "PutView", "WatchTickets", "GetCustomer"] {
                let _ = read(of(id), Asked { path: "/v1/x/y", query: Some(&query), ..Asked::default() });
            }
        }
    }
}

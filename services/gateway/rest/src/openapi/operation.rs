//! One operation of the document: where it is, what it takes, what it answers.

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Map, Value, json};
use tonic::Code;

use super::schema::{Behavior, Schemas, Way, has_a_header};
use crate::comments::{Comments, first_sentence};
use crate::contract::{BodyPlace, Operation, Shape};
use crate::request::is_parameter;
use crate::single;
use crate::template::Segment;

/// What a part of a resource's name is made of.
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

/// One parameter of the path.
struct Parameter {
    name: String,
    schema: Value,
    description: String,
}

/// The path as OpenAPI writes it: `/v1/tickets/{ticket}:resolve`.
pub(crate) fn document_path(operation: &Operation) -> String {
    let mut names = parameters(operation).into_iter();
    let mut path = String::new();
    for segment in &operation.template.segments {
        path.push('/');
        match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::One | Segment::Rest => {
                let name = names.next().map(|parameter| parameter.name).unwrap_or_default();
                path.push_str(&format!("{{{name}}}"));
            }
        }
    }
    if let Some(verb) = &operation.template.verb {
        path.push(':');
        path.push_str(verb);
    }
    path
}

/// A parameter for each segment that is not fixed: named by its collection, or by the field that it is.
fn parameters(operation: &Operation) -> Vec<Parameter> {
    let segments = &operation.template.segments;
    let mut parameters = Vec::new();
    for (place, segment) in segments.iter().enumerate() {
        if matches!(segment, Segment::Literal(_)) {
            continue;
        }
        let variable = operation.template.variables.iter().position(|v| (v.from..v.to).contains(&place));
        let field = variable.and_then(|v| operation.bound.get(v)).and_then(|way| way.last());
        let alone = variable.is_some_and(|v| {
            let variable = &operation.template.variables[v];
            variable.to - variable.from == 1
        });
        let before = place.checked_sub(1).and_then(|before| match &segments[before] {
            Segment::Literal(text) => Some(singular(text)),
            _ => None,
        });
        let name = match (field, before) {
            (Some(field), _) if alone => field.json_name().to_owned(),
            (_, Some(collection)) => collection,
            (_, None) => format!("part{place}"),
        };
        let number = field.is_some_and(|field| alone && matches!(field.kind(), Kind::Int32));
        let schema = if number {
            json!({"type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX})
        } else {
            json!({"type": "string", "pattern": ID})
        };
        let description = match field {
            Some(field) => format!("Part of `{}`.", field.json_name()),
            None => "Part of the path.".to_owned(),
        };
        parameters.push(Parameter { name, schema, description });
    }
    parameters
}

/// One of a collection by its name.
fn singular(collection: &str) -> String {
    if let Some(stem) = collection.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if let Some(stem) = collection.strip_suffix("sses") {
        return format!("{stem}ss");
    }
    collection.strip_suffix('s').unwrap_or(collection).to_owned()
}

/// The operation.
pub(crate) fn item(operation: &Operation, comments: &Comments, schemas: &mut Schemas<'_>) -> Value {
    let rpc = &operation.rpc;
    let about = comments.of(&rpc.parent_service().parent_file(), rpc.path());
    let who = if operation.policy.open {
        "Open: no token is asked for.".to_owned()
    } else {
        format!("For: {}.", operation.policy.roles.join(", "))
    };
    let mut item = json!({
        "operationId": operation.id,
        "summary": first_sentence(about),
        "description": format!("{about}\n\n{who}"),
        "tags": [rpc.parent_service().name()],
        "parameters": all_parameters(operation, schemas),
        "responses": responses(operation, schemas),
        "x-grpc-method": operation.policy.path,
        "x-roles": operation.policy.roles,
    });
    if let Some(fields) = item.as_object_mut() {
        if let Some(body) = body(operation, schemas) {
            fields.insert("requestBody".to_owned(), body);
        }
        if operation.policy.open {
            fields.insert("security".to_owned(), json!([]));
        }
    }
    item
}

fn all_parameters(operation: &Operation, schemas: &mut Schemas<'_>) -> Vec<Value> {
    let mut all: Vec<Value> = parameters(operation)
        .into_iter()
        .map(|p| json!({"name": p.name, "in": "path", "required": true, "schema": p.schema, "description": p.description}))
        .collect();
    if operation.shape != Shape::Lines && !matches!(operation.body, BodyPlace::Whole) {
        let taken: Vec<u32> = taken(operation);
        let free: Vec<_> = operation.rpc.input().fields().filter(|field| !taken.contains(&field.number())).collect();
        free.iter().for_each(|field| query(field, "", true, schemas, &mut all));
    }
    let header = |name: &str| json!({"$ref": format!("#/components/parameters/{name}")});
    if operation.request_id.is_some() && operation.shape == Shape::Single {
        all.push(header("IdempotencyKey"));
    }
    if operation.etag.is_some() {
        all.push(header("IfMatch"));
    }
    if answers_with_a_tag(operation) && operation.method == "GET" {
        all.push(header("IfNoneMatch"));
    }
    if operation.cursor.is_some() {
        all.push(header("LastEventId"));
    }
    all.push(header("Timeout"));
    all.push(header("Traceparent"));
    all
}

/// The top-level fields that path or body give.
fn taken(operation: &Operation) -> Vec<u32> {
    let bound = operation.bound.iter().filter_map(|way| way.first()).map(FieldDescriptor::number);
    let body = match &operation.body {
        BodyPlace::Field(field) => Some(field.number()),
        _ => None,
    };
    bound.chain(body).collect()
}

fn query(field: &FieldDescriptor, outer: &str, required: bool, schemas: &mut Schemas<'_>, all: &mut Vec<Value>) {
    let behavior = Behavior::of(field);
    if behavior.filled_by_service {
        return;
    }
    let name = if outer.is_empty() { field.json_name().to_owned() } else { format!("{outer}.{}", field.json_name()) };
    if !is_parameter(field) {
        if let Kind::Message(inner) = field.kind()
            && !field.is_list()
            && !field.is_map()
        {
            let required = required && behavior.required;
            inner.fields().for_each(|field| query(&field, &name, required, schemas, all));
        }
        return;
    }
    let mut schema = schemas.field(field, Way::Asked);
    let description = schema.as_object_mut().and_then(|fields| fields.remove("description")).unwrap_or_default();
    let mut parameter = json!({
        "name": name,
        "in": "query",
        "required": required && behavior.required && !has_a_header(field),
        "schema": schema,
        "description": description,
    });
    if let Some(fields) = parameter.as_object_mut()
        && field.is_list()
    {
        fields.insert("style".to_owned(), json!("form"));
        fields.insert("explode".to_owned(), json!(true));
    }
    all.push(parameter);
}

fn body(operation: &Operation, schemas: &mut Schemas<'_>) -> Option<Value> {
    let input = operation.rpc.input();
    let (media_type, schema, description) = match &operation.body {
        BodyPlace::None => return None,
        BodyPlace::Whole if operation.shape == Shape::Lines => {
            ("application/x-ndjson", schemas.request(&input, &[]), "Lines, each of them one message.")
        }
        BodyPlace::Whole => {
            ("application/json", schemas.request(&input, &taken(operation)), "What the path does not give.")
        }
        BodyPlace::Field(field) => {
            let Kind::Message(message) = field.kind() else { return None };
            let inside = operation.bound.iter().filter(|way| way.first() == Some(field)).filter_map(|way| way.get(1));
            let given: Vec<u32> = inside.map(FieldDescriptor::number).collect();
            let schema = schemas.object(&message, Way::Asked, &given);
            ("application/json", schema, "What is put.")
        }
    };
    Some(json!({"required": true, "description": description, "content": {media_type: {"schema": schema}}}))
}

fn answers_with_a_tag(operation: &Operation) -> bool {
    operation.shape == Shape::Single && operation.rpc.output().get_field_by_name("etag").is_some()
}

fn responses(operation: &Operation, schemas: &mut Schemas<'_>) -> Value {
    let output = operation.rpc.output();
    let binary = json!({"schema": {"type": "string", "contentEncoding": "binary"}});
    let mut content = Map::new();
    match operation.shape {
        Shape::Single => {
            content.insert("application/json".to_owned(), json!({"schema": schemas.message(&output, Way::Answered)}));
            if single::is_document(operation) {
                content.insert("*/*".to_owned(), binary);
            }
        }
        Shape::File => {
            content.insert("*/*".to_owned(), binary);
            // What the file is when its type is this one: whatever JSON it holds.
            content.insert("application/json".to_owned(), json!({"schema": {}}));
        }
        Shape::Events => {
            let item = schemas.message(&output, Way::Answered);
            content.insert(
                "text/event-stream".to_owned(),
                json!({"schema": event(operation, &item), "x-event-data": item}),
            );
        }
        Shape::Lines => {
            let item = schemas.message(&output, Way::Answered);
            content.insert(
                "application/x-ndjson".to_owned(),
                json!({"schema": {"type": "string", "contentMediaType": "application/x-ndjson"}, "x-line": item}),
            );
        }
    }
    let mut headers = json!({"traceresponse": {"$ref": "#/components/headers/Traceresponse"}});
    if answers_with_a_tag(operation)
        && let Some(headers) = headers.as_object_mut()
    {
        headers.insert("ETag".to_owned(), json!({"$ref": "#/components/headers/ETag"}));
    }
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({"description": "Done.", "headers": headers, "content": content}));
    if answers_with_a_tag(operation) && operation.method == "GET" {
        responses.insert("304".to_owned(), json!({"description": "It is as If-None-Match says."}));
    }
    for status in refusals(operation) {
        responses
            .insert(status.to_string(), json!({"$ref": format!("#/components/responses/{}", problem_name(status))}));
    }
    Value::Object(responses)
}

/// One event of a stream.
fn event(operation: &Operation, item: &Value) -> Value {
    let mut event = json!({
        "type": "object",
        "properties": {
            "event": {"type": "string", "description": "The member of the message that is set; `end` or `error` for the last word."},
            "data": {
                "type": "string",
                "contentMediaType": "application/json",
                "contentSchema": {"anyOf": [item, {"$ref": "#/components/schemas/Problem"}]},
            },
            "retry": {"type": "integer", "description": "Milliseconds until a broken stream is opened again."},
        },
    });
    if operation.cursor.is_some() {
        event["properties"]["id"] = json!({"type": "string", "description": "The position to resume after."});
    }
    event
}

/// Statuses that a call may be refused with.
fn refusals(operation: &Operation) -> BTreeSet<u16> {
    let codes = [
        Code::Cancelled,
        Code::InvalidArgument,
        Code::NotFound,
        Code::AlreadyExists,
        Code::ResourceExhausted,
        Code::Internal,
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::Unimplemented,
    ];
    let mut statuses: BTreeSet<u16> = codes.into_iter().map(|code| edge::http_status(code).as_u16()).collect();
    // A body is weighed and its encoding read before it is known that the call takes none.
    statuses.extend([405, 406, 408, 413, 415]);
    if !operation.policy.open {
        statuses.extend([401, 403]);
    }
    if operation.rpc.input().get_field_by_name("office_code").is_some() {
        statuses.insert(403);
    }
    if operation.etag.is_some() {
        statuses.insert(412);
    }
    statuses
}

fn problem_name(status: u16) -> String {
    format!("Problem{status}")
}

/// What the operations share.
pub(crate) fn components() -> Value {
    let problem = |description: &str| {
        json!({
            "description": description,
            "headers": {"traceresponse": {"$ref": "#/components/headers/Traceresponse"}},
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        })
    };
    let mut later = problem("Too much, or not now: come back after `Retry-After` with the same `requestId`.");
    later["headers"]["Retry-After"] = json!({"$ref": "#/components/headers/RetryAfter"});
    let mut other_methods = problem("The path has other methods: `Allow` names them.");
    other_methods["headers"]["Allow"] = json!({"$ref": "#/components/headers/Allow"});
    json!({
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token of the house's identity provider, or of the suite itself."}},
        "responses": {
            problem_name(400): problem("The request, the state or the law refuses it: `reason` says which, `violations` names every field."),
            problem_name(401): problem("No token, or none that holds."),
            problem_name(403): problem("None of the caller's roles may make this call, or this caller may not on this; where a code of the office is asked for, it is not this one."),
            problem_name(404): problem("Absent, or not the caller's to see."),
            problem_name(405): other_methods,
            problem_name(406): problem("`Accept` names no type that the answer has."),
            problem_name(408): problem("The request did not arrive whole in time."),
            problem_name(409): problem("Somebody was faster, or the `requestId` was used for something else."),
            problem_name(412): problem("It is no longer as `If-Match` says: read again, decide again."),
            problem_name(413): problem("The body is too large."),
            problem_name(415): problem("The body has another type, or is compressed."),
            problem_name(429): later,
            problem_name(499): problem("The call was given up before it was answered: of a change, the outcome is unknown; send the same again."),
            problem_name(500): problem("Ours to mend; `instance` names the trace to tell us."),
            problem_name(501): problem("The service does not know this call yet: it is of a version before the gateway's."),
            problem_name(503): later,
            problem_name(504): problem("It took longer than the caller waits; of a change, the outcome is unknown: send the same again."),
        },
        "headers": {
            "Allow": {"description": "The methods of the path.", "schema": {"type": "string"}},
            "ETag": {"description": "What the answer is, for `If-None-Match`; its part before the dot is the resource's `etag`, for `If-Match`.", "schema": {"type": "string"}},
            "RetryAfter": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}},
            "Traceresponse": {"description": "The trace of the request, as W3C Trace Context writes it, where it was traced.", "schema": {"type": "string"}},
        },
        "parameters": {
            "IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "required": false, "description": "A UUID of the caller's making, in place of `requestId`: the same with the same body gives the same answer.", "schema": {"type": "string", "format": "uuid"}},
            "IfMatch": {"name": "If-Match", "in": "header", "required": false, "description": "In place of `etag`: the `ETag` of an answer.", "schema": {"type": "string", "pattern": "^\"[A-Za-z0-9.]+\"$"}},
            "IfNoneMatch": {"name": "If-None-Match", "in": "header", "required": false, "description": "The `ETag` of an answer that the caller keeps.", "schema": {"type": "string", "pattern": "^\"[A-Za-z0-9.]+\"$"}},
            "LastEventId": {"name": "Last-Event-ID", "in": "header", "required": false, "description": "In place of `afterPosition`: the `id` of the last event that came.", "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"}},
            "Timeout": {"name": "Ventanilla-Timeout", "in": "header", "required": false, "description": "How long the caller waits, in seconds; ten when nothing is said. Fractions such as `0.8` are taken too.", "schema": {"type": "string", "pattern": "^([1-9]|[1-5][0-9]|60)$"}},
            "Traceparent": {"name": "traceparent", "in": "header", "required": false, "description": "W3C Trace Context: the trace that the call belongs to.", "schema": {"type": "string", "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$"}},
        },
    })
}

/// The schema of a refusal.
pub(crate) fn problem() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail", "reason", "domain"],
        "properties": {
            "type": text("`urn:ventanilla:reason:` and the reason."),
            "title": text("The status in words."),
            "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The status."},
            "detail": text("What happened and what would cure it, for a person."),
            "instance": text("`urn:ventanilla:trace:` and the trace of the request."),
            "reason": text("Machine-readable: a value of the service's `ErrorReason`, or one of the gateway's own."),
            "domain": text("Whose reason it is."),
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Facts that a program needs to act on the reason."},
            "violations": {
                "type": "array",
                "description": "All that is wrong, at once.",
                "items": {
                    "type": "object",
                    "required": ["field", "description"],
                    "properties": {"field": text("The field, parameter or header; empty for the body itself."), "description": text("What is wrong, and what would be right.")},
                },
            },
            "retryAfterSeconds": {"type": "number", "minimum": 0, "description": "When to come back."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tests::of;

    /// Every code of gRPC that is no success.
    const CODES: std::ops::RangeInclusive<i32> = 1..=16;

    #[test]
    fn whatever_a_call_may_be_answered_with_is_in_the_document() {
        let shared = components();
        for id in ["GetTicket", "ResolveTicket", "GetPublicStatus", "GetClaimantCase", "ListTickets", "WatchTickets"] {
            let operation = of(id);
            let listed = refusals(operation);
            for code in CODES.map(Code::from_i32) {
                let status = edge::http_status(code).as_u16();
                // Nobody shows a token for a call that is open, and none is refused for one that it did not show.
                let of_tokens = matches!(code, Code::Unauthenticated | Code::PermissionDenied);
                assert!(
                    listed.contains(&status) || operation.policy.open && of_tokens,
                    "{id} may be answered {status}"
                );
            }
            // What the gateway itself says of any request, whatever it carries.
            for status in [405, 406, 408, 413, 415] {
                assert!(listed.contains(&status), "{id} may be answered {status}");
            }
            for status in listed {
                assert!(shared["responses"].get(problem_name(status)).is_some(), "nobody says what {status} means");
            }
        }
        assert!(
            refusals(of("GetClaimantCase")).contains(&403),
            "a wrong code is refused, though no token is asked for"
        );
    }

    #[test]
    fn a_path_names_its_parts_by_their_collections() {
        for (id, path) in [
            ("SettlePromise", "/v1/tickets/{ticket}/promises/{promise}:settle"),
            ("GetPolicy", "/v1/policies/{policy}"),
            ("GetProcess", "/v1/processes/{process}"),
            ("GetYearlyReport", "/v1/yearlyReports/{year}"),
            ("PutView", "/v1/views/{view}"),
            ("GetHead_ticketing", "/v1/ticketing/ledger/head"),
        ] {
            assert_eq!(document_path(of(id)), path);
        }
    }
}

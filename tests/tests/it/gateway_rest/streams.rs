//! Streams over REST: each that the contract has, beside the same over gRPC; and records that are sent line by line.

use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use kernel::Role;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, SerializeOptions};
use serde_json::{Value, json};
use tonic::Status;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_tests::scene::caller::{Transport, reason};
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::rest::Rest;
use ventanilla_tests::scene::restful::Restful;
use ventanilla_tests::scene::trial::{Trial, every_method, policy, services};
use ventanilla_tests::scene::{Scene, raw};

const LIMIT: Duration = Duration::from_secs(30);

/// How a stream begins.
#[derive(Debug, PartialEq)]
enum Begins {
    /// With this message.
    With(Value),
    /// It is over before it said anything.
    Over,
    /// It is refused with this status of HTTP and this reason.
    Refused(u16, String),
    /// It is a file: media type, name, and whether there is anything in it.
    File(String, String, bool),
}

/// A stream over gRPC; a file's pieces are put together.
async fn by_grpc(transport: &Transport, method: &MethodDescriptor, request: &DynamicMessage) -> Begins {
    let refused = |status: Status| Begins::Refused(edge::http_status(status.code()).as_u16(), reason(&status));
    let mut said = match raw::stream(transport, policy(method).path, request.encode_to_vec()).await {
        Ok(said) => said,
        Err(status) => return refused(status),
    };
    let next = async |said: &mut tonic::Streaming<Vec<u8>>| {
        let waited = tokio::time::timeout(LIMIT, said.message()).await;
        let message = waited.unwrap_or_else(|_| Err(Status::deadline_exceeded("it says nothing")))?;
        let read = |bytes: Vec<u8>| DynamicMessage::decode(method.output(), bytes.as_slice()).expect("its own words");
        Ok::<_, Status>(message.map(read))
    };
    let first = match next(&mut said).await {
        Ok(Some(first)) => first,
        Ok(None) => return Begins::Over,
        Err(status) => return refused(status),
    };
    let piece = method.output().fields().find(|field| field.kind() == Kind::Bytes);
    let Some(piece) = piece else { return Begins::With(told(&first)) };
    let length = |message: &DynamicMessage| message.get_field(&piece).as_bytes().map_or(0, |bytes| bytes.len());
    let mut bytes = length(&first);
    while let Some(more) = next(&mut said).await.expect("the file comes whole") {
        bytes += length(&more);
    }
    let word = |name: &str| first.get_field_by_name(name).and_then(|value| value.as_str().map(str::to_owned));
    Begins::File(word("media_type").unwrap_or_default(), word("file_name").unwrap_or_default(), bytes > 0)
}

/// A message as JSON, as the contract alone has it.
fn told(message: &DynamicMessage) -> Value {
    message.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new()).expect("it has JSON")
}

/// The same over REST: the first event that says something, or the file.
async fn by_rest(rest: &Rest, method: &MethodDescriptor, call: &Restful, token: Option<&str>) -> Begins {
    let response = rest.open(call.request(rest, token)).await;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (status, kind, named) =
        (response.status(), header("content-type").to_owned(), header("content-disposition").to_owned());
    let mut body = response.into_body();
    if kind != "text/event-stream" {
        let whole = body.collect().await.expect("it comes whole").to_bytes();
        if status == StatusCode::OK {
            let name = named.split('"').nth(1).unwrap_or_default().to_owned();
            return Begins::File(kind, name, !whole.is_empty());
        }
        let problem: Value = serde_json::from_slice(&whole).unwrap_or_default();
        return Begins::Refused(status.as_u16(), problem["reason"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(status, StatusCode::OK, "{}", call.path);
    let mut text = String::new();
    let event = async {
        loop {
            // What is no event keeps the line open.
            while let Some((event, rest)) = text.clone().split_once("\n\n") {
                rest.clone_into(&mut text);
                if event.contains("data: ") {
                    return event.to_owned();
                }
            }
            let frame = body.frame().await.expect("the stream goes on").expect("and is whole");
            text.push_str(&String::from_utf8_lossy(frame.data_ref().expect("a piece is data")));
        }
    };
    let event = tokio::time::timeout(LIMIT, event).await.expect("it says something");
    let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let data: Value = serde_json::from_str(line("data: ")).expect("an event holds JSON");
    match line("event: ") {
        "end" => Begins::Over,
        "error" => {
            let status = data["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
            Begins::Refused(status, data["reason"].as_str().unwrap_or_default().to_owned())
        }
        _ => {
            let mut reader = serde_json::Deserializer::from_str(line("data: "));
            let read = DynamicMessage::deserialize(method.output(), &mut reader);
            Begins::With(told(&read.unwrap_or_else(|error| panic!("{}: {error}: {data}", call.path))))
        }
    }
}

/// Without the instants at which one looked, which are not the same for two who look. Files that say no name or kind of their own are given one over REST.
fn without_instants(begins: Begins) -> Begins {
    fn instants(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !name.ends_with("Time") && !name.ends_with("Duration") && name != "lag");
                fields.values_mut().for_each(instants);
            }
            Value::Array(items) => items.iter_mut().for_each(instants),
            _ => {}
        }
    }
    match begins {
        Begins::With(mut message) => {
            instants(&mut message);
            Begins::With(message)
        }
        Begins::File(kind, name, whole) => {
            let (kind, name) = if name == "export.zip" { Default::default() } else { (kind, name) };
            Begins::File(kind, name.chars().filter(|c| !c.is_ascii_digit()).collect(), whole)
        }
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_stream_of_the_contract_begins_over_rest_as_it_does_over_grpc() {
    let mut trial = Trial::begin().await;
    let rest = trial.scene.rest().await;
    let streams = every_method().into_iter().filter(|m| m.is_server_streaming() && !m.is_client_streaming());
    let (mut answered, mut files) = (Vec::new(), 0);
    for method in streams {
        let request = trial.plausible(&method, None);
        for service in services(&method) {
            let Some(call) = Restful::of(&method, service, &request) else { continue };
            // The same caller both ways: what a ledger shows of people depends on who reads it.
            let role = policy(&method).roles.iter().find(|role| **role != "service").expect("somebody but services");
            let role: Role = role.parse().expect("policies name roles");
            let transport = trial.people[&role].transport(service);
            let grpc = without_instants(by_grpc(&transport, &method, &request).await);
            let token = trial.scene.role_token(role);
            let over_rest = without_instants(by_rest(&rest, &method, &call, Some(&token)).await);
            match &grpc {
                Begins::With(_) => answered.push(method.name().to_owned()),
                Begins::File(..) => files += 1,
                Begins::Over | Begins::Refused(..) => {}
            }
            let same = if grpc == over_rest { Ok(()) } else { Err(format!("{grpc:?}\nand over REST {over_rest:?}")) };
            trial.expect(&format!("{} ({})", method.name(), call.path), same);
        }
    }
    for stream in ["Watch", "WatchTickets", "WatchClocks", "WatchBoard", "WatchCustomer"] {
        let told = answered.iter().any(|name| name == stream);
        trial.expect(stream, if told { Ok(()) } else { Err(format!("says nothing; only {answered:?} do")) });
    }
    trial.expect("files", if files >= 2 { Ok(()) } else { Err(format!("only {files} came")) });
    trial.judge();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_taken_in_over_rest_line_by_line_and_a_wrong_one_stops_no_other() {
    let scene = Scene::fresh().await;
    let rest = scene.rest().await;
    let crm = scene.person_token("crm-billing", &[Role::Crm], Some("billing"));
    let observed = (scene.ambient.now() - jiff::SignedDuration::from_hours(1)).to_string();
    let people = [Person::numbered(71_000_001), Person::numbered(71_000_002)];
    let line = |number: usize, phone: &str| {
        json!({"requestId": scene.request_id(), "record": {
            "sourceSystem": "crm-retail", "department": "billing", "externalId": format!("r-{number}"), "observedTime": observed,
            "personName": {"fullName": format!("Persona {number}")}, "identifiers": [{"type": "IDENTIFIER_TYPE_PHONE", "value": phone}]}})
    };
    let lines = [line(0, &people[0].e164()), line(1, "no number"), json!({"nothing": 1}), line(2, &people[1].e164())];
    let body = |lines: &[Value]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let send = async |lines: &[Value]| {
        let request = rest
            .request(Method::POST, "/v1/sourceRecords:ingestStream", Some(&crm))
            .header("content-type", "application/x-ndjson")
            .body(Full::from(body(lines)))
            .expect("a request");
        let answer = rest.send(request).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/x-ndjson"));
        let text = String::from_utf8(answer.body.to_vec()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect::<Vec<Value>>()
    };
    // The line that is no message ends it: whatever comes after it has no result, and is sent again.
    let told = send(&lines).await;
    assert!(told[0]["record"]["customer"].is_string(), "{told:?}");
    assert_eq!(told[1]["refusal"]["reason"], "INVALID_REQUEST", "{told:?}");
    assert_eq!(told[2]["problem"]["violations"][0]["field"], "nothing", "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
    let again = send(&[lines[0].clone(), lines[3].clone()]).await;
    assert_eq!(again[0]["record"]["name"], told[0]["record"]["name"], "the same request is the same record");
    assert!(again[1]["record"]["customer"].is_string(), "{again:?}");

    // They are who rings.
    for (person, record) in people.iter().zip([&again[0], &again[1]]) {
        let ring = customer::LookupByPhoneRequest { phone_number: person.e164(), region_code: String::new() };
        let answer = scene.role(Role::Ivr).customers.lookup_by_phone(ring).await.expect("it is answered").into_inner();
        assert_eq!(record["record"]["customer"], answer.customer, "{record}");
    }
    let stranger = rest
        .request(Method::POST, "/v1/sourceRecords:ingestStream", Some(&scene.role_token(Role::Auditor)))
        .header("content-type", "application/x-ndjson")
        .body(Full::from(body(&lines[..1])))
        .expect("a request");
    assert_eq!(rest.send(stranger).await.status, StatusCode::FORBIDDEN);
}

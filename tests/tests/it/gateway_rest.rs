//! REST says what gRPC says: for every call of the contract, generated from it, and what HTTP brings with it.

mod callers;
mod streams;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use kernel::Role;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, Value};
use serde_json::json;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::OfficeRole;
use ventanilla_tests::contract;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::caller::{reason, violations};
use ventanilla_tests::scene::hostile::{self, Path, fields, mutates};
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::rest::{Answer, Rest};
use ventanilla_tests::scene::restful::Restful;
use ventanilla_tests::scene::trial::{Trial, policy, services, unary_methods};
use ventanilla_tests::scene::{Scene, fingerprint, raw};

const LIMIT: Duration = Duration::from_secs(30);

/// What differs between an answer over gRPC and the same over REST.
fn difference(grpc: &Result<Vec<u8>, Status>, rest: &Answer) -> Option<String> {
    let status = match grpc {
        Ok(_) if rest.status == StatusCode::OK => return None,
        Ok(_) => return Some(format!("is answered over gRPC, and {} {} over REST", rest.status, rest.reason())),
        Err(status) => status,
    };
    let spelled = |field: &String| field.replace('_', "").to_lowercase();
    let fields = |named: Vec<String>| named.iter().map(spelled).collect::<BTreeSet<_>>();
    let grpc = (edge::http_status(status.code()), reason(status), fields(violations(status)));
    // A precondition that fails names resources, and those are in other details over gRPC.
    let named = if grpc.2.is_empty() { BTreeSet::new() } else { fields(rest.violations()) };
    let rest = (rest.status, rest.reason(), named);
    (grpc != rest).then(|| format!("over gRPC {grpc:?}, over REST {rest:?}"))
}

/// Who may call a method, and with which token.
fn allowed_token(trial: &Trial, method: &MethodDescriptor) -> Option<String> {
    let role = policy(method).roles.iter().find(|role| **role != "service" || policy(method).roles.len() == 1)?;
    Some(trial.scene.role_token(role.parse().expect("policies name roles")))
}

/// Bad requests of a method, one of each kind that it has a field for.
fn bad_requests(trial: &Trial, method: &MethodDescriptor) -> Vec<(String, DynamicMessage)> {
    let all = fields(method);
    let top = |name: &str| all.iter().find(|path| path.text() == name);
    let with = |path: &Path, value: Value| hostile::with(&trial.plausible(method, Some(path)), path, value);
    let word = |text: &str| Value::String(text.to_owned());
    let mut bad = Vec::new();
    if let Some(path) = all.iter().find(|path| matches!(path.field().kind(), Kind::Enum(_))) {
        bad.push((format!("{} 999", path.text()), with(path, Value::EnumNumber(999))));
    }
    if let Some(path) = top("request_id") {
        bad.push(("request_id of its own".to_owned(), with(path, word("not-a-uuid"))));
    }
    if let Some(path) = top("etag") {
        bad.push(("a stale etag".to_owned(), with(path, word("\"999999\""))));
    }
    if let Some(path) = top("page_token") {
        bad.push(("a foreign page".to_owned(), with(path, word("garbage"))));
    }
    if let Some(path) = top("page_size") {
        bad.push(("page_size -1".to_owned(), with(path, Value::I32(-1))));
    }
    bad
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_judged_over_rest_as_it_is_over_grpc() {
    let mut trial = Trial::begin().await;
    let rest = trial.scene.rest().await;
    let (mut calls, mut methods) = (0, BTreeSet::new());
    for method in unary_methods() {
        for (what, request) in bad_requests(&trial, &method) {
            let made = judge(&mut trial, &rest, &method, &what, &request).await;
            calls += made;
            if made > 0 {
                methods.insert(method.full_name().to_owned());
            }
        }
    }
    trial.look().await;
    // To read may leave a trace: the office writes down who read what.
    for method in unary_methods().into_iter().filter(|method| !mutates(method)) {
        let request = trial.plausible(&method, None);
        let made = judge(&mut trial, &rest, &method, "nothing wrong", &request).await;
        calls += made;
        if made > 0 {
            methods.insert(method.full_name().to_owned());
        }
    }
    assert!(calls > 300 && methods.len() > 200, "only {calls} calls of {} methods were made", methods.len());
    trial.judge();
}

/// Sends one request both ways wherever it is served, and notes what differs. Says how often.
async fn judge(
    trial: &mut Trial,
    rest: &Rest,
    method: &MethodDescriptor,
    what: &str,
    request: &DynamicMessage,
) -> usize {
    let token = allowed_token(trial, method);
    let mut calls = 0;
    for (service, transport) in services(method).into_iter().zip(trial.allowed(method)) {
        let Some(restful) = Restful::of(method, service, request) else { continue };
        let grpc = raw::unary(&transport, policy(method).path, request.encode_to_vec()).await;
        let answer = rest.send(restful.request(rest, token.as_deref())).await;
        let judged = match difference(&grpc, &answer) {
            Some(difference) => Err(difference),
            None => readable(method, &grpc, &answer),
        };
        trial.expect(&format!("{} with {what} ({})", method.name(), restful.path), judged);
        calls += 1;
    }
    calls
}

/// An answer is JSON of the very message, by the contract alone.
fn readable(method: &MethodDescriptor, grpc: &Result<Vec<u8>, Status>, rest: &Answer) -> Result<(), String> {
    if grpc.is_err() {
        return if rest.header("content-type") == "application/problem+json" {
            Ok(())
        } else {
            Err("no problem".to_owned())
        };
    }
    let mut reader = serde_json::Deserializer::from_slice(&rest.body);
    DynamicMessage::deserialize(method.output(), &mut reader).map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_calls_over_rest_what_the_policy_does_not_give_them() {
    let mut trial = Trial::begin().await;
    let rest = trial.scene.rest().await;
    let mut calls = 0;
    for method in hostile::methods(&contract::current()).into_iter().filter(|method| !method.is_client_streaming()) {
        let policy = policy(&method);
        let denied = Role::ALL.iter().find(|role| !policy.open && !policy.roles.contains(&role.as_str()));
        for service in services(&method) {
            let Some(restful) = Restful::of(&method, service, &trial.plausible(&method, None)) else { continue };
            let mut asks = Vec::new();
            if !policy.open {
                asks.push(("no token", None, 401, "TOKEN_MISSING"));
                asks.push(("a forged token", Some("e30.e30.x".to_owned()), 401, "TOKEN_INVALID"));
            }
            if let Some(role) = denied {
                asks.push((role.as_str(), Some(trial.scene.role_token(*role)), 403, "ROLE_NOT_ALLOWED"));
            }
            for (who, token, status, because) in asks {
                calls += 1;
                let answer = rest.send(restful.request(&rest, token.as_deref())).await;
                let as_wanted = (answer.status.as_u16(), answer.reason().as_str()) == (status, because);
                let judged = if as_wanted { Ok(()) } else { Err(format!("{} {}", answer.status, answer.reason())) };
                trial.expect(&format!("{} with {who}", method.name()), judged);
            }
        }
    }
    assert!(calls > 600, "only {calls} calls were made");
    trial.end().await;
}

/// A customer with a complaint, and tokens of who deals with it.
struct Counter {
    scene: Scene,
    rest: Rest,
    agent: String,
    ticket: serde_json::Value,
    complaint: serde_json::Value,
}

impl Counter {
    async fn open(scene: Scene, rest: Rest) -> Self {
        let affair = Affair::of(&scene, Person::numbered(51_000_001));
        let record = affair.arrive().await.expect("they arrive");
        drop(affair);
        let agent = scene.person_token("agent-7", &[Role::Agent], Some("billing"));
        let complaint = json!({"ticket": {
            "customer": record.customer, "ticketType": "TICKET_TYPE_RECLAMACION", "subject": "Cobro doble", "channel": "CHANNEL_PHONE",
            "department": "billing", "topic": "billing", "claimPoints": [{"text": "La factura se cobró dos veces."}]}});
        let key = scene.request_id();
        let request = rest
            .request(Method::POST, "/v1/tickets", Some(&agent))
            .header("content-type", "application/json; charset=utf-8")
            .header("idempotency-key", &key)
            .body(Full::from(complaint.to_string()))
            .unwrap();
        let answer = rest.send(request.clone()).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
        let again = rest.send(request).await;
        assert_eq!(again.body, answer.body, "the same key and body give the same answer");
        let mut other = complaint.clone();
        other["ticket"]["subject"] = json!("Otra cosa");
        let other = rest
            .request(Method::POST, "/v1/tickets", Some(&agent))
            .header("content-type", "application/json")
            .header("idempotency-key", &key)
            .body(Full::from(other.to_string()))
            .unwrap();
        let refused = rest.send(other).await;
        assert_eq!((refused.status, refused.reason().as_str()), (StatusCode::CONFLICT, "REQUEST_ID_REUSED"));
        let ticket = answer.json()["ticket"].clone();
        Self { scene, rest, agent, ticket, complaint }
    }

    fn path(&self) -> String {
        format!("/v1/{}", self.ticket["name"].as_str().unwrap())
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: impl Into<String>) -> Answer {
        let mut request = self.rest.request(method, path, Some(&self.agent));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.rest.send(request.body(Full::from(body.into())).unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_means_over_http_what_its_headers_say() {
    let scene = Scene::fresh().await;
    let rest = scene.rest().await;
    requests_mean_what_their_headers_say(scene, rest).await;
}

/// All that HTTP says of a request, at this gateway before this scene.
pub(crate) async fn requests_mean_what_their_headers_say(scene: Scene, rest: Rest) {
    let counter = Counter::open(scene, rest).await;
    let path = counter.path();
    tags_are_honoured(&counter, &path).await;
    what_is_put_whole_is_put_on_the_version_that_if_match_says(&counter).await;
    what_is_no_request_is_told_why(&counter, &path).await;
    bombs_are_refused_at_once(&counter).await;
    a_document_comes_as_what_it_is(&counter, &path).await;
    streams_are_resumed(&counter).await;
    lines_are_answered_one_by_one(&counter).await;
    files_come_whole(&counter).await;
    descriptions_are_served(&counter).await;
}

async fn tags_are_honoured(counter: &Counter, path: &str) {
    let read = counter.send(Method::GET, path, &[], "").await;
    let tag = read.header("etag").to_owned();
    assert!(tag.starts_with("\"1."), "{tag}");
    assert_eq!(read.header("cache-control"), "private, no-cache");
    let unchanged = counter.send(Method::GET, path, &[("if-none-match", &tag)], "").await;
    assert_eq!((unchanged.status, unchanged.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let head = counter.send(Method::HEAD, path, &[], "").await;
    assert_eq!((head.status, head.header("etag"), head.body.len()), (StatusCode::OK, tag.as_str(), 0));

    let start = format!("{path}:start");
    let json_type = ("content-type", "application/json");
    let key = counter.scene.request_id();
    let stale =
        counter.send(Method::POST, &start, &[json_type, ("if-match", "\"99\""), ("idempotency-key", &key)], "{}").await;
    assert_eq!((stale.status, stale.reason().as_str()), (StatusCode::PRECONDITION_FAILED, "STALE_ETAG"));
    let in_body =
        counter.send(Method::POST, &start, &[json_type, ("idempotency-key", &key)], r#"{"etag": "\"99\""}"#).await;
    assert_eq!((in_body.status, in_body.reason().as_str()), (StatusCode::CONFLICT, "STALE_ETAG"));
    let key = counter.scene.request_id();
    let started =
        counter.send(Method::POST, &start, &[json_type, ("if-match", &tag), ("idempotency-key", &key)], "{}").await;
    assert_eq!(started.status, StatusCode::OK, "{:?}", started.json());
    let changed = counter.send(Method::GET, path, &[("if-none-match", &tag)], "").await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_ne!(changed.header("etag"), tag);
}

/// What is put whole has its etag inside, and is put on the version that `If-Match` says all the same.
async fn what_is_put_whole_is_put_on_the_version_that_if_match_says(counter: &Counter) {
    let names =
        json!([{"language": "LANGUAGE_ES", "text": "Cobros"}, {"language": "LANGUAGE_EN", "text": "Collection"}]);
    let puts = [
        ("agents", json!({"agent": {"name": "agents/agent-8", "department": "billing", "capacity": 4}})),
        ("queues", json!({"queue": {"name": "queues/billing", "rules": [{"topic": "billing", "skill": "refunds"}]}})),
        ("departments", json!({"department": {"name": "departments/collection", "displayName": names}})),
    ];
    let supervisor = counter.scene.bearer_of(Role::Supervisor);
    for (what, body) in puts {
        let put = async |on: Option<&str>| {
            let mut request = counter
                .rest
                .request(Method::POST, &format!("/v1/{what}:put"), Some(&supervisor))
                .header("content-type", "application/json")
                .header("idempotency-key", counter.scene.request_id());
            if let Some(tag) = on {
                request = request.header("if-match", tag);
            }
            counter.rest.send(request.body(Full::from(body.to_string())).unwrap()).await
        };
        let first = put(None).await;
        assert_eq!(first.status, StatusCode::OK, "{what}: {:?}", first.json());
        let tag = first.header("etag").to_owned();
        let second = put(Some(&tag)).await;
        assert_eq!(second.status, StatusCode::OK, "{what}, put on {tag}: {:?}", second.json());
        assert_ne!(second.json()["etag"], first.json()["etag"], "{what}: it is another version");
        let stale = put(Some(&tag)).await;
        assert_eq!((stale.status, stale.reason().as_str()), (StatusCode::PRECONDITION_FAILED, "STALE_ETAG"), "{what}");
    }
}

async fn what_is_no_request_is_told_why(counter: &Counter, path: &str) {
    let json_type = ("content-type", "application/json");
    type Case<'a> = (Method, &'a str, &'a [(&'a str, &'a str)], &'a str, u16, &'a str);
    let cases: [Case<'_>; 12] = [
        (Method::GET, "/v1/nothing", &[], "", 404, "ROUTE_NOT_FOUND"),
        (Method::DELETE, "/v1/tickets", &[], "", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, path, &[("accept", "text/html")], "", 406, "NOT_ACCEPTABLE"),
        (Method::GET, path, &[("ventanilla-timeout", "soon")], "", 400, "INVALID_HEADER"),
        (Method::GET, &format!("{path}?nothing=1"), &[], "", 400, "INVALID_REQUEST"),
        (Method::GET, path, &[json_type], "{}", 400, "INVALID_REQUEST"),
        (Method::POST, "/v1/tickets", &[("content-type", "text/plain")], "{}", 415, "MEDIA_TYPE_NOT_SUPPORTED"),
        (Method::POST, "/v1/tickets", &[json_type, ("content-encoding", "gzip")], "{}", 415, "ENCODING_NOT_SUPPORTED"),
        (Method::POST, "/v1/tickets", &[json_type], "{\"ticket\"", 400, "INVALID_REQUEST"),
        (Method::POST, "/v1/tickets", &[json_type], "{\"ticket\": 7, \"nothing\": 1}", 400, "INVALID_REQUEST"),
        (
            Method::POST,
            "/v1/tickets",
            &[json_type, ("idempotency-key", "a"), ("idempotency-key", "b")],
            "{}",
            400,
            "INVALID_HEADER",
        ),
        (Method::GET, path, &[("if-match", "\"1\"")], "", 400, "INVALID_REQUEST"),
    ];
    for (method, path, headers, body, status, because) in cases {
        let answer = counter.send(method.clone(), path, headers, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.reason().as_str()),
            (status, because),
            "{method} {path} {headers:?} {body}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["status"], status);
    }
    let allowed = counter.send(Method::DELETE, "/v1/tickets", &[], "").await;
    assert_eq!(allowed.header("allow"), "GET, POST, HEAD");
    let named = counter
        .send(
            Method::POST,
            "/v1/tickets",
            &[json_type],
            "{\"ticket\": {\"subject\": 7, \"claimPoints\": {}}, \"nothing\": 1}",
        )
        .await;
    assert_eq!(named.violations(), ["ticket.subject", "ticket.claimPoints", "nothing"]);
    let impatient = counter.send(Method::GET, path, &[("ventanilla-timeout", "0.000001")], "").await;
    assert_eq!((impatient.status.as_u16(), impatient.reason().as_str()), (504, "DEADLINE_EXCEEDED"));
}

async fn bombs_are_refused_at_once(counter: &Counter) {
    let json_type = ("content-type", "application/json");
    let deep = format!("{{\"ticket\": {}{}}}", "[".repeat(500_000), "]".repeat(500_000));
    let many = format!("{{\"ticket\": {{\"claimPoints\": [{}]}}}}", vec!["{}"; 300_000].join(","));
    let large = format!("{{\"ticket\": {{\"subject\": \"{}\"}}}}", "a".repeat(5 * 1024 * 1024));
    let keys: Vec<_> = (0..70_000).map(|number| format!("\"k{number}\": 1")).collect();
    let keys = format!("{{{}}}", keys.join(","));
    for (what, bomb, status) in [("deep", deep, 400), ("many", many, 400), ("large", large, 413), ("keys", keys, 400)] {
        let began = Instant::now();
        let answer = counter.send(Method::POST, "/v1/tickets", &[json_type], bomb).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.reason());
        assert!(answer.body.len() < 64 * 1024, "{what}: {} bytes", answer.body.len());
        // A debug build; that it takes no longer than a request should is what counts.
        assert!(began.elapsed() < Duration::from_secs(5), "{what} took {:?}", began.elapsed());
    }
}

async fn a_document_comes_as_what_it_is(counter: &Counter, path: &str) {
    let document = format!("{path}/receipt:document?format=DOCUMENT_FORMAT_PDF");
    let as_json = counter.send(Method::GET, &document, &[("accept", "*/*")], "").await;
    assert_eq!((as_json.status.as_u16(), as_json.json()["mediaType"].as_str()), (200, Some("application/pdf")));
    let as_pdf = counter.send(Method::GET, &document, &[("accept", "application/pdf")], "").await;
    assert_eq!((as_pdf.status.as_u16(), as_pdf.header("content-type")), (200, "application/pdf"));
    assert!(as_pdf.body.starts_with(b"%PDF-") && as_pdf.header("content-disposition").contains(".pdf\""));
    let as_html = counter.send(Method::GET, &document, &[("accept", "text/html")], "").await;
    assert_eq!(as_html.status, StatusCode::NOT_ACCEPTABLE);
}

/// Reads events until one is as wanted.
async fn events_until(counter: &Counter, path: &str, last: Option<&str>, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut request =
        counter.rest.request(Method::GET, path, Some(&counter.agent)).header("accept", "text/event-stream");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = counter.rest.open(request.body(Full::default()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut body, mut text, mut events) = (response.into_body(), String::new(), Vec::new());
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.expect("the stream goes on").into_data() else { continue };
            text.push_str(std::str::from_utf8(&data).expect("whole events come"));
            while let Some((event, rest)) = text.split_once("\n\n") {
                events.push(event.to_owned());
                text = rest.to_owned();
                if events.last().is_some_and(|event| wanted(event)) {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("it comes");
    events
}

fn ids(events: &[String]) -> Vec<i64> {
    let lines = events.iter().flat_map(|event| event.lines());
    lines.filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
}

async fn streams_are_resumed(counter: &Counter) {
    let happened = |event: &str| event.contains("event: event\n");
    let first = events_until(counter, "/v1/tickets:watch", None, happened).await;
    let seen = ids(&first);
    assert_eq!(seen.len(), 1, "{first:?}");
    // The header goes before the address, which stays the same when a browser opens a stream again.
    let path = "/v1/tickets:watch?afterPosition=0";
    let next = events_until(counter, path, Some(&seen[0].to_string()), happened).await;
    assert!(ids(&next)[0] > seen[0], "{next:?}");
    let ahead = counter.send(Method::GET, "/v1/tickets:watch?afterPosition=999999", &[], "").await;
    let refused =
        if ahead.status == StatusCode::OK { String::from_utf8_lossy(&ahead.body).into_owned() } else { ahead.reason() };
    assert!(refused.contains("POSITION_AHEAD"), "{refused}");
}

async fn lines_are_answered_one_by_one(counter: &Counter) {
    let crm = counter.scene.person_token("crm-billing", &[Role::Crm], Some("billing"));
    let dealing = |number: u32| {
        json!({"requestId": counter.scene.request_id(), "dealing": {
            "customer": counter.complaint["ticket"]["customer"], "sourceSystem": "shop", "externalId": format!("p-{number}"),
            "kind": "DEALING_KIND_PURCHASE", "occurredTime": "2026-01-02T03:04:05Z", "amount": {"currencyCode": "EUR", "minorUnits": "1999"}}})
    };
    let body = format!("{}\n{}\n{{\"nothing\": 1}}\n{}\n", dealing(1), json!({"requestId": "x"}), dealing(2));
    let request = counter
        .rest
        .request(Method::POST, "/v1/dealings:ingestStream", Some(&crm))
        .header("content-type", "application/x-ndjson")
        .body(Full::from(body))
        .unwrap();
    let answer = counter.rest.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/x-ndjson"));
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0]["dealing"].is_object() && lines[0]["number"] == "1", "{text}");
    assert_eq!(lines[1]["refusal"]["reason"], "INVALID_REQUEST", "{text}");
    assert_eq!(lines[2]["problem"]["violations"][0]["field"], "nothing", "{text}");
    let wrong_type =
        counter.send(Method::POST, "/v1/dealings:ingestStream", &[("content-type", "application/json")], "{}").await;
    assert_eq!(wrong_type.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

async fn files_come_whole(counter: &Counter) {
    let supervisor = counter.scene.role_token(Role::Supervisor);
    let board = counter.rest.get("/v1/board:export?format=BOARD_FORMAT_CSV", Some(&supervisor)).await;
    assert_eq!(board.status, StatusCode::OK, "{:?}", board.json());
    assert!(
        board.header("content-type").starts_with("text/csv") && board.header("content-disposition").contains(".csv")
    );
    let refused =
        counter.rest.get("/v1/board:export?format=BOARD_FORMAT_CSV&policy=policies/none", Some(&supervisor)).await;
    assert_eq!((refused.status.as_u16(), refused.reason().as_str()), (404, "POLICY_NOT_FOUND"));
    let officer = counter.scene.role_token(Role::PrivacyOfficer);
    let customer = counter.complaint["ticket"]["customer"].as_str().unwrap();
    let archive = counter.rest.post(&format!("/v1/{customer}:export"), Some(&officer), &json!({})).await;
    assert_eq!(
        (archive.status.as_u16(), archive.header("content-type")),
        (200, "application/zip"),
        "{:?}",
        archive.json()
    );
    assert!(zip::ZipArchive::new(std::io::Cursor::new(&archive.body)).is_ok());
}

async fn descriptions_are_served(counter: &Counter) {
    let openapi = counter.rest.get("/openapi.json", None).await;
    assert_eq!(openapi.json()["openapi"], "3.1.0");
    for path in ["/reference", "/reference/calls/CreateTicket", "/reference/types/ticketing.v1.Ticket"] {
        let page = counter.rest.get(path, None).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
    }
    counter.rest.stop();
}

/// The open call that takes this key and proof.
async fn status(rest: &Rest, key: &str, proof: &str) -> Answer {
    let body = json!({"trackingKey": key, "proof": proof}).to_string();
    let request = rest.request(Method::POST, "/v1/publicStatus:get", None).header("content-type", "application/json");
    rest.send(request.body(Full::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_guesses_over_rest_has_few_tries_and_who_knows_has_none_counted() {
    let scene = Scene::fresh().await;
    let slow = edge::LimitSettings { guess: edge::Rate { burst: 5, per_minute: 1 }, ..edge::LimitSettings::default() };
    let rest = scene.rest_that_takes(rest::Settings::default(), slow).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_004));
    let customer = affair.arrive().await.expect("they arrive").customer;
    let opened = affair.complain(&customer, "").await.expect("a good complaint");
    let wrong = if opened.proof == "222222" { "333333" } else { "222222" };

    // As often as they like, and what is no key is no try.
    for _ in 0..8 {
        let known = status(&rest, &opened.tracking_key, &opened.proof).await;
        assert_eq!(known.status, StatusCode::OK, "{:?}", known.json());
        assert_eq!(status(&rest, "nonsense", "x").await.status, StatusCode::BAD_REQUEST);
    }
    // All at once, so that none is answered before the last is asked.
    let tries = (0..8).map(|_| status(&rest, &opened.tracking_key, wrong));
    let tried = futures::future::join_all(tries).await;
    let told = |status: StatusCode| tried.iter().filter(|answer| answer.status == status).count();
    assert_eq!((told(StatusCode::NOT_FOUND), told(StatusCode::TOO_MANY_REQUESTS)), (5, 3), "{tried:?}");
    // From then on a right pair is not told from a wrong one.
    let late = status(&rest, &opened.tracking_key, &opened.proof).await;
    assert_eq!((late.status, late.reason().as_str()), (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_TRIES"));
    assert_eq!(late.header("content-type"), "application/problem+json");
    let wait: u64 = late.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(!late.json().to_string().contains(&opened.tracking_key), "{:?}", late.json());
    // Every other open call is counted with it; who shows a token is not.
    for method in unary_methods().into_iter().filter(|method| policy(method).open) {
        let service = services(&method)[0];
        let message = DynamicMessage::new(method.input());
        let Some(call) = Restful::of(&method, service, &message) else { continue };
        let answer = rest.send(call.request(&rest, None)).await;
        assert_eq!(answer.reason(), "TOO_MANY_TRIES", "{}: {:?}", method.full_name(), answer.json());
    }
    let name = opened.ticket.unwrap().name;
    let agent = scene.person_token("agent-7", &[Role::Agent], Some("billing"));
    let request = rest.request(Method::GET, &format!("/v1/{name}"), Some(&agent));
    assert_eq!(rest.send(request.body(Full::default()).unwrap()).await.status, StatusCode::OK);
    rest.stop();
    scene.stop().await.expect("the services end well");
}

/// Asks for the case of who holds this, with this code.
async fn claimed(rest: &Rest, (key, proof, code): (&str, &str, &str)) -> Answer {
    let body = json!({"trackingKey": key, "proof": proof, "officeCode": code}).to_string();
    let request = rest.request(Method::POST, "/v1/claimantCase:get", None).header("content-type", "application/json");
    rest.send(request.body(Full::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_code_is_a_guess_and_a_right_pair_that_leads_to_no_case_is_none() {
    let scene = Scene::fresh().await;
    let few = edge::LimitSettings { guess: edge::Rate { burst: 3, per_minute: 0 }, ..edge::LimitSettings::default() };
    let rest = scene.rest_that_takes(rest::Settings::default(), few).await;
    let affair = Affair::of(&scene, Person::numbered(51_000_005));
    affair.appoint().await.expect("the office has its people");
    let customer = affair.arrive().await.expect("they arrive").customer;
    let opened = affair.complain(&customer, "").await.expect("a good complaint");
    let (key, proof) = (opened.tracking_key.as_str(), opened.proof.as_str());
    for _ in 0..5 {
        let none = claimed(&rest, (key, proof, "")).await;
        assert_eq!(
            (none.status, none.reason().as_str()),
            (StatusCode::NOT_FOUND, "CASE_NOT_FOUND"),
            "{:?}",
            none.json()
        );
    }
    let case = affair.bring(&opened.ticket.as_ref().unwrap().name).await.expect("the office takes it");
    fingerprint::settled(&scene.admin().await, LIMIT).await;
    affair.assign(&case, "registry-1", OfficeRole::Intake).await.expect("the registry has it");
    let code = affair.code_of(&case.name).await.expect("it is told");
    for _ in 0..3 {
        assert_eq!(claimed(&rest, (key, proof, &code)).await.status, StatusCode::OK, "who knows it is not counted");
        let wrong = claimed(&rest, (key, proof, "0000-0000")).await;
        assert_eq!(wrong.reason(), "OFFICE_CODE_WRONG", "{:?}", wrong.json());
    }
    let late = claimed(&rest, (key, proof, &code)).await;
    assert_eq!((late.status, late.reason().as_str()), (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_TRIES"));
    rest.stop();
    scene.stop().await.expect("the services end well");
}

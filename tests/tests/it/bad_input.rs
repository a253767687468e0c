//! Bad input, generated from the contract for every method: the documented status and reason, every
//! violation at once by its field, and nothing written.

use kernel::Role;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor, Value};
use tonic::{Code, Status};
use ventanilla_tests::scene::caller::{Transport, reason};
use ventanilla_tests::scene::hostile::{self, Path, behavior, fields, mutates};
use ventanilla_tests::scene::raw;
use ventanilla_tests::scene::trial::{
    Trial, every_method, is, names_fields, policy, refused, services, told, unary_methods,
};

const MEBIBYTE: usize = 1024 * 1024;
const NOT_UUIDS: [&str; 5] = [
    "not-a-uuid",
    "0190a0b4c0de7000800000000000000a",
    "{0190a0b4-c0de-7000-8000-00000000000a}",
    "00000000-0000-0000-0000-000000000000",
    "0190a0b4-c0de-7000-8000-00000000000a ",
];

/// A refusal that is nobody's fault but the caller's.
fn not_our_fault(answer: Result<Vec<u8>, Status>) -> Result<(), String> {
    match answer {
        Err(status)
            if matches!(status.code(), Code::Internal | Code::Unknown | Code::Unavailable | Code::Cancelled) =>
        {
            Err(told(&status))
        }
        _ => Ok(()),
    }
}

#[tokio::test]
async fn an_empty_request_is_told_every_field_it_lacks() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        let empty = DynamicMessage::new(method.input());
        let required: Vec<Path> =
            top_level(&method).into_iter().filter(|path| behavior(path.field()).required).collect();
        let judge = |answer| {
            if required.is_empty() { not_our_fault(answer) } else { names_fields(answer, &required) }
        };
        trial.send("nothing in it", &method, &empty, judge).await;
    }
    trial.end().await;
}

#[tokio::test]
async fn an_unknown_enum_number_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        for path in fields(&method).iter().filter(|path| matches!(path.field().kind(), Kind::Enum(_))) {
            let request = hostile::with(&trial.plausible(&method, Some(path)), path, Value::EnumNumber(999));
            trial.send(&format!("{} 999", path.text()), &method, &request, |answer| names_fields(answer, [path])).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn a_request_id_that_is_no_uuid_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method().into_iter().filter(mutates) {
        let path = top_level(&method).into_iter().find(|path| path.text() == "request_id").expect("it mutates");
        for word in NOT_UUIDS {
            let request = hostile::with(&trial.plausible(&method, None), &path, Value::String(word.to_owned()));
            trial
                .send(&format!("request_id {word:?}"), &method, &request, |answer| names_fields(answer, [&path]))
                .await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn an_etag_that_nobody_gave_out_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        for path in top_level(&method).iter().filter(|path| path.text() == "etag") {
            for word in ["1", "\"one\"", "W/\"1\"", "\"-1\""] {
                let request = hostile::with(&trial.plausible(&method, None), path, Value::String(word.to_owned()));
                trial.send(&format!("etag {word}"), &method, &request, |answer| names_fields(answer, [path])).await;
            }
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn a_stale_etag_is_aborted() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        for path in top_level(&method).iter().filter(|path| path.text() == "etag") {
            let stale = Value::String("\"999999\"".to_owned());
            let request = hostile::with(&trial.plausible(&method, None), path, stale);
            trial.send("a stale etag", &method, &request, |answer| is(answer, Code::Aborted, "STALE_ETAG")).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn an_oversized_text_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        for path in &fields(&method) {
            let value = match path.field().kind() {
                Kind::String => Value::String("a".repeat(MEBIBYTE)),
                Kind::Bytes => Value::Bytes(vec![b'a'; MEBIBYTE].into()),
                _ => continue,
            };
            let request = hostile::with(&trial.plausible(&method, Some(path)), path, value);
            trial.send(&format!("1 MiB in {}", path.text()), &method, &request, |answer| too_large(answer, path)).await;
        }
    }
    trial.end().await;
}

/// Too large for the field, or for a message: both are the caller's to mend.
fn too_large(answer: Result<Vec<u8>, Status>, path: &Path) -> Result<(), String> {
    match &answer {
        Err(status) if matches!(status.code(), Code::ResourceExhausted | Code::OutOfRange) => Ok(()),
        Err(status) if reason(status) == "INVALID_PAGE_TOKEN" && path.text() == "page_token" => Ok(()),
        _ => names_fields(answer, [path]),
    }
}

#[tokio::test]
async fn a_list_without_end_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        // A list of enum values is a set: saying one of them again adds nothing.
        let endless = |path: &&Path| path.field().is_list() && !matches!(path.field().kind(), Kind::Enum(_));
        for path in fields(&method).iter().filter(endless) {
            let plausible = trial.plausible(&method, Some(path));
            let request = hostile::with_list(&plausible, path, 5_000);
            let judge = |answer| if mutates(&method) { too_large(answer, path) } else { not_our_fault(answer) };
            trial.send(&format!("5000 times {}", path.text()), &method, &request, judge).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn an_instant_outside_the_calendar_is_refused_by_its_field() {
    let mut trial = Trial::begin().await;
    for method in every_method() {
        for path in &fields(&method) {
            let Some(impossible) = hostile::impossible_instant(path.field()) else { continue };
            let request = hostile::with(&trial.plausible(&method, Some(path)), path, impossible);
            trial.send(&format!("an impossible {}", path.text()), &method, &request, |a| names_fields(a, [path])).await;
        }
    }
    trial.end().await;
}

#[tokio::test]
async fn a_page_that_no_list_gave_is_refused() {
    let mut trial = Trial::begin().await;
    let elsewhere = server::PageToken::encode("elsewhere", b"", &["2026-11-22T10:00:00Z", "x"]);
    let mut lists = 0;
    for method in every_method() {
        for path in top_level(&method).iter().filter(|path| path.text() == "page_token") {
            lists += 1;
            for token in ["garbage", "AAAA", &elsewhere, &elsewhere[..elsewhere.len() - 2]] {
                let value = Value::String(token.to_owned());
                let request = hostile::with(&trial.plausible(&method, Some(path)), path, value);
                let judge = |answer| is(answer, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
                trial.send(&format!("page_token {token:?}"), &method, &request, judge).await;
            }
        }
        for path in top_level(&method).iter().filter(|path| path.text() == "page_size") {
            let request = hostile::with(&trial.plausible(&method, Some(path)), path, Value::I32(-1));
            trial.send("page_size -1", &method, &request, |answer| names_fields(answer, [path])).await;
        }
    }
    assert!(lists >= 7, "only {lists} lists were found");
    trial.end().await;
}

#[tokio::test]
async fn a_stream_begins_nowhere_that_is_not_and_tells_of_nothing_that_is_not() {
    let mut trial = Trial::begin().await;
    let (mut resumed, mut named) = (0, 0);
    for method in every_method().into_iter().filter(MethodDescriptor::is_server_streaming) {
        for path in top_level(&method).iter().filter(|path| path.text() == "after_position") {
            resumed += 1;
            for position in [-1, i64::MIN, i64::MAX] {
                let request = hostile::with(&trial.plausible(&method, Some(path)), path, Value::I64(position));
                let judge = |answer| match refused(answer)? {
                    status if position < 0 && status.code() == Code::InvalidArgument => {
                        names_fields(Err(status), [path])
                    }
                    status => is_ahead(&status),
                };
                trial.send(&format!("after_position {position}"), &method, &request, judge).await;
            }
        }
        for path in fields(&method).iter().filter(|path| hostile::names_a_resource(path.field())) {
            named += 1;
            for word in ["nothing", "nothings/0190a0b4-c0de-7000-8000-00000000000a", "../secrets", "tickets/"] {
                let request = hostile::with(&trial.plausible(&method, Some(path)), path, Value::String(word.into()));
                let judge = |answer| names_fields(answer, [path]);
                trial.send(&format!("{} {word:?}", path.text()), &method, &request, judge).await;
            }
        }
    }
    assert!(resumed >= 3 && named >= 6, "only {resumed} streams can be resumed, only {named} fields name something");
    trial.end().await;
}

/// Whether a refusal says that the position is not of this ledger. The feed, which knows no service's contract, says so in its message.
fn is_ahead(status: &Status) -> Result<(), String> {
    let said = reason(status) == "POSITION_AHEAD" || status.message().starts_with("POSITION_AHEAD");
    if status.code() == Code::OutOfRange && said { Ok(()) } else { Err(told(status)) }
}

#[tokio::test]
async fn nobody_calls_what_the_policy_does_not_give_them() {
    let mut trial = Trial::begin().await;
    let strangers = [
        ("no token", trial.scene.stranger(), "TOKEN_MISSING"),
        ("a forged token", trial.scene.bearer("e30.e30.x"), "TOKEN_INVALID"),
    ];
    let mut recorded = std::collections::BTreeMap::new();
    let mut calls = 0;
    for method in every_method() {
        let policy = policy(&method);
        for service in services(&method) {
            for (who, clients, because) in &strangers {
                calls += 1;
                let answer = open(&clients.transport(service), &method).await;
                let judged = if policy.open { answered(answer) } else { is(answer, Code::Unauthenticated, because) };
                trial.expect(&format!("{} with {who}", method.name()), judged);
            }
            for role in Role::ALL {
                calls += 1;
                let answer = open(&trial.people[role].transport(service), &method).await;
                let judged = if policy.open || policy.roles.contains(&role.as_str()) {
                    answered(answer)
                } else {
                    if policy.denial_recorded {
                        *recorded.entry(service).or_insert(0) += 1;
                    }
                    is(answer, Code::PermissionDenied, "ROLE_NOT_ALLOWED")
                };
                trial.expect(&format!("{} as {role}", method.name()), judged);
            }
        }
    }
    assert!(calls > 700, "only {calls} calls were made");
    for (service, expected) in recorded {
        let found = trial.denials(service).await;
        let judged = if found == expected { Ok(()) } else { Err(format!("{expected} denials, {found} in the ledger")) };
        trial.expect(service.name(), judged);
    }
    trial.end().await;
}

/// Neither layer refused: what the service says about an empty request is another test's matter.
fn answered(answer: Result<Vec<u8>, Status>) -> Result<(), String> {
    match refused(answer) {
        Ok(status) if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied) => Err(told(&status)),
        Ok(status) => not_our_fault(Err(status)),
        Err(_) => Ok(()),
    }
}

async fn open(transport: &Transport, method: &MethodDescriptor) -> Result<Vec<u8>, Status> {
    let path = policy(method).path;
    if method.is_server_streaming() {
        raw::open_stream(transport, path, Vec::new()).await.map(|()| Vec::new())
    } else {
        raw::unary(transport, path, Vec::new()).await
    }
}

#[tokio::test]
async fn a_used_request_id_gives_the_same_answer_or_none() {
    use ventanilla_proto::customer::v1::{IngestSourceRecordRequest, RecordInteractionRequest};
    use ventanilla_tests::scene::affair::Affair;
    use ventanilla_tests::scene::people::Person;

    let trial = Trial::begin().await;
    let affair = Affair::of(&trial.scene, Person::numbered(41_000_002));
    let observed = prost_types::Timestamp { seconds: trial.facts.now - 60, nanos: 0 };
    let ingest = IngestSourceRecordRequest {
        record: Some(affair.person.record("crm-retail", "billing", "C-2", observed)),
        request_id: trial.scene.request_id(),
    };
    let customer =
        affair.cast.billing.customers.clone().ingest_source_record(ingest.clone()).await.expect("a good record");
    let customer = customer.into_inner().customer;
    let complaint = affair.complaint(&customer, "");
    let contact = RecordInteractionRequest {
        parent: customer.clone(),
        interaction: Some(ventanilla_proto::customer::v1::Interaction {
            channel: 1,
            direction: 1,
            department: "billing".to_owned(),
            summary: "llama otra vez".to_owned(),
            ..Default::default()
        }),
        request_id: trial.scene.request_id(),
    };
    let mut failures = Vec::new();
    for (name, request) in [
        ("IngestSourceRecord", ingest.encode_to_vec()),
        ("CreateTicket", complaint.encode_to_vec()),
        ("RecordInteraction", contact.encode_to_vec()),
    ] {
        let method = unary_methods().into_iter().find(|m| m.name() == name).expect("in the contract");
        let transport = trial.allowed(&method).remove(0);
        let call = |body: Vec<u8>| raw::unary(&transport, policy(&method).path, body);
        let first = call(request.clone()).await;
        let again = call(request.clone()).await;
        match (&first, &again) {
            (Ok(first), Ok(again)) if first == again => {}
            _ => failures.push(format!("{name}: {first:?}, and again {again:?}")),
        }
        let other = changed(&method, &request);
        if let Err(wrong) = is(call(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED") {
            failures.push(format!("{name} with another body: {wrong}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The same request with one text changed.
fn changed(method: &MethodDescriptor, request: &[u8]) -> Vec<u8> {
    let request = DynamicMessage::decode(method.input(), request).expect("it was encoded so");
    let wanted = ["record.external_id", "ticket.subject", "interaction.summary"];
    let path = fields(method).into_iter().find(|path| wanted.contains(&path.text().as_str())).expect("one of them");
    hostile::with(&request, &path, Value::String("algo distinto".to_owned())).encode_to_vec()
}

fn top_level(method: &MethodDescriptor) -> Vec<Path> {
    fields(method).into_iter().filter(|path| *path.field().parent_message() == method.input()).collect()
}

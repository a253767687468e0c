//! What an exporter sees of a call.

use kernel::Role;
use telemetry::testing::{Lines, SpanKind, Status, alone, attribute, capture, everything};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tracing::Instrument as _;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::{GetHeadRequest, Head};
use ventanilla_server::{AdmissionSettings, StackSettings};

use crate::support::{Answers, House, PATIENCE, assembly, with_token};

const CAUSE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn two_hops_share_one_trace_as_parent_and_child() {
    let spans = capture();
    let house =
        House::open(Answers::with(|call| async move { Ok(Head { source: call.traceparent, ..Default::default() }) }))
            .await;
    let channel = house.peers("front").channel("testing").unwrap();
    let root = tracing::info_span!("journey");
    let trace = telemetry::trace_id_of(&root).unwrap();
    let seen = async { LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.unwrap() }
        .instrument(root)
        .await
        .into_inner()
        .source;

    let server = spans
        .wait_for(PATIENCE, |s| s.span_kind == SpanKind::Server && s.span_context.trace_id().to_string() == trace)
        .await
        .expect("the server's span is in the caller's trace");
    let client = spans
        .wait_for(PATIENCE, |s| s.span_kind == SpanKind::Client && s.span_context.trace_id().to_string() == trace)
        .await
        .expect("the client's span too");
    assert_eq!(server.parent_span_id, client.span_context.span_id());
    assert_eq!(server.name, "ventanilla.ledger.v1.LedgerService/GetHead");
    assert_eq!(client.name, server.name);
    assert!(seen.contains(&trace) && seen.contains(&server.span_context.span_id().to_string()), "{seen}");
    for (key, value) in [
        ("rpc.system.name", "grpc"),
        ("rpc.method", "ventanilla.ledger.v1.LedgerService/GetHead"),
        ("rpc.response.status_code", "OK"),
        ("ventanilla.service", "testing"),
    ] {
        assert_eq!(attribute(&server, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(server.status, Status::Unset);
}

#[tokio::test]
async fn a_line_of_a_call_has_its_callers_trace_id_also_where_warnings_alone_are_logged() {
    if !alone("trace::a_line_of_a_call_has_its_callers_trace_id_also_where_warnings_alone_are_logged") {
        return;
    }
    let lines = Lines::of("warn");
    let house = House::open(Answers::with(|_| async {
        tracing::warn!("something is odd");
        Ok(Head::default())
    }))
    .await;
    let mut request = with_token(GetHeadRequest {}, &house.token(&[Role::Auditor]));
    request.metadata_mut().insert("traceparent", CAUSE.parse().unwrap());
    house.client().get_head(request).await.unwrap();
    let line = lines.with(&["something is odd"]).expect("it is told");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["span"]["rpc.method"], "ventanilla.ledger.v1.LedgerService/GetHead");
    assert_eq!(line["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c", "{line}");
}

#[tokio::test]
async fn a_refusal_is_no_error_of_the_server_and_a_failure_is() {
    let spans = capture();
    let house = House::open(Answers::with(|_| async { Err(tonic::Status::internal("x")) })).await;
    for (role, code, failed) in [(Role::Agent, "PERMISSION_DENIED", false), (Role::Auditor, "INTERNAL", true)] {
        let mut request = with_token(GetHeadRequest {}, &house.token(&[role]));
        let cause = CAUSE.replace("0af7", if failed { "0af8" } else { "0af9" });
        request.metadata_mut().insert("traceparent", cause.parse().unwrap());
        house.client().get_head(request).await.unwrap_err();
        let trace = cause.split('-').nth(1).unwrap().to_owned();
        let span = spans.wait_for(PATIENCE, |s| s.span_context.trace_id().to_string() == trace).await.expect("a span");
        assert_eq!(attribute(&span, "rpc.response.status_code").as_deref(), Some(code));
        assert_eq!(matches!(span.status, Status::Error { .. }), failed, "{code}");
    }
}

/// What a process shows of its figures.
async fn figures(address: &str) -> String {
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    connection.write_all(b"GET /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut page = String::new();
    connection.read_to_string(&mut page).await.unwrap();
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_place_is_counted_among_the_others() {
    if !alone("trace::a_call_without_a_place_is_counted_among_the_others") {
        return;
    }
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let shown = telemetry::Settings { metrics_listen: Some(address.clone()), ..Default::default() };
    let guard = telemetry::init("testing", &shown).unwrap();
    let admission = AdmissionSettings { concurrent_calls: 0, ..Default::default() };
    let full = StackSettings { admission, ..Default::default() };
    let house = House::with(assembly(Answers::at_once()), full).await;
    for _ in 0..3 {
        assert_eq!(house.get_head(&[Role::Auditor]).await.unwrap_err().code(), tonic::Code::ResourceExhausted);
    }
    let page = figures(&address).await;
    let counted = page.lines().find(|line| line.starts_with("rpc_server_call_duration_seconds_count"));
    let counted = counted.unwrap_or_else(|| panic!("{page}"));
    for words in [
        "rpc_method=\"ventanilla.ledger.v1.LedgerService/GetHead\"",
        "rpc_response_status_code=\"RESOURCE_EXHAUSTED\"",
        "ventanilla_service=\"testing\"",
        "} 3",
    ] {
        assert!(counted.contains(words), "{counted}");
    }
    guard.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn neither_token_nor_made_up_path_is_in_any_span() {
    let spans = capture();
    let house = House::open(Answers::at_once()).await;
    let token = house.token(&[Role::Auditor]);
    house.client().get_head(with_token(GetHeadRequest {}, &token)).await.unwrap();
    let made_up = http::Request::post(format!("{}/x.Maria/600111222", house.url)).header("authorization", "secret");
    house.transport().request(made_up.body(tonic::body::Body::empty()).unwrap()).await.unwrap();
    spans.wait_for(PATIENCE, |s| s.name == "_OTHER").await.expect("an unknown method has a span without its name");
    for span in spans.spans() {
        let text = everything(&span);
        assert!(!text.contains(&token) && !text.contains("600111222") && !text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn an_internal_error_quotes_its_trace() {
    #[derive(Debug, thiserror::Error)]
    #[error("a row cannot be read")]
    struct Corrupt;
    impl kernel::Classify for Corrupt {
        fn kind(&self) -> kernel::Kind {
            kernel::Kind::Internal
        }
        fn reason(&self) -> &'static str {
            "CORRUPT"
        }
    }
    let _spans = capture();
    let house = House::open(Answers::with(|_| async { Err(ventanilla_server::status(&Corrupt)) })).await;
    let mut request = with_token(GetHeadRequest {}, &house.token(&[Role::Auditor]));
    request.metadata_mut().insert("traceparent", CAUSE.parse().unwrap());
    let broken = house.client().get_head(request).await.unwrap_err();
    assert_eq!(broken.message(), "internal error; quote trace 0af7651916cd43dd8448eb211c80319c");
}

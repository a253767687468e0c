//! What no client may do to a server.

use kernel::Role;
use tokio::io::AsyncReadExt as _;
use tonic::Code;
use tonic::body::Body;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_server::StackSettings;

use crate::support::{Answers, House, PATIENCE, assembly, with_token};

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let house = House::open(Answers::at_once()).await;
    let mut request = with_token(GetHeadRequest {}, &house.token(&[Role::Auditor]));
    request.metadata_mut().insert("x-ballast", "x".repeat(32 * 1024).parse().unwrap());
    assert!(house.client().get_head(request).await.is_err());
    house.get_head(&[Role::Auditor]).await.expect("the server lives on");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let settings = StackSettings { connections: 1, ..Default::default() };
    let house = House::with(assembly(Answers::at_once()), settings).await;
    let address = house.url.strip_prefix("http://").unwrap();
    let first = tokio::net::TcpStream::connect(address).await.unwrap();
    let second = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut buffer = [0; 1];
    tokio::time::timeout(PATIENCE, second.readable()).await.expect("closed").unwrap();
    assert!(matches!(second.try_read(&mut buffer), Ok(0) | Err(_)));
    drop(first);
    let end = tokio::time::Instant::now() + PATIENCE;
    while house.get_head(&[Role::Auditor]).await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the place is not free again");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let settings = StackSettings { preface_ms: 50, ..Default::default() };
    let house = House::with(assembly(Answers::at_once()), settings).await;
    let mut silent = tokio::net::TcpStream::connect(house.url.strip_prefix("http://").unwrap()).await.unwrap();
    // The server says its settings first; then it hangs up.
    let mut said = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, silent.read_to_end(&mut said)).await.expect("closed");

    // One that speaks stays, however long it is silent afterwards.
    let mut client = house.client();
    let request = || with_token(GetHeadRequest {}, &house.token(&[Role::Auditor]));
    client.get_head(request()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    client.get_head(request()).await.unwrap();
}

#[tokio::test]
async fn http1_is_not_spoken() {
    let house = House::open(Answers::at_once()).await;
    let http1: hyper_util::client::legacy::Client<_, Body> =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let request = http::Request::post(format!("{}/ventanilla.ledger.v1.LedgerService/GetHead", house.url));
    assert!(http1.request(request.body(Body::empty()).unwrap()).await.is_err());
}

#[tokio::test]
async fn reflection_answers_without_a_token_with_the_whole_contract() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let house = House::open(Answers::at_once()).await;
    let mut client = ServerReflectionClient::with_origin(house.transport(), house.url.parse().unwrap());
    let ask = ServerReflectionRequest {
        message_request: Some(MessageRequest::FileContainingSymbol("ventanilla.ledger.v1.LedgerService".to_owned())),
        ..Default::default()
    };
    let mut answers = client.server_reflection_info(futures::stream::iter([ask])).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    assert!(matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))), "{answer:?}");
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused() {
    let house = House::open(Answers::at_once()).await;
    let length: u32 = 5 * 1024 * 1024;
    let mut bytes = vec![0_u8];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend(std::iter::repeat_n(0, 1024));
    let request = http::Request::post(format!("{}/ventanilla.ledger.v1.LedgerService/GetHead", house.url))
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {}", house.token(&[Role::Auditor])))
        .body(Body::new(http_body_util::Full::new(tonic::codegen::Bytes::from(bytes))))
        .unwrap();
    let answer = house.transport().request(request).await.unwrap();
    let status = tonic::Status::from_header_map(answer.headers()).unwrap();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
}

/// A client that speaks raw HTTP/2, and the task that drives its connection to its end.
async fn raw(
    house: &House,
) -> (h2::client::SendRequest<tonic::codegen::Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>) {
    let stream = tokio::net::TcpStream::connect(house.url.strip_prefix("http://").unwrap()).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

fn get_head(house: &House) -> http::Request<()> {
    http::Request::post(format!("{}/ventanilla.ledger.v1.LedgerService/GetHead", house.url))
        .header("content-type", "application/grpc")
        .body(())
        .unwrap()
}

#[tokio::test]
async fn a_client_that_opens_and_resets_streams_loses_its_connection() {
    let house = House::open(Answers::at_once()).await;
    let (sender, mut connection) = raw(&house).await;
    let flood = async {
        loop {
            // More at once than anybody may have open: they reach the server before it accepted the first.
            for _ in 0..1_000 {
                let Ok(mut ready) = sender.clone().ready().await else { return };
                let Ok((_, mut stream)) = ready.send_request(get_head(&house), false) else { return };
                stream.send_reset(h2::Reason::CANCEL);
            }
            // The connection's task shares this thread.
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            ended = &mut connection => Some(ended),
            () = flood => None,
        }
    });
    let ended = match ended.await.expect("the flood is stopped") {
        Some(ended) => ended,
        None => connection.await,
    };
    let error = ended.unwrap().expect_err("the connection is closed");
    // The server's GOAWAY may be overtaken by the reset that our own writing runs into.
    assert!(error.is_io() || error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM), "{error:?}");
    house.get_head(&[Role::Auditor]).await.expect("the others are served");
}

#[tokio::test]
async fn a_client_that_gives_up_on_all_it_has_open_keeps_its_connection() {
    let house = House::open(Answers::at_once()).await;
    let (sender, connection) = raw(&house).await;
    // The server's settings, and so how many may be open, arrive with its first answer.
    let (answer, _) = sender.clone().ready().await.unwrap().send_request(get_head(&house), true).unwrap();
    answer.await.unwrap();
    let mut open = Vec::new();
    while open.len() < sender.current_max_send_streams() {
        let (answer, stream) = sender.clone().ready().await.unwrap().send_request(get_head(&house), false).unwrap();
        open.push((answer, stream));
    }
    // They are on their way, and the server, on this same thread, has not looked at them.
    tokio::task::yield_now().await;
    open.iter_mut().for_each(|(_, stream)| stream.send_reset(h2::Reason::CANCEL));
    drop(open);
    let (answer, _) = sender.clone().ready().await.unwrap().send_request(get_head(&house), true).unwrap();
    answer.await.expect("the connection lives on");
    assert!(!connection.is_finished());
}

#[tokio::test]
async fn a_connection_has_no_more_streams_than_are_announced() {
    let settings = StackSettings { streams_per_connection: 7, ..Default::default() };
    let house = House::with(assembly(Answers::at_once()), settings).await;
    let (sender, _connection) = raw(&house).await;
    // The server's settings arrive with its first answer.
    let (answer, _) = sender.clone().ready().await.unwrap().send_request(get_head(&house), true).unwrap();
    answer.await.unwrap();
    assert_eq!(sender.current_max_send_streams(), 7);
}

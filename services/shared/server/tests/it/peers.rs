//! One service calls another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use kernel::{Ambient, Role};
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::{GetHeadRequest, Head, WatchRequest};
use ventanilla_server::{Call, PeerError, PeerSettings, Peers, Principal, Refusal, StackSettings, TokenSource};

use crate::support::{Answers, House, PATIENCE, assembly, reason, with_token};

/// A service in front of another: its GetHead asks the other's in the name of the caller.
async fn two_houses(behind: Answers) -> (House, House) {
    let back = House::open(behind).await;
    let peers = back.peers("front");
    let front = Answers::with(move |call: Call| {
        let channel = peers.channel("testing").unwrap().for_call(&call);
        async move { LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.map(tonic::Response::into_inner) }
    });
    let issuer = Arc::clone(&back.issuer);
    (House::sharing(issuer, assembly(front), StackSettings::default()).await, back)
}

#[tokio::test]
async fn the_service_is_authenticated_and_the_user_travels_signed() {
    let (front, _back) = two_houses(Answers::with(|call| async move {
        assert!(call.principal.has(Role::Service));
        let user = call.on_behalf_of.as_ref().expect("the end user");
        assert!(user.has(Role::Auditor) && !user.has(Role::Service));
        assert_eq!(call.actor().id, "u-1");
        Ok(Head { source: call.principal.actor.id.clone(), ..Default::default() })
    }))
    .await;
    assert_eq!(front.get_head(&[Role::Auditor]).await.unwrap().source, "front");
}

#[tokio::test]
async fn the_user_travels_through_a_second_service_too() {
    let (middle, _back) =
        two_houses(Answers::with(
            |call| async move { Ok(Head { source: call.actor().id.clone(), ..Default::default() }) },
        ))
        .await;
    let peers = middle.peers("outermost");
    let user = Answers::with(move |call: Call| {
        let channel = peers.channel("testing").unwrap().for_call(&call);
        async move { LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.map(tonic::Response::into_inner) }
    });
    let outer = House::sharing(Arc::clone(&middle.issuer), assembly(user), StackSettings::default()).await;
    assert_eq!(outer.get_head(&[Role::Auditor]).await.unwrap().source, "u-1");
}

#[tokio::test]
async fn work_of_the_service_itself_is_in_nobodys_name() {
    let house = House::open(Answers::with(|call| async move {
        assert!(call.on_behalf_of.is_none());
        Ok(Head { source: call.actor().id.clone(), ..Default::default() })
    }))
    .await;
    let own = Call::by(Principal::new("sla-monitor", [Role::Service]));
    let channel = house.peers("sla-monitor").channel("testing").unwrap().for_call(&own);
    let answer = LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.unwrap();
    assert_eq!(answer.into_inner().source, "sla-monitor");
}

#[tokio::test]
async fn what_is_left_of_the_callers_time_goes_on() {
    let (front, _back) = two_houses(Answers::with(|call| async move {
        let left = call.remaining().expect("a deadline").as_millis();
        Ok(Head { position: i64::try_from(left).unwrap(), ..Default::default() })
    }))
    .await;
    let mut request = with_token(GetHeadRequest {}, &front.token(&[Role::Auditor]));
    request.set_timeout(Duration::from_millis(1500));
    let left = front.client().get_head(request).await.unwrap().into_inner().position;
    assert!((500..1500).contains(&left), "{left}");
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_given_up() {
    let house = House::open(Answers::with(|_| std::future::pending())).await;
    let tokens = TokenSource::issued(Arc::clone(&house.issuer), "front", house.ambient.clone());
    let addresses = [("testing".to_owned(), house.url.clone())].into();
    let settings = PeerSettings { call_timeout_ms: 100, ..Default::default() };
    let peers = Peers::new(&addresses, tokens, &settings).unwrap();
    let mut client = LedgerServiceClient::new(peers.channel("testing").unwrap());
    let late = client.get_head(GetHeadRequest {}).await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    // A stream outlives the limit of calls.
    let mut stream = client.watch(WatchRequest::default()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert!(tokio::time::timeout(Duration::from_millis(300), stream.message()).await.is_err(), "still open");
}

#[tokio::test]
async fn a_peer_that_hangs_takes_no_more_than_its_places_and_the_service_answers_at_once_beside_it() {
    let (reached, mut came) = tokio::sync::mpsc::unbounded_channel();
    let go = Arc::new(tokio::sync::Semaphore::new(0));
    let hangs = Arc::clone(&go);
    let back = House::open(Answers::with(move |_| {
        let (reached, go) = (reached.clone(), Arc::clone(&hangs));
        async move {
            reached.send(()).unwrap();
            go.acquire().await.unwrap().forget();
            Ok(Head::default())
        }
    }))
    .await;
    let tokens = TokenSource::issued(Arc::clone(&back.issuer), "front", back.ambient.clone());
    let addresses = [("testing".to_owned(), back.url.clone())].into();
    let settings = PeerSettings { concurrent_calls: Some(2), ..Default::default() };
    let peers = Peers::new(&addresses, tokens, &settings).unwrap();
    let answers = Answers::with(move |call: Call| {
        let channel = peers.channel("testing").unwrap().for_call(&call);
        async move { LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.map(tonic::Response::into_inner) }
    });
    let front = House::sharing(Arc::clone(&back.issuer), assembly(answers), StackSettings::default()).await;
    let ask = || front.get_head(&[Role::Auditor]);
    let beside = async {
        came.recv().await.unwrap();
        came.recv().await.unwrap();
        let refused = ask().await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::Unavailable, "PEER_BUSY"));
        go.add_permits(3);
    };
    let (first, second, ()) = tokio::join!(ask(), ask(), beside);
    assert!(first.is_ok() && second.is_ok());
    assert!(ask().await.is_ok(), "the places were given back");
    assert!(came.try_recv().is_ok() && came.try_recv().is_err(), "who was refused never reached it");
}

/// How often the handler was reached, and a handler that answers by `answer`.
fn counted<F>(answer: F) -> (Arc<AtomicUsize>, Answers)
where
    F: Fn() -> Result<Head, Status> + Send + Sync + 'static,
{
    let (reached, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let counts = Arc::clone(&reached);
    let answers = Answers::with(move |_| {
        counts.fetch_add(1, Ordering::SeqCst);
        let answer = answer();
        async move { answer }
    });
    (reached, answers)
}

#[tokio::test]
async fn a_method_that_keeps_failing_is_left_alone_and_found_again_by_one_call() {
    let fails = Arc::new(AtomicBool::new(true));
    let failing = Arc::clone(&fails);
    let (reached, answers) = counted(move || match failing.load(Ordering::SeqCst) {
        true => Err(Status::unavailable("no database")),
        false => Ok(Head::default()),
    });
    let house = House::open(answers).await;
    let channel = house.peers("front").channel("testing").unwrap();
    let ask = async || LedgerServiceClient::new(channel.clone()).get_head(GetHeadRequest {}).await;
    for _ in 0..10 {
        assert_eq!(ask().await.unwrap_err().message(), "no database");
    }
    let refused = ask().await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::Unavailable, "PEER_AWAY"));
    let back = refused.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(back > Duration::ZERO && back <= Duration::from_secs(1), "{back:?}");
    assert_eq!(reached.load(Ordering::SeqCst), 10, "it was not asked");
    let mut stream =
        LedgerServiceClient::new(channel.clone()).watch(WatchRequest::default()).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some(), "what it does beside goes on");

    fails.store(false, Ordering::SeqCst);
    let asked = async {
        while ask().await.is_err_and(|error| reason(&error).0 == "PEER_AWAY") {
            tokio::task::yield_now().await;
        }
        assert!(ask().await.is_ok());
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap();
    assert_eq!(reached.load(Ordering::SeqCst), 12, "one found it, and the next came after it");
}

#[tokio::test]
async fn what_a_caller_did_wrong_or_a_third_service_could_not_do_leaves_nobody_alone() {
    let others = [
        Status::invalid_argument("no"),
        Status::not_found("no"),
        Status::resource_exhausted("full"),
        Status::internal("broken"),
        Refusal::PeerBusy.status(),
        Refusal::PeerAway { retry_after: Duration::from_secs(1) }.status(),
    ];
    for other in others {
        let (code, (reached, answers)) = (other.code(), counted(move || Err(other.clone())));
        let house = House::open(answers).await;
        let channel = house.peers("front").channel("testing").unwrap();
        for _ in 0..30 {
            let error = LedgerServiceClient::new(channel.clone()).get_head(GetHeadRequest {}).await.unwrap_err();
            assert_eq!(error.code(), code);
        }
        assert_eq!(reached.load(Ordering::SeqCst), 30, "{code:?}");
    }
}

#[tokio::test]
async fn a_call_whose_connection_breaks_is_made_once_more_and_within_the_callers_time() {
    let (reached, answers) = counted(|| Ok(Head::default()));
    let house = House::open(answers).await;
    // Breaks what is connected first, and then leads there.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door = format!("http://{}", listener.local_addr().unwrap());
    let to = house.url.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        drop(listener.accept().await.unwrap());
        loop {
            let (mut from, _) = listener.accept().await.unwrap();
            let mut to = TcpStream::connect(&to).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut from, &mut to).await });
        }
    });
    let tokens = TokenSource::issued(Arc::clone(&house.issuer), "front", house.ambient.clone());
    let peers = Peers::new(&[("testing".to_owned(), door)].into(), tokens, &PeerSettings::default()).unwrap();
    let asked = LedgerServiceClient::new(peers.channel("testing").unwrap()).get_head(GetHeadRequest {}).await;
    assert!(asked.is_ok(), "{asked:?}");
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn calls_are_made_once_more_while_they_are_few_beside_the_others() {
    let (reached, answers) = counted(|| Err(Refusal::Draining.status()));
    let house = House::open(answers).await;
    let channel = house.peers("front").channel("testing").unwrap();
    for _ in 0..200 {
        let error = LedgerServiceClient::new(channel.clone()).get_head(GetHeadRequest {}).await.unwrap_err();
        assert_eq!(reason(&error).0, "DRAINING");
    }
    // One in ten, and one a second over ten seconds for who calls seldom.
    let again = reached.load(Ordering::SeqCst) - 200;
    assert!((20..=31).contains(&again), "{again}");
}

#[tokio::test]
async fn a_peer_that_is_away_is_unavailable_and_found_again_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let addresses = [("testing".to_owned(), format!("http://{address}"))].into();
    let peers = Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default()).unwrap();
    let mut client = LedgerServiceClient::new(peers.channel("testing").unwrap());
    assert_eq!(client.get_head(GetHeadRequest {}).await.unwrap_err().code(), Code::Unavailable);
    assert!(matches!(peers.channel("nobody"), Err(PeerError::Unknown(_))));
    let wrong = [("testing".to_owned(), "not a uri".to_owned())].into();
    assert!(Peers::new(&wrong, TokenSource::nothing(), &PeerSettings::default()).is_err());
}

#[tokio::test]
async fn a_token_file_is_read_and_a_missing_one_is_no_crash() {
    let house = House::open(Answers::at_once()).await;
    let path = std::env::temp_dir().join(format!("ventanilla-token-{}", std::process::id()));
    std::fs::write(&path, format!("{}\n", house.token(&[Role::Service]))).unwrap();
    let addresses: std::collections::BTreeMap<_, _> = [("testing".to_owned(), house.url.clone())].into();
    let call = async |path: &std::path::Path| {
        let tokens = TokenSource::file(path, Ambient::system());
        let peers = Peers::new(&addresses, tokens, &PeerSettings::default()).unwrap();
        LedgerServiceClient::new(peers.channel("testing").unwrap()).get_head(GetHeadRequest {}).await
    };
    call(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(call(&path).await.unwrap_err().code(), Code::Unauthenticated);
}

//! Work that runs to its end.

use kernel::{Classify, Kind, Role};
use tonic::Code;
use ventanilla_proto::ledger::v1::Head;
use ventanilla_server::run_to_end;

use crate::support::{Answers, House, reason};

#[derive(Debug, thiserror::Error)]
#[error("the ticket is closed")]
struct Closed;

impl Classify for Closed {
    fn kind(&self) -> Kind {
        Kind::FailedPrecondition
    }

    fn reason(&self) -> &'static str {
        "TICKET_CLOSED"
    }
}

#[tokio::test]
async fn a_refusal_inside_names_the_services_own_domain() {
    let house = House::open(Answers::with(|_| run_to_end(async { Err::<Head, _>(Closed) }))).await;
    let refused = house.get_head(&[Role::Auditor]).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::FailedPrecondition, "the ticket is closed"));
    assert_eq!(reason(&refused), ("TICKET_CLOSED".to_owned(), "testing.ventanilla".to_owned()));
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_server_lives_on() {
    let house = House::open(Answers::with(|call| {
        run_to_end(async move {
            assert!(call.principal.has(Role::Sre), "on purpose");
            Ok::<_, Closed>(Head::default())
        })
    }))
    .await;
    let broken = house.get_head(&[Role::Auditor]).await.unwrap_err();
    assert_eq!(broken.code(), Code::Internal);
    assert!(broken.message().starts_with("internal error"), "{}", broken.message());
    house.get_head(&[Role::Sre]).await.unwrap();
}

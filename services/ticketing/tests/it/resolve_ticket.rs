//! ResolveTicket.

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{ANSWER, World, answer, assert_refused, fact, fresh_id, resolve, resolved, started};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_with_an_unanswered_point_and_names_article_and_point() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let refused =
        assert_refused(resolve(&mut agent, &ticket).await, Code::FailedPrecondition, "CLAIM_POINT_UNANSWERED");
    assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.1");
    assert_eq!(fact(&refused, "claim_points"), "p2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resolves_when_every_point_is_answered() {
    let world = World::new().await;
    let ticket = resolved(&mut world.agent()).await;
    assert_eq!((ticket.state(), ticket.resolution.as_str()), (pb::TicketState::Resolved, ANSWER));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_resolution_that_says_nothing() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p2", crate::world::OTHER_ANSWER).await.unwrap();
    let request = pb::ResolveTicketRequest {
        name: ticket.name,
        resolution: "Su reclamación ha sido resuelta. Gracias por su paciencia.".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    assert_refused(agent.resolve_ticket(request).await, Code::FailedPrecondition, "GENERIC_ANSWER");
}

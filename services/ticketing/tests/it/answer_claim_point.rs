//! AnswerClaimPoint.

use tonic::Code;

use crate::world::{ANSWER, OTHER_ANSWER, World, answer, assert_refused, fact, open, start, started};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_answer_and_when_it_was_given() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let ticket = answer(&mut agent, &ticket, "p2", ANSWER).await.unwrap();
    assert_eq!(ticket.claim_points[1].answer, ANSWER);
    assert!(ticket.claim_points[1].answer_time.is_some());
    assert_eq!(ticket.claim_points[0].answer, "");
    let corrected = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    assert_eq!(corrected.claim_points[1].answer, OTHER_ANSWER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_boilerplate_with_the_article() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let empty = "Estimado cliente: hemos recibido su reclamación. Lamentamos las molestias. Un cordial saludo.";
    let refused = answer(&mut agent, &ticket, "p1", empty).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "GENERIC_ANSWER");
    assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_point_is_not_found() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    assert_refused(answer(&mut agent, &ticket, "p9", ANSWER).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_etag_is_aborted() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    start(&mut agent, &ticket).await.unwrap();
    assert_refused(answer(&mut agent, &ticket, "p1", ANSWER).await, Code::Aborted, "STALE_ETAG");
}

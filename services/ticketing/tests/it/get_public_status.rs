//! GetPublicStatus.

use jiff::SignedDuration;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;

use crate::world::{ANSWER, World, answer, assert_refused, fields, open, promise_request, start, time};

async fn ask(world: &World, key: &str, proof: &str) -> Result<pb::PublicStatus, Status> {
    let request = pb::GetPublicStatusRequest { tracking_key: key.into(), proof: proof.into() };
    let mut anybody = TicketServiceClient::new(world.served.anonymous());
    anybody.get_public_status(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_in_plain_words_where_it_stands_without_a_token() {
    let world = World::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    agent.make_promise(promise_request(&ticket.name, "2026-11-25T13:00:00Z")).await.unwrap();
    agent.make_promise(promise_request(&ticket.name, "2026-11-24T13:00:00Z")).await.unwrap();

    let spoken = opened.tracking_key.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    let status = ask(&world, &spoken, &opened.proof.to_lowercase()).await.unwrap();
    assert_eq!(status.tracking_key, opened.tracking_key);
    assert_eq!(status.state(), pb::TicketState::InProgress);
    assert_eq!(status.state_text, "Estamos trabajando en ello.");
    assert_eq!((status.claim_point_count, status.answered_point_count), (2, 1));
    assert_eq!(status.promise_due_time, time("2026-11-24T13:00:00Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_pair_is_answered_alike() {
    let world = World::new().await;
    let mut agent = world.agent();
    let (mine, other) = (open(&mut agent).await, open(&mut agent).await);
    let nobody: String = ticketing_domain_key();
    let wrong = if mine.proof == "000000" { "111111" } else { "000000" };
    let mut answers = Vec::new();
    for (key, proof) in [
        (mine.tracking_key.as_str(), wrong),
        (mine.tracking_key.as_str(), other.proof.as_str()),
        (nobody.as_str(), mine.proof.as_str()),
    ] {
        let refused = assert_refused(ask(&world, key, proof).await, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
        answers.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "the answer tells which of the two was wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_twenty_wrong_proofs_the_right_one_is_answered_as_a_wrong_one_for_a_minute() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let wrong = if opened.proof == "000000" { "111111" } else { "000000" };
    let mut told = Vec::new();
    for proof in std::iter::repeat_n(wrong, 20).chain([opened.proof.as_str()]) {
        let answer = ask(&world, &opened.tracking_key, proof).await;
        let refused = assert_refused(answer, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
        told.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "the answer tells that tries are counted");
    world.advance(SignedDuration::from_mins(1));
    ask(&world, &opened.tracking_key, &opened.proof).await.unwrap();
}

/// A key that is well made and that no ticket has.
fn ticketing_domain_key() -> String {
    ticketing_domain::TrackingKey::from_entropy([31; 12]).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_key_is_told_by_its_check_character() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let last = if opened.tracking_key.ends_with('7') { "8" } else { "7" };
    let mistyped = format!("{}{last}", &opened.tracking_key[..15]);
    let refused = ask(&world, &mistyped, &opened.proof).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["tracking_key"]);
}

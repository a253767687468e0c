//! AnswerPublicSurvey: what customers thought, by key and proof.

use testkit::Client;
use tonic::{Code, Response, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;
use ventanilla_proto::r#type::v1::{ActorKind, Channel};

use crate::ask_survey::ask;
use crate::world::{
    ANSWER, OTHER_ANSWER, World, answer, assert_refused, complaint, create_request, fields, fresh_id, open, resolve,
    start,
};

fn anybody(world: &World) -> PublicServiceClient<Client> {
    PublicServiceClient::new(world.served.anonymous())
}

async fn affair(world: &World, opened: &pb::CreateTicketResponse) -> pb::PublicAffair {
    let (tracking_key, proof) = (opened.tracking_key.clone(), opened.proof.clone());
    let request = pb::GetPublicAffairRequest { tracking_key, proof, page_token: String::new() };
    anybody(world).get_public_affair(request).await.map(Response::into_inner).unwrap()
}

fn may(shown: &pb::PublicAffair) -> bool {
    shown.options().any(|option| option == pb::PublicOption::Survey)
}

pub fn said(opened: &pb::CreateTicketResponse, etag: &str) -> pb::AnswerPublicSurveyRequest {
    pb::AnswerPublicSurveyRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        csat: Some(1),
        ces: Some(7),
        causes: vec![pb::SatisfactionCause::Time.into()],
        verbatim: "Tardaron un mes en contestar".into(),
        etag: etag.into(),
        request_id: fresh_id(),
        ..Default::default()
    }
}

async fn send(world: &World, request: pb::AnswerPublicSurveyRequest) -> Result<pb::PublicAct, Status> {
    anybody(world).answer_public_survey(request).await.map(Response::into_inner)
}

/// Answered in both of its points.
async fn answered(world: &World, opened: &pb::CreateTicketResponse) -> pb::Ticket {
    let mut agent = world.agent();
    let mut ticket = start(&mut agent, opened.ticket.as_ref().unwrap()).await.unwrap();
    let points = ticket.claim_points.len();
    for (point, text) in ["p1", "p2"].into_iter().zip([ANSWER, OTHER_ANSWER]).take(points) {
        ticket = answer(&mut agent, &ticket, point, text).await.unwrap();
    }
    resolve(&mut agent, &ticket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_says_what_they_thought_once_they_were_asked_and_is_written_down_as_themselves() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let shown = affair(&world, &opened).await;
    assert!(!may(&shown) && shown.survey.is_none(), "it is not answered yet");
    assert_refused(send(&world, said(&opened, "\"1\"")).await, Code::NotFound, "NOT_FOUND");
    let ticket = answered(&world, &opened).await;
    assert!(!may(&affair(&world, &opened).await), "nobody has asked");
    let asked = ask(&mut world.agent(), &ticket.name).await.unwrap();
    let shown = affair(&world, &opened).await;
    let survey = shown.survey.clone().unwrap();
    assert!(may(&shown));
    assert_eq!((&survey.etag, survey.ask_time, survey.answer_time), (&asked.etag, asked.ask_time, None));

    let request = said(&opened, &survey.etag);
    let done = send(&world, request.clone()).await.unwrap();
    assert_eq!(done.complaint_invitation, "", "it is a complaint already");
    assert_eq!(send(&world, request).await.unwrap(), done, "sent again it is the same");
    let name = format!("{}/survey", ticket.name);
    let kept = world.agent().get_survey(pb::GetSurveyRequest { name }).await.unwrap().into_inner();
    let (what, who) = (kept.answer.unwrap(), kept.answer_actor.unwrap());
    assert_eq!((what.channel(), what.csat, what.nps, what.ces), (Channel::Web, Some(1), None, Some(7)));
    assert_eq!(what.verbatim, "Tardaron un mes en contestar");
    assert_eq!(
        (who.kind(), who.id),
        (ActorKind::Customer, ticket.customer.trim_start_matches("customers/").to_owned())
    );
    let shown = affair(&world, &opened).await;
    assert!(!may(&shown) && shown.survey.as_ref().unwrap().answer_time.is_some());
    let etag = shown.survey.unwrap().etag;
    assert_refused(send(&world, said(&opened, &etag)).await, Code::FailedPrecondition, "SURVEY_ALREADY_ANSWERED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_dissatisfied_with_what_is_no_complaint_is_told_that_they_may_complain() {
    let world = World::new().await;
    let mut asks = complaint();
    asks.ticket_type = pb::TicketType::Consulta.into();
    asks.claim_points.clear();
    let opened = world.agent().create_ticket(create_request(asks)).await.unwrap().into_inner();
    let ticket = answered(&world, &opened).await;
    let asked = ask(&mut world.agent(), &ticket.name).await.unwrap();
    let done = send(&world, said(&opened, &asked.etag)).await.unwrap();
    assert!(done.complaint_invitation.contains("reclama"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_affair_is_worked_on_again_nobody_is_asked_and_what_was_read_before_is_stale() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let ticket = answered(&world, &opened).await;
    let asked = ask(&mut world.agent(), &ticket.name).await.unwrap();
    assert_refused(send(&world, said(&opened, "\"7\"")).await, Code::Aborted, "STALE_ETAG");
    let shown = affair(&world, &opened).await;
    let objecting = pb::ObjectToPublicAnswerRequest {
        tracking_key: opened.tracking_key.clone(),
        proof: opened.proof.clone(),
        text: "No es lo que pedí".into(),
        etag: shown.etag,
        request_id: fresh_id(),
    };
    anybody(&world).object_to_public_answer(objecting).await.unwrap();
    assert!(!may(&affair(&world, &opened).await));
    let early = send(&world, said(&opened, &asked.etag)).await;
    assert_refused(early, Code::FailedPrecondition, "SURVEY_BEFORE_RESOLUTION");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_an_opinion_is_named_at_once_and_a_wrong_proof_says_nothing() {
    let world = World::new().await;
    let opened = open(&mut world.agent()).await;
    let ticket = answered(&world, &opened).await;
    let asked = ask(&mut world.agent(), &ticket.name).await.unwrap();
    let wrong = pb::AnswerPublicSurveyRequest {
        csat: Some(6),
        nps: Some(11),
        ces: Some(0),
        causes: vec![1, 1, 99],
        verbatim: "x".repeat(2_001),
        ..said(&opened, "etag")
    };
    let status = send(&world, wrong).await.unwrap_err();
    assert_eq!(fields(&status), ["csat", "nps", "ces", "causes[1]", "causes[2]", "verbatim", "etag"]);
    let nothing =
        pb::AnswerPublicSurveyRequest { csat: None, ces: None, verbatim: String::new(), ..said(&opened, &asked.etag) };
    assert_eq!(send(&world, nothing).await.unwrap_err().code(), Code::InvalidArgument, "a cause is no answer");
    let before = world.count("entries").await;
    let proof = if opened.proof == "000000" { "111111" } else { "000000" };
    let guessed = pb::AnswerPublicSurveyRequest { proof: proof.into(), ..said(&opened, &asked.etag) };
    assert_refused(send(&world, guessed).await, Code::NotFound, "KEY_OR_PROOF_UNKNOWN");
    assert_eq!(world.count("entries").await, before);
}

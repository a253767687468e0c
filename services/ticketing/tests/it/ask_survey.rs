//! AskSurvey and GetSurvey.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::Channel;

use crate::world::{
    Tickets, World, accept, answer, assert_refused, fact, fields, fresh_id, open, resolved, start, started, time, wait,
    withdrawal,
};

pub async fn ask(client: &mut Tickets, ticket: &str) -> Result<pb::Survey, Status> {
    let survey = pb::Survey { channel: Channel::Sms.into(), ..Default::default() };
    let request = pb::AskSurveyRequest {
        parent: ticket.into(),
        survey: Some(survey),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.ask_survey(request).await.map(tonic::Response::into_inner)
}

async fn get(client: &mut Tickets, name: &str) -> Result<pb::Survey, Status> {
    let request = pb::GetSurveyRequest { name: name.into() };
    client.get_survey(request).await.map(tonic::Response::into_inner)
}

#[track_caller]
fn assert_too_early(refused: Result<pb::Survey, Status>, state: &str) {
    let refused = assert_refused(refused, Code::FailedPrecondition, "SURVEY_BEFORE_RESOLUTION");
    assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 18");
    assert_eq!(fact(&refused, "state"), state);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_before_the_answer() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    assert_too_early(ask(&mut agent, &ticket.name).await, "acknowledged");
    let ticket = start(&mut agent, &ticket).await.unwrap();
    assert_too_early(ask(&mut agent, &ticket.name).await, "in_progress");
    let ticket = answer(&mut agent, &ticket, "p1", crate::world::ANSWER).await.unwrap();
    assert_too_early(ask(&mut agent, &ticket.name).await, "in_progress");
    let ticket = wait(&mut agent, &ticket).await.unwrap();
    assert_too_early(ask(&mut agent, &ticket.name).await, "pending");
    let none = get(&mut agent, &format!("{}/survey", ticket.name)).await;
    assert_refused(none, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_withdrew_was_not_answered_and_is_not_asked() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let request = pb::CancelTicketRequest {
        message: withdrawal(&mut agent, &ticket.name).await,
        name: ticket.name.clone(),
        reason: "withdrawn_by_customer".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.cancel_ticket(request).await.unwrap();
    assert_too_early(ask(&mut agent, &ticket.name).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_asked_once_about_an_affair_also_when_it_is_closed() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let asked = ask(&mut agent, &ticket.name).await.unwrap();
    assert_eq!(asked.name, format!("{}/survey", ticket.name));
    assert_eq!((asked.state(), asked.channel()), (pb::SurveyState::Asked, Channel::Sms));
    assert_eq!((asked.answer.as_ref(), asked.answer_time), (None, None));
    assert_eq!(get(&mut agent, &asked.name).await.unwrap(), asked);

    // The asking is no change of the ticket: its etag still holds.
    accept(&world, &ticket).await;
    let again = ask(&mut agent, &ticket.name).await;
    let again = assert_refused(again, Code::FailedPrecondition, "SURVEY_ALREADY_ASKED");
    assert_eq!(fact(&again, "survey"), asked.name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_ask_at_once_one_does() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let asking = (0..8).map(|_| {
        let (mut client, name) = (world.agent(), ticket.name.clone());
        tokio::spawn(async move { ask(&mut client, &name).await })
    });
    let mut asked = 0;
    for asking in asking.collect::<Vec<_>>() {
        match asking.await.unwrap() {
            Ok(_) => asked += 1,
            refused => drop(assert_refused(refused, Code::FailedPrecondition, "SURVEY_ALREADY_ASKED")),
        }
    }
    assert_eq!(asked, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_is_told_at_once_and_a_past_time_is_for_importers() {
    let world = World::new().await;
    let mut agent = world.agent();
    let request = pb::AskSurveyRequest {
        parent: "tickets/uno".into(),
        survey: Some(pb::Survey::default()),
        request_id: "no".into(),
        occurred_time: None,
    };
    let refused = assert_refused(agent.ask_survey(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["parent", "request_id", "survey.channel"]);

    let ticket = resolved(&mut agent).await;
    let past = |request_id| pb::AskSurveyRequest {
        parent: ticket.name.clone(),
        survey: Some(pb::Survey { channel: Channel::Email.into(), ..Default::default() }),
        request_id,
        occurred_time: time("2026-01-01T00:00:00Z"),
    };
    let refused = agent.ask_survey(past(fresh_id())).await;
    assert_refused(refused, Code::PermissionDenied, "PAST_TIME_NOT_ALLOWED");
    let refused = world.as_role(Role::Importer).ask_survey(past(fresh_id())).await;
    assert_refused(refused, Code::FailedPrecondition, "OUT_OF_ORDER");
}

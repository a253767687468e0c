//! AnswerSurvey.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{SatisfactionCause, SurveyState};
use ventanilla_proto::r#type::v1::Channel;

use crate::ask_survey::ask;
use crate::world::{ANSWER, OTHER_ANSWER, Tickets, World, answer, assert_refused, fields, fresh_id, resolve, resolved};

fn opinion() -> pb::SurveyAnswer {
    pb::SurveyAnswer {
        channel: Channel::Chat.into(),
        csat: Some(2),
        nps: Some(0),
        ces: Some(7),
        causes: vec![SatisfactionCause::Time.into(), SatisfactionCause::Promise.into()],
        verbatim: "Tardaron un mes en contestar".into(),
    }
}

async fn say(client: &mut Tickets, survey: &pb::Survey, said: pb::SurveyAnswer) -> Result<pb::Survey, Status> {
    let request = pb::AnswerSurveyRequest {
        name: survey.name.clone(),
        answer: Some(said),
        etag: survey.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    client.answer_survey(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_customer_said_is_kept_as_it_was_said_and_is_in_the_history() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let asked = ask(&mut agent, &ticket.name).await.unwrap();
    let said = say(&mut world.as_role(Role::Ivr), &asked, opinion()).await.unwrap();
    assert_eq!((said.state(), said.answer.as_ref()), (SurveyState::Answered, Some(&opinion())));
    assert!(said.answer_time.is_some() && said.answer_actor.is_some());
    let read = agent.get_survey(pb::GetSurveyRequest { name: asked.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, said);

    let request = pb::ListTicketHistoryRequest { name: ticket.name.clone(), ..Default::default() };
    let changes = agent.list_ticket_history(request).await.unwrap().into_inner().changes;
    let last: Vec<_> = changes.iter().rev().take(2).map(|c| (c.kind(), c.related.as_str())).collect();
    let (answered, asked_for) = (pb::TicketChangeKind::SurveyAnswered, pb::TicketChangeKind::SurveyAsked);
    assert_eq!(last, [(answered, asked.name.as_str()), (asked_for, asked.name.as_str())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_stands_and_a_score_that_was_not_given_is_absent() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let asked = ask(&mut agent, &ticket.name).await.unwrap();
    let words = pb::SurveyAnswer { channel: Channel::Sms.into(), verbatim: "Bien".into(), ..Default::default() };
    let said = say(&mut world.as_role(Role::Ivr), &asked, words.clone()).await.unwrap();
    assert_eq!(said.answer, Some(words));
    assert_refused(say(&mut world.as_role(Role::Ivr), &asked, opinion()).await, Code::Aborted, "STALE_ETAG");
    let again = say(&mut world.as_role(Role::Ivr), &said, opinion()).await;
    assert_refused(again, Code::FailedPrecondition, "SURVEY_ALREADY_ANSWERED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_went_back_to_work_is_judged_when_it_is_answered_again() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let asked = ask(&mut agent, &ticket.name).await.unwrap();
    let request = pb::ReopenTicketRequest {
        name: ticket.name.clone(),
        reason: "customer_objects".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    let reopened = agent.reopen_ticket(request).await.unwrap().into_inner();
    let early = say(&mut world.as_role(Role::Ivr), &asked, opinion()).await;
    assert_refused(early, Code::FailedPrecondition, "SURVEY_BEFORE_RESOLUTION");

    let better = "Revisada la factura con usted: abonamos 41 euros más el 12 de mayo por la lectura estimada.";
    let ticket = answer(&mut agent, &reopened, "p1", better).await.unwrap();
    resolve(&mut agent, &ticket).await.unwrap();
    assert_eq!(say(&mut world.as_role(Role::Ivr), &asked, opinion()).await.unwrap().state(), SurveyState::Answered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_owns_the_ticket_or_resolved_it_does_not_write_down_how_well_they_did() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = crate::world::started(&mut agent).await;
    world.employ(&["test-agent"]).await;
    let request = pb::TransferTicketRequest {
        reason: "needs_specialist".into(),
        handover: "Ya ha mandado el recibo.".into(),
        name: ticket.name.clone(),
        to_department: ticket.department.clone(),
        owner: "test-agent".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    let ticket = agent.transfer_ticket(request).await.unwrap().into_inner();
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    let ticket = resolve(&mut agent, &ticket).await.unwrap();
    let asked = ask(&mut agent, &ticket.name).await.unwrap();
    let own = say(&mut agent, &asked, opinion()).await;
    assert_refused(own, Code::PermissionDenied, "SURVEY_OF_OWN_WORK");
    // Nor when they hand it to the queue first: they resolved it.
    let back = pb::TransferTicketRequest {
        reason: "needs_specialist".into(),
        handover: "Ya ha mandado el recibo.".into(),
        name: ticket.name.clone(),
        to_department: ticket.department.clone(),
        etag: ticket.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    agent.transfer_ticket(back).await.unwrap();
    assert_refused(say(&mut agent, &asked, opinion()).await, Code::PermissionDenied, "SURVEY_OF_OWN_WORK");
    let other = say(&mut world.as_role(Role::Ivr), &asked, opinion()).await.unwrap();
    assert_eq!(other.answer_actor.unwrap().id, "test-ivr");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_an_answer_is_told_at_once() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let asked = ask(&mut agent, &ticket.name).await.unwrap();
    let off = pb::SurveyAnswer {
        channel: Channel::Unspecified.into(),
        csat: Some(0),
        nps: Some(11),
        ces: Some(-1),
        causes: vec![SatisfactionCause::Time.into(), SatisfactionCause::Time.into(), 99, 0],
        verbatim: "x".repeat(2_001),
    };
    let refused =
        assert_refused(say(&mut world.as_role(Role::Ivr), &asked, off).await, Code::InvalidArgument, "INVALID_REQUEST");
    let paths = ["channel", "csat", "nps", "ces", "causes[1]", "causes[2]", "causes[3]", "verbatim"];
    assert_eq!(fields(&refused), paths.map(|field| format!("answer.{field}")));

    let causes_alone =
        pb::SurveyAnswer { channel: Channel::Sms.into(), causes: opinion().causes, ..Default::default() };
    let refused = say(&mut world.as_role(Role::Ivr), &asked, causes_alone).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["answer"]);

    let other = pb::Survey { name: ticket.name.clone(), ..asked.clone() };
    let refused = say(&mut world.as_role(Role::Ivr), &other, opinion()).await;
    assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
}

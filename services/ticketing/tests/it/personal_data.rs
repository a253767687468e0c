//! Personal data stays out of the chained part of the ledger.

use std::time::Duration;

use kernel::Role;
use testkit::eventually;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::ask_survey::ask;
use crate::world::{Tickets, World, fresh_id, promise_request, resolved};

/// Words that the tests' texts hold and no id, enum or time does.
const CANARIES: &[&str] =
    &["Begoña", "Echeverría", "cobran", "llamada", "lectura", "abonamos", "llamo", "secreto", "tardaron"];

async fn say_what_they_thought(agent: &mut Tickets, ivr: &mut Tickets, ticket: &str) {
    let asked = ask(agent, ticket).await.unwrap();
    let said = pb::SurveyAnswer {
        channel: Channel::Sms.into(),
        csat: Some(1),
        verbatim: "tardaron mucho".into(),
        ..Default::default()
    };
    let request = pb::AnswerSurveyRequest {
        name: asked.name,
        answer: Some(said),
        etag: asked.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    ivr.answer_survey(request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_of_a_person_is_in_the_chained_payload() {
    let world = World::new().await;
    let mut agent = world.agent();
    let name = resolved(&mut agent).await.name;
    agent.make_promise(promise_request(&name, "2026-11-24T13:00:00Z")).await.unwrap();
    let message = pb::Message {
        direction: Direction::Inbound.into(),
        visibility: pb::MessageVisibility::Public.into(),
        channel: Channel::Email.into(),
        body: "Es un secreto".into(),
        ..Default::default()
    };
    let request = pb::AddMessageRequest {
        parent: name.clone(),
        message: Some(message),
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.add_message(request).await.unwrap();
    say_what_they_thought(&mut agent, &mut world.as_role(Role::Ivr), &name).await;

    let pool = world.database.admin().await;
    let chained: Vec<(String, Vec<u8>)> = eventually(Duration::from_secs(20), || async {
        let rows: Vec<(String, Vec<u8>)> =
            sqlx::query_as("select type, payload from ticketing.ledger order by position")
                .fetch_all(&pool)
                .await
                .unwrap();
        if rows.len() == 9 { Ok(rows) } else { Err(rows.len()) }
    })
    .await;
    for (kind, payload) in &chained {
        let text = String::from_utf8_lossy(payload);
        for canary in CANARIES {
            assert!(!text.contains(canary), "{canary} is in {kind}");
        }
    }
    // The check itself: the personal parts do hold every one of them.
    let parts: Vec<Vec<u8>> =
        sqlx::query_scalar("select personal from ticketing.ledger_personal").fetch_all(&pool).await.unwrap();
    let personal = parts.iter().map(|p| String::from_utf8_lossy(p).into_owned()).collect::<String>();
    for canary in CANARIES {
        assert!(personal.contains(canary), "{canary} is nowhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proof_is_kept_nowhere() {
    let world = World::new().await;
    let opened = crate::world::open(&mut world.agent()).await;
    let pool = world.database.admin().await;
    let answer: Vec<u8> = sqlx::query_scalar("select answer from ticketing.request").fetch_one(&pool).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains(&opened.proof));
    let ticket: String = sqlx::query_scalar("select t::text from ticketing.ticket t").fetch_one(&pool).await.unwrap();
    assert!(!ticket.contains(&opened.proof));
}

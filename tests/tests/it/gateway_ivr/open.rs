//! Of what is open, by when the first must be answered.

use sla_monitor_domain::catalogue::Catalogue;
use sla_monitor_domain::rule;
use ventanilla_proto::ticketing::v1::CreateTicketResponse;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::doorway::{Answer, Doorway};

use super::{LIMIT, doorway, exchange_of, known, typed};

/// Another complaint of theirs, about this.
async fn complain(affair: &Affair<'_>, customer: &str, topic: &str) -> CreateTicketResponse {
    let mut request = affair.complaint(customer, "");
    let ticket = request.ticket.as_mut().expect("it is there");
    topic.clone_into(&mut ticket.topic);
    affair.cast.agent.tickets.clone().create_ticket(request).await.expect("a good complaint").into_inner()
}

/// The day that ticketing tells who asks by key and proof.
async fn day_by_key(at: (&Scene, &Doorway), opened: &CreateTicketResponse) -> String {
    let fields = [("call", "c21"), ("key", &*typed(&opened.tracking_key)), ("proof", &*typed(&opened.proof))]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    eventually(at, "status", &fields, |answer| !answer.fact("due_date").is_empty()).await.fact("due_date")
}

/// Asks until the answer is of this kind.
async fn eventually(
    (scene, door): (&Scene, &Doorway),
    question: &str,
    fields: &[(String, String)],
    is_it: impl Fn(&Answer) -> bool + Copy,
) -> Answer {
    testkit::eventually(LIMIT, || {
        let mut exchange = exchange_of(scene, door);
        let path = format!("/ivr/v1/{question}");
        async move {
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = exchange.post(&path, &fields).await;
            if is_it(&answer) { Ok(answer) } else { Err(answer.text()) }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_when_the_first_must_be_answered_is_told_whatever_law_says_so() {
    let scene = Scene::fresh().await;
    let door = doorway(&scene).await;
    let at = (&scene, &door);
    let (affair, customer, billing) = known(&scene, 61_000_041).await;
    let ask = [("call", "c20"), ("phone", &*affair.person.e164()), ("lang", "es")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));

    // Of one about a bill alone: the five days that the law gives for it.
    let bill = day_by_key(at, &billing).await;
    let told = eventually(at, "open", &ask, |answer| !answer.fact("due_date").is_empty()).await;
    assert_eq!((told.fact("open_count"), told.fact("due_date")), ("1".to_owned(), bill.clone()), "{}", told.text());
    assert!(told.fact("say").contains("Debe tener respuesta"), "{}", told.text());

    // Of it and one about something else: the same day still, and not the other's.
    let general = complain(&affair, &customer, "").await;
    let other = day_by_key(at, &general).await;
    assert!(bill < other, "{bill} is before {other}");
    let told = eventually(at, "open", &ask, |answer| answer.fact("open_count") == "2").await;
    assert_eq!(told.fact("due_date"), bill, "{}", told.text());
    scene.stop().await.expect("the services end well");
}

#[test]
fn every_term_of_the_rules_that_ends_with_the_answer_to_an_affair_is_told_by_telephone() {
    let catalogue = Catalogue::embedded(&Default::default()).expect("the data are good");
    let of_affairs = catalogue.rules().filter(|rule| {
        matches!(rule.subject, rule::Subject::Ticket | rule::Subject::TicketOrCase)
            && matches!(rule.ends, rule::Ends::Resolved | rule::Ends::Decision)
    });
    let mut stages: Vec<&str> = of_affairs.map(|rule| rule.stage.as_str()).collect();
    stages.sort_unstable();
    stages.dedup();
    assert!(stages.len() > 3, "{stages:?}");
    let mut told = ivr::ANSWERS.to_vec();
    told.sort_unstable();
    assert_eq!(stages, told);
}

//! What customers thought, as the ticketing ledger tells it: in the view, on the line, and as a reason to call.

use kernel::Role;
use ledger::Received;
use prost::{Message, Name};
use ventanilla_customer_profile::reactions::ticketing::Affairs;
use ventanilla_proto::customer::v1::rights_service_client::RightsServiceClient;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::SatisfactionCause;

use crate::support::{Say, World, entry, entry_with, record, ticket_id, time};

const AT: &str = "2026-11-22T10:00:00Z";
const LATER: &str = "2026-11-22T10:30:00Z";

fn at(position: i64, n: u64, when: &str, payload: &impl Name) -> Received {
    entry(position, &ticket_id(n), when, payload)
}

fn opened(position: i64, n: u64, customer: &str) -> Received {
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(n),
        customer: customer.to_owned(),
        first_received_time: Some(time(AT)),
        ..Default::default()
    };
    at(position, n, AT, &opened)
}

fn asked(position: i64, n: u64) -> Received {
    let asked = ticketing::SurveyAsked { ticket: ticket_id(n), channel: 1, department: "billing".to_owned() };
    at(position, n, AT, &asked)
}

fn answered(position: i64, n: u64, csat: i32) -> Received {
    let answered = ticketing::SurveyAnswered {
        ticket: ticket_id(n),
        channel: 1,
        csat: Some(csat),
        nps: Some(0),
        causes: vec![SatisfactionCause::Time.into()],
        department: "billing".to_owned(),
        ..Default::default()
    };
    let words = ticketing::SurveyAnsweredPersonal { verbatim: "zarandajas".to_owned() };
    entry_with(position, &ticket_id(n), LATER, &answered, words.encode_to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_and_answered_is_in_the_view_without_the_words_and_repeats_change_nothing() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    for n in [1, 2] {
        world.react(&Affairs, opened(n, n.unsigned_abs(), &ana.customer)).await;
        world.react(&Affairs, asked(n + 2, n.unsigned_abs())).await;
    }
    let before = world.view(&ana.customer).await.satisfaction.unwrap();
    assert_eq!((before.asked_count, before.answered_count), (2, 0));
    assert_eq!((before.surveys[0].csat, before.surveys[0].answer_time), (None, None));

    for _ in 0..2 {
        world.react(&Affairs, answered(5, 1, 2)).await;
        world.react(&Affairs, asked(3, 1)).await;
    }
    let view = world.view(&ana.customer).await;
    assert!(!format!("{view:?}").contains("zarandajas"));
    let section = view.satisfaction.unwrap();
    assert_eq!((section.asked_count, section.answered_count), (2, 1));
    let survey = section.surveys.iter().find(|s| s.ticket == ticket_id(1)).unwrap();
    let expected = ViewedSurvey {
        survey: format!("{}/survey", ticket_id(1)),
        ticket: ticket_id(1),
        department: "billing".to_owned(),
        ask_time: Some(time(AT)),
        answer_time: Some(time(LATER)),
        csat: Some(2),
        nps: Some(0),
        ces: None,
        causes: vec![SatisfactionCause::Time.into()],
    };
    assert_eq!(survey, &expected);

    let request = ListTimelineRequest { parent: ana.customer, ..Default::default() };
    let line = world.client(Role::Agent).list_timeline(request).await.unwrap().into_inner().items;
    let of_surveys = line.iter().filter_map(|item| match item.item.as_ref() {
        Some(timeline_item::Item::Event(event)) if event.resource.ends_with("/survey") => Some(event.kind()),
        _ => None,
    });
    let kinds: Vec<TimelineEventKind> = of_surveys.collect();
    let asked = TimelineEventKind::SurveyAsked;
    assert_eq!(kinds, [TimelineEventKind::SurveyAnswered, asked, asked]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restricted_customer_thought_is_left_out() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    world.react(&Affairs, asked(2, 1)).await;
    let request = RestrictCustomerRequest {
        name: ana.customer.clone(),
        ground: RestrictionGround::AccuracyContested.into(),
        request_id: world.request_id(),
    };
    let mut officer = RightsServiceClient::new(world.served.channel(Role::PrivacyOfficer));
    officer.restrict_customer(request).await.unwrap();
    let view = world.view(&ana.customer).await;
    assert_eq!((view.state(), view.satisfaction), (CustomerState::Restricted, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_said_that_it_was_handled_badly_is_to_be_called() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    world.react(&Affairs, asked(2, 1)).await;
    world.react(&Affairs, answered(3, 1, 2)).await;
    let request = ProposeNextBestActionRequest { name: ana.customer, request_id: world.request_id() };
    let proposed = world.client(Role::Agent).propose_next_best_action(request).await.unwrap().into_inner();
    let [call] = proposed.next_actions.as_slice() else { panic!("{proposed:?}") };
    assert_eq!(call.kind(), NextActionKind::PersonalCall);
    assert_eq!(call.reasons().collect::<Vec<_>>(), [NextActionReason::Dissatisfied]);
    assert_eq!(call.reason_es, "Dijo en una encuesta que se le atendió mal.");
}

//! Affairs brought from another system with their whole history.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::history_step::Step;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::world::{ANSWER, CUSTOMER, OTHER_ANSWER, World, assert_refused, complaint, fields, fresh_id, time};

fn step(at: &str, step: Step) -> pb::HistoryStep {
    pb::HistoryStep { occurred_time: time(at), step: Some(step) }
}

fn to(state: pb::TicketState) -> pb::HistoryTransition {
    pb::HistoryTransition { to_state: state.into(), ..Default::default() }
}

fn point(point: &str, answer: &str) -> Step {
    Step::Answer(pb::HistoryAnswer { claim_point: point.into(), answer: answer.into() })
}

/// A complaint that waited for the customer, was answered on both points and closed at its source.
pub fn affair(id: &str) -> pb::TicketHistory {
    use pb::TicketState as S;
    let waiting = pb::HistoryTransition { reason: "documents_missing".into(), ..to(S::Pending) };
    let resolved = pb::HistoryTransition { text: ANSWER.into(), ..to(S::Resolved) };
    let closed = pb::HistoryTransition { close_reason: pb::CloseReason::ClosedAtSource.into(), ..to(S::Closed) };
    let message = pb::Message {
        direction: Direction::Inbound.into(),
        visibility: pb::MessageVisibility::Public.into(),
        channel: Channel::Email.into(),
        body: "Adjunto la factura que me piden.".into(),
        ..Default::default()
    };
    pb::TicketHistory {
        source_system: "service-desk".into(),
        external_id: id.into(),
        ticket: Some(complaint()),
        opened_time: time("2012-03-31T14:59:42Z"),
        steps: vec![
            step("2012-04-01T08:00:00Z", Step::Transition(to(S::InProgress))),
            step("2012-04-01T09:00:00Z", Step::Transition(waiting)),
            step("2012-04-03T10:00:00Z", Step::Message(message)),
            step("2012-04-04T10:00:00Z", point("p1", ANSWER)),
            step("2012-04-04T10:00:00Z", point("p2", OTHER_ANSWER)),
            step("2012-04-05T10:00:00Z", Step::Transition(resolved)),
            step("2012-04-20T10:00:00Z", Step::Transition(closed)),
        ],
    }
}

pub fn request(histories: Vec<pb::TicketHistory>) -> pb::ImportTicketsRequest {
    pb::ImportTicketsRequest { histories, request_id: fresh_id() }
}

fn outcomes(answer: &pb::ImportTicketsResponse) -> Vec<pb::ImportOutcome> {
    answer.tickets.iter().map(pb::ImportedTicket::outcome).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_is_what_its_steps_would_be_one_by_one() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let answer = importer.import_tickets(request(vec![affair("A-1")])).await.unwrap().into_inner();
    assert_eq!(outcomes(&answer), [pb::ImportOutcome::Imported]);
    let brought = &answer.tickets[0];

    let ticket = importer.get_ticket(pb::GetTicketRequest { name: brought.ticket.clone() }).await.unwrap().into_inner();
    assert_eq!(ticket.state(), pb::TicketState::Closed);
    assert_eq!(ticket.state_time, time("2012-04-20T10:00:00Z"));
    assert_eq!(ticket.first_received_time, time("2012-03-31T14:59:42Z"));
    assert_eq!(ticket.claim_points[1].answer, OTHER_ANSWER);
    assert_eq!(ticket.claim_points[1].answer_time, time("2012-04-04T10:00:00Z"));
    assert_eq!(ticket.tracking_key, brought.tracking_key);

    use pb::TicketChangeKind as K;
    let history = pb::ListTicketHistoryRequest { name: ticket.name.clone(), ..Default::default() };
    let changes = importer.list_ticket_history(history).await.unwrap().into_inner().changes;
    let kinds: Vec<_> = changes.iter().map(pb::TicketChange::kind).collect();
    let expected = [
        K::Opened,
        K::Transitioned,
        K::Transitioned,
        K::MessageAdded,
        K::Transitioned,
        K::ClaimPointAnswered,
        K::ClaimPointAnswered,
        K::Transitioned,
        K::Transitioned,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(changes[4].reason, "customer_answered", "the customer's message brought it back to work");
    let times: Vec<_> = changes.iter().filter_map(|c| c.occurred_time.as_ref()).map(|t| t.seconds).collect();
    assert!(times.is_sorted());

    let messages = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    let messages = importer.list_messages(messages).await.unwrap().into_inner().messages;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].occurred_time, time("2012-04-03T10:00:00Z"));

    let journey = pb::GetJourneyRequest { name: ticket.name, ..Default::default() };
    let steps = importer.get_journey(journey).await.unwrap().into_inner().steps;
    assert_eq!(steps.len(), changes.len(), "one entry for each change, in the same order");
    let entry_times: Vec<_> = steps.iter().filter_map(|s| s.occurred_time.as_ref()).map(|t| t.seconds).collect();
    assert_eq!(entry_times, times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_can_follow_what_was_brought() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let answer = importer.import_tickets(request(vec![affair("A-1")])).await.unwrap().into_inner();
    let brought = &answer.tickets[0];
    let status =
        pb::GetPublicStatusRequest { tracking_key: brought.tracking_key.clone(), proof: brought.proof.clone() };
    let status = importer.get_public_status(status).await.unwrap().into_inner();
    assert_eq!(status.state(), pb::TicketState::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_is_brought_once_whatever_call_brings_it() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let asked = request(vec![affair("A-1"), affair("A-2")]);
    let first = importer.import_tickets(asked.clone()).await.unwrap().into_inner();
    let entries = world.count("entries").await;

    let again = importer.import_tickets(asked).await.unwrap().into_inner();
    assert_eq!(again, first, "a retry is answered the same, proofs included");

    let mut grown = affair("A-2");
    grown.steps.pop();
    let other = importer.import_tickets(request(vec![affair("A-3"), affair("A-1"), grown])).await.unwrap().into_inner();
    use pb::ImportOutcome as O;
    assert_eq!(outcomes(&other), [O::Imported, O::AlreadyHere, O::Differs]);
    assert_eq!(other.tickets[1].ticket, first.tickets[0].ticket);
    assert_eq!(other.tickets[1].proof, first.tickets[0].proof);
    assert_eq!(other.tickets[2].ticket, first.tickets[1].ticket);
    assert_eq!(world.count("ticket").await, 3);
    assert_eq!(world.count("entries").await, entries + 9, "of A-3 alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_that_bring_the_same_affairs_at_once_bring_them_once() {
    let world = World::new().await;
    let ids = ["A-1", "A-2", "A-3", "A-4"];
    let there = ids.map(affair).to_vec();
    let back: Vec<_> = there.iter().rev().cloned().collect();
    let calls = (0..6).map(|i| {
        let mut importer = world.as_role(Role::Importer);
        let asked = request(if i % 2 == 0 { there.clone() } else { back.clone() });
        async move { importer.import_tickets(asked).await.unwrap().into_inner() }
    });
    let answers = futures::future::join_all(calls).await;
    let imported = answers.iter().flat_map(outcomes).filter(|o| *o == pb::ImportOutcome::Imported).count();
    assert_eq!(imported, ids.len());
    assert_eq!(world.count("ticket").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_that_a_guard_refuses_is_named_and_nothing_is_written() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let mut unanswered = affair("A-1");
    unanswered.steps.remove(4);
    let mut backwards = affair("A-2");
    backwards.steps[1].occurred_time = time("2012-04-01T07:59:59Z");
    let mut term = affair("A-3");
    if let Some(Step::Transition(closed)) = &mut term.steps[6].step {
        closed.set_close_reason(pb::CloseReason::TermElapsed);
    }
    let mut elsewhere = affair("A-4");
    elsewhere.ticket.as_mut().unwrap().follow_up_of = "tickets/0190a000-0000-7000-8000-0000000000ff".into();
    let asked = request(vec![affair("A-0"), unanswered, backwards, term, elsewhere]);
    let refused = assert_refused(importer.import_tickets(asked).await, Code::InvalidArgument, "INVALID_REQUEST");
    let expected =
        ["histories[1].steps[4]", "histories[2].steps[1]", "histories[3].steps[6]", "histories[4].ticket.follow_up_of"];
    assert_eq!(fields(&refused), expected);
    assert_eq!(world.count("ticket").await, 0);
    assert_eq!(world.count("entries").await, 0);
    assert_eq!(world.count("request").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_that_is_wrong_is_named_by_its_whole_path() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let mut wrong = affair("");
    wrong.ticket.as_mut().unwrap().subject.clear();
    wrong.steps[0].step = None;
    if let Some(Step::Transition(waiting)) = &mut wrong.steps[1].step {
        waiting.reason.clear();
        waiting.text = "no state takes this".into();
    }
    wrong.steps[2].occurred_time = time("2026-11-23T09:00:01Z");
    let asked = request(vec![affair("A-1"), wrong, affair("A-1")]);
    let refused = assert_refused(importer.import_tickets(asked).await, Code::InvalidArgument, "INVALID_REQUEST");
    let expected = [
        "histories[1].external_id",
        "histories[1].ticket.subject",
        "histories[1].steps[0].step",
        "histories[1].steps[1].transition.text",
        "histories[1].steps[1].transition.reason",
        "histories[1].steps[2].occurred_time",
        "histories[2].external_id",
    ];
    assert_eq!(fields(&refused), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follow_up_takes_over_the_first_receipt() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let first = importer.import_tickets(request(vec![affair("A-1")])).await.unwrap().into_inner();
    let mut next = affair("A-2");
    next.opened_time = time("2012-05-02T08:00:00Z");
    next.steps.clear();
    next.ticket.as_mut().unwrap().follow_up_of = first.tickets[0].ticket.clone();
    let second = importer.import_tickets(request(vec![next])).await.unwrap().into_inner();
    let name = second.tickets[0].ticket.clone();
    let ticket = importer.get_ticket(pb::GetTicketRequest { name }).await.unwrap().into_inner();
    assert_eq!(ticket.first_received_time, time("2012-03-31T14:59:42Z"));
    assert_eq!(ticket.state(), pb::TicketState::Acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_affair_of_who_was_erased_is_named_and_one_that_is_here_is_left_as_it_is() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    importer.import_tickets(request(vec![affair("A-1")])).await.unwrap();
    sqlx::query("insert into ticketing.erased_customer (customer_id) values ($1)")
        .bind(CUSTOMER.trim_start_matches("customers/").parse::<uuid::Uuid>().unwrap())
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    let before = world.count("ticket").await;
    let refused = importer.import_tickets(request(vec![affair("A-1"), affair("A-2")])).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["histories[1].ticket.customer"]);
    assert_eq!(world.count("ticket").await, before);
    let again = importer.import_tickets(request(vec![affair("A-1")])).await.unwrap().into_inner();
    assert_eq!(outcomes(&again), [pb::ImportOutcome::AlreadyHere]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_message_explained_elsewhere_was_over_later_than_it_was_sent() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let explained = |by: &str| {
        let mut history = affair("INC-explained");
        let message = pb::Message {
            direction: Direction::Outbound.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: "Una avería en la subestación.".into(),
            explanation: Some(pb::Explanation { expected_time: time(by), signposts: false }),
            ..Default::default()
        };
        history.steps[2] = step("2012-04-03T10:00:00Z", Step::Message(message));
        history
    };
    // Another system may say what it likes of today: it is held against its own.
    let refused = importer.import_tickets(request(vec![affair("A-1"), explained("2012-04-03T10:00:00Z")])).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["histories[1].steps[2].message.explanation.expected_time"]);
    assert_eq!(world.count("ticket").await, 0);
    let mut fits = explained("2012-04-03T10:00:01Z");
    // Nothing of the customer's brings it back to work.
    fits.steps.insert(3, step("2012-04-03T11:00:00Z", Step::Transition(to(pb::TicketState::InProgress))));
    let brought = importer.import_tickets(request(vec![fits])).await.unwrap().into_inner();
    assert_eq!(outcomes(&brought), [pb::ImportOutcome::Imported]);
}

/// An affair that was brought and is worked on.
pub async fn unfinished(world: &World) -> pb::Ticket {
    let mut importer = world.as_role(Role::Importer);
    let history = affair("INC-unfinished");
    let history = pb::TicketHistory { steps: history.steps[..1].to_vec(), ..history };
    let brought = importer.import_tickets(request(vec![history])).await.unwrap().into_inner();
    crate::world::get(&mut importer, &brought.tickets[0].ticket).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_since_the_answer_was_not_silent_in_the_other_system_either() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let silent = |spoke: bool| {
        let mut history = affair(if spoke { "INC-spoke" } else { "INC-silent" });
        let Some(Step::Transition(closed)) = &mut history.steps[6].step else { unreachable!("it is closed last") };
        closed.set_close_reason(pb::CloseReason::ObjectionWindowOver);
        if spoke {
            let objection = pb::HistoryStep { occurred_time: time("2012-04-06T10:00:00Z"), ..history.steps[2].clone() };
            history.steps.insert(6, objection);
        }
        history
    };
    importer.import_tickets(request(vec![silent(false)])).await.unwrap();
    let refused = importer.import_tickets(request(vec![silent(true)])).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["histories[0].steps[7]"]);
}

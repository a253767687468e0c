//! What is promised: answers that are held against what affairs like them tell, calls and visits with their attempts, questions later on; AttemptPromise and
//! ListDuePromises.

use jiff::SignedDuration;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{AttemptOutcome, PromiseKind, PromiseState};

use crate::request_cure::Counted;
use crate::world::{
    Tickets, World, accept, assert_refused, complaint, create_request, fact, fields, fresh_id, open, promise_request,
    resolved, time, withdrawal,
};

fn promised(ticket: &str, kind: PromiseKind, window: Option<&str>, due: &str) -> pb::MakePromiseRequest {
    let mut request = promise_request(ticket, due);
    let promise = request.promise.as_mut().unwrap();
    promise.kind = kind.into();
    promise.window_start_time = window.and_then(time);
    request
}

async fn promise(agent: &mut Tickets, request: pb::MakePromiseRequest) -> Result<pb::Promise, Status> {
    agent.make_promise(request).await.map(tonic::Response::into_inner)
}

async fn attempt(agent: &mut Tickets, promise: &pb::Promise, outcome: AttemptOutcome) -> Result<pb::Promise, Status> {
    let request = pb::AttemptPromiseRequest {
        name: promise.name.clone(),
        outcome: outcome.into(),
        etag: promise.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.attempt_promise(request).await.map(tonic::Response::into_inner)
}

/// A call back between ten and two on Tuesday the 24th; it is Monday, ten in the morning in Madrid.
async fn to_call(agent: &mut Tickets) -> pb::Promise {
    let ticket = open(agent).await.ticket.unwrap().name;
    let window = Some("2026-11-24T09:00:00Z");
    promise(agent, promised(&ticket, PromiseKind::Callback, window, "2026-11-24T13:00:00Z")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_reached_is_served_also_before_the_window() {
    let world = World::new().await;
    let mut agent = world.agent();
    let called = to_call(&mut agent).await;
    assert_eq!((called.kind(), called.attempt_count), (PromiseKind::Callback, 0));
    let early = attempt(&mut agent, &called, AttemptOutcome::NoAnswer).await.unwrap();
    assert_eq!((early.state(), early.attempt_count), (PromiseState::Made, 0), "nobody was promised a call today");
    let reached = attempt(&mut agent, &early, AttemptOutcome::Reached).await.unwrap();
    assert_eq!(reached.state(), PromiseState::Kept);
    let over = attempt(&mut agent, &reached, AttemptOutcome::Reached).await;
    assert_refused(over, Code::FailedPrecondition, "PROMISE_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_tried_often_enough_within_the_window_was_called() {
    let world = World::new().await;
    let mut agent = world.agent();
    let called = to_call(&mut agent).await;
    world.advance(SignedDuration::from_hours(24));
    let once = attempt(&mut agent, &called, AttemptOutcome::NoAnswer).await.unwrap();
    let stale = attempt(&mut agent, &called, AttemptOutcome::Busy).await;
    assert_refused(stale, Code::Aborted, "STALE_ETAG");
    // Three times within one breath is once, and who is not there was not tried.
    let breath = attempt(&mut agent, &once, AttemptOutcome::NoAnswer).await.unwrap();
    world.advance(SignedDuration::from_mins(15));
    let wrong = attempt(&mut agent, &breath, AttemptOutcome::WrongAddress).await.unwrap();
    assert_eq!((wrong.state(), wrong.attempt_count), (PromiseState::Made, 1));
    let twice = attempt(&mut agent, &wrong, AttemptOutcome::Busy).await.unwrap();
    assert_eq!((twice.state(), twice.attempt_count), (PromiseState::Made, 2));
    world.advance(SignedDuration::from_mins(15));
    let enough = attempt(&mut agent, &twice, AttemptOutcome::NoAnswer).await.unwrap();
    assert_eq!((enough.state(), enough.attempt_count), (PromiseState::Kept, 3));
    assert_eq!(enough.settle_time, enough.attempt_time);
    let ticket = called.name.split("/promises/").next().unwrap().to_owned();
    let history = pb::ListTicketHistoryRequest { name: ticket, ..Default::default() };
    let changes = agent.list_ticket_history(history).await.unwrap().into_inner().changes;
    let noted: Vec<&str> = changes
        .iter()
        .filter(|change| change.kind() == pb::TicketChangeKind::PromiseAttempted)
        .map(|change| change.reason.as_str())
        .collect();
    assert_eq!(noted, ["no_answer", "no_answer", "wrong_address", "busy", "no_answer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_or_a_visit_is_kept_by_no_word() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let settle = |promise: &pb::Promise, state: PromiseState| pb::SettlePromiseRequest {
        name: promise.name.clone(),
        state: state.into(),
        cause: if state == PromiseState::BrokenAnnounced { "El técnico está de baja".into() } else { String::new() },
        etag: promise.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    for kind in [PromiseKind::Callback, PromiseKind::Appointment] {
        let request = || promised(&ticket, kind, Some("2026-11-24T09:00:00Z"), "2026-11-24T13:00:00Z");
        let mut called = promise(&mut agent, request()).await.unwrap();
        for tried in [0, 1] {
            // Before its window, and within it after one try of three.
            let kept = agent.settle_promise(settle(&called, PromiseState::Kept)).await;
            let refused = assert_refused(kept, Code::FailedPrecondition, "NOT_REACHED_YET");
            assert_eq!(fact(&refused, "attempt_count"), tried.to_string());
            if tried == 0 {
                if kind == PromiseKind::Callback {
                    world.advance(SignedDuration::from_hours(25));
                }
                called = attempt(&mut agent, &called, AttemptOutcome::NoAnswer).await.unwrap();
            }
        }
        let told = agent.settle_promise(settle(&called, PromiseState::BrokenAnnounced)).await.unwrap().into_inner();
        assert_eq!(told.state(), PromiseState::BrokenAnnounced, "that it will not be kept is said by word");
        let over = agent.settle_promise(settle(&told, PromiseState::Kept)).await;
        assert_refused(over, Code::FailedPrecondition, "PROMISE_OVER");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_window_nobody_was_called_in_time() {
    let world = World::new().await;
    let mut agent = world.agent();
    let called = to_call(&mut agent).await;
    world.advance(SignedDuration::from_hours(48));
    let late = attempt(&mut agent, &called, AttemptOutcome::Reached).await;
    assert_refused(late, Code::FailedPrecondition, "PROMISE_PAST_DUE");
    let other = promise_request(called.name.split("/promises/").next().unwrap(), "2026-11-28T13:00:00Z");
    let other = promise(&mut agent, other).await.unwrap();
    assert_eq!(other.kind(), PromiseKind::Other);
    let tried = attempt(&mut agent, &other, AttemptOutcome::Reached).await;
    assert_refused(tried, Code::FailedPrecondition, "NOTHING_TO_ATTEMPT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_asked_for_where_there_is_one_and_nowhere_else() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let due = "2026-11-24T13:00:00Z";
    let later = Some("2026-11-24T14:00:00Z");
    for (kind, window) in
        [(PromiseKind::Callback, None), (PromiseKind::Appointment, later), (PromiseKind::FollowUp, later)]
    {
        let refused = promise(&mut agent, promised(&ticket, kind, window, due)).await;
        let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), ["promise.window_start_time"], "{kind:?}");
    }
    let mut despite = promised(&ticket, PromiseKind::Other, None, due);
    despite.promise.as_mut().unwrap().despite_forecast = "part_is_here".into();
    let refused = assert_refused(promise(&mut agent, despite).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["promise.despite_forecast"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whether_all_is_well_is_asked_long_after_the_affair_is_over() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let closed = accept(&world, &ticket).await;
    let next_year = "2027-11-24T13:00:00Z";
    let asked = promised(&closed.name, PromiseKind::FollowUp, None, next_year);
    let asked = promise(&mut agent, asked).await.unwrap();
    assert_eq!((asked.kind(), asked.state()), (PromiseKind::FollowUp, PromiseState::Made));
    let other = promise(&mut agent, promised(&closed.name, PromiseKind::Resolution, None, next_year)).await;
    assert_refused(other, Code::FailedPrecondition, "TICKET_OVER");
    let kept = pb::SettlePromiseRequest {
        name: asked.name,
        state: PromiseState::Kept.into(),
        etag: asked.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    assert_eq!(agent.settle_promise(kept).await.unwrap().into_inner().state(), PromiseState::Kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_be_done_is_listed_by_when_it_is_due_over_all_affairs() {
    let world = World::new().await;
    let mut agent = world.agent();
    let network = pb::Ticket { department: "network".into(), ..complaint() };
    let network = agent.create_ticket(create_request(network)).await.unwrap().into_inner().ticket.unwrap().name;
    let billing = open(&mut agent).await.ticket.unwrap().name;
    let window = Some("2026-11-24T09:00:00Z");
    let mut made = Vec::new();
    for (ticket, kind, due) in [
        (&network, PromiseKind::Callback, "2026-11-26T13:00:00Z"),
        (&billing, PromiseKind::Callback, "2026-11-24T13:00:00Z"),
        (&billing, PromiseKind::Appointment, "2026-11-25T13:00:00Z"),
        (&billing, PromiseKind::Callback, "2026-11-27T13:00:00Z"),
    ] {
        made.push(promise(&mut agent, promised(ticket, kind, window, due)).await.unwrap());
    }
    let kept = attempt(&mut agent, &made[3], AttemptOutcome::Reached).await.unwrap();
    assert_eq!(kept.state(), PromiseState::Kept);
    // Whoever withdraws their affair is not called any more.
    let withdrawn = open(&mut agent).await.ticket.unwrap();
    let call = promised(&withdrawn.name, PromiseKind::Callback, window, "2026-11-24T13:00:00Z");
    promise(&mut agent, call).await.unwrap();
    let cancel = pb::CancelTicketRequest {
        message: withdrawal(&mut agent, &withdrawn.name).await,
        name: withdrawn.name,
        reason: "withdrawn_by_customer".into(),
        etag: withdrawn.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.cancel_ticket(cancel).await.unwrap();
    let request = pb::ListDuePromisesRequest { page_size: 2, ..Default::default() };
    let page = agent.list_due_promises(request.clone()).await.unwrap().into_inner();
    let next = pb::ListDuePromisesRequest { page_token: page.next_page_token.clone(), ..request };
    let rest = agent.list_due_promises(next).await.unwrap().into_inner();
    let listed: Vec<(String, String)> =
        page.promises.into_iter().chain(rest.promises).map(|promise| (promise.name, promise.department)).collect();
    let told = |i: usize, department: &str| (made[i].name.clone(), department.to_owned());
    assert_eq!(listed, [told(1, "billing"), told(2, "billing"), told(0, "network")]);
    assert_eq!(rest.next_page_token, "");
    let calls = pb::ListDuePromisesRequest {
        department: "billing".into(),
        kinds: vec![PromiseKind::Callback.into()],
        to_time: time("2026-11-26T00:00:00Z"),
        ..Default::default()
    };
    let calls = agent.list_due_promises(calls).await.unwrap().into_inner().promises;
    assert_eq!(calls.iter().map(|promise| &promise.name).collect::<Vec<_>>(), [&made[1].name]);
}

/// Thirty claims of billing that took one to thirty days.
pub async fn seed_history(counted: &Counted) {
    let statement = "insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, subject_type,
            department, state, epoch, first_origin_at, origin_at, settled_at, traceparent)
        select gen_random_uuid(), gen_random_uuid(), 'tickets/' || gen_random_uuid(), 'es.general', 1, 'statutory', '', 'es.madrid',
               'reclamacion', 'billing', 'fulfilled', 1, '2026-01-01', '2026-01-01', timestamptz '2026-01-01' + n * interval '1 day', ''
        from generate_series(1, 30) n";
    sqlx::query(statement).execute(&counted.world.database.admin().await).await.unwrap();
}

/// Two hundred claims of billing that wait since January.
async fn seed_waiting(counted: &Counted) {
    let statement = "insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, subject_type,
            department, state, epoch, first_origin_at, origin_at, due_at, traceparent)
        select gen_random_uuid(), gen_random_uuid(), 'tickets/' || gen_random_uuid(), 'es.general', 1, 'statutory', '', 'es.madrid',
               'reclamacion', 'billing', 'running', 1, '2026-01-01', '2026-01-01', '2026-02-01', ''
        from generate_series(1, 200)";
    sqlx::query(statement).execute(&counted.world.database.admin().await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_not_promised_before_the_oldest_of_those_that_wait_where_most_wait() {
    let counted = Counted::now().await;
    let mut agent = counted.world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    seed_history(&counted).await;
    seed_waiting(&counted).await;
    // Thirty of two hundred and thirty are answered: four in five never were, for as long as any of them has waited.
    let answer = promised(&ticket, PromiseKind::Resolution, None, &counted.hours(24 * 24));
    let early = assert_refused(promise(&mut agent, answer).await, Code::FailedPrecondition, "PROMISE_TOO_EARLY");
    let earliest: jiff::Timestamp = fact(&early, "earliest_time").parse().unwrap();
    assert!(earliest > counted.hours(24 * 300).parse().unwrap(), "{earliest}");
    assert_eq!(fact(&early, "kept_percent"), "10");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_not_promised_before_affairs_like_it_are_answered_unless_somebody_says_why() {
    let counted = Counted::now().await;
    let mut agent = counted.world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let answer = |due: &str| promised(&ticket, PromiseKind::Resolution, None, due);
    // Nothing is known yet: nothing is held against it.
    let unknown = promise(&mut agent, answer(&counted.hours(28))).await.unwrap();
    assert_eq!(unknown.forecast, None);
    seed_history(&counted).await;
    // Opened now: four in five take up to twenty-four days.
    let early = assert_refused(
        promise(&mut agent, answer(&counted.hours(15 * 24 + 1))).await,
        Code::FailedPrecondition,
        "PROMISE_TOO_EARLY",
    );
    assert_eq!(
        (fact(&early, "earliest_time").as_str(), fact(&early, "percent").as_str()),
        (counted.hours(24 * 24).as_str(), "80")
    );
    assert_eq!(fact(&early, "kept_percent"), "50");
    let mut despite = answer(&counted.hours(15 * 24 + 1));
    despite.promise.as_mut().unwrap().despite_forecast = "part_is_here".into();
    let despite = promise(&mut agent, despite).await.unwrap();
    let told = despite.forecast.unwrap();
    assert_eq!((told.too_early, told.basis_count, told.kept_share), (true, 30, 0.5));
    let fine = promise(&mut agent, answer(&counted.hours(24 * 24))).await.unwrap();
    assert!(!fine.forecast.unwrap().too_early);
    // What is no answer is nobody's figures.
    let call = promised(&ticket, PromiseKind::Callback, Some(&counted.hours(24)), &counted.hours(28));
    assert_eq!(promise(&mut agent, call).await.unwrap().forecast, None);
}

//! How promises end with their affair, and what the customer is told of it.

use jiff::SignedDuration;
use kernel::Role;
use testkit::eventually;
use tonic::Code;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::{NoticeOutcome, PromiseKind, PromiseState};
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::notices::{DUE, House, LIMIT, broken, promise, promises, report, take, ticket_of, transport, written};
use crate::reactions::{CLOCK, warning};
use crate::relations::split;
use crate::replay::ledger;
use crate::team::entries;
use crate::world::{
    ANSWER, CUSTOMER, OTHER_ANSWER, Tickets, World, accept, answer, assert_refused, fact, fields, fresh_id, get, open,
    promise_request, resolve, serve, start, started, time, withdrawal,
};

const FRIDAY: &str = "2026-11-27T17:00:00Z";

fn of_kind(ticket: &str, kind: PromiseKind, due: &str) -> pb::MakePromiseRequest {
    let mut request = promise_request(ticket, due);
    let promise = request.promise.as_mut().unwrap();
    promise.kind = kind.into();
    if kind == PromiseKind::Callback {
        promise.window_start_time = time("2026-11-23T10:00:00Z");
    }
    request
}

async fn make(agent: &mut Tickets, request: pb::MakePromiseRequest) -> pb::Promise {
    agent.make_promise(request).await.unwrap().into_inner()
}

async fn all(agent: &mut Tickets, ticket: &str) -> Vec<PromiseState> {
    let list = pb::ListPromisesRequest { parent: ticket.into(), ..Default::default() };
    agent.list_promises(list).await.unwrap().into_inner().promises.iter().map(pb::Promise::state).collect()
}

async fn told(agent: &mut Tickets, ticket: &str) -> Vec<String> {
    let list = pb::ListMessagesRequest { parent: ticket.into(), ..Default::default() };
    let said = agent.list_messages(list).await.unwrap().into_inner().messages;
    let public = |message: &pb::Message| {
        message.direction() == Direction::Outbound && message.visibility() == pb::MessageVisibility::Public
    };
    said.into_iter().filter(public).map(|message| message.body).collect()
}

async fn settle(
    agent: &mut Tickets,
    promise: &pb::Promise,
    state: PromiseState,
    cause: &str,
) -> Result<pb::Promise, tonic::Status> {
    let request = pb::SettlePromiseRequest {
        name: promise.name.clone(),
        state: state.into(),
        cause: cause.into(),
        etag: promise.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.settle_promise(request).await.map(tonic::Response::into_inner)
}

async fn answered(agent: &mut Tickets, ticket: &pb::Ticket) -> pb::Ticket {
    let ticket = answer(agent, ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(agent, &ticket).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_promised_is_kept_by_the_answer_and_by_no_word() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let promised = make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, FRIDAY)).await;
    make(&mut agent, of_kind(&ticket.name, PromiseKind::Callback, FRIDAY)).await;
    let refused = settle(&mut agent, &promised, PromiseState::Kept, "").await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "NOT_ANSWERED_YET");
    assert_eq!(fact(&refused, "state"), "in_progress");
    world.advance(SignedDuration::from_hours(48));
    answered(&mut agent, &ticket).await;
    // The call is still to be made.
    assert_eq!(all(&mut agent, &ticket.name).await, [PromiseState::Kept, PromiseState::Made]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_came_too_late_keeps_nothing() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, FRIDAY)).await;
    world.advance(SignedDuration::from_hours(24 * 5));
    answered(&mut agent, &ticket).await;
    assert_eq!(all(&mut agent, &ticket.name).await, [PromiseState::Made]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_in_what_is_not_taken_up_ends_and_the_customer_is_told() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, FRIDAY)).await;
    make(&mut agent, of_kind(&ticket.name, PromiseKind::Callback, FRIDAY)).await;
    let reject = pb::RejectTicketRequest {
        name: ticket.name.clone(),
        reason: "not_our_contract".into(),
        explanation: "El contrato es de otra comercializadora desde marzo.".into(),
        signpost: "Puede acudir a la Junta Arbitral de Consumo de su comunidad.".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.reject_ticket(reject).await.unwrap();
    assert_eq!(all(&mut agent, &ticket.name).await, [PromiseState::Kept, PromiseState::BrokenAnnounced]);
    let told = told(&mut agent, &ticket.name).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("No cumpliremos lo que le prometimos para el 27/11/2026 18:00"), "{}", told[1]);
}

async fn withdraw(agent: &mut Tickets, ticket: &str) {
    let now = get(agent, ticket).await;
    let cancel = pb::CancelTicketRequest {
        message: withdrawal(agent, ticket).await,
        name: now.name,
        reason: "withdrawn_by_customer".into(),
        etag: now.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.cancel_ticket(cancel).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_in_what_is_withdrawn_falls_away_with_it() {
    let world = World::new().await;
    let mut agent = world.agent();
    let opened = open(&mut agent).await;
    let ticket = opened.ticket.unwrap().name;
    make(&mut agent, of_kind(&ticket, PromiseKind::Other, DUE)).await;
    make(&mut agent, of_kind(&ticket, PromiseKind::Resolution, FRIDAY)).await;
    make(&mut agent, of_kind(&ticket, PromiseKind::Callback, FRIDAY)).await;
    world.advance(SignedDuration::from_hours(48));
    withdraw(&mut agent, &ticket).await;
    // What was due before was broken before, and nobody had told them.
    assert_eq!(
        all(&mut agent, &ticket).await,
        [PromiseState::BrokenSilent, PromiseState::Lapsed, PromiseState::Lapsed]
    );
    let list = pb::ListPromisesRequest { parent: ticket.clone(), ..Default::default() };
    let promises = agent.list_promises(list).await.unwrap().into_inner().promises;
    assert_eq!(promises[0].settle_time, time(DUE));
    assert_eq!(promises[1].settle_time, get(&mut agent, &ticket).await.state_time);
    assert_eq!(told(&mut agent, &ticket).await.len(), 1, "that it was withdrawn, they are told, and nothing else");
    let key = pb::GetPublicStatusRequest { tracking_key: opened.tracking_key, proof: opened.proof };
    let mut anybody = Tickets::new(world.served.anonymous());
    let status = anybody.get_public_status(key).await.unwrap().into_inner();
    assert_eq!(status.promise_due_time, None, "nothing is promised on its page");
    let again = settle(&mut agent, &promises[2], PromiseState::Kept, "").await;
    assert_refused(again, Code::FailedPrecondition, "PROMISE_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_is_withdrawn_nobody_is_told_another_date() {
    let house = House::ready().await;
    let world = &house.world;
    let mut agent = world.agent();
    let promised = house.at_risk(DUE).await;
    let notice = written(world, &promised).await;
    let ticket = ticket_of(&promised);
    withdraw(&mut agent, ticket).await;
    assert_eq!(all(&mut agent, ticket).await, [PromiseState::Lapsed; 2]);
    let now = crate::notices::notices(world, ticket).await;
    assert_eq!(
        now.iter().map(|one| (&one.name, one.state())).collect::<Vec<_>>(),
        [(&notice.name, pb::NoticeState::Withdrawn)]
    );
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_version_before_left_running_in_a_withdrawn_affair_ends_as_of_the_withdrawal() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mut left = Vec::new();
    for _ in 0..3 {
        let ticket = open(&mut agent).await.ticket.unwrap().name;
        make(&mut agent, of_kind(&ticket, PromiseKind::Callback, FRIDAY)).await;
        withdraw(&mut agent, &ticket).await;
        left.push(ticket);
    }
    let hangs = "update ticketing.promise set state = 'made', state_since = null, version = version + 1";
    sqlx::query(hangs).execute(&world.database.admin().await).await.unwrap();
    world.advance(SignedDuration::from_hours(24 * 9));
    let _next = serve(&world.harness, &world.database, &[]).await;
    for ticket in &left {
        let withdrawn = get(&mut agent, ticket).await.state_time;
        let ended = eventually(LIMIT, || async {
            let list = pb::ListPromisesRequest { parent: ticket.clone(), ..Default::default() };
            let found = world.agent().list_promises(list).await.unwrap().into_inner().promises.remove(0);
            if found.state() == PromiseState::Made { Err(found) } else { Ok(found) }
        })
        .await;
        assert_eq!((ended.state(), ended.settle_time), (PromiseState::Lapsed, withdrawn));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_a_promise_is_broken_or_gives_way_to_another_the_customer_is_told() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await.name;
    let first = make(&mut agent, of_kind(&ticket, PromiseKind::Other, DUE)).await;
    let later = |kind| {
        let mut request = of_kind(&ticket, kind, FRIDAY);
        request.promise.as_mut().unwrap().replaces = first.name.clone();
        request
    };
    // Another kind is another promise.
    let refused = agent.make_promise(later(PromiseKind::FollowUp)).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["promise.kind"]);
    assert!(told(&mut agent, &ticket).await.is_empty());
    let second = make(&mut agent, later(PromiseKind::Other)).await;
    let said = told(&mut agent, &ticket).await;
    assert!(said[0].starts_with("En lugar de lo que le prometimos para el 24/11/2026 09:00"), "{}", said[0]);
    assert!(said[0].contains("a más tardar el 27/11/2026 18:00"), "{}", said[0]);
    settle(&mut agent, &second, PromiseState::BrokenAnnounced, "El técnico está de baja").await.unwrap();
    let said = told(&mut agent, &ticket).await;
    assert!(
        said[1].contains("para el 27/11/2026 18:00") && said[1].ends_with("El técnico está de baja"),
        "{}",
        said[1]
    );
    assert_eq!(all(&mut agent, &ticket).await, [PromiseState::Renegotiated, PromiseState::BrokenAnnounced]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_new_date_that_left_the_house_the_end_of_the_old_takes_nothing_away() {
    let house = House::ready().await;
    let world = &house.world;
    let mut agent = world.agent();
    let (handed, kept_back) = (house.at_risk(DUE).await, house.at_risk(DUE).await);
    let (left, waits) = (written(world, &handed).await, written(world, &kept_back).await);
    let mut phone = transport(world);
    let taken = take(&mut phone, &[Channel::Phone]).await;
    let mine = taken.iter().find(|notice| notice.promise == handed.name).unwrap();
    report(&mut phone, mine, NoticeOutcome::Delivered, "").await;
    let theirs = taken.iter().find(|notice| notice.promise == kept_back.name).unwrap();
    report(&mut phone, theirs, NoticeOutcome::Failed, "nobody_there").await;
    for promised in [&handed, &kept_back] {
        let now = promise(world, &promised.name).await;
        settle(&mut agent, &now, PromiseState::BrokenAnnounced, "El técnico está de baja").await.unwrap();
    }
    assert_eq!(promise(world, &left.new_promise).await.state(), PromiseState::Made, "the customer counts on it");
    // They were told of no other date than the one that is broken.
    assert_eq!(promise(world, &waits.new_promise).await.state(), PromiseState::Renegotiated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_whose_affair_was_answered_in_time_is_not_broken_by_its_clock() {
    let house = House::new().await;
    let world = &house.world;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let ticket = start(&mut agent, &ticket).await.unwrap();
    let promised = make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, FRIDAY)).await;
    answered(&mut agent, &ticket).await;
    // As a version left it that did not look at the answer.
    sqlx::query("update ticketing.promise set state = 'at_risk', clock_id = promise_id, version = version + 1")
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    world.advance(SignedDuration::from_hours(24 * 5));
    let ended = broken(&house, &promised.name, FRIDAY).await;
    assert_eq!(ended.state(), PromiseState::Kept);
    assert_eq!(ended.settle_time, get(&mut agent, ticket_of(&promised)).await.state_time);
}

/// Puts the second point into an affair of its own; the rest, and the new one.
async fn parted(world: &World, ticket: &pb::Ticket) -> (pb::Ticket, pb::Ticket) {
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    let made = split(&mut relations, ticket, &["p2"]).await.unwrap();
    (made.original.unwrap(), made.ticket.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_promised_is_owed_of_every_part_and_kept_by_the_answer_to_each() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, DUE)).await;
    let promised = make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, FRIDAY)).await;
    make(&mut agent, of_kind(&ticket.name, PromiseKind::Callback, FRIDAY)).await;
    world.advance(SignedDuration::from_hours(25));
    let (rest, part) = parted(&world, &ticket).await;
    // What was due before was broken before, where it was promised; the call is one call.
    let owed = promises(&world, &part.name).await;
    assert_eq!(owed.len(), 1, "{owed:?}");
    let same = pb::Promise { name: owed[0].name.clone(), etag: owed[0].etag.clone(), ..promised.clone() };
    assert_eq!(owed[0], same, "in the same words, by then, by whoever made it");
    assert!(owed[0].name.starts_with(&part.name), "{}", owed[0].name);

    // Its clock is started by what the ledger tells, after the affair that it is about.
    let entries = ledger(&world, world.count("entries").await).await;
    let told: Vec<_> = entries.iter().filter(|entry| entry.aggregate == part.name).collect();
    let kinds: Vec<_> = told.iter().map(|entry| entry.r#type.rsplit('.').next().unwrap()).collect();
    assert_eq!(kinds, ["TicketOpened", "PromiseMade"]);
    let made: pb::PromiseMade = prost::Message::decode(told[1].payload.as_slice()).unwrap();
    assert_eq!((made.promise, made.due_time, made.kind), (owed[0].name.clone(), promised.due_time, promised.kind));

    // One part is answered in time, and the other after the day.
    let rest = answer(&mut agent, &rest, "p1", ANSWER).await.unwrap();
    resolve(&mut agent, &rest).await.unwrap();
    assert_eq!(all(&mut agent, &rest.name).await, [PromiseState::Made, PromiseState::Kept, PromiseState::Made]);
    assert_eq!(all(&mut agent, &part.name).await, [PromiseState::Made], "nobody has answered this");
    world.advance(SignedDuration::from_hours(24 * 5));
    let part = start(&mut agent, &part).await.unwrap();
    let part = answer(&mut agent, &part, "p1", OTHER_ANSWER).await.unwrap();
    resolve(&mut agent, &part).await.unwrap();
    assert_eq!(all(&mut agent, &part.name).await, [PromiseState::Made], "what came too late keeps nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_its_customer_was_told_another_date_a_part_owes_that_date_and_no_other() {
    for left_the_house in [true, false] {
        let house = House::ready().await;
        let world = &house.world;
        let mut agent = world.agent();
        let ticket = started(&mut agent).await;
        let promised = make(&mut agent, of_kind(&ticket.name, PromiseKind::Resolution, DUE)).await;
        house.monitor.says(CLOCK, &warning(&promised.name, 75)).await;
        let notice = written(world, &promised).await;
        if left_the_house {
            assert_eq!(take(&mut transport(world), &[Channel::Phone]).await.len(), 1);
        }
        let ticket = get(&mut agent, &ticket.name).await;
        let (_, part) = parted(world, &ticket).await;
        let owed: Vec<_> = promises(world, &part.name).await.into_iter().map(|one| one.due_time).collect();
        assert_eq!(owed, [if left_the_house { notice.new_due_time } else { promised.due_time }]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_promises_to_ask_again_in_what_was_withdrawn_or_not_taken_up() {
    let world = World::new().await;
    let mut agent = world.agent();
    let withdrawn = open(&mut agent).await.ticket.unwrap().name;
    withdraw(&mut agent, &withdrawn).await;
    let refused = open(&mut agent).await.ticket.unwrap();
    let reject = pb::RejectTicketRequest {
        name: refused.name.clone(),
        reason: "not_our_contract".into(),
        explanation: "El contrato es de otra comercializadora desde marzo.".into(),
        signpost: "Puede acudir a la Junta Arbitral de Consumo de su comunidad.".into(),
        etag: refused.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.reject_ticket(reject).await.unwrap();
    for (ticket, state) in [(withdrawn, "cancelled"), (refused.name, "rejected")] {
        let answer = agent.make_promise(of_kind(&ticket, PromiseKind::FollowUp, FRIDAY)).await;
        let answer = assert_refused(answer, Code::FailedPrecondition, "TICKET_OVER");
        assert_eq!(fact(&answer, "state"), state);
        assert_eq!(all(&mut agent, &ticket).await, [], "what nobody would be reminded of is not promised");
    }
    // Of what was answered they are asked whether all is well.
    let ticket = started(&mut agent).await;
    let ticket = answered(&mut agent, &ticket).await;
    let over = crate::world::accept(&world, &ticket).await;
    make(&mut agent, of_kind(&over.name, PromiseKind::FollowUp, FRIDAY)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_for_later_than_an_affair_is_kept_falls_away_with_its_words() {
    let house = House::new().await;
    let world = &house.world;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let ticket = answered(&mut agent, &ticket).await;
    let over = accept(world, &ticket).await;
    let promised = make(&mut agent, of_kind(&over.name, PromiseKind::FollowUp, "2028-01-10T10:00:00Z")).await;
    world.advance(SignedDuration::from_hours(24 * 366));
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e9".into(),
        customer: CUSTOMER.into(),
        customers: vec![CUSTOMER.into()],
        ground: customer::ErasureGround::Objection.into(),
    };
    house.customers.says(CUSTOMER, &erased).await;
    let ends = async || {
        eventually(LIMIT, || async {
            let found = promise(world, &promised.name).await;
            if found.state() == PromiseState::Made { Err(found) } else { Ok(found) }
        })
        .await
    };
    let ended = ends().await;
    assert_eq!((ended.state(), ended.text.as_str()), (PromiseState::Lapsed, "[erased]"));
    assert_eq!(ended.settle_time, time("2027-11-24T09:00:00Z"), "with its words, not once it is due");
    let settled = entries::<pb::PromiseSettled>(world).await;
    let told: Vec<_> = settled.iter().map(|settled| (settled.promise.as_str(), settled.state())).collect();
    assert_eq!(told, [(promised.name.as_str(), PromiseState::Lapsed)], "its clock ends by that");
    // What a version before left running there ends as well, once a process looks back.
    let hangs = "update ticketing.promise set state = 'made', state_since = null, version = version + 1";
    sqlx::query(hangs).execute(&world.database.admin().await).await.unwrap();
    let _next = serve(&world.harness, &world.database, &[]).await;
    assert_eq!(ends().await.state(), PromiseState::Lapsed);
}

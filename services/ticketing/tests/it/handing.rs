//! Notices on their way: handed to who delivers them, offered again, promised anew, destroyed.

use jiff::SignedDuration;
use kernel::Role;
use testkit::eventually;
use tonic::Code;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::rights::v1 as rights;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{NoticeOutcome, NoticeState, PromiseKind};
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::notices::{
    DUE, House, LIMIT, approved, notices, promise, report, report_of, take, template, ticket_of, transport, written,
};
use crate::promise_kinds::seed_history;
use crate::reactions::{CLOCK, warning};
use crate::request_cure::Counted;
use crate::world::{
    ANSWER, CUSTOMER, OTHER_ANSWER, accept, answer, assert_refused, fact, fresh_id, get, open, promise_request,
    resolve, resolved, start, time, withdrawal,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_notice_is_handed_to_one_of_all_who_ask() {
    let house = House::ready().await;
    let world = &house.world;
    let mut expected = Vec::new();
    for _ in 0..6 {
        expected.push(house.at_risk(DUE).await);
    }
    for promised in &expected {
        written(world, promised).await;
    }
    let asks = (0..4).map(|_| {
        let mut sender = transport(world);
        let request = pb::TakeNoticesRequest {
            channels: vec![Channel::Phone.into()],
            max_count: 2,
            request_id: fresh_id(),
            ..Default::default()
        };
        tokio::spawn(async move { (sender.take_notices(request.clone()).await.unwrap().into_inner(), request) })
    });
    let (mut taken, mut retried) = (Vec::new(), None);
    for ask in asks.collect::<Vec<_>>() {
        let (answer, request) = ask.await.unwrap();
        taken.extend(answer.notices.iter().map(|notice| notice.promise.clone()));
        retried = Some((answer, request)).filter(|(answer, _)| !answer.notices.is_empty()).or(retried);
    }
    // Who asked while others were being handed some may have gone away with fewer.
    taken.extend(take(&mut transport(world), &[Channel::Phone]).await.into_iter().map(|notice| notice.promise));
    taken.sort_unstable();
    let mut all: Vec<String> = expected.into_iter().map(|promised| promised.name).collect();
    all.sort_unstable();
    assert_eq!(taken, all);
    let (answer, request) = retried.unwrap();
    assert_eq!(
        transport(world).take_notices(request).await.unwrap().into_inner(),
        answer,
        "a retry takes nothing else"
    );
    // Whoever says nothing in time loses them to the next.
    world.advance(SignedDuration::from_secs(61));
    let again = take(&mut transport(world), &[Channel::Phone]).await;
    assert_eq!(again.iter().map(|notice| notice.hand_count).collect::<Vec<_>>(), [2; 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_offered_again_after_a_growing_pause_and_then_no_more() {
    let house = House::ready().await;
    let world = &house.world;
    let (failing, silent) = (house.at_risk(DUE).await, house.at_risk(DUE).await);
    written(world, &failing).await;
    let mut sender = transport(world);
    let waiting = written(world, &silent).await;
    let early = sender.report_notice(report_of(&pb::Notice { hand_count: 1, ..waiting }, NoticeOutcome::Delivered, ""));
    let refused = assert_refused(early.await, Code::FailedPrecondition, "NOTICE_NOT_HANDED");
    assert_eq!(fact(&refused, "hand_count"), "0");
    let mut last = None;
    for (handing, pause) in [(1, 1), (2, 5), (3, 25), (4, 125), (5, 0)] {
        let taken = take(&mut sender, &[Channel::Phone]).await;
        let notice = taken.into_iter().find(|notice| notice.promise == failing.name).unwrap();
        assert_eq!(notice.hand_count, handing);
        let failed = report(&mut sender, &notice, NoticeOutcome::Failed, "line_busy").await;
        assert_eq!(failed.failure, "line_busy");
        if pause > 0 {
            assert_eq!(failed.state(), NoticeState::Waiting);
            assert_eq!(report(&mut sender, &notice, NoticeOutcome::Failed, "line_busy").await, failed, "said twice");
            world.advance(SignedDuration::from_secs(pause * 60 - 1));
            let others = take(&mut sender, &[Channel::Phone]).await;
            assert!(others.iter().all(|notice| notice.promise != failing.name), "it waits");
            world.advance(SignedDuration::from_secs(1));
        }
        last = Some(failed);
    }
    let last = last.unwrap();
    assert_eq!((last.state(), last.next_hand_time), (NoticeState::Undeliverable, None));
    // Of the other, nobody ever said anything.
    world.advance(SignedDuration::from_hours(2));
    take(&mut sender, &[Channel::Phone]).await;
    world.advance(SignedDuration::from_hours(2));
    let given_up = eventually(LIMIT, || async {
        let found = written(world, &silent).await;
        if found.state() == NoticeState::Undeliverable { Ok(found) } else { Err(found) }
    })
    .await;
    assert_eq!((given_up.failure.as_str(), given_up.hand_count), ("no_report", 5));
    assert_eq!(take(&mut sender, &[Channel::Phone]).await, []);
    // What the customer has, they have.
    let delivered = report(&mut sender, &given_up, NoticeOutcome::Delivered, "").await;
    assert_eq!((delivered.state(), delivered.failure.as_str()), (NoticeState::Delivered, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promised_answer_is_promised_by_when_affairs_like_it_are_answered() {
    let counted = Counted::now().await;
    let world = &counted.world;
    approved(world, template("delay", "", "")).await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let mut request = promise_request(&ticket, &counted.hours(23));
    request.promise.as_mut().unwrap().kind = PromiseKind::Resolution.into();
    let promised = agent.make_promise(request).await.unwrap().into_inner();
    seed_history(&counted).await;
    let at_risk =
        "update ticketing.promise set state = 'at_risk', state_since = made_at, clock_id = promise_id, version = 2";
    sqlx::query(at_risk).execute(&world.database.admin().await).await.unwrap();
    let notice = written(world, &promised).await;
    // Opened now: four in five take up to twenty-four days.
    assert_eq!(notice.new_due_time, time(&counted.hours(24 * 24)));
    let instead = promise(world, &notice.new_promise).await;
    assert_eq!((instead.kind(), instead.due_time), (PromiseKind::Resolution, notice.new_due_time));
    let told = instead.forecast.unwrap();
    assert_eq!((told.too_early, told.kept_share, told.basis_count), (false, 0.8, 30));
    // Nobody there to tell how the customer wants to be reached: it goes the way the affair came.
    assert_eq!(notice.channel(), Channel::Phone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_promised_of_an_affair_that_is_over_is_spoken_of_too_and_adds_nothing_to_it() {
    let house = House::ready().await;
    let world = &house.world;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let ticket = accept(world, &ticket).await;
    let mut later = promise_request(&ticket.name, DUE);
    later.promise.as_mut().unwrap().kind = PromiseKind::FollowUp.into();
    let promised = agent.make_promise(later).await.unwrap().into_inner();
    house.monitor.says(CLOCK, &warning(&promised.name, 90)).await;
    let notice = written(world, &promised).await;
    assert_eq!(notice.message, "");
    assert_eq!(promise(world, &notice.new_promise).await.kind(), PromiseKind::FollowUp);
    let list = pb::ListMessagesRequest { parent: ticket.name, ..Default::default() };
    let said = agent.list_messages(list).await.unwrap().into_inner().messages;
    assert!(said.iter().all(|message| message.direction() == Direction::Inbound), "{said:?}");
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_withdrew_their_affair_is_told_nothing() {
    let house = House::ready().await;
    let world = &house.world;
    let promised = house.at_risk(DUE).await;
    written(world, &promised).await;
    let mut agent = world.agent();
    let ticket = get(&mut agent, ticket_of(&promised)).await;
    let cancel = pb::CancelTicketRequest {
        message: withdrawal(&mut agent, &ticket.name).await,
        name: ticket.name,
        reason: "withdrawn_by_customer".into(),
        etag: ticket.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.cancel_ticket(cancel).await.unwrap();
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_notice_said_is_destroyed_with_its_affair() {
    let house = House::ready().await;
    let world = &house.world;
    let mut agent = world.agent();
    let promised = house.at_risk(DUE).await;
    let ticket = ticket_of(&promised).to_owned();
    written(world, &promised).await;
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await.len(), 1);
    let mut house_of_rights = PersonalDataServiceClient::new(world.served.channel(Role::Service));
    let gather = rights::GatherPersonalDataRequest { customers: vec![CUSTOMER.into()] };
    let mut records = house_of_rights.gather_personal_data(gather).await.unwrap().into_inner();
    let mut told = Vec::new();
    while let Some(answer) = records.message().await.unwrap() {
        told.extend(answer.record.unwrap().to_msg::<pb::Notice>());
    }
    assert_eq!(told, notices(world, &ticket).await, "the person is given it");
    let ticket = get(&mut agent, &ticket).await;
    let ticket = start(&mut agent, &ticket).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    let ticket = resolve(&mut agent, &ticket).await.unwrap();
    let ticket = accept(world, &ticket).await;
    world.advance(SignedDuration::from_hours(24 * 366));
    let erased = customer::CustomerErased {
        erasure: "erasures/0190a000-0000-7000-8000-0000000000e5".into(),
        customer: CUSTOMER.into(),
        customers: vec![CUSTOMER.into()],
        ground: customer::ErasureGround::Objection.into(),
    };
    house.customers.says(CUSTOMER, &erased).await;
    let gone = eventually(LIMIT, || async {
        let found = notices(world, &ticket.name).await.remove(0);
        if found.text == "[erased]" { Ok(found) } else { Err(found.text) }
    })
    .await;
    assert_eq!((gone.state(), gone.next_hand_time), (NoticeState::Withdrawn, None));
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await, []);
    let pool = world.database.admin().await;
    for kept in [
        "select count(*) from ticketing.request where position(convert_to('Begoña', 'UTF8') in answer) > 0",
        "select count(*) from ticketing.ledger_personal where position(convert_to('Begoña', 'UTF8') in personal) > 0",
        "select count(*) from ticketing.message where body like '%Begoña%'",
    ] {
        eventually(LIMIT, || async {
            let left: i64 = sqlx::query_scalar(kept).fetch_one(&pool).await.unwrap();
            if left == 0 { Ok(()) } else { Err(left) }
        })
        .await;
    }
    let refused = transport(world).report_notice(report_of(&gone, NoticeOutcome::Delivered, "")).await;
    assert_refused(refused, Code::FailedPrecondition, "TICKET_ERASED");
}

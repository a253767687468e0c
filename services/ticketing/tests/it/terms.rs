//! Terms that the answer to an affair meets, of law and of the house: told of as promises are, before they are missed, though nobody promised them by hand.

use jiff::SignedDuration;
use testkit::eventually;
use tonic::{Code, Status};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{NoticeOutcome, NoticeState, PromiseKind, PromiseState};
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::notices::{
    DUE, House, LIMIT, approved, notices, promise, promises, put, report, said, supervisor, take, template, transport,
    written,
};
use crate::reactions::{CLOCK, breach, clock_started, warning};
use crate::world::{
    ANSWER, OTHER_ANSWER, Tickets, World, answer, assert_refused, fact, fields, fresh_id, open, promise_request,
    resolve, start, time,
};

/// Still within the day in which customers are told.
const LATER: &str = "2026-11-24T08:30:00Z";

/// A template for terms of law.
fn of_law(slug: &str) -> pb::NoticeTemplate {
    let text = "{tracking_key}: {cause}. Será el {new_due}. {remedy}. La ley fija el {promise_due} y eso no cambia. {recourse}.";
    pb::NoticeTemplate {
        texts: vec![said(Language::Es, text)],
        recourses: vec![said(Language::Es, "Si no contestamos a tiempo puede acudir a Consumo")],
        ..template(slug, "", "")
    }
}

/// A house with a template for promises and one for terms of law.
async fn ready() -> House {
    let house = House::ready().await;
    approved(&house.world, of_law("law")).await;
    house
}

/// The clock of an affair: its id is the ticket's own.
fn clock_of(ticket: &str) -> String {
    ticket.replace("tickets/", "clocks/")
}

/// An affair whose answer is due by law, or by the house's word.
pub async fn affair(house: &House, kind: sla::PolicyKind, due: &str) -> pb::Ticket {
    let ticket = open(&mut house.world.agent()).await.ticket.unwrap();
    let clock = clock_of(&ticket.name);
    house.monitor.says(&clock, &clock_started(&clock, &ticket.name, kind, due)).await;
    ticket
}

pub async fn warns(house: &House, ticket: &str, percent: i32) {
    let clock = clock_of(ticket);
    let warned = sla::WarningRaised { clock: clock.clone(), ..warning(ticket, percent) };
    house.monitor.says(&clock, &warned).await;
}

async fn is_breached(house: &House, ticket: &str) {
    let clock = clock_of(ticket);
    let breached = sla::ClockBreached { clock: clock.clone(), ..breach(ticket, DUE) };
    house.monitor.says(&clock, &breached).await;
}

async fn moves(house: &House, ticket: &str, due: Option<&str>) {
    let (clock, subject) = (clock_of(ticket), ticket.into());
    let moved = sla::ClockMoved { clock: clock.clone(), subject, due_time: due.and_then(time), ..Default::default() };
    house.monitor.says(&clock, &moved).await;
}

async fn ends(house: &House, ticket: &str, state: sla::ClockState, at: &str) {
    let clock = clock_of(ticket);
    let settled = sla::ClockSettled {
        clock: clock.clone(),
        subject: ticket.into(),
        state: state.into(),
        settled_time: time(at),
        ..Default::default()
    };
    house.monitor.says(&clock, &settled).await;
}

/// The promises of an affair, once these are where they stand, in the order they were made.
pub async fn stand(world: &World, ticket: &str, states: &[PromiseState]) -> Vec<pb::Promise> {
    eventually(LIMIT, || async {
        let found = promises(world, ticket).await;
        if found.iter().map(pb::Promise::state).eq(states.iter().copied()) { Ok(found) } else { Err(found) }
    })
    .await
}

/// All that was said to ticketing before is done: what is said now is.
async fn all_heard(house: &House, by: &str) {
    let ticket = open(&mut house.world.agent()).await.ticket.unwrap();
    let mut agent = house.world.agent();
    let promised = agent.make_promise(promise_request(&ticket.name, by)).await.unwrap().into_inner();
    // Entries of one ledger are heard in their order.
    house.monitor.says(CLOCK, &warning(&promised.name, 75)).await;
    stand(&house.world, &ticket.name, &[PromiseState::AtRisk]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_of_law_in_danger_is_told_of_with_what_the_customer_can_do_then_and_is_moved_by_no_notice() {
    let house = ready().await;
    let world = &house.world;
    let ticket = affair(&house, sla::PolicyKind::Statutory, DUE).await.name;
    warns(&house, &ticket, 50).await;
    warns(&house, &ticket, 75).await;
    let at_risk = eventually(LIMIT, || async {
        promises(world, &ticket).await.into_iter().next().ok_or("no term stands as a promise")
    })
    .await;
    assert_eq!((at_risk.kind(), at_risk.due_time), (PromiseKind::Resolution, time(DUE)));
    assert_eq!(
        (at_risk.term_clock.clone(), at_risk.actor.clone().unwrap().id.as_str()),
        (clock_of(&ticket), "ticketing")
    );
    assert_eq!(at_risk.text, "Por ley debe tener nuestra respuesta a más tardar el 24/11/2026 09:00 (Europe/Madrid).");
    let notice = written(world, &at_risk).await;
    assert_eq!(notice.template, "noticeTemplates/law");
    assert!(notice.text.contains("La ley fija el 24/11/2026 09:00 (Europe/Madrid) y eso no cambia"), "{}", notice.text);
    assert!(notice.text.ends_with("Si no contestamos a tiempo puede acudir a Consumo."), "{}", notice.text);
    // A later warning says nothing new.
    warns(&house, &ticket, 90).await;
    let taken = take(&mut transport(world), &[Channel::Phone]).await;
    report(&mut transport(world), &taken[0], NoticeOutcome::Delivered, "").await;
    world.advance(SignedDuration::from_hours(24));
    is_breached(&house, &ticket).await;
    let states = [PromiseState::BrokenAnnounced, PromiseState::Made];
    let stood = stand(world, &ticket, &states).await;
    assert_eq!((stood[0].cause.as_str(), stood[0].settle_time), ("Causa de law", time(DUE)));
    // The new date is the house's own word, and a promise like others.
    assert_eq!((stood[1].due_time, stood[1].term_clock.as_str()), (time("2026-11-25T08:00:00Z"), ""));
    // Late as it is, the answer keeps the new date.
    ends(&house, &ticket, sla::ClockState::Fulfilled, "2026-11-24T08:30:00Z").await;
    stand(world, &ticket, &[PromiseState::BrokenAnnounced, PromiseState::Kept]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_by_what_is_left_of_a_term_is_one_as_well() {
    let house = House::ready().await;
    let ticket = affair(&house, sla::PolicyKind::Sla, DUE).await.name;
    let clock = clock_of(&ticket);
    let warned = sla::WarningRaised { clock: clock.clone(), lead_minutes: 240, ..warning(&ticket, 0) };
    house.monitor.says(&clock, &warned).await;
    stand(&house.world, &ticket, &[PromiseState::AtRisk]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_that_is_missed_without_a_word_was_missed_in_silence() {
    let house = House::ready().await;
    let world = &house.world;
    let ticket = affair(&house, sla::PolicyKind::Statutory, DUE).await.name;
    warns(&house, &ticket, 75).await;
    stand(world, &ticket, &[PromiseState::AtRisk]).await;
    // What is due first is looked at first.
    written(world, &house.at_risk(LATER).await).await;
    world.advance(SignedDuration::from_hours(24));
    is_breached(&house, &ticket).await;
    let broken = stand(world, &ticket, &[PromiseState::BrokenSilent]).await;
    // What is approved speaks of promises, which a date moves; of a term of law nothing is.
    assert_eq!((notices(world, &ticket).await, broken[0].cause.as_str()), (Vec::new(), ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_of_the_house_is_told_of_as_any_promise_and_one_that_was_promised_by_hand_is_not_told_of_twice() {
    let house = ready().await;
    let world = &house.world;
    let ticket = affair(&house, sla::PolicyKind::Sla, DUE).await.name;
    warns(&house, &ticket, 75).await;
    let own = stand(world, &ticket, &[PromiseState::AtRisk, PromiseState::Made]).await;
    assert!(own[0].text.starts_with("Nos hemos comprometido a responderle"), "{}", own[0].text);
    assert_eq!(written(world, &own[0]).await.template, "noticeTemplates/delay");

    let by_hand = affair(&house, sla::PolicyKind::Statutory, LATER).await.name;
    let mut answer = promise_request(&by_hand, DUE);
    answer.promise.as_mut().unwrap().kind = PromiseKind::Resolution.into();
    world.agent().make_promise(answer).await.unwrap();
    warns(&house, &by_hand, 75).await;
    all_heard(&house, DUE).await;
    stand(world, &by_hand, &[PromiseState::Made]).await;
}

/// The clock of a promise ends, as sla-monitor tells once the promise did.
async fn clock_of_promise_ends(house: &House, promise: &str) {
    let settled = sla::ClockSettled {
        clock: CLOCK.into(),
        subject: promise.into(),
        state: sla::ClockState::Cancelled.into(),
        ..Default::default()
    };
    house.monitor.says(CLOCK, &settled).await;
}

/// A term of law that warned while an answer before its end was promised by hand, and that promise.
async fn hidden_term(house: &House) -> (String, pb::Promise) {
    let ticket = affair(house, sla::PolicyKind::Statutory, LATER).await.name;
    let mut answer = promise_request(&ticket, DUE);
    answer.promise.as_mut().unwrap().kind = PromiseKind::Resolution.into();
    let promised = house.world.agent().make_promise(answer).await.unwrap().into_inner();
    warns(house, &ticket, 75).await;
    all_heard(house, DUE).await;
    stand(&house.world, &ticket, &[PromiseState::Made]).await;
    (ticket, promised)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_of_law_behind_a_promise_that_gave_way_is_watched_again() {
    let house = ready().await;
    let world = &house.world;
    let (ticket, promised) = hidden_term(&house).await;
    let mut other = promise_request(&ticket, "2026-11-27T13:00:00Z");
    other.promise.as_mut().unwrap().kind = PromiseKind::Resolution.into();
    other.promise.as_mut().unwrap().replaces.clone_from(&promised.name);
    world.agent().make_promise(other).await.unwrap();
    clock_of_promise_ends(&house, &promised.name).await;
    // The term stands, at risk, and the notice of it puts a date of the house beside it.
    let states = [PromiseState::Renegotiated, PromiseState::Made, PromiseState::AtRisk, PromiseState::Made];
    let stood = stand(world, &ticket, &states).await;
    assert_eq!((stood[2].due_time, stood[2].term_clock.clone()), (time(LATER), clock_of(&ticket)));
    assert_eq!(written(world, &stood[2]).await.template, "noticeTemplates/law");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_of_law_behind_a_promise_that_was_broken_is_watched_again_while_it_runs() {
    let house = ready().await;
    let world = &house.world;
    let (ticket, promised) = hidden_term(&house).await;
    let still = hidden_term(&house).await;
    // Its clock stands still: nothing is owed by its end.
    moves(&house, &still.0, None).await;
    for promised in [&promised, &still.1] {
        house.monitor.says(CLOCK, &breach(&promised.name, DUE)).await;
    }
    let stood = stand(world, &ticket, &[PromiseState::BrokenSilent, PromiseState::AtRisk, PromiseState::Made]).await;
    assert_eq!(stood[1].term_clock, clock_of(&ticket));
    all_heard(&house, LATER).await;
    stand(world, &still.0, &[PromiseState::BrokenSilent]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_behind_a_promise_that_never_warned_or_counts_anew_waits_for_its_warning() {
    let house = ready().await;
    let (ticket, promised) = hidden_term(&house).await;
    let clock = clock_of(&ticket);
    let restarted = sla::ClockMoved {
        clock: clock.clone(),
        subject: ticket.clone(),
        effect: sla::ClockEffect::Restart.into(),
        due_time: time(LATER),
        ..Default::default()
    };
    house.monitor.says(&clock, &restarted).await;
    house.monitor.says(CLOCK, &breach(&promised.name, DUE)).await;
    all_heard(&house, LATER).await;
    stand(&house.world, &ticket, &[PromiseState::BrokenSilent]).await;
    warns(&house, &ticket, 75).await;
    stand(&house.world, &ticket, &[PromiseState::BrokenSilent, PromiseState::AtRisk, PromiseState::Made]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_that_was_told_of_and_counts_anew_waits_for_its_warning_whatever_begins_its_run() {
    let house = ready().await;
    let world = &house.world;
    let moves = async |ticket: &str, effect: sla::ClockEffect, due: Option<&str>, epoch: i32| {
        let clock = clock_of(ticket);
        let moved = sla::ClockMoved {
            clock: clock.clone(),
            subject: ticket.into(),
            effect: effect.into(),
            due_time: due.and_then(time),
            epoch,
            ..Default::default()
        };
        house.monitor.says(&clock, &moved).await;
    };
    let (kept, gave_way) = (PromiseState::Kept, PromiseState::Renegotiated);
    let mut affairs = Vec::new();
    for _ in 0..3 {
        let ticket = affair(&house, sla::PolicyKind::Sla, DUE).await.name;
        warns(&house, &ticket, 75).await;
        stand(world, &ticket, &[PromiseState::AtRisk, PromiseState::Made]).await;
        affairs.push(ticket);
    }
    let [objected, put_off, in_time] = &affairs[..] else { panic!() };
    for ticket in [objected, in_time] {
        ends(&house, ticket, sla::ClockState::Fulfilled, "2026-11-23T09:00:00Z").await;
        stand(world, ticket, &[kept, kept]).await;
    }
    moves(put_off, sla::ClockEffect::DeferStart, None, 1).await;
    stand(world, put_off, &[gave_way, gave_way]).await;
    // The answer did not hold, in a new run and in the same; what was put off begins anew.
    moves(objected, sla::ClockEffect::Reopen, Some(LATER), 2).await;
    moves(put_off, sla::ClockEffect::Start, Some(LATER), 2).await;
    moves(in_time, sla::ClockEffect::Reopen, Some(LATER), 1).await;
    stand(world, in_time, &[kept, kept, PromiseState::AtRisk, PromiseState::Made]).await;
    all_heard(&house, LATER).await;
    for (ticket, before) in [(objected, kept), (put_off, gave_way)] {
        stand(world, ticket, &[before, before]).await;
        let clock = clock_of(ticket);
        let warned = sla::WarningRaised { clock: clock.clone(), epoch: 2, ..warning(ticket, 75) };
        house.monitor.says(&clock, &warned).await;
        stand(world, ticket, &[before, before, PromiseState::AtRisk, PromiseState::Made]).await;
    }
    // Time that stands still for a while begins no run.
    moves(objected, sla::ClockEffect::Pause, None, 2).await;
    stand(world, objected, &[kept, kept, gave_way, gave_way]).await;
    moves(objected, sla::ClockEffect::Resume, Some(LATER), 2).await;
    stand(world, objected, &[kept, kept, gave_way, gave_way, PromiseState::AtRisk, PromiseState::Made]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_term_that_was_lengthened_is_told_of_once_its_longer_run_is_in_danger_and_not_before() {
    let house = ready().await;
    let world = &house.world;
    let moves = async |ticket: &str, effect: sla::ClockEffect, due: Option<&str>, warned: Option<i32>| {
        let clock = clock_of(ticket);
        let moved = sla::ClockMoved {
            clock: clock.clone(),
            subject: ticket.into(),
            effect: effect.into(),
            due_time: due.and_then(time),
            epoch: 1,
            warned_percent: warned,
            ..Default::default()
        };
        house.monitor.says(&clock, &moved).await;
    };
    let danger = async |ticket: &str| {
        let clock = clock_of(ticket);
        let warned = sla::WarningRaised { clock: clock.clone(), epoch: 1, ..warning(ticket, 75) };
        house.monitor.says(&clock, &warned).await;
    };
    let mut affairs = Vec::new();
    for _ in 0..2 {
        let ticket = affair(&house, sla::PolicyKind::Sla, DUE).await.name;
        danger(&ticket).await;
        stand(world, &ticket, &[PromiseState::AtRisk, PromiseState::Made]).await;
        affairs.push(ticket);
    }
    let [much, little] = &affairs[..] else { panic!() };
    let ended = [PromiseState::Renegotiated; 2];
    let again = [&ended[..], &[PromiseState::AtRisk, PromiseState::Made]].concat();
    // Lengthened so little that three quarters of it are over all the same, and no other warning comes.
    moves(little, sla::ClockEffect::Extend, Some(LATER), Some(75)).await;
    stand(world, little, &again).await;
    moves(much, sla::ClockEffect::Extend, Some(LATER), Some(50)).await;
    all_heard(&house, LATER).await;
    stand(world, much, &ended).await;
    danger(much).await;
    stand(world, much, &again).await;
    // What stands still gives way, and stands again by what is told when it goes on.
    for ticket in [much, little] {
        moves(ticket, sla::ClockEffect::Pause, None, None).await;
        stand(world, ticket, &[ended, ended].concat()).await;
    }
    moves(much, sla::ClockEffect::Resume, Some(LATER), Some(0)).await;
    moves(little, sla::ClockEffect::Resume, Some(LATER), Some(90)).await;
    stand(world, little, &[&[ended, ended].concat(), &again[2..]].concat()).await;
    all_heard(&house, LATER).await;
    stand(world, much, &[ended, ended].concat()).await;
    // A word that comes late may show that it was not lengthened: its danger was told before, and is not told again.
    moves(much, sla::ClockEffect::Correct, Some(DUE), Some(75)).await;
    stand(world, much, &[&[ended, ended].concat(), &again[2..]].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_term_of_the_customers_answer_stands_for_nothing() {
    let house = ready().await;
    let world = &house.world;
    let mut agent = world.agent();
    let inner = affair(&house, sla::PolicyKind::Ola, DUE).await.name;
    let first = open(&mut agent).await.ticket.unwrap().name;
    let first_answer = sla::ClockStarted {
        ends_with_answer: false,
        ..clock_started(&clock_of(&first), &first, sla::PolicyKind::Statutory, DUE)
    };
    house.monitor.says(&first_answer.clock, &first_answer).await;
    let done = affair(&house, sla::PolicyKind::Statutory, DUE).await;
    let ticket = start(&mut agent, &done).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
    let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
    resolve(&mut agent, &ticket).await.unwrap();
    for subject in [&inner, &first, &done.name] {
        warns(&house, subject, 75).await;
        is_breached(&house, subject).await;
    }
    all_heard(&house, DUE).await;
    for ticket in [&inner, &first, &done.name] {
        assert_eq!(promises(world, ticket).await, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_of_a_term_follows_its_clock() {
    let house = ready().await;
    let world = &house.world;
    let ticket = affair(&house, sla::PolicyKind::Statutory, DUE).await.name;
    warns(&house, &ticket, 75).await;
    let first = stand(world, &ticket, &[PromiseState::AtRisk, PromiseState::Made]).await.remove(0);
    written(world, &first).await;
    // It stands still: nothing is owed by then, and nobody is told that it will be missed.
    moves(&house, &ticket, None).await;
    stand(world, &ticket, &[PromiseState::Renegotiated, PromiseState::Renegotiated]).await;
    assert_eq!(notices(world, &ticket).await[0].state(), NoticeState::Withdrawn);
    // It goes on, towards another instant.
    moves(&house, &ticket, Some(LATER)).await;
    let again = [PromiseState::Renegotiated, PromiseState::Renegotiated, PromiseState::AtRisk, PromiseState::Made];
    let stood = stand(world, &ticket, &again).await;
    assert_eq!((stood[2].due_time, stood[2].term_clock.clone()), (time(LATER), clock_of(&ticket)));
    assert_eq!(promise(world, &written(world, &stood[2]).await.new_promise).await.state(), PromiseState::Made);
    // Answered in time: it is kept, and so is the later date; nobody need be told any more.
    world.advance(SignedDuration::from_hours(2));
    ends(&house, &ticket, sla::ClockState::Fulfilled, "2026-11-23T10:30:00Z").await;
    let kept = [PromiseState::Renegotiated, PromiseState::Renegotiated, PromiseState::Kept, PromiseState::Kept];
    stand(world, &ticket, &kept).await;
    assert_eq!(take(&mut transport(world), &[Channel::Phone]).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_says_by_hand_that_a_term_was_kept_or_moves_it_and_what_is_said_of_the_new_date_leaves_it() {
    let house = ready().await;
    let world = &house.world;
    let mut agent = world.agent();
    let ticket = affair(&house, sla::PolicyKind::Statutory, DUE).await.name;
    warns(&house, &ticket, 75).await;
    let stood = stand(world, &ticket, &[PromiseState::AtRisk, PromiseState::Made]).await;
    for state in [PromiseState::Kept, PromiseState::BrokenSilent] {
        let refused =
            assert_refused(settle(&mut agent, &stood[0], state).await, Code::FailedPrecondition, "PROMISE_OF_TERM");
        assert_eq!(fact(&refused, "clock"), clock_of(&ticket));
    }
    let mut other = promise_request(&ticket, "2026-11-27T13:00:00Z");
    other.promise.as_mut().unwrap().kind = PromiseKind::Resolution.into();
    other.promise.as_mut().unwrap().replaces.clone_from(&stood[0].name);
    assert_refused(agent.make_promise(other.clone()).await, Code::FailedPrecondition, "PROMISE_OF_TERM");
    // Of the date that is the house's own another may be agreed.
    other.promise.as_mut().unwrap().replaces.clone_from(&stood[1].name);
    other.request_id = fresh_id();
    agent.make_promise(other).await.unwrap();
    let states = [PromiseState::AtRisk, PromiseState::Renegotiated, PromiseState::Made];
    stand(world, &ticket, &states).await;
    // Whoever tells the customer themselves has told them.
    settle(&mut agent, &stood[0], PromiseState::BrokenAnnounced).await.unwrap();
    let states = [PromiseState::BrokenAnnounced, PromiseState::Renegotiated, PromiseState::Made];
    stand(world, &ticket, &states).await;
}

async fn settle(agent: &mut Tickets, promise: &pb::Promise, state: PromiseState) -> Result<pb::Promise, Status> {
    let announced = state == PromiseState::BrokenAnnounced;
    let request = pb::SettlePromiseRequest {
        name: promise.name.clone(),
        state: state.into(),
        cause: if announced { "Falta una pieza".into() } else { String::new() },
        etag: promise.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    };
    agent.settle_promise(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_for_terms_of_law_says_what_can_be_done_in_each_of_its_languages() {
    let world = World::new().await;
    let mut rosa = supervisor(&world, "rosa");
    let silent = pb::NoticeTemplate { texts: template("x", "", "").texts, ..of_law("silent") };
    let refused = assert_refused(put(&mut rosa, silent).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["template.texts[0].text"]);
    let stray = pb::NoticeTemplate { recourses: Vec::new(), ..of_law("stray") };
    let refused = assert_refused(put(&mut rosa, stray).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["template.texts[0].text"]);
    let uneven = pb::NoticeTemplate {
        recourses: vec![said(Language::Es, "Puede acudir a Consumo"), said(Language::En, "You may go elsewhere")],
        ..of_law("uneven")
    };
    let refused = assert_refused(put(&mut rosa, uneven).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["template.recourses"]);
    let put = put(&mut rosa, of_law("law")).await.unwrap();
    assert_eq!(put.recourses, of_law("law").recourses);
}

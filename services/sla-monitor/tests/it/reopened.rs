//! Affairs that are reopened, words of one instant, and being told in time.

use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::Direction;

use crate::bad_input::fields;
use crate::house::{clock_of, in_force, inquiry, minutes, policy, put};
use crate::world::{State, Ticket, World, at, clock_in, read};

#[tokio::test]
async fn a_word_that_an_affair_is_reopened_for_asks_for_a_reply_and_the_next_update_is_counted_from_it() {
    let world = World::new().await;
    let served = world.start().await;
    in_force(&world, &served, policy("update", sla::PolicyMetric::PeriodicUpdate, "60min")).await;
    let (_, received) = in_force(&world, &served, policy("next", sla::PolicyMetric::NextReply, "30min")).await;
    let ticket = inquiry(received);
    let at = |later: i64| minutes(received, later);
    world.open(&ticket).await;
    world.resolve(&ticket, at(10)).await;
    world.say(&ticket, Direction::Inbound, at(20)).await;
    world.transition(&ticket, (State::Resolved, State::InProgress), "not_solved", at(25)).await;
    let owed = clock_of(&served, &ticket, "next", |c| c.state() == sla::ClockState::Running).await;
    assert_eq!((read(owed.origin_time), read(owed.due_time)), (Some(at(20)), Some(at(50))));
    world.say(&ticket, Direction::Outbound, at(40)).await;
    let update = clock_of(&served, &ticket, "update", |c| c.state() == sla::ClockState::Running).await;
    assert_eq!(read(update.due_time), Some(at(100)), "it waited again for the first word of the house");
    let met = clock_of(&served, &ticket, "next", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((met.breached_time, met.epoch), (None, 1));
}

#[tokio::test]
async fn who_is_promised_an_answer_has_a_warning_before_it_is_late_and_of_what_else_is_measured_none_is_asked() {
    let world = World::new().await;
    let served = world.start().await;
    let warns = |name: &str, metric, warning: sla::policy_warning::At| {
        let mut policy = policy(name, metric, "24h");
        policy.measure.as_mut().unwrap().warnings = vec![sla::PolicyWarning { at: Some(warning) }];
        policy
    };
    let share = sla::policy_warning::At::SharePercent;
    let early = put(&served, warns("early", sla::PolicyMetric::Resolution, share(74))).await.unwrap_err();
    assert_eq!(fields(&early), ["policy.measure.warnings"]);
    let inner = warns("inner", sla::PolicyMetric::Resolution, share(74));
    for fine in [
        warns("late", sla::PolicyMetric::Resolution, share(75)),
        warns("left", sla::PolicyMetric::Resolution, sla::policy_warning::At::LeadMinutes(1)),
        warns("other", sla::PolicyMetric::RequesterWait, share(74)),
        sla::Policy { kind: sla::PolicyKind::Ola.into(), ..inner },
    ] {
        put(&served, fine).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_history_told_to_the_day_says_again_at_one_instant_happened_again() {
    let world = World::new().await;
    let served = world.start().await;
    let received = at("2026-11-02T10:00:00+01:00");
    let ticket = Ticket::complaint(received);
    world.open(&ticket).await;
    let day = at("2026-11-04T00:00:00+01:00");
    let (waits, works) = ((State::InProgress, State::Pending), (State::Pending, State::InProgress));
    world.transition(&ticket, waits, "documents_missing", day).await;
    world.transition(&ticket, works, "customer_answered", day).await;
    clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    world.transition(&ticket, waits, "documents_missing", day).await;
    clock_in(&served, &ticket.name, sla::ClockState::Scheduled).await;
}

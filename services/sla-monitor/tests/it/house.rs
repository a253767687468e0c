//! What the house measures of its own: policies in versions, what moves their clocks, calendars, trials on the past.

use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Role};
use testkit::{Served, eventually};
use tonic::{Code, Status};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::bad_input::{fields, reason};
use crate::trials::town;
use crate::world::{SOON, State, Ticket, World, client, clocks_that, later, policies, read, wire};

pub fn id() -> String {
    let ambient = Ambient::system();
    ambient.uuid(ambient.now()).to_string()
}

pub fn minutes(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes)).unwrap()
}

/// A policy that measures something within a term, of everybody's affairs.
pub fn policy(name: &str, metric: sla::PolicyMetric, term: &str) -> sla::Policy {
    sla::Policy {
        name: format!("policies/{name}"),
        kind: sla::PolicyKind::Sla.into(),
        term: term.to_owned(),
        summary_es: "Norma de prueba.".to_owned(),
        summary_en: "A policy for a test.".to_owned(),
        measure: Some(sla::PolicyMeasure { metric: metric.into(), ..Default::default() }),
        ..Default::default()
    }
}

pub async fn put(served: &Served, policy: sla::Policy) -> Result<sla::Policy, Status> {
    let request = sla::PutPolicyRequest { policy: Some(policy), request_id: id() };
    policies(served, Role::Supervisor).put_policy(request).await.map(tonic::Response::into_inner)
}

pub async fn activate(served: &Served, draft: &sla::Policy, from: Option<Timestamp>) -> Result<sla::Policy, Status> {
    let request = sla::ActivatePolicyRequest {
        name: draft.name.clone(),
        etag: draft.etag.clone(),
        from_time: from.map(wire),
        request_id: id(),
    };
    policies(served, Role::Supervisor).activate_policy(request).await.map(tonic::Response::into_inner)
}

/// Written and in force from now on; answers it, and an instant a minute later.
pub async fn in_force(world: &World, served: &Served, policy: sla::Policy) -> (sla::Policy, Timestamp) {
    let draft = put(served, policy).await.unwrap();
    let active = activate(served, &draft, None).await.unwrap();
    (active, minutes(world.now().await, 1))
}

/// The clock of a policy on a ticket, when it fits.
pub async fn clock_of(
    served: &Served,
    ticket: &Ticket,
    policy: &str,
    fits: impl Fn(&sla::Clock) -> bool,
) -> sla::Clock {
    let of = |clocks: &[sla::Clock]| clocks.iter().find(|c| c.rule == policy && fits(c)).cloned();
    let clocks = clocks_that(served, &ticket.name, |clocks| of(clocks).is_some()).await;
    of(&clocks).unwrap()
}

pub fn inquiry(received: Timestamp) -> Ticket {
    Ticket { kind: ticketing::TicketType::Consulta, ..Ticket::complaint(received) }
}

#[tokio::test]
async fn the_next_reply_is_owed_from_each_word_of_the_customer_and_a_late_one_stays_late() {
    let world = World::new().await;
    let served = world.start().await;
    let next = policy("next", sla::PolicyMetric::NextReply, "30min");
    let (_, received) = in_force(&world, &served, next).await;
    let ticket = inquiry(received);
    world.open(&ticket).await;
    let still = clock_of(&served, &ticket, "next", |_| true).await;
    assert_eq!((still.state(), still.due_time), (sla::ClockState::Scheduled, None), "nobody is owed anything yet");
    let at = |later: i64| minutes(received, later);
    world.say(&ticket, Direction::Inbound, at(10)).await;
    let owed = clock_of(&served, &ticket, "next", |c| c.state() == sla::ClockState::Running).await;
    assert_eq!(read(owed.due_time), Some(at(40)));
    // The oldest unanswered word counts.
    world.say(&ticket, Direction::Inbound, at(20)).await;
    world.say(&ticket, Direction::Outbound, at(40)).await;
    let met = clock_of(&served, &ticket, "next", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((read(met.due_time), met.breached_time), (Some(at(40)), None), "at the last instant is in time");
    world.say(&ticket, Direction::Inbound, at(100)).await;
    world.say(&ticket, Direction::Outbound, at(131)).await;
    let late = clock_of(&served, &ticket, "next", |c| c.breached_time.is_some()).await;
    assert_eq!((read(late.breached_time), late.epoch), (Some(at(130)), 2));
    assert_eq!(late.state(), sla::ClockState::Fulfilled);
}

#[tokio::test]
async fn how_long_a_reply_took_is_told_from_the_word_it_answers_and_not_from_the_receipt() {
    let world = World::new().await;
    let served = world.start().await;
    let (_, received) = in_force(&world, &served, policy("next", sla::PolicyMetric::NextReply, "30min")).await;
    // Each was written to so long after the receipt, and answered so long after that.
    let replies = [(10, 5), (120, 25), (300, 40), (7, 1), (60, 12)];
    for (written, took) in replies {
        let ticket = inquiry(received);
        world.open(&ticket).await;
        world.say(&ticket, Direction::Inbound, minutes(received, written)).await;
        world.say(&ticket, Direction::Outbound, minutes(received, written + took)).await;
        clock_of(&served, &ticket, "next", |clock| clock.state() == sla::ClockState::Fulfilled).await;
    }
    // Late: one of them had written before, and was answered by the same reply.
    let earlier = inquiry(received);
    world.open(&earlier).await;
    world.say(&earlier, Direction::Inbound, minutes(received, 50)).await;
    world.say(&earlier, Direction::Outbound, minutes(received, 58)).await;
    world.say(&earlier, Direction::Inbound, minutes(received, 40)).await;
    clock_of(&served, &earlier, "next", |clock| read(clock.origin_time) == Some(minutes(received, 40))).await;
    let mut took: Vec<i64> = replies.iter().map(|(_, took)| *took).chain([18]).collect();
    took.sort_unstable();
    let rank = |percent: usize| took[(took.len() * percent).div_ceil(100) - 1] * 60;
    let board = |policy: &str| sla::GetBoardRequest { policy: policy.to_owned(), ..Default::default() };
    let asked = board("policies/next");
    let expected = (Some(rank(50)), Some(rank(75)), Some(rank(99)));
    eventually(SOON, || async {
        let board = client(&served, Role::Supervisor).get_board(asked.clone()).await.unwrap().into_inner();
        let settle = board.total.and_then(|total| total.settle).unwrap_or_default();
        let seconds = |duration: Option<prost_types::Duration>| duration.map(|duration| duration.seconds);
        let told = (seconds(settle.p50_duration), seconds(settle.p75_duration), seconds(settle.p99_duration));
        if told == expected { Ok(()) } else { Err((told, expected)) }
    })
    .await;
}

#[tokio::test]
async fn a_version_is_written_activated_replaced_and_withdrawn_and_clocks_stay_under_theirs() {
    let world = World::new().await;
    let served = world.start().await;
    let first = policy("first-word", sla::PolicyMetric::FirstReply, "60min");
    let draft = put(&served, first.clone()).await.unwrap();
    assert_eq!((draft.version, draft.state()), (1, sla::PolicyState::Draft));
    let conditions = draft.measure.as_ref().unwrap().conditions.as_ref().unwrap();
    assert_eq!(conditions.start, [i32::from(sla::Occasion::Received)], "the metric's own conditions are told");
    // A draft is written over by who knows it, and by nobody else.
    let stale = put(&served, first.clone()).await.unwrap_err();
    assert_eq!(reason(&stale), "STALE_ETAG");
    let shorter = sla::Policy { term: "30min".to_owned(), etag: draft.etag.clone(), ..first.clone() };
    let draft = put(&served, shorter).await.unwrap();
    assert_eq!((draft.version, draft.term.as_str()), (1, "30min"));
    let past = minutes(world.now().await, -1);
    assert_eq!(reason(&activate(&served, &draft, Some(past)).await.unwrap_err()), "IN_THE_PAST");
    let active = activate(&served, &draft, None).await.unwrap();
    assert_eq!(active.state(), sla::PolicyState::Active);
    assert_eq!(reason(&activate(&served, &active, None).await.unwrap_err()), "POLICY_VERSION_NOT_FOUND");
    let received = minutes(world.now().await, 1);
    let under_one = inquiry(received);
    world.open(&under_one).await;
    let clock = clock_of(&served, &under_one, "first-word", |_| true).await;
    assert_eq!((clock.policy_version, read(clock.due_time)), (1, Some(minutes(received, 30))));
    // The next version takes its place for what is received from then on.
    let longer = put(&served, sla::Policy { term: "45min".to_owned(), ..first }).await.unwrap();
    assert_eq!(longer.version, 2);
    let change = minutes(received, 10);
    let longer = activate(&served, &longer, Some(change)).await.unwrap();
    assert_eq!(longer.state(), sla::PolicyState::NotActive, "it is for later");
    let (before, after) = (inquiry(minutes(change, -1)), inquiry(change));
    world.open(&before).await;
    world.open(&after).await;
    assert_eq!(clock_of(&served, &before, "first-word", |_| true).await.policy_version, 1);
    assert_eq!(clock_of(&served, &after, "first-word", |_| true).await.policy_version, 2);
    let request = sla::ListPolicyVersionsRequest { name: active.name.clone(), ..Default::default() };
    let versions = policies(&served, Role::Auditor).list_policy_versions(request).await.unwrap().into_inner().policies;
    let told: Vec<_> = versions.iter().map(|v| (v.version, v.state(), read(v.in_force_until_time))).collect();
    let expected = [(2, sla::PolicyState::NotActive, None), (1, sla::PolicyState::Active, Some(change))];
    assert_eq!(told, expected);
    // Withdrawn before it took effect, it never will; what it measured already goes on under it.
    let withdraw = |etag: &str| sla::WithdrawPolicyRequest {
        name: active.name.clone(),
        etag: etag.to_owned(),
        request_id: id(),
        ..Default::default()
    };
    let mut supervisor = policies(&served, Role::Supervisor);
    let ended = supervisor.withdraw_policy(withdraw(&longer.etag)).await.unwrap().into_inner();
    assert_eq!(ended.in_force_until_time, ended.in_force_from_time);
    let never = inquiry(minutes(change, 5));
    world.open(&never).await;
    let marker = Ticket::complaint(minutes(change, 5));
    world.open(&marker).await;
    let none = clocks_that(&served, &marker.name, |clocks| !clocks.is_empty()).await;
    assert!(none.iter().all(|clock| clock.rule != "first-word"));
    assert_eq!(clock_of(&served, &after, "first-word", |_| true).await.policy_version, 2);
    let known = sla::GetPolicyRequest { name: active.name.clone(), version: 1 };
    let first = client(&served, Role::Agent).get_policy(known).await.unwrap().into_inner();
    supervisor.withdraw_policy(withdraw(&first.etag)).await.unwrap();
    assert_eq!(reason(&supervisor.withdraw_policy(withdraw(&first.etag)).await.unwrap_err()), "NOT_IN_FORCE");
}

#[tokio::test]
async fn an_affair_has_the_first_policy_that_holds_and_its_proof_says_why_not_the_ones_before() {
    let world = World::new().await;
    let served = world.start().await;
    let phone = |p: sla::Policy, rank: i32, channels: Vec<i32>| {
        let filter = Some(sla::PolicyFilter { channels, ..Default::default() });
        let measure = Some(sla::PolicyMeasure { filter, rank, ..p.measure.clone().unwrap() });
        sla::Policy { measure, ..p }
    };
    let by_phone = phone(policy("by-phone", sla::PolicyMetric::FirstReply, "5min"), 1, vec![Channel::Phone.into()]);
    let all = phone(policy("everybody", sla::PolicyMetric::FirstReply, "60min"), 2, Vec::new());
    in_force(&world, &served, by_phone).await;
    let (_, received) = in_force(&world, &served, all).await;
    let opened = |channel: Channel| {
        let ticket = inquiry(received);
        let opened = ticketing::TicketOpened { channel: channel.into(), ..ticket.opened() };
        (ticket, opened)
    };
    let ((called, by_phone), (wrote, by_web)) = (opened(Channel::Phone), opened(Channel::Web));
    world.ticketing.write(&called.name, &by_phone, received).await;
    world.ticketing.write(&wrote.name, &by_web, received).await;
    let clock = clock_of(&served, &called, "by-phone", |_| true).await;
    assert_eq!(read(clock.due_time), Some(minutes(received, 5)));
    let clock = clock_of(&served, &wrote, "everybody", |_| true).await;
    let why = sla::ExplainClockRequest { name: clock.name };
    let why = client(&served, Role::Auditor).explain_clock(why).await.unwrap().into_inner().proof.unwrap();
    assert!(why.chosen_because_en.contains("before it, by-phone does not hold for channel «web»"), "{why:?}");
    assert!(why.chosen_because_es.contains("antes, by-phone no vale para el canal «web»"), "{why:?}");
}

#[tokio::test]
async fn filed_as_something_else_an_affair_leaves_one_policy_and_comes_under_another_from_then_or_from_the_start() {
    let world = World::new().await;
    let served = world.start().await;
    let of_type = |name: &str, ticket_type: ticketing::TicketType, retroactive: bool| {
        let mut p = policy(name, sla::PolicyMetric::Resolution, "600min");
        if name == "from-then" {
            p = policy(name, sla::PolicyMetric::RequesterWait, "600min");
        }
        let measure = p.measure.as_mut().unwrap();
        measure.filter = Some(sla::PolicyFilter { ticket_types: vec![ticket_type.into()], ..Default::default() });
        measure.retroactive_start = retroactive;
        p
    };
    use ticketing::TicketType as T;
    in_force(&world, &served, of_type("inquiries", T::Consulta, true)).await;
    in_force(&world, &served, of_type("from-then", T::Queja, false)).await;
    let mut from_start = of_type("from-start", T::Queja, true);
    from_start.measure.as_mut().unwrap().rank = 5;
    let (_, received) = in_force(&world, &served, from_start).await;
    let ticket = inquiry(received);
    world.open(&ticket).await;
    clock_of(&served, &ticket, "inquiries", |_| true).await;
    let filed = minutes(received, 120);
    let payload = ticketing::TicketReclassified {
        ticket: ticket.name.clone(),
        ticket_type: T::Queja.into(),
        sector: "general".to_owned(),
        from_ticket_type: T::Consulta.into(),
        from_sector: "general".to_owned(),
        reason: "filed_wrong".to_owned(),
        ..Default::default()
    };
    world.ticketing.write(&ticket.name, &payload, filed).await;
    let gone = clock_of(&served, &ticket, "inquiries", |c| c.state() == sla::ClockState::Cancelled).await;
    assert_eq!(read(gone.settled_time), Some(filed));
    let since_then = clock_of(&served, &ticket, "from-then", |_| true).await;
    assert_eq!(read(since_then.due_time), Some(minutes(filed, 600)));
    let since_start = clock_of(&served, &ticket, "from-start", |_| true).await;
    assert_eq!(read(since_start.due_time), Some(minutes(received, 600)));
}

#[tokio::test]
async fn word_that_comes_late_moves_a_clock_as_if_it_had_come_in_time() {
    let world = World::new().await;
    let served = world.start().await;
    let (_, received) = in_force(&world, &served, policy("wait", sla::PolicyMetric::RequesterWait, "600min")).await;
    let ticket = Ticket::complaint(received);
    world.open(&ticket).await;
    let at = |later: i64| minutes(received, later);
    // Work is told before the wait that it ended, and a resolution before the reopening.
    world.transition(&ticket, (State::Pending, State::InProgress), "", at(50)).await;
    world.transition(&ticket, (State::InProgress, State::Pending), "documents_missing", at(20)).await;
    let goes_on = |c: &sla::Clock| c.state() == sla::ClockState::Running && read(c.due_time) == Some(at(630));
    clock_of(&served, &ticket, "wait", goes_on).await;
    let law = "es.l10-2025.17-1.resolve";
    clock_of(&served, &ticket, law, |c| c.state() == sla::ClockState::Running && c.epoch == 2).await;
    world.resolve(&ticket, at(60)).await;
    world.resolve(&ticket, at(80)).await;
    world.transition(&ticket, (State::Resolved, State::InProgress), "customer_objects", at(70)).await;
    let met = |c: &sla::Clock| c.state() == sla::ClockState::Fulfilled && read(c.settled_time) == Some(at(80));
    for rule in ["wait", law] {
        clock_of(&served, &ticket, rule, met).await;
    }
}

#[tokio::test]
async fn a_clock_warns_by_what_is_left_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut soon = policy("soon", sla::PolicyMetric::FirstReply, "60min");
    soon.measure.as_mut().unwrap().warnings = vec![
        sla::PolicyWarning { at: Some(sla::policy_warning::At::LeadMinutes(61)) },
        sla::PolicyWarning { at: Some(sla::policy_warning::At::LeadMinutes(1)) },
    ];
    let draft = put(&served, soon).await.unwrap();
    activate(&served, &draft, None).await.unwrap();
    let ticket = inquiry(world.now().await);
    world.open(&ticket).await;
    let told = eventually(SOON, || async {
        let told = world.told::<sla::WarningRaised>().await;
        if told.is_empty() { Err("no warning") } else { Ok(told) }
    })
    .await;
    assert_eq!(told.len(), 1, "{told:?}");
    let warning = &told[0].payload;
    assert_eq!((warning.lead_minutes, warning.threshold_percent), (61, 0));
    assert_eq!(read(warning.threshold_time), Some(ticket.received), "the whole run is shorter: at once");
    let clock = clock_of(&served, &ticket, "soon", |_| true).await;
    assert_eq!(clock.warnings.iter().map(|w| w.lead_minutes).collect::<Vec<_>>(), [61, 1]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_policy_or_a_calendar_is_named_together_and_nothing_is_written() {
    let world = World::new().await;
    let served = world.start().await;
    let wrong = sla::Policy {
        name: "policies/With.Dots".to_owned(),
        kind: sla::PolicyKind::Statutory.into(),
        term: "soon".to_owned(),
        effects: vec![sla::PolicyEffect { event: "X".to_owned(), effect: 99, ..Default::default() }],
        measure: Some(sla::PolicyMeasure {
            rank: -1,
            conditions: Some(sla::PolicyConditions {
                pause: vec![sla::Occasion::Held.into(), 77],
                ..Default::default()
            }),
            warnings: vec![sla::PolicyWarning { at: Some(sla::policy_warning::At::SharePercent(100)) }],
            ..Default::default()
        }),
        ..Default::default()
    };
    let status = put(&served, wrong).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    let named = fields(&status);
    for field in [
        "policy.name",
        "policy.kind",
        "policy.term",
        "policy.summary_es",
        "policy.summary_en",
        "policy.effects[0].event",
        "policy.effects[0].grounds",
        "policy.effects[0].effect",
        "policy.measure.metric",
        "policy.measure.rank",
        "policy.measure.conditions.start",
        "policy.measure.conditions.stop",
        "policy.measure.conditions.resume",
        "policy.measure.conditions.pause[1]",
        "policy.measure.warnings[0]",
    ] {
        assert!(named.iter().any(|known| known == field), "{field} is not among {named:?}");
    }
    let mut unknown = policy("fine", sla::PolicyMetric::FirstReply, "1h");
    unknown.measure.as_mut().unwrap().calendar = "calendars/nowhere".to_owned();
    assert_eq!(reason(&put(&served, unknown).await.unwrap_err()), "CALENDAR_NOT_FOUND");
    let mut bad = town("", &[("2026-05-01", "Otra vez"), ("2026-02-30", "Nunca")]);
    bad.calendar.as_mut().unwrap().source.clear();
    let status = policies(&served, Role::Supervisor).put_calendar(bad).await.unwrap_err();
    assert_eq!(fields(&status), ["calendar.source", "calendar.holidays[1].date"]);
    let twice = town("", &[("2026-05-01", "Otra vez")]);
    let status = policies(&served, Role::Supervisor).put_calendar(twice).await.unwrap_err();
    assert_eq!(fields(&status), ["calendar.holidays"], "the first of May is a holiday already");
    let mut ships = town("", &[]);
    ships.calendar.as_mut().unwrap().extends = "calendars/nowhere".to_owned();
    let status = policies(&served, Role::Supervisor).put_calendar(ships).await.unwrap_err();
    assert_eq!(reason(&status), "CALENDAR_NOT_FOUND");
    let none: (i64, i64) = sqlx::query_as(
        "select (select count(*) from sla_monitor.policy), (select count(*) from sla_monitor.calendar where changes is not null)",
    )
    .fetch_one(&world.admin)
    .await
    .unwrap();
    assert_eq!(none, (0, 0));
}

#[tokio::test]
async fn an_etag_is_of_one_version_and_an_end_is_only_made_earlier() {
    let world = World::new().await;
    let served = world.start().await;
    let first = policy("twice", sla::PolicyMetric::FirstReply, "60min");
    let one = put(&served, first.clone()).await.unwrap();
    activate(&served, &one, None).await.unwrap();
    let two = put(&served, sla::Policy { term: "10min".to_owned(), ..first }).await.unwrap();
    assert_ne!(one.etag, two.etag, "who knows the first draft knows nothing of the second");
    assert_eq!(reason(&activate(&served, &one, None).await.unwrap_err()), "STALE_ETAG");
    let change = minutes(world.now().await, 60);
    activate(&served, &two, Some(change)).await.unwrap();
    let known = sla::GetPolicyRequest { name: one.name.clone(), version: 1 };
    let ends = client(&served, Role::Agent).get_policy(known.clone()).await.unwrap().into_inner();
    assert_eq!(read(ends.in_force_until_time), Some(change));
    let later = sla::WithdrawPolicyRequest {
        name: one.name.clone(),
        etag: ends.etag,
        until_time: Some(wire(minutes(change, 600))),
        request_id: id(),
    };
    let ends = policies(&served, Role::Supervisor).withdraw_policy(later).await.unwrap().into_inner();
    assert_eq!(read(ends.in_force_until_time), Some(change), "the version after it begins there");
    // Page by page each version stands as it does by itself.
    let mut request = sla::ListPolicyVersionsRequest { name: one.name.clone(), page_size: 1, ..Default::default() };
    let mut told = Vec::new();
    loop {
        let page = policies(&served, Role::Agent).list_policy_versions(request.clone()).await.unwrap().into_inner();
        told.extend(page.policies.iter().map(|p| (p.version, p.state())));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(told, [(2, sla::PolicyState::NotActive), (1, sla::PolicyState::Active)]);
}

#[tokio::test]
async fn what_was_raised_and_did_not_hold_is_raised_again_at_the_instant_that_does() {
    let world = World::new().await;
    let served = world.start().await;
    let mut wait = policy("wait", sla::PolicyMetric::RequesterWait, "2s");
    wait.measure.as_mut().unwrap().warnings =
        vec![sla::PolicyWarning { at: Some(sla::policy_warning::At::SharePercent(75)) }];
    let draft = put(&served, wait).await.unwrap();
    activate(&served, &draft, None).await.unwrap();
    let received = world.now().await;
    let ticket = inquiry(received);
    world.open(&ticket).await;
    let breaches = async |expected: usize| {
        eventually(SOON, || async {
            let told = world.told::<sla::ClockBreached>().await;
            let of_rule: Vec<_> = told.into_iter().filter(|told| told.payload.rule == "wait").collect();
            if of_rule.len() >= expected { Ok(of_rule) } else { Err(of_rule.len()) }
        })
        .await
    };
    breaches(1).await;
    // It had been the customer's turn from the first second on, and is until the eighth.
    let at = |millis: i64| later(received, millis);
    world.transition(&ticket, (State::InProgress, State::Pending), "documents_missing", at(1_000)).await;
    let still = clock_of(&served, &ticket, "wait", |c| c.state() == sla::ClockState::Paused).await;
    assert_eq!(still.breached_time, None);
    world.transition(&ticket, (State::Pending, State::InProgress), "", at(8_000)).await;
    let told = breaches(2).await;
    let times: Vec<_> = told.iter().map(|told| read(told.payload.breached_time)).collect();
    assert_eq!(times, [Some(at(2_000)), Some(at(9_000))]);
    let clock = clock_of(&served, &ticket, "wait", |_| true).await;
    let warned = world.told::<sla::WarningRaised>().await;
    let of_clock = warned.iter().filter(|told| told.payload.clock == clock.name);
    let times: Vec<_> = of_clock.map(|told| read(told.payload.threshold_time)).collect();
    assert_eq!(times, [Some(at(1_500)), Some(at(8_500))]);
    assert_eq!((read(clock.breached_time), clock.state()), (Some(at(9_000)), sla::ClockState::Running));
}

#[tokio::test]
async fn a_late_word_about_a_run_that_is_over_brings_its_breach_or_takes_it_back() {
    let world = World::new().await;
    let served = world.start().await;
    let (_, received) = in_force(&world, &served, policy("next", sla::PolicyMetric::NextReply, "30min")).await;
    let ticket = inquiry(received);
    world.open(&ticket).await;
    let at = |later: i64| minutes(received, later);
    world.say(&ticket, Direction::Inbound, at(110)).await;
    world.say(&ticket, Direction::Outbound, at(138)).await;
    world.say(&ticket, Direction::Inbound, at(200)).await;
    clock_of(&served, &ticket, "next", |c| c.epoch == 2 && c.breached_time.is_none()).await;
    // The customer had written before, and was answered late.
    world.say(&ticket, Direction::Inbound, at(100)).await;
    let late = clock_of(&served, &ticket, "next", |c| c.breached_time.is_some()).await;
    assert_eq!((read(late.breached_time), late.state()), (Some(at(130)), sla::ClockState::Running));
    let breached = eventually(SOON, || async {
        let told = world.told::<sla::ClockBreached>().await;
        if told.len() == 1 { Ok(told) } else { Err(told.len()) }
    })
    .await;
    assert_eq!(read(breached[0].payload.breached_time), Some(at(130)));
    // They had been answered in time after all.
    world.say(&ticket, Direction::Outbound, at(105)).await;
    clock_of(&served, &ticket, "next", |c| c.breached_time.is_none()).await;
    // Those who follow are told how it stands now.
    let told = world.told::<sla::ClockMoved>().await.pop().unwrap().payload;
    assert_eq!((told.effect(), told.breached_time), (sla::ClockEffect::Restart, None));
    let kept: Option<jiff_sqlx::Timestamp> =
        sqlx::query_scalar("select breached_at from sla_monitor.clock where rule = 'next'")
            .fetch_one(&world.admin)
            .await
            .unwrap();
    assert!(kept.is_none(), "the board goes by this");
}

#[tokio::test]
async fn each_department_has_the_stay_that_is_written_for_it_and_thanks_after_the_answer_owe_nothing() {
    let world = World::new().await;
    let served = world.start().await;
    let stay = |name: &str, department: &str, term: &str| {
        let mut p = policy(name, sla::PolicyMetric::DepartmentStay, term);
        p.kind = sla::PolicyKind::Ola.into();
        let departments = vec![department.to_owned()];
        p.measure.as_mut().unwrap().filter = Some(sla::PolicyFilter { departments, ..Default::default() });
        p
    };
    in_force(&world, &served, stay("of-billing", "billing", "60min")).await;
    in_force(&world, &served, stay("of-legal", "legal", "90min")).await;
    let (_, received) = in_force(&world, &served, policy("next", sla::PolicyMetric::NextReply, "30min")).await;
    let ticket = Ticket { department: "billing", ..inquiry(received) };
    world.open(&ticket).await;
    let over = ticketing::TicketAssigned {
        ticket: ticket.name.clone(),
        from_department: "billing".to_owned(),
        to_department: "legal".to_owned(),
        ..Default::default()
    };
    world.ticketing.write(&ticket.name, &over, minutes(received, 50)).await;
    let billing = clock_of(&served, &ticket, "of-billing", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((read(billing.settled_time), billing.breached_time), (Some(minutes(received, 50)), None));
    let legal = clock_of(&served, &ticket, "of-legal", |c| c.state() == sla::ClockState::Running).await;
    assert_eq!(read(legal.due_time), Some(minutes(received, 140)));
    world.say(&ticket, Direction::Inbound, minutes(received, 60)).await;
    world.resolve(&ticket, minutes(received, 70)).await;
    world.say(&ticket, Direction::Inbound, minutes(received, 80)).await;
    world.say(&ticket, Direction::Outbound, minutes(received, 300)).await;
    let legal = clock_of(&served, &ticket, "of-legal", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!(read(legal.settled_time), Some(minutes(received, 70)));
    let marker = Ticket::complaint(minutes(received, 301));
    world.open(&marker).await;
    clocks_that(&served, &marker.name, |clocks| !clocks.is_empty()).await;
    let next = clock_of(&served, &ticket, "next", |c| c.state() == sla::ClockState::Fulfilled).await;
    assert_eq!((read(next.settled_time), next.breached_time, next.epoch), (Some(minutes(received, 70)), None, 1));
}

#[tokio::test]
async fn two_replicas_judge_an_affair_by_the_same_policies_whichever_of_them_was_told() {
    let world = World::new().await;
    let (one, two) = (world.start().await, world.start().await);
    // Whoever applies what follows has not been told by anybody.
    for n in 0..6_i64 {
        let term = format!("{}min", 10 + n);
        let mut next = policy("both", sla::PolicyMetric::FirstReply, &term);
        next.summary_en = format!("Version {n}.");
        let told = if n % 2 == 0 { &one } else { &two };
        let draft = put(told, next).await.unwrap();
        let active = activate(told, &draft, None).await.unwrap();
        let ticket = inquiry(world.now().await);
        world.open(&ticket).await;
        let clock = clock_of(&one, &ticket, "both", |_| true).await;
        assert_eq!(clock.policy_version, active.version);
        let seen = clock_of(&two, &ticket, "both", |_| true).await;
        assert_eq!(read(seen.due_time), Some(minutes(ticket.received, 10 + n)));
    }
    one.stop().await;
    two.stop().await;
}

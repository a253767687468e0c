//! What an endpoint is sent, and what follows from its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::Role;
use prost::Message as _;
use testkit::eventually;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1::TicketOpened;
use ventanilla_proto::webhook::v1 as proto;
use ventanilla_proto::webhook::v1::{DeliveryState, StopReason, SubscriptionState};

use crate::receiver::{Got, Receiver, Reply};
use crate::world::{SOON, World, fields, of, reason, supervisor};

fn types(got: &[Got]) -> Vec<String> {
    got.iter().map(|got| got.json()["type"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_sent_as_a_signed_cloud_event_and_nothing_personal_in_it() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::start().await;
    let (made, secret) = world.subscribe(&served, &receiver).await;
    assert!(secret.starts_with("whsec_"));
    let ticket = world.open("billing").await;
    let got = receiver.got_at_least(1).await.remove(0);
    assert_eq!(got.line, "POST /hook HTTP/1.1");
    assert_eq!(got.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert!(got.header("webhook-signature").starts_with("v1,") && !got.header("webhook-timestamp").is_empty());
    let event = got.json();
    for (attribute, value) in [
        ("specversion", "1.0"),
        ("id", got.header("webhook-id")),
        ("source", "urn:ventanilla:ledger:ticketing"),
        ("type", "ventanilla.ticketing.ticket.opened.v1"),
        ("subject", &ticket),
        ("dataschema", "urn:ventanilla:message:ventanilla.ticketing.v1.TicketOpened"),
        ("partitionkey", &ticket),
        ("position", "1"),
        ("department", "billing"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ] {
        assert_eq!(event[attribute], value, "{attribute}");
    }
    assert_eq!(event["data"]["ticket"], ticket);
    assert_eq!(event["data"]["ticketType"], "TICKET_TYPE_RECLAMACION");
    assert_eq!(event["sequence"].as_str().map(str::len), Some(20));
    assert!(event["data"].get("servedFirst").is_none(), "that is told to no other system");
    let kept: Vec<u8> = sqlx::query_scalar("select payload from webhooks.event").fetch_one(&world.admin).await.unwrap();
    assert!(!TicketOpened::decode(kept.as_slice()).unwrap().served_first, "nor kept");

    let shown = eventually(SOON, || async {
        let taken = world.deliveries(&served, &made.name, DeliveryState::Delivered).await;
        taken.into_iter().next().ok_or("not yet")
    })
    .await;
    assert_eq!((shown.last_status, shown.attempt_count, shown.body.as_str()), (204, 1, ""));
    let whole = supervisor(&served).get_delivery(proto::GetDeliveryRequest { name: shown.name }).await.unwrap();
    assert_eq!(whole.into_inner().body.as_bytes(), got.body, "it is shown as it was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_is_told_its_types_of_its_department_and_what_belongs_to_none() {
    let world = World::new().await;
    let served = world.start().await;
    let (mine, all) = (Receiver::start().await, Receiver::start().await);
    world.subscribe_to(&served, &mine, &["ticketing.ticket.opened", "sla.clock.*", "customer.*"]).await;
    let request = proto::CreateSubscriptionRequest {
        subscription: Some(proto::Subscription {
            department: "billing".to_owned(),
            ..crate::world::subscription(&all.url(), &["*"])
        }),
        request_id: world.uuid(),
    };
    of(&served, Role::Sre, None).create_subscription(request).await.unwrap();

    // The monitor is heard of first, and does not say whose the affair is.
    let ticket = format!("tickets/{}", world.uuid());
    let clock = format!("clocks/{}", world.uuid());
    let breached =
        sla::ClockBreached { clock: clock.clone(), subject: ticket.clone(), ..sla::ClockBreached::default() };
    let opened = TicketOpened { ticket: ticket.clone(), department: "network".to_owned(), ..TicketOpened::default() };
    let deaf = world.deafen("ticketing").await;
    world.append_numbered("ticketing", &[world.draft(&ticket, &opened, world.now())]).await;
    world.write("sla-monitor", &clock, &[breached]).await;
    world.kept(1).await;
    deaf.rollback().await.unwrap();
    let own = world.open("billing").await;
    world.step(&own, 0..1).await;
    let linked = ventanilla_proto::customer::v1::CustomersLinked::default();
    world.write("customer-profile", "customers/1", &[linked]).await;
    world
        .write("customer-profile", "customers/1", &[ventanilla_proto::customer::v1::VulnerabilityEnded::default()])
        .await;

    let got = all.got_at_least(5).await;
    let affairs: Vec<_> = got.iter().filter(|got| got.json()["type"] == "ventanilla.sla.clock.breached.v1").collect();
    assert_eq!(affairs[0].json()["department"], "network", "it waited until ticketing told");
    let mut told = types(&mine.got_at_least(2).await);
    told.sort();
    assert_eq!(told, ["ventanilla.customer.customers.linked.v1", "ventanilla.ticketing.ticket.opened.v1"]);
    assert_eq!(all.got().len(), 5, "that somebody is vulnerable is told to nobody: {:?}", types(&all.got()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_stands_among_the_dead_letters_and_holds_up_nothing() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.pace.most_attempts = 3;
    let served = world.start_with(settings).await;
    let poisoned = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&poisoned);
    let receiver = Receiver::that(move |got| match got.json()["data"]["reason"].as_str() {
        Some("step_1") if still.load(Ordering::SeqCst) => Reply::Answer(422, ""),
        _ => Reply::Answer(200, ""),
    })
    .await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let ticket = world.open("billing").await;
    world.step(&ticket, 0..3).await;
    let shown = world.shown_when(&served, &made.name, |s| s.dead_count == 1 && s.waiting_count == 0).await;
    assert_eq!(shown.state(), SubscriptionState::Active);
    let mut client = supervisor(&served);
    let dead =
        client.list_dead_letters(proto::ListDeadLettersRequest::default()).await.unwrap().into_inner().deliveries;
    assert_eq!((dead.len(), dead[0].attempt_count, dead[0].last_status), (1, 3, 422));
    assert_eq!((dead[0].affair.as_str(), dead[0].last_outcome()), (ticket.as_str(), proto::AttemptOutcome::Refused));
    let told = world.told::<proto::DeliveryDied>().await;
    assert_eq!((told.len(), told[0].attempt_count, told[0].event_id.as_str()), (1, 3, dead[0].event_id.as_str()));
    // Nobody of another department sees it.
    let mut other = of(&served, Role::Supervisor, Some("network"));
    let seen = other.list_dead_letters(proto::ListDeadLettersRequest::default()).await.unwrap().into_inner();
    assert!(seen.deliveries.is_empty());

    poisoned.store(false, Ordering::SeqCst);
    let again = proto::RedeliverDeliveryRequest { name: dead[0].name.clone(), request_id: world.uuid() };
    let waiting = client.redeliver_delivery(again.clone()).await.unwrap().into_inner();
    assert_eq!((waiting.state(), waiting.attempt_count), (DeliveryState::Waiting, 0));
    assert_eq!(client.redeliver_delivery(again).await.unwrap().into_inner(), waiting, "a retry is told the same");
    world.shown_when(&served, &made.name, |s| s.dead_count == 0 && s.waiting_count == 0).await;
    let ids: Vec<String> = receiver.got().iter().map(|got| got.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.iter().filter(|id| **id == dead[0].event_id).count(), 4, "three refused and one taken, one id");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_subscription_gathers_and_a_disabled_one_is_replayed_from_any_position() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::start().await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let mut client = supervisor(&served);
    let paused = client
        .pause_subscription(proto::PauseSubscriptionRequest {
            name: made.name.clone(),
            etag: made.etag,
            request_id: world.uuid(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((paused.state(), paused.stop_reason()), (SubscriptionState::Paused, StopReason::Asked));
    let ticket = world.open("billing").await;
    world.step(&ticket, 0..3).await;
    world.shown_when(&served, &made.name, |s| s.waiting_count == 4).await;
    assert_eq!(receiver.connections(), 0);
    let resume =
        |etag: String| proto::ResumeSubscriptionRequest { name: made.name.clone(), etag, request_id: world.uuid() };
    let active = client.resume_subscription(resume(paused.etag)).await.unwrap().into_inner();
    receiver.got_at_least(4).await;

    let disabled =
        proto::DisableSubscriptionRequest { name: made.name.clone(), etag: active.etag, request_id: world.uuid() };
    let disabled = client.disable_subscription(disabled).await.unwrap().into_inner();
    world.step(&ticket, 3..6).await;
    world.spread(7).await;
    assert_eq!(world.shown(&served, &made.name).await.waiting_count, 0);
    let replay = |from: i64, to: i64| proto::ReplaySubscriptionRequest {
        name: made.name.clone(),
        from_position: from,
        to_position: to,
        request_id: world.uuid(),
        from_time: None,
    };
    let refused = client.replay_subscription(replay(0, 0)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "SUBSCRIPTION_STATE"));
    client.resume_subscription(resume(disabled.etag)).await.unwrap();
    let refused = client.replay_subscription(replay(1_000, 0)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::OutOfRange, "POSITION_AHEAD"));

    let sequence = |got: &Got| got.json()["sequence"].as_str().unwrap().parse::<i64>().unwrap();
    let all: Vec<i64> = receiver.got().iter().map(sequence).collect();
    let first = all[0];
    // What was missed, and then every stretch there is, each in order and under the ids it had.
    for (from, to) in [(first + 4, 0), (first, first + 6), (first + 2, first + 3), (first + 6, 0), (0, 0)] {
        let before = receiver.got().len();
        let told = client.replay_subscription(replay(from, to)).await.unwrap().into_inner();
        let last = if to == 0 { first + 6 } else { to };
        let expected: Vec<i64> = (from.max(first)..=last).collect();
        assert_eq!((told.delivery_count, told.next_position), (i64::try_from(expected.len()).unwrap(), 0));
        let got = receiver.got_at_least(before + expected.len()).await;
        assert_eq!(got[before..].iter().map(sequence).collect::<Vec<_>>(), expected, "from {from} to {to}");
        world.shown_when(&served, &made.name, |s| s.waiting_count == 0).await;
    }
    let mut ids = std::collections::BTreeMap::new();
    for got in receiver.got() {
        let id = got.header("webhook-id").to_owned();
        assert_eq!(ids.entry(sequence(&got)).or_insert_with(|| id.clone()), &id);
    }
    assert_eq!(ids.len(), 7);
    assert_eq!(world.told::<proto::DeliveriesReplayed>().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_whose_department_nobody_knows_is_replayed_to_no_department() {
    let world = World::new().await;
    let spread =
        "insert into webhooks.event (event_id, source, event_type, message, subject, affair, occurred_at, recorded_at,
                                     traceparent, payload, spread_at)
         select gen_random_uuid(), 'customer-profile', 'customer.customers.linked',
                'ventanilla.customer.v1.CustomersLinked', affair, affair, now(), now(), '', '', now()
         from unnest(array['tickets/1', 'cases/1', 'customers/1']) affair";
    sqlx::query(spread).execute(&world.admin).await.unwrap();
    let served = world.start().await;
    let receiver = Receiver::start().await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let replay = proto::ReplaySubscriptionRequest {
        name: made.name,
        from_position: 1,
        to_position: 0,
        request_id: world.uuid(),
        from_time: None,
    };
    let told = supervisor(&served).replay_subscription(replay).await.unwrap().into_inner();
    assert_eq!((told.delivery_count, told.next_position), (1, 0));
    let got = receiver.got_at_least(1).await;
    assert_eq!(got[0].json()["partitionkey"], "customers/1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_gone_is_told_no_more() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::that(|_| Reply::Answer(410, "")).await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let ticket = world.open("billing").await;
    let shown = world.shown_when(&served, &made.name, |s| s.state() == SubscriptionState::Disabled).await;
    assert_eq!((shown.stop_reason(), shown.waiting_count), (StopReason::Gone, 1));
    let turned = world.told::<proto::SubscriptionTurned>().await;
    assert_eq!((turned.len(), turned[0].reason()), (1, StopReason::Gone));
    world.step(&ticket, 0..1).await;
    world.spread(2).await;
    assert_eq!(world.shown(&served, &made.name).await.waiting_count, 1, "nothing gathers for it");
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_fails_for_too_long_is_paused_and_says_so() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.pace.pause_after_hours = 0;
    let served = world.start_with(settings).await;
    let receiver = Receiver::that(|_| Reply::Hang).await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    world.open("billing").await;
    let shown = world.shown_when(&served, &made.name, |s| s.state() == SubscriptionState::Paused).await;
    assert_eq!((shown.stop_reason(), shown.waiting_count), (StopReason::Failing, 1));
    assert!(shown.failing_since_time.is_some());
    let waiting = world.deliveries(&served, &made.name, DeliveryState::Waiting).await;
    assert_eq!(waiting[0].last_outcome(), proto::AttemptOutcome::TimedOut);
    // Whoever resumes it says that it is there.
    receiver.now(|_| Reply::Answer(200, ""));
    let resumed =
        proto::ResumeSubscriptionRequest { name: made.name.clone(), etag: shown.etag, request_id: world.uuid() };
    supervisor(&served).resume_subscription(resumed).await.unwrap();
    let shown = world.shown_when(&served, &made.name, |s| s.waiting_count == 0).await;
    assert_eq!((shown.state(), shown.failing_since_time), (SubscriptionState::Active, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_for_a_subscription_that_is_resumed_is_not_given_up_at_the_next_failure() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.pace.pause_after_hours = 0;
    let served = world.start_with(settings).await;
    let receiver = Receiver::that(|_| Reply::Answer(500, "")).await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    world.open("billing").await;
    let paused = |s: &proto::Subscription| s.state() == SubscriptionState::Paused;
    let shown = world.shown_when(&served, &made.name, paused).await;
    let tried = "update webhooks.delivery set attempts = 5000, asked_at = asked_at - interval '30 days'";
    sqlx::query(tried).execute(&world.admin).await.unwrap();
    let resumed =
        proto::ResumeSubscriptionRequest { name: made.name.clone(), etag: shown.etag, request_id: world.uuid() };
    supervisor(&served).resume_subscription(resumed).await.unwrap();
    let shown = world.shown_when(&served, &made.name, paused).await;
    assert_eq!((shown.waiting_count, shown.dead_count), (1, 0));
    let waiting = world.deliveries(&served, &made.name, DeliveryState::Waiting).await;
    assert_eq!(waiting[0].attempt_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_to_wait_that_the_endpoint_names_is_waited_for() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.pace.longest_pause_ms = 60_000;
    let served = world.start_with(settings).await;
    let receiver = Receiver::that(|_| Reply::Answer(429, "retry-after: 30\r\n")).await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    world.open("billing").await;
    receiver.got_at_least(1).await;
    let waiting = eventually(SOON, || async {
        let waiting = world.deliveries(&served, &made.name, DeliveryState::Waiting).await;
        waiting.into_iter().find(|one| one.attempt_count == 1).ok_or("not yet")
    })
    .await;
    let (tried, next) = (waiting.last_attempt_time.unwrap(), waiting.next_attempt_time.unwrap());
    assert!((30..=31).contains(&(next.seconds - tried.seconds)), "{tried:?} {next:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attempt_is_shown_with_what_was_answered_and_how_long_that_took() {
    let world = World::new().await;
    let served = world.start().await;
    let mut replies = vec![Reply::Answer(200, ""), Reply::BreakAfter, Reply::Answer(503, ""), Reply::Hang];
    let receiver = Receiver::that(move |_| replies.pop().unwrap_or(Reply::Answer(204, ""))).await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    world.open("billing").await;
    let delivered = eventually(SOON, || async {
        world.deliveries(&served, &made.name, DeliveryState::Delivered).await.pop().ok_or("not yet")
    })
    .await;
    assert!(delivered.attempts.is_empty() && delivered.last_duration.is_some());
    let mut client = supervisor(&served);
    let again = proto::RedeliverDeliveryRequest { name: delivered.name.clone(), request_id: world.uuid() };
    client.redeliver_delivery(again).await.unwrap();
    world.shown_when(&served, &made.name, |s| s.waiting_count == 0).await;

    let shown = client.get_delivery(proto::GetDeliveryRequest { name: delivered.name }).await.unwrap().into_inner();
    let attempts: Vec<_> = shown.attempts.iter().map(|made| (made.outcome(), made.status)).collect();
    let (taken, refused) = (proto::AttemptOutcome::Taken, proto::AttemptOutcome::Refused);
    let (broken, late) = (proto::AttemptOutcome::Unreachable, proto::AttemptOutcome::TimedOut);
    assert_eq!(attempts, [(taken, 204), (taken, 200), (broken, 0), (refused, 503), (late, 0)]);
    assert_eq!((shown.attempt_count, shown.last_duration), (1, shown.attempts[0].duration));
    assert_eq!(shown.last_attempt_time, shown.attempts[0].end_time);
    let took = |place: usize| {
        let duration = shown.attempts[place].duration.unwrap();
        duration.seconds * 1_000 + i64::from(duration.nanos / 1_000_000)
    };
    assert!((1_000..2_000).contains(&took(4)) && took(0) < 1_000, "{:?}", shown.attempts);

    let listed = |last_outcome: proto::AttemptOutcome, last_status_class| {
        let request = proto::ListDeliveriesRequest {
            parent: made.name.clone(),
            last_outcome: last_outcome.into(),
            last_status_class,
            ..Default::default()
        };
        let mut client = client.clone();
        async move { client.list_deliveries(request).await.unwrap().into_inner().deliveries.len() }
    };
    let all = proto::AttemptOutcome::Unspecified;
    assert_eq!((listed(all, 2).await, listed(taken, 0).await, listed(taken, 2).await), (1, 1, 1));
    assert_eq!((listed(all, 5).await, listed(refused, 0).await, listed(refused, 2).await), (0, 0, 0));
    let wrong = proto::ListDeliveriesRequest {
        parent: made.name.clone(),
        last_outcome: 99,
        last_status_class: 6,
        ..Default::default()
    };
    let refused = client.list_deliveries(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["last_outcome", "last_status_class"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_held_is_sent_by_another_once_its_lease_is_over() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::start().await;
    let (made, _) = world.subscribe(&served, &receiver).await;
    let pause = proto::PauseSubscriptionRequest { name: made.name.clone(), etag: made.etag, request_id: world.uuid() };
    let paused = supervisor(&served).pause_subscription(pause).await.unwrap().into_inner();
    world.open("billing").await;
    world.shown_when(&served, &made.name, |s| s.waiting_count == 1).await;
    let held = "update webhooks.lane set lease = gen_random_uuid(), leased_until = now() + interval '1 second' returning leased_until";
    let until: jiff_sqlx::Timestamp = sqlx::query_scalar(held).fetch_one(&world.admin).await.unwrap();
    let resume = proto::ResumeSubscriptionRequest { name: made.name, etag: paused.etag, request_id: world.uuid() };
    supervisor(&served).resume_subscription(resume).await.unwrap();
    receiver.got_at_least(1).await;
    assert!(world.now() >= until.to_jiff(), "not before the lease was over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_binary_from_before_kept_is_told_before_what_came_after_it() {
    let world = World::new().await;
    let served = world.start().await;
    let receiver = Receiver::start().await;
    world.subscribe_to(&served, &receiver, &["customer.*"]).await;
    let mut spreading = world.begin().await;
    let spread = "select pg_advisory_xact_lock(hashtextextended('webhooks spread', 0))";
    sqlx::query(spread).execute(&mut *spreading).await.unwrap();
    let before =
        "insert into webhooks.event (event_id, source, event_type, message, subject, affair, occurred_at, recorded_at,
                                     traceparent, payload)
         values (gen_random_uuid(), 'customer-profile', 'customer.customers.linked',
                 'ventanilla.customer.v1.CustomersLinked', 'customers/0', 'customers/1', now(), now(), '', '')";
    sqlx::query(before).execute(&world.admin).await.unwrap();
    let linked = ventanilla_proto::customer::v1::CustomersLinked::default();
    world.write("customer-profile", "customers/1", &[linked]).await;
    world.kept(2).await;
    spreading.rollback().await.unwrap();
    let told = receiver.got_at_least(2).await;
    assert_eq!(
        told.iter().map(|got| got.json()["subject"].clone()).collect::<Vec<_>>(),
        ["customers/0", "customers/1"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_word_of_a_person_is_kept_of_an_entry_that_cannot_be_applied_either() {
    let world = World::new().await;
    // The place of its first entry is taken, so that it is parked.
    let taken =
        "insert into webhooks.event (event_id, source, position, event_type, message, subject, affair, occurred_at,
                                             recorded_at, traceparent, payload, spread_at)
                 values (gen_random_uuid(), 'ticketing', 1, 'a', 'b', 'c', 'd', now(), now(), '', '', now())";
    sqlx::query(taken).execute(&world.admin).await.unwrap();
    let served = world.start().await;
    world.open_saying("billing", "Zacarías Quiñonero").await;
    let parked = eventually(SOON, || async {
        let parked: Option<Vec<u8>> =
            sqlx::query_scalar("select entry from webhooks.ledger_parked").fetch_optional(&world.admin).await.unwrap();
        parked.ok_or("not yet")
    })
    .await;
    assert!(parked.len() > 100 && !String::from_utf8_lossy(&parked).contains("Zacar"));
    let said = "select personal from ticketing.ledger_personal";
    let said: Vec<u8> = sqlx::query_scalar(said).fetch_one(&world.admin).await.unwrap();
    assert!(String::from_utf8_lossy(&said).contains("Zacar"), "it was there to be kept");
    drop(served);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_told_no_more_affairs_at_once_than_the_house_allows() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.courier.at_once_each = 3;
    settings.courier.lease_ms = 60_000;
    settings.endpoints.timeout_ms = 20_000;
    let served = world.start_with(settings).await;
    let receiver = Receiver::that(|_| Reply::Hang).await;
    world.subscribe(&served, &receiver).await;
    for _ in 0..10 {
        world.open("billing").await;
    }
    receiver.got_at_least(3).await;
    world.spread(10).await;
    let held = "select count(*) from webhooks.lane where leased_until > now()";
    let held: i64 = sqlx::query_scalar(held).fetch_one(&world.admin).await.unwrap();
    assert_eq!((held, receiver.got().len()), (3, 3));
}

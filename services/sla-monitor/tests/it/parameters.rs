//! GetServiceParameters: what is published of calls and affairs, and the same once more from the ledger.

use jiff::Timestamp;
use testkit::eventually;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::WaitEnd;
use ventanilla_proto::r#type::v1::Channel;
use ventanilla_sla_monitor::config::AbandonedCalls;
use ventanilla_sla_monitor::recompute::{Abandoned, Period, Recomputed, recompute, recompute_causes};

use crate::calls::{Dice, call, counts, many, of, parameters, record, request};
use crate::world::{SOON, Ticket, World, at, clocks_that, later, wire};

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400_000;

fn micros(duration: Option<prost_types::Duration>) -> Option<i64> {
    duration.map(|duration| duration.seconds * 1_000_000 + i64::from(duration.nanos) / 1_000)
}

/// What is in the service's ledger, once everything has its position.
pub async fn exported(world: &World) -> Vec<Entry> {
    eventually(SOON, || async {
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from sla_monitor.ledger_inbox").fetch_one(&world.admin).await.unwrap();
        if waiting == 0 { Ok(()) } else { Err(format!("{waiting} entries wait")) }
    })
    .await;
    let rows: Vec<(i64, String, Vec<u8>, jiff_sqlx::Timestamp)> =
        sqlx::query_as("select position, type, payload, occurred_at from sla_monitor.ledger order by position")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    let entry = |(position, r#type, payload, at): (i64, String, Vec<u8>, jiff_sqlx::Timestamp)| {
        let occurred_time = Some(wire(at.to_jiff()));
        Entry { position, r#type, payload, occurred_time, ..Entry::default() }
    };
    rows.into_iter().map(entry).collect()
}

/// Every difference between what is published and what a ledger gives.
fn differences(published: &sla::ServiceParameters, again: &Recomputed) -> Vec<String> {
    let mut told = vec![(&again.calls.answered.parameter, ""), (&again.calls.human, "")];
    told.extend(again.calls.supervisor.iter().map(|parameter| (parameter, "")));
    let resolved = again.resolved.as_ref().map(|resolved| resolved.parameter(again.calls.human.law).unwrap());
    told.extend(resolved.iter().map(|parameter| (parameter, "")));
    let mut differ = Vec::new();
    for (parameter, kind) in told {
        let published = of(published, parameter.figure.id(), kind);
        let bound = published.error.unwrap();
        let one = (
            published.with_count.unsigned_abs(),
            published.of_count.unsigned_abs(),
            published.met,
            micros(published.at_target_duration),
            published.share,
        );
        let other =
            (parameter.counted.with(), parameter.counted.of(), parameter.met(), parameter.at_target, parameter.share());
        if one != other || bound.reach.to_bits() != parameter.error.reach.to_bits() {
            differ.push(format!("{}: {one:?} and {other:?}", published.id));
        }
    }
    let aparts = (published.abandoned_counted, published.abandoned_apart, published.hung_up_count);
    let answered = &again.calls.answered;
    if aparts
        != (
            answered.abandoned_counted.cast_signed(),
            answered.abandoned_apart.cast_signed(),
            answered.hung_up.cast_signed(),
        )
    {
        differ.push(format!("abandoned: {aparts:?}"));
    }
    differ
}

#[tokio::test]
async fn what_is_published_equals_what_is_recomputed_from_the_ledger() {
    let world = World::new().await;
    let served = world.start().await;
    let mut dice = Dice(7);
    for batch in many(&mut dice, 600).chunks(150) {
        assert_eq!(record(&served, request(&world, batch.to_vec())).await.unwrap(), (150, 0));
    }
    // Complaints of the same weeks: in time, late, withdrawn, never, and one that was reopened.
    let mut last = String::new();
    for i in 0..24_i64 {
        let ticket = Ticket::complaint(later(at("2026-07-01T08:00:00Z"), i * DAY));
        world.open(&ticket).await;
        let states = (crate::world::State::InProgress, crate::world::State::Cancelled);
        match i % 4 {
            0 => {}
            1 => world.transition(&ticket, states, "withdrawn_by_customer", later(ticket.received, DAY)).await,
            _ => world.resolve(&ticket, later(ticket.received, 1 + i * i * 7_919_333 % (45 * DAY))).await,
        }
        last = ticket.name;
    }
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    let (from, to) = (at("2026-07-01T00:00:00Z"), at("2026-08-01T00:00:00Z"));
    // Breaches that are due are raised beside the calls.
    let raised = || async {
        let due: i64 = sqlx::query_scalar("select count(*) from sla_monitor.due where fire_at < now()")
            .fetch_one(&world.admin)
            .await
            .unwrap();
        if due == 0 { Ok(()) } else { Err(format!("{due} are due")) }
    };
    eventually(SOON, raised).await;
    for department in ["", "billing"] {
        let published = parameters(&served, from, to, department).await;
        let entries = exported(&world).await;
        let period = Period {
            from,
            to,
            department: Some(department.to_owned()).filter(|only| !only.is_empty()),
            as_of: world.now().await,
            reading: Abandoned::Always,
        };
        let again = recompute(&entries, &period).unwrap();
        assert_eq!(differences(&published, &again), Vec::<String>::new());
        let (with, all) = counts(&published, "calls_answered_within_3_min");
        assert!(with > 60 && all > with, "{with} of {all}");
        if department.is_empty() {
            let (with, all) = counts(&published, "resolved_within_term");
            assert_eq!((with > 0, all), (true, 18), "{with}");
            assert_eq!(of(&published, "resolved_within_term", "reclamacion").with_count, with);
        }
        // An entry that is missing, and one that says otherwise, are found.
        let calls = |entry: &&Entry| entry.r#type.ends_with("CallsMeasured");
        let without: Vec<Entry> = entries
            .iter()
            .filter(|entry| entry.position != entries.iter().find(calls).unwrap().position)
            .cloned()
            .collect();
        assert_ne!(differences(&published, &recompute(&without, &period).unwrap()), Vec::<String>::new());
        let mut forged = entries.clone();
        let entry = forged.iter_mut().find(|entry| entry.r#type.ends_with("CallsMeasured")).unwrap();
        let mut measured: sla::CallsMeasured = prost::Message::decode(entry.payload.as_slice()).unwrap();
        for judged in &mut measured.calls {
            let call = judged.call.as_mut().unwrap();
            call.wait_ended_time = call.arrived_time;
        }
        entry.payload = prost::Message::encode_to_vec(&measured);
        assert_ne!(differences(&published, &recompute(&forged, &period).unwrap()), Vec::<String>::new());
        entry_that_cannot_be_read_is_named(forged, &period);
    }
}

fn entry_that_cannot_be_read_is_named(mut entries: Vec<Entry>, period: &Period) {
    let entry = entries.iter_mut().find(|entry| entry.r#type.ends_with("CallsMeasured")).unwrap();
    entry.payload.truncate(entry.payload.len() - 1);
    let position = entry.position;
    assert_eq!(recompute(&entries, period).unwrap_err().position, position);
}

#[tokio::test]
async fn percentiles_are_those_of_all_calls_to_the_microsecond() {
    let world = World::new().await;
    let served = world.start().await;
    let calls = many(&mut Dice(99), 500);
    record(&served, request(&world, calls.clone())).await.unwrap();
    let (from, to) = (at("2026-07-01T00:00:00Z"), at("2026-10-01T00:00:00Z"));
    let told = parameters(&served, from, to, "").await;
    let took = |from: Option<prost_types::Timestamp>, to: Option<prost_types::Timestamp>| {
        let of = |at: prost_types::Timestamp| at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000;
        of(to.unwrap()) - of(from.unwrap())
    };
    let phone = calls.iter().filter(|call| call.channel() == Channel::Phone);
    let mut waits: Vec<i64> = phone
        .clone()
        .filter(|c| c.wait_end() == WaitEnd::Answered)
        .map(|c| took(c.arrived_time, c.wait_ended_time))
        .collect();
    let mut humans: Vec<i64> =
        calls.iter().filter(|c| c.human_time.is_some()).map(|c| took(c.human_requested_time, c.human_time)).collect();
    let asked = calls.iter().filter(|call| call.human_requested_time.is_some()).count();
    for (id, durations, all) in [
        ("calls_answered_within_3_min", &mut waits, phone.count()),
        ("human_on_request_within_3_min", &mut humans, asked),
    ] {
        durations.sort_unstable();
        let rank = |p: usize, n: usize| durations.get((n * p).div_ceil(100).max(1) - 1).copied();
        let parameter = of(&told, id, "");
        let in_time = durations.iter().filter(|took| **took < 180_000_000).count();
        assert_eq!(
            (parameter.with_count.unsigned_abs(), parameter.of_count.unsigned_abs()),
            (in_time as u64, all as u64),
            "{id}"
        );
        let settle = parameter.percentiles.unwrap();
        let told =
            [settle.p50_duration, settle.p75_duration, settle.p90_duration, settle.p95_duration, settle.p99_duration];
        assert_eq!(told.map(micros), [50, 75, 90, 95, 99].map(|p| rank(p, durations.len())), "{id}");
        assert_eq!(micros(parameter.at_target_duration), rank(95, all), "{id}");
    }
}

#[tokio::test]
async fn abandoned_calls_count_as_the_settings_say_and_strictly_where_they_say_nothing() {
    let world = World::new().await;
    let strict = world.start().await;
    let arrived = at("2026-07-02T09:00:00Z");
    let calls = vec![
        call("1", arrived, WaitEnd::Answered, 179_999),
        call("2", arrived, WaitEnd::Answered, 180_000),
        call("3", arrived, WaitEnd::Abandoned, 5 * SECOND),
        call("4", arrived, WaitEnd::Abandoned, 180_000),
        call("5", arrived, WaitEnd::HungUp, 5 * SECOND),
        sla::MeasuredCall { channel: Channel::Chat.into(), ..call("6", arrived, WaitEnd::Abandoned, 5 * SECOND) },
    ];
    record(&strict, request(&world, calls)).await.unwrap();
    let told = parameters(&strict, arrived, later(arrived, 1), "").await;
    assert_eq!(
        (told.abandoned_reading(), counts(&told, "calls_answered_within_3_min")),
        (sla::AbandonedCalls::Always, (1, 5))
    );
    assert_eq!((told.abandoned_counted, told.abandoned_apart, told.hung_up_count), (2, 0, 1));
    let answered = of(&told, "calls_answered_within_3_min", "");
    assert_eq!((answered.target_percent, answered.met, answered.article.as_str()), (Some(95), Some(false), "10.3"));
    let bound = answered.error.unwrap();
    assert_eq!((bound.reach.to_bits(), bound.within), (0.0_f64.to_bits(), true));
    assert!(!answered.definition_es.is_empty() && !answered.definition_en.contains("  "), "{}", answered.definition_en);
    assert!(told.not_included_en[0].contains("MeasureRootCauses"));
    let mut settings = world.settings();
    settings.measures.abandoned_calls = AbandonedCalls::AfterTheTerm;
    let mild = world.start_with(settings).await;
    let told = parameters(&mild, arrived, later(arrived, 1), "").await;
    assert_eq!(
        (told.abandoned_reading(), counts(&told, "calls_answered_within_3_min")),
        (sla::AbandonedCalls::AfterTheTerm, (1, 4))
    );
    assert_eq!((told.abandoned_counted, told.abandoned_apart), (1, 1));
    // Nothing is neither met nor missed.
    let nothing = parameters(&mild, later(arrived, 1), later(arrived, 2), "").await;
    let answered = of(&nothing, "calls_answered_within_3_min", "");
    assert_eq!((answered.of_count, answered.share, answered.met, answered.percentiles), (0, None, None, None));
}

#[tokio::test]
async fn a_supervisor_comes_within_three_minutes_or_else_by_the_end_of_the_business_day() {
    let world = World::new().await;
    let served = world.start().await;
    // A Thursday afternoon in Madrid, and a Saturday, whose next business day is the Monday.
    let (thursday, saturday) = (at("2026-07-02T17:00:00+02:00"), at("2026-07-04T11:00:00+02:00"));
    let asked = |id: &str, arrived: Timestamp| sla::MeasuredCall {
        supervisor_requested_time: Some(wire(arrived)),
        ..call(id, arrived, WaitEnd::Answered, SECOND)
    };
    let called = |id: &str, arrived: Timestamp, later: &str| sla::MeasuredCall {
        supervisor_later_time: Some(wire(at(later))),
        ..asked(id, arrived)
    };
    let calls = vec![
        sla::MeasuredCall { supervisor_time: Some(wire(later(thursday, 60_000))), ..asked("at-once", thursday) },
        sla::MeasuredCall { supervisor_time: Some(wire(later(thursday, 179_999))), ..asked("just-at-once", thursday) },
        // The same call, and not at once.
        sla::MeasuredCall { supervisor_time: Some(wire(later(thursday, 180_000))), ..asked("three-minutes", thursday) },
        sla::MeasuredCall {
            supervisor_time: Some(wire(later(thursday, 8 * 3_600_000))),
            ..asked("all-night", thursday)
        },
        called("same-day", thursday, "2026-07-02T21:59:59.999999Z"),
        called("next-day", thursday, "2026-07-03T00:00:00+02:00"),
        called("monday", saturday, "2026-07-06T23:00:00+02:00"),
        called("tuesday", saturday, "2026-07-07T00:30:00+02:00"),
        asked("never", thursday),
    ];
    record(&served, request(&world, calls)).await.unwrap();
    let told = parameters(&served, thursday, later(saturday, 1), "").await;
    assert_eq!(counts(&told, "supervisor_in_same_communication"), (2, 9));
    assert_eq!(counts(&told, "supervisor_within_business_day"), (5, 9));
    let [at_once, by_the_day] =
        ["supervisor_in_same_communication", "supervisor_within_business_day"].map(|id| of(&told, id, ""));
    assert_eq!((at_once.target_percent, at_once.met), (None, None));
    assert_eq!(at_once.less_than_duration, prost_types::Duration::try_from(std::time::Duration::from_secs(180)).ok());
    let law = (at_once.law_from_date.as_str(), at_once.error_citation.as_str(), at_once.error.unwrap().most);
    assert_eq!(law, ("2025-12-28", "Ley 10/2025, art. 22.1.b", 0.05));
    assert_eq!((by_the_day.target_percent, by_the_day.met), (Some(100), Some(false)));
}

/// By command: `cargo nextest run -p ventanilla-sla-monitor --release --run-ignored only a_million`.
#[tokio::test]
#[ignore = "a measurement, by command"]
async fn the_parameters_of_a_million_calls() {
    let world = World::new().await;
    let served = world.start().await;
    sqlx::query(
        "insert into sla_monitor.call (source_system, external_id, department, channel, arrived_at, ended_as, waited_until,
             human_requested_at, human_at, supervisor_requested_at, supervisor_at, supervisor_due_at, recorded_at)
         select 'pbx', 'c' || i, (array['billing', 'sales', 'support'])[1 + i % 3], case when i % 10 = 0 then 'chat' else 'phone' end, t,
                case when r < 0.93 then 'answered' when r < 0.99 then 'abandoned' else 'hung_up' end, t + w * interval '1 second',
                case when i % 5 = 0 then t end, case when i % 5 = 0 and r < 0.95 then t + w * 0.7 * interval '1 second' end,
                case when i % 50 = 0 then t end, case when i % 100 = 0 then t + interval '1 minute' end,
                case when i % 50 = 0 then t + interval '10 hours' end, now()
         from (select i, timestamptz '2025-01-01 00:00Z' + i * interval '31.5 seconds' as t, random() as r, -ln(1 - random()) * 60 as w
               from generate_series(1, 1000000) i) x",
    )
    .execute(&world.admin)
    .await
    .unwrap();
    sqlx::query("vacuum analyze sla_monitor.call").execute(&world.admin).await.unwrap();
    let (from, to) = (at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    for department in ["", "billing"] {
        let mut took = Vec::new();
        for _ in 0..7 {
            let begun = std::time::Instant::now();
            let told = parameters(&served, from, to, department).await;
            took.push(begun.elapsed().as_millis());
            assert!(counts(&told, "calls_answered_within_3_min").1 > 290_000);
        }
        took.sort_unstable();
        println!("{department:>8}: median {} ms, {} to {} ms", took[3], took[0], took[6]);
    }
}

#[tokio::test]
async fn what_is_due_is_overdue_whether_or_not_a_worker_has_looked() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.due.late_entry_quiet_ms = 600_000;
    let served = world.start_with(settings).await;
    let ticket = Ticket::complaint(at("2026-07-02T09:00:00Z"));
    world.open(&ticket).await;
    clocks_that(&served, &ticket.name, |c| c.len() == 1).await;
    let (from, to) = (at("2026-07-01T00:00:00Z"), at("2026-08-01T00:00:00Z"));
    let published = parameters(&served, from, to, "").await;
    assert_eq!(counts(&published, "resolved_within_term"), (0, 1));
    assert_eq!(world.told::<sla::ClockBreached>().await.len(), 0);
    let period = Period { from, to, department: None, as_of: world.now().await, reading: Abandoned::Always };
    assert_eq!(differences(&published, &recompute(&exported(&world).await, &period).unwrap()), Vec::<String>::new());
}

/// What is in the ledger of affairs.
async fn affairs(world: &World) -> Vec<Entry> {
    let rows: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as("select position, type, payload from ticketing.ledger order by position")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    let entry = |(position, r#type, payload)| Entry { position, r#type, payload, ..Entry::default() };
    rows.into_iter().map(entry).collect()
}

#[tokio::test]
async fn causes_that_are_published_are_those_that_the_ledger_of_affairs_gives() {
    use ventanilla_proto::ticketing::v1 as ticketing;
    let world = World::new().await;
    let served = world.start().await;
    let (from, to) = (at("2026-07-01T00:00:00Z"), at("2026-08-01T00:00:00Z"));
    let mut complaints = Vec::new();
    for i in 0..30_i64 {
        let kinds =
            [ticketing::TicketType::Reclamacion, ticketing::TicketType::Queja, ticketing::TicketType::Incidencia];
        let kind = kinds[usize::try_from(i % 3).unwrap()];
        let ticket = Ticket { kind, ..Ticket::complaint(later(at("2026-07-01T08:00:00Z"), (i - 2) * DAY)) };
        world.open(&ticket).await;
        if kind != ticketing::TicketType::Incidencia {
            complaints.push(ticket.name.clone());
        }
        for cause in ["storm", "meter-misread", "tariff-change"].iter().take(usize::try_from(i % 4).unwrap()) {
            let stated = ticketing::RootCauseStated { ticket: ticket.name.clone(), cause: format!("causes/{cause}") };
            world.ticketing.write(&ticket.name, &stated, later(ticket.received, DAY)).await;
        }
        if i % 9 == 5 {
            let filed = ticketing::TicketReclassified {
                ticket: ticket.name.clone(),
                ticket_type: ticketing::TicketType::Reclamacion.into(),
                from_ticket_type: kind.into(),
                sector: ticket.sector.to_owned(),
                from_sector: ticket.sector.to_owned(),
                ..Default::default()
            };
            world.ticketing.write(&ticket.name, &filed, later(ticket.received, DAY)).await;
        }
    }
    world.caught_up(&served).await;
    let published = parameters(&served, from, to, "").await;
    let told: Vec<&sla::ServiceParameter> = published.parameters.iter().filter(|p| p.id == "cause").collect();
    assert!(told.len() == 4 && told.iter().all(|cause| cause.error.unwrap().within && cause.article == "21"));
    let reading = Abandoned::Always;
    let period = Period { from, to, department: None, as_of: world.now().await, reading };
    let same = |entries: &[Entry]| {
        let again = recompute_causes(entries, &period).unwrap();
        let again = again.iter().map(|c| (c.of.as_deref().unwrap(), c.counted.with(), c.counted.of()));
        let told = told.iter().map(|c| (c.of.as_str(), c.with_count.unsigned_abs(), c.of_count.unsigned_abs()));
        again.eq(told)
    };
    let mut entries = affairs(&world).await;
    assert!(same(&entries));
    // An entry that is missing is found, and so is one that says otherwise.
    let stated =
        |entry: &Entry| -> ticketing::RootCauseStated { prost::Message::decode(entry.payload.as_slice()).unwrap() };
    let counts =
        |entry: &Entry| entry.r#type.ends_with("RootCauseStated") && complaints.contains(&stated(entry).ticket);
    let last = entries.iter().rposition(counts).unwrap();
    let entry = entries.remove(last);
    assert!(!same(&entries));
    let mut forged = stated(&entry);
    forged.cause = "causes/weather".to_owned();
    entries.insert(last, Entry { payload: prost::Message::encode_to_vec(&forged), ..entry });
    assert!(!same(&entries));
}

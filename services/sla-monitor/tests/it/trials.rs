//! Policies tried on the past, calendars of the house, and clocks that are derived anew.

use futures::StreamExt as _;
use jiff::Timestamp;
use kernel::Role;
use sla::simulate_policy_response::Item as Simulated;
use testkit::Served;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::Direction;

use crate::bad_input::reason;
use crate::house::{activate, clock_of, id, in_force, inquiry, minutes, policy, put};
use crate::world::{Ticket, World, client, clocks_that, policies, read, wire};

/// The items of a trial: flips, and the result.
pub async fn simulate(served: &Served, name: &str, from: Timestamp) -> (Vec<sla::PolicyFlip>, sla::PolicySimulation) {
    let request =
        sla::SimulatePolicyRequest { name: name.to_owned(), from_time: Some(wire(from)), ..Default::default() };
    let items = policies(served, Role::Supervisor).simulate_policy(request).await.unwrap().into_inner();
    let items: Vec<Simulated> = items.map(|item| item.unwrap().item.unwrap()).collect().await;
    let mut flips = Vec::new();
    let mut done = 0;
    for item in items {
        match item {
            Simulated::Progress(progress) => {
                assert!(done < progress.done_count && progress.done_count <= progress.total_count);
                done = progress.done_count;
            }
            Simulated::Flips(more) => flips.extend(more.flips),
            Simulated::Result(result) => return (flips, result),
        }
    }
    panic!("a trial ends with its result");
}

#[tokio::test]
async fn a_trial_on_the_past_comes_to_what_a_real_run_came_to() {
    let world = World::new().await;
    let served = world.start().await;
    let began = world.now().await;
    let real = policy("real", sla::PolicyMetric::NextReply, "30min");
    let draft = put(&served, real).await.unwrap();
    activate(&served, &draft, None).await.unwrap();
    // Affairs of the last moment, some answered late, some never, some not at all.
    let received = world.now().await;
    for n in 0..12_i64 {
        let ticket = Ticket { department: ["billing", "sales"][usize::try_from(n % 2).unwrap()], ..inquiry(received) };
        world.open(&ticket).await;
        let at = |later: i64| minutes(received, later);
        if n % 3 > 0 {
            world.say(&ticket, Direction::Inbound, at(5)).await;
            world.say(&ticket, Direction::Outbound, at(20 + n * 5)).await;
        }
        if n % 4 == 0 {
            world.resolve(&ticket, at(200)).await;
        }
    }
    let marker = Ticket::complaint(received);
    world.open(&marker).await;
    clocks_that(&served, &marker.name, |clocks| clocks.iter().any(|c| c.rule == "real")).await;
    let (flips, same) = simulate(&served, "policies/real", began).await;
    assert_eq!(flips, []);
    let total = same.total.unwrap();
    assert_eq!((total.affair_count, total.clock_count), (13, 13));
    assert!(total.kept_count > 0 && total.breached_count > 0 && total.open_count > 0, "{total:?}");
    assert_eq!(total.attainment, total.attainment_now);
    assert_eq!(same.by_department.len(), 3);
    // What customers spend is told apart as departments are.
    sqlx::query("update sla_monitor.affair set segment = case department when 'billing' then 'high' when 'sales' then 'low' else '' end")
        .execute(&world.admin)
        .await
        .unwrap();
    let (_, by_segment) = simulate(&served, "policies/real", began).await;
    let counts = |tallies: &[sla::PolicyTally]| {
        let mut counts: Vec<_> =
            tallies.iter().map(|t| (t.affair_count, t.kept_count, t.breached_count, t.open_count)).collect();
        counts.sort_unstable();
        counts
    };
    assert_eq!(counts(&by_segment.by_segment), counts(&same.by_department));
    assert_eq!(by_segment.by_segment.iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), ["", "high", "low"]);
    // What another term would have made of them, told affair by affair.
    let stricter = put(&served, policy("stricter", sla::PolicyMetric::NextReply, "20min")).await.unwrap();
    let (flips, stricter) = simulate(&served, &stricter.name, began).await;
    assert!(!flips.is_empty() && i64::try_from(flips.len()).unwrap() == stricter.flip_count);
    for flip in &flips {
        assert_eq!((flip.now(), flip.then()), (sla::PolicyVerdict::Kept, sla::PolicyVerdict::Breached));
        assert_eq!(flip.policy, "policies/real");
    }
    let total_then = stricter.total.unwrap();
    assert_eq!(total_then.breached_count, total.breached_count + stricter.flip_count);
    let clocks: i64 = sqlx::query_scalar("select count(*) from sla_monitor.clock where rule = 'stricter'")
        .fetch_one(&world.admin)
        .await
        .unwrap();
    assert_eq!(clocks, 0, "a trial starts nothing");
}

pub fn town(version: &str, days: &[(&str, &str)]) -> sla::PutCalendarRequest {
    let holiday = |(date, title): &(&str, &str)| sla::Holiday {
        date: (*date).to_owned(),
        title: (*title).to_owned(),
        scope: "town".to_owned(),
    };
    sla::PutCalendarRequest {
        calendar: Some(sla::HouseCalendar {
            name: "calendars/sevilla".to_owned(),
            extends: "calendars/es.andalucia".to_owned(),
            title_es: "Sevilla".to_owned(),
            title_en: "Seville".to_owned(),
            source: "acuerdo del pleno".to_owned(),
            holidays: days.iter().map(holiday).collect(),
            ..Default::default()
        }),
        known_version: version.to_owned(),
        request_id: id(),
    }
}

async fn replayed(served: &Served, newest_calendars: bool) -> (Vec<sla::ClockDifference>, sla::ReplaySummary) {
    use sla::replay_clocks_response::Item;
    let request = sla::ReplayClocksRequest { newest_calendars, ..Default::default() };
    let items = policies(served, Role::Auditor).replay_clocks(request).await.unwrap().into_inner();
    let items: Vec<Item> = items.map(|item| item.unwrap().item.unwrap()).collect().await;
    let differences = items.iter().filter_map(|item| match item {
        Item::Difference(difference) => Some(difference.clone()),
        _ => None,
    });
    let differences = differences.collect();
    match items.into_iter().next_back() {
        Some(Item::Summary(summary)) => (differences, summary),
        other => panic!("a replay ends with its summary: {other:?}"),
    }
}

#[tokio::test]
async fn a_calendar_of_the_house_is_counted_on_by_version_and_a_replay_tells_what_another_would_change() {
    let world = World::new().await;
    let served = world.start().await;
    let mut supervisor = policies(&served, Role::Supervisor);
    let first = supervisor.put_calendar(town("", &[])).await.unwrap().into_inner();
    assert_eq!((first.version.as_str(), first.jurisdiction.as_str()), ("1", "ES"));
    let mut fast = policy("fast", sla::PolicyMetric::Resolution, "3bd");
    fast.measure.as_mut().unwrap().calendar = first.name.clone();
    in_force(&world, &served, fast).await;
    let ticket = Ticket::complaint(world.now().await);
    world.open(&ticket).await;
    let before = clock_of(&served, &ticket, "fast", |_| true).await;
    assert_eq!((before.calendar.as_str(), before.calendar_version.as_str()), (first.name.as_str(), "1"));
    let (differences, summary) = replayed(&served, false).await;
    assert_eq!((differences, summary.difference_count), (Vec::new(), 0));
    // A feast on the day it falls due: the next version has it, the clock stays on its own.
    let due = read(before.due_time).unwrap().to_zoned(jiff::tz::TimeZone::get("Europe/Madrid").unwrap()).date();
    assert_eq!(reason(&supervisor.put_calendar(town("", &[])).await.unwrap_err()), "STALE_ETAG");
    let second = supervisor.put_calendar(town("1", &[(&due.to_string(), "Feria")])).await.unwrap().into_inner();
    assert_eq!(second.version, "2");
    let request = sla::GetCalendarRequest { name: first.name.clone(), version: "1".to_owned() };
    let old = client(&served, Role::Agent).get_calendar(request).await.unwrap().into_inner();
    assert!(old.holidays.iter().all(|holiday| holiday.date != due.to_string()));
    let after = clock_of(&served, &ticket, "fast", |_| true).await;
    assert_eq!(after.due_time, before.due_time);
    let (differences, _) = replayed(&served, true).await;
    let [difference] = differences.as_slice() else { panic!("{differences:?}") };
    assert_eq!((difference.clock.as_str(), difference.calendar_version.as_str()), (before.name.as_str(), "2"));
    assert!(read(difference.due_time_then) > read(difference.due_time_now));
    // Somebody who writes to the database is told of.
    sqlx::query(
        "update sla_monitor.clock set breached_at = null, due_at = due_at + interval '1 day' where rule = 'fast'",
    )
    .execute(&world.admin)
    .await
    .unwrap();
    assert_eq!(replayed(&served, false).await.1.difference_count, 1);
    let request = sla::ListCalendarsRequest { page_size: 100, ..Default::default() };
    let all = policies(&served, Role::Agent).list_calendars(request).await.unwrap().into_inner().calendars;
    assert!(all.len() > 34 && all.iter().any(|c| c.name == first.name && c.version == "2"));
}

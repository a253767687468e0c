//! Policies tried on the past, calendars of the house, and clocks that are derived anew.

use futures::StreamExt as _;
use jiff::Timestamp;
use kernel::Role;
use sla::simulate_policy_response::Item as Simulated;
use sla_monitor_domain::condition::Metric;
use testkit::{Served, eventually};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Direction;

use crate::bad_input::reason;
use crate::filing::Filed;
use crate::house::{activate, clock_of, id, in_force, inquiry, minutes, policy, put};
use crate::sums::Dice;
use crate::world::{SOON, State, Ticket, World, client, clocks_that, later, policies, read, wire};

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

#[tokio::test]
async fn a_trial_and_a_replay_read_page_after_page_and_each_affair_once() {
    // More than are looked at in one go, most of them received at one instant.
    const AFFAIRS: i64 = 1_100;
    let world = World::new().await;
    let served = world.start().await;
    let began = world.now().await;
    let draft = put(&served, policy("real", sla::PolicyMetric::FirstReply, "30min")).await.unwrap();
    activate(&served, &draft, None).await.unwrap();
    let received = world.now().await;
    let tickets: Vec<Ticket> = (0..AFFAIRS).map(|n| inquiry(later(received, (n - 1_050).max(0) / 20))).collect();
    futures::stream::iter(&tickets).for_each_concurrent(8, |ticket| world.open(ticket)).await;
    let started = "select count(*) from sla_monitor.clock where rule = 'real'";
    eventually(SOON, || async {
        let started: i64 = sqlx::query_scalar(started).fetch_one(&world.admin).await.unwrap();
        if started == AFFAIRS { Ok(()) } else { Err(started) }
    })
    .await;
    let (flips, same) = simulate(&served, "policies/real", began).await;
    let total = same.total.unwrap();
    assert_eq!((total.affair_count, total.open_count, flips.len()), (AFFAIRS, AFFAIRS, 0));
    let stricter = put(&served, policy("never", sla::PolicyMetric::NextReply, "1min")).await.unwrap();
    let (flips, _) = simulate(&served, &stricter.name, began).await;
    let mut told: Vec<&str> = flips.iter().map(|flip| flip.ticket.as_str()).collect();
    let mut all: Vec<&str> = tickets.iter().map(|ticket| ticket.name.as_str()).collect();
    told.sort_unstable();
    all.sort_unstable();
    assert_eq!(told, all, "each would have a clock that it has not");
    // A replay goes by the same pages.
    sqlx::query("update sla_monitor.clock set due_at = due_at + interval '1 day' where rule = 'real'")
        .execute(&world.admin)
        .await
        .unwrap();
    let (differences, summary) = replayed(&served, false).await;
    let mut told: Vec<&str> = differences.iter().map(|difference| difference.clock.as_str()).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!((i64::try_from(told.len()).unwrap(), summary.difference_count), (AFFAIRS, AFFAIRS));
}

/// Files a ticket as something else.
async fn files(world: &World, ticket: &mut Ticket, kind: ticketing::TicketType, sector: &'static str, at: Timestamp) {
    let was = Filed { kind: ticket.kind, sector: ticket.sector, topic: ticket.topic };
    (ticket.kind, ticket.sector) = (kind, sector);
    world.file(ticket, &was, &Filed { kind, sector, ..was }, at).await;
}

#[tokio::test]
async fn a_trial_counts_from_when_an_affair_came_to_be_of_its_policy_and_lets_go_of_what_ceased_to_be() {
    use ticketing::TicketType as T;
    let world = World::new().await;
    let served = world.start().await;
    let began = world.now().await;
    for (name, metric, only) in
        [("comes", sla::PolicyMetric::Resolution, T::Queja), ("goes", sla::PolicyMetric::RequesterWait, T::Consulta)]
    {
        let mut own = policy(name, metric, "30min");
        let filter = sla::PolicyFilter { ticket_types: vec![only.into()], ..Default::default() };
        own.measure.as_mut().unwrap().filter = Some(filter);
        activate(&served, &put(&served, own).await.unwrap(), None).await.unwrap();
    }
    let received = world.now().await;
    // Filed as what one is about within the half hour of the other, and after it.
    let [mut early, mut late] = [(); 2].map(|()| inquiry(received));
    for (ticket, filed) in [(&mut early, 20), (&mut late, 60)] {
        world.open(ticket).await;
        files(&world, ticket, T::Queja, "general", minutes(received, filed)).await;
        world.resolve(ticket, minutes(received, filed + 20)).await;
    }
    world.caught_up(&served).await;
    let comes = clock_of(&served, &early, "comes", |_| true).await;
    assert_eq!((read(comes.origin_time), comes.breached_time), (Some(minutes(received, 20)), None));
    let goes = clock_of(&served, &late, "goes", |_| true).await;
    assert_eq!((goes.state(), goes.breached_time.is_some()), (sla::ClockState::Cancelled, true));
    let (flips, tried) = simulate(&served, "policies/comes", began).await;
    let total = tried.total.unwrap();
    assert_eq!((flips, total.clock_count, total.kept_count), (vec![], 2, 2));
    let (flips, tried) = simulate(&served, "policies/goes", began).await;
    let total = tried.total.unwrap();
    assert_eq!((flips, total.clock_count), (vec![], 2));
    assert_eq!((total.breached_count, total.fell_away_count), (1, 1));
}

/// Something that may happen to an affair, by its state; answers the state after it.
async fn befalls(world: &World, dice: &mut Dice, ticket: &mut Ticket, state: State, at: Timestamp) -> State {
    let to = |to: State| (state, to);
    let assigned = |from: &str, over: &str, reason: &str| ticketing::TicketAssigned {
        ticket: ticket.name.clone(),
        from_department: from.to_owned(),
        to_department: over.to_owned(),
        owner: "agent-7".to_owned(),
        reason: reason.to_owned(),
        ..Default::default()
    };
    let called = ticketing::SupervisorCalled { ticket: ticket.name.clone(), ..Default::default() };
    match (state, dice.roll(13)) {
        (_, 11 | 12) => {
            use ticketing::TicketType as T;
            let kind = dice.of(&[T::Consulta, T::Queja, T::Reclamacion]);
            let sector = dice.of(&["general", "general", "finance"]);
            files(world, ticket, kind, sector, at).await;
        }
        (State::Resolved, roll) => {
            if roll < 4 {
                world.transition(ticket, to(State::InProgress), "customer_objects", at).await;
                return State::InProgress;
            }
            world.say(ticket, Direction::Inbound, at).await;
        }
        (_, 0 | 1) => world.say(ticket, Direction::Inbound, at).await,
        (_, 2 | 3) => world.say(ticket, Direction::Outbound, at).await,
        (State::InProgress, 4) => {
            world.transition(ticket, to(State::Pending), "documents_missing", at).await;
            return State::Pending;
        }
        (State::InProgress, 5) => {
            world.transition(ticket, to(State::Held), "third_party", at).await;
            return State::Held;
        }
        (State::InProgress, 6) => {
            world.resolve(ticket, at).await;
            return State::Resolved;
        }
        (_, 6) => {
            world.transition(ticket, to(State::Cancelled), "withdrawn", at).await;
            return State::Cancelled;
        }
        (_, 4 | 5) => {
            world.transition(ticket, to(State::InProgress), "", at).await;
            return State::InProgress;
        }
        (_, 7) => world.ticketing.write(&ticket.name, &called, at).await,
        (_, 8) => {
            let comes = assigned(ticket.department, ticket.department, "supervisor_called");
            world.ticketing.write(&ticket.name, &comes, at).await;
        }
        (_, 9) => world.ticketing.write(&ticket.name, &assigned(ticket.department, "works", ""), at).await,
        _ => world.ticketing.write(&ticket.name, &assigned("works", ticket.department, ""), at).await,
    }
    state
}

/// Kept, breached, open, fallen away.
type Verdicts = [i64; 4];

/// What is measured of affairs.
const METRICS: [sla::PolicyMetric; 10] = {
    use sla::PolicyMetric as M;
    [
        M::FirstReply,
        M::NextReply,
        M::PeriodicUpdate,
        M::PausableUpdate,
        M::RequesterWait,
        M::AgentWork,
        M::Resolution,
        M::DepartmentStay,
        M::SupervisorTransfer,
        M::VendorStay,
    ]
};

/// A policy of the metric in this place: of everybody's affairs, or of those of some types, one way or another of counting what they were before.
fn of_some(place: usize, round: usize) -> sla::Policy {
    use ticketing::TicketType as T;
    let metric = METRICS[place];
    let mut own = policy(&metric.as_str_name().to_lowercase().replace('_', "-"), metric, "45min");
    let measure = own.measure.as_mut().unwrap();
    let mut filter = sla::PolicyFilter::default();
    if metric == sla::PolicyMetric::DepartmentStay {
        filter.departments = vec!["sales".to_owned()];
    }
    filter.ticket_types = match (place + round) % 3 {
        0 => Vec::new(),
        1 => vec![T::Consulta.into()],
        _ => vec![T::Queja.into(), T::Reclamacion.into()],
    };
    measure.filter = Some(filter);
    measure.retroactive_start = (place + round).is_multiple_of(2);
    measure.retroactive_pause = measure.retroactive_start && (place / 2 + round).is_multiple_of(2);
    own
}

#[tokio::test]
async fn a_policy_of_each_metric_tried_on_what_it_measured_comes_to_what_it_came_to() {
    assert_eq!(METRICS.len(), Metric::OF_AFFAIRS.len());
    let mut judged = [[0; 4]; METRICS.len()];
    for round in 0..3 {
        for (judged, real) in judged.iter_mut().zip(what_was_measured_is_what_a_trial_comes_to(round).await) {
            (0..4).for_each(|n| judged[n] += real[n]);
        }
    }
    // None is told by what never happened to it.
    for (metric, [kept, breached, _, fell_away]) in METRICS.iter().zip(judged) {
        assert!(kept > 0 && breached > 0 && fell_away > 0, "{metric:?}: {judged:?}");
    }
    assert!((0..4).all(|n| judged.iter().map(|verdicts| verdicts[n]).sum::<i64>() > 30), "{judged:?}");
}

async fn what_was_measured_is_what_a_trial_comes_to(round: usize) -> Vec<Verdicts> {
    const AFFAIRS: i64 = 120;
    let world = World::new().await;
    let served = world.start().await;
    let began = world.now().await;
    for place in 0..METRICS.len() {
        let draft = put(&served, of_some(place, round)).await.unwrap();
        activate(&served, &draft, None).await.unwrap();
    }
    let received = world.now().await;
    let mut dice = Dice(20_261_201 + u64::try_from(round).unwrap());
    for _ in 0..AFFAIRS {
        let mut ticket = Ticket { department: dice.of(&["billing", "sales"]), ..inquiry(received) };
        world.open(&ticket).await;
        let (mut state, mut at) = (State::Acknowledged, received);
        for _ in 0..dice.roll(16) {
            at = minutes(at, i64::try_from(1 + dice.roll(40)).unwrap());
            // Word of some of it comes late.
            let happened = if dice.roll(8) == 0 { minutes(at, -30).max(received) } else { at };
            if state != State::Cancelled {
                state = befalls(&world, &mut dice, &mut ticket, state, happened).await;
            }
        }
    }
    world.caught_up(&served).await;
    let mut judged = Vec::new();
    for metric in METRICS {
        let rule = metric.as_str_name().to_lowercase().replace('_', "-");
        let (flips, tried) = simulate(&served, &format!("policies/{rule}"), began).await;
        assert_eq!(flips, [], "{rule} of round {round}");
        let total = tried.total.unwrap();
        let tried = [total.kept_count, total.breached_count, total.open_count, total.fell_away_count];
        let real: Vec<(String, bool, i64)> = sqlx::query_as(
            "select state, breached_at is not null, count(*) from sla_monitor.clock where rule = $1 group by 1, 2",
        )
        .bind(&rule)
        .fetch_all(&world.admin)
        .await
        .unwrap();
        let count = |fits: fn(&str, bool) -> bool| -> i64 {
            real.iter().filter(|(state, breached, _)| fits(state, *breached)).map(|(_, _, count)| count).sum()
        };
        let real: Verdicts = [
            count(|state, breached| state == "fulfilled" && !breached),
            count(|_, breached| breached),
            count(|state, breached| !matches!(state, "fulfilled" | "cancelled") && !breached),
            count(|state, breached| state == "cancelled" && !breached),
        ];
        assert_eq!(tried, real, "{rule} of round {round}");
        assert_eq!((total.affair_count, total.clock_count), (AFFAIRS, real.iter().sum()), "{rule} of round {round}");
        judged.push(real);
    }
    // Law holds by all an affair ever was, and lets go of it in another sector.
    let (flips, tried) = simulate(&served, "policies/es.l10-2025.17-1.resolve", began).await;
    let total = tried.total.unwrap();
    assert_eq!(flips, [], "law of round {round}");
    assert!(total.fell_away_count > 0 && total.fell_away_count < total.clock_count, "{total:?}");
    judged
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
    replay(served, sla::ReplayClocksRequest { newest_calendars, ..Default::default() }).await
}

/// What a replay tells.
pub async fn replay(
    served: &Served,
    request: sla::ReplayClocksRequest,
) -> (Vec<sla::ClockDifference>, sla::ReplaySummary) {
    use sla::replay_clocks_response::Item;
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

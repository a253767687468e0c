//! ForecastBreach and GetCalibration: what is foretold of breaches, and what came of it.

use kernel::Role;
use sla_monitor_domain::foresight::{Followed, Past, Record, by_line, held_out};
use testkit::Served;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::ForecastCohort as Cohort;
use ventanilla_proto::r#type::v1::Direction;

use crate::house::{clock_of, in_force, inquiry, minutes, policy};
use crate::kills::{by_the_clock, give_clock, pass};
use crate::world::{
    Ticket, World, at, client, clock_in, clocks_that, fields, later, measures, nobody, read, reason, wire,
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 86_400_000;

/// Hours to the answer; the term is of some five hundred.
const TERMS: [i64; 11] = [3, 150, 200, 260, 300, 340, 400, 450, 480, 700, 2_000];

async fn forecast(served: &Served, name: &str) -> sla::BreachForecast {
    let request = sla::ForecastBreachRequest { name: name.to_owned() };
    measures(served, Role::Agent).forecast_breach(request).await.unwrap().into_inner()
}

/// An incident, resolved after so many hours where it was.
async fn incident(world: &World, received: jiff::Timestamp, department: &'static str, hours: Option<i64>) -> String {
    let mut ticket = Ticket::incident(received);
    (ticket.department, ticket.topic) = (department, topic(received));
    world.open(&ticket).await;
    if let Some(hours) = hours {
        world.resolve(&ticket, later(received, hours * HOUR)).await;
    }
    ticket.name
}

/// Every other twenty hours affairs are about outages, for which a skill is asked at the desk.
fn topic(received: jiff::Timestamp) -> &'static str {
    if received.as_second() / 3_600 / 20 % 2 == 0 { "outage" } else { "" }
}

/// The queues that this makes.
const QUEUES: [&str; 3] = ["field-service/*/*", "service-desk/*/*", "service-desk/grid/*"];

#[tokio::test]
async fn the_chance_of_a_breach_is_read_off_the_clocks_of_the_department_or_of_the_house() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    // Half of the answered ones took a day or less, and half took sixty days and some.
    let mut last = String::new();
    for i in 1..=40_i64 {
        let hours = if i <= 20 { i } else { 1_500 + i };
        last = incident(&world, later(now, -100 * DAY - i * HOUR), "service-desk", Some(hours)).await;
    }
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    let young = incident(&world, later(now, -HOUR / 2), "service-desk", None).await;
    let young = clock_in(&served, &young, sla::ClockState::Running).await;
    let told = forecast(&served, &young.name).await;
    assert_eq!((told.cohort(), told.answered_count, told.open_count), (Cohort::Department, 40, 0));
    // All forty were older than it is; those twenty that took longer than its term were late.
    assert!((told.breach_probability.unwrap() - 0.5).abs() < 1e-9, "{:?}", told.breach_probability);
    assert_eq!((read(told.due_time), told.clock), (read(young.due_time), young.name.clone()));
    // One that is a day and more old is of the slow ones; the young one waits at a smaller age and counts for nothing.
    let old = incident(&world, later(now, -30 * HOUR), "service-desk", None).await;
    let old = clock_in(&served, &old, sla::ClockState::Running).await;
    let told = forecast(&served, &old.name).await;
    assert_eq!((told.answered_count, told.breach_probability), (20, Some(1.0)));
    // A department without a past is told of the whole house.
    let other = incident(&world, later(now, -HOUR / 2 - 60_000), "field-service", None).await;
    let other = clock_in(&served, &other, sla::ClockState::Running).await;
    let told = forecast(&served, &other.name).await;
    assert_eq!((told.cohort(), told.answered_count, told.open_count), (Cohort::House, 40, 1));
    let probability = told.breach_probability.unwrap();
    assert!((0.49..=0.52).contains(&probability), "{probability}");
}

#[tokio::test]
async fn nothing_is_foretold_of_what_too_few_tell_and_a_passed_due_instant_is_certain() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let young = incident(&world, later(now, -HOUR), "service-desk", None).await;
    let young = clock_in(&served, &young, sla::ClockState::Running).await;
    let told = forecast(&served, &young.name).await;
    assert_eq!((told.cohort(), told.breach_probability), (Cohort::TooFew, None));
    let late = incident(&world, later(now, -200 * DAY), "service-desk", None).await;
    let late = clock_in(&served, &late, sla::ClockState::Running).await;
    assert_eq!(forecast(&served, &late.name).await.breach_probability, Some(1.0));
    let done = incident(&world, later(now, -5 * HOUR), "service-desk", Some(1)).await;
    let done = clock_in(&served, &done, sla::ClockState::Fulfilled).await;
    let mut agent = measures(&served, Role::Agent);
    let refused = agent.forecast_breach(sla::ForecastBreachRequest { name: done.name }).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CLOCK_NOT_RUNNING"));
    let refused = agent.forecast_breach(sla::ForecastBreachRequest { name: nobody("clocks") }).await.unwrap_err();
    assert_eq!(reason(&refused), "CLOCK_NOT_FOUND");
    let refused = agent.forecast_breach(sla::ForecastBreachRequest { name: "clocks/x".to_owned() }).await.unwrap_err();
    assert_eq!(fields(&refused), ["name"]);
    let refused = measures(&served, Role::Sre).forecast_breach(sla::ForecastBreachRequest { name: young.name }).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn the_report_equals_what_its_own_clocks_would_have_been_told() {
    let world = World::new().await;
    let served = world.start().await;
    let begin = at("2026-01-05T08:00:00Z");
    world.asks("service-desk", &[("outage", "grid")]).await;
    let mut last = String::new();
    for i in 0..150_i64 {
        let department = if i % 10 == 0 { "field-service" } else { "service-desk" };
        let hours = TERMS[usize::try_from(i * 37 % 11).unwrap()];
        let hours = (i % 13 != 0).then_some(hours);
        let name = incident(&world, later(begin, i * 20 * HOUR), department, hours).await;
        if hours.is_some() {
            last = name;
        }
    }
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    let request = sla::GetCalibrationRequest {
        from_time: Some(wire(begin)),
        to_time: Some(wire(world.now().await)),
        department: String::new(),
    };
    let mut auditor = measures(&served, Role::Auditor);
    let report = auditor.get_calibration(request.clone()).await.unwrap().into_inner();
    let history = history(&served).await;
    assert_eq!(history.len(), 150);
    let until = read(report.as_of_time).unwrap().as_microsecond();
    let judged = by_line(&history, until, &[25, 50, 75]);
    assert_eq!(report.by_department.len(), 2);
    for department in &report.by_department {
        let judged = &judged.departments[&department.department];
        let (told, plain) = (department.calibration.clone().unwrap(), judged.record.calibration().unwrap());
        assert_eq!((told.count.unsigned_abs(), department.too_few_count.unsigned_abs()), (plain.count, judged.too_few));
        assert!(told.count > 5, "{} of {}", told.count, department.department);
        for (one, other) in [
            (told.brier_score, plain.brier),
            (told.base_rate, plain.base_rate),
            (told.reliability - told.resolution + told.uncertainty + told.within, told.brier_score),
        ] {
            assert!((one - other).abs() < 1e-9, "{one} {other}");
        }
        assert_eq!(told.rows.iter().map(|row| row.count).sum::<i64>(), told.count);
    }
    // Of each queue what is told of its clocks, from the same experience.
    assert_eq!(report.by_queue.iter().map(|q| q.queue.as_str()).collect::<Vec<_>>(), QUEUES);
    for queue in &report.by_queue {
        let (told, judged) = (queue.calibration.clone().unwrap(), &judged.queues[&queue.queue]);
        let plain = judged.record.calibration().unwrap();
        assert_eq!((told.count.unsigned_abs(), queue.too_few_count.unsigned_abs()), (plain.count, judged.too_few));
        assert!(told.count > 5 && (told.brier_score - plain.brier).abs() < 1e-9, "{} {}", queue.queue, told.count);
    }
    let total = report.total.clone().unwrap();
    let counts = report.by_department.iter().map(|d| d.calibration.as_ref().unwrap().count);
    assert_eq!(total.count, counts.sum::<i64>());
    assert_eq!(total.count, report.by_queue.iter().map(|q| q.calibration.as_ref().unwrap().count).sum::<i64>());
    // A clock of which another end is told makes another score: the comparison sees it.
    let mut forged = history;
    forged
        .iter_mut()
        .filter(|followed| followed.department == "service-desk")
        .take(60)
        .for_each(|followed| followed.past.answered = None);
    let forged = by_line(&forged, until, &[25, 50, 75]).departments["service-desk"].record.calibration().unwrap();
    let desk = report.by_department.iter().find(|d| d.department == "service-desk").unwrap();
    assert!((desk.calibration.as_ref().unwrap().brier_score - forged.brier).abs() > 1e-6);
    // One department alone draws upon what all know, too.
    let only = sla::GetCalibrationRequest { department: "field-service".to_owned(), ..request };
    let only = auditor.get_calibration(only).await.unwrap().into_inner();
    assert_eq!((only.by_department.len(), only.by_department[0].department.as_str()), (1, "field-service"));
    assert_eq!(only.by_queue, report.by_queue[..1]);
    assert_eq!(
        only.by_department[0].calibration.as_ref().map(|c| c.count),
        report.by_department[0].calibration.as_ref().map(|c| c.count)
    );
}

#[tokio::test]
async fn what_repeats_is_foretold_from_its_runs_and_judged_by_them() {
    let world = World::new().await;
    give_clock(&world.admin).await;
    let served = world.start_with(by_the_clock(&world)).await;
    let (_, received) = in_force(&world, &served, policy("next", sla::PolicyMetric::NextReply, "8h")).await;
    // A word that is answered soon, silence for more than a day, and a word that is answered too late.
    let mut runs = Vec::new();
    for n in 0..45_i64 {
        let ticket = inquiry(received);
        world.open(&ticket).await;
        for (wrote, took) in [(60 + n * 100, 65 + n), (5_000 + n * 150, 1_200 + n)] {
            let (wrote, answered) = (minutes(received, wrote), minutes(received, wrote + took));
            world.say(&ticket, Direction::Inbound, wrote).await;
            world.say(&ticket, Direction::Outbound, answered).await;
            runs.push((wrote, answered));
        }
    }
    let (asked, answered) = (inquiry(received), minutes(received, 100));
    world.open(&asked).await;
    for (direction, minute) in [(Direction::Inbound, 60), (Direction::Outbound, 100), (Direction::Inbound, 14_370)] {
        world.say(&asked, direction, minutes(received, minute)).await;
    }
    let clock = clock_of(&served, &asked, "next", |c| c.epoch == 2 && c.state() == sla::ClockState::Running).await;
    pass(&world.admin, 14_400).await;
    // Half an hour old: of ninety runs that took longer, half were late. Whole lives would be as old as the affairs.
    let told = forecast(&served, &clock.name).await;
    assert_eq!((told.cohort(), told.answered_count, told.open_count), (Cohort::Department, 90, 0));
    assert!((told.breach_probability.unwrap() - 0.5).abs() < 1e-9, "{:?}", told.breach_probability);

    runs.push((minutes(received, 60), answered));
    let request = sla::GetCalibrationRequest {
        from_time: Some(wire(received)),
        to_time: Some(wire(minutes(received, 14_000))),
        department: String::new(),
    };
    let report = measures(&served, Role::Auditor).get_calibration(request).await.unwrap().into_inner();
    let past = |(wrote, answered): &(jiff::Timestamp, jiff::Timestamp)| Past {
        received: wrote.as_microsecond(),
        answered: Some(answered.as_microsecond()),
        due: minutes(*wrote, 480).as_microsecond(),
        still: 0,
    };
    let mut all: Vec<Past> = runs.iter().map(past).collect();
    let open = minutes(received, 14_370);
    all.push(Past { answered: None, ..past(&(open, open)) });
    let plain = held_out(&all, read(report.as_of_time).unwrap().as_microsecond(), &[25, 50, 75]);
    let judged = report.total.unwrap();
    assert_eq!(
        (judged.count, report.by_department[0].too_few_count),
        (i64::try_from(plain.predictions.len()).unwrap(), i64::try_from(plain.too_few.len()).unwrap(),)
    );
    let mut record = Record::default();
    record.extend(plain.predictions.iter().map(|prediction| prediction.outcome));
    assert!(judged.count > 20 && (judged.brier_score - record.calibration().unwrap().brier).abs() < 1e-9, "{judged:?}");
}

async fn history(served: &Served) -> Vec<Followed> {
    let mut client = client(served, Role::Auditor);
    let (mut history, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = sla::ListClocksRequest { page_size: 100, page_token, ..Default::default() };
        let page = client.list_clocks(request).await.unwrap().into_inner();
        history.extend(page.clocks.into_iter().map(|clock| {
            let micros = |at: Option<prost_types::Timestamp>| read(at).map(jiff::Timestamp::as_microsecond);
            let due = micros(clock.breached_time).or(micros(clock.due_time)).unwrap();
            let past = Past {
                still: 0,
                received: micros(clock.first_received_time).unwrap(),
                answered: micros(clock.settled_time),
                due,
            };
            let grid =
                clock.department == "service-desk" && !topic(read(clock.first_received_time).unwrap()).is_empty();
            Followed {
                like: format!("{}/{}", clock.subject_type, clock.stage),
                queue: format!("{}/{}/*", clock.department, if grid { "grid" } else { "*" }),
                department: clock.department,
                past,
            }
        }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return history;
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut auditor = measures(&served, Role::Auditor);
    let wrong = sla::GetCalibrationRequest { department: "¿?".to_owned(), ..Default::default() };
    let refused = auditor.get_calibration(wrong).await.unwrap_err();
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, ["from_time", "to_time", "department"].map(str::to_owned).to_vec())
    );
    let request = sla::GetCalibrationRequest {
        from_time: Some(wire(at("2026-01-01T00:00:00Z"))),
        to_time: Some(wire(at("2026-02-01T00:00:00Z"))),
        department: String::new(),
    };
    let nothing = auditor.get_calibration(request.clone()).await.unwrap().into_inner();
    assert_eq!((nothing.total, nothing.by_department.len()), (None, 0));
    assert_eq!(
        measures(&served, Role::Agent).get_calibration(request).await.unwrap_err().code(),
        Code::PermissionDenied
    );
}

/// As many clocks like this one, each of an affair of its own: started between so many hours ago and so many, and of every two that were answered one after
/// ten hours and one after fifteen hundred.
async fn crowd(world: &World, like: &str, (many, from, to): (i64, i64, i64), answered: bool) {
    let like: uuid::Uuid = like.strip_prefix("clocks/").unwrap().parse().unwrap();
    sqlx::query(
        "with new as (
             select gen_random_uuid() as affair, gen_random_uuid() as clock, n,
                    now() - make_interval(secs => 3600.0 * ($3 + ($4 - $3) * n::float8 / $2)) as at
             from generate_series(1, $2) n
         ), affairs as (
             insert into sla_monitor.affair (affair_id, kind, subject_type, sector, topic, department, first_received_at)
             select affair, 'ticket', 'incidencia', 'general', '', 'service-desk', at from new
         )
         insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, calendar_version, subject_type,
             department, state, epoch, first_origin_at, origin_at, due_at, settled_at, breached_at, traceparent)
         select clock, affair, 'tickets/' || affair, c.rule, c.rule_version, c.kind, c.stage, c.calendar, c.calendar_version, c.subject_type,
                c.department, case when $5 then 'fulfilled' else 'running' end, 1, at, at, at + interval '500 hours',
                case when $5 then at + make_interval(hours => case when n % 2 = 0 then 10 else 1500 end) end,
                case when $5 and n % 2 = 1 then at + interval '500 hours' end, ''
         from new, sla_monitor.clock c where c.clock_id = $1",
    )
    .bind(like)
    .bind(i32::try_from(many).unwrap())
    .bind(f64::from(i32::try_from(from).unwrap()))
    .bind(f64::from(i32::try_from(to).unwrap()))
    .bind(answered)
    .execute(&world.admin)
    .await
    .unwrap();
}

#[tokio::test]
async fn those_that_are_too_young_to_have_ended_do_not_hide_those_that_did() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let young = incident(&world, later(now, -HOUR / 2), "service-desk", None).await;
    let young = clock_in(&served, &young, sla::ClockState::Running).await;
    // Of the last day more than are looked at, and more than are judged at once; before them, for a year, those that ended.
    crowd(&world, &young.name, (21_000, 1, 24), false).await;
    crowd(&world, &young.name, (9_000, 24 * 70, 24 * 365), true).await;
    sqlx::query("analyze sla_monitor.clock").execute(&world.admin).await.unwrap();
    let told = forecast(&served, &young.name).await;
    assert_eq!(told.cohort(), Cohort::Department, "{told:?}");
    let probability = told.breach_probability.unwrap();
    assert!((probability - 0.5).abs() < 0.05, "of those that ended one in two was breached: {probability}");
    let asked = sla::ForecastResolutionRequest {
        subject_type: "incidencia".into(),
        department: "service-desk".into(),
        percent: 40,
        start_time: Some(wire(now)),
        ..Default::default()
    };
    let by = client(&served, Role::Agent).forecast_resolution(asked).await.unwrap().into_inner();
    assert_eq!((by.cohort(), read(by.earliest_time)), (Cohort::Department, Some(later(now, 10 * HOUR))), "{by:?}");
    let request = sla::GetCalibrationRequest {
        from_time: Some(wire(later(now, -366 * DAY))),
        to_time: Some(wire(world.now().await)),
        department: String::new(),
    };
    // Nine thousand forecasts, however busy the machine is.
    let mut request = tonic::Request::new(request);
    request.set_timeout(std::time::Duration::from_secs(30));
    let report = measures(&served, Role::Auditor).get_calibration(request).await.unwrap().into_inner();
    let judged = report.total.unwrap();
    assert!(judged.count > 5_000, "{judged:?}");
    // Whatever was open at a quarter of its term was breached.
    assert!(judged.base_rate > 0.9, "{judged:?}");
}

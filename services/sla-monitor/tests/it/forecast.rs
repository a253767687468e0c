//! ForecastResolution: what affairs like it tell of one that is not answered.

use kernel::Role;
use testkit::Served;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::ForecastCohort as Cohort;

use crate::world::{State, Ticket, World, at, client, clocks_that, later, read, wire};

const HOUR: i64 = 3_600_000;

fn asked(department: &str, start: jiff::Timestamp) -> sla::ForecastResolutionRequest {
    sla::ForecastResolutionRequest {
        subject_type: "incidencia".into(),
        department: department.into(),
        start_time: Some(server::parse::time_to_proto(start)),
        ..Default::default()
    }
}

async fn forecast(served: &Served, request: sla::ForecastResolutionRequest) -> sla::Forecast {
    client(served, Role::Agent).forecast_resolution(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn as_many_percent_were_answered_by_then_of_the_department_or_of_the_house() {
    let world = World::new().await;
    let served = world.start().await;
    let begin = at("2026-03-02T08:00:00Z");
    let mut last = String::new();
    for hours in 1..=40_i64 {
        let mut ticket = Ticket::incident(later(begin, hours * HOUR));
        ticket.department = if hours <= 30 { "service-desk" } else { "field-service" };
        world.open(&ticket).await;
        world.resolve(&ticket, later(ticket.received, hours * HOUR)).await;
        last = ticket.name;
    }
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    let now = world.harness.surroundings.ambient.now();
    let own = forecast(
        &served,
        sla::ForecastResolutionRequest {
            due_time: Some(server::parse::time_to_proto(later(now, 15 * HOUR))),
            ..asked("service-desk", now)
        },
    )
    .await;
    assert_eq!((own.cohort(), own.basis_count, own.percent), (Cohort::Department, 30, 80));
    assert_eq!(read(own.earliest_time), Some(later(now, 24 * HOUR)));
    assert!((own.kept_share.unwrap() - 0.5).abs() < 1e-9);
    // The other department has answered ten: all forty tell.
    let house = forecast(&served, asked("field-service", now)).await;
    assert_eq!((house.cohort(), house.basis_count), (Cohort::House, 40));
    assert_eq!(read(house.earliest_time), Some(later(now, 32 * HOUR)));
    // One that is half a day old is one of those that take longer.
    let old = later(now, -10 * HOUR);
    let older = forecast(&served, sla::ForecastResolutionRequest { percent: 50, ..asked("service-desk", old) }).await;
    assert_eq!((older.basis_count, read(older.earliest_time)), (20, Some(later(old, 20 * HOUR))));
    let oldest = forecast(&served, asked("service-desk", later(now, -35 * HOUR))).await;
    assert_eq!((oldest.cohort(), oldest.earliest_time, oldest.kept_share), (Cohort::TooFew, None, None));
    let unknown = sla::ForecastResolutionRequest { subject_type: "consulta".into(), ..asked("service-desk", now) };
    assert_eq!(forecast(&served, unknown).await.cohort(), Cohort::TooFew);
}

#[tokio::test]
async fn how_old_an_affair_is_goes_by_the_databases_time_whatever_the_service_believes() {
    for days in [-30, 30] {
        let world = World::skewed(jiff::SignedDuration::from_hours(24 * days)).await;
        let served = world.start().await;
        let begin = at("2026-03-02T08:00:00Z");
        let mut last = String::new();
        for hours in 1..=40_i64 {
            let ticket = Ticket::incident(later(begin, hours * HOUR));
            world.open(&ticket).await;
            world.resolve(&ticket, later(ticket.received, hours * HOUR)).await;
            last = ticket.name;
        }
        clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
        let now = world.now().await;
        let told = forecast(&served, asked("customer-service", now)).await;
        assert_eq!((told.cohort(), told.basis_count), (Cohort::Department, 40), "{days} days off");
        assert_eq!(read(told.earliest_time), Some(later(now, 32 * HOUR)), "{days} days off");
        served.stop().await;
    }
}

#[tokio::test]
async fn affairs_that_still_wait_are_not_left_out() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let mut last = String::new();
    // Thirty are answered, one an hour; thirty of the same time wait since a hundred days.
    for hours in 1..=30_i64 {
        for answered in [true, false] {
            let ticket = Ticket::incident(later(now, -2_400 * HOUR - hours * 1_000));
            world.open(&ticket).await;
            if answered {
                world.resolve(&ticket, later(ticket.received, hours * HOUR)).await;
                last = ticket.name;
            }
        }
    }
    // One was given up after five hours.
    let given_up = Ticket::incident(later(now, -2_400 * HOUR));
    world.open(&given_up).await;
    world.transition(&given_up, (State::InProgress, State::Cancelled), "", later(given_up.received, 5 * HOUR)).await;
    clocks_that(&served, &last, |c| c.len() == 1 && c[0].settled_time.is_some()).await;
    clocks_that(&served, &given_up.name, |c| c.len() == 1 && c[0].settled_time.is_some()).await;

    let asked = |percent| sla::ForecastResolutionRequest {
        percent,
        due_time: Some(wire(later(now, 4 * HOUR))),
        ..asked("customer-service", now)
    };
    let told = forecast(&served, asked(40)).await;
    assert_eq!((told.cohort(), told.basis_count, told.open_count), (Cohort::Department, 30, 31));
    // Of sixty-one, four were answered by then. Those that were answered alone would tell twelve hours, and four of thirty.
    assert!((told.kept_share.unwrap() - 4.0 / 61.0).abs() < 1e-9, "{told:?}");
    // Five of sixty-one are answered when one of fifty-six falls out; each of the next is one of sixty.
    let by = |n: f64| 1.0 - 56.0 / 61.0 * (55.0 - (n - 5.0)) / 55.0;
    let hours = (6..=30).find(|n| by(f64::from(*n)) >= 0.4).unwrap();
    assert_eq!((read(told.earliest_time), told.not_before_time), (Some(later(now, i64::from(hours) * HOUR)), None));
    // Eighty of a hundred never were, as far as any of them was followed.
    let unreached = forecast(&served, asked(80)).await;
    assert_eq!((unreached.cohort(), unreached.earliest_time), (Cohort::Department, None));
    let not_before = read(unreached.not_before_time).unwrap();
    assert!(not_before >= later(now, 2_400 * HOUR) && not_before < later(now, 2_401 * HOUR), "{not_before}");
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let wrong = sla::ForecastResolutionRequest { percent: 100, subject_type: "¿?".into(), ..Default::default() };
    let refused = client(&served, Role::Agent).forecast_resolution(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = tonic_types::StatusExt::get_error_details(&refused);
    let fields: Vec<&str> = details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["subject_type", "department", "start_time", "percent"]);
}

//! ForecastResolution: what affairs that were answered tell of one that is not.

use kernel::Role;
use testkit::Served;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::ForecastCohort as Cohort;

use crate::world::{Ticket, World, at, client, clocks_that, later, read};

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
    assert_eq!(own.kept_share, Some(0.5));
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

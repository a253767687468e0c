//! The law of the day of the first receipt holds.

use ventanilla_proto::sla::v1 as sla;

use crate::world::{Ticket, World, at, client, clocks, clocks_that, read};

#[tokio::test]
async fn the_same_complaint_gets_another_term_on_the_other_side_of_28_december_2025() {
    let world = World::new().await;
    let served = world.start().await;
    let old = Ticket::complaint(at("2025-12-27T12:00:00+01:00")).of_sector("finance");
    let new = Ticket::complaint(at("2025-12-29T12:00:00+01:00")).of_sector("finance");
    world.open(&old).await;
    world.open(&new).await;
    let (old, new) = (clocks(&served, &old.name, 1).await.remove(0), clocks(&served, &new.name, 1).await.remove(0));
    assert_eq!(old.rule, "es.fin.eco734-15.decide");
    assert_eq!(read(old.due_time), Some(at("2026-02-27T22:59:59.999999Z")));
    assert_eq!(new.rule, "es.fin.29septies-1.decide");
    assert_eq!(read(new.due_time), Some(at("2026-01-29T22:59:59.999999Z")));
}

#[tokio::test]
async fn a_general_complaint_of_before_the_law_has_no_clock_and_an_incident_has_the_houses() {
    let world = World::new().await;
    let served = world.start().await;
    let complaint = Ticket::complaint(at("2025-12-27T12:00:00+01:00"));
    let incident = Ticket::incident(at("2010-04-01T00:59:00Z"));
    world.open(&complaint).await;
    world.open(&incident).await;
    let clock = clocks(&served, &incident.name, 1).await.remove(0);
    assert_eq!((clock.rule.as_str(), clock.kind()), ("house.incident.resolution", sla::PolicyKind::Sla));
    assert_eq!(clocks(&served, &complaint.name, 0).await, []);
}

#[tokio::test]
async fn a_department_in_the_canaries_counts_on_its_own_calendar() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.law.department_calendars.insert("las-palmas".to_owned(), "es.canarias".to_owned());
    let served = world.start_with(settings).await;
    let mut ticket = Ticket::complaint(at("2026-03-03T00:30:00+01:00")).about("billing");
    ticket.department = "las-palmas";
    world.open(&ticket).await;
    let clock = clocks(&served, &ticket.name, 1).await.remove(0);
    assert_eq!(clock.calendar, "calendars/es.canarias");
    assert_eq!(read(clock.due_time), Some(at("2026-03-07T23:59:59.999999Z")));
}

/// What an agent tells a customer and the clock of the affair are counted on one calendar, so that nobody is told a day that is not theirs.
#[tokio::test]
async fn a_preview_for_an_affair_counts_on_the_calendar_of_its_clocks() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.law.department_calendars.insert("las-palmas".to_owned(), "es.canarias".to_owned());
    let served = world.start_with(settings).await;
    let mut ticket = Ticket::complaint(at("2026-03-03T00:30:00+01:00")).about("billing");
    ticket.department = "las-palmas";
    world.open(&ticket).await;
    let clock = clocks(&served, &ticket.name, 1).await.remove(0);
    let unheard = Ticket::complaint(ticket.received);
    let client = client(&served, kernel::Role::Agent);
    let due = |subject: &str, department: &str, calendar: &str| {
        let request = sla::PreviewDueRequest {
            policy: clock.policy.clone(),
            start_time: Some(crate::world::wire(ticket.received)),
            calendar: calendar.to_owned(),
            subject: subject.to_owned(),
            department: department.to_owned(),
        };
        let mut client = client.clone();
        async move { read(client.preview_due(request).await.unwrap().into_inner().due_time).unwrap() }
    };
    let (canaries, madrid) = (at("2026-03-07T23:59:59.999999Z"), at("2026-03-08T22:59:59.999999Z"));
    assert_eq!(read(clock.due_time), Some(canaries));
    assert_eq!(due(&ticket.name, "", "").await, canaries);
    assert_eq!(due(&ticket.name, "customer-service", "").await, canaries, "who works on it by now moves no clock");
    assert_eq!(due(&unheard.name, "las-palmas", "").await, canaries);
    assert_eq!(due(&unheard.name, "customer-service", "").await, madrid);
    assert_eq!(due("", "", "").await, madrid);
    assert_eq!(due(&ticket.name, "las-palmas", "calendars/es.madrid").await, madrid);
}

#[tokio::test]
async fn another_reading_is_a_switch_and_the_proof_shows_it() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.law.switches.insert("es.l10-2025.17-3.unit".to_owned(), "5bd".to_owned());
    let served = world.start_with(settings).await;
    let ticket = Ticket::complaint(at("2026-04-30T12:00:00+02:00")).about("billing");
    world.open(&ticket).await;
    let clock = clocks_that(&served, &ticket.name, |c| c.len() == 1).await.remove(0);
    assert_eq!(read(clock.due_time), Some(at("2026-05-08T21:59:59.999999Z")));
    let mut client = client(&served, kernel::Role::Auditor);
    let policy = client
        .get_policy(sla::GetPolicyRequest { name: clock.policy, ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    let reading = policy.reading.unwrap();
    assert_eq!((reading.value.as_str(), reading.strict_value.as_str()), ("5bd", "5cd"));
}

#[tokio::test]
async fn an_unknown_switch_or_calendar_stops_the_start() {
    let world = World::new().await;
    let peers =
        ["ticketing", "ombudsman-escalation", "customer-profile"].map(|peer| (peer, ([127, 0, 0, 1], 1).into()));
    let mut switch = world.settings();
    switch.law.switches.insert("no.such.switch".to_owned(), "x".to_owned());
    let mut calendar = world.settings();
    calendar.law.calendar = "fr.paris".to_owned();
    for settings in [switch, calendar] {
        let house = world.harness.house_with("sla-monitor", &peers);
        let error = ventanilla_sla_monitor::assemble(settings, house).await.err().unwrap();
        assert!(error.to_string().starts_with("check `service.law`"), "{error}");
    }
}

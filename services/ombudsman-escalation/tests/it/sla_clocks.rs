//! What sla-monitor's ledger tells of a case is shown on the case.

use kernel::ResourceId as _;
use ledger::{Follower, Ledger, Received, Standings};
use ombudsman_escalation::{SOURCE, reactions::sla_monitor::Clocks};
use prost::{Message, Name};
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

use crate::world::{World, time};

fn entry<M: Message + Name>(position: i64, payload: &M) -> Received {
    let actor = Actor { kind: ActorKind::System.into(), id: "sla-monitor".into(), department: String::new() };
    let entry = Entry {
        position,
        aggregate: "clocks/1".into(),
        r#type: M::full_name(),
        occurred_time: time("2026-11-23T09:00:00Z"),
        recorded_time: time("2026-11-23T09:00:00Z"),
        actor: Some(actor),
        payload: payload.encode_to_vec(),
        ..Default::default()
    };
    Received::read(entry).unwrap()
}

#[tokio::test]
async fn the_term_to_decide_and_its_breach_stand_on_the_case() {
    let world = World::staffed().await;
    let case = world.case().await.name;
    assert!(ombudsman_escalation_domain::CaseId::parse(&case).is_ok());
    let ledger = Ledger::open(world.database.db().await, SOURCE);
    let ambient = world.harness.surroundings.ambient.clone();
    let follower =
        Follower::new(ledger, "sla-monitor", Clocks::new(ambient.clone()), ambient, Standings::new(&["sla-monitor"]));

    let started = sla::ClockStarted {
        clock: "clocks/1".into(),
        subject: case.clone(),
        rule: "es.fin.29septies-1.decide".into(),
        stage: "decide".into(),
        due_time: time("2026-12-23T22:59:59Z"),
        ..Default::default()
    };
    let elsewhere = sla::ClockStarted { subject: "tickets/1".into(), clock: "clocks/2".into(), ..started.clone() };
    follower.apply(&[entry(1, &started), entry(2, &elsewhere)]).await.unwrap();
    assert_eq!(world.get(&case).await.decide_due_time, started.due_time);

    let moved = sla::ClockMoved {
        clock: "clocks/1".into(),
        subject: case.clone(),
        due_time: time("2027-01-02T22:59:59Z"),
        ..Default::default()
    };
    let breached = sla::ClockBreached {
        clock: "clocks/1".into(),
        subject: case.clone(),
        breached_time: time("2027-01-02T22:59:59Z"),
        ..Default::default()
    };
    follower.apply(&[entry(3, &moved), entry(4, &breached)]).await.unwrap();
    let shown = world.get(&case).await;
    assert_eq!((shown.decide_due_time, shown.decide_breached_time), (moved.due_time, breached.breached_time));
}

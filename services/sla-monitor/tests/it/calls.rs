//! RecordCalls: what telephone systems measured.

use jiff::Timestamp;
use kernel::Role;
use testkit::Served;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::WaitEnd;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::world::{World, at, fields, later, measures, reason, wire};

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400_000;

pub fn call(id: &str, arrived: Timestamp, end: WaitEnd, waited_ms: i64) -> sla::MeasuredCall {
    sla::MeasuredCall {
        external_id: id.to_owned(),
        department: "billing".to_owned(),
        queue: "invoices".to_owned(),
        channel: Channel::Phone.into(),
        language: Language::Ca.into(),
        arrived_time: Some(wire(arrived)),
        wait_end: end.into(),
        wait_ended_time: Some(wire(later(arrived, waited_ms))),
        ..sla::MeasuredCall::default()
    }
}

pub fn request(world: &World, calls: Vec<sla::MeasuredCall>) -> sla::RecordCallsRequest {
    let ambient = &world.harness.surroundings.ambient;
    let request_id = ambient.uuid(ambient.now()).to_string();
    sla::RecordCallsRequest { source_system: "pbx-madrid".to_owned(), calls, request_id }
}

pub async fn record(served: &Served, request: sla::RecordCallsRequest) -> Result<(i32, i32), Status> {
    let answer = measures(served, Role::Ivr).record_calls(request).await?.into_inner();
    Ok((answer.recorded_count, answer.known_count))
}

pub async fn parameters(served: &Served, from: Timestamp, to: Timestamp, department: &str) -> sla::ServiceParameters {
    let request = sla::GetServiceParametersRequest {
        from_time: Some(wire(from)),
        to_time: Some(wire(to)),
        department: department.to_owned(),
    };
    measures(served, Role::Auditor).get_service_parameters(request).await.unwrap().into_inner()
}

pub fn of<'a>(told: &'a sla::ServiceParameters, id: &str, kind: &str) -> &'a sla::ServiceParameter {
    told.parameters.iter().find(|parameter| parameter.id == id && parameter.of == kind).unwrap()
}

pub fn counts(told: &sla::ServiceParameters, id: &str) -> (i64, i64) {
    let parameter = of(told, id, "");
    (parameter.with_count, parameter.of_count)
}

/// Numbers that look like chance and are always the same.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % bound).unwrap()
    }
}

/// Calls of July and some of August, of two departments and two channels.
pub fn many(dice: &mut Dice, count: i64) -> Vec<sla::MeasuredCall> {
    let begin = at("2026-07-01T00:00:00Z");
    let one = |i: i64| {
        let arrived = later(begin, dice.below(40 * 86_400_000));
        let end = [WaitEnd::Answered, WaitEnd::Answered, WaitEnd::Answered, WaitEnd::Abandoned, WaitEnd::HungUp]
            [usize::try_from(dice.below(5)).unwrap()];
        let mut call = call(&format!("call-{i}"), arrived, end, dice.below(240_000));
        call.channel = if dice.below(5) == 0 { Channel::Chat.into() } else { Channel::Phone.into() };
        call.department = ["billing", "sales"][usize::try_from(dice.below(2)).unwrap()].to_owned();
        call.served_first = dice.below(10) == 0;
        if dice.below(3) == 0 {
            let asked = later(arrived, dice.below(30_000));
            call.human_requested_time = Some(wire(asked));
            call.human_time = (dice.below(8) > 0).then(|| wire(later(asked, dice.below(200_000))));
        }
        if dice.below(4) == 0 {
            call.supervisor_requested_time = Some(wire(arrived));
            match dice.below(3) {
                0 => call.supervisor_time = Some(wire(later(arrived, dice.below(300_000)))),
                1 => call.supervisor_later_time = Some(wire(later(arrived, dice.below(172_800_000)))),
                _ => {}
            }
        }
        call
    };
    (0..count).map(one).collect()
}

#[tokio::test]
async fn a_call_counts_once_however_often_it_is_sent() {
    let world = World::new().await;
    let served = world.start().await;
    let arrived = at("2026-07-02T09:00:00Z");
    let [one, two, three] = ["1", "2", "3"].map(|id| call(id, arrived, WaitEnd::Answered, 20 * SECOND));
    assert_eq!(record(&served, request(&world, vec![one.clone(), two.clone()])).await.unwrap(), (2, 0));
    assert_eq!(record(&served, request(&world, vec![two.clone(), three.clone(), one.clone()])).await.unwrap(), (1, 2));
    assert_eq!(record(&served, request(&world, vec![one.clone(), two])).await.unwrap(), (0, 2));
    // The same id in another system is another call.
    let other = sla::RecordCallsRequest { source_system: "pbx-cadiz".to_owned(), ..request(&world, vec![one]) };
    assert_eq!(record(&served, other).await.unwrap(), (1, 0));
    let told = parameters(&served, arrived, later(arrived, 1), "").await;
    assert_eq!(counts(&told, "calls_answered_within_3_min"), (4, 4));
    // What was new is in the ledger once, and a request that brought nothing new wrote nothing.
    let entries = world.told::<sla::CallsMeasured>().await;
    let ids = |calls: &[sla::JudgedCall]| calls.iter().map(|c| c.call.clone().unwrap().external_id).collect::<Vec<_>>();
    let told: Vec<Vec<String>> = entries.iter().map(|entry| ids(&entry.payload.calls)).collect();
    assert_eq!(told, [vec!["1", "2"], vec!["3"], vec!["1"]]);
}

#[tokio::test]
async fn a_call_with_other_content_is_refused_by_name_and_nothing_is_recorded() {
    let world = World::new().await;
    let served = world.start().await;
    let arrived = at("2026-07-02T09:00:00Z");
    let [one, two, three] = ["1", "2", "3"].map(|id| call(id, arrived, WaitEnd::Answered, 20 * SECOND));
    record(&served, request(&world, vec![one.clone(), two.clone()])).await.unwrap();
    let longer = sla::MeasuredCall { wait_ended_time: Some(wire(later(arrived, 21 * SECOND))), ..two.clone() };
    let spoken = sla::MeasuredCall { language: Language::Es.into(), ..one.clone() };
    let first = sla::MeasuredCall { served_first: true, ..one.clone() };
    let elsewhere = sla::MeasuredCall { queue: String::new(), ..one.clone() };
    let asked = sla::MeasuredCall { human_requested_time: Some(wire(arrived)), ..one.clone() };
    for other in [longer, spoken, first, elsewhere, asked] {
        let refused = record(&served, request(&world, vec![three.clone(), other])).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "CALL_DIFFERS"));
        assert_eq!(refused.get_details_error_info().unwrap().metadata["calls"], "calls[1]");
    }
    let told = parameters(&served, arrived, later(arrived, 1), "").await;
    assert_eq!(counts(&told, "calls_answered_within_3_min"), (2, 2));
    assert_eq!(record(&served, request(&world, vec![three])).await.unwrap(), (1, 0));
}

#[tokio::test]
async fn a_request_that_is_sent_again_has_its_answer_again() {
    let world = World::new().await;
    let served = world.start().await;
    let arrived = at("2026-07-02T09:00:00Z");
    let sent = request(&world, vec![call("1", arrived, WaitEnd::Answered, SECOND)]);
    assert_eq!(record(&served, sent.clone()).await.unwrap(), (1, 0));
    assert_eq!(record(&served, sent.clone()).await.unwrap(), (1, 0));
    let other = sla::RecordCallsRequest { source_system: "pbx-cadiz".to_owned(), ..sent };
    assert_eq!(reason(&record(&served, other).await.unwrap_err()), "REQUEST_ID_REUSED");
    assert_eq!(world.told::<sla::CallsMeasured>().await.len(), 1);
}

#[tokio::test]
async fn systems_that_send_the_same_calls_at_once_record_each_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut calls = many(&mut Dice(3), 100);
    let mut sent = Vec::new();
    for _ in 0..6 {
        calls.reverse();
        sent.push(record(&served, request(&world, calls.clone())));
    }
    let answers = futures::future::join_all(sent).await;
    let recorded: i32 = answers.into_iter().map(|answer| answer.unwrap().0).sum();
    assert_eq!(recorded, 100);
    let told: usize = world.told::<sla::CallsMeasured>().await.iter().map(|entry| entry.payload.calls.len()).sum();
    assert_eq!(told, 100);
}

#[tokio::test]
async fn all_that_is_wrong_in_any_call_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let arrived = at("2026-07-02T09:00:00Z");
    let good = call("1", arrived, WaitEnd::Answered, SECOND);
    let before = Some(wire(later(arrived, -1)));
    let wrong = vec![
        sla::MeasuredCall {
            external_id: "600123456".to_owned(),
            department: "¿?".to_owned(),
            queue: "A b".to_owned(),
            channel: 0,
            language: 77,
            ..good.clone()
        },
        sla::MeasuredCall {
            external_id: "+34600123456".to_owned(),
            arrived_time: None,
            wait_end: 9,
            wait_ended_time: None,
            ..good.clone()
        },
        sla::MeasuredCall {
            external_id: String::new(),
            wait_ended_time: before,
            human_requested_time: before,
            supervisor_requested_time: before,
            supervisor_time: before,
            supervisor_later_time: Some(wire(arrived)),
            ..good.clone()
        },
        sla::MeasuredCall {
            human_time: Some(wire(arrived)),
            supervisor_time: Some(wire(arrived)),
            arrived_time: Some(wire(later(world.now().await, DAY))),
            ..good.clone()
        },
        good.clone(),
    ];
    let sent = sla::RecordCallsRequest { source_system: String::new(), calls: wrong, request_id: "x".to_owned() };
    let refused = record(&served, sent).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    let expected = [
        "source_system",
        "request_id",
        "calls[0].external_id",
        "calls[0].department",
        "calls[0].queue",
        "calls[0].channel",
        "calls[0].language",
        "calls[1].external_id",
        "calls[1].arrived_time",
        "calls[1].wait_end",
        "calls[1].wait_ended_time",
        "calls[2].external_id",
        "calls[2].wait_ended_time",
        "calls[2].human_requested_time",
        "calls[2].supervisor_requested_time",
        "calls[2].supervisor_later_time",
        "calls[3].arrived_time",
        "calls[3].human_time",
        "calls[3].supervisor_time",
        "calls[4].external_id",
    ];
    assert_eq!(fields(&refused), expected);
    for calls in [Vec::new(), vec![good.clone(); 501]] {
        assert_eq!(fields(&record(&served, request(&world, calls)).await.unwrap_err()), ["calls"]);
    }
    let mut client = measures(&served, Role::Auditor);
    let asked = sla::GetServiceParametersRequest { department: "-".to_owned(), ..Default::default() };
    assert_eq!(
        fields(&client.get_service_parameters(asked).await.unwrap_err()),
        ["from_time", "to_time", "department"]
    );
    let backwards = sla::GetServiceParametersRequest {
        from_time: Some(wire(arrived)),
        to_time: Some(wire(arrived)),
        ..Default::default()
    };
    assert_eq!(fields(&client.get_service_parameters(backwards).await.unwrap_err()), ["to_time"]);
}

#[tokio::test]
async fn who_measures_may_not_read_and_who_reads_may_not_measure() {
    let world = World::new().await;
    let served = world.start().await;
    let arrived = at("2026-07-02T09:00:00Z");
    for role in [Role::Agent, Role::Supervisor, Role::Auditor, Role::Customer] {
        let sent = request(&world, vec![call("1", arrived, WaitEnd::Answered, SECOND)]);
        let refused = measures(&served, role).record_calls(sent).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
    let asked = sla::GetServiceParametersRequest {
        from_time: Some(wire(arrived)),
        to_time: Some(wire(later(arrived, 1))),
        ..Default::default()
    };
    for role in [Role::Ivr, Role::Customer] {
        let refused = measures(&served, role).get_service_parameters(asked.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
}

#[tokio::test]
async fn what_was_measured_cannot_be_changed() {
    let world = World::new().await;
    let served = world.start().await;
    record(&served, request(&world, vec![call("1", at("2026-07-02T09:00:00Z"), WaitEnd::HungUp, SECOND)]))
        .await
        .unwrap();
    for statement in ["update sla_monitor.call set ended_as = 'answered'", "delete from sla_monitor.call"] {
        let refused = sqlx::query(statement).execute(&world.admin).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
}

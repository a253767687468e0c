//! Policies of the house about calls: judged when a call is recorded, counted beside the law's figures, explained, and tried on the past.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use testkit::Served;
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::{AbandonedCalls, PolicyMetric, PolicyVerdict, WaitEnd};
use ventanilla_proto::r#type::v1::Channel;
use ventanilla_sla_monitor::recompute::{Abandoned, Period, recompute_targets};

use crate::calls::{Dice, call, parameters, record, request};
use crate::house::{activate, in_force, policy, put};
use crate::parameters::exported;
use crate::trials::simulate;
use crate::world::{World, fields, later, measures, read, reason, wire};

const SECOND: i64 = 1_000;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A policy about calls: so many percent within a term, of some queues or of all.
fn asks(name: &str, metric: PolicyMetric, (term, percent): (&str, i32), queues: &[&str]) -> sla::Policy {
    let mut policy = policy(name, metric, term);
    policy.measure = Some(sla::PolicyMeasure {
        metric: metric.into(),
        target_percent: percent,
        filter: Some(sla::PolicyFilter {
            queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
            ..Default::default()
        }),
        // Where calls are told apart by line, the line comes first.
        rank: i32::from(queues.is_empty()),
        ..Default::default()
    });
    policy
}

const QUEUES: [&str; 3] = ["invoices", "meters", ""];

/// Calls that arrive within an hour, many of them about the edges of the terms.
fn arriving(dice: &mut Dice, from: Timestamp, count: i64) -> Vec<sla::MeasuredCall> {
    let one = |n: i64| {
        let end = [WaitEnd::Answered, WaitEnd::Answered, WaitEnd::Answered, WaitEnd::Abandoned, WaitEnd::HungUp]
            [usize::try_from(dice.below(5)).unwrap()];
        let waited = [dice.below(45) * SECOND, 20 * SECOND, 20 * SECOND + 1, 30 * SECOND, 30 * SECOND + 1]
            [usize::try_from(dice.below(5)).unwrap()];
        let mut call = call(&format!("c-{n}"), later(from, dice.below(3_600 * 1_000)), end, waited);
        call.queue = QUEUES[usize::try_from(dice.below(3)).unwrap()].to_owned();
        call.department = ["billing", "sales"][usize::try_from(dice.below(2)).unwrap()].to_owned();
        if dice.below(2) == 0 {
            let asked = later(read(call.arrived_time).unwrap(), dice.below(5_000));
            call.human_requested_time = Some(wire(asked));
            call.human_time = (dice.below(6) > 0).then(|| wire(later(asked, dice.below(90_000))));
        }
        call
    };
    (0..count).map(one).collect()
}

/// From one instant of a call to another, in milliseconds.
fn between(from: Option<prost_types::Timestamp>, to: Option<prost_types::Timestamp>) -> Option<i64> {
    Some(read(to)?.as_millisecond() - read(from)?.as_millisecond())
}

/// What a policy makes of calls, by plain arithmetic: kept, missed, left out, and how long those took that were served.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plain {
    kept: i64,
    missed: i64,
    left_out: i64,
    served: Vec<i64>,
}

impl Plain {
    fn answered<'a>(calls: impl IntoIterator<Item = &'a sla::MeasuredCall>, term: i64, leaves_out: bool) -> Self {
        let mut plain = Self::default();
        for call in calls {
            let waited = between(call.arrived_time, call.wait_ended_time).unwrap();
            match call.wait_end() {
                WaitEnd::Answered if waited <= term => plain.kept += 1,
                WaitEnd::Abandoned if waited <= term && leaves_out => plain.left_out += 1,
                _ => plain.missed += 1,
            }
            plain.served.extend((call.wait_end() == WaitEnd::Answered).then_some(waited));
        }
        plain
    }

    fn persons<'a>(calls: impl IntoIterator<Item = &'a sla::MeasuredCall>, term: i64) -> Self {
        let mut plain = Self::default();
        for call in calls.into_iter().filter(|call| call.human_requested_time.is_some()) {
            match between(call.human_requested_time, call.human_time) {
                Some(took) => {
                    plain.served.push(took);
                    if took <= term { plain.kept += 1 } else { plain.missed += 1 }
                }
                None => plain.missed += 1,
            }
        }
        plain
    }

    /// The least time within which so many percent of all that count were served, in milliseconds.
    fn within(&self, percent: i64) -> Option<i64> {
        let mut served = self.served.clone();
        served.sort_unstable();
        let decided = self.kept + self.missed;
        let reached = |n: usize| i64::try_from(n + 1).unwrap() * 100 >= percent * decided;
        (0..served.len()).find(|n| reached(*n)).map(|n| served[n])
    }
}

fn target<'a>(told: &'a sla::ServiceParameters, policy: &str, version: i32) -> &'a sla::HouseTarget {
    let name = format!("policies/{policy}");
    let found = told.house_targets.iter().find(|target| target.policy == name && target.policy_version == version);
    found.unwrap_or_else(|| panic!("{policy} {version}: {:?}", told.house_targets))
}

fn assert_is(told: &sla::HouseTarget, plain: &Plain, percent: i64) {
    let decided = plain.kept + plain.missed;
    assert!(decided > 10 && plain.kept > 0 && plain.missed > 0, "{plain:?}");
    assert_eq!((told.kept_count, told.missed_count, told.left_out_count), (plain.kept, plain.missed, plain.left_out));
    assert_eq!(told.share, Some(plain.kept as f64 / decided as f64));
    assert_eq!(told.met, Some(plain.kept * 100 >= percent * decided));
    let millis = |took: prost_types::Duration| took.seconds * 1_000 + i64::from(took.nanos) / 1_000_000;
    assert_eq!(told.at_target_duration.map(millis), plain.within(percent));
    let mut served = plain.served.clone();
    served.sort_unstable();
    let median = served[served.len().div_ceil(2) - 1];
    assert_eq!(told.percentiles.and_then(|all| all.p50_duration).map(millis), Some(median));
}

#[tokio::test]
async fn a_call_is_judged_once_by_what_held_when_it_arrived_and_counts_so_for_good() {
    let world = World::skewed(DAY).await;
    let served = world.start().await;
    let before = world.now().await;
    let (_, from) =
        in_force(&world, &served, asks("line", PolicyMetric::SpeedOfAnswer, ("20s", 80), &["invoices"])).await;
    let mut all = asks("all", PolicyMetric::SpeedOfAnswer, ("30s", 60), &[]);
    all.measure.as_mut().unwrap().abandoned_calls = AbandonedCalls::AfterTheTerm.into();
    in_force(&world, &served, all).await;
    in_force(&world, &served, asks("person", PolicyMetric::HumanOnRequest, ("60s", 90), &[])).await;
    let calls = arriving(&mut Dice(11), from, 240);
    let mut old = call("old", later(before, -SECOND), WaitEnd::Answered, SECOND);
    old.queue = "invoices".to_owned();
    let sent: Vec<_> = calls.iter().cloned().chain([old]).collect();
    assert_eq!(record(&served, request(&world, sent.clone())).await.unwrap(), (241, 0));

    let (begin, end) = (later(before, -60 * SECOND), later(from, 7_200 * SECOND));
    let on = |calls: &[sla::MeasuredCall], line: bool, department: &str| -> Vec<sla::MeasuredCall> {
        let fits = |call: &&sla::MeasuredCall| department.is_empty() || call.department == department;
        calls.iter().filter(|call| (call.queue == "invoices") == line).filter(fits).cloned().collect()
    };
    for department in ["", "sales"] {
        let told = parameters(&served, begin, end, department).await;
        assert_eq!(told.house_targets.len(), 3, "{:?}", told.house_targets);
        assert_is(target(&told, "line", 1), &Plain::answered(&on(&calls, true, department), 20_000, false), 80);
        assert_is(target(&told, "all", 1), &Plain::answered(&on(&calls, false, department), 30_000, true), 60);
        let any: Vec<_> = [on(&calls, true, department), on(&calls, false, department)].concat();
        assert_is(target(&told, "person", 1), &Plain::persons(&any, 60_000), 90);
        let line = target(&told, "line", 1);
        assert_eq!((line.term.as_str(), line.target_percent, line.metric()), ("20s", 80, PolicyMetric::SpeedOfAnswer));
    }

    // A second version asks for more of what arrives from then on, and changes nothing that was judged; nor does sending all of it again.
    let told = parameters(&served, begin, end, "").await;
    let stricter = put(&served, asks("line", PolicyMetric::SpeedOfAnswer, ("5s", 80), &["invoices"])).await.unwrap();
    let turn = later(from, 4_000 * SECOND);
    activate(&served, &stricter, Some(turn)).await.unwrap();
    assert_eq!(record(&served, request(&world, sent)).await.unwrap(), (0, 241));
    assert_eq!(parameters(&served, begin, end, "").await.house_targets, told.house_targets);
    let mut last = call("edge", turn, WaitEnd::Answered, 6 * SECOND);
    last.queue = "invoices".to_owned();
    let mut first = call("before", later(turn, -1), WaitEnd::Answered, 6 * SECOND);
    first.queue = "invoices".to_owned();
    record(&served, request(&world, vec![first, last])).await.unwrap();
    let again = parameters(&served, begin, end, "").await;
    let counts = |target: &sla::HouseTarget| (target.kept_count, target.missed_count);
    assert_eq!(counts(target(&again, "line", 2)), (0, 1));
    assert_eq!(counts(target(&again, "line", 1)).0, counts(target(&told, "line", 1)).0 + 1);

    // The ledger alone gives the same, and what is missing or forged in it shows.
    let period = Period { from: begin, to: end, department: None, as_of: Timestamp::MAX, reading: Abandoned::Always };
    let told: BTreeMap<(String, i32), (i64, i64, i64)> = again
        .house_targets
        .iter()
        .map(|t| ((t.policy.clone(), t.policy_version), (t.kept_count, t.missed_count, t.left_out_count)))
        .collect();
    let recount = |entries: &[ventanilla_proto::ledger::v1::Entry]| -> BTreeMap<(String, i32), (i64, i64, i64)> {
        let all = recompute_targets(entries, &period).unwrap();
        all.into_iter()
            .map(|((_, policy, version), of)| {
                let counts = [of.kept, of.missed, of.left_out].map(|n| i64::try_from(n).unwrap());
                ((format!("policies/{policy}"), version), counts.into())
            })
            .collect()
    };
    let entries = exported(&world).await;
    assert_eq!(recount(&entries), told);
    let without_last: Vec<_> = entries[..entries.len() - 1].to_vec();
    assert_ne!(recount(&without_last), told);
    // Whoever writes a verdict to the table is refused, and one that was forged in an entry is derived anew.
    let forged = sqlx::query("update sla_monitor.call_verdict set verdict = 'kept', took_micros = 1")
        .execute(&world.admin)
        .await;
    assert!(forged.unwrap_err().to_string().contains("append-only"));
    use prost::{Message as _, Name as _};
    let mut lying = entries;
    for entry in lying.iter_mut().filter(|entry| entry.r#type == sla::CallsMeasured::full_name()) {
        let mut measured = sla::CallsMeasured::decode(entry.payload.as_slice()).unwrap();
        for judged in measured.calls.iter_mut().flat_map(|call| &mut call.judgements) {
            judged.verdict = PolicyVerdict::Kept.into();
        }
        entry.payload = measured.encode_to_vec();
    }
    assert_eq!(recount(&lying), told);
}

#[tokio::test]
async fn while_a_version_takes_effect_each_call_is_judged_by_one_and_the_ledger_says_which_came_first() {
    const WRITERS: i64 = 4;
    let world = World::skewed(DAY).await;
    let served = world.start().await;
    let (_, from) = in_force(&world, &served, asks("line", PolicyMetric::SpeedOfAnswer, ("20s", 80), &[])).await;
    let next = put(&served, asks("line", PolicyMetric::SpeedOfAnswer, ("10s", 80), &[])).await.unwrap();
    // All arrive when either may hold: which does is told by what was committed first.
    let recorded = tokio::sync::Semaphore::new(0);
    let write = async |writer: i64| {
        for n in 0..15 {
            let id = |k: i64| format!("c-{writer}-{n}-{k}");
            let calls: Vec<_> = (0..4)
                .map(|k| call(&id(k), later(from, 1_800 * SECOND), WaitEnd::Answered, 15 * SECOND))
                .collect();
            assert_eq!(record(&served, request(&world, calls)).await.unwrap(), (4, 0));
            recorded.add_permits(1);
        }
    };
    let turn = async {
        // Some are judged before, and the writers go on.
        drop(recorded.acquire_many(20).await.unwrap());
        activate(&served, &next, None).await.unwrap()
    };
    let ((), (), (), (), active) = tokio::join!(write(0), write(1), write(2), write(3), turn);
    assert_eq!(active.version, 2);
    let twice_or_never: i64 = sqlx::query_scalar(
        "select count(*) from (select c.source_system, c.external_id
                               from sla_monitor.call c left join sla_monitor.call_verdict v using (source_system, external_id)
                               group by 1, 2 having count(v.external_id) <> 1) n",
    )
    .fetch_one(&world.admin)
    .await
    .unwrap();
    assert_eq!(twice_or_never, 0);
    use prost::{Message as _, Name as _};
    let (mut version, mut judged) = (1, [0; 2]);
    for entry in exported(&world).await {
        if entry.r#type == sla::PolicyActivated::full_name() {
            version = sla::PolicyActivated::decode(entry.payload.as_slice()).unwrap().policy.unwrap().version;
        } else if entry.r#type == sla::CallsMeasured::full_name() {
            let measured = sla::CallsMeasured::decode(entry.payload.as_slice()).unwrap();
            for judgement in measured.calls.iter().flat_map(|call| &call.judgements) {
                assert_eq!(judgement.policy_version, version, "at position {}", entry.position);
                judged[usize::try_from(version - 1).unwrap()] += 1;
            }
        }
    }
    assert_eq!(judged.iter().sum::<i64>(), WRITERS * 15 * 4);
    assert!(judged.iter().all(|count| *count > 0), "{judged:?}");
}

async fn explained(served: &Served, name: &str) -> Result<sla::CallExplanation, tonic::Status> {
    let request = sla::ExplainCallRequest { name: name.to_owned() };
    measures(served, Role::Auditor).explain_call(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_call_is_explained_by_policy_calendar_and_arithmetic() {
    let world = World::skewed(DAY).await;
    let served = world.start().await;
    in_force(&world, &served, asks("line", PolicyMetric::SpeedOfAnswer, ("20s", 80), &["meters"])).await;
    in_force(&world, &served, asks("all", PolicyMetric::SpeedOfAnswer, ("30s", 60), &[])).await;
    let (person, from) =
        in_force(&world, &served, asks("person", PolicyMetric::HumanOnRequest, ("60s", 90), &[])).await;
    let mut sent = call("c-1", from, WaitEnd::Answered, 31 * SECOND);
    sent.human_requested_time = Some(wire(later(from, 5 * SECOND)));
    sent.human_time = Some(wire(later(from, 65 * SECOND)));
    record(&served, request(&world, vec![sent.clone()])).await.unwrap();

    let told = explained(&served, "telephoneSystems/pbx-madrid/calls/c-1").await.unwrap();
    let judged = told.call.clone().unwrap();
    assert_eq!(judged.call, Some(sent));
    let [answer, human] = judged.judgements.as_slice() else { panic!("{judged:?}") };
    assert_eq!((answer.policy.as_str(), answer.verdict()), ("policies/all", PolicyVerdict::Breached));
    assert_eq!(read(answer.due_time), Some(later(from, 30 * SECOND)));
    assert_eq!(answer.abandoned_reading(), AbandonedCalls::Always);
    // At the instant it is due, it is in time.
    assert_eq!((human.policy.as_str(), human.verdict()), (person.name.as_str(), PolicyVerdict::Kept));
    assert_eq!(
        (read(human.origin_time), read(human.due_time)),
        (Some(later(from, 5 * SECOND)), Some(later(from, 65 * SECOND)))
    );
    let [proof, of_person] = told.proofs.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (proof.rule.as_str(), proof.start_event.as_str(), proof.due_time),
        ("all", "call_arrived", answer.due_time)
    );
    assert!(proof.chosen_because_es.contains("line no vale para la cola «invoices»"), "{}", proof.chosen_because_es);
    assert!(proof.chosen_because_en.contains("line does not hold for queue «invoices»"), "{}", proof.chosen_because_en);
    assert!(proof.sentence_es.contains("30 segundos") && of_person.start_event == "person_asked_for", "{told:?}");
    assert!(proof.in_force_at_start && proof.calendar_version == answer.calendar_version);

    let unknown = explained(&served, "telephoneSystems/pbx-madrid/calls/c-2").await.unwrap_err();
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "CALL_NOT_FOUND"));
    for wrong in ["", "calls/c-1", "telephoneSystems/pbx madrid/calls/c-1", "telephoneSystems/pbx-madrid/calls/"] {
        assert_eq!(fields(&explained(&served, wrong).await.unwrap_err()), ["name"], "{wrong}");
    }
}

#[tokio::test]
async fn a_trial_of_a_policy_about_calls_comes_to_what_a_real_run_came_to() {
    let world = World::skewed(DAY).await;
    let served = world.start().await;
    let (_, from) = in_force(&world, &served, asks("real", PolicyMetric::SpeedOfAnswer, ("30s", 80), &[])).await;
    // More than are looked at in one go, and more flips than one item has.
    let calls = arriving(&mut Dice(5), from, 1_100);
    for some in calls.chunks(400) {
        record(&served, request(&world, some.to_vec())).await.unwrap();
    }
    let (flips, same) = simulate(&served, "policies/real", from).await;
    assert_eq!((flips, same.flip_count), (Vec::new(), 0));
    let plain = Plain::answered(&calls, 30_000, false);
    let total = same.total.unwrap();
    assert_eq!(
        (total.affair_count, total.clock_count, total.kept_count, total.breached_count),
        (1_100, 1_100, plain.kept, plain.missed)
    );
    assert_eq!(total.attainment, total.attainment_now);
    let keys = |tallies: &[sla::PolicyTally]| tallies.iter().map(|t| t.key.clone()).collect::<Vec<_>>();
    assert_eq!(keys(&same.by_queue), ["", "invoices", "meters"]);
    assert_eq!(
        (keys(&same.by_department), keys(&same.by_channel)),
        (vec!["billing".to_owned(), "sales".to_owned()], vec!["phone".to_owned()])
    );
    // A draft for one line, which takes away what the others have.
    let draft = put(&served, asks("draft", PolicyMetric::SpeedOfAnswer, ("20s", 80), &["invoices"])).await.unwrap();
    let (flips, tried) = simulate(&served, &draft.name, from).await;
    let stood = |call: &sla::MeasuredCall, term: i64| {
        let in_time = Plain::answered([call], term, false).kept == 1;
        if in_time { PolicyVerdict::Kept } else { PolicyVerdict::Breached }
    };
    let expected: BTreeMap<String, (PolicyVerdict, PolicyVerdict)> = calls
        .iter()
        .map(|call| {
            let then = if call.queue == "invoices" { stood(call, 20_000) } else { PolicyVerdict::None };
            (format!("telephoneSystems/pbx-madrid/calls/{}", call.external_id), (stood(call, 30_000), then))
        })
        .filter(|(_, (now, then))| now != then)
        .collect();
    let told: BTreeMap<String, (PolicyVerdict, PolicyVerdict)> =
        flips.iter().map(|flip| (flip.call.clone(), (flip.now(), flip.then()))).collect();
    assert_eq!(told, expected);
    assert!(flips.iter().all(|flip| flip.policy == "policies/real" && flip.ticket.is_empty()));
    assert_eq!(tried.flip_count, i64::try_from(expected.len()).unwrap());
    let judged: i64 = sqlx::query_scalar("select count(*) from sla_monitor.call_verdict where policy_id = 'draft'")
        .fetch_one(&world.admin)
        .await
        .unwrap();
    assert_eq!(judged, 0, "a trial judges nothing");
}

#[tokio::test]
async fn a_policy_about_calls_asks_for_nothing_that_telephone_systems_do_not_tell() {
    let world = World::new().await;
    let served = world.start().await;
    let mut wrong = asks("wrong", PolicyMetric::HumanOnRequest, ("60s", 101), &[]);
    wrong.effects = vec![sla::PolicyEffect {
        event: "incomplete".to_owned(),
        effect: sla::ClockEffect::Pause.into(),
        grounds: vec!["incomplete".to_owned()],
        ..Default::default()
    }];
    let measure = wrong.measure.as_mut().unwrap();
    measure.conditions = Some(sla::PolicyConditions::default());
    measure.abandoned_calls = AbandonedCalls::Always.into();
    measure.retroactive_start = true;
    measure.retroactive_pause = true;
    measure.warnings = vec![sla::PolicyWarning { at: Some(sla::policy_warning::At::SharePercent(50)) }];
    measure.filter = Some(sla::PolicyFilter {
        ticket_types: vec![1],
        topics: vec!["x".to_owned()],
        sectors: vec!["finance".to_owned()],
        severities: vec![1],
        channels: vec![Channel::Phone.into()],
        ..Default::default()
    });
    let refused = put(&served, wrong).await.unwrap_err();
    let mut named = fields(&refused);
    named.sort_unstable();
    let measure = |field: &str| format!("policy.measure.{field}");
    let mut expected = vec!["policy.effects".to_owned()];
    expected.extend(
        ["abandoned_calls", "conditions", "filter.sectors", "filter.severities", "filter.ticket_types"].map(measure),
    );
    expected
        .extend(["filter.topics", "retroactive_pause", "retroactive_start", "target_percent", "warnings"].map(measure));
    assert_eq!(named, expected);
    // What is about calls alone is left out of all else.
    let mut of_affairs = asks("affairs", PolicyMetric::FirstReply, ("1h", 80), &["invoices"]);
    of_affairs.measure.as_mut().unwrap().abandoned_calls = AbandonedCalls::Always.into();
    let mut named = fields(&put(&served, of_affairs).await.unwrap_err());
    named.sort_unstable();
    assert_eq!(named, ["abandoned_calls", "filter.queues", "target_percent"].map(measure));
    // What was left out is told as it is read, and there are no conditions to be told.
    let draft = put(&served, asks("right", PolicyMetric::SpeedOfAnswer, ("20bs", 80), &["invoices"])).await.unwrap();
    let measure = draft.measure.unwrap();
    assert_eq!((measure.abandoned_calls(), measure.target_percent), (AbandonedCalls::Always, 80));
    assert_eq!((measure.conditions, measure.warnings), (None, Vec::new()));
}

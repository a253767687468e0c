//! Calls that are over, judged by policies of the house, against plain arithmetic in microseconds.

use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use ventanilla_sla_monitor_domain::call::{Attained, Judgement, Verdict, Wait, explain, judge, judgements, recount};
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::condition::{Conditions, Metric};
use ventanilla_sla_monitor_domain::figures::{Abandoned, Ended, HumanRequest, Measured};
use ventanilla_sla_monitor_domain::policy::{CallTarget, Facts, Filter, Measure};
use ventanilla_sla_monitor_domain::{Calendar, Catalogue, Rule, Term};

const SECOND: i64 = 1_000_000;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded(&Switches::new()).unwrap());

fn madrid() -> &'static Calendar {
    CATALOGUE.calendar("es.madrid").unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// Noon of a working Monday in Madrid.
const NOON: i64 = 1_790_589_600 * SECOND;

fn policy(id: &str, metric: Metric, term: &str, abandoned: Abandoned) -> Rule {
    let measure = Measure {
        metric,
        conditions: Conditions::default(),
        filter: Filter::default(),
        rank: 0,
        calendar: None,
        retroactive_start: false,
        retroactive_pause: false,
        calls: Some(CallTarget { percent: 80, abandoned }),
        from: Timestamp::MIN,
        until: None,
    };
    Rule {
        id: id.to_owned(),
        term: Some(term.parse().unwrap()),
        measure: Some(measure),
        ..CATALOGUE.rule("es.l10-2025.17-1.resolve").unwrap().clone()
    }
}

fn call(ended: Ended, waited: i64, human: Option<(i64, Option<i64>)>) -> Measured {
    Measured {
        key: ("pbx".to_owned(), "1".to_owned()),
        department: "billing".to_owned(),
        by_phone: true,
        arrived: at(NOON),
        ended,
        wait_ended: at(NOON + waited),
        human: human
            .map(|(asked, given)| HumanRequest { asked: at(NOON + asked), given: given.map(|g| at(NOON + asked + g)) }),
        supervisor: None,
    }
}

fn facts(queue: &str, channel: &str) -> Facts {
    let mut facts = Facts::of_case("", "billing", at(NOON));
    (facts.queue, facts.channel) = (queue.to_owned(), channel.to_owned());
    facts
}

fn ended() -> impl Strategy<Value = Ended> {
    prop_oneof![Just(Ended::Answered), Just(Ended::Abandoned), Just(Ended::HungUp)]
}

fn reading() -> impl Strategy<Value = Abandoned> {
    prop_oneof![Just(Abandoned::Always), Just(Abandoned::AfterTheTerm)]
}

/// Durations of which many lie at an edge of the term.
fn about(term: i64) -> impl Strategy<Value = i64> {
    prop_oneof![0..400 * SECOND, Just(term), Just(term + 1), Just(term - 1), Just(0)]
}

proptest! {
    #[test]
    fn an_answer_is_in_time_up_to_the_microsecond_it_is_due_at(
        seconds in 1_i64..200,
        (waited, ended, reading) in (1_i64..200).prop_flat_map(|s| (about(s * SECOND), ended(), reading())),
        at_the_edge in prop_oneof![Just(None), (-1_i64..=1).prop_map(Some)],
    ) {
        let term = seconds * SECOND;
        let waited = at_the_edge.map_or(waited, |edge| term + edge);
        let rule = policy("quick", Metric::SpeedOfAnswer, &format!("{seconds}s"), reading);
        let judged = judge(&rule, madrid(), &call(ended, waited, None)).unwrap();
        let expected = match (ended, waited <= term, reading) {
            (Ended::Answered, true, _) => Verdict::Kept,
            (Ended::Abandoned, true, Abandoned::AfterTheTerm) => Verdict::LeftOut,
            _ => Verdict::Missed,
        };
        prop_assert_eq!(judged.verdict, expected);
        prop_assert_eq!(judged.due.as_microsecond(), NOON + term);
        prop_assert_eq!(judged.took, (ended == Ended::Answered).then_some(waited));
        // A verdict is by the instants: told the due instant alone, it is the same.
        let wait = Wait::of(Metric::SpeedOfAnswer, &call(ended, waited, None)).unwrap();
        prop_assert_eq!(wait.verdict(judged.due, reading), expected);
    }

    #[test]
    fn a_person_counts_from_when_one_was_asked_for_and_never_is_missed(
        seconds in 1_i64..200,
        asked in 0..100 * SECOND,
        took in prop_oneof![Just(None), (0..400 * SECOND).prop_map(Some)],
        ended in ended(),
    ) {
        let rule = policy("person", Metric::HumanOnRequest, &format!("{seconds}s"), Abandoned::Always);
        let judged = judge(&rule, madrid(), &call(ended, 0, Some((asked, took)))).unwrap();
        let in_time = took.is_some_and(|took| took <= seconds * SECOND);
        prop_assert_eq!(judged.verdict, if in_time { Verdict::Kept } else { Verdict::Missed });
        prop_assert_eq!((judged.origin.as_microsecond(), judged.took), (NOON + asked, took));
        prop_assert_eq!(judge(&rule, madrid(), &call(ended, 0, None)), None);
    }

    #[test]
    fn attainment_and_the_time_of_its_share_are_those_of_a_sorted_list(
        calls in prop::collection::vec((ended(), 0..60 * SECOND), 0..60),
        percent in 1_u8..=100,
        reading in reading(),
    ) {
        let rule = policy("quick", Metric::SpeedOfAnswer, "20s", reading);
        let calls: Vec<(Measured, Vec<Judgement>)> = calls
            .iter()
            .enumerate()
            .map(|(n, (ended, waited))| {
                let call = Measured { key: ("pbx".to_owned(), n.to_string()), ..call(*ended, *waited, None) };
                let judged = judge(&rule, madrid(), &call);
                (call, judged.into_iter().collect())
            })
            .collect();
        // Told twice, each call counts once.
        let told: Vec<_> = calls.iter().chain(&calls).cloned().collect();
        let attained = recount(&told, |_| true).into_values().next().unwrap_or_default();
        let waited = |c: &Measured| c.wait_ended.as_microsecond() - NOON;
        let of = |end: Ended| calls.iter().map(|(c, _)| c).filter(move |c| c.ended == end);
        let mut served: Vec<i64> = of(Ended::Answered).map(waited).collect();
        served.sort_unstable();
        let kept = served.iter().filter(|w| **w <= 20 * SECOND).count();
        let left_out = match reading {
            Abandoned::AfterTheTerm => of(Ended::Abandoned).filter(|c| waited(c) <= 20 * SECOND).count(),
            Abandoned::Always => 0,
        };
        let missed = calls.len() - kept - left_out;
        let count = |n: usize| u64::try_from(n).unwrap();
        prop_assert_eq!((attained.kept, attained.missed, attained.left_out), (count(kept), count(missed), count(left_out)));
        let decided = kept + missed;
        let share = usize::from(percent);
        let met = (decided > 0).then(|| kept * 100 >= share * decided);
        prop_assert_eq!(attained.met(percent), met);
        // The least time within which that share of all that count was served.
        let within = (decided > 0)
            .then(|| served.iter().copied().find(|t| served.iter().filter(|s| *s <= t).count() * 100 >= share * decided))
            .flatten();
        prop_assert_eq!(attained.at_target(percent), within);
        // Reached is what the time of the share says, too.
        if let (Some(met), Some(within)) = (met, within) {
            prop_assert_eq!(met, within <= 20 * SECOND);
        }
    }
}

#[test]
fn a_call_is_judged_by_the_first_policy_of_each_metric_that_fits_its_line() {
    let on_the_line = |id: &str, rank: i32, queue: &str| {
        let mut rule = policy(id, Metric::SpeedOfAnswer, "20s", Abandoned::Always);
        let measure = rule.measure.as_mut().unwrap();
        measure.rank = rank;
        measure.filter.queues = [queue].into_iter().filter(|q| !q.is_empty()).map(str::to_owned).collect();
        rule
    };
    let mut late = on_the_line("before-it-held", 0, "");
    late.measure.as_mut().unwrap().from = at(NOON + 1);
    let of_affairs = Rule { id: "other".to_owned(), ..policy("x", Metric::FirstReply, "1h", Abandoned::Always) };
    let person = policy("person", Metric::HumanOnRequest, "60s", Abandoned::Always);
    let rules = [on_the_line("all", 2, ""), on_the_line("outages", 1, "outages"), late, of_affairs, person];
    let judged = |queue: &str, human| {
        let call = call(Ended::Answered, 0, human);
        let all = judgements(&rules, &call, &facts(queue, "phone"), |_| madrid());
        all.into_iter().map(|judged| judged.policy).collect::<Vec<_>>()
    };
    assert_eq!(judged("outages", None), ["outages"]);
    assert_eq!(judged("invoices", None), ["all"]);
    assert_eq!(judged("", Some((0, None))), ["all", "person"]);
}

#[test]
fn seconds_of_service_are_counted_in_hours_of_work_alone_and_the_proof_says_so() {
    let rule = policy("quick", Metric::SpeedOfAnswer, "60bs", Abandoned::Always);
    // Past eleven at night nobody works: the minute is the first of the next morning.
    let night = at(NOON + 11 * 3_600 * SECOND);
    let call =
        Measured { arrived: night, wait_ended: at(NOON + 12 * 3_600 * SECOND), ..call(Ended::Answered, 0, None) };
    let judged = judge(&rule, madrid(), &call).unwrap();
    assert_eq!(judged.verdict, Verdict::Kept);
    let due = judged.due.to_zoned(jiff::tz::TimeZone::get(&madrid().zone_name).unwrap());
    assert_eq!((due.minute(), due.second()), (1, 0), "{due}");
    assert!(judged.due > call.wait_ended);
    let proof = explain(Terms { rule: &rule, calendar: madrid() }, judged.origin, ("porque sí", "because")).unwrap();
    assert_eq!((proof.due, proof.start, proof.because_es.as_str()), (Some(judged.due), night, "porque sí"));
    assert!(proof.sentence_es.contains("60 segundos"), "{}", proof.sentence_es);
}

#[test]
fn a_share_is_reached_in_whole_numbers_and_of_nothing_it_is_neither() {
    let mut attained = Attained::default();
    assert_eq!((attained.met(80), attained.share(), attained.at_target(80)), (None, None, None));
    attained.count(Verdict::LeftOut, 5);
    assert_eq!(attained.met(80), None);
    attained.count(Verdict::Kept, 4);
    attained.count(Verdict::Missed, 1);
    assert_eq!((attained.met(80), attained.met(81), attained.share()), (Some(true), Some(false), Some(0.8)));
    assert_eq!("20s".parse::<Term>(), Ok(Term::Seconds(20)));
}

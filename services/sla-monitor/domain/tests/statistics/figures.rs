//! The figures of the yearly evaluation.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::Catalogue;
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::figures::{
    Abandoned, Calls, Figure, Parameter, Published, Resolved, SupervisorRequests, Times, causes,
};
use ventanilla_sla_monitor_domain::proportion::{Counted, needed};
use ventanilla_sla_monitor_domain::quantile::Durations;

use super::chance::Chance;

const SECOND: i64 = 1_000_000;
/// Of the text, and not of the data.
const THREE_MINUTES: i64 = 180 * SECOND;
const MOST_ERROR: f64 = 0.05;

fn law() -> &'static Published {
    Published::of_period("2026-07-01T00:00:00+02:00".parse().unwrap())
}

fn of(values: &[(i64, u64)]) -> Durations {
    let mut durations = Durations::default();
    values.iter().for_each(|(micros, times)| durations.add(*micros, *times));
    durations
}

fn calls(answered: &[(i64, u64)], abandoned: &[(i64, u64)], hung_up: &[(i64, u64)]) -> Calls {
    Calls { answered: of(answered), abandoned: of(abandoned), hung_up: of(hung_up) }
}

#[test]
fn three_minutes_to_the_microsecond_are_too_late() {
    let served = calls(&[(THREE_MINUTES - 1, 95), (THREE_MINUTES, 5)], &[], &[])
        .answered_in_time(law(), Abandoned::default())
        .unwrap();
    assert_eq!((served.parameter.counted.with(), served.parameter.counted.of()), (95, 100));
    assert_eq!((served.parameter.met(), served.parameter.at_target), (Some(true), Some(THREE_MINUTES - 1)));
    let missed = calls(&[(THREE_MINUTES - 1, 94), (THREE_MINUTES, 6)], &[], &[])
        .answered_in_time(law(), Abandoned::default())
        .unwrap();
    assert_eq!((missed.parameter.met(), missed.parameter.at_target), (Some(false), Some(THREE_MINUTES)));
}

#[test]
fn ninety_four_point_nine_nine_percent_is_not_rounded_up() {
    let served = calls(&[(SECOND, 94_999), (THREE_MINUTES, 5_001)], &[], &[])
        .answered_in_time(law(), Abandoned::default())
        .unwrap();
    assert_eq!(served.parameter.met(), Some(false));
    let served = calls(&[(SECOND, 95_000), (THREE_MINUTES, 5_000)], &[], &[])
        .answered_in_time(law(), Abandoned::default())
        .unwrap();
    assert_eq!(served.parameter.met(), Some(true));
}

#[test]
fn an_abandoned_call_counts_once_it_had_waited_three_minutes_and_both_counts_are_shown() {
    let day = calls(&[(SECOND, 90)], &[(THREE_MINUTES - 1, 7), (THREE_MINUTES, 4)], &[(SECOND, 3)]);
    let told = day.answered_in_time(law(), Abandoned::AfterTheTerm).unwrap();
    assert_eq!((told.abandoned_counted, told.abandoned_apart, told.hung_up), (4, 7, 3));
    assert_eq!((told.parameter.counted.with(), told.parameter.counted.of()), (90, 97));
    // Of 97, 95 % are 93, and only 90 were ever answered.
    assert_eq!((told.parameter.met(), told.parameter.at_target), (Some(false), None));
    let told = day.answered_in_time(law(), Abandoned::Always).unwrap();
    assert_eq!((told.abandoned_counted, told.abandoned_apart, told.hung_up), (11, 0, 3));
    assert_eq!(told.parameter.counted.of(), 104);
    assert_eq!(Abandoned::default().as_str(), "after_the_term");
}

#[test]
fn whom_the_house_hung_up_was_not_answered_however_early() {
    let told = calls(&[(SECOND, 9)], &[], &[(0, 1)]).answered_in_time(law(), Abandoned::default()).unwrap();
    assert_eq!((told.parameter.share(), told.parameter.met()), (Some(0.9), Some(false)));
}

#[test]
fn a_figure_of_nothing_is_neither_met_nor_missed() {
    let told = Calls::default().answered_in_time(law(), Abandoned::default()).unwrap().parameter;
    assert_eq!((told.share(), told.met(), told.at_target, told.error.reach), (None, None, None, 0.0));
}

#[test]
fn a_full_count_has_no_error() {
    let told = Parameter::counts(law(), Figure::HumanOnRequest, None, Counted::full(950, 1_000).unwrap());
    assert_eq!((told.error.half_width, told.error.reach, told.error.within()), (0.0, 0.0, true));
    assert_eq!(
        (told.figure.id(), told.asked.article.as_str(), told.met()),
        ("human_on_request_within_3_min", "8.2", Some(true))
    );
}

#[test]
fn a_lopsided_interval_is_judged_by_its_farther_end() {
    // 60 of 60: the half width is 3 points, but the truth may be 6 points below.
    let told = Parameter::counts(law(), Figure::CallsAnswered, None, Counted::sample(60, 60, 100_000).unwrap());
    assert!(told.error.half_width < MOST_ERROR && told.error.reach > MOST_ERROR && !told.error.within());
    assert_eq!(told.error.needed, 73);
    assert!(
        Parameter::counts(law(), Figure::CallsAnswered, None, Counted::sample(73, 73, 100_000).unwrap()).error.within()
    );
    let nothing =
        Parameter::counts(law(), Figure::CallsAnswered, None, Counted::sample(0, 0, 1_000_000).unwrap()).error;
    assert_eq!((nothing.reach, nothing.within(), nothing.needed), (1.0, false, 381));
}

#[test]
fn a_sample_of_the_size_needed_is_within_five_points_as_often_as_it_says() {
    let mut chance = Chance(5);
    for (all, truth) in [(2_000, 1_000), (2_000, 1_900), (50_000, 40_000)] {
        let of = needed(truth as f64 / all as f64, all, MOST_ERROR);
        let off = |found: u64| (found as f64 / of as f64 - truth as f64 / all as f64).abs();
        let within = (0..2_000).filter(|_| off(chance.sample(of, truth, all)) <= MOST_ERROR).count();
        assert!(within >= 1_880, "{of} of {all}: {within} of 2,000");
    }
}

#[test]
fn a_supervisor_at_once_is_told_and_by_the_end_of_the_day_is_owed_to_all() {
    let [at_once, same_day] = SupervisorRequests { at_once: 80, same_day: 19, missed: 1 }.parameters(law()).unwrap();
    assert_eq!((at_once.share(), at_once.met()), (Some(0.8), None));
    assert_eq!((same_day.share(), same_day.met()), (Some(0.99), Some(false)));
    let [_, same_day] = SupervisorRequests { at_once: 80, same_day: 20, missed: 0 }.parameters(law()).unwrap();
    assert_eq!(same_day.met(), Some(true));
}

#[test]
fn an_affair_past_due_and_open_is_missed_and_leaves_no_duration_for_all() {
    let resolved = |in_term, overdue| {
        Resolved { kind: "queja".into(), in_term, took: of(&[(5, 8), (9, 2)]), overdue }.parameter(law())
    };
    let told = resolved(10, 0).unwrap();
    assert_eq!((told.met(), told.at_target, told.of.as_deref()), (Some(true), Some(9), Some("queja")));
    let told = resolved(10, 1).unwrap();
    assert_eq!((told.met(), told.at_target, told.counted.of()), (Some(false), None, 11));
    assert_eq!(resolved(11, 1), None, "more in term than were resolved");
}

#[test]
fn times_have_mean_quantiles_and_an_error_when_they_are_a_sample() {
    let took = of(&(1..=100).map(|micros| (micros, 1)).collect::<Vec<_>>());
    let full = Times::new(&took, None).unwrap();
    assert_eq!((full.count, full.mean, full.error), (100, 50.5, Some(0.0)));
    assert_eq!(full.quantiles, [(50, 50), (75, 75), (90, 90), (95, 95), (99, 99)]);
    // The deviation is 29.011; 1.96 * 2.9011 / 50.5, and half of it squared when half of all were looked at.
    let error = |all| Times::new(&took, Some(all)).unwrap().error.unwrap();
    assert!((error(u64::MAX) - 0.112_596).abs() < 1e-6, "{}", error(u64::MAX));
    assert!((error(200) - 0.112_596 / 2.0_f64.sqrt()).abs() < 1e-6);
    assert_eq!(Times::new(&took, Some(99)), None);
    assert_eq!(Times::new(&of(&[(5, 1)]), Some(2)).unwrap().error, None);
    assert_eq!(Times::new(&Durations::default(), None), None);
}

#[test]
fn causes_are_told_from_the_commonest() {
    let told = causes(law(), [("delay", 2), ("billing", 5), ("courtesy", 2), ("other", 1)]);
    let names: Vec<_> = told.iter().map(|cause| (cause.of.as_deref().unwrap(), cause.share().unwrap())).collect();
    assert_eq!(names, [("billing", 0.5), ("courtesy", 0.2), ("delay", 0.2), ("other", 0.1)]);
    assert!(told.iter().all(|cause| cause.met().is_none() && cause.error.reach == 0.0));
}

#[test]
fn each_figure_has_a_name_of_its_own() {
    use Figure::{CallsAnswered, Cause, HumanOnRequest, ResolvedInTerm, SupervisorAtOnce, SupervisorSameDay};
    let mut names = [CallsAnswered, HumanOnRequest, SupervisorAtOnce, SupervisorSameDay, ResolvedInTerm, Cause]
        .map(Figure::id)
        .to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 6);
}

fn waits() -> impl Strategy<Value = Vec<i64>> {
    let around = -3..3_i64;
    prop::collection::vec(
        prop_oneof![4 => 0..THREE_MINUTES, 1 => around.prop_map(|off| THREE_MINUTES + off), 1 => 0..900 * SECOND],
        0..80,
    )
}

proptest! {
    #[test]
    fn calls_agree_with_a_count_by_the_definition(answered in waits(), abandoned in waits(), hung_up in waits(), strict in any::<bool>()) {
        let once = |waits: &[i64]| waits.iter().map(|wait| (*wait, 1)).collect::<Vec<_>>();
        let reading = if strict { Abandoned::Always } else { Abandoned::AfterTheTerm };
        let told = calls(&once(&answered), &once(&abandoned), &once(&hung_up)).answered_in_time(law(), reading).unwrap();
        let given_up = abandoned.iter().filter(|wait| strict || **wait >= 180 * SECOND).count();
        // Each call that counts, with when it was answered.
        let mut served: Vec<Option<i64>> = answered.iter().copied().map(Some).collect();
        served.resize(served.len() + given_up + hung_up.len(), None);
        let in_time = served.iter().filter(|wait| wait.is_some_and(|wait| wait < 180 * SECOND)).count();
        let parameter = told.parameter;
        prop_assert_eq!(parameter.counted, Counted::full(in_time as u64, served.len() as u64).unwrap());
        prop_assert_eq!(told.abandoned_counted + told.abandoned_apart, abandoned.len() as u64);
        prop_assert_eq!(parameter.met().is_none(), served.is_empty());
        if let Some(met) = parameter.met() {
            prop_assert_eq!(met, in_time as f64 / served.len() as f64 >= 0.95);
            // How long 95 % took says the same as whether 95 % were in time.
            prop_assert_eq!(met, parameter.at_target.is_some_and(|took| took < THREE_MINUTES));
        }
        if let Some(took) = parameter.at_target {
            let by = |limit: i64| served.iter().filter(|wait| wait.is_some_and(|wait| wait <= limit)).count();
            prop_assert!(by(took) * 100 >= served.len() * 95 && by(took - 1) * 100 < served.len() * 95);
        }
    }

    #[test]
    fn the_reading_that_counts_every_abandoned_call_is_never_kinder(answered in waits(), abandoned in waits()) {
        let once = |waits: &[i64]| waits.iter().map(|wait| (*wait, 1)).collect::<Vec<_>>();
        let day = calls(&once(&answered), &once(&abandoned), &[]);
        let share = |reading| day.answered_in_time(law(), reading).unwrap().parameter.share().unwrap_or(1.0);
        prop_assert!(share(Abandoned::Always) <= share(Abandoned::AfterTheTerm));
    }

    #[test]
    fn a_sample_bears_the_audit_exactly_from_the_size_it_says(all in 1..100_000_u64, of in any::<u64>(), with in any::<u64>()) {
        let of = 1 + of % all;
        let counted = Counted::sample(with % (of + 1), of, all).unwrap();
        let told = Parameter::counts(law(), Figure::CallsAnswered, None, counted);
        prop_assert_eq!(told.error.within(), of >= told.error.needed);
    }

    #[test]
    fn days_counted_apart_and_merged_are_the_year(a in waits(), b in waits(), c in waits(), d in waits()) {
        let once = |waits: &[i64]| waits.iter().map(|wait| (*wait, 1)).collect::<Vec<_>>();
        let (mut one, two) = (calls(&once(&a), &once(&b), &[]), calls(&once(&c), &once(&d), &[]));
        let (both_a, both_b) = ([a, c].concat(), [b, d].concat());
        one.merge(&two);
        prop_assert_eq!(one, calls(&once(&both_a), &once(&both_b), &[]));
    }
}

#[test]
fn what_law_has_published_is_dated_data_with_every_figure_and_the_error_that_law_bears() {
    let [first] = Published::shipped() else { panic!("one law so far") };
    assert_eq!((first.from.to_string().as_str(), first.most_error), ("2025-12-28", 0.05));
    assert_eq!(first.error_citation, "Ley 10/2025, art. 22.1.b");
    let terms: Vec<&str> = first.terms.iter().map(String::as_str).collect();
    assert_eq!(terms, ["es.l10-2025.17-1.resolve", "es.l10-2025.17-3.billing"]);
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    assert!(terms.iter().all(|id| catalogue.rule(id).is_some_and(|rule| rule.enabled() && rule.ends_with_answer())));
    for (figure, article, minutes, percent) in [
        (Figure::HumanOnRequest, "8.2", Some(3), Some(95)),
        (Figure::SupervisorAtOnce, "8.3", Some(3), None),
        (Figure::SupervisorSameDay, "8.3", None, Some(100)),
        (Figure::CallsAnswered, "10.3", Some(3), Some(95)),
        (Figure::ResolvedInTerm, "17", None, Some(100)),
        (Figure::Cause, "21", None, None),
    ] {
        let asked = first.asked(figure);
        let told = (asked.article.as_str(), asked.less_than.map(|micros| micros / 60 / SECOND), asked.percent);
        assert_eq!(told, (article, minutes, percent), "{}", figure.id());
    }
}

#[test]
fn a_period_is_measured_by_the_law_of_its_first_day_in_madrid() {
    let text = include_str!("../../../data/published/es-l10-2025.toml");
    let stricter = text.replace("2025-12-28", "2027-01-01").replace("percent = 95", "percent = 97");
    let both = Published::parse(&format!("{text}\n{stricter}")).unwrap();
    let on = |day: &str| Published::on(&both, day.parse().unwrap()).unwrap().asked(Figure::CallsAnswered).percent;
    assert_eq!((on("2020-05-01"), on("2026-12-31"), on("2027-01-01")), (Some(95), Some(95), Some(97)));
    // The last hour of the year in London is the first of the next in Madrid.
    assert_eq!(Published::of_period("2025-12-27T23:30:00Z".parse().unwrap()).from.to_string(), "2025-12-28");
    for wrong in [
        text.replace("id = \"cause\"", "id = \"courtesy\""),
        text.replace("id = \"cause\"", "id = \"resolved_within_term\""),
        text.replacen("less_than = 180\n", "", 1),
        text.replace("article = \"17\"", "article = \"17\"\nless_than = 9"),
        text.replacen("percent = 95", "percent = 101", 1),
        text.replace("2025-12-28", "Christmas"),
        format!("{stricter}\n{text}"),
    ] {
        assert!(Published::parse(&wrong).is_err(), "{wrong}");
    }
}

//! The chance of a breach, and whether it is believable.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::forecast::{FEWEST, forecast};
use ventanilla_sla_monitor_domain::foresight::{Calibration, Curve, Outcome, Record, foretell};

use super::chance::Chance;
use super::oracle::{ask, assert_agrees, words};

fn breach(curve: &Curve, age: i64, due_age: i64) -> Option<f64> {
    curve.breach(age, due_age).map(|told| told.breach)
}

fn record(outcomes: &[(f64, bool)]) -> Record {
    let mut record = Record::default();
    record.extend(outcomes.iter().map(|(told, breached)| Outcome::new(*told, *breached).unwrap()));
    record
}

#[test]
fn the_example_of_the_remission_trial_comes_out() {
    // Weeks in remission under 6-MP (Freireich et al. 1963), as every textbook has them: S(10) = 0.7529, S(23) = 0.4482.
    let curve = Curve::new(vec![6, 6, 6, 7, 10, 13, 16, 22, 23], vec![6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]);
    for (age, share) in
        [(5, 1.0), (6, 0.8571), (7, 0.8067), (10, 0.7529), (13, 0.6902), (22, 0.5378), (23, 0.4482), (99, 0.4482)]
    {
        assert!((curve.beyond(age) - share).abs() < 1e-4, "{age}: {}", curve.beyond(age));
    }
}

#[test]
fn what_still_waits_makes_a_breach_likelier() {
    let answered: Vec<i64> = (1..=100).collect();
    let without = breach(&Curve::new(answered.clone(), vec![]), 10, 50).unwrap();
    let with = breach(&Curve::new(answered, vec![49; 100]), 10, 50).unwrap();
    assert!((without - 50.0 / 90.0).abs() < 1e-12);
    // 190 were older than 10, 151 than 49; then a hundred wait, and of 51 that are left one is answered at 50.
    assert!((with - 151.0 / 190.0 * 50.0 / 51.0).abs() < 1e-12, "{with}");
}

#[test]
fn too_few_that_took_longer_tell_nothing() {
    let curve = Curve::new((1..=100).collect(), vec![500; 100]);
    assert!(curve.breach(80, 90).is_some());
    assert_eq!(curve.breach(81, 90), None, "nineteen are too few, whatever waits");
    assert_eq!(breach(&curve, 90, 90), Some(1.0), "what is past due is breached");
    assert_eq!(breach(&Curve::new(vec![], vec![]), 3, 2), Some(1.0));
    assert_eq!(breach(&Curve::new(vec![], vec![]), 1, 2), None);
}

#[test]
fn what_a_department_told_last_is_the_least_that_the_house_tells_on() {
    // Of its own twenty the slow half is late; the house is quick, but for a few.
    let own: Vec<i64> = (0..20).map(|n| if n < 10 { 40 } else { 90 }).collect();
    let house = [own.clone(), (0..200).map(|n| 41 + n % 5).collect()].concat();
    let (own, house) = (Curve::new(own, vec![]), Curve::new(house, vec![]));
    let told = |age| foretell(&own, &house, age, 50).map(|told| (told.foresight.breach, told.of_house)).unwrap();
    assert_eq!(told(39), (0.5, false));
    // At forty the ten that are left are too few. The house would say 10 of 210.
    assert!(house.breach(40, 50).unwrap().breach < 0.05);
    assert_eq!(told(40), (0.5, true));
    assert_eq!((own.last_told(50), Curve::new(vec![1; 19], vec![]).last_told(50)), (Some(0.5), None));
}

#[test]
fn beyond_the_last_answer_there_is_no_hope() {
    let curve = Curve::new((1..=40).collect(), vec![60; 10]);
    let share = breach(&curve, 0, 40).unwrap();
    assert!((share - 0.2).abs() < 1e-12);
    assert_eq!(breach(&curve, 0, 1_000_000), Some(share));
}

#[test]
fn what_is_no_probability_is_refused() {
    for told in [-0.01, 1.01, f64::NAN, f64::INFINITY] {
        assert_eq!(Outcome::new(told, true), None);
    }
}

#[test]
fn perfect_foresight_scores_nothing_and_the_base_rate_has_no_skill() {
    let perfect = record(&[(1.0, true), (0.0, false), (0.0, false), (0.0, false)]).calibration().unwrap();
    assert_eq!((perfect.brier, perfect.skill, perfect.climatology), (0.0, Some(1.0), 0.1875));
    let base = record(&[(0.25, true), (0.25, false), (0.25, false), (0.25, false)]).calibration().unwrap();
    assert_eq!((base.brier, base.skill, base.resolution), (0.1875, Some(0.0), 0.0));
    assert_eq!(record(&[(0.3, true)]).calibration().unwrap().skill, None);
    assert_eq!(Record::default().calibration(), None);
}

#[test]
fn a_bin_begins_at_its_tenth() {
    let rows = record(&[(0.0, true), (0.1, true), (0.3, true), (0.7, true), (0.9, true), (1.0, true)])
        .calibration()
        .unwrap()
        .rows;
    let counts: Vec<(f64, u64)> = rows.iter().map(|row| (row.from, row.count)).collect();
    assert_eq!(counts, [(0.0, 1), (0.1, 1), (0.3, 1), (0.7, 1), (0.9, 2)]);
}

#[test]
fn overconfidence_shows_as_reliability_lost() {
    let mut chance = Chance(1_973);
    let truth: Vec<(f64, bool)> =
        (0..20_000).map(|_| (chance.unit(), chance.unit())).map(|(p, lot)| (p, lot < p)).collect();
    let bent: Vec<(f64, bool)> =
        truth.iter().map(|(p, breached)| (if *p < 0.5 { p / 2.0 } else { (1.0 + p) / 2.0 }, *breached)).collect();
    let (honest, bent) = (record(&truth).calibration().unwrap(), record(&bent).calibration().unwrap());
    assert!(honest.reliability < 0.0005, "{}", honest.reliability);
    assert!(bent.reliability > 0.01 && bent.brier > honest.brier, "{}", bent.reliability);
}

#[test]
fn agrees_with_an_oracle_written_another_way() {
    let mut chance = Chance(1_958);
    let curves: Vec<(Vec<i64>, Vec<i64>, i64, i64)> = (0..200)
        .map(|n| {
            let span = [12, 400][n % 2];
            let ages =
                |chance: &mut Chance, most: u64| (0..chance.below(most)).map(|_| chance.below(span) as i64).collect();
            let (answered, open) = (ages(&mut chance, 90), ages(&mut chance, 60));
            (answered, open, chance.below(span / 2) as i64, chance.below(span + 3) as i64)
        })
        .collect();
    let cases: Vec<String> = curves
        .iter()
        .map(|(answered, open, age, due)| {
            format!("curve {age} {due} answered {} open {}", words(answered), words(open))
        })
        .collect();
    let mut told_something = 0;
    for ((case, told), (answered, open, age, due)) in cases.iter().zip(ask("foresight.py", &cases)).zip(&curves) {
        let ours = breach(&Curve::new(answered.clone(), open.clone()), *age, *due);
        told_something += u32::from(ours.is_some_and(|breach| breach < 1.0));
        assert_agrees(case, &[ours.unwrap_or(-1.0)], &told, 1e-9);
    }
    assert!(told_something > 60, "only {told_something} curves told anything");

    let cases: Vec<String> = curves
        .iter()
        .zip([1, 25, 50, 80, 99].into_iter().cycle())
        .map(|((answered, open, age, due), percent)| {
            format!("forecast {percent} {age} {due} answered {} open {}", words(answered), words(open))
        })
        .collect();
    let (mut reached, mut unreached) = (0, 0);
    for (n, (case, told)) in cases.iter().zip(ask("foresight.py", &cases)).enumerate() {
        let ((answered, open, age, due), percent) = (&curves[n], [1, 25, 50, 80, 99][n % 5]);
        let ours = match forecast(&Curve::new(answered.clone(), open.clone()), *age, percent, Some(*due)) {
            None => vec![-1.0],
            Some(told) => {
                reached += u32::from(told.by_age.is_some());
                unreached += u32::from(told.by_age.is_none());
                vec![told.by_age.map_or(-2.0, |age| age as f64), told.kept_share.unwrap()]
            }
        };
        assert_agrees(case, &ours, &told, 1e-9);
    }
    assert!(reached > 30 && unreached > 10, "{reached} {unreached}");

    let records: Vec<Vec<(f64, bool)>> = (0..200)
        .map(|n| {
            let coarse = n % 2 == 0;
            let told = |chance: &mut Chance| if coarse { chance.below(11) as f64 / 10.0 } else { chance.unit() };
            (0..=chance.below(120)).map(|_| (told(&mut chance), chance.below(3) == 0)).collect()
        })
        .collect();
    let line = |outcomes: &Vec<(f64, bool)>| {
        words(&outcomes.iter().map(|(told, breached)| format!("{told}:{}", u8::from(*breached))).collect::<Vec<_>>())
    };
    let cases: Vec<String> = records.iter().map(|outcomes| format!("record {}", line(outcomes))).collect();
    for ((case, told), outcomes) in cases.iter().zip(ask("foresight.py", &cases)).zip(&records) {
        let Calibration { base_rate, brier, skill, reliability, resolution, within, rows, .. } =
            record(outcomes).calibration().unwrap();
        let mut ours = vec![base_rate, brier, skill.unwrap_or(-9.0), reliability, resolution, within];
        rows.iter().for_each(|row| ours.extend([row.told, row.observed, row.count as f64]));
        assert_agrees(case, &ours, &told, 1e-9);
    }
}

proptest! {
    #[test]
    fn a_breach_is_never_less_likely_as_the_clock_grows_older(
        answered in prop::collection::vec(0..300_i64, 0..200), open in prop::collection::vec(0..300_i64, 0..100), due in 1..320_i64,
    ) {
        let curve = Curve::new(answered, open);
        let mut before = 0.0;
        for age in 0..=due + 1 {
            if let Some(now) = breach(&curve, age, due) {
                prop_assert!((before..=1.0).contains(&now), "{} after {}", now, before);
                before = now;
            }
        }
    }

    #[test]
    fn nor_where_the_house_tells_on_from_what_its_department_told(
        own in prop::collection::vec(0..300_i64, 0..80), own_open in prop::collection::vec(0..300_i64, 0..40),
        others in prop::collection::vec(0..300_i64, 0..200), others_open in prop::collection::vec(0..300_i64, 0..100), due in 1..320_i64,
    ) {
        let both = |own: &[i64], others: &[i64]| [own, others].concat();
        let house = Curve::new(both(&own, &others), both(&own_open, &others_open));
        let own = Curve::new(own, own_open);
        let (mut before, mut of_house) = (0.0, false);
        for age in 0..=due + 1 {
            let Some(told) = foretell(&own, &house, age, due) else { continue };
            prop_assert!((before..=1.0).contains(&told.foresight.breach), "{:?} after {} at {}", told, before, age);
            // Who told once is not asked again: what was the house's stays so until it is certain.
            prop_assert!(told.of_house || !of_house || age >= due);
            (before, of_house) = (told.foresight.breach, told.of_house);
        }
    }

    #[test]
    fn more_time_is_never_a_greater_danger(
        answered in prop::collection::vec(0..300_i64, 20..200), open in prop::collection::vec(0..300_i64, 0..100), age in 0..100_i64,
    ) {
        let curve = Curve::new(answered, open);
        let told: Vec<f64> = (age..320).filter_map(|due| breach(&curve, age, due)).collect();
        prop_assert!(told.windows(2).all(|pair| pair[1] <= pair[0]));
    }

    #[test]
    fn it_is_the_share_that_the_forecast_leaves_over(
        answered in prop::collection::vec(0..300_i64, 0..200), age in 0..150_i64, due in 0..320_i64,
    ) {
        prop_assume!(age < due);
        let curve = Curve::new(answered, vec![]);
        let (counted, told) = (forecast(&curve, age, 50, Some(due)), curve.breach(age, due));
        prop_assert_eq!(counted.map(|told| told.answered), told.map(|told| told.answered));
        if let (Some(counted), Some(told)) = (counted, told) {
            prop_assert!(told.answered >= FEWEST && (told.breach - (1.0 - counted.kept_share.unwrap())).abs() < 1e-9);
        }
    }

    #[test]
    fn the_parts_of_the_score_add_up_and_records_merge(
        outcomes in prop::collection::vec((0.0..=1.0_f64, any::<bool>()), 1..200), cut in 0..200_usize,
    ) {
        let (left, right) = outcomes.split_at(cut.min(outcomes.len()));
        let mut merged = record(left);
        merged.merge(&record(right));
        let (told, merged) = (record(&outcomes).calibration().unwrap(), merged.calibration().unwrap());
        prop_assert!((told.brier - merged.brier).abs() < 1e-12 && (told.reliability - merged.reliability).abs() < 1e-12);
        let parts = told.reliability - told.resolution + told.uncertainty + told.within;
        prop_assert!((parts - told.brier).abs() < 1e-12);
        prop_assert_eq!(told.rows.iter().map(|row| row.count).sum::<u64>(), told.count);
        // The variance in a bin and twice its covariance are a tenth at most, and two tenths.
        prop_assert!(told.within.abs() <= 0.11);
    }
}

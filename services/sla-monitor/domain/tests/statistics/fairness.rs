//! The fair service index: it finds what was planted and is silent where there is nothing.

use std::cmp::Ordering;

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::fairness::{
    Compared, Dimension, Disparity, FIRST_90_DAYS, FairService, Group, Honeymoon, LATER, Silent, Test, Verdict,
    chi_square_beyond, fair_service, fisher, holm,
};

use super::chance::Chance;
use super::oracle::{ask, assert_agrees, words};

/// Each dimension with the groups of a house and how many of a hundred customers are in each.
const HOUSE: [(Dimension, &[(&str, u64)]); 5] = [
    (Dimension::Tenure, &[(FIRST_90_DAYS, 8), (LATER, 92)]),
    (Dimension::Segment, &[("household", 80), ("business", 15), ("public", 5)]),
    (Dimension::Channel, &[("phone", 55), ("web", 25), ("office", 12), ("post", 8)]),
    (Dimension::Language, &[("es", 78), ("ca", 12), ("gl", 5), ("eu", 3), ("en", 2)]),
    (Dimension::Vulnerability, &[("declared", 6), ("not_declared", 94)]),
];

/// A report on so many affairs, each of them in one group of every dimension; `rate` is the chance to be kept, by the groups it is in.
fn report(chance: &mut Chance, affairs: usize, rate: impl Fn(&[usize; 5]) -> f64) -> FairService {
    let mut counts = [[(0, 0); 5]; 5];
    for _ in 0..affairs {
        let groups = HOUSE.map(|(_, groups)| {
            let mut lot = chance.below(100);
            groups.iter().position(|(_, share)| lot.checked_sub(*share).map(|left| lot = left).is_none()).unwrap()
        });
        let kept = u64::from(chance.happens(rate(&groups)));
        for (dimension, group) in groups.into_iter().enumerate() {
            let (with, of) = &mut counts[dimension][group];
            (*with, *of) = (*with + kept, *of + 1);
        }
    }
    let mut dimensions = Vec::new();
    for (counts, (dimension, groups)) in counts.iter().zip(HOUSE) {
        let group =
            |((name, _), (kept, decided)): (&(&str, u64), &(u64, u64))| Group::new(*name, *kept, *decided).unwrap();
        dimensions.push((dimension, groups.iter().zip(counts).map(group).collect()));
    }
    fair_service(dimensions)
}

fn found(report: &FairService) -> Vec<(Dimension, &Disparity)> {
    let mut found = Vec::new();
    for compared in &report.dimensions {
        if let Verdict::Disparity(disparity) = &compared.verdict {
            found.push((compared.dimension, disparity));
        }
    }
    found
}

fn one(dimension: Dimension, groups: &[(&str, u64, u64)]) -> Compared {
    let groups = groups.iter().map(|(name, kept, decided)| Group::new(*name, *kept, *decided).unwrap()).collect();
    fair_service(vec![(dimension, groups)]).dimensions.remove(0)
}

#[test]
fn of_a_house_that_treats_all_alike_at_most_one_report_in_twenty_raises_an_alarm() {
    // In the long run 3.0 % of such reports do at 400 affairs and 4.5 to 5.0 % at 3,000, by p alone (6,666 to 50,000 reports of each).
    let mut chance = Chance(28);
    let (mut in_all, mut by_p_in_all) = (0, 0);
    for (affairs, rate) in [(400, 0.9), (3_000, 0.95), (3_000, 0.7)] {
        let reports: Vec<FairService> = (0..500).map(|_| report(&mut chance, affairs, |_| rate)).collect();
        let alarms = reports.iter().filter(|report| !found(report).is_empty()).count();
        // Without the condition of a gap that is noticed, too.
        let evident = |report: &&FairService| {
            report.dimensions.iter().any(|compared| compared.corrected.is_some_and(|p| p <= 0.05))
        };
        let by_p = reports.iter().filter(evident).count();
        println!("{affairs} affairs at {rate}: {alarms} alarms, {by_p} by p alone, in 500 reports");
        // One house may have three standard deviations more by chance.
        assert!(by_p <= 40, "{affairs} at {rate}: {by_p}");
        in_all += alarms;
        by_p_in_all += by_p;
    }
    assert!(in_all <= 75, "{in_all} of 1,500");
    assert!((30..=82).contains(&by_p_in_all), "a test that never errs says nothing: {by_p_in_all} of 1,500");
}

#[test]
fn ten_points_less_for_the_new_are_found_nineteen_times_in_twenty() {
    let mut chance = Chance(90);
    let (mut hits, mut elsewhere, mut index) = (0, 0, 0.0);
    for _ in 0..300 {
        let report = report(&mut chance, 3_000, |groups| if groups[0] == 0 { 0.82 } else { 0.92 });
        let found = found(&report);
        hits += u32::from(
            found.iter().any(|(dimension, told)| *dimension == Dimension::Tenure && told.group == FIRST_90_DAYS),
        );
        elsewhere += u32::from(found.iter().any(|(dimension, _)| *dimension != Dimension::Tenure));
        index += report.index.unwrap() / 300.0;
    }
    println!("found in {hits} of 300, something else in {elsewhere}, index {index:.1}");
    assert!(hits >= 285 && elsewhere <= 24, "{hits} {elsewhere}");
    assert!((index - 100.0 * 0.82 / 0.92).abs() < 1.5, "{index}");
}

#[test]
fn fifteen_points_less_for_a_small_language_are_found_nineteen_times_in_twenty() {
    let mut chance = Chance(3);
    let mut hits = 0;
    for _ in 0..300 {
        let report = report(&mut chance, 4_000, |groups| if groups[3] == 3 { 0.80 } else { 0.95 });
        hits += u32::from(
            found(&report).iter().any(|(dimension, told)| *dimension == Dimension::Language && told.group == "eu"),
        );
    }
    println!("found in {hits} of 300");
    assert!(hits >= 285, "{hits}");
}

#[test]
fn a_disparity_says_which_group_and_how_large() {
    let told = one(Dimension::Channel, &[("phone", 940, 1_000), ("web", 930, 1_000), ("post", 70, 100)]);
    let Verdict::Disparity(disparity) = &told.verdict else { panic!("{told:?}") };
    assert_eq!((disparity.group.as_str(), disparity.attainment, disparity.rest), ("post", 0.7, 0.935));
    assert_eq!((told.worst_to_best, told.keeps_four_fifths()), (Some(0.7 / 0.94), Some(false)));
    assert!(matches!(told.test, Some((Test::ChiSquare { freedom: 2, .. }, _))));
}

#[test]
fn the_group_with_the_most_evidence_is_named_and_not_the_smallest() {
    // Of 25 letters 20 were kept: the lowest share, and hardly a sign.
    let told = one(Dimension::Channel, &[("phone", 1_900, 2_000), ("web", 1_640, 2_000), ("post", 20, 25)]);
    assert!(matches!(&told.verdict, Verdict::Disparity(told) if told.group == "web"), "{told:?}");
}

#[test]
fn small_counts_are_tested_exactly_and_smaller_ones_not_at_all() {
    let told = one(Dimension::Vulnerability, &[("declared", 14, 20), ("not_declared", 98, 100)]);
    assert!(matches!(told.test, Some((Test::Fisher, p)) if p < 0.001), "{told:?}");
    assert!(matches!(&told.verdict, Verdict::Disparity(told) if told.group == "declared"));
    let told = one(Dimension::Vulnerability, &[("declared", 0, 19), ("not_declared", 98, 100)]);
    assert_eq!((told.test, told.corrected, &told.verdict), (None, None, &Verdict::Silent(Silent::TooFew)));
    assert_eq!(fair_service(vec![(Dimension::Tenure, vec![])]).index, None);
    assert_eq!(fair_service(vec![]).index, None);
}

#[test]
fn a_gap_that_nobody_notices_is_no_disparity_however_sure() {
    let told = one(Dimension::Segment, &[("household", 950_000, 1_000_000), ("business", 94_000, 100_000)]);
    assert!(told.corrected.unwrap() < 1e-9);
    assert_eq!(told.verdict, Verdict::Silent(Silent::Slight));
}

#[test]
fn where_all_or_nothing_is_kept_all_are_served_alike() {
    for kept in [0, 100] {
        let told = one(Dimension::Segment, &[("household", kept, 100), ("business", kept, 100)]);
        assert_eq!((told.worst_to_best, &told.verdict), (Some(1.0), &Verdict::Silent(Silent::NoEvidence)));
    }
    let told = one(Dimension::Segment, &[("household", 100, 100), ("business", 0, 100)]);
    assert!(matches!(&told.verdict, Verdict::Disparity(told) if told.relative() == 0.0), "{told:?}");
}

#[test]
fn more_kept_than_decided_is_refused() {
    assert_eq!(Group::new("phone", 3, 2), None);
}

#[test]
fn the_honeymoon_has_its_own_sentence() {
    let tenure = |new, later| {
        Honeymoon::new(&one(Dimension::Tenure, &[(FIRST_90_DAYS, new, 1_000), (LATER, later, 4_000)])).unwrap()
    };
    let told = tenure(971, 3_520);
    assert_eq!(told.new_fare, Ordering::Greater);
    assert_eq!(
        told.es(),
        "Se atiende mejor a los recién llegados: se cumple el 97,1 % con quien lleva menos de 90 días y el 88,0 % con los demás."
    );
    assert_eq!(
        told.en(),
        "New customers are served better: 97.1 % is kept for customers in their first 90 days and 88.0 % for the others."
    );
    let told = tenure(700, 3_600);
    assert_eq!(told.new_fare, Ordering::Less);
    assert!(told.es().starts_with("Se atiende peor") && told.en().starts_with("New customers are served worse"));
    let told = tenure(900, 3_600);
    assert!(told.es().starts_with("No se aprecia diferencia") && told.en().starts_with("No difference"));
    let few = Honeymoon::new(&one(Dimension::Tenure, &[(FIRST_90_DAYS, 1, 2), (LATER, 90, 100)])).unwrap();
    assert!(few.es().starts_with("Hay muy pocos casos") && few.en().starts_with("There are too few cases"));
    assert_eq!(Honeymoon::new(&one(Dimension::Channel, &[(FIRST_90_DAYS, 1, 2), (LATER, 90, 100)])), None);
    assert_eq!(Honeymoon::new(&one(Dimension::Tenure, &[(LATER, 90, 100)])), None);
}

#[test]
fn the_lady_tasting_tea_comes_out() {
    assert!((fisher(4, 4, 4, 8) - 2.0 / 70.0).abs() < 1e-12);
    assert!((fisher(3, 4, 4, 8) - 34.0 / 70.0).abs() < 1e-12);
    assert!((chi_square_beyond(3.841_458_820_694_124, 1) - 0.05).abs() < 1e-12);
    assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
}

#[test]
fn agrees_with_an_oracle_written_another_way() {
    let mut chance = Chance(1_954);
    let chi: Vec<(f64, u32)> =
        (0..400).map(|n| (chance.unit() * [3.0, 30.0, 150.0][n % 3], 1 + chance.below(40) as u32)).collect();
    let cases: Vec<String> = chi.iter().map(|(x, freedom)| format!("chi {x} {freedom}")).collect();
    for ((case, told), (x, freedom)) in cases.iter().zip(ask("fairness.py", &cases)).zip(&chi) {
        // Near 0 to a part in a billion of it, too.
        let ours = chi_square_beyond(*x, *freedom);
        assert!((ours - told[0]).abs() <= 1e-9 * told[0] + 1e-15, "{case}: {ours} is not {}", told[0]);
    }

    let mut tables: Vec<[u64; 4]> = (0..400)
        .map(|n| {
            let all = 2 + chance.below([12, 60, 900][n % 3]);
            let (of, kept) = (1 + chance.below(all), chance.below(all + 1));
            let (least, most) = ((of + kept).saturating_sub(all), of.min(kept));
            [least + chance.below(most - least + 1), of, kept, all]
        })
        .collect();
    // Large enough that a weight taken relative to the least likely table would overflow.
    tables.extend([[600, 1_200, 1_200, 2_400], [650, 1_200, 1_200, 2_400], [10, 20, 999_000, 1_000_000]]);
    let cases: Vec<String> = tables.iter().map(|table| format!("fisher {}", words(table))).collect();
    for ((case, told), [with, of, kept, all]) in cases.iter().zip(ask("fairness.py", &cases)).zip(tables) {
        let ours = fisher(with, of, kept, all);
        assert!((ours - told[0]).abs() <= 1e-7 * told[0], "{case}: {ours} is not {}", told[0]);
    }

    let values: Vec<Vec<f64>> = (0..200)
        .map(|n| (0..=chance.below(7)).map(|_| if n % 3 == 0 { 0.01 } else { chance.unit().powi(3) }).collect())
        .collect();
    let cases: Vec<String> = values.iter().map(|values| format!("holm {}", words(values))).collect();
    for ((case, told), values) in cases.iter().zip(ask("fairness.py", &cases)).zip(&values) {
        assert_agrees(case, &holm(values), &told, 1e-12);
    }
}

fn groups() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((0..400_u64, 0..=100_u64).prop_map(|(decided, share)| (decided * share / 100, decided)), 0..6)
}

proptest! {
    #[test]
    fn a_report_is_within_its_bounds(tenure in groups(), channel in groups(), language in groups()) {
        let named = |counts: &[(u64, u64)]| -> Vec<Group> {
            counts.iter().enumerate().map(|(n, (kept, decided))| Group::new(n.to_string(), *kept, *decided).unwrap()).collect()
        };
        let given = [(Dimension::Tenure, &tenure), (Dimension::Channel, &channel), (Dimension::Language, &language)];
        let told = fair_service(given.map(|(dimension, counts)| (dimension, named(counts))).to_vec());
        let tested = told.dimensions.iter().filter(|compared| compared.test.is_some()).count();
        prop_assert_eq!(told.index.is_some(), tested > 0);
        prop_assert!(told.index.is_none_or(|index| (0.0..=100.0).contains(&index)));
        for (compared, (dimension, counts)) in told.dimensions.iter().zip(given) {
            prop_assert_eq!((compared.dimension, compared.groups.len()), (dimension, counts.len()));
            prop_assert!(compared.worst_to_best.is_none_or(|ratio| (0.0..=1.0).contains(&ratio)));
            if let (Some((_, p)), Some(corrected)) = (compared.test, compared.corrected) {
                prop_assert!((0.0..=1.0).contains(&p) && p <= corrected && corrected <= (p * tested as f64 + 1e-12).min(1.0));
            }
            match &compared.verdict {
                Verdict::Disparity(disparity) => {
                    prop_assert!(disparity.gap() >= 0.02 && compared.corrected.unwrap() <= 0.05 && told.index.unwrap() < 100.0);
                }
                Verdict::Silent(silent) => prop_assert_eq!(*silent == Silent::TooFew, compared.test.is_none()),
            }
            for group in &compared.groups {
                let [low, high] = group.interval();
                prop_assert!(group.attainment().is_none_or(|share| low <= share && share <= high));
            }
        }
    }

    #[test]
    fn the_order_of_groups_does_not_matter(counts in groups(), turn in 0..6_usize) {
        let named: Vec<Group> = counts.iter().enumerate().map(|(n, (kept, decided))| Group::new(n.to_string(), *kept, *decided).unwrap()).collect();
        let mut turned = named.clone();
        turned.rotate_left(turn.min(named.len()));
        let told = |groups| fair_service(vec![(Dimension::Segment, groups)]).dimensions.remove(0);
        let (one, two) = (told(named), told(turned));
        prop_assert_eq!(one.worst_to_best, two.worst_to_best);
        prop_assert!((one.corrected.unwrap_or(9.0) - two.corrected.unwrap_or(9.0)).abs() < 1e-9);
    }
}

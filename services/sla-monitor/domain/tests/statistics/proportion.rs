//! Shares and their intervals.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::proportion::{Counted, needed, reach, wilson};

use super::chance::Chance;
use super::oracle::{ask, assert_agrees, words};

#[test]
fn a_known_example_comes_out() {
    let [low, high] = wilson(20, 100, None);
    assert!((low - 0.1334).abs() < 1e-4 && (high - 0.2888).abs() < 1e-4, "{low} {high}");
    assert_eq!(wilson(0, 0, None), [0.0, 1.0]);
    assert_eq!(Counted::full(7, 10).unwrap().interval(), [0.7, 0.7]);
}

#[test]
fn counts_that_cannot_be_true_together_are_refused() {
    assert_eq!(Counted::full(11, 10), None);
    assert_eq!(Counted::sample(5, 10, 9), None);
    assert_eq!(Counted::sample(5, 10, 10), Counted::full(5, 10));
}

#[test]
fn of_a_million_381_are_enough_at_worst() {
    assert_eq!(needed(0.5, 1_000_000, 0.05), 381);
    assert_eq!(needed(0.5, 10, 0.05), 10);
    assert_eq!(needed(0.5, 0, 0.05), 0);
}

#[test]
fn agrees_with_an_oracle_written_another_way() {
    let mut chance = Chance(221);
    let cases: Vec<[u64; 3]> = (0..300)
        .map(|n| {
            let all = 1 + chance.below([40, 3_000, 5_000_000][n % 3]);
            let of = 1 + if n % 2 == 0 { chance.below(all) } else { chance.below(all.min(500)) };
            [if n % 5 == 0 { of } else { chance.below(of + 1) }, of, all]
        })
        .collect();
    let told = ask("proportion.py", &cases.iter().map(|case| words(case)).collect::<Vec<_>>());
    for ([with, of, all], told) in cases.into_iter().zip(told) {
        let share = with as f64 / of as f64;
        let [low, high] = Counted::sample(with, of, all).unwrap().interval();
        assert_agrees(&format!("{with} {of} {all}"), &[low, high, reach(share, of, all)], &told[..3], 1e-9);
        if told[3] >= 0.0 {
            assert_eq!(needed(share, all, 0.05) as f64, told[3], "{with} {of} {all}");
        }
    }
}

#[test]
fn the_interval_covers_the_truth_as_often_as_it_says() {
    let mut chance = Chance(1_927);
    for (all, of) in [(10_000, 100), (400, 100), (120, 100)] {
        let mut covered = 0;
        for _ in 0..2_000 {
            let truth = all / 20 + chance.below(all * 9 / 10);
            let [low, high] = Counted::sample(chance.sample(of, truth, all), of, all).unwrap().interval();
            let truth = truth as f64 / all as f64;
            covered += u32::from(low <= truth && truth <= high);
        }
        assert!((1_860..=1_960).contains(&covered), "{of} of {all}: {covered} of 2,000");
    }
}

proptest! {
    #[test]
    fn the_share_is_within_its_interval_and_the_reach_is_at_least_half_of_it(
        all in 1..1_000_000_u64, of in any::<u64>(), with in any::<u64>(),
    ) {
        let of = 1 + of % all;
        let counted = Counted::sample(with % (of + 1), of, all).unwrap();
        let (share, [low, high]) = (counted.share().unwrap(), counted.interval());
        prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        prop_assert!(reach(share, of, all) >= (high - low) / 2.0 - 1e-12);
    }

    #[test]
    fn a_larger_sample_never_reaches_farther(share in 0.0..=1.0_f64, all in 2..5_000_u64, of in any::<u64>()) {
        let of = 1 + of % (all - 1);
        prop_assert!(reach(share, of + 1, all) <= reach(share, of, all) + 1e-12);
    }

    #[test]
    fn what_is_needed_is_enough_and_one_less_is_not(share in 0.0..=1.0_f64, all in 1..10_000_000_u64) {
        let needed = needed(share, all, 0.05);
        prop_assert!(needed <= all && reach(share, needed, all) <= 0.05);
        prop_assert!(needed == 0 || reach(share, needed - 1, all) > 0.05);
    }
}

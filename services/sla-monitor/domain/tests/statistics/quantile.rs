//! Quantiles against a calculation by the definition.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::quantile::Durations;

fn of(values: &[(i64, u64)]) -> Durations {
    let mut durations = Durations::default();
    values.iter().for_each(|(micros, times)| durations.add(*micros, *times));
    durations
}

#[test]
fn half_of_five_is_the_third_and_half_of_four_the_second() {
    assert_eq!(of(&[(15, 1), (20, 1), (35, 1), (40, 1), (50, 1)]).quantile(50), Some(35));
    assert_eq!(of(&[(15, 2), (20, 2)]).quantile(50), Some(15));
    assert_eq!(of(&[(15, 2), (20, 2)]).quantile(51), Some(20));
    assert_eq!(of(&[]).quantile(95), None);
}

#[test]
fn counts_too_many_to_add_do_not_overflow() {
    let durations = of(&[(i64::MAX, u64::MAX), (1, 3)]);
    assert_eq!((durations.count(), durations.quantile(100)), (u64::MAX, Some(i64::MAX)));
    assert!(durations.mean().unwrap() > 9e18);
}

proptest! {
    #[test]
    fn so_many_percent_were_over_by_then_and_fewer_before(
        values in prop::collection::vec((0..60_i64, 0..5_u64), 0..60), percent in 1..=100_u8,
    ) {
        let durations = of(&values);
        let plain: Vec<i64> = values.iter().flat_map(|(micros, times)| (0..*times).map(|_| *micros)).collect();
        prop_assert_eq!(durations.count(), plain.len() as u64);
        let Some(quantile) = durations.quantile(percent) else {
            prop_assert!(plain.is_empty());
            return Ok(());
        };
        let by = |limit: i64| plain.iter().filter(|micros| **micros <= limit).count();
        let wanted = usize::from(percent) * plain.len();
        prop_assert!(by(quantile) * 100 >= wanted && by(quantile - 1) * 100 < wanted);
        prop_assert_eq!(durations.below(quantile), by(quantile - 1) as u64);
        let mean = plain.iter().sum::<i64>() as f64 / plain.len() as f64;
        prop_assert!((durations.mean().unwrap() - mean).abs() < 1e-9);
        let squares = plain.iter().map(|micros| (*micros as f64 - mean).powi(2)).sum::<f64>();
        prop_assert_eq!(durations.deviation().is_none(), plain.len() < 2);
        if let Some(deviation) = durations.deviation() {
            prop_assert!((deviation.powi(2) * (plain.len() - 1) as f64 - squares).abs() < 1e-6);
        }
    }

    #[test]
    fn counted_apart_and_merged_is_counted_together(
        values in prop::collection::vec((0..60_i64, 0..5_u64), 0..60), cut in 0..60_usize,
    ) {
        let (left, right) = values.split_at(cut.min(values.len()));
        let mut merged = of(left);
        merged.merge(&of(right));
        prop_assert_eq!(merged, of(&values));
    }
}

//! Forecasts against a calculation by the definition.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::forecast::{FEWEST, forecast};

#[test]
fn what_was_answered_younger_than_the_affair_is_says_nothing_about_it() {
    let ages: Vec<i64> = (1..=100).collect();
    assert_eq!(forecast(&ages, 0, 80, None).unwrap().by_age, 80);
    // Of the fifty that took longer than fifty.
    let later = forecast(&ages, 50, 80, Some(60)).unwrap();
    assert_eq!((later.by_age, later.basis, later.kept_share), (90, 50, Some(0.2)));
    assert_eq!(forecast(&ages, 81, 80, None), None, "nineteen are too few");
}

proptest! {
    #[test]
    fn so_many_percent_were_answered_by_then_and_fewer_before(
        ages in prop::collection::vec(0..500_i64, 0..200), age in 0..400_i64, percent in 1..100_u8, due in 0..600_i64,
    ) {
        let older: Vec<i64> = ages.iter().copied().filter(|a| *a > age).collect();
        let Some(told) = forecast(&ages, age, percent, Some(due)) else {
            prop_assert!(older.len() < FEWEST);
            return Ok(());
        };
        prop_assert_eq!(told.basis, older.len());
        let by = |limit: i64| older.iter().filter(|a| **a <= limit).count();
        let wanted = usize::from(percent) * older.len();
        prop_assert!(by(told.by_age) * 100 >= wanted);
        prop_assert!(by(told.by_age - 1) * 100 < wanted);
        let share = by(due) as f64 / older.len() as f64;
        prop_assert!((told.kept_share.unwrap() - share).abs() < 1e-12);
    }
}

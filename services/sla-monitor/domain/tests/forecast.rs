//! Forecasts against a calculation by the definition.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::forecast::{FEWEST, Forecast, forecast};
use ventanilla_sla_monitor_domain::foresight::Curve;

/// The same of affairs that were all answered.
fn answered(ages: &[i64], age: i64, percent: u8, due: Option<i64>) -> Option<Forecast> {
    forecast(&Curve::new(ages.to_vec(), Vec::new()), age, percent, due)
}

#[test]
fn what_was_answered_younger_than_the_affair_is_says_nothing_about_it() {
    let ages: Vec<i64> = (1..=100).collect();
    assert_eq!(answered(&ages, 0, 80, None).unwrap().by_age, Some(80));
    // Of the fifty that took longer than fifty.
    let later = answered(&ages, 50, 80, Some(60)).unwrap();
    assert_eq!((later.by_age, later.answered, later.open), (Some(90), 50, 0));
    assert!((later.kept_share.unwrap() - 0.2).abs() < 1e-12);
    assert_eq!(answered(&ages, 81, 80, None), None, "nineteen are too few");
}

#[test]
fn those_that_still_wait_are_the_slow_ones() {
    // Sixty are answered within sixty hours, one an hour; forty wait since a hundred hours.
    let curve = Curve::new((1..=60).collect(), vec![100; 40]);
    let told = forecast(&curve, 0, 50, Some(30)).unwrap();
    assert_eq!((told.by_age, told.answered, told.open), (Some(50), 60, 40));
    assert!((told.kept_share.unwrap() - 0.3).abs() < 1e-12);
    // Leaving them out would say thirty hours, and half.
    assert_eq!(answered(&(1..=60).collect::<Vec<_>>(), 0, 50, None).unwrap().by_age, Some(30));
    // Four in five were never answered, as far as anybody waited.
    let unreached = forecast(&curve, 0, 80, None).unwrap();
    assert_eq!((unreached.by_age, unreached.followed_to), (None, 100));
}

proptest! {
    #[test]
    fn so_many_percent_were_answered_by_then_and_fewer_before(
        ages in prop::collection::vec(0..500_i64, 0..200), age in 0..400_i64, percent in 1..100_u8, due in 0..600_i64,
    ) {
        let older: Vec<i64> = ages.iter().copied().filter(|a| *a > age).collect();
        let Some(told) = answered(&ages, age, percent, Some(due)) else {
            prop_assert!(older.len() < FEWEST);
            return Ok(());
        };
        prop_assert_eq!((told.answered, told.followed_to), (older.len(), ages.iter().copied().max().unwrap()));
        let by = |limit: i64| older.iter().filter(|a| **a <= limit).count();
        let (wanted, by_age) = (usize::from(percent) * older.len(), told.by_age.unwrap());
        prop_assert!(by(by_age) * 100 >= wanted);
        prop_assert!(by(by_age - 1) * 100 < wanted);
        let share = by(due) as f64 / older.len() as f64;
        prop_assert!((told.kept_share.unwrap() - share).abs() < 1e-9);
    }

    #[test]
    fn whoever_waits_longer_makes_no_answer_come_earlier(
        ages in prop::collection::vec(0..300_i64, 0..150), open in prop::collection::vec(0..300_i64, 0..80), percent in 1..100_u8,
    ) {
        let told = |open: Vec<i64>| forecast(&Curve::new(ages.clone(), open), 0, percent, Some(100));
        let longer = open.iter().map(|waits| waits + 50).collect();
        if let (Some(told), Some(longer)) = (told(open), told(longer)) {
            prop_assert!(longer.by_age.unwrap_or(i64::MAX) >= told.by_age.unwrap_or(i64::MAX));
            prop_assert!(longer.kept_share.unwrap() <= told.kept_share.unwrap() + 1e-12);
        }
    }
}

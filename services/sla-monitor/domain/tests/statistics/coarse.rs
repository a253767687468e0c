//! What is read from buckets equals what is read from all.

use proptest::prelude::*;
use ventanilla_sla_monitor_domain::figures::Coarse;
use ventanilla_sla_monitor_domain::quantile::{Durations, rank};

const PERCENTS: [u8; 5] = [50, 75, 90, 95, 99];

/// Buckets of the durations, and what a second look into those that hold the ranks finds.
fn read(durations: &[i64], width: i64) -> Durations {
    let mut coarse = Coarse::new(width);
    durations.iter().for_each(|micros| coarse.add(micros.div_euclid(width), 1));
    let held = coarse.holding(PERCENTS.map(|percent| rank(percent, coarse.count())));
    let looked_into = durations.iter().filter(|micros| held.contains(&micros.div_euclid(width)));
    coarse.refined(looked_into.map(|micros| (*micros, 1)))
}

proptest! {
    #[test]
    fn percentiles_and_counts_below_an_edge_are_those_of_all_durations(
        durations in prop::collection::vec(-5_000_i64..50_000, 1..300),
        width in 1_i64..5_000,
        edge in 0_i64..20,
    ) {
        let mut all = Durations::default();
        durations.iter().for_each(|micros| all.add(*micros, 1));
        let read = read(&durations, width);
        prop_assert_eq!(read.count(), all.count());
        for percent in PERCENTS {
            prop_assert_eq!(read.quantile(percent), all.quantile(percent));
        }
        prop_assert_eq!(read.below(edge * width), all.below(edge * width));
    }
}

#[test]
fn without_the_second_look_a_percentile_is_wrong() {
    let mut coarse = Coarse::new(1_000);
    coarse.add(1, 2);
    coarse.add(2, 1);
    assert_eq!(coarse.refined([]).quantile(50), Some(1_000));
    assert_eq!(coarse.refined([(1_500, 1), (1_700, 1)]).quantile(50), Some(1_700));
}

#[test]
fn a_bucket_is_looked_into_once_and_a_rank_beyond_the_last_in_none() {
    let mut coarse = Coarse::new(10);
    coarse.add(3, 2);
    coarse.add(-1, 1);
    coarse.add(7, 0);
    assert_eq!(coarse.count(), 3);
    assert_eq!(coarse.holding([3, 2, 1, 0, 4]), [-1, 3]);
}

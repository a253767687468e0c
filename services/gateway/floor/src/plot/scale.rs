//! Where a value stands on an axis, and which values are written at it.

/// A stretch of values laid over a stretch of the sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// Values `from..to` over `start..end`. An empty or unreal stretch of values is all at `start`.
    pub(super) fn new(values: (f64, f64), sheet: (f64, f64)) -> Self {
        Self { from: values.0, to: values.1, start: sheet.0, end: sheet.1 }
    }

    /// Where a value stands; beyond the ends, at the end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from);
        if share.is_finite() { self.start + share.clamp(0.0, 1.0) * (self.end - self.start) } else { self.start }
    }
}

/// A share as a share: nothing below none, above all, or unreal.
pub(super) fn share(value: f64) -> f64 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

/// Where an axis of shares begins, so that what lies close together is told apart: at a tenth below the least, and at nothing
/// where the least is small.
pub(super) fn floor_of(least: f64) -> f64 {
    let least = share(least);
    if least < 0.35 { 0.0 } else { ((least * 10.0).floor() / 10.0).min(0.9) }
}

/// The shares that are written at an axis from `floor` to one.
pub(super) fn share_ticks(floor: f64) -> Vec<f64> {
    let step = match 1.0 - floor {
        whole if whole > 0.6 => 0.2,
        half if half > 0.25 => 0.1,
        tenth if tenth > 0.11 => 0.05,
        _ => 0.02,
    };
    let count = ((1.0 - floor) / step).round() as u32;
    (0..=count).map(|index| floor + f64::from(index) * step).collect()
}

/// The counts that are written at an axis from nothing to `most`: at most five, of one, two or five times a power of ten.
pub(super) fn count_ticks(most: f64) -> Vec<f64> {
    if !most.is_finite() || most < 1.0 {
        return vec![0.0];
    }
    let rough = most / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough);
    let step = step.unwrap_or(most).max(1.0);
    let count = (most / step).floor() as u32;
    (0..=count.min(8)).map(|index| f64::from(index) * step).collect()
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Lengths of time, in seconds, that people have words for.
const SPANS: [f64; 17] = [
    1.0,
    10.0,
    30.0,
    MINUTE,
    5.0 * MINUTE,
    15.0 * MINUTE,
    HOUR,
    4.0 * HOUR,
    12.0 * HOUR,
    DAY,
    3.0 * DAY,
    7.0 * DAY,
    15.0 * DAY,
    30.0 * DAY,
    90.0 * DAY,
    365.0 * DAY,
    3650.0 * DAY,
];

/// A scale of lengths of time on which as many times as long is as far, wherever it stands.
#[derive(Debug, Clone)]
pub(super) struct Spans {
    scale: Scale,
    from: f64,
    to: f64,
}

impl Spans {
    /// From the last named span below the least to the first above the most. Less than a second is a second.
    pub(super) fn new(least: f64, most: f64, sheet: (f64, f64)) -> Self {
        let (least, most) = (seconds(least), seconds(most));
        let from = SPANS.iter().rev().copied().find(|span| *span <= least).unwrap_or(SPANS[0]);
        let to = SPANS.iter().copied().find(|span| *span >= most && *span > from).unwrap_or(most.max(from * 10.0));
        Self { scale: Scale::new((from.ln(), to.ln()), sheet), from, to }
    }

    /// Where a length stands.
    pub(super) fn at(&self, length: f64) -> f64 {
        self.scale.at(seconds(length).ln())
    }

    /// Lengths that are written at it, no closer than `room`.
    pub(super) fn ticks(&self, room: f64) -> Vec<f64> {
        let mut ticks: Vec<f64> = Vec::new();
        for span in SPANS.iter().copied().filter(|span| (self.from..=self.to).contains(span)) {
            if ticks.last().is_none_or(|last| self.at(span) - self.at(*last) >= room) {
                ticks.push(span);
            }
        }
        ticks
    }
}

fn seconds(length: f64) -> f64 {
    if length.is_finite() { length.clamp(1.0, 1e10) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_stands_where_its_share_of_the_stretch_is_and_nothing_stands_outside() {
        let scale = Scale::new((10.0, 20.0), (100.0, 300.0));
        for (value, at) in [(10.0, 100.0), (12.5, 150.0), (20.0, 300.0), (9.0, 100.0), (1e300, 300.0)] {
            assert_eq!(scale.at(value), at, "{value}");
        }
        // Downwards as well, as shares are drawn.
        assert_eq!(Scale::new((0.0, 1.0), (200.0, 0.0)).at(0.25), 150.0);
        // Nothing to lay out, or nothing that is a number: all of it is at the beginning.
        for empty in [(5.0, 5.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            assert_eq!(Scale::new(empty, (7.0, 9.0)).at(5.0), 7.0, "{empty:?}");
        }
        assert_eq!(scale.at(f64::NAN), 100.0);
    }

    #[test]
    fn an_axis_of_shares_begins_below_the_least_and_ends_at_all() {
        let told =
            |floor: f64| share_ticks(floor).iter().map(|share| (share * 1_000.0).round() as i64).collect::<Vec<_>>();
        assert_eq!(told(0.0), [0, 200, 400, 600, 800, 1_000]);
        assert_eq!(told(0.4), [400, 500, 600, 700, 800, 900, 1_000]);
        assert_eq!(told(0.8), [800, 850, 900, 950, 1_000]);
        assert_eq!(told(0.9), [900, 920, 940, 960, 980, 1_000]);
        for (least, floor) in
            [(0.0, 0.0), (0.34, 0.0), (0.47, 0.4), (0.99, 0.9), (1.0, 0.9), (7.0, 0.9), (f64::NAN, 0.0)]
        {
            assert!((floor_of(least) - floor).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn counts_are_written_in_round_numbers_and_few() {
        for (most, ticks) in [
            (0.0, vec![0.0]),
            (1.0, vec![0.0, 1.0]),
            (3.0, vec![0.0, 1.0, 2.0, 3.0]),
            (12.0, vec![0.0, 5.0, 10.0]),
            (4_000.0, vec![0.0, 1_000.0, 2_000.0, 3_000.0, 4_000.0]),
            (7_001.0, vec![0.0, 2_000.0, 4_000.0, 6_000.0]),
            (f64::NAN, vec![0.0]),
            (f64::INFINITY, vec![0.0]),
        ] {
            assert_eq!(count_ticks(most), ticks, "{most}");
        }
    }

    proptest! {
        #[test]
        fn the_last_count_is_within_a_step_of_the_most(most in 1_u64..1_000_000_000_000) {
            let most = most as f64;
            let ticks = count_ticks(most);
            prop_assert!((2..=5).contains(&ticks.len()), "{:?}", ticks);
            let step = ticks[1];
            // One, two or five times a power of ten, by its digits.
            prop_assert!(matches!(format!("{step}").trim_end_matches('0'), "1" | "2" | "5"), "{}", step);
            for (index, tick) in ticks.iter().enumerate() {
                prop_assert_eq!(*tick, index as f64 * step);
            }
            let last = ticks[ticks.len() - 1];
            prop_assert!(last <= most && most < last + step, "{:?} of {}", ticks, most);
        }

        #[test]
        fn as_many_times_as_long_is_as_far_and_everything_lies_between_the_ends(
            least in 1.0..1e6_f64,
            times in 1.0..1e4_f64,
        ) {
            let spans = Spans::new(least, least * times, (0.0, 500.0));
            let (first, last) = (spans.at(least), spans.at(least * times));
            prop_assert!((0.0..=500.0).contains(&first) && first <= last && last <= 500.0);
            let middle = spans.at(least * times.sqrt());
            prop_assert!(((first + last) / 2.0 - middle).abs() < 1e-6, "{} {} {}", first, middle, last);
            let ticks = spans.ticks(40.0);
            prop_assert!(!ticks.is_empty());
            for two in ticks.windows(2) {
                prop_assert!(spans.at(two[1]) - spans.at(two[0]) >= 40.0, "{:?}", ticks);
            }
        }
    }

    #[test]
    fn lengths_that_are_none_are_a_second_and_the_ends_have_names() {
        let spans = Spans::new(f64::NAN, -5.0, (0.0, 100.0));
        assert_eq!((spans.at(1.0), spans.at(0.0), spans.at(f64::INFINITY)), (0.0, 0.0, 0.0));
        assert_eq!(spans.ticks(10.0), [1.0, 10.0]);
        let days = Spans::new(2.0 * DAY, 20.0 * DAY, (0.0, 100.0));
        assert_eq!(days.ticks(1.0), [DAY, 3.0 * DAY, 7.0 * DAY, 15.0 * DAY, 30.0 * DAY]);
    }
}

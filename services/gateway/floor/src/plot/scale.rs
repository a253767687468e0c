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

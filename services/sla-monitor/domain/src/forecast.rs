//! By when an affair will be answered, as far as those like it tell: those that were answered, and those that still wait, which are the slow ones
//! ([`Curve`]).

use crate::foresight::Curve;

/// Fewer affairs tell nothing.
pub const FEWEST: usize = 20;

/// What affairs like it tell of one that is not answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The least age by which so many percent of them are answered, in microseconds; none where so many were not, as far as any was followed.
    pub by_age: Option<i64>,
    /// The greatest age to which any was followed: where `by_age` is none, it is greater.
    pub followed_to: i64,
    /// Share of them that are answered by the age asked for, 0 to 1.
    pub kept_share: Option<f64>,
    /// How many were answered at a greater age than it has.
    pub answered: usize,
    /// How many wait at a greater age, or were given up at one.
    pub open: usize,
}

/// Looks at those that were not answered yet at the age the affair has: of ten that take long, those which were answered at once say nothing about it. None where fewer
/// than [`FEWEST`] were answered at a greater age.
pub fn forecast(curve: &Curve, age: i64, percent: u8, due_age: Option<i64>) -> Option<Forecast> {
    let (answered, open) = curve.older(age);
    let from = curve.beyond(age);
    if answered < FEWEST || from <= 0.0 {
        return None;
    }
    let wanted = f64::from(percent.clamp(1, 100)) / 100.0;
    Some(Forecast {
        by_age: curve.falls_to(age, from * (1.0 - wanted)),
        followed_to: curve.followed_to(),
        kept_share: due_age.map(|due| 1.0 - curve.beyond(due.max(age)) / from),
        answered,
        open,
    })
}

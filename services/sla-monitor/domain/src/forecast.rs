//! By when an affair will be answered, as far as those that were answered tell.

/// Fewer affairs tell nothing.
pub const FEWEST: usize = 20;

/// What affairs that were answered tell of one that is not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The least age by which so many percent of them were answered, in microseconds.
    pub by_age: i64,
    /// Share of them that were answered by the age asked for, 0 to 1.
    pub kept_share: Option<f64>,
    /// How many they are.
    pub basis: usize,
}

/// Looks at those that were not answered yet at the age the affair has: of ten that take long, those which were answered at once say nothing about it.
/// `ages` is how old each was when it was answered and `age` how old the affair is, in microseconds; none where fewer than [`FEWEST`] are left.
pub fn forecast(ages: &[i64], age: i64, percent: u8, due_age: Option<i64>) -> Option<Forecast> {
    let mut older: Vec<i64> = ages.iter().copied().filter(|answered| *answered > age).collect();
    if older.len() < FEWEST {
        return None;
    }
    older.sort_unstable();
    // Nearest rank: the smallest age by which at least so many percent were answered.
    let rank = (older.len() * usize::from(percent.clamp(1, 100))).div_ceil(100);
    let by_age = older[rank - 1];
    #[allow(clippy::cast_precision_loss, reason = "there are two thousand at most")]
    let share = |due: i64| older.partition_point(|answered| *answered <= due) as f64 / older.len() as f64;
    Some(Forecast { by_age, kept_share: due_age.map(share), basis: older.len() })
}

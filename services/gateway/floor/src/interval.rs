//! How far a share may be from the truth.

/// 95 % of the normal distribution lie within so many deviations.
const Z: f64 = 1.959_963_984_540_054;

/// A share with the interval that the rate behind it lies within, 95 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// What was seen.
    pub rate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The share of `of` that `with` is; nothing of nothing. The interval is Wilson's (1927), which holds for few and near the ends.
pub fn share(with: i64, of: i64) -> Option<Share> {
    if of <= 0 {
        return None;
    }
    let (n, p) = (of as f64, with.clamp(0, of) as f64 / of as f64);
    let spread = Z * Z / n;
    let middle = (p + spread / 2.0) / (1.0 + spread);
    let reach = Z / (1.0 + spread) * (p * (1.0 - p) / n + spread / (4.0 * n)).sqrt();
    Some(Share { rate: p, low: (middle - reach).clamp(0.0, p), high: (middle + reach).clamp(p, 1.0) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_interval_is_the_one_of_the_books() {
        // Newcombe (1998), table I: 81 of 263, and 0 of 20.
        let known = share(81, 263).unwrap();
        assert!((known.low - 0.2553).abs() < 5e-5 && (known.high - 0.3662).abs() < 5e-5, "{known:?}");
        let none = share(0, 20).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert_eq!(share(0, 0), None);
    }

    proptest! {
        #[test]
        fn the_share_lies_within_its_interval(with in 0_i64..5_000, more in 0_i64..5_000) {
            if let Some(Share { rate, low, high }) = share(with, with + more) {
                prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
            }
        }
    }
}

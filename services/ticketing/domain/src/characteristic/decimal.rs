//! Decimal numbers: exact, with six places at most.

use std::fmt;
use std::str::FromStr;

/// Places after the point.
const PLACES: usize = 6;
/// Digits before it.
const WHOLE: usize = 15;
/// A whole one, in millionths.
const ONE: i128 = 1_000_000;

/// A decimal number of at most 15 digits before the point and 6 after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    millionths: i128,
}

/// Why a text is no such number. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal number, at most 15 digits before the point and 6 after it, e.g. -12345.678")]
pub struct DecimalError;

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, places) = match digits.split_once('.') {
            Some((whole, places)) if !places.is_empty() => (whole, places),
            Some(_) => return Err(DecimalError),
            None => (digits, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = (1..=WHOLE).contains(&whole.len()) && places.len() <= PLACES;
        if !fits || !are_digits(whole) || !are_digits(places) {
            return Err(DecimalError);
        }
        let read: i128 = format!("{whole}{places:0<PLACES$}").parse().map_err(|_| DecimalError)?;
        Ok(Self { millionths: if negative { -read } else { read } })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.millionths < 0 { "-" } else { "" };
        let size = self.millionths.abs();
        let (whole, places) = (size / ONE, size % ONE);
        if places == 0 {
            return write!(f, "{sign}{whole}");
        }
        let places = format!("{places:0>PLACES$}");
        write!(f, "{sign}{whole}.{}", places.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_without_needless_noughts_and_never_as_minus_nought() {
        let told = |text: &str| text.parse::<Decimal>().map(|number| number.to_string());
        assert_eq!(told("0012.3400").as_deref(), Ok("12.34"));
        assert_eq!(told("-0.000001").as_deref(), Ok("-0.000001"));
        assert_eq!(told("-0.0").as_deref(), Ok("0"));
        assert_eq!(told("999999999999999.999999").as_deref(), Ok("999999999999999.999999"));
    }

    #[test]
    fn what_is_no_such_number_is_refused() {
        for bad in ["", "-", ".5", "5.", "1e3", "+1", "1,5", " 1", "1.0000001", "1000000000000000", "--1", "1.2.3", "٣"]
        {
            assert_eq!(bad.parse::<Decimal>(), Err(DecimalError), "{bad:?}");
        }
    }
}

//! Lengths of terms as rules state them: `15bd`, `5cd`, `8w`, `1mo`, `2h`, `30s`, `4bh`, `90bs`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long an obligation may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Term {
    /// Days on which business is done.
    BusinessDays(u32),
    /// Days of the civil calendar.
    CalendarDays(u32),
    /// Seven calendar days each.
    Weeks(u32),
    /// From date to date; the last day of the month where the date does not exist.
    Months(u32),
    /// Minutes without pause, day and night.
    Minutes(u32),
    /// Minutes within the calendar's hours of work.
    OpenMinutes(u32),
    /// Seconds without pause, day and night.
    Seconds(u32),
    /// Seconds within the calendar's hours of work.
    OpenSeconds(u32),
}

/// A term that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 followed by bd, cd, w, mo, y, h, min, s, bh, bmin or bs")]
pub struct NotATerm;

/// No term of any law is longer; keeps arithmetic far from overflow.
const LONGEST: u32 = 100_000;

impl FromStr for Term {
    type Err = NotATerm;

    fn from_str(text: &str) -> Result<Self, NotATerm> {
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or(NotATerm)?;
        let (digits, unit) = text.split_at(split);
        let n: u32 = digits.parse().map_err(|_| NotATerm)?;
        if n == 0 || n > LONGEST || digits.starts_with('0') {
            return Err(NotATerm);
        }
        Ok(match unit {
            "bd" => Self::BusinessDays(n),
            "cd" => Self::CalendarDays(n),
            "w" => Self::Weeks(n),
            "mo" => Self::Months(n),
            "y" => Self::Months(n * 12),
            "h" => Self::Minutes(n * 60),
            "min" => Self::Minutes(n),
            "bh" => Self::OpenMinutes(n * 60),
            "bmin" => Self::OpenMinutes(n),
            "s" => Self::Seconds(n),
            "bs" => Self::OpenSeconds(n),
            _ => return Err(NotATerm),
        })
    }
}

impl TryFrom<String> for Term {
    type Error = NotATerm;

    fn try_from(text: String) -> Result<Self, NotATerm> {
        text.parse()
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.to_string()
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BusinessDays(n) => write!(f, "{n}bd"),
            Self::CalendarDays(n) => write!(f, "{n}cd"),
            Self::Weeks(n) => write!(f, "{n}w"),
            Self::Months(n) => write!(f, "{n}mo"),
            Self::Minutes(n) if n % 60 == 0 => write!(f, "{}h", n / 60),
            Self::Minutes(n) => write!(f, "{n}min"),
            Self::OpenMinutes(n) if n % 60 == 0 => write!(f, "{}bh", n / 60),
            Self::OpenMinutes(n) => write!(f, "{n}bmin"),
            Self::Seconds(n) => write!(f, "{n}s"),
            Self::OpenSeconds(n) => write!(f, "{n}bs"),
        }
    }
}

impl Term {
    /// Whether it is no longer than ten years: what a policy of the house may ask for.
    pub const fn within_ten_years(self) -> bool {
        match self {
            Self::BusinessDays(n) => n <= 2_600,
            Self::CalendarDays(n) => n <= 3_660,
            Self::Weeks(n) => n <= 520,
            Self::Months(n) => n <= 120,
            Self::Minutes(n) | Self::OpenMinutes(n) => n <= 3_660 * 24 * 60,
            Self::Seconds(n) | Self::OpenSeconds(n) => n <= 3_660 * 24 * 60 * 60,
        }
    }

    /// The term in words, Spanish and English.
    pub fn words(self) -> (String, String) {
        let put = |n: u32, es: [&str; 2], en: [&str; 2]| {
            let form = usize::from(n != 1);
            (format!("{n} {}", es[form]), format!("{n} {}", en[form]))
        };
        match self {
            Self::BusinessDays(n) => put(n, ["día hábil", "días hábiles"], ["business day", "business days"]),
            Self::CalendarDays(n) => put(n, ["día natural", "días naturales"], ["calendar day", "calendar days"]),
            Self::Weeks(n) => put(n, ["semana", "semanas"], ["week", "weeks"]),
            Self::Months(n) => put(n, ["mes", "meses"], ["month", "months"]),
            Self::Minutes(n) if n % 60 == 0 => put(n / 60, ["hora", "horas"], ["hour", "hours"]),
            Self::Minutes(n) => put(n, ["minuto", "minutos"], ["minute", "minutes"]),
            Self::OpenMinutes(n) if n % 60 == 0 => {
                put(n / 60, ["hora de servicio", "horas de servicio"], ["service hour", "service hours"])
            }
            Self::OpenMinutes(n) => {
                put(n, ["minuto de servicio", "minutos de servicio"], ["service minute", "service minutes"])
            }
            Self::Seconds(n) => put(n, ["segundo", "segundos"], ["second", "seconds"]),
            Self::OpenSeconds(n) => {
                put(n, ["segundo de servicio", "segundos de servicio"], ["service second", "service seconds"])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["15bd", "5cd", "8w", "1mo", "2h", "3min", "4bh", "90bmin", "30s", "3600s", "90bs"] {
            assert_eq!(text.parse::<Term>().unwrap().to_string(), text);
        }
        assert_eq!("3y".parse(), Ok(Term::Months(36)));
    }

    #[test]
    fn refuses_what_is_no_term() {
        for bad in ["", "bd", "0bd", "-1bd", "1", "1x", "1.5h", "015bd", " 15bd", "15 bd", "4294967296h", "100001h"] {
            assert_eq!(bad.parse::<Term>(), Err(NotATerm), "{bad:?}");
        }
    }
}

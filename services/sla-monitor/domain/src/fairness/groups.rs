//! What customers are grouped by that their affairs do not tell.

use jiff::{SignedDuration, Timestamp};

use super::{FIRST_90_DAYS, LATER};

/// How long somebody is a new customer.
const NEW: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a customer spent within a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spending {
    /// Nothing.
    None,
    /// Least.
    Low,
    /// Between.
    Middle,
    /// Most.
    High,
}

impl Spending {
    /// The word that is stored, and the name of the group.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
        }
    }
}

/// The group of tenure of somebody who has been a customer since an instant, when their affair was received; none of whom was no customer yet.
pub fn tenure(since: Timestamp, received: Timestamp) -> Option<&'static str> {
    if received < since {
        return None;
    }
    Some(if received.duration_since(since) < NEW { FIRST_90_DAYS } else { LATER })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_new_for_ninety_days_from_the_first_dealing_on_and_nobody_is_one_before_it() {
        let since: Timestamp = "2026-01-01T10:00:00Z".parse().unwrap();
        let after = |seconds: i64| tenure(since, since.checked_add(SignedDuration::from_secs(seconds)).unwrap());
        let ninety_days = 90 * 86_400;
        assert_eq!(
            [after(-1), after(0), after(ninety_days - 1), after(ninety_days)],
            [None, Some(FIRST_90_DAYS), Some(FIRST_90_DAYS), Some(LATER)]
        );
    }
}

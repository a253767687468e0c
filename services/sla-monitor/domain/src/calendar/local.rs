//! The one rule for local times that a change of clocks removes or repeats.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::Uncountable;

/// The rule in words, as the API shows it.
pub const LOCAL_TIME_RULE: &str = "a local time that a change of clocks removes means the first instant after the change; \
     one that it repeats means the first of the two";

/// The instant a local time means, under the rule above.
///
/// # Errors
/// [`Uncountable::OutOfRange`] at the edges of the calendar.
pub fn first_instant(zone: &TimeZone, local: DateTime) -> Result<Timestamp, Uncountable> {
    let out = |_| Uncountable::OutOfRange;
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(local).map_err(out)
        }
        AmbiguousOffset::Gap { after, .. } => {
            // Read with the offset that holds after the change, an absent time lies before it.
            let before_change = after.to_timestamp(local).map_err(out)?;
            let change = zone.following(before_change).next().ok_or(Uncountable::OutOfRange)?;
            Ok(change.timestamp())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, local: &str) -> String {
        first_instant(&TimeZone::get(zone).unwrap(), local.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn an_absent_time_means_the_first_instant_after_the_change() {
        for local in ["2026-03-29T02:00:00", "2026-03-29T02:30:00", "2026-03-29T02:59:59.999999"] {
            assert_eq!(at("Europe/Madrid", local), "2026-03-29T01:00:00Z");
        }
        assert_eq!(at("Europe/Madrid", "2026-03-29T03:00:00"), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn a_repeated_time_means_the_first_of_the_two() {
        assert_eq!(at("Europe/Madrid", "2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn a_day_whose_midnight_does_not_exist_starts_with_its_first_instant() {
        assert_eq!(at("America/Santiago", "2024-09-08T00:00:00"), "2024-09-08T04:00:00Z");
    }
}

//! How sure a phone number is of who is calling.

use jiff::{SignedDuration, Timestamp};

use crate::CustomerId;

/// How sure a match is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchGrade {
    /// One customer, verified or seen lately.
    Certain,
    /// One customer, with a doubt.
    Probable,
    /// Several customers.
    Possible,
    /// Nobody.
    None,
}

/// How one customer uses the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineUse {
    /// Who.
    pub customer: CustomerId,
    /// When a source last saw the number with them.
    pub observed_at: Timestamp,
    /// When a source last verified it with them.
    pub verified_at: Option<Timestamp>,
    /// A source says that several people use it.
    pub shared: bool,
}

/// What a number says of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneMatch {
    /// How sure.
    pub grade: MatchGrade,
    /// Several people use the line.
    pub shared_line: bool,
    /// The one customer, when there is one.
    pub customer: Option<CustomerId>,
    /// The customers, when there are several and few enough to ask for.
    pub candidates: Vec<CustomerId>,
}

/// More than this many customers are not offered as candidates.
const CANDIDATES: usize = 8;

/// How long a sighting that nobody verified counts as fresh: numbers are given to others.
const FRESH: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// Grades a number by the customers that have it.
pub fn grade_phone(uses: &[LineUse], now: Timestamp) -> PhoneMatch {
    match uses {
        [] => PhoneMatch { grade: MatchGrade::None, shared_line: false, customer: None, candidates: Vec::new() },
        [one] => {
            let seen = one.verified_at.map_or(one.observed_at, |v| v.max(one.observed_at));
            let fresh = one.verified_at.is_some() || now.duration_since(seen) <= FRESH;
            let grade = if fresh && !one.shared { MatchGrade::Certain } else { MatchGrade::Probable };
            PhoneMatch { grade, shared_line: one.shared, customer: Some(one.customer), candidates: Vec::new() }
        }
        several => {
            let candidates =
                if several.len() > CANDIDATES { Vec::new() } else { several.iter().map(|u| u.customer).collect() };
            PhoneMatch { grade: MatchGrade::Possible, shared_line: true, customer: None, candidates }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ResourceId;
    use uuid::Uuid;

    fn line_use(n: u128) -> LineUse {
        LineUse {
            customer: CustomerId::from_uuid(Uuid::from_u128(n)),
            observed_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            verified_at: None,
            shared: false,
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_shared_line_is_never_certain() {
        let several: Vec<_> = (1..=2).map(line_use).collect();
        let found = grade_phone(&several, now());
        assert_eq!((found.grade, found.shared_line, found.candidates.len()), (MatchGrade::Possible, true, 2));
        let declared = LineUse { shared: true, verified_at: Some(now()), ..line_use(1) };
        assert_eq!(grade_phone(&[declared], now()).grade, MatchGrade::Probable);
    }

    #[test]
    fn a_line_of_many_names_no_candidates() {
        let many: Vec<_> = (1..=9).map(line_use).collect();
        let found = grade_phone(&many, now());
        assert_eq!((found.grade, found.candidates.len()), (MatchGrade::Possible, 0));
    }

    #[test]
    fn an_old_sighting_is_only_probable_until_verified() {
        let later = "2029-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(grade_phone(&[line_use(1)], now()).grade, MatchGrade::Certain);
        assert_eq!(grade_phone(&[line_use(1)], later).grade, MatchGrade::Probable);
        let verified = LineUse { verified_at: Some(now()), ..line_use(1) };
        assert_eq!(grade_phone(&[verified], later).grade, MatchGrade::Certain);
        assert_eq!(grade_phone(&[], now()).grade, MatchGrade::None);
    }
}

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
    /// Nobody proved who says so.
    pub unproven: bool,
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
    /// What is open with the one customer may be told to who has the line: it is theirs alone, as far as anybody knows.
    pub tells: bool,
}

/// More than this many customers are not offered as candidates.
const CANDIDATES: usize = 8;

/// How long a sighting that nobody verified counts as fresh: numbers are given to others.
const FRESH: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// How long a verification does: it says of whom the number was then.
const VERIFIED: SignedDuration = SignedDuration::from_hours(5 * 365 * 24);

impl LineUse {
    /// Whether somebody saw the number with them of late, or verified it not very long ago.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let within = |at: Timestamp, limit| now.duration_since(at) <= limit;
        within(self.observed_at, FRESH) || self.verified_at.is_some_and(|at| within(at, VERIFIED))
    }
}

/// Grades a number by the customers that have it. `crowded` when more records carry it than were looked at: then it is
/// nobody's, whoever those are of that were.
pub fn grade_phone(uses: &[LineUse], crowded: bool, now: Timestamp) -> PhoneMatch {
    let nobody = PhoneMatch {
        grade: MatchGrade::None,
        shared_line: false,
        customer: None,
        candidates: Vec::new(),
        tells: false,
    };
    match uses {
        [] => nobody,
        _ if crowded => PhoneMatch { grade: MatchGrade::Possible, shared_line: true, ..nobody },
        [one] => {
            let alone = !one.shared && !one.unproven;
            let grade = if alone && one.is_fresh(now) { MatchGrade::Certain } else { MatchGrade::Probable };
            PhoneMatch { grade, shared_line: one.shared, customer: Some(one.customer), tells: alone, ..nobody }
        }
        several => {
            let candidates =
                if several.len() > CANDIDATES { Vec::new() } else { several.iter().map(|u| u.customer).collect() };
            PhoneMatch { grade: MatchGrade::Possible, shared_line: true, candidates, ..nobody }
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
            unproven: false,
        }
    }

    fn grade_phone(uses: &[LineUse], now: Timestamp) -> PhoneMatch {
        super::grade_phone(uses, false, now)
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
        let found = grade_phone(&[declared], now());
        assert_eq!((found.grade, found.tells), (MatchGrade::Probable, false));
        assert!(grade_phone(&[line_use(1)], now()).tells);
    }

    #[test]
    fn what_nobody_proved_is_never_certain_and_tells_nothing() {
        let found = grade_phone(&[LineUse { unproven: true, verified_at: Some(now()), ..line_use(1) }], now());
        assert_eq!((found.grade, found.shared_line, found.tells), (MatchGrade::Probable, false, false));
    }

    #[test]
    fn a_line_of_which_not_all_records_were_looked_at_is_nobodys() {
        let found = super::grade_phone(&[line_use(1)], true, now());
        assert_eq!(
            (found.grade, found.shared_line, found.customer, found.tells),
            (MatchGrade::Possible, true, None, false)
        );
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
        let much_later = "2033-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(grade_phone(&[verified], much_later).grade, MatchGrade::Probable, "nothing is verified for ever");
        assert_eq!(grade_phone(&[], now()).grade, MatchGrade::None);
    }
}

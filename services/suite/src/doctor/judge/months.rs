//! The ledger's months: whether this one was begun, and whether those that were archived are told of.

use jiff::civil::Date;
use ledger::archive::{Manifest, written};

use crate::doctor::finding::Finding;

/// How many days of a month may pass before its partition is missed.
const DAYS: i8 = 2;

/// The months of a ledger as its database tells of them.
#[derive(Debug, Clone)]
pub struct Months {
    /// The day it is there (UTC).
    pub today: Date,
    /// The month whose partition is open, as its first day, and its first position.
    pub open: (Date, i64),
    /// The last position that is archived; 0 where none is.
    pub archived_to: i64,
    /// How many months are archived.
    pub archived: i64,
}

/// Whether entries of this month go to a partition of their own, and whether every archived month has a manifest outside the database.
/// `manifests` are those beside the checkpoints, or why they cannot be read.
pub fn months(about: &str, months: &Months, position: i64, manifests: Result<&[Manifest], String>) -> Finding {
    let put_back =
        "put the file of manifests back from its copy beside the archive: it is what ties the archive to the ledger";
    let manifests = match manifests {
        Ok(manifests) => manifests,
        Err(error) => return Finding::ill(about, "months", error, put_back),
    };
    let told_to = manifests.iter().map(|manifest| manifest.last_position).max().unwrap_or(0);
    if told_to < months.archived_to {
        let says =
            format!("entries are archived up to {}, and manifests tell of them up to {told_to}", months.archived_to);
        return Finding::ill(about, "months", says, put_back);
    }
    let (open, first) = months.open;
    let late = (open.year(), open.month()) < (months.today.year(), months.today.month()) && months.today.day() > DAYS;
    if late && position >= first {
        let says = format!("what is written now goes to the partition of {}", written(open));
        return Finding::note(
            about,
            "months",
            says,
            "have `ledger-month` said once a day, as the owner (deploy/README.md)",
        );
    }
    Finding::well(
        about,
        "months",
        format!("the partition of {} is open, and {} are archived", written(open), months.archived),
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::super::finding::State;
    use super::*;

    fn facts() -> Months {
        Months { today: date(2026, 12, 9), open: (date(2026, 12, 1), 43), archived_to: 0, archived: 0 }
    }

    fn manifest(last_position: i64) -> Manifest {
        Manifest {
            source: "ticketing".to_owned(),
            month: date(2026, 10, 1),
            first_position: 1,
            last_position,
            prev_hash: String::new(),
            hash: String::new(),
            sha256: String::new(),
            kept_sha256: String::new(),
            signed_at: jiff::Timestamp::UNIX_EPOCH,
            key_id: String::new(),
            signature: String::new(),
        }
    }

    #[test]
    fn a_month_that_nobody_began_is_worth_knowing_once_something_was_written_and_days_have_passed() {
        let state = |months: &Months, position| super::months("ticketing", months, position, Ok(&[])).state;
        assert_eq!(state(&facts(), 50), State::Well);
        let former = Months { open: (date(2026, 11, 1), 43), ..facts() };
        assert_eq!(state(&former, 50), State::Note);
        assert_eq!(state(&former, 42), State::Well, "nothing was written since");
        assert_eq!(state(&Months { today: date(2026, 12, 2), ..former }, 50), State::Well);
        let ahead = Months { open: (date(2027, 1, 1), 43), ..facts() };
        assert_eq!(state(&ahead, 50), State::Well, "by a clock that went wrong once");
    }

    #[test]
    fn an_archive_that_nothing_tells_of_is_ill() {
        let archived = Months { archived_to: 42, archived: 2, ..facts() };
        let state = |manifests| super::months("ticketing", &archived, 50, manifests).state;
        let (whole, behind) = ([manifest(42)], [manifest(30)]);
        assert_eq!(state(Ok(&whole)), State::Well);
        assert_eq!(state(Ok(&behind)), State::Ill);
        assert_eq!(state(Ok(&[])), State::Ill);
        assert_eq!(state(Err("line 1 is no manifest".to_owned())), State::Ill);
    }
}

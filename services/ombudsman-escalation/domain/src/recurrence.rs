//! The same cause again, for somebody else, after the firm had met what it owed for it: what was met is owed once more.

use jiff::Timestamp;
use kernel::Department;

use crate::CaseId;
use crate::vocabulary::Outcome;

/// Calendar days in which the firm answers why a cause came again.
pub const ANSWER_DAYS: i64 = 30;

/// Something the firm met after the case of another customer with the same cause: a regime and a motive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// That case.
    pub case: CaseId,
    /// The number of the obligation in it.
    pub number: u32,
    /// Who of the firm met it.
    pub debtor: Department,
    /// When.
    pub done_at: Timestamp,
}

/// What a decision opens once more: of what was met before these facts happened, the last. Nothing where the decision is against the
/// claimant, or nobody said when the facts happened.
pub fn reopens(outcome: Outcome, facts_at: Option<Timestamp>, met: Vec<Met>) -> Option<Met> {
    let facts_at = facts_at.filter(|_| outcome != Outcome::NotUpheld)?;
    met.into_iter().filter(|one| one.done_at < facts_at).max_by_key(|one| (one.done_at, one.case, one.number))
}

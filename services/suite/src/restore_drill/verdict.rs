//! What was found means this. Pure, so that each judgement is seen to be red on what is wrong.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ledger::checkpoint::Checkpoint;
use ledger::verify::Verdict;
use serde::Serialize;

use super::load::Acknowledged;

/// What became of the writes that were acknowledged.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Writes {
    /// How many there were.
    pub acknowledged: usize,
    /// Acknowledged by the point, and there.
    pub kept: usize,
    /// Acknowledged by the point, and not there: none may be.
    pub lost: Vec<Acknowledged>,
    /// Acknowledged after the point, and not there: the price of going back to it.
    pub gone: Vec<Acknowledged>,
    /// Acknowledged after the point, and committed before it.
    pub spared: usize,
}

/// Holds what was acknowledged against what is there. Who was told by the point that it was done must find it done: a commit comes
/// before its acknowledgement.
pub fn writes(acknowledged: &[Acknowledged], there: &BTreeSet<String>, point: Timestamp) -> Writes {
    let mut writes =
        Writes { acknowledged: acknowledged.len(), kept: 0, lost: Vec::new(), gone: Vec::new(), spared: 0 };
    for write in acknowledged {
        match (write.at <= point, there.contains(&write.resource)) {
            (true, true) => writes.kept += 1,
            (true, false) => writes.lost.push(write.clone()),
            (false, true) => writes.spared += 1,
            (false, false) => writes.gone.push(write.clone()),
        }
    }
    writes
}

/// What became of who was erased after the point.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Forgetting {
    /// Whether they are forgotten again.
    pub holds: bool,
    /// Tables in which the backup brought their word back.
    pub brought_back: Vec<String>,
    /// The state in which they were shown to the first who asked for them.
    pub answered: String,
    /// Tables that still hold their word.
    pub left: Vec<String>,
}

/// State of a customer of whom nothing is left but ids and times.
const ERASED: &str = "CUSTOMER_STATE_ERASED";

/// Judges it. A backup that brings nobody back proves nothing.
pub fn erasure(brought_back: Vec<String>, answered: String, left: Vec<String>) -> Forgetting {
    let holds = !brought_back.is_empty() && answered == ERASED && left.is_empty();
    Forgetting { holds, brought_back, answered, left }
}

/// A ledger against the checkpoints that were kept outside.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Whose.
    pub ledger: String,
    /// Entries that came back.
    pub entries: i64,
    /// Checkpoints that they were held against.
    pub checkpoints: usize,
    /// Archived months that they begin with, whose files were read.
    pub archived_months: usize,
    /// What is wrong, if anything.
    pub fault: Option<String>,
    /// Signed positions that the restored ledger does not have: evidence of what is gone.
    pub signed_and_gone: Vec<i64>,
}

/// Checkpoints of what the restored ledger has, and of what it has no more.
pub fn split(signed: &[Checkpoint], end: i64) -> (Vec<Checkpoint>, Vec<Checkpoint>) {
    signed.iter().cloned().partition(|checkpoint| checkpoint.position <= end)
}

/// Judges a ledger that was restored up to `end`. Without a checkpoint there is nothing to hold it against.
pub fn held(ledger: &str, verdict: &Verdict, end: i64, beyond: &[Checkpoint]) -> Held {
    let nothing = (end > 0 && verdict.checkpoints == 0).then(|| "no checkpoint was kept of it".to_owned());
    Held {
        ledger: ledger.to_owned(),
        entries: end,
        checkpoints: verdict.checkpoints,
        archived_months: verdict.months_read,
        fault: verdict.fault.as_ref().map(ToString::to_string).or(nothing),
        signed_and_gone: beyond.iter().map(|checkpoint| checkpoint.position).collect(),
    }
}

#[cfg(test)]
mod tests {
    use ledger::verify::Fault;

    use super::*;

    fn told(seconds: i64, resource: &str) -> Acknowledged {
        Acknowledged { at: Timestamp::from_second(seconds).unwrap(), resource: resource.to_owned() }
    }

    #[test]
    fn what_was_told_by_the_point_must_be_there_and_what_came_later_is_named() {
        let acknowledged = [told(1, "a"), told(2, "b"), told(3, "c"), told(4, "d")];
        let there = ["a", "c"].map(str::to_owned).into();
        let found = writes(&acknowledged, &there, Timestamp::from_second(2).unwrap());
        assert_eq!((found.kept, found.spared), (1, 1));
        assert_eq!(found.lost, [told(2, "b")], "told by the point, and not there");
        assert_eq!(found.gone, [told(4, "d")]);
    }

    #[test]
    fn who_is_shown_who_is_left_somewhere_or_who_never_came_back_is_not_forgotten() {
        let table = || vec!["customer_profile.source_record".to_owned()];
        let erased = || ERASED.to_owned();
        assert!(erasure(table(), erased(), Vec::new()).holds);
        assert!(!erasure(table(), "CUSTOMER_STATE_ACTIVE".to_owned(), Vec::new()).holds);
        assert!(!erasure(table(), erased(), table()).holds);
        assert!(!erasure(Vec::new(), erased(), Vec::new()).holds);
    }

    #[test]
    fn a_ledger_that_is_not_the_signed_one_or_that_nobody_signed_does_not_hold() {
        let verdict = |entries, checkpoints, fault| Verdict { entries, checkpoints, fault, ..Verdict::default() };
        assert_eq!(held("ticketing", &verdict(5, 1, None), 5, &[]).fault, None);
        assert_eq!(held("webhooks", &verdict(1, 0, None), 0, &[]).fault, None, "nothing was written by the point");
        assert!(held("ticketing", &verdict(5, 0, None), 5, &[]).fault.is_some());
        assert!(held("ticketing", &verdict(5, 1, Some(Fault::Altered { position: 3 })), 5, &[]).fault.is_some());
        let signed = |position| Checkpoint {
            source: "ticketing".to_owned(),
            position,
            hash: String::new(),
            signed_at: Timestamp::UNIX_EPOCH,
            key_id: String::new(),
            signature: String::new(),
            handover: None,
        };
        let (within, beyond) = split(&[signed(3), signed(9)], 5);
        assert_eq!((within.len(), beyond.len()), (1, 1));
        assert_eq!(held("ticketing", &verdict(5, 1, None), 5, &beyond).signed_and_gone, [9]);
    }
}

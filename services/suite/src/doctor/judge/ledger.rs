//! Ledgers, who follows them, and what is kept of them outside the database.

use std::collections::BTreeSet;

use broker::Standing;
use jiff::Timestamp;
use ledger::checkpoint::Checkpoint;
use ledger::verify::{Fault, Verdict};
use uuid::Uuid;

use crate::doctor::finding::Finding;

/// How long an entry may wait for its position, in seconds.
const LONGEST_WAIT: i64 = 60;
/// How old the last checkpoint may be while there is more to sign, in seconds; one is signed every minute.
const OLDEST_CHECKPOINT: i64 = 600;
/// How long a follower may be behind, in seconds.
const LONGEST_LAG: i64 = 300;

/// A ledger where it stands.
#[derive(Debug, Clone)]
pub struct Books {
    /// What the last entries say of themselves and of the checkpoints.
    pub verdict: Verdict,
    /// Whether its head is its last entry.
    pub head_is_last: bool,
    /// Its last position.
    pub position: i64,
    /// When its first entry was written.
    pub began: Option<Timestamp>,
    /// Entries that wait for a position.
    pub waiting: i64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
    /// Entries of others that could not be applied.
    pub parked: i64,
}

/// Whether the ledger holds, moves on, and applied what it was told.
pub fn books(about: &str, books: &Books, now: Timestamp) -> Vec<Finding> {
    let evidence = "stop writing, keep the database and the checkpoint files as they are, and look with `ventanilla verify`: \
                    somebody wrote to the ledger by another way than the service, or a backup was restored without its last entries \
                    (deploy/restore.md)";
    let unknown = "name the key that signed before in `former_signing_keys`, if there was one (deploy/README.md, \"Rotating the signing key\"); if there was \
                   none, stop writing and keep the database and the checkpoint files as they are: somebody wrote to those";
    let mut findings = vec![match &books.verdict.fault {
        Some(fault @ Fault::Checkpoint { .. }) => Finding::ill(about, "ledger", fault.to_string(), unknown),
        Some(fault) => Finding::ill(about, "ledger", fault.to_string(), evidence),
        None if !books.head_is_last => {
            Finding::ill(about, "ledger", "its head is not its last entry".to_owned(), evidence)
        }
        None => {
            let says = format!(
                "the last {} of {} entries hold, with {} checkpoints",
                books.verdict.entries, books.position, books.verdict.checkpoints
            );
            Finding::well(about, "ledger", says)
        }
    }];
    let waits = books.oldest.map_or(0, |oldest| now.duration_since(oldest).as_secs());
    findings.push(if waits > LONGEST_WAIT {
        let says = format!("{} entries wait for a position, the oldest for {waits} s", books.waiting);
        Finding::ill(
            about,
            "sequencer",
            says,
            "see deploy/runbook/ledger-waits.md: the process may not run, or a lock is held",
        )
    } else {
        Finding::well(about, "sequencer", format!("{} entries wait for a position", books.waiting))
    });
    findings.push(if books.parked > 0 {
        let says = format!("{} entries of other ledgers could not be applied", books.parked);
        Finding::ill(about, "parked", says, "see deploy/runbook/entries-parked.md")
    } else {
        Finding::well(about, "parked", "every entry that was heard was applied")
    });
    findings
}

/// Whether what the ledger holds is signed outside the database.
/// `began` is when its first entry was written.
pub fn checkpoints(
    about: &str,
    signed: &[Checkpoint],
    position: i64,
    began: Option<Timestamp>,
    now: Timestamp,
) -> Finding {
    let cure = "see deploy/runbook/checkpoints-stale.md: the process signs every minute into `checkpoint_dir`";
    match signed.last() {
        None if began.is_none_or(|began| now.duration_since(began).as_secs() < OLDEST_CHECKPOINT) => {
            Finding::well(about, "checkpoints", format!("{position} entries since it began, and nothing signed yet"))
        }
        None => Finding::ill(about, "checkpoints", format!("{position} entries, and no checkpoint was signed"), cure),
        Some(last) => {
            let age = now.duration_since(last.signed_at).as_secs();
            let says = format!("signed up to {} of {position}, {age} s ago", last.position);
            if last.position < position && age > OLDEST_CHECKPOINT {
                Finding::ill(about, "checkpoints", says, cure)
            } else {
                Finding::well(about, "checkpoints", says)
            }
        }
    }
}

/// Told when the last checkpoint was signed with another key than the process has now. `own` is the id of that one.
pub fn signer(about: &str, signed: &[Checkpoint], own: &str) -> Option<Finding> {
    let last = signed.last().filter(|last| last.key_id != own)?;
    let says = format!("the last checkpoint was signed with the key {}, and the process signs with {own}", last.key_id);
    let cure = "start the process, which signs with its own when the ledger moves on; if it did already, somebody put the checkpoint file back or wrote \
                to it: hold it against its copy";
    Some(Finding::note(about, "checkpoints", says, cure))
}

/// How far a service has applied another's ledger.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// Whose.
    pub source: String,
    /// How far.
    pub position: i64,
    /// The source's own last position, or the last that was heard of.
    pub head: i64,
    /// When the service last knew itself to be caught up.
    pub as_of: Option<Timestamp>,
}

/// Whether a follower keeps up.
pub fn lag(about: &str, cursors: &[Cursor], now: Timestamp) -> Vec<Finding> {
    let finding = |cursor: &Cursor| {
        let behind = cursor.head - cursor.position;
        let since = cursor.as_of.map_or(i64::MAX, |as_of| now.duration_since(as_of).as_secs());
        if behind < 0 {
            let says = format!(
                "it applied {} up to {}, and that ledger ends at {}: one of the two was restored without the other",
                cursor.source, cursor.position, cursor.head
            );
            return Finding::ill(about, "lag", says, "restore all schemas to the same instant (deploy/restore.md)");
        }
        if behind > 0 && since > LONGEST_LAG {
            let how_long = if since == i64::MAX { "never was caught up".to_owned() } else { format!("{since} s") };
            let says = format!("it is {behind} entries behind {}, {how_long}", cursor.source);
            return Finding::ill(about, "lag", says, "see deploy/runbook/follower-behind.md");
        }
        if cursor.head == 0 && cursor.as_of.is_none() {
            let says = format!("it has heard nothing of {} yet: how far behind it is cannot be told", cursor.source);
            let cure = "see deploy/runbook/follower-behind.md, unless that ledger is empty";
            return Finding::note(about, "lag", says, cure);
        }
        Finding::well(about, "lag", format!("it is {behind} entries behind {}", cursor.source))
    };
    cursors.iter().map(finding).collect()
}

/// Entries by which a ledger may be ahead of what its broker keeps, while it is in use.
const FURTHEST_AHEAD: i64 = 5_000;

/// Whether the broker is reached and has what the ledger told it. Without it everything goes on, so that none of this is worse than worth knowing, but a ledger
/// that was never handed over or is far ahead: somebody meant it to be carried.
pub fn broker(about: &str, seen: Result<Option<Standing>, String>, position: i64) -> Finding {
    let cure = "see deploy/runbook/broker.md; followers ask the ledger itself meanwhile";
    let last = match seen {
        Err(why) => return Finding::note(about, "broker", format!("it does not reach its broker: {why}"), cure),
        Ok(None) => {
            return Finding::ill(
                about,
                "broker",
                "its ledger was never handed to the broker: there is no stream",
                cure,
            );
        }
        Ok(Some(standing)) => standing.position,
    };
    match last {
        None if position == 0 => Finding::well(about, "broker", "its ledger is empty, and so is the stream"),
        None => Finding::note(about, "broker", "the broker keeps nothing of its ledger just now", cure),
        Some(last) if last > position => {
            let says = format!(
                "the broker tells of position {last}, and the ledger ends at {position}: it is another ledger's stream, or one that was given up"
            );
            Finding::ill(about, "broker", says, "start the service: it empties such a stream before it says anything")
        }
        Some(last) if position - last > FURTHEST_AHEAD => {
            let says = format!("its ledger is {} entries ahead of what the broker was handed", position - last);
            Finding::ill(about, "broker", says, cure)
        }
        Some(last) => Finding::well(about, "broker", format!("its ledger was handed over up to {last} of {position}")),
    }
}

/// Whether every erasure that was granted stands in the journal outside the database.
pub fn erasures(about: &str, granted: &BTreeSet<Uuid>, written: &BTreeSet<Uuid>) -> Finding {
    let missing = granted.difference(written).count();
    if missing == 0 {
        return Finding::well(about, "erasures", format!("{} erasures stand in the journal", granted.len()));
    }
    let says = format!(
        "{missing} of {} erasures are not in the journal: a restored backup would bring them back",
        granted.len()
    );
    Finding::ill(
        about,
        "erasures",
        says,
        "restart customer-profile, which writes what is missing, and keep the file with care",
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::State;
    use super::*;

    #[test]
    fn a_broker_that_is_away_is_worth_knowing_and_one_that_was_handed_nothing_is_ill() {
        let state = |seen, position| broker("ticketing", seen, position).state;
        let stands = |position| Ok(Some(Standing { kept: 7, position }));
        assert_eq!(state(stands(Some(90)), 100), State::Well);
        assert_eq!(state(stands(None), 0), State::Well);
        assert_eq!(state(stands(None), 100), State::Note);
        assert_eq!(state(Err("refused".to_owned()), 100), State::Note);
        assert_eq!(state(Ok(None), 100), State::Ill);
        assert_eq!(state(stands(Some(101)), 100), State::Ill);
        assert_eq!(state(stands(Some(1)), 100_000), State::Ill);
    }

    fn now() -> Timestamp {
        "2026-11-30T12:00:00Z".parse().unwrap()
    }

    fn ago(seconds: i64) -> Timestamp {
        now() - jiff::SignedDuration::from_secs(seconds)
    }

    fn well() -> Books {
        Books {
            verdict: Verdict { entries: 7, checkpoints: 1, ..Verdict::default() },
            head_is_last: true,
            position: 7,
            began: Some(ago(10_000)),
            waiting: 1,
            oldest: Some(ago(1)),
            parked: 0,
        }
    }

    fn ill(found: &[Finding]) -> Vec<&'static str> {
        found.iter().filter(|finding| finding.state == State::Ill).map(|finding| finding.check).collect()
    }

    #[test]
    fn a_ledger_that_was_touched_waits_or_could_not_be_applied_is_ill() {
        assert_eq!(ill(&books("ticketing", &well(), now())), [""; 0]);
        let mut touched = well();
        touched.verdict.fault = Some(Fault::Altered { position: 3 });
        assert_eq!(ill(&books("ticketing", &touched, now())), ["ledger"]);
        assert_eq!(ill(&books("ticketing", &Books { head_is_last: false, ..well() }, now())), ["ledger"]);
        assert_eq!(ill(&books("ticketing", &Books { oldest: Some(ago(61)), ..well() }, now())), ["sequencer"]);
        assert_eq!(ill(&books("ticketing", &Books { parked: 1, ..well() }, now())), ["parked"]);
    }

    fn signed(position: i64, age: i64) -> Checkpoint {
        Checkpoint {
            source: "ticketing".to_owned(),
            position,
            hash: String::new(),
            signed_at: ago(age),
            key_id: "ab".repeat(8),
            signature: String::new(),
            handover: None,
        }
    }

    #[test]
    fn a_last_checkpoint_of_another_key_than_the_process_has_is_worth_knowing() {
        assert_eq!(signer("ticketing", &[], &"ab".repeat(8)), None);
        assert_eq!(signer("ticketing", &[signed(7, 1)], &"ab".repeat(8)), None);
        let other = signer("ticketing", &[signed(7, 1)], &"cd".repeat(8)).unwrap();
        assert!(
            other.state == State::Note && other.says.contains("abab") && other.says.contains("cdcd"),
            "{}",
            other.says
        );
        let books =
            Books { verdict: Verdict { fault: Some(Fault::Checkpoint { position: 3 }), ..well().verdict }, ..well() };
        let unknown = super::books("ticketing", &books, now()).remove(0);
        assert!(unknown.cure.unwrap().contains("former_signing_keys"), "what may be no crime is asked first");
    }

    #[test]
    fn what_is_not_signed_for_long_is_ill() {
        let state = |signed: &[Checkpoint], position| {
            checkpoints("ticketing", signed, position, Some(ago(10_000)), now()).state
        };
        assert_eq!(state(&[], 1), State::Ill);
        assert_eq!(checkpoints("ticketing", &[], 0, None, now()).state, State::Well);
        assert_eq!(checkpoints("ticketing", &[], 9, Some(ago(30)), now()).state, State::Well);
        assert_eq!(state(&[signed(7, 100_000)], 7), State::Well);
        assert_eq!(state(&[signed(7, 100)], 8), State::Well);
        assert_eq!(state(&[signed(7, 601)], 8), State::Ill);
    }

    #[test]
    fn a_follower_that_stays_behind_or_is_ahead_is_ill() {
        let found = |position, head, as_of| {
            let cursor = Cursor { source: "ticketing".to_owned(), position, head, as_of };
            lag("sla-monitor", &[cursor], now())[0].state
        };
        assert_eq!(found(7, 7, None), State::Well);
        assert_eq!(found(5, 7, Some(ago(2))), State::Well);
        assert_eq!(found(5, 7, Some(ago(301))), State::Ill);
        assert_eq!(found(5, 7, None), State::Ill);
        assert_eq!(found(8, 7, Some(ago(1))), State::Ill);
        assert_eq!(found(0, 0, None), State::Note, "nothing was heard of it");
        assert_eq!(found(0, 0, Some(ago(1))), State::Well);
    }

    #[test]
    fn an_erasure_that_is_not_in_the_journal_is_ill() {
        let of = |ids: &[u128]| ids.iter().map(|id| Uuid::from_u128(*id)).collect();
        assert_eq!(erasures("customer-profile", &of(&[1, 2]), &of(&[1, 2, 3])).state, State::Well);
        assert_eq!(erasures("customer-profile", &of(&[1, 2]), &of(&[1])).state, State::Ill);
    }
}

//! A tap on a Postgres connection that makes commits ambiguous: it knows, from the protocol, when a
//! claimed write is being committed, and cuts the connection between the commit and its answer.
//!
//! The connection must be in the clear (`sslmode=disable`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Side, Tap, Verdict};
use crate::faults::dice::Dice;

/// When a commit is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When the server has committed and says so: the answer is withheld. The effect is there.
    Answer,
    /// When the commit was passed on to the server: whether it is carried out is open.
    Question,
}

/// Chooses which commits are cut, for all connections of a proxy.
pub struct Ambiguity {
    dice: Mutex<Dice>,
    percent: u64,
    moments: Vec<Moment>,
    budget: AtomicUsize,
    answers: AtomicUsize,
    questions: AtomicUsize,
}

impl Ambiguity {
    /// Cuts `percent` of the commits, at one of these moments each, `budget` of them at most.
    pub fn new(dice: Dice, percent: u64, moments: &[Moment], budget: usize) -> Arc<Self> {
        Arc::new(Self {
            dice: Mutex::new(dice),
            percent,
            moments: moments.to_vec(),
            budget: AtomicUsize::new(budget),
            answers: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
        })
    }

    /// A tap for one connection.
    pub fn tap(self: &Arc<Self>) -> CommitTap {
        CommitTap {
            ambiguity: Arc::clone(self),
            said: Frames { started: false, kept: Vec::new() },
            // The server's first message has a type already.
            heard: Frames { started: true, kept: Vec::new() },
            claims: HashMap::new(),
            bound: false,
            in_transaction: false,
            claimed: false,
            waiting: false,
        }
    }

    /// How many commits were cut when the server had answered.
    pub fn cut_answers(&self) -> usize {
        self.answers.load(Ordering::SeqCst)
    }

    /// How many were cut when they had been passed on.
    pub fn cut_questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    /// How many were cut in all.
    pub fn cut(&self) -> usize {
        self.cut_answers() + self.cut_questions()
    }

    fn decide(&self) -> Option<Moment> {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        if !dice.chance(self.percent) {
            return None;
        }
        let taken = self.budget.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        taken.ok().map(|_| dice.pick(&self.moments))
    }
}

/// Follows one connection. See the module.
pub struct CommitTap {
    ambiguity: Arc<Ambiguity>,
    said: Frames,
    heard: Frames,
    /// Prepared statements by name: whether they claim a request.
    claims: HashMap<Vec<u8>, bool>,
    /// Whether the statement bound last claims a request.
    bound: bool,
    in_transaction: bool,
    /// Whether the open transaction claimed a request.
    claimed: bool,
    /// The commit's answer is being withheld.
    waiting: bool,
}

impl CommitTap {
    /// Whether this message of the client commits a claimed write.
    fn commits(&mut self, kind: u8, body: &[u8]) -> bool {
        match kind {
            b'P' => {
                let mut parts = body.splitn(3, |byte| *byte == 0);
                let (name, query) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                self.claims.insert(name.to_vec(), claims_a_request(query));
                false
            }
            b'B' => {
                let statement = body.splitn(3, |byte| *byte == 0).nth(1).unwrap_or_default();
                self.bound = self.claims.get(statement).copied().unwrap_or(false);
                false
            }
            b'E' if self.bound => {
                self.claimed = true;
                // Outside a transaction the statement commits by itself.
                !self.in_transaction
            }
            b'Q' => {
                let is_commit = body.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"commit"));
                is_commit && self.claimed
            }
            _ => false,
        }
    }
}

/// Both forms the house writes claims in: alone in a transaction, or at the head of one statement.
fn claims_a_request(query: &[u8]) -> bool {
    let text = String::from_utf8_lossy(query).to_ascii_lowercase();
    text.contains("insert into request") || text.contains(".request (request_id")
}

impl Tap for CommitTap {
    fn sees(&mut self, from: Side, bytes: &[u8]) -> Verdict {
        match from {
            Side::Client => {
                let mut commits = false;
                for (kind, body) in self.said.read(bytes) {
                    commits |= self.commits(kind, &body);
                }
                if !commits {
                    return Verdict::Pass;
                }
                match self.ambiguity.decide() {
                    None => Verdict::Pass,
                    Some(Moment::Question) => {
                        self.ambiguity.questions.fetch_add(1, Ordering::SeqCst);
                        Verdict::CutAfter(bytes.len())
                    }
                    Some(Moment::Answer) => {
                        self.waiting = true;
                        Verdict::Pass
                    }
                }
            }
            Side::Server => {
                let mut ready = false;
                for (kind, body) in self.heard.read(bytes) {
                    if kind == b'Z' {
                        ready = true;
                        self.in_transaction = body.first().is_some_and(|state| *state != b'I');
                        self.claimed &= self.in_transaction;
                    }
                }
                match (self.waiting, ready) {
                    (false, _) => Verdict::Pass,
                    (true, false) => Verdict::Withhold,
                    (true, true) => {
                        self.ambiguity.answers.fetch_add(1, Ordering::SeqCst);
                        Verdict::CutAfter(0)
                    }
                }
            }
        }
    }
}

/// Messages out of a stream of bytes.
struct Frames {
    /// The first message of a client has no type byte.
    started: bool,
    kept: Vec<u8>,
}

impl Frames {
    fn read(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        self.kept.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut at = 0;
        loop {
            let head = usize::from(self.started);
            let Some(length) = self.kept.get(at + head..at + head + 4) else { break };
            let length = u32::from_be_bytes(length.try_into().unwrap_or_default()) as usize;
            let Some(body) = self.kept.get(at + head + 4..at + head + length.max(4)) else { break };
            let kind = if self.started { self.kept[at] } else { 0 };
            frames.push((kind, body.to_vec()));
            at += head + length.max(4);
            self.started = true;
        }
        self.kept.drain(..at);
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    fn started(moments: &[Moment]) -> (Arc<Ambiguity>, CommitTap) {
        let ambiguity = Ambiguity::new(Dice::new(1), 100, moments, 1);
        let mut tap = ambiguity.tap();
        assert_eq!(tap.sees(Side::Client, &[0, 0, 0, 8, 0, 3, 0, 0]), Verdict::Pass);
        assert_eq!(tap.sees(Side::Server, &message(b'Z', b"I")), Verdict::Pass);
        (ambiguity, tap)
    }

    #[test]
    fn a_commit_of_a_claim_is_cut_when_the_server_has_answered() {
        let (ambiguity, mut tap) = started(&[Moment::Answer]);
        tap.sees(Side::Client, &message(b'Q', b"BEGIN\0"));
        tap.sees(Side::Server, &message(b'Z', b"T"));
        tap.sees(Side::Client, &message(b'P', b"s1\0insert into request (request_id) values ($1)\0\0\0"));
        tap.sees(Side::Client, &message(b'B', b"\0s1\0\0\0"));
        assert_eq!(tap.sees(Side::Client, &message(b'E', b"\0\0\0\0\0")), Verdict::Pass);
        tap.sees(Side::Server, &message(b'Z', b"T"));
        assert_eq!(ambiguity.cut(), 0, "a claim inside a transaction commits nothing yet");
        assert_eq!(tap.sees(Side::Client, &message(b'Q', b"COMMIT\0")), Verdict::Pass);
        assert_eq!(tap.sees(Side::Server, &message(b'C', b"COMMIT\0")), Verdict::Withhold);
        assert_eq!(tap.sees(Side::Server, &message(b'Z', b"I")), Verdict::CutAfter(0));
        assert_eq!(ambiguity.cut_answers(), 1);
    }

    #[test]
    fn a_statement_that_claims_and_commits_by_itself_is_cut_even_in_pieces() {
        let (ambiguity, mut tap) = started(&[Moment::Question]);
        let parse = message(b'P', b"s1\0with claim as (insert into x.request (request_id) select 1) select 1\0\0\0");
        let (one, two) = parse.split_at(9);
        tap.sees(Side::Client, one);
        tap.sees(Side::Client, two);
        let mut run = message(b'B', b"\0s1\0\0\0");
        run.extend(message(b'E', b"\0\0\0\0\0"));
        assert_eq!(tap.sees(Side::Client, &run), Verdict::CutAfter(run.len()));
        assert_eq!(ambiguity.cut_questions(), 1);
    }

    #[test]
    fn what_claims_nothing_is_let_through() {
        let (ambiguity, mut tap) = started(&[Moment::Answer]);
        tap.sees(Side::Client, &message(b'P', b"s1\0update ledger_head set position = 1\0\0\0"));
        tap.sees(Side::Client, &message(b'B', b"\0s1\0\0\0"));
        tap.sees(Side::Client, &message(b'E', b"\0\0\0\0\0"));
        tap.sees(Side::Client, &message(b'Q', b"COMMIT\0"));
        assert_eq!(tap.sees(Side::Server, &message(b'Z', b"I")), Verdict::Pass);
        assert_eq!(ambiguity.cut(), 0);
    }
}

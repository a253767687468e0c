//! What is owed of an affair that comes out of what was one with it, judged from the order of the entries alone.

use std::collections::{BTreeMap, BTreeSet};

use prost::{Message, Name};
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ticketing::v1 as pb;

/// An answer that was promised and runs.
struct Promised {
    ticket: String,
    due: prost_types::Timestamp,
    /// When it was first promised.
    batch: usize,
}

/// Who is one with whom, and since when.
#[derive(Default)]
struct Together {
    known: BTreeSet<String>,
    heads: BTreeMap<String, String>,
    since: BTreeMap<(String, String), usize>,
}

impl Together {
    fn head<'a>(&'a self, ticket: &'a str) -> &'a str {
        self.heads.get(ticket).map_or(ticket, String::as_str)
    }

    fn since(&self, one: &str, other: &str) -> Option<usize> {
        self.since.get(&(one.to_owned(), other.to_owned())).copied()
    }

    /// Notes who is one as of this batch.
    fn look(&mut self, batch: usize) {
        let mut since = BTreeMap::new();
        for one in &self.known {
            for other in self.known.iter().filter(|other| *other != one && self.head(one) == self.head(other)) {
                let pair = (one.clone(), other.clone());
                since.insert(pair.clone(), self.since.get(&pair).copied().unwrap_or(batch));
            }
        }
        self.since = since;
    }
}

fn read<M: Message + Name + Default>(entry: &Entry) -> Option<M> {
    (entry.r#type == M::full_name()).then(|| M::decode(entry.payload.as_slice()).unwrap())
}

fn place(at: &prost_types::Timestamp) -> (i64, i32) {
    (at.seconds, at.nanos)
}

/// Holds each answer that was promised while affairs were one against what is promised in the one that comes out; how many were owed. What is appended at one
/// instant was done at once.
pub(super) fn owed(entries: &[Entry]) -> usize {
    let (mut together, mut running, mut count) = (Together::default(), BTreeMap::<String, Promised>::new(), 0);
    for (batch, done) in entries.chunk_by(|one, next| one.recorded_time == next.recorded_time).enumerate() {
        let now = done[0].recorded_time.as_ref().map(place).unwrap();
        let (mut out, mut made) = (Vec::new(), Vec::new());
        for entry in done {
            together.known.insert(entry.aggregate.clone());
            if let Some(merged) = read::<pb::TicketMerged>(entry) {
                together.heads.insert(merged.ticket, merged.head);
            } else if let Some(apart) = read::<pb::TicketUnmerged>(entry) {
                together.heads.remove(&apart.ticket);
                out.push(apart.ticket);
            } else if let Some(promise) = read::<pb::PromiseMade>(entry) {
                if promise.kind() == pb::PromiseKind::Resolution && promise.term_clock.is_empty() {
                    made.push(promise);
                }
            } else if let Some(ended) = read::<pb::PromiseSettled>(entry) {
                running.remove(&ended.promise);
            }
        }
        let mut first = BTreeMap::new();
        for ticket in &out {
            let came_apart = |one: &&Promised| together.head(&one.ticket) != together.head(ticket);
            let of_both = |one: &&Promised| together.since(ticket, &one.ticket).is_some_and(|since| since < one.batch);
            let mut due: Vec<_> = running
                .values()
                .filter(came_apart)
                .filter(of_both)
                .filter(|one| place(&one.due) > now)
                .map(|one| (place(&one.due), one.batch))
                .collect();
            due.sort_unstable();
            let mut told: Vec<_> = made.iter().filter(|one| one.ticket == *ticket).collect();
            told.sort_unstable_by_key(|one| one.due_time.as_ref().map(place));
            let told_due: Vec<_> = told.iter().filter_map(|one| one.due_time.as_ref().map(place)).collect();
            assert_eq!(told_due, due.iter().map(|(due, _)| *due).collect::<Vec<_>>(), "{ticket} comes out");
            first.extend(told.iter().zip(&due).map(|(one, (_, batch))| (one.promise.clone(), *batch)));
            count += due.len();
        }
        for one in made {
            let batch = first.get(&one.promise).copied().unwrap_or(batch);
            running.insert(one.promise, Promised { ticket: one.ticket, due: one.due_time.unwrap(), batch });
        }
        together.look(batch);
    }
    count
}

//! The checker: holds what was acknowledged against what is there. Pure, so that it can be shown to
//! be red on lists that are wrong.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::journal::{Record, Wish};

/// What is there: for each wish, the resources that carry its mark.
pub type Effects = BTreeMap<Wish, Vec<String>>;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An acknowledged effect is not there.
    #[error("lost: {0:?} was acknowledged and is not there")]
    Lost(Wish),
    /// One wish has several effects.
    #[error("duplicated: {wish:?} has the effects {effects:?}")]
    Duplicated {
        /// The wish.
        wish: Wish,
        /// Its effects.
        effects: Vec<String>,
    },
    /// The effect is there under another name than the one that was acknowledged.
    #[error("{wish:?} was acknowledged as {acknowledged} and is {found}")]
    Other {
        /// The wish.
        wish: Wish,
        /// What the client was told.
        acknowledged: String,
        /// What is there.
        found: String,
    },
    /// An effect that nobody asked for.
    #[error("nobody asked for {0:?}")]
    Unasked(Wish),
    /// The claim of an acknowledged request is not kept.
    #[error("lost: the request {request_id} of {wish:?} was acknowledged and its claim is not there")]
    Unclaimed {
        /// The wish.
        wish: Wish,
        /// The id.
        request_id: Uuid,
    },
    /// A wish that was claimed under several ids was done several times.
    #[error("duplicated: {wish:?} was claimed under {times} ids")]
    ClaimedTwice {
        /// The wish.
        wish: Wish,
        /// Under how many.
        times: usize,
    },
    /// A reader did not see what was written.
    #[error("lost: {reader} never saw {item}")]
    Unseen {
        /// Who.
        reader: String,
        /// What.
        item: String,
    },
    /// A reader took something for several.
    #[error("duplicated: {reader} has {item} {times} times")]
    SeenTwice {
        /// Who.
        reader: String,
        /// What.
        item: String,
        /// How often.
        times: usize,
    },
    /// A reader has what was never written.
    #[error("{reader} has {item}, which nobody wrote")]
    Invented {
        /// Who.
        reader: String,
        /// What.
        item: String,
    },
    /// A reader was told later what comes before.
    #[error("{reader} was told {item} out of its order")]
    Disorder {
        /// Who.
        reader: String,
        /// What.
        item: String,
    },
    /// A ledger does not hold.
    #[error("the ledger of {source_name} does not hold: {fault}")]
    Ledger {
        /// Whose.
        source_name: String,
        /// Why.
        fault: String,
    },
    /// Something was still on its way when everything should have come to rest.
    #[error("not at rest: {0}")]
    Unrest(String),
}

impl Fault {
    /// Whether something acknowledged is gone.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Unclaimed { .. } | Self::Unseen { .. } | Self::Other { .. })
    }

    /// Whether something happened more often than it was asked for.
    pub fn is_duplicate(&self) -> bool {
        matches!(
            self,
            Self::Duplicated { .. }
                | Self::ClaimedTwice { .. }
                | Self::SeenTwice { .. }
                | Self::Unasked(_)
                | Self::Invented { .. }
        )
    }
}

/// Every acknowledged wish has exactly one effect, the acknowledged one; every other wish at most one.
pub fn effects(record: &Record, effects: &Effects) -> Vec<Fault> {
    let mut faults = Vec::new();
    for wish in record.acknowledged.keys().filter(|wish| !effects.contains_key(wish)) {
        faults.push(Fault::Lost(wish.clone()));
    }
    for (wish, found) in effects {
        if !record.asked.contains_key(wish) {
            faults.push(Fault::Unasked(wish.clone()));
        }
        match (found.as_slice(), record.acknowledged.get(wish)) {
            ([one], Some((_, acknowledged))) if one != acknowledged => {
                faults.push(Fault::Other { wish: wish.clone(), acknowledged: acknowledged.clone(), found: one.clone() })
            }
            ([_], _) => {}
            (several, _) => faults.push(Fault::Duplicated { wish: wish.clone(), effects: several.to_vec() }),
        }
    }
    faults
}

/// Every acknowledged request's claim is kept, and no wish was claimed under two ids. `claimed` holds
/// the ids in the request tables of all services.
pub fn claims(record: &Record, claimed: &BTreeSet<Uuid>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (wish, (request_id, _)) in &record.acknowledged {
        if !claimed.contains(request_id) {
            faults.push(Fault::Unclaimed { wish: wish.clone(), request_id: *request_id });
        }
    }
    for (wish, ids) in &record.asked {
        let times = ids.intersection(claimed).count();
        if times > 1 {
            faults.push(Fault::ClaimedTwice { wish: wish.clone(), times });
        }
    }
    faults
}

/// `reader` has exactly what was `written`, each once.
pub fn reader<'a>(
    reader: &str,
    written: impl IntoIterator<Item = &'a String>,
    seen: impl IntoIterator<Item = &'a String>,
) -> Vec<Fault> {
    let written: BTreeSet<&String> = written.into_iter().collect();
    let mut times: BTreeMap<&String, usize> = BTreeMap::new();
    for item in seen {
        *times.entry(item).or_default() += 1;
    }
    let name = || reader.to_owned();
    let mut faults = Vec::new();
    for item in &written {
        if !times.contains_key(*item) {
            faults.push(Fault::Unseen { reader: name(), item: (*item).clone() });
        }
    }
    for (item, times) in times {
        if !written.contains(item) {
            faults.push(Fault::Invented { reader: name(), item: item.clone() });
        } else if times > 1 {
            faults.push(Fault::SeenTwice { reader: name(), item: item.clone(), times });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::journal::Kind;
    use super::*;

    fn wish(mark: &str) -> Wish {
        Wish { kind: Kind::Ticket, mark: mark.to_owned() }
    }

    fn record(acknowledged: &[(&str, &str)], only_asked: &[&str]) -> Record {
        let mut record = Record::default();
        for (number, (mark, resource)) in (1..).zip(acknowledged) {
            let id = Uuid::from_u128(number);
            record.asked.entry(wish(mark)).or_default().insert(id);
            record.acknowledged.insert(wish(mark), (id, (*resource).to_owned()));
        }
        for (number, mark) in (100..).zip(only_asked) {
            record.asked.entry(wish(mark)).or_default().insert(Uuid::from_u128(number));
        }
        record
    }

    fn there(list: &[(&str, &[&str])]) -> Effects {
        list.iter().map(|(mark, found)| (wish(mark), found.iter().map(|f| (*f).to_owned()).collect())).collect()
    }

    #[test]
    fn what_was_acknowledged_and_is_there_once_is_well() {
        let record = record(&[("a", "tickets/1")], &["b", "c"]);
        assert_eq!(effects(&record, &there(&[("a", &["tickets/1"]), ("b", &["tickets/2"])])), []);
    }

    #[test]
    fn lost_duplicated_exchanged_and_invented_effects_are_told_apart() {
        let record = record(&[("a", "tickets/1"), ("b", "tickets/2"), ("c", "tickets/3")], &["d"]);
        let found = there(&[
            ("b", &["tickets/2", "tickets/9"]),
            ("c", &["tickets/4"]),
            ("d", &["tickets/5", "tickets/6"]),
            ("e", &["tickets/7"]),
        ]);
        let faults = effects(&record, &found);
        assert!(faults.contains(&Fault::Lost(wish("a"))));
        assert!(faults.contains(&Fault::Unasked(wish("e"))));
        assert_eq!(faults.iter().filter(|f| matches!(f, Fault::Duplicated { .. })).count(), 2);
        assert_eq!(faults.iter().filter(|f| matches!(f, Fault::Other { .. })).count(), 1);
        assert_eq!(faults.len(), 5);
    }

    #[test]
    fn a_claim_that_is_gone_and_a_wish_claimed_twice_are_seen() {
        let mut record = record(&[("a", "tickets/1"), ("b", "tickets/2")], &[]);
        record.asked.entry(wish("b")).or_default().insert(Uuid::from_u128(77));
        let claimed = BTreeSet::from([Uuid::from_u128(2), Uuid::from_u128(77)]);
        let faults = claims(&record, &claimed);
        assert_eq!(faults.len(), 2);
        assert!(matches!(faults[0], Fault::Unclaimed { .. }) && faults[0].is_loss());
        assert!(matches!(faults[1], Fault::ClaimedTwice { times: 2, .. }) && faults[1].is_duplicate());
    }

    #[test]
    fn a_reader_that_misses_doubles_or_invents_is_seen() {
        let list = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect::<Vec<_>>();
        let faults = reader("r", &list(&["a", "b"]), &list(&["b", "b", "c"]));
        assert_eq!(faults.len(), 3);
        assert_eq!(faults.iter().filter(|f| f.is_loss()).count(), 1);
        assert_eq!(faults.iter().filter(|f| f.is_duplicate()).count(), 2);
    }
}

//! What a steward's word does to links.

use std::collections::BTreeSet;

use crate::{Node, Pair, SourceRecordId};

/// A customer's records on two sides: those that are taken out, and those that remain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    taken: BTreeSet<SourceRecordId>,
    remaining: BTreeSet<SourceRecordId>,
}

/// Why records cannot be taken out of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSeparable {
    /// One of them is another customer's.
    NotAMember(SourceRecordId),
    /// They are all of them.
    NothingRemains,
}

impl Cut {
    /// Takes `taken` out of the customer that `records` are.
    ///
    /// # Errors
    /// [`NotSeparable`].
    pub fn new(records: &[Node], taken: BTreeSet<SourceRecordId>) -> Result<Self, NotSeparable> {
        let all: BTreeSet<SourceRecordId> = records.iter().map(|node| node.record).collect();
        if let Some(stranger) = taken.iter().find(|record| !all.contains(record)) {
            return Err(NotSeparable::NotAMember(*stranger));
        }
        let remaining: BTreeSet<SourceRecordId> = all.difference(&taken).copied().collect();
        if remaining.is_empty() {
            return Err(NotSeparable::NothingRemains);
        }
        Ok(Self { taken, remaining })
    }

    /// The records that are taken out.
    pub const fn taken(&self) -> &BTreeSet<SourceRecordId> {
        &self.taken
    }

    /// The records that remain.
    pub const fn remaining(&self) -> &BTreeSet<SourceRecordId> {
        &self.remaining
    }

    /// Whether the two records come to lie on different sides.
    pub fn crosses(&self, pair: Pair) -> bool {
        let [a, b] = [pair.a(), pair.b()];
        (self.taken.contains(&a) && self.remaining.contains(&b))
            || (self.taken.contains(&b) && self.remaining.contains(&a))
    }

    /// The denials that keep the sides apart for good: each record of one with each of the other. With
    /// fewer, an identifier that two of them come to share could join them again behind a third.
    pub fn denials(&self) -> BTreeSet<Pair> {
        self.taken.iter().flat_map(|one| self.remaining.iter().map(|other| Pair::of(*one, *other))).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kernel::ResourceId;
    use uuid::Uuid;

    use super::*;
    use crate::CustomerId;

    fn record(n: u128) -> SourceRecordId {
        SourceRecordId::from_uuid(Uuid::from_u128(n))
    }

    fn nodes(count: u128) -> Vec<Node> {
        let own = |n| CustomerId::from_uuid(Uuid::from_u128(n));
        (1..=count)
            .map(|n| Node { record: record(n), own_customer: own(n), recorded_at: Timestamp::UNIX_EPOCH })
            .collect()
    }

    #[test]
    fn each_of_one_side_is_denied_to_each_of_the_other() {
        let cut = Cut::new(&nodes(4), BTreeSet::from([record(2), record(3)])).unwrap();
        let pairs = [(1, 2), (1, 3), (2, 4), (3, 4)].map(|(a, b)| Pair::of(record(a), record(b)));
        assert_eq!(cut.denials(), BTreeSet::from(pairs));
        assert!(pairs.into_iter().all(|pair| cut.crosses(pair)));
        assert!(!cut.crosses(Pair::of(record(2), record(3))));
        assert!(!cut.crosses(Pair::of(record(2), record(9))));
    }

    #[test]
    fn a_customer_is_never_taken_out_of_itself_nor_a_stranger_out_of_it() {
        let all = BTreeSet::from([record(1), record(2)]);
        assert_eq!(Cut::new(&nodes(2), all), Err(NotSeparable::NothingRemains));
        let stranger = BTreeSet::from([record(9)]);
        assert_eq!(Cut::new(&nodes(2), stranger), Err(NotSeparable::NotAMember(record(9))));
    }
}

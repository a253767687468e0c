//! From records and links to customers.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use crate::{CustomerId, Pair, SourceRecordId};

/// What the partition needs to know of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The record.
    pub record: SourceRecordId,
    /// The customer id it brought.
    pub own_customer: CustomerId,
    /// When its first version was written down.
    pub recorded_at: Timestamp,
}

/// One customer: the records that links hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The id that goes on: the one the oldest record brought.
    pub customer: CustomerId,
    /// The records, oldest first.
    pub records: Vec<Node>,
}

/// Groups records by active links. Links to records that are not among `records` say nothing.
/// The answer does not depend on the order of either argument.
pub fn resolve(records: &[Node], links: &[Pair]) -> Vec<Group> {
    let mut nodes = records.to_vec();
    nodes.sort_by_key(|node| (node.recorded_at, node.record));
    let place: HashMap<SourceRecordId, usize> = nodes.iter().enumerate().map(|(i, n)| (n.record, i)).collect();
    let mut leader: Vec<usize> = (0..nodes.len()).collect();
    for link in links {
        if let (Some(&a), Some(&b)) = (place.get(&link.a()), place.get(&link.b())) {
            let (a, b) = (find(&mut leader, a), find(&mut leader, b));
            // The older record leads, so that a group's leader is the one whose id goes on.
            leader[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
    for (i, node) in nodes.iter().enumerate() {
        groups.entry(find(&mut leader, i)).or_default().push(*node);
    }
    groups.into_values().map(|records| Group { customer: records[0].own_customer, records }).collect()
}

fn find(leader: &mut [usize], mut i: usize) -> usize {
    while leader[i] != i {
        leader[i] = leader[leader[i]];
        i = leader[i];
    }
    i
}

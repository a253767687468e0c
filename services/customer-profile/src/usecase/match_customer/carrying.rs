//! Who carries now what somebody is described by. It is asked about, and nothing is linked by it: who carries it may be meant.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::{Content, CustomerId, Identifier, IdentifierKey, IdentifierKind, SourceRecordId};
use jiff::Timestamp;

use crate::store::identity::Carriers;
use crate::store::match_key::Candidate;

/// What of a description somebody carries.
#[derive(Default)]
pub(super) struct Carries {
    /// The kinds of it.
    pub kinds: BTreeSet<IdentifierKind>,
    /// Their records that do.
    pub records: BTreeSet<SourceRecordId>,
}

impl Carries {
    /// The records, each with this customer.
    pub(super) fn of(&self, customer: CustomerId) -> impl Iterator<Item = (CustomerId, SourceRecordId)> {
        self.records.iter().map(move |record| (customer, *record))
    }
}

/// Who carries what is described, unless several people are said to, or more records do than one person's ever would. `carried` is who does of those that
/// are proven; of what none of them carries, those count of which nobody proved who says so, as in a ring.
pub(super) fn carrying(
    described: &Content,
    carried: &BTreeMap<IdentifierKey, Carriers>,
    candidates: &[Candidate],
    now: Timestamp,
) -> BTreeMap<CustomerId, Carries> {
    let mut carrying: BTreeMap<CustomerId, Carries> = BTreeMap::new();
    for identifier in described.identifiers.iter().filter(|identifier| tells(identifier, now)) {
        let key = identifier.key();
        let (by, who) = match carried.get(key) {
            Some(held) => (held.carriers.len(), proven(held, now)),
            None => unproven(candidates, key, now),
        };
        if by > key.kind.fan_out() {
            continue;
        }
        for (customer, record) in who {
            let carries = carrying.entry(customer).or_default();
            carries.kinds.insert(key.kind);
            carries.records.insert(record);
        }
    }
    carrying
}

fn proven(held: &Carriers, now: Timestamp) -> Vec<(CustomerId, SourceRecordId)> {
    let now_theirs = held.carriers.iter().filter(|carrier| carrier.evidence && carrier.validity.holds(now));
    now_theirs.filter_map(|carrier| Some((*held.customers.get(&carrier.record)?, carrier.record))).collect()
}

/// How many of them mention it, and who has it now.
fn unproven(
    candidates: &[Candidate],
    key: &IdentifierKey,
    now: Timestamp,
) -> (usize, Vec<(CustomerId, SourceRecordId)>) {
    let mention = |candidate: &Candidate| {
        candidate.record.content.identifiers.iter().find(|other| other.key() == key).map(|other| tells(other, now))
    };
    let mentions: Vec<(&Candidate, bool)> =
        candidates.iter().filter_map(|candidate| Some((candidate, mention(candidate)?))).collect();
    let who = mentions.iter().filter(|(_, tells)| *tells);
    (mentions.len(), who.map(|(candidate, _)| (candidate.customer, candidate.record.id)).collect())
}

/// Whether it says now who somebody may be.
fn tells(identifier: &Identifier, now: Timestamp) -> bool {
    identifier.is_evidence() && identifier.validity.holds(now)
}

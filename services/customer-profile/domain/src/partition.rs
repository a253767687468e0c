//! From records and links to customers.
//!
//! What links hold together is one customer, unless a `not_same_as` stands between two of its
//! records: nothing joins those two, directly or by way of others. Links then count in the order of
//! what they rest on, a steward's word first, so that the answer follows from what is asserted and
//! never from the order in which it was.
//!
//! Contradictions that no steward has spoken over hold apart as well, but what rules join alone: who a steward made one
//! is one, whatever stands between them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::{Basis, CustomerId, IdentifierKey, Pair, SourceRecordId};

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

/// An active `same_as`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// On what it rests.
    pub basis: Basis,
    /// The two records.
    pub pair: Pair,
}

/// One customer: the records that links hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The id that goes on: the one the oldest record brought.
    pub customer: CustomerId,
    /// The records, oldest first.
    pub records: Vec<Node>,
}

/// Groups records by active links, `denials` and `contradictions`. What is said of records that are not among `records`
/// says nothing. The answer does not depend on the order of any argument.
///
/// Records that carry the same identifier are one person each with each, though only a star of links
/// is kept for them: when a denial takes its hub away, the others still belong together.
pub fn resolve(records: &[Node], links: &[Link], denials: &[Pair], contradictions: &BTreeSet<Pair>) -> Vec<Group> {
    let mut nodes = records.to_vec();
    nodes.sort_by_key(|node| (node.recorded_at, node.record));
    let place: HashMap<SourceRecordId, usize> = nodes.iter().enumerate().map(|(i, n)| (n.record, i)).collect();
    let places = |pair: &Pair| Some((*place.get(&pair.a())?, *place.get(&pair.b())?));
    let equals = equals(links, places);
    let (by_stewards, by_rules): (Vec<&Equals<'_>>, Vec<&Equals<'_>>) =
        equals.iter().partition(|equals| equals.rank == Basis::Steward.rank());
    let denied: Vec<(usize, usize)> = denials.iter().filter_map(places).collect();
    let contradicted: Vec<(usize, usize)> = contradictions.iter().filter_map(places).collect();
    let contradicted = unspoken_of(nodes.len(), &denied, contradicted, &by_stewards, &by_rules);
    let mut forest = Forest::new(nodes.len(), denied);
    forest.join_all(&by_stewards);
    forest.join_unless(&by_rules, &contradicted);
    let mut groups: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
    for (i, node) in nodes.iter().enumerate() {
        groups.entry(forest.find(i)).or_default().push(*node);
    }
    groups.into_values().map(|records| Group { customer: records[0].own_customer, records }).collect()
}

/// The contradictions that no steward spoke over. A steward who makes two customers one says so of all that rules hold
/// together on either side, and not of the two records alone that the word is written on.
fn unspoken_of(
    size: usize,
    denied: &[(usize, usize)],
    mut contradicted: Vec<(usize, usize)>,
    by_stewards: &[&Equals<'_>],
    by_rules: &[&Equals<'_>],
) -> Vec<(usize, usize)> {
    if contradicted.is_empty() || by_stewards.is_empty() {
        return contradicted;
    }
    let mut sides = Forest::new(size, denied.iter().copied());
    sides.join_unless(by_rules, &contradicted);
    let mut spoken = Forest::new(size, []);
    for i in 0..size {
        spoken.join(sides.find(i), i);
    }
    spoken.join_all(by_stewards);
    contradicted.retain(|(one, other)| spoken.find(*one) != spoken.find(*other));
    contradicted
}

/// Records that one assertion makes equal: all that carry an identifier, or two of which a steward or a score says so.
/// Assertions are ordered by what they rest on, the weightiest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Equals<'a> {
    rank: u8,
    identifier: Option<&'a IdentifierKey>,
    /// Their places, the oldest first.
    records: Vec<usize>,
}

impl Equals<'_> {
    /// Every two of them, the older first.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.records
            .iter()
            .enumerate()
            .flat_map(|(nth, one)| self.records[..nth].iter().map(move |older| (*older, *one)))
    }
}

fn equals(links: &[Link], places: impl Fn(&Pair) -> Option<(usize, usize)>) -> BTreeSet<Equals<'_>> {
    let mut among: BTreeMap<&Basis, Vec<(usize, usize)>> = BTreeMap::new();
    for link in links {
        among.entry(&link.basis).or_default().extend(places(&link.pair));
    }
    let mut all = BTreeSet::new();
    for (basis, pairs) in among {
        let (identifier, sets) = match basis {
            Basis::Identifier(key) => (Some(key), connected(&pairs)),
            Basis::Steward | Basis::Score => (None, pairs.iter().map(|(a, b)| vec![*a, *b]).collect()),
        };
        for mut records in sets {
            records.sort_unstable();
            all.insert(Equals { rank: basis.rank(), identifier, records });
        }
    }
    all
}

fn connected(pairs: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for (a, b) in pairs {
        let (mut joined, apart): (Vec<_>, Vec<_>) = sets.into_iter().partition(|s| s.contains(a) || s.contains(b));
        joined.push(vec![*a, *b]);
        let mut set = joined.concat();
        set.sort_unstable();
        set.dedup();
        sets = apart;
        sets.push(set);
    }
    sets
}

/// Sets that are joined one by one, and pairs of sets that never are.
struct Forest {
    leader: Vec<usize>,
    denied: Vec<BTreeSet<usize>>,
}

impl Forest {
    fn new(size: usize, denials: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut denied = vec![BTreeSet::new(); size];
        for (a, b) in denials {
            denied[a].insert(b);
            denied[b].insert(a);
        }
        Self { leader: (0..size).collect(), denied }
    }

    /// Joins what these make equal, in their order.
    fn join_all(&mut self, equals: &[&Equals<'_>]) {
        for pair in equals.iter().flat_map(|equals| equals.pairs()) {
            self.join(pair.0, pair.1);
        }
    }

    /// The same of what rules make equal, one rank after the other, but for what these contradictions hold apart. Of all that
    /// one rank hangs together only those are joined who are contradicted by the same others: who could be either of two is
    /// neither, whoever came first.
    fn join_unless(&mut self, equals: &[&Equals<'_>], contradicted: &[(usize, usize)]) {
        for rank in equals.chunk_by(|one, other| one.rank == other.rank) {
            let enemies = self.enemies(rank, contradicted);
            let none = BTreeSet::new();
            let of = |set: usize| enemies.get(&set).unwrap_or(&none);
            let sets: Vec<usize> = (0..self.leader.len()).map(|i| self.find(i)).collect();
            for (one, other) in rank.iter().flat_map(|equals| equals.pairs()) {
                if of(sets[one]) == of(sets[other]) {
                    self.join(one, other);
                }
            }
        }
    }

    /// The sets that contradict each set, among those that these hang together.
    fn enemies(&mut self, equals: &[&Equals<'_>], contradicted: &[(usize, usize)]) -> HashMap<usize, BTreeSet<usize>> {
        let mut enemies: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        if contradicted.is_empty() {
            return enemies;
        }
        let mut together = Self { leader: self.leader.clone(), denied: vec![BTreeSet::new(); self.leader.len()] };
        together.join_all(equals);
        for (one, other) in contradicted {
            let (one, other) = (self.find(*one), self.find(*other));
            if one != other && together.find(one) == together.find(other) {
                enemies.entry(one).or_default().insert(other);
                enemies.entry(other).or_default().insert(one);
            }
        }
        enemies
    }

    fn find(&mut self, mut i: usize) -> usize {
        while self.leader[i] != i {
            self.leader[i] = self.leader[self.leader[i]];
            i = self.leader[i];
        }
        i
    }

    /// Joins the sets of two, unless they are denied to each other. The older leads, so that a
    /// group's leader is the one whose id goes on.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        if one == other || self.denied[one].contains(&other) {
            return;
        }
        let (older, younger) = (one.min(other), one.max(other));
        self.leader[younger] = older;
        for enemy in std::mem::take(&mut self.denied[younger]) {
            self.denied[enemy].remove(&younger);
            self.denied[enemy].insert(older);
            self.denied[older].insert(enemy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdentifierKind;
    use kernel::ResourceId;
    use uuid::Uuid;

    fn record(n: u128) -> SourceRecordId {
        SourceRecordId::from_uuid(Uuid::from_u128(n))
    }

    fn nodes(count: u128) -> Vec<Node> {
        (1..=count)
            .map(|n| Node {
                record: record(n),
                own_customer: CustomerId::from_uuid(Uuid::from_u128(n)),
                recorded_at: Timestamp::from_second(i64::try_from(n).unwrap()).unwrap(),
            })
            .collect()
    }

    fn pair(a: u128, b: u128) -> Pair {
        Pair::of(record(a), record(b))
    }

    fn link(basis: Basis, a: u128, b: u128) -> Link {
        Link { basis, pair: pair(a, b) }
    }

    fn document(value: &str) -> Basis {
        Basis::Identifier(IdentifierKey { kind: IdentifierKind::NationalId, value: value.to_owned().into() })
    }

    /// The groups as the numbers of their records.
    fn groups(count: u128, links: &[Link], denials: &[Pair]) -> Vec<Vec<u128>> {
        apart(count, links, denials, &[])
    }

    /// The same, where these contradict each other.
    fn apart(count: u128, links: &[Link], denials: &[Pair], contradictions: &[Pair]) -> Vec<Vec<u128>> {
        let found = resolve(&nodes(count), links, denials, &contradictions.iter().copied().collect());
        found.iter().map(|g| g.records.iter().map(|n| n.record.uuid().as_u128()).collect()).collect()
    }

    #[test]
    fn a_denial_holds_apart_what_a_link_would_join() {
        assert_eq!(groups(2, &[link(Basis::Score, 1, 2)], &[pair(1, 2)]), [[1], [2]]);
    }

    #[test]
    fn nobody_joins_two_who_are_denied_by_way_of_a_third() {
        let by_document = [link(document("x"), 1, 2), link(document("y"), 2, 3)];
        assert_eq!(groups(3, &by_document, &[pair(1, 3)]), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn a_stewards_word_comes_before_a_document_and_a_document_before_a_score() {
        let links = [link(Basis::Score, 1, 2), link(document("x"), 2, 3)];
        assert_eq!(groups(3, &links, &[pair(1, 3)]), [vec![1], vec![2, 3]]);
        let links = [link(Basis::Steward, 1, 2), link(document("x"), 2, 3)];
        assert_eq!(groups(3, &links, &[pair(1, 3)]), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn those_who_share_a_document_stay_together_when_its_oldest_carrier_is_taken_away() {
        let star = [link(document("x"), 1, 2), link(document("x"), 1, 3)];
        assert_eq!(groups(3, &star, &[pair(1, 2), pair(1, 3)]), [vec![1], vec![2, 3]]);
    }

    #[test]
    fn two_lines_of_one_number_and_other_names_are_not_joined_by_it() {
        let phone = Basis::Identifier(IdentifierKey { kind: IdentifierKind::Phone, value: "+34".to_owned().into() });
        let stars = [link(phone.clone(), 1, 2), link(phone, 3, 4)];
        assert_eq!(groups(4, &stars, &[]), [vec![1, 2], vec![3, 4]]);
    }

    #[test]
    fn nobody_joins_two_who_contradict_each_other_by_way_of_a_third() {
        let links = [link(document("x"), 1, 2), link(Basis::Score, 2, 3)];
        assert_eq!(apart(3, &links, &[], &[pair(1, 3)]), [vec![1, 2], vec![3]]);
        assert_eq!(apart(3, &links, &[], &[]), [[1, 2, 3]]);
    }

    #[test]
    fn who_may_be_either_of_two_who_contradict_each_other_is_neither_whoever_came_first() {
        for between in 1..=3 {
            let [one, other] = match between {
                1 => [2, 3],
                2 => [1, 3],
                _ => [1, 2],
            };
            let links = [link(Basis::Score, between, one), link(Basis::Score, between, other)];
            assert_eq!(apart(3, &links, &[], &[pair(one, other)]), [[1], [2], [3]]);
        }
    }

    #[test]
    fn a_steward_who_makes_two_customers_one_speaks_over_all_that_stands_between_their_records() {
        // Each side is two records; the word is written on one of each, and other two contradict each other.
        let sides = [link(document("x"), 1, 2), link(document("y"), 3, 4)];
        let word = [sides.to_vec(), vec![link(Basis::Steward, 1, 3)]].concat();
        assert_eq!(apart(4, &sides, &[], &[pair(2, 4), pair(1, 3)]), [[1, 2], [3, 4]]);
        assert_eq!(apart(4, &word, &[], &[pair(2, 4), pair(1, 3)]), [[1, 2, 3, 4]]);
        // Of a fifth, who was of neither side, nobody spoke.
        let fifth = [word, vec![link(Basis::Score, 1, 5)]].concat();
        assert_eq!(apart(5, &fifth, &[], &[pair(2, 4), pair(2, 5)]), [vec![1, 2, 3, 4], vec![5]]);
    }

    #[test]
    fn a_denial_of_strangers_says_nothing() {
        assert_eq!(groups(2, &[link(Basis::Steward, 1, 2)], &[pair(1, 9)]), [vec![1, 2]]);
    }
}

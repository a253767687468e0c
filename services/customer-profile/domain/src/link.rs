//! Links between records, and the identity rule: which records an equal identifier makes one person.
//!
//! The rule looks at one identifier, at everybody who carries it and at what stands between any two of them, so
//! that the outcome depends on what the records say and never on the order in which they came.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::matching::Grade;
use crate::{IdentifierKey, IdentifierKind, NameKey, SourceRecordId, Validity};

/// What a link says of its two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkType {
    /// One person.
    SameAs,
    /// Two people.
    NotSameAs,
}

impl LinkType {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameAs => "same_as",
            Self::NotSameAs => "not_same_as",
        }
    }

    /// How sure a link of this type is of its two records: what is less sure is proposed, and links nothing.
    pub const fn grade(self) -> Grade {
        match self {
            Self::SameAs => Grade::Certain,
            Self::NotSameAs => Grade::CertainlyNot,
        }
    }

    /// The type with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        [Self::SameAs, Self::NotSameAs].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// On what a link rests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A steward said so.
    Steward,
    /// Both records carry it.
    Identifier(IdentifierKey),
    /// They were compared, and the score is certain.
    Score,
}

impl Basis {
    /// The word that is stored: `steward`, `score`, or the kind of the identifier.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Steward => "steward",
            Self::Identifier(key) => key.kind.as_str(),
            Self::Score => "score",
        }
    }

    /// Which of two comes first when they cannot both hold; the lower.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::Steward => 0,
            Self::Identifier(key) => match key.kind {
                IdentifierKind::NationalId => 1,
                IdentifierKind::Account => 2,
                IdentifierKind::Email => 3,
                IdentifierKind::Phone => 4,
                IdentifierKind::Social => 5,
                IdentifierKind::Chat => 6,
                IdentifierKind::Device => 7,
            },
            Self::Score => 8,
        }
    }
}

/// A record that carries an identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The record.
    pub record: SourceRecordId,
    /// When its first version was written down.
    pub recorded_at: Timestamp,
    /// Its name, where it is evidence.
    pub name: Option<NameKey>,
    /// Whether its mention of the identifier says anything about who it is.
    pub evidence: bool,
    /// When it has the identifier.
    pub validity: Validity,
}

/// Two records, the smaller id first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    a: SourceRecordId,
    b: SourceRecordId,
}

impl Pair {
    /// The pair of two records, in either order.
    pub fn of(one: SourceRecordId, other: SourceRecordId) -> Self {
        Self { a: one.min(other), b: one.max(other) }
    }

    /// The smaller id.
    pub const fn a(self) -> SourceRecordId {
        self.a
    }

    /// The larger id.
    pub const fn b(self) -> SourceRecordId {
        self.b
    }
}

impl IdentifierKind {
    /// Whether equality alone makes two records one person.
    pub const fn is_strong(self) -> bool {
        matches!(self, Self::NationalId | Self::Account)
    }

    /// How many records may carry an identifier before it stops being evidence. A line that a
    /// dozen records carry is a switchboard or a filler; a document on more than 64 is a default
    /// of somebody's screen. Without the bound one such value would melt thousands of people.
    pub const fn fan_out(self) -> usize {
        match self {
            Self::NationalId | Self::Account => 64,
            Self::Phone | Self::Email | Self::Social | Self::Chat => 8,
            Self::Device => 0,
        }
    }
}

/// The links that one identifier justifies among its carriers. `carriers` must hold all of them,
/// or more than [`IdentifierKind::fan_out`]; `against` are the pairs of [`equals`] between which
/// something stands ([`crate::matching::Score::against`]).
///
/// Each group of equals is a star around its oldest record: as connected as all pairs would be,
/// with one link a record. Who had it at another time than the oldest is no equal of theirs, and
/// begins a star with those who are left.
///
/// Where something stands between two, the identifier tells them from nobody: only those are one person
/// who are contradicted by the same others. Who could be either of the two is neither.
pub fn links(kind: IdentifierKind, carriers: &[Carrier], against: &BTreeSet<Pair>) -> BTreeSet<Pair> {
    groups(kind, carriers).into_iter().flat_map(|group| alike(group, against)).flat_map(stars).collect()
}

/// The pairs that an identifier makes one person unless something stands between them.
pub fn equals(kind: IdentifierKind, carriers: &[Carrier]) -> BTreeSet<Pair> {
    let pairs = |group: Vec<&Carrier>| {
        let records: Vec<SourceRecordId> = group.iter().map(|carrier| carrier.record).collect();
        let pairs = |(at, one): (usize, &SourceRecordId)| {
            records[at + 1..].iter().map(|other| Pair::of(*one, *other)).collect::<Vec<_>>()
        };
        records.iter().enumerate().flat_map(pairs).collect::<Vec<_>>()
    };
    groups(kind, carriers).into_iter().flat_map(pairs).collect()
}

/// Carriers whose mention is equal and says something.
fn groups(kind: IdentifierKind, carriers: &[Carrier]) -> Vec<Vec<&Carrier>> {
    if carriers.len() > kind.fan_out() {
        return Vec::new();
    }
    let mut groups: BTreeMap<Option<&NameKey>, Vec<&Carrier>> = BTreeMap::new();
    for carrier in carriers.iter().filter(|c| c.evidence) {
        match (kind.is_strong(), &carrier.name) {
            (true, _) => groups.entry(None).or_default().push(carrier),
            (false, Some(name)) => groups.entry(Some(name)).or_default().push(carrier),
            // A line without a name says nothing about who holds it.
            (false, None) => {}
        }
    }
    groups.into_values().collect()
}

/// The group, apart by who is contradicted by the same others.
fn alike<'a>(group: Vec<&'a Carrier>, against: &BTreeSet<Pair>) -> Vec<Vec<&'a Carrier>> {
    let mut apart: BTreeMap<BTreeSet<SourceRecordId>, Vec<&Carrier>> = BTreeMap::new();
    for one in &group {
        let others = group.iter().map(|other| other.record);
        let enemies = others.filter(|other| *other != one.record && against.contains(&Pair::of(one.record, *other)));
        apart.entry(enemies.collect()).or_default().push(one);
    }
    apart.into_values().collect()
}

fn stars(mut group: Vec<&Carrier>) -> Vec<Pair> {
    group.sort_by_key(|c| (c.recorded_at, c.record));
    let mut pairs = Vec::new();
    while let Some((hub, others)) = group.split_first() {
        let (equals, left): (Vec<&Carrier>, Vec<&Carrier>) =
            others.iter().partition(|other| other.validity.overlaps(hub.validity));
        pairs.extend(equals.iter().map(|equal| Pair::of(hub.record, equal.record)));
        group = left;
    }
    pairs
}

/// What must change so that `active` becomes `wanted`: the pairs to assert, then those to revoke.
pub fn revised(active: &BTreeSet<Pair>, wanted: &BTreeSet<Pair>) -> (Vec<Pair>, Vec<Pair>) {
    (wanted.difference(active).copied().collect(), active.difference(wanted).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::{links as links_unless, *};
    use kernel::ResourceId;
    use uuid::Uuid;

    fn links(kind: IdentifierKind, carriers: &[Carrier]) -> BTreeSet<Pair> {
        links_unless(kind, carriers, &BTreeSet::new())
    }

    fn carrier(n: u128, name: &str) -> Carrier {
        Carrier {
            record: SourceRecordId::from_uuid(Uuid::from_u128(n)),
            recorded_at: Timestamp::from_second(i64::try_from(n).unwrap()).unwrap(),
            name: (!name.is_empty()).then(|| NameKey::stored(name.to_owned())),
            evidence: true,
            validity: Validity::default(),
        }
    }

    #[test]
    fn a_number_that_was_given_to_somebody_else_says_nothing_of_who_had_it_before() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        let mut line = [carrier(1, "ana x"), carrier(2, "ana x"), carrier(3, "ana x")];
        line[0].validity.until = at(10);
        line[1].validity.from = at(10);
        line[2].validity.from = at(20);
        let found = links(IdentifierKind::Phone, &line);
        assert_eq!(found, BTreeSet::from([Pair::of(line[1].record, line[2].record)]));
    }

    #[test]
    fn a_document_links_whatever_the_name() {
        let found = links(IdentifierKind::NationalId, &[carrier(1, "ana x"), carrier(2, ""), carrier(3, "eva y")]);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_line_links_only_equal_names() {
        let line = [carrier(1, "ana x"), carrier(2, "eva y"), carrier(3, "ana x"), carrier(4, "")];
        for kind in [IdentifierKind::Phone, IdentifierKind::Email, IdentifierKind::Social, IdentifierKind::Chat] {
            assert_eq!(links(kind, &line), BTreeSet::from([Pair::of(line[0].record, line[2].record)]));
        }
    }

    #[test]
    fn a_device_links_nobody() {
        assert!(links(IdentifierKind::Device, &[carrier(1, "ana x"), carrier(2, "ana x")]).is_empty());
    }

    #[test]
    fn a_line_of_too_many_links_nobody_not_even_equal_names() {
        let bomb: Vec<_> = (1..=9).map(|n| carrier(n, "ana x")).collect();
        assert_eq!(links(IdentifierKind::Phone, &bomb[..8]).len(), 7);
        assert!(links(IdentifierKind::Phone, &bomb).is_empty());
    }

    #[test]
    fn a_mention_without_weight_links_nobody() {
        let mut filler = [carrier(1, "ana x"), carrier(2, "ana x")];
        filler[1].evidence = false;
        assert!(links(IdentifierKind::NationalId, &filler).is_empty());
    }

    #[test]
    fn whoever_is_contradicted_is_not_linked_and_who_could_be_either_is_neither() {
        let line = [carrier(1, "ana x"), carrier(2, "ana x"), carrier(3, "ana x"), carrier(4, "ana x")];
        let [father, again, son, either] = [0, 1, 2, 3].map(|n: usize| line[n].record);
        for kind in [IdentifierKind::Phone, IdentifierKind::Account, IdentifierKind::NationalId] {
            let against = BTreeSet::from([Pair::of(father, son), Pair::of(again, son)]);
            assert_eq!(links_unless(kind, &line, &against), BTreeSet::from([Pair::of(father, again)]));
            assert_eq!(equals(kind, &line).len(), 6, "every two of four are asked about");
            let all = BTreeSet::from([Pair::of(father, again), Pair::of(father, son), Pair::of(father, either)]);
            assert_eq!(links(kind, &line), all);
        }
    }
}

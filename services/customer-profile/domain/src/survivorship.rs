//! Which of several values of one attribute is believed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{Record, Slug};

/// Which source systems to believe first, among values observed at the same instant. Systems
/// that are not named come after, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceOrder(Vec<Slug>);

impl SourceOrder {
    /// The order in which `systems` stand.
    pub fn new(systems: Vec<Slug>) -> Self {
        Self(systems)
    }

    /// The systems, the one that is believed most first.
    pub fn systems(&self) -> &[Slug] {
        &self.0
    }

    pub(crate) fn rank(&self, system: &Slug) -> usize {
        self.0.iter().position(|s| s == system).unwrap_or(self.0.len())
    }
}

/// An attribute that a system may be the authority for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Name.
    Name,
    /// Date of birth.
    BirthDate,
    /// Postal address.
    Address,
    /// Language.
    Language,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 4] = [Self::Name, Self::BirthDate, Self::Address, Self::Language];

    /// The word it is configured by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::Address => "address",
            Self::Language => "language",
        }
    }

    /// Whether it stays with a person, so that what was verified once holds against what others mention later. People
    /// move, and change the language they are spoken to in.
    const fn stays(self) -> bool {
        matches!(self, Self::Name | Self::BirthDate)
    }
}

/// An edition of the program that puts golden records together. Another is due whenever the same records by the same settings
/// come to another golden record, so that what screens showed can be told afterwards, and shown anew to those who were written before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum GoldenEdition {
    /// An identifier is as the record has it that verified it last, also when a later one says that it has ended.
    First,
    /// An identifier ends when the record says that was observed last of those that say when, and of every attribute it is told who
    /// said the same last.
    #[default]
    Second,
}

impl GoldenEdition {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "golden-1",
            Self::Second => "golden-2",
        }
    }

    /// The edition with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        [Self::First, Self::Second].into_iter().find(|edition| edition.as_str() == word)
    }

    /// Whether it is told who said last what is believed of an attribute.
    pub(crate) const fn tells_last_seen(self) -> bool {
        matches!(self, Self::Second)
    }

    /// Whether a later record ends what an earlier one verified.
    pub(crate) const fn heeds_ends(self) -> bool {
        matches!(self, Self::Second)
    }
}

/// How the value that is believed is chosen: the authority for the attribute first; then what was verified last, of an
/// attribute that stays; then what was observed last, at the same instant what was verified; then the order of systems.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survivorship {
    order: SourceOrder,
    authorities: BTreeMap<Attribute, SourceOrder>,
    edition: GoldenEdition,
}

impl Survivorship {
    /// No system is an authority; `order` decides between values observed at the same instant.
    pub fn by_order(order: SourceOrder) -> Self {
        Self { order, authorities: BTreeMap::new(), edition: GoldenEdition::default() }
    }

    /// The same, where of `attribute` these systems are believed before all others, the first most.
    #[must_use]
    pub fn with_authority(mut self, attribute: Attribute, systems: SourceOrder) -> Self {
        self.authorities.insert(attribute, systems);
        self
    }

    /// The same by another edition of the program.
    #[must_use]
    pub fn by(mut self, edition: GoldenEdition) -> Self {
        self.edition = edition;
        self
    }

    /// What decides between values observed at the same instant.
    pub const fn order(&self) -> &SourceOrder {
        &self.order
    }

    /// The authorities, by attribute.
    pub const fn authorities(&self) -> &BTreeMap<Attribute, SourceOrder> {
        &self.authorities
    }

    /// The edition of the program that applies it.
    pub const fn edition(&self) -> GoldenEdition {
        self.edition
    }

    /// How far down the authorities of an attribute a system stands; all that are none stand alike.
    fn authority(&self, attribute: Attribute, system: &Slug) -> usize {
        self.authorities.get(&attribute).map_or(0, |systems| systems.rank(system))
    }

    pub(crate) fn claim(&self, attribute: Attribute, record: &Record) -> Claim {
        let verified = Reverse(record.content.verified.get(&attribute).copied());
        Claim {
            authority: self.authority(attribute, &record.source_system),
            standing: if attribute.stays() { verified } else { Reverse(None) },
            observed: Reverse(record.content.observed_at),
            verified,
        }
    }
}

/// How much a record's value of an attribute is worth: the least is believed, and of equal ones the order of systems
/// decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    authority: usize,
    /// When it was verified, where that outlasts later mentions.
    standing: Reverse<Option<Timestamp>>,
    observed: Reverse<Timestamp>,
    verified: Reverse<Option<Timestamp>>,
}

impl Claim {
    /// What decides against the next best.
    pub(crate) fn over(self, second: Self) -> SurvivorshipRule {
        if self.authority != second.authority {
            SurvivorshipRule::Authority
        } else if self.standing != second.standing {
            SurvivorshipRule::Verified
        } else if self.observed != second.observed {
            SurvivorshipRule::MostRecent
        } else if self.verified != second.verified {
            SurvivorshipRule::Verified
        } else {
            SurvivorshipRule::SourceOrder
        }
    }
}

/// Why a value won.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurvivorshipRule {
    /// Only one record has a value.
    OnlySource,
    /// It was observed last.
    MostRecent,
    /// Others were observed at the same instant; the order of systems decided.
    SourceOrder,
    /// Its system is the authority for the attribute.
    Authority,
    /// Its source verified it with the person, and last of all.
    Verified,
}

//! The golden record: the best value of each attribute, and where it comes from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Department, Language, Personal};

use crate::{Address, Identifier, IdentifierKey, PersonName, Record, Slug, SourceRecordId};

/// Which source systems to believe first, among values observed at the same instant. Systems
/// that are not named come after, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceOrder(Vec<Slug>);

impl SourceOrder {
    /// The order in which `systems` stand.
    pub fn new(systems: Vec<Slug>) -> Self {
        Self(systems)
    }

    fn rank(&self, system: &Slug) -> usize {
        self.0.iter().position(|s| s == system).unwrap_or(self.0.len())
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
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Record.
    pub record: SourceRecordId,
    /// Version of it.
    pub version: i32,
    /// Its system.
    pub source_system: Slug,
    /// Its department.
    pub department: Department,
    /// When the system saw it so.
    pub observed_at: Timestamp,
    /// Why it won.
    pub rule: SurvivorshipRule,
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// An identifier and where it was last said.
pub type GoldenIdentifier = Sourced<Identifier>;

/// What is believed of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Golden {
    /// Name.
    pub name: Option<Sourced<PersonName>>,
    /// Date of birth.
    pub birth_date: Option<Sourced<Personal<Date>>>,
    /// Postal address.
    pub address: Option<Sourced<Address>>,
    /// Language.
    pub language: Option<Sourced<Language>>,
    /// Every identifier of every record, once.
    pub identifiers: Vec<GoldenIdentifier>,
}

impl Golden {
    /// The golden record of `records`; the order they are given in does not matter.
    pub fn of(records: &[Record], order: &SourceOrder) -> Self {
        let mut ranked: Vec<&Record> = records.iter().collect();
        ranked.sort_by_key(|r| {
            (Reverse(r.content.observed_at), order.rank(&r.source_system), r.source_system.clone(), r.id)
        });
        Self {
            name: best(&ranked, |r| r.content.name.clone()),
            birth_date: best(&ranked, |r| r.content.birth_date.clone()),
            address: best(&ranked, |r| r.content.address.clone()),
            language: best(&ranked, |r| r.content.language),
            identifiers: identifiers(&ranked),
        }
    }
}

/// The first value among records that stand best first.
fn best<T>(ranked: &[&Record], value: impl Fn(&Record) -> Option<T>) -> Option<Sourced<T>> {
    let mut having = ranked.iter().filter_map(|r| value(r).map(|v| (*r, v)));
    let (record, value) = having.next()?;
    let rule = match having.next() {
        None => SurvivorshipRule::OnlySource,
        Some((second, _)) if second.content.observed_at == record.content.observed_at => SurvivorshipRule::SourceOrder,
        Some(_) => SurvivorshipRule::MostRecent,
    };
    Some(Sourced { value, provenance: provenance(record, rule) })
}

fn provenance(record: &Record, rule: SurvivorshipRule) -> Provenance {
    Provenance {
        record: record.id,
        version: record.version,
        source_system: record.source_system.clone(),
        department: record.department.clone(),
        observed_at: record.content.observed_at,
        rule,
    }
}

/// Each identifier as its best record has it, with the latest verification anybody made and the
/// warning of any source that it is shared.
fn identifiers(ranked: &[&Record]) -> Vec<GoldenIdentifier> {
    let mut keys: BTreeMap<&IdentifierKey, Identifier> = BTreeMap::new();
    for identifier in ranked.iter().flat_map(|r| &r.content.identifiers) {
        let known = keys.entry(identifier.key()).or_insert_with(|| identifier.clone());
        known.verified_at = known.verified_at.max(identifier.verified_at);
        known.shared |= identifier.shared;
    }
    keys.into_iter()
        .filter_map(|(key, merged)| {
            let carries = |r: &Record| r.content.identifiers.iter().any(|i| i.key() == key).then(|| merged.clone());
            best(ranked, carries)
        })
        .collect()
}

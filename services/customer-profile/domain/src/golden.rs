//! The golden record: the best value of each attribute, and where it comes from.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Department, Language, Personal};

use crate::{
    Address, Attribute, GoldenEdition, Identifier, IdentifierKey, PersonName, Record, Slug, SourceRecordId,
    Survivorship, SurvivorshipRule, Validity,
};

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
    /// The record that said the same last; the first edition of the program tells none.
    pub last_seen: Option<Provenance>,
}

/// An identifier, and the records it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoldenIdentifier {
    /// The identifier, with the period that the record states which was observed last of those that state one.
    pub value: Identifier,
    /// The record that verified it last, or else the one that said it last.
    pub provenance: Provenance,
    /// The record that said last that the person had it then; one that only says that it had ended by then is none, unless there
    /// is no other.
    pub last_seen: Provenance,
}

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
    pub fn of(records: &[Record], survivorship: &Survivorship) -> Self {
        let order = survivorship.order();
        let mut ranked: Vec<&Record> = records.iter().collect();
        ranked.sort_by_key(|r| {
            (Reverse(r.content.observed_at), order.rank(&r.source_system), r.source_system.clone(), r.id)
        });
        let by = |attribute| (survivorship, attribute);
        Self {
            name: best(&ranked, by(Attribute::Name), |r| r.content.name.as_ref(), PersonName::is_like),
            birth_date: best(&ranked, by(Attribute::BirthDate), |r| r.content.birth_date.as_ref(), PartialEq::eq),
            address: best(&ranked, by(Attribute::Address), |r| r.content.address.as_ref(), Address::is_like),
            language: best(&ranked, by(Attribute::Language), |r| r.content.language.as_ref(), PartialEq::eq),
            identifiers: identifiers(&ranked, survivorship.edition()),
        }
    }
}

/// The value with the best claim; among equals the first of records that stand best first, which is by when they were observed. Values
/// that are `alike` say the same.
fn best<T: Clone>(
    ranked: &[&Record],
    (survivorship, attribute): (&Survivorship, Attribute),
    value: impl Fn(&Record) -> Option<&T>,
    alike: impl Fn(&T, &T) -> bool,
) -> Option<Sourced<T>> {
    let claim = |record: &Record| survivorship.claim(attribute, record);
    let having: Vec<(&Record, &T)> = ranked.iter().filter_map(|r| value(r).map(|v| (*r, v))).collect();
    let mut by_claim = having.clone();
    by_claim.sort_by_key(|(record, _)| claim(record));
    let (record, value) = *by_claim.first()?;
    let second = by_claim.get(1);
    let rule = second.map_or(SurvivorshipRule::OnlySource, |(second, _)| claim(record).over(claim(second)));
    let last = having.iter().find(|(_, said)| survivorship.edition().tells_last_seen() && alike(said, value));
    Some(Sourced {
        value: value.clone(),
        provenance: provenance(record, rule),
        last_seen: last.map(|(last, _)| provenance(last, rule)),
    })
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

/// Each identifier as the record has it that verified it last, or else as the best one has it; with the warning of any
/// source that it is shared.
fn identifiers(ranked: &[&Record], edition: GoldenEdition) -> Vec<GoldenIdentifier> {
    let mut mentions: BTreeMap<&IdentifierKey, Vec<(&Record, &Identifier)>> = BTreeMap::new();
    for record in ranked {
        for identifier in &record.content.identifiers {
            mentions.entry(identifier.key()).or_default().push((record, identifier));
        }
    }
    mentions.into_values().filter_map(|mentions| identifier(&mentions, edition)).collect()
}

/// A mention of an identifier, and the record that it stands in.
type Mention<'a> = (&'a Record, &'a Identifier);

/// The mentions of one identifier stand best record first.
fn identifier(mentions: &[Mention<'_>], edition: GoldenEdition) -> Option<GoldenIdentifier> {
    let last_verified = mentions.iter().filter_map(|(_, mention)| mention.verified_at).max();
    let nth = mentions.iter().position(|(_, mention)| mention.verified_at == last_verified)?;
    let (record, mention) = mentions.get(nth)?;
    let rule = match mentions {
        [_] => SurvivorshipRule::OnlySource,
        _ if last_verified.is_some() => SurvivorshipRule::Verified,
        [_, (second, _), ..] if second.content.observed_at == record.content.observed_at => {
            SurvivorshipRule::SourceOrder
        }
        _ => SurvivorshipRule::MostRecent,
    };
    let mut value = (*mention).clone();
    value.shared = mentions.iter().any(|(_, mention)| mention.shared);
    if edition.heeds_ends() {
        value.validity = period(mentions, (record, mention));
    }
    let seen =
        |(record, mention): &&Mention<'_>| !edition.heeds_ends() || mention.validity.holds(record.content.observed_at);
    let (last, _) = mentions.iter().find(seen).or(mentions.first())?;
    Some(GoldenIdentifier { value, provenance: provenance(record, rule), last_seen: provenance(last, rule) })
}

/// When the person has it: as the record says that was observed last of those that state a period, since a system that was
/// never told of the end goes on naming it. What was verified with the person after that was said stands against it, and nobody's
/// unproven word against proven ones. At one instant the earlier end counts: a line that may be somebody else's is nobody's.
fn period(mentions: &[Mention<'_>], (source, believed): Mention<'_>) -> Validity {
    let proven = mentions.iter().any(|(record, _)| !record.content.unproven);
    let states = |(record, mention): &&Mention<'_>| {
        mention.validity != Validity::default() && !(proven && record.content.unproven)
    };
    let stated = mentions.iter().filter(states);
    let last = stated.max_by_key(|(record, mention)| {
        (record.content.observed_at, Reverse(mention.validity.until.unwrap_or(Timestamp::MAX)))
    });
    match last {
        Some((record, mention)) if believed.verified_at <= Some(record.content.observed_at) => mention.validity,
        None if proven && source.content.unproven => Validity::default(),
        _ => believed.validity,
    }
}

#[cfg(test)]
mod tests {
    use kernel::ResourceId;
    use uuid::Uuid;

    use super::*;
    use crate::{Content, CustomerId, IdentifierKind, RawIdentifier, SourceOrder};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn record(n: u128, system: &str, name: &str, observed: i64, verified: Option<i64>) -> Record {
        let raw = RawIdentifier { kind: IdentifierKind::Email, value: "ana@correo.example", country: "", issuer: "" };
        let mut email = Identifier::parse(raw).unwrap();
        email.verified_at = verified.map(at);
        Record {
            id: SourceRecordId::from_uuid(Uuid::from_u128(n)),
            own_customer: CustomerId::from_uuid(Uuid::from_u128(n)),
            source_system: system.parse().unwrap(),
            department: "sales".parse().unwrap(),
            recorded_at: at(0),
            version: 1,
            content: Content {
                name: Some(PersonName::new("", "", "", name).unwrap()),
                identifiers: vec![email],
                birth_date: None,
                address: None,
                language: None,
                verified: BTreeMap::new(),
                observed_at: at(observed),
                unproven: false,
            },
        }
    }

    fn believed(records: &[Record], survivorship: &Survivorship) -> (u128, SurvivorshipRule) {
        let name = Golden::of(records, survivorship).name.unwrap();
        (name.provenance.record.uuid().as_u128(), name.provenance.rule)
    }

    #[test]
    fn the_authority_for_an_attribute_is_believed_however_old_its_word() {
        let records = [record(1, "registry", "Ana Ruiz", 10, None), record(2, "shop", "Anita", 20, None)];
        assert_eq!(believed(&records, &Survivorship::default()), (2, SurvivorshipRule::MostRecent));
        let registry = SourceOrder::new(vec!["registry".parse().unwrap()]);
        let by_registry = Survivorship::default().with_authority(Attribute::Name, registry.clone());
        assert_eq!(believed(&records, &by_registry), (1, SurvivorshipRule::Authority));
        let of_another = Survivorship::default().with_authority(Attribute::Address, registry);
        assert_eq!(believed(&records, &of_another), (2, SurvivorshipRule::MostRecent));
        assert_eq!(believed(&records[1..], &by_registry), (2, SurvivorshipRule::OnlySource));
    }

    #[test]
    fn a_verified_name_is_believed_before_what_others_mention_later() {
        let mut records =
            [1, 2, 3].map(|n| record(n, "crm", ["Ana Ruiz", "Anita", "A. Ruiz"][n as usize - 1], n as i64 * 10, None));
        let mut verify = |nth: usize, attribute, second| records[nth].content.verified.insert(attribute, at(second));
        verify(0, Attribute::Name, 5);
        verify(2, Attribute::BirthDate, 30);
        let by_default = Survivorship::default();
        assert_eq!(
            believed(&records, &by_default),
            (1, SurvivorshipRule::Verified),
            "another's verification is not its own"
        );
        records[1].content.verified.insert(Attribute::Name, at(6));
        assert_eq!(believed(&records, &by_default), (2, SurvivorshipRule::Verified), "of two the later");
        records[1].content.verified.insert(Attribute::Name, at(5));
        assert_eq!(believed(&records, &by_default), (2, SurvivorshipRule::MostRecent), "of two at once the later seen");
        records[2].source_system = "registry".parse().unwrap();
        let by_registry = SourceOrder::new(vec!["registry".parse().unwrap()]);
        let by_registry = by_default.with_authority(Attribute::Name, by_registry);
        assert_eq!(believed(&records, &by_registry), (3, SurvivorshipRule::Authority), "an authority is above it");
    }

    #[test]
    fn who_moved_lives_where_they_were_seen_last_and_not_where_it_was_verified_once() {
        let mut records = [record(1, "crm", "Ana", 10, None), record(2, "crm", "Ana", 20, None)];
        for (nth, record) in (1..).zip(&mut records) {
            let address = Address { lines: vec![format!("Calle {nth}")].into(), ..Default::default() };
            record.content.address = Some(address);
        }
        let lives = |records: &[Record]| {
            let address = Golden::of(records, &Survivorship::default()).address.unwrap();
            (address.provenance.record.uuid().as_u128(), address.provenance.rule)
        };
        records[0].content.verified.insert(Attribute::Address, at(9));
        assert_eq!(lives(&records), (2, SurvivorshipRule::MostRecent));
        records[1].content.observed_at = at(10);
        assert_eq!(lives(&records), (1, SurvivorshipRule::Verified));
        records[0].content.verified.clear();
        assert_eq!(lives(&records), (1, SurvivorshipRule::SourceOrder));
    }

    #[test]
    fn an_identifier_is_believed_as_who_verified_it_last_has_it() {
        let records = [
            record(1, "crm", "Ana Ruiz", 30, None),
            record(2, "bank", "Ana Ruiz", 20, Some(15)),
            record(3, "shop", "Ana Ruiz", 10, Some(5)),
        ];
        let golden = Golden::of(&records, &Survivorship::default());
        let email = &golden.identifiers[0];
        assert_eq!(email.provenance.record.uuid().as_u128(), 2);
        assert_eq!((email.provenance.rule, email.value.verified_at), (SurvivorshipRule::Verified, Some(at(15))));
        assert_eq!(email.last_seen.record.uuid().as_u128(), 1);
    }

    /// The only identifier of records about one person.
    fn identified(records: &[Record]) -> GoldenIdentifier {
        let mut identifiers = Golden::of(records, &Survivorship::default()).identifiers;
        assert_eq!(identifiers.len(), 1);
        identifiers.remove(0)
    }

    fn until(record: &mut Record, from: Option<i64>, until: Option<i64>) {
        record.content.identifiers[0].validity = Validity { from: from.map(at), until: until.map(at) };
    }

    #[test]
    fn an_identifier_ends_when_the_record_says_that_was_observed_last_of_those_that_say_when() {
        let mut records = [
            record(1, "bank", "Ana Ruiz", 20, Some(15)),
            record(2, "crm", "Ana Ruiz", 40, None),
            record(3, "shop", "Ana Ruiz", 50, None),
        ];
        until(&mut records[1], None, Some(30));
        let email = identified(&records);
        assert_eq!(email.value.validity.until, Some(at(30)), "a later record that says nothing of it renews nothing");
        assert_eq!(email.provenance.record.uuid().as_u128(), 1);
        until(&mut records[2], Some(35), None);
        assert_eq!(
            identified(&records).value.validity,
            Validity { from: Some(at(35)), until: None },
            "it is theirs again"
        );
        until(&mut records[2], None, Some(60));
        records[2].content.observed_at = at(40);
        assert_eq!(identified(&records).value.validity.until, Some(at(30)), "of two at once the earlier end");
    }

    #[test]
    fn the_edition_of_before_puts_together_as_it_did() {
        let mut records = [record(1, "bank", "Ana Ruiz", 20, Some(15)), record(2, "crm", "Ana Ruiz", 40, None)];
        until(&mut records[1], None, Some(30));
        let before = Golden::of(&records, &Survivorship::default().by(GoldenEdition::First)).identifiers.remove(0);
        assert_eq!((before.value.validity, before.last_seen.record.uuid().as_u128()), (Validity::default(), 2));
    }

    #[test]
    fn what_was_verified_after_it_was_said_to_have_ended_has_not() {
        let mut records = [record(1, "bank", "Ana Ruiz", 50, Some(45)), record(2, "crm", "Ana Ruiz", 40, None)];
        until(&mut records[1], None, Some(30));
        assert_eq!(identified(&records).value.validity, Validity::default());
        records[0].content.identifiers[0].verified_at = Some(at(40));
        assert_eq!(identified(&records).value.validity.until, Some(at(30)), "not what was verified by then");
    }

    #[test]
    fn nobodys_unproven_word_ends_what_others_proved() {
        let mut records = [record(1, "crm", "Ana Ruiz", 20, None), record(2, "form", "Ana Ruiz", 40, None)];
        until(&mut records[1], None, Some(30));
        records[1].content.unproven = true;
        assert_eq!(identified(&records).value.validity, Validity::default());
        records[0].content.unproven = true;
        assert_eq!(identified(&records).value.validity.until, Some(at(30)));
    }

    #[test]
    fn who_says_that_it_had_ended_has_not_seen_it() {
        let mut records = [record(1, "crm", "Ana Ruiz", 20, None), record(2, "shop", "Ana Ruiz", 40, None)];
        until(&mut records[1], None, Some(30));
        assert_eq!(identified(&records).last_seen.record.uuid().as_u128(), 1);
        until(&mut records[1], None, Some(41));
        assert_eq!(identified(&records).last_seen.record.uuid().as_u128(), 2, "it had not ended yet");
        until(&mut records[1], None, Some(30));
        assert_eq!(identified(&records[1..]).last_seen.record.uuid().as_u128(), 2, "there is no other");
    }

    #[test]
    fn who_said_last_what_is_believed_is_told_beside_whom_it_is_believed() {
        let mut records = [
            record(1, "registry", "Ana Ruiz", 10, None),
            record(2, "crm", "ANA RUÍZ", 30, None),
            record(3, "shop", "Anna Ruiz", 40, None),
        ];
        let lives = |line: &str, town: &str| Address {
            lines: vec![line.to_owned()].into(),
            locality: town.to_owned().into(),
            ..Default::default()
        };
        records[0].content.address = Some(lives("Calle Mayor, 3", "Tolosa"));
        records[1].content.address =
            Some(Address { region: "Gipuzkoa".to_owned().into(), ..lives("calle mayor 3", "TOLOSA") });
        records[2].content.address = Some(lives("Calle Mayor 3", "Irun"));
        for record in &mut records {
            record.content.language = Some(Language::Es);
        }
        let registry = || SourceOrder::new(vec!["registry".parse().unwrap()]);
        let by_registry = Attribute::ALL
            .into_iter()
            .fold(Survivorship::default(), |by, attribute| by.with_authority(attribute, registry()));
        let told = |golden: &Golden| {
            let of = |from: &Option<Provenance>| from.as_ref().map(|from| from.record.uuid().as_u128());
            let (name, address) = (golden.name.as_ref().unwrap(), golden.address.as_ref().unwrap());
            [of(&name.last_seen), of(&address.last_seen), of(&golden.language.as_ref().unwrap().last_seen)]
        };
        let golden = Golden::of(&records, &by_registry);
        assert_eq!(golden.name.as_ref().unwrap().provenance.record.uuid().as_u128(), 1);
        assert_eq!(told(&golden), [Some(2), Some(2), Some(3)], "another name and another town are not the same");
        assert_eq!(told(&Golden::of(&records, &by_registry.by(GoldenEdition::First))), [None; 3]);
    }
}

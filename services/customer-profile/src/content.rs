//! What a record says, between the contract's shape and the domain's. Used at the edge, and when a
//! stored version is read back: versions are kept as they were sent, so that a better rule of
//! normalisation reaches old records too.

use std::collections::BTreeMap;

use customer_profile_domain::{
    Address, Attribute, Content, Identifier, IdentifierError, IdentifierKind, PersonName, RawIdentifier, Validity,
};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Personal, Violations};
use server::parse;
use ventanilla_proto::customer::v1 as proto;

/// Identifiers a record may have.
const MAX_IDENTIFIERS: usize = 32;

/// How an identifier is read.
type Identify = fn(RawIdentifier<'_>) -> Result<Identifier, Vec<IdentifierError>>;

/// Reads the content of `record`, noting everything wrong under its path inside the record.
pub(crate) fn read(violations: &mut Violations, record: &proto::SourceRecord) -> Option<Content> {
    read_with(violations, record, Identifier::parse)
}

/// Reads a version that was taken before, by whatever rules of then: nothing of it is lost because more is known of some
/// country's documents now.
pub(crate) fn stored(record: &proto::SourceRecord) -> Option<Content> {
    read_with(&mut Violations::new(), record, Identifier::stored)
}

fn read_with(violations: &mut Violations, record: &proto::SourceRecord, identify: Identify) -> Option<Content> {
    let observed_at = parse::time(violations, "observed_time", record.observed_time.as_ref());
    let name = record.person_name.as_ref().and_then(|name| read_name(violations, name));
    let identifiers = read_identifiers(violations, &record.identifiers, identify, observed_at);
    let birth_date = read_birth_date(violations, &record.birth_date);
    let address = record.address.as_ref().and_then(|address| read_address(violations, address));
    let language = parse::language(violations, "language", record.language);
    if record.person_name.is_none() && record.identifiers.is_empty() {
        violations.push("", "must have person_name or at least one of identifiers");
    }
    let has = |attribute| match attribute {
        Attribute::Name => record.person_name.is_some(),
        Attribute::BirthDate => !record.birth_date.is_empty(),
        Attribute::Address => record.address.is_some(),
        Attribute::Language => record.language != 0,
    };
    let verified = read_verifications(violations, &record.verifications, has, observed_at);
    Some(Content {
        name,
        identifiers,
        birth_date,
        address,
        language,
        verified,
        observed_at: observed_at?,
        unproven: record.unproven,
    })
}

/// The path of an attribute in the contract.
const fn path_of(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Name => "person_name",
        Attribute::BirthDate => "birth_date",
        Attribute::Address => "address",
        Attribute::Language => "language",
    }
}

fn read_verifications(
    violations: &mut Violations,
    given: &[proto::AttributeVerification],
    has: impl Fn(Attribute) -> bool,
    observed_at: Option<Timestamp>,
) -> BTreeMap<Attribute, Timestamp> {
    let mut verified = BTreeMap::new();
    if given.len() > Attribute::ALL.len() {
        violations.push("verifications", format!("must have at most {} items", Attribute::ALL.len()));
        return verified;
    }
    for (index, verification) in given.iter().enumerate() {
        let path = |field: &str| format!("verifications[{index}].{field}");
        let at = parse::time(violations, &path("verified_time"), verification.verified_time.as_ref());
        if at.zip(observed_at).is_some_and(|(verified, observed)| verified > observed) {
            violations.push(path("verified_time"), "must not be after observed_time");
        }
        match Attribute::ALL.into_iter().find(|attribute| path_of(*attribute) == verification.path) {
            None => violations.push(path("path"), "must be person_name, birth_date, address or language"),
            Some(attribute) if !has(attribute) => violations.push(path("path"), "must name what the record has"),
            Some(attribute) if verified.contains_key(&attribute) => violations.push(path("path"), "must be there once"),
            Some(attribute) => verified.extend(at.map(|at| (attribute, at))),
        }
    }
    verified
}

fn read_name(violations: &mut Violations, name: &proto::PersonName) -> Option<PersonName> {
    let parsed = PersonName::new(&name.given_name, &name.first_surname, &name.second_surname, &name.full_name);
    violations.check("person_name", parsed)
}

/// Each identifier once: a system that lists a number twice says nothing more by it.
fn read_identifiers(
    violations: &mut Violations,
    identifiers: &[proto::Identifier],
    identify: Identify,
    observed_at: Option<Timestamp>,
) -> Vec<Identifier> {
    if identifiers.len() > MAX_IDENTIFIERS {
        violations.push("identifiers", format!("must have at most {MAX_IDENTIFIERS} items"));
        return Vec::new();
    }
    let mut kept: Vec<Identifier> = Vec::with_capacity(identifiers.len());
    for (index, identifier) in identifiers.iter().enumerate() {
        let Some(identifier) = read_identifier(violations, index, identifier, identify, observed_at) else { continue };
        match kept.iter_mut().find(|k| k.key() == identifier.key()) {
            Some(known) => {
                known.verified_at = known.verified_at.max(identifier.verified_at);
                known.shared |= identifier.shared;
                known.validity = known.validity.with(identifier.validity);
            }
            None => kept.push(identifier),
        }
    }
    kept
}

fn read_identifier(
    violations: &mut Violations,
    index: usize,
    given: &proto::Identifier,
    identify: Identify,
    observed_at: Option<Timestamp>,
) -> Option<Identifier> {
    let path = |field: &str| format!("identifiers[{index}].{field}");
    let verified_at = parse::optional_time(violations, &path("verified_time"), given.verified_time.as_ref());
    let from = parse::optional_time(violations, &path("valid_from_time"), given.valid_from_time.as_ref());
    let until = parse::optional_time(violations, &path("valid_until_time"), given.valid_until_time.as_ref());
    if verified_at.zip(observed_at).is_some_and(|(verified, observed)| verified > observed) {
        violations.push(path("verified_time"), "must not be after observed_time");
    }
    let validity = Validity::new(from, until);
    if validity.is_none() {
        violations.push(path("valid_until_time"), "must be after valid_from_time");
    }
    let kind = match proto::IdentifierType::try_from(given.r#type) {
        Ok(proto::IdentifierType::Phone) => IdentifierKind::Phone,
        Ok(proto::IdentifierType::Email) => IdentifierKind::Email,
        Ok(proto::IdentifierType::NationalId) => IdentifierKind::NationalId,
        Ok(proto::IdentifierType::Account) => IdentifierKind::Account,
        Ok(proto::IdentifierType::Device) => IdentifierKind::Device,
        Ok(proto::IdentifierType::Social) => IdentifierKind::Social,
        Ok(proto::IdentifierType::Chat) => IdentifierKind::Chat,
        Ok(proto::IdentifierType::Unspecified) | Err(_) => {
            return parse::not_a_value(violations, &path("type"), given.r#type);
        }
    };
    let raw = RawIdentifier { kind, value: &given.value, country: &given.country_code, issuer: &given.issuer };
    match identify(raw) {
        Ok(mut identifier) => {
            identifier.verified_at = verified_at;
            identifier.shared = given.shared;
            identifier.validity = validity?;
            Some(identifier)
        }
        Err(errors) => {
            for error in errors {
                violations.push(path(error.field()), error.to_string());
            }
            None
        }
    }
}

fn read_birth_date(violations: &mut Violations, text: &str) -> Option<Personal<Date>> {
    if text.is_empty() {
        return None;
    }
    let date = text.parse::<Date>().ok().filter(|date| text.len() == 10 && date.year() >= 1850);
    if date.is_none() {
        violations.push("birth_date", "must be a date of the form YYYY-MM-DD, not before 1850");
    }
    date.map(Personal::new)
}

fn read_address(violations: &mut Violations, given: &proto::PostalAddress) -> Option<Address> {
    let path = |field: &str| format!("address.{field}");
    if given.lines.len() > 4 {
        violations.push(path("lines"), "must have at most 4 items");
    }
    for (index, line) in given.lines.iter().take(4).enumerate() {
        parse::required_text(violations, &path(&format!("lines[{index}]")), line, 200);
    }
    parse::optional_text(violations, &path("locality"), &given.locality, 100);
    parse::optional_text(violations, &path("postal_code"), &given.postal_code, 16);
    parse::optional_text(violations, &path("region"), &given.region, 100);
    let country = match given.country_code.as_str() {
        "" => "ES".to_owned(),
        code if code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic()) => code.to_ascii_uppercase(),
        _ => {
            violations.push(path("country_code"), "must have a two-letter country code");
            return None;
        }
    };
    Some(Address {
        lines: given.lines.clone().into(),
        locality: given.locality.clone().into(),
        postal_code: given.postal_code.clone().into(),
        region: given.region.clone().into(),
        country,
    })
}

/// Puts the normalised content into `record`.
pub(crate) fn write(content: &Content, record: &mut proto::SourceRecord) {
    record.person_name = content.name.as_ref().map(name_to_proto);
    record.identifiers = content.identifiers.iter().map(identifier_to_proto).collect();
    record.birth_date = content.birth_date.as_ref().map(|d| d.expose().to_string()).unwrap_or_default();
    record.address = content.address.as_ref().map(address_to_proto);
    record.language = content.language.map_or(0, |l| parse::language_to_proto(l).into());
    let verification = |(attribute, at): (&Attribute, &Timestamp)| proto::AttributeVerification {
        path: path_of(*attribute).to_owned(),
        verified_time: Some(parse::time_to_proto(*at)),
    };
    record.verifications = content.verified.iter().map(verification).collect();
    record.observed_time = Some(parse::time_to_proto(content.observed_at));
    record.unproven = content.unproven;
}

/// A name on the wire.
pub(crate) fn name_to_proto(name: &PersonName) -> proto::PersonName {
    match name {
        PersonName::Parts { given, first_surname, second_surname } => proto::PersonName {
            given_name: given.expose().clone(),
            first_surname: first_surname.expose().clone(),
            second_surname: second_surname.expose().clone(),
            full_name: String::new(),
        },
        PersonName::Whole(full) => proto::PersonName { full_name: full.expose().clone(), ..Default::default() },
    }
}

/// A kind of identifier on the wire.
pub(crate) const fn identifier_type(kind: IdentifierKind) -> proto::IdentifierType {
    match kind {
        IdentifierKind::Phone => proto::IdentifierType::Phone,
        IdentifierKind::Email => proto::IdentifierType::Email,
        IdentifierKind::NationalId => proto::IdentifierType::NationalId,
        IdentifierKind::Account => proto::IdentifierType::Account,
        IdentifierKind::Device => proto::IdentifierType::Device,
        IdentifierKind::Social => proto::IdentifierType::Social,
        IdentifierKind::Chat => proto::IdentifierType::Chat,
    }
}

/// An identifier on the wire.
pub(crate) fn identifier_to_proto(identifier: &Identifier) -> proto::Identifier {
    proto::Identifier {
        r#type: identifier_type(identifier.kind()).into(),
        value: identifier.value().to_owned(),
        country_code: identifier.country().unwrap_or_default().to_owned(),
        issuer: identifier.issuer().map(ToString::to_string).unwrap_or_default(),
        verified_time: identifier.verified_at.map(parse::time_to_proto),
        shared: identifier.shared,
        valid_from_time: identifier.validity.from.map(parse::time_to_proto),
        valid_until_time: identifier.validity.until.map(parse::time_to_proto),
    }
}

/// An address on the wire.
pub(crate) fn address_to_proto(address: &Address) -> proto::PostalAddress {
    proto::PostalAddress {
        lines: address.lines.expose().clone(),
        locality: address.locality.expose().clone(),
        postal_code: address.postal_code.expose().clone(),
        region: address.region.expose().clone(),
        country_code: address.country.clone(),
    }
}

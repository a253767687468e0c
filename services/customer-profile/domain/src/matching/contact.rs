//! Lines, mailboxes, documents and accounts as they are compared.

use crate::{IdentifierKind, NationalId, Validity};

use super::fold::words;
use super::level::Level;
use super::word::{Word, digest};

/// An identifier as its source has it.
#[derive(Clone, Copy, Default)]
pub struct Mention<'a> {
    /// Value, as written or normalised.
    pub value: &'a str,
    /// Country of a document, issuer of an account; empty when unknown.
    pub scope: &'a str,
    /// Several people are known to use it, or it is what screens are filled with.
    pub shared: bool,
    /// When the person has it.
    pub validity: Validity,
}

/// An identifier ready to be compared.
#[derive(Clone)]
pub(super) struct Mark {
    /// What equals have in common.
    pub(super) key: u64,
    /// The part in which slips are looked for.
    pub(super) text: Word,
    /// What limits comparison: country and kind of a document, domain of a mailbox; 0 for unknown.
    scope: u64,
    /// A line that a household shares, or a document proven by its check character.
    special: bool,
    /// A document that is not known to be an organisation's.
    of_a_person: bool,
    /// Says nothing about who it is.
    pub(super) shared: bool,
    validity: Validity,
}

impl Mark {
    /// Reads a mention; `None` when there is nothing in it.
    pub(super) fn new(kind: IdentifierKind, mention: &Mention<'_>) -> Option<Self> {
        match kind {
            IdentifierKind::Phone => line(mention),
            IdentifierKind::Email => mailbox(mention),
            IdentifierKind::NationalId => document(mention),
            IdentifierKind::Account => account(mention),
            IdentifierKind::Device | IdentifierKind::Social | IdentifierKind::Chat => None,
        }
    }
}

/// The last nine digits: prefixes are written or left out, and no two plans share nine digits
/// often enough to matter.
fn line(mention: &Mention<'_>) -> Option<Mark> {
    let digits: String = mention.value.chars().filter(char::is_ascii_digit).collect();
    let national = &digits[digits.len().saturating_sub(9)..];
    if national.len() < 6 {
        return None;
    }
    let abroad = mention.value.trim_start().starts_with('+') && !mention.value.trim_start().starts_with("+34");
    let fixed = national.len() == 9 && !abroad && (national.starts_with('9') || national.starts_with('8'));
    let filler = national.bytes().all(|b| b == national.as_bytes()[0]);
    Some(Mark {
        key: digest(national.as_bytes()),
        text: Word::new(national),
        scope: 0,
        special: fixed,
        of_a_person: false,
        shared: mention.shared || filler,
        validity: mention.validity,
    })
}

fn mailbox(mention: &Mention<'_>) -> Option<Mark> {
    let address = mention.value.trim().to_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    (!local.is_empty()).then(|| Mark {
        key: digest(address.as_bytes()),
        text: Word::new(local),
        scope: digest(domain.as_bytes()),
        special: false,
        of_a_person: false,
        shared: mention.shared,
        validity: mention.validity,
    })
}

fn document(mention: &Mention<'_>) -> Option<Mark> {
    let spanish = mention.scope.is_empty() || mention.scope.eq_ignore_ascii_case("ES");
    let country = if spanish { "ES" } else { mention.scope };
    let proven = NationalId::stored(mention.value, country).ok().filter(|id| id.proof().is_some());
    let written: String = match &proven {
        Some(id) => id.number().to_lowercase(),
        None => words(mention.value).concat(),
    };
    let number = if spanish { unlettered(&written) } else { written.as_str() };
    if number.is_empty() {
        return None;
    }
    let family = match number.as_bytes()[0] {
        b'0'..=b'9' => "dni",
        b'x' | b'y' | b'z' => "nie",
        _ => "other",
    };
    let scope = match (proven.as_ref().and_then(NationalId::proof), mention.scope) {
        (None, "") => 0,
        (None, scope) if !spanish => digest(scope.to_ascii_uppercase().as_bytes()),
        (Some(document), scope) if !spanish => digest(format!("{}:{document}", scope.to_ascii_uppercase()).as_bytes()),
        _ => digest(family.as_bytes()),
    };
    Some(Mark {
        key: digest(number.as_bytes()),
        text: Word::new(number),
        scope,
        special: proven.is_some(),
        of_a_person: !proven.as_ref().is_some_and(NationalId::is_of_an_organisation),
        shared: mention.shared || proven.is_some_and(|id| id.is_filler()),
        validity: mention.validity,
    })
}

/// A Spanish number without the letter that follows from it, and that forms leave out.
fn unlettered(number: &str) -> &str {
    let body = &number[..number.len() - number.chars().next_back().map_or(0, char::len_utf8)];
    let lettered = number.len() >= 8 && number.ends_with(|c: char| c.is_ascii_lowercase());
    if lettered && body.bytes().skip(1).all(|b| b.is_ascii_digit()) { body } else { number }
}

fn account(mention: &Mention<'_>) -> Option<Mark> {
    let token: String = mention.value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (!token.is_empty()).then(|| Mark {
        key: digest(format!("{}:{token}", mention.scope).as_bytes()),
        text: Word::new(&token),
        scope: 0,
        special: false,
        of_a_person: false,
        shared: mention.shared,
        validity: mention.validity,
    })
}

/// The nearest that any two lines come.
pub(super) fn phones(one: &[Mark], other: &[Mark]) -> Level {
    nearest(one, other, |one, other| match one.key == other.key {
        true if one.special => Level::Variant,
        true => Level::Exact,
        false if one.text.distance_within(&other.text, 1).is_some() => Level::Near,
        false => Level::Far,
    })
}

/// The nearest that any two mailboxes come.
pub(super) fn emails(one: &[Mark], other: &[Mark]) -> Level {
    nearest(one, other, |one, other| {
        if one.key == other.key {
            return Level::Exact;
        }
        let slips = if one.scope == other.scope { 1 } else { 0 };
        let telling = one.text.len().min(other.text.len()) >= 6;
        if telling && one.text.distance_within(&other.text, slips).is_some() { Level::Near } else { Level::Far }
    })
}

/// The nearest that any two documents of one country and kind come.
pub(super) fn documents(one: &[Mark], other: &[Mark]) -> Level {
    nearest(one, other, |one, other| {
        if one.scope != other.scope && one.scope != 0 && other.scope != 0 {
            return Level::Missing;
        }
        if one.key == other.key {
            return Level::Exact;
        }
        // Siblings stand next to each other in the register: numbers that hold by themselves are
        // two numbers, however near.
        if one.special && other.special {
            return Level::Contradicted;
        }
        match one.text.distance_within(&other.text, 2) {
            Some(0 | 1) => Level::Near,
            Some(_) if one.text.len().min(other.text.len()) >= 7 => Level::Partial,
            _ => Level::Far,
        }
    })
}

/// Whether both have a document that holds by itself, and at the same time.
pub(super) fn proves_the_same(one: &[Mark], other: &[Mark]) -> bool {
    let proves = |mark: &Mark| mark.special && !mark.shared;
    let same = |a: &Mark, b: &Mark| a.key == b.key && a.scope == b.scope && a.validity.overlaps(b.validity);
    one.iter().filter(|a| proves(a)).any(|a| other.iter().any(|b| proves(b) && same(a, b)))
}

/// Whether both have one document, at the same time, and it may be a person's.
pub(super) fn one_persons(one: &[Mark], other: &[Mark]) -> bool {
    documents(one, other) == Level::Exact && one.iter().chain(other).all(|mark| mark.of_a_person)
}

/// Whether any account is the same.
pub(super) fn accounts(one: &[Mark], other: &[Mark]) -> Level {
    nearest(one, other, |one, other| if one.key == other.key { Level::Exact } else { Level::Far })
}

/// What many carry is no evidence, neither for nor against; nor is what two had at different times.
fn nearest(one: &[Mark], other: &[Mark], level: impl Fn(&Mark, &Mark) -> Level) -> Level {
    let mut best = Level::Missing;
    for a in one {
        for b in other {
            let found = match (a.shared || b.shared, a.validity.overlaps(b.validity)) {
                (true, _) => Level::Shared,
                (false, false) => Level::Missing,
                (false, true) => level(a, b),
            };
            best = best.min(found);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(kind: IdentifierKind, value: &str, scope: &str) -> Vec<Mark> {
        Mark::new(kind, &Mention { value, scope, ..Mention::default() }).into_iter().collect()
    }

    fn documented(one: &str, other: &str) -> Level {
        let read = |value| mark(IdentifierKind::NationalId, value, "ES");
        documents(&read(one), &read(other))
    }

    #[test]
    fn lines_are_equal_with_and_without_prefix() {
        let read = |value| mark(IdentifierKind::Phone, value, "");
        assert_eq!(phones(&read("+34 600 111 222"), &read("600111222")), Level::Exact);
        assert_eq!(phones(&read("0034 91 111 22 33"), &read("911112233")), Level::Variant);
        assert_eq!(phones(&read("600111222"), &read("600111223")), Level::Near);
        assert_eq!(phones(&read("600111222"), &read("699000000")), Level::Far);
        assert_eq!(phones(&read("600111222"), &read("-")), Level::Missing);
        assert_eq!(phones(&read("000000000"), &read("000000000")), Level::Shared);
    }

    #[test]
    fn mailboxes_have_slips_on_either_side() {
        let read = |value| mark(IdentifierKind::Email, value, "");
        assert_eq!(emails(&read("Ana.Gil@x.example"), &read("ana.gil@x.example")), Level::Exact);
        assert_eq!(emails(&read("ana.gil@x.example"), &read("ana.gli@x.example")), Level::Near);
        assert_eq!(emails(&read("ana.gil@x.example"), &read("ana.gil@y.example")), Level::Near);
        assert_eq!(emails(&read("ana@x.example"), &read("ana@y.example")), Level::Far);
    }

    #[test]
    fn documents_that_hold_by_themselves_contradict_each_other() {
        assert_eq!(documented("12345678Z", "12.345.678-Z"), Level::Exact);
        assert_eq!(documented("12345678Z", "12345678"), Level::Exact);
        assert_eq!(documented("12345678Z", "12345679Z"), Level::Near);
        assert_eq!(documented("12345678Z", "12345679S"), Level::Contradicted);
        assert_eq!(documented("12345678Z", "X1234567L"), Level::Missing);
        assert_eq!(documented("00000000T", "00000000T"), Level::Shared);
    }
}

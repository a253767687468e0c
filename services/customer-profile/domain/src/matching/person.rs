//! What a record says of a person, folded and taken apart once, so that comparing two of them is
//! arithmetic.

use std::collections::HashMap;

use crate::{Content, Identifier, IdentifierKind, PersonName};

use super::address::{AddressText, Place};
use super::birth::WrittenDate;
use super::contact::{Mark, Mention};
use super::fold::{significant, surname_words};
use super::name::Name;
use super::word::digest;

/// A person as a source describes them, before anything is folded.
#[derive(Clone, Default)]
pub struct Description<'a> {
    /// Given name or names.
    pub given: &'a str,
    /// First surname, or both.
    pub first_surname: &'a str,
    /// Second surname.
    pub second_surname: &'a str,
    /// The name in one field; read only when the parts are empty.
    pub whole_name: &'a str,
    /// Birth date.
    pub birth_date: Option<WrittenDate>,
    /// Address.
    pub address: Option<AddressText<'a>>,
    /// Telephones.
    pub phones: Vec<Mention<'a>>,
    /// E-mails.
    pub emails: Vec<Mention<'a>>,
    /// National documents.
    pub documents: Vec<Mention<'a>>,
    /// Accounts.
    pub accounts: Vec<Mention<'a>>,
}

impl<'a> From<&'a Content> for Description<'a> {
    fn from(content: &'a Content) -> Self {
        let mut description =
            Self { birth_date: content.birth_date.as_ref().map(|d| (*d.expose()).into()), ..Self::default() };
        match &content.name {
            Some(PersonName::Parts { given, first_surname, second_surname }) => {
                description.given = given.expose();
                description.first_surname = first_surname.expose();
                description.second_surname = second_surname.expose();
            }
            Some(PersonName::Whole(whole)) => description.whole_name = whole.expose(),
            None => {}
        }
        description.address = content.address.as_ref().map(|address| {
            let line = |at: usize| address.lines.expose().get(at).map_or("", String::as_str);
            AddressText {
                lines: [line(0), line(1)],
                number: "",
                locality: address.locality.expose(),
                region: address.region.expose(),
                postal_code: address.postal_code.expose(),
            }
        });
        let mentions = |kind| content.identifiers.iter().filter(move |i| i.kind() == kind).map(mention).collect();
        description.phones = mentions(IdentifierKind::Phone);
        description.emails = mentions(IdentifierKind::Email);
        description.documents = mentions(IdentifierKind::NationalId);
        description.accounts = mentions(IdentifierKind::Account);
        description
    }
}

fn mention(identifier: &Identifier) -> Mention<'_> {
    let issuer = identifier.issuer().map(|issuer| issuer.as_str());
    let scope = identifier.country().or(issuer).unwrap_or_default();
    Mention { value: identifier.value(), scope, shared: !identifier.is_evidence(), validity: identifier.validity }
}

impl<'a> Description<'a> {
    fn identifiers(&self) -> impl Iterator<Item = (IdentifierKind, &Mention<'a>)> {
        [
            (IdentifierKind::Phone, &self.phones),
            (IdentifierKind::Email, &self.emails),
            (IdentifierKind::NationalId, &self.documents),
            (IdentifierKind::Account, &self.accounts),
        ]
        .into_iter()
        .flat_map(|(kind, mentions)| mentions.iter().map(move |mention| (kind, mention)))
    }
}

/// How common names are, and how many records carry an identifier. Agreement on a rare surname
/// says more than on a common one; agreement on a number that everybody has says nothing.
#[derive(Clone, Default)]
pub struct Frequencies {
    given: Counts,
    surnames: Counts,
    carriers: HashMap<(IdentifierKind, u64), usize>,
}

#[derive(Clone, Default)]
struct Counts {
    of: HashMap<u64, u32>,
    total: u32,
}

/// Fewer names than this say little of how common each is.
const ENOUGH_NAMES: u32 = 500;

impl Counts {
    fn add(&mut self, word: &str) {
        *self.of.entry(digest(word.as_bytes())).or_default() += 1;
        self.total += 1;
    }

    /// Log2 of the share of those who carry `word`.
    fn share(&self, word: &str) -> Option<f32> {
        if self.total < ENOUGH_NAMES {
            return None;
        }
        let count = self.of.get(&digest(word.as_bytes())).copied().unwrap_or_default();
        Some(((count + 1) as f32 / self.total as f32).log2())
    }
}

impl Frequencies {
    /// Nothing is known: every name counts as an average one.
    pub fn neutral() -> Self {
        Self::default()
    }

    /// Every name counts as an average one; which identifiers everybody carries is counted among `people`, who should be everybody.
    pub fn of_carriers<'a>(people: impl IntoIterator<Item = &'a Description<'a>>) -> Self {
        Self { given: Counts::default(), surnames: Counts::default(), ..Self::of(people) }
    }

    /// Counted among `people`, who should be everybody or a fair sample.
    pub fn of<'a>(people: impl IntoIterator<Item = &'a Description<'a>>) -> Self {
        let mut counted = Self::default();
        for person in people {
            significant(person.given).iter().for_each(|word| counted.given.add(word));
            for surname in [person.first_surname, person.second_surname] {
                surname_words(surname).iter().for_each(|word| counted.surnames.add(word));
            }
            for (kind, mention) in person.identifiers() {
                if let Some(mark) = Mark::new(kind, mention) {
                    *counted.carriers.entry((kind, mark.key)).or_default() += 1;
                }
            }
        }
        counted
    }

    pub(super) fn given(&self, word: &str) -> Option<f32> {
        self.given.share(word)
    }

    /// Whether at most one of very many is called so.
    pub(super) fn is_unheard(&self, word: &str) -> bool {
        self.given.total >= ENOUGH_NAMES && self.given.of.get(&digest(word.as_bytes())).is_none_or(|count| *count <= 1)
    }

    pub(super) fn surname(&self, word: &str) -> Option<f32> {
        self.surnames.share(word)
    }

    /// Whether more records carry it than one person's ever would.
    fn is_bomb(&self, kind: IdentifierKind, key: u64) -> bool {
        self.carriers.get(&(kind, key)).is_some_and(|carriers| *carriers > kind.fan_out())
    }
}

/// A person ready to be compared. Holds nothing that prints.
pub struct Person {
    pub(super) name: Name,
    pub(super) birth_date: Option<WrittenDate>,
    pub(super) place: Option<Place>,
    /// Identifiers of all kinds side by side, as a comparison reads them.
    marks: Vec<Mark>,
    /// Where the identifiers of each kind end, in the order of [`KINDS`].
    ends: [usize; KINDS.len()],
}

const KINDS: [IdentifierKind; 4] =
    [IdentifierKind::Phone, IdentifierKind::Email, IdentifierKind::NationalId, IdentifierKind::Account];

impl Person {
    /// The person that `described` describes.
    pub fn new(described: &Description<'_>, frequencies: &Frequencies) -> Self {
        let mut marks = Vec::new();
        let ends = KINDS.map(|wanted| {
            let of_kind = described.identifiers().filter(|(kind, _)| *kind == wanted);
            marks.extend(of_kind.filter_map(|(kind, mention)| {
                let mut mark = Mark::new(kind, mention)?;
                mark.shared |= frequencies.is_bomb(kind, mark.key);
                Some(mark)
            }));
            marks.len()
        });
        Self {
            name: Name::new(
                described.given,
                described.first_surname,
                described.second_surname,
                described.whole_name,
                frequencies,
            ),
            birth_date: described.birth_date.filter(|date| !date.is_filler()),
            place: described.address.as_ref().and_then(Place::new),
            marks,
            ends,
        }
    }

    pub(super) fn phones(&self) -> &[Mark] {
        &self.marks[..self.ends[0]]
    }

    pub(super) fn emails(&self) -> &[Mark] {
        &self.marks[self.ends[0]..self.ends[1]]
    }

    pub(super) fn documents(&self) -> &[Mark] {
        &self.marks[self.ends[1]..self.ends[2]]
    }

    pub(super) fn accounts(&self) -> &[Mark] {
        &self.marks[self.ends[2]..self.ends[3]]
    }
}

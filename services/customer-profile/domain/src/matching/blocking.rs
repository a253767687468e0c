//! Which pairs are worth comparing: those that share a key. Every record has several keys, each
//! made of another part of it, so that a slip in one part leaves the others.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use kernel::Personal;

use super::name::Token;
use super::person::Person;

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// A national document.
    Document,
    /// An account.
    Account,
    /// A line.
    Line,
    /// A mailbox.
    Mailbox,
    /// Birth date, day and month in either order.
    Birth,
    /// One part of the name by sound, with the whole birth date.
    NameBirth,
    /// Two parts of the name by sound, in either order.
    Names,
    /// One part of the name by sound, with year and month of birth.
    NameMonth,
    /// One part of the name by sound, with the postal code.
    NamePost,
    /// Street by sound, with house number.
    Door,
    /// Postal code with house number.
    PostNumber,
}

impl Scheme {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Account => "account",
            Self::Line => "line",
            Self::Mailbox => "mailbox",
            Self::Birth => "birth",
            Self::NameBirth => "name_birth",
            Self::Names => "names",
            Self::NameMonth => "name_month",
            Self::NamePost => "name_post",
            Self::Door => "door",
            Self::PostNumber => "post_number",
        }
    }
}

impl Scheme {
    /// What sharing a key of this kind weighs: a pair is worth comparing from [`WORTH_COMPARING`] on. One identifier
    /// is enough, and so is a name with the day of birth, which of a million few share however common the name is; of
    /// everything else two, since strangers often share one.
    pub const fn weight(self) -> i32 {
        match self {
            Self::Document | Self::Account | Self::Line | Self::Mailbox | Self::NameBirth => 2,
            Self::Birth | Self::Names | Self::NameMonth | Self::NamePost | Self::Door | Self::PostNumber => 1,
        }
    }
}

/// What the keys that a pair shares must weigh together.
pub const WORTH_COMPARING: i32 = 2;

/// A key under which a record is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockingKey {
    /// What it is made of.
    pub scheme: Scheme,
    /// The value that is indexed.
    pub value: Personal<String>,
}

/// Version of what the keys are made of; keys of another one find nobody.
pub const KEYS_VERSION: &str = "keys-3";

/// A key that more records share finds crowds, not people, and is not used.
pub const LARGEST_BLOCK: usize = 64;

/// Others that one record is compared with at most: those with which it shares most.
pub const MOST_COMPARED: usize = 32;

/// Given names beyond these make no keys of their own.
const GIVEN_NAMES: usize = 2;

/// The keys of a person, each once and in order.
pub fn blocking_keys(person: &Person) -> Vec<BlockingKey> {
    let mut keys = BTreeSet::new();
    let mut add = |scheme, value: String| {
        keys.insert(BlockingKey { scheme, value: value.into() });
    };
    for document in person.documents().iter().filter(|d| !d.shared) {
        add(Scheme::Document, document.text.text());
    }
    for account in person.accounts().iter().filter(|a| !a.shared) {
        add(Scheme::Account, format!("{:016x}", account.key));
    }
    for line in person.phones().iter().filter(|l| !l.shared) {
        add(Scheme::Line, line.text.text());
    }
    for mailbox in person.emails().iter().filter(|m| !m.shared) {
        add(Scheme::Mailbox, format!("{:016x}", mailbox.key));
    }

    let name = &person.name;
    let parts: Vec<&Token> = name
        .given
        .iter()
        .take(GIVEN_NAMES)
        .chain(&name.first)
        .chain(&name.second)
        .filter(|t| t.bones.len() >= 2)
        .collect();
    for (at, one) in parts.iter().enumerate() {
        for other in &parts[at + 1..] {
            let (one, other) = ((&one.bones).min(&other.bones), (&one.bones).max(&other.bones));
            add(Scheme::Names, format!("{one} {other}"));
        }
    }
    if let Some(born) = person.birth_date {
        let (low, high) = (born.month.min(born.day), born.month.max(born.day));
        add(Scheme::Birth, format!("{:04}-{low:02}-{high:02}", born.year));
        for part in &parts {
            add(Scheme::NameBirth, format!("{} {:04}-{:02}-{:02}", part.bones, born.year, born.month, born.day));
            add(Scheme::NameMonth, format!("{} {:04}-{:02}", part.bones, born.year, born.month));
        }
    }
    if let Some(place) = &person.place {
        place.doors().for_each(|door| add(Scheme::Door, door));
        place.post_and_number().into_iter().for_each(|value| add(Scheme::PostNumber, value));
        parts.iter().filter_map(|part| place.post_and_name(part)).for_each(|value| add(Scheme::NamePost, value));
    }
    keys.into_iter().collect()
}

/// The pairs of places in `records` that share keys enough to be worth comparing, each once, the lower place first.
pub fn candidates(records: &[Vec<BlockingKey>], largest_block: usize) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> =
        worth_comparing(records, largest_block).into_iter().map(|(pair, _)| pair).collect();
    pairs.sort_unstable();
    pairs
}

/// Those of them that one of the two is compared with: of each place the `most` others with which it shares most, of equals
/// the lower places.
pub fn candidates_of_each(records: &[Vec<BlockingKey>], largest_block: usize, most: usize) -> Vec<(usize, usize)> {
    let mut of_each: HashMap<usize, Vec<(Reverse<i32>, usize)>> = HashMap::new();
    for ((one, other), weight) in worth_comparing(records, largest_block) {
        of_each.entry(one).or_default().push((Reverse(weight), other));
        of_each.entry(other).or_default().push((Reverse(weight), one));
    }
    let mut pairs = BTreeSet::new();
    for (one, mut others) in of_each {
        others.sort_unstable();
        pairs.extend(others.into_iter().take(most).map(|(_, other)| (one.min(other), one.max(other))));
    }
    pairs.into_iter().collect()
}

/// The pairs that share keys enough, with what these weigh together.
fn worth_comparing(records: &[Vec<BlockingKey>], largest_block: usize) -> Vec<((usize, usize), i32)> {
    let mut blocks: HashMap<&BlockingKey, Vec<usize>> = HashMap::new();
    for (at, keys) in records.iter().enumerate() {
        for key in keys {
            blocks.entry(key).or_default().push(at);
        }
    }
    let mut shared: HashMap<(usize, usize), i32> = HashMap::new();
    for (key, block) in blocks.into_iter().filter(|(_, block)| (2..=largest_block).contains(&block.len())) {
        for (nth, one) in block.iter().enumerate() {
            for other in &block[nth + 1..] {
                *shared.entry((*one, *other)).or_default() += key.scheme.weight();
            }
        }
    }
    shared.into_iter().filter(|(_, weight)| *weight >= WORTH_COMPARING).collect()
}

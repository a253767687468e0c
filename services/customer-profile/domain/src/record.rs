//! What a department's system says about a person.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Department, Language, Personal};

use crate::name::words;
use crate::{Attribute, CustomerId, Identifier, PersonName, SourceRecordId};

/// A short name of a system or an issuer: `crm-retail`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

/// A slug that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 characters of a-z, 0-9 and inner hyphens, starting with a letter")]
pub struct SlugError;

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        // Systems, issuers and departments share one grammar; the kernel owns it.
        Department::from_str(text).map(|d| Self(d.as_str().to_owned())).map_err(|_| SlugError)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A postal address as its source has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Street, number, floor.
    pub lines: Personal<Vec<String>>,
    /// Town.
    pub locality: Personal<String>,
    /// Postal code.
    pub postal_code: Personal<String>,
    /// Province, state or region.
    pub region: Personal<String>,
    /// Two-letter country.
    pub country: String,
}

impl Address {
    /// Whether two are one: lines, postal code and town, without accents, case and punctuation. Not every source names region and
    /// country.
    pub fn is_like(&self, other: &Self) -> bool {
        let words = |address: &Self| {
            let [post, town] = [&address.postal_code, &address.locality].map(|text| words(text.expose()));
            (words(&address.lines.expose().join(" ")), post, town)
        };
        words(self) == words(other)
    }
}

/// One version of what a system says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Name.
    pub name: Option<PersonName>,
    /// Identifiers, each key once.
    pub identifiers: Vec<Identifier>,
    /// Date of birth.
    pub birth_date: Option<Personal<Date>>,
    /// Postal address.
    pub address: Option<Address>,
    /// Language.
    pub language: Option<Language>,
    /// When the system verified which of these attributes with the person.
    pub verified: BTreeMap<Attribute, Timestamp>,
    /// When the system saw it so.
    pub observed_at: Timestamp,
    /// Nobody proved who said so.
    pub unproven: bool,
}

/// A source record in its current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Id, the same for all versions.
    pub id: SourceRecordId,
    /// The customer id it was given when it first came, and keeps.
    pub own_customer: CustomerId,
    /// Source system.
    pub source_system: Slug,
    /// Department that owns the system.
    pub department: Department,
    /// When the first version was written down.
    pub recorded_at: Timestamp,
    /// Number of this version.
    pub version: i32,
    /// What it says.
    pub content: Content,
}

impl Content {
    /// Whether this version takes over from one observed at `other`: the later observation is
    /// current, whatever the order of arrival.
    pub fn supersedes(&self, other: Timestamp) -> bool {
        self.observed_at >= other
    }
}

//! Identifiers of every kind behind one shape, so that linking need not know their grammar.

use jiff::Timestamp;
use kernel::Personal;

use crate::{Email, NationalId, NotANationalId, NotAPhone, NotAnEmail, Phone, Slug, SlugError};

/// Kinds of identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentifierKind {
    /// A line, not a person.
    Phone,
    /// A mailbox; families and offices share them.
    Email,
    /// A document given to one person.
    NationalId,
    /// A contract of one issuer.
    Account,
    /// A thing of one issuer; whoever holds it.
    Device,
    /// A handle in a social network.
    Social,
    /// An address in a chat service.
    Chat,
}

impl IdentifierKind {
    /// Every kind.
    pub const ALL: &'static [Self] =
        &[Self::Phone, Self::Email, Self::NationalId, Self::Account, Self::Device, Self::Social, Self::Chat];

    /// Whether somebody gives it out, so that it means nothing without them.
    pub const fn is_issued(self) -> bool {
        matches!(self, Self::Account | Self::Device | Self::Social | Self::Chat)
    }

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::NationalId => "national_id",
            Self::Account => "account",
            Self::Device => "device",
            Self::Social => "social",
            Self::Chat => "chat",
        }
    }

    /// The kind with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// What two mentions of the same identifier have in common: kind, scope (country or issuer) and
/// normalised value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentifierKey {
    /// Kind.
    pub kind: IdentifierKind,
    /// Scope and value as one text.
    pub value: Personal<String>,
}

/// An identifier as a request has it, every field by itself.
#[derive(Debug, Clone, Copy)]
pub struct RawIdentifier<'a> {
    /// Kind.
    pub kind: IdentifierKind,
    /// Value as written.
    pub value: &'a str,
    /// Country as written.
    pub country: &'a str,
    /// Issuer as written.
    pub issuer: &'a str,
}

/// A normalised identifier of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    key: IdentifierKey,
    value: Personal<String>,
    country: Option<String>,
    issuer: Option<Slug>,
    evidence: bool,
    /// When the source verified it with the person.
    pub verified_at: Option<Timestamp>,
    /// The source knows that several people use it.
    pub shared: bool,
    /// When the person has it.
    pub validity: Validity,
}

/// From when until when something holds, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Validity {
    /// First instant.
    pub from: Option<Timestamp>,
    /// First instant after it.
    pub until: Option<Timestamp>,
}

impl Validity {
    /// A period, unless it ends before it begins.
    pub fn new(from: Option<Timestamp>, until: Option<Timestamp>) -> Option<Self> {
        let holds = from.zip(until).is_none_or(|(from, until)| from < until);
        holds.then_some(Self { from, until })
    }

    /// Whether there may be an instant in both.
    pub fn overlaps(self, other: Self) -> bool {
        let begins_before_end =
            |one: Self, other: Self| one.from.zip(other.until).is_none_or(|(from, until)| from < until);
        begins_before_end(self, other) && begins_before_end(other, self)
    }

    /// The period that holds both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), until: self.until.zip(other.until).map(|(one, other)| one.max(other)) }
    }

    /// Whether it holds at this instant.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| until > at)
    }
}

/// What was wrong with which field of an identifier. Holds no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Not a telephone number.
    #[error(transparent)]
    Phone(#[from] NotAPhone),
    /// Not an e-mail address.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// Not a national document.
    #[error(transparent)]
    NationalId(#[from] NotANationalId),
    /// Not an account, device, handle or address.
    #[error("must have 1 to 64 letters, digits and marks of its kind (- . _ : and, by kind, / + @)")]
    Token,
    /// A kind that needs an issuer has none, or a malformed one.
    #[error("{0}")]
    Issuer(SlugError),
    /// An issuer where the kind has none.
    #[error("must be empty for this type of identifier")]
    IssuerUnexpected,
    /// A country where the kind has none.
    #[error("must be empty for this type of identifier")]
    CountryUnexpected,
}

impl IdentifierError {
    /// The field it is about, as the contract names it.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Phone(NotAPhone::Region) | Self::NationalId(NotANationalId::Country) | Self::CountryUnexpected => {
                "country_code"
            }
            Self::Phone(_) | Self::Email(_) | Self::NationalId(_) | Self::Token => "value",
            Self::Issuer(_) | Self::IssuerUnexpected => "issuer",
        }
    }
}

/// How a document is read: text and country.
type Document = fn(&str, &str) -> Result<NationalId, NotANationalId>;

impl Identifier {
    /// Normalises an identifier.
    ///
    /// # Errors
    /// Everything that is wrong with its fields.
    pub fn parse(raw: RawIdentifier<'_>) -> Result<Self, Vec<IdentifierError>> {
        Self::read(raw, NationalId::parse)
    }

    /// The same for one that was taken before; see [`NationalId::stored`].
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn stored(raw: RawIdentifier<'_>) -> Result<Self, Vec<IdentifierError>> {
        Self::read(raw, NationalId::stored)
    }

    fn read(raw: RawIdentifier<'_>, document: Document) -> Result<Self, Vec<IdentifierError>> {
        let mut errors = Vec::new();
        let issued = raw.kind.is_issued();
        let has_country = matches!(raw.kind, IdentifierKind::Phone | IdentifierKind::NationalId);
        if !issued && !raw.issuer.is_empty() {
            errors.push(IdentifierError::IssuerUnexpected);
        }
        if !has_country && !raw.country.is_empty() {
            errors.push(IdentifierError::CountryUnexpected);
        }
        let parsed = match raw.kind {
            IdentifierKind::Phone => Self::phone(raw),
            IdentifierKind::Email => Self::email(raw),
            IdentifierKind::NationalId => Self::national_id(raw, document),
            IdentifierKind::Account | IdentifierKind::Device | IdentifierKind::Social | IdentifierKind::Chat => {
                Self::issued(raw, &mut errors)
            }
        };
        match parsed {
            Ok(identifier) if errors.is_empty() => Ok(identifier),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error);
                Err(errors)
            }
        }
    }

    fn phone(raw: RawIdentifier<'_>) -> Result<Self, IdentifierError> {
        let phone = Phone::parse(raw.value, or_spain(raw.country))?;
        let value = phone.e164().to_owned();
        Ok(Self::of(raw.kind, value.clone(), value))
    }

    fn email(raw: RawIdentifier<'_>) -> Result<Self, IdentifierError> {
        let email = Email::parse(raw.value)?;
        Ok(Self::of(raw.kind, email.key().to_owned(), email.written().to_owned()))
    }

    fn national_id(raw: RawIdentifier<'_>, document: Document) -> Result<Self, IdentifierError> {
        let id = document(raw.value, or_spain(raw.country))?;
        let mut identifier = Self::of(raw.kind, format!("{}:{}", id.country(), id.number()), id.number().to_owned());
        identifier.evidence = !id.is_filler();
        identifier.country = Some(id.country().to_owned());
        Ok(identifier)
    }

    fn issued(raw: RawIdentifier<'_>, errors: &mut Vec<IdentifierError>) -> Result<Self, IdentifierError> {
        let issuer = match raw.issuer.parse::<Slug>() {
            Ok(issuer) => Some(issuer),
            Err(error) => {
                errors.push(IdentifierError::Issuer(error));
                None
            }
        };
        let value = match raw.kind {
            IdentifierKind::Social | IdentifierKind::Chat => handle(raw.value)?,
            _ => token(raw.value)?,
        };
        let scope = issuer.as_ref().map_or("", Slug::as_str);
        let mut identifier = Self::of(raw.kind, format!("{scope}:{value}"), value);
        identifier.issuer = issuer;
        Ok(identifier)
    }

    fn of(kind: IdentifierKind, key: String, value: String) -> Self {
        Self {
            key: IdentifierKey { kind, value: key.into() },
            value: value.into(),
            country: None,
            issuer: None,
            evidence: true,
            verified_at: None,
            shared: false,
            validity: Validity::default(),
        }
    }

    /// What it has in common with other mentions of the same.
    pub const fn key(&self) -> &IdentifierKey {
        &self.key
    }

    /// Kind.
    pub const fn kind(&self) -> IdentifierKind {
        self.key.kind
    }

    /// Normalised value, without its scope.
    pub fn value(&self) -> &str {
        self.value.expose()
    }

    /// Country of a national document.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }

    /// Issuer of an account or device, or the network of a handle.
    pub const fn issuer(&self) -> Option<&Slug> {
        self.issuer.as_ref()
    }

    /// Whether an equal one of another record may say anything about who it is.
    pub const fn is_evidence(&self) -> bool {
        self.evidence && !self.shared
    }
}

fn or_spain(country: &str) -> &str {
    if country.is_empty() { "ES" } else { country }
}

/// Handles and chat addresses: without the `@` in front, lower case.
fn handle(text: &str) -> Result<String, IdentifierError> {
    let value = text.trim().trim_start_matches('@').to_lowercase();
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '+' | '@' | ':');
    let fits = (1..=64).contains(&value.chars().count()) && value.chars().all(allowed);
    if fits { Ok(value) } else { Err(IdentifierError::Token) }
}

/// Account and device numbers: blanks dropped, upper case.
fn token(text: &str) -> Result<String, IdentifierError> {
    let value: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'/' | b':' | b'_');
    let fits = (1..=64).contains(&value.len()) && value.bytes().all(allowed);
    if fits { Ok(value) } else { Err(IdentifierError::Token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw<'a>(kind: IdentifierKind, value: &'a str, country: &'a str, issuer: &'a str) -> RawIdentifier<'a> {
        RawIdentifier { kind, value, country, issuer }
    }

    #[test]
    fn equal_values_of_two_scopes_have_different_keys() {
        let of = |issuer| Identifier::parse(raw(IdentifierKind::Account, "ab 12", "", issuer)).unwrap();
        assert_eq!(of("broadband").key().value.expose(), "broadband:AB12");
        assert_ne!(of("broadband").key(), of("mobile").key());
        let id = |country| Identifier::parse(raw(IdentifierKind::NationalId, "X1234567L", country, "")).unwrap();
        assert_ne!(id("ES").key(), id("PT").key());
    }

    #[test]
    fn a_handle_is_the_same_with_and_without_its_sign_and_in_any_case() {
        let of = |value| Identifier::parse(raw(IdentifierKind::Social, value, "", "instagram")).unwrap();
        assert_eq!(of("@Ana.Ruiz").key(), of("ana.ruiz").key());
        assert_ne!(of("ana.ruiz").key().value.expose(), "ana.ruiz", "a handle belongs to its network");
        assert!(Identifier::parse(raw(IdentifierKind::Chat, "a b", "", "whatsapp")).is_err());
        assert!(Identifier::parse(raw(IdentifierKind::Social, "@", "", "instagram")).is_err());
    }

    #[test]
    fn a_period_does_not_end_before_it_begins() {
        let at = |second| Some(Timestamp::from_second(second).unwrap());
        assert!(Validity::new(at(1), at(2)).is_some() && Validity::new(None, at(2)).is_some());
        assert!(Validity::new(at(2), at(2)).is_none() && Validity::new(at(2), at(1)).is_none());
        let [early, late, open] =
            [(at(1), at(5)), (at(5), at(9)), (None, None)].map(|(f, u)| Validity::new(f, u).unwrap());
        assert!(!early.overlaps(late) && !late.overlaps(early) && early.overlaps(open) && open.overlaps(late));
        assert_eq!(early.with(late), Validity { from: at(1), until: at(9) });
        assert_eq!(early.with(open), open);
        assert!(early.holds(at(1).unwrap()) && !early.holds(at(5).unwrap()) && open.holds(at(77).unwrap()));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let errors = Identifier::parse(raw(IdentifierKind::Account, "", "ES", "Bad Issuer")).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|e| e.field()).collect();
        assert_eq!(fields, ["country_code", "issuer", "value"]);
    }

    #[test]
    fn fillers_and_shared_lines_are_no_evidence() {
        let filler = Identifier::parse(raw(IdentifierKind::NationalId, "00000000T", "", "")).unwrap();
        assert!(!filler.is_evidence());
        let mut phone = Identifier::parse(raw(IdentifierKind::Phone, "600111222", "", "")).unwrap();
        assert!(phone.is_evidence());
        phone.shared = true;
        assert!(!phone.is_evidence());
    }

    #[test]
    fn stored_words_are_read_back() {
        for kind in IdentifierKind::ALL {
            assert_eq!(IdentifierKind::stored(kind.as_str()), Some(*kind));
        }
        assert_eq!(IdentifierKind::stored("fax"), None);
    }
}

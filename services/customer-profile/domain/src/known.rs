//! What need not be asked, because it is known and fresh: Ley 44/2002 29 quater.1 lets a complaint be presented "una sola
//! vez", and nobody likes to tell a second department what the first one knows.

use jiff::{SignedDuration, Timestamp};

/// What is asked of customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKind {
    /// Name.
    Name,
    /// National document.
    NationalId,
    /// Date of birth.
    BirthDate,
    /// Telephone.
    Phone,
    /// E-mail.
    Email,
    /// Postal address.
    Address,
    /// Account or contract.
    Account,
    /// Language.
    Language,
}

impl FactKind {
    /// Every kind, in the order in which they would be asked.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::NationalId,
        Self::BirthDate,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Account,
        Self::Language,
    ];

    /// How long it is believed without being confirmed: what one is born with for good, where one lives and can be
    /// reached for as long as people commonly keep it.
    fn keeps(self) -> SignedDuration {
        const YEAR: i64 = 365 * 24;
        let hours = match self {
            Self::NationalId | Self::BirthDate => 100 * YEAR,
            Self::Name | Self::Language => 10 * YEAR,
            Self::Account => 5 * YEAR,
            Self::Email | Self::Phone => 2 * YEAR,
            Self::Address => YEAR,
        };
        SignedDuration::from_hours(hours)
    }
}

/// What facts are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskPurpose {
    /// To tell who it is.
    Identify,
    /// To reach them.
    Contact,
    /// To take down a complaint.
    Complaint,
    /// To bill.
    Billing,
}

impl AskPurpose {
    /// The facts it needs, in the order in which they would be asked.
    pub const fn facts(self) -> &'static [FactKind] {
        use FactKind::{Account, Address, BirthDate, Email, Language, Name, NationalId, Phone};
        match self {
            Self::Identify => &[Name, NationalId, BirthDate, Account, Phone],
            Self::Contact => &[Phone, Email, Address, Language, Name],
            Self::Complaint => &[Name, NationalId, Address, Email, Phone, Account],
            Self::Billing => &[Name, NationalId, Address, Account, Email],
        }
    }
}

/// Whether a fact need be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactState {
    /// No.
    Fresh,
    /// It is to be confirmed.
    Stale,
    /// Yes.
    Unknown,
}

/// Whether a fact that was last told or seen at `observed` need be asked now. What it is for makes no difference, so that a view and a
/// question never call one fact stale and fresh at once.
pub fn fact_state(kind: FactKind, observed: Option<Timestamp>, now: Timestamp) -> FactState {
    match observed {
        None => FactState::Unknown,
        Some(at) if now.duration_since(at) <= kind.keeps() => FactState::Fresh,
        Some(_) => FactState::Stale,
    }
}

/// The facts to answer with: those that the purpose needs, then those that were about to be asked beside them.
pub fn facts_to_tell(purpose: AskPurpose, asking: &[FactKind]) -> Vec<FactKind> {
    let mut facts = purpose.facts().to_vec();
    for kind in asking {
        if !facts.contains(kind) {
            facts.push(*kind);
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_confirmed_after_a_year_and_a_birth_date_never() {
        let (then, now) = ("2025-01-01T00:00:00Z".parse().ok(), "2026-06-01T00:00:00Z".parse().unwrap());
        assert_eq!(fact_state(FactKind::Address, then, now), FactState::Stale);
        assert_eq!(fact_state(FactKind::Phone, then, now), FactState::Fresh);
        assert_eq!(fact_state(FactKind::BirthDate, then, now), FactState::Fresh);
        assert_eq!(fact_state(FactKind::Email, None, now), FactState::Unknown);
    }

    #[test]
    fn what_is_about_to_be_asked_is_told_beside_what_the_purpose_needs_and_once() {
        let told = facts_to_tell(AskPurpose::Identify, &[FactKind::Name, FactKind::Email, FactKind::Email]);
        assert_eq!(told[..5], *AskPurpose::Identify.facts());
        assert_eq!(told[5..], [FactKind::Email]);
    }
}

//! The words of a judgement: what is compared, how far it agrees, and what comes of it.

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Given name or names.
    GivenName,
    /// First surname.
    FirstSurname,
    /// Second surname.
    SecondSurname,
    /// Whether the name's parts lay in the same fields.
    NameOrder,
    /// Birth date.
    BirthDate,
    /// Street, number, postal code and locality as one: who moves changes all of them.
    Address,
    /// Telephone.
    Phone,
    /// E-mail.
    Email,
    /// National document.
    NationalId,
    /// Contract of an issuer.
    Account,
    /// Takes back what members of one family share without being one person.
    Family,
}

impl Field {
    /// Every field, in the order in which evidence is listed.
    pub const ALL: [Self; 11] = [
        Self::GivenName,
        Self::FirstSurname,
        Self::SecondSurname,
        Self::NameOrder,
        Self::BirthDate,
        Self::Address,
        Self::Phone,
        Self::Email,
        Self::NationalId,
        Self::Account,
        Self::Family,
    ];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GivenName => "given_name",
            Self::FirstSurname => "first_surname",
            Self::SecondSurname => "second_surname",
            Self::NameOrder => "name_order",
            Self::BirthDate => "birth_date",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::NationalId => "national_id",
            Self::Account => "account",
            Self::Family => "family",
        }
    }
}

/// How far two values agree; the nearer the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Equal.
    Exact,
    /// Two forms of one value: a nickname; a fixed line, which a household shares; surnames in
    /// other fields.
    Variant,
    /// One slip apart.
    Near,
    /// Alike in part.
    Partial,
    /// Little in common: the same town; or no judging, because one side is no name that anybody
    /// has.
    Weak,
    /// Unlike.
    Far,
    /// Unlike, and each proven by its own check character.
    Contradicted,
    /// Equal, but carried by too many to say anything.
    Shared,
    /// At least one side has nothing.
    Missing,
}

impl Level {
    /// Every level, the nearest first.
    pub const ALL: [Self; 9] = [
        Self::Exact,
        Self::Variant,
        Self::Near,
        Self::Partial,
        Self::Weak,
        Self::Far,
        Self::Contradicted,
        Self::Shared,
        Self::Missing,
    ];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Variant => "variant",
            Self::Near => "near",
            Self::Partial => "partial",
            Self::Weak => "weak",
            Self::Far => "far",
            Self::Contradicted => "contradicted",
            Self::Shared => "shared",
            Self::Missing => "missing",
        }
    }

    /// The same value but for form or one slip.
    pub const fn agrees(self) -> bool {
        matches!(self, Self::Exact | Self::Variant | Self::Near)
    }

    /// The same value but for form.
    pub const fn is_firm(self) -> bool {
        matches!(self, Self::Exact | Self::Variant)
    }

    /// Whether it says anything at all.
    pub const fn is_evidence(self) -> bool {
        !matches!(self, Self::Shared | Self::Missing)
    }
}

/// What the grades mean, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Two people.
    CertainlyNot,
    /// Perhaps one person: worth showing, not worth asking.
    Possible,
    /// Most likely one person: a steward decides.
    Probable,
    /// One person: links by itself.
    Certain,
}

impl Grade {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CertainlyNot => "certainly_not",
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Certain => "certain",
        }
    }
}

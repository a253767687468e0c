//! Who acts, for which department, by which channel, in which language.

use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored and put in tokens.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(UnknownWord(stringify!($name))) }
            }
        }
    };
}

/// A stored word that no value of the named type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known {0}")]
pub struct UnknownWord(&'static str);

words! {
    /// What a principal may be. Tokens carry these words; RPC policies name them.
    Role {
        /// Front-line agent of a department.
        Agent => "agent",
        /// Leads agents; may transfer, reopen, cancel.
        Supervisor => "supervisor",
        /// Keeps identities: confirms and undoes links.
        Steward => "steward",
        /// An interactive voice response system.
        Ivr => "ivr",
        /// A department's customer relationship or billing system.
        Crm => "crm",
        /// Brings history from another system, with its own past time.
        Importer => "importer",
        /// Runs the suite; sees health and ledgers' shape, no customer.
        Sre => "sre",
        /// Reads ledgers and boards; changes nothing.
        Auditor => "auditor",
        /// The office's registry.
        OfficeIntake => "office_intake",
        /// Investigates a case for the office.
        Investigator => "investigator",
        /// Decides cases (defensor del cliente).
        Ombudsman => "ombudsman",
        /// The firm's one voice before the office; can only answer.
        FirmLiaison => "firm_liaison",
        /// The customer, or who represents them.
        Customer => "customer",
        /// Another service of the suite.
        Service => "service",
        /// Answers people about their own data: exports, restricts, erases.
        PrivacyOfficer => "privacy_officer",
        /// Looks after the quality of the office's work; reads drafts, notes, decides nothing.
        OfficeQuality => "office_quality",
        /// Audits the office; reads, but nothing of what it deliberates.
        OfficeAuditor => "office_auditor",
        /// A form that nobody signs in to; brings who fills it in and what they complain of, and reads nothing.
        Form => "form",
    }
}

impl Role {
    /// Whether the role belongs to the ombudsman's office, and so to nobody of the firm.
    pub const fn is_office(self) -> bool {
        matches!(
            self,
            Self::OfficeIntake | Self::Investigator | Self::Ombudsman | Self::OfficeQuality | Self::OfficeAuditor
        )
    }
}

words! {
    /// What kind of party acted.
    ActorKind {
        /// A person working for the firm.
        Employee => "employee",
        /// A person of the ombudsman's office.
        Office => "office",
        /// The customer or their representative.
        Customer => "customer",
        /// A program: IVR, CRM, importer, one of the services.
        System => "system",
    }
}

words! {
    /// The way a contact came or went.
    Channel {
        /// Voice call.
        Phone => "phone",
        /// Electronic mail.
        Email => "email",
        /// Web form or customer area.
        Web => "web",
        /// Text conversation on a site or app.
        Chat => "chat",
        /// Short message.
        Sms => "sms",
        /// Letter.
        Post => "post",
        /// Counter of a shop or office.
        InPerson => "in_person",
        /// A social network.
        Social => "social",
        /// Between systems.
        Api => "api",
    }
}

words! {
    /// A language texts for people are kept in.
    Language {
        /// Spanish.
        Es => "es",
        /// English.
        En => "en",
        /// Catalan.
        Ca => "ca",
        /// Galician.
        Gl => "gl",
        /// Basque.
        Eu => "eu",
    }
}

/// A department of the enterprise, by its slug (`billing`, `network-ops`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Department(String);

/// A slug that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 characters of a-z, 0-9 and inner hyphens, starting with a letter")]
pub struct NotADepartment;

impl Department {
    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Department {
    type Err = NotADepartment;

    fn from_str(slug: &str) -> Result<Self, NotADepartment> {
        let bytes = slug.as_bytes();
        let inner = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        let fits = (1..=63).contains(&bytes.len())
            && bytes[0].is_ascii_lowercase()
            && bytes[bytes.len() - 1] != b'-'
            && bytes.iter().all(inner);
        if fits { Ok(Self(slug.to_owned())) } else { Err(NotADepartment) }
    }
}

impl fmt::Display for Department {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who did something: an opaque id given by the identity provider, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Kind of party.
    pub kind: ActorKind,
    /// Opaque subject of the token (`sub`).
    pub id: String,
    /// The department the actor worked for, where there is one.
    pub department: Option<Department>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(*role));
        }
        for channel in Channel::ALL {
            assert_eq!(channel.as_str().parse(), Ok(*channel));
        }
        assert!("boss".parse::<Role>().is_err());
    }

    #[test]
    fn a_department_is_a_slug() {
        assert!("network-ops".parse::<Department>().is_ok());
        for bad in ["", "Billing", "-a", "a-", "a b", "ñ", &"a".repeat(64)] {
            assert_eq!(bad.parse::<Department>(), Err(NotADepartment), "{bad:?}");
        }
    }
}

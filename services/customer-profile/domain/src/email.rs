//! E-mail addresses, normalised as far as it is safe.

use kernel::Personal;

/// An e-mail address. The domain is lower case. The local part is kept as it was written, because
/// only the receiving host may interpret it (RFC 5321 §2.4); for comparison its case is ignored,
/// because no provider in use tells `Ana@` from `ana@`. Dots and `+tags` are kept: they are
/// different mailboxes at most hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    written: Personal<String>,
    key: Personal<String>,
}

/// Why a text is no e-mail address. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEmail {
    /// No `@`, or nothing on one side of it.
    #[error("must have a local part, an @ and a domain")]
    Parts,
    /// Longer than the mail standards allow.
    #[error("must have at most 64 characters before the @ and 254 in all")]
    TooLong,
    /// Blanks or control characters in the local part.
    #[error("must have no blank, control character, quote, comma or angle bracket before the @")]
    Local,
    /// A domain that cannot exist.
    #[error("must have a domain of dot-separated labels of letters, digits and inner hyphens")]
    Domain,
}

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// [`NotAnEmail`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(NotAnEmail::Parts)?;
        if local.is_empty() || domain.is_empty() {
            return Err(NotAnEmail::Parts);
        }
        if local.len() > 64 || local.len() + domain.len() + 1 > 254 {
            return Err(NotAnEmail::TooLong);
        }
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | ',' | '@');
        if local.chars().any(forbidden) {
            return Err(NotAnEmail::Local);
        }
        let domain = domain.to_lowercase();
        let labels: Vec<&str> = domain.split('.').collect();
        if labels.len() < 2 || !labels.iter().all(|label| is_label(label)) {
            return Err(NotAnEmail::Domain);
        }
        let key = format!("{}@{domain}", local.to_lowercase());
        Ok(Self { written: format!("{local}@{domain}").into(), key: key.into() })
    }

    /// The address as it is shown and written to.
    pub fn written(&self) -> &str {
        self.written.expose()
    }

    /// What two spellings of one address have in common.
    pub fn key(&self) -> &str {
        self.key.expose()
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_local_part_as_written_and_compares_it_without_case() {
        let email = Email::parse("  Ana.Perez+Luz@Correo.EXAMPLE ").unwrap();
        assert_eq!(email.written(), "Ana.Perez+Luz@correo.example");
        assert_eq!(email.key(), "ana.perez+luz@correo.example");
        assert_eq!(Email::parse("eñe@españa.es").unwrap().key(), "eñe@españa.es");
    }

    #[test]
    fn refuses_what_no_mail_can_reach() {
        for (text, error) in [
            ("", NotAnEmail::Parts),
            ("ana", NotAnEmail::Parts),
            ("@correo.example", NotAnEmail::Parts),
            ("ana@", NotAnEmail::Parts),
            ("ana perez@correo.example", NotAnEmail::Local),
            ("a@b@correo.example", NotAnEmail::Local),
            ("ana@localhost", NotAnEmail::Domain),
            ("ana@-x.example", NotAnEmail::Domain),
            ("ana@x..example", NotAnEmail::Domain),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(Email::parse(&format!("{}@x.example", "a".repeat(65))), Err(NotAnEmail::TooLong));
    }
}

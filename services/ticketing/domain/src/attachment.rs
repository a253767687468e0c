//! Files that belong to what was said, by reference: where they are, and what they hold.

use std::fmt;
use std::str::FromStr;

use kernel::Personal;

use crate::{Refusal, ScanState, Text};

/// Most files of one message.
pub const MAX_ATTACHMENTS: usize = 20;
/// Most people who are to look at one note.
pub const MAX_MENTIONS: usize = 20;

/// A file by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where it is.
    pub uri: Uri,
    /// What it is called.
    pub file_name: FileName,
    /// What kind of file it is.
    pub media_type: MediaType,
    /// How large it is, in bytes.
    pub size: u64,
    /// SHA-256 of it.
    pub sha256: [u8; 32],
}

/// Where a file is: a reference with a scheme (RFC 3986), which nothing here ever follows. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri(Personal<String>);

/// What a file is called: one name, no path. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(Text<1, 200>);

/// Type and subtype (RFC 6838), in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType(String);

/// Why what is said of a file was not understood. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// No reference.
    #[error("must be a URI of 1 to 2000 visible ascii characters with a scheme, e.g. s3://bucket/key")]
    Uri,
    /// A URI that is the file itself, or a program.
    #[error("must refer to a file that is kept elsewhere: data: and javascript: do not")]
    Scheme,
    /// A path, or nothing.
    #[error("must be a file name of 1 to 200 characters on one line, without slashes")]
    FileName,
    /// Not a media type.
    #[error("must be a media type such as image/jpeg")]
    MediaType,
}

impl Uri {
    const MOST: usize = 2_000;

    /// The reference itself. Never log or trace it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for Uri {
    type Err = AttachmentError;

    fn from_str(text: &str) -> Result<Self, AttachmentError> {
        let (scheme, rest) = text.split_once(':').ok_or(AttachmentError::Uri)?;
        let spelled = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic());
        if !spelled || rest.is_empty() || text.len() > Self::MOST || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(AttachmentError::Uri);
        }
        if ["data", "javascript"].iter().any(|refused| scheme.eq_ignore_ascii_case(refused)) {
            return Err(AttachmentError::Scheme);
        }
        Ok(Self(Personal::new(text.to_owned())))
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FileName {
    /// The name itself. Never log or trace it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl FromStr for FileName {
    type Err = AttachmentError;

    fn from_str(text: &str) -> Result<Self, AttachmentError> {
        let name: Text<1, 200> = text.parse().map_err(|_| AttachmentError::FileName)?;
        let path = |c: char| matches!(c, '/' | '\\') || c.is_control();
        if name.expose().contains(path) || matches!(name.expose(), "." | "..") {
            return Err(AttachmentError::FileName);
        }
        Ok(Self(name))
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl MediaType {
    /// The type, `/`, the subtype.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MediaType {
    type Err = AttachmentError;

    fn from_str(text: &str) -> Result<Self, AttachmentError> {
        let name = |part: &str| {
            (1..=127).contains(&part.len())
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        match text.split_once('/') {
            Some((kind, subtype)) if name(kind) && name(subtype) => Ok(Self(text.to_ascii_lowercase())),
            _ => Err(AttachmentError::MediaType),
        }
    }
}

/// Refuses that the customer is sent a file that was not found clean. `scans` are the states of the files, in their order.
///
/// # Errors
/// [`Refusal::AttachmentNotClean`] with the first.
pub fn refuse_unclean(scans: &[ScanState]) -> Result<(), Refusal> {
    match scans.iter().position(|state| *state != ScanState::Clean) {
        Some(place) => Err(Refusal::AttachmentNotClean { place, state: scans[place] }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_scheme_and_is_no_file_itself() {
        for good in ["s3://bucket/key", "https://files.example.es/a?b=c", "urn:uuid:1", "dms+v2:77"] {
            assert!(good.parse::<Uri>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "bucket/key",
            ":x",
            "1s:x",
            "s3:",
            "s3://a b",
            "s3://ñ",
            "s3://a\nb",
            &format!("s:{}", "x".repeat(2_000)),
        ] {
            assert_eq!(bad.parse::<Uri>(), Err(AttachmentError::Uri), "{bad}");
        }
        assert_eq!("DATA:text/plain,hola".parse::<Uri>(), Err(AttachmentError::Scheme));
        assert_eq!("javascript:alert(1)".parse::<Uri>(), Err(AttachmentError::Scheme));
    }

    #[test]
    fn a_file_name_leads_nowhere_else() {
        for good in ["factura marzo.pdf", "año.jpg", "..a"] {
            assert!(good.parse::<FileName>().is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "a\\b", "a\nb", "a\tb"] {
            assert_eq!(bad.parse::<FileName>(), Err(AttachmentError::FileName), "{bad}");
        }
    }

    #[test]
    fn a_media_type_has_two_parts() {
        assert_eq!("Image/JPEG".parse::<MediaType>().unwrap().as_str(), "image/jpeg");
        assert!("application/vnd.ms-excel".parse::<MediaType>().is_ok());
        for bad in ["", "image", "image/", "/jpeg", "image/jp eg", "text/plain; charset=utf-8", "a/b/c"] {
            assert_eq!(bad.parse::<MediaType>(), Err(AttachmentError::MediaType), "{bad}");
        }
    }

    #[test]
    fn nothing_but_what_is_clean_goes_to_the_customer() {
        use ScanState::{Clean, Failed, Infected, Pending};
        assert_eq!(refuse_unclean(&[Clean, Clean]), Ok(()));
        for state in [Pending, Infected, Failed] {
            assert_eq!(refuse_unclean(&[Clean, state]), Err(Refusal::AttachmentNotClean { place: 1, state }));
        }
    }

    #[test]
    fn what_is_personal_does_not_print_itself() {
        let (uri, name): (Uri, FileName) = ("s3://ana".parse().unwrap(), "ana.pdf".parse().unwrap());
        assert_eq!(format!("{uri:?} {name:?}"), "[personal] [personal]");
    }
}

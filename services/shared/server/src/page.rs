//! Paging: sizes, and opaque tokens bound to the list and filter they were given for.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Classify, Kind, Violation, Violations};

/// What `page_size` 0 means.
pub const DEFAULT_PAGE_SIZE: usize = 25;
/// The largest page; more is cut to it (AIP-158).
pub const MAX_PAGE_SIZE: usize = 100;

const VERSION: u8 = 1;
const BINDING: usize = 12;
const CHECKSUM: usize = 4;

/// Reads `page_size`: 0 is the default, too much is cut, a negative one is a violation.
pub fn page_size(violations: &mut Violations, requested: i32) -> usize {
    match usize::try_from(requested) {
        Ok(0) => DEFAULT_PAGE_SIZE,
        Ok(size) => size.min(MAX_PAGE_SIZE),
        Err(_) => {
            violations.push("page_size", "must not be negative");
            DEFAULT_PAGE_SIZE
        }
    }
}

/// Where the next page begins: the key of the last row of this one. Holds ids and times, never
/// personal data; a token of another list, filter or version is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// The key's fields in the order of the list's sort.
    pub key: Vec<String>,
}

/// The token was not given for this list and filter, or was changed on its way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("page_token is not one that this list gave for this filter; start again without it")]
pub struct InvalidPageToken([Violation; 1]);

impl InvalidPageToken {
    fn new() -> Self {
        Self([Violation {
            field: "page_token".to_owned(),
            description: "must be a next_page_token of the same list and filter".to_owned(),
        }])
    }
}

impl Classify for InvalidPageToken {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        "INVALID_PAGE_TOKEN"
    }

    fn violations(&self) -> &[Violation] {
        &self.0
    }
}

impl PageToken {
    /// The token that goes on after the row with this key. `filter` is whatever else decides the
    /// list: the encoded request without its paging fields.
    pub fn encode(list: &str, filter: &[u8], key: &[&str]) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&binding(list, filter));
        for field in key {
            let length = u16::try_from(field.len()).expect("a key field is an id or a time");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field.as_bytes());
        }
        let sum = digest(&[&bytes]);
        bytes.extend_from_slice(&sum[..CHECKSUM]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; an empty one is the first page.
    ///
    /// # Errors
    /// [`InvalidPageToken`] when it does not belong here.
    pub fn decode(token: &str, list: &str, filter: &[u8]) -> Result<Option<Self>, InvalidPageToken> {
        if token.is_empty() {
            return Ok(None);
        }
        read(token, list, filter).map(Some).ok_or_else(InvalidPageToken::new)
    }

    /// The fields of the key, if it has as many as the list's sort.
    ///
    /// # Errors
    /// [`InvalidPageToken`] when it has another number of fields.
    pub fn fields<const N: usize>(self) -> Result<[String; N], InvalidPageToken> {
        self.key.try_into().map_err(|_| InvalidPageToken::new())
    }
}

fn read(token: &str, list: &str, filter: &[u8]) -> Option<PageToken> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    let (version, rest) = body.split_first()?;
    let (bound, mut rest) = rest.split_at_checked(BINDING)?;
    if *version != VERSION || sum != &digest(&[body])[..CHECKSUM] || bound != binding(list, filter) {
        return None;
    }
    let mut key = Vec::new();
    while !rest.is_empty() {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (field, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        key.push(std::str::from_utf8(field).ok()?.to_owned());
        rest = tail;
    }
    Some(PageToken { key })
}

fn binding(list: &str, filter: &[u8]) -> [u8; BINDING] {
    let mut bound = [0; BINDING];
    bound.copy_from_slice(&digest(&[list.as_bytes(), &[0], filter])[..BINDING]);
    bound
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_for_its_own_list_and_filter_alone() {
        let token = PageToken::encode("tickets", b"open", &["2026-11-22T10:00:00Z", "0193", ""]);
        let read = PageToken::decode(&token, "tickets", b"open").unwrap().unwrap();
        assert_eq!(read.fields::<3>().unwrap(), ["2026-11-22T10:00:00Z", "0193", ""]);
        assert!(PageToken::decode(&token, "cases", b"open").is_err());
        assert!(PageToken::decode(&token, "tickets", b"closed").is_err());
        assert_eq!(PageToken::decode("", "tickets", b"open"), Ok(None));
    }

    #[test]
    fn a_token_that_was_touched_is_refused() {
        let token = PageToken::encode("tickets", b"", &["a"]);
        for position in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[position] = if touched[position] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(touched).unwrap();
            if touched != token {
                assert!(PageToken::decode(&touched, "tickets", b"").is_err(), "{position}");
            }
        }
        for bad in ["x", "AAAA", "not base64!", &token[..token.len() - 1]] {
            assert!(PageToken::decode(bad, "tickets", b"").is_err(), "{bad}");
        }
        assert!(PageToken::decode(&token, "tickets", b"").unwrap().unwrap().fields::<2>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_more_than_refused(text in ".{0,80}", bytes in proptest::collection::vec(0_u8.., 0..80)) {
            // Either refused or read; never a panic.
            let _ = PageToken::decode(&text, "tickets", b"");
            let _ = PageToken::decode(&URL_SAFE_NO_PAD.encode(bytes), "tickets", b"");
        }

        #[test]
        fn every_key_is_read_back(key in proptest::collection::vec(".{0,40}", 0..5), filter in ".{0,20}") {
            let fields: Vec<&str> = key.iter().map(String::as_str).collect();
            let token = PageToken::encode("tickets", filter.as_bytes(), &fields);
            proptest::prop_assert_eq!(PageToken::decode(&token, "tickets", filter.as_bytes()), Ok(Some(PageToken { key })));
        }
    }

    #[test]
    fn page_sizes_are_defaulted_cut_and_refused() {
        let mut violations = Violations::new();
        assert_eq!(page_size(&mut violations, 0), 25);
        assert_eq!(page_size(&mut violations, 7), 7);
        assert_eq!(page_size(&mut violations, 5000), 100);
        assert!(violations.is_empty());
        page_size(&mut violations, -1);
        assert_eq!(violations.as_slice()[0].field, "page_size");
    }
}

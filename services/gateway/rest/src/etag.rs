//! Entity tags of HTTP out of the `etag` that resources carry.
//!
//! A resource's own tag changes with what callers may change, while an answer also holds what others know of it. The tag
//! of an answer is therefore the resource's, a dot and a hash of the answer: `"7.00c3…"`. `If-Match` asks for the first
//! part, `If-None-Match` for all of it.

use std::hash::{DefaultHasher, Hasher as _};

/// Hex digits of the hash.
const DIGITS: usize = 16;

/// The entity tag of an answer whose resource has this `etag`; `None` when that is no strong tag.
pub(crate) fn of_answer(etag: &str, answer: &[u8]) -> Option<String> {
    let version = opaque(etag)?;
    // Of no weight but to tell two answers of one version apart.
    let mut hasher = DefaultHasher::new();
    hasher.write(answer);
    Some(format!("\"{version}.{:016x}\"", hasher.finish()))
}

/// The resource's `etag` of what `If-Match` holds: an answer's tag, or the resource's own.
pub(crate) fn version(tag: &str) -> Option<String> {
    let opaque = opaque(tag.trim())?;
    let hashed = |(_, hash): &(&str, &str)| hash.len() == DIGITS && hash.bytes().all(|b| b.is_ascii_hexdigit());
    let version = opaque.rsplit_once('.').filter(hashed).map_or(opaque, |(version, _)| version);
    Some(format!("\"{version}\""))
}

/// Whether `If-None-Match` names this tag; weakly, as RFC 9110 has it.
pub(crate) fn is_named(if_none_match: &str, tag: &str) -> bool {
    if_none_match
        .split(',')
        .map(str::trim)
        .any(|named| named == "*" || named.strip_prefix("W/").unwrap_or(named) == tag)
}

fn opaque(tag: &str) -> Option<&str> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    let plain = |byte: u8| byte == 0x21 || (0x23..=0x7e).contains(&byte);
    (!inner.is_empty() && inner.bytes().all(plain)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answers_tag_leads_back_to_the_version_of_its_resource() {
        let tag = of_answer("\"7\"", b"{}").unwrap();
        assert_eq!(version(&tag).as_deref(), Some("\"7\""));
        assert_eq!(version("\"7\"").as_deref(), Some("\"7\""));
        assert_ne!(of_answer("\"7\"", b"{ }").unwrap(), tag);
    }

    #[test]
    fn lists_weak_tags_and_bare_words_are_no_version() {
        for bad in ["", "7", "*", "W/\"7\"", "\"7\", \"8\"", "\"\""] {
            assert_eq!(version(bad), None, "{bad:?}");
        }
        assert_eq!(of_answer("7", b""), None);
    }

    #[test]
    fn a_tag_is_found_among_others() {
        for named in ["\"7.a\"", "\"1\", \"7.a\"", "W/\"7.a\"", "*"] {
            assert!(is_named(named, "\"7.a\""), "{named}");
        }
        assert!(!is_named("\"7\"", "\"7.a\""));
    }
}

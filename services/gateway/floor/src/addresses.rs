//! Names of resources as parts of addresses, and queries written back into addresses.

use axum::http::StatusCode;
use jiff::Timestamp;
use web::Trouble;

/// `customers/{id}` of a part of an address. Anything but an id is nobody's page: what was typed is told to no service.
pub(crate) fn named(collection: &str, id: &str) -> Result<String, Trouble> {
    let is_id = id.len() == 36 && id.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
    if is_id { Ok(format!("{collection}/{id}")) } else { Err(Trouble::new(StatusCode::NOT_FOUND)) }
}

/// The same of a slug.
pub(crate) fn slug(collection: &str, slug: &str) -> Result<String, Trouble> {
    let is_slug = (1..=63).contains(&slug.len())
        && slug.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-');
    if is_slug { Ok(format!("{collection}/{slug}")) } else { Err(Trouble::new(StatusCode::NOT_FOUND)) }
}

/// The last part of a name.
pub(crate) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// The first eight letters of an id, by which people tell one from another.
pub(crate) fn short(name: &str) -> String {
    last(name).chars().take(8).collect()
}

/// A query of an address, of what is not empty.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
                other => out.push_str(&format!("%{other:02X}")),
            }
        }
    }
    out
}

/// An instant of the contract.
pub(crate) fn stamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// A length of the contract, in seconds.
pub(crate) fn seconds(length: Option<&prost_types::Duration>) -> Option<f64> {
    length.map(|length| length.seconds as f64 + f64::from(length.nanos) / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_not_asked_for() {
        let id = "01a2025a-ea26-7b8c-bc6d-460a620808b0";
        assert_eq!(named("customers", id).unwrap(), format!("customers/{id}"));
        for other in ["", "-", "..", "+34600000000", "01a2025a-ea26-7b8c-bc6d-460a620808b0/x"] {
            assert!(named("customers", other).is_err(), "{other}");
        }
        assert!(slug("processes", "standard").is_ok());
        assert!(slug("processes", "../x").is_err());
    }

    #[test]
    fn a_query_is_written_so_that_it_reads_back() {
        assert_eq!(
            query(&[("zone", "Europe/Madrid"), ("policy", ""), ("by", "a&b=c")]),
            "?zone=Europe%2FMadrid&by=a%26b%3Dc"
        );
        assert_eq!(query(&[("a", "")]), "");
    }
}

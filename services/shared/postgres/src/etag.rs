//! Entity tags: the row version, quoted (RFC 9110 §8.8.3).

/// The tag of a row version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// A tag that this service did not give out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an etag as the service gave it, quotes included")]
pub struct EtagError;

/// The row version inside a tag.
///
/// # Errors
/// [`EtagError`] when it is not a tag of ours.
pub fn parse_etag(tag: &str) -> Result<i64, EtagError> {
    let digits = tag.strip_prefix('"').and_then(|t| t.strip_suffix('"')).ok_or(EtagError)?;
    match digits.parse() {
        Ok(version) if etag(version) == tag && version >= 0 => Ok(version),
        _ => Err(EtagError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_and_nothing_else_is() {
        assert_eq!(parse_etag(&etag(17)), Ok(17));
        for bad in ["", "17", "\"\"", "\"-1\"", "\"+1\"", "\"01\"", "\"x\"", "\""] {
            assert_eq!(parse_etag(bad), Err(EtagError), "{bad}");
        }
    }
}

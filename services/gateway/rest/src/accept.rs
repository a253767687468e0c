//! What media types a caller takes (RFC 9110 §12.5.1), as far as there is something to choose.

/// An `Accept` header, or the lack of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accept(Vec<Range>);

#[derive(Debug, Clone, PartialEq)]
struct Range {
    kind: String,
    subtype: String,
    refused: bool,
}

impl Accept {
    /// Reads the header; what is no media range is left out, and who says nothing takes everything.
    pub(crate) fn read(header: Option<&str>) -> Self {
        Self(header.unwrap_or("*/*").split(',').filter_map(range).collect())
    }

    /// Whether this type is taken, be it by a wildcard.
    pub(crate) fn takes(&self, media_type: &str) -> bool {
        let (kind, subtype) = essence(media_type);
        let weight = |range: &Range| match (range.kind.as_str(), range.subtype.as_str()) {
            ("*", "*") => Some(0),
            (own, "*") if own == kind => Some(1),
            (own, sub) if own == kind && sub == subtype => Some(2),
            _ => None,
        };
        // The most specific range decides.
        self.0
            .iter()
            .filter_map(|range| weight(range).map(|weight| (weight, !range.refused)))
            .max_by_key(|(weight, _)| *weight)
            .is_some_and(|(_, taken)| taken)
    }

    /// Whether this type is asked for by its own name.
    pub(crate) fn names(&self, media_type: &str) -> bool {
        let (kind, subtype) = essence(media_type);
        self.0.iter().any(|range| range.kind == kind && range.subtype == subtype && !range.refused)
    }
}

/// Type and subtype in lower case, without parameters.
pub(crate) fn essence(media_type: &str) -> (String, String) {
    let plain = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = plain.split_once('/').unwrap_or((&plain, ""));
    (kind.trim().to_owned(), subtype.trim().to_owned())
}

fn range(text: &str) -> Option<Range> {
    let (kind, subtype) = essence(text);
    let quality = text.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().ok())?
    });
    (!kind.is_empty() && !subtype.is_empty()).then(|| Range { kind, subtype, refused: quality == Some(0.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(header: &str, media_type: &str) -> bool {
        Accept::read(Some(header)).takes(media_type)
    }

    #[test]
    fn who_says_nothing_takes_everything() {
        assert!(Accept::read(None).takes("application/json"));
        assert!(takes("*/*", "application/json") && takes("application/*", "application/json"));
        assert!(!takes("", "application/json") && !takes("nonsense", "application/json"));
    }

    #[test]
    fn the_most_specific_range_decides() {
        assert!(!takes("text/html, application/xml", "application/json"));
        assert!(takes("text/html, Application/JSON;charset=utf-8;q=0.5", "application/json"));
        assert!(!takes("*/*, application/json;q=0", "application/json"));
        assert!(takes("*/*;q=0, application/json", "application/json"));
    }

    #[test]
    fn a_wildcard_names_nothing() {
        assert!(!Accept::read(Some("*/*")).names("application/pdf"));
        assert!(Accept::read(Some("application/pdf")).names("application/pdf; x=y"));
    }
}

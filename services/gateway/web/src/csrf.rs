//! The defence of routes that change something: a mark that only a page of ours can know, and where the browser says it comes from.

use std::fmt;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};

use crate::visit::Visit;
use crate::{Trouble, Web};

/// What a form shows again in its field `csrf`. Bound to the session, or to the visitor before there is one. As an extractor it
/// gives the one of this visit.
#[derive(Clone, PartialEq, Eq)]
pub struct Csrf(Arc<str>);

impl Csrf {
    pub(crate) fn of(web: &Web, bound_to: &str) -> Self {
        Self(web.sealer().mark(&text(bound_to)).into())
    }
}

impl fmt::Display for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Csrf {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        Ok(Visit::of(&parts.extensions)?.csrf())
    }
}

fn text(bound_to: &str) -> String {
    format!("csrf {bound_to}")
}

/// Whether a request that changes something may come from where it comes from, and shows the mark of this visit.
pub(crate) fn holds(web: &Web, headers: &HeaderMap, bound_to: &str, shown: &str) -> bool {
    comes_from_us(headers, web.origin()) && web.sealer().is_mark(&text(bound_to), shown)
}

/// Browsers say where a request was made: `Origin` with every POST, or `Sec-Fetch-Site`. A page that has no referrer given says
/// `null` as the origin of its own forms too (Fetch, "append a request Origin header"): then the other header tells, and without
/// it the request is nobody's. Who says neither is no browser, and has only the mark to show.
fn comes_from_us(headers: &HeaderMap, origin: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes() == b"same-origin");
    match (headers.get(header::ORIGIN), site) {
        (Some(said), Some(same)) if said.as_bytes() == b"null" => same,
        (Some(said), _) => said.as_bytes() == origin.as_bytes(),
        (None, Some(same)) => same,
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn a_request_of_another_site_is_not_ours() {
        let ours = "https://window.example";
        assert!(comes_from_us(&from("origin", ours), ours));
        assert!(comes_from_us(&from("sec-fetch-site", "same-origin"), ours));
        assert!(comes_from_us(&HeaderMap::new(), ours));
        for other in ["https://evil.example", "null", "http://window.example", "https://window.example.evil.example"] {
            assert!(!comes_from_us(&from("origin", other), ours), "{other}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(!comes_from_us(&from("sec-fetch-site", site), ours), "{site}");
        }
        // A browser that gives no referrer says `null` of our own forms too.
        let said = |origin: &str, site: &str| {
            let mut both = from("origin", origin);
            both.extend(from("sec-fetch-site", site));
            comes_from_us(&both, ours)
        };
        assert!(said("null", "same-origin"));
        assert!(!said("null", "cross-site"));
        assert!(!said("https://evil.example", "same-origin"));
    }
}

//! The two languages of the pages.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;

use crate::cookies::value_of;
use crate::visit::Visit;

/// Name of the cookie that keeps what the visitor chose. Not a secret, so it is not sealed.
pub(crate) const COOKIE: &str = "lang";

/// A language of the pages. As an extractor: what `?lang=` asks for, else what was chosen before, else what the browser prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Spanish.
    #[default]
    Es,
    /// English.
    En,
}

impl Lang {
    /// `es` or `en`, as in `<html lang>`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    /// The text of this language. Both stand side by side, so that none can be forgotten.
    pub const fn of<'a>(self, es: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Es => es,
            Self::En => en,
        }
    }

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Es => Self::En,
            Self::En => Self::Es,
        }
    }

    /// Its own name.
    pub const fn name(self) -> &'static str {
        self.of("Español", "English")
    }

    /// The language of this code, whatever its region.
    pub fn parse(code: &str) -> Option<Self> {
        match code.split('-').next()?.trim().to_ascii_lowercase().as_str() {
            "es" => Some(Self::Es),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// What this request asks for. Who names neither gets Spanish, the language of the law.
    pub(crate) fn negotiated(query: Option<&str>, headers: &HeaderMap) -> Self {
        asked(query)
            .or_else(|| value_of(headers, COOKIE).and_then(Self::parse))
            .or_else(|| preferred(headers))
            .unwrap_or_default()
    }
}

/// What `?lang=` says.
pub(crate) fn asked(query: Option<&str>) -> Option<Lang> {
    query?.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Lang::parse)
}

/// The best of `Accept-Language` that we have: highest weight first, the first named among equals.
fn preferred(headers: &HeaderMap) -> Option<Lang> {
    let value = headers.get(http::header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(Lang, f32)> = None;
    for range in value.split(',') {
        let mut parts = range.split(';');
        let Some(lang) = parts.next().and_then(Lang::parse) else { continue };
        let weight = parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
        if weight > best.map_or(0.0, |(_, most)| most) {
            best = Some((lang, weight));
        }
    }
    best.map(|(lang, _)| lang)
}

impl<S: Send + Sync> FromRequestParts<S> for Lang {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(match parts.extensions.get::<Visit>() {
            Some(visit) => visit.lang,
            None => Self::negotiated(parts.uri.query(), &parts.headers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(http::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn what_is_asked_comes_before_what_was_chosen_before_what_is_preferred() {
        let all = headers(&[(http::header::COOKIE, "a=b; lang=en"), (http::header::ACCEPT_LANGUAGE, "es")]);
        assert_eq!(Lang::negotiated(Some("x=1&lang=es"), &all), Lang::Es);
        assert_eq!(Lang::negotiated(Some("lang=fr"), &all), Lang::En);
        let only = headers(&[(http::header::ACCEPT_LANGUAGE, "fr, es;q=0.3, en-GB;q=0.8")]);
        assert_eq!(Lang::negotiated(None, &only), Lang::En);
        assert_eq!(Lang::negotiated(None, &HeaderMap::new()), Lang::Es);
    }
}

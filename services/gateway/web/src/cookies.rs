//! Cookies: sealed, `__Host-`, `HttpOnly`, `SameSite=Lax`. What is too long for one is cut into several.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::seal::Sealer;

/// Browsers keep 4096 bytes of name, value and attributes together.
const CHUNK: usize = 3_800;
/// Longest that is kept: a token of the house's longest, one to renew it, and what we add.
const CHUNKS: usize = 4;

/// Puts sealed cookies and takes them back. Cheap to clone.
#[derive(Clone)]
pub struct Cookies {
    sealer: Arc<Sealer>,
    secure: bool,
}

impl Cookies {
    pub(crate) fn new(sealer: Arc<Sealer>, secure: bool) -> Self {
        Self { sealer, secure }
    }

    /// The full name of a cookie: browsers take one with this prefix only over TLS, for the whole host and nobody else's.
    fn name(&self, name: &str, chunk: usize) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        match chunk {
            0 => format!("{prefix}ventanilla-{name}"),
            chunk => format!("{prefix}ventanilla-{name}-{chunk}"),
        }
    }

    /// The `Set-Cookie` headers that keep `plain` for so long. Nothing when it is too long to be kept.
    pub fn put(&self, name: &str, plain: &[u8], keep: Duration) -> Vec<HeaderValue> {
        let Some(sealed) = self.sealer.seal(name, plain) else { return Vec::new() };
        if sealed.len() > CHUNK * CHUNKS {
            tracing::warn!(cookie = name, bytes = sealed.len(), "what the browser should keep is too long");
            return Vec::new();
        }
        let parts = sealed.as_bytes().chunks(CHUNK).enumerate();
        let mut out: Vec<_> = parts
            .filter_map(|(at, part)| self.set(&self.name(name, at), std::str::from_utf8(part).ok()?, keep))
            .collect();
        // A shorter value must not be read with the end of a longer one.
        if out.len() < CHUNKS {
            out.extend(self.set(&self.name(name, out.len()), "", Duration::ZERO));
        }
        out
    }

    /// What the browser kept under this name; `None` when it is not what we put.
    pub fn take(&self, headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
        let mut sealed = String::new();
        for chunk in 0..CHUNKS {
            match value_of(headers, &self.name(name, chunk)) {
                Some(part) if !part.is_empty() => sealed.push_str(part),
                _ => break,
            }
        }
        self.sealer.open(name, &sealed)
    }

    /// The `Set-Cookie` headers that make the browser forget it.
    pub fn forget(&self, headers: &HeaderMap, name: &str) -> Vec<HeaderValue> {
        let kept = (0..CHUNKS).filter(|chunk| *chunk == 0 || value_of(headers, &self.name(name, *chunk)).is_some());
        kept.filter_map(|chunk| self.set(&self.name(name, chunk), "", Duration::ZERO)).collect()
    }

    /// Whether this line of an answer puts or forgets the cookie of this name.
    pub fn is_of(&self, line: &HeaderValue, name: &str) -> bool {
        line.to_str().is_ok_and(|line| line.split('=').next() == Some(&self.name(name, 0)))
    }

    /// A plain cookie that holds no secret.
    pub(crate) fn plain(&self, name: &str, value: &str) -> Option<HeaderValue> {
        self.set(name, value, Duration::from_secs(365 * 24 * 3600))
    }

    fn set(&self, name: &str, value: &str, keep: Duration) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let seconds = keep.as_secs();
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The value of the cookie with this full name.
pub(crate) fn value_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn cookies(secure: bool) -> Cookies {
        Cookies::new(Arc::new(Sealer::new(&[SecretString::from(hex::encode([9; 32]))]).unwrap()), secure)
    }

    /// The headers a browser sends back.
    fn browser(set: &[HeaderValue]) -> HeaderMap {
        let pairs: Vec<_> = set.iter().filter_map(|line| line.to_str().unwrap().split(';').next()).collect();
        HeaderMap::from_iter([(header::COOKIE, pairs.join("; ").parse().unwrap())])
    }

    #[test]
    fn a_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts() {
        let set = cookies(true).put("session", b"x", Duration::from_secs(60));
        let line = set[0].to_str().unwrap();
        assert!(line.starts_with("__Host-ventanilla-session="), "{line}");
        for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age=60"] {
            assert!(line.contains(attribute), "{line}");
        }
        assert!(!line.contains("Domain"));
    }

    #[test]
    fn what_is_too_long_for_one_cookie_comes_back_whole_from_several() {
        let (cookies, long) = (cookies(true), vec![7; 8_000]);
        let set = cookies.put("session", &long, Duration::from_secs(60));
        assert!(set.iter().all(|line| line.len() <= 4_096), "a browser keeps no longer one");
        assert_eq!(cookies.take(&browser(&set), "session").as_deref(), Some(&long[..]));
        assert!(cookies.put("session", &vec![7; 20_000], Duration::from_secs(60)).is_empty());
    }

    #[test]
    fn a_shorter_value_is_not_read_with_the_end_of_a_longer_one() {
        let cookies = cookies(false);
        let long = browser(&cookies.put("session", &vec![7; 8_000], Duration::from_secs(60)));
        let short = cookies.put("session", b"short", Duration::from_secs(60));
        // The browser overwrites by name and drops what was ended.
        let mut kept: std::collections::BTreeMap<String, String> = long[header::COOKIE]
            .to_str()
            .unwrap()
            .split("; ")
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        for line in &short {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            kept.insert(name.to_owned(), value.to_owned());
        }
        let line = kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let headers = HeaderMap::from_iter([(header::COOKIE, line.parse().unwrap())]);
        assert_eq!(cookies.take(&headers, "session").as_deref(), Some(&b"short"[..]));
    }
}

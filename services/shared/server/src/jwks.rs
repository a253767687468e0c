//! The keys that tokens are checked with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use kernel::Ambient;
use serde::Deserialize;

use crate::TokenError;

/// One Ed25519 public key.
pub struct VerifyingKey {
    kid: String,
    decoding: DecodingKey,
}

impl VerifyingKey {
    /// The key with these 32 bytes, named `kid`.
    pub fn ed25519(kid: impl Into<String>, public: &[u8]) -> Self {
        Self { kid: kid.into(), decoding: DecodingKey::from_ed_der(public) }
    }

    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// Where keys are found by their id; an identity provider's JWKS endpoint may stand behind it.
pub trait KeySource: Send + Sync + 'static {
    /// The key with this id, if it is known and trusted.
    fn key(&self, kid: &str) -> Option<Arc<VerifyingKey>>;
}

/// A fixed set of keys.
#[derive(Clone, Default)]
pub struct KeySet(HashMap<String, Arc<VerifyingKey>>);

impl KeySource for KeySet {
    fn key(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        self.0.get(kid).map(Arc::clone)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    x: String,
}

impl KeySet {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.kid.clone(), Arc::new(key))).collect())
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The Ed25519 keys of a JWK set (RFC 7517, RFC 8037); keys of other kinds are passed over,
    /// because no token is taken with them.
    ///
    /// # Errors
    /// [`TokenError::Claim`] when the text is no JWK set or holds no usable key.
    pub fn parse(jwks: &str) -> Result<Self, TokenError> {
        let document: Document = serde_json::from_str(jwks).map_err(|_| TokenError::Claim("key set"))?;
        let usable = document.keys.into_iter().filter(|k| k.kty == "OKP" && k.crv == "Ed25519" && !k.kid.is_empty());
        let mut keys = Vec::new();
        for jwk in usable {
            let public = URL_SAFE_NO_PAD.decode(&jwk.x).map_err(|_| TokenError::Claim("key set"))?;
            if public.len() != 32 {
                return Err(TokenError::Claim("key set"));
            }
            keys.push(VerifyingKey::ed25519(jwk.kid, &public));
        }
        if keys.is_empty() { Err(TokenError::Claim("key set")) } else { Ok(Self::new(keys)) }
    }

    /// The JWK set in this file.
    ///
    /// # Errors
    /// [`TokenError`] when the file cannot be read or is no JWK set.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| TokenError::File { path: path.to_owned(), source })?;
        Self::parse(&text)
    }
}

/// The keys of a file that somebody rotates: read again every minute, and sooner for a key that is
/// not in it yet. While the file cannot be read, the keys that were in it go on being trusted.
pub struct KeyFile {
    path: PathBuf,
    ambient: Ambient,
    read: Mutex<(KeySet, Timestamp)>,
}

impl KeyFile {
    const EVERY: i64 = 60;
    /// A stranger may name unknown keys as fast as he likes; the file is not read that fast.
    const AT_MOST_EVERY: i64 = 5;

    /// The keys of this file.
    ///
    /// # Errors
    /// [`TokenError`] when the file cannot be read now or is no JWK set.
    pub fn open(path: impl Into<PathBuf>, ambient: Ambient) -> Result<Self, TokenError> {
        let path = path.into();
        let keys = KeySet::read(&path)?;
        let now = ambient.now();
        Ok(Self { path, ambient, read: Mutex::new((keys, now)) })
    }
}

impl KeySource for KeyFile {
    fn key(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        let now = self.ambient.now();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let key = read.0.key(kid);
        let limit = if key.is_some() { Self::EVERY } else { Self::AT_MOST_EVERY };
        if now.as_second().abs_diff(read.1.as_second()) < limit.unsigned_abs() {
            return key;
        }
        // Also when it fails: the next attempt has its time too.
        read.1 = now;
        match KeySet::read(&self.path) {
            Ok(keys) => read.0 = keys,
            Err(error) => tracing::warn!(error = kernel::chain(&error), "the key set cannot be read again"),
        }
        read.0.key(kid)
    }
}

/// The JWK thumbprint of an Ed25519 key (RFC 7638): the same key has the same id everywhere.
pub(crate) fn thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref())
}

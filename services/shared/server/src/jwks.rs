//! The keys that tokens are checked with.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use kernel::Ambient;

use crate::TokenError;

mod key;

pub(crate) use key::thumbprint;
pub use key::{KeyAlgorithms, UnusableKey, VerifyingKey};

/// Most keys of one set; the rest is passed over.
const MOST_KEYS: usize = 64;

/// Where keys are found by their id.
#[tonic::async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// The key with this id, if it is known and trusted now.
    fn key(&self, kid: &str) -> Option<Arc<VerifyingKey>>;

    /// The same, after asking whoever publishes the keys for one that is not known yet. A source that has nobody to ask answers
    /// what it knows.
    ///
    /// # Errors
    /// [`KeysError`] when it cannot be known now whether there is such a key.
    async fn asked(&self, kid: &str) -> Result<Option<Arc<VerifyingKey>>, KeysError> {
        Ok(self.key(kid))
    }
}

/// Why it is not known whether there is a key of some id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Who publishes them cannot be asked.
    #[error("the issuer's keys cannot be asked for now")]
    OutOfReach,
    /// So many wait for the next time they are asked for that no more may.
    #[error("too many tokens with unknown keys wait for the issuer's keys")]
    Crowded,
}

/// A fixed set of keys.
#[derive(Clone, Default)]
pub struct KeySet(HashMap<String, Arc<VerifyingKey>>);

#[tonic::async_trait]
impl KeySource for KeySet {
    fn key(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        self.0.get(kid).map(Arc::clone)
    }
}

#[derive(serde::Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.kid().to_owned(), Arc::new(key))).collect())
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The keys of a JWK set (RFC 7517) that tokens may be checked with. Others are passed over: of kinds we do not take, too weak,
    /// made for something else, or without a name. Of two keys with one name neither is taken, since nobody could say which is meant.
    ///
    /// # Errors
    /// [`TokenError::Claim`] when the text is no JWK set or holds no usable key.
    pub fn parse(jwks: &str) -> Result<Self, TokenError> {
        let document: Document = serde_json::from_str(jwks).map_err(|_| TokenError::Claim("key set"))?;
        let (mut keys, mut doubled) = (HashMap::new(), HashSet::new());
        let usable = document.keys.into_iter().take(MOST_KEYS).filter_map(|jwk| VerifyingKey::of_jwk(jwk).ok());
        for key in usable {
            let kid = key.kid().to_owned();
            if keys.insert(kid.clone(), Arc::new(key)).is_some() {
                doubled.insert(kid);
            }
        }
        keys.retain(|kid, _| !doubled.contains(kid));
        if !doubled.is_empty() {
            tracing::warn!(names = doubled.len(), "keys of a key set share a name and are not taken");
        }
        if keys.is_empty() { Err(TokenError::Claim("key set")) } else { Ok(Self(keys)) }
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

#[tonic::async_trait]
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

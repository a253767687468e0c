//! Encrypting what the office deliberates: AES-256-GCM under the office's key, each text bound to its case
//! and revision, so that ciphertexts cannot be moved between rows. Every text names the key it was closed under,
//! so that the key can be changed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac;
use ombudsman_escalation_domain::code::Code;
use uuid::Uuid;

/// One of the office's keys, ready to use. Cheap to clone.
#[derive(Clone)]
pub struct Seal {
    id: KeyId,
    key: Arc<LessSafeKey>,
    codes: Arc<hmac::Key>,
}

/// What a key is called: made from it, and telling nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

/// A text that does not open under the office's key, or could not be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text cannot be read with the office's key")]
pub struct Unsealable;

/// Why a text is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// The office was not given the key.
    #[error("the text was closed under the key {0}, which the office was not given")]
    KeyMissing(KeyId),
    /// The key is there and does not open it.
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
}

/// A closed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The key it was closed under; `None` from before keys were named.
    pub key: Option<KeyId>,
    /// The nonce, never used twice.
    pub nonce: [u8; NONCE_LEN],
    /// Ciphertext and tag.
    pub ciphertext: Vec<u8>,
}

impl KeyId {
    /// The name of a key.
    fn of(key: &[u8; 32]) -> Self {
        let mut digest = Context::new(&SHA256);
        digest.update(b"ventanilla.office.key.v1");
        digest.update(key);
        Self(hex::encode(&digest.finish().as_ref()[..8]))
    }

    /// A name as it is stored.
    pub(crate) const fn stored(name: String) -> Self {
        Self(name)
    }

    /// What texts are under that were closed before keys were named.
    pub(crate) fn unnamed() -> Self {
        Self("unnamed".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Seal {
    /// The seal that this key makes.
    ///
    /// # Panics
    /// Never: every 32 bytes are a key of AES-256.
    pub fn new(key: &[u8; 32]) -> Self {
        let id = KeyId::of(key);
        // A key of its own: what makes codes closes no text.
        let made = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"ventanilla.office.claimant_code.key.v1");
        let codes = Arc::new(hmac::Key::new(hmac::HMAC_SHA256, made.as_ref()));
        let key = UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key of AES-256");
        Self { id, key: Arc::new(LessSafeKey::new(key)), codes }
    }

    /// The name of its key.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The code of a case for its claimant, by how many it was given before: made from the key, and kept nowhere.
    pub fn code(&self, case: Uuid, number: i32) -> Code {
        let mut context = hmac::Context::with_key(&self.codes);
        context.update(b"ventanilla.office.claimant_code.v1");
        context.update(&bound_to(case, number));
        let tag = context.sign();
        let mut bits = [0; 5];
        bits.copy_from_slice(&tag.as_ref()[..5]);
        Code::new(bits)
    }

    /// Closes a paper for this case and place in its dossier. The nonce must be fresh random bytes.
    ///
    /// # Panics
    /// Never: the cipher takes sixty-four gibibytes, and no request a thousandth of that.
    pub fn close_paper(&self, place: Place, nonce: [u8; NONCE_LEN], paper: &[u8]) -> Closed {
        let mut ciphertext = paper.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::from(&nonce), Aad::from(place.bound()), &mut ciphertext)
            .expect("a paper is shorter than the cipher allows");
        Closed { key: Some(self.id.clone()), nonce, ciphertext }
    }

    /// Opens a paper that was closed for this place.
    ///
    /// # Errors
    /// [`Unsealable`] when the key, the place or a byte is another.
    pub fn open_paper(&self, place: Place, closed: &Closed) -> Result<Vec<u8>, Unsealable> {
        let mut bytes = closed.ciphertext.clone();
        let paper = self
            .key
            .open_in_place(Nonce::from(&closed.nonce), Aad::from(place.bound()), &mut bytes)
            .map_err(|_| Unsealable)?;
        Ok(paper.to_vec())
    }

    /// Closes a text for this case and revision. The nonce must be fresh random bytes.
    ///
    /// # Errors
    /// [`Unsealable`] when the text is longer than the cipher allows.
    pub fn close(&self, case: Uuid, revision: i32, nonce: [u8; NONCE_LEN], text: &str) -> Result<Closed, Unsealable> {
        let mut ciphertext = text.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::from(&nonce), Aad::from(bound_to(case, revision)), &mut ciphertext)
            .map_err(|_| Unsealable)?;
        Ok(Closed { key: Some(self.id.clone()), nonce, ciphertext })
    }

    /// Opens a text that was closed for this case and revision.
    ///
    /// # Errors
    /// [`Unsealable`] when the key, the case, the revision or a byte is another.
    pub fn open(&self, case: Uuid, revision: i32, closed: Closed) -> Result<String, Unsealable> {
        let mut bytes = closed.ciphertext;
        let text = self
            .key
            .open_in_place(Nonce::from(&closed.nonce), Aad::from(bound_to(case, revision)), &mut bytes)
            .map_err(|_| Unsealable)?;
        String::from_utf8(text.to_vec()).map_err(|_| Unsealable)
    }
}

/// Where a paper stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The case.
    pub case: Uuid,
    /// Its sequence in the dossier.
    pub sequence: u64,
}

impl Place {
    /// What a paper is bound to: longer than what a draft is, so that neither opens as the other.
    fn bound(self) -> [u8; 24] {
        let mut aad = [0; 24];
        aad[..16].copy_from_slice(self.case.as_bytes());
        aad[16..].copy_from_slice(&self.sequence.to_be_bytes());
        aad
    }
}

fn bound_to(case: Uuid, revision: i32) -> [u8; 20] {
    let mut aad = [0; 20];
    aad[..16].copy_from_slice(case.as_bytes());
    aad[16..].copy_from_slice(&revision.to_be_bytes());
    aad
}

/// All the office's keys: the one in use, and former ones that texts may still be closed under. Cheap to clone.
#[derive(Clone)]
pub struct Keyring {
    in_use: Seal,
    all: Arc<BTreeMap<KeyId, Seal>>,
}

impl Keyring {
    /// The key that closes from now on, and those that only open.
    pub fn new(in_use: &[u8; 32], former: &[[u8; 32]]) -> Self {
        let in_use = Seal::new(in_use);
        let all = former.iter().map(Seal::new).chain([in_use.clone()]).map(|seal| (seal.id.clone(), seal)).collect();
        Self { in_use, all: Arc::new(all) }
    }

    /// The name of the key in use.
    pub const fn in_use(&self) -> &KeyId {
        self.in_use.id()
    }

    /// The names of the former keys.
    pub fn former(&self) -> Vec<KeyId> {
        self.all.keys().filter(|id| *id != self.in_use()).cloned().collect()
    }

    /// Whether the office was given this key.
    pub fn has(&self, id: &KeyId) -> bool {
        self.all.contains_key(id)
    }

    /// The code of a case for its claimant, under the key in use.
    pub fn code(&self, case: Uuid, number: i32) -> Code {
        self.in_use.code(case, number)
    }

    /// Whether this is the code of the case, under whichever key it was told.
    pub fn knows(&self, case: Uuid, number: i32, code: Code) -> bool {
        let is = |seal: &Seal| verify_slices_are_equal(seal.code(case, number).bits(), code.bits()).is_ok();
        // Every key is tried, so that the time tells nothing of which.
        self.all.values().fold(false, |known, seal| known | is(seal))
    }

    /// Closes a text under the key in use. The nonce must be fresh random bytes.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn close(&self, case: Uuid, revision: i32, nonce: [u8; NONCE_LEN], text: &str) -> Result<Closed, Unsealable> {
        self.in_use.close(case, revision, nonce, text)
    }

    /// Closes a paper under the key in use. The nonce must be fresh random bytes.
    pub fn close_paper(&self, place: Place, nonce: [u8; NONCE_LEN], paper: &[u8]) -> Closed {
        self.in_use.close_paper(place, nonce, paper)
    }

    /// Opens a paper under the key it names.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn open_paper(&self, place: Place, closed: &Closed) -> Result<Vec<u8>, Unopened> {
        let id = closed.key.clone().unwrap_or_else(KeyId::unnamed);
        let seal = self.all.get(&id).ok_or(Unopened::KeyMissing(id))?;
        Ok(seal.open_paper(place, closed)?)
    }

    /// Opens a text under the key it names; under whichever opens it, when it names none.
    ///
    /// # Errors
    /// [`Unopened`].
    pub fn open(&self, case: Uuid, revision: i32, closed: Closed) -> Result<String, Unopened> {
        match &closed.key {
            Some(id) => {
                let seal = self.all.get(id).ok_or_else(|| Unopened::KeyMissing(id.clone()))?;
                Ok(seal.open(case, revision, closed)?)
            }
            None => self
                .all
                .values()
                .find_map(|seal| seal.open(case, revision, closed.clone()).ok())
                .ok_or_else(|| Unopened::KeyMissing(KeyId::unnamed())),
        }
    }
}

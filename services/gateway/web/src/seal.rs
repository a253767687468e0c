//! Sealing of what a browser keeps for us: AES-256-GCM, bound to what it is kept as. The first key seals, every key opens, so
//! that a key is rotated by putting a new one in front and taking the old one away once no cookie can be under it any more.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::SettingsError;

const KEY_ID: usize = 4;

struct Key {
    id: [u8; KEY_ID],
    cipher: RandomizedNonceKey,
    /// For marks that a visitor has to show again; not the key that seals.
    marks: hmac::Key,
}

/// Seals and opens.
pub(crate) struct Sealer(Vec<Key>);

impl Sealer {
    /// With these keys, 32 bytes each in base64 or hex.
    pub(crate) fn new(keys: &[SecretString]) -> Result<Self, SettingsError> {
        if keys.is_empty() {
            return Err(SettingsError::NoKey);
        }
        keys.iter().map(key).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Closes `plain`, to be opened under the same name alone.
    pub(crate) fn seal(&self, name: &str, plain: &[u8]) -> Option<String> {
        let key = self.0.first()?;
        let mut sealed = plain.to_vec();
        let nonce = key.cipher.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut sealed).ok()?;
        let mut out = Vec::with_capacity(KEY_ID + NONCE_LEN + sealed.len());
        out.extend_from_slice(&key.id);
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&sealed);
        Some(URL_SAFE_NO_PAD.encode(out))
    }

    /// What was sealed under this name; `None` for everything that was not.
    pub(crate) fn open(&self, name: &str, text: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = bytes.split_at_checked(KEY_ID)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let key = self.0.iter().find(|key| key.id == id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = key.cipher.open_in_place(nonce, Aad::from(name.as_bytes()), &mut sealed).ok()?;
        Some(plain.to_vec())
    }

    /// A mark on `text` that nobody else can make.
    pub(crate) fn mark(&self, text: &str) -> String {
        self.0.first().map(|key| URL_SAFE_NO_PAD.encode(hmac::sign(&key.marks, text.as_bytes()))).unwrap_or_default()
    }

    /// Whether `mark` is ours on `text`, under any of the keys. Takes the same time whatever is wrong with it.
    pub(crate) fn is_mark(&self, text: &str, mark: &str) -> bool {
        let Ok(mark) = URL_SAFE_NO_PAD.decode(mark) else { return false };
        self.0.iter().any(|key| hmac::verify(&key.marks, text.as_bytes(), &mark).is_ok())
    }
}

fn key(text: &SecretString) -> Result<Key, SettingsError> {
    let text = text.expose_secret().trim();
    let bytes =
        hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok()).or_else(|| URL_SAFE_NO_PAD.decode(text).ok());
    let bytes = bytes.filter(|bytes| bytes.len() == 32).ok_or(SettingsError::Key)?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let mut id = [0; KEY_ID];
    id.copy_from_slice(&digest.as_ref()[..KEY_ID]);
    let root = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let marks = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"ventanilla marks").as_ref());
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, &bytes).map_err(|_| SettingsError::Key)?;
    Ok(Key { id, cipher, marks })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[u8]) -> Sealer {
        let keys: Vec<_> = keys.iter().map(|byte| SecretString::from(hex::encode([*byte; 32]))).collect();
        Sealer::new(&keys).unwrap()
    }

    #[test]
    fn what_one_key_sealed_opens_under_that_key_and_name_alone() {
        let sealed = sealer(&[1]).seal("session", b"secret").unwrap();
        assert_eq!(sealer(&[1]).open("session", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(sealer(&[1]).open("other", &sealed), None);
        assert_eq!(sealer(&[2]).open("session", &sealed), None);
    }

    #[test]
    fn an_old_key_opens_and_a_new_one_seals() {
        let old = sealer(&[1]).seal("session", b"secret").unwrap();
        let both = sealer(&[2, 1]);
        assert!(both.open("session", &old).is_some());
        assert!(both.is_mark("text", &sealer(&[1]).mark("text")));
        let new = both.seal("session", b"secret").unwrap();
        assert!(sealer(&[1]).open("session", &new).is_none());
        assert!(sealer(&[2]).open("session", &new).is_some());
    }

    #[test]
    fn no_key_and_half_a_key_are_refused() {
        assert!(matches!(Sealer::new(&[]), Err(SettingsError::NoKey)));
        assert!(matches!(Sealer::new(&[SecretString::from("abcd")]), Err(SettingsError::Key)));
    }

    proptest::proptest! {
        #[test]
        fn a_changed_bit_opens_nothing(position in 0_usize..60, bit in 0_u8..8) {
            let sealer = sealer(&[1]);
            let mut bytes = URL_SAFE_NO_PAD.decode(sealer.seal("session", &[7; 40]).unwrap()).unwrap();
            let position = position % bytes.len();
            bytes[position] ^= 1 << bit;
            proptest::prop_assert_eq!(sealer.open("session", &URL_SAFE_NO_PAD.encode(bytes)), None);
        }
    }
}

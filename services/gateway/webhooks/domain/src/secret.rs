//! Secrets, and signing by Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over id, time and body.
//!
//! A secret is kept nowhere. It is made of the house's own key and of a salt that the database keeps, whenever it is needed,
//! so that a copy of the database signs nothing.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use kernel::ResourceId as _;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::SubscriptionId;

/// What is random about one secret.
pub type Salt = [u8; 32];

/// The house's key, which secrets are made of.
#[derive(Clone)]
pub struct HouseKey {
    key: Key,
    id: String,
}

impl HouseKey {
    /// With these bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        let id = digest(&SHA256, bytes).as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { key: Key::new(HMAC_SHA256, bytes), id }
    }

    /// Tells it from others; nothing follows from it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret of this number of a subscription.
    pub fn secret(&self, subscription: SubscriptionId, number: i32, salt: &Salt) -> Secret {
        let mut of = b"ventanilla webhook secret\0".to_vec();
        of.extend_from_slice(subscription.uuid().as_bytes());
        of.extend_from_slice(&number.to_be_bytes());
        of.extend_from_slice(salt);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(sign(&self.key, &of).as_ref());
        Secret(bytes)
    }
}

/// What an endpoint tells our events from others' by.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// As the receiver's library takes it.
    pub fn told(&self) -> SecretString {
        SecretString::from(format!("whsec_{}", STANDARD.encode(self.0)))
    }

    /// The same as a text; for an answer to whoever may know it.
    pub fn text(&self) -> String {
        self.told().expose_secret().to_owned()
    }

    /// One signature.
    fn sign(&self, id: Uuid, at: Timestamp, body: &[u8]) -> String {
        let mut signed = format!("{}.{}.", id.as_hyphenated(), at.as_second()).into_bytes();
        signed.extend_from_slice(body);
        format!("v1,{}", STANDARD.encode(sign(&Key::new(HMAC_SHA256, &self.0), &signed)))
    }
}

/// The value of `webhook-signature`: one signature by each secret that holds, the newest first.
pub fn signatures(secrets: &[Secret], id: Uuid, at: Timestamp, body: &[u8]) -> String {
    secrets.iter().map(|secret| secret.sign(id, at, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_an_independent_calculation() {
        // python3: hmac.new(bytes(range(32)), b"00000000-0000-0000-0000-00000000002a.1700000000.{}", "sha256")
        let secret = Secret(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(
            signatures(&[secret], Uuid::from_u128(42), at, b"{}"),
            include_str!("../tests/signature.txt").trim()
        );
    }

    #[test]
    fn secrets_differ_by_key_subscription_number_and_salt() {
        let key = |seed| HouseKey::new(&[seed; 32]);
        let of = |n| SubscriptionId::from_uuid(Uuid::from_u128(n));
        let all = [
            key(1).secret(of(1), 1, &[0; 32]),
            key(2).secret(of(1), 1, &[0; 32]),
            key(1).secret(of(2), 1, &[0; 32]),
            key(1).secret(of(1), 2, &[0; 32]),
            key(1).secret(of(1), 1, &[1; 32]),
        ];
        let different: std::collections::BTreeSet<String> = all.iter().map(Secret::text).collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(key(1).secret(of(1), 1, &[0; 32]).text(), all[0].text());
        assert!(all[0].text().starts_with("whsec_"));
        assert_ne!(key(1).id(), key(2).id());
    }
}

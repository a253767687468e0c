//! One public key, and what may be checked with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Bits of an RSA modulus that is taken: below, it can be factored; above, each check costs too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The algorithms that a key checks. They follow from what the key is, and never from what a token claims.
pub type KeyAlgorithms = &'static [Algorithm];

/// One public key.
pub struct VerifyingKey {
    kid: String,
    decoding: DecodingKey,
    algorithms: KeyAlgorithms,
}

/// Why a key of a set is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key's {0} cannot be used")]
pub struct UnusableKey(&'static str);

/// A JWK (RFC 7517), as far as it is looked at.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    kid: String,
    #[serde(default, rename = "use")]
    usage: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl VerifyingKey {
    /// The Ed25519 key with these 32 bytes, named `kid`.
    pub fn ed25519(kid: impl Into<String>, public: &[u8]) -> Self {
        Self { kid: kid.into(), decoding: DecodingKey::from_ed_der(public), algorithms: &[Algorithm::EdDSA] }
    }

    /// The key of a JWK: RSA, P-256 or Ed25519, for signatures and with a name.
    ///
    /// # Errors
    /// [`UnusableKey`] says which part is why not.
    pub fn of_jwk(jwk: serde_json::Value) -> Result<Self, UnusableKey> {
        let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| UnusableKey("form"))?;
        if jwk.kid.is_empty() {
            return Err(UnusableKey("kid"));
        }
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(UnusableKey("use"));
        }
        if jwk.key_ops.as_ref().is_some_and(|all| !all.iter().any(|op| op == "verify")) {
            return Err(UnusableKey("key_ops"));
        }
        let (decoding, of_kind) = material(&jwk)?;
        let algorithms = match jwk.alg.as_deref() {
            None => of_kind,
            Some(named) => narrowed(of_kind, named).ok_or(UnusableKey("alg"))?,
        };
        Ok(Self { kid: jwk.kid, decoding, algorithms })
    }

    /// Its name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What a token that it signed may be signed by.
    pub fn algorithms(&self) -> KeyAlgorithms {
        self.algorithms
    }

    pub(crate) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// The key itself, and what its kind allows.
fn material(jwk: &Jwk) -> Result<(DecodingKey, KeyAlgorithms), UnusableKey> {
    match (jwk.kty.as_str(), jwk.crv.as_str()) {
        ("RSA", _) => {
            let (n, e) = (bytes(&jwk.n, "n")?, bytes(&jwk.e, "e")?);
            let n = without_zeros(&n);
            let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
            if !RSA_BITS.contains(&bits) {
                return Err(UnusableKey("n"));
            }
            let e = without_zeros(&e);
            // One, or an even number, would make signatures of nothing.
            if e.is_empty() || e.len() > 4 || e == [1] || e.last().is_none_or(|byte| byte % 2 == 0) {
                return Err(UnusableKey("e"));
            }
            Ok((DecodingKey::from_rsa_raw_components(n, e), &[Algorithm::RS256, Algorithm::PS256]))
        }
        ("EC", "P-256") => {
            if bytes(&jwk.x, "x")?.len() != 32 || bytes(&jwk.y, "y")?.len() != 32 {
                return Err(UnusableKey("point"));
            }
            let key = DecodingKey::from_ec_components(&jwk.x, &jwk.y).map_err(|_| UnusableKey("point"))?;
            Ok((key, &[Algorithm::ES256]))
        }
        ("OKP", "Ed25519") => {
            let public = bytes(&jwk.x, "x")?;
            if public.len() != 32 {
                return Err(UnusableKey("x"));
            }
            Ok((DecodingKey::from_ed_der(&public), &[Algorithm::EdDSA]))
        }
        _ => Err(UnusableKey("kty")),
    }
}

/// The one of these algorithms that a key says it is for.
fn narrowed(of_kind: KeyAlgorithms, named: &str) -> Option<KeyAlgorithms> {
    let wanted = match named {
        "RS256" => Algorithm::RS256,
        "PS256" => Algorithm::PS256,
        "ES256" => Algorithm::ES256,
        // RFC 9864 names the curve.
        "EdDSA" | "Ed25519" => Algorithm::EdDSA,
        _ => return None,
    };
    let place = of_kind.iter().position(|algorithm| *algorithm == wanted)?;
    Some(&of_kind[place..=place])
}

fn bytes(text: &str, what: &'static str) -> Result<Vec<u8>, UnusableKey> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| UnusableKey(what))
}

/// A number without zeros before it, as some providers write them.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// The JWK thumbprint of an Ed25519 key (RFC 7638): the same key has the same id everywhere.
pub(crate) fn thumbprint(public: &[u8]) -> String {
    let x = URL_SAFE_NO_PAD.encode(public);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rsa(bytes: usize, first: u8) -> Value {
        let mut n = vec![0xa5; bytes];
        n[0] = first;
        json!({ "kty": "RSA", "kid": "r", "n": URL_SAFE_NO_PAD.encode(n), "e": "AQAB" })
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    #[test]
    fn what_a_key_checks_follows_from_its_kind_and_its_own_word() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "e", "x": x });
        let ec = json!({ "kty": "EC", "crv": "P-256", "kid": "p", "x": x, "y": x });
        let checks = |jwk: Value| VerifyingKey::of_jwk(jwk).unwrap().algorithms();
        assert_eq!(checks(rsa(256, 0x80)), [Algorithm::RS256, Algorithm::PS256]);
        assert_eq!(checks(with(rsa(256, 0x80), "alg", json!("PS256"))), [Algorithm::PS256]);
        assert_eq!(checks(ec.clone()), [Algorithm::ES256]);
        assert_eq!(checks(with(ed.clone(), "use", json!("sig"))), [Algorithm::EdDSA]);
        for (wrong, part) in [
            (with(ed.clone(), "alg", json!("HS256")), "alg"),
            (with(ed.clone(), "alg", json!("ES256")), "alg"),
            (with(rsa(256, 0x80), "alg", json!("none")), "alg"),
            (with(ed.clone(), "use", json!("enc")), "use"),
            (with(ed.clone(), "key_ops", json!(["sign"])), "key_ops"),
            (with(ed.clone(), "kid", json!("")), "kid"),
            (with(ed.clone(), "crv", json!("X25519")), "kty"),
            (with(ec.clone(), "crv", json!("P-521")), "kty"),
            (with(ec, "y", json!("AA")), "point"),
            (json!({ "kty": "oct", "kid": "s", "k": "AAAA" }), "kty"),
            (json!("no key"), "form"),
        ] {
            assert_eq!(VerifyingKey::of_jwk(wrong.clone()).err(), Some(UnusableKey(part)), "{wrong}");
        }
    }

    #[test]
    fn a_modulus_that_is_too_small_or_too_large_is_no_key() {
        for (bytes, first, taken) in [
            (128, 0xff, false),
            (256, 0x7f, false),
            (256, 0x80, true),
            (257, 0, true),
            (1_024, 0x80, true),
            (1_025, 1, false),
        ] {
            assert_eq!(VerifyingKey::of_jwk(rsa(bytes, first)).is_ok(), taken, "{bytes} {first}");
        }
        for e in ["", "AQ", "Ag", "AAE", "____________"] {
            let jwk = with(rsa(256, 0x80), "e", json!(e));
            assert_eq!(VerifyingKey::of_jwk(jwk).err(), Some(UnusableKey("e")), "{e}");
        }
    }

    #[test]
    fn of_two_keys_with_one_name_neither_is_taken() {
        use crate::{KeySet, KeySource as _};
        let key = |kid: &str, byte: u8| json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": URL_SAFE_NO_PAD.encode([byte; 32]) });
        let set = json!({ "keys": [key("a", 1), key("b", 2), key("a", 3), rsa(256, 0x80)] }).to_string();
        let set = KeySet::parse(&set).unwrap();
        assert!(set.key("a").is_none());
        assert!(set.key("b").is_some() && set.key("r").is_some());
        assert!(KeySet::parse(&json!({ "keys": [key("a", 1), key("a", 3)] }).to_string()).is_err());
    }
}

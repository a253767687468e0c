//! Whether an ID token holds (OpenID Connect Core 3.1.3.7).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::{OidcError, same};

/// How far two clocks may be apart, in seconds.
const LEEWAY: i64 = 60;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    iat: i64,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What an ID token is held against.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    /// Of the sign-in that was begun; `None` when a session is renewed, where providers leave it out.
    pub(super) nonce: Option<&'a str>,
    pub(super) now: i64,
}

/// The id of the key a token names; empty for none.
pub(super) fn key_id(token: &str) -> Result<String, OidcError> {
    Ok(jsonwebtoken::decode_header(token)?.kid.unwrap_or_default())
}

/// The subject of a token that holds.
pub(super) fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<String, OidcError> {
    let header = jsonwebtoken::decode_header(token)?;
    let kid = header.kid.unwrap_or_default();
    // A provider with one key need not name it.
    let key = match keys.keys.as_slice() {
        [only] if kid.is_empty() => only,
        keys => keys
            .iter()
            .find(|key| key.common.key_id.as_deref() == Some(kid.as_str()))
            .ok_or(OidcError::IdToken("its key is not known"))?,
    };
    // The algorithm follows from the key and never from what the token claims; no shared secret is among them.
    let allowed = algorithms(key).ok_or(OidcError::IdToken("its key is of no kind that is taken"))?;
    if !allowed.contains(&header.alg) {
        return Err(OidcError::IdToken("its algorithm is not its key's"));
    }
    let mut checks = Validation::new(header.alg);
    checks.set_issuer(&[expected.issuer]);
    checks.set_audience(&[expected.client]);
    checks.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The library would ask the machine's clock; time is ours to give.
    checks.validate_exp = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &checks)?.claims;
    if claims.exp + LEEWAY <= expected.now {
        return Err(OidcError::IdToken("it is over"));
    }
    if claims.iat - LEEWAY > expected.now {
        return Err(OidcError::IdToken("it is of the future"));
    }
    let several = matches!(&claims.aud, Audience::Several(all) if all.len() > 1);
    let party = claims.azp.as_deref();
    if party.is_some_and(|azp| azp != expected.client) || (several && party.is_none()) {
        return Err(OidcError::IdToken("it is for another client"));
    }
    if let Audience::One(one) = &claims.aud
        && one != expected.client
    {
        return Err(OidcError::IdToken("it is for another client"));
    }
    let nonce_holds = match (expected.nonce, claims.nonce.as_deref()) {
        (Some(ours), Some(theirs)) => same(ours, theirs),
        (Some(_), None) => false,
        (None, _) => true,
    };
    if !nonce_holds {
        return Err(OidcError::IdToken("it was made for another sign-in"));
    }
    if claims.sub.is_empty() {
        return Err(OidcError::IdToken("it names nobody"));
    }
    Ok(claims.sub)
}

fn algorithms(key: &Jwk) -> Option<&'static [Algorithm]> {
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => Some(&[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ]),
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Some(&[Algorithm::ES256]),
            EllipticCurve::P384 => Some(&[Algorithm::ES384]),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Some(&[Algorithm::EdDSA]),
        _ => None,
    }
}

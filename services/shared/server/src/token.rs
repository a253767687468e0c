//! Tokens: JWTs of the issuers that the settings name.
//!
//! The enterprise's identity providers issue them in production; the suite issues its own (with
//! Ed25519), and the services theirs to each other. Each issuer has keys, an audience and words of
//! its own (`claims.rs`); a token is held against those of the issuer it names and no other's. The
//! algorithm is that of the key, never what the token claims, and of its header nothing but the
//! key's name is believed: no address and no key that it brings along.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use kernel::{Ambient, Department, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::{ClaimRules, refuse_mixed};
use crate::jwks::{self, KeySet, KeySource, KeysError, VerifyingKey};
use crate::known::{self, Held, Known};
use crate::{Principal, Refusal};

/// How far two clocks may be apart, in seconds.
const LEEWAY: i64 = 30;
/// Longest token that is looked at.
const MAX_TOKEN: usize = 4096;

/// Why a token was not made or not taken. The caller of an RPC learns only that it is invalid.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No JWT, or the signature, issuer or audience does not hold.
    #[error("the token does not hold")]
    Jwt(#[from] jsonwebtoken::errors::Error),
    /// It is of nobody whose tokens are taken.
    #[error("the token's issuer is not known")]
    UnknownIssuer,
    /// The key it names is not known to be its issuer's.
    #[error("the token names no key of its issuer that is known")]
    UnknownKey,
    /// It claims an algorithm that its key is not for.
    #[error("the token's algorithm is not its key's")]
    Algorithm,
    /// It is another kind of token, or asks for something that is not understood.
    #[error("the token's header cannot be taken")]
    Header,
    /// It is not known now whether its key is its issuer's.
    #[error("the token cannot be judged now")]
    Keys(#[from] KeysError),
    /// Its issuer gives a role that is not its to give.
    #[error("the token gives a role that its issuer may not give")]
    NotItsToGive,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It was issued in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The claims cannot be a principal.
    #[error("the token's {0} cannot be used")]
    Claim(&'static str),
    /// A principal of the firm must not be one of the office.
    #[error("the token mixes roles of the office with roles of the firm")]
    MixedRoles,
    /// The signing key cannot be used.
    #[error("the signing key is no Ed25519 key in PKCS#8")]
    Key,
    /// A file of keys or tokens cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What our own tokens say.
#[derive(Debug, Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    exp: i64,
    iat: i64,
    roles: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
}

/// Issues tokens with one Ed25519 key.
pub struct TokenIssuer {
    signer: EncodingKey,
    kid: String,
    public: Vec<u8>,
    issuer: String,
    audience: String,
}

impl TokenIssuer {
    /// An issuer that signs with this private key.
    ///
    /// # Errors
    /// [`TokenError::Key`] when the key cannot be used.
    pub fn new(
        key: &Ed25519KeyPair,
        issuer: impl Into<String>,
        audience: impl Into<String>,
    ) -> Result<Self, TokenError> {
        let pkcs8 = key.to_pkcs8v1().map_err(|_| TokenError::Key)?;
        let public = key.public_key().as_ref().to_vec();
        Ok(Self {
            signer: EncodingKey::from_ed_der(pkcs8.as_ref()),
            kid: jwks::thumbprint(&public),
            public,
            issuer: issuer.into(),
            audience: audience.into(),
        })
    }

    /// A token for `subject` with these roles, valid for `ttl` from `now`.
    ///
    /// # Errors
    /// [`TokenError::MixedRoles`], or [`TokenError::Jwt`] when the key does not sign.
    pub fn issue(
        &self,
        subject: &str,
        roles: &[Role],
        department: Option<&Department>,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<String, TokenError> {
        refuse_mixed(&roles.iter().copied().collect())?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        let lifetime = i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            exp: now.as_second().saturating_add(lifetime),
            iat: now.as_second(),
            roles: roles.iter().map(|role| role.as_str()).collect(),
            department: department.map(Department::as_str),
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.signer)?)
    }

    /// The public key of this issuer.
    pub fn keys(&self) -> KeySet {
        KeySet::new([VerifyingKey::ed25519(self.kid.clone(), &self.public)])
    }

    /// The public key as a JWK set (RFC 7517), to be given to who verifies.
    pub fn jwks(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(&self.public);
        let key =
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x});
        serde_json::json!({ "keys": [key] }).to_string()
    }

    /// A verifier that takes the tokens of this issuer.
    pub fn verifier(&self, ambient: Ambient) -> TokenVerifier {
        TokenVerifier::new(Arc::new(self.keys()), &self.issuer, &self.audience, ambient)
    }
}

/// One issuer whose tokens are taken.
pub(crate) struct Trusted {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) keys: Arc<dyn KeySource>,
    pub(crate) rules: ClaimRules,
}

/// Whose token it is, as its issuer says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Who issued it.
    pub issuer: String,
    /// `sub`, as every token of that issuer names the person.
    pub subject: String,
}

/// Tells whose token it is, or that it does not hold.
pub struct TokenVerifier {
    issuers: HashMap<String, Trusted>,
    ambient: Ambient,
    known: Known,
}

/// A token that was looked at and not yet held against a key.
struct Seen<'a> {
    trusted: &'a Trusted,
    algorithm: Algorithm,
    kid: String,
}

impl TokenVerifier {
    /// Takes tokens of `issuer` for `audience` that one of the keys signed, with our own words for every role.
    pub fn new(keys: Arc<dyn KeySource>, issuer: &str, audience: &str, ambient: Ambient) -> Self {
        let rules = ClaimRules::of_the_house();
        Self::of([Trusted { issuer: issuer.to_owned(), audience: audience.to_owned(), keys, rules }], ambient)
    }

    /// Takes the tokens of these issuers.
    pub(crate) fn of(issuers: impl IntoIterator<Item = Trusted>, ambient: Ambient) -> Self {
        let issuers = issuers.into_iter().map(|trusted| (trusted.issuer.clone(), trusted)).collect();
        Self { issuers, ambient, known: Known::default() }
    }

    /// Who the token names, by the keys that are known.
    ///
    /// # Errors
    /// [`TokenError`], of which the caller of an RPC must learn nothing but that it failed.
    pub fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        self.held(token).map(|(held, _)| held.principal.clone())
    }

    /// Who the token names; its issuer is asked for a key that is not known yet.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub async fn verify_asking(&self, token: &str) -> Result<Principal, TokenError> {
        match self.verify(token) {
            Err(TokenError::UnknownKey) => {
                self.ask_for_key_of(token).await?;
                self.verify(token)
            }
            judged => judged,
        }
    }

    /// Where the token is from, if it holds: to know it for the same person's as another token of that issuer.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn origin(&self, token: &str) -> Result<Origin, TokenError> {
        self.held(token).map(|(held, _)| held.origin.clone())
    }

    /// Asks the issuer for the token's key, so that it is known afterwards if there is one.
    async fn ask_for_key_of(&self, token: &str) -> Result<(), TokenError> {
        let seen = self.look_at(token)?;
        seen.trusted.keys.asked(&seen.kid).await?;
        Ok(())
    }

    /// What the token says, and for how long it does so.
    fn held(&self, token: &str) -> Result<(Arc<Held>, Duration), TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Claim("length"));
        }
        let now = self.ambient.now();
        let name = known::name(token);
        let held = match self.known.get(&name, now) {
            Some(held) => held,
            None => {
                let held = Arc::new(self.check(token)?);
                self.known.put(name, Arc::clone(&held), now);
                held
            }
        };
        let left = held.expires.saturating_add(LEEWAY).saturating_sub(now.as_second());
        let left = u64::try_from(left).ok().filter(|left| *left > 0).ok_or(TokenError::Expired)?;
        if held.begins.saturating_sub(LEEWAY) > now.as_second() {
            return Err(TokenError::NotYetValid);
        }
        Ok((held, Duration::from_secs(left)))
    }

    /// Whose it claims to be and by which key, before anything of it is believed.
    fn look_at(&self, token: &str) -> Result<Seen<'_>, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Claim("length"));
        }
        let header = jsonwebtoken::decode_header(token)?;
        let kind = header.typ.as_deref().map(|typ| typ.trim_start_matches("application/"));
        let is_access = kind.is_none_or(|kind| ["jwt", "at+jwt"].iter().any(|known| kind.eq_ignore_ascii_case(known)));
        if !is_access || header.crit.is_some() {
            return Err(TokenError::Header);
        }
        let named: Named = jsonwebtoken::dangerous::insecure_decode_claims(token)?;
        let trusted = self.issuers.get(&named.iss).ok_or(TokenError::UnknownIssuer)?;
        let kid = header.kid.ok_or(TokenError::UnknownKey)?;
        Ok(Seen { trusted, algorithm: header.alg, kid })
    }

    /// What the token says, if everything but its times holds.
    fn check(&self, token: &str) -> Result<Held, TokenError> {
        let seen = self.look_at(token)?;
        let key = seen.trusted.keys.key(&seen.kid).ok_or(TokenError::UnknownKey)?;
        if !key.algorithms().contains(&seen.algorithm) {
            return Err(TokenError::Algorithm);
        }
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, key.decoding(), &checks(&seen))?.claims;
        let time = |name| claims.get(name).map(|value| seconds(value).ok_or(TokenError::Claim("times"))).transpose();
        let issued = time("iat")?.ok_or(TokenError::Claim("iat"))?;
        let expires = time("exp")?.ok_or(TokenError::Claim("exp"))?;
        let begins = issued.max(time("nbf")?.unwrap_or(issued));
        let subject = claims.get("sub").and_then(Value::as_str).ok_or(TokenError::Claim("sub"))?.to_owned();
        let principal = seen.trusted.rules.principal(&claims)?;
        Ok(Held { principal, origin: Origin { issuer: seen.trusted.issuer.clone(), subject }, begins, expires })
    }

    /// The same as [`ask_for_key_of`](Self::ask_for_key_of), for a layer that only needs to refuse.
    pub(crate) async fn ask(&self, token: &str) -> Result<(), Refusal> {
        self.ask_for_key_of(token).await.map_err(|error| refused(&error))
    }

    /// Who the token names and for how long, for a layer that only needs to refuse.
    pub(crate) fn judge(&self, token: &str) -> Result<(Principal, Duration), Doubt> {
        match self.held(token) {
            Ok((held, left)) => Ok((held.principal.clone(), left)),
            Err(TokenError::UnknownKey) => Err(Doubt::KeyUnknown),
            Err(error) => Err(Doubt::Refused(refused(&error))),
        }
    }
}

/// Why a layer does not let a token pass.
pub(crate) enum Doubt {
    /// It names a key of its issuer that is not known, which asking may mend.
    KeyUnknown,
    /// It does not hold.
    Refused(Refusal),
}

/// The issuer, which nobody signed for yet.
#[derive(Deserialize)]
struct Named {
    iss: String,
}

fn refused(error: &TokenError) -> Refusal {
    tracing::debug!(error = kernel::chain(error), "token refused");
    match error {
        TokenError::Keys(KeysError::OutOfReach) => Refusal::KeysOutOfReach,
        TokenError::Keys(KeysError::Crowded) => Refusal::Overloaded { retry_after: Duration::from_secs(3) },
        _ => Refusal::TokenInvalid,
    }
}

fn checks(seen: &Seen<'_>) -> Validation {
    let mut checks = Validation::new(seen.algorithm);
    checks.set_issuer(&[&seen.trusted.issuer]);
    checks.set_audience(&[&seen.trusted.audience]);
    checks.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The library would ask the machine's clock; time is ours to give.
    checks.validate_exp = false;
    checks
}

/// RFC 7519 allows fractions.
fn seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a float saturates, and a time so far away is refused or over")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

//! Tokens: JWTs signed with Ed25519.
//!
//! The enterprise's identity provider issues them in production; the suite issues its own, and the
//! services theirs to each other. The algorithm is that of the key, never what the token claims.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use kernel::{Actor, Ambient, Department, Role};
use serde::{Deserialize, Serialize};

use crate::jwks::{self, KeySet, KeySource, VerifyingKey};
use crate::known::{self, Held, Known};
use crate::principal::kind_of;
use crate::{Principal, Refusal};

/// How far two clocks may be apart, in seconds.
const LEEWAY: i64 = 30;
/// Longest `sub` that is taken.
const MAX_SUBJECT: usize = 128;
/// Longest token that is looked at.
const MAX_TOKEN: usize = 4096;

/// Why a token was not made or not taken. The caller of an RPC learns only that it is invalid.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// No JWT, or the signature, issuer or audience does not hold.
    #[error("the token does not hold")]
    Jwt(#[from] jsonwebtoken::errors::Error),
    /// The key it names is not known.
    #[error("the token names no key that is known")]
    UnknownKey,
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

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    iat: i64,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<String>,
}

/// RFC 7519 allows one audience or several.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
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
            iss: self.issuer.clone(),
            aud: Audience::One(self.audience.clone()),
            sub: subject.to_owned(),
            exp: now.as_second().saturating_add(lifetime),
            iat: now.as_second(),
            roles: roles.iter().map(|role| role.as_str().to_owned()).collect(),
            department: department.map(|d| d.as_str().to_owned()),
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

/// Tells whose token it is, or that it does not hold.
pub struct TokenVerifier {
    keys: Arc<dyn KeySource>,
    checks: Validation,
    ambient: Ambient,
    known: Known,
}

impl TokenVerifier {
    /// Takes tokens of `issuer` for `audience` that one of the keys signed.
    pub fn new(keys: Arc<dyn KeySource>, issuer: &str, audience: &str, ambient: Ambient) -> Self {
        let mut checks = Validation::new(Algorithm::EdDSA);
        checks.set_issuer(&[issuer]);
        checks.set_audience(&[audience]);
        checks.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the machine's clock; time is ours to give.
        checks.validate_exp = false;
        Self { keys, checks, ambient, known: Known::default() }
    }

    /// Who the token names.
    ///
    /// # Errors
    /// [`TokenError`], of which the caller of an RPC must learn nothing but that it failed.
    pub fn verify(&self, token: &str) -> Result<Principal, TokenError> {
        self.held(token).map(|(principal, _)| principal)
    }

    /// Who the token names, and for how long it does so.
    fn held(&self, token: &str) -> Result<(Principal, Duration), TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Claim("length"));
        }
        let now = self.ambient.now();
        let name = known::name(token);
        let held = match self.known.get(&name, now) {
            Some(held) => held,
            None => {
                let held = self.check(token)?;
                self.known.put(name, held.clone(), now);
                held
            }
        };
        let left = held.expires.saturating_add(LEEWAY).saturating_sub(now.as_second());
        let left = u64::try_from(left).ok().filter(|left| *left > 0).ok_or(TokenError::Expired)?;
        if held.issued.saturating_sub(LEEWAY) > now.as_second() {
            return Err(TokenError::NotYetValid);
        }
        Ok((held.principal, Duration::from_secs(left)))
    }

    /// What the token says, if everything but its times holds.
    fn check(&self, token: &str) -> Result<Held, TokenError> {
        let header = jsonwebtoken::decode_header(token)?;
        let kid = header.kid.ok_or(TokenError::UnknownKey)?;
        let key = self.keys.key(&kid).ok_or(TokenError::UnknownKey)?;
        // `checks` allows the key's one algorithm: a token that claims another is refused here.
        let claims = jsonwebtoken::decode::<Claims>(token, key.decoding(), &self.checks)?.claims;
        let (issued, expires) = (claims.iat, claims.exp);
        Ok(Held { principal: principal(claims)?, issued, expires })
    }

    /// The same, for a layer that only needs to refuse.
    pub(crate) fn principal(&self, token: &str) -> Result<(Principal, Duration), Refusal> {
        self.held(token).map_err(|error| {
            tracing::debug!(error = kernel::chain(&error), "token refused");
            Refusal::TokenInvalid
        })
    }
}

fn principal(claims: Claims) -> Result<Principal, TokenError> {
    if claims.sub.is_empty() || claims.sub.len() > MAX_SUBJECT {
        return Err(TokenError::Claim("sub"));
    }
    let department = match claims.department.as_deref() {
        None | Some("") => None,
        Some(slug) => Some(slug.parse().map_err(|_| TokenError::Claim("department"))?),
    };
    // An identity provider may give roles that are none of ours; they open nothing.
    let roles: BTreeSet<Role> = claims.roles.iter().filter_map(|word| word.parse().ok()).collect();
    refuse_mixed(&roles)?;
    Ok(Principal { actor: Actor { kind: kind_of(&roles), id: claims.sub, department }, roles })
}

/// The office's wall begins here: who has one of its roles has no other.
fn refuse_mixed(roles: &BTreeSet<Role>) -> Result<(), TokenError> {
    let office = roles.iter().filter(|role| role.is_office()).count();
    if office == 0 || office == roles.len() { Ok(()) } else { Err(TokenError::MixedRoles) }
}

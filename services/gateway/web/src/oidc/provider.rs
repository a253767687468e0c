//! The provider, as far as it is known: what its configuration says and the keys it signs with, both asked for again in time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use server::TokenVerifier;
use tokio::sync::Mutex;

use super::fetch::{Asked, fetch, is_safe};
use super::id_token::{self, Expected};
use super::{OidcError, OidcSettings};
use crate::visit::encoded;

/// How long what was found is believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(60);
/// A stranger may name unknown keys as fast as he likes; they are not asked for that fast.
const KEYS_AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// What the configuration says (OpenID Connect Discovery 3).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Known {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// What the provider gave.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    id: Option<String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
}

/// One provider.
pub(crate) struct Provider {
    settings: OidcSettings,
    known: Mutex<Option<(Known, Timestamp)>>,
    keys: Mutex<Option<(JwkSet, Timestamp)>>,
}

impl Provider {
    pub(crate) fn new(settings: OidcSettings) -> Self {
        Self { settings, known: Mutex::default(), keys: Mutex::default() }
    }

    pub(crate) fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Its configuration.
    pub(super) async fn known(&self, now: Timestamp) -> Result<Known, OidcError> {
        let mut kept = self.known.lock().await;
        if let Some((known, since)) = &*kept
            && now.duration_since(*since) < BELIEVED
        {
            return Ok(known.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let answer = fetch(Asked { url: &url, what: "configuration", form: None, basic: None }).await?;
        let known: Known = serde_json::from_slice(&answer).map_err(|_| OidcError::Answer("configuration"))?;
        // Who answers there must say that it is who we asked for.
        if known.issuer != self.settings.issuer {
            return Err(OidcError::Answer("issuer"));
        }
        if !known.authorization_endpoint.parse::<Uri>().is_ok_and(|url| is_safe(&url)) {
            return Err(OidcError::Address("authorization_endpoint"));
        }
        *kept = Some((known.clone(), now));
        Ok(known)
    }

    /// Its keys, which hold one of this id if there is any.
    async fn keys(&self, id: &str, now: Timestamp) -> Result<JwkSet, OidcError> {
        let known = self.known(now).await?;
        let mut kept = self.keys.lock().await;
        if let Some((keys, since)) = &*kept {
            let age = now.duration_since(*since);
            let there = id.is_empty() || keys.find(id).is_some();
            if age < KEYS_AT_MOST_EVERY || (there && age < BELIEVED) {
                return Ok(keys.clone());
            }
        }
        let answer = fetch(Asked { url: &known.jwks_uri, what: "jwks_uri", form: None, basic: None }).await?;
        let keys = read_keys(&answer)?;
        *kept = Some((keys.clone(), now));
        Ok(keys)
    }

    /// The tokens for a code.
    pub(super) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        callback: &str,
        now: Timestamp,
    ) -> Result<Tokens, OidcError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback),
            ("code_verifier", verifier),
        ];
        let tokens = self.ask(&form, now).await?;
        if tokens.id.is_none() {
            return Err(OidcError::Answer("id_token"));
        }
        Ok(tokens)
    }

    /// Fresh tokens for a session that goes on.
    pub(crate) async fn renew(&self, refresh: &str, now: Timestamp) -> Result<Tokens, OidcError> {
        let mut tokens = self.ask(&[("grant_type", "refresh_token"), ("refresh_token", refresh)], now).await?;
        // A provider that rotates gives a new one; one that does not means the old.
        tokens.refresh.get_or_insert_with(|| refresh.to_owned());
        Ok(tokens)
    }

    async fn ask(&self, form: &[(&str, &str)], now: Timestamp) -> Result<Tokens, OidcError> {
        let known = self.known(now).await?;
        let mut form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        form.push(format!("client_id={}", encoded(&self.settings.client_id)));
        // RFC 6749 2.3.1: both are encoded before they are joined.
        let basic = self.settings.client_secret.as_ref().map(|secret| {
            STANDARD.encode(format!("{}:{}", encoded(&self.settings.client_id), encoded(secret.expose_secret())))
        });
        let asked = Asked { url: &known.token_endpoint, what: "token_endpoint", form: Some(form.join("&")), basic };
        let answer: TokenAnswer =
            serde_json::from_slice(&fetch(asked).await?).map_err(|_| OidcError::Answer("token answer"))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            return Err(OidcError::Answer("token_type"));
        }
        Ok(Tokens { access: answer.access_token, refresh: answer.refresh_token, id: answer.id_token })
    }

    /// Whether the tokens hold and name the same person, whom the services know by the access token.
    pub(crate) async fn hold(
        &self,
        tokens: &Tokens,
        nonce: Option<&str>,
        verifier: &TokenVerifier,
        now: Timestamp,
    ) -> Result<(), OidcError> {
        let principal = verifier.verify(&tokens.access)?;
        let Some(id) = &tokens.id else { return Ok(()) };
        let keys = self.keys(&id_token::key_id(id)?, now).await?;
        let expected =
            Expected { issuer: &self.settings.issuer, client: &self.settings.client_id, nonce, now: now.as_second() };
        let subject = id_token::verify(id, &keys, &expected)?;
        if subject == principal.actor.id { Ok(()) } else { Err(OidcError::Subjects) }
    }
}

/// The keys of a set that can be read; others, of kinds we do not know, are passed over.
fn read_keys(text: &[u8]) -> Result<JwkSet, OidcError> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text).map_err(|_| OidcError::Answer("key set"))?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    Ok(JwkSet { keys })
}

//! The provider, as far as it is known: what its configuration says and the keys it signs with, both asked for again in time.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fetch::{Asked, FetchError, Fetcher, PATIENCE, is_safe};
use http::Uri;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use server::TokenVerifier;

use super::id_token::{self, Expected};
use super::shared::Found;
use super::{Failed, OidcError, OidcSettings};
use crate::visit::encoded;

/// How long what was found is believed.
const BELIEVED: SignedDuration = SignedDuration::from_mins(60);
/// A stranger may name unknown keys as fast as he likes; they are not asked for that fast.
const KEYS_AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// How long a request may take that nobody waits for.
const PATIENCE_OF_NOBODY: Duration = Duration::from_secs(30);

/// What the configuration says (OpenID Connect Discovery 3).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Known {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    /// RFC 7009.
    #[serde(default)]
    revocation_endpoint: Option<String>,
    /// OpenID Connect RP-Initiated Logout 1.0.
    #[serde(default)]
    end_session_endpoint: Option<String>,
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
    fetcher: Fetcher,
    known: Found<Known>,
    keys: Found<JwkSet>,
}

impl Provider {
    /// # Errors
    /// [`FetchError::Authorities`] when the file of authorities cannot be used.
    pub(crate) fn new(settings: OidcSettings) -> Result<Self, FetchError> {
        let fetcher = settings.ca_file.as_deref().map_or_else(Fetcher::new, Fetcher::trusting)?;
        Ok(Self { settings, fetcher, known: Found::default(), keys: Found::default() })
    }

    pub(crate) fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Its configuration.
    pub(super) async fn known(&self, now: Timestamp) -> Result<Arc<Known>, Failed> {
        let (issuer, fetcher) = (self.settings.issuer.clone(), self.fetcher.clone());
        let believed = |_: &Known, since| now.duration_since(since) < BELIEVED;
        self.known.get(now, believed, || configuration(fetcher, issuer)).await
    }

    /// Its keys, which hold one of this id if there is any.
    async fn keys(&self, id: &str, now: Timestamp) -> Result<Arc<JwkSet>, Failed> {
        let jwks_uri = self.known(now).await?.jwks_uri.clone();
        let serves = |keys: &JwkSet, since| {
            let age = now.duration_since(since);
            let there = id.is_empty() || keys.find(id).is_some();
            age < KEYS_AT_MOST_EVERY || (there && age < BELIEVED)
        };
        let fetcher = self.fetcher.clone();
        let ask = || async move {
            let answer = fetcher.fetch(Asked::get(&jwks_uri, "jwks_uri")).await.map_err(OidcError::from)?;
            Ok(read_keys(&answer)?)
        };
        self.keys.get(now, serves, ask).await
    }

    /// The tokens for a code.
    pub(super) async fn exchange(
        &self,
        code: &str,
        verifier: &str,
        callback: &str,
        now: Timestamp,
    ) -> Result<Tokens, Failed> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", callback),
            ("code_verifier", verifier),
        ];
        let tokens = self.ask(&form, now, PATIENCE).await?;
        if tokens.id.is_none() {
            return Err(OidcError::Answer("id_token").into());
        }
        Ok(tokens)
    }

    /// Fresh tokens for a session that goes on. Nobody's page waits for it to its end, so that it may take longer than one does.
    pub(crate) async fn renew(&self, refresh: &str, now: Timestamp) -> Result<Tokens, Failed> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let mut tokens = self.ask(&form, now, PATIENCE_OF_NOBODY).await?;
        // A provider that rotates gives a new one; one that does not means the old.
        tokens.refresh.get_or_insert_with(|| refresh.to_owned());
        Ok(tokens)
    }

    /// Has the provider forget a session's refresh token, and what was given for it. Where it has no such endpoint, nothing is done.
    pub(crate) async fn revoke(&self, refresh: &str, now: Timestamp) -> Result<(), Failed> {
        let known = self.known(now).await?;
        let Some(url) = &known.revocation_endpoint else { return Ok(()) };
        let form = [("token", refresh), ("token_type_hint", "refresh_token")];
        let asked = Asked { patience: PATIENCE_OF_NOBODY, ..self.posted(url, "revocation_endpoint", &form) };
        self.fetcher.fetch(asked).await.map_err(OidcError::from)?;
        Ok(())
    }

    /// Where a browser ends its session at the provider, and comes back to `after` from; `None` where there is no such place. The ID token that may be shown
    /// there names somebody, and stays out of an address: the provider asks instead.
    pub(crate) async fn farewell(&self, after: &str, now: Timestamp) -> Result<Option<String>, Failed> {
        let known = self.known(now).await?;
        let Some(url) = &known.end_session_endpoint else { return Ok(None) };
        let joint = if url.contains('?') { '&' } else { '?' };
        let (client, after) = (encoded(&self.settings.client_id), encoded(after));
        Ok(Some(format!("{url}{joint}client_id={client}&post_logout_redirect_uri={after}")))
    }

    /// A form, in our name.
    fn posted<'a>(&self, url: &'a str, what: &'static str, form: &[(&str, &str)]) -> Asked<'a> {
        let mut form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        form.push(format!("client_id={}", encoded(&self.settings.client_id)));
        // RFC 6749 2.3.1: both are encoded before they are joined.
        let basic = self.settings.client_secret.as_ref().map(|secret| {
            STANDARD.encode(format!("{}:{}", encoded(&self.settings.client_id), encoded(secret.expose_secret())))
        });
        Asked { form: Some(form.join("&")), basic, ..Asked::get(url, what) }
    }

    async fn ask(&self, form: &[(&str, &str)], now: Timestamp, patience: Duration) -> Result<Tokens, Failed> {
        let known = self.known(now).await?;
        let asked = Asked { patience, ..self.posted(&known.token_endpoint, "token_endpoint", form) };
        let answer = self.fetcher.fetch(asked).await.map_err(OidcError::from)?;
        let answer: TokenAnswer = serde_json::from_slice(&answer).map_err(|_| OidcError::Answer("token answer"))?;
        if !answer.token_type.eq_ignore_ascii_case("bearer") {
            return Err(OidcError::Answer("token_type").into());
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
    ) -> Result<(), Failed> {
        // The provider may have signed it with a key that it published a moment ago.
        verifier.verify_asking(&tokens.access).await.map_err(OidcError::from)?;
        let origin = verifier.origin(&tokens.access).map_err(OidcError::from)?;
        let Some(id) = &tokens.id else { return Ok(()) };
        let keys = self.keys(&id_token::key_id(id)?, now).await?;
        let expected =
            Expected { issuer: &self.settings.issuer, client: &self.settings.client_id, nonce, now: now.as_second() };
        let subject = id_token::verify(id, &keys, &expected)?;
        if subject == origin.subject { Ok(()) } else { Err(OidcError::Subjects.into()) }
    }
}

/// What the provider says of itself.
async fn configuration(fetcher: Fetcher, issuer: String) -> Result<Known, Failed> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let answer = fetcher.fetch(Asked::get(&url, "configuration")).await.map_err(OidcError::from)?;
    let known: Known = serde_json::from_slice(&answer).map_err(|_| OidcError::Answer("configuration"))?;
    // Who answers there must say that it is who we asked for.
    if known.issuer != issuer {
        return Err(OidcError::Answer("issuer").into());
    }
    let safe = |url: &String| url.parse::<Uri>().is_ok_and(|url| is_safe(&url));
    if !safe(&known.authorization_endpoint) {
        return Err(OidcError::Address("authorization_endpoint").into());
    }
    if !known.end_session_endpoint.iter().all(safe) {
        return Err(OidcError::Address("end_session_endpoint").into());
    }
    Ok(known)
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

//! Whose tokens are taken, by the settings: the house's own issuer, and as many others as there are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fetch::Fetcher;
use http::Uri;
use kernel::Ambient;
use serde::Deserialize;

use crate::claims::{ClaimRules, ClaimSettings};
use crate::jwks::KeySource;
use crate::token::Trusted;
use crate::{KeyFile, Pace, ProviderKeys, TokenError, TokenVerifier};

/// Whose tokens are taken.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// `iss` of the house's own tokens: every role, in our own words. Empty for a house that has other issuers alone.
    pub issuer: String,
    /// `aud` of the house's own tokens.
    pub audience: String,
    /// JWK set with the public keys of the house's own issuer.
    pub jwks_file: PathBuf,
    /// The service's own token (role `service`), rotated by the platform; without it only open
    /// RPCs of the peers answer.
    pub service_token_file: Option<PathBuf>,
    /// Other issuers, by a name that only messages about these settings use.
    pub issuers: BTreeMap<String, IssuerSettings>,
}

/// An issuer beside the house's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// `iss` of its tokens, to the letter. Its configuration is found under it unless `jwks_file` is given.
    pub issuer: String,
    /// `aud` of its tokens that are for us.
    pub audience: String,
    /// Its public keys, for a provider that is not to be asked.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// Authorities that its address is certified by, in PEM, where those of the web do not certify it.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How old its keys become before they are asked for again, in seconds.
    #[serde(default = "refresh")]
    pub refresh_s: u64,
    /// The time between two questions for keys that are not known, whatever tokens name, in seconds.
    #[serde(default = "at_most_every")]
    pub at_most_every_s: u64,
    /// How long its keys are trusted while it does not answer, in seconds.
    #[serde(default = "kept")]
    pub kept_s: u64,
    /// How its claims are read.
    pub claims: ClaimSettings,
}

fn refresh() -> u64 {
    Pace::default().refresh.as_secs()
}

fn at_most_every() -> u64 {
    Pace::default().at_most_every.as_secs()
}

fn kept() -> u64 {
    Pace::default().kept.as_secs()
}

/// Why the settings of issuers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// They contradict themselves; everything that is wrong, in sentences.
    #[error("{}", .0.join("; "))]
    Settings(Vec<String>),
    /// A file of keys cannot be used.
    #[error("the keys of an issuer cannot be used")]
    Keys(#[from] TokenError),
    /// A provider cannot be asked by these settings.
    #[error("an issuer cannot be asked for its keys")]
    Fetch(#[from] fetch::FetchError),
}

impl AuthSettings {
    /// What takes the tokens of these issuers. Must be called inside the runtime; asks no provider before it returns.
    ///
    /// # Errors
    /// [`TrustError`], with everything that is wrong.
    pub fn verifier(&self, ambient: Ambient) -> Result<TokenVerifier, TrustError> {
        let rules = self.rules().map_err(TrustError::Settings)?;
        let prefixes: Vec<String> = rules.values().map(|rules| rules.subject_prefix().to_owned()).collect();
        let mut trusted = Vec::new();
        if !self.issuer.is_empty() {
            let keys = Arc::new(KeyFile::open(&self.jwks_file, ambient.clone())?);
            let (issuer, audience) = (self.issuer.clone(), self.audience.clone());
            let rules = ClaimRules::of_the_house().beside(prefixes.iter().cloned());
            trusted.push(Trusted { issuer, audience, keys, rules });
        }
        for (settings, rules) in self.issuers.values().zip(rules.into_values()) {
            let keys = settings.keys(&ambient)?;
            let (issuer, audience) = (settings.issuer.clone(), settings.audience.clone());
            trusted.push(Trusted { issuer, audience, keys, rules: rules.beside(prefixes.iter().cloned()) });
        }
        Ok(TokenVerifier::of(trusted, ambient))
    }

    /// How the claims of each issuer are read, or everything that is wrong.
    fn rules(&self) -> Result<BTreeMap<&str, ClaimRules>, Vec<String>> {
        let mut wrong = Vec::new();
        let mut rules = BTreeMap::new();
        if self.issuer.is_empty() && self.issuers.is_empty() {
            wrong.push("auth names no issuer: nobody could call".to_owned());
        }
        if !self.issuer.is_empty() && self.audience.is_empty() {
            wrong.push("auth.audience is empty".to_owned());
        }
        let own = (!self.issuer.is_empty()).then_some(("auth", self.issuer.as_str(), ""));
        let mut before: Vec<(&str, &str, &str)> = own.into_iter().collect();
        for (name, settings) in &self.issuers {
            wrong.extend(settings.wrong().into_iter().map(|what| format!("auth.issuers.{name}: {what}")));
            match ClaimRules::of(&settings.claims) {
                Ok(read) => drop(rules.insert(name.as_str(), read)),
                Err(what) => wrong.extend(what.into_iter().map(|what| format!("auth.issuers.{name}.claims: {what}"))),
            }
            let (issuer, prefix) = (settings.issuer.as_str(), settings.claims.subject_prefix.as_str());
            for (other, theirs, their_prefix) in &before {
                if issuer == *theirs {
                    wrong.push(format!("auth.issuers.{name}: {other} has the same issuer"));
                } else if prefix == *their_prefix {
                    wrong.push(format!(
                        "auth.issuers.{name}: {other} has the same subject_prefix, so that two people could be one"
                    ));
                }
            }
            before.push((name, issuer, prefix));
        }
        if wrong.is_empty() { Ok(rules) } else { Err(wrong) }
    }
}

impl IssuerSettings {
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.audience.is_empty() {
            wrong.push("audience is empty".to_owned());
        }
        let address = self.issuer.parse::<Uri>();
        if self.jwks_file.is_none() && !address.is_ok_and(|url| fetch::is_safe(&url) && url.query().is_none()) {
            wrong.push("issuer is no https address, and there is no jwks_file".to_owned());
        }
        if self.refresh_s == 0 || self.at_most_every_s == 0 || self.kept_s < self.refresh_s {
            wrong.push("refresh_s and at_most_every_s are at least 1, and kept_s no less than refresh_s".to_owned());
        }
        wrong
    }

    fn keys(&self, ambient: &Ambient) -> Result<Arc<dyn KeySource>, TrustError> {
        if let Some(path) = &self.jwks_file {
            return Ok(Arc::new(KeyFile::open(path, ambient.clone())?));
        }
        let fetcher = self.ca_file.as_deref().map_or_else(Fetcher::new, Fetcher::trusting)?;
        let pace = Pace {
            refresh: Duration::from_secs(self.refresh_s),
            at_most_every: Duration::from_secs(self.at_most_every_s),
            kept: Duration::from_secs(self.kept_s),
        };
        Ok(Arc::new(ProviderKeys::of(&self.issuer, fetcher, pace)))
    }
}

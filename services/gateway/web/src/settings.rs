//! What the pages are told when they come up.

use secrecy::SecretString;
use serde::Deserialize;

use crate::{LimitSettings, OidcSettings};

/// Settings of the pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where browsers find the window, e.g. `https://window.example`. Plain `http` is taken for this machine alone.
    pub public_url: String,
    /// Keys that seal cookies, 32 bytes each in base64 or hex. The first seals, all of them open.
    pub sealing_keys: Vec<SecretString>,
    /// Minutes after which a session that nobody used is over.
    pub idle_minutes: u32,
    /// Hours after which a session is over whatever happened.
    pub longest_hours: u32,
    /// How people sign in.
    pub sign_in: SignIn,
    /// How much is taken from whom: by pages, and by the calls of REST that ask for no token.
    pub limits: LimitSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:7100".to_owned(),
            sealing_keys: Vec::new(),
            idle_minutes: 30,
            longest_hours: 10,
            sign_in: SignIn::default(),
            limits: LimitSettings::default(),
        }
    }
}

/// How people sign in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum SignIn {
    /// By pasting a token of the suite: for a machine of one's own.
    #[default]
    Token,
    /// At the enterprise's identity provider.
    Oidc(OidcSettings),
}

impl Settings {
    /// Scheme, host and port of the public address.
    pub(crate) fn origin(&self) -> Result<String, SettingsError> {
        let url: http::Uri = self.public_url.parse().map_err(|_| SettingsError::PublicUrl)?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(SettingsError::PublicUrl);
        };
        let here = matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]");
        match scheme {
            "https" => Ok(format!("https://{authority}")),
            "http" if here => Ok(format!("http://{authority}")),
            _ => Err(SettingsError::PublicUrl),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nothing to seal with.
    #[error("sealing_keys is empty: give at least one key of 32 random bytes in base64")]
    NoKey,
    /// A key that is none.
    #[error("each of sealing_keys must be 32 bytes in base64 or hex")]
    Key,
    /// An address that cannot be one.
    #[error("public_url must be https://host, or http://localhost for a machine of one's own")]
    PublicUrl,
    /// An identity provider that cannot be asked by its settings.
    #[error("`sign_in` cannot be used")]
    SignIn(#[from] fetch::FetchError),
}

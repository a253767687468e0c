//! What this service is told at start.

use std::path::PathBuf;

use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use webhooks_domain::endpoint::Rules;
use webhooks_domain::pace::Pace;

/// Settings of webhooks.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// The schema `webhooks`, by its own role.
    pub database: postgres::Settings,
    /// The key that secrets of subscriptions are made of, 64 hex digits. Whoever runs the database must not have it.
    pub secret_key: SecretString,
    /// Keys that were in use before, 64 hex digits each, apart by spaces or commas: secrets that were made of them go on being
    /// so until they are rotated.
    #[serde(default = "none")]
    pub former_secret_keys: SecretString,
    /// Where may be posted to.
    #[serde(default)]
    pub endpoints: EndpointSettings,
    /// How patient the house is.
    #[serde(default)]
    pub pace: PaceSettings,
    /// How much is sent at once.
    #[serde(default)]
    pub courier: CourierSettings,
    /// What events say of where they come from.
    #[serde(default)]
    pub envelope: EnvelopeSettings,
    /// Subscriptions of one department at most.
    #[serde(default = "most_subscriptions")]
    pub most_subscriptions: u16,
}

fn none() -> SecretString {
    SecretString::from(String::new())
}

const fn most_subscriptions() -> u16 {
    100
}

/// A key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key must be 64 hexadecimal digits; make one with: openssl rand -hex 32")]
pub struct NotAKey;

impl Settings {
    /// The settings that ship, with this database and this key.
    pub fn new(database: postgres::Settings, secret_key: &[u8; 32]) -> Self {
        Self {
            database,
            secret_key: SecretString::from(hex::encode(secret_key)),
            former_secret_keys: none(),
            endpoints: EndpointSettings::default(),
            pace: PaceSettings::default(),
            courier: CourierSettings::default(),
            envelope: EnvelopeSettings::default(),
            most_subscriptions: most_subscriptions(),
        }
    }

    /// Whether a lease ends well after an attempt that was begun under it.
    pub(crate) const fn outlasts_an_attempt(&self) -> bool {
        self.courier.lease_ms >= self.endpoints.timeout_ms.saturating_add(1_000)
    }

    /// The key in use, and those before it.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub(crate) fn keys(&self) -> Result<([u8; 32], Vec<[u8; 32]>), NotAKey> {
        let former = self.former_secret_keys.expose_secret();
        let words = former.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        Ok((key_of(self.secret_key.expose_secret())?, words.map(key_of).collect::<Result<_, _>>()?))
    }
}

fn key_of(text: &str) -> Result<[u8; 32], NotAKey> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| NotAKey)?;
    Ok(key)
}

/// Where may be posted to.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointSettings {
    /// Ports of public endpoints.
    pub ports: Vec<u16>,
    /// Hosts, or hosts with a port, that may be spoken to without TLS and at whatever address: receivers inside the house. Whoever may make a
    /// subscription reaches them; name no more than the receivers.
    pub inside: Vec<String>,
    /// Authorities beside the public ones that certificates of endpoints may be from, in PEM.
    pub ca_file: Option<PathBuf>,
    /// How long an attempt may take, from the name to the answer, in milliseconds.
    pub timeout_ms: u32,
}

impl Default for EndpointSettings {
    fn default() -> Self {
        Self { ports: vec![443, 8443], inside: Vec::new(), ca_file: None, timeout_ms: 15_000 }
    }
}

impl EndpointSettings {
    pub(crate) fn rules(&self) -> Rules {
        Rules { ports: self.ports.clone(), inside: self.inside.clone() }
    }
}

/// How patient the house is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaceSettings {
    /// Pause before the second attempt, in milliseconds; each further one is twice as long.
    pub first_pause_ms: u32,
    /// Longest pause, in milliseconds.
    pub longest_pause_ms: u32,
    /// Attempts at most.
    pub most_attempts: u16,
    /// Hours after which an event is given up in any case.
    pub give_up_hours: u16,
    /// Hours of failing and nothing else after which a subscription is paused.
    pub pause_after_hours: u16,
}

impl Default for PaceSettings {
    fn default() -> Self {
        Self {
            first_pause_ms: 5_000,
            longest_pause_ms: 6 * 3_600_000,
            most_attempts: 16,
            give_up_hours: 72,
            pause_after_hours: 120,
        }
    }
}

impl PaceSettings {
    pub(crate) fn pace(&self) -> Pace {
        Pace {
            first_pause: SignedDuration::from_millis(i64::from(self.first_pause_ms)),
            longest_pause: SignedDuration::from_millis(i64::from(self.longest_pause_ms)),
            most_attempts: u32::from(self.most_attempts.max(1)),
            give_up_after: SignedDuration::from_hours(i64::from(self.give_up_hours)),
        }
    }

    pub(crate) fn pause_after(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.pause_after_hours))
    }
}

/// How much is sent at once.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CourierSettings {
    /// Affairs told at once by one process.
    pub at_once: u16,
    /// Affairs told at once to one subscription, by all processes together.
    pub at_once_each: u16,
    /// How long a process holds an affair before another may think it dead, in milliseconds; a second longer than an attempt takes at least.
    pub lease_ms: u32,
    /// Days that deliveries which were taken are kept.
    pub keep_delivered_days: u16,
}

impl Default for CourierSettings {
    fn default() -> Self {
        Self { at_once: 64, at_once_each: 4, lease_ms: 60_000, keep_delivered_days: 30 }
    }
}

/// What events say of where they come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnvelopeSettings {
    /// What stands before the name of the ledger in `source`.
    pub source: String,
    /// What stands before the name of the message in `dataschema`.
    pub schema: String,
}

impl Default for EnvelopeSettings {
    fn default() -> Self {
        Self { source: "urn:ventanilla:ledger:".to_owned(), schema: "urn:ventanilla:message:".to_owned() }
    }
}

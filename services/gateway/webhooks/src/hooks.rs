//! What every use case, reaction and worker of this service is surrounded by.

use std::sync::Arc;

use jiff::SignedDuration;
use kernel::Ambient;
use ledger::{Ledger, Standings};
use postgres::Db;
use tokio::sync::Notify;
use webhooks_domain::endpoint::Rules;
use webhooks_domain::pace::Pace;

use crate::config::{CourierSettings, EnvelopeSettings, Settings};
use crate::keys::Keys;
use crate::post::Post;

/// The service's surroundings. Cheap to clone.
#[derive(Clone)]
pub struct Hooks {
    /// Its schema.
    pub db: Db,
    /// Its ledger.
    pub ledger: Ledger,
    /// Time and chance. Leases run by the database's time alone, which all processes share.
    pub ambient: Ambient,
    /// How far behind the ledgers it is.
    pub standings: Standings,
    /// What secrets are made of.
    pub keys: Keys,
    /// How something is posted.
    pub post: Post,
    /// Where may be posted to.
    pub rules: Arc<Rules>,
    /// How patient the house is.
    pub pace: Pace,
    /// How long an endpoint may fail before its subscription is paused.
    pub pause_after: SignedDuration,
    /// How much is sent at once.
    pub courier: CourierSettings,
    /// What events say of where they come from.
    pub envelope: Arc<EnvelopeSettings>,
    /// Subscriptions of one department at most.
    pub most_subscriptions: i64,
    /// There may be events to spread.
    pub came: Arc<Notify>,
    /// There may be deliveries to make.
    pub waits: Arc<Notify>,
}

impl Hooks {
    /// The surroundings.
    pub fn new(
        (db, ledger): (Db, Ledger),
        ambient: Ambient,
        standings: Standings,
        (keys, post): (Keys, Post),
        settings: &Settings,
    ) -> Self {
        Self {
            db,
            ledger,
            ambient,
            standings,
            keys,
            post,
            rules: Arc::new(settings.endpoints.rules()),
            pace: settings.pace.pace(),
            pause_after: settings.pace.pause_after(),
            courier: settings.courier,
            envelope: Arc::new(settings.envelope.clone()),
            most_subscriptions: i64::from(settings.most_subscriptions),
            came: Arc::default(),
            waits: Arc::default(),
        }
    }
}

//! The rules of matching that are in force. They stand in the database, so that all processes of the service judge alike
//! and nobody brings others into force by starting one with another file.

use std::sync::{Arc, PoisonError, RwLock};

use customer_profile_domain::matching::{Rules, WrittenRules};
use jiff::Timestamp;
use postgres::StoreError;
use sqlx::PgPool;

use crate::store::rules as store;

/// Rules as they are kept: weights, and among how many records they are asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub written: WrittenRules,
    pub expected_records: u64,
}

impl Kept {
    /// The rules themselves; `None` when nobody can read them any more.
    pub(crate) fn read(&self) -> Option<Rules> {
        Some(self.written.read().ok()?.among(self.expected_records))
    }
}

/// The rules in force, and those of the settings, which may be others. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RulesInForce {
    current: Arc<RwLock<Arc<Rules>>>,
    configured: Arc<Kept>,
}

impl RulesInForce {
    /// Reads the rules in force; at the first start they are those of the settings.
    pub(crate) async fn open(
        pool: &PgPool,
        configured: Kept,
        rules: Rules,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        store::put_first(pool, rules.version(), &configured, now).await?;
        let in_force = Self { current: Arc::new(RwLock::new(Arc::new(rules))), configured: Arc::new(configured) };
        let asked = in_force.current();
        let current = in_force.refresh(pool).await?;
        if current.version() != asked.version() {
            tracing::warn!(
                in_force = current.version(),
                configured = asked.version(),
                "the settings name other rules of matching than those in force; ReapplyRules shows what they would change"
            );
        }
        Ok(in_force)
    }

    /// The rules in force, as this process knows them.
    pub(crate) fn current(&self) -> Arc<Rules> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those of the settings.
    pub(crate) fn configured(&self) -> &Kept {
        &self.configured
    }

    /// The rules in force, looked up.
    pub(crate) async fn refresh(&self, pool: &PgPool) -> Result<Arc<Rules>, StoreError> {
        let current = self.current();
        if store::version(pool).await? == current.version() {
            return Ok(current);
        }
        let (version, kept) = store::in_force(pool).await?;
        let rules = kept.read().filter(|rules| rules.version() == version);
        let rules = Arc::new(rules.ok_or_else(|| StoreError::corrupt("matching_rules", "rules", &version))?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&rules);
        Ok(rules)
    }
}

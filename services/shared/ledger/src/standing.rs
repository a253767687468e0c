//! How far behind its sources this service is, known without asking the database.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use postgres::{Db, StoreError};
use sqlx::Row;

/// Where this service stands with one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceStanding {
    /// Last position applied here.
    pub position: i64,
    /// The source's head when it was last heard.
    pub head_position: i64,
    /// When this service last knew itself caught up; `None` when never.
    pub as_of: Option<Timestamp>,
    /// Whether the source's feed is open now, or a broker brings it.
    pub connected: bool,
    /// Whether a broker brings the source's entries now.
    pub carried: bool,
}

/// The standing with every source. Cheap to clone.
#[derive(Clone, Default)]
pub struct Standings(Arc<RwLock<BTreeMap<&'static str, SourceStanding>>>);

impl Standings {
    /// Nothing known yet of these sources.
    pub fn new(sources: &[&'static str]) -> Self {
        let unknown = sources.iter().map(|source| (*source, SourceStanding::default())).collect();
        Self(Arc::new(RwLock::new(unknown)))
    }

    /// What was known when the service last ran.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recall(&self, db: &Db) -> Result<(), StoreError> {
        let rows = sqlx::query("select source, position, head_position, as_of from ledger_cursor")
            .fetch_all(db.reader())
            .await?;
        for row in rows {
            let source: String = row.try_get("source")?;
            let standing = SourceStanding {
                position: row.try_get("position")?,
                head_position: row.try_get("head_position")?,
                as_of: row.try_get::<Option<jiff_sqlx::Timestamp>, _>("as_of")?.map(|t| t.to_jiff()),
                connected: false,
                carried: false,
            };
            if let Some(known) = self.write().get_mut(source.as_str()) {
                *known = standing;
            }
        }
        Ok(())
    }

    /// The standing with one source.
    pub fn of(&self, source: &str) -> SourceStanding {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(source).copied().unwrap_or_default()
    }

    /// The standing with every source, by name.
    pub fn all(&self) -> Vec<(&'static str, SourceStanding)> {
        let known = self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.iter().map(|(source, standing)| (*source, *standing)).collect()
    }

    /// Changes the standing with one source. The follower does this; a test may.
    pub fn update(&self, source: &'static str, change: impl FnOnce(&mut SourceStanding)) {
        change(self.write().entry(source).or_default());
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<&'static str, SourceStanding>> {
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

//! `GetPolicy`: one obligation.

use std::sync::Arc;

use sla_monitor_domain::Rule;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::policy;
use crate::store::law::{Stands, StoredPolicy, versions};

/// One obligation, as it ships or as the house wrote it.
#[derive(Debug, Clone)]
pub enum Obligation {
    /// It ships.
    Shipped(Arc<Rule>),
    /// It shipped before, or was under another reading: clocks that were started under it stay.
    ShippedBefore(Arc<Rule>),
    /// It is the house's.
    House(Box<Version>),
}

/// A version of a policy of the house.
#[derive(Debug, Clone)]
pub struct Version {
    /// What is kept.
    pub stored: StoredPolicy,
    /// What it is to clocks.
    pub rule: Rule,
    /// The version after it took its place, or will.
    pub replaced: bool,
    /// The database's time.
    pub now: jiff::Timestamp,
}

impl Obligation {
    /// The rule it is.
    pub fn rule(&self) -> &Rule {
        match self {
            Self::Shipped(rule) | Self::ShippedBefore(rule) => rule,
            Self::House(version) => &version.rule,
        }
    }
}

/// The rule of this id: a version of one that ships, or of a policy of the house. Of version 0: the one in force, or else the newest.
///
/// # Errors
/// [`Failure::PolicyNotFound`], [`Failure::PolicyVersionNotFound`] when there is none.
#[tracing::instrument(name = "policy.get", skip_all)]
pub async fn get_policy(monitor: &Monitor, id: &str, version: i32) -> Result<Obligation, Failure> {
    let shipped = shipped_versions(monitor, id).await?;
    if !shipped.is_empty() {
        let ships = |known: &&Obligation| matches!(known, Obligation::Shipped(_));
        let found = match version {
            0 => shipped.iter().find(ships).or(shipped.first()),
            version => shipped.iter().find(|known| known.rule().version == version),
        };
        return found.cloned().ok_or_else(|| Failure::PolicyVersionNotFound { policy: id.to_owned(), version });
    }
    let all = all_versions(monitor, id).await?;
    let found = match version {
        0 => all.iter().find(|v| v.in_force()).or(all.first()),
        version => all.iter().find(|v| v.stored.number == version),
    };
    let found = found.ok_or_else(|| Failure::PolicyVersionNotFound { policy: id.to_owned(), version })?;
    Ok(Obligation::House(Box::new(found.clone())))
}

/// Every version of an obligation, the newest first.
///
/// # Errors
/// [`Failure::PolicyNotFound`] when there is none.
pub async fn list_versions(monitor: &Monitor, id: &str) -> Result<Vec<Obligation>, Failure> {
    let shipped = shipped_versions(monitor, id).await?;
    if !shipped.is_empty() {
        return Ok(shipped);
    }
    let all = all_versions(monitor, id).await?;
    Ok(all.into_iter().map(|version| Obligation::House(Box::new(version))).collect())
}

/// Every version of a rule that ships or once did, the newest first; none of others.
async fn shipped_versions(monitor: &Monitor, id: &str) -> Result<Vec<Obligation>, Failure> {
    let law = monitor.current().await?;
    let ships = law.shipped(id).map(|rule| rule.version);
    let of = |rule: &Arc<Rule>| match ships == Some(rule.version) {
        true => Obligation::Shipped(Arc::clone(rule)),
        false => Obligation::ShippedBefore(Arc::clone(rule)),
    };
    Ok(law.shipped_versions(id).rev().map(of).collect())
}

/// Every version of a policy of the house, the newest first.
///
/// # Errors
/// [`Failure::PolicyNotFound`] when there is none.
pub async fn all_versions(monitor: &Monitor, id: &str) -> Result<Vec<Version>, Failure> {
    let (now, stored) = versions(monitor.db.reader(), id).await?;
    if stored.is_empty() {
        return Err(Failure::PolicyNotFound(format!("policies/{id}")));
    }
    Version::row(stored, now)
}

/// Whether a version took effect, or will unless something else comes: not one whose end was set to its beginning.
pub fn took_effect(stored: &StoredPolicy) -> bool {
    matches!(stored.stands, Stands::Active { from, until } if until != Some(from))
}

impl Version {
    /// Versions of one policy, the newest first.
    ///
    /// # Errors
    /// [`Failure`] when what is kept cannot be read.
    pub fn row(stored: Vec<StoredPolicy>, now: jiff::Timestamp) -> Result<Vec<Self>, Failure> {
        let mut taken = false;
        let mut row = Vec::with_capacity(stored.len());
        for stored in stored {
            let version = Self::of(stored, taken, now)?;
            taken |= took_effect(&version.stored);
            row.push(version);
        }
        Ok(row)
    }

    /// A version by itself.
    ///
    /// # Errors
    /// As [`Version::row`].
    pub fn of(stored: StoredPolicy, replaced: bool, now: jiff::Timestamp) -> Result<Self, Failure> {
        let rule =
            policy::rule(&stored).ok_or_else(|| postgres::StoreError::corrupt("policy", "content", &stored.id))?;
        Ok(Self { stored, rule, replaced, now })
    }

    /// Whether it holds for what is received now.
    pub fn in_force(&self) -> bool {
        self.rule.measure.as_ref().is_some_and(|measure| measure.in_force(self.now))
    }
}

//! The keys that secrets are made of.

use std::sync::Arc;

use webhooks_domain::secret::HouseKey;

use crate::config::{NotAKey, Settings};

/// The key in use, and those before it. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<[HouseKey]>);

impl Keys {
    /// Those of the settings.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn of(settings: &Settings) -> Result<Self, NotAKey> {
        let (in_use, former) = settings.keys()?;
        Ok(Self(std::iter::once(&in_use).chain(&former).map(HouseKey::new).collect()))
    }

    /// The key that new secrets are made of.
    pub fn in_use(&self) -> &HouseKey {
        &self.0[0]
    }

    /// The key of this id.
    pub fn get(&self, id: &str) -> Option<&HouseKey> {
        self.0.iter().find(|key| key.id() == id)
    }

    /// Ids of all.
    pub fn ids(&self) -> Vec<String> {
        self.0.iter().map(|key| key.id().to_owned()).collect()
    }
}

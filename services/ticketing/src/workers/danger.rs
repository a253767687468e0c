//! Promises in danger, as figures.

use postgres::StoreError;
use server::Figure;

use crate::store::promise;
use crate::usecase::Ticketing;

/// Looks at the promises and records how many are in danger.
#[derive(Clone)]
pub(crate) struct DangerFigures {
    app: Ticketing,
    promises: Figure,
}

impl DangerFigures {
    pub fn new(app: Ticketing) -> Self {
        let told = "promises to customers that are in danger, by how";
        Self { app, promises: Figure::new(crate::SOURCE, "ventanilla.ticketing.promises", "", told) }
    }

    /// Looks once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<(), StoreError> {
        let danger = promise::danger(self.app.db.reader()).await?;
        self.promises.count(danger.at_risk, &[("ventanilla.danger", "at_risk")]);
        self.promises.count(danger.overdue, &[("ventanilla.danger", "overdue")]);
        Ok(())
    }
}

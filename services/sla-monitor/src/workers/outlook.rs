//! Clocks as figures: what has come and was not raised, how late it is, what falls due next.

use postgres::StoreError;
use server::Figure;

use crate::monitor::Monitor;
use crate::store::due;

/// The figures of the due table.
#[derive(Clone)]
pub struct OutlookFigures {
    monitor: Monitor,
    come: Figure,
    late: Figure,
    ahead: Figure,
}

impl OutlookFigures {
    /// The figures of this monitor.
    pub fn new(monitor: Monitor) -> Self {
        let figure = |name, unit, description| Figure::new(crate::SOURCE, name, unit, description);
        Self {
            monitor,
            come: figure("ventanilla.sla.come", "", "warnings and breaches that have come and are not raised yet"),
            late: figure("ventanilla.sla.come.age", "s", "how long ago the first of them came"),
            ahead: figure("ventanilla.sla.ahead", "", "running clocks that fall due within a time"),
        }
    }

    /// Looks once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self) -> Result<(), StoreError> {
        let outlook = due::outlook(&self.monitor.db).await?;
        self.come.count(outlook.come, &[]);
        self.late.set(outlook.late_seconds, &[]);
        self.ahead.count(outlook.within_hour, &[("ventanilla.within", "1h")]);
        self.ahead.count(outlook.within_day, &[("ventanilla.within", "1d")]);
        Ok(())
    }
}

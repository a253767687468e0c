//! Takes up again what customers were asked to complete and did not.

use kernel::{Actor, ActorKind};
use ledger::Stamp;

use super::Ticketing;
use super::chronicle::Chronicle;
use crate::Error;
use crate::store::{cure, ticket};

impl Ticketing {
    /// Takes up one affair whose customer's time is over; `false` when there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn lapse_next_cure(&self) -> Result<bool, Error> {
        let now = self.ambient.now();
        let mut tx = self.db.tx().await?;
        let Some(id) = cure::lock_overdue(&mut tx, now).await? else {
            tx.rollback().await?;
            return Ok(false);
        };
        let found = ticket::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let Some((taken_up, happened)) = found.head.ticket.clone().lapse_cure(now) else {
            // Somebody ended it between the two statements' snapshots.
            tx.rollback().await?;
            return Ok(true);
        };
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let mut chronicle = Chronicle::of_all(found, &Stamp::of(actor, now, String::new()), &self.ambient);
        chronicle.transitioned(taken_up, &happened);
        ticket::write(&mut tx, &chronicle, None).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(true)
    }
}

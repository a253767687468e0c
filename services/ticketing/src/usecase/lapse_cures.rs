//! Takes up again what customers were asked to complete and did not.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId as _};
use ledger::Stamp;
use postgres::Tx;
use ticketing_domain::TicketId;
use uuid::Uuid;

use super::Ticketing;
use super::chronicle::Chronicle;
use crate::Error;
use crate::store::{cure, ticket};

impl Ticketing {
    /// Takes up one affair whose customer's time is over; `false` when there is none. One that cannot be taken up, whatever is wrong with it,
    /// is put on `left`, so that nobody else waits for it.
    ///
    /// # Errors
    /// [`Error::Store`], of what may be over soon.
    pub(crate) async fn lapse_next_cure(&self, left: &mut Vec<Uuid>) -> Result<bool, Error> {
        let now = self.ambient.now();
        let mut tx = self.db.tx().await?;
        let Some(id) = cure::lock_overdue(&mut tx, now, left).await? else {
            tx.rollback().await?;
            return Ok(false);
        };
        match self.lapse_cure(tx, id, now).await {
            Err(error) if !matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                tracing::error!(ticket.id = %id, error = kernel::chain(&error), "an affair whose customer's time is over is left as it is");
                left.push(id.uuid());
                Ok(true)
            }
            done => done.map(|()| true),
        }
    }

    async fn lapse_cure(&self, mut tx: Tx, id: TicketId, now: Timestamp) -> Result<(), Error> {
        let found = ticket::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let Some((taken_up, happened)) = found.head.ticket.clone().lapse_cure(now) else {
            // Somebody ended it between the two statements' snapshots.
            return Ok(tx.rollback().await?);
        };
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let mut chronicle = Chronicle::of_all(found, &Stamp::of(actor, now, String::new()), &self.ambient);
        chronicle.transitioned(taken_up, &happened);
        ticket::write(&mut tx, &chronicle, None).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(())
    }
}

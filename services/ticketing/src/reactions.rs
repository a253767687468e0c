//! What ticketing does about other services' ledgers.

mod customer_profile;
mod ombudsman_escalation;
mod sla_monitor;

use jiff::Timestamp;
use kernel::Ambient;
use ledger::{Draft, ReactionError, Received, Stamp};
use postgres::Tx;
use ticketing_domain::{ChangeKind, Moment, Refusal, Ticket, TicketId};

pub use customer_profile::OnCustomers;
pub use ombudsman_escalation::OnOmbudsman;
pub use sla_monitor::OnSla;

use crate::entry::Entries;
use crate::store::history::ChangeRow;
use crate::store::ticket::{self, Locked};
use crate::usecase::chronicle::Chronicle;

/// A ticket that is changed because of another service's entry, locked.
struct Effect {
    chronicle: Chronicle,
    occurred_at: Timestamp,
}

impl Effect {
    async fn on(tx: &mut Tx, id: TicketId, entry: &Received, ambient: &Ambient) -> Result<Self, ReactionError> {
        let found = Self::find(tx, id, entry, ambient).await?;
        found.ok_or(ReactionError::Refused("its ticket does not exist here"))
    }

    /// The same of a ticket that need not exist.
    async fn find(
        tx: &mut Tx,
        id: TicketId,
        entry: &Received,
        ambient: &Ambient,
    ) -> Result<Option<Self>, ReactionError> {
        // What others report stays each ticket's own, whatever it is answered with.
        Self::locked(tx, id, entry, ambient, |locked, stamp| Chronicle::of(locked.part(), stamp, ambient)).await
    }

    /// The ticket that this one is answered with, which need not exist.
    async fn find_head(
        tx: &mut Tx,
        id: TicketId,
        entry: &Received,
        ambient: &Ambient,
    ) -> Result<Option<Self>, ReactionError> {
        Self::locked(tx, id, entry, ambient, |locked, stamp| Chronicle::of_all(locked, &stamp, ambient)).await
    }

    async fn locked(
        tx: &mut Tx,
        id: TicketId,
        entry: &Received,
        ambient: &Ambient,
        chronicle: impl FnOnce(Locked, Stamp) -> Chronicle + Send,
    ) -> Result<Option<Self>, ReactionError> {
        let stamp = entry.stamp_for_effects(ambient.now());
        let occurred_at = stamp.occurred_at;
        let found = ticket::lock(tx, id).await?;
        Ok(found.map(|locked| Self { chronicle: chronicle(locked, stamp), occurred_at }))
    }

    /// Notes one change and writes it; `change` says what becomes of the ticket.
    async fn write(
        mut self,
        tx: &mut Tx,
        kind: ChangeKind,
        change: impl FnOnce(Ticket) -> Ticket,
        entry: impl FnOnce(&Entries<'_>) -> Draft,
        detail: impl FnOnce(&mut ChangeRow),
    ) -> Result<(), ReactionError> {
        // Another service's clock may lag behind the ticket's last change: the history still goes forward.
        let noted = self.chronicle.stored.ticket.clone().note(Moment::Now(self.occurred_at));
        let (before, at) = noted.map_err(|_: Refusal| ReactionError::Refused("the ticket refused a note"))?;
        let case = before.office_case();
        let after = change(before);
        if after.office_case() == case {
            self.chronicle.touched(after);
        } else {
            self.chronicle.changed(after);
        }
        self.chronicle.note(kind, at, entry, detail);
        ticket::write(tx, &self.chronicle, None).await?;
        Ok(())
    }
}

//! What ticketing does about other services' ledgers.

mod ombudsman_escalation;
mod sla_monitor;

use kernel::Ambient;
use ledger::{Draft, ReactionError, Received, Stamp};
use postgres::Tx;
use ticketing_domain::{ChangeKind, Moment, Refusal, Ticket, TicketId};

pub use ombudsman_escalation::OnOmbudsman;
pub use sla_monitor::OnSla;

use crate::entry::Entries;
use crate::store::Stored;
use crate::store::history::ChangeRow;
use crate::store::ticket;

/// A ticket that is changed because of another service's entry, locked.
struct Effect {
    stored: Stored,
    stamp: Stamp,
}

impl Effect {
    async fn on(tx: &mut Tx, id: TicketId, entry: &Received, ambient: &Ambient) -> Result<Self, ReactionError> {
        let stored = ticket::lock(tx, id).await?;
        let stored = stored.ok_or(ReactionError::Refused("its ticket does not exist here"))?;
        Ok(Self { stored, stamp: entry.stamp_for_effects(ambient.now()) })
    }

    /// Notes one change and writes it; `change` says what becomes of the ticket.
    async fn write(
        mut self,
        tx: &mut Tx,
        ambient: &Ambient,
        kind: ChangeKind,
        change: impl FnOnce(Ticket) -> Ticket,
        entry: impl FnOnce(&Entries<'_>) -> Draft,
        detail: impl FnOnce(&mut ChangeRow),
    ) -> Result<(), ReactionError> {
        // Another service's clock may lag behind the ticket's last change: the history still goes forward.
        let noted = self.stored.ticket.note(Moment::Now(self.stamp.occurred_at));
        let (ticket, at) = noted.map_err(|_: Refusal| ReactionError::Refused("the ticket refused a note"))?;
        let before = (ticket.office_case(), self.stored.version);
        self.stored.ticket = change(ticket);
        if self.stored.ticket.office_case() != before.0 {
            self.stored.version = before.1.saturating_add(1);
            self.stored.updated_at = self.stamp.recorded_at;
        }
        let stamp = self.stamp.occurred(at);
        self.stored.change_count = self.stored.change_count.saturating_add(1);
        let department = self.stored.ticket.assignment().department.as_str();
        let mut row = ChangeRow::new(self.stored.change_count, kind, department, &stamp);
        detail(&mut row);
        let entry = entry(&Entries::new(ambient, &stamp));
        ticket::write(tx, &self.stored, &[row], &[entry], None).await?;
        Ok(())
    }
}

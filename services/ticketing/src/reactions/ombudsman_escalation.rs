//! The ombudsman's office opens, ends or decides a case: the ticket's history says so, and while the
//! office hears it the ticket is not closed by an objection window. Who complained to it by a channel that the law does not admit is sent its form.

use kernel::{Ambient, Channel, Classify as _, ResourceId};
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use ticketing_domain::{CaseId, ChangeKind, Moment, OfficeCase, TicketId};
use ventanilla_proto::ombudsman::v1 as office;

use super::Effect;
use crate::store::ticket;

/// Follows ombudsman-escalation.
pub struct OnOmbudsman {
    ambient: Ambient,
}

impl OnOmbudsman {
    /// With this clock and chance.
    pub fn new(ambient: Ambient) -> Self {
        Self { ambient }
    }

    /// Notes what the office did; `open` says whether it still hears the case, where that has changed.
    async fn noted(
        &self,
        tx: &mut Tx,
        entry: &Received,
        (ticket, case): (&str, &str),
        reason: &'static str,
        open: Option<bool>,
    ) -> Result<(), ReactionError> {
        let ticket = TicketId::parse(ticket).map_err(|_| ReactionError::Undecodable("ticket"))?;
        let case = CaseId::parse(case).map_err(|_| ReactionError::Undecodable("case_name"))?;
        let effect = Effect::on(tx, ticket, entry, &self.ambient).await?;
        let known = effect.chronicle.stored.ticket.office_case().filter(|known| known.id == case);
        if open == Some(false) && known.is_some_and(|known| !known.open) {
            return Ok(());
        }
        let change = |ticket: ticketing_domain::Ticket| match open {
            Some(open) => ticket.with_office_case(OfficeCase { id: case, open }),
            None => ticket,
        };
        let draft = |entries: &crate::entry::Entries<'_>| entries.office_case_noted(ticket, case, reason);
        let detail = |row: &mut crate::store::history::ChangeRow| {
            row.reason = Some(reason.to_owned());
            row.related = Some(case.name());
        };
        effect.write(tx, ChangeKind::OfficeNoted, change, draft, detail).await
    }

    /// Sends the customer the office's form, by the way the affair came in writing, and by post where it came by telephone: also in an affair that is over, which is what
    /// is brought before an office most.
    async fn send_form(
        &self,
        tx: &mut Tx,
        entry: &Received,
        contact: &office::ContactNotAdmitted,
    ) -> Result<(), ReactionError> {
        let ticket = TicketId::parse(&contact.ticket).map_err(|_| ReactionError::Undecodable("ticket"))?;
        let form = contact.form.parse().map_err(|_| ReactionError::Undecodable("form"))?;
        let Effect { mut chronicle, occurred_at } = Effect::on(tx, ticket, entry, &self.ambient).await?;
        let channel = match chronicle.stored.ticket.facts().channel {
            Channel::Phone => Channel::Post,
            in_writing => in_writing,
        };
        // In the house's own name: it answers nothing of the affair, whoever took the call.
        let told = chronicle.by_itself(|own| own.tell_all_the_same(channel, form, Moment::Now(occurred_at)));
        if let Err(refused) = told {
            tracing::warn!(reason = refused.reason(), "the form of the ombudsman's office is not sent");
            return Ok(());
        }
        ticket::write(tx, &chronicle, None).await?;
        Ok(())
    }
}

/// Whether the office has nothing more to do about the case: it ended, or the parties know the decision.
fn is_over(state: i32) -> bool {
    use office::CaseState as S;
    matches!(
        S::try_from(state),
        Ok(S::ArchivedUncured
            | S::Inadmissible
            | S::Notified
            | S::Closed
            | S::Withdrawn
            | S::Rectified
            | S::ForwardedInternally
            | S::Settled)
    )
}

#[tonic::async_trait]
impl Reaction for OnOmbudsman {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(opened) = entry.payload::<office::CaseOpened>()? {
            self.noted(tx, entry, (&opened.ticket, &opened.case_name), "opened", Some(true)).await?;
        } else if let Some(decided) = entry.payload::<office::DecisionIssued>()? {
            self.noted(tx, entry, (&decided.ticket, &decided.case_name), "decided", None).await?;
        } else if let Some(moved) = entry.payload::<office::CaseTransitioned>()?
            && is_over(moved.to_state)
        {
            self.noted(tx, entry, (&moved.ticket, &moved.case_name), "over", Some(false)).await?;
        } else if let Some(contact) = entry.payload::<office::ContactNotAdmitted>()? {
            self.send_form(tx, entry, &contact).await?;
        }
        Ok(())
    }
}

//! The ombudsman's office opens, ends or decides a case: the ticket's history says so, and while the
//! office hears it the ticket is not closed by an objection window. Who complained to it by a channel that the law does not admit is sent its form.

use std::collections::BTreeSet;

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

    /// Notes what the office did on every ticket that the case was brought with; `open` says whether it still hears the case, where that has changed.
    async fn noted(
        &self,
        tx: &mut Tx,
        entry: &Received,
        told: Told<'_>,
        reason: &'static str,
        open: Option<bool>,
    ) -> Result<(), ReactionError> {
        let case = CaseId::parse(told.case).map_err(|_| ReactionError::Undecodable("case_name"))?;
        let own = TicketId::parse(told.ticket).map_err(|_| ReactionError::Undecodable("ticket"))?;
        let others = told.brought_with.iter().map(|name| TicketId::parse(name));
        let others: BTreeSet<TicketId> =
            others.collect::<Result<_, _>>().map_err(|_| ReactionError::Undecodable("brought_with"))?;
        let known = ticket::before_the_office(tx, case).await?;
        for ticket in others.into_iter().chain(known).chain([own]).collect::<BTreeSet<_>>() {
            self.noted_on(tx, entry, (ticket, case), reason, open).await?;
        }
        Ok(())
    }

    async fn noted_on(
        &self,
        tx: &mut Tx,
        entry: &Received,
        (ticket, case): (TicketId, CaseId),
        reason: &'static str,
        open: Option<bool>,
    ) -> Result<(), ReactionError> {
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

/// What an entry of the office tells of, by name.
#[derive(Clone, Copy)]
struct Told<'a> {
    case: &'a str,
    ticket: &'a str,
    brought_with: &'a [String],
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
            let told = Told { case: &opened.case_name, ticket: &opened.ticket, brought_with: &opened.brought_with };
            self.noted(tx, entry, told, "opened", Some(true)).await?;
        } else if let Some(decided) = entry.payload::<office::DecisionIssued>()? {
            let told = Told { case: &decided.case_name, ticket: &decided.ticket, brought_with: &[] };
            self.noted(tx, entry, told, "decided", None).await?;
        } else if let Some(moved) = entry.payload::<office::CaseTransitioned>()?
            && is_over(moved.to_state)
        {
            let told = Told { case: &moved.case_name, ticket: &moved.ticket, brought_with: &[] };
            self.noted(tx, entry, told, "over", Some(false)).await?;
        } else if let Some(contact) = entry.payload::<office::ContactNotAdmitted>()? {
            self.send_form(tx, entry, &contact).await?;
        }
        Ok(())
    }
}

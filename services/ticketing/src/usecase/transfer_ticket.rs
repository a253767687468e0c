//! Moves a ticket to another department or person; first receipt and clocks stay.

use kernel::{Role, Violations};
use server::Call;
use ticketing_domain::{Assignment, Body, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

/// To whom an affair goes, why, and what they need not ask the customer again.
#[derive(Debug, Clone)]
pub struct Handover {
    /// Who takes over.
    pub to: Assignment,
    /// Why.
    pub reason: Option<Word>,
    /// What is known.
    pub known: Option<Body>,
}

impl Ticketing {
    /// Moves a ticket to another department or person; first receipt and clocks stay.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.transfer", skip_all, fields(ticket.id = %target.id))]
    pub async fn transfer_ticket(&self, call: &Call, target: Target, over: Handover) -> Result<pb::Ticket, Error> {
        refuse_silent(call, &over)?;
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        writing.refuse_unknown_owner(call, &over.to).await?;
        writing.hand_over(over, &self.policy).await?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}

/// Refuses that a person hands an affair over without why and what is known: whoever takes over would ask the customer again.
pub(super) fn refuse_silent(call: &Call, over: &Handover) -> Result<(), Violations> {
    refuse_untold(call, &[("reason", over.reason.is_none()), ("handover", over.known.is_none())])
}

/// Refuses that a person leaves out any of these, each with whether it is missing. A machine that passes a call on may know nothing.
pub(super) fn refuse_untold(call: &Call, told: &[(&str, bool)]) -> Result<(), Violations> {
    let mut violations = Violations::new();
    if call.acting().has_any(&[Role::Agent, Role::Supervisor]) {
        for (field, _) in told.iter().filter(|(_, missing)| *missing) {
            violations.push(*field, "is required: nobody is asked twice for what they have told");
        }
    }
    violations.into_result()
}

//! Counts as resolved what the customer was asked to complete and did not.

use server::Call;
use ticketing_domain::{Promise, refuse_open_points};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Said;
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::{cure, message};

impl Ticketing {
    /// Counts as resolved what the customer was asked to complete and did not, and tells them so.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.resolve_uncured", skip_all, fields(ticket.id = %target.id))]
    pub async fn resolve_uncured(&self, call: &Call, target: Target) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let last = cure::last(&mut writing.tx, id).await?;
        let said_since = match &last {
            Some(asked) => {
                let members: Vec<_> = writing.chronicle.followers().iter().map(|ticket| ticket.facts().id).collect();
                message::customer_spoke_after(&mut writing.tx, id, asked.sequence, &members, asked.cure.asked).await?
            }
            None => false,
        };
        // Those that are answered with it were not asked for anything.
        refuse_open_points(&writing.chronicle.followers())?;
        let last = last.map(|stored| stored.cure);
        let ticket = writing.chronicle.stored.ticket.clone();
        let (resolved, happened) = ticket.resolve_uncured(last.as_ref(), said_since, writing.moment)?;
        if let (Some(cure), Some(resolution)) = (last, resolved.state().resolution()) {
            let body = resolution.expose().parse().expect("an answer fits a message");
            writing.chronicle.say(Said::to_customer(cure.channel, body), writing.moment, &self.policy)?;
        }
        writing.chronicle.transitioned(resolved, &happened);
        writing.lapsed(Promise::as_uncured).await?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}

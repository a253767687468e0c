//! Files a ticket as something else.

use server::Call;
use ticketing_domain::{ChangeKind, Characteristic, Filing, PointText, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::characteristic::demand;
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::{characteristic, link};

/// What ReclassifyTicket is asked, beside the ticket.
#[derive(Debug, Clone)]
pub struct NewFiling {
    /// What it is filed as.
    pub filing: Filing,
    /// What is claimed beside what is claimed already.
    pub points: Vec<PointText>,
    /// What it is known by under the new filing.
    pub characteristics: Vec<Characteristic>,
    /// Why.
    pub reason: Word,
}

impl Ticketing {
    /// Files a ticket as something else; first receipt and what was owed before stay.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.reclassify", skip_all, fields(ticket.id = %target.id))]
    pub async fn reclassify_ticket(&self, call: &Call, target: Target, new: NewFiling) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let ticket = writing.chronicle.stored.ticket.clone();
        let (ticket, happened) = ticket.reclassify(new.filing, new.points, new.reason, writing.moment)?;
        let set = characteristic::made_for(&mut writing.tx, ticket.filing()).await?;
        let before = &writing.chronicle.stored.characteristics;
        let known = before.refiled("characteristics", new.characteristics, set.as_ref(), demand(call))?;
        link::refile(&mut writing.tx, &ticket, &happened.added).await?;
        writing.chronicle.changed(ticket);
        writing.chronicle.note(
            ChangeKind::Reclassified,
            happened.at,
            |entries| entries.reclassified(id, &happened),
            |row| {
                row.reason = Some(happened.reason.as_str().to_owned());
                row.related = Some(happened.to.ticket_type.to_string());
            },
        );
        if known != writing.chronicle.stored.characteristics {
            writing.chronicle.known_by(known, happened.at);
        }
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}

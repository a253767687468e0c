//! Answers one claim point with its reasons.

use postgres::StoreError;
use server::Call;
use ticketing_domain::{Answer, ChangeKind};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::ticket;

/// What AnswerClaimPoint is asked, beside the ticket.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    /// Id of the point.
    pub point: String,
    /// The answer.
    pub text: Answer,
}

impl Ticketing {
    /// Answers one claim point with its reasons.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.answer_claim_point", skip_all, fields(ticket.id = %target.id))]
    pub async fn answer_claim_point(&self, call: &Call, target: Target, new: NewAnswer) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let (ticket, happened) = writing.stored.ticket.clone().answer(&new.point, new.text, writing.moment)?;
        let place = ticket.points().iter().position(|p| p.id == happened.point);
        let ordinal = place
            .and_then(|p| i32::try_from(p + 1).ok())
            .ok_or_else(|| StoreError::corrupt("claim_point", "ordinal", id))?;
        writing.changed(ticket);
        let at = happened.answered.at;
        writing.note(
            ChangeKind::ClaimPointAnswered,
            at,
            |entries| entries.point_answered(id, &happened),
            |row| row.related = Some(happened.point.clone()),
        );
        ticket::answer(&mut writing.tx, id, ordinal, happened.answered.text.expose(), at).await?;
        let answer = present::ticket(&writing.stored);
        writing.finish(answer).await
    }
}

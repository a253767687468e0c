//! Answers one claim point with its reasons.

use server::Call;
use ticketing_domain::Answer;
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

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
        let mut writing = match self.begin_in(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let moment = writing.moment;
        let part = writing.part();
        part.answer(&new.point, new.text, moment)?;
        let answer = present::ticket(&part.stored);
        writing.finish(answer).await
    }
}

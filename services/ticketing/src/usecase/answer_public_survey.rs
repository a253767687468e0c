//! The customer says what they thought, with key and proof.

use postgres::RequestKey;
use server::Call;
use ticketing_domain::{Opinion, SurveyId};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Shown, Ticketing};
use crate::Error;
use crate::store::survey;

impl Ticketing {
    /// The customer says what they thought of how their affair was handled.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "survey.answer_public", skip_all)]
    pub async fn answer_public_survey(
        &self,
        call: &Call,
        shown: Shown,
        (etag, opinion): (i64, Opinion),
        key: RequestKey,
    ) -> Result<pb::PublicAct, Error> {
        let mut writing = match self.begin_shown(call, &shown, key, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let customer = writing.chronicle.actor().clone();
        let head = writing.chronicle.stored.ticket.facts().id;
        let id = survey::of_affair(&mut writing.tx, (writing.id, head)).await?;
        let id = id.map_or(SurveyId::of(head), |stored| stored.survey.id);
        let (_, complaint_invitation) = writing.hear_opinion(id, etag, &opinion, customer).await?;
        let answer = pb::PublicAct { complaint_invitation, ..writing.done() };
        writing.finish(answer).await
    }
}

//! Writes down what the customer thought.

use jiff::Timestamp;
use kernel::Actor;
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{ChangeKind, Opinion, SurveyId, complaint_invitation};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::writing::{Begun, Writing};
use crate::Error;
use crate::grpc::present;
use crate::store::history;
use crate::store::survey::{self, StoredSurvey};

/// What AnswerSurvey is asked.
#[derive(Debug, Clone)]
pub struct NewOpinion {
    /// The survey.
    pub id: SurveyId,
    /// What the customer said.
    pub opinion: Opinion,
    /// The version of the survey that the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
    /// When the customer said it, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Writes down what the customer thought.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "survey.answer", skip_all, fields(ticket.id = %new.id.ticket()))]
    pub async fn answer_survey(&self, call: &Call, new: NewOpinion) -> Result<pb::Survey, Error> {
        let mut writing = match self.begin_in(call, new.key, new.id.ticket(), None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let (stored, complaint_invitation) =
            writing.hear_opinion(new.id, new.etag, &new.opinion, call.actor().clone()).await?;
        let answer = pb::Survey { complaint_invitation, ..present::survey(&stored) };
        writing.finish(answer).await
    }
}

impl Writing {
    /// Writes down what the customer thought, as `by` brings it, of the survey that stands at `version`; with what to tell somebody who is dissatisfied,
    /// which is nothing for the others.
    pub(super) async fn hear_opinion(
        &mut self,
        id: SurveyId,
        version: i64,
        opinion: &Opinion,
        by: Actor,
    ) -> Result<(StoredSurvey, String), Error> {
        let found = survey::get(&mut *self.tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        if found.version != version {
            return Err(StoreError::Stale.into());
        }
        let resolved_by = history::resolved_by(&mut self.tx, id.ticket()).await?;
        let worked_by = self.chronicle.stored.ticket.assignment().owner.clone();
        let part = self.chronicle.part(id.ticket());
        let ticket = part.stored.ticket.clone();
        let who = (by, resolved_by.as_ref(), worked_by.as_ref());
        let (ticket, survey) = ticket.answer_survey(found.survey, opinion.clone(), who, self.moment)?;
        let at = ticket.last_change();
        part.touched(ticket.clone());
        part.note(
            ChangeKind::SurveyAnswered,
            at,
            |entries| entries.survey_answered(&ticket, opinion),
            |row| row.related = Some(id.name()),
        );
        let stored = StoredSurvey { survey, version: found.version + 1 };
        survey::answer(&mut self.tx, &stored).await?;
        let invited = opinion.is_dissatisfied() && !ticket.filing().ticket_type.is_complaint();
        let invitation = if invited { complaint_invitation(ticket.facts().language) } else { "" };
        Ok((stored, invitation.to_owned()))
    }
}

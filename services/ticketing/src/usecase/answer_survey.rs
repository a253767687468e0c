//! Writes down what the customer thought.

use jiff::Timestamp;
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{ChangeKind, Opinion, SurveyId, complaint_invitation};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::writing::Begun;
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
        let mut writing = match self.begin(call, new.key, new.id.ticket(), None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = survey::get(&mut *writing.tx, new.id).await?.ok_or_else(|| Error::not_found(new.id.name()))?;
        if found.version != new.etag {
            return Err(StoreError::Stale.into());
        }
        let resolved_by = history::resolved_by(&mut writing.tx, new.id.ticket()).await?;
        let who = (call.actor().clone(), resolved_by.as_ref());
        let ticket = writing.chronicle.stored.ticket.clone();
        let (ticket, survey) = ticket.answer_survey(found.survey, new.opinion.clone(), who, writing.moment)?;
        let at = ticket.last_change();
        writing.chronicle.touched(ticket.clone());
        writing.chronicle.note(
            ChangeKind::SurveyAnswered,
            at,
            |entries| entries.survey_answered(&ticket, &new.opinion),
            |row| row.related = Some(new.id.name()),
        );
        let stored = StoredSurvey { survey, version: found.version + 1 };
        survey::answer(&mut writing.tx, &stored).await?;
        let mut answer = present::survey(&stored);
        if new.opinion.is_dissatisfied() && !ticket.filing().ticket_type.is_complaint() {
            complaint_invitation(ticket.facts().language).clone_into(&mut answer.complaint_invitation);
        }
        writing.finish(answer).await
    }
}

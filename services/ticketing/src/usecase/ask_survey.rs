//! Asks the customer what they thought.

use jiff::Timestamp;
use kernel::Channel;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{ChangeKind, SurveyId, TicketId};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::writing::Begun;
use crate::Error;
use crate::grpc::present;
use crate::store::survey::{self, StoredSurvey};

/// What AskSurvey is asked.
#[derive(Debug, Clone)]
pub struct NewSurvey {
    /// The ticket.
    pub ticket: TicketId,
    /// By which channel the customer is asked.
    pub channel: Channel,
    /// The call.
    pub key: RequestKey,
    /// When the customer was asked, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Asks the customer what they thought.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "survey.ask", skip_all, fields(ticket.id = %new.ticket))]
    pub async fn ask_survey(&self, call: &Call, new: NewSurvey) -> Result<pb::Survey, Error> {
        let mut writing = match self.begin(call, new.key, new.ticket, None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        // In what was one affair with it at any time: a customer is asked once.
        let asked_in = survey::asked_in_family(&mut writing.tx, new.ticket).await?;
        let found = survey::get(&mut *writing.tx, SurveyId::of(asked_in.unwrap_or(new.ticket))).await?;
        let asked = found.as_ref().map(|stored| &stored.survey);
        let ticket = writing.chronicle.stored.ticket.clone();
        let (ticket, survey) = ticket.ask_survey(asked, new.channel, call.actor().clone(), writing.moment)?;
        writing.chronicle.touched(ticket.clone());
        let entry = |entries: &crate::entry::Entries<'_>| entries.survey_asked(&ticket, &survey);
        writing
            .chronicle
            .note(ChangeKind::SurveyAsked, survey.asked, entry, |row| row.related = Some(survey.id.name()));
        let stored = StoredSurvey { survey, version: 1 };
        survey::insert(&mut writing.tx, &stored).await?;
        writing.finish(present::survey(&stored)).await
    }
}

//! The survey of a ticket.

use ticketing_domain::SurveyId;
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::grpc::present;
use crate::store::survey;

impl Ticketing {
    /// The survey of a ticket.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "survey.get", skip_all, fields(ticket.id = %id.ticket()))]
    pub async fn get_survey(&self, id: SurveyId) -> Result<pb::Survey, Error> {
        let found = survey::get(self.db.reader(), id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        Ok(present::survey(&found))
    }
}

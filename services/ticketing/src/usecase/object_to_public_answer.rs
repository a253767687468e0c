//! The customer objects to the answer, with key and proof.

use postgres::RequestKey;
use server::Call;
use ticketing_domain::{Body, Command};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Said;
use super::writing::Begun;
use super::{Shown, Ticketing};
use crate::Error;

/// The reason of the reopening.
const OBJECTED: &str = "customer_objected";

impl Ticketing {
    /// The customer does not agree with the answer that they read, and says why.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.object_public", skip_all)]
    pub async fn object_to_public_answer(
        &self,
        call: &Call,
        shown: Shown,
        (etag, why): (i64, Body),
        key: RequestKey,
    ) -> Result<pb::PublicAct, Error> {
        let mut writing = match self.begin_shown(call, &shown, key, Some(etag)).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let reason = OBJECTED.parse().expect("it is a word");
        writing.chronicle.apply(Command::Reopen { reason }, writing.moment, &self.policy)?;
        writing.say(Said::by_web(why), &self.policy).await?;
        let answer = writing.done();
        writing.finish(answer).await
    }
}

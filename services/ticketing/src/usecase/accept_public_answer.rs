//! The customer accepts the answer, with key and proof.

use postgres::RequestKey;
use server::Call;
use ticketing_domain::{CloseReason, Command, CustomerWord};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Shown, Ticketing};
use crate::Error;

impl Ticketing {
    /// The customer accepts the answer that they read.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.accept_public", skip_all)]
    pub async fn accept_public_answer(
        &self,
        call: &Call,
        shown: Shown,
        etag: i64,
        key: RequestKey,
    ) -> Result<pb::PublicAct, Error> {
        let mut writing = match self.begin_shown(call, &shown, key, Some(etag)).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let accept = Command::Close { reason: CloseReason::AcceptedByCustomer, word: CustomerWord::Own };
        writing.chronicle.apply(accept, writing.moment, &self.policy)?;
        let answer = writing.done();
        writing.finish(answer).await
    }
}

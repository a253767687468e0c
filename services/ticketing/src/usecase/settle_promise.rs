//! Says how a promise ended.

use jiff::Timestamp;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{PromiseId, Settlement};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::writing::Begun;
use crate::Error;
use crate::grpc::present;

/// What SettlePromise is asked.
#[derive(Debug, Clone)]
pub struct PromiseEnd {
    /// The promise.
    pub id: PromiseId,
    /// How it ended.
    pub settlement: Settlement,
    /// The version of the promise that the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
    /// When it ended, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Says how a promise ended.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "promise.settle", skip_all, fields(ticket.id = %end.id.ticket))]
    pub async fn settle_promise(&self, call: &Call, end: PromiseEnd) -> Result<pb::Promise, Error> {
        let mut writing = match self.begin_in(call, end.key, end.id.ticket, None, end.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = writing.promise(end.id, end.etag).await?;
        if !matches!(end.settlement, Settlement::Announced { .. }) {
            found.promise.refuse_of_term()?;
        }
        let moment = writing.moment;
        let part = writing.part();
        let (ticket, at) = part.stored.ticket.clone().note(moment)?;
        let kept = matches!(end.settlement, Settlement::Kept);
        let promise = found.promise.clone().settle(end.settlement, at)?;
        if kept {
            found.promise.refuse_kept(ticket.state())?;
        }
        part.touched(ticket);
        let stored = writing.end_promise(found, promise, at).await?;
        writing.finish(present::promise(&stored)).await
    }
}

//! Says that a customer was tried who had been promised a call or a visit, and lists what is to be done.

use jiff::Timestamp;
use kernel::ResourceId as _;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{AttemptOutcome, ChangeKind, PromiseId};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::promise::{self, Due, DueFilter, StoredPromise};

/// What AttemptPromise is asked.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// The promise.
    pub id: PromiseId,
    /// How it went.
    pub outcome: AttemptOutcome,
    /// The version of the promise that the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
    /// When it happened, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Says that a customer was tried.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "promise.attempt", skip_all, fields(ticket.id = %new.id.ticket))]
    pub async fn attempt_promise(&self, call: &Call, new: NewAttempt) -> Result<pb::Promise, Error> {
        let mut writing = match self.begin_in(call, new.key, new.id.ticket, None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = writing.promise(new.id, new.etag).await?;
        let moment = writing.moment;
        let part = writing.part();
        let (ticket, at) = part.stored.ticket.clone().note(moment)?;
        let promise = found.promise.clone().attempt(new.outcome, self.policy.attempts(), at)?;
        part.touched(ticket);
        part.note(
            ChangeKind::PromiseAttempted,
            at,
            |entries| entries.promise_attempted(&promise, new.outcome),
            |row| {
                row.reason = Some(new.outcome.to_string());
                row.related = Some(new.id.name());
            },
        );
        if promise.state.settled().is_some() {
            part.promise_settled(&promise, at);
        }
        let stored = StoredPromise { promise, version: found.version + 1, ..found };
        promise::update(&mut writing.tx, &stored).await?;
        writing.settle_beside(&stored.promise, at).await?;
        writing.finish(present::promise(&stored)).await
    }

    /// A page of promises that still run, and the place of its last one when there are more.
    #[tracing::instrument(name = "promise.list_due", skip_all)]
    pub(crate) async fn list_due_promises(
        &self,
        filter: &DueFilter,
        after: Option<Due>,
        size: usize,
    ) -> Result<(Vec<pb::Promise>, Option<Due>), Error> {
        let mut found = promise::due(self.db.reader(), filter, after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| (stored.promise.due, stored.promise.id.id));
        let tickets: Vec<Uuid> = found.iter().map(|stored| stored.promise.id.ticket.uuid()).collect();
        let departments = promise::departments(self.db.reader(), &tickets).await?;
        let told = found.iter().map(|stored| pb::Promise {
            department: departments.get(&stored.promise.id.ticket.uuid()).cloned().unwrap_or_default(),
            ..present::promise(stored)
        });
        Ok((told.collect(), last))
    }
}

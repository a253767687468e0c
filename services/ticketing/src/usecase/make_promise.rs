//! Notes a promise to the customer, or renegotiates one that still runs.

use jiff::Timestamp;
use kernel::Violations;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{ChangeKind, Promise, PromiseDraft, PromiseId, TicketId};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::writing::{Begun, Writing};
use crate::Error;
use crate::grpc::present;
use crate::store::promise::{self, StoredPromise};

/// What MakePromise is asked.
#[derive(Debug, Clone)]
pub struct NewPromise {
    /// The ticket.
    pub ticket: TicketId,
    /// The promise.
    pub draft: PromiseDraft,
    /// The call.
    pub key: RequestKey,
    /// When it was made, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Notes a promise to the customer, or renegotiates one that still runs.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "promise.make", skip_all, fields(ticket.id = %new.ticket))]
    pub async fn make_promise(&self, call: &Call, new: NewPromise) -> Result<pb::Promise, Error> {
        let mut writing = match self.begin(call, new.key, new.ticket, None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let (ticket, at) = writing.chronicle.stored.ticket.clone().touch(writing.moment)?;
        if new.draft.due <= at {
            let mut violations = Violations::new();
            violations.push("promise.due_time", "must be later than the moment the promise is made");
            return Err(violations.into());
        }
        writing.chronicle.touched(ticket);
        if let Some(replaced) = new.draft.replaces {
            renegotiate(&mut writing, replaced, at).await?;
        }
        let id = PromiseId { ticket: new.ticket, id: self.ambient.uuid(writing.chronicle.now()) };
        let promise = Promise::make(new.draft, id, call.actor().clone(), at);
        let sequence = writing.chronicle.note(
            ChangeKind::PromiseMade,
            at,
            |entries| entries.promise_made(&promise),
            |row| row.related = Some(id.name()),
        );
        let stored = StoredPromise { promise, sequence, version: 1 };
        promise::insert(&mut writing.tx, &stored).await?;
        writing.finish(present::promise(&stored)).await
    }
}

async fn renegotiate(writing: &mut Writing, id: PromiseId, at: Timestamp) -> Result<(), Error> {
    let found = promise::get(&mut writing.tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
    let promise = found.promise.renegotiate(at)?;
    writing.chronicle.note(
        ChangeKind::PromiseSettled,
        at,
        |entries| entries.promise_settled(&promise),
        |row| {
            row.reason = Some(promise.state.standing().to_string());
            row.related = Some(id.name());
        },
    );
    let stored = StoredPromise { promise, version: found.version + 1, ..found };
    promise::update(&mut writing.tx, &stored).await?;
    Ok(())
}

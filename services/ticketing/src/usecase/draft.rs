//! Messages that somebody has begun to write: kept as they go on, and sent at last.

use kernel::ResourceId as _;
use postgres::{Kept, RequestKey, StoreError, Tx};
use server::Call;
use ticketing_domain::{AgentId, Refusal, TicketId};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::writing::Begun;
use super::{PageByTime, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::{convert, present};
use crate::store::draft::{self, StoredDraft};
use crate::store::ticket;

/// Whose draft of which affair.
#[derive(Debug, Clone)]
pub(crate) struct DraftId {
    /// Who writes it.
    pub agent: AgentId,
    /// The affair.
    pub ticket: TicketId,
}

impl DraftId {
    /// The resource name.
    pub(crate) fn name(&self) -> String {
        format!("{}/drafts/{}", self.agent.name(), self.ticket.uuid().as_hyphenated())
    }
}

/// What PutDraft is asked.
#[derive(Debug, Clone)]
pub(crate) struct NewDraft {
    /// Which.
    pub id: DraftId,
    /// The message as far as it is written; it is one that could be added.
    pub message: pb::Message,
    /// The version the caller decided on; none for a new one.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// A draft that is sent, or thrown away.
#[derive(Debug, Clone)]
pub(crate) struct EndOfDraft {
    /// Which.
    pub id: DraftId,
    /// The version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

impl Ticketing {
    /// Keeps what somebody has written so far.
    #[tracing::instrument(name = "draft.put", skip_all, fields(ticket.id = %new.id.ticket))]
    pub(crate) async fn put_draft(&self, call: &Call, new: NewDraft) -> Result<pb::Draft, Error> {
        let NewDraft { id: DraftId { agent, ticket }, message, etag, key } = new;
        own(call, &agent)?;
        let now = self.ambient.now();
        let mut tx = match self.claimed(&key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        match ticket::share(&mut tx, ticket).await? {
            None => return Err(Error::not_found(ticket.to_string())),
            Some(true) => return Err(Refusal::TicketErased.into()),
            Some(false) => {}
        }
        let kept = match (draft::lock(&mut tx, &agent, ticket).await?, etag) {
            (Some(known), Some(etag)) if known.version == etag => {
                let kept = StoredDraft { message, updated_at: now, version: known.version + 1, ..known };
                draft::update(&mut tx, &kept).await?;
                kept
            }
            (None, None) => {
                // A draft that was sent is begun again, and its etags are not.
                let kept = StoredDraft { agent, ticket, message, updated_at: now, version: now.as_microsecond() };
                if !draft::insert(&mut tx, &kept).await? {
                    return Err(StoreError::Stale.into());
                }
                kept
            }
            _ => return Err(StoreError::Stale.into()),
        };
        self.keep_of(tx, &key, present::draft(&kept), ticket).await
    }

    /// One of the caller's drafts.
    #[tracing::instrument(name = "draft.get", skip_all, fields(ticket.id = %id.ticket))]
    pub(crate) async fn get_draft(&self, call: &Call, id: DraftId) -> Result<pb::Draft, Error> {
        own(call, &id.agent)?;
        let found = draft::get(self.db.reader(), &id.agent, id.ticket).await?;
        found.map(|found| present::draft(&found)).ok_or_else(|| Error::not_found(id.name()))
    }

    /// A page of the caller's drafts, and the place of its last one when there are more.
    #[tracing::instrument(name = "draft.list", skip_all)]
    pub(crate) async fn list_drafts(
        &self,
        call: &Call,
        agent: &AgentId,
        after: Option<Uuid>,
        size: usize,
    ) -> Result<PageByTime<pb::Draft>, Error> {
        own(call, agent)?;
        let mut found = draft::list(self.db.reader(), agent, after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|draft| (draft.updated_at, draft.ticket.uuid()));
        Ok((found.iter().map(present::draft).collect(), last))
    }

    /// Throws a draft away.
    #[tracing::instrument(name = "draft.delete", skip_all, fields(ticket.id = %end.id.ticket))]
    pub(crate) async fn delete_draft(&self, call: &Call, end: EndOfDraft) -> Result<(), Error> {
        own(call, &end.id.agent)?;
        let now = self.ambient.now();
        let mut tx = match self.claimed::<()>(&end.key, now).await? {
            Claimed::Replay(()) => return Ok(()),
            Claimed::Fresh(tx) => tx,
        };
        let found = of_version(&mut tx, &end).await?;
        draft::delete(&mut tx, &found).await?;
        self.keep(tx, &end.key, ()).await
    }

    /// Adds the message as it was drafted.
    #[tracing::instrument(name = "draft.send", skip_all, fields(ticket.id = %end.id.ticket))]
    pub(crate) async fn send_draft(&self, call: &Call, end: EndOfDraft) -> Result<pb::Message, Error> {
        own(call, &end.id.agent)?;
        let mut writing = match self.begin_in(call, end.key, end.id.ticket, None, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = of_version(&mut writing.tx, &end).await?;
        let said =
            convert::drafted(&found.message).map_err(|_| StoreError::corrupt("draft", "message", end.id.ticket))?;
        let message = writing.say(said, &self.policy).await?;
        draft::delete(&mut writing.tx, &found).await?;
        writing.finish(message).await
    }

    /// Keeps an answer that holds words of an affair, which are destroyed with the affair's, and commits.
    pub(super) async fn keep_of<M: prost::Message>(
        &self,
        mut tx: Tx,
        key: &RequestKey,
        answer: M,
        ticket: TicketId,
    ) -> Result<M, Error> {
        let kept = Kept { answer: &answer.encode_to_vec(), forever: false, about: &[ticket.uuid()] };
        postgres::keep_answer(&mut tx, key.id, kept).await?;
        tx.commit().await?;
        Ok(answer)
    }
}

async fn of_version(tx: &mut Tx, end: &EndOfDraft) -> Result<StoredDraft, Error> {
    let found = draft::lock(tx, &end.id.agent, end.id.ticket).await?;
    let found = found.ok_or_else(|| Error::not_found(end.id.name()))?;
    if found.version == end.etag { Ok(found) } else { Err(StoreError::Stale.into()) }
}

/// What is in a draft is its writer's own: nobody else reads it, whatever their role.
fn own(call: &Call, agent: &AgentId) -> Result<(), Refusal> {
    if call.actor().id == agent.as_str() { Ok(()) } else { Err(Refusal::NotYours) }
}

//! Where somebody was named in a note, so that they look at it.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::Role;
use postgres::RequestKey;
use server::Call;
use server::parse::time_to_proto;
use ticketing_domain::{AgentId, Refusal};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::{PageByTime, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::mention::{self, Mention};
use crate::store::message::{self, Message};
use crate::store::ticket;

/// Where whom.
#[derive(Debug, Clone)]
pub(crate) struct MentionId {
    /// Who was named.
    pub agent: AgentId,
    /// In which note.
    pub message: Uuid,
}

impl MentionId {
    /// The resource name.
    pub(crate) fn name(&self) -> String {
        format!("{}/mentions/{}", self.agent.name(), self.message.as_hyphenated())
    }
}

/// A page of mentions.
pub(crate) struct MentionPage {
    /// Whose.
    pub agent: AgentId,
    /// Only those that have not been seen.
    pub unseen: bool,
    /// The place of the last one known.
    pub after: Option<(Timestamp, Uuid)>,
    /// How many at most.
    pub size: usize,
}

impl Ticketing {
    /// A page of where somebody was named, and the place of its last one when there are more.
    #[tracing::instrument(name = "mention.list", skip_all)]
    pub(crate) async fn list_mentions(
        &self,
        call: &Call,
        page: &MentionPage,
    ) -> Result<PageByTime<pb::Mention>, Error> {
        if call.actor().id != page.agent.as_str() && !call.acting().has_any(&[Role::Supervisor]) {
            return Err(Refusal::NotYours.into());
        }
        let found = mention::list(self.db.reader(), &page.agent, page.unseen, page.after, limit(page.size)).await;
        let mut found = found?;
        let more = cut(&mut found, page.size);
        let last = found.last().filter(|_| more).map(|mention| (mention.at, mention.message.id));
        Ok((self.with_notes(&found).await?, last))
    }

    /// Says that one has seen where one was named.
    #[tracing::instrument(name = "mention.see", skip_all)]
    pub(crate) async fn see_mention(&self, call: &Call, id: MentionId, key: RequestKey) -> Result<pb::Mention, Error> {
        if call.actor().id != id.agent.as_str() {
            return Err(Refusal::NotYours.into());
        }
        // The note is read before the transaction begins, and told if its words are there by then.
        let found = mention::get(self.db.reader(), &id.agent, id.message).await?;
        let found = found.ok_or_else(|| Error::not_found(id.name()))?;
        let ticket = found.message.ticket;
        let told = self.with_notes(&[found]).await?.pop().ok_or_else(|| Error::not_found(id.name()))?;
        let now = self.ambient.now();
        let mut tx = match self.claimed(&key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        if ticket::share(&mut tx, ticket).await? != Some(false) {
            return Err(Refusal::TicketErased.into());
        }
        let seen = mention::see(&mut tx, &id.agent, id.message, now).await?;
        let told = pb::Mention { see_time: Some(time_to_proto(seen)), ..told };
        self.keep_of(tx, &key, told, ticket).await
    }

    async fn with_notes(&self, mentions: &[Mention]) -> Result<Vec<pb::Mention>, Error> {
        let places: Vec<_> = mentions.iter().map(|m| (m.message.ticket, m.sequence)).collect();
        let notes = message::at(self.db.reader(), &places).await?;
        let notes: HashMap<Uuid, &Message> = notes.iter().map(|note| (note.id.id, note)).collect();
        let told = |mention: &Mention| notes.get(&mention.message.id).map(|note| present::mention(mention, note));
        Ok(mentions.iter().filter_map(told).collect())
    }
}

//! Looks for affairs by what they are and by the words in them, and reads the ledger for those words.

use std::collections::{BTreeSet, HashMap};

use kernel::{ResourceId as _, Violations};
use postgres::StoreError;
use prost::Name as _;
use ticketing_domain::TicketId;
use uuid::Uuid;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ticketing::v1 as pb;

use super::{Ticketing, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::Stored;
use crate::store::finding::words;
use crate::store::finding::{self, Filter, Found, Place};
use crate::store::ticket;

/// Affairs that are counted one by one; more are not.
const MOST_COUNTED: i64 = 1_000;

impl Ticketing {
    /// A page of the affairs that a filter names, newest first, and where to go on when there may be more.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.search", skip_all)]
    pub(crate) async fn search_tickets(
        &self,
        filter: &Filter,
        after: Option<Place>,
        size: usize,
    ) -> Result<(Vec<pb::Ticket>, Option<Place>), Error> {
        let mut found = self.look(filter, after, limit(size)).await?;
        let more = found.places.len() > size;
        found.places.truncate(size);
        let next = if more { found.places.last().copied() } else { found.ended_at };
        let ids: Vec<Uuid> = found.places.iter().map(|(_, id)| *id).collect();
        let mut rows: HashMap<TicketId, Stored> = ticket::some(self.db.reader(), &ids)
            .await?
            .into_iter()
            .map(|stored| (stored.ticket.facts().id, stored))
            .collect();
        let in_order = ids.iter().filter_map(|id| rows.remove(&TicketId::from_uuid(*id)));
        Ok((in_order.map(|stored| present::ticket(&stored)).collect(), next))
    }

    /// How many entries of the ledger have not been read for words.
    pub(crate) async fn unread(&self) -> Result<i64, Error> {
        Ok(words::unread(self.db.reader()).await?)
    }

    /// How many affairs a filter names, and whether there may be more.
    pub(super) async fn count(&self, filter: &Filter) -> Result<(i64, bool), Error> {
        let found = self.look(filter, None, MOST_COUNTED + 1).await?;
        let count = i64::try_from(found.places.len()).unwrap_or(i64::MAX);
        Ok((count.min(MOST_COUNTED), count > MOST_COUNTED || found.ended_at.is_some()))
    }

    async fn look(&self, filter: &Filter, after: Option<Place>, limit: i64) -> Result<Found, Error> {
        let mut filter = filter.clone();
        if let [customer] = filter.customers[..] {
            filter.customers = self.every_id_of(customer).await;
        }
        let filter = &filter;
        let Some(query) = &filter.query else {
            return Ok(finding::look(self.db.reader(), filter, after, limit).await?);
        };
        let Some(asked) = words::asked(self.db.reader(), query).await? else {
            let mut violations = Violations::new();
            violations.push("filter.query", "must ask for a word that not every text has, and that is to be there");
            return Err(violations.into());
        };
        Ok(words::look(self.db.reader(), filter, &asked, after, limit, self.ambient.now()).await?)
    }

    /// Reads some texts anew that an earlier version read for words; `false` once there are no more.
    ///
    /// # Errors
    /// [`Error::Store`].
    #[tracing::instrument(level = "debug", name = "ticket.read_anew", skip_all)]
    pub(crate) async fn read_anew(&self, most: i64) -> Result<bool, Error> {
        let mut tx = self.db.tx().await?;
        let more = words::read_anew(&mut tx, most).await?;
        tx.commit().await?;
        Ok(more)
    }

    /// How far the ledger has been read for words.
    pub(crate) async fn read_for_words_to(&self) -> Result<i64, StoreError> {
        words::read_to(self.db.reader()).await
    }

    /// Goes on behind an entry whose words cannot be written.
    pub(crate) async fn pass_over(&self, position: i64) -> Result<(), Error> {
        Ok(words::pass_over(self.db.reader(), position).await?)
    }

    /// Writes the words of all that these entries, which follow one another, are about.
    ///
    /// # Errors
    /// [`Error::Store`].
    #[tracing::instrument(level = "debug", name = "ticket.read_for_words", skip_all)]
    pub(crate) async fn read_for_words(&self, entries: &[Entry]) -> Result<(), Error> {
        let Some(last) = entries.last() else { return Ok(()) };
        let mut tx = self.db.tx().await?;
        let read_to = words::lock(&mut tx).await?;
        let (mut changed, mut spoken) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries.iter().filter(|entry| entry.position > read_to) {
            let Ok(ticket) = TicketId::parse(&entry.aggregate) else { continue };
            if entry.r#type == pb::MessageAdded::full_name() {
                spoken.insert(ticket.uuid());
            } else if brings_words(&entry.r#type) {
                changed.insert(ticket.uuid());
            }
        }
        let (changed, spoken): (Vec<Uuid>, Vec<Uuid>) = (changed.into_iter().collect(), spoken.into_iter().collect());
        words::write(&mut tx, &changed, &spoken, last.position.max(read_to)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Whether an entry of this kind tells of a subject, a point, an answer, a resolution or what an affair is known by.
fn brings_words(kind: &str) -> bool {
    [
        pb::TicketOpened::full_name(),
        pb::TicketReclassified::full_name(),
        pb::CharacteristicsStated::full_name(),
        pb::ClaimPointAnswered::full_name(),
        pb::TicketTransitioned::full_name(),
    ]
    .iter()
    .any(|known| known == kind)
}

//! Filters that are kept under a name, and what they show.

use kernel::{Department, Role};
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{Line, View, ViewId};
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::view::{self, StoredView};

/// What PutView is asked.
#[derive(Debug, Clone)]
pub struct NewView {
    /// Which.
    pub id: ViewId,
    /// What it is called.
    pub title: Line<100>,
    /// The department it is made for.
    pub department: Option<Department>,
    /// Which affairs it shows; it is one that can be looked by.
    pub filter: pb::TicketFilter,
    /// The version the caller decided on; none for a new one.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// What DeleteView is asked.
#[derive(Debug, Clone)]
pub struct EndOfView {
    /// Which.
    pub id: ViewId,
    /// The version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

impl Ticketing {
    /// Keeps a filter under a name, or changes it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "view.put", skip_all, fields(view.id = %new.id))]
    pub async fn put_view(&self, call: &Call, new: NewView) -> Result<pb::View, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let known = view::lock(&mut tx, &new.id).await?;
        let NewView { id, title, department, filter, etag, key } = new;
        let stored = match (known, etag) {
            (Some(known), Some(etag)) if known.version == etag => {
                known.view.refuse_others(call.actor(), supervises(call))?;
                let view = View { id, title, department, filter, ..known.view };
                let stored = StoredView { view, version: known.version + 1 };
                view::update(&mut tx, &stored).await?;
                stored
            }
            (None, None) => {
                let view = View { id, title, department, filter, by: call.actor().clone(), at: now };
                // A name that was given before is given again, and its etags are not.
                let stored = StoredView { view, version: now.as_microsecond() };
                if !view::insert(&mut tx, &stored).await? {
                    return Err(StoreError::Stale.into());
                }
                stored
            }
            _ => return Err(StoreError::Stale.into()),
        };
        let entry = self.entries(call, now, |entries| entries.view_put(&stored));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &key, present::view(&stored)).await
    }

    /// One view.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "view.get", skip_all, fields(view.id = %id))]
    pub async fn get_view(&self, id: &ViewId) -> Result<pb::View, Error> {
        let found = view::get(self.db.reader(), id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        Ok(present::view(&found))
    }

    /// A page of views, and the id of its last one when there are more.
    #[tracing::instrument(name = "view.list", skip_all)]
    pub(crate) async fn list_views(
        &self,
        department: Option<&Department>,
        after: &str,
        size: usize,
    ) -> Result<(Vec<pb::View>, Option<String>), Error> {
        let mut found = view::list(self.db.reader(), department, after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| stored.view.id.as_str().to_owned());
        Ok((found.iter().map(present::view).collect(), last))
    }

    /// Forgets a view.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "view.delete", skip_all, fields(view.id = %end.id))]
    pub async fn delete_view(&self, call: &Call, end: EndOfView) -> Result<(), Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed::<()>(&end.key, now).await? {
            Claimed::Replay(()) => return Ok(()),
            Claimed::Fresh(tx) => tx,
        };
        let known = view::lock(&mut tx, &end.id).await?.ok_or_else(|| Error::not_found(end.id.name()))?;
        if known.version != end.etag {
            return Err(StoreError::Stale.into());
        }
        known.view.refuse_others(call.actor(), supervises(call))?;
        view::delete(&mut tx, &end.id).await?;
        let entry = self.entries(call, now, |entries| entries.view_deleted(&end.id));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &end.key, ()).await
    }

    /// How many affairs each of these shows, or one filter alone.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.count", skip_all)]
    pub(crate) async fn count_tickets(
        &self,
        counted: Vec<(Option<ViewId>, crate::store::finding::Filter)>,
    ) -> Result<Vec<pb::TicketCount>, Error> {
        let mut counts = Vec::with_capacity(counted.len());
        for (view, filter) in counted {
            let (count, at_least) = self.count(&filter).await?;
            counts.push(pb::TicketCount { view: view.map(|id| id.name()).unwrap_or_default(), count, at_least });
        }
        Ok(counts)
    }
}

fn supervises(call: &Call) -> bool {
    call.acting().has_any(&[Role::Supervisor])
}

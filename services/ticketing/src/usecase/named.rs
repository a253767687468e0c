//! What people keep under a name: put, read, forgotten, the same way whatever it is.

use kernel::{Department, Role};
use ledger::Draft;
use postgres::{RequestKey, StoreError, Tx};
use prost::Message;
use server::Call;
use ticketing_domain::{Line, Named, Refusal, SlugId as _};

use super::claimed::Claimed;
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::entry::Entries;
use crate::store::named::{On, Shelf, StoredNamed};

/// What is asked to be kept.
#[derive(Debug, Clone)]
pub(crate) struct NewNamed<I, C> {
    /// Under which id.
    pub id: I,
    /// What it is called.
    pub title: Line<100>,
    /// The department it is made for.
    pub department: Option<Department>,
    /// What is kept.
    pub content: C,
    /// The version the caller decided on; none for a new one.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// What is asked to be forgotten.
#[derive(Debug, Clone)]
pub(crate) struct EndOfNamed<I> {
    /// Which.
    pub id: I,
    /// The version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// What is done about things of one kind: how they are told, to callers and to the ledger, and what who may not change them is told.
pub(crate) struct Kind<S: Shelf, M> {
    pub present: fn(&On<S>) -> M,
    pub put: fn(&Entries<'_>, M) -> Draft,
    pub refusal: fn() -> Refusal,
}

impl Ticketing {
    /// Keeps something under a name, or changes it.
    pub(super) async fn put_named<S: Shelf, M: Message + Default + Clone>(
        &self,
        call: &Call,
        kind: Kind<S, M>,
        new: NewNamed<S::Id, S::Content>,
    ) -> Result<M, Error> {
        match self.claimed(&new.key, self.ambient.now()).await? {
            Claimed::Replay(answer) => Ok(answer),
            Claimed::Fresh(tx) => self.put_named_in(tx, call, kind, new).await,
        }
    }

    /// The same in the transaction of a call that is claimed, in which more may have been looked at.
    pub(super) async fn put_named_in<S: Shelf, M: Message + Default + Clone>(
        &self,
        mut tx: Tx,
        call: &Call,
        kind: Kind<S, M>,
        new: NewNamed<S::Id, S::Content>,
    ) -> Result<M, Error> {
        let now = self.ambient.now();
        let known = S::lock(&mut tx, &new.id).await?;
        let NewNamed { id, title, department, content, etag, key } = new;
        let stored = match (known, etag) {
            (Some(known), Some(etag)) if known.version == etag => {
                refuse_others(call, &known.named, kind.refusal)?;
                let named = Named { id, title, department, content, ..known.named };
                let stored = StoredNamed { named, version: known.version + 1 };
                S::update(&mut tx, &stored).await?;
                stored
            }
            (None, None) => {
                let named = Named { id, title, department, content, by: call.actor().clone(), at: now };
                // A name that was given before is given again, and its etags are not.
                let stored = StoredNamed { named, version: now.as_microsecond() };
                if !S::insert(&mut tx, &stored).await? {
                    return Err(StoreError::Stale.into());
                }
                stored
            }
            _ => return Err(StoreError::Stale.into()),
        };
        let answer = (kind.present)(&stored);
        let entry = self.entries(call, now, |entries| (kind.put)(entries, answer.clone()));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &key, answer).await
    }

    /// What is kept under a name.
    pub(super) async fn get_named<S: Shelf>(&self, id: &S::Id) -> Result<On<S>, Error> {
        S::get(self.db.reader(), id).await?.ok_or_else(|| Error::not_found(id.name()))
    }

    /// A page of what is kept for a department, and the id of its last one when there are more.
    pub(super) async fn list_named<S: Shelf, M>(
        &self,
        kind: Kind<S, M>,
        list: &NamedPage,
    ) -> Result<(Vec<M>, Option<String>), Error> {
        let found = S::list(self.db.reader(), list.department.as_ref(), &list.after, limit(list.size)).await;
        let mut found = found?;
        let more = cut(&mut found, list.size);
        let last = found.last().filter(|_| more).map(|stored| stored.named.id.as_str().to_owned());
        Ok((found.iter().map(kind.present).collect(), last))
    }

    /// Forgets what is kept under a name.
    pub(super) async fn delete_named<S: Shelf, M>(
        &self,
        call: &Call,
        kind: Kind<S, M>,
        deleted: fn(&Entries<'_>, &S::Id) -> Draft,
        end: EndOfNamed<S::Id>,
    ) -> Result<(), Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed::<()>(&end.key, now).await? {
            Claimed::Replay(()) => return Ok(()),
            Claimed::Fresh(tx) => tx,
        };
        let known = S::lock(&mut tx, &end.id).await?.ok_or_else(|| Error::not_found(end.id.name()))?;
        if known.version != end.etag {
            return Err(StoreError::Stale.into());
        }
        refuse_others(call, &known.named, kind.refusal)?;
        S::delete(&mut tx, &end.id).await?;
        let entry = self.entries(call, now, |entries| deleted(entries, &end.id));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &end.key, ()).await
    }
}

/// A page of what is kept under names.
pub(crate) struct NamedPage {
    /// Made for this department or for all; every one where none is said.
    pub department: Option<Department>,
    /// Id of the last one known.
    pub after: String,
    /// How many at most.
    pub size: usize,
}

fn refuse_others<I, C>(call: &Call, named: &Named<I, C>, refusal: fn() -> Refusal) -> Result<(), Refusal> {
    let supervises = call.acting().has_any(&[Role::Supervisor]);
    if named.is_changed_by(call.actor(), supervises) { Ok(()) } else { Err(refusal()) }
}

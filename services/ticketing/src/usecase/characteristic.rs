//! What is asked to be known of affairs: sets written in versions, and facts held against them.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use kernel::Role;
use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{
    ChangeKind, Characteristic, CharacteristicRules, CharacteristicSet, CharacteristicSetId, CharacteristicSets,
    Characteristics, Demand,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Chronicle;
use super::claimed::Claimed;
use super::writing::Begun;
use super::{Target, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::characteristic::{self, StoredSet};

/// What PutCharacteristicSet is asked.
#[derive(Debug, Clone)]
pub struct NewCharacteristicSet {
    /// Which set.
    pub id: CharacteristicSetId,
    /// What it says.
    pub rules: CharacteristicRules,
    /// The same as it was sent, which is how it is told and kept.
    pub content: Vec<pb::CharacteristicRule>,
    /// Number of the version it follows; none for the first.
    pub after: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// The sets as this process read them last. Whoever decides by them has the database compare the versions in the statement that writes, and reads them anew where
/// somebody else wrote one meanwhile: so that opening an affair costs no look at them.
#[derive(Clone, Default)]
pub(crate) struct KnownSets(Arc<RwLock<Option<Arc<CharacteristicSets>>>>);

impl KnownSets {
    fn known(&self) -> Option<Arc<CharacteristicSets>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody wrote another version: they are read again.
    pub(crate) fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn learn(&self, sets: CharacteristicSets) -> Arc<CharacteristicSets> {
        let sets = Arc::new(sets);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(sets.clone());
        sets
    }
}

/// What is asked of whoever calls: people are asked for all that is required, also through the systems they work with.
pub(super) fn demand(call: &Call) -> Demand {
    if call.acting().has_any(&[Role::Agent, Role::Supervisor, Role::Crm]) { Demand::All } else { Demand::WhatIsSaid }
}

impl Ticketing {
    /// Writes the next version of a set, or the first.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "characteristic.put_set", skip_all, fields(set.id = %new.id))]
    pub async fn put_characteristic_set(
        &self,
        call: &Call,
        new: NewCharacteristicSet,
    ) -> Result<pb::CharacteristicSet, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let known = characteristic::lock(&mut tx, &new.id).await?.map(|known| known.newest);
        if known.map(i64::from) != new.after {
            return Err(StoreError::Stale.into());
        }
        let version = known.unwrap_or(0).saturating_add(1);
        let set = CharacteristicSet { id: new.id, version, rules: new.rules };
        let stored = StoredSet { set, content: new.content, by: call.actor().clone(), at: now, newest: version };
        if !characteristic::put(&mut tx, &stored).await? {
            return Err(StoreError::Stale.into());
        }
        let answer = present::characteristic_set(&stored);
        let entry = self.entries(call, now, |entries| entries.characteristic_set_put(answer.clone()));
        ledger::append(&mut tx, &[entry]).await?;
        let answer = self.keep(tx, &new.key, answer).await?;
        self.sets.forget();
        Ok(answer)
    }

    /// One set.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "characteristic.get_set", skip_all, fields(set.id = %id))]
    pub async fn get_characteristic_set(
        &self,
        id: &CharacteristicSetId,
        version: Option<i32>,
    ) -> Result<pb::CharacteristicSet, Error> {
        let found = characteristic::get(self.db.reader(), id, version).await?;
        let absent = || version.map_or_else(|| id.name(), |version| format!("{} version {version}", id.name()));
        found.as_ref().map(present::characteristic_set).ok_or_else(|| Error::not_found(absent()))
    }

    /// A page of sets, and the id of its last one when there are more.
    ///
    /// # Errors
    /// [`Error::Store`].
    #[tracing::instrument(name = "characteristic.list_sets", skip_all)]
    pub async fn list_characteristic_sets(
        &self,
        after: &str,
        size: usize,
    ) -> Result<(Vec<pb::CharacteristicSet>, Option<String>), Error> {
        let mut found = characteristic::list(self.db.reader(), after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| stored.set.id.to_string());
        Ok((found.iter().map(present::characteristic_set).collect(), last))
    }

    /// States what an affair is known by, in the place of what was stated before.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "characteristic.state", skip_all, fields(ticket.id = %target.id))]
    pub async fn state_characteristics(
        &self,
        call: &Call,
        target: Target,
        said: Vec<Characteristic>,
    ) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let moment = writing.moment;
        let (ticket, at) = writing.chronicle.stored.ticket.clone().touch(moment)?;
        let set = characteristic::made_for(&mut writing.tx, ticket.filing()).await?;
        let known = Characteristics::held("characteristics", said, set.as_ref(), demand(call))?;
        writing.chronicle.changed(ticket);
        writing.chronicle.known_by(known, at);
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }

    /// The sets, as this process knows them.
    pub(super) async fn known_sets(&self) -> Result<Arc<CharacteristicSets>, StoreError> {
        match self.sets.known() {
            Some(sets) => Ok(sets),
            None => self.read_sets().await,
        }
    }

    /// The sets as they are in force now.
    pub(super) async fn read_sets(&self) -> Result<Arc<CharacteristicSets>, StoreError> {
        Ok(self.sets.learn(characteristic::all(self.db.reader()).await?))
    }
}

impl Chronicle {
    /// Notes what the ticket is known by from now on.
    pub(super) fn known_by(&mut self, known: Characteristics, at: Timestamp) {
        let id = self.stored.ticket.facts().id;
        let set = known.held_against().map(|(set, _)| set.name());
        let told = known.clone();
        self.stored.characteristics = known;
        self.note(
            ChangeKind::CharacteristicsStated,
            at,
            |entries| entries.characteristics_stated(id, &told),
            |row| row.related = set,
        );
    }
}

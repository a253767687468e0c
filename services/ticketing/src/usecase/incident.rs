//! Mass incidents: opened, read, and told about.

use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{Incident, IncidentDraft, IncidentId, Telling};
use ventanilla_proto::ticketing::v1 as pb;

use super::claimed::Claimed;
use super::{Place, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::incident::{self, Filter, StoredIncident, StoredUpdate};

/// What OpenIncident is asked.
#[derive(Debug, Clone)]
pub struct NewIncident {
    /// The incident.
    pub draft: IncidentDraft,
    /// The call.
    pub key: RequestKey,
}

/// What TellAffected is asked.
#[derive(Debug, Clone)]
pub struct NewTelling {
    /// The incident.
    pub id: IncidentId,
    /// What is told.
    pub telling: Telling,
    /// The version the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

impl Ticketing {
    /// Opens a mass incident.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "incident.open", skip_all)]
    pub async fn open_incident(&self, call: &Call, new: NewIncident) -> Result<pb::Incident, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let id = kernel::ResourceId::from_uuid(self.ambient.uuid(now));
        let incident = Incident::open(new.draft, id, call.actor().clone(), now);
        let stored = StoredIncident { incident, affected: 0, created_at: now, version: 1 };
        incident::insert(&mut tx, &stored).await?;
        let entry = self.entries(call, now, |entries| entries.incident_opened(&stored.incident));
        ledger::append(&mut tx, &[entry]).await?;
        self.keep(tx, &new.key, present::incident(&stored)).await
    }

    /// One incident.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "incident.get", skip_all, fields(incident.id = %id))]
    pub async fn get_incident(&self, id: IncidentId) -> Result<pb::Incident, Error> {
        let found = incident::get(self.db.reader(), id).await?;
        Ok(present::incident(&found.ok_or_else(|| Error::not_found(id.to_string()))?))
    }

    /// A page of incidents, and the place of its last one when there are more.
    #[tracing::instrument(name = "incident.list", skip_all)]
    pub(crate) async fn list_incidents(
        &self,
        filter: &Filter,
        after: Option<Place>,
        size: usize,
    ) -> Result<(Vec<pb::Incident>, Option<Place>), Error> {
        let mut found = incident::list(self.db.reader(), filter, after, limit(size)).await?;
        let more = cut(&mut found, size);
        let place = |stored: &StoredIncident| (stored.created_at, kernel::ResourceId::uuid(stored.incident.id));
        let last = found.last().filter(|_| more).map(place);
        Ok((found.iter().map(present::incident).collect(), last))
    }

    /// Tells everybody affected what is known. Their own messages are written by the teller.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "incident.tell", skip_all, fields(incident.id = %new.id))]
    pub async fn tell_affected(&self, call: &Call, new: NewTelling) -> Result<pb::IncidentUpdate, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let found = incident::lock(&mut tx, new.id).await?.ok_or_else(|| Error::not_found(new.id.to_string()))?;
        if found.version != new.etag {
            return Err(StoreError::Stale.into());
        }
        let (after, update) = found.incident.tell(new.telling, call.actor().clone(), now)?;
        let stored = StoredIncident { incident: after, version: found.version + 1, ..found };
        incident::tell(&mut tx, &stored, &update, &call.traceparent).await?;
        let entry = self.entries(call, now, |entries| entries.incident_told(&update));
        ledger::append(&mut tx, &[entry]).await?;
        let traceparent = call.traceparent.clone();
        let told = StoredUpdate { update, traceparent, told: 0, waiting: stored.affected };
        let answer = self.keep(tx, &new.key, present::incident_update(&told)).await?;
        self.telling.notify_one();
        Ok(answer)
    }

    /// A page of what was told, and the number of its last one when there is more.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "incident.list_updates", skip_all, fields(incident.id = %id))]
    pub async fn list_incident_updates(
        &self,
        id: IncidentId,
        after: i32,
        size: usize,
    ) -> Result<(Vec<pb::IncidentUpdate>, Option<i32>), Error> {
        let mut found = incident::updates(self.db.reader(), id, after, limit(size), true).await?;
        if found.is_empty() && incident::get(self.db.reader(), id).await?.is_none() {
            return Err(Error::not_found(id.to_string()));
        }
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| stored.update.number);
        Ok((found.iter().map(present::incident_update).collect(), last))
    }
}

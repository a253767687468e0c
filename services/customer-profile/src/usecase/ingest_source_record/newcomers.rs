//! Records of people nobody knows yet, which is what a department's system mostly sends when it is first
//! connected. Such a record links nothing and touches no customer but its own, so all that follows from it
//! is known before the database is asked; calls that come together are locked, looked up and written
//! together, five round trips for all of them. Whoever is known already takes the longer way, and so does whoever shares
//! something with somebody who is being written just then: a group of strangers waits for nobody.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use customer_profile_domain::{CustomerId, Node, Record, SourceRecordId, Survivorship, resolve};
use jiff::Timestamp;
use kernel::{Ambient, ResourceId};
use ledger::{Draft, Stamp};
use postgres::{Db, RequestKey, SharedCommit, StoreError};
use prost::Message;
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::{Draught, locks_of};
use crate::golden;
use crate::store::identity;
use crate::store::newcomer::{self, Marks, Newcomer};
use crate::store::record::{self, Stored};
use crate::survivorship::SurvivorshipInForce;

/// Groups under way at once, and records in one at most.
const LANES: usize = 2;
const MOST: usize = 128;

/// A call that may bring somebody new.
pub(crate) struct Arrival {
    pub call: Call,
    pub draught: Draught,
    pub key: RequestKey,
}

/// Writes those who are new; `None` for who is known already, or was sent before.
pub(crate) type Newcomers = SharedCommit<Arrival, Option<proto::SourceRecord>>;

/// What a group is written with.
#[derive(Clone)]
struct Desk {
    db: Db,
    ambient: Ambient,
    survivorship: SurvivorshipInForce,
}

/// Writes newcomers into `db`.
pub(crate) fn newcomers(db: &Db, ambient: &Ambient, survivorship: &SurvivorshipInForce) -> Newcomers {
    let desk = Desk { db: db.clone(), ambient: ambient.clone(), survivorship: survivorship.clone() };
    SharedCommit::start(LANES, MOST, move |arrivals: Vec<Arc<Arrival>>| {
        let desk = desk.clone();
        async move { desk.write(&arrivals).await }
    })
}

impl Desk {
    async fn write(&self, arrivals: &[Arc<Arrival>]) -> Result<Vec<Option<proto::SourceRecord>>, StoreError> {
        let mut alone = of_their_own(arrivals);
        let mut tx = self.db.tx().await?;
        let taken = identity::try_lock(&mut tx, &locks(&alone)).await?;
        alone.retain(|(_, arrival)| locks_of(&arrival.draught).is_subset(&taken));
        let marks: Vec<Marks<'_>> = alone.iter().map(|(_, arrival)| marks(arrival)).collect();
        let known = newcomer::known(&mut tx, &marks).await?;
        let now = self.ambient.now();
        let in_force = self.survivorship.current();
        let fresh = alone.iter().enumerate().filter(|(place, _)| !known.contains(place)).map(|(_, alone)| *alone);
        let (mut places, mut newcomers) = (Vec::new(), Vec::new());
        for (place, arrival) in fresh {
            places.push(place);
            newcomers.push(self.newcomer(arrival, &in_force.survivorship, now));
            // A hundred are not made while others wait for their turn.
            tokio::task::yield_now().await;
        }
        let mut answers = vec![None; arrivals.len()];
        if newcomers.is_empty() {
            tx.rollback().await?;
            return Ok(answers);
        }
        let claimed = newcomer::insert(&mut tx, &newcomers, in_force.number).await?;
        tx.commit().await?;
        if claimed.is_empty() {
            // Sent before, all of them, or other values are believed now: who comes next is written by those.
            self.survivorship.refresh(self.db.reader()).await?;
        }
        for (place, newcomer) in places.into_iter().zip(&newcomers) {
            if claimed.contains(&newcomer.key.id) {
                let answer = proto::SourceRecord::decode(newcomer.answer.as_slice());
                answers[place] = Some(answer.map_err(|_| StoreError::corrupt("request", "answer", newcomer.key.id))?);
            }
        }
        Ok(answers)
    }

    /// All that follows from a record that is alone.
    fn newcomer<'a>(&self, arrival: &'a Arrival, survivorship: &Survivorship, now: Timestamp) -> Newcomer<'a> {
        let Arrival { call, draught, key } = arrival;
        let record = Record {
            id: SourceRecordId::from_uuid(self.ambient.uuid(now)),
            own_customer: CustomerId::from_uuid(self.ambient.uuid(now)),
            source_system: draught.source_system.clone(),
            department: draught.department.clone(),
            recorded_at: now,
            version: 1,
            content: draught.content.clone(),
        };
        let node = Node { record: record.id, own_customer: record.own_customer, recorded_at: now };
        let groups = resolve(&[node], &[], &[], &BTreeSet::new());
        let group = groups.first().expect("a record is a group by itself");
        let profile = golden::customer(group, std::slice::from_ref(&record), survivorship, now);
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        let payload = proto::SourceRecordIngested {
            source_record: record.id.name(),
            customer: record.own_customer.name(),
            source_system: record.source_system.to_string(),
            department: record.department.to_string(),
            version: 1,
        };
        let stamp = stamp.occurred(draught.content.observed_at);
        let entry = Draft::new(self.ambient.uuid(now), record.own_customer.name(), &payload, &stamp);
        let stored = Stored {
            customer: record.own_customer,
            external_id: draught.external_id.expose().clone(),
            latest_version: 1,
            updated_at: now,
            record,
        };
        Newcomer {
            key,
            answer: record::to_proto(&stored).encode_to_vec(),
            external_id: draught.external_id.expose(),
            content: draught.encoded.expose(),
            actor: call.actor(),
            language: i16::try_from(golden::language(&profile)).unwrap_or_default(),
            profile: profile.encode_to_vec(),
            record: stored.record,
            entry,
        }
    }
}

/// The arrivals that share nothing with an earlier one of their group, with their places in it: of two
/// about the same person the first may be new, the other has somebody to be linked to.
fn of_their_own(arrivals: &[Arc<Arrival>]) -> Vec<(usize, &Arrival)> {
    let (mut calls, mut seen) = (HashSet::new(), HashSet::new());
    let mut alone = Vec::with_capacity(arrivals.len());
    for (place, arrival) in arrivals.iter().enumerate() {
        let locks = locks_of(&arrival.draught);
        let is_first = calls.insert(arrival.key.id) && locks.iter().all(|lock| !seen.contains(lock));
        seen.extend(locks);
        if is_first {
            alone.push((place, &**arrival));
        }
    }
    alone
}

/// Everything the arrivals carry, in the one order in which all take it.
fn locks(arrivals: &[(usize, &Arrival)]) -> Vec<i64> {
    let all: BTreeSet<i64> = arrivals.iter().flat_map(|(_, arrival)| locks_of(&arrival.draught)).collect();
    all.into_iter().collect()
}

fn marks(arrival: &Arrival) -> Marks<'_> {
    let draught = &arrival.draught;
    let identifiers = draught.content.identifiers.iter().map(|i| i.key());
    Marks {
        source_system: draught.source_system.as_str(),
        external_id: draught.external_id.expose(),
        identifiers: identifiers.filter(|key| key.kind.fan_out() > 0).collect(),
    }
}

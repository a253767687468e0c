//! `EraseCustomer` and `GetErasure`: one call destroys what four services hold of a person, unless something live needs it.

use std::collections::BTreeSet;

use ::rights::{CustomerId as AnyCustomerId, ErasureId};
use customer_profile_domain::{CustomerId, ErasureGround, IdentifierKey, RestrictionGround, RestrictionId};
use jiff::Timestamp;
use kernel::{ResourceId, Violation};
use ledger::{Draft, Stamp};
use postgres::{RequestKey, Tx};
use server::Call;
use server::parse::time_to_proto;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::rights::v1 as shared;
use ventanilla_proto::rights::v1::personal_data_service_client::PersonalDataServiceClient;

use super::ingest_source_record::{left_behind, lock_identifiers_of};
use super::regroup::{self, Component, Reading};
use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::grounds;
use crate::rights::{SERVICES, line};
use crate::store::customer::{self, Locked};
use crate::store::{identity, rights as store};
use crate::{OMBUDSMAN, SLA_MONITOR, TICKETING};

/// Who is asked before anything is destroyed.
const ASKED: [&str; 3] = [TICKETING, SLA_MONITOR, OMBUDSMAN];

/// A customer to be erased.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Erase {
    pub customer: CustomerId,
    pub ground: ErasureGround,
}

#[tracing::instrument(name = "customer.erase", skip_all)]
pub(crate) async fn erase_customer(
    profile: Profile,
    call: Call,
    erase: Erase,
    key: RequestKey,
) -> Result<proto::Erasure, ProfileError> {
    super::insist(|| attempt(&profile, &call, erase, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    erase: Erase,
    key: &RequestKey,
) -> Result<proto::Erasure, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let standing = super::living(&mut tx, erase.customer).await?;
    let needed = needed_for_a_claim(&mut tx, &standing.ids).await?;
    // Nobody else's transaction waits while others are asked: who the customer is may change meanwhile, and is looked at again.
    tx.rollback().await?;
    if !needed.is_empty() {
        let resources = needed.iter().map(|id| id.name()).collect();
        refuse(profile, call, erase, standing.customer, resources, None).await?;
        return Err(ProfileError::ErasureRestricted { restrictions: needed });
    }
    let held = holds(profile, call, &standing.ids).await?;
    if let Some(until) = held.iter().filter_map(|hold| instant(hold.end_time.as_ref())).max() {
        let resources = held.iter().map(|hold| hold.resource.clone()).take(50).collect();
        refuse(profile, call, erase, standing.customer, resources, Some(until)).await?;
        return Err(ProfileError::ErasureHeld { until, holds: held.into_iter().map(violation).collect() });
    }

    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let identifiers = lock_identifiers_of(&mut tx, &standing.ids).await?;
    match customer::lock_active(&mut tx, &[standing.customer.uuid()]).await? {
        Locked::All(_) => {}
        Locked::Absorbed => return Err(ProfileError::IdentityContended),
        Locked::Erased(id) => return Err(ProfileError::CustomerErased(id)),
    }
    let same = super::living(&mut tx, standing.customer).await?.ids == standing.ids;
    if !same || !needed_for_a_claim(&mut tx, &standing.ids).await?.is_empty() {
        return Err(ProfileError::IdentityContended);
    }
    let erasure = store::Erasure {
        id: ErasureId::from_uuid(profile.ambient.uuid(now)),
        customer: standing.customer,
        ids: standing.ids,
        ground: erase.ground,
        asked_at: now,
    };
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    destroy(profile, &mut tx, &erasure, &identifiers, &stamp).await?;
    let answer = store::get(&mut tx, erasure.id, &SERVICES).await?.ok_or(ProfileError::ErasureNotFound(erasure.id))?;
    let answer = super::finish(tx, key, &[], answer).await?;
    profile.ledger.nudge();
    if let Err(error) = profile.journal.add(line(&erasure)).await {
        // The erasure does not end before it is in the journal: who ends it tries again.
        tracing::error!(error = kernel::chain(&error), "the journal of erasures cannot be written");
    }
    Ok(answer)
}

/// Destroys what this service holds, and tells the others, in the caller's transaction. The identifiers and the customer must be
/// locked. Done again for an erasure that is written down, it changes nothing.
async fn destroy(
    profile: &Profile,
    tx: &mut Tx,
    erasure: &store::Erasure,
    identifiers: &BTreeSet<IdentifierKey>,
    stamp: &Stamp,
) -> Result<(), ProfileError> {
    let now = stamp.recorded_at;
    if !store::put(tx, erasure, &stamp.actor).await? {
        return Ok(());
    }
    let mut entries = bury(profile, tx, erasure.customer, &erasure.ids, erasure.asked_at, identifiers, stamp).await?;
    ::rights::ask(tx, erasure.id, &erasure.ids, now).await?;
    let payload = proto::CustomerErased {
        erasure: erasure.id.name(),
        customer: erasure.customer.name(),
        customers: erasure.ids.iter().map(|id| CustomerId::from_uuid(*id).name()).collect(),
        ground: grounds::erasure_to_proto(erasure.ground).into(),
    };
    entries.insert(0, Draft::new(profile.ambient.uuid(now), erasure.customer.name(), &payload, stamp));
    ledger::append(tx, &entries).await?;
    Ok(())
}

/// Leaves of a person nothing but that they were erased, and says anew what those are to each other who share an identifier
/// with them; answers the entries that tell of that.
async fn bury(
    profile: &Profile,
    tx: &mut Tx,
    goes_on: CustomerId,
    ids: &[Uuid],
    asked_at: Timestamp,
    identifiers: &BTreeSet<IdentifierKey>,
    stamp: &Stamp,
) -> Result<Vec<Draft>, ProfileError> {
    let now = stamp.recorded_at;
    let others = ids.iter().map(|id| CustomerId::from_uuid(*id)).filter(|id| *id != goes_on);
    let tombstone = proto::Customer {
        name: goes_on.name(),
        state: proto::CustomerState::Erased.into(),
        also_known_as: others.map(ResourceId::name).collect(),
        update_time: Some(time_to_proto(now)),
        erase_time: Some(time_to_proto(asked_at)),
        ..Default::default()
    };
    store::wipe(tx, ids, now).await?;
    store::entomb(tx, &tombstone, goes_on, ids, now).await?;
    left_behind(profile, tx, identifiers, stamp).await
}

/// Destroys again what a restored backup brought back. Somebody else whom the backup holds to be the same person stays.
pub(crate) async fn repeat(profile: &Profile, erasure: &store::Erasure, stamp: &Stamp) -> Result<(), ProfileError> {
    super::insist(|| async {
        let mut tx = profile.db.tx().await?;
        let identifiers = lock_identifiers_of(&mut tx, &erasure.ids).await?;
        cut_off(profile, &mut tx, &erasure.ids, stamp).await?;
        destroy(profile, &mut tx, erasure, &identifiers, stamp).await?;
        tx.commit().await?;
        Ok(())
    })
    .await?;
    profile.ledger.nudge();
    Ok(())
}

/// Destroys again what a restored backup brought back, where others tell of an erasure that neither the database nor the journal
/// knows any more; answers the entries that tell of who is left.
pub(crate) async fn destroy_again(
    profile: &Profile,
    tx: &mut Tx,
    ids: &[Uuid],
    stamp: &Stamp,
) -> Result<Vec<Draft>, ProfileError> {
    let identifiers = lock_identifiers_of(tx, ids).await?;
    let standing = cut_off(profile, tx, ids, stamp).await?;
    let Some(goes_on) = standing.first() else { return Ok(Vec::new()) };
    bury(profile, tx, *goes_on, ids, stamp.recorded_at, &identifiers, stamp).await
}

/// Every link of the person's records falls, and who is left is somebody by themselves; answers who stood under these ids.
async fn cut_off(
    profile: &Profile,
    tx: &mut Tx,
    ids: &[Uuid],
    stamp: &Stamp,
) -> Result<BTreeSet<CustomerId>, ProfileError> {
    let ids: Vec<CustomerId> = ids.iter().map(|id| CustomerId::from_uuid(*id)).collect();
    let standing: BTreeSet<CustomerId> = customer::resolve(tx, &ids).await?.into_values().collect();
    if standing.is_empty() {
        return Ok(standing);
    }
    let mut component = Component::read(tx, standing, None, Reading::Locked).await?;
    let own = |record| component.own_customer_of(record).is_some_and(|id| ids.contains(&id));
    let touching = component.links().iter().map(|(id, link)| (*id, link.pair));
    let denials = component.denials().iter().map(|(id, pair)| (*id, *pair));
    let fallen: Vec<_> = touching.chain(denials).filter(|(_, pair)| own(pair.a()) || own(pair.b())).collect();
    let fallen: Vec<_> = fallen.into_iter().map(|(id, _)| id).collect();
    if !fallen.is_empty() {
        identity::revoke_links(tx, &fallen, &stamp.actor.id, stamp.recorded_at).await?;
    }
    fallen.iter().for_each(|id| component.revoke(*id));
    regroup::settle(profile, tx, &component, None, stamp.recorded_at).await?;
    Ok(customer::resolve(tx, &ids).await?.into_values().filter(|id| ids.contains(id)).collect())
}

/// Restrictions by which the person has the firm keep what it holds, for a claim of theirs (GDPR art. 17.3.e and 18.1.c).
async fn needed_for_a_claim(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<RestrictionId>, ProfileError> {
    let all = store::restrictions(&mut **tx, ids).await?;
    let needed = all.into_iter().filter(|r| r.lifted_at.is_none() && r.ground == RestrictionGround::NeededForClaim);
    Ok(needed.map(|restriction| restriction.id).collect())
}

/// What stands against it, anywhere.
async fn holds(profile: &Profile, call: &Call, ids: &[Uuid]) -> Result<Vec<shared::ErasureHold>, ProfileError> {
    let customers: Vec<String> = ids.iter().map(|id| AnyCustomerId::from_uuid(*id).name()).collect();
    let ask = |service: &'static str| {
        let request = shared::FindErasureHoldsRequest { customers: customers.clone() };
        async move {
            let channel = profile.peers.channel(service).map_err(|_| ProfileError::ServiceSilent { service })?;
            let mut client = PersonalDataServiceClient::new(channel.for_call(call));
            let answer = client.find_erasure_holds(request).await.map_err(|status| {
                tracing::warn!(service, code = ?status.code(), "a service does not say what it needs");
                ProfileError::ServiceSilent { service }
            })?;
            Ok::<_, ProfileError>(answer.into_inner().holds)
        }
    };
    let answers = futures::future::try_join_all(ASKED.map(ask)).await?;
    Ok(answers.into_iter().flatten().collect())
}

/// The refusal is a decision about somebody's right: it is written down.
async fn refuse(
    profile: &Profile,
    call: &Call,
    erase: Erase,
    customer: CustomerId,
    resources: Vec<String>,
    until: Option<Timestamp>,
) -> Result<(), ProfileError> {
    let now = profile.ambient.now();
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let payload = proto::ErasureRefused {
        customer: customer.name(),
        ground: grounds::erasure_to_proto(erase.ground).into(),
        resources,
        end_time: until.map(time_to_proto),
    };
    let mut tx = profile.db.tx().await?;
    ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), customer.name(), &payload, &stamp)]).await?;
    tx.commit().await?;
    profile.ledger.nudge();
    Ok(())
}

fn violation(hold: shared::ErasureHold) -> Violation {
    let end = instant(hold.end_time.as_ref()).unwrap_or(Timestamp::MAX);
    let description = match hold.reason() {
        shared::ErasureHoldReason::MatterOpen => format!("is not over; not before {end}, and later while it goes on"),
        shared::ErasureHoldReason::ClaimsPossible | shared::ErasureHoldReason::Unspecified => {
            format!("is over, and may be claimed about until {end}")
        }
    };
    Violation { field: hold.resource, description }
}

fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
}

#[tracing::instrument(name = "erasure.get", skip_all)]
pub(crate) async fn get_erasure(profile: &Profile, id: ErasureId) -> Result<proto::Erasure, ProfileError> {
    let mut connection = profile.db.reader().acquire().await?;
    store::get(&mut connection, id, &SERVICES).await?.ok_or(ProfileError::ErasureNotFound(id))
}

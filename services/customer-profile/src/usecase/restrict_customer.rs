//! `RestrictCustomer` and `LiftRestriction`: data that is kept and not used.

use std::collections::BTreeSet;

use customer_profile_domain::{CustomerId, RestrictionGround, RestrictionId};
use kernel::ResourceId;
use ledger::{Draft, Stamp};
use postgres::RequestKey;
use server::Call;
use server::parse::time_to_proto;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::grounds;
use crate::store::customer::{self, Locked};
use crate::store::rights::{self as store, Restriction};

#[tracing::instrument(name = "customer.restrict", skip_all)]
pub(crate) async fn restrict_customer(
    profile: Profile,
    call: Call,
    customer: CustomerId,
    ground: RestrictionGround,
    key: RequestKey,
) -> Result<proto::Restriction, ProfileError> {
    super::insist(|| restrict(&profile, &call, customer, ground, &key)).await
}

async fn restrict(
    profile: &Profile,
    call: &Call,
    customer: CustomerId,
    ground: RestrictionGround,
    key: &RequestKey,
) -> Result<proto::Restriction, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let standing = super::alone(&mut tx, customer).await?;
    let goes_on = standing.customer;
    if standing.restricted {
        return Err(ProfileError::CustomerRestricted(goes_on));
    }
    let id = RestrictionId::from_uuid(profile.ambient.uuid(now));
    let restriction = Restriction { id, customer, ids: standing.ids, ground, restricted_at: now, lifted_at: None };
    store::restrict(&mut tx, &restriction, goes_on, call.actor()).await?;
    let payload = proto::CustomerRestricted {
        restriction: id.name(),
        customer: customer.name(),
        ground: grounds::restriction_to_proto(ground).into(),
    };
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), customer.name(), &payload, &stamp)]).await?;
    let answer = super::finish(tx, key, &[], told(&restriction)).await?;
    profile.ledger.nudge();
    Ok(answer)
}

#[tracing::instrument(name = "restriction.lift", skip_all)]
pub(crate) async fn lift_restriction(
    profile: Profile,
    call: Call,
    id: RestrictionId,
    key: RequestKey,
) -> Result<proto::Restriction, ProfileError> {
    super::insist(|| lift(&profile, &call, id, &key)).await
}

async fn lift(
    profile: &Profile,
    call: &Call,
    id: RestrictionId,
    key: &RequestKey,
) -> Result<proto::Restriction, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let stated = store::restriction(&mut tx, id).await?.ok_or(ProfileError::RestrictionNotFound(id))?;
    if stated.lifted_at.is_some() {
        return super::finish(tx, key, &[], told(&stated)).await;
    }
    // All whom it covers, who may have been one customer when it was stated and several now.
    let covered: Vec<CustomerId> = stated.ids.iter().map(|id| CustomerId::from_uuid(*id)).collect();
    let known = customer::resolve(&mut tx, &covered).await?;
    let standing: BTreeSet<Uuid> = known.values().map(|customer| customer.uuid()).collect();
    let standing: Vec<Uuid> = standing.into_iter().collect();
    if !matches!(customer::lock_active(&mut tx, &standing).await?, Locked::All(_))
        || customer::resolve(&mut tx, &covered).await? != known
    {
        return Err(ProfileError::IdentityContended);
    }
    store::lift(&mut tx, id, &standing, now).await?;
    let payload = proto::RestrictionLifted { restriction: id.name(), customer: stated.customer.name() };
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let entry = Draft::new(profile.ambient.uuid(now), stated.customer.name(), &payload, &stamp);
    ledger::append(&mut tx, &[entry]).await?;
    let answer = told(&Restriction { lifted_at: Some(now), ..stated });
    let answer = super::finish(tx, key, &[], answer).await?;
    profile.ledger.nudge();
    Ok(answer)
}

/// A restriction on the wire.
pub(crate) fn told(restriction: &Restriction) -> proto::Restriction {
    proto::Restriction {
        name: restriction.id.name(),
        customer: restriction.customer.name(),
        ground: grounds::restriction_to_proto(restriction.ground).into(),
        create_time: Some(time_to_proto(restriction.restricted_at)),
        lift_time: restriction.lifted_at.map(time_to_proto),
    }
}

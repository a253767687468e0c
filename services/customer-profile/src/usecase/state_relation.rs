//! `StateRelation`, `EndRelation` and `ListRelations`: how two customers who are not one person stand to each other.

use customer_profile_domain::{CustomerId, RelationId, RelationKind, ordered};
use jiff::Timestamp;
use kernel::{Personal, ResourceId};
use ledger::{Draft, Stamp};
use postgres::RequestKey;
use server::parse::time_to_proto;
use server::{Call, PageToken};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::customer;
use crate::store::relation::{self as store, Relation};

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "relations";

/// A relation as it was told, valid by itself.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub customer: CustomerId,
    pub kind: RelationKind,
    pub other: CustomerId,
    pub evidence: Personal<String>,
    pub expires_at: Option<Timestamp>,
}

#[tracing::instrument(name = "relation.state", skip_all)]
pub(crate) async fn state_relation(
    profile: Profile,
    call: Call,
    stated: Stated,
    key: RequestKey,
) -> Result<proto::Relation, ProfileError> {
    super::insist(|| state(&profile, &call, &stated, &key)).await
}

async fn state(
    profile: &Profile,
    call: &Call,
    stated: &Stated,
    key: &RequestKey,
) -> Result<proto::Relation, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    // In the order of their ids, as everybody takes several.
    let mut both = [stated.customer, stated.other];
    both.sort();
    let mut goes_on = std::collections::BTreeMap::new();
    for id in both {
        goes_on.insert(id, super::living(&mut tx, id).await?);
    }
    let (one, two) = (&goes_on[&stated.customer], &goes_on[&stated.other]);
    let (customer, other) = (one.customer, two.customer);
    if customer == other {
        return Err(ProfileError::AlreadyOne(customer));
    }
    let (kind, first, second) = ordered(stated.kind, stated.customer, stated.other);
    let ids = if first == stated.customer { [&one.ids, &two.ids] } else { [&two.ids, &one.ids] };
    if let Some(standing) = store::standing(&mut tx, kind, ids, now).await? {
        return Err(ProfileError::RelationStands(standing));
    }
    let new = Relation {
        id: RelationId::from_uuid(profile.ambient.uuid(now)),
        kind,
        customer: first,
        other: second,
        evidence: stated.evidence.clone(),
        stated_at: now,
        stated_by: call.actor().id.clone(),
        expires_at: stated.expires_at,
        ended: None,
    };
    if let Some(standing) = store::state(&mut tx, &new, call.actor(), now).await? {
        return Err(ProfileError::RelationStands(standing));
    }
    let payload = proto::RelationStated {
        relation: new.id.name(),
        kind: kind_to_proto(kind).into(),
        customer: first.name(),
        other_customer: second.name(),
        expire_time: new.expires_at.map(time_to_proto),
    };
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), new.id.name(), &payload, &stamp)]).await?;
    let said = Relation { kind: stated.kind, customer, other, ..new };
    let answer = super::finish(tx, key, &both, to_proto(&said)).await?;
    profile.ledger.nudge();
    Ok(answer)
}

#[tracing::instrument(name = "relation.end", skip_all)]
pub(crate) async fn end_relation(
    profile: Profile,
    call: Call,
    id: RelationId,
    key: RequestKey,
) -> Result<proto::Relation, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(&profile, &key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let ended = store::end(&mut tx, id, &call.actor().id, now).await?;
    let (relation, now_ended) = ended.ok_or(ProfileError::RelationNotFound(id))?;
    if now_ended {
        let payload = proto::RelationEnded {
            relation: id.name(),
            customer: relation.customer.name(),
            other_customer: relation.other.name(),
        };
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        ledger::append(&mut tx, &[Draft::new(profile.ambient.uuid(now), id.name(), &payload, &stamp)]).await?;
    }
    // The answer is kept for whoever repeats the call: it tells nothing of what showed it.
    let told = Relation { evidence: String::new().into(), ..relation };
    let answer = super::finish(tx, &key, &[], to_proto(&told)).await?;
    profile.ledger.nudge();
    Ok(answer)
}

#[tracing::instrument(name = "relation.list", skip_all)]
pub(crate) async fn list_relations(
    profile: &Profile,
    call: &Call,
    id: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    page_size: usize,
) -> Result<proto::ListRelationsResponse, ProfileError> {
    let pool = profile.db.reader();
    let known = customer::get(pool, id).await?.ok_or(ProfileError::CustomerNotFound(id))?;
    super::open_to(profile, call, id).await?;
    // One more than asked for tells whether there is a next page.
    let limit = i64::try_from(page_size).unwrap_or(i64::MAX - 1) + 1;
    let mut found = store::page(pool, id, before, limit).await?;
    let more = found.len() > page_size;
    found.truncate(page_size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let (at, last) = (last.stated_at.to_string(), last.id.uuid().to_string());
            PageToken::encode(LIST, id.uuid().as_bytes(), &[&at, &last])
        }
        _ => String::new(),
    };
    let found = found.into_iter().map(|relation| seen_from(relation, &known.name)).collect();
    let relations = shown_to(profile, call, found).await?;
    let relations = relations.iter().map(to_proto).collect();
    Ok(proto::ListRelationsResponse { relations, next_page_token })
}

/// The relations as this caller may see them: of somebody whose data is kept and not used, that they are there.
pub(crate) async fn shown_to(
    profile: &Profile,
    call: &Call,
    mut relations: Vec<Relation>,
) -> Result<Vec<Relation>, ProfileError> {
    if relations.is_empty() || super::keeps(call) {
        return Ok(relations);
    }
    let others: Vec<Uuid> = relations.iter().map(|relation| relation.other.uuid()).collect();
    let mut connection = profile.db.reader().acquire().await?;
    let restricted = customer::restricted_among(&mut connection, &others).await?;
    for relation in relations.iter_mut().filter(|relation| restricted.contains(&relation.other)) {
        relation.evidence = String::new().into();
    }
    Ok(relations)
}

/// The relation as it is said of this customer.
pub(crate) fn seen_from(relation: Relation, customer: &str) -> Relation {
    if relation.customer.name() == customer {
        return relation;
    }
    Relation { kind: relation.kind.inverse(), customer: relation.other, other: relation.customer, ..relation }
}

pub(crate) fn to_proto(relation: &Relation) -> proto::Relation {
    let (ended_by, ended_at) = relation.ended.clone().unzip();
    proto::Relation {
        name: relation.id.name(),
        customer: relation.customer.name(),
        kind: kind_to_proto(relation.kind).into(),
        other_customer: relation.other.name(),
        evidence: relation.evidence.expose().clone(),
        state_time: Some(time_to_proto(relation.stated_at)),
        stated_by: relation.stated_by.clone(),
        expire_time: relation.expires_at.map(time_to_proto),
        end_time: ended_at.map(time_to_proto),
        ended_by: ended_by.unwrap_or_default(),
    }
}

/// A kind between domain and contract.
pub(crate) const fn kind_to_proto(kind: RelationKind) -> proto::RelationKind {
    match kind {
        RelationKind::Household => proto::RelationKind::Household,
        RelationKind::Represents => proto::RelationKind::Represents,
        RelationKind::RepresentedBy => proto::RelationKind::RepresentedBy,
    }
}

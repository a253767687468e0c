//! Whom a record that said what is described would be one customer with, once it was ingested and compared. It goes the way of both
//! (`ingest_source_record`, `workers::comparisons`), and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::{Doubt, Edition, Rules};
use customer_profile_domain::{
    Basis, Content, CustomerId, IdentifierKey, Link, LinkId, Node, Pair, SourceRecordId, revised,
};
use jiff::Timestamp;
use kernel::ResourceId;
use postgres::Tx;
use uuid::Uuid;

use crate::comparing::{self, described_id};
use crate::error::ProfileError;
use crate::store::identity::{self, Carriers};
use crate::store::rules;
use crate::usecase::regroup::Component;

/// What would become of the record.
#[derive(Default)]
pub(super) struct Joining {
    /// The customers of whom every record would be of one customer with it, and these records.
    pub joined: BTreeMap<CustomerId, Vec<SourceRecordId>>,
    /// Those it would be linked to all the same, and what keeps them apart: another of their records says something else, or the
    /// description fits somebody else as well.
    pub apart: BTreeMap<CustomerId, Doubt>,
}

/// How links would change.
#[derive(Default)]
struct Change {
    asserted: Vec<Link>,
    revoked: Vec<LinkId>,
    customers: BTreeSet<CustomerId>,
}

/// What would become of a record that says what is described; a score is certain of it and each of these, which these customers have. `tx`
/// must read one snapshot. `carried` is who carries which of its identifiers.
#[tracing::instrument(name = "identity.would_join", skip_all)]
pub(super) async fn joining(
    tx: &mut Tx,
    rules: &Rules,
    described: &Content,
    carried: &BTreeMap<IdentifierKey, Carriers>,
    certain: &BTreeMap<SourceRecordId, CustomerId>,
) -> Result<Joining, ProfileError> {
    if carried.is_empty() && certain.is_empty() {
        return Ok(Joining::default());
    }
    let edition = rules::edition(&mut **tx).await?;
    let mut change = by_identifiers(tx, rules, edition, described, carried).await?;
    change.customers.extend(certain.values());
    let scored = |record: &SourceRecordId| Link { basis: Basis::Score, pair: Pair::of(*record, described_id()) };
    change.asserted.extend(certain.keys().map(scored));
    let linked: BTreeSet<SourceRecordId> =
        change.asserted.iter().filter(|link| link.pair.b() == described_id()).map(|link| link.pair.a()).collect();
    if linked.is_empty() {
        return Ok(Joining::default());
    }
    let node =
        Node { record: described_id(), own_customer: CustomerId::from_uuid(Uuid::max()), recorded_at: Timestamp::MAX };
    let (mut component, contradicted) = Component::read_with(tx, change.customers, node, (described, edition)).await?;
    for link in change.revoked {
        component.revoke(link);
    }
    let groups = component.groups_with(change.asserted);
    let group = groups.iter().find(|group| group.records.contains(&node));
    let mut joining = Joining::default();
    for other in group.iter().flat_map(|group| &group.records).filter(|other| **other != node) {
        if let Some(customer) = component.customer_of(other.record) {
            joining.joined.entry(customer).or_default().push(other.record);
        }
    }
    joining.joined.retain(|customer, records| component.records_of(*customer).len() == records.len());
    let doubts: BTreeMap<CustomerId, Doubt> =
        contradicted.iter().filter_map(|(record, doubt)| Some((component.customer_of(*record)?, *doubt))).collect();
    let apart = linked.into_iter().filter_map(|record| component.customer_of(record));
    let apart = apart.filter(|customer| !joining.joined.contains_key(customer));
    joining.apart =
        apart.map(|customer| (customer, doubts.get(&customer).copied().unwrap_or(Doubt::SeveralPeople))).collect();
    Ok(joining)
}

/// How the links that rest on identifiers would change.
async fn by_identifiers(
    tx: &mut Tx,
    rules: &Rules,
    edition: Edition,
    described: &Content,
    carried: &BTreeMap<IdentifierKey, Carriers>,
) -> Result<Change, ProfileError> {
    let mut change = Change::default();
    if carried.is_empty() {
        return Ok(change);
    }
    let active = identity::active_links(tx, &carried.keys().cloned().collect()).await?;
    for identifier in &described.identifiers {
        let Some(held) = carried.get(identifier.key()) else { continue };
        let wanted = comparing::justified_with(tx, rules, edition, identifier, &held.carriers, described).await?;
        let known = active.get(identifier.key()).cloned().unwrap_or_default();
        let (assert, revoke) = revised(&known.keys().copied().collect(), &wanted);
        let touched = assert.iter().chain(&revoke).flat_map(|pair| [pair.a(), pair.b()]);
        change.customers.extend(touched.filter_map(|record| held.customers.get(&record)));
        change.revoked.extend(revoke.iter().filter_map(|pair| known.get(pair)));
        let link = |pair| Link { basis: Basis::Identifier(identifier.key().clone()), pair };
        change.asserted.extend(assert.into_iter().map(link));
    }
    Ok(change)
}

//! Whom a record that said what is described would be one customer with, once it was ingested and compared. It goes the way of both
//! (`ingest_source_record`, `workers::comparisons`), and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::{Doubt, Rules};
use customer_profile_domain::{
    Basis, Content, CustomerId, IdentifierKey, Link, LinkId, Node, Pair, SourceRecordId, revised,
};
use jiff::Timestamp;
use kernel::ResourceId;
use postgres::Tx;
use uuid::Uuid;

use crate::comparing;
use crate::error::ProfileError;
use crate::store::{identity, rules};
use crate::usecase::regroup::Component;

/// What would become of the record.
#[derive(Default)]
pub(super) struct Joining {
    /// The customers of whom every record would be of one customer with it, and these records.
    pub joined: BTreeMap<CustomerId, Vec<SourceRecordId>>,
    /// What stands between the description and one of the records of these customers.
    between: BTreeMap<CustomerId, Doubt>,
}

impl Joining {
    /// Why one is not certain whose nearest record would be, by itself: another of theirs says something else, or the description fits
    /// somebody else as well.
    pub(super) fn doubt(&self, customer: CustomerId) -> Doubt {
        self.between.get(&customer).copied().unwrap_or(Doubt::SeveralPeople)
    }
}

/// How links would change.
#[derive(Default)]
struct Change {
    asserted: Vec<Link>,
    revoked: Vec<LinkId>,
    customers: BTreeSet<CustomerId>,
}

/// What would become of a record that says what is described; a score is certain of it and each of these. `tx` must read one snapshot.
#[tracing::instrument(name = "identity.would_join", skip_all)]
pub(super) async fn joining(
    tx: &mut Tx,
    rules: &Rules,
    described: &Content,
    certain: &BTreeSet<SourceRecordId>,
) -> Result<Joining, ProfileError> {
    let mut change = by_identifiers(tx, rules, described).await?;
    if !certain.is_empty() {
        let records: Vec<Uuid> = certain.iter().map(|record| record.uuid()).collect();
        change.customers.extend(identity::customers_of(tx, &records).await?.into_values());
        let link = |record: &SourceRecordId| Link { basis: Basis::Score, pair: own(*record) };
        change.asserted.extend(certain.iter().map(link));
    }
    if !change.asserted.iter().any(|link| link.pair.b() == comparing::described_id()) {
        return Ok(Joining::default());
    }
    let own_customer = CustomerId::from_uuid(Uuid::max());
    let node = Node { record: comparing::described_id(), own_customer, recorded_at: Timestamp::MAX };
    let (mut component, contradicted) = Component::read_with(tx, change.customers, node, described).await?;
    for link in change.revoked {
        component.revoke(link);
    }
    let groups = component.groups_with(change.asserted);
    let mut joining = Joining::default();
    for (record, doubt) in contradicted {
        joining.between.extend(component.customer_of(record).map(|customer| (customer, doubt)));
    }
    let group = groups.iter().find(|group| group.records.iter().any(|node| node.record == comparing::described_id()));
    for node in group.iter().flat_map(|group| &group.records) {
        match component.customer_of(node.record) {
            Some(customer) if customer != own_customer => {
                joining.joined.entry(customer).or_default().push(node.record);
            }
            _ => {}
        }
    }
    joining.joined.retain(|customer, records| component.records_of(*customer).len() == records.len());
    Ok(joining)
}

fn own(record: SourceRecordId) -> Pair {
    Pair::of(record, comparing::described_id())
}

/// How the links that rest on identifiers would change.
async fn by_identifiers(tx: &mut Tx, rules: &Rules, described: &Content) -> Result<Change, ProfileError> {
    let mut change = Change::default();
    let linking: BTreeSet<IdentifierKey> =
        described.identifiers.iter().map(|i| i.key()).filter(|key| key.kind.fan_out() > 0).cloned().collect();
    if linking.is_empty() {
        return Ok(change);
    }
    let carried = identity::carriers(tx, &linking).await?;
    if carried.is_empty() {
        return Ok(change);
    }
    let edition = rules::edition(&mut **tx).await?;
    let active = identity::active_links(tx, &linking).await?;
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

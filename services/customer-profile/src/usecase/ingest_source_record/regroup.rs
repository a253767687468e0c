//! From changed identifiers to changed customers: asserts and revokes links, and writes the groups
//! that follow from them. Only what the changed identifiers touch is read and written.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::{
    CustomerId, Group, IdentifierKey, LinkId, Node, Pair, RULE_VERSION, Record, SourceRecordId, links, resolve, revised,
};
use jiff::Timestamp;
use kernel::ResourceId;
use ledger::{Draft, Stamp};
use postgres::{StoreError, Tx};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::error::ProfileError;
use crate::golden;
use crate::store::customer;
use crate::store::identity::{self, NewLink};
use crate::store::record::{self, Head};
use crate::usecase::Profile;

/// What became of the customers.
pub(super) struct Regrouped {
    /// The customer the record belongs to.
    pub customer: CustomerId,
    absorbed: Vec<CustomerId>,
    restored: Vec<CustomerId>,
    asserted: Vec<LinkId>,
    evidence: &'static str,
    revoked: Vec<LinkId>,
}

/// How the links change, and whom that touches.
struct Revision {
    asserted: Vec<NewLink>,
    revoked: Vec<LinkId>,
    customers: BTreeSet<CustomerId>,
    records: BTreeSet<SourceRecordId>,
}

pub(super) async fn regroup(
    profile: &Profile,
    tx: &mut Tx,
    head: &Head,
    current: &Record,
    touched: &BTreeSet<IdentifierKey>,
    by: &str,
    now: Timestamp,
) -> Result<Regrouped, ProfileError> {
    // A record that was just written is its own customer, which has no row yet.
    let is_new = head.latest_version == 1;
    let revision = revise(profile, tx, touched, is_new, now).await?;
    if !revision.asserted.is_empty() {
        identity::assert_links(tx, &revision.asserted, by, now).await?;
    }
    if !revision.revoked.is_empty() {
        identity::revoke_links(tx, &revision.revoked, by, now).await?;
    }
    let mut customers = revision.customers;
    if is_new {
        customers.remove(&head.own_customer);
    } else {
        customers.insert(head.customer);
    }
    let before: Vec<Uuid> = customers.iter().map(|id| id.uuid()).collect();
    if !before.is_empty() && !customer::lock_active(tx, &before).await? {
        return Err(ProfileError::IdentityContended);
    }
    let members = members(tx, head, &before, is_new).await?;
    if !members.contains_key(&head.id) || !revision.records.iter().all(|record| members.contains_key(record)) {
        // One of them went to another customer between our reading it and our locking.
        return Err(ProfileError::IdentityContended);
    }
    let groups = write_groups(profile, tx, current, &members, now).await?;

    let after: BTreeSet<CustomerId> = groups.iter().map(|g| g.customer).collect();
    let absorbed: Vec<CustomerId> = customers.difference(&after).copied().collect();
    if !absorbed.is_empty() {
        customer::absorb(tx, &absorbed, now).await?;
    }
    let fresh = is_new.then_some(head.own_customer);
    let restored = after.difference(&customers).copied().filter(|id| Some(*id) != fresh).collect();
    Ok(Regrouped {
        customer: group_of(&groups, head.id).map_or(head.own_customer, |g| g.customer),
        absorbed: absorbed.into_iter().filter(|id| Some(*id) != fresh).collect(),
        restored,
        evidence: revision.asserted.first().map_or("", |link| link.evidence.kind.as_str()),
        asserted: revision.asserted.iter().map(|link| link.id).collect(),
        revoked: revision.revoked,
    })
}

/// Asks the rule about every touched identifier.
async fn revise(
    profile: &Profile,
    tx: &mut Tx,
    touched: &BTreeSet<IdentifierKey>,
    is_new: bool,
    now: Timestamp,
) -> Result<Revision, StoreError> {
    let mut revision =
        Revision { asserted: Vec::new(), revoked: Vec::new(), customers: BTreeSet::new(), records: BTreeSet::new() };
    let relevant: BTreeSet<IdentifierKey> = touched.iter().filter(|key| key.kind.fan_out() > 0).cloned().collect();
    if relevant.is_empty() {
        return Ok(revision);
    }
    let carried = identity::carriers(tx, &relevant).await?;
    if is_new && carried.values().all(|held| held.carriers.len() == 1) {
        // Nobody else carries what a new record brings: the common case has nothing to link.
        return Ok(revision);
    }
    let active = identity::active_links(tx, &relevant).await?;
    for key in &relevant {
        let held = carried.get(key);
        let wanted = held.map(|h| links(key.kind, &h.carriers)).unwrap_or_default();
        let known = active.get(key).cloned().unwrap_or_default();
        let (assert, revoke) = revised(&known.keys().copied().collect(), &wanted);
        for pair in assert {
            revision.touch(pair, held.map(|h| &h.customers));
            let id = LinkId::from_uuid(profile.ambient.uuid(now));
            revision.asserted.push(NewLink { id, pair, evidence: key.clone() });
        }
        for pair in revoke {
            revision.touch(pair, held.map(|h| &h.customers));
            revision.revoked.extend(known.get(&pair));
        }
    }
    Ok(revision)
}

impl Revision {
    fn touch(&mut self, pair: Pair, customers: Option<&BTreeMap<SourceRecordId, CustomerId>>) {
        for record in [pair.a(), pair.b()] {
            // A record that no longer carries the identifier is the one being ingested; its customer
            // is added by the caller.
            if let Some(customer) = customers.and_then(|c| c.get(&record)) {
                self.customers.insert(*customer);
                self.records.insert(record);
            }
        }
    }
}

/// The records of the touched customers, the new one among them.
async fn members(
    tx: &mut Tx,
    head: &Head,
    customers: &[Uuid],
    is_new: bool,
) -> Result<BTreeMap<SourceRecordId, Node>, StoreError> {
    let mut members: BTreeMap<SourceRecordId, Node> = BTreeMap::new();
    if !customers.is_empty() {
        members.extend(identity::members(tx, customers).await?);
    }
    if is_new {
        let node = Node { record: head.id, own_customer: head.own_customer, recorded_at: head.recorded_at };
        members.insert(head.id, node);
    }
    Ok(members)
}

/// Groups the members by their links and writes each group as a customer.
async fn write_groups(
    profile: &Profile,
    tx: &mut Tx,
    current: &Record,
    members: &BTreeMap<SourceRecordId, Node>,
    now: Timestamp,
) -> Result<Vec<Group>, ProfileError> {
    let nodes: Vec<Node> = members.values().copied().collect();
    let ids: Vec<Uuid> = nodes.iter().map(|n| n.record.uuid()).collect();
    let among = if nodes.len() > 1 { identity::links_among(tx, &ids).await? } else { Vec::new() };
    let groups = resolve(&nodes, &among);
    let others: Vec<Uuid> = ids.into_iter().filter(|id| *id != current.id.uuid()).collect();
    let mut known = vec![current.clone()];
    if !others.is_empty() {
        known.extend(record::load(tx, &others).await?.into_iter().map(|stored| stored.record));
    }
    for group in &groups {
        let belongs = |r: &&Record| group.records.iter().any(|n| n.record == r.id);
        let records: Vec<Record> = known.iter().filter(belongs).cloned().collect();
        let profile_of = golden::customer(group, &records, &profile.source_order, now);
        let language = i16::try_from(golden::language(&profile_of)).unwrap_or_default();
        customer::put(tx, group, &profile_of, language, now).await?;
    }
    Ok(groups)
}

fn group_of(groups: &[Group], record: SourceRecordId) -> Option<&Group> {
    groups.iter().find(|g| g.records.iter().any(|n| n.record == record))
}

impl Regrouped {
    /// What the ledger is told, beyond that the record came in.
    pub(super) fn entries(&self, profile: &Profile, stamp: &Stamp, now: Timestamp) -> Vec<Draft> {
        let names = |ids: &[CustomerId]| ids.iter().map(|id| id.name()).collect::<Vec<_>>();
        let links = |ids: &[LinkId]| ids.iter().map(|id| id.name()).collect::<Vec<_>>();
        let mut entries = Vec::new();
        if !self.absorbed.is_empty() {
            let payload = proto::CustomersLinked {
                customer: self.customer.name(),
                absorbed: names(&self.absorbed),
                links: links(&self.asserted),
                evidence: self.evidence.to_owned(),
                rule_version: RULE_VERSION.to_owned(),
            };
            entries.push(Draft::new(profile.ambient.uuid(now), self.customer.name(), &payload, stamp));
        }
        if !self.restored.is_empty() {
            let payload = proto::CustomersSeparated {
                customer: self.customer.name(),
                restored: names(&self.restored),
                links: links(&self.revoked),
                rule_version: RULE_VERSION.to_owned(),
            };
            entries.push(Draft::new(profile.ambient.uuid(now), self.customer.name(), &payload, stamp));
        }
        entries
    }
}

//! From changed links to changed customers: reads the records that the changed ones may hang together with, under
//! locks, and writes the groups that follow. Whatever changes who is who comes through here.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::{Doubt, Edition};
use customer_profile_domain::{
    Content, CustomerId, Group, Link, LinkId, LinkType, Node, Pair, Record, SourceRecordId, resolve,
};
use jiff::{SignedDuration, Timestamp};
use kernel::ResourceId;
use ledger::{Draft, Stamp};
use postgres::Tx;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::{Profile, effort_cap};
use crate::error::ProfileError;
use crate::store::customer::Locked;
use crate::store::identity::{self, Member, NewLink};
use crate::store::rules;
use crate::store::{customer, record};
use crate::{comparing, golden};

/// Whether the customers that are read may be changed by others meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// To write.
    Locked,
    /// To look.
    Free,
}

/// Customers, and all others that an active link reaches from them, held back or not: what follows from a change of
/// their links follows from these alone.
pub(crate) struct Component {
    members: BTreeMap<SourceRecordId, Member>,
    links: BTreeMap<LinkId, Link>,
    denials: BTreeMap<LinkId, Pair>,
    /// What stands between records, whatever links say.
    contradictions: BTreeSet<Pair>,
    /// When the last of the customers was written.
    written_at: Timestamp,
    /// A customer whose only record is being written.
    fresh: Option<CustomerId>,
}

impl Component {
    /// A record that nothing links.
    pub(crate) fn alone(node: Node) -> Self {
        let member = Member { node, customer: node.own_customer };
        Self {
            members: BTreeMap::from([(node.record, member)]),
            links: BTreeMap::new(),
            denials: BTreeMap::new(),
            contradictions: BTreeSet::new(),
            written_at: Timestamp::MIN,
            fresh: Some(node.own_customer),
        }
    }

    /// Reads what hangs together with these customers. `fresh` is a customer among them whose row is not there yet.
    ///
    /// # Errors
    /// [`ProfileError::IdentityContended`] when one of them was absorbed since it was named,
    /// [`ProfileError::CustomerErased`].
    pub(crate) async fn read(
        tx: &mut Tx,
        customers: BTreeSet<CustomerId>,
        fresh: Option<CustomerId>,
        reading: Reading,
    ) -> Result<Self, ProfileError> {
        let mut component = Self::gather(tx, customers, fresh, reading).await?;
        if component.members.len() > 1 {
            let edition = rules::edition(&mut **tx).await?;
            let records = component.records();
            component.contradictions = comparing::contradicting(tx, edition, &records).await?;
        }
        Ok(component)
    }

    /// The same to look, by these rules, with somebody in it who is described so and has no record: `node` stands for one that said it and
    /// came last. Answers, too, what stands between them and each record that they contradict.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) async fn read_with(
        tx: &mut Tx,
        customers: BTreeSet<CustomerId>,
        node: Node,
        (described, edition): (&Content, Edition),
    ) -> Result<(Self, BTreeMap<SourceRecordId, Doubt>), ProfileError> {
        let mut component = Self::gather(tx, customers, None, Reading::Free).await?;
        let between = comparing::contradicting_with(tx, edition, &component.records(), described).await?;
        component.contradictions = between.records;
        component.contradictions.extend(between.described.keys().map(|record| Pair::of(*record, node.record)));
        component.members.insert(node.record, Member { node, customer: node.own_customer });
        Ok((component, between.described))
    }

    fn records(&self) -> Vec<Uuid> {
        self.members.keys().map(|record| record.uuid()).collect()
    }

    /// The records and what is said of them, without what stands between them.
    async fn gather(
        tx: &mut Tx,
        customers: BTreeSet<CustomerId>,
        fresh: Option<CustomerId>,
        reading: Reading,
    ) -> Result<Self, ProfileError> {
        let mut component = Self {
            members: BTreeMap::new(),
            links: BTreeMap::new(),
            denials: BTreeMap::new(),
            contradictions: BTreeSet::new(),
            written_at: Timestamp::MIN,
            fresh,
        };
        let mut known = BTreeSet::new();
        let mut next = customers;
        while !next.is_empty() {
            let standing: Vec<Uuid> = next.iter().filter(|id| Some(**id) != fresh).map(|id| id.uuid()).collect();
            if !standing.is_empty() {
                let found = match reading {
                    Reading::Locked => customer::lock_active(tx, &standing).await?,
                    Reading::Free => customer::look_active(tx, &standing).await?,
                };
                match found {
                    Locked::All(at) => component.written_at = component.written_at.max(at),
                    Locked::Absorbed => return Err(ProfileError::IdentityContended),
                    Locked::Erased(id) => return Err(ProfileError::CustomerErased(id)),
                }
            }
            let named: Vec<Uuid> = next.iter().map(|id| id.uuid()).collect();
            let members = identity::members(tx, &named).await?;
            let records: Vec<Uuid> = members.iter().map(|m| m.node.record.uuid()).collect();
            component.members.extend(members.into_iter().map(|m| (m.node.record, m)));
            known.append(&mut next);
            for touching in identity::touching(tx, &records).await? {
                match touching.kind {
                    LinkType::SameAs => {
                        component.links.insert(touching.id, touching.link);
                        next.extend(touching.customers.into_iter().filter(|id| !known.contains(id)));
                    }
                    LinkType::NotSameAs => {
                        component.denials.insert(touching.id, touching.link.pair);
                    }
                }
            }
        }
        Ok(component)
    }

    /// Takes account of a link that is being asserted.
    pub(crate) fn assert(&mut self, link: &NewLink) {
        match link.kind {
            LinkType::SameAs => {
                self.links.insert(link.id, Link { basis: link.basis.clone(), pair: link.pair });
            }
            LinkType::NotSameAs => {
                self.denials.insert(link.id, link.pair);
            }
        }
    }

    /// Takes account of a link that is being revoked.
    pub(crate) fn revoke(&mut self, id: LinkId) {
        self.links.remove(&id);
        self.denials.remove(&id);
    }

    /// Active links that say "one person".
    pub(crate) const fn links(&self) -> &BTreeMap<LinkId, Link> {
        &self.links
    }

    /// Active links that say "two people".
    pub(crate) const fn denials(&self) -> &BTreeMap<LinkId, Pair> {
        &self.denials
    }

    /// The customer that a record belongs to, as it is written down.
    pub(crate) fn customer_of(&self, record: SourceRecordId) -> Option<CustomerId> {
        self.members.get(&record).map(|member| member.customer)
    }

    /// The customer id that a record brought.
    pub(crate) fn own_customer_of(&self, record: SourceRecordId) -> Option<CustomerId> {
        self.members.get(&record).map(|member| member.node.own_customer)
    }

    /// The records of a customer, as it is written down; the oldest first.
    pub(crate) fn records_of(&self, customer: CustomerId) -> Vec<Node> {
        let mut nodes: Vec<Node> = self.members.values().filter(|m| m.customer == customer).map(|m| m.node).collect();
        nodes.sort_by_key(|node| (node.recorded_at, node.record));
        nodes
    }

    /// Who is who by the links as they are now, and by these.
    pub(crate) fn groups_with(&self, more: impl IntoIterator<Item = Link>) -> Vec<Group> {
        let nodes: Vec<Node> = self.members.values().map(|m| m.node).collect();
        let links: Vec<Link> = self.links.values().cloned().chain(more).collect();
        let denials: Vec<Pair> = self.denials.values().copied().collect();
        resolve(&nodes, &links, &denials, &self.contradictions)
    }

    /// The customers that are written down, with their records.
    fn before(&self) -> BTreeMap<CustomerId, BTreeSet<SourceRecordId>> {
        let mut before: BTreeMap<CustomerId, BTreeSet<SourceRecordId>> = BTreeMap::new();
        for member in self.members.values().filter(|m| Some(m.customer) != self.fresh) {
            before.entry(member.customer).or_default().insert(member.node.record);
        }
        before
    }

    /// Which customer every id resolves to, as it is written down.
    fn ids_before(&self) -> BTreeMap<CustomerId, CustomerId> {
        let standing = self.members.values().filter(|m| Some(m.customer) != self.fresh);
        standing.map(|member| (member.node.own_customer, member.customer)).collect()
    }
}

/// What became of the customers.
pub(crate) struct Regrouped {
    of: BTreeMap<SourceRecordId, CustomerId>,
    /// Customers that took others in, with those.
    linked: BTreeMap<CustomerId, Vec<CustomerId>>,
    /// Customers that others left, with those.
    separated: BTreeMap<CustomerId, Vec<CustomerId>>,
    /// Customers that came to the cap of effort by becoming one.
    costly: Vec<proto::EffortCapReached>,
}

/// How far a customer may have been written in the future before the clock is held to have been set back since.
const SET_BACK: SignedDuration = SignedDuration::from_secs(60);

/// Whether a customer was written as of later than an instant that was taken before its lock.
pub(crate) fn is_of_later(written_at: Timestamp, now: Timestamp) -> bool {
    let ahead = written_at.duration_since(now);
    ahead > SignedDuration::ZERO && ahead < SET_BACK
}

/// Writes the customers that follow from the links. `now` was taken before their locks: whoever wrote one of them since is told
/// of as of later, and the work is begun anew, so that what is known at an instant is what screens showed by then. `current` is a record that is being written: its customer is
/// written in any case, with what it says now.
pub(crate) async fn settle(
    profile: &Profile,
    tx: &mut Tx,
    component: &Component,
    current: Option<&Record>,
    now: Timestamp,
) -> Result<Regrouped, ProfileError> {
    if is_of_later(component.written_at, now) {
        return Err(ProfileError::IdentityContended);
    }
    let before = component.before();
    let groups = component.groups_with([]);
    let has_changed = |group: &&Group| {
        let records: BTreeSet<SourceRecordId> = group.records.iter().map(|n| n.record).collect();
        current.is_some_and(|r| records.contains(&r.id)) || before.get(&group.customer) != Some(&records)
    };
    write(profile, tx, &groups.iter().filter(has_changed).collect::<Vec<_>>(), current, now).await?;

    let after: BTreeSet<CustomerId> = groups.iter().map(|g| g.customer).collect();
    let absorbed: Vec<CustomerId> = before.keys().filter(|id| !after.contains(id)).copied().collect();
    if !absorbed.is_empty() {
        customer::absorb(tx, &absorbed, now).await?;
    }
    let of: BTreeMap<SourceRecordId, CustomerId> =
        groups.iter().flat_map(|g| g.records.iter().map(|n| (n.record, g.customer))).collect();
    let costly = match profile.effort.cap() {
        Some(cap) => effort_cap::by_joining(tx, &component.ids_before(), &groups, cap, now).await?,
        None => Vec::new(),
    };
    let mut regrouped = Regrouped { of, linked: BTreeMap::new(), separated: BTreeMap::new(), costly };
    for member in component.members.values() {
        let (own, goes_on) = (member.node.own_customer, regrouped.of[&member.node.record]);
        if before.contains_key(&own) && goes_on != own {
            regrouped.linked.entry(goes_on).or_default().push(own);
        }
        if after.contains(&own) && !before.contains_key(&own) && component.fresh != Some(own) {
            // The customer it leaves is called after its oldest record, which may go elsewhere too.
            let left = regrouped.customer_called(component, member.customer);
            regrouped.separated.entry(left).or_default().push(own);
        }
    }
    Ok(regrouped)
}

async fn write(
    profile: &Profile,
    tx: &mut Tx,
    groups: &[&Group],
    current: Option<&Record>,
    now: Timestamp,
) -> Result<(), ProfileError> {
    let others = groups.iter().flat_map(|g| &g.records).map(|n| n.record);
    let others: Vec<Uuid> = others.filter(|id| current.is_none_or(|r| r.id != *id)).map(|id| id.uuid()).collect();
    let mut known: BTreeMap<SourceRecordId, Record> = current.map(|r| (r.id, r.clone())).into_iter().collect();
    if !others.is_empty() {
        known.extend(record::load(tx, &others).await?.into_iter().map(|stored| (stored.record.id, stored.record)));
    }
    let in_force = profile.survivorship.current();
    for group in groups {
        let records: Vec<Record> = group.records.iter().filter_map(|n| known.get(&n.record)).cloned().collect();
        let shown = golden::customer(group, &records, &in_force.survivorship, now);
        let language = i16::try_from(golden::language(&shown)).unwrap_or_default();
        if !customer::put(tx, group, &shown, language, in_force.number, now).await? {
            profile.survivorship.refresh(profile.db.reader()).await?;
            return Err(ProfileError::IdentityContended);
        }
    }
    Ok(())
}

impl Regrouped {
    /// The customer that a record belongs to now.
    pub(crate) fn customer_of(&self, record: SourceRecordId) -> Option<CustomerId> {
        self.of.get(&record).copied()
    }

    /// The customer that the record which brought this id belongs to now.
    fn customer_called(&self, component: &Component, id: CustomerId) -> CustomerId {
        let bringer = component.members.values().find(|m| m.node.own_customer == id);
        bringer.and_then(|m| self.customer_of(m.node.record)).unwrap_or(id)
    }

    /// What the ledger is told of it; `rule_version` is that of the rule that revoked, empty for a steward's word.
    pub(crate) fn entries(
        &self,
        profile: &Profile,
        stamp: &Stamp,
        asserted: &[NewLink],
        revoked: &[LinkId],
        rule_version: &str,
    ) -> Vec<Draft> {
        let names = |ids: &[CustomerId]| ids.iter().map(|id| id.name()).collect::<Vec<_>>();
        let draft_id = || profile.ambient.uuid(stamp.recorded_at);
        let mut entries = Vec::new();
        for (customer, absorbed) in &self.linked {
            let within = |link: &&NewLink| {
                let ends = [link.pair.a(), link.pair.b()].map(|record| self.customer_of(record));
                link.kind == LinkType::SameAs && ends == [Some(*customer); 2]
            };
            let first = asserted.iter().find(within);
            let payload = proto::CustomersLinked {
                customer: customer.name(),
                absorbed: names(absorbed),
                links: asserted.iter().filter(within).map(|link| link.id.name()).collect(),
                evidence: first.map(|link| link.basis.as_str().to_owned()).unwrap_or_default(),
                rule_version: first.map(|link| link.rules_version.clone()).unwrap_or_default(),
            };
            entries.push(Draft::new(draft_id(), customer.name(), &payload, stamp));
        }
        for (customer, restored) in &self.separated {
            let payload = proto::CustomersSeparated {
                customer: customer.name(),
                restored: names(restored),
                links: revoked.iter().map(|id| id.name()).collect(),
                rule_version: rule_version.to_owned(),
            };
            entries.push(Draft::new(draft_id(), customer.name(), &payload, stamp));
        }
        // It is so since they are known to be one, whenever what shows it was observed.
        let found = stamp.clone().occurred(stamp.recorded_at);
        for reached in &self.costly {
            entries.push(Draft::new(draft_id(), reached.customer.clone(), reached, &found));
        }
        entries
    }
}

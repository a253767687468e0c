//! `PreviewMerge` and `MergeCustomers`: several customers become one by links between their records, as it was shown
//! before. Nothing is moved, so [`unmerge_customers`](super::unmerge_customers) gives back what each brought.

mod preview;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use customer_profile_domain::matching::{Description, Frequencies, Person, Rules, Score};
use customer_profile_domain::{Basis, Content, CustomerId, Link, LinkId, LinkType, Node, Pair, Record, SourceRecordId};
use kernel::ResourceId;
use ledger::Stamp;
use postgres::{RequestKey, Tx};
use server::Call;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::regroup::{self, Component, Reading};
use super::steward::{self, Word};
use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::judgement::{self, likelihood};
use crate::store::identity::{self, Compared, NewLink};
use crate::store::{customer, match_key, record};

/// Customers to be made one.
#[derive(Debug, Clone)]
pub(crate) struct Merge {
    pub customers: Vec<CustomerId>,
    /// The preview's.
    pub token: String,
    pub word: Word,
}

#[tracing::instrument(name = "customer.preview_merge", skip_all)]
pub(crate) async fn preview_merge(
    profile: &Profile,
    call: &Call,
    customers: &[CustomerId],
) -> Result<proto::MergePreview, ProfileError> {
    let look = || async {
        let mut tx = profile.db.tx().await?;
        let plan = Plan::make(profile, &mut tx, customers, Reading::Free).await?;
        let shown = plan.show(profile, &mut tx).await?;
        tx.rollback().await?;
        Ok(shown)
    };
    let shown = super::insist(look).await?;
    // They are shown the oldest first, and not as they were named.
    let restricted = shown.customers.iter().find(|c| c.state() == proto::CustomerState::Restricted);
    match restricted.and_then(|customer| CustomerId::parse(&customer.name).ok()) {
        Some(restricted) if !super::keeps(call) => Err(ProfileError::CustomerRestricted(restricted)),
        _ => Ok(shown),
    }
}

#[tracing::instrument(name = "customer.merge", skip_all)]
pub(crate) async fn merge_customers(
    profile: Profile,
    call: Call,
    merge: Merge,
    key: RequestKey,
) -> Result<proto::Customer, ProfileError> {
    super::insist(|| attempt(&profile, &call, &merge, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    merge: &Merge,
    key: &RequestKey,
) -> Result<proto::Customer, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let mut plan = Plan::make(profile, &mut tx, &merge.customers, Reading::Locked).await?;
    if plan.show(profile, &mut tx).await?.token != merge.token {
        return Err(ProfileError::StaleMergeToken);
    }
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let goes_on = plan.customers[0];
    let mut entries = Vec::new();
    let denials: Vec<LinkId> = plan.denials.iter().map(|(id, _)| *id).collect();
    if !denials.is_empty() {
        identity::revoke_links(&mut tx, &denials, &call.actor().id, now).await?;
        let told = |id: &LinkId| steward::revoked(profile, goes_on, *id, LinkType::NotSameAs, &stamp);
        entries.extend(denials.iter().map(told));
    }
    let links: Vec<NewLink> = plan
        .pairs
        .iter()
        .filter(|nearest| !nearest.is_linked)
        .map(|nearest| merge.word.link(profile, LinkType::SameAs, nearest.pair(), Some(nearest.compared()), now))
        .collect();
    if !links.is_empty() {
        identity::assert_links(&mut tx, &links, &call.actor().id, now).await?;
    }
    for link in &links {
        plan.component.assert(link);
        let [one, other] = [link.pair.a(), link.pair.b()].map(|record| BTreeSet::from([record]));
        entries.push(merge.word.asserted(profile, goes_on, link, [&one, &other], &stamp));
    }
    let regrouped = regroup::settle(profile, &mut tx, &plan.component, None, now).await?;
    entries.extend(regrouped.entries(profile, &stamp, &links, &[], ""));
    ledger::append(&mut tx, &entries).await?;
    let merged = customer::load(&mut tx, regrouped.customer_of(plan.pairs[0].records[0])).await?.pop();
    let merged = merged.ok_or(ProfileError::IdentityContended)?;
    // Without the denials that fell it may hold others than those who were named.
    let about = super::ids_of(std::slice::from_ref(&merged));
    let answer = super::finish(tx, key, &about, merged).await?;
    profile.ledger.nudge();
    Ok(answer)
}

/// What making customers one comes to.
struct Plan {
    /// The customers, the one that goes on first.
    customers: Vec<CustomerId>,
    /// All their links, without the denials that would be revoked.
    component: Component,
    /// Links that say that some of them are two people.
    denials: Vec<(LinkId, Pair)>,
    /// For each customer but the first, the pair of records that comes nearest.
    pairs: Vec<Nearest>,
    records: BTreeMap<SourceRecordId, Record>,
}

/// A record of the customer that goes on and one of another, and what comparing them says.
struct Nearest {
    records: [SourceRecordId; 2],
    score: Score,
    /// A steward said so before, and it was held back.
    is_linked: bool,
}

impl Nearest {
    fn pair(&self) -> Pair {
        Pair::of(self.records[0], self.records[1])
    }

    fn compared(&self) -> Compared {
        Compared { score: self.score.total, judgement: judgement::kept(&self.score) }
    }
}

impl Plan {
    async fn make(
        profile: &Profile,
        tx: &mut Tx,
        names: &[CustomerId],
        reading: Reading,
    ) -> Result<Self, ProfileError> {
        let known = customer::resolve(tx, names).await?;
        if let Some(stranger) = names.iter().find(|name| !known.contains_key(name)) {
            return Err(ProfileError::CustomerNotFound(*stranger));
        }
        let distinct: BTreeSet<CustomerId> = known.into_values().collect();
        if let (1, Some(one)) = (distinct.len(), distinct.first()) {
            return Err(ProfileError::AlreadyOne(*one));
        }
        let mut component = Component::read(tx, distinct.clone(), None, reading).await?;
        let mut customers: Vec<(CustomerId, Vec<Node>)> =
            distinct.iter().map(|id| (*id, component.records_of(*id))).collect();
        if customers.iter().any(|(_, records)| records.is_empty()) {
            return Err(ProfileError::IdentityContended);
        }
        customers.sort_by_key(|(_, records)| (records[0].recorded_at, records[0].record));

        let crosses = |pair: &Pair| {
            let [a, b] = [pair.a(), pair.b()].map(|record| component.customer_of(record));
            a != b && [a, b].iter().all(|id| id.is_some_and(|id| distinct.contains(&id)))
        };
        let denials: Vec<(LinkId, Pair)> =
            component.denials().iter().filter(|(_, pair)| crosses(pair)).map(|(id, pair)| (*id, *pair)).collect();
        for (id, _) in &denials {
            component.revoke(*id);
        }
        let ids: Vec<Uuid> = customers.iter().flat_map(|(_, nodes)| nodes).map(|n| n.record.uuid()).collect();
        let records: BTreeMap<SourceRecordId, Record> =
            record::load(tx, &ids).await?.into_iter().map(|stored| (stored.record.id, stored.record)).collect();
        let rules = profile.rules.current();
        let mut pairs = nearest(&rules, tx, &customers, &component, &records).await?;
        leave_nobody(&rules, &component, &customers, &records, &mut pairs);
        Ok(Self { customers: customers.into_iter().map(|(id, _)| id).collect(), component, denials, pairs, records })
    }
}

/// Adds a pair for each record that the others would leave behind: what holds it to its customer gives way to what stands between
/// it and the customer it is merged with, and the steward speaks over that.
fn leave_nobody(
    rules: &Rules,
    component: &Component,
    customers: &[(CustomerId, Vec<Node>)],
    records: &BTreeMap<SourceRecordId, Record>,
    pairs: &mut Vec<Nearest>,
) {
    let neutral = Frequencies::neutral();
    let Some(first) = pairs.first().map(|pair| pair.records[0]) else { return };
    let all: Vec<SourceRecordId> = customers.iter().flat_map(|(_, nodes)| nodes).map(|node| node.record).collect();
    for _ in 0..all.len() {
        let groups = component.groups_with(pairs.iter().map(|n| Link { basis: Basis::Steward, pair: n.pair() }));
        let group = groups.iter().find(|group| group.records.iter().any(|node| node.record == first));
        let within = |record: &SourceRecordId| group.is_some_and(|g| g.records.iter().any(|n| n.record == *record));
        let Some(left) = all.iter().copied().find(|record| !within(record)) else { return };
        let known = pairs.iter().any(|pair| pair.pair() == Pair::of(first, left));
        let (false, Some(one), Some(other)) = (known, records.get(&first), records.get(&left)) else { return };
        let [one, other] = [one, other].map(|r| Person::new(&Description::from(&r.content), &neutral));
        pairs.push(Nearest { records: [first, left], score: rules.score(&one, &other), is_linked: false });
    }
}

/// For each customer but the first, the pair of records that comes nearest to the first; of equals, the oldest.
async fn nearest(
    rules: &Rules,
    tx: &mut Tx,
    customers: &[(CustomerId, Vec<Node>)],
    component: &Component,
    records: &BTreeMap<SourceRecordId, Record>,
) -> Result<Vec<Nearest>, ProfileError> {
    let keys = records.values().flat_map(|r| &r.content.identifiers).map(|i| i.key());
    let keys: Vec<_> = keys.filter(|key| key.kind.fan_out() > 0).collect();
    let crowded = match_key::crowded(&mut **tx, &keys, &HashSet::new()).await?;
    let neutral = Frequencies::neutral();
    let person = |record: &Record| {
        let mut content: Content = record.content.clone();
        for identifier in &mut content.identifiers {
            identifier.shared |= crowded.contains(identifier.key());
        }
        Person::new(&Description::from(&content), &neutral)
    };
    let people: BTreeMap<SourceRecordId, Person> = records.iter().map(|(id, record)| (*id, person(record))).collect();
    let by_stewards: BTreeSet<Pair> =
        component.links().values().filter(|link| link.basis == Basis::Steward).map(|link| link.pair).collect();
    let Some(((_, first), others)) = customers.split_first() else { return Ok(Vec::new()) };
    let mut pairs = Vec::with_capacity(others.len());
    for (_, other) in others {
        let all = first.iter().flat_map(|one| other.iter().map(move |other| [one.record, other.record]));
        let scored = all.filter_map(|records| {
            let [one, other] = records.map(|record| people.get(&record));
            let is_linked = by_stewards.contains(&Pair::of(records[0], records[1]));
            Some(Nearest { records, score: rules.score(one?, other?), is_linked })
        });
        // A later one must be likelier to take over.
        let best =
            scored.reduce(|best, next| if likelihood(&next.score) > likelihood(&best.score) { next } else { best });
        pairs.push(best.ok_or(ProfileError::IdentityContended)?);
    }
    Ok(pairs)
}

//! `UnmergeCustomers`: records are taken out of a customer, whatever held them there.

use std::collections::BTreeSet;

use customer_profile_domain::{Basis, CustomerId, Cut, LinkId, LinkType, NotSeparable, SourceRecordId};
use ledger::Stamp;
use postgres::{RequestKey, StoreError};
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::regroup::{self, Component, Reading};
use super::steward::{self, Word};
use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::customer;
use crate::store::identity::{self, NewLink};

/// Records to take out.
#[derive(Debug, Clone)]
pub(crate) struct Unmerge {
    pub customer: CustomerId,
    pub records: BTreeSet<SourceRecordId>,
    /// Version of the customer that was decided on.
    pub etag: String,
    pub word: Word,
}

#[tracing::instrument(name = "customer.unmerge", skip_all)]
pub(crate) async fn unmerge_customers(
    profile: Profile,
    call: Call,
    unmerge: Unmerge,
    key: RequestKey,
) -> Result<proto::UnmergeCustomersResponse, ProfileError> {
    super::insist(|| attempt(&profile, &call, &unmerge, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    unmerge: &Unmerge,
    key: &RequestKey,
) -> Result<proto::UnmergeCustomersResponse, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let known = customer::resolve(&mut tx, &[unmerge.customer]).await?;
    let whole = *known.get(&unmerge.customer).ok_or(ProfileError::CustomerNotFound(unmerge.customer))?;
    let mut component = Component::read(&mut tx, BTreeSet::from([whole]), None, Reading::Locked).await?;
    let standing = customer::load(&mut tx, [whole]).await?;
    if standing.first().is_none_or(|customer| customer.etag != unmerge.etag) {
        return Err(StoreError::Stale.into());
    }
    let records = component.records_of(whole);
    let cut = Cut::new(&records, unmerge.records.clone()).map_err(|reason| match reason {
        NotSeparable::NotAMember(record) => ProfileError::NotOfThisCustomer(record),
        NotSeparable::NothingRemains => ProfileError::NothingRemains,
    })?;

    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let by_stewards =
        component.links().iter().filter(|(_, link)| link.basis == Basis::Steward && cut.crosses(link.pair));
    let revoked: Vec<LinkId> = by_stewards.map(|(id, _)| *id).collect();
    let mut entries = Vec::new();
    if !revoked.is_empty() {
        identity::revoke_links(&mut tx, &revoked, &call.actor().id, now).await?;
    }
    for id in &revoked {
        component.revoke(*id);
        entries.push(steward::revoked(profile, whole, *id, LinkType::SameAs, &stamp));
    }
    let pairs = cut.denials();
    let denials: Vec<NewLink> =
        pairs.into_iter().map(|pair| unmerge.word.link(profile, LinkType::NotSameAs, pair, None, now)).collect();
    identity::assert_links(&mut tx, &denials, &call.actor().id, now).await?;
    denials.iter().for_each(|denial| component.assert(denial));
    let told = |first| unmerge.word.asserted(profile, whole, first, [cut.taken(), cut.remaining()], &stamp);
    entries.extend(denials.first().map(told));

    let regrouped = regroup::settle(profile, &mut tx, &component, None, now).await?;
    entries.extend(regrouped.entries(profile, &stamp, &[], &revoked, ""));
    ledger::append(&mut tx, &entries).await?;
    let apart: BTreeSet<CustomerId> = records.iter().filter_map(|node| regrouped.customer_of(node.record)).collect();
    let customers = customer::load(&mut tx, apart).await?;
    // A record may go to somebody whom a link that was held back makes it one with: the answer holds them too.
    let about = super::ids_of(&customers);
    let answer = super::finish(tx, key, &about, proto::UnmergeCustomersResponse { customers }).await?;
    profile.ledger.nudge();
    Ok(answer)
}

//! `ConfirmMatchProposal` and `RejectMatchProposal`: a steward says whether two records are one person.

use std::collections::BTreeSet;

use customer_profile_domain::{Basis, CustomerId, LinkId, LinkType, Pair, ProposalId};
use kernel::ResourceId;
use ledger::Stamp;
use postgres::{RequestKey, StoreError};
use server::Call;
use ventanilla_proto::customer::v1 as proto;

use super::regroup::{self, Component, Reading};
use super::steward::{self, Word};
use super::{Begun, Profile, list_match_proposals};
use crate::error::ProfileError;
use crate::store::identity::{self, Compared, NewLink};
use crate::store::proposal::{self, State};

/// A steward's answer to a proposal.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub proposal: ProposalId,
    /// One person, or two.
    pub says: LinkType,
    /// Version of the proposal that was decided on.
    pub etag: String,
    pub word: Word,
}

#[tracing::instrument(name = "match_proposal.answer", skip_all, fields(proposal.id = %answer.proposal.uuid()))]
pub(crate) async fn answer_match_proposal(
    profile: Profile,
    call: Call,
    answer: Answer,
    key: RequestKey,
) -> Result<proto::MatchProposal, ProfileError> {
    super::insist(|| attempt(&profile, &call, &answer, &key)).await
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    answer: &Answer,
    key: &RequestKey,
) -> Result<proto::MatchProposal, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(profile, key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let by = &call.actor().id;
    let proposed = proposal::lock(&mut tx, answer.proposal).await?;
    let proposed = proposed.ok_or(ProfileError::ProposalNotFound(answer.proposal))?;
    if proposed.state != State::Open {
        return Err(ProfileError::ProposalSettled { state: proposed.state.as_str() });
    }
    let pair = proposed.pair;
    let customers = identity::customers_of(&mut tx, &[pair.a().uuid(), pair.b().uuid()]).await?;
    let customers = customers.into_values().collect();
    let mut component = Component::read(&mut tx, customers, None, Reading::Locked).await?;
    let [one, other] = [pair.a(), pair.b()].map(|record| component.customer_of(record));
    let (Some(one), Some(other)) = (one, other) else { return Err(ProfileError::IdentityContended) };
    // Under the locks, so that neither record says something else than the steward read.
    if list_match_proposals::read(&mut tx, answer.proposal).await?.etag != answer.etag {
        return Err(StoreError::Stale.into());
    }

    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let mut entries = Vec::new();
    let mut revoked = Vec::new();
    match answer.says {
        LinkType::SameAs => {
            if let Some(denial) = denial_between(&component, one, other) {
                return Err(ProfileError::HeldApart(denial));
            }
        }
        LinkType::NotSameAs => revoked.extend(stewards_link(&component, pair)),
    }
    if !revoked.is_empty() {
        identity::revoke_links(&mut tx, &revoked, by, now).await?;
    }
    for id in &revoked {
        component.revoke(*id);
        entries.push(steward::revoked(profile, one, *id, LinkType::SameAs, &stamp));
    }
    let is_said = match answer.says {
        LinkType::SameAs => stewards_link(&component, pair).is_some(),
        LinkType::NotSameAs => component.denials().values().any(|denied| *denied == pair),
    };
    let seen = Compared { score: proposed.score, judgement: proposed.judgement };
    let links: Vec<NewLink> =
        if is_said { Vec::new() } else { vec![answer.word.link(profile, answer.says, pair, Some(seen), now)] };
    identity::assert_links(&mut tx, &links, by, now).await?;
    for link in &links {
        component.assert(link);
        let [first, second] = [pair.a(), pair.b()].map(|record| BTreeSet::from([record]));
        entries.push(answer.word.asserted(profile, one, link, [&first, &second], &stamp));
    }
    let regrouped = regroup::settle(profile, &mut tx, &component, None, now).await?;
    entries.extend(regrouped.entries(profile, &stamp, &links, &revoked, ""));
    ledger::append(&mut tx, &entries).await?;
    let state = match answer.says {
        LinkType::SameAs => State::Confirmed,
        LinkType::NotSameAs => State::Rejected,
    };
    proposal::decide(&mut tx, answer.proposal, state, by, now).await?;
    let answered = list_match_proposals::read(&mut tx, answer.proposal).await?;
    let about = [pair.a(), pair.b()].into_iter().filter_map(|record| component.own_customer_of(record));
    let about: Vec<CustomerId> = about.collect();
    let answered = super::finish(tx, key, &about, answered).await?;
    profile.ledger.nudge();
    Ok(answered)
}

fn denial_between(component: &Component, one: CustomerId, other: CustomerId) -> Option<LinkId> {
    let between = |pair: &Pair| {
        let ends = [pair.a(), pair.b()].map(|record| component.customer_of(record));
        ends == [Some(one), Some(other)] || ends == [Some(other), Some(one)]
    };
    component.denials().iter().find(|(_, pair)| between(pair)).map(|(id, _)| *id)
}

fn stewards_link(component: &Component, pair: Pair) -> Option<LinkId> {
    let said = |link: &customer_profile_domain::Link| link.basis == Basis::Steward && link.pair == pair;
    component.links().iter().find(|(_, link)| said(link)).map(|(id, _)| *id)
}

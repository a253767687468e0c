//! `ListMatchProposals` and `GetMatchProposal`: the pairs that wait for a steward.

use std::collections::HashMap;

use customer_profile_domain::{CustomerId, ProposalId, SourceRecordId};
use kernel::ResourceId;
use postgres::StoreError;
use server::parse::time_to_proto;
use server::{Call, PageToken};
use sqlx::PgConnection;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::{ProfileError, bad_token};
use crate::store::customer;
use crate::store::proposal::{self, Proposal, State};
use crate::store::record::{self, Stored};

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "match_proposals";

/// Which proposals are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub state: State,
    pub customer: Option<CustomerId>,
    /// The last proposal of the page before.
    pub after: Option<ProposalId>,
    pub size: usize,
    /// What page tokens are bound to besides the list.
    pub filter: Vec<u8>,
}

#[tracing::instrument(name = "match_proposal.list", skip_all)]
pub(crate) async fn list_match_proposals(
    profile: &Profile,
    call: &Call,
    wanted: Wanted,
) -> Result<proto::ListMatchProposalsResponse, ProfileError> {
    // One more than asked for tells whether there is a next page.
    let limit = i64::try_from(wanted.size).unwrap_or(i64::MAX - 1) + 1;
    let found = proposal::page(profile.db.reader(), wanted.state, wanted.customer, wanted.after, limit).await?;
    let mut found = found.ok_or_else(bad_token)?;
    let more = found.len() > wanted.size;
    found.truncate(wanted.size);
    let next_page_token = match found.last() {
        // Not its score, which not everybody is told who may turn the page.
        Some(last) if more => PageToken::encode(LIST, &wanted.filter, &[&last.id.uuid().to_string()]),
        _ => String::new(),
    };
    let mut connection = profile.db.reader().acquire().await?;
    let records = records_of(&mut connection, &found).await?;
    // Whoever was erased since the page was read is proposed no more.
    found.retain(|proposal| [proposal.pair.a(), proposal.pair.b()].iter().all(|record| records.contains_key(record)));
    let proposals = found.into_iter().map(|proposal| to_proto(proposal, &records)).collect::<Result<_, _>>()?;
    let proposals = shown_to(call, &mut connection, proposals).await?;
    Ok(proto::ListMatchProposalsResponse { proposals, next_page_token })
}

#[tracing::instrument(name = "match_proposal.get", skip_all)]
pub(crate) async fn get_match_proposal(
    profile: &Profile,
    call: &Call,
    id: ProposalId,
) -> Result<proto::MatchProposal, ProfileError> {
    let mut connection = profile.db.reader().acquire().await?;
    let found = read(&mut connection, id).await?;
    let shown = shown_to(call, &mut connection, vec![found]).await?;
    shown.into_iter().next().ok_or(ProfileError::ProposalNotFound(id))
}

/// The proposals as this caller may see them: of records whose data is kept and not used, that they are there. What was compared is
/// not told either: that a field is equal to one that stands beside it says what it is.
async fn shown_to(
    call: &Call,
    connection: &mut PgConnection,
    mut proposals: Vec<proto::MatchProposal>,
) -> Result<Vec<proto::MatchProposal>, ProfileError> {
    if super::keeps(call) {
        return Ok(proposals);
    }
    let sides = |proposal: &proto::MatchProposal| {
        let both = [&proposal.first, &proposal.second].into_iter().flatten();
        both.filter_map(|record| CustomerId::parse(&record.customer).ok()).collect::<Vec<_>>()
    };
    let named: Vec<Uuid> = proposals.iter().flat_map(sides).map(ResourceId::uuid).collect();
    let restricted = customer::restricted_among(connection, &named).await?;
    let is_restricted = |id: &CustomerId| restricted.contains(id);
    for proposal in proposals.iter_mut().filter(|proposal| sides(proposal).iter().any(is_restricted)) {
        for record in [&mut proposal.first, &mut proposal.second].into_iter().flatten() {
            if CustomerId::parse(&record.customer).is_ok_and(|id| is_restricted(&id)) {
                *record = proto::SourceRecord {
                    name: std::mem::take(&mut record.name),
                    customer: std::mem::take(&mut record.customer),
                    own_customer: std::mem::take(&mut record.own_customer),
                    version: record.version,
                    ..Default::default()
                };
            }
        }
        proposal.findings.clear();
        proposal.set_doubt(proto::MatchDoubt::Unspecified);
        proposal.score = 0.0;
    }
    Ok(proposals)
}

/// A proposal as it stands.
pub(super) async fn read(connection: &mut PgConnection, id: ProposalId) -> Result<proto::MatchProposal, ProfileError> {
    let found = proposal::get(connection, id).await?.ok_or(ProfileError::ProposalNotFound(id))?;
    let records = records_of(connection, std::slice::from_ref(&found)).await?;
    Ok(to_proto(found, &records)?)
}

/// The two records of each of these proposals, as they stand.
async fn records_of(
    connection: &mut PgConnection,
    proposals: &[Proposal],
) -> Result<HashMap<SourceRecordId, Stored>, StoreError> {
    let ids: Vec<Uuid> = proposals.iter().flat_map(|p| [p.pair.a().uuid(), p.pair.b().uuid()]).collect();
    Ok(record::load(connection, &ids).await?.into_iter().map(|stored| (stored.record.id, stored)).collect())
}

fn to_proto(proposal: Proposal, records: &HashMap<SourceRecordId, Stored>) -> Result<proto::MatchProposal, StoreError> {
    let shown = |id| {
        let stored =
            records.get(&id).ok_or_else(|| StoreError::corrupt("match_proposal", "record", proposal.id.uuid()));
        stored.map(record::to_proto)
    };
    let (first, second) = (shown(proposal.pair.a())?, shown(proposal.pair.b())?);
    // Each of the three only grows: a steward decides on what both records say.
    let etag = postgres::etag(proposal.row_version + i64::from(first.version) + i64::from(second.version));
    let (decided_by, decided_at) = proposal.decided.unzip();
    Ok(proto::MatchProposal {
        name: proposal.id.name(),
        state: proposal.state.to_proto().into(),
        first: Some(first),
        second: Some(second),
        score: proposal.score,
        findings: proposal.judgement.findings,
        doubt: proposal.judgement.doubt,
        rules_version: proposal.rules_version,
        create_time: Some(time_to_proto(proposal.proposed_at)),
        decided_by: decided_by.unwrap_or_default(),
        decide_time: decided_at.map(time_to_proto),
        etag,
    })
}

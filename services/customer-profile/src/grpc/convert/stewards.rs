//! Requests of stewards: merges, unmerges, and answers to proposals.

use std::collections::BTreeSet;

use customer_profile_domain::{CustomerId, LinkType, ProposalId};
use kernel::{ResourceId, Violations};
use postgres::{RequestKey, parse_etag};
use prost::Message;
use server::{PageToken, page_size, parse};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::{TAKEN, all_or_nothing};
use crate::error::{ProfileError, bad_token};
use crate::store::proposal::State;
use crate::usecase::answer_match_proposal::Answer;
use crate::usecase::list_match_proposals::{self, Wanted};
use crate::usecase::merge_customers::Merge;
use crate::usecase::steward::Word;
use crate::usecase::unmerge_customers::Unmerge;

/// A steward's reason.
fn word(violations: &mut Violations, reason: &str, proposal: Option<ProposalId>) -> Option<Word> {
    let reason = parse::required_text(violations, "reason", reason, 2_000)?;
    Some(Word { reason: reason.into(), proposal })
}

pub(super) fn etag(violations: &mut Violations, tag: &str) -> Option<i64> {
    if tag.is_empty() {
        violations.push("etag", "is required");
        return None;
    }
    violations.check("etag", parse_etag(tag))
}

/// Names of several, each at its place, each once.
fn names<Id: ResourceId>(
    violations: &mut Violations,
    field: &str,
    given: &[String],
    (least, most): (usize, usize),
) -> BTreeSet<Id> {
    if given.len() < least || given.len() > most {
        violations.push(field, format!("must have {least} to {most} items"));
        return BTreeSet::new();
    }
    let read = |(at, name): (usize, &String)| parse::name(violations, &format!("{field}[{at}]"), name);
    given.iter().enumerate().filter_map(read).collect()
}

/// The fewest and the most customers of one merge.
const MERGED: (usize, usize) = (2, 8);

/// Customers to be made one.
pub(in crate::grpc) fn merged(request: &proto::PreviewMergeRequest) -> Result<Vec<CustomerId>, ProfileError> {
    let mut violations = Violations::new();
    let customers = names(&mut violations, "customers", &request.customers, MERGED);
    all_or_nothing(violations)?;
    Ok(customers.into_iter().collect())
}

pub(in crate::grpc) fn merge(request: &proto::MergeCustomersRequest) -> Result<(Merge, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customers: BTreeSet<CustomerId> = names(&mut violations, "customers", &request.customers, MERGED);
    let token = parse::required_text(&mut violations, "token", &request.token, 64);
    let word = word(&mut violations, &request.reason, None);
    all_or_nothing(violations)?;
    let merge =
        Merge { customers: customers.into_iter().collect(), token: token.expect(TAKEN), word: word.expect(TAKEN) };
    Ok((merge, RequestKey::of(id.expect(TAKEN), "MergeCustomers", &request.encode_to_vec())))
}

pub(in crate::grpc) fn unmerge(
    request: &proto::UnmergeCustomersRequest,
) -> Result<(Unmerge, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "name", &request.name);
    let records = names(&mut violations, "source_records", &request.source_records, (1, 64));
    let row_version = etag(&mut violations, &request.etag);
    let word = word(&mut violations, &request.reason, None);
    all_or_nothing(violations)?;
    let unmerge = Unmerge {
        customer: customer.expect(TAKEN),
        records,
        etag: postgres::etag(row_version.expect(TAKEN)),
        word: word.expect(TAKEN),
    };
    Ok((unmerge, RequestKey::of(id.expect(TAKEN), "UnmergeCustomers", &request.encode_to_vec())))
}

pub(in crate::grpc) fn proposal_id(name: &str) -> Result<ProposalId, ProfileError> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, "name", name);
    all_or_nothing(violations)?;
    Ok(id.expect(TAKEN))
}

pub(in crate::grpc) fn confirmation(
    request: &proto::ConfirmMatchProposalRequest,
) -> Result<(Answer, RequestKey), ProfileError> {
    let proto::ConfirmMatchProposalRequest { name, reason, etag, request_id } = request;
    let (answer, id) = answer(LinkType::SameAs, [name, reason, etag, request_id])?;
    Ok((answer, RequestKey::of(id, "ConfirmMatchProposal", &request.encode_to_vec())))
}

pub(in crate::grpc) fn rejection(
    request: &proto::RejectMatchProposalRequest,
) -> Result<(Answer, RequestKey), ProfileError> {
    let proto::RejectMatchProposalRequest { name, reason, etag, request_id } = request;
    let (answer, id) = answer(LinkType::NotSameAs, [name, reason, etag, request_id])?;
    Ok((answer, RequestKey::of(id, "RejectMatchProposal", &request.encode_to_vec())))
}

fn answer(says: LinkType, [name, reason, tag, request_id]: [&str; 4]) -> Result<(Answer, Uuid), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, request_id);
    let proposal = parse::name(&mut violations, "name", name);
    let word = word(&mut violations, reason, proposal);
    let row_version = etag(&mut violations, tag);
    all_or_nothing(violations)?;
    let answer = Answer {
        proposal: proposal.expect(TAKEN),
        says,
        etag: postgres::etag(row_version.expect(TAKEN)),
        word: word.expect(TAKEN),
    };
    Ok((answer, id.expect(TAKEN)))
}

/// Which proposals are wanted.
pub(in crate::grpc) fn proposals(request: &proto::ListMatchProposalsRequest) -> Result<Wanted, ProfileError> {
    let mut violations = Violations::new();
    let state = match proto::MatchProposalState::try_from(request.state) {
        Ok(proto::MatchProposalState::Unspecified | proto::MatchProposalState::Open) => Some(State::Open),
        Ok(proto::MatchProposalState::Confirmed) => Some(State::Confirmed),
        Ok(proto::MatchProposalState::Rejected) => Some(State::Rejected),
        Ok(proto::MatchProposalState::Withdrawn) => Some(State::Withdrawn),
        Err(_) => parse::not_a_value(&mut violations, "state", request.state),
    };
    let customer = parse::optional_name(&mut violations, "customer", &request.customer);
    let size = page_size(&mut violations, request.page_size);
    all_or_nothing(violations)?;
    let filter = proto::ListMatchProposalsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let filter = filter.encode_to_vec();
    let after = match PageToken::decode(&request.page_token, list_match_proposals::LIST, &filter) {
        Ok(None) => None,
        Ok(Some(token)) => Some(token.fields::<1>().ok().and_then(|key| read_after(&key)).ok_or_else(bad_token)?),
        Err(_) => return Err(bad_token()),
    };
    Ok(Wanted { state: state.expect(TAKEN), customer, after, size, filter })
}

fn read_after([id]: &[String; 1]) -> Option<ProposalId> {
    id.parse().ok().map(ProposalId::from_uuid)
}

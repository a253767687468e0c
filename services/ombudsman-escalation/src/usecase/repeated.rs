//! Whether a complaint repeats one that was decided: by the same claimant, on the same facts, as both are known now. Merges that were undone count for
//! nothing here, since nobody is refused for what another asked.

use std::collections::BTreeSet;

use kernel::{ResourceId as _, Violations};
use ombudsman_escalation_domain::admissibility::is_about_later_facts;
use ombudsman_escalation_domain::case::Case;
use ombudsman_escalation_domain::{CaseId, CustomerId};
use server::{Call, PeerChannel};
use tonic::{Code, Status};
use ventanilla_proto::customer::v1::GetCustomerRequest;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;

use super::affair;
use crate::error::Failure;
use crate::office::Office;
use crate::store::case::{self, Decided};

/// The decided cases that this one repeats. Those that all its tickets were brought in are known by themselves; of others ticketing says whether each is a duplicate
/// of one, or was told to the firm anew since and merged with one, and of who was one person with the claimant at some time customer-profile says whether they are.
///
/// # Errors
/// [`Failure::Peer`] when one of them must be asked and does not answer.
#[tracing::instrument(name = "case.repeats", skip_all, fields(case = %of.id))]
pub(crate) async fn decided_before(office: &Office, call: &Call, of: &Case) -> Result<Vec<Decided>, Failure> {
    // A review repeats what it reviews; that is what it is for.
    if of.review_of.is_some() {
        return Ok(Vec::new());
    }
    let mut candidates = case::decided_before(&office.db, of).await?;
    candidates.retain(|decided| !is_about_later_facts(&of.complaint, decided.at));
    let brought = case::tickets(&mut *office.db.reader().acquire().await?, of.id).await?;
    if candidates.iter().all(|decided| brought.iter().all(|ticket| decided.tickets.contains(ticket))) {
        return of_the_claimant(office, call, of.customer, candidates).await;
    }
    let mut relations = RelationServiceClient::new(channel(office, call, crate::TICKETING)?);
    let asked = |status: Status| Failure::Peer { peer: crate::TICKETING, code: status.code() };
    let mut the_same = Vec::with_capacity(brought.len());
    for ticket in &brought {
        the_same
            .push((*ticket, affair::linked(&mut relations, &ticket.name(), affair::THE_SAME).await.map_err(asked)?));
    }
    let same_facts = affair::linked(&mut relations, &of.ticket.name(), affair::SAME_FACTS).await.map_err(asked)?;
    // What the firm was told before the decision and had not brought here was not heard in it, whatever it was merged with since; a duplicate says nothing else
    // than what was heard. And nothing is repeated of which a part was not.
    let told_anew = |decided: &Decided| of.complaint.filed_at_entity >= decided.at;
    let one_of = |decided: &Decided, names: &[String]| decided.tickets.iter().any(|with| names.contains(&with.name()));
    candidates.retain(|decided| {
        the_same.iter().all(|(ticket, same)| decided.tickets.contains(ticket) || one_of(decided, same))
            || told_anew(decided) && one_of(decided, &same_facts)
    });
    of_the_claimant(office, call, of.customer, candidates).await
}

/// The decided cases that this one repeats as the office holds, of affairs that the firm neither merged nor linked. That they are about the same is for the
/// office to reason; whose they are is not.
///
/// # Errors
/// [`Failure::Invalid`] naming each that is no decided case of the same claimant, or was decided before what this one is about; [`Failure::Peer`] when
/// customer-profile must be asked and does not answer.
#[tracing::instrument(name = "case.repeats_named", skip_all, fields(case = %of.id))]
pub(crate) async fn named(office: &Office, call: &Call, of: &Case, names: &[CaseId]) -> Result<Vec<Decided>, Failure> {
    let mut decided = case::decided(&office.db, names).await?;
    decided.retain(|decided| decided.id != of.id && !is_about_later_facts(&of.complaint, decided.at));
    let repeats = of_the_claimant(office, call, of.customer, decided).await?;
    let mut violations = Violations::new();
    for (index, name) in names.iter().enumerate() {
        if !repeats.iter().any(|decided| decided.id == *name) {
            let what = "must be a decided case of the same claimant, and not decided before the facts of this one";
            violations.push(format!("repeats[{index}]"), what);
        }
    }
    violations.into_result()?;
    Ok(repeats)
}

/// Those of whoever is one person with the claimant now.
async fn of_the_claimant(
    office: &Office,
    call: &Call,
    claimant: CustomerId,
    mut decided: Vec<Decided>,
) -> Result<Vec<Decided>, Failure> {
    let others = decided.iter().map(|decided| decided.customer).filter(|customer| *customer != claimant);
    let same_people = same_person(office, call, claimant, others.collect()).await?;
    decided.retain(|decided| decided.customer == claimant || same_people.contains(&decided.customer));
    Ok(decided)
}

/// Which of these are one person with this customer now.
async fn same_person(
    office: &Office,
    call: &Call,
    customer: CustomerId,
    others: BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>, Failure> {
    if others.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut profile = CustomerServiceClient::new(channel(office, call, crate::CUSTOMER_PROFILE)?);
    let goes_on_as = goes_on_as(&mut profile, customer).await?;
    let mut same = BTreeSet::new();
    for other in others {
        if self::goes_on_as(&mut profile, other).await? == goes_on_as {
            same.insert(other);
        }
    }
    Ok(same)
}

/// The id under which a customer goes on; their own where customer-profile knows nobody by it.
async fn goes_on_as(profile: &mut CustomerServiceClient<PeerChannel>, customer: CustomerId) -> Result<String, Failure> {
    let name = customer.name();
    let request = GetCustomerRequest { name: name.clone(), ..Default::default() };
    match profile.get_customer(request).await {
        Ok(found) => Ok(found.into_inner().name),
        Err(status) if status.code() == Code::NotFound => Ok(name),
        Err(status) => Err(Failure::Peer { peer: crate::CUSTOMER_PROFILE, code: status.code() }),
    }
}

pub(super) fn channel(office: &Office, call: &Call, peer: &'static str) -> Result<PeerChannel, Failure> {
    let found = office.peers.channel(peer).map(|channel| channel.for_call(call));
    found.map_err(|_| Failure::Peer { peer, code: Code::Unavailable })
}

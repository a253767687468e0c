//! `GetCustomer`: one customer by any id that was ever given, as it stands or as it stood.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::contradictions;
use customer_profile_domain::{CustomerId, Link, LinkType, Node, Pair, Record, SourceRecordId, resolve};
use jiff::Timestamp;
use kernel::ResourceId;
use server::Call;
use sqlx::PgConnection;
use uuid::Uuid;
use ventanilla_proto::customer::v1::{Customer, CustomerState};

use super::Profile;
use crate::error::ProfileError;
use crate::golden;
use crate::store::{customer, history, record, rules, survivorship};

/// At which instants of the two times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instants {
    /// What was true.
    pub as_of: Timestamp,
    /// What had been written down.
    pub known: Timestamp,
}

#[tracing::instrument(name = "customer.get", skip_all)]
pub(crate) async fn get_customer(
    profile: &Profile,
    call: &Call,
    id: CustomerId,
    at: Option<Instants>,
) -> Result<Customer, ProfileError> {
    let now = customer::get(profile.db.reader(), id).await?.ok_or(ProfileError::CustomerNotFound(id))?;
    let found = match at {
        // Of an erased customer nothing is left to look back at, and a restriction covers what was true before it.
        Some(at) if now.state() != CustomerState::Erased => {
            let stood = as_it_stood(profile, id, at).await?;
            // Somebody who was held to be the same person then may be restricted now.
            let state = if stood.state() == CustomerState::Restricted { stood.state } else { now.state };
            Customer { state, ..stood }
        }
        _ => now,
    };
    Ok(super::shown_to(call, found))
}

/// Puts the customer together from what was written down.
async fn as_it_stood(profile: &Profile, id: CustomerId, at: Instants) -> Result<Customer, ProfileError> {
    let mut connection = profile.db.reader().acquire().await?;
    let bringer = history::bringer(&mut connection, id, at.known).await?.ok_or(ProfileError::CustomerNotFound(id))?;
    let mut nodes: BTreeMap<SourceRecordId, Node> = BTreeMap::from([(bringer.record, bringer)]);
    let (mut links, mut denials): (BTreeSet<Link>, BTreeSet<Pair>) = Default::default();
    let mut next: Vec<Uuid> = vec![bringer.record.uuid()];
    while !next.is_empty() {
        let mut reached = Vec::new();
        for standing in history::touching(&mut connection, &next, at.known).await? {
            if standing.kind == LinkType::NotSameAs {
                denials.insert(standing.link.pair);
                continue;
            }
            links.insert(standing.link);
            let new = standing.ends.into_iter().filter(|end| nodes.insert(end.record, *end).is_none());
            reached.extend(new.map(|end| end.record.uuid()).collect::<Vec<_>>());
        }
        next = reached;
    }
    let nodes: Vec<Node> = nodes.into_values().collect();
    let links: Vec<Link> = links.into_iter().collect();
    let denials: Vec<Pair> = denials.into_iter().collect();
    let contradictions = contradicting(&mut connection, &nodes, at.known).await?;
    let groups = resolve(&nodes, &links, &denials, &contradictions);
    let group = groups.iter().find(|group| group.records.iter().any(|node| node.record == bringer.record));
    let group = group.ok_or(ProfileError::CustomerNotFound(id))?;
    let ids: Vec<Uuid> = group.records.iter().map(|node| node.record.uuid()).collect();
    let said = record::load_at(&mut connection, &ids, at.as_of, at.known).await?;
    let said: Vec<Record> = said.into_iter().map(|stored| stored.record).collect();
    let (number, written) = survivorship::of_customer_at(&mut *connection, group.customer, at.known).await?;
    let believed = crate::survivorship::read(number, &written)?;
    let stood = golden::customer(group, &said, &believed.survivorship, at.known);
    let own: Vec<Uuid> = group.records.iter().map(|node| node.own_customer.uuid()).collect();
    let restricted = !customer::restricted_among(&mut connection, &own).await?.is_empty();
    let state = if restricted { CustomerState::Restricted.into() } else { stood.state };
    Ok(Customer { update_time: None, state, ..stood })
}

/// What stood between these records, by what they said and by the rules that were in force.
async fn contradicting(
    connection: &mut PgConnection,
    nodes: &[Node],
    known: Timestamp,
) -> Result<BTreeSet<Pair>, ProfileError> {
    if nodes.len() < 2 || !rules::edition_at(&mut *connection, known).await?.heeds_contradictions() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<Uuid> = nodes.iter().map(|node| node.record.uuid()).collect();
    // Of each what was observed last: it is the version that counted, whenever it is of.
    let said = record::load_at(connection, &ids, Timestamp::MAX, known).await?;
    Ok(contradictions(&said.into_iter().map(|stored| stored.record).collect::<Vec<_>>()))
}

//! `MatchCustomer`: who a described person may be, without writing anything.

use std::collections::{BTreeSet, HashMap, HashSet};

use customer_profile_domain::matching::{Description, Frequencies, Grade, Person, Rules, Score, blocking_keys};
use customer_profile_domain::{Content, CustomerId, IdentifierKey, SourceRecordId};
use kernel::ResourceId;
use postgres::StoreError;
use server::Call;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::comparing;
use crate::error::ProfileError;
use crate::judgement::{self, likelihood};
use crate::store::{customer, identity, match_key, rules};

/// The best that one customer's records come to.
struct Best {
    record: SourceRecordId,
    score: Score,
    /// An identifier would make the two one, whatever the score.
    by_identifier: bool,
}

#[tracing::instrument(name = "customer.match", skip_all)]
pub(crate) async fn match_customer(
    profile: &Profile,
    call: &Call,
    mut described: Content,
    most: usize,
) -> Result<proto::MatchCustomerResponse, ProfileError> {
    let pool = profile.db.reader();
    let keys: Vec<_> = described.identifiers.iter().map(|i| i.key()).filter(|key| key.kind.fan_out() > 0).collect();
    let crowded = match_key::crowded(pool, &keys).await?;
    for identifier in &mut described.identifiers {
        // What everybody carries says nothing of who somebody is.
        identifier.shared |= crowded.contains(identifier.key());
    }
    let neutral = Frequencies::neutral();
    let person = Person::new(&Description::from(&described), &neutral);
    let candidates = match_key::candidates(pool, &blocking_keys(&person)).await?;

    let rules = &*profile.rules.current();
    let mut best: HashMap<CustomerId, Best> = HashMap::new();
    for candidate in &candidates {
        let other = Person::new(&Description::from(&candidate.record.content), &neutral);
        let score = rules.score(&person, &other);
        let score = if candidate.record.content.unproven { score.unproven() } else { score };
        if score.grade < Grade::Possible {
            continue;
        }
        let known = best.get(&candidate.customer);
        if known.is_none_or(|known| likelihood(&score) > likelihood(&known.score)) {
            best.insert(candidate.customer, Best { record: candidate.record.id, score, by_identifier: false });
        }
    }
    for (customer, mut by) in by_identifiers(profile, rules, &described).await? {
        if let Some(known) = best.remove(&customer) {
            // The nearest record is told, and that it is certain.
            by = Best { by_identifier: known.score.grade != Grade::Certain, ..known };
        }
        if by.by_identifier {
            (by.score.grade, by.score.doubt) = (Grade::Certain, None);
        }
        best.insert(customer, by);
    }
    let mut found: Vec<(CustomerId, Best)> = best.into_iter().collect();
    found.sort_by(|(a, one), (b, other)| likelihood(&other.score).cmp(&likelihood(&one.score)).then(a.cmp(b)));
    found.truncate(most);
    let ids: Vec<Uuid> = found.iter().map(|(customer, _)| customer.uuid()).collect();
    let restricted = if super::keeps(call) || ids.is_empty() {
        HashSet::new()
    } else {
        let mut connection = pool.acquire().await.map_err(StoreError::from)?;
        customer::restricted_among(&mut connection, &ids).await?
    };
    Ok(proto::MatchCustomerResponse {
        rules_version: rules.version().to_owned(),
        matches: found
            .into_iter()
            .map(|(customer, best)| match restricted.contains(&customer) {
                true => kept(customer),
                false => told(customer, &best),
            })
            .collect(),
    })
}

/// The customers that an identifier of the description would make one with it, as ingesting the same words would.
async fn by_identifiers(
    profile: &Profile,
    rules: &Rules,
    described: &Content,
) -> Result<HashMap<CustomerId, Best>, StoreError> {
    let linking: BTreeSet<IdentifierKey> =
        described.identifiers.iter().map(|i| i.key()).filter(|key| key.kind.fan_out() > 0).cloned().collect();
    let mut found = HashMap::new();
    if linking.is_empty() {
        return Ok(found);
    }
    let mut tx = profile.db.tx().await?;
    let carried = identity::carriers(&mut tx, &linking).await?;
    if !carried.is_empty() {
        let edition = rules::edition(&mut *tx).await?;
        for identifier in &described.identifiers {
            let Some(held) = carried.get(identifier.key()) else { continue };
            let joined = comparing::would_join(&mut tx, rules, edition, identifier, &held.carriers, described).await?;
            let Some((record, score)) = joined else { continue };
            if let Some(customer) = held.customers.get(&record) {
                found.entry(*customer).or_insert(Best { record, score, by_identifier: true });
            }
        }
    }
    tx.rollback().await?;
    Ok(found)
}

/// Of somebody whose data is kept and not used no field is confirmed to whoever describes them: that they may be meant, so
/// that what is open can be served, and no more (GDPR art. 18.2).
fn kept(customer: CustomerId) -> proto::CustomerMatch {
    proto::CustomerMatch { customer: customer.name(), grade: proto::MatchGrade::Possible.into(), ..Default::default() }
}

fn told(customer: CustomerId, best: &Best) -> proto::CustomerMatch {
    proto::CustomerMatch {
        customer: customer.name(),
        source_record: best.record.name(),
        grade: judgement::grade(best.score.grade).into(),
        score: best.score.total,
        findings: judgement::findings(&best.score),
        doubt: judgement::doubt(&best.score).into(),
        by_identifier: best.by_identifier,
    }
}

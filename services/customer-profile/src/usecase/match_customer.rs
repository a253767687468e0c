//! `MatchCustomer`: who a described person may be, without writing anything.

mod carrying;
mod joining;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use customer_profile_domain::matching::{Description, Frequencies, Grade, Person, Rules, Score, blocking_keys};
use customer_profile_domain::{Content, CustomerId, IdentifierKey, IdentifierKind, SourceRecordId};
use kernel::ResourceId;
use postgres::{StoreError, Tx};
use server::Call;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::error::ProfileError;
use crate::judgement::{self, likelihood};
use crate::store::match_key::Candidate;
use crate::store::{customer, identity, match_key, record};
use crate::{comparing, content};

/// The best that one customer's records come to.
struct Best {
    record: SourceRecordId,
    score: Score,
    /// They would be one, though the score is less than certain.
    by_identifier: bool,
    /// What of the description they carry.
    carries: BTreeSet<IdentifierKind>,
}

#[tracing::instrument(name = "customer.match", skip_all)]
pub(crate) async fn match_customer(
    profile: &Profile,
    call: &Call,
    described: Content,
    most: usize,
) -> Result<proto::MatchCustomerResponse, ProfileError> {
    // One snapshot: whoever is linked or parted meanwhile is before or after the answer.
    let mut tx = profile.db.tx().await?;
    match_key::look_only(&mut tx).await?;
    let rules = &*profile.rules.current();
    let linking = described.identifiers.iter().map(|i| i.key()).filter(|key| key.kind.fan_out() > 0);
    let linking: BTreeSet<IdentifierKey> = linking.cloned().collect();
    let carried = if linking.is_empty() { BTreeMap::new() } else { identity::carriers(&mut tx, &linking).await? };
    let (person, candidates) = sharing_keys(&mut tx, described.clone()).await?;
    let (mut best, certain) = by_score(rules, &person, &candidates);
    let joining = joining::joining(&mut tx, rules, &described, &carried, &certain).await?;
    let mut carrying = carrying::carrying(&described, &carried, &candidates, profile.ambient.now());
    let joined =
        joining.joined.iter().flat_map(|(customer, records)| records.iter().map(|record| (*customer, *record)));
    let missed = joined.chain(carrying.iter().flat_map(|(customer, carries)| carries.of(*customer)));
    let missed: BTreeSet<(CustomerId, SourceRecordId)> =
        missed.filter(|(customer, _)| !best.contains_key(customer)).collect();
    let scores = comparing::scores_of(&mut tx, rules, &described, missed.iter().map(|(_, record)| *record)).await?;
    for (customer, record) in missed {
        if let Some(score) = scores.get(&record) {
            nearer(&mut best, customer, record, *score);
        }
    }
    for (customer, found) in &mut best {
        if joining.joined.contains_key(customer) {
            // The nearest record is told, and that it is certain.
            found.by_identifier = found.score.grade != Grade::Certain;
            (found.score.grade, found.score.doubt) = (Grade::Certain, None);
        } else if let Some(doubt) = joining.apart.get(customer) {
            found.score.grade = found.score.grade.min(Grade::Probable);
            // What stands against the nearest record itself is told first; what else is doubtful of it, an identifier would outweigh.
            found.score.doubt = found.score.contradiction.or(Some(*doubt));
        }
        if let Some(carries) = carrying.remove(customer) {
            // Who asks by what somebody carries is told of them, whatever the rest weighs.
            found.score.grade = found.score.grade.max(Grade::Possible);
            found.carries = carries.kinds;
        }
    }
    let mut found: Vec<(CustomerId, Best)> = best.into_iter().collect();
    found.sort_by(|(a, one), (b, other)| likelihood(&other.score).cmp(&likelihood(&one.score)).then(a.cmp(b)));
    found.truncate(most);
    let ids: Vec<Uuid> = found.iter().map(|(customer, _)| customer.uuid()).collect();
    let restricted = if super::keeps(call) || ids.is_empty() {
        HashSet::new()
    } else {
        customer::restricted_among(&mut tx, &ids).await?
    };
    let records: Vec<Uuid> = found.iter().map(|(_, best)| best.record.uuid()).collect();
    let own = record::own_customers(&mut tx, &records).await?;
    tx.rollback().await?;
    Ok(proto::MatchCustomerResponse {
        rules_version: rules.version().to_owned(),
        matches: found
            .into_iter()
            .map(|(customer, best)| match restricted.contains(&customer) {
                true => kept(customer),
                false => told(customer, &best, own.get(&best.record)),
            })
            .collect(),
    })
}

/// The description as a person, and the records that it is compared with.
async fn sharing_keys(tx: &mut Tx, mut described: Content) -> Result<(Person, Vec<Candidate>), StoreError> {
    let keys: Vec<_> = described.identifiers.iter().map(|i| i.key()).filter(|key| key.kind.fan_out() > 0).collect();
    let crowded = match_key::crowded(&mut **tx, &keys, &keys.iter().copied().collect()).await?;
    for identifier in &mut described.identifiers {
        // What everybody carries says nothing of who somebody is.
        identifier.shared |= crowded.contains(identifier.key());
    }
    let person = Person::new(&Description::from(&described), &Frequencies::neutral());
    let candidates = match_key::candidates(tx, &blocking_keys(&person)).await?;
    Ok((person, candidates))
}

/// The nearest of these records of each customer, and all of which a score is certain.
fn by_score(
    rules: &Rules,
    person: &Person,
    candidates: &[Candidate],
) -> (HashMap<CustomerId, Best>, BTreeMap<SourceRecordId, CustomerId>) {
    let neutral = Frequencies::neutral();
    let (mut best, mut certain) = (HashMap::new(), BTreeMap::new());
    for candidate in candidates {
        let other = Person::new(&Description::from(&candidate.record.content), &neutral);
        let score = rules.score(person, &other);
        let score = if candidate.record.content.unproven { score.unproven() } else { score };
        if score.grade < Grade::Possible {
            continue;
        }
        if score.grade == Grade::Certain {
            certain.insert(candidate.record.id, candidate.customer);
        }
        nearer(&mut best, candidate.customer, candidate.record.id, score);
    }
    (best, certain)
}

/// Keeps the likelier of a customer's records.
fn nearer(best: &mut HashMap<CustomerId, Best>, customer: CustomerId, record: SourceRecordId, score: Score) {
    if best.get(&customer).is_none_or(|known| likelihood(&score) > likelihood(&known.score)) {
        best.insert(customer, Best { record, score, by_identifier: false, carries: BTreeSet::new() });
    }
}

/// Of somebody whose data is kept and not used no field is confirmed to whoever describes them: that they may be meant, so
/// that what is open can be served, and no more (GDPR art. 18.2).
fn kept(customer: CustomerId) -> proto::CustomerMatch {
    proto::CustomerMatch { customer: customer.name(), grade: proto::MatchGrade::Possible.into(), ..Default::default() }
}

fn told(customer: CustomerId, best: &Best, own: Option<&CustomerId>) -> proto::CustomerMatch {
    proto::CustomerMatch {
        customer: customer.name(),
        source_record: best.record.name(),
        grade: judgement::grade(best.score.grade).into(),
        score: best.score.total,
        findings: judgement::findings(&best.score),
        doubt: judgement::doubt(&best.score).into(),
        by_identifier: best.by_identifier,
        carries: best.carries.iter().map(|kind| content::identifier_type(*kind).into()).collect(),
        own_customer: own.map(|own| own.name()).unwrap_or_default(),
    }
}

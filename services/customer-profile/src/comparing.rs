//! Records compared with each other, as they stand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use customer_profile_domain::matching::{
    Description, Doubt, Edition, Frequencies, Person, Rules, Score, contradicted, contradictions,
};
use customer_profile_domain::{
    Carrier, Content, Identifier, IdentifierKey, Pair, PersonName, Record, SourceRecordId, equals, links,
};
use jiff::Timestamp;
use kernel::ResourceId;
use postgres::{StoreError, Tx};
use uuid::Uuid;

use crate::store::{match_key, record};

/// What comparing these pairs comes to. What everybody carries says nothing of who somebody is.
pub(crate) async fn scores(
    tx: &mut Tx,
    rules: &Rules,
    pairs: &BTreeSet<Pair>,
) -> Result<HashMap<Pair, Score>, StoreError> {
    scores_with(tx, rules, pairs, None).await
}

/// The same where one of them may be no record but what somebody describes.
async fn scores_with(
    tx: &mut Tx,
    rules: &Rules,
    pairs: &BTreeSet<Pair>,
    described: Option<&Content>,
) -> Result<HashMap<Pair, Score>, StoreError> {
    let ids: BTreeSet<SourceRecordId> = pairs.iter().flat_map(|pair| [pair.a(), pair.b()]).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = ids.into_iter().map(|id| id.uuid()).collect();
    let loaded = record::load(tx, &ids).await?.into_iter().map(|stored| (stored.record.id, stored.record.content));
    let mut records: Vec<(SourceRecordId, Content)> = loaded.collect();
    records.extend(described.map(|content| (described_id(), content.clone())));
    let keys: BTreeSet<_> = records.iter().flat_map(|(_, said)| &said.identifiers).map(|i| i.key()).collect();
    let keys: Vec<_> = keys.into_iter().filter(|key| key.kind.fan_out() > 0).collect();
    let coming = described.iter().flat_map(|said| &said.identifiers).map(Identifier::key).collect();
    let crowded = match_key::crowded(&mut **tx, &keys, &coming).await?;
    let neutral = Frequencies::neutral();
    let mut people: HashMap<SourceRecordId, (Person, bool)> = HashMap::with_capacity(records.len());
    for (id, said) in &mut records {
        for identifier in &mut said.identifiers {
            identifier.shared |= crowded.contains(identifier.key());
        }
        people.insert(*id, (Person::new(&Description::from(&*said), &neutral), said.unproven));
    }
    let mut scores = HashMap::with_capacity(pairs.len());
    for (nth, pair) in pairs.iter().enumerate() {
        if let (Some((one, said)), Some((other, told))) = (people.get(&pair.a()), people.get(&pair.b())) {
            let score = rules.score(one, other);
            scores.insert(*pair, if *said || *told { score.unproven() } else { score });
        }
        if nth % 64 == 63 {
            // Somebody may be waiting in a ring.
            tokio::task::yield_now().await;
        }
    }
    Ok(scores)
}

/// The links that an identifier justifies among its carriers, with what comparing the two came to.
pub(crate) async fn justified(
    tx: &mut Tx,
    rules: &Rules,
    edition: Edition,
    key: &IdentifierKey,
    carriers: &[Carrier],
) -> Result<BTreeMap<Pair, Option<Score>>, StoreError> {
    justified_among(tx, rules, edition, key, carriers, None).await
}

/// The same where one of them may be no record but what somebody describes.
async fn justified_among(
    tx: &mut Tx,
    rules: &Rules,
    edition: Edition,
    key: &IdentifierKey,
    carriers: &[Carrier],
    described: Option<&Content>,
) -> Result<BTreeMap<Pair, Option<Score>>, StoreError> {
    let equals = equals(key.kind, carriers);
    let scores = scores_with(tx, rules, &equals, described).await?;
    let against = |pair: &Pair| scores.get(pair).is_some_and(|score| score.against(key.kind, edition).is_some());
    let against = equals.into_iter().filter(against).collect();
    let links = links(key.kind, carriers, &against);
    Ok(links.into_iter().map(|pair| (pair, scores.get(&pair).copied())).collect())
}

/// Stands for a description among records: it is no record's, and comes after all.
pub(crate) fn described_id() -> SourceRecordId {
    SourceRecordId::from_uuid(Uuid::max())
}

/// The links that an identifier of a description would justify among its carriers, if a record that comes now said the same. Nothing of it
/// is written.
pub(crate) async fn justified_with(
    tx: &mut Tx,
    rules: &Rules,
    edition: Edition,
    identifier: &Identifier,
    carriers: &[Carrier],
    described: &Content,
) -> Result<BTreeSet<Pair>, StoreError> {
    let own = Carrier {
        record: described_id(),
        recorded_at: Timestamp::MAX,
        name: described.name.as_ref().and_then(PersonName::key),
        evidence: identifier.is_evidence() && !described.unproven,
        validity: identifier.validity,
    };
    let carriers: Vec<Carrier> = carriers.iter().cloned().chain([own]).collect();
    let links = justified_among(tx, rules, edition, identifier.key(), &carriers, Some(described)).await?;
    Ok(links.into_keys().collect())
}

/// What comparing a description with each of these records comes to.
pub(crate) async fn scores_of(
    tx: &mut Tx,
    rules: &Rules,
    described: &Content,
    records: impl IntoIterator<Item = SourceRecordId>,
) -> Result<HashMap<SourceRecordId, Score>, StoreError> {
    let pairs: BTreeSet<Pair> = records.into_iter().map(|record| Pair::of(record, described_id())).collect();
    let scores = scores_with(tx, rules, &pairs, Some(described)).await?;
    Ok(scores.into_iter().map(|(pair, score)| (pair.a(), score)).collect())
}

/// The contradictions between these records as they stand.
pub(crate) async fn contradicting(
    tx: &mut Tx,
    edition: Edition,
    records: &[Uuid],
) -> Result<BTreeSet<Pair>, StoreError> {
    if records.len() < 2 || !edition.heeds_contradictions() {
        return Ok(BTreeSet::new());
    }
    let records: Vec<Record> = record::load(tx, records).await?.into_iter().map(|stored| stored.record).collect();
    Ok(contradictions(&records))
}

/// What stands between records, and between them and somebody who is described.
#[derive(Default)]
pub(crate) struct Between {
    pub records: BTreeSet<Pair>,
    pub described: BTreeMap<SourceRecordId, Doubt>,
}

/// The same as they stand, and what stands between them and a description.
pub(crate) async fn contradicting_with(
    tx: &mut Tx,
    edition: Edition,
    records: &[Uuid],
    described: &Content,
) -> Result<Between, StoreError> {
    if records.is_empty() || !edition.heeds_contradictions() {
        return Ok(Between::default());
    }
    let records: Vec<Record> = record::load(tx, records).await?.into_iter().map(|stored| stored.record).collect();
    Ok(Between { records: contradictions(&records), described: contradicted(described, &records) })
}

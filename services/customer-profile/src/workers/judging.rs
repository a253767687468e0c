//! What scores say of pairs of records, against what they said until now: for who acts on it, and for who only looks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use customer_profile_domain::matching::{Description, Frequencies, Grade, Person, Rules, Score};
use customer_profile_domain::{LinkId, Pair, ProposalId, Record, SourceRecordId};
use kernel::ResourceId;
use postgres::Tx;
use uuid::Uuid;

use crate::error::ProfileError;
use crate::store::comparison::Standing;
use crate::store::{match_key, record};

/// Others that one record is compared with at most: those with which it shares most.
pub(super) const MOST: i64 = 32;

/// What comparing these pairs comes to. What everybody carries says nothing of who somebody is.
pub(super) async fn scores(
    tx: &mut Tx,
    rules: &Rules,
    pairs: &BTreeSet<Pair>,
) -> Result<HashMap<Pair, Score>, ProfileError> {
    let ids: BTreeSet<SourceRecordId> = pairs.iter().flat_map(|pair| [pair.a(), pair.b()]).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<SourceRecordId> = ids.into_iter().collect();
    let mut records: Vec<Record> =
        record::load(tx, &uuids(&ids)).await?.into_iter().map(|stored| stored.record).collect();
    let keys: BTreeSet<_> = records.iter().flat_map(|r| &r.content.identifiers).map(|i| i.key()).collect();
    let keys: Vec<_> = keys.into_iter().filter(|key| key.kind.fan_out() > 0).collect();
    let crowded = match_key::crowded(&mut **tx, &keys).await?;
    let neutral = Frequencies::neutral();
    let mut people: HashMap<SourceRecordId, Person> = HashMap::with_capacity(records.len());
    for record in &mut records {
        for identifier in &mut record.content.identifiers {
            identifier.shared |= crowded.contains(identifier.key());
        }
        people.insert(record.id, Person::new(&Description::from(&record.content), &neutral));
    }
    let mut scores = HashMap::with_capacity(pairs.len());
    for (nth, pair) in pairs.iter().enumerate() {
        if let (Some(one), Some(other)) = (people.get(&pair.a()), people.get(&pair.b())) {
            scores.insert(*pair, rules.score(one, other));
        }
        if nth % 64 == 63 {
            // Somebody may be waiting in a ring.
            tokio::task::yield_now().await;
        }
    }
    Ok(scores)
}

/// What scores say now, against what they said until now.
pub(super) struct Change<'a> {
    pub(super) asserted: Vec<(Pair, &'a Score)>,
    pub(super) revoked: Vec<(Pair, LinkId)>,
    pub(super) proposed: Vec<(Pair, &'a Score)>,
    pub(super) withdrawn: Vec<(Pair, ProposalId)>,
}

impl<'a> Change<'a> {
    /// The pairs whose links change.
    pub(super) fn linking(&self) -> impl Iterator<Item = &Pair> {
        self.asserted.iter().map(|(pair, _)| pair).chain(self.revoked.iter().map(|(pair, _)| pair))
    }

    pub(super) fn between(scores: &'a HashMap<Pair, Score>, standing: &Standing) -> Self {
        let of_grade = |grade| {
            let all = scores.iter().filter(move |(_, score)| score.grade == grade);
            all.map(|(pair, score)| (*pair, score)).collect::<BTreeMap<Pair, &Score>>()
        };
        let (certain, probable) = (of_grade(Grade::Certain), of_grade(Grade::Probable));
        let revoked = standing.links.iter().filter(|(pair, _)| !certain.contains_key(pair));
        let withdrawn = standing.proposals.iter().filter(|(pair, _)| !probable.contains_key(pair));
        Self {
            revoked: revoked.map(|(pair, id)| (*pair, *id)).collect(),
            withdrawn: withdrawn.map(|(pair, id)| (*pair, *id)).collect(),
            asserted: certain.into_iter().filter(|(pair, _)| !standing.links.contains_key(pair)).collect(),
            proposed: probable.into_iter().collect(),
        }
    }
}

pub(super) fn uuids(records: &[SourceRecordId]) -> Vec<Uuid> {
    records.iter().map(|record| record.uuid()).collect()
}

//! What scores say of pairs of records, against what they said until now: for who acts on it, and for who only looks.

use std::collections::{BTreeMap, HashMap};

use customer_profile_domain::matching::{Grade, Score};
use customer_profile_domain::{LinkId, Pair, ProposalId, SourceRecordId};
use kernel::ResourceId;
use uuid::Uuid;

use crate::store::comparison::Standing;

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

//! Compares records with those that share a key with them: of each that came or changed. A certain score links by
//! itself, a probable one is proposed to a steward, and what was said of an earlier version is taken back. Whoever
//! ingests does not wait for it.
//!
//! A batch is compared while its rows are locked, so that whatever makes a record wait again comes after. A record whose
//! links change is compared once more under the locks of its customers, one record a transaction: that is rare, and who
//! is who changes only there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use customer_profile_domain::matching::{Description, Frequencies, Grade, Person, Score};
use customer_profile_domain::{Basis, CustomerId, LinkId, LinkType, Pair, ProposalId, Record, SourceRecordId};
use jiff::Timestamp;
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId};
use ledger::{Draft, Stamp};
use postgres::Tx;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::error::ProfileError;
use crate::judgement;
use crate::store::comparison::{self, Standing};
use crate::store::identity::{self, NewLink};
use crate::store::proposal::{self, Judged};
use crate::store::{match_key, record};
use crate::usecase::Profile;
use crate::usecase::regroup::{self, Component, Reading};

/// Records compared in one transaction.
const BATCH: i64 = 64;
/// Others that one record is compared with at most: those with which it shares most.
const MOST: i64 = 32;
/// The truth when nobody nudges: another process may have made keys.
const POLL: Duration = Duration::from_secs(1);

/// Workers of one process: while one waits for the database, another scores.
pub(crate) const LANES: [&str; 2] = ["comparisons-1", "comparisons-2"];

/// Compares the records of one schema. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Comparisons {
    profile: Profile,
    keyed: Arc<Notify>,
}

impl Comparisons {
    pub(crate) fn new(profile: Profile) -> Self {
        let keyed = profile.match_keys.keyed();
        Self { profile, keyed }
    }

    /// Compares until cancelled.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub(crate) async fn run(self, cancel: CancellationToken) -> Result<(), ProfileError> {
        while !cancel.is_cancelled() {
            match self.round().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "records are compared again soon");
                }
                Err(ProfileError::Store(error)) if super::set_aside(self.profile.db.reader(), &error).await? => {
                    continue;
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.keyed.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        Ok(())
    }

    /// One batch; whether there may be more.
    async fn round(&self) -> Result<bool, ProfileError> {
        if !comparison::is_any_waiting(self.profile.db.reader()).await? {
            return Ok(false);
        }
        let now = self.profile.ambient.now();
        let mut tx = self.profile.db.tx().await?;
        let subjects = comparison::waiting(&mut tx, BATCH).await?;
        if subjects.is_empty() {
            tx.rollback().await?;
            return Ok(false);
        }
        if subjects.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX) {
            // There is work for another lane.
            self.keyed.notify_one();
        }
        let standing = comparison::standing(&mut tx, &uuids(&subjects)).await?;
        let mut pairs: BTreeSet<Pair> = comparison::candidates(&mut tx, &subjects, MOST).await?.into_iter().collect();
        pairs.extend(standing.links.keys().chain(standing.proposals.keys()));
        let scores = self.score(&mut tx, &pairs).await?;
        let change = Change::between(&scores, &standing);
        self.propose(&mut tx, &change, now).await?;
        // Whose links change is marked when they have.
        let linked: BTreeSet<SourceRecordId> =
            change.linking().flat_map(|pair| [pair.a(), pair.b()]).filter(|record| subjects.contains(record)).collect();
        let settled: Vec<SourceRecordId> = subjects.iter().copied().filter(|id| !linked.contains(id)).collect();
        comparison::done(&mut tx, &settled, self.profile.rules.version()).await?;
        tx.commit().await?;
        for subject in linked {
            let of_subject = |pair: &&Pair| pair.a() == subject || pair.b() == subject;
            let pairs: BTreeSet<Pair> = pairs.iter().filter(of_subject).copied().collect();
            let concerned: BTreeSet<SourceRecordId> =
                change.linking().filter(of_subject).flat_map(|pair| [pair.a(), pair.b()]).collect();
            self.relink(subject, &pairs, &concerned).await?;
        }
        Ok(true)
    }

    /// What comparing these pairs comes to. What everybody carries says nothing of who somebody is.
    async fn score(&self, tx: &mut Tx, pairs: &BTreeSet<Pair>) -> Result<HashMap<Pair, Score>, ProfileError> {
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
                scores.insert(*pair, self.profile.rules.score(one, other));
            }
            if nth % 64 == 63 {
                // Somebody may be waiting in a ring.
                tokio::task::yield_now().await;
            }
        }
        Ok(scores)
    }

    async fn propose(&self, tx: &mut Tx, change: &Change<'_>, now: Timestamp) -> Result<(), ProfileError> {
        if !change.proposed.is_empty() {
            let judged = |(pair, score): &(Pair, &Score)| Judged {
                id: ProposalId::from_uuid(self.profile.ambient.uuid(now)),
                pair: *pair,
                score: score.total,
                judgement: proto::CustomerMatch {
                    findings: judgement::findings(score),
                    doubt: judgement::doubt(score).into(),
                    ..Default::default()
                },
            };
            let judged: Vec<Judged> = change.proposed.iter().map(judged).collect();
            proposal::propose(tx, &judged, self.profile.rules.version(), now).await?;
        }
        if !change.withdrawn.is_empty() {
            proposal::withdraw(tx, &change.withdrawn, now).await?;
        }
        Ok(())
    }

    /// Links a record anew by its scores with these others, `concerned` being those whose links seem to change. Somebody
    /// in the way leaves it waiting for the next round.
    async fn relink(
        &self,
        subject: SourceRecordId,
        pairs: &BTreeSet<Pair>,
        concerned: &BTreeSet<SourceRecordId>,
    ) -> Result<(), ProfileError> {
        match self.try_relink(subject, pairs, concerned).await {
            // Whoever was erased meanwhile is compared with nobody.
            Err(ProfileError::CustomerErased(_)) => Ok(()),
            // Two lanes that compare the two records of one pair may come to link it at the same time.
            Err(error) if error.is_contention() || error.constraint() == Some("identity_link_active_key") => {
                tracing::debug!("identity was contended; the record is compared again");
                Ok(())
            }
            done => done,
        }
    }

    #[tracing::instrument(name = "identity.relink_by_score", skip_all)]
    async fn try_relink(
        &self,
        subject: SourceRecordId,
        pairs: &BTreeSet<Pair>,
        concerned: &BTreeSet<SourceRecordId>,
    ) -> Result<(), ProfileError> {
        let profile = &self.profile;
        let now = profile.ambient.now();
        let mut tx = profile.db.tx().await?;
        let concerned: Vec<SourceRecordId> = concerned.iter().copied().collect();
        let customers: BTreeSet<CustomerId> =
            identity::customers_of(&mut tx, &uuids(&concerned)).await?.into_values().collect();
        let mut component = Component::read(&mut tx, customers, None, Reading::Locked).await?;
        if !comparison::lock(&mut tx, subject).await? {
            tx.rollback().await?;
            return Ok(());
        }
        // Under the locks once more: what was read before them may be of yesterday, and another lane may have judged the
        // record with others meanwhile.
        let standing = comparison::standing(&mut tx, &[subject.uuid()]).await?;
        let mut pairs = pairs.clone();
        pairs.extend(standing.links.keys().chain(standing.proposals.keys()));
        let scores = self.score(&mut tx, &pairs).await?;
        let change = Change::between(&scores, &standing);
        let mut linking = change.linking().flat_map(|pair| [pair.a(), pair.b()]);
        if linking.any(|record| component.customer_of(record).is_none()) {
            return Err(ProfileError::IdentityContended);
        }
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let stamp = Stamp::of(actor, now, server::current_traceparent());
        let links: Vec<NewLink> = change.asserted.iter().map(|(pair, score)| self.link(*pair, score, now)).collect();
        let revoked: Vec<LinkId> = change.revoked.iter().map(|(_, id)| *id).collect();
        let mut entries = Vec::new();
        if !links.is_empty() {
            identity::assert_links(&mut tx, &links, crate::SOURCE, now).await?;
        }
        for link in &links {
            component.assert(link);
            entries.extend(self.asserted(&component, link, &stamp));
        }
        if !revoked.is_empty() {
            identity::revoke_links(&mut tx, &revoked, crate::SOURCE, now).await?;
        }
        for (pair, id) in &change.revoked {
            component.revoke(*id);
            entries.extend(self.revoked(&component, *pair, *id, &stamp));
        }
        self.propose(&mut tx, &change, now).await?;
        let regrouped = regroup::settle(profile, &mut tx, &component, None, now).await?;
        entries.extend(regrouped.entries(profile, &stamp, &links, &revoked, profile.rules.version()));
        ledger::append(&mut tx, &entries).await?;
        comparison::done(&mut tx, &[subject], self.profile.rules.version()).await?;
        tx.commit().await?;
        profile.ledger.nudge();
        Ok(())
    }

    fn link(&self, pair: Pair, score: &Score, now: Timestamp) -> NewLink {
        NewLink {
            id: LinkId::from_uuid(self.profile.ambient.uuid(now)),
            kind: LinkType::SameAs,
            pair,
            basis: Basis::Score,
            score: Some(score.total),
            rules_version: self.profile.rules.version().to_owned(),
            reason: String::new().into(),
            proposal: None,
        }
    }

    fn asserted(&self, component: &Component, link: &NewLink, stamp: &Stamp) -> Option<Draft> {
        let customer = component.customer_of(link.pair.a())?;
        let payload = proto::IdentityLinkAsserted {
            link: link.id.name(),
            r#type: proto::LinkType::SameAs.into(),
            basis: proto::LinkBasis::Score.into(),
            records: vec![link.pair.a().name()],
            other_records: vec![link.pair.b().name()],
            proposal: String::new(),
            rules_version: link.rules_version.clone(),
        };
        Some(Draft::new(self.profile.ambient.uuid(stamp.recorded_at), customer.name(), &payload, stamp))
    }

    fn revoked(&self, component: &Component, pair: Pair, link: LinkId, stamp: &Stamp) -> Option<Draft> {
        let customer = component.customer_of(pair.a())?;
        let payload = proto::IdentityLinkRevoked {
            link: link.name(),
            r#type: proto::LinkType::SameAs.into(),
            basis: proto::LinkBasis::Score.into(),
        };
        Some(Draft::new(self.profile.ambient.uuid(stamp.recorded_at), customer.name(), &payload, stamp))
    }
}

/// What scores say now, against what they said until now.
struct Change<'a> {
    asserted: Vec<(Pair, &'a Score)>,
    revoked: Vec<(Pair, LinkId)>,
    proposed: Vec<(Pair, &'a Score)>,
    withdrawn: Vec<ProposalId>,
}

impl<'a> Change<'a> {
    /// The pairs whose links change.
    fn linking(&self) -> impl Iterator<Item = &Pair> {
        self.asserted.iter().map(|(pair, _)| pair).chain(self.revoked.iter().map(|(pair, _)| pair))
    }

    fn between(scores: &'a HashMap<Pair, Score>, standing: &Standing) -> Self {
        let of_grade = |grade| {
            let all = scores.iter().filter(move |(_, score)| score.grade == grade);
            all.map(|(pair, score)| (*pair, score)).collect::<BTreeMap<Pair, &Score>>()
        };
        let (certain, probable) = (of_grade(Grade::Certain), of_grade(Grade::Probable));
        let revoked = standing.links.iter().filter(|(pair, _)| !certain.contains_key(pair));
        let withdrawn = standing.proposals.iter().filter(|(pair, _)| !probable.contains_key(pair));
        Self {
            revoked: revoked.map(|(pair, id)| (*pair, *id)).collect(),
            withdrawn: withdrawn.map(|(_, id)| *id).collect(),
            asserted: certain.into_iter().filter(|(pair, _)| !standing.links.contains_key(pair)).collect(),
            proposed: probable.into_iter().collect(),
        }
    }
}

fn uuids(records: &[SourceRecordId]) -> Vec<Uuid> {
    records.iter().map(|record| record.uuid()).collect()
}

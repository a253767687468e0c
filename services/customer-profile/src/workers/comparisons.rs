//! Compares records with those that share a key with them: of each that came or changed. A certain score links by
//! itself, a probable one is proposed to a steward, and what was said of an earlier version is taken back. Whoever
//! ingests does not wait for it.
//!
//! A batch is compared while its rows are locked, so that whatever makes a record wait again comes after. A record whose
//! links change is compared once more under the locks of its customers, one record a transaction: that is rare, and who
//! is who changes only there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use customer_profile_domain::matching::{MOST_COMPARED, Rules, Score};
use customer_profile_domain::{Basis, CustomerId, LinkId, LinkType, Pair, ProposalId, SourceRecordId};
use jiff::Timestamp;
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId};
use ledger::{Draft, Stamp};
use postgres::Tx;
use tokio_util::sync::CancellationToken;
use ventanilla_proto::customer::v1 as proto;

use crate::comparing;
use crate::error::ProfileError;
use crate::judgement;
use crate::store::comparison;
use crate::store::identity::{self, Compared, NewLink};
use crate::store::proposal::{self, Judged};
use crate::usecase::Profile;
use crate::usecase::regroup::{self, Component, Reading};
use crate::workers::judging::{Change, uuids};
use crate::workers::match_keys::Keyed;

/// Records compared in one transaction.
const BATCH: i64 = 64;
/// The truth when nobody nudges: another process may have made keys.
const POLL: Duration = Duration::from_secs(1);

/// Workers of one process, each with its half of the records: while one waits for the database, another scores.
pub(crate) const LANES: [&str; 2] = ["comparisons-1", "comparisons-2"];

/// Compares the records of one schema. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Comparisons {
    profile: Profile,
    keyed: Arc<Keyed>,
    /// Its half of the records: of two lanes on the same ones, the second would judge anew what the first is about to link.
    lane: usize,
}

impl Comparisons {
    pub(crate) fn new(profile: Profile, lane: usize) -> Self {
        let keyed = profile.match_keys.keyed();
        Self { profile, keyed, lane }
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
                // One that is set aside and linked still is met again: slowly.
                Err(ProfileError::Store(error)) if super::set_aside(self.profile.db.reader(), &error).await? => {}
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.keyed.said(self.lane) => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        Ok(())
    }

    /// One batch; whether there may be more.
    async fn round(&self) -> Result<bool, ProfileError> {
        let half = i32::try_from(self.lane).unwrap_or_default();
        if !comparison::is_any_waiting(self.profile.db.reader(), half).await? {
            return Ok(false);
        }
        let rules = self.profile.rules.refresh(self.profile.db.reader()).await?;
        let now = self.profile.ambient.now();
        let mut tx = self.profile.db.tx().await?;
        let subjects = comparison::waiting(&mut tx, half, BATCH).await?;
        if subjects.is_empty() {
            tx.rollback().await?;
            return Ok(false);
        }
        let standing = comparison::standing(&mut tx, &uuids(&subjects)).await?;
        let mut pairs: BTreeSet<Pair> =
            comparison::candidates(&mut tx, &subjects, MOST_COMPARED).await?.into_iter().collect();
        pairs.extend(standing.links.keys().chain(standing.proposals.keys()));
        let scores = comparing::scores(&mut tx, &rules, &pairs).await?;
        let change = Change::between(&scores, &standing);
        self.propose(&mut tx, &rules, &change, now).await?;
        // Whose links change is marked when they have.
        let linked: BTreeSet<SourceRecordId> =
            change.linking().flat_map(|pair| [pair.a(), pair.b()]).filter(|record| subjects.contains(record)).collect();
        let settled: Vec<SourceRecordId> = subjects.iter().copied().filter(|id| !linked.contains(id)).collect();
        comparison::done(&mut tx, &settled, rules.version()).await?;
        tx.commit().await?;
        for subject in linked {
            let of_subject = |pair: &&Pair| pair.a() == subject || pair.b() == subject;
            let pairs: BTreeSet<Pair> = pairs.iter().filter(of_subject).copied().collect();
            let concerned: BTreeSet<SourceRecordId> =
                change.linking().filter(of_subject).flat_map(|pair| [pair.a(), pair.b()]).collect();
            self.relink(&rules, subject, &pairs, &concerned).await?;
        }
        Ok(true)
    }

    async fn propose(
        &self,
        tx: &mut Tx,
        rules: &Rules,
        change: &Change<'_>,
        now: Timestamp,
    ) -> Result<(), ProfileError> {
        if !change.proposed.is_empty() {
            let judged = |(pair, score): &(Pair, &Score)| Judged {
                id: ProposalId::from_uuid(self.profile.ambient.uuid(now)),
                pair: *pair,
                score: score.total,
                judgement: judgement::kept(score),
            };
            let judged: Vec<Judged> = change.proposed.iter().map(judged).collect();
            proposal::propose(tx, &judged, rules.version(), now).await?;
        }
        if !change.withdrawn.is_empty() {
            let ids: Vec<ProposalId> = change.withdrawn.iter().map(|(_, id)| *id).collect();
            proposal::withdraw(tx, &ids, now).await?;
        }
        Ok(())
    }

    /// Links a record anew by its scores with these others, `concerned` being those whose links seem to change. Somebody
    /// in the way leaves it waiting for the next round.
    async fn relink(
        &self,
        rules: &Rules,
        subject: SourceRecordId,
        pairs: &BTreeSet<Pair>,
        concerned: &BTreeSet<SourceRecordId>,
    ) -> Result<(), ProfileError> {
        match self.try_relink(rules, subject, pairs, concerned).await {
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
        rules: &Rules,
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
        let scores = comparing::scores(&mut tx, rules, &pairs).await?;
        let change = Change::between(&scores, &standing);
        let mut linking = change.linking().flat_map(|pair| [pair.a(), pair.b()]);
        if linking.any(|record| component.customer_of(record).is_none()) {
            return Err(ProfileError::IdentityContended);
        }
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let stamp = Stamp::of(actor, now, server::current_traceparent());
        let links: Vec<NewLink> =
            change.asserted.iter().map(|(pair, score)| self.link(rules, *pair, score, now)).collect();
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
        self.propose(&mut tx, rules, &change, now).await?;
        let regrouped = regroup::settle(profile, &mut tx, &component, None, now).await?;
        entries.extend(regrouped.entries(profile, &stamp, &links, &revoked, rules.version()));
        ledger::append(&mut tx, &entries).await?;
        comparison::done(&mut tx, &[subject], rules.version()).await?;
        tx.commit().await?;
        profile.ledger.nudge();
        Ok(())
    }

    fn link(&self, rules: &Rules, pair: Pair, score: &Score, now: Timestamp) -> NewLink {
        NewLink {
            id: LinkId::from_uuid(self.profile.ambient.uuid(now)),
            kind: LinkType::SameAs,
            pair,
            basis: Basis::Score,
            compared: Some(Compared { score: score.total, judgement: judgement::kept(score) }),
            rules_version: rules.version().to_owned(),
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

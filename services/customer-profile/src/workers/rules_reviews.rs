//! Looks at what other rules would make of all records, and has all records judged again once they are in force. A batch a
//! transaction, so that it goes on where it stopped, in whatever process.

use std::collections::BTreeSet;
use std::time::Duration;

use customer_profile_domain::matching::{KEYS_VERSION, MOST_COMPARED, Rules, Score};
use customer_profile_domain::{ChangeBasis, ChangeKind, Pair, ReviewState, revised};
use kernel::{Classify as _, Kind, ResourceId};
use postgres::{StoreError, Tx};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::comparing;
use crate::error::ProfileError;
use crate::store::comparison::{self, Standing};
use crate::store::identity;
use crate::store::rules_review::{self, Change, Review};
use crate::usecase::Profile;
use crate::usecase::ingest_source_record::link_anew;
use crate::workers::judging::{self, uuids};

/// Records looked at in one transaction.
const BATCH: i64 = 256;
/// Records that are linked anew in one transaction.
const FEW: usize = 32;
/// How long it waits when there is nothing to do; how long another process may not know of new rules.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits for records to be judged before it has more of them judged. Whoever rings meanwhile is judged among them.
const BREATH: Duration = Duration::from_millis(20);

/// The worker of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RulesReviews {
    profile: Profile,
}

/// When to go on.
enum Next {
    Now,
    Soon,
    Later,
}

impl RulesReviews {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile }
    }

    /// Works until cancelled.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub(crate) async fn run(self, cancel: CancellationToken) -> Result<(), ProfileError> {
        while !cancel.is_cancelled() {
            let pause = match self.round().await {
                Ok(Next::Now) => continue,
                Ok(Next::Soon) => BREATH,
                Ok(Next::Later) => IDLE,
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "the review of rules goes on soon");
                    IDLE
                }
                // A record that is set aside and linked still is met again: slowly, and whoever reads the log drops the review.
                Err(ProfileError::Store(error)) if super::set_aside(self.profile.db.reader(), &error).await? => IDLE,
                Err(error) => return Err(error),
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.profile.reviews.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    async fn round(&self) -> Result<Next, ProfileError> {
        let pool = self.profile.db.reader();
        self.profile.rules.refresh(pool).await?;
        if !rules_review::is_any_at_work(pool).await? {
            return Ok(Next::Later);
        }
        let mut tx = self.profile.db.tx().await?;
        match rules_review::at_work(&mut tx).await? {
            Some(review) if review.state == ReviewState::Comparing => self.compare(tx, &review).await,
            Some(review) => self.apply(tx, &review).await,
            None => {
                tx.rollback().await?;
                Ok(Next::Later)
            }
        }
    }

    /// Looks at the next records, when what the rules in force make of them and of those before them is known: of a record that waits
    /// for its keys nobody can say what others would change, and of one that waits to be compared all that they say would seem new.
    async fn compare(&self, mut tx: Tx, review: &Review) -> Result<Next, ProfileError> {
        let rules = review.kept.read();
        let rules = rules.ok_or_else(|| StoreError::corrupt("rules_review", "rules", review.id.uuid()))?;
        let subjects = rules_review::records_after(&mut tx, review.after, BATCH).await?;
        let last = subjects.last().map_or(review.after, |last| last.uuid());
        if comparison::is_any_waiting_up_to(self.profile.db.reader(), last).await? {
            return self.wait(tx).await;
        }
        if comparison::is_any_outdated(&mut tx, &subjects, KEYS_VERSION).await? {
            return self.wait_for_keys(tx).await;
        }
        let standing = comparison::standing(&mut tx, &uuids(&subjects)).await?;
        let mut pairs: BTreeSet<Pair> =
            comparison::candidates(&mut tx, &subjects, MOST_COMPARED).await?.into_iter().collect();
        pairs.extend(standing.links.keys().chain(standing.proposals.keys()));
        let scores = comparing::scores(&mut tx, &rules, &pairs).await?;
        let score = |pair: &Pair| scores.get(pair).map(|score| score.total);
        let mut changes: Vec<Change> = differences(&judging::Change::between(&scores, &standing), &standing)
            .map(|(kind, pair)| Change { kind, pair, basis: ChangeBasis::Score, score: score(&pair) })
            .collect();
        changes.extend(by_identifiers(&mut tx, &rules, &uuids(&subjects)).await?);
        rules_review::put_changes(&mut tx, review.id, &changes).await?;
        self.went_on(tx, review, &subjects, ReviewState::Ready).await
    }

    /// Has the next records judged, when those before them were.
    async fn apply(&self, mut tx: Tx, review: &Review) -> Result<Next, ProfileError> {
        if comparison::is_any_waiting_up_to(self.profile.db.reader(), review.after).await? {
            return self.wait(tx).await;
        }
        let subjects = rules_review::records_after(&mut tx, review.after, BATCH).await?;
        if comparison::is_any_outdated(&mut tx, &subjects, KEYS_VERSION).await? {
            return self.wait_for_keys(tx).await;
        }
        // Each few under the locks of what they carry: whoever links by one of them later asks the rules in force.
        for few in uuids(&subjects).chunks(FEW) {
            link_anew(&self.profile, few).await?;
        }
        comparison::stale_again(&mut tx, &subjects, &review.version).await?;
        self.went_on(tx, review, &subjects, ReviewState::Applied).await
    }

    /// Has keys made anew that another version of the program made: by those nobody is found whom the rules in force would find.
    async fn wait_for_keys(&self, tx: Tx) -> Result<Next, ProfileError> {
        self.profile.match_keys.look_again();
        self.wait(tx).await
    }

    /// Has those who make keys and compare go on.
    async fn wait(&self, tx: Tx) -> Result<Next, ProfileError> {
        tx.rollback().await?;
        self.profile.match_keys.nudge();
        self.profile.match_keys.keyed().say();
        Ok(Next::Soon)
    }

    async fn went_on(
        &self,
        mut tx: Tx,
        review: &Review,
        subjects: &[customer_profile_domain::SourceRecordId],
        end: ReviewState,
    ) -> Result<Next, ProfileError> {
        match subjects.last() {
            Some(last) => rules_review::went_on(&mut tx, review.id, last.uuid(), subjects.len()).await?,
            None => {
                rules_review::turn(&mut tx, review.id, end, None, self.profile.ambient.now()).await?;
                tracing::info!(review = %review.id.uuid(), state = end.as_str(), "the review of rules is done with all records");
            }
        }
        tx.commit().await?;
        Ok(Next::Now)
    }
}

/// What would change of the links that rest on what these records carry.
async fn by_identifiers(tx: &mut Tx, rules: &Rules, records: &[Uuid]) -> Result<Vec<Change>, StoreError> {
    let mut keys = identity::identifiers_of_all(tx, records).await?;
    keys.retain(|key| key.kind.fan_out() > 0);
    let carried = identity::carriers(tx, &keys).await?;
    let active = identity::active_links(tx, &keys).await?;
    let mut changes = Vec::new();
    for key in &keys {
        let carriers = carried.get(key).map(|held| held.carriers.as_slice()).unwrap_or_default();
        let known: BTreeSet<Pair> = active.get(key).into_iter().flat_map(|links| links.keys().copied()).collect();
        if carriers.len() < 2 && known.is_empty() {
            continue;
        }
        let wanted = comparing::justified(tx, rules, rules.edition(), key, carriers).await?;
        let (assert, revoke) = revised(&known, &wanted.keys().copied().collect());
        let scores = comparing::scores(tx, rules, &revoke.iter().copied().collect()).await?;
        let change = |kind, pair: Pair, score: Option<&Score>| Change {
            kind,
            pair,
            basis: ChangeBasis::Identifier,
            score: score.map(|score| score.total),
        };
        changes.extend(assert.into_iter().map(|pair| change(ChangeKind::Assert, pair, wanted[&pair].as_ref())));
        changes.extend(revoke.into_iter().map(|pair| change(ChangeKind::Revoke, pair, scores.get(&pair))));
    }
    Ok(changes)
}

/// What would change of what was said: a pair that is proposed already is no change, nor one of which a steward spoke.
fn differences<'a>(
    change: &'a judging::Change<'_>,
    standing: &'a Standing,
) -> impl Iterator<Item = (ChangeKind, Pair)> + 'a {
    let fresh = |pair: &Pair| !standing.proposals.contains_key(pair) && !standing.by_stewards.contains(pair);
    let asserted = change.asserted.iter().map(|(pair, _)| (ChangeKind::Assert, *pair));
    let revoked = change.revoked.iter().map(|(pair, _)| (ChangeKind::Revoke, *pair));
    let proposed = change.proposed.iter().filter(move |(pair, _)| fresh(pair));
    let withdrawn = change.withdrawn.iter().map(|(pair, _)| (ChangeKind::Withdraw, *pair));
    asserted.chain(revoked).chain(proposed.map(|(pair, _)| (ChangeKind::Propose, *pair))).chain(withdrawn)
}

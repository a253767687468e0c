//! Other rules of matching, from the look at what they would change to their coming into force.

use customer_profile_domain::{ChangeBasis, ChangeKind, ReviewDecision, RulesReviewId};
use jiff::Timestamp;
use kernel::ResourceId;
use ledger::{Draft, Stamp};
use postgres::{RequestKey, StoreError};
use prost::Name;
use server::parse::time_to_proto;
use server::{Call, PageToken};
use sqlx::PgConnection;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::rules;
use crate::store::rules_review::{self as store, After, Review};

/// Name that page tokens of reviews are bound to.
pub(crate) const REVIEWS: &str = "rules_reviews";
/// Name that page tokens of changes are bound to.
pub(crate) const CHANGES: &str = "rules_changes";

#[tracing::instrument(name = "rules.reapply", skip_all)]
pub(crate) async fn reapply_rules(
    profile: Profile,
    call: Call,
    key: RequestKey,
) -> Result<proto::RulesReview, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(&profile, &key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let kept = profile.rules.configured();
    let (in_force, standing) = rules::in_force(&mut *tx).await?;
    let asked = kept.read().ok_or_else(|| StoreError::corrupt("matching_rules", "configured", "settings"))?;
    if asked.version() == in_force && standing != *kept {
        return Err(ProfileError::RulesVersionReused { version: in_force });
    }
    let id = RulesReviewId::from_uuid(profile.ambient.uuid(now));
    let begun = store::begin(&mut tx, id, asked.version(), kept, &call.actor().id, now).await?;
    let begun = begun.ok_or(ProfileError::RulesReviewOpen)?;
    let payload = proto::RulesReviewed { review: id.name(), rules_version: begun.version.clone() };
    record(&profile, &call, &mut tx, id, &payload, now).await?;
    let answer = to_proto(&begun, [0; 4]);
    let answer = super::finish(tx, &key, &[], answer).await?;
    profile.ledger.nudge();
    profile.reviews.notify_one();
    Ok(answer)
}

#[tracing::instrument(name = "rules_review.get", skip_all)]
pub(crate) async fn get_rules_review(profile: &Profile, id: RulesReviewId) -> Result<proto::RulesReview, ProfileError> {
    let mut connection = profile.db.reader().acquire().await?;
    read(&mut connection, id).await
}

async fn read(connection: &mut PgConnection, id: RulesReviewId) -> Result<proto::RulesReview, ProfileError> {
    let review = store::get(&mut *connection, id).await?.ok_or(ProfileError::RulesReviewNotFound(id))?;
    let counts = store::counts(connection, &[id.uuid()]).await?;
    Ok(to_proto(&review, counts.first().map_or([0; 4], |(_, counts)| *counts)))
}

/// A decision about a review, on the version that was seen.
#[derive(Debug, Clone)]
pub(crate) struct Decide {
    pub review: RulesReviewId,
    pub decision: ReviewDecision,
    pub etag: String,
}

#[tracing::instrument(name = "rules_review.decide", skip_all)]
pub(crate) async fn decide_rules_review(
    profile: Profile,
    call: Call,
    decide: Decide,
    key: RequestKey,
) -> Result<proto::RulesReview, ProfileError> {
    let now = profile.ambient.now();
    let mut tx = match super::begin(&profile, &key, now).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let id = decide.review;
    let review = store::lock(&mut tx, id).await?.ok_or(ProfileError::RulesReviewNotFound(id))?;
    if postgres::etag(review.row_version) != decide.etag {
        return Err(StoreError::Stale.into());
    }
    let decided = review.state.decided(decide.decision);
    let decided = decided.ok_or(ProfileError::RulesReviewState { state: review.state.as_str() })?;
    store::turn(&mut tx, id, decided, Some(&call.actor().id), now).await?;
    match decide.decision {
        ReviewDecision::Apply => {
            rules::adopt(&mut tx, &review.version, &review.kept, id, now).await?;
            let payload = proto::RulesApplied { review: id.name(), rules_version: review.version.clone() };
            record(&profile, &call, &mut tx, id, &payload, now).await?;
        }
        ReviewDecision::Drop => {
            let payload = proto::RulesDropped { review: id.name(), rules_version: review.version.clone() };
            record(&profile, &call, &mut tx, id, &payload, now).await?;
        }
    }
    let answer = read(&mut tx, id).await?;
    let answer = super::finish(tx, &key, &[], answer).await?;
    profile.ledger.nudge();
    profile.reviews.notify_one();
    Ok(answer)
}

async fn record(
    profile: &Profile,
    call: &Call,
    tx: &mut PgConnection,
    id: RulesReviewId,
    payload: &impl Name,
    now: Timestamp,
) -> Result<(), ProfileError> {
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    ledger::append(tx, &[Draft::new(profile.ambient.uuid(now), id.name(), payload, &stamp)]).await?;
    Ok(())
}

#[tracing::instrument(name = "rules_review.list", skip_all)]
pub(crate) async fn list_rules_reviews(
    profile: &Profile,
    before: Option<(Timestamp, Uuid)>,
    size: usize,
) -> Result<proto::ListRulesReviewsResponse, ProfileError> {
    let pool = profile.db.reader();
    let mut found = store::page(pool, before, one_more(size)).await?;
    let more = found.len() > size;
    found.truncate(size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            PageToken::encode(REVIEWS, b"", &[&last.created_at.to_string(), &last.id.uuid().to_string()])
        }
        _ => String::new(),
    };
    let ids: Vec<Uuid> = found.iter().map(|review| review.id.uuid()).collect();
    let counts = store::counts(pool, &ids).await?;
    let reviews = found.iter().zip(counts).map(|(review, (_, counts))| to_proto(review, counts)).collect();
    Ok(proto::ListRulesReviewsResponse { reviews, next_page_token })
}

/// Which changes are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub review: RulesReviewId,
    pub kind: Option<ChangeKind>,
    pub after: Option<After>,
    pub size: usize,
    /// What page tokens are bound to besides the list.
    pub filter: Vec<u8>,
}

#[tracing::instrument(name = "rules_review.list_changes", skip_all)]
pub(crate) async fn list_rules_changes(
    profile: &Profile,
    wanted: Wanted,
) -> Result<proto::ListRulesChangesResponse, ProfileError> {
    let pool = profile.db.reader();
    store::get(pool, wanted.review).await?.ok_or(ProfileError::RulesReviewNotFound(wanted.review))?;
    let mut found = store::changes(pool, wanted.review, wanted.kind, wanted.after, one_more(wanted.size)).await?;
    let more = found.len() > wanted.size;
    found.truncate(wanted.size);
    let next_page_token = match found.last() {
        Some(store::Listed { change, .. }) if more => {
            let (a, b) = (change.pair.a().uuid().to_string(), change.pair.b().uuid().to_string());
            PageToken::encode(CHANGES, &wanted.filter, &[&a, &b, change.kind.as_str(), change.basis.as_str()])
        }
        _ => String::new(),
    };
    let change = |listed: &store::Listed| proto::RulesChange {
        kind: kind_to_proto(listed.change.kind).into(),
        source_records: vec![listed.change.pair.a().name(), listed.change.pair.b().name()],
        customers: listed.customers.iter().map(|id| id.name()).collect(),
        score: listed.change.score,
        basis: basis_to_proto(listed.change.basis).into(),
    };
    Ok(proto::ListRulesChangesResponse { changes: found.iter().map(change).collect(), next_page_token })
}

/// One more than asked for tells whether there is a next page.
fn one_more(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX - 1) + 1
}

fn to_proto(
    review: &Review,
    [assert_count, revoke_count, propose_count, withdraw_count]: [i64; 4],
) -> proto::RulesReview {
    use customer_profile_domain::ReviewState;
    let state = match review.state {
        ReviewState::Comparing => proto::RulesReviewState::Comparing,
        ReviewState::Ready => proto::RulesReviewState::Ready,
        ReviewState::Applying => proto::RulesReviewState::Applying,
        ReviewState::Applied => proto::RulesReviewState::Applied,
        ReviewState::Dropped => proto::RulesReviewState::Dropped,
    };
    proto::RulesReview {
        name: review.id.name(),
        state: state.into(),
        rules_version: review.version.clone(),
        rules_version_in_force: review.version_in_force.clone(),
        record_count: review.record_count,
        done_count: review.done_count,
        assert_count,
        revoke_count,
        propose_count,
        withdraw_count,
        created_by: review.created_by.clone(),
        create_time: Some(time_to_proto(review.created_at)),
        ready_time: review.ready_at.map(time_to_proto),
        decided_by: review.decided_by.clone(),
        decide_time: review.decided_at.map(time_to_proto),
        end_time: review.ended_at.map(time_to_proto),
        etag: postgres::etag(review.row_version),
    }
}

/// What a link that would change rests on, as the contract says it.
const fn basis_to_proto(basis: ChangeBasis) -> proto::LinkBasis {
    match basis {
        ChangeBasis::Identifier => proto::LinkBasis::Identifier,
        ChangeBasis::Score => proto::LinkBasis::Score,
    }
}

/// A kind of change between domain and contract.
pub(crate) const fn kind_to_proto(kind: ChangeKind) -> proto::RulesChangeKind {
    match kind {
        ChangeKind::Assert => proto::RulesChangeKind::Assert,
        ChangeKind::Revoke => proto::RulesChangeKind::Revoke,
        ChangeKind::Propose => proto::RulesChangeKind::Propose,
        ChangeKind::Withdraw => proto::RulesChangeKind::Withdraw,
    }
}

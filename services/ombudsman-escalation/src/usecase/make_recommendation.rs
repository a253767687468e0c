//! Recommending something to the firm in general.

use kernel::{Language, ResourceId as _};
use ledger::{Draft, Stamp};
use ombudsman_escalation_domain::matter::Motive;
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::{HouseRefused, RecommendationId};
use postgres::{Claim, Kept, RequestKey, claim, keep_answer};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::denied;
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::criterion::{self, Recommended};
use crate::store::staff;

/// Name of the RPC.
pub const METHOD: &str = "MakeRecommendation";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Rules it is about.
    pub regime: &'static Regime,
    /// Motive it is about.
    pub motive: Option<Motive>,
    /// What is recommended.
    pub text: String,
    /// Language it is written in.
    pub language: Language,
}

/// Makes it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "recommendation.make", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Recommendation, Failure> {
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        tx.rollback().await?;
        return pb::Recommendation::decode(kept.as_slice()).map_err(|_| Failure::Unreadable);
    }
    if !staff::may_govern(&mut tx, &call.actor().id, now).await? {
        tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, String::new()), HouseRefused::NoMandate).await);
    }
    let made = Recommended {
        id: RecommendationId::from_uuid(office.ambient.uuid(now)),
        regime: command.regime.id.to_owned(),
        motive: command.motive,
        language: command.language,
        text: command.text,
        made_by: call.actor().id.clone(),
        made_at: now,
    };
    criterion::recommend(&mut tx, &made).await?;
    let noted = pb::RecommendationMade {
        recommendation: made.id.name(),
        regime: made.regime.clone(),
        motive: made.motive.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let entry = Draft::new(office.ambient.uuid(now), made.id.name(), &noted, &stamp);
    ledger::append(&mut tx, &[entry]).await?;
    let answer = answer::recommendation(&made);
    let kept = answer.encode_to_vec();
    keep_answer(&mut tx, command.key.id, Kept { answer: &kept, forever: false, about: &[] }).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(answer)
}

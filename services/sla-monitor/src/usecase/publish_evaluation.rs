//! `PublishEvaluation`: the evaluation of a year that is over, kept as it is.

use postgres::{RequestKey, StoreError, answered};
use prost::Message as _;
use server::Call;
use ventanilla_proto::sla::v1 as proto;

use super::evaluate::{Evaluated, bounds, evaluate};
use super::get_evaluation::whole;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::evaluation::{Kept, New, insert, next};

/// An evaluation to be published.
#[derive(Debug, Clone)]
pub struct NewEvaluation {
    /// Of which year.
    pub year: i16,
    /// The newest version the caller knows; 0 for none.
    pub known: i32,
    /// The call.
    pub key: RequestKey,
}

/// Publishes the evaluation, or the next version of it.
///
/// # Errors
/// [`StoreError::Stale`] when another version is the newest; [`Failure::YearNotOver`] by the database's time in the house's zone; what [`evaluate`] fails by.
#[tracing::instrument(name = "evaluation.publish", skip_all, fields(year = new.year))]
pub async fn publish_evaluation(
    monitor: &Monitor,
    call: &Call,
    new: NewEvaluation,
) -> Result<proto::Evaluation, Failure> {
    let NewEvaluation { year, known, key } = new;
    if let Some(answer) = answered(&monitor.db, &key).await? {
        let answer = proto::Evaluation::decode(answer.as_slice());
        return Ok(answer.map_err(|_| StoreError::corrupt("request", "answer", key.id))?);
    }
    // Everything is counted before a connection is held to write.
    let (now, version) = next(&monitor.db, year.into()).await?;
    if known + 1 != version {
        return Err(StoreError::Stale.into());
    }
    let (_, to, _) = bounds(monitor, year)?;
    if now < to {
        return Err(Failure::YearNotOver);
    }
    let Evaluated { figures, text_es, text_en, ledger } = evaluate(monitor, year, version).await?;
    let published_by = call.actor().id.clone();
    let content = figures.encode_to_vec();
    let what = New { year: year.into(), version, content, text_es, text_en, ledger, published_by };
    let mut tx = match begin(monitor, &key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let published = insert(&mut tx, &what).await?;
    let answer = whole(Kept { what, published })?;
    let entry = proto::EvaluationPublished {
        evaluation: answer.name.clone(),
        version,
        ledger_position: answer.ledger_position,
        ledger_hash: answer.ledger_hash.clone(),
        sha256_es: answer.sha256_es.clone(),
        sha256_en: answer.sha256_en.clone(),
    };
    finish(monitor, tx, (call, &key), (answer.name.clone(), &entry), answer).await
}

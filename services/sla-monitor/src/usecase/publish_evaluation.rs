//! `PublishEvaluation`: the evaluation of a year that is over, kept as it is.

use postgres::{RequestKey, StoreError, answered};
use prost::Message as _;
use server::Call;
use ventanilla_proto::sla::v1 as proto;

use super::evaluate::{Evaluated, bounds, evaluate, sha256};
use super::get_evaluation::whole;
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::evaluation::{Kept, insert, next};

/// Publishes the evaluation, or the next version of it.
///
/// # Errors
/// [`Failure::YearNotOver`] by the database's time in the house's zone. Of two who publish one version at once, one is told to try again.
#[tracing::instrument(name = "evaluation.publish", skip_all, fields(year))]
pub async fn publish_evaluation(
    monitor: &Monitor,
    call: &Call,
    (year, key): (i16, RequestKey),
) -> Result<proto::Evaluation, Failure> {
    if let Some(answer) = answered(&monitor.db, &key).await? {
        let answer = proto::Evaluation::decode(answer.as_slice());
        return Ok(answer.map_err(|_| StoreError::corrupt("request", "answer", key.id))?);
    }
    // Everything is counted before a connection is held to write.
    let (now, version) = next(&monitor.db, year.into()).await?;
    let (_, to, _) = bounds(monitor, year)?;
    if now < to {
        return Err(Failure::YearNotOver);
    }
    let Evaluated { figures, text_es, text_en, ledger } = evaluate(monitor, year, version).await?;
    let kept = Kept {
        year: year.into(),
        version,
        content: figures.encode_to_vec(),
        text_es,
        text_en,
        ledger,
        published_by: call.actor().id.clone(),
        published: now,
    };
    let mut tx = match begin(monitor, &key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    insert(&mut tx, &kept).await?;
    let answer = whole(kept)?;
    let entry = proto::EvaluationPublished {
        evaluation: answer.name.clone(),
        version,
        ledger_position: answer.ledger_position,
        ledger_hash: answer.ledger_hash.clone(),
        sha256_es: sha256(&answer.text_es),
        sha256_en: sha256(&answer.text_en),
    };
    finish(monitor, tx, (call, &key), (answer.name.clone(), &entry), answer).await
}

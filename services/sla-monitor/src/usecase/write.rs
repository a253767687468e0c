//! The frame of a call that writes: claimed once, and its answer kept.

use jiff::Timestamp;
use ledger::{Draft, Stamp, append};
use postgres::{Claim, Kept, RequestKey, StoreError, Tx};
use prost::{Message, Name};
use server::Call;

use crate::error::Failure;
use crate::monitor::Monitor;

/// A call that writes.
pub(super) enum Begun<M> {
    /// It is new.
    Fresh(Tx),
    /// It was made before: this was the answer.
    Replay(M),
}

/// Claims a call.
pub(super) async fn begin<M: Message + Default>(monitor: &Monitor, key: &RequestKey) -> Result<Begun<M>, Failure> {
    let mut tx = monitor.db.tx().await?;
    match postgres::claim(&mut tx, key, monitor.ambient.now()).await? {
        Claim::Fresh => Ok(Begun::Fresh(tx)),
        Claim::Replay(answer) => {
            tx.rollback().await?;
            let answer = M::decode(answer.as_slice());
            answer.map(Begun::Replay).map_err(|_| StoreError::corrupt("request", "answer", key.id).into())
        }
    }
}

/// Writes down what was done, keeps the answer and commits.
pub(super) async fn finish<M: Message, E: Message + Name>(
    monitor: &Monitor,
    mut tx: Tx,
    (call, key): (&Call, &RequestKey),
    (aggregate, entry): (String, &E),
    answer: M,
) -> Result<M, Failure> {
    let now: Timestamp = monitor.ambient.now();
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    append(&mut tx, &[Draft::new(monitor.ambient.uuid(now), aggregate, entry, &stamp)]).await?;
    keep(monitor, tx, key, answer).await
}

/// Keeps the answer, which holds nobody's words, and commits.
pub(super) async fn keep<M: Message>(monitor: &Monitor, mut tx: Tx, key: &RequestKey, answer: M) -> Result<M, Failure> {
    let encoded = answer.encode_to_vec();
    postgres::keep_answer(&mut tx, key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    monitor.ledger.nudge();
    Ok(answer)
}

//! The frame of a call that writes: claimed once, and its answer kept. An answer that is kept holds no secret.

use ledger::{Draft, Stamp, append};
use postgres::{Claim, Kept, RequestKey, StoreError, Tx};
use prost::{Message, Name};
use server::Call;

use crate::error::Failure;
use crate::hooks::Hooks;

/// A call that writes.
pub(super) enum Begun<M> {
    /// It is new.
    Fresh(Tx),
    /// It was made before: this was the answer.
    Replay(M),
}

/// Claims a call.
pub(super) async fn begin<M: Message + Default>(hooks: &Hooks, key: &RequestKey) -> Result<Begun<M>, Failure> {
    let mut tx = hooks.db.tx().await?;
    match postgres::claim(&mut tx, key, hooks.ambient.now()).await? {
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
    hooks: &Hooks,
    mut tx: Tx,
    (call, key): (&Call, &RequestKey),
    (aggregate, entry): (String, &E),
    answer: M,
) -> Result<M, Failure> {
    let now = hooks.ambient.now();
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    append(&mut tx, &[Draft::new(hooks.ambient.uuid(now), aggregate, entry, &stamp)]).await?;
    keep(hooks, tx, key, answer).await
}

/// Keeps the answer and commits.
pub(super) async fn keep<M: Message>(hooks: &Hooks, mut tx: Tx, key: &RequestKey, answer: M) -> Result<M, Failure> {
    let encoded = answer.encode_to_vec();
    postgres::keep_answer(&mut tx, key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    hooks.ledger.nudge();
    hooks.waits.notify_one();
    Ok(answer)
}

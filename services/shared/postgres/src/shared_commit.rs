//! One commit for many writers: calls that arrive while a commit is on its way wait together and go
//! into the next one. Nobody waits for company: a lone call is written at once.
//!
//! A commit is shared, a failure is not. When several are refused, nothing of them was written, and each
//! is written again by itself; only who is refused alone is told so. When the connection broke, nobody
//! knows the outcome, and that is what each is told.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::StoreError;

/// A queue of items of `T`, each answered with `R`. Cheap to clone; its lanes end with the last clone.
pub struct SharedCommit<T, R> {
    queue: mpsc::UnboundedSender<Waiting<T, R>>,
}

impl<T, R> Clone for SharedCommit<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

struct Waiting<T, R> {
    item: Arc<T>,
    answer: Answer<R>,
}

type Answer<R> = oneshot::Sender<Result<R, StoreError>>;
type Arrivals<T, R> = mpsc::UnboundedReceiver<Waiting<T, R>>;

impl<T, R> SharedCommit<T, R>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    /// Starts `lanes` writers, each with a commit of its own under way and at most `most` items in it.
    /// `write` writes all items or none and answers one result each, in their order; written again, an item
    /// has no second effect.
    ///
    /// The queue holds what callers wait for and no more, so its bound is how many calls the server admits.
    pub fn start<F, Fut>(lanes: usize, most: usize, write: F) -> Self
    where
        F: Fn(Vec<Arc<T>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<R>, StoreError>> + Send + 'static,
    {
        let (queue, arrivals) = mpsc::unbounded_channel();
        let (arrivals, write) = (Arc::new(Mutex::new(arrivals)), Arc::new(write));
        for _ in 0..lanes {
            tokio::spawn(lane(Arc::clone(&arrivals), most, Arc::clone(&write)));
        }
        Self { queue }
    }

    /// Writes one item, together with whatever else waits.
    ///
    /// # Errors
    /// What the database said of this item.
    pub async fn write(&self, item: T) -> Result<R, StoreError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { item: Arc::new(item), answer };
        self.queue.send(waiting).map_err(|_| lost())?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }
}

async fn lane<T, R, F, Fut>(arrivals: Arc<Mutex<Arrivals<T, R>>>, most: usize, write: Arc<F>)
where
    R: Send + 'static,
    F: Fn(Vec<Arc<T>>) -> Fut,
    Fut: Future<Output = Result<Vec<R>, StoreError>> + Send + 'static,
{
    loop {
        let mut waiting = Vec::new();
        if arrivals.lock().await.recv_many(&mut waiting, most).await == 0 {
            return;
        }
        let (items, answers): (Vec<_>, Vec<_>) = waiting.into_iter().map(|w| (w.item, w.answer)).unzip();
        // In a task of its own: who panics ends the task and not the lane.
        match tokio::spawn(write(items.clone())).await {
            Ok(Ok(results)) => results.into_iter().zip(answers).for_each(|(result, answer)| tell(answer, Ok(result))),
            Ok(Err(error)) if answers.len() == 1 || error.is_about_the_connection() => {
                answers.into_iter().for_each(|answer| tell(answer, Err(error.clone())));
            }
            Err(_) if answers.len() == 1 => answers.into_iter().for_each(|answer| tell(answer, Err(lost()))),
            // What refused them together may be about one of them.
            Ok(Err(_)) | Err(_) => {
                for (item, answer) in items.into_iter().zip(answers) {
                    let written = tokio::spawn(write(vec![item])).await.unwrap_or_else(|_| Err(lost()));
                    let missing = || StoreError::from(sqlx::Error::RowNotFound);
                    tell(answer, written.and_then(|mut results| results.pop().ok_or_else(missing)));
                }
            }
        }
    }
}

/// Whoever was to write it is gone, and nobody can say whether it was written.
fn lost() -> StoreError {
    StoreError::from(sqlx::Error::WorkerCrashed).at_commit()
}

/// A caller who went away no longer listens; what was written stays.
fn tell<R>(answer: Answer<R>, result: Result<R, StoreError>) {
    let _ = answer.send(result);
}

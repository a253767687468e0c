//! Whose turn it is, before the database is asked: calls that carry one identifier wait for each other here, where waiting
//! costs a caller's own time alone. In the database each of them would keep a connection that a ring needs, and a number that
//! thousands carry would keep all of them.
//!
//! The locks of the database still decide, between processes. Both are taken in the same order.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

/// How long somebody waits for a turn: it costs nobody else anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// The turnstiles that somebody holds or waits at. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Turns {
    stiles: Arc<Mutex<Stiles>>,
}

type Stiles = HashMap<i64, Arc<Turnstile<()>>>;

/// A turn at each of some locks, until it is dropped.
pub(crate) struct Turn {
    held: Vec<(i64, OwnedMutexGuard<()>)>,
    turns: Turns,
}

impl Turns {
    /// Waits for a turn at all of these; `None` when it did not come in time.
    pub(crate) async fn take(&self, locks: &BTreeSet<i64>) -> Option<Turn> {
        let until = Instant::now() + PATIENCE;
        let mut turn = Turn { held: Vec::with_capacity(locks.len()), turns: self.clone() };
        for lock in locks {
            let stile = Arc::clone(self.stiles().entry(*lock).or_default());
            let waited = timeout_at(until, stile.lock_owned()).await;
            match waited {
                Ok(guard) => turn.held.push((*lock, guard)),
                Err(_) => {
                    self.forget([*lock]);
                    return None;
                }
            }
        }
        Some(turn)
    }

    /// Takes down the turnstiles where nobody is left.
    fn forget(&self, locks: impl IntoIterator<Item = i64>) {
        let mut stiles = self.stiles();
        for lock in locks {
            if stiles.get(&lock).is_some_and(|stile| Arc::strong_count(stile) == 1) {
                stiles.remove(&lock);
            }
        }
    }

    fn stiles(&self) -> std::sync::MutexGuard<'_, Stiles> {
        self.stiles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let locks: Vec<i64> = self.held.drain(..).map(|(lock, _)| lock).collect();
        self.turns.forget(locks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_shares_a_lock_waits_and_nobody_else_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let first = turns.take(&BTreeSet::from([1, 2])).await.unwrap();
        let other = turns.take(&BTreeSet::from([3])).await.unwrap();
        assert!(turns.take(&BTreeSet::from([2, 3])).await.is_none(), "it does not wait for ever");
        let again = turns.clone();
        let two = tokio::spawn(async move { drop(again.take(&BTreeSet::from([0, 2])).await.unwrap()) });
        tokio::task::yield_now().await;
        assert!(!two.is_finished());
        drop(first);
        two.await.unwrap();
        drop(other);
        assert!(turns.stiles().is_empty());
    }
}

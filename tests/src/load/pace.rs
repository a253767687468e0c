//! Calls that come whatever the answers take.
//!
//! A thread of its own begins them. A timer of the runtime fires when the runtime gets to it: while its workers are busy with the calls
//! that are due, the following ones wait, then come together, and keep the workers busy. So a driver that lets the runtime wake it measures
//! its own crowds: at half of what could be served it woke every five milliseconds, to fifteen calls at once.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Begins `all` calls, `rate` of them a second, each by its number and the instant at which it is due, on the runtime that this runs in.
/// What became of them, in no order, once all have ended.
///
/// # Errors
/// When the system gives no thread, or a call panics.
pub(super) async fn evenly<F, R, T>(rate: f64, all: usize, mut call: F) -> anyhow::Result<Vec<T>>
where
    F: FnMut(usize, Instant) -> R + Send + 'static,
    R: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (came, mut ended) = mpsc::unbounded_channel();
    let runtime = Handle::current();
    let begin = move || {
        let begun = Instant::now();
        for number in 0..all {
            let due = begun + Duration::from_secs_f64(number as f64 / rate);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if came.is_closed() {
                return;
            }
            let (calling, came) = (call(number, due), came.clone());
            runtime.spawn(async move { came.send(calling.await) });
        }
    };
    thread::Builder::new().name("pace".to_owned()).spawn(begin).context("no thread begins the calls")?;
    // Nobody is woken for an answer while calls are still begun.
    tokio::time::sleep(Duration::from_secs_f64(all as f64 / rate)).await;
    let mut outcomes = Vec::with_capacity(all);
    while let Some(outcome) = ended.recv().await {
        outcomes.push(outcome);
    }
    ensure!(outcomes.len() == all, "{} of {all} calls ended", outcomes.len());
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_call_is_made_once_and_not_before_it_is_due() {
        let call = |number, due| async move { (number, Instant::now() >= due) };
        let mut made = evenly(100_000.0, 1_000, call).await.unwrap();
        made.sort_unstable();
        assert_eq!(made, (0..1_000).map(|number| (number, true)).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_call_that_panics_is_no_outcome() {
        let call = |number, _| async move { assert_ne!(number, 7, "a planted panic") };
        let error = evenly(100_000.0, 10, call).await.unwrap_err();
        assert_eq!(error.to_string(), "9 of 10 calls ended");
    }
}

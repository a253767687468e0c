//! Waiting for something that happens by itself.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

/// Asks `condition` again and again until it gives a value, and gives that value.
///
/// The pause between two questions starts at 2 ms and grows to 100 ms, so a fast system is seen to
/// be fast and a slow one is not kept busy by the asking.
///
/// # Panics
/// When `limit` has passed; the message holds the last `Err`, so a condition says what it saw.
pub async fn eventually<T, E, F, Fut>(limit: Duration, mut condition: F) -> T
where
    E: Debug,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(2);
    loop {
        match condition().await {
            Ok(value) => return value,
            Err(seen) if Instant::now() >= deadline => panic!("not true after {limit:?}; last seen: {seen:?}"),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

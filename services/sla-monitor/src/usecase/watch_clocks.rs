//! `WatchClocks`: what happens to clocks, from a position of this service's ledger on.

use futures::{Stream, StreamExt as _, future, stream};
use ledger::Tail;
use postgres::StoreError;
use ventanilla_proto::ledger::v1::Entry;

use crate::error::Failure;
use crate::monitor::Monitor;

/// One thing to tell.
#[derive(Debug)]
pub enum Told {
    /// An entry of the ledger.
    Entry(Box<Entry>),
    /// Nothing more up to this position.
    CaughtUp(i64),
}

/// Entries after a position and then new ones; never ends by itself.
///
/// # Errors
/// [`Failure::PositionAhead`] when the position is not of this ledger.
#[tracing::instrument(name = "clock.watch", skip_all)]
pub async fn watch_clocks(
    monitor: &Monitor,
    after: i64,
) -> Result<impl Stream<Item = Result<Told, StoreError>> + Send + 'static, Failure> {
    let (head, _) = monitor.ledger.position().await?;
    if after > head {
        return Err(Failure::PositionAhead { head });
    }
    let told = |part: Result<Tail, StoreError>| {
        let items: Vec<Result<Told, StoreError>> = match part {
            Ok(Tail::Entries(entries)) => entries.into_iter().map(|e| Ok(Told::Entry(Box::new(e)))).collect(),
            Ok(Tail::CaughtUp { head }) => vec![Ok(Told::CaughtUp(head))],
            Err(error) => vec![Err(error)],
        };
        stream::iter(items)
    };
    // After an error the position is not known to be whole: the follower comes back with its own.
    let until_error = |failed: &mut bool, item: Result<Told, StoreError>| {
        let go_on = !*failed;
        *failed = item.is_err();
        future::ready(go_on.then_some(item))
    };
    Ok(monitor.ledger.tail(after, false).flat_map(told).scan(false, until_error))
}

//! Telling an open page that its case changed. The page works without: it says when it was read.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::Case;
use web::Trouble;

use crate::office::Office;

/// How often the case is looked at, while somebody has its page open.
const EVERY: Duration = Duration::from_secs(4);
/// How many looks one stream lasts; the browser opens the next, with whatever session it has then.
const LOOKS: usize = 100;

/// What the page showed.
#[derive(Deserialize)]
pub(crate) struct Seen {
    #[serde(default)]
    seen: String,
}

/// The version of a case as its page shows it and as it stands in an address: its etag without the quotes, and when it last changed, which papers do that
/// leave the etag as it was.
pub(crate) fn version(case: &Case) -> String {
    let etag: String = case.etag.chars().filter(char::is_ascii_alphanumeric).collect();
    let changed = case.update_time.unwrap_or_default();
    format!("{etag}-{}-{}", changed.seconds, changed.nanos)
}

/// What an open page is told by: one event `changed`, once a look says that something is no longer what the page showed. A service that does not answer just
/// now is looked at again: it may be starting anew. Who may not look any more hears nothing.
pub(crate) fn told<L, F>(every: Duration, mut look: L) -> impl Stream<Item = Result<Event, Infallible>>
where
    L: FnMut() -> F,
    F: Future<Output = Result<bool, Trouble>>,
{
    async_stream::stream! {
        for _ in 0..LOOKS {
            match look().await {
                Ok(true) => {
                    yield Ok(Event::default().event("changed").data("1"));
                    return;
                }
                Err(trouble) if !trouble.status().is_server_error() => return,
                Ok(false) | Err(_) => {}
            }
            tokio::time::sleep(every).await;
        }
    }
}

/// `GET /console/cases/{case}/changes`.
pub(crate) async fn changes(
    office: Office,
    Path(id): Path<String>,
    Query(wanted): Query<Seen>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Trouble> {
    // Who may not see the case hears nothing of it.
    office.case(&id).await?;
    let stream = told(EVERY, move || {
        // Every look has a deadline of its own.
        let (office, id, seen) = (office.renewed(), id.clone(), wanted.seen.clone());
        async move { office.case(&id).await.map(|case| version(&case) != seen) }
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use http::StatusCode;

    use super::*;

    /// How many looks were taken, and how many events told, where looks come to this, one after the other.
    async fn told_of(looks: Vec<Result<bool, StatusCode>>) -> (usize, usize) {
        let mut taken = 0;
        let look = || {
            let come = looks.get(taken).copied().unwrap_or(Ok(false));
            taken += 1;
            async move { come.map_err(Trouble::new) }
        };
        let events = told(Duration::ZERO, look).count().await;
        (taken, events)
    }

    #[tokio::test]
    async fn a_service_that_starts_anew_is_waited_for_and_a_refusal_ends_it() {
        let down = Err(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(told_of(vec![Ok(false), down, down, Ok(true), Ok(true)]).await, (4, 1));
        for refused in [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED] {
            assert_eq!(told_of(vec![Ok(false), Err(refused), Ok(true)]).await, (2, 0));
        }
        assert_eq!(told_of(vec![]).await, (LOOKS, 0), "the browser opens the next");
    }
}

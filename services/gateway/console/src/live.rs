//! Telling an open page that its case changed. The page works without: it says when it was read.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures::Stream;
use serde::Deserialize;
use web::Trouble;

use crate::office::Office;

/// How often the case is looked at, while somebody has its page open.
const EVERY: Duration = Duration::from_secs(4);
/// How long one stream lasts; the browser opens the next, with whatever session it has then.
const LOOKS: usize = 100;

/// What the page showed.
#[derive(Deserialize)]
pub(crate) struct Seen {
    #[serde(default)]
    seen: String,
}

/// The version of a case as it stands in an address: an etag without its quotes.
pub(crate) fn version(etag: &str) -> String {
    etag.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// `GET /console/cases/{case}/changes`: one event `changed`, once the case is no longer what the page showed.
pub(crate) async fn changes(
    office: Office,
    Path(id): Path<String>,
    Query(wanted): Query<Seen>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Trouble> {
    // Who may not see the case hears nothing of it.
    office.case(&id).await?;
    let stream = async_stream::stream! {
        for _ in 0..LOOKS {
            // Every look has a deadline of its own.
            match office.renewed().case(&id).await {
                Ok(case) if version(&case.etag) != wanted.seen => {
                    yield Ok(Event::default().event("changed").data("1"));
                    return;
                }
                Ok(_) => {}
                Err(_) => return,
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

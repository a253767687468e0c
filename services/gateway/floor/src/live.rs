//! Pages that follow what they show: a stream of a service becomes a stream of pieces of a page.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _};
use tonic::{Status, Streaming};

/// Sends what `piece` makes of each item, whole, as an event `view`. When the service ends the stream, or refuses to go on, the
/// browser asks again after five seconds; a piece that cannot be made is left out.
pub(crate) fn pieces<T, F>(stream: Streaming<T>, piece: F) -> Response
where
    T: Send + 'static,
    F: FnMut(T) -> Option<String> + Send + 'static,
{
    Sse::new(events(stream, piece)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

fn events<T: Send + 'static>(
    stream: impl Stream<Item = Result<T, Status>> + Send + 'static,
    mut piece: impl FnMut(T) -> Option<String> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    stream
        .take_while(|item| std::future::ready(item.is_ok()))
        .filter_map(move |item| std::future::ready(item.ok().and_then(&mut piece)))
        .map(|html| Ok(Event::default().event("view").retry(Duration::from_secs(5)).data(html)))
}

//! Pages that follow what they show: a stream of a service becomes a stream of pieces of a page.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use edge::Draining;
use futures::future::Either;
use futures::{Stream, StreamExt as _};
use tonic::{Status, Streaming};

/// The port's word that it goes down, where the port gives one.
pub(crate) type Drain = Option<Extension<Draining>>;

/// Sends what `piece` makes of each item, whole, as an event `view`. When the service ends the stream, or refuses to go on, the
/// browser asks again after five seconds; when the port goes down, the stream ends at once. A piece that cannot be made is left out.
pub(crate) fn pieces<T, F>(stream: Streaming<T>, drain: Drain, piece: F) -> Response
where
    T: Send + 'static,
    F: FnMut(T) -> Option<String> + Send + 'static,
{
    let down = match drain {
        Some(Extension(Draining(down))) => Either::Left(down.cancelled_owned()),
        None => Either::Right(std::future::pending()),
    };
    Sse::new(events(stream, piece).take_until(down))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

fn events<T: Send + 'static>(
    stream: impl Stream<Item = Result<T, Status>> + Send + 'static,
    mut piece: impl FnMut(T) -> Option<String> + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
    stream
        .take_while(|item| std::future::ready(item.is_ok()))
        .filter_map(move |item| std::future::ready(item.ok().and_then(&mut piece)))
        // A carriage return would end a line of the stream and split what somebody wrote.
        .map(|html| Ok(Event::default().event("view").retry(Duration::from_secs(5)).data(html.replace('\r', ""))))
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    #[test]
    fn what_a_service_ends_is_not_gone_on_with() {
        let items = stream::iter([Ok(1), Ok(2), Err(Status::unavailable("gone")), Ok(3)]);
        let pieces = events(items, |item| (item != 1).then(|| format!("<p>{item}</p>")));
        let sent: Vec<_> = futures::executor::block_on(pieces.collect());
        assert_eq!(sent.len(), 1, "the first could not be made, the third comes after the end");
    }
}

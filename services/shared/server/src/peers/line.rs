//! The line to one peer: how many calls are under way on it, which of its methods are left alone, and which calls are made once more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use kernel::Classify as _;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::transport::{Channel, Error};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::retry::budget::{Budget as _, TpsBudget};
use tower::{Service as _, ServiceExt as _};

use super::breaker::{Breakers, Pass};
use crate::trace::{self, code_in, code_name};
use crate::{Refusal, deadline};

/// Over how long calls made once more are held against the others.
const COUNTED: Duration = Duration::from_secs(10);
/// So many of the calls may be made once more.
const SHARE: f32 = 0.1;
/// And so many a second where there are few calls.
const LEAST_A_SECOND: u32 = 1;
/// Before a call is made once more: who goes down tells its connections so meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
/// Who waits for less than this may be in more haste than the peer is slow.
const PATIENCE: Duration = Duration::from_secs(1);
const AWAY: Refusal = Refusal::PeerAway { retry_after: Duration::ZERO };

pub(super) struct Line {
    peer: Arc<str>,
    /// Where there is a number of places, those that are free.
    places: Option<Arc<Semaphore>>,
    breakers: Arc<Breakers>,
    retries: TpsBudget,
}

/// A call that may be made, with its place.
pub(super) struct Admitted {
    pass: Pass,
    _place: Option<OwnedSemaphorePermit>,
}

impl Admitted {
    /// It ended as [`judged`].
    pub(super) fn ended(self, well: Option<bool>) {
        self.pass.ended(well);
    }
}

impl Line {
    pub(super) fn new(peer: &str, places: Option<usize>) -> Self {
        Self {
            peer: peer.into(),
            places: places.map(|places| Arc::new(Semaphore::new(places))),
            breakers: Arc::default(),
            retries: TpsBudget::new(COUNTED, LEAST_A_SECOND, SHARE),
        }
    }

    pub(super) fn peer(&self) -> &str {
        &self.peer
    }

    /// Lets a unary call be made, unless its method is left alone or as many are under way as may be.
    pub(super) fn admit(&self, method: &'static str) -> Result<Admitted, Refusal> {
        let refused = |refusal: Refusal| {
            let of = [self.of(), KeyValue::new("error.type", refusal.reason())];
            refusals().add(1, &of);
            refusal
        };
        let pass = self.breakers.admit(method).map_err(|retry_after| refused(Refusal::PeerAway { retry_after }))?;
        let place = match &self.places {
            Some(places) => Some(Arc::clone(places).try_acquire_owned().map_err(|_| refused(Refusal::PeerBusy))?),
            None => None,
        };
        Ok(Admitted { pass, _place: place })
    }

    /// Makes the call, and once more where it came to nobody and such calls are few.
    pub(super) async fn call(
        &self,
        mut channel: Channel,
        request: Request<Body>,
        budget: Option<Duration>,
    ) -> Result<Response<Body>, Error> {
        let began = Instant::now();
        let (mut parts, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(status) => return Ok(status.into_http()),
        };
        let whole = |parts| Request::from_parts(parts, Body::new(Full::new(body.clone())));
        self.retries.deposit();
        let mut again = channel.clone();
        let answer = channel.call(whole(parts.clone())).await;
        if !came_to_nobody(&answer) || !self.retries.withdraw() {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
        made_again().add(1, &[self.of()]);
        if let Some(budget) = budget {
            let left = deadline::write(budget.saturating_sub(began.elapsed()));
            parts.headers.insert(deadline::GRPC_TIMEOUT, left);
        }
        again.ready().await?.call(whole(parts)).await
    }

    /// Records what a call took and how it ended.
    pub(super) fn record(&self, method: &'static str, took: Duration, code: Code) {
        let of = [
            self.of(),
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", method.trim_start_matches('/')),
            KeyValue::new("rpc.response.status_code", code_name(code)),
        ];
        durations().record(took.as_secs_f64(), &of);
    }

    fn of(&self) -> KeyValue {
        KeyValue::new("server.address", Arc::clone(&self.peer))
    }
}

/// Whether the call found no connection, lost it, or came to an instance that is going down. Where it lost its connection it may have been done
/// all the same: what changes anything carries a `request_id`, and is answered as it was.
fn came_to_nobody(answer: &Result<Response<Body>, Error>) -> bool {
    match answer {
        Ok(answer) => reason(answer).is_some_and(|reason| reason == Refusal::Draining.reason()),
        Err(_) => true,
    }
}

/// Whether the method does well, as far as the end of a call tells; there is no answer where its time was over.
pub(super) fn judged(answer: Option<&Result<Response<Body>, Error>>, budget: Option<Duration>) -> Option<bool> {
    let late = || budget.is_none_or(|budget| budget >= PATIENCE).then_some(false);
    let Some(answer) = answer else { return late() };
    let Ok(answer) = answer else { return Some(false) };
    match code_in(answer.headers()) {
        Some(Code::DeadlineExceeded) => late(),
        // What it says of a third one is the third one's.
        Some(Code::Unavailable) => {
            let others = [Refusal::Draining, Refusal::PeerBusy, AWAY].map(|refusal| refusal.reason());
            reason(answer).is_none_or(|reason| !others.contains(&reason.as_str())).then_some(false)
        }
        _ => Some(true),
    }
}

/// The reason of an answer that says UNAVAILABLE.
fn reason(answer: &Response<Body>) -> Option<String> {
    code_in(answer.headers()).filter(|code| *code == Code::Unavailable)?;
    let status = Status::from_header_map(answer.headers())?;
    status.get_details_error_info().map(|info| info.reason)
}

fn durations() -> &'static Histogram<f64> {
    static DURATIONS: OnceLock<Histogram<f64>> = OnceLock::new();
    DURATIONS.get_or_init(|| {
        telemetry::meter()
            .f64_histogram("rpc.client.call.duration")
            .with_unit("s")
            .with_description("time from a call to a peer to the beginning of its answer")
            .with_boundaries(trace::BUCKETS.to_vec())
            .build()
    })
}

fn refusals() -> &'static Counter<u64> {
    static REFUSED: OnceLock<Counter<u64>> = OnceLock::new();
    REFUSED.get_or_init(|| {
        telemetry::meter()
            .u64_counter("ventanilla.peer.refused")
            .with_description("calls to a peer that were not made, since it answers late or not at all")
            .build()
    })
}

fn made_again() -> &'static Counter<u64> {
    static AGAIN: OnceLock<Counter<u64>> = OnceLock::new();
    AGAIN.get_or_init(|| {
        telemetry::meter()
            .u64_counter("ventanilla.peer.calls_again")
            .with_description("calls that came to nobody and were made once more")
            .build()
    })
}

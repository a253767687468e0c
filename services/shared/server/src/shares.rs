//! Whose streams are open. A stream costs little and lasts long, so one caller who opens them all
//! shuts everybody else out for hours, the followers of the ledgers first.
//!
//! Stands inside authorisation, since it must know who calls: the caller for whom a service acts, if
//! it acts for one.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use kernel::{ActorKind, Role};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::call::OnBehalfOf;
use crate::{AdmissionSettings, Principal, Refusal, body};

/// Gives every caller no more than a share of the streams. See the module.
#[derive(Clone)]
pub(crate) struct SharesLayer(Arc<Shares>);

struct Shares {
    /// Streams of all who are no services.
    everybody: usize,
    each: usize,
    retry_after: Duration,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    by: HashMap<Name, usize>,
}

type Name = (ActorKind, String);

impl SharesLayer {
    pub(crate) fn new(settings: &AdmissionSettings) -> Self {
        Self(Arc::new(Shares {
            everybody: settings.open_streams.saturating_sub(settings.streams_for_services),
            each: settings.streams_per_caller,
            retry_after: Duration::from_millis(settings.retry_after_ms),
            open: Mutex::default(),
        }))
    }
}

impl Shares {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A share for this caller; given back when dropped.
    fn take(self: &Arc<Self>, caller: &Principal) -> Result<Share, Refusal> {
        let name = (caller.actor.kind, caller.actor.id.clone());
        let mut open = self.open();
        if open.total >= self.everybody {
            return Err(Refusal::Overloaded { retry_after: self.retry_after });
        }
        let own = open.by.get(&name).copied().unwrap_or_default();
        if own >= self.each {
            return Err(Refusal::TooManyStreams { retry_after: self.retry_after });
        }
        open.total += 1;
        open.by.insert(name.clone(), own + 1);
        drop(open);
        Ok(Share { shares: Arc::clone(self), name })
    }
}

/// One open stream of a caller.
struct Share {
    shares: Arc<Shares>,
    name: Name,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = self.shares.open();
        open.total -= 1;
        if let Some(own) = open.by.get_mut(&self.name) {
            *own -= 1;
            if *own == 0 {
                open.by.remove(&self.name);
            }
        }
    }
}

impl<S> Layer<S> for SharesLayer {
    type Service = Shared<S>;

    fn layer(&self, inner: S) -> Shared<S> {
        Shared { inner, shares: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct Shared<S> {
    inner: S,
    shares: Arc<Shares>,
}

impl<S> Service<Request<Body>> for Shared<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let streaming = ventanilla_proto::policy_of(request.uri().path()).is_some_and(|policy| policy.streaming);
        let caller = match request.extensions().get::<OnBehalfOf>() {
            Some(user) => Some(&user.0),
            None => request.extensions().get::<Principal>().filter(|caller| !caller.has(Role::Service)),
        };
        let (true, Some(caller)) = (streaming, caller) else {
            return Box::pin(self.inner.call(request));
        };
        match self.shares.take(caller) {
            Ok(share) => {
                let answer = self.inner.call(request);
                Box::pin(async move { Ok(answer.await?.map(|stream| body::holding(stream, share))) })
            }
            Err(refusal) => Box::pin(std::future::ready(Ok(refusal.answer()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(open_streams: usize, streams_for_services: usize, streams_per_caller: usize) -> Arc<Shares> {
        let settings =
            AdmissionSettings { open_streams, streams_for_services, streams_per_caller, ..Default::default() };
        SharesLayer::new(&settings).0
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_nothing_is_remembered() {
        let shares = shares(3, 1, 1);
        let (one, other) = (Principal::new("one", [Role::Agent]), Principal::new("other", [Role::Agent]));
        let held = shares.take(&one).ok().unwrap();
        assert!(matches!(shares.take(&one), Err(Refusal::TooManyStreams { .. })), "one caller has one share");
        let second = shares.take(&other).ok().unwrap();
        let third = Principal::new("third", [Role::Agent]);
        assert!(matches!(shares.take(&third), Err(Refusal::Overloaded { .. })), "one of three is for services");
        drop(held);
        assert!(shares.take(&third).is_ok());
        drop(second);
        let open = shares.open();
        assert_eq!((open.total, open.by.len()), (0, 0));
    }

    #[test]
    fn a_customer_and_an_agent_of_one_name_are_two() {
        let shares = shares(4, 0, 1);
        let _agent = shares.take(&Principal::new("7", [Role::Agent])).ok().unwrap();
        assert!(shares.take(&Principal::new("7", [Role::Customer])).is_ok());
    }
}

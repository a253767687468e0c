//! What a handler knows about the call it serves, apart from the request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::Actor;
use secrecy::SecretString;

use crate::{Budget, Principal};

/// Who calls, for whom, in which trace, until when.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whose token authenticated the call. Anonymous for an open RPC.
    pub principal: Principal,
    /// The end user a peer service acts for, proved by the user's own token.
    pub on_behalf_of: Option<Principal>,
    /// W3C `traceparent` of the span that serves the call; empty when nothing traces.
    pub traceparent: String,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    pub(crate) user_token: Option<Arc<SecretString>>,
}

/// The end user's token, kept so that it can be shown to the next service.
#[derive(Clone)]
pub(crate) struct UserToken(pub(crate) Arc<SecretString>);

/// The end user a peer service acts for.
#[derive(Clone)]
pub(crate) struct OnBehalfOf(pub(crate) Principal);

impl Call {
    /// What the layers learned about this request. Anonymous when it passed no layers.
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        let known = request.extensions();
        Self {
            principal: known.get::<Principal>().cloned().unwrap_or_else(Principal::anonymous),
            on_behalf_of: known.get::<OnBehalfOf>().map(|user| user.0.clone()),
            traceparent: telemetry::current_traceparent(),
            deadline: known.get::<Budget>().map(|budget| budget.deadline),
            user_token: known.get::<UserToken>().map(|token| Arc::clone(&token.0)),
        }
    }

    /// A call that did not come over the wire: a worker of the service, or a test.
    pub fn by(principal: Principal) -> Self {
        let traceparent = telemetry::current_traceparent();
        Self { principal, on_behalf_of: None, traceparent, deadline: None, user_token: None }
    }

    /// Who acts: the end user where a service passes one on, else the caller.
    pub fn acting(&self) -> &Principal {
        self.on_behalf_of.as_ref().unwrap_or(&self.principal)
    }

    /// The actor to write into rows and ledger.
    pub fn actor(&self) -> &Actor {
        &self.acting().actor
    }

    /// How much time the caller still gives; `None` when it gave no limit.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }
}

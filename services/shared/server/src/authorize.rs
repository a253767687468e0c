//! Who may call what: the policy option of the method against the roles of the token.
//!
//! A stream is let in once and may stay for weeks, so it ends when the token does: whoever lost an
//! account or a role sees no more than the token's own time, and everybody else comes back with a
//! new one where the stream stood.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use kernel::{Actor, Role};
use secrecy::SecretString;
use tonic::body::Body;
use tower::{Layer, Service};
use ventanilla_proto::MethodPolicy;

use crate::call::{OnBehalfOf, UserToken};
use crate::connections::Caller;
use crate::peers::ON_BEHALF_OF;
use crate::token::Doubt;
use crate::{Principal, Refusal, TokenVerifier, body};

/// A call that was refused to a known principal.
#[derive(Debug, Clone)]
pub struct Denial {
    /// Who was refused.
    pub actor: Actor,
    /// What the token allowed it to be.
    pub roles: BTreeSet<Role>,
    /// Full path of the method, e.g. `/ventanilla.ombudsman.v1.OmbudsmanService/IssueDecision`.
    pub method: &'static str,
    /// Reason of the refusal.
    pub reason: &'static str,
    /// Trace of the refused call.
    pub traceparent: String,
}

/// Writes denials of sensitive methods into the service's ledger.
#[tonic::async_trait]
pub trait DenialSink: Send + Sync + 'static {
    /// Records one denial; the caller is answered afterwards, so that no denial goes unrecorded.
    async fn record(&self, denial: Denial) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Lets in who may. See the module.
#[derive(Clone)]
pub(crate) struct AuthorizeLayer {
    pub(crate) verifier: Arc<TokenVerifier>,
    pub(crate) denials: Option<Arc<dyn DenialSink>>,
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Authorize<S> {
        Authorize { inner, guard: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Authorize<S> {
    inner: S,
    guard: AuthorizeLayer,
}

/// Whom the tokens of a request name.
struct Admitted {
    principal: Principal,
    on_behalf_of: Option<Principal>,
    user_token: Option<SecretString>,
    /// How long the tokens hold, the shortest of them; `None` for an open method.
    valid_for: Option<Duration>,
}

/// Why a call is not passed on, and for whom that has to be recorded.
struct Refused {
    refusal: Refusal,
    principal: Option<Principal>,
    /// An issuer may have a key that is not known here yet.
    must_ask: bool,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, principal: None, must_ask: false }
    }
}

impl From<Doubt> for Refused {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::KeyUnknown => Self { refusal: Refusal::TokenInvalid, principal: None, must_ask: true },
            Doubt::Refused(refusal) => refusal.into(),
        }
    }
}

impl AuthorizeLayer {
    fn admit(&self, policy: &MethodPolicy, headers: &HeaderMap, caller: &Caller) -> Result<Admitted, Refused> {
        if policy.open {
            let principal = Principal::anonymous();
            return Ok(Admitted { principal, on_behalf_of: None, user_token: None, valid_for: None });
        }
        let token = bearer(headers).ok_or(Refusal::TokenMissing)?;
        let (principal, valid_for) = self.verifier.judge(token)?;
        // A service's token counts from the service itself alone: a stolen one opens nothing.
        if principal.has(Role::Service) && !caller.may_be(&principal.actor.id) {
            tracing::warn!(service = principal.actor.id, "the token of a service came without its certificate");
            return Err(Refusal::TokenInvalid.into());
        }
        let refused = |refusal| Refused { refusal, principal: Some(principal.clone()), must_ask: false };
        if !policy.roles.iter().any(|word| principal.roles.iter().any(|role| role.as_str() == *word)) {
            return Err(refused(Refusal::RoleNotAllowed));
        }
        let Some(user) = headers.get(ON_BEHALF_OF) else {
            // A service that calls in its own name has no user to pass on.
            let own = (!principal.has(Role::Service)).then(|| token.into());
            return Ok(Admitted { principal, on_behalf_of: None, user_token: own, valid_for: Some(valid_for) });
        };
        if !principal.has(Role::Service) {
            return Err(refused(Refusal::NotAService));
        }
        let user = user.to_str().map_err(|_| Refusal::TokenInvalid)?;
        let (on_behalf_of, user_valid_for) = self.verifier.judge(user)?;
        // Services speak for people. Another's token that came here was never meant to be passed on.
        if on_behalf_of.has(Role::Service) {
            return Err(Refusal::TokenInvalid.into());
        }
        Ok(Admitted {
            principal,
            on_behalf_of: Some(on_behalf_of),
            user_token: Some(user.into()),
            valid_for: Some(valid_for.min(user_valid_for)),
        })
    }

    /// Records the denial where the policy asks for it, then says what to answer.
    async fn deny(self, policy: &'static MethodPolicy, refused: Refused) -> Refusal {
        let Refused { refusal, principal, must_ask: _ } = refused;
        let (Some(principal), Some(sink), true) = (principal, self.denials, policy.denial_recorded) else {
            return refusal;
        };
        let denial = Denial {
            actor: principal.actor,
            roles: principal.roles,
            method: policy.path,
            reason: kernel::Classify::reason(&refusal),
            traceparent: telemetry::current_traceparent(),
        };
        match sink.record(denial).await {
            Ok(()) => refusal,
            Err(error) => {
                tracing::error!(error = kernel::chain(&*error), "a denial could not be recorded");
                Refusal::DenialNotRecorded
            }
        }
    }
}

/// The token of `authorization: Bearer …`; the scheme is case-insensitive (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// A call whose tokens' issuers were asked for keys that were not known. It is not asked twice.
#[derive(Clone)]
struct Asked;

impl<S> Authorize<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Asks whose keys are missing, then judges the call as any other.
    async fn after_asking(mut self, mut request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let tokens = tokens(request.headers()).map(str::to_owned).collect::<Vec<_>>();
        for token in tokens {
            if let Err(refusal) = self.guard.verifier.ask(&token).await {
                return Ok(refusal.answer());
            }
        }
        request.extensions_mut().insert(Asked);
        std::future::poll_fn(|cx| self.poll_ready(cx)).await?;
        self.call(request).await
    }
}

/// Every token that a call shows.
fn tokens(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    bearer(headers).into_iter().chain(headers.get(ON_BEHALF_OF).and_then(|user| user.to_str().ok()))
}

impl<S> Service<Request<Body>> for Authorize<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // Health and reflection are open; what is unknown is answered UNIMPLEMENTED by tonic.
        let Some(policy) = ventanilla_proto::policy_of(request.uri().path()) else {
            return Box::pin(self.inner.call(request));
        };
        let asked = request.extensions_mut().remove::<Asked>().is_some();
        let caller = request.extensions().get::<Caller>().cloned().unwrap_or(Caller::Unknown);
        match self.guard.admit(policy, request.headers(), &caller) {
            Ok(admitted) => {
                // The handler works with principals; the tokens themselves stop here.
                request.headers_mut().remove(AUTHORIZATION);
                request.headers_mut().remove(ON_BEHALF_OF);
                let known = request.extensions_mut();
                known.insert(admitted.principal);
                if let Some(user) = admitted.on_behalf_of {
                    known.insert(OnBehalfOf(user));
                }
                if let Some(token) = admitted.user_token {
                    known.insert(UserToken(Arc::new(token)));
                }
                let answer = self.inner.call(request);
                match admitted.valid_for {
                    Some(valid_for) if policy.streaming => Box::pin(async move {
                        let over = tokio::time::sleep(valid_for);
                        let answer = answer.await?;
                        Ok(answer.map(|stream| body::until(stream, over, || Refusal::TokenOver.status())))
                    }),
                    _ => Box::pin(answer),
                }
            }
            Err(refused) if refused.must_ask && !asked => Box::pin(self.clone().after_asking(request)),
            Err(refused) => {
                let guard = self.guard.clone();
                Box::pin(async move { Ok(guard.deny(policy, refused).await.answer()) })
            }
        }
    }
}

//! Who is signed in, as the browser keeps it for us: sealed, and over when nobody uses it, when its token is over, or when the
//! longest a session may last has passed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use server::{PeerChannel, Peers, Principal, TokenError};

use crate::departments::{self, Departments, Register};
use crate::renewal::{Outcome, RENEWED_BEFORE};
use crate::visit::Visit;
use crate::{Csrf, Lang, Trouble, Web, oidc};

/// Name of the cookie.
const COOKIE: &str = "session";
/// Longest a page waits for a service.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long a page waits for a renewal while the token it has holds.
const GLANCE: Duration = Duration::from_millis(500);
/// Renewals that one request catches up with at most.
const STEPS: usize = 8;
/// How often the browser's copy says anew when it was used last, in seconds.
const NOTED_EVERY: i64 = 60;

/// Somebody who is signed in. As an extractor: who looks at a page without one is sent to sign in and brought back, who sends
/// something without one is told to.
#[derive(Clone)]
pub struct Session {
    /// The token, to be shown to the services: what the person may do is theirs to say.
    pub bearer: SecretString,
    /// Whose it is.
    pub principal: Principal,
    /// For forms.
    pub csrf: Csrf,
    /// The language of this visit.
    pub lang: Lang,
    register: Arc<Register>,
    now: Timestamp,
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        let visit = Visit::of(&parts.extensions)?;
        match &visit.session {
            Some(session) => Ok(session.clone()),
            None if visit.unanswered => Err(oidc::silent()),
            // A page that asks by itself has nobody to send anywhere.
            None if visit.only_looks && !visit.by_itself => Err(Trouble::go(visit.sign_in())),
            None => Err(Trouble::new(StatusCode::UNAUTHORIZED)),
        }
    }
}

/// A session, as far as its provider goes on with it.
pub(crate) enum Renewed {
    /// It needed nothing new, or got nothing.
    AsItWas(Kept),
    /// With tokens that its browser does not know yet.
    Fresh(Kept),
    /// Its token is over, and the provider does not answer: the session is neither ended nor goes on.
    Unanswered(Kept),
}

/// What the browser keeps.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Never the one from before signing in: a session cannot be put into somebody's browser beforehand.
    pub(crate) id: String,
    pub(crate) bearer: String,
    /// With what the provider renews it; absent for tokens of the suite.
    #[serde(default)]
    refresh: Option<String>,
    /// Whose it is: a renewal never changes that.
    who: String,
    /// Seconds since 1970 when the token is over.
    pub(crate) over: i64,
    /// When the person signed in.
    pub(crate) since: i64,
    /// When somebody used it last, to the minute. What pages ask by themselves, to be kept up to date, is nobody's use.
    pub(crate) used: i64,
}

impl Kept {
    /// A new session with this token.
    pub(crate) fn begin(web: &Web, bearer: String, refresh: Option<String>) -> Self {
        let now = web.ambient().now().as_second();
        let over = expiry(&bearer).unwrap_or(now);
        let who = web.verifier().verify(&bearer).map(|principal| principal.actor.id).unwrap_or_default();
        let id = hex::encode(web.ambient().bytes::<16>());
        Self { id, bearer, refresh, who, over, since: now, used: now }
    }

    /// What this browser keeps, if it is a session that goes on.
    pub(crate) fn read(web: &Web, headers: &HeaderMap) -> Option<Self> {
        let kept: Self = serde_json::from_slice(&web.cookies().take(headers, COOKIE)?).ok()?;
        (kept.goes_on(web, web.ambient().now()) && !web.is_signed_out(&kept.id)).then_some(kept)
    }

    fn goes_on(&self, web: &Web, now: Timestamp) -> bool {
        let now = now.as_second();
        let token = now < self.over || self.refresh.is_some();
        now < self.used + idle(web) && now < self.ends_at_latest(web) && token
    }

    fn ends_at_latest(&self, web: &Web) -> i64 {
        self.since + i64::from(web.settings().longest_hours) * 3_600
    }

    /// The same with a fresh token, when its own is nearly over and the provider gives one. A page whose token still holds waits for that no longer than a
    /// glance; one whose token is over waits for the provider, and is not sent away because it is slow.
    pub(crate) async fn renewed(mut self, web: &Web) -> Renewed {
        let mut renewed = false;
        // Each step uses up one token: a browser that was away may come with one from before the last.
        for _ in 0..STEPS {
            let now = web.ambient().now().as_second();
            if now + RENEWED_BEFORE < self.over {
                break;
            }
            let (Some(provider), Some(refresh)) = (web.provider(), self.refresh.clone()) else { break };
            let holds = now < self.over;
            let patience = if holds { GLANCE } else { PATIENCE };
            match tokio::time::timeout(patience, web.renewal(provider, &refresh)).await {
                Ok(Outcome::Fresh(tokens)) => {
                    let same = web.verifier().verify(&tokens.access).is_ok_and(|who| who.actor.id == self.who);
                    if !same {
                        tracing::warn!("a renewed token is somebody else's");
                        break;
                    }
                    self.bearer.clone_from(&tokens.access);
                    self.refresh.clone_from(&tokens.refresh);
                    self.over = expiry(&self.bearer).unwrap_or(self.over);
                    renewed = true;
                }
                Ok(Outcome::Refused) => break,
                Ok(Outcome::Unanswered) | Err(_) if holds => break,
                Ok(Outcome::Unanswered) | Err(_) => return Renewed::Unanswered(self),
            }
        }
        if renewed { Renewed::Fresh(self) } else { Renewed::AsItWas(self) }
    }

    /// Has the provider forget it too.
    pub(crate) fn revoke(&self, web: &Web) {
        if let Some(refresh) = self.refresh.clone() {
            web.revoke(refresh);
        }
    }

    /// How long it goes on if nobody uses it.
    pub(crate) fn left_unused(&self, web: &Web) -> Duration {
        let end = (self.used + idle(web)).min(self.ends_at_latest(web));
        Duration::from_secs(u64::try_from(end - web.ambient().now().as_second()).unwrap_or(0))
    }

    /// The headers that keep it, when there is something new to keep.
    pub(crate) fn note(&mut self, web: &Web) -> Vec<HeaderValue> {
        let now = web.ambient().now().as_second();
        if now < self.used + NOTED_EVERY {
            return Vec::new();
        }
        self.used = now;
        self.keep(web)
    }

    /// The headers that keep it.
    pub(crate) fn keep(&self, web: &Web) -> Vec<HeaderValue> {
        let now = web.ambient().now().as_second();
        let left = u64::try_from(self.ends_at_latest(web) - now).unwrap_or(0);
        let Ok(plain) = serde_json::to_vec(self) else { return Vec::new() };
        web.cookies().put(COOKIE, &plain, Duration::from_secs(left))
    }

    /// Ends it: the browser forgets, and a copy of the cookie opens nothing in this process.
    pub(crate) fn end(&self, web: &Web, headers: &HeaderMap) -> Vec<HeaderValue> {
        let until = Timestamp::from_second(self.ends_at_latest(web)).unwrap_or(Timestamp::MAX);
        web.sign_out(self.id.clone(), until);
        forget(web, headers)
    }

    /// The session of this visit.
    ///
    /// # Errors
    /// [`TokenError::Keys`] where nobody can say now whether its token holds; any other when it does not (any more).
    pub(crate) async fn session(&self, web: &Web, lang: Lang) -> Result<Session, TokenError> {
        // Another process may have seen the token's key first.
        let principal = web.verifier().verify_asking(&self.bearer).await?;
        let csrf = Csrf::of(web, &self.id);
        let register = Arc::clone(web.departments());
        let bearer = SecretString::from(self.bearer.clone());
        Ok(Session { bearer, principal, csrf, lang, register, now: web.ambient().now() })
    }
}

/// Seconds that a session lasts which nobody uses.
fn idle(web: &Web) -> i64 {
    i64::from(web.settings().idle_minutes) * 60
}

/// The headers that make the browser forget whatever session it has.
pub(crate) fn forget(web: &Web, headers: &HeaderMap) -> Vec<HeaderValue> {
    web.cookies().forget(headers, COOKIE)
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("principal", &self.principal.actor.kind).finish_non_exhaustive()
    }
}

impl Session {
    /// The service of this name, asked in this person's name and for no longer than [`PATIENCE`]; a stream bounds itself. Make it anew for
    /// what comes later.
    ///
    /// # Errors
    /// A page that says so, when nobody said where the service is.
    pub fn channel(&self, peers: &Peers, name: &str) -> Result<PeerChannel, Trouble> {
        let channel = peers.channel(name).map_err(|_| Trouble::new(StatusCode::SERVICE_UNAVAILABLE))?;
        Ok(channel.as_caller(Some(&self.bearer), Some(Instant::now() + PATIENCE)))
    }

    /// What departments are called, as ticketing tells it whoever may look; at once where it was asked a moment ago.
    pub async fn departments(&self, peers: &Peers) -> Departments {
        let channel = peers.channel("ticketing").ok();
        let channel = channel.map(|channel| channel.as_caller(Some(&self.bearer), Some(departments::until())));
        self.register.read(channel, self.now).await
    }

    /// Until when the token holds.
    pub fn over(&self) -> Option<Timestamp> {
        expiry(self.bearer.expose_secret()).and_then(|at| Timestamp::from_second(at).ok())
    }

    /// Whether the token is over within this time.
    pub fn is_over_within(&self, now: Timestamp, time: SignedDuration) -> bool {
        self.over().is_none_or(|over| over.duration_since(now) < time)
    }
}

/// When a token says that it is over. Says nothing about whether the token holds.
pub(crate) fn expiry(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Claims>(&bytes).ok().map(|claims| claims.exp)
}

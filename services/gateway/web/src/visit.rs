//! One request of a browser, and the layer that every page is served through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use edge::ClientAddress;
use futures::StreamExt as _;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use server::TokenError;

use crate::session::{self, Kept, Renewed};
use crate::{Class, Csrf, Lang, Session, Trouble, Web, form, headers, lang, oidc};

/// Name of the cookie of who is not signed in, so that a form can be bound to a browser.
const VISITOR: &str = "visitor";
const VISITOR_KEPT: Duration = Duration::from_secs(12 * 3600);
/// Where a session is left.
pub(crate) const SIGN_OUT: &str = "/sign-out";
/// What a page that wants to be kept up to date accepts (HTML, `EventSource`).
const EVENTS: &[u8] = b"text/event-stream";
/// How long a stream lasts that keeps a page up to date; the browser opens the next with whatever session it has then.
const STREAM: Duration = Duration::from_secs(600);

/// What the layer found out about a request.
#[derive(Clone)]
pub(crate) struct Visit(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) web: Web,
    pub(crate) lang: Lang,
    pub(crate) session: Option<Session>,
    /// What the browser keeps of a session that goes on, or may once its provider answers, or is being left.
    pub(crate) kept: Option<Kept>,
    /// Whether the browser does not know its newest state yet.
    renewed: bool,
    /// There is a session whose token is over, and its provider does not answer.
    pub(crate) unanswered: bool,
    /// Nobody asks: an open page does, to be kept up to date.
    pub(crate) by_itself: bool,
    /// Absent only where no port is served: in tests of a router alone.
    address: Option<ClientAddress>,
    pub(crate) path: String,
    /// Path and query, to come back to.
    here: String,
    /// GET or HEAD.
    pub(crate) only_looks: bool,
    visitor: String,
    marked: AtomicBool,
}

impl std::ops::Deref for Visit {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Visit {
    /// The visit of this request.
    pub(crate) fn of(extensions: &Extensions) -> Result<&Self, Trouble> {
        extensions.get::<Self>().ok_or_else(|| {
            tracing::error!("a page is served without the layer of pages around it");
            Trouble::new(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }

    async fn begin(web: &Web, request: &Parts, address: Option<ClientAddress>) -> Self {
        let headers = &request.headers;
        let lang = Lang::negotiated(request.uri.query(), headers);
        // Who leaves needs no fresh token for it, and waits for nobody.
        let leaves = request.uri.path() == SIGN_OUT;
        let (kept, renewed, unanswered) = match Kept::read(web, headers) {
            Some(kept) if leaves => (Some(kept), false, false),
            Some(kept) => match kept.renewed(web).await {
                Renewed::AsItWas(kept) => (Some(kept), false, false),
                Renewed::Fresh(kept) => (Some(kept), true, false),
                Renewed::Unanswered(kept) => (Some(kept), false, true),
            },
            None => (None, false, false),
        };
        let (session, unanswered) = match &kept {
            Some(kept) if !unanswered => match kept.session(web, lang).await {
                Ok(session) => (Some(session), unanswered),
                Err(TokenError::Keys(_)) => (None, true),
                Err(_) => (None, unanswered),
            },
            _ => (None, unanswered),
        };
        let visitor = web.cookies().take(headers, VISITOR).and_then(|id| String::from_utf8(id).ok());
        Self(Arc::new(Inner {
            lang,
            kept: kept.filter(|_| session.is_some() || unanswered || leaves),
            session,
            renewed,
            unanswered,
            by_itself: headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes() == EVENTS),
            address,
            path: request.uri.path().to_owned(),
            here: request.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            only_looks: matches!(request.method, Method::GET | Method::HEAD),
            visitor: visitor.unwrap_or_else(|| hex::encode(web.ambient().bytes::<16>())),
            marked: AtomicBool::new(false),
            web: web.clone(),
        }))
    }

    /// What a form of this visit is bound to.
    pub(crate) fn bound_to(&self) -> &str {
        self.kept.as_ref().map_or(&self.visitor, |kept| &kept.id)
    }

    /// The mark for its forms.
    pub(crate) fn csrf(&self) -> Csrf {
        self.marked.store(true, Ordering::Relaxed);
        Csrf::of(&self.web, self.bound_to())
    }

    /// Where to sign in and come back from.
    pub(crate) fn sign_in(&self) -> String {
        let next: String = if self.only_looks { self.here.clone() } else { "/".to_owned() };
        format!("/sign-in?next={}", encoded(&next))
    }

    /// Counts the request for whoever made it.
    fn count(&self) -> Result<(), Trouble> {
        let class = if self.only_looks { Class::Read } else { Class::Change };
        let who = match &self.session {
            Some(session) => format!("p {}", session.principal.actor.id),
            None => format!("a {}", self.network()),
        };
        self.web.limits().take(class, &who, self.web.ambient().now()).map_err(Trouble::too_many)
    }

    /// Counts one of this class for the address.
    pub(crate) fn count_address(&self, class: Class) -> Result<(), Trouble> {
        self.web.limits().take(class, &self.network(), self.web.ambient().now()).map_err(Trouble::too_many)
    }

    /// Who the address is for the limits.
    fn network(&self) -> String {
        self.address.map(|address| address.network().to_string()).unwrap_or_default()
    }

    fn cookies(&self, request_query: Option<&str>) -> Vec<HeaderValue> {
        let mut set = Vec::new();
        if let Some(kept) = self.kept.as_ref().filter(|_| self.session.is_some()) {
            let mut kept = kept.clone();
            let noted = if self.by_itself { Vec::new() } else { kept.note(&self.web) };
            set.extend(if self.renewed { kept.keep(&self.web) } else { noted });
        } else if self.kept.is_none() && self.marked.load(Ordering::Relaxed) {
            set.extend(self.web.cookies().put(VISITOR, self.visitor.as_bytes(), VISITOR_KEPT));
        }
        if let Some(lang) = lang::asked(request_query) {
            set.extend(self.web.cookies().plain(lang::COOKIE, lang.code()));
        }
        set
    }
}

/// The layer. First who asks and how much, and whether they may change what they ask for, then the page, then what every answer carries.
pub(crate) async fn serve(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let address = ClientAddress::from_request_parts(&mut parts, &()).await.ok();
    let visit = Visit::begin(&web, &parts, address).await;
    let mut request = Request::from_parts(parts, body);
    let query = request.uri().query().map(str::to_owned);
    let dead =
        visit.session.is_none() && visit.kept.is_none() && !visit.unanswered && session_sent(&web, request.headers());
    let forget = if dead { session::forget(&web, request.headers()) } else { Vec::new() };
    request.extensions_mut().insert(visit.clone());
    let taken = match visit.count() {
        Ok(()) if visit.only_looks => Ok(request),
        // No handler can forget it: what changes something does not come to one without the mark.
        Ok(()) => form::guarded(&visit, request).await.map_err(|trouble| unmarked(&visit, dead, trouble)),
        Err(trouble) => Err(trouble),
    };
    let mut answer = match taken {
        Err(trouble) => trouble.page(&visit),
        Ok(request) => {
            let mut answer = next.run(request).await;
            match answer.extensions_mut().remove::<Trouble>() {
                Some(trouble) => trouble.page(&visit),
                None if is_bare(&answer) => Trouble::new(answer.status()).page(&visit),
                None => answer,
            }
        }
    };
    if let Some(kept) = &visit.kept
        && answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(EVENTS))
    {
        // A page goes on being told of what happens for as long as somebody is there, and not because it is told.
        answer = ended_after(answer, kept.left_unused(&web).min(STREAM));
    }
    let out = answer.headers_mut();
    // What signing in or out says about the session goes before what the visit would.
    let spoken = out.contains_key(header::SET_COOKIE);
    let cookies = if spoken { Vec::new() } else { [forget, visit.cookies(query.as_deref())].concat() };
    for cookie in cookies {
        out.append(header::SET_COOKIE, cookie);
    }
    headers::dress(out, web.is_https());
    answer
}

/// The same answer, which breaks off after this time.
fn ended_after(answer: Response, time: Duration) -> Response {
    answer.map(|body| {
        let time = Box::pin(tokio::time::sleep(time));
        Body::from_stream(body.into_data_stream().take_until(time))
    })
}

fn session_sent(web: &Web, headers: &HeaderMap) -> bool {
    !session::forget(web, headers).is_empty() && web.cookies().take(headers, "session").is_some()
}

/// Why the mark does not hold, where that is because the session it was given in is over, or cannot be told now.
fn unmarked(visit: &Visit, dead: bool, trouble: Trouble) -> Trouble {
    match trouble.status() {
        StatusCode::FORBIDDEN if visit.unanswered => oidc::silent(),
        StatusCode::FORBIDDEN if dead => Trouble::new(StatusCode::UNAUTHORIZED),
        _ => trouble,
    }
}

/// An answer of the router itself, which says nothing: no such path, no such method.
fn is_bare(answer: &Response) -> bool {
    matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
        && !answer.headers().contains_key(header::CONTENT_TYPE)
}

/// Percent-encoded for a query.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_come_back_to_cannot_end_the_query_it_stands_in() {
        assert_eq!(encoded("/console?show=mine&x=1#y"), "/console%3Fshow%3Dmine%26x%3D1%23y");
    }
}

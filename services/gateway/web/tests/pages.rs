//! The common ground of pages as a browser meets it: signing in and out, forms of other sites, headers, languages, limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures::StreamExt as _;
use http::{Method, Request, StatusCode, header};
use jiff::SignedDuration;
use kernel::{Ambient, FixedClock, Role, SystemEntropy};
use secrecy::SecretString;
use serde::Deserialize;
use server::TokenIssuer;
use tower::ServiceExt as _;
use web::{Form, Lang, Layout, LimitSettings, Rate, Session, Settings, Trouble, Web, page};

/// One browser in front of the pages, with its cookies.
struct Browser {
    router: Router,
    issuer: TokenIssuer,
    clock: FixedClock,
    ambient: Ambient,
    cookies: BTreeMap<String, String>,
    origin: &'static str,
}

#[derive(askama::Template)]
#[template(source = "<p>{{ text }}</p>", ext = "html")]
struct Said {
    text: String,
}

#[derive(Deserialize)]
struct Typed {
    text: String,
    count: u8,
}

async fn shown(session: Session) -> Response {
    let layout = Layout::new(session.lang, "Prueba").of(&session, "/console");
    page(layout, Said { text: session.principal.actor.id.clone() })
}

async fn typed(session: Session, Form(form): Form<Typed>) -> Response {
    let text = format!("{} {}", form.text, form.count);
    page(Layout::new(session.lang, "Prueba").of(&session, "/console"), Said { text })
}

async fn refused() -> Trouble {
    tonic::Status::failed_precondition("not now").into()
}

/// What keeps a page up to date.
async fn live(_: Session) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], ": here\n\n").into_response()
}

async fn endless(_: Session) -> Response {
    let first = futures::stream::iter([Ok::<_, std::convert::Infallible>(": here\n\n")]);
    let body = Body::from_stream(first.chain(futures::stream::pending()));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

fn keys(bytes: &[u8]) -> Vec<SecretString> {
    bytes.iter().map(|byte| SecretString::from(hex::encode([*byte; 32]))).collect()
}

impl Browser {
    fn at(origin: &'static str) -> Self {
        Self::with(Settings { public_url: origin.to_owned(), sealing_keys: keys(&[7]), ..Settings::default() }, origin)
    }

    fn with(settings: Settings, origin: &'static str) -> Self {
        let clock = FixedClock::at("2026-11-30T10:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), SystemEntropy);
        let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
        let issuer = TokenIssuer::new(&key, "house", "ventanilla").unwrap();
        let verifier = Arc::new(issuer.verifier(ambient.clone()));
        let web = Web::new(settings, verifier, ambient.clone()).unwrap();
        let pages =
            Router::new().route("/console", get(shown).post(typed)).route("/refused", post(refused).get(refused));
        // One that reads no form at all.
        let pages = pages.route("/bare", post(async || "done"));
        let pages = pages.route("/live", get(live)).route("/endless", get(endless));
        let router = web.router().merge(web.dress(pages));
        Self { router, issuer, clock, ambient, cookies: BTreeMap::new(), origin }
    }

    fn token(&self, subject: &str, hours: u64) -> String {
        let ttl = Duration::from_secs(hours * 3600);
        self.issuer.issue(subject, &[Role::Ombudsman], None, ttl, self.ambient.now()).unwrap()
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<&str>, more: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request = request.header(header::COOKIE, cookies.join("; "));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.unwrap_or_default().to_owned())).unwrap();
        let answer = self.router.clone().oneshot(request).await.into_response();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0;") || value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer::of(answer).await
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    async fn post(&mut self, path: &str, body: &str) -> Answer {
        let origin = self.origin;
        self.send(Method::POST, path, Some(body), &[("origin", origin)]).await
    }

    async fn sign_in(&mut self, hours: u64) -> Answer {
        self.sign_in_as("elena", hours).await
    }

    async fn sign_in_as(&mut self, who: &str, hours: u64) -> Answer {
        let form = self.get("/sign-in?next=/console").await;
        let token = self.token(who, hours);
        self.post("/sign-in", &format!("csrf={}&next=/console&token={token}", form.csrf())).await
    }
}

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

impl Answer {
    async fn of(answer: Response) -> Self {
        let (parts, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Self { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    fn csrf(&self) -> String {
        let rest = self.text.split("name=\"csrf\" value=\"").nth(1).expect("the page has a form");
        rest.split('"').next().unwrap().to_owned()
    }

    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

#[tokio::test]
async fn who_signs_in_is_brought_where_they_wanted_and_whoever_signs_out_is_out_with_every_copy() {
    let mut browser = Browser::at("https://window.example");
    let away = browser.get("/console").await;
    assert_eq!((away.status, away.location()), (StatusCode::SEE_OTHER, "/sign-in?next=/console"));
    let inside = browser.sign_in(8).await;
    assert_eq!((inside.status, inside.location()), (StatusCode::SEE_OTHER, "/console"));
    let page = browser.get("/console").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("<p>elena</p>") && page.text.contains("aria-current=\"page\""), "{}", page.text);

    let copy = browser.cookies.clone();
    let out = browser.post("/sign-out", &format!("csrf={}", page.csrf())).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/sign-in"), "no provider knows of this session");
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER);
    browser.cookies = copy;
    assert_eq!(browser.get("/console").await.status, StatusCode::SEE_OTHER, "a copy of the cookie opens nothing");
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_when_its_token_ends_and_in_any_case() {
    let mut idle = Browser::at("https://window.example");
    idle.sign_in(100).await;
    idle.clock.advance(SignedDuration::from_mins(29));
    assert_eq!(idle.get("/console").await.status, StatusCode::OK);
    idle.clock.advance(SignedDuration::from_mins(29));
    assert_eq!(idle.get("/console").await.status, StatusCode::OK, "it was used");
    idle.clock.advance(SignedDuration::from_mins(31));
    assert_eq!(idle.get("/console").await.status, StatusCode::SEE_OTHER);

    let mut short = Browser::at("https://window.example");
    short.sign_in(1).await;
    for _ in 0..3 {
        short.clock.advance(SignedDuration::from_mins(20));
        short.get("/console").await;
    }
    assert_eq!(short.get("/console").await.status, StatusCode::SEE_OTHER, "the token is over");

    let mut long = Browser::at("https://window.example");
    long.sign_in(100).await;
    for _ in 0..30 {
        long.clock.advance(SignedDuration::from_mins(20));
        long.get("/console").await;
    }
    assert_eq!(long.get("/console").await.status, StatusCode::SEE_OTHER, "ten hours are the longest");
}

#[tokio::test]
async fn a_page_that_is_kept_up_to_date_keeps_no_session_alive_and_who_reads_it_does() {
    let events = [("accept", "text/event-stream")];
    let mut left = Browser::at("https://window.example");
    left.sign_in(8).await;
    for _ in 0..6 {
        left.clock.advance(SignedDuration::from_mins(4));
        assert_eq!(left.send(Method::GET, "/live", None, &events).await.status, StatusCode::OK);
        // Nor does a page that asks by itself whether the session goes on.
        assert_eq!(left.send(Method::GET, "/here", None, &events).await.status, StatusCode::NO_CONTENT);
    }
    left.clock.advance(SignedDuration::from_mins(7));
    let closed = left.send(Method::GET, "/live", None, &events).await;
    assert_eq!(closed.status, StatusCode::UNAUTHORIZED, "thirty-one minutes, and nobody was there");
    assert_eq!(left.send(Method::GET, "/here", None, &events).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(left.get("/console").await.status, StatusCode::SEE_OTHER);
    assert_eq!(left.get("/here").await.status, StatusCode::UNAUTHORIZED);

    let mut read = Browser::at("https://window.example");
    read.sign_in(8).await;
    for _ in 0..6 {
        read.clock.advance(SignedDuration::from_mins(20));
        assert_eq!(read.get("/here").await.status, StatusCode::NO_CONTENT, "somebody moved a hand");
        assert_eq!(read.send(Method::GET, "/live", None, &events).await.status, StatusCode::OK);
    }
    assert_eq!(read.get("/console").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_stream_to_a_page_ends_when_the_session_does_that_nobody_uses() {
    let mut browser = Browser::at("https://window.example");
    browser.sign_in(8).await;
    browser.clock.advance(SignedDuration::from_mins(29));
    let began = tokio::time::Instant::now();
    let answer = browser.send(Method::GET, "/endless", None, &[("accept", "text/event-stream")]).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ": here\n\n"));
    assert_eq!(began.elapsed().as_secs(), 60, "what was left of thirty minutes");
    browser.get("/here").await;
    let began = tokio::time::Instant::now();
    browser.send(Method::GET, "/endless", None, &[("accept", "text/event-stream")]).await;
    assert_eq!(began.elapsed().as_secs(), 600, "the next is opened with whatever session there is then");
}

#[tokio::test]
async fn signing_in_begins_a_session_that_was_in_nobodys_browser_before() {
    let mut browser = Browser::at("https://window.example");
    browser.sign_in(8).await;
    let before = browser.cookies["__Host-ventanilla-session"].clone();
    let csrf = browser.get("/console").await.csrf();
    browser.post("/sign-out", &format!("csrf={csrf}")).await;
    browser.sign_in(8).await;
    let page = browser.get("/console").await;
    assert_ne!(browser.cookies["__Host-ventanilla-session"], before);
    assert_ne!(page.csrf(), csrf, "a form of the session before is of no use");
    assert_eq!(browser.post("/console", &format!("csrf={csrf}&text=a&count=1")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_form_is_taken_with_the_mark_of_this_session_from_a_page_of_ours_alone() {
    let mut browser = Browser::at("https://window.example");
    browser.sign_in(8).await;
    let csrf = browser.get("/console").await.csrf();
    let body = format!("csrf={csrf}&text=%3Cscript%3E&count=3");
    let taken = browser.post("/console", &body).await;
    assert_eq!(taken.status, StatusCode::OK);
    assert!(taken.text.contains("<p>&#60;script&#62; 3</p>"), "{}", taken.text);

    for mark in ["", "x", "AAAA"] {
        let answer = browser.post("/console", &format!("csrf={mark}&text=a&count=3")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{mark:?}");
    }
    for from in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let answer = browser.send(Method::POST, "/console", Some(&body), &[from]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{from:?}");
    }
    let mut other = Browser::at("https://window.example");
    other.sign_in(8).await;
    let theirs = other.get("/console").await.csrf();
    let answer = browser.post("/console", &format!("csrf={theirs}&text=a&count=3")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "another session's mark");
}

#[tokio::test]
async fn a_handler_that_reads_no_form_is_not_come_to_without_the_mark_either() {
    let mut browser = Browser::at("https://window.example");
    browser.sign_in(8).await;
    let csrf = browser.get("/console").await.csrf();
    assert_eq!(browser.post("/bare", "").await.status, StatusCode::FORBIDDEN);
    let from = [("origin", "https://evil.example")];
    let elsewhere = browser.send(Method::POST, "/bare", Some(&format!("csrf={csrf}")), &from).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    let done = browser.post("/bare", &format!("csrf={csrf}")).await;
    assert_eq!((done.status, done.text.as_str()), (StatusCode::OK, "done"));
    // Of a session that is over: sign in again, and not that the page is somebody else's.
    browser.clock.advance(SignedDuration::from_mins(31));
    assert_eq!(browser.post("/bare", &format!("csrf={csrf}")).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_cannot_be_read_names_its_field() {
    let mut browser = Browser::at("https://window.example");
    browser.sign_in(8).await;
    let csrf = browser.get("/console").await.csrf();
    let bad = browser.post("/console", &format!("csrf={csrf}&text=a&count=x")).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert!(bad.text.contains("<code>count</code>"), "{}", bad.text);
    let missing = browser.post("/console", &format!("csrf={csrf}&count=1")).await;
    assert!(missing.text.contains("<code>text</code>"), "{}", missing.text);
    let long = format!("csrf={csrf}&count=1&text={}", "a".repeat(400_000));
    assert_eq!(browser.post("/console", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    // A browser that kept nothing shows a mark of nobody's.
    browser.cookies.clear();
    assert_eq!(browser.post("/console", &format!("csrf={csrf}&text=a&count=1")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn every_answer_carries_the_headers_and_no_page_a_script_of_its_own() {
    let mut browser = Browser::at("https://window.example");
    for path in ["/sign-in", "/nothing-here", "/refused", "/console"] {
        let answer = browser.get(path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
        assert!(
            !answer.text.contains("<style") && !answer.text.contains(" style=") && !answer.text.contains(" onclick")
        );
    }
    assert_eq!(browser.get("/nothing-here").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/refused").await.status, StatusCode::CONFLICT);
    assert!(browser.get("/nothing-here").await.text.contains("<html lang=\"es\">"));
}

#[tokio::test]
async fn files_of_pages_are_kept_for_good_under_the_name_of_what_they_hold() {
    let mut browser = Browser::at("https://window.example");
    let page = browser.get("/sign-in").await;
    let css = page.text.split("href=\"").find(|part| part.starts_with("/static/site.")).unwrap();
    let css = css.split('"').next().unwrap();
    let file = browser.get(css).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let old = browser.get("/static/site.0000000000000000.css").await;
    assert_eq!((old.status, old.headers[header::CACHE_CONTROL].to_str().unwrap()), (StatusCode::OK, "no-cache"));
    assert_eq!(browser.get("/static/other.css").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_other_language_of_a_page_that_refused_leads_somewhere() {
    let mut browser = Browser::at("https://window.example");
    browser.sign_in(8).await;
    assert_eq!(browser.post("/sign-out", "csrf=0000").await.status, StatusCode::FORBIDDEN);
    let other = browser.get("/sign-out?lang=en").await;
    assert_eq!((other.status, other.location()), (StatusCode::SEE_OTHER, "/"));
    assert!(browser.get("/console").await.text.contains("<html lang=\"en\">"), "still signed in, in English");
}

#[tokio::test]
async fn a_language_that_was_chosen_is_remembered() {
    let mut browser = Browser::at("https://window.example");
    let english = browser.get("/sign-in?lang=en").await;
    assert!(english.text.contains("<html lang=\"en\">") && english.text.contains("Sign in"));
    assert!(browser.get("/sign-in").await.text.contains("<html lang=\"en\">"));
    assert_eq!(Lang::parse("en-GB"), Some(Lang::En));
}

#[tokio::test]
async fn tokens_are_not_tried_as_fast_as_somebody_likes() {
    let mut browser = Browser::at("http://localhost:7100");
    let mut last = StatusCode::OK;
    for _ in 0..11 {
        let csrf = browser.get("/sign-in").await.csrf();
        last = browser.post("/sign-in", &format!("csrf={csrf}&token=abc")).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    browser.clock.advance(SignedDuration::from_secs(13));
    let csrf = browser.get("/sign-in").await.csrf();
    let again = browser.post("/sign-in", &format!("csrf={csrf}&token=abc")).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("aria-invalid"));
}

#[tokio::test]
async fn looking_and_changing_are_counted_apart_by_person_and_by_address() {
    let origin = "https://window.example";
    let rate = Rate { burst: 4, per_minute: 4 };
    let limits = LimitSettings { read: rate, change: Rate { burst: 2, ..rate }, ..LimitSettings::default() };
    let settings = Settings { public_url: origin.to_owned(), sealing_keys: keys(&[7]), limits, ..Settings::default() };
    let mut ana = Browser::with(settings, origin);
    ana.sign_in(8).await;
    let csrf = ana.get("/console").await.csrf();
    for _ in 0..3 {
        assert_eq!(ana.get("/console").await.status, StatusCode::OK);
    }
    let refused = ana.get("/console").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers.contains_key(header::RETRY_AFTER), "{:?}", refused.headers);

    // Who looks too much may still change something; and of that too there is an end.
    let mut changes = Vec::new();
    for _ in 0..3 {
        changes.push(ana.post("/console", &format!("csrf={csrf}&text=a&count=1")).await.status);
    }
    assert_eq!(changes, [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS]);
    // Another person at the same address is another person.
    let hers = std::mem::take(&mut ana.cookies);
    ana.sign_in_as("berta", 8).await;
    assert_eq!(ana.get("/console").await.status, StatusCode::OK);
    ana.clock.advance(SignedDuration::from_secs(61));
    ana.cookies = hers;
    assert_eq!(ana.get("/console").await.status, StatusCode::OK, "a minute later there is room again");
}

#[tokio::test]
async fn a_session_outlives_a_change_of_keys_while_the_old_one_opens() {
    let origin = "https://window.example";
    let settings =
        |bytes: &[u8]| Settings { public_url: origin.to_owned(), sealing_keys: keys(bytes), ..Settings::default() };
    let mut old = Browser::with(settings(&[1]), origin);
    old.sign_in(8).await;
    let mut both = Browser::with(settings(&[2, 1]), origin);
    both.cookies = old.cookies.clone();
    assert_eq!(both.get("/console").await.status, StatusCode::OK);
    let mut new = Browser::with(settings(&[2]), origin);
    new.cookies = old.cookies.clone();
    assert_eq!(new.get("/console").await.status, StatusCode::SEE_OTHER);
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let issuer = TokenIssuer::new(&key, "house", "ventanilla").unwrap();
    for (url, taken) in [
        ("http://localhost:7100", true),
        ("http://127.0.0.1:7100", true),
        ("https://window.example", true),
        ("http://window.example", false),
        ("window.example", false),
        ("ftp://localhost", false),
    ] {
        let settings = Settings { public_url: url.to_owned(), sealing_keys: keys(&[7]), ..Settings::default() };
        let web = Web::new(settings, Arc::new(issuer.verifier(Ambient::system())), Ambient::system());
        assert_eq!(web.is_ok(), taken, "{url}");
    }
}

//! The window: one port of HTTP before the services. REST for systems, one question each for telephone systems, pages for the
//! office, the floor and the customer.
//!
//! It mounts and decides nothing: each part is a crate of its own beside this one (`rest`, `ivr`, `tracking`, `console`, `floor`),
//! `web` is what all pages share, and `edge` serves the port. Everything is asked of the services by the caller's own token, but what a customer without one
//! complains of: that is brought by a token that can do nothing else.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use edge::{Callers, HttpSettings, Leaving, Problem};
use http::header::ACCEPT;
use http::{HeaderValue, Method, StatusCode};
use kernel::Ambient;
use serde::Deserialize;
use server::{Hall, Peers, TokenSource, TokenVerifier};
use tower::ServiceExt as _;
use web::{Web, secure_headers};

/// Name of the process.
pub const NAME: &str = "gateway";

/// Settings unless told otherwise.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The gateway's own settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Limits of the port.
    pub http: HttpSettings,
    /// Limits of REST.
    pub rest: rest::Settings,
    /// How the house answers its telephone.
    pub ivr: ivr::Settings,
    /// Pages: where browsers find them, how people sign in.
    pub web: web::Settings,
    /// The floor's pages.
    pub floor: floor::Settings,
    /// What becomes of complaints that are made on the customer's page.
    pub tracking: tracking::Settings,
}

/// Why the gateway does not come up.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The contract of this build, or a service without an address.
    #[error("REST cannot be served")]
    Rest(#[from] rest::Unservable),
    /// The settings of the pages.
    #[error("the settings of the pages (`service.web`) cannot be used")]
    Web(#[from] web::SettingsError),
    /// The port.
    #[error("serving failed")]
    Serve(#[from] std::io::Error),
}

/// What the gateway works with.
pub struct Parts {
    /// The services.
    pub peers: Peers,
    /// The token of the form for complaints, where there is one.
    pub own: TokenSource,
    /// Tells whose token it is.
    pub verifier: Arc<TokenVerifier>,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// Everything the window answers.
///
/// # Errors
/// [`GatewayError`] when settings or contract cannot be used.
pub fn router(settings: &Settings, parts: Parts) -> Result<Router, GatewayError> {
    let Parts { peers, own, verifier, ambient } = parts;
    let web = Web::new(settings.web.clone(), Arc::clone(&verifier), ambient.clone())?;
    let https = web.is_https();
    let callers = Callers::new(verifier, Arc::clone(web.limits()), ambient.clone());
    // A path of no route is a page for who reads pages.
    let nowhere = web.dress(Router::new().fallback(async || StatusCode::NOT_FOUND));
    let floor = floor::State { peers: peers.clone(), ambient: ambient.clone(), settings: settings.floor.clone() };
    Ok(Router::new()
        .merge(rest::router(rest::State {
            peers: peers.clone(),
            settings: settings.rest.clone(),
            limits: Arc::clone(web.limits()),
            callers: callers.clone(),
            ambient: ambient.clone(),
        })?)
        .merge(ivr::router(ivr::State { peers: peers.clone(), callers, ambient, settings: settings.ivr.clone() }))
        .merge(tracking::router(tracking::State {
            peers: peers.clone(),
            web: web.clone(),
            own,
            settings: settings.tracking.clone(),
        }))
        .merge(console::router(console::State { peers, web: web.clone() }))
        .merge(web.dress(floor::router(floor)))
        .merge(web.router())
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .fallback_service(Router::new().fallback(nothing_here).with_state(nowhere))
        // What is no page goes out with the same headers, but for what it says of itself.
        .layer(secure_headers(https)))
}

/// Serves until told to stop.
///
/// # Errors
/// [`GatewayError`].
pub async fn serve(settings: Settings, hall: Hall) -> Result<(), GatewayError> {
    let Hall { ambient, verifier, peers, own, listener, cancel, lame_duck } = hall;
    let router = router(&settings, Parts { peers, own, verifier, ambient })?;
    let lame_duck_ms = u64::try_from(lame_duck.as_millis()).unwrap_or(u64::MAX);
    Ok(edge::serve(router, listener, HttpSettings { lame_duck_ms, ..settings.http }, cancel).await?)
}

/// Whether new requests should come here. A service that is down is no reason: the others' pages and calls still answer.
async fn ready(Extension(Leaving(leaving)): Extension<Leaving>) -> Response {
    if leaving.is_cancelled() { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { "ready".into_response() }
}

/// Nothing is at this path: as a page for a browser that looks, as a problem for whatever else asks.
async fn nothing_here(State(nowhere): State<Router>, request: Request) -> Response {
    let looks = matches!(*request.method(), Method::GET | Method::HEAD);
    let reads = |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
    if looks && request.headers().get_all(ACCEPT).iter().any(reads) {
        return nowhere.oneshot(request).await.into_response();
    }
    let problem = Problem::new(
        StatusCode::NOT_FOUND,
        "NO_SUCH_ROUTE",
        "nothing is found here; /reference lists what systems may call, /sign-in is for staff and /t for customers",
    );
    problem.into_response()
}

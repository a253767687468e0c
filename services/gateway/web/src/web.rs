//! What the pages are served with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use kernel::Ambient;
use server::TokenVerifier;

use crate::departments::Register;
use crate::oidc::{Provider, Work};
use crate::renewal::{self, Outcome, Renewals};
use crate::seal::Sealer;
use crate::visit::SIGN_OUT;
use crate::{Cookies, Limits, Settings, SettingsError, SignIn, assets, oidc, sign_in, visit};

/// The pages' common ground. Cheap to clone.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    settings: Settings,
    origin: String,
    sealer: Arc<Sealer>,
    cookies: Cookies,
    limits: Arc<Limits>,
    verifier: Arc<TokenVerifier>,
    ambient: Ambient,
    provider: Option<Arc<Provider>>,
    renewals: Renewals,
    departments: Arc<Register>,
    /// Sessions that were ended, until they would be over anyway. Of this process: another replica does not know them.
    signed_out: Mutex<HashMap<String, Timestamp>>,
}

impl Web {
    /// With these settings; `verifier` tells whose token is whose, as it does in the services.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings cannot be used.
    pub fn new(settings: Settings, verifier: Arc<TokenVerifier>, ambient: Ambient) -> Result<Self, SettingsError> {
        let origin = settings.origin()?;
        let sealer = Arc::new(Sealer::new(&settings.sealing_keys)?);
        let cookies = Cookies::new(Arc::clone(&sealer), origin.starts_with("https://"));
        let limits = Arc::new(Limits::new(settings.limits.clone()));
        let provider = match &settings.sign_in {
            SignIn::Token => None,
            SignIn::Oidc(oidc) => Some(Arc::new(Provider::new(oidc.clone())?)),
        };
        Ok(Self(Arc::new(Inner {
            settings,
            origin,
            sealer,
            cookies,
            limits,
            verifier,
            ambient,
            provider,
            renewals: Renewals::default(),
            departments: Arc::default(),
            signed_out: Mutex::default(),
        })))
    }

    /// The pages of this crate: `/`, `/sign-in`, `/sign-out`, `/signed-out`, `/here`, `/oidc/callback`, `/static/…`. Dressed already.
    pub fn router(&self) -> Router {
        let routes = Router::new()
            .route("/", get(sign_in::home))
            .route("/sign-in", get(sign_in::show).post(sign_in::with_token))
            .route("/sign-in/begin", get(oidc::start))
            .route("/oidc/callback", get(oidc::callback))
            // Looked at and not sent, as by the link to the other language of a page that refused: there is nothing there.
            .route(SIGN_OUT, post(sign_in::out).get(async || Redirect::to("/")))
            .route("/signed-out", get(sign_in::farewell))
            .route("/here", get(sign_in::here))
            .route("/static/{name}", get(assets::serve))
            .with_state(self.clone());
        self.dress(routes)
    }

    /// Puts around these routes what pages need: session, language, limits, headers, and pages for what goes wrong.
    pub fn dress(&self, routes: Router) -> Router {
        routes.layer(axum::middleware::from_fn_with_state(self.clone(), visit::serve))
    }

    /// Sealed cookies.
    pub fn cookies(&self) -> &Cookies {
        &self.0.cookies
    }

    /// Limits by class: one count of this process, whoever asks.
    pub fn limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    /// Scheme, host and port that browsers know the window by.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Time and chance.
    pub fn ambient(&self) -> &Ambient {
        &self.0.ambient
    }

    pub(crate) fn departments(&self) -> &Arc<Register> {
        &self.0.departments
    }

    /// Whether the window is reached by https alone.
    pub fn is_https(&self) -> bool {
        self.0.origin.starts_with("https://")
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn sealer(&self) -> &Sealer {
        &self.0.sealer
    }

    pub(crate) fn verifier(&self) -> &TokenVerifier {
        &self.0.verifier
    }

    /// Where people sign in; `None` for tokens of the suite.
    pub(crate) fn provider(&self) -> Option<&Arc<Provider>> {
        self.0.provider.as_ref()
    }

    /// The renewal that uses up this token. What came of it is remembered for as long as a session lasts that nobody uses: its browser may have gone away
    /// before it was told.
    pub(crate) fn renewal(&self, provider: &Arc<Provider>, refresh: &str) -> Work<Outcome> {
        let remembered = SignedDuration::from_mins(i64::from(self.0.settings.idle_minutes).max(1));
        let begin = || {
            let (verifier, ambient) = (Arc::clone(&self.0.verifier), self.0.ambient.clone());
            renewal::begin(Arc::clone(provider), verifier, ambient, refresh.to_owned())
        };
        self.0.renewals.of(refresh, self.0.ambient.now(), remembered, begin)
    }

    /// Has the provider forget a session that was ended here, and whatever it was given meanwhile. Nobody waits for it.
    pub(crate) fn revoke(&self, refresh: String) {
        let Some(provider) = self.0.provider.clone() else { return };
        let (given, ambient) = (self.0.renewals.known(&refresh), self.0.ambient.clone());
        drop(oidc::begun(
            async move {
                let mut tokens = vec![refresh];
                if let Some(given) = given
                    && let Outcome::Fresh(given) = given.await
                {
                    tokens.extend(given.refresh.clone());
                }
                for token in tokens {
                    if let Err(error) = provider.revoke(&token, ambient.now()).await {
                        tracing::warn!(error = kernel::chain(&*error), "a session was not revoked at the provider");
                    }
                }
            },
            (),
        ));
    }

    pub(crate) fn is_signed_out(&self, id: &str) -> bool {
        self.0.signed_out.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    pub(crate) fn sign_out(&self, id: String, until: Timestamp) {
        let now = self.0.ambient.now();
        let mut ended = self.0.signed_out.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until > now);
        ended.insert(id, until);
    }
}

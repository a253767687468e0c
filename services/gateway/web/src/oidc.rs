//! Signing in at the enterprise's identity provider: OpenID Connect, authorization code with PKCE, state and nonce.
//!
//! A client of our own and not a library's: the one there is for Rust brings a second set of cryptography (RSA with a known timing
//! leak among it) for what `jsonwebtoken` on aws-lc-rs does here already, and what is left of the protocol is this file.
//!
//! What counts as who somebody is remains the access token, a JWT that the services verify themselves; the ID token proves that it
//! was made for this sign-in, of this browser, and for the same subject.

mod id_token;
mod provider;
mod shared;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fetch::FetchError;
use http::{HeaderValue, StatusCode, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use server::TokenError;
use subtle::ConstantTimeEq as _;

use crate::sign_in::{begin, local_path};
use crate::trouble::see_other;
use crate::visit::{Visit, encoded};
use crate::{Class, Lang, Trouble, Web};

pub(crate) use provider::{Provider, Tokens};
pub(crate) use shared::{Work, begun};

/// Name of the cookie that remembers a sign-in that was begun.
const COOKIE: &str = "sign-in";
/// How long somebody may take at the provider.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where people sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// The issuer, as its ID tokens name it; its configuration is found under it.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// Our secret there; without one we are a public client and have PKCE alone.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
    /// What is asked for; `openid` always is. With `offline_access` most providers let a session be renewed.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The audience that the access token is to be for, where the provider wants it named.
    #[serde(default)]
    pub audience: Option<String>,
    /// Authorities that its address is certified by, in PEM, where those of the web do not certify it.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// What is remembered of a sign-in that was begun.
#[derive(Serialize, Deserialize)]
struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    at: i64,
}

/// Why a sign-in came to nothing. The person learns that it did, and to try again; the log learns why.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OidcError {
    /// It cannot be asked, or does not answer as it should.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What it says is not what it should.
    #[error("the identity provider's {0} cannot be used")]
    Answer(&'static str),
    /// An address that is neither `https` nor this machine.
    #[error("{0} of the identity provider is neither https nor on this machine")]
    Address(&'static str),
    /// The ID token does not hold.
    #[error("the ID token does not hold: {0}")]
    IdToken(&'static str),
    /// The signature or form of the ID token does not hold.
    #[error("the ID token does not hold")]
    Signature(#[from] jsonwebtoken::errors::Error),
    /// The access token is none that the services take.
    #[error("the access token is none that the services take")]
    AccessToken(#[from] TokenError),
    /// The access token is somebody else's.
    #[error("the access token and the ID token name different people")]
    Subjects,
}

/// The same for several who waited for it.
pub(crate) type Failed = Arc<OidcError>;

impl OidcError {
    /// Asked again in a moment, it may be otherwise.
    pub(crate) const fn is_passing(&self) -> bool {
        use FetchError::{Status, TooSlow, Unreachable};
        match self {
            Self::Fetch(error) => matches!(error, Unreachable(_) | TooSlow | Status(408 | 425 | 429 | 500..=599)),
            // Nobody could say yet whose key it is signed with.
            Self::AccessToken(error) => matches!(error, TokenError::Keys(_)),
            _ => false,
        }
    }

    /// The provider has judged what it was shown (RFC 6749 §5.2), or what it gave does not hold: asking again changes nothing.
    pub(crate) const fn is_final(&self) -> bool {
        match self {
            Self::Fetch(error) => matches!(error, FetchError::Status(400)),
            Self::AccessToken(error) => !matches!(error, TokenError::Keys(_)),
            Self::IdToken(_) | Self::Signature(_) | Self::Subjects => true,
            Self::Answer(_) | Self::Address(_) => false,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in/begin`: off to the provider. A link and no form: browsers hold the places a form leads to against our own policy.
pub(crate) async fn start(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let Some(provider) = web.provider() else { return Err(Trouble::new(StatusCode::NOT_FOUND)) };
    visit.count_address(Class::SignIn)?;
    let ambient = web.ambient();
    let word = || URL_SAFE_NO_PAD.encode(ambient.bytes::<32>());
    let begun = Begun {
        state: word(),
        nonce: word(),
        verifier: word(),
        next: local_path(&wanted.next).to_owned(),
        at: ambient.now().as_second(),
    };
    let known = provider.known(ambient.now()).await.map_err(|error| failed(&error))?;
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, begun.verifier.as_bytes());
    let settings = provider.settings();
    let scopes: Vec<_> = std::iter::once("openid").chain(settings.scopes.iter().map(String::as_str)).collect();
    let callback = callback_url(&web);
    let mut parameters = vec![
        ("response_type", "code".to_owned()),
        ("client_id", settings.client_id.clone()),
        ("redirect_uri", callback),
        ("scope", scopes.join(" ")),
        ("state", begun.state.clone()),
        ("nonce", begun.nonce.clone()),
        ("code_challenge", URL_SAFE_NO_PAD.encode(challenge.as_ref())),
        ("code_challenge_method", "S256".to_owned()),
        ("ui_locales", visit.lang.code().to_owned()),
    ];
    parameters.extend(settings.audience.clone().map(|audience| ("audience", audience)));
    let query: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let joint = if known.authorization_endpoint.contains('?') { '&' } else { '?' };
    let mut answer = see_other(&format!("{}{joint}{}", known.authorization_endpoint, query.join("&")));
    let kept = serde_json::to_vec(&begun).unwrap_or_default();
    put(&mut answer, web.cookies().put(COOKIE, &kept, PATIENCE));
    Ok(answer)
}

/// What the provider sends the browser back with.
#[derive(Deserialize)]
pub(crate) struct Returned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    iss: String,
}

/// `GET /oidc/callback`.
pub(crate) async fn callback(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    headers: http::HeaderMap,
    Query(returned): Query<Returned>,
) -> Result<Response, Trouble> {
    let Some(provider) = web.provider() else { return Err(Trouble::new(StatusCode::NOT_FOUND)) };
    visit.count_address(Class::SignIn)?;
    let now = web.ambient().now();
    let begun: Option<Begun> = web.cookies().take(&headers, COOKIE).and_then(|kept| serde_json::from_slice(&kept).ok());
    let patience = i64::try_from(PATIENCE.as_secs()).unwrap_or(0);
    let begun = begun.filter(|begun| now.as_second() < begun.at + patience);
    // Whoever did not begin here has nothing to end: the code may be one of a stranger, to be signed in as them.
    let Some(begun) = begun.filter(|begun| same(&begun.state, &returned.state)) else { return Err(not_begun_here()) };
    if !returned.iss.is_empty() && returned.iss != provider.settings().issuer {
        return Err(not_begun_here());
    }
    if !returned.error.is_empty() || returned.code.is_empty() {
        tracing::info!("the identity provider signed nobody in");
        return Err(refused());
    }
    let tokens = provider
        .exchange(&returned.code, &begun.verifier, &callback_url(&web), now)
        .await
        .map_err(|error| failed(&error))?;
    provider.hold(&tokens, Some(&begun.nonce), web.verifier(), now).await.map_err(|error| failed(&error))?;
    let mut answer = begin(&web, tokens.access, tokens.refresh, &begun.next);
    put(&mut answer, web.cookies().forget(&headers, COOKIE));
    Ok(answer)
}

fn put(answer: &mut Response, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Where the provider sends browsers back to.
fn callback_url(web: &Web) -> String {
    format!("{}/oidc/callback", web.origin())
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

fn not_begun_here() -> Trouble {
    Trouble::new(StatusCode::BAD_REQUEST)
        .saying(
            "Esta entrada no se empezó en este navegador, o hace demasiado. Empiece otra vez.",
            "This sign-in was not begun in this browser, or too long ago. Begin again.",
        )
        .back_to("/sign-in", "Entrar", "Sign in")
}

fn refused() -> Trouble {
    Trouble::new(StatusCode::FORBIDDEN)
        .saying("El proveedor de identidad no le ha dejado entrar.", "The identity provider did not let you in.")
        .back_to("/sign-in", "Volver a intentarlo", "Try again")
}

fn failed(error: &OidcError) -> Trouble {
    tracing::warn!(error = kernel::chain(error), "a sign-in failed");
    if error.is_passing() { silent().back_to("/sign-in", "Volver a intentarlo", "Try again") } else { refused() }
}

/// The provider does not answer.
pub(crate) fn silent() -> Trouble {
    Trouble::new(StatusCode::SERVICE_UNAVAILABLE).saying(
        "El proveedor de identidad no responde. Vuelva a intentarlo dentro de un momento.",
        "The identity provider does not answer. Try again in a moment.",
    )
}

/// The page that leads to the provider.
#[derive(Template)]
#[template(path = "sign_in_oidc.html")]
pub(crate) struct Door {
    pub(crate) lang: Lang,
    pub(crate) href: String,
}

impl Door {
    pub(crate) fn to(lang: Lang, next: &str) -> Self {
        Self { lang, href: format!("/sign-in/begin?next={}", encoded(next)) }
    }
}

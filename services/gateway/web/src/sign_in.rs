//! Signing in and out.

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::oidc::Door;
use crate::session::{self, Kept};
use crate::trouble::see_other;
use crate::visit::Visit;
use crate::{Class, Csrf, Form, Lang, Layout, Session, Trouble, Web, nav, page};

/// Longest path that is come back to.
const LONGEST: usize = 512;

/// `next` if it is a path of ours, else `/`: nobody is sent elsewhere by a link to our sign-in.
pub fn local_path(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let local = next.starts_with('/') && !next.starts_with("//");
    if plain && local && next.len() <= LONGEST { next } else { "/" }
}

/// What comes with a visit of the sign-in page.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    lang: Lang,
    csrf: Csrf,
    next: &'a str,
    refused: bool,
}

/// `GET /`.
pub(crate) async fn home(session: Session) -> Response {
    match nav::home(&session.principal) {
        Some(href) => see_other(href),
        None => Trouble::new(StatusCode::FORBIDDEN)
            .saying(
                "Ha entrado, pero ninguna página es para sus roles.",
                "You are signed in, but no page is for your roles.",
            )
            .into_response(),
    }
}

/// `GET /sign-in`.
pub(crate) async fn show(Extension(visit): Extension<Visit>, Query(wanted): Query<Wanted>) -> Response {
    let next = local_path(&wanted.next);
    if visit.session.is_some() {
        return see_other(next);
    }
    form(&visit, next, false)
}

fn form(visit: &Visit, next: &str, refused: bool) -> Response {
    let lang = visit.lang;
    if visit.web.provider().is_some() {
        return page(Layout::new(lang, lang.of("Entrar", "Sign in")), Door::to(lang, next));
    }
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = Layout::new(lang, lang.of("Entrar", "Sign in")).status(status);
    page(layout, SignInPage { lang, csrf: visit.csrf(), next, refused })
}

/// The pasted token.
#[derive(Deserialize)]
pub(crate) struct Pasted {
    #[serde(default)]
    token: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`.
pub(crate) async fn with_token(
    State(web): State<Web>,
    Extension(visit): Extension<Visit>,
    Form(pasted): Form<Pasted>,
) -> Result<Response, Trouble> {
    if web.provider().is_some() {
        return Err(Trouble::new(StatusCode::NOT_FOUND));
    }
    visit.count_address(Class::SignIn)?;
    let next = local_path(&pasted.next);
    let token = pasted.token.trim();
    match web.verifier().verify_asking(token).await {
        Ok(_) => Ok(begin(&web, token.to_owned(), None, next)),
        Err(error) => {
            tracing::info!(error = kernel::chain(&error), "a token was not taken at the sign-in");
            Ok(form(&visit, next, true))
        }
    }
}

/// A new session in this browser, and on to where the person wanted.
pub(crate) fn begin(web: &Web, bearer: String, refresh: Option<String>, next: &str) -> Response {
    let kept = Kept::begin(web, bearer, refresh);
    let mut answer = see_other(next);
    keep(&mut answer, kept.keep(web));
    answer
}

fn keep(answer: &mut Response, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// `POST /sign-out`.
pub(crate) async fn out(State(web): State<Web>, Extension(visit): Extension<Visit>, headers: HeaderMap) -> Response {
    let cookies = match &visit.kept {
        Some(kept) => {
            kept.revoke(&web);
            kept.end(&web, &headers)
        }
        None => session::forget(&web, &headers),
    };
    // Not to the provider at once: browsers hold the places a form leads to against our own policy.
    let mut answer = see_other(if web.provider().is_some() { "/signed-out" } else { "/sign-in" });
    keep(&mut answer, cookies);
    answer
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut {
    lang: Lang,
    /// Where the session at the provider ends; none where it has no such place, or does not answer.
    farewell: Option<String>,
}

/// `GET /signed-out`: on to the provider, whose session would let the next one at this browser in without a word.
pub(crate) async fn farewell(State(web): State<Web>, Extension(visit): Extension<Visit>) -> Response {
    let Some(provider) = web.provider() else { return see_other("/sign-in") };
    if visit.session.is_some() {
        return see_other("/");
    }
    let farewell = provider.farewell(&format!("{}/", web.origin()), web.ambient().now()).await;
    let farewell = farewell.unwrap_or_else(|error| {
        tracing::warn!(error = kernel::chain(&*error), "nobody can be sent to the provider to sign out");
        None
    });
    let on = farewell.as_ref().and_then(|url| HeaderValue::try_from(format!("0;url={url}")).ok());
    let lang = visit.lang;
    let mut answer = page(Layout::new(lang, lang.of("Ha salido", "You are signed out")), SignedOut { lang, farewell });
    if let Some(on) = on {
        answer.headers_mut().insert(header::REFRESH, on);
    }
    answer
}

/// `GET /here`: somebody reads a page that stays open. The layer around it writes down that the session is used, unless the page asks by itself whether it
/// goes on. While the provider does not answer nobody can tell, and no page says that it is over.
pub(crate) async fn here(Extension(visit): Extension<Visit>) -> StatusCode {
    match (&visit.session, visit.unanswered) {
        (Some(_), _) => StatusCode::NO_CONTENT,
        (None, true) => StatusCode::SERVICE_UNAVAILABLE,
        (None, false) => StatusCode::UNAUTHORIZED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for ours in ["/", "/console", "/console/cases/1?tab=2", "/a%2F%2Fb"] {
            assert_eq!(local_path(ours), ours);
        }
        let long = format!("/{}", "a".repeat(600));
        for other in [
            "",
            "console",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/\tx",
            "\\/x",
            &long,
        ] {
            assert_eq!(local_path(other), "/", "{other:?}");
        }
    }
}

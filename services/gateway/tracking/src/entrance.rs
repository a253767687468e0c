//! Where key and proof are typed.

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use edge::ClientAddress;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tonic::Code;
use ventanilla_proto::ticketing::v1::GetPublicStatusRequest;
use web::{Class, Csrf, Form, Lang, Layout, Trouble, page};

use crate::kept::Kept;
use crate::{State, UNKNOWN, reason};

/// Characters of a field at most: whoever types more has typed something else.
const LONGEST: usize = 64;

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    key: String,
    #[serde(default)]
    proof: String,
}

/// Why the form is shown again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    /// The key cannot be one: a letter is mistyped.
    Key,
    /// The proof cannot be one.
    Proof,
    /// No affair has both. Which of the two is wrong is not told.
    Pair,
}

#[derive(Template)]
#[template(path = "entrance.html")]
struct Page {
    lang: Lang,
    csrf: Csrf,
    wrong: Wrong,
    /// Complaints are taken here.
    takes: bool,
}

fn form(state: &State, lang: Lang, csrf: Csrf, wrong: Wrong) -> Response {
    let status = if wrong == Wrong::Nothing { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let title = lang.of("¿Cómo va mi asunto?", "How does my affair stand?");
    // What was typed is not shown again: a page that stays in a browser's memory tells nobody a key.
    page(Layout::new(lang, title).status(status), Page { lang, csrf, wrong, takes: !state.own.is_nothing() })
}

/// `GET /t`.
pub(crate) async fn show(Of(state): Of<State>, lang: Lang, csrf: Csrf, headers: HeaderMap) -> Response {
    match Kept::read(&state.web, &headers) {
        Some(_) => Redirect::to("/t/affair").into_response(),
        None => form(&state, lang, csrf, Wrong::Nothing),
    }
}

/// `POST /t`. Tries are counted for the address and for the key, whether there is such a key or not.
pub(crate) async fn enter(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    address: Result<ClientAddress, edge::Problem>,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let now = state.web.ambient().now();
    let address = address.map_or_else(|_| "unknown".to_owned(), |address| address.network().to_string());
    state.web.limits().take(Class::Guess, &format!("t {address}"), now).map_err(Trouble::too_many)?;
    if typed.key.len() > LONGEST || typed.proof.len() > LONGEST {
        return Ok(form(&state, lang, csrf, Wrong::Pair));
    }
    let name = counted(&typed.key);
    state.web.limits().take(Class::Guess, &format!("k {name}"), now).map_err(Trouble::too_many)?;

    let request = GetPublicStatusRequest { tracking_key: typed.key.clone(), proof: typed.proof.clone() };
    let answer = async { state.tickets()?.get_public_status(request).await }.await;
    match answer {
        Ok(status) => {
            let key = status.into_inner().tracking_key;
            let mut answer = Redirect::to("/t/affair").into_response();
            Kept::new(key, typed.proof, now).put(&state.web, &mut answer);
            Ok(answer)
        }
        Err(status) if reason(&status) == UNKNOWN => Ok(form(&state, lang, csrf, Wrong::Pair)),
        Err(status) if status.code() == Code::InvalidArgument => {
            let named = Trouble::from(status);
            let of_the_key = named.faults().iter().any(|fault| fault.field == "tracking_key");
            Ok(form(&state, lang, csrf, if of_the_key { Wrong::Key } else { Wrong::Proof }))
        }
        Err(status) => Err(Trouble::from(status).back_to("/t", "Volver", "Back")),
    }
}

/// What a key is counted by: however it is written, look-alikes are what ticketing takes them for.
fn counted(key: &str) -> String {
    let resolved = |character: char| match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    key.chars().filter(char::is_ascii_alphanumeric).map(resolved).collect()
}

/// `POST /t/leave`.
pub(crate) async fn leave(Of(state): Of<State>, headers: HeaderMap) -> Response {
    let mut answer = Redirect::to("/t").into_response();
    Kept::forget(&state.web, &headers, &mut answer);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_counted_as_one_however_it_is_written() {
        for written in ["7K3M-9QX0-2V1D-1", "7k3m 9qxo 2vld i", "7K3M9QXO2VIDL"] {
            assert_eq!(counted(written), "7K3M9QX02V1D1", "{written}");
        }
    }
}

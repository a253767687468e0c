//! Where key and proof are typed.

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use edge::ClientAddress;
use http::{HeaderMap, StatusCode};
use tonic::Code;
use ventanilla_proto::ticketing::v1::GetPublicStatusRequest;
use web::{Csrf, Form, Lang, Layout, Trouble, page};

use crate::affair::{Asked, Said, affair};
use crate::draft::{Draft, Which, value_of};
use crate::kept::Kept;
use crate::{State, Tries, UNKNOWN, network, office, reason};

/// Characters of a field at most: whoever types more has typed something else.
const LONGEST: usize = 64;

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
    /// What was kept is over, and something was sent: it was not done.
    Over,
}

#[derive(Template)]
#[template(path = "entrance.html")]
struct Page {
    lang: Lang,
    csrf: Csrf,
    wrong: Wrong,
    /// Complaints are taken here.
    takes: bool,
    /// What was written before, and waits for key and proof.
    draft: Draft,
}

fn form(state: &State, (lang, csrf): (Lang, Csrf), wrong: Wrong, draft: Draft) -> Response {
    let status = match wrong {
        Wrong::Nothing => StatusCode::OK,
        Wrong::Over => StatusCode::UNAUTHORIZED,
        Wrong::Key | Wrong::Proof | Wrong::Pair => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let title = lang.of("¿Cómo va mi asunto?", "How does my affair stand?");
    // What was typed is not shown again: a page that stays in a browser's memory tells nobody a key.
    page(Layout::new(lang, title).status(status), Page { lang, csrf, wrong, takes: !state.own.is_nothing(), draft })
}

/// The entrance, for who sent a form when key and proof were not kept any more: what they wrote waits in it.
pub(crate) fn again(state: &State, lang: Lang, csrf: Csrf, draft: Draft) -> Response {
    // A code is typed anew: no page carries it.
    let text = if draft.which == Which::Code { String::new() } else { draft.text };
    form(state, (lang, csrf), Wrong::Over, Draft { text, ..draft })
}

/// `GET /t`.
pub(crate) async fn show(Of(state): Of<State>, lang: Lang, csrf: Csrf, headers: HeaderMap) -> Response {
    match Kept::read(&state.web, &headers) {
        Some(_) => Redirect::to("/t/affair").into_response(),
        None => form(&state, (lang, csrf), Wrong::Nothing, Draft::default()),
    }
}

/// `POST /t`. Tries are counted for the address and for the key, whether there is such a key or not, before it is asked about, and given back unless the pair
/// was refused: of many at once none goes uncounted, and who knows the pair is never kept out by coming often.
pub(crate) async fn enter(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    address: Result<ClientAddress, edge::Problem>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let now = state.web.ambient().now();
    let (key, proof, draft) = (value_of(&sent, "key"), value_of(&sent, "proof"), Draft::carried(&sent));
    let who = format!("t {}", network(address));
    if key.len() > LONGEST || proof.len() > LONGEST {
        Tries::count(&state.web, vec![who])?;
        return Ok(form(&state, (lang, csrf), Wrong::Pair, draft));
    }
    let tries = Tries::count(&state.web, vec![who, format!("k {}", counted(key))])?;
    let request = GetPublicStatusRequest { tracking_key: key.to_owned(), proof: proof.to_owned() };
    let answer = async { state.tickets()?.get_public_status(request).await }.await;
    tries.came_to(answer.as_ref().map(drop));
    match answer {
        Ok(status) => {
            let kept = Kept::new(status.into_inner().tracking_key, proof.to_owned(), now);
            entered(&state, (lang, csrf), &headers, kept, draft).await
        }
        Err(status) if reason(&status) == UNKNOWN => Ok(form(&state, (lang, csrf), Wrong::Pair, draft)),
        Err(status) if status.code() == Code::InvalidArgument => {
            let named = Trouble::from(status);
            let of_the_key = named.faults().iter().any(|fault| fault.field == "tracking_key");
            Ok(form(&state, (lang, csrf), if of_the_key { Wrong::Key } else { Wrong::Proof }, draft))
        }
        Err(status) => Err(Trouble::from(status).back_to("/t", "Volver", "Back")),
    }
}

/// On to the affair; or to the form that something was written into, with what was written.
async fn entered(
    state: &State,
    (lang, csrf): (Lang, Csrf),
    headers: &HeaderMap,
    kept: Kept,
    draft: Draft,
) -> Result<Response, Trouble> {
    let mut answer = if draft.is_nothing() {
        Redirect::to("/t/affair").into_response()
    } else if draft.which.is_of_the_office() {
        office::unsent(state, headers, kept.clone(), (lang, csrf), draft).await?
    } else {
        let asked = Asked { draft, ..Asked::newest(lang, csrf, Said::Unsent) };
        affair(state, headers, kept.clone(), asked).await?
    };
    kept.put(&state.web, &mut answer);
    Ok(answer)
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

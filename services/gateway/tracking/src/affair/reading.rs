//! What is too long for the page of the affair, on a page of its own.

use axum::extract::{Query, State as Of};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ticketing::v1::{GetPublicAffairRequest, PublicAffair, PublicMessage};
use web::{Lang, Layout, Reading, Trouble, When, reading};

use crate::kept::Kept;
use crate::{State, UNKNOWN, escaped, reason};

/// Pages of messages that are looked through: one may have moved on to the next page since its link was written.
const PAGES: usize = 3;

/// What is read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// `answer`, `history`, or the moment of a message.
    what: String,
    /// Which messages it stands among; empty for the newest.
    before: String,
    /// Which part of it; empty for the first.
    part: String,
}

/// What tells a message from the others: its moment. Those of one moment are read together.
pub(super) fn moment(message: &PublicMessage) -> String {
    message.occurred_time.map_or_else(String::new, |at| format!("{}.{}", at.seconds, at.nanos))
}

/// `GET /t/affair/read`: a message with the names of its files, the answer to all points, or every step, whole; what is long in parts.
pub(crate) async fn read(
    Of(state): Of<State>,
    lang: Lang,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, &headers) else { return Ok(Redirect::to("/t").into_response()) };
    match found(&state, &kept, lang, &wanted).await {
        Ok((title, text)) => {
            let text = Reading {
                text,
                part: wanted.part.parse().unwrap_or(1),
                address: format!("/t/affair/read?what={}&before={}&", escaped(&wanted.what), escaped(&wanted.before)),
                back: format!("/t/affair?before={}", escaped(&wanted.before)),
                back_text: lang.of("Volver a mi asunto", "Back to my affair"),
            };
            Ok(reading(Layout::new(lang, title), lang, &text))
        }
        Err(status) if reason(&status) == UNKNOWN => {
            let mut answer = Redirect::to("/t").into_response();
            Kept::forget(&state.web, &headers, &mut answer);
            Ok(answer)
        }
        Err(status) => Err(Trouble::from(status).back_to("/t/affair", "Volver a mi asunto", "Back to my affair")),
    }
}

/// The title of what is read, and its words.
async fn found(state: &State, kept: &Kept, lang: Lang, wanted: &Wanted) -> Result<(String, String), Status> {
    let mut page_token = wanted.before.clone();
    for _ in 0..PAGES {
        let request = GetPublicAffairRequest {
            tracking_key: kept.key.clone(),
            proof: kept.proof.clone(),
            page_token: page_token.clone(),
        };
        let shown = state.public()?.get_public_affair(request).await?.into_inner();
        if let Some(told) = told(lang, &shown, &wanted.what) {
            return Ok(told);
        }
        page_token = shown.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Err(Status::not_found("nothing of that is in the affair"))
}

/// What is asked for, where it is in this answer.
fn told(lang: Lang, shown: &PublicAffair, what: &str) -> Option<(String, String)> {
    let (title, texts) = match what {
        "answer" => {
            (lang.of("Lo que pidió y lo que respondemos", "What you asked for, and our answers"), answer(lang, shown))
        }
        "history" => (lang.of("Todo lo que ha pasado", "All that has happened"), history(lang, shown)),
        _ => {
            let at_that_moment = shown.messages.iter().filter(|message| moment(message) == what);
            let texts = at_that_moment.flat_map(|message| said(lang, message)).collect();
            (lang.of("Lo que hemos hablado", "What was said"), texts)
        }
    };
    (!texts.is_empty()).then(|| (title.to_owned(), texts.join("\n\n")))
}

fn said(lang: Lang, message: &PublicMessage) -> Vec<String> {
    let who = if message.from_customer { lang.of("Usted", "You") } else { lang.of("Nosotros", "We") };
    let when = When::of(lang, message.occurred_time).map(|when| format!(" {}", when.text)).unwrap_or_default();
    let files = message.file_names.iter().map(|name| format!("{} {name}", lang.of("Archivo:", "File:")));
    [format!("{who}{when}"), message.text.clone()].into_iter().chain(files).collect()
}

fn answer(lang: Lang, shown: &PublicAffair) -> Vec<String> {
    let mut texts = Vec::new();
    for (number, point) in (1..).zip(&shown.points) {
        texts.push(format!("{number}. {}", point.text));
        texts.push(match &*point.answer {
            "" => lang.of("Todavía sin respuesta.", "Not answered yet.").to_owned(),
            answer => format!("{}: {answer}", lang.of("Respuesta", "Answer")),
        });
    }
    let headed = [
        (lang.of("Nuestra respuesta en conjunto", "Our answer as a whole"), &shown.resolution),
        (lang.of("Dónde puede acudir", "Where you can turn"), &shown.signpost),
    ];
    texts.extend(headed.into_iter().filter(|(_, text)| !text.is_empty()).map(|(head, text)| format!("{head}: {text}")));
    texts
}

fn history(lang: Lang, shown: &PublicAffair) -> Vec<String> {
    let steps = shown.status.iter().flat_map(|status| &status.history);
    let told = steps.map(|step| match When::of(lang, step.enter_time) {
        Some(when) => format!("{} · {}", when.text, step.title),
        None => step.title.clone(),
    });
    told.collect()
}

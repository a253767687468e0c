//! What is too long for the page of the affair, on a page of its own.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ticketing::v1 as ticketing;
use web::{Lang, Layout, Reading, Session, Trouble, reading};

use super::{SHOWN, told};
use crate::Floor;
use crate::addresses::{last, named};

/// Pages of messages that are looked through: one may have moved on to the next page since its link was written.
const PAGES: usize = 3;

/// Which part of it, and among which messages.
#[derive(Deserialize)]
pub(crate) struct Parted {
    #[serde(default)]
    part: String,
    #[serde(default)]
    before: String,
}

/// `/floor/affairs/{ticket}/read/{what}`: what was claimed with the answers, or the message of this id, whole; what is long in parts.
pub(crate) async fn read(
    State(floor): State<Floor>,
    session: Session,
    Path((id, what)): Path<(String, String)>,
    Query(parted): Query<Parted>,
) -> Result<Response, Trouble> {
    let lang = session.lang;
    let name = named("tickets", &id)?;
    let before = percent_encoding::utf8_percent_encode(&parted.before, percent_encoding::NON_ALPHANUMERIC);
    let (title, text) = if what == "answer" {
        let request = ticketing::GetTicketRequest { name };
        let ticket = floor.tickets(&session)?.get_ticket(request).await?.into_inner();
        (lang.of("Lo que se pidió y lo que se respondió", "What was asked for, and the answers"), answer(lang, &ticket))
    } else {
        let message = message(&floor, &session, (&name, &what), parted.before.clone()).await?;
        let told = told(&message, lang);
        let when = told.at.map(|at| format!(" · {}", at.text)).unwrap_or_default();
        (lang.of("Qué se ha dicho", "What was said"), format!("{}{when}\n\n{}", told.who, told.body))
    };
    let text = Reading {
        text,
        part: parted.part.parse().unwrap_or(1),
        address: format!("/floor/affairs/{id}/read/{what}?before={before}&"),
        back: format!("/floor/affairs/{id}?before={before}"),
        back_text: lang.of("Volver al asunto", "Back to the affair"),
    };
    Ok(reading(Layout::new(lang, title).of(&session, "/floor/customers"), lang, &text))
}

async fn message(
    floor: &Floor,
    session: &Session,
    (parent, id): (&str, &str),
    mut page_token: String,
) -> Result<ticketing::Message, Trouble> {
    for _ in 0..PAGES {
        let request = ticketing::ListMessagesRequest {
            parent: parent.to_owned(),
            page_size: SHOWN,
            page_token,
            newest_first: true,
        };
        let said = floor.tickets(session)?.list_messages(request).await?.into_inner();
        if let Some(found) = said.messages.into_iter().find(|message| last(&message.name) == id) {
            return Ok(found);
        }
        page_token = said.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Err(Status::not_found("no such message").into())
}

/// What was claimed with the answers, and how it was resolved.
fn answer(lang: Lang, ticket: &ticketing::Ticket) -> String {
    let answered = |answer: &str| (!answer.is_empty()).then(|| format!("{}: {answer}", lang.of("Respuesta", "Answer")));
    let points = (1..).zip(&ticket.claim_points).flat_map(|(number, point)| {
        [Some(format!("{number}. {}", point.text)), answered(&point.answer)].into_iter().flatten()
    });
    let resolved = Some(&ticket.resolution).filter(|text| !text.is_empty());
    let resolved = resolved.map(|text| format!("{}: {text}", lang.of("Cómo se resolvió", "How it was resolved")));
    points.chain(resolved).collect::<Vec<_>>().join("\n\n")
}

//! One affair as who works on it sees it: what is claimed, what was said, and a letter to the customer. What the letter explains, and until when, is asked
//! beside it, since some terms of law are met by such a message and by no other.

mod reading;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::{Channel, Direction};
use web::{Csrf, Cut, Form, Lang, Layout, Said, Session, Trouble, When, page_within};

pub(crate) use reading::read;

use crate::Floor;
use crate::addresses::{last, named, stamp};
use crate::calls::may;
use crate::words;

const WRITE: &str = "/ventanilla.ticketing.v1.TicketService/AddMessage";
/// Messages of one page, the newest first.
const SHOWN: i32 = 25;

#[derive(Template)]
#[template(path = "affair.html")]
struct Affair<'a> {
    lang: Lang,
    cut: &'a Cut,
    department: String,
    id: &'a str,
    customer: String,
    ticket: &'a ticketing::Ticket,
    kind: &'static str,
    state: &'static str,
    channel: &'static str,
    received: Option<When>,
    messages: Vec<Message>,
    /// Where the messages before these are, as an address has it; empty where there are none.
    older: String,
    /// Where these are; empty for the newest.
    before: &'a str,
    may_write: bool,
    is_over: bool,
    csrf: Csrf,
    request_id: String,
    typed: &'a Letter,
    channels: Vec<(i32, &'static str)>,
    faults: Vec<(&'static str, Said)>,
    notice: Option<(&'static str, String)>,
}

impl Affair<'_> {
    fn fault(&self, field: &str) -> Option<&Said> {
        self.faults.iter().find(|(at, _)| *at == field).map(|(_, said)| said)
    }
}

/// Something that was said, or noted.
struct Message {
    id: String,
    who: &'static str,
    channel: &'static str,
    at: Option<When>,
    body: String,
    is_note: bool,
    /// By when the customer was told it is over.
    expected: Option<When>,
    files: usize,
}

/// A letter as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Letter {
    request_id: String,
    body: String,
    channel: i32,
    /// Day and hour, as browsers write them: `2026-11-27T18:30`.
    expected: String,
    signposts: String,
    sales_offer: String,
}

/// What was just done.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    done: String,
    /// Where the messages go on; empty for the newest.
    #[serde(default)]
    before: String,
}

/// `/floor/affairs/{ticket}`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let lang = session.lang;
    let done = |es: &str, en: &str| Some(("good", lang.of(es, en).to_owned()));
    let notice = match wanted.done.as_str() {
        "written" => done(
            "Anotado: el cliente lo lee en su página, y quien reparte mensajes lo manda por el canal elegido.",
            "Written down: the customer reads it on their page, and whoever delivers messages sends it by the channel you chose.",
        ),
        "explained" => done(
            "Anotado, y consta que explica por qué se tarda y hasta cuándo.",
            "Written down, and that it explains why it takes longer and until when is kept with it.",
        ),
        _ => None,
    };
    shown(&floor, &session, &named("tickets", &id)?, Sheet { notice, before: wanted.before, ..Sheet::default() }).await
}

/// What is shown beside the affair.
#[derive(Default)]
struct Sheet {
    before: String,
    typed: Letter,
    faults: Vec<(&'static str, Said)>,
    notice: Option<(&'static str, String)>,
    status: StatusCode,
}

async fn shown(floor: &Floor, session: &Session, name: &str, sheet: Sheet) -> Result<Response, Trouble> {
    let lang = session.lang;
    let mut tickets = floor.tickets(session)?;
    let request = ticketing::GetTicketRequest { name: name.to_owned() };
    let ticket = tickets.get_ticket(request).await?.into_inner();
    let request = ticketing::ListMessagesRequest {
        parent: ticket.name.clone(),
        page_size: SHOWN,
        page_token: sheet.before.clone(),
        newest_first: true,
    };
    let said = tickets.list_messages(request).await?.into_inner();
    use ticketing::TicketState as S;
    let department = session.departments(&floor.peers).await.called(&ticket.department, lang);
    let cut = Cut::default();
    let body = Affair {
        lang,
        cut: &cut,
        department,
        id: last(&ticket.name),
        customer: last(&ticket.customer).to_owned(),
        kind: words::ticket_type(ticket.ticket_type, lang),
        state: words::ticket_state(ticket.state, lang),
        channel: words::channel(ticket.channel, lang),
        received: When::of(lang, ticket.first_received_time),
        messages: said.messages.iter().map(|message| told(message, lang)).collect(),
        older: said.next_page_token,
        before: &sheet.before,
        may_write: may(session, WRITE),
        is_over: matches!(ticket.state(), S::Closed | S::Rejected | S::Cancelled),
        csrf: session.csrf.clone(),
        request_id: floor.request_id(),
        channels: channels(lang),
        typed: &sheet.typed,
        faults: sheet.faults,
        notice: sheet.notice,
        ticket: &ticket,
    };
    // No word of the customer's in the title: it stays in the history of a browser.
    let title = format!("{} {}", lang.of("Asunto", "Affair"), crate::addresses::short(&ticket.name));
    Ok(page_within(Layout::new(lang, title).of(session, "/floor/customers").status(sheet.status), &cut, body))
}

/// The ways a letter goes: not between systems, which is no way to a person.
fn channels(lang: Lang) -> Vec<(i32, &'static str)> {
    let known = (1..32).map_while(|number| Channel::try_from(number).ok()).filter(|channel| *channel != Channel::Api);
    known.map(|channel| (channel.into(), words::channel(channel.into(), lang))).collect()
}

fn told(message: &ticketing::Message, lang: Lang) -> Message {
    let is_note = message.visibility() == ticketing::MessageVisibility::Internal;
    Message {
        id: last(&message.name).to_owned(),
        who: match (is_note, message.direction()) {
            (true, _) => lang.of("nota interna", "internal note"),
            (_, Direction::Inbound) => lang.of("el cliente", "the customer"),
            _ => lang.of("la casa", "the house"),
        },
        channel: if message.channel() == Channel::Unspecified { "" } else { words::channel(message.channel, lang) },
        at: When::of(lang, message.occurred_time),
        body: message.body.clone(),
        is_note,
        expected: When::of(lang, message.explanation.as_ref().and_then(|explained| explained.expected_time)),
        files: message.attachments.len(),
    }
}

/// The field of the form that a path of the contract means.
fn field(path: &str) -> Option<&'static str> {
    let last = path.rsplit('.').next().unwrap_or_default();
    match last {
        "body" => Some("body"),
        "channel" => Some("channel"),
        "explanation" | "expected_time" | "expected" => Some("expected"),
        "signposts" => Some("signposts"),
        "sales_offer" => Some("sales_offer"),
        _ => None,
    }
}

/// The request that a letter stands for.
fn request(parent: &str, letter: &Letter) -> Result<ticketing::AddMessageRequest, Trouble> {
    let unreadable = |field: &str, es: &'static str, en: &'static str| {
        Trouble::new(StatusCode::BAD_REQUEST).naming(field.to_owned(), es, en)
    };
    let signposts = !letter.signposts.is_empty();
    let explanation = match letter.expected.trim() {
        "" if signposts => {
            return Err(unreadable(
                "expected",
                "Si el texto explica por qué se tarda, diga para cuándo: sin eso no consta que explique nada.",
                "Where the text explains why it takes longer, say until when: without that nothing is kept of what it explains.",
            ));
        }
        "" => None,
        typed => {
            let expected = web::typed_moment(typed).ok_or_else(|| {
                unreadable(
                    "expected",
                    "Escriba día y hora, como 2026-11-27T18:30.",
                    "Write day and hour, such as 2026-11-27T18:30.",
                )
            })?;
            Some(ticketing::Explanation { expected_time: Some(stamp(expected)), signposts })
        }
    };
    let message = ticketing::Message {
        direction: Direction::Outbound.into(),
        visibility: ticketing::MessageVisibility::Public.into(),
        channel: letter.channel,
        body: letter.body.trim().replace("\r\n", "\n"),
        sales_offer: !letter.sales_offer.is_empty(),
        explanation,
        ..ticketing::Message::default()
    };
    Ok(ticketing::AddMessageRequest {
        parent: parent.to_owned(),
        message: Some(message),
        request_id: letter.request_id.clone(),
        occurred_time: None,
    })
}

/// `POST /floor/affairs/{ticket}`: writes to the customer.
pub(crate) async fn write(
    State(floor): State<Floor>,
    session: Session,
    Path(id): Path<String>,
    Form(letter): Form<Letter>,
) -> Result<Response, Trouble> {
    let name = named("tickets", &id)?;
    let lang = session.lang;
    let sent = match request(&name, &letter) {
        Ok(request) => floor.tickets(&session)?.add_message(request).await.map_err(Trouble::from),
        Err(trouble) => Err(trouble),
    };
    let trouble = match sent {
        Ok(message) => {
            let done = if message.into_inner().explanation.is_some() { "explained" } else { "written" };
            return Ok(Redirect::to(&format!("/floor/affairs/{id}?done={done}")).into_response());
        }
        Err(trouble) => trouble,
    };
    let law = trouble.fact("article").map(|article| format!(" ({article})")).unwrap_or_default();
    let text = match (trouble.reason(), trouble.status()) {
        ("TICKET_OVER", _) => {
            lang.of("El asunto ya terminó: no se ha escrito nada.", "The affair is over already: nothing was written.")
        }
        ("SALES_OFFER_NOT_ALLOWED", _) => lang.of(
            "En este asunto no se ofrece nada a la venta: no se ha escrito nada.",
            "Nothing is offered for sale in this affair: nothing was written.",
        ),
        (_, StatusCode::BAD_REQUEST) => {
            lang.of("No se ha escrito nada. Corrija lo que se indica.", "Nothing was written. Mend what is named.")
        }
        _ => {
            return Err(trouble.back_to(format!("/floor/affairs/{id}"), "Volver al asunto", "Back to the affair"));
        }
    };
    let notice = Some(("bad", format!("{text}{law}")));
    let faults = trouble.faults().iter();
    let faults = faults.filter_map(|fault| Some((field(&fault.field)?, fault.said(lang)))).collect();
    let status = match trouble.status() {
        StatusCode::BAD_REQUEST => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    };
    shown(&floor, &session, &name, Sheet { typed: letter, faults, notice, status, before: String::new() }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(letter: &Letter) -> Option<ticketing::Message> {
        request("tickets/1", letter).ok().and_then(|request| request.message)
    }

    #[test]
    fn a_letter_explains_where_it_says_until_when_and_nowhere_else() {
        let plain = Letter { body: "Lo miramos".to_owned(), channel: 2, ..Letter::default() };
        assert_eq!(read(&plain).map(|message| message.explanation), Some(None));
        let expected = "2026-11-27T18:30".to_owned();
        let explains = Letter { expected, ..plain };
        let message = read(&explains).unwrap_or_default();
        let told = message.explanation.unwrap_or_default();
        // Half past six in Madrid, in winter.
        assert_eq!((told.expected_time.map(|at| at.seconds), told.signposts), (Some(1_795_800_600), false));
        assert_eq!(message.direction(), Direction::Outbound);
        assert_eq!(message.visibility(), ticketing::MessageVisibility::Public);
        let leads_on = Letter { signposts: "yes".to_owned(), ..explains };
        assert!(read(&leads_on).and_then(|message| message.explanation).is_some_and(|told| told.signposts));
        for typed in ["", "mañana", "2026-11-27"] {
            let unread = Letter { expected: typed.to_owned(), signposts: "yes".to_owned(), ..Letter::default() };
            let refused = request("tickets/1", &unread).err();
            let named = refused.map(|trouble| trouble.faults().iter().map(|f| f.field.clone()).collect::<Vec<_>>());
            assert_eq!(named, Some(vec!["expected".to_owned()]), "{typed:?}");
        }
    }

    #[test]
    fn every_path_of_the_contract_that_a_letter_may_be_refused_by_is_a_field_of_the_form() {
        for (path, at) in [
            ("message.body", "body"),
            ("message.channel", "channel"),
            ("message.explanation.expected_time", "expected"),
            ("message.explanation", "expected"),
            ("message.explanation.signposts", "signposts"),
            ("message.sales_offer", "sales_offer"),
            ("expected", "expected"),
            ("request_id", ""),
        ] {
            assert_eq!(field(path).unwrap_or_default(), at, "{path}");
        }
    }
}

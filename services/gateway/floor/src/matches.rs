//! Pairs of records that are most likely one person, for stewards: a list, and each pair side by side.

mod compare;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::customer::v1 as customer;
use web::{Csrf, Form, Lang, Layout, Session, Trouble, When, page};

use crate::Floor;
use crate::addresses::{last, named};
use crate::calls::may;
use crate::format::Format;
use crate::{person, words};
use compare::Compared;

const CONFIRM: &str = "/ventanilla.customer.v1.CustomerService/ConfirmMatchProposal";

/// Pairs of a page.
const PAGE: i32 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    state: String,
    page: String,
}

#[derive(Template)]
#[template(path = "matches.html")]
struct Matches {
    lang: Lang,
    state: &'static str,
    rows: Vec<Row>,
    next: Option<String>,
    csrf: Csrf,
    may_merge: bool,
}

struct Row {
    id: String,
    first: String,
    second: String,
    where_from: String,
    score: String,
    doubt: &'static str,
    since: Option<When>,
}

/// The states that are listed, as in addresses.
const STATES: [(&str, customer::MatchProposalState); 4] = [
    ("open", customer::MatchProposalState::Open),
    ("confirmed", customer::MatchProposalState::Confirmed),
    ("rejected", customer::MatchProposalState::Rejected),
    ("withdrawn", customer::MatchProposalState::Withdrawn),
];

impl Matches {
    fn states(&self) -> [(&'static str, &'static str); 4] {
        STATES.map(|(word, state)| (word, words::proposal_state(state.into(), self.lang)))
    }
}

/// `/floor/matches`.
pub(crate) async fn list(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<ListQuery>,
) -> Result<Response, Trouble> {
    let lang = session.lang;
    let state = STATES.into_iter().find(|(word, _)| *word == query.state).unwrap_or(STATES[0]);
    let request = customer::ListMatchProposalsRequest {
        state: state.1.into(),
        page_size: PAGE,
        page_token: query.page,
        ..Default::default()
    };
    let answer = floor.customers(&session)?.list_match_proposals(request).await?.into_inner();
    let format = Format(lang);
    let body = Matches {
        lang,
        state: state.0,
        rows: answer.proposals.iter().map(|proposal| row(proposal, format)).collect(),
        next: (!answer.next_page_token.is_empty())
            .then(|| crate::addresses::query(&[("state", state.0), ("page", &answer.next_page_token)])),
        csrf: session.csrf.clone(),
        may_merge: may(&session, crate::merge::MERGE),
    };
    let title = lang.of("Coincidencias probables", "Probable matches");
    Ok(page(Layout::new(lang, title).of(&session, "/floor/matches").wide(), body))
}

fn row(proposal: &customer::MatchProposal, format: Format) -> Row {
    let lang = format.0;
    let side = |record: &Option<customer::SourceRecord>| {
        let called = person::name(record.as_ref().and_then(|record| record.person_name.as_ref()));
        if called.is_empty() { lang.of("sin nombre", "no name").to_owned() } else { called }
    };
    let from = [&proposal.first, &proposal.second]
        .into_iter()
        .flatten()
        .map(|record| format!("{}/{}", record.department, record.source_system));
    Row {
        id: last(&proposal.name).to_owned(),
        first: side(&proposal.first),
        second: side(&proposal.second),
        where_from: from.collect::<Vec<_>>().join(" ↔ "),
        score: score(proposal, format),
        doubt: doubt(proposal, lang),
        since: When::of(lang, proposal.create_time),
    }
}

/// A dash where it is kept from the reader, with what it is the sum of.
fn score(proposal: &customer::MatchProposal, format: Format) -> String {
    if proposal.findings.is_empty() { "—".to_owned() } else { format.decimal(proposal.score, 1) }
}

/// What stands against its being certain; nothing where the score is kept from the reader, which is no word on what is missing.
fn doubt(proposal: &customer::MatchProposal, lang: Lang) -> &'static str {
    if proposal.findings.is_empty() {
        lang.of("no se muestra", "not shown")
    } else {
        words::doubt(proposal.doubt, lang)
    }
}

#[derive(Template)]
#[template(path = "match.html")]
struct Match {
    lang: Lang,
    compared: Compared,
    etag: String,
    open: bool,
    state: &'static str,
    decided: Option<When>,
    may_answer: bool,
    may_merge: bool,
    customers: [String; 2],
    csrf: Csrf,
    request_id: String,
    reason: String,
    notice: Option<Notice>,
    answered: String,
    before: Option<String>,
    after: Option<String>,
    id: String,
}

/// Something to say above the page: Spanish, English, and how bad it is.
struct Notice {
    class: &'static str,
    es: &'static str,
    en: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ShowQuery {
    /// The pair that was answered just before, so that it can be looked at again.
    answered: String,
}

/// `/floor/matches/{proposal}`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Path(proposal): Path<String>,
    Query(query): Query<ShowQuery>,
) -> Result<Response, Trouble> {
    let answered = if query.answered.is_empty() { String::new() } else { named("matchProposals", &query.answered)? };
    let sheet = Sheet { answered: last(&answered).to_owned(), ..Sheet::default() };
    shown(&floor, &session, &named("matchProposals", &proposal)?, sheet).await
}

/// What is shown beside the pair.
#[derive(Default)]
struct Sheet {
    reason: String,
    notice: Option<Notice>,
    answered: String,
    status: StatusCode,
}

async fn shown(floor: &Floor, session: &Session, name: &str, sheet: Sheet) -> Result<Response, Trouble> {
    let mut customers = floor.customers(session)?;
    let request = customer::GetMatchProposalRequest { name: name.to_owned() };
    let proposal = customers.get_match_proposal(request).await?.into_inner();
    let list = customer::ListMatchProposalsRequest { page_size: 100, ..Default::default() };
    let waiting = customers.list_match_proposals(list).await?.into_inner().proposals;
    let place = waiting.iter().position(|other| other.name == name);
    let at = |index: Option<usize>| {
        index
            .and_then(|index| waiting.get(index))
            .filter(|other| other.name != name)
            .map(|other| last(&other.name).to_owned())
    };
    let lang = session.lang;
    let open = proposal.state() == customer::MatchProposalState::Open;
    let of = |record: &Option<customer::SourceRecord>| {
        record.as_ref().map(|record| last(&record.customer).to_owned()).unwrap_or_default()
    };
    let body = Match {
        lang,
        compared: Compared::of(&proposal, Format(lang)),
        open,
        state: words::proposal_state(proposal.state, lang),
        decided: When::of(lang, proposal.decide_time),
        may_answer: open && may(session, CONFIRM),
        may_merge: may(session, crate::merge::MERGE),
        customers: [of(&proposal.first), of(&proposal.second)],
        csrf: session.csrf.clone(),
        request_id: floor.request_id(),
        reason: sheet.reason,
        notice: sheet.notice,
        answered: sheet.answered,
        before: at(place.and_then(|place| place.checked_sub(1))),
        after: at(Some(place.map_or(0, |place| place + 1))),
        id: last(name).to_owned(),
        etag: proposal.etag,
    };
    let title = lang.of("¿Una persona o dos?", "One person or two?");
    let layout = Layout::new(lang, title).of(session, "/floor/matches").wide().status(sheet.status);
    Ok(page(layout, body))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    answer: String,
    #[serde(default)]
    reason: String,
    etag: String,
    request_id: String,
}

/// An answer to `/floor/matches/{proposal}`: goes on to the next pair, or shows this one anew where it has changed.
pub(crate) async fn answer(
    State(floor): State<Floor>,
    session: Session,
    Path(proposal): Path<String>,
    Form(form): Form<Answer>,
) -> Result<Response, Trouble> {
    let name = named("matchProposals", &proposal)?;
    let mut customers = floor.customers(&session)?;
    let Answer { answer, reason, etag, request_id } = form;
    let settled = match answer.as_str() {
        "one" => {
            let (name, reason) = (name.clone(), reason.clone());
            customers
                .confirm_match_proposal(customer::ConfirmMatchProposalRequest { name, reason, etag, request_id })
                .await
        }
        "two" => {
            let (name, reason) = (name.clone(), reason.clone());
            customers
                .reject_match_proposal(customer::RejectMatchProposalRequest { name, reason, etag, request_id })
                .await
        }
        _ => {
            return Err(Trouble::new(StatusCode::BAD_REQUEST).naming(
                "answer",
                "Diga si es una persona o dos.",
                "Say whether it is one person or two.",
            ));
        }
    };
    let trouble = match settled {
        Ok(_) => return Ok(next(&floor, &session, &proposal).await),
        Err(status) => Trouble::from(status),
    };
    let (class, es, en) = match (trouble.reason(), trouble.status()) {
        ("STALE_ETAG", _) => (
            "warn",
            "Mientras miraba, uno de los registros ha cambiado. No se ha decidido nada: esto es lo que dicen ahora.",
            "While you looked, one of the records has changed. Nothing was decided: this is what they say now.",
        ),
        ("IDENTITY_CONTENDED", _) => (
            "warn",
            "Los registros de esta persona están cambiando ahora mismo. No se ha decidido nada: vuelva a intentarlo.",
            "The records of this person are changing right now. Nothing was decided: try again.",
        ),
        ("MATCH_PROPOSAL_SETTLED", _) => (
            "warn",
            "Otra persona ya contestó a esta propuesta, o se retiró.",
            "Somebody else answered this proposal, or it was withdrawn.",
        ),
        ("CUSTOMERS_HELD_APART", _) => (
            "bad",
            "Alguien dijo que son dos personas. Para hacerlas una, mire la fusión: enseña qué se revocaría.",
            "Somebody said that they are two people. To make them one, look at the merge: it shows what would be revoked.",
        ),
        (_, StatusCode::BAD_REQUEST) => {
            ("bad", "Escriba por qué, en 2.000 letras como mucho.", "Write why, in 2,000 letters at most.")
        }
        _ => return Err(trouble.back_to(format!("/floor/matches/{proposal}"), "Volver al par", "Back to the pair")),
    };
    let sheet =
        Sheet { reason, notice: Some(Notice { class, es, en }), answered: String::new(), status: trouble.status() };
    shown(&floor, &session, &name, sheet).await
}

/// The likeliest pair that waits; the list where none does.
async fn next(floor: &Floor, session: &Session, answered: &str) -> Response {
    let list = customer::ListMatchProposalsRequest { page_size: 1, ..Default::default() };
    let waiting = match floor.customers(session) {
        Ok(mut customers) => {
            customers.list_match_proposals(list).await.map(tonic::Response::into_inner).unwrap_or_default()
        }
        Err(_) => customer::ListMatchProposalsResponse::default(),
    };
    let to = waiting.proposals.first().map_or_else(
        || "/floor/matches".to_owned(),
        |proposal| format!("/floor/matches/{}?answered={answered}", last(&proposal.name)),
    );
    Redirect::to(&to).into_response()
}

//! One customer with every department on one page, live: who it is, what is open, what was promised and by when, what must not be
//! done, what contacts have cost them, and what to do next. Each part says how fresh it is; what may be missing is named.

mod sections;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::customer::v1 as customer;
use web::{Csrf, Form, Lang, Layout, Session, Trouble, When, page};

use crate::addresses::{last, named};
use crate::calls::may;
use crate::format::Format;
use crate::{Floor, live, words};
use sections::Sections;
pub(crate) use sections::missing;

const ACTIONS: &str = "/ventanilla.customer.v1.CustomerService/ListNextActions";
const PROPOSE: &str = "/ventanilla.customer.v1.CustomerService/ProposeNextBestAction";
const DECIDE: &str = "/ventanilla.customer.v1.CustomerService/DecideNextAction";
const AFFAIR: &str = "/ventanilla.ticketing.v1.TicketService/GetTicket";
const RECORDS: &str = "/ventanilla.customer.v1.CustomerService/ListSourceRecords";

#[derive(Template)]
#[template(path = "view.html")]
struct View {
    lang: Lang,
    id: String,
    sections: Sections,
    actions: Vec<Action>,
    may_propose: bool,
    may_see_records: bool,
    csrf: Csrf,
    request_id: String,
    notice: Option<(&'static str, &'static str, &'static str)>,
}

/// Something to do for the customer.
struct Action {
    id: String,
    kind: &'static str,
    state: &'static str,
    reason: String,
    amount: String,
    expires: Option<When>,
    note: String,
    etag: String,
    request_id: String,
    may_decide: bool,
    may_complete: bool,
}

/// `/floor/customers/{customer}`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    shown(&floor, &session, &named("customers", &id)?, None, StatusCode::OK).await
}

async fn shown(
    floor: &Floor,
    session: &Session,
    name: &str,
    notice: Option<(&'static str, &'static str, &'static str)>,
    status: StatusCode,
) -> Result<Response, Trouble> {
    let lang = session.lang;
    let request = customer::GetCustomerViewRequest { name: name.to_owned() };
    let view = floor.customers(session)?.get_customer_view(request).await?.into_inner();
    let names = session.departments(&floor.peers).await;
    let sections = Sections::of(&view, floor.ambient.now(), lang, (names, may(session, AFFAIR)));
    let body = View {
        lang,
        id: last(&view.name).to_owned(),
        sections,
        actions: actions(floor, session, &view.name).await,
        may_propose: may(session, PROPOSE),
        may_see_records: may(session, RECORDS),
        csrf: session.csrf.clone(),
        request_id: floor.request_id(),
        notice,
    };
    // No name in the title: it stays in the history of a browser.
    let title = lang.of("Ficha única del cliente", "Single customer view");
    Ok(page(Layout::new(lang, title).of(session, "/floor/customers").wide().status(status), body))
}

/// `/floor/customers/{customer}/live`: the same, whenever something in it changes.
pub(crate) async fn watch(
    State(floor): State<Floor>,
    session: Session,
    drain: live::Drain,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let request = customer::WatchCustomerRequest { name: named("customers", &id)? };
    let views = floor.watched_customers(&session)?.watch_customer(request).await?.into_inner();
    let (ambient, lang) = (floor.ambient.clone(), session.lang);
    let (names, see_affairs) = (session.departments(&floor.peers).await, may(&session, AFFAIR));
    Ok(live::pieces(views, drain, move |message| {
        message
            .view
            .and_then(|view| Sections::of(&view, ambient.now(), lang, (names.clone(), see_affairs)).render().ok())
    }))
}

/// What waits to be decided or done. Whoever may not see it, and whose data is kept from use, gets a page without.
async fn actions(floor: &Floor, session: &Session, name: &str) -> Vec<Action> {
    if !may(session, ACTIONS) {
        return Vec::new();
    }
    let Ok(mut customers) = floor.customers(session) else { return Vec::new() };
    let request = customer::ListNextActionsRequest { parent: name.to_owned(), page_size: 10, ..Default::default() };
    let Ok(answer) = customers.list_next_actions(request).await else { return Vec::new() };
    let format = Format(session.lang);
    answer.into_inner().next_actions.into_iter().map(|action| told(floor, session, action, format)).collect()
}

fn told(floor: &Floor, session: &Session, action: customer::NextAction, format: Format) -> Action {
    let lang = format.0;
    let state = action.state();
    Action {
        id: last(&action.name).to_owned(),
        kind: words::next_action(action.kind, lang),
        state: words::next_action_state(action.state, lang),
        reason: lang.of(&action.reason_es, &action.reason_en).to_owned(),
        amount: action.amount.map(|amount| format.money(amount.minor_units, &amount.currency_code)).unwrap_or_default(),
        expires: When::of(lang, action.expire_time),
        note: action.note,
        etag: action.etag,
        request_id: floor.request_id(),
        may_decide: state == customer::NextActionState::Proposed && may(session, DECIDE),
        may_complete: state == customer::NextActionState::Approved && may(session, PROPOSE),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Proposed {
    request_id: String,
}

/// Asks what to do next.
pub(crate) async fn propose(
    State(floor): State<Floor>,
    session: Session,
    Path(id): Path<String>,
    Form(form): Form<Proposed>,
) -> Result<Response, Trouble> {
    let name = named("customers", &id)?;
    let request = customer::ProposeNextBestActionRequest { name: name.clone(), request_id: form.request_id };
    let proposed = floor.customers(&session)?.propose_next_best_action(request).await?.into_inner();
    if proposed.next_actions.is_empty() {
        let notice = Some((
            "",
            "Ahora mismo nada pide hacer nada por propia iniciativa.",
            "Right now nothing asks for anything to be done.",
        ));
        return shown(&floor, &session, &name, notice, StatusCode::OK).await;
    }
    Ok(Redirect::to(&format!("/floor/customers/{id}#next")).into_response())
}

/// What was answered to a form, asked for by its address alone: the view as it stands.
pub(crate) async fn again(_: Session, Path(parts): Path<Vec<(String, String)>>) -> Result<Redirect, Trouble> {
    let id = parts.first().map(|(_, id)| id.as_str()).unwrap_or_default();
    Ok(Redirect::to(&format!("/floor/{}", named("customers", id)?)))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Decided {
    verdict: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    etag: String,
    request_id: String,
}

/// Approves, declines, or says that it was done.
pub(crate) async fn decide(
    State(floor): State<Floor>,
    session: Session,
    Path((id, action)): Path<(String, String)>,
    Form(form): Form<Decided>,
) -> Result<Response, Trouble> {
    let customer_name = named("customers", &id)?;
    let name = named("nextActions", &action)?;
    let mut customers = floor.customers(&session)?;
    let Decided { verdict, note, etag, request_id } = form;
    let verdict = match verdict.as_str() {
        "approve" => Some(customer::NextActionVerdict::Approve),
        "decline" => Some(customer::NextActionVerdict::Decline),
        _ => None,
    };
    let answered = match verdict {
        Some(verdict) => {
            let request = customer::DecideNextActionRequest { name, verdict: verdict.into(), note, etag, request_id };
            customers.decide_next_action(request).await
        }
        None => customers.complete_next_action(customer::CompleteNextActionRequest { name, request_id }).await,
    };
    let trouble = match answered {
        Ok(_) => return Ok(Redirect::to(&format!("/floor/customers/{id}#next")).into_response()),
        Err(status) => Trouble::from(status),
    };
    let notice = match (trouble.reason(), trouble.status()) {
        ("NEXT_ACTION_SETTLED", _) if trouble.fact("state") == Some("overtaken") => (
            "warn",
            "Ya no procede: a esta persona ya se le compensa este año, o ha dicho por qué se va.",
            "It is not to be done any more: this person is given something this year already, or has said why they leave.",
        ),
        ("STALE_ETAG" | "NEXT_ACTION_SETTLED", _) => (
            "warn",
            "Mientras miraba, otra persona ya decidió. No se ha cambiado nada: así está ahora.",
            "While you looked, somebody else decided. Nothing was changed: this is how it stands now.",
        ),
        ("NEXT_ACTION_NEEDS_ANOTHER", _) => (
            "bad",
            "Quien propone una compensación no la aprueba: que decida otra persona.",
            "Who proposes goodwill does not approve it: somebody else decides.",
        ),
        (_, StatusCode::BAD_REQUEST) => ("bad", "Para descartarla, escriba por qué.", "To decline it, write why."),
        _ => return Err(trouble.back_to(format!("/floor/customers/{id}"), "Volver a la ficha", "Back to the view")),
    };
    shown(&floor, &session, &customer_name, Some(notice), trouble.status()).await
}

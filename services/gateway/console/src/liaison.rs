//! The firm's side of a case: what both parties may read, and the firm's answer to what is claimed. Who works on the case is told to nobody here; the services see
//! to that.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{Case, CaseState, SubmitEntityStatementRequest};
use web::{Csrf, Form, Lang, Layout, Said, Trouble, When, page};

use crate::office::{self, Office};
use crate::papers::{Body, Paper};
use crate::{case_page, words, wrong};

/// Characters of a case's id at most that are looked for.
const LONGEST: usize = 64;

#[derive(Template)]
#[template(path = "firm.html")]
struct SoughtPage {
    lang: Lang,
    refused: bool,
}

/// Which case.
#[derive(Deserialize)]
pub(crate) struct Sought {
    #[serde(default)]
    case: String,
}

/// `GET /firm`: the office names the case to the firm; here it is typed in.
pub(crate) async fn find(office: Office, Query(sought): Query<Sought>) -> Response {
    let typed = sought.case.trim();
    let id = typed.strip_prefix("cases/").unwrap_or(typed);
    let is_id = id.len() <= LONGEST && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !id.is_empty() && is_id {
        return Redirect::to(&format!("/firm/cases/{id}")).into_response();
    }
    let lang = office.lang;
    let status = if typed.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let layout = Layout::new(lang, lang.of("Expedientes de la entidad", "Cases of the firm")).status(status);
    page(layout.of(&office.session, "/firm"), SoughtPage { lang, refused: !typed.is_empty() })
}

#[derive(Template)]
#[template(path = "firm_case.html")]
struct FirmPage<'a> {
    lang: Lang,
    csrf: Csrf,
    id: &'a str,
    case: &'a Case,
    state: &'static str,
    due: Option<When>,
    papers: Vec<Paper>,
    stretch: Option<case_page::Stretch>,
    may_answer: bool,
    done: bool,
    request_id: String,
    statement: &'a str,
    refused: Option<String>,
    faults: Vec<Said>,
}

/// What was just done, and from which paper on the dossier is shown.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    done: String,
    #[serde(default)]
    from: String,
}

/// `GET /firm/cases/{case}`.
pub(crate) async fn show(
    office: Office,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    case_of(&office, &id, "", None, &wanted).await
}

async fn case_of(
    office: &Office,
    id: &str,
    statement: &str,
    refused: Option<&Trouble>,
    wanted: &Wanted,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let back = |trouble: Trouble| wrong::explained(trouble).back_to("/firm", "Buscar otro", "Find another");
    let case = office.case(id).await.map_err(back)?;
    let read = case_page::entries(office, &case.name, case_page::from_number(&wanted.from)).await;
    let read = read.map_err(|status| back(status.into()))?;
    let body = FirmPage {
        lang,
        csrf: office.session.csrf.clone(),
        id,
        state: words::of(lang, words::state(case.state())),
        due: When::of(lang, case.statement_due_time),
        papers: read.entries.iter().map(|entry| Paper::of(lang, entry)).collect(),
        stretch: read.stretch(),
        may_answer: matches!(case.state(), CaseState::Admitted | CaseState::EntityAllegations),
        done: wanted.done == "answered",
        request_id: office.request_id(),
        statement,
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        faults: refused
            .map(|trouble| trouble.faults().iter().map(|fault| fault.said(lang)).collect())
            .unwrap_or_default(),
        case: &case,
    };
    let status = refused.map_or(StatusCode::OK, Trouble::status);
    let title = format!("{} {}", lang.of("Expediente", "Case"), office::short(&case.name));
    Ok(page(Layout::new(lang, title).of(&office.session, "/firm").status(status), body))
}

/// The firm's answer as it was typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    etag: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    statement: String,
}

/// `POST /firm/cases/{case}`: what the firm has to say. Both parties read it from then on.
pub(crate) async fn answer(
    office: Office,
    Path(id): Path<String>,
    Form(typed): Form<Typed, { 512 * 1024 }>,
) -> Result<Response, Trouble> {
    let request = SubmitEntityStatementRequest {
        name: office::name(&id),
        etag: typed.etag,
        statement: typed.statement.trim().replace("\r\n", "\n"),
        request_id: typed.request_id,
    };
    match office.cases().submit_entity_statement(request).await {
        Ok(_) => Ok(Redirect::to(&format!("/firm/cases/{id}?done=answered")).into_response()),
        Err(status) => {
            let first = Wanted { done: String::new(), from: String::new() };
            case_of(&office, &id, &typed.statement, Some(&Trouble::from(status)), &first).await
        }
    }
}

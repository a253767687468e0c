//! The board: what was kept and what was missed in a window, in a table and in pictures, live, and as a file.

mod choice;
mod figures;

use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, TryStreamExt as _};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use ventanilla_proto::sla::v1 as sla;
use web::{Lang, Layout, Session, Trouble, page};

use crate::calls::may;
use crate::period::Period;
use crate::{Floor, live};
use choice::{BoardQuery, Choice, Dimension};
use figures::Figures;

/// Pages of policies that are offered to choose from; a house has dozens.
const POLICY_PAGES: usize = 4;

#[derive(Template)]
#[template(path = "board.html")]
struct Board<'a> {
    lang: Lang,
    choice: &'a Choice,
    zones: &'a [String],
    policies: Vec<Policy>,
    query: String,
    export: bool,
    figures: Figures,
    definitions: Vec<String>,
}

struct Policy {
    name: String,
    title: String,
}

/// `/floor/board`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<BoardQuery>,
) -> Result<Response, Trouble> {
    let choice = Choice::read(&floor, query)?;
    let board = floor.clocks(&session)?.get_board(choice.request(floor.ambient.now())).await?.into_inner();
    let lang = session.lang;
    let body = Board {
        lang,
        choice: &choice,
        zones: &floor.settings.zones,
        policies: policies(&floor, &session).await,
        query: choice.query(),
        export: may(&session, "/ventanilla.sla.v1.MeasureService/ExportBoard"),
        definitions: board.definitions.clone(),
        figures: Figures::of(&board, choice.by, lang, &session.departments(&floor.peers).await),
    };
    Ok(page(Layout::new(lang, lang.of("Tablero", "Board")).of(&session, "/floor/board").wide(), body))
}

/// `/floor/board/live`: the same, whenever a figure changes.
pub(crate) async fn watch(
    State(floor): State<Floor>,
    session: Session,
    drain: live::Drain,
    Query(query): Query<BoardQuery>,
) -> Result<Response, Trouble> {
    let choice = Choice::read(&floor, query)?;
    let asked = choice.request(floor.ambient.now());
    let request = sla::WatchBoardRequest { from_time: asked.from_time, to_time: asked.to_time, policy: asked.policy };
    let boards = floor.watched_clocks(&session)?.watch_board(request).await?.into_inner();
    let (by, lang) = (choice.by, session.lang);
    let names = session.departments(&floor.peers).await;
    Ok(live::pieces(boards, drain, move |board| Figures::of(&board, by, lang, &names).render().ok()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ExportQuery {
    #[serde(flatten)]
    board: BoardQuery,
    format: String,
}

/// `/floor/board/export`: the file, as the service writes it.
pub(crate) async fn export(
    State(floor): State<Floor>,
    session: Session,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Trouble> {
    let format = match query.format.as_str() {
        "csv" => sla::BoardFormat::Csv,
        "json" => sla::BoardFormat::Json,
        _ => {
            return Err(Trouble::new(StatusCode::BAD_REQUEST).naming(
                "format",
                "Elija csv o json.",
                "Choose csv or json.",
            ));
        }
    };
    let asked = Choice::read(&floor, query.board)?.request(floor.ambient.now());
    let request = sla::ExportBoardRequest {
        from_time: asked.from_time,
        to_time: asked.to_time,
        policy: asked.policy,
        format: format.into(),
    };
    let mut parts = floor.measures(&session)?.export_board(request).await?.into_inner();
    let Some(first) = parts.message().await? else {
        return Err(Trouble::new(StatusCode::BAD_GATEWAY));
    };
    let value = |text: &str| HeaderValue::try_from(text).map_err(|_| Trouble::new(StatusCode::BAD_GATEWAY));
    let kind = value(&first.media_type)?;
    let disposition = value(&format!("attachment; filename=\"{}\"", first.file_name.replace(['"', '\\'], "_")))?;
    let rest = parts.map_ok(|part| part.content);
    let whole = futures::stream::once(async { Ok(first.content) }).chain(rest);
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], Body::from_stream(whole))
        .into_response())
}

/// The policies to choose from. A board without the list is still a board.
async fn policies(floor: &Floor, session: &Session) -> Vec<Policy> {
    let Ok(mut clocks) = floor.clocks(session) else { return Vec::new() };
    let mut policies = Vec::new();
    let mut page_token = String::new();
    for _ in 0..POLICY_PAGES {
        let request = sla::ListPoliciesRequest { page_size: 100, page_token, enabled_only: true, ..Default::default() };
        let Ok(answer) = clocks.list_policies(request).await else { break };
        let answer = answer.into_inner();
        policies.extend(
            answer
                .policies
                .into_iter()
                .map(|policy| Policy { title: crate::addresses::last(&policy.name).to_owned(), name: policy.name }),
        );
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    policies
}

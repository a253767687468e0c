//! What is too long for the page of the case, on a page of its own.

use axum::extract::{Query, State as Of};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::GetClaimantCaseRequest;
use web::{Lang, Layout, Reading, Trouble, reading};

use super::{Looked, only, papers};
use crate::kept::Kept;
use crate::{CODE_WRONG, State, UNKNOWN, escaped, reason};

/// What is read.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Id of the case; empty for the last.
    case: String,
    /// The paper, by its number; `refusal` for the reasons not to hear the case.
    paper: String,
    /// Which part of it; empty for the first.
    part: String,
}

/// `GET /t/office/read`: one paper, or the reasons not to hear the case, whole; what is long in parts.
pub(crate) async fn read(
    Of(state): Of<State>,
    lang: Lang,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, &headers) else { return Ok(Redirect::to("/t").into_response()) };
    let case = escaped(&wanted.case);
    let way = format!("/t/office?case={case}");
    match found(&state, &kept, lang, &wanted).await {
        Ok((title, text)) => {
            let text = Reading {
                text,
                part: wanted.part.parse().unwrap_or(1),
                address: format!("/t/office/read?case={case}&paper={}&", escaped(&wanted.paper)),
                back: way,
                back_text: lang.of("Volver al expediente", "Back to the case"),
            };
            Ok(reading(Layout::new(lang, title), lang, &text))
        }
        Err(status) if reason(&status) == UNKNOWN => {
            let mut answer = Redirect::to("/t").into_response();
            Kept::forget(&state.web, &headers, &mut answer);
            Ok(answer)
        }
        // The page of the case asks for the code.
        Err(status) if reason(&status) == CODE_WRONG || kept.code_for(&wanted.case).is_empty() => {
            Ok(Redirect::to(&way).into_response())
        }
        Err(status) => Err(Trouble::from(status).back_to("/t/office", "Volver al expediente", "Back to the case")),
    }
}

/// The title of what is read, and its words.
async fn found(state: &State, kept: &Kept, lang: Lang, wanted: &Wanted) -> Result<(String, String), Status> {
    let case_name = Looked { case: wanted.case.clone(), ..Looked::default() }.name();
    let nothing = || Status::not_found("no such paper");
    if wanted.paper == "refusal" {
        let asked = GetClaimantCaseRequest {
            tracking_key: kept.key.clone(),
            proof: kept.proof.clone(),
            case_name,
            office_code: kept.code_for(&wanted.case),
        };
        let shown = state.claimant()?.get_claimant_case(asked).await?.into_inner();
        let reasons = shown.refusal.ok_or_else(nothing)?.reasons;
        return Ok((lang.of("Motivos para no tramitarlo", "Reasons not to hear it").to_owned(), reasons));
    }
    let number = wanted.paper.parse::<i64>().ok().filter(|number| *number > 0).ok_or_else(nothing)?;
    let entry = only(state, kept, (case_name, number)).await?.ok_or_else(nothing)?;
    let paper = papers::paper(lang, &entry);
    let when = paper.when.map(|when| format!(" ({})", when.text)).unwrap_or_default();
    Ok((format!("{}: {}{when}", paper.who, paper.what), paper.words.ok_or_else(nothing)?))
}

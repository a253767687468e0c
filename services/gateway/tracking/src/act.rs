//! What a customer does: say, accept, object, ask for the ombudsman.

use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;
use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1::{OpenPublicCaseRequest, ParallelProceedings};
use ventanilla_proto::ticketing::v1::{
    AcceptPublicAnswerRequest, AddPublicMessageRequest, ObjectToPublicAnswerRequest,
};
use web::{Csrf, Form, Lang, Trouble};

use crate::affair::{Asked, Said, affair};
use crate::kept::Kept;
use crate::{State, UNKNOWN, reason};

/// A form of the page.
#[derive(Deserialize)]
pub(crate) struct Act {
    request: String,
    #[serde(default)]
    etag: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    proceedings: String,
}

/// Everything that a form comes with.
struct Visit {
    state: State,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
}

impl Visit {
    /// On to the affair, where it is said what was done; or the affair as it stands, with what was written, when it was not.
    async fn on(self, done: &str, outcome: Result<(), Status>, written: (String, String)) -> Result<Response, Trouble> {
        let said = match outcome {
            Ok(()) => return Ok(Redirect::to(&format!("/t/affair?done={done}")).into_response()),
            Err(status) if reason(&status) == UNKNOWN => Said::Nothing,
            Err(status) if reason(&status) == "TICKET_AT_OFFICE" => Said::AtTheOffice,
            Err(status) if reason(&status) == "PREMATURE" => Said::TooEarly,
            Err(status) => match status.code() {
                Code::Aborted | Code::FailedPrecondition | Code::AlreadyExists => Said::Changed,
                _ => {
                    return Err(Trouble::from(status).back_to("/t/affair", "Volver a mi asunto", "Back to my affair"));
                }
            },
        };
        self.again(said, written).await
    }

    async fn again(self, said: Said, (message, objection): (String, String)) -> Result<Response, Trouble> {
        let asked = Asked { message, objection, ..Asked::newest(self.lang, self.csrf, said) };
        affair(&self.state, &self.headers, asked).await
    }

    fn kept(&self) -> Option<Kept> {
        Kept::read(&self.state.web, &self.headers)
    }
}

/// `POST /t/message`.
pub(crate) async fn say(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let Some(kept) = visit.kept() else { return Ok(Redirect::to("/t").into_response()) };
    if act.text.trim().is_empty() {
        return visit.again(Said::Empty, (String::new(), String::new())).await;
    }
    let request = AddPublicMessageRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        text: act.text.clone(),
        request_id: act.request,
    };
    let done = async { visit.state.public()?.add_public_message(request).await.map(|_| ()) }.await;
    visit.on("message", done, (act.text, String::new())).await
}

/// `POST /t/accept`.
pub(crate) async fn accept(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let Some(kept) = visit.kept() else { return Ok(Redirect::to("/t").into_response()) };
    let request = AcceptPublicAnswerRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        request_id: act.request,
    };
    let done = async { visit.state.public()?.accept_public_answer(request).await.map(|_| ()) }.await;
    visit.on("accepted", done, (String::new(), String::new())).await
}

/// `POST /t/object`.
pub(crate) async fn object(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let Some(kept) = visit.kept() else { return Ok(Redirect::to("/t").into_response()) };
    if act.text.trim().is_empty() {
        return visit.again(Said::Empty, (String::new(), String::new())).await;
    }
    let request = ObjectToPublicAnswerRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        text: act.text.clone(),
        etag: act.etag,
        request_id: act.request,
    };
    let done = async { visit.state.public()?.object_to_public_answer(request).await.map(|_| ()) }.await;
    visit.on("objected", done, (String::new(), act.text)).await
}

/// `POST /t/ombudsman`.
pub(crate) async fn ombudsman(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let Some(kept) = visit.kept() else { return Ok(Redirect::to("/t").into_response()) };
    // Who says nothing of other proceedings is asked later.
    let proceedings = match act.proceedings.as_str() {
        "none" => ParallelProceedings::None,
        "pending" => ParallelProceedings::Pending,
        "decided" => ParallelProceedings::Decided,
        _ => ParallelProceedings::Unspecified,
    };
    let request = OpenPublicCaseRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        parallel_proceedings: proceedings.into(),
        request_id: act.request,
    };
    match async { visit.state.office()?.open_public_case(request).await }.await {
        Ok(opened) => {
            // The office's code is shown on the page that follows, and opens the case from here on.
            let mut answer = Redirect::to("/t/affair?done=ombudsman").into_response();
            kept.with_code(opened.into_inner().office_code, "").put(&visit.state.web, &mut answer);
            Ok(answer)
        }
        Err(status) => visit.on("ombudsman", Err(status), (String::new(), String::new())).await,
    }
}

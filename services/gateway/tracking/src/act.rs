//! What a customer does: say, accept, object, ask for the ombudsman.

use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;
use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1::{OpenPublicCaseRequest, ParallelProceedings};
use ventanilla_proto::ticketing::v1::{
    AcceptPublicAnswerRequest, AddPublicMessageRequest, AnswerPublicSurveyRequest, ObjectToPublicAnswerRequest,
};
use web::{Csrf, Form, Lang, Trouble};

use crate::affair::{Asked, Said, affair};
use crate::draft::{Draft, Field, Which};
use crate::kept::Kept;
use crate::{State, UNKNOWN, entrance, reason};

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
    async fn on(self, done: &str, outcome: Result<(), Status>, draft: Draft) -> Result<Response, Trouble> {
        let said = match outcome {
            Ok(()) => return Ok(Redirect::to(&format!("/t/affair?done={done}")).into_response()),
            Err(status) if reason(&status) == UNKNOWN => Said::Nothing,
            Err(status) if reason(&status) == "TICKET_AT_OFFICE" => Said::AtTheOffice,
            Err(status) if reason(&status) == "PREMATURE" => Said::TooEarly,
            Err(status) => match status.code() {
                Code::Aborted | Code::FailedPrecondition | Code::AlreadyExists => Said::Changed,
                Code::InvalidArgument if draft.is_written() => {
                    return self.again(Said::Unreadable, draft.at_fault(vec![Field::Text])).await;
                }
                _ => {
                    return Err(Trouble::from(status).back_to("/t/affair", "Volver a mi asunto", "Back to my affair"));
                }
            },
        };
        self.again(said, draft).await
    }

    async fn again(self, said: Said, draft: Draft) -> Result<Response, Trouble> {
        let Some(kept) = self.kept() else { return Ok(self.entrance(draft)) };
        let asked = Asked { draft, ..Asked::newest(self.lang, self.csrf, said) };
        affair(&self.state, &self.headers, kept, asked).await
    }

    /// Key and proof are not kept any more: they are asked for anew, and what was written waits.
    fn entrance(self, draft: Draft) -> Response {
        entrance::again(&self.state, self.lang, self.csrf, draft)
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
    let draft = Draft { which: Which::Message, text: act.text.clone(), ..Draft::default() };
    let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
    if act.text.trim().is_empty() {
        return visit.again(Said::Empty, draft.at_fault(vec![Field::Text])).await;
    }
    let request =
        AddPublicMessageRequest { tracking_key: kept.key, proof: kept.proof, text: act.text, request_id: act.request };
    let done = async { visit.state.public()?.add_public_message(request).await.map(|_| ()) }.await;
    visit.on("message", done, draft).await
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
    let draft = Draft { which: Which::Accept, ..Draft::default() };
    let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
    let request = AcceptPublicAnswerRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        request_id: act.request,
    };
    let done = async { visit.state.public()?.accept_public_answer(request).await.map(|_| ()) }.await;
    visit.on("accepted", done, draft).await
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
    let draft = Draft { which: Which::Objection, text: act.text.clone(), ..Draft::default() };
    let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
    if act.text.trim().is_empty() {
        return visit.again(Said::Empty, draft.at_fault(vec![Field::Text])).await;
    }
    let request = ObjectToPublicAnswerRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        text: act.text,
        etag: act.etag,
        request_id: act.request,
    };
    let done = async { visit.state.public()?.object_to_public_answer(request).await.map(|_| ()) }.await;
    visit.on("objected", done, draft).await
}

/// What somebody thought, as the form has it. Nothing is chosen in what is empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Opinion {
    request: String,
    etag: String,
    csat: String,
    ces: String,
    nps: String,
    causes: Vec<i32>,
    text: String,
}

impl Opinion {
    /// What was chosen, as a draft carries it.
    fn chosen(&self) -> String {
        let scores = [("csat", &self.csat), ("ces", &self.ces), ("nps", &self.nps)];
        let scores = scores.into_iter().filter(|(_, value)| !value.is_empty());
        let scores = scores.map(|(name, value)| format!("{name}={value}"));
        scores.chain(self.causes.iter().map(|cause| format!("causes={cause}"))).collect::<Vec<_>>().join(" ")
    }

    /// Whether nothing was said: what a score is about is no score.
    fn is_empty(&self) -> bool {
        [&self.csat, &self.ces, &self.nps, &self.text].into_iter().all(|said| said.trim().is_empty())
    }
}

/// `POST /t/survey`. What somebody who is dissatisfied is told stands in this answer; the same form sent again is answered the same.
pub(crate) async fn survey(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(said): Form<Opinion>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let draft = Draft { which: Which::Survey, text: said.text.clone(), chosen: said.chosen(), ..Draft::default() };
    let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
    if said.is_empty() {
        return visit.again(Said::Empty, draft.at_fault(vec![Field::Text])).await;
    }
    let score = |typed: &str| typed.parse().ok();
    let request = AnswerPublicSurveyRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        csat: score(&said.csat),
        nps: score(&said.nps),
        ces: score(&said.ces),
        causes: said.causes,
        verbatim: said.text.trim().replace("\r\n", "\n"),
        etag: said.etag,
        request_id: said.request,
    };
    match async { visit.state.public()?.answer_public_survey(request).await }.await {
        Ok(done) => {
            let invitation = done.into_inner().complaint_invitation;
            let asked = Asked { invitation, ..Asked::newest(lang, visit.csrf, Said::Opinion) };
            affair(&visit.state, &visit.headers, kept, asked).await
        }
        Err(status) => visit.on("survey", Err(status), draft).await,
    }
}

/// `POST /t/ombudsman`. The office's code is in this answer and on no page that comes after; the same form sent again is the same case, and tells it again.
pub(crate) async fn ombudsman(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let draft = Draft { which: Which::Ombudsman, proceedings: act.proceedings.clone(), ..Draft::default() };
    let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
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
            // It opens the case from here on.
            let kept = kept.with_code(opened.into_inner().office_code, "");
            let asked = Asked { office_code: kept.code.clone(), ..Asked::newest(lang, visit.csrf, Said::Ombudsman) };
            let mut answer = affair(&visit.state, &visit.headers, kept.clone(), asked).await?;
            kept.put(&visit.state.web, &mut answer);
            Ok(answer)
        }
        Err(status) => visit.on("ombudsman", Err(status), draft).await,
    }
}

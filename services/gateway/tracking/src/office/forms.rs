//! What the claimant sends from the page of their case.

use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::HeaderMap;
use serde::Deserialize;
use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1::{
    AddClaimantEntryRequest, AnswerClaimantDecisionRequest, AnswerClaimantOfferRequest, ClaimPoint,
    CompleteClaimantCaseRequest, DossierKind, GetClaimantCaseRequest, GiveClaimantDisclosureRequest,
    ParallelProceedings, WithdrawClaimantCaseRequest,
};
use ventanilla_proto::r#type::v1::Language;
use web::{Csrf, Form, Lang, Trouble};

use super::{CODE_WRONG, Looked, Said, Which, Written, id_of};
use crate::kept::Kept;
use crate::{State, reason};

/// A form of the page. Does not print.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Act {
    request: String,
    /// Id of the case.
    case: String,
    etag: String,
    text: String,
    kind: String,
    accepted: String,
    /// What is declared of other proceedings.
    proceedings: String,
    /// The day of the facts, as browsers send one.
    facts: String,
    /// What is claimed, a point a line.
    points: String,
}

/// Everything that a form comes with.
struct Visit {
    state: State,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
}

impl Visit {
    async fn on(
        self,
        done: &str,
        case: &str,
        outcome: Result<(), Status>,
        written: Written,
    ) -> Result<Response, Trouble> {
        match outcome {
            Ok(()) => Ok(Redirect::to(&format!("/t/office?done={done}&case={case}")).into_response()),
            Err(status) if matches!(status.code(), Code::Aborted | Code::FailedPrecondition | Code::NotFound) => {
                self.again(case, Said::Changed, written).await
            }
            // The code was taken back meanwhile, or never shown: the page asks for it.
            Err(status) if reason(&status) == CODE_WRONG => self.without_code(case).await,
            Err(status) if status.code() == Code::InvalidArgument => self.again(case, Said::Unreadable, written).await,
            Err(status) => Err(Trouble::from(status).back_to("/t/office", "Volver al expediente", "Back to the case")),
        }
    }

    async fn without_code(self, case: &str) -> Result<Response, Trouble> {
        let mut answer = Redirect::to(&format!("/t/office?done=code&case={case}")).into_response();
        if let Some(kept) = Kept::read(&self.state.web, &self.headers) {
            kept.with_code(String::new(), "").put(&self.state.web, &mut answer);
        }
        Ok(answer)
    }

    async fn again(self, case: &str, said: Said, written: Written) -> Result<Response, Trouble> {
        let looked = Looked { case: case.to_owned(), ..Looked::default() };
        super::case(&self.state, &self.headers, (self.lang, self.csrf), &looked, (said, written)).await
    }
}

/// What becomes of a form: everything it needs, or the entrance.
macro_rules! visit {
    ($state:ident, $lang:ident, $csrf:ident, $headers:ident, $act:ident, $which:expr) => {{
        let Some(kept) = Kept::read(&$state.web, &$headers) else { return Ok(Redirect::to("/t").into_response()) };
        let visit = Visit { state: $state, lang: $lang, csrf: $csrf, headers: $headers };
        if $act.text.trim().is_empty() {
            return visit.again(&$act.case, Said::Empty, Written { which: $which, text: String::new() }).await;
        }
        (visit, kept)
    }};
}

/// The name of the case that a form is about; empty where it names none.
fn named(case: &str) -> String {
    Looked { case: case.to_owned(), ..Looked::default() }.name()
}

/// `POST /t/office/code`: the office's code, which is kept for as long as key and proof are.
pub(crate) async fn code(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act, Which::Code);
    let asked = GetClaimantCaseRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        case_name: named(&act.case),
        office_code: act.text.clone(),
    };
    let looked = async { visit.state.claimant()?.get_claimant_case(asked).await }.await;
    match looked {
        Ok(shown) => {
            let shown = shown.into_inner().case_name;
            let case = id_of(&shown);
            let mut answer = Redirect::to(&format!("/t/office?case={case}")).into_response();
            kept.with_code(act.text, case).put(&visit.state.web, &mut answer);
            Ok(answer)
        }
        Err(status) if reason(&status) == CODE_WRONG || status.code() == Code::InvalidArgument => {
            visit.again(&act.case, Said::CodeWrong, Written::nothing()).await
        }
        Err(status) => Err(Trouble::from(status).back_to("/t/office", "Volver al expediente", "Back to the case")),
    }
}

/// `POST /t/office/add`.
pub(crate) async fn add(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act, Which::Add);
    let kind = if act.kind == "evidence" { DossierKind::Evidence } else { DossierKind::ClaimantStatement };
    let request = AddClaimantEntryRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        kind: kind.into(),
        content_type: String::new(),
        content: act.text.clone().into_bytes(),
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.add_claimant_entry(request).await.map(|_| ()) }.await;
    visit.on("sent", &act.case, done, Written { which: Which::Add, text: act.text }).await
}

/// `POST /t/office/offer`.
pub(crate) async fn offer(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act, Which::Offer);
    let request = AnswerClaimantOfferRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        accepted: act.accepted == "yes",
        statement: act.text.clone(),
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.answer_claimant_offer(request).await.map(|_| ()) }.await;
    visit.on("answered", &act.case, done, Written { which: Which::Offer, text: act.text }).await
}

/// `POST /t/office/decision`.
pub(crate) async fn decision(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act, Which::Decision);
    let request = AnswerClaimantDecisionRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        accepted: act.accepted == "yes",
        statement: act.text.clone(),
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.answer_claimant_decision(request).await.map(|_| ()) }.await;
    visit.on("answered", &act.case, done, Written { which: Which::Decision, text: act.text }).await
}

/// `POST /t/office/complete`.
pub(crate) async fn complete(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act, Which::Complete);
    let points = act.points.lines().map(str::trim).filter(|line| !line.is_empty());
    let Ok(facts_time) = day(&act.facts) else {
        return visit.again(&act.case, Said::Unreadable, Written { which: Which::Complete, text: act.text }).await;
    };
    let request = CompleteClaimantCaseRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        parallel_proceedings: proceedings(&act.proceedings).into(),
        facts_time,
        claim_points: points.map(|text| ClaimPoint { id: String::new(), text: text.to_owned() }).collect(),
        content: act.text.clone(),
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.complete_claimant_case(request).await.map(|_| ()) }.await;
    visit.on("completed", &act.case, done, Written { which: Which::Complete, text: act.text }).await
}

/// `POST /t/office/withdraw`.
pub(crate) async fn withdraw(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act, Which::Withdraw);
    let request = WithdrawClaimantCaseRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        statement: act.text.clone(),
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.withdraw_claimant_case(request).await.map(|_| ()) }.await;
    visit.on("withdrawn", &act.case, done, Written { which: Which::Withdraw, text: act.text }).await
}

/// `POST /t/office/people`: who has the case, which is told and becomes a paper of it.
pub(crate) async fn people(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, &headers) else { return Ok(Redirect::to("/t").into_response()) };
    let visit = Visit { state, lang, csrf, headers };
    let request = GiveClaimantDisclosureRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        language: match lang {
            Lang::Es => Language::Es.into(),
            Lang::En => Language::En.into(),
        },
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.give_claimant_disclosure(request).await.map(|_| ()) }.await;
    visit.on("told", &act.case, done, Written::nothing()).await
}

fn proceedings(word: &str) -> ParallelProceedings {
    match word {
        "none" => ParallelProceedings::None,
        "pending" => ParallelProceedings::Pending,
        "decided" => ParallelProceedings::Decided,
        _ => ParallelProceedings::Unspecified,
    }
}

/// Noon of a day in Spain, as a browser sends days: a day without an hour; none where none was given.
fn day(text: &str) -> Result<Option<prost_types::Timestamp>, jiff::Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let day: jiff::civil::Date = text.trim().parse()?;
    let noon = day.at(12, 0, 0, 0).in_tz("Europe/Madrid")?.timestamp();
    Ok(Some(prost_types::Timestamp { seconds: noon.as_second(), nanos: 0 }))
}

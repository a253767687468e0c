//! What the claimant sends from the page of their case. What is not done is shown again as it was written, with the field at fault.

use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use edge::ClientAddress;
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

use super::{Looked, Said, id_of};
use crate::draft::{Draft, Field, Which, value_of};
use crate::kept::Kept;
use crate::{CODE_WRONG, State, Tries, entrance, network, reason};

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

impl Act {
    /// What was written, to be shown again where it is not done.
    fn draft(&self, which: Which) -> Draft {
        Draft {
            which,
            case: self.case.clone(),
            text: self.text.clone(),
            kind: self.kind.clone(),
            proceedings: self.proceedings.clone(),
            facts: self.facts.clone(),
            points: self.points.clone(),
            wrong: Vec::new(),
        }
    }
}

/// Everything that a form comes with.
struct Visit {
    state: State,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
}

impl Visit {
    fn kept(&self) -> Option<Kept> {
        Kept::read(&self.state.web, &self.headers)
    }

    /// Key and proof are not kept any more: they are asked for anew, and what was written waits.
    fn entrance(self, draft: Draft) -> Response {
        entrance::again(&self.state, self.lang, self.csrf, draft)
    }

    async fn on(self, done: &str, outcome: Result<(), Status>, draft: Draft) -> Result<Response, Trouble> {
        let status = match outcome {
            Ok(()) => {
                let case = &draft.case;
                return Ok(Redirect::to(&format!("/t/office?done={done}&case={case}")).into_response());
            }
            Err(status) => status,
        };
        match status.code() {
            // The code was taken back meanwhile, or never shown: the page asks for it.
            _ if reason(&status) == CODE_WRONG => self.without_code(draft).await,
            Code::Aborted | Code::FailedPrecondition | Code::NotFound => self.again(Said::Changed, draft).await,
            Code::InvalidArgument => {
                let trouble = Trouble::from(status);
                if trouble.faults().iter().any(|fault| fault.field == "office_code") {
                    return self.without_code(draft).await;
                }
                let mut wrong: Vec<Field> =
                    trouble.faults().iter().filter_map(|fault| Field::of(&fault.field)).collect();
                wrong.dedup();
                self.again(Said::Unreadable, draft.at_fault(wrong)).await
            }
            _ => Err(Trouble::from(status).back_to("/t/office", "Volver al expediente", "Back to the case")),
        }
    }

    async fn without_code(self, draft: Draft) -> Result<Response, Trouble> {
        let Some(kept) = self.kept() else { return Ok(self.entrance(draft)) };
        let kept = kept.with_code(String::new(), "");
        let web = self.state.web.clone();
        let mut answer = self.shown(kept.clone(), Said::CodeNeeded, draft).await?;
        kept.put(&web, &mut answer);
        Ok(answer)
    }

    async fn again(self, said: Said, draft: Draft) -> Result<Response, Trouble> {
        match self.kept() {
            Some(kept) => self.shown(kept, said, draft).await,
            None => Ok(self.entrance(draft)),
        }
    }

    async fn shown(self, kept: Kept, said: Said, draft: Draft) -> Result<Response, Trouble> {
        let looked = Looked { case: draft.case.clone(), ..Looked::default() };
        super::case(&self.state, &self.headers, kept, (self.lang, self.csrf), &looked, (said, draft)).await
    }
}

/// What becomes of a form: everything it needs, or the entrance.
macro_rules! visit {
    ($state:ident, $lang:ident, $csrf:ident, $headers:ident, $act:ident, $which:expr) => {{
        let visit = Visit { state: $state, lang: $lang, csrf: $csrf, headers: $headers };
        let draft = $act.draft($which);
        let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
        if $act.text.trim().is_empty() {
            return visit.again(Said::Empty, draft.at_fault(vec![Field::Text])).await;
        }
        (visit, kept, draft)
    }};
}

/// The name of the case that a form is about; empty where it names none.
fn named(case: &str) -> String {
    Looked { case: case.to_owned(), ..Looked::default() }.name()
}

/// `POST /t/office/code`: the office's code, which is kept for as long as key and proof are. Tries are counted as those of key and proof are.
pub(crate) async fn code(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    address: Result<ClientAddress, edge::Problem>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let (typed, case) = (value_of(&sent, "text").to_owned(), value_of(&sent, "case").to_owned());
    // What was written into another form, and waits for the code.
    let draft = Draft::carried(&sent);
    let visit = Visit { state, lang, csrf, headers };
    let Some(kept) = visit.kept() else {
        let nothing = Draft { which: Which::Code, case, ..Draft::default() };
        return Ok(visit.entrance(if draft.is_nothing() { nothing } else { draft }));
    };
    if typed.trim().is_empty() {
        return visit.code_again(kept, Said::Empty, &case, draft).await;
    }
    let tries = Tries::count(&visit.state.web, vec![format!("t {}", network(address)), format!("c {}", kept.key)])?;
    let asked = GetClaimantCaseRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        case_name: named(&case),
        office_code: typed.clone(),
    };
    let looked = async { visit.state.claimant()?.get_claimant_case(asked).await }.await;
    tries.came_to(looked.as_ref().map(drop));
    match looked {
        Ok(shown) => {
            let shown = shown.into_inner().case_name;
            let case = id_of(&shown);
            let (kept, web) = (kept.with_code(typed, case), visit.state.web.clone());
            let mut answer = if draft.is_nothing() {
                Redirect::to(&format!("/t/office?case={case}")).into_response()
            } else {
                visit.shown(kept.clone(), Said::Unsent, Draft { case: case.to_owned(), ..draft }).await?
            };
            kept.put(&web, &mut answer);
            Ok(answer)
        }
        Err(status) if reason(&status) == CODE_WRONG || status.code() == Code::InvalidArgument => {
            visit.code_again(kept, Said::CodeWrong, &case, draft).await
        }
        Err(status) => Err(Trouble::from(status).back_to("/t/office", "Volver al expediente", "Back to the case")),
    }
}

impl Visit {
    /// The form for the code, with whatever waits for it.
    async fn code_again(self, kept: Kept, said: Said, case: &str, draft: Draft) -> Result<Response, Trouble> {
        let nothing = Draft { which: Which::Code, case: case.to_owned(), wrong: vec![Field::Text], ..Draft::default() };
        self.shown(kept, said, if draft.is_nothing() { nothing } else { draft }).await
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
    let (visit, kept, draft) = visit!(state, lang, csrf, headers, act, Which::Add);
    let kind = if act.kind == "evidence" { DossierKind::Evidence } else { DossierKind::ClaimantStatement };
    let request = AddClaimantEntryRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        kind: kind.into(),
        content_type: String::new(),
        content: act.text.into_bytes(),
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.add_claimant_entry(request).await.map(|_| ()) }.await;
    visit.on("sent", done, draft).await
}

/// `POST /t/office/offer`.
pub(crate) async fn offer(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept, draft) = visit!(state, lang, csrf, headers, act, Which::Offer);
    let request = AnswerClaimantOfferRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        accepted: act.accepted == "yes",
        statement: act.text,
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.answer_claimant_offer(request).await.map(|_| ()) }.await;
    visit.on("answered", done, draft).await
}

/// `POST /t/office/decision`.
pub(crate) async fn decision(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept, draft) = visit!(state, lang, csrf, headers, act, Which::Decision);
    let request = AnswerClaimantDecisionRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        accepted: act.accepted == "yes",
        statement: act.text,
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.answer_claimant_decision(request).await.map(|_| ()) }.await;
    visit.on("answered", done, draft).await
}

/// `POST /t/office/complete`.
pub(crate) async fn complete(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept, draft) = visit!(state, lang, csrf, headers, act, Which::Complete);
    let points = act.points.lines().map(str::trim).filter(|line| !line.is_empty());
    let Ok(facts_time) = day(&act.facts) else {
        return visit.again(Said::Unreadable, draft.at_fault(vec![Field::Facts])).await;
    };
    let request = CompleteClaimantCaseRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        parallel_proceedings: proceedings(&act.proceedings).into(),
        facts_time,
        claim_points: points.map(|text| ClaimPoint { id: String::new(), text: text.to_owned() }).collect(),
        content: act.text,
        request_id: act.request,
        case_name: named(&act.case),
        facts_known_time: None,
    };
    let done = async { visit.state.claimant()?.complete_claimant_case(request).await.map(|_| ()) }.await;
    visit.on("completed", done, draft).await
}

/// `POST /t/office/withdraw`.
pub(crate) async fn withdraw(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept, draft) = visit!(state, lang, csrf, headers, act, Which::Withdraw);
    let request = WithdrawClaimantCaseRequest {
        office_code: kept.code_for(&act.case),
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        statement: act.text,
        request_id: act.request,
        case_name: named(&act.case),
    };
    let done = async { visit.state.claimant()?.withdraw_claimant_case(request).await.map(|_| ()) }.await;
    visit.on("withdrawn", done, draft).await
}

/// `POST /t/office/people`: who has the case, which is told and becomes a paper of it.
pub(crate) async fn people(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let visit = Visit { state, lang, csrf, headers };
    let draft = act.draft(Which::People);
    let Some(kept) = visit.kept() else { return Ok(visit.entrance(draft)) };
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
    visit.on("told", done, draft).await
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

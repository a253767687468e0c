//! The page of the case before the ombudsman, for its claimant: where it stands, what both parties said, and what the claimant can do.

use askama::Template;
use axum::extract::{Query, State as Of};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tonic::{Code, Status};
use ventanilla_proto::ombudsman::v1::{
    AddClaimantEntryRequest, AnswerClaimantDecisionRequest, AnswerClaimantOfferRequest, CaseState, ClaimantCase,
    ClaimantOption, DossierEntry, DossierKind, GetClaimantCaseRequest, ListClaimantEntriesRequest, Party, PartyTerm,
    PartyTermKind,
};
use web::{Csrf, Form, Lang, Layout, Trouble, When, page};

use crate::kept::Kept;
use crate::{State, UNKNOWN, reason};

/// Papers that are shown at most, the newest first.
const PAPERS: usize = 200;
/// Characters of a paper that are shown at most.
const SHOWN: usize = 20_000;

/// What is said above the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Sent,
    Answered,
    /// It changed while the claimant read it, or does not allow that any more.
    Changed,
    /// Nothing was written where something is needed.
    Empty,
}

impl Said {
    fn of(word: &str) -> Self {
        match word {
            "sent" => Self::Sent,
            "answered" => Self::Answered,
            _ => Self::Nothing,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Changed => StatusCode::CONFLICT,
            Self::Empty => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Nothing | Self::Sent | Self::Answered => StatusCode::OK,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Looked {
    #[serde(default)]
    done: String,
}

/// A form of the page.
#[derive(Deserialize)]
pub(crate) struct Act {
    request: String,
    #[serde(default)]
    etag: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    accepted: String,
}

/// Time of a party.
struct Term {
    what: &'static str,
    until: When,
    lapsed: bool,
}

/// A paper of both parties.
struct Paper {
    class: &'static str,
    who: &'static str,
    what: &'static str,
    when: Option<When>,
    /// Its words; none for what is no text.
    words: Option<String>,
}

#[derive(Template)]
#[template(path = "office.html")]
struct Page {
    lang: Lang,
    csrf: Csrf,
    said: Said,
    state: &'static str,
    filed: Option<When>,
    due: Option<When>,
    terms: Vec<Term>,
    refusal: Option<String>,
    asked_to_complete: bool,
    offer: Option<String>,
    accept_from: Option<When>,
    papers: Vec<Paper>,
    cut: bool,
    may_add: bool,
    may_decline: bool,
    may_accept: bool,
    may_answer_decision: bool,
    etag: String,
    requests: [String; 3],
    text: String,
}

/// `GET /t/office`.
pub(crate) async fn show(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Query(Looked { done }): Query<Looked>,
) -> Result<Response, Trouble> {
    case(&state, &headers, (lang, csrf), Said::of(&done), String::new()).await
}

async fn case(
    state: &State,
    headers: &HeaderMap,
    (lang, csrf): (Lang, Csrf),
    said: Said,
    text: String,
) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, headers) else { return Ok(Redirect::to("/t").into_response()) };
    let back = |status: Status| Trouble::from(status).back_to("/t/affair", "Volver a mi asunto", "Back to my affair");
    let asked = GetClaimantCaseRequest { tracking_key: kept.key.clone(), proof: kept.proof.clone() };
    let shown = match async { state.claimant()?.get_claimant_case(asked).await }.await {
        Ok(shown) => shown.into_inner(),
        Err(status) if reason(&status) == UNKNOWN => {
            let mut answer = Redirect::to("/t").into_response();
            Kept::forget(&state.web, headers, &mut answer);
            return Ok(answer);
        }
        Err(status) if reason(&status) == "CASE_NOT_FOUND" => {
            let trouble = back(status);
            return Err(trouble.saying(
                "El defensor del cliente no tiene todavía su asunto.".to_owned(),
                "The ombudsman does not have your affair yet.".to_owned(),
            ));
        }
        Err(status) => return Err(back(status)),
    };
    let (entries, cut) = entries(state, &kept).await.map_err(back)?;
    Ok(written(state, (shown, entries, cut), (lang, csrf), said, text))
}

/// What is for both parties, the newest first.
async fn entries(state: &State, kept: &Kept) -> Result<(Vec<DossierEntry>, bool), Status> {
    let mut client = state.claimant()?;
    let (mut all, mut page_token) = (Vec::new(), String::new());
    while all.len() < PAPERS {
        let request = ListClaimantEntriesRequest {
            tracking_key: kept.key.clone(),
            proof: kept.proof.clone(),
            page_size: 100,
            page_token,
        };
        let found = client.list_claimant_entries(request).await?.into_inner();
        all.extend(found.entries);
        page_token = found.next_page_token;
        if page_token.is_empty() {
            all.reverse();
            return Ok((all, false));
        }
    }
    all.reverse();
    Ok((all, true))
}

fn written(
    state: &State,
    (shown, entries, cut): (ClaimantCase, Vec<DossierEntry>, bool),
    (lang, csrf): (Lang, Csrf),
    said: Said,
    text: String,
) -> Response {
    let may = |option: ClaimantOption| shown.options().any(|may| may == option);
    let request = || state.web.ambient().uuid(state.web.ambient().now()).to_string();
    let offered = shown.offer.as_ref();
    let offer = offered.and_then(|offer| entries.iter().find(|entry| entry.name == offer.entry)).and_then(words);
    let title = lang.of("Mi expediente ante el defensor", "My case before the ombudsman");
    let body = Page {
        lang,
        csrf,
        said,
        state: state_of(lang, shown.state()),
        filed: When::of(lang, shown.filed_at_office_time),
        due: When::of(lang, shown.decide_due_time),
        terms: shown.party_terms.iter().filter_map(|term| term_of(lang, term)).collect(),
        refusal: shown.refusal.as_ref().map(|refusal| refusal.reasons.clone()),
        asked_to_complete: shown.cure.as_ref().is_some_and(|cure| cure.cured_time.is_none()),
        accept_from: offered.and_then(|offer| When::of(lang, offer.reflection_end_time)),
        offer,
        papers: entries.iter().map(|entry| paper(lang, entry)).collect(),
        cut,
        may_add: may(ClaimantOption::Add),
        may_decline: may(ClaimantOption::DeclineOffer),
        may_accept: may(ClaimantOption::AcceptOffer),
        may_answer_decision: may(ClaimantOption::AnswerDecision),
        etag: shown.etag,
        requests: std::array::from_fn(|_| request()),
        text,
    };
    page(Layout::new(lang, title).status(said.status()), body)
}

fn words(entry: &DossierEntry) -> Option<String> {
    let text = entry.content_type.starts_with("text/") && !entry.content.is_empty();
    text.then(|| String::from_utf8_lossy(&entry.content).chars().take(SHOWN).collect())
}

fn paper(lang: Lang, entry: &DossierEntry) -> Paper {
    let (class, who, what) = match entry.kind() {
        DossierKind::Complaint | DossierKind::Cure | DossierKind::Withdrawal => {
            ("claimant", lang.of("Usted", "You"), lang.of("su reclamación", "your complaint"))
        }
        DossierKind::ClaimantStatement => {
            ("claimant", lang.of("Usted", "You"), lang.of("lo que dijo", "what you stated"))
        }
        DossierKind::OfferAnswer | DossierKind::DecisionAnswer => {
            ("claimant", lang.of("Las partes", "The parties"), lang.of("una respuesta", "an answer"))
        }
        DossierKind::EntityStatement => {
            ("firm", lang.of("La empresa", "The firm"), lang.of("su posición", "its position"))
        }
        DossierKind::Offer => ("firm", lang.of("La empresa", "The firm"), lang.of("una oferta", "an offer")),
        DossierKind::ExecutionProof | DossierKind::Rectification => {
            ("firm", lang.of("La empresa", "The firm"), lang.of("lo que hizo", "what it did"))
        }
        DossierKind::TicketSnapshot
        | DossierKind::MessagesSnapshot
        | DossierKind::HistorySnapshot
        | DossierKind::ClocksSnapshot
        | DossierKind::ReceiptSnapshot => (
            "firm",
            lang.of("La empresa", "The firm"),
            lang.of("copia de su asunto, como estaba", "a copy of your affair as it stood"),
        ),
        DossierKind::Evidence => ("office", lang.of("El expediente", "The file"), lang.of("una prueba", "evidence")),
        DossierKind::Decision => {
            ("office", lang.of("El defensor", "The ombudsman"), lang.of("la resolución", "the decision"))
        }
        _ => ("office", lang.of("El defensor", "The ombudsman"), lang.of("una comunicación", "a communication")),
    };
    Paper { class, who, what, when: When::of(lang, entry.record_time), words: words(entry) }
}

fn term_of(lang: Lang, term: &PartyTerm) -> Option<Term> {
    use PartyTermKind as K;
    let what = match (term.kind(), term.bearer()) {
        (K::Cure, _) => lang.of("Puede completar su reclamación hasta", "You can complete your complaint until"),
        (K::Allegations, _) => lang.of("Puede alegar hasta", "You can answer until"),
        (K::Statement, _) => {
            lang.of("La empresa puede decir su posición hasta", "The firm can state its position until")
        }
        (K::Reflection, _) => lang.of("Tiene para pensar la oferta hasta", "You have to think the offer over until"),
        (K::OfferAnswer, _) => lang.of("Puede aceptar la oferta hasta", "You can accept the offer until"),
        (K::DecisionAnswer, Party::Firm) => {
            lang.of("La empresa puede aceptar la resolución hasta", "The firm can accept the decision until")
        }
        (K::DecisionAnswer, _) => lang.of("Puede aceptar la resolución hasta", "You can accept the decision until"),
        (K::Unspecified, _) => return None,
    };
    Some(Term { what, until: When::of(lang, term.due_time)?, lapsed: term.lapse_time.is_some() })
}

const fn state_of(lang: Lang, state: CaseState) -> &'static str {
    use CaseState as S;
    match state {
        S::Unspecified => "",
        S::Received | S::Registered => {
            lang.of("El defensor mira si puede tramitarlo.", "The ombudsman looks at whether it can be heard.")
        }
        S::NeedsCure => lang.of("Le hemos pedido que lo complete.", "You were asked to complete it."),
        S::ArchivedUncured => lang.of("Archivado: no se completó.", "Archived: it was not completed."),
        S::InadmissibleProposed => {
            lang.of("Se propone no tramitarlo; puede contestar.", "It is proposed not to hear it; you can answer.")
        }
        S::Inadmissible => lang.of("No se tramita.", "It is not heard."),
        S::Admitted => {
            lang.of("Admitido: la empresa puede decir su posición.", "Admitted: the firm can state its position.")
        }
        S::EntityAllegations => lang.of("La empresa ha dicho su posición.", "The firm stated its position."),
        S::Investigation | S::Drafted => lang.of("El defensor lo estudia.", "The ombudsman is looking into it."),
        S::Decided => lang.of("Decidido; se le va a comunicar.", "Decided; you will be told."),
        S::Notified => lang.of("Decidido y comunicado.", "Decided, and you were told."),
        S::Closed => lang.of("Cerrado.", "Closed."),
        S::Withdrawn | S::OwnInitiative => lang.of("Usted desistió.", "You withdrew it."),
        S::Rectified => lang.of("La empresa rectificó.", "The firm put it right."),
        S::ForwardedInternally => {
            lang.of("Otro es competente; se le dijo quién.", "Somebody else is competent; you were told who.")
        }
        S::Stayed => lang.of("Parado: otro procedimiento lo tiene.", "Stayed: other proceedings have it."),
        S::Conciliation => lang.of("Hay una oferta de la empresa.", "There is an offer of the firm."),
        S::Settled => lang.of("Aceptó la oferta.", "You accepted the offer."),
        S::Binding => lang.of("La resolución obliga a la empresa.", "The decision binds the firm."),
        S::NotBinding => lang.of("La resolución no obliga a nadie.", "The decision binds nobody."),
        S::Compliance => lang.of("La empresa tiene que cumplir.", "The firm has to comply."),
        S::Complied => lang.of("La empresa cumplió.", "The firm complied."),
        S::Overdue | S::Reported => lang.of("La empresa no cumplió a tiempo.", "The firm did not comply in time."),
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
    async fn on(self, done: &str, outcome: Result<(), Status>, text: String) -> Result<Response, Trouble> {
        match outcome {
            Ok(()) => Ok(Redirect::to(&format!("/t/office?done={done}")).into_response()),
            Err(status) if matches!(status.code(), Code::Aborted | Code::FailedPrecondition | Code::NotFound) => {
                case(&self.state, &self.headers, (self.lang, self.csrf), Said::Changed, text).await
            }
            Err(status) => Err(Trouble::from(status).back_to("/t/office", "Volver al expediente", "Back to the case")),
        }
    }

    async fn empty(self) -> Result<Response, Trouble> {
        case(&self.state, &self.headers, (self.lang, self.csrf), Said::Empty, String::new()).await
    }
}

/// What becomes of a form: everything it needs, or the entrance.
macro_rules! visit {
    ($state:ident, $lang:ident, $csrf:ident, $headers:ident, $act:ident) => {{
        let Some(kept) = Kept::read(&$state.web, &$headers) else { return Ok(Redirect::to("/t").into_response()) };
        let visit = Visit { state: $state, lang: $lang, csrf: $csrf, headers: $headers };
        if $act.text.trim().is_empty() {
            return visit.empty().await;
        }
        (visit, kept)
    }};
}

/// `POST /t/office/add`.
pub(crate) async fn add(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act);
    let kind = if act.kind == "evidence" { DossierKind::Evidence } else { DossierKind::ClaimantStatement };
    let request = AddClaimantEntryRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        kind: kind.into(),
        content_type: String::new(),
        content: act.text.clone().into_bytes(),
        request_id: act.request,
    };
    let done = async { visit.state.claimant()?.add_claimant_entry(request).await.map(|_| ()) }.await;
    visit.on("sent", done, act.text).await
}

/// `POST /t/office/offer`.
pub(crate) async fn offer(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act);
    let request = AnswerClaimantOfferRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        accepted: act.accepted == "yes",
        statement: act.text.clone(),
        request_id: act.request,
    };
    let done = async { visit.state.claimant()?.answer_claimant_offer(request).await.map(|_| ()) }.await;
    visit.on("answered", done, act.text).await
}

/// `POST /t/office/decision`.
pub(crate) async fn decision(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response, Trouble> {
    let (visit, kept) = visit!(state, lang, csrf, headers, act);
    let request = AnswerClaimantDecisionRequest {
        tracking_key: kept.key,
        proof: kept.proof,
        etag: act.etag,
        accepted: act.accepted == "yes",
        statement: act.text.clone(),
        request_id: act.request,
    };
    let done = async { visit.state.claimant()?.answer_claimant_decision(request).await.map(|_| ()) }.await;
    visit.on("answered", done, act.text).await
}

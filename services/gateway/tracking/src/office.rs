//! The page of the case before the ombudsman, for its claimant: where it stands, what both parties said, and what the claimant can do.

mod forms;
mod papers;
mod reading;

use askama::Template;
use axum::extract::{Query, State as Of};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::{
    CaseState, ClaimantCase, ClaimantOption, DossierEntry, GetClaimantCaseRequest, ListClaimantEntriesRequest,
    ListClaimantEntriesResponse, MissingItem, Party, PartyTerm, PartyTermKind,
};
use web::{Csrf, Cut, Lang, Layout, Trouble, When, page_within};

pub(crate) use forms::{add, code, complete, decision, offer, people, withdraw};
use papers::{Paper, paper, words};
pub(crate) use reading::read;

use crate::draft::{Draft, Field, Which};
use crate::kept::Kept;
use crate::{CODE_WRONG, State, UNKNOWN, escaped, reason};

/// Papers of one page, the newest first.
const PAPERS: i32 = 25;

/// What is said above the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    Sent,
    Answered,
    Completed,
    Withdrawn,
    Told,
    /// It changed while the claimant read it, or does not allow that any more.
    Changed,
    /// Nothing was written where something is needed.
    Empty,
    /// Something that was written cannot be what it should be.
    Unreadable,
    /// The office's code is needed, and is not the one that was kept.
    CodeNeeded,
    /// That is not the office's code.
    CodeWrong,
    /// Key and proof had been forgotten when it was sent; here it is, to be sent again.
    Unsent,
}

impl Said {
    fn of(word: &str) -> Self {
        match word {
            "sent" => Self::Sent,
            "answered" => Self::Answered,
            "completed" => Self::Completed,
            "withdrawn" => Self::Withdrawn,
            "told" => Self::Told,
            "code" => Self::CodeNeeded,
            _ => Self::Nothing,
        }
    }

    /// Nothing was done, by a fault of what was written.
    const fn is_refusal(self) -> bool {
        matches!(self, Self::Empty | Self::Unreadable | Self::CodeWrong)
    }

    /// Nothing was done, by nobody's fault.
    const fn is_warning(self) -> bool {
        matches!(self, Self::Changed | Self::CodeNeeded | Self::Unsent)
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Changed => StatusCode::CONFLICT,
            Self::Empty | Self::Unreadable | Self::CodeWrong => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::OK,
        }
    }
}

/// What of the case is looked at.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Looked {
    done: String,
    /// Id of one of the claimant's cases of the affair; empty for the last.
    case: String,
    /// Where the papers go on; empty for the newest.
    papers: String,
}

impl Looked {
    fn name(&self) -> String {
        if self.case.is_empty() { String::new() } else { format!("cases/{}", self.case) }
    }
}

/// Time of a party.
struct Term {
    what: &'static str,
    until: When,
    lapsed: bool,
}

#[derive(Template)]
#[template(path = "office.html")]
struct Page<'a> {
    lang: Lang,
    cut: &'a Cut,
    csrf: Csrf,
    said: Said,
    state: &'static str,
    filed: Option<When>,
    due: Option<When>,
    terms: Vec<Term>,
    refusal: Option<String>,
    missing: Vec<&'static str>,
    wants: Wants,
    offer: Option<String>,
    /// The number of the offer's paper.
    offer_paper: i64,
    accept_from: Option<When>,
    papers: Vec<Paper>,
    /// Where older papers are, as an address.
    older: Option<String>,
    /// Whether these are the newest.
    newest: bool,
    /// The other cases of the affair, as addresses.
    others: Vec<String>,
    reviews: bool,
    /// Another decision took the place of this one.
    superseded: bool,
    /// It leaves in force what it reviews.
    confirms: bool,
    case: String,
    /// Nothing more is told before the office's code was shown.
    code_needed: bool,
    may_complete: bool,
    may_withdraw: bool,
    may_add: bool,
    may_decline: bool,
    may_accept: bool,
    may_answer_decision: bool,
    etag: String,
    requests: [String; 6],
    draft: Draft,
}

impl Page<'_> {
    /// What is wrong with this field of this form, where something is.
    fn wrong(&self, which: Which, field: Field) -> Option<&'static str> {
        self.draft.is_wrong(which, field).then(|| wrong_of(self.lang, &self.draft, field))
    }

    /// What is wrong, each with the id of its field.
    fn all_wrong(&self) -> Vec<(&'static str, &'static str)> {
        let Draft { which, wrong, .. } = &self.draft;
        wrong.iter().map(|field| (field.id(*which), wrong_of(self.lang, &self.draft, *field))).collect()
    }
}

fn wrong_of(lang: Lang, draft: &Draft, field: Field) -> &'static str {
    match field {
        Field::Text if draft.which == Which::Code => {
            lang.of("Copie el código tal como se lo dieron.", "Copy the code as it was given to you.")
        }
        Field::Text if draft.text.trim().is_empty() => lang.of("Aquí no ha escrito nada.", "You wrote nothing here."),
        Field::Text => lang.of("Es demasiado largo, o no se puede leer.", "This is too long, or cannot be read."),
        Field::Facts => lang.of(
            "Ese día no existe, o no se entiende. Escríbalo otra vez.",
            "There is no such day, or it cannot be read. Write it again.",
        ),
        Field::Points => lang.of(
            "Alguna línea es demasiado larga, o hay demasiadas.",
            "One of the lines is too long, or there are too many.",
        ),
        Field::Proceedings => lang.of("Elija una de las respuestas.", "Choose one of the answers."),
    }
}

/// Which fields complete the complaint.
#[derive(Default)]
struct Wants {
    proceedings: bool,
    facts: bool,
    points: bool,
}

/// `GET /t/office`.
pub(crate) async fn show(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Query(looked): Query<Looked>,
) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, &headers) else { return Ok(Redirect::to("/t").into_response()) };
    let said = Said::of(&looked.done);
    case(&state, &headers, kept, (lang, csrf), &looked, (said, Draft::default())).await
}

/// The case, with what was written into a form of it when key and proof had been forgotten.
pub(crate) async fn unsent(
    state: &State,
    headers: &HeaderMap,
    kept: Kept,
    (lang, csrf): (Lang, Csrf),
    draft: Draft,
) -> Result<Response, Trouble> {
    let looked = Looked { case: draft.case.clone(), ..Looked::default() };
    case(state, headers, kept, (lang, csrf), &looked, (Said::Unsent, draft)).await
}

async fn case(
    state: &State,
    headers: &HeaderMap,
    kept: Kept,
    (lang, csrf): (Lang, Csrf),
    looked: &Looked,
    said: (Said, Draft),
) -> Result<Response, Trouble> {
    let back = |status: Status| Trouble::from(status).back_to("/t/affair", "Volver a mi asunto", "Back to my affair");
    let asked = GetClaimantCaseRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        case_name: looked.name(),
        office_code: kept.code_for(&looked.case),
    };
    let shown = match async { state.claimant()?.get_claimant_case(asked.clone()).await }.await {
        Ok(shown) => shown.into_inner(),
        // What was kept is another case's, or was taken back: without it one learns where the case stands.
        Err(status) if reason(&status) == CODE_WRONG => {
            let bare = GetClaimantCaseRequest { office_code: String::new(), ..asked };
            let looked = async { state.claimant()?.get_claimant_case(bare).await }.await;
            looked.map_err(back)?.into_inner()
        }
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
    if shown.code_needed {
        let none = ListClaimantEntriesResponse::default();
        return Ok(written(state, (shown, none, None), (lang, csrf), looked, said));
    }
    let papers = papers(state, &kept, shown.case_name.clone(), looked.papers.clone()).await.map_err(back)?;
    let offer = offered(state, &kept, &shown, &papers).await.map_err(back)?;
    Ok(written(state, (shown, papers, offer), (lang, csrf), looked, said))
}

/// A page of what is for both parties, the newest first.
async fn papers(
    state: &State,
    kept: &Kept,
    case_name: String,
    page_token: String,
) -> Result<ListClaimantEntriesResponse, Status> {
    let request = ListClaimantEntriesRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        page_size: PAPERS,
        page_token,
        case_name,
        newest_first: true,
        office_code: kept.code.clone(),
        first_sequence: 0,
    };
    Ok(state.claimant()?.list_claimant_entries(request).await?.into_inner())
}

/// The paper of this number; `None` for what there is not, or is not the claimant's to read.
async fn only(state: &State, kept: &Kept, (case_name, number): (String, i64)) -> Result<Option<DossierEntry>, Status> {
    let request = ListClaimantEntriesRequest {
        tracking_key: kept.key.clone(),
        proof: kept.proof.clone(),
        page_size: 1,
        first_sequence: number,
        case_name,
        office_code: kept.code.clone(),
        ..ListClaimantEntriesRequest::default()
    };
    let entries = state.claimant()?.list_claimant_entries(request).await?.into_inner().entries;
    Ok(entries.into_iter().find(|entry| entry.sequence == number))
}

/// The words of the offer that the claimant was told.
async fn offered(
    state: &State,
    kept: &Kept,
    shown: &ClaimantCase,
    first: &ListClaimantEntriesResponse,
) -> Result<Option<String>, Status> {
    let Some(offer) = &shown.offer else { return Ok(None) };
    if let Some(entry) = first.entries.iter().find(|entry| entry.name == offer.entry) {
        return Ok(words(entry));
    }
    let found = only(state, kept, (shown.case_name.clone(), number_of(&offer.entry))).await?;
    Ok(found.as_ref().and_then(words))
}

/// The number of a paper by its name; 0 for what is none.
fn number_of(entry: &str) -> i64 {
    entry.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn written(
    state: &State,
    (shown, papers, offer): (ClaimantCase, ListClaimantEntriesResponse, Option<String>),
    (lang, csrf): (Lang, Csrf),
    looked: &Looked,
    (said, draft): (Said, Draft),
) -> Response {
    let may = |option: ClaimantOption| shown.options().any(|may| may == option);
    let request = || state.web.ambient().uuid(state.web.ambient().now()).to_string();
    let offered = shown.offer.as_ref();
    // What a proposed refusal turns on is said anew, and not missing.
    let proposed = shown.state() == CaseState::InadmissibleProposed;
    let title = lang.of("Mi expediente ante el defensor", "My case before the ombudsman");
    let case = id_of(&shown.case_name);
    let older = (!papers.next_page_token.is_empty())
        .then(|| format!("/t/office?case={case}&papers={}#papers", escaped(&papers.next_page_token)));
    let cut = Cut::default();
    let body = Page {
        lang,
        cut: &cut,
        csrf,
        said,
        state: state_of(lang, shown.state()),
        filed: When::of(lang, shown.filed_at_office_time),
        due: When::of(lang, shown.decide_due_time.filter(|_| is_to_be_decided(shown.state()))),
        terms: shown.party_terms.iter().filter_map(|term| term_of(lang, term)).collect(),
        refusal: shown.refusal.as_ref().map(|refusal| refusal.reasons.clone()),
        missing: shown.completes().filter(|_| !proposed).filter_map(|item| missing(lang, item)).collect(),
        wants: Wants::of(shown.completes()),
        accept_from: offered.and_then(|offer| When::of(lang, offer.reflection_end_time)),
        offer_paper: offered.map(|offer| number_of(&offer.entry)).unwrap_or_default(),
        offer,
        papers: papers.entries.iter().map(|entry| paper(lang, entry)).collect(),
        older,
        newest: looked.papers.is_empty(),
        others: shown.other_cases.iter().map(|other| format!("/t/office?case={}", id_of(other))).collect(),
        reviews: !shown.review_of.is_empty(),
        superseded: !shown.superseded_by.is_empty(),
        confirms: shown.confirms,
        case: case.to_owned(),
        code_needed: shown.code_needed,
        may_complete: may(ClaimantOption::Complete),
        may_withdraw: may(ClaimantOption::Withdraw),
        may_add: may(ClaimantOption::Add),
        may_decline: may(ClaimantOption::DeclineOffer),
        may_accept: may(ClaimantOption::AcceptOffer),
        may_answer_decision: may(ClaimantOption::AnswerDecision),
        etag: shown.etag,
        requests: std::array::from_fn(|_| request()),
        draft,
    };
    page_within(Layout::new(lang, title).status(said.status()), &cut, body)
}

fn id_of(name: &str) -> &str {
    name.strip_prefix("cases/").unwrap_or(name)
}

impl Wants {
    fn of(items: impl Iterator<Item = MissingItem>) -> Self {
        let mut wants = Self::default();
        for item in items {
            match item {
                MissingItem::ParallelProceedingsDeclaration => wants.proceedings = true,
                MissingItem::FactsDate => wants.facts = true,
                MissingItem::ClaimPoints => wants.points = true,
                _ => {}
            }
        }
        wants
    }
}

/// What is missing, as the claimant is asked for it.
const fn missing(lang: Lang, item: MissingItem) -> Option<&'static str> {
    Some(match item {
        MissingItem::Unspecified => return None,
        MissingItem::Identity => lang.of("quién es usted", "who you are"),
        MissingItem::ClaimPoints => lang.of("qué reclama, con claridad", "what you claim, clearly"),
        MissingItem::FactsDate => lang.of("qué día ocurrió", "on which day it happened"),
        MissingItem::ParallelProceedingsDeclaration => {
            lang.of("si otro procedimiento trata de lo mismo", "whether other proceedings are about the same")
        }
        MissingItem::Representation => {
            lang.of("que puede actuar por quien reclama", "that you may act for whom you claim")
        }
        MissingItem::Documents => lang.of("documentos", "documents"),
    })
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
        (K::Refusal, _) => lang.of("El defensor puede no admitirlo hasta", "The ombudsman can refuse to hear it until"),
        (K::Unspecified, _) => return None,
    };
    Some(Term { what, until: When::of(lang, term.due_time)?, lapsed: term.lapse_time.is_some() })
}

/// Whether the ombudsman owes a decision: the term for it is told after that too, as it was settled, and runs no more.
const fn is_to_be_decided(state: CaseState) -> bool {
    use CaseState as S;
    match state {
        S::Received
        | S::Registered
        | S::NeedsCure
        | S::InadmissibleProposed
        | S::Admitted
        | S::EntityAllegations
        | S::Investigation
        | S::Drafted
        | S::Conciliation => true,
        S::Unspecified
        | S::ArchivedUncured
        | S::Inadmissible
        | S::Decided
        | S::Notified
        | S::Closed
        | S::Withdrawn
        | S::Rectified
        | S::ForwardedInternally
        | S::Stayed
        | S::Settled
        | S::OwnInitiative
        | S::Binding
        | S::NotBinding
        | S::Compliance
        | S::Complied
        | S::Overdue
        | S::Reported => false,
    }
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

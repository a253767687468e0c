//! The page of one affair.

mod reading;

use askama::Template;
use axum::extract::{Query, State as Of};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use ventanilla_proto::ticketing::v1::{
    GetPublicAffairRequest, PublicAffair, PublicMessage, PublicOption, PublicPoint, PublicStatus, SatisfactionCause,
};
use ventanilla_proto::r#type::v1::Language;
use web::{Csrf, Cut, Lang, Layout, Trouble, When, page_within};

pub(crate) use reading::read;

use crate::draft::{Draft, Field, Which};
use crate::kept::Kept;
use crate::map::{Road, road};
use crate::{State, UNKNOWN, reason};

/// Steps of the way that are shown, the last ones.
const STEPS: usize = 40;
/// Files of a message that are named, and bytes of a name.
const FILES: usize = 2;
const FILE_NAME: usize = 120;

/// What is said above the affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Nothing,
    /// What the customer wrote has arrived.
    Message,
    Accepted,
    Objected,
    Ombudsman,
    /// What they thought has arrived.
    Opinion,
    /// It changed while the customer read it.
    Changed,
    /// Nothing was written where something is needed.
    Empty,
    /// What was written cannot be taken: too long, or no text.
    Unreadable,
    /// Key and proof had been forgotten when it was sent; here it is, to be sent again.
    Unsent,
    /// The ombudsman's office hears it already.
    AtTheOffice,
    /// The house still has time to answer before the office hears it.
    TooEarly,
}

impl Said {
    fn of(word: &str) -> Self {
        match word {
            "message" => Self::Message,
            "accepted" => Self::Accepted,
            "objected" => Self::Objected,
            _ => Self::Nothing,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Changed | Self::AtTheOffice | Self::TooEarly => StatusCode::CONFLICT,
            Self::Empty | Self::Unreadable => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::OK,
        }
    }
}

/// What the page is asked to show beside the affair.
pub(crate) struct Asked {
    pub(crate) lang: Lang,
    pub(crate) csrf: Csrf,
    pub(crate) said: Said,
    /// What the customer had written and was not taken.
    pub(crate) draft: Draft,
    /// The code that the ombudsman's office just gave them.
    pub(crate) office_code: String,
    /// What somebody is told who said that they are dissatisfied; empty for everybody else.
    pub(crate) invitation: String,
    /// Which messages; empty for the newest.
    pub(crate) before: String,
}

impl Asked {
    /// The affair as it stands, with its newest messages.
    pub(crate) fn newest(lang: Lang, csrf: Csrf, said: Said) -> Self {
        let (office_code, invitation, before) = (String::new(), String::new(), String::new());
        Self { lang, csrf, said, draft: Draft::default(), office_code, invitation, before }
    }
}

#[derive(Deserialize)]
pub(crate) struct Looked {
    #[serde(default)]
    done: String,
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "affair.html")]
struct Page<'a> {
    lang: Lang,
    cut: &'a Cut,
    csrf: Csrf,
    said: Said,
    status: PublicStatus,
    department: String,
    /// Language of the house's texts, where it is not the page's.
    text_lang: &'static str,
    road: Road,
    since: Option<When>,
    received: Option<When>,
    due: Option<When>,
    promise: Option<When>,
    cure: Option<When>,
    incident_end: Option<When>,
    points: Vec<PublicPoint>,
    resolution: String,
    signpost: String,
    messages: Vec<Spoken>,
    /// The page that these messages are on, as an address has it.
    before: &'a str,
    /// The way back to what was said before these; empty for none.
    older: String,
    /// These are not the newest.
    looks_back: bool,
    /// The last steps.
    history: Vec<(String, Option<When>)>,
    /// How many there were before those.
    history_before: usize,
    may_say: bool,
    may_accept: bool,
    may_object: bool,
    may_go_to_the_office: bool,
    /// The code that the ombudsman's office just gave them.
    office_code: String,
    /// What somebody is told who said that they are dissatisfied.
    invitation: String,
    may_answer_survey: bool,
    survey_etag: String,
    /// When they said what they thought.
    opined: Option<When>,
    etag: String,
    /// Ids of what the forms of this page ask for: sent twice, done once.
    requests: [String; 5],
    draft: Draft,
}

/// What was said.
struct Spoken {
    from_customer: bool,
    when: Option<When>,
    text: String,
    /// Names of its files, as far as they are shown.
    files: Vec<String>,
    /// Whether there are others, or one is longer than is shown.
    has_more_files: bool,
    /// What a page that tells it whole is asked for.
    at: String,
}

impl Spoken {
    fn of(lang: Lang, message: PublicMessage) -> Self {
        let files: Vec<_> = message.file_names.iter().take(FILES).map(|name| web::beginning(name, FILE_NAME)).collect();
        Self {
            from_customer: message.from_customer,
            when: When::of(lang, message.occurred_time),
            has_more_files: message.file_names.len() > FILES || files.iter().any(|(_, more)| *more),
            files: files.iter().map(|(name, more)| format!("{name}{}", if *more { "…" } else { "" })).collect(),
            at: reading::moment(&message),
            text: message.text,
        }
    }
}

/// `GET /t/affair`.
pub(crate) async fn show(
    Of(state): Of<State>,
    lang: Lang,
    csrf: Csrf,
    headers: HeaderMap,
    Query(Looked { done, before }): Query<Looked>,
) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, &headers) else { return Ok(Redirect::to("/t").into_response()) };
    let asked = Asked { before, ..Asked::newest(lang, csrf, Said::of(&done)) };
    affair(&state, &headers, kept, asked).await
}

/// The page, or the entrance when key and proof open nothing any more.
pub(crate) async fn affair(state: &State, headers: &HeaderMap, kept: Kept, asked: Asked) -> Result<Response, Trouble> {
    let request =
        GetPublicAffairRequest { tracking_key: kept.key, proof: kept.proof, page_token: asked.before.clone() };
    match async { state.public()?.get_public_affair(request).await }.await {
        Ok(shown) => Ok(written(state, shown.into_inner(), asked)),
        Err(status) if reason(&status) == UNKNOWN => {
            let mut answer = Redirect::to("/t").into_response();
            Kept::forget(&state.web, headers, &mut answer);
            Ok(answer)
        }
        Err(status) => Err(Trouble::from(status).back_to("/t/affair", "Intentarlo otra vez", "Try again")),
    }
}

fn written(state: &State, shown: PublicAffair, asked: Asked) -> Response {
    let Asked { lang, csrf, said, draft, office_code, invitation, before } = asked;
    let survey = shown.survey.clone().unwrap_or_default();
    let status = shown.status.clone().unwrap_or_default();
    let may = |option: PublicOption| shown.options().any(|may| may == option);
    let request = || state.web.ambient().uuid(state.web.ambient().now()).to_string();
    let layout =
        Layout::new(lang, lang.of("Mi asunto", "My affair")).heading(shown.subject.clone()).status(said.status());
    // The office's code is told in this answer and nowhere else.
    let layout = if office_code.is_empty() { layout } else { layout.told_once() };
    let cut = Cut::default();
    let steps = status.history.iter().map(|step| (step.title.clone(), When::of(lang, step.enter_time)));
    let history_before = status.history.len().saturating_sub(STEPS);
    let body = Page {
        lang,
        cut: &cut,
        csrf,
        said,
        text_lang: code(shown.language()),
        road: road(lang, &shown.milestones),
        since: When::of(lang, status.state_time),
        received: When::of(lang, status.first_received_time),
        due: When::of(lang, status.answer_due_time),
        promise: When::of(lang, status.promise_due_time),
        cure: When::of(lang, status.cure_due_time),
        incident_end: When::of(lang, status.incident_end_time),
        history: steps.skip(history_before).collect(),
        history_before,
        may_say: may(PublicOption::Say),
        may_accept: may(PublicOption::Accept),
        may_object: may(PublicOption::Object),
        may_go_to_the_office: may(PublicOption::Ombudsman),
        office_code,
        invitation,
        may_answer_survey: may(PublicOption::Survey),
        survey_etag: survey.etag,
        opined: When::of(lang, survey.answer_time),
        department: web::department(&status.department, &status.department_name, lang),
        status,
        points: shown.points,
        resolution: shown.resolution,
        signpost: shown.signpost,
        messages: shown.messages.into_iter().map(|message| Spoken::of(lang, message)).collect(),
        before: &before,
        older: shown.next_page_token,
        looks_back: !before.is_empty(),
        etag: shown.etag,
        requests: std::array::from_fn(|_| request()),
        draft,
    };
    page_within(layout, &cut, body)
}

/// How satisfied somebody is, as a score and in words.
const SATISFACTION: [(i32, (&str, &str)); 5] = [
    (1, ("muy insatisfecho", "very dissatisfied")),
    (2, ("insatisfecho", "dissatisfied")),
    (3, ("ni una cosa ni otra", "neither")),
    (4, ("satisfecho", "satisfied")),
    (5, ("muy satisfecho", "very satisfied")),
];

/// What a score may be about.
fn causes(lang: Lang) -> Vec<(i32, &'static str)> {
    let told = |cause: SatisfactionCause| match cause {
        SatisfactionCause::Unspecified => "",
        SatisfactionCause::Outcome => lang.of("lo que se decidió", "what came of it"),
        SatisfactionCause::Time => lang.of("lo que tardó", "how long it took"),
        SatisfactionCause::Effort => lang.of("lo que tuve que hacer yo", "how much I had to do"),
        SatisfactionCause::Treatment => lang.of("el trato", "how people were"),
        SatisfactionCause::Clarity => lang.of("la claridad", "how well it was explained"),
        SatisfactionCause::Promise => lang.of("si se cumplió lo prometido", "whether promises were kept"),
        SatisfactionCause::Access => {
            lang.of("lo fácil que fue hablar con alguien", "how easy it was to reach somebody")
        }
        SatisfactionCause::Product => lang.of("el producto o su precio", "the product or its price"),
    };
    let known = (1..32).map_while(|number| SatisfactionCause::try_from(number).ok());
    known.map(|cause| (cause.into(), told(cause))).collect()
}

const fn code(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Ca => "ca",
        Language::Gl => "gl",
        Language::Eu => "eu",
        Language::Es | Language::Unspecified => "es",
    }
}

//! Terms of office: who is appointed, for what, for how long, and how a term ends before its time; and the keys that drafts are closed under. Whether any of it may
//! be is the office's to say: these are its forms, for whoever decides in it.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use prost_types::Timestamp;
use serde::Deserialize;
use tonic::Status;
use ventanilla_proto::ombudsman::v1::{
    CaseSubstitute, ChangeOfficeRolesRequest, EndMandateRequest, GetDraftKeysRequest, GetOfficeMemberRequest, Mandate,
    MandateEndCause, OfficeMember, OfficeRole, RecloseDraftsRequest, RecloseDraftsResponse, RegisterOfficeMemberRequest, RenewMandateRequest,
};
use web::{Csrf, Form, Lang, Layout, Said, Trouble, When, page};

use crate::office::Office;
use crate::step::noon;
use crate::words::{self, Both};
use crate::wrong;

/// What anybody is appointed for.
const ROLES: [OfficeRole; 5] =
    [OfficeRole::Intake, OfficeRole::Investigator, OfficeRole::Ombudsman, OfficeRole::Quality, OfficeRole::Auditor];
/// Drafts that are closed anew at a press.
const AT_ONCE: i32 = 100;

/// A form of these pages, as it was filled in.
#[derive(Deserialize, Default)]
pub(crate) struct Typed {
    #[serde(default)]
    etag: String,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    line_manager: String,
    #[serde(default)]
    office_role: Vec<i32>,
    #[serde(default)]
    start: String,
    #[serde(default)]
    end: String,
    #[serde(default)]
    cause: i32,
    #[serde(default)]
    explanation: String,
    #[serde(default)]
    substitutes: String,
    #[serde(default)]
    other_substitute: String,
}

/// Why nothing was done, as the page says it.
pub(crate) struct Refused {
    pub(crate) text: String,
    pub(crate) faults: Vec<(String, Said)>,
    pub(crate) status: StatusCode,
}

impl Refused {
    pub(crate) fn of(lang: Lang, trouble: &Trouble) -> Self {
        let fault = |fault: &web::FieldFault| (fault.field.clone(), fault.said(lang));
        Self {
            text: wrong::text(trouble, lang),
            faults: trouble.faults().iter().map(fault).collect(),
            status: trouble.status(),
        }
    }
}

fn roles(lang: Lang, chosen: &[i32]) -> Vec<(i32, &'static str, bool)> {
    ROLES.map(|role| (role.into(), words::of(lang, words::seat(role)), chosen.contains(&role.into()))).into()
}

/// A day of the form as an instant. Both ends of a term have the same hour, so that two years are two years.
fn day(field: &'static str, typed: &str) -> Result<Timestamp, Trouble> {
    noon(typed.trim()).ok_or_else(|| {
        Trouble::new(StatusCode::BAD_REQUEST)
            .saying(
                "Hay algo que no se puede leer. No se ha cambiado nada.",
                "Something cannot be read. Nothing was changed.",
            )
            .naming(field, "Escriba un día como 2026-11-27.", "Write a day such as 2026-11-27.")
    })
}

#[derive(Template)]
#[template(path = "appoint.html")]
struct AppointPage<'a> {
    lang: Lang,
    csrf: Csrf,
    request_id: String,
    typed: &'a Typed,
    roles: Vec<(i32, &'static str, bool)>,
    refused: Option<Refused>,
}

/// `GET /console/house/people`.
pub(crate) async fn appoint(office: Office) -> Response {
    appoint_form(&office, &Typed { unit: "ombudsman-office".to_owned(), ..Typed::default() }, None)
}

fn appoint_form(office: &Office, typed: &Typed, refused: Option<&Trouble>) -> Response {
    let lang = office.lang;
    let refused = refused.map(|trouble| Refused::of(lang, trouble));
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let body = AppointPage {
        lang,
        csrf: office.session.csrf.clone(),
        request_id: office.request_id(),
        roles: roles(lang, &typed.office_role),
        typed,
        refused,
    };
    let title = lang.of("Nombrar a una persona", "Appoint a person");
    page(Layout::new(lang, title).of(&office.session, "/console").status(status), body)
}

/// `POST /console/house/people`.
pub(crate) async fn register(office: Office, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let request = match registering(&typed) {
        Ok(request) => request,
        Err(trouble) => return Ok(appoint_form(&office, &typed, Some(&trouble))),
    };
    match office.cases().register_office_member(request).await {
        Ok(member) => Ok(gone_to(&member.into_inner(), "appointed")),
        Err(status) => Ok(appoint_form(&office, &typed, Some(&Trouble::from(status)))),
    }
}

fn registering(typed: &Typed) -> Result<RegisterOfficeMemberRequest, Trouble> {
    let mandate = Mandate {
        start_time: Some(day("start", &typed.start)?),
        end_time: Some(day("end", &typed.end)?),
        ending: None,
    };
    let member = OfficeMember {
        person: typed.person.trim().to_owned(),
        office_roles: typed.office_role.clone(),
        unit: typed.unit.trim().to_owned(),
        line_manager: typed.line_manager.trim().to_owned(),
        mandate: Some(mandate),
        ..OfficeMember::default()
    };
    Ok(RegisterOfficeMemberRequest { member: Some(member), request_id: typed.request_id.clone() })
}

fn gone_to(member: &OfficeMember, done: &str) -> Response {
    Redirect::to(&format!("/console/house/people/{}?done={done}", id(&member.name))).into_response()
}

fn id(name: &str) -> &str {
    name.trim_start_matches("officeMembers/")
}

struct Term {
    from: Option<When>,
    until: Option<When>,
    /// How it ended before its time: when, why, and what that rests on.
    ended: Option<(Option<When>, &'static str, String)>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    lang: Lang,
    csrf: Csrf,
    id: &'a str,
    member: &'a OfficeMember,
    terms: Vec<Term>,
    roles: Vec<(i32, &'static str, bool)>,
    causes: Vec<(i32, &'static str, bool)>,
    typed: &'a Typed,
    /// Ids of what the three forms ask for: sent twice, done once.
    requests: [String; 3],
    done: Option<&'static str>,
    refused: Option<Refused>,
}

/// What was just done.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    done: String,
}

/// `GET /console/house/people/{member}`.
pub(crate) async fn show(
    office: Office,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let done = match wanted.done.as_str() {
        "appointed" => Some(lang.of("Nombrada.", "Appointed.")),
        "renew" => Some(lang.of("Mandato renovado.", "Mandate renewed.")),
        "roles" => Some(lang.of("Funciones cambiadas.", "Roles changed.")),
        "end" => Some(lang.of("Mandato terminado.", "Mandate ended.")),
        _ => None,
    };
    person(&office, &id, &Typed::default(), None, done).await
}

async fn person(
    office: &Office,
    id: &str,
    typed: &Typed,
    refused: Option<&Trouble>,
    done: Option<&'static str>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let member = read(office, id).await.map_err(away)?;
    let refused = refused.map(|trouble| Refused::of(lang, trouble));
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let term = |mandate: &Mandate| Term {
        from: When::of(lang, mandate.start_time),
        until: When::of(lang, mandate.end_time),
        ended: mandate.ending.as_ref().map(|ending| {
            let why = words::of(lang, cause(ending.cause()));
            (When::of(lang, ending.end_time), why, ending.explanation.clone())
        }),
    };
    let chosen = if typed.office_role.is_empty() { &member.office_roles } else { &typed.office_role };
    let causes = (1..=6).filter_map(|n| MandateEndCause::try_from(n).ok().map(|one| (n, cause(one))));
    let body = PersonPage {
        lang,
        csrf: office.session.csrf.clone(),
        id,
        terms: member.mandates.iter().map(term).collect(),
        roles: roles(lang, chosen),
        causes: causes.map(|(n, both)| (n, words::of(lang, both), n == typed.cause)).collect(),
        typed,
        requests: std::array::from_fn(|_| office.request_id()),
        done,
        refused,
        member: &member,
    };
    let title = format!("{} {}", lang.of("Persona", "Person"), member.person);
    Ok(page(Layout::new(lang, title).of(&office.session, "/console").status(status), body))
}

async fn read(office: &Office, id: &str) -> Result<OfficeMember, Status> {
    let request = GetOfficeMemberRequest { name: format!("officeMembers/{id}") };
    Ok(office.house().get_office_member(request).await?.into_inner())
}

fn away(status: Status) -> Trouble {
    wrong::explained(status.into()).back_to("/console/house", "Volver a la casa", "Back to the house")
}

/// Why a term ended before its time.
const fn cause(cause: MandateEndCause) -> Both {
    match cause {
        MandateEndCause::Unspecified => ("sin causa", "no cause"),
        MandateEndCause::Resignation => ("renuncia", "resignation"),
        MandateEndCause::Death => ("fallecimiento", "death"),
        MandateEndCause::Incapacity => ("incapacidad", "incapacity"),
        MandateEndCause::Incompatibility => ("incompatibilidad que dura", "a lasting incompatibility"),
        MandateEndCause::Conviction => ("condena o inhabilitación firme", "a final conviction or disqualification"),
        MandateEndCause::SeriousBreach => ("incumplimiento grave de sus deberes", "a grave breach of duty"),
    }
}

/// `POST /console/house/people/{member}/{act}`: a further term, other roles, or the end of a term before its time.
pub(crate) async fn act(
    office: Office,
    Path((id, act)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let done = match act.as_str() {
        "renew" => renew(&office, &id, &typed).await,
        "roles" => change_roles(&office, &id, &typed).await,
        "end" => end(&office, &id, &typed).await,
        _ => return Err(away(Status::not_found(""))),
    };
    match done {
        Ok(member) => Ok(gone_to(&member, &act)),
        Err(trouble) => person(&office, &id, &typed, Some(&trouble), None).await,
    }
}

async fn renew(office: &Office, id: &str, typed: &Typed) -> Result<OfficeMember, Trouble> {
    let end_time = day("end", &typed.end)?;
    let start_time = if typed.start.trim().is_empty() {
        // Where nothing else is said, it begins when the one before is over.
        let member = read(office, id).await.map_err(Trouble::from)?;
        member.mandates.last().and_then(|last| last.end_time)
    } else {
        Some(day("start", &typed.start)?)
    };
    let request = RenewMandateRequest {
        name: format!("officeMembers/{id}"),
        etag: typed.etag.clone(),
        mandate: Some(Mandate { start_time, end_time: Some(end_time), ending: None }),
        request_id: typed.request_id.clone(),
    };
    Ok(office.house().renew_mandate(request).await.map_err(Trouble::from)?.into_inner())
}

async fn change_roles(office: &Office, id: &str, typed: &Typed) -> Result<OfficeMember, Trouble> {
    let request = ChangeOfficeRolesRequest {
        name: format!("officeMembers/{id}"),
        etag: typed.etag.clone(),
        office_roles: typed.office_role.clone(),
        request_id: typed.request_id.clone(),
        cause: typed.cause,
        explanation: typed.explanation.trim().replace("\r\n", "\n"),
    };
    Ok(office.house().change_office_roles(request).await.map_err(Trouble::from)?.into_inner())
}

async fn end(office: &Office, id: &str, typed: &Typed) -> Result<OfficeMember, Trouble> {
    let request = EndMandateRequest {
        name: format!("officeMembers/{id}"),
        etag: typed.etag.clone(),
        cause: typed.cause,
        explanation: typed.explanation.trim().replace("\r\n", "\n"),
        substitutes: substitutes(&typed.substitutes)?,
        request_id: typed.request_id.clone(),
        other_substitute: typed.other_substitute.trim().to_owned(),
    };
    Ok(office.house().end_mandate(request).await.map_err(Trouble::from)?.into_inner())
}

/// Who takes which case, one a line: the case, and the person.
fn substitutes(typed: &str) -> Result<Vec<CaseSubstitute>, Trouble> {
    let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = |line: &str| {
        let (case, person) = line.split_once(char::is_whitespace)?;
        let case_name = if case.starts_with("cases/") { case.to_owned() } else { format!("cases/{case}") };
        Some(CaseSubstitute { case_name, person: person.trim().to_owned() })
    };
    let read: Option<Vec<_>> = lines.map(line).collect();
    read.ok_or_else(|| {
        Trouble::new(StatusCode::BAD_REQUEST)
            .saying(
                "Hay algo que no se puede leer. No se ha cambiado nada.",
                "Something cannot be read. Nothing was changed.",
            )
            .naming(
                "substitutes",
                "Escriba en cada línea el expediente, un espacio y la persona.",
                "Write on each line the case, a space and the person.",
            )
    })
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    lang: Lang,
    csrf: Csrf,
    request_id: String,
    /// Name, whether it is in use, whether the office has it, drafts under it.
    keys: Vec<(String, bool, bool, i64)>,
    /// What is under other keys than the one in use, or not closed at all.
    left: i64,
    /// Sealed papers that are not closed at all.
    unclosed: i64,
    reclosed: Option<i32>,
    /// The first that its key does not open; empty for none.
    altered: String,
    refused: Option<Refused>,
}

/// `GET /console/house/keys`.
pub(crate) async fn keys(office: Office) -> Result<Response, Trouble> {
    keys_page(&office, None, None).await
}

async fn keys_page(
    office: &Office,
    reclosed: Option<RecloseDraftsResponse>,
    refused: Option<&Trouble>,
) -> Result<Response, Trouble> {
    let lang = office.lang;
    let found = office.house().get_draft_keys(GetDraftKeysRequest {}).await.map_err(away)?.into_inner();
    let (keys, unclosed) = (found.keys, found.unclosed_count);
    let refused = refused.map(|trouble| Refused::of(lang, trouble));
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let body = KeysPage {
        lang,
        csrf: office.session.csrf.clone(),
        request_id: office.request_id(),
        left: keys.iter().filter(|key| !key.in_use).map(|key| key.draft_count).sum::<i64>() + unclosed,
        unclosed,
        keys: keys.into_iter().map(|key| (key.name, key.in_use, key.given, key.draft_count)).collect(),
        reclosed: reclosed.as_ref().map(|done| done.reclosed_count),
        altered: reclosed.map(|done| done.first_altered).unwrap_or_default(),
        refused,
    };
    let title = lang.of("Claves de los borradores", "Keys of drafts");
    Ok(page(Layout::new(lang, title).of(&office.session, "/console").status(status), body))
}

/// `POST /console/house/keys`: closes drafts anew under the key in use, some at a press.
pub(crate) async fn reclose(office: Office, Form(typed): Form<Typed>) -> Result<Response, Trouble> {
    let request = RecloseDraftsRequest { page_size: AT_ONCE, request_id: typed.request_id };
    match office.house().reclose_drafts(request).await {
        Ok(done) => keys_page(&office, Some(done.into_inner()), None).await,
        Err(status) => keys_page(&office, None, Some(&Trouble::from(status))).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitutes_are_read_line_by_line_or_not_at_all() {
        let read = substitutes("cases/1 investigator-2\r\n\n  2\tombudsman-2  \n").unwrap();
        let told: Vec<_> = read.iter().map(|one| (one.case_name.as_str(), one.person.as_str())).collect();
        assert_eq!(told, [("cases/1", "investigator-2"), ("cases/2", "ombudsman-2")]);
        assert!(substitutes("cases/1").is_err());
        assert!(substitutes("").unwrap().is_empty());
    }

    #[test]
    fn a_term_has_the_same_hour_at_both_ends() {
        let (from, until) = (day("start", "2026-11-27").unwrap(), day("end", " 2028-11-27 ").unwrap());
        assert_eq!((until.seconds - from.seconds) % 86_400, 0);
        assert_eq!(day("end", "27-11-2028").unwrap_err().faults()[0].field, "end");
    }
}

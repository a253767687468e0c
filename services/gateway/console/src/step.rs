//! The form of a step, and taking it.
//!
//! A refusal brings the form back with what was typed in it. When somebody else changed the case meanwhile, the page says what, and the
//! same form may be sent again under the new version.

mod catalog;
mod send;
mod values;

pub(crate) use send::noon;

use askama::Template;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use kernel::Role;
use ventanilla_proto::ombudsman::v1::{Case, CaseState, Obligation};
use web::{Csrf, Form, Lang, Layout, Said, Trouble, page};

use crate::office::{self, Office};
use crate::papers::Paper;
use crate::{case_page, words, wrong};
use catalog::{Field, Kind, List, STEPS, Spec};
use values::{Choice, Values};

/// A step that may be taken now.
pub(crate) struct StepLink {
    pub(crate) slug: &'static str,
    pub(crate) title: &'static str,
}

/// The steps that this person's roles may take from where the case stands.
pub(crate) fn links(office: &Office, case: &Case) -> Vec<StepLink> {
    let lang = office.lang;
    let who = &office.session.principal;
    let open = |spec: &&Spec| spec.from.contains(&case.state()) && who.has_any(spec.roles);
    STEPS.iter().filter(open).map(|spec| StepLink { slug: spec.slug, title: words::of(lang, spec.title) }).collect()
}

/// Every step, as addresses name it.
pub(crate) fn slugs() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|spec| spec.slug)
}

/// What is said once a step was taken.
pub(crate) fn done(slug: &str, lang: Lang) -> Option<&'static str> {
    if slug == "opened" {
        return Some(lang.of("Expediente abierto.", "Case opened."));
    }
    STEPS.iter().find(|spec| spec.slug == slug).map(|spec| words::of(lang, spec.done))
}

struct Shown {
    name: String,
    label: String,
    hint: &'static str,
    required: bool,
    value: String,
    fault: Option<Said>,
    input: Input,
}

enum Input {
    Line,
    Text,
    Day,
    Hour,
    Number,
    One(Vec<Choice>),
    Any(Vec<Choice>),
}

#[derive(Template)]
#[template(path = "step.html")]
struct StepPage<'a> {
    lang: Lang,
    id: &'a str,
    slug: &'static str,
    about: &'static str,
    title: &'static str,
    csrf: Csrf,
    etag: &'a str,
    request_id: String,
    seen: i64,
    seen_state: i32,
    fields: Vec<Shown>,
    refused: Option<String>,
    others: Vec<(String, Said)>,
    changed: Option<Changed>,
}

/// What somebody else did meanwhile.
struct Changed {
    state: Option<(&'static str, &'static str)>,
    papers: Vec<(i64, &'static str, String)>,
}

fn spec(slug: &str, office: &Office) -> Result<&'static Spec, Trouble> {
    let spec = STEPS.iter().find(|spec| spec.slug == slug).ok_or_else(|| Trouble::new(StatusCode::NOT_FOUND))?;
    let roles: &[Role] = spec.roles;
    if office.session.principal.has_any(roles) { Ok(spec) } else { Err(Trouble::new(StatusCode::FORBIDDEN)) }
}

/// `GET /console/cases/{case}/steps/{step}`.
pub(crate) async fn show(office: Office, Path((id, slug)): Path<(String, String)>) -> Result<Response, Trouble> {
    let spec = spec(&slug, &office)?;
    let case = office.case(&id).await?;
    let owed = owed(&office, &case, spec).await;
    Ok(form(&office, &case, spec, &owed, &Values::of(&case, spec.step), None, None))
}

/// `POST /console/cases/{case}/steps/{step}`.
pub(crate) async fn take(
    office: Office,
    Path((id, slug)): Path<(String, String)>,
    Form(sent): Form<Vec<(String, String)>, { 512 * 1024 }>,
) -> Result<Response, Trouble> {
    let spec = spec(&slug, &office)?;
    let values = Values::new(sent);
    let name = office::name(&id);
    let refused = match values.missing(spec.fields) {
        Some(trouble) => trouble,
        None => match send::send(&office, &name, spec.step, &values).await {
            Ok(name) => {
                let to = format!("/console/cases/{}?done={}", office::id(&name), spec.slug);
                return Ok(Redirect::to(&to).into_response());
            }
            Err(send::Unsent::Unreadable(trouble)) => trouble,
            Err(send::Unsent::Refused(status)) => Trouble::from(*status),
        },
    };
    // What a page of its own tells better: not theirs to see, or nothing answers.
    if matches!(refused.status(), StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND)
        || refused.status().is_server_error()
    {
        let back = format!("/console/cases/{id}");
        return Err(wrong::explained(refused).back_to(back, "Volver al expediente", "Back to the case"));
    }
    let case = office.case(&id).await?;
    let owed = owed(&office, &case, spec).await;
    let changed = match refused.reason() {
        "STALE_ETAG" => Some(changed(&office, &case, &values).await),
        _ => None,
    };
    Ok(form(&office, &case, spec, &owed, &values, Some(&refused), changed))
}

async fn owed(office: &Office, case: &Case, spec: &Spec) -> Vec<Obligation> {
    let wanted = spec.fields.iter().any(|field| field.kind == Kind::One(List::Obligations));
    if !wanted {
        return Vec::new();
    }
    let names = office.session.departments(office.peers()).await;
    let mut owed = case_page::obligations(office, &case.name).await;
    // As they are told to whoever chooses one.
    owed.iter_mut().for_each(|one| one.department = names.called(&one.department, office.lang));
    owed
}

async fn changed(office: &Office, case: &Case, values: &Values) -> Changed {
    let lang = office.lang;
    let seen: i64 = values.text("seen").parse().unwrap_or_default();
    let was =
        values.text("seen_state").parse::<i32>().ok().and_then(|n| CaseState::try_from(n).ok()).unwrap_or_default();
    let state = (was != CaseState::Unspecified && was != case.state())
        .then(|| (words::of(lang, words::state(was)), words::of(lang, words::state(case.state()))));
    let entries = case_page::all_entries(office, &case.name).await.unwrap_or_default();
    let newer = entries.iter().filter(|entry| entry.record_time.is_some_and(|at| micros(&at) > seen));
    let papers = newer.take(NEWER).map(|entry| {
        let paper = Paper::of(lang, entry);
        (paper.number, paper.kind, paper.who)
    });
    Changed { state, papers: papers.collect() }
}

/// New papers that are named; all of them are on the page of the case.
const NEWER: usize = 50;

/// Microseconds since 1970: what the services keep of an instant.
fn micros(at: &prost_types::Timestamp) -> i64 {
    at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos) / 1_000)
}

fn form(
    office: &Office,
    case: &Case,
    spec: &'static Spec,
    owed: &[Obligation],
    values: &Values,
    refused: Option<&Trouble>,
    changed: Option<Changed>,
) -> Response {
    let lang = office.lang;
    let mut faults: Vec<(String, Said)> = refused
        .map(|trouble| trouble.faults().iter().map(|fault| (fault.field.clone(), fault.said(lang))).collect())
        .unwrap_or_default();
    let mut fields = Vec::new();
    for field in spec.fields {
        for mut shown in shown(office, case, field, owed, values) {
            // A refusal names the contract's path: `matter.motive`, `orders[0].department`.
            if let Some(at) = faults.iter().position(|(path, _)| names(path, &shown.name)) {
                shown.fault = Some(faults.remove(at).1);
            }
            fields.push(shown);
        }
    }
    let title = words::of(lang, spec.title);
    let status = refused.map_or(StatusCode::OK, |trouble| match trouble.status() {
        StatusCode::BAD_REQUEST => StatusCode::UNPROCESSABLE_ENTITY,
        status => status,
    });
    let full = format!("{title} · {} {}", lang.of("expediente", "case"), office::short(&case.name));
    let layout = Layout::new(lang, full).of(&office.session, "/console").status(status);
    let body = StepPage {
        lang,
        id: office::id(&case.name),
        slug: spec.slug,
        about: words::of(lang, spec.about),
        title,
        csrf: office.session.csrf.clone(),
        etag: &case.etag,
        request_id: office.request_id(),
        seen: case.update_time.as_ref().map(micros).unwrap_or_default(),
        seen_state: case.state,
        fields,
        refused: refused.map(|trouble| wrong::text(trouble, lang)),
        others: faults,
        changed,
    };
    page(layout, body)
}

/// Whether a path of the contract means the field of this name.
fn names(path: &str, field: &str) -> bool {
    let plain = |text: &str| text.split('[').next().unwrap_or_default().to_owned();
    path == field || path.split('.').any(|part| plain(part) == field)
}

fn shown(office: &Office, case: &Case, field: &Field, owed: &[Obligation], values: &Values) -> Vec<Shown> {
    let lang = office.lang;
    let (label, hint) = (words::of(lang, field.label), words::of(lang, field.hint));
    let one = |input: Input| Shown {
        name: field.name.to_owned(),
        label: label.to_owned(),
        hint,
        required: field.required,
        value: values.text(field.name).to_owned(),
        fault: None,
        input,
    };
    match field.kind {
        Kind::Line | Kind::Money => vec![one(Input::Line)],
        Kind::Text => vec![one(Input::Text)],
        Kind::Day => vec![one(Input::Day)],
        Kind::Hour => vec![one(Input::Hour)],
        Kind::Number => vec![one(Input::Number)],
        Kind::One(list) => vec![one(Input::One(values::choices(lang, list, case, owed, &values.all(field.name))))],
        Kind::Any(list) => vec![one(Input::Any(values::choices(lang, list, case, owed, &values.all(field.name))))],
        Kind::Orders => case.claim_points.iter().flat_map(|point| orders(lang, hint, &point.id, values)).collect(),
    }
}

fn orders(lang: Lang, hint: &'static str, point: &str, values: &Values) -> [Shown; 2] {
    let shown = |name: String, label: String, input: Input| Shown {
        value: values.text(&name).to_owned(),
        name,
        label,
        hint,
        required: false,
        fault: None,
        input,
    };
    let department = lang.of("Punto {}: departamento que lo cumple", "Point {}: department that carries it out");
    let days = lang.of("Punto {}: días para cumplirlo", "Point {}: days to carry it out");
    [
        shown(format!("department-{point}"), department.replace("{}", point), Input::Line),
        shown(format!("term_days-{point}"), days.replace("{}", point), Input::Number),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_contract_finds_its_field() {
        assert!(names("reasons", "reasons"));
        assert!(names("matter.motive", "motive"));
        assert!(names("items[0]", "items"));
        assert!(!names("matter.motive", "reasons"));
    }
}

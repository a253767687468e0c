//! Making customers one: what it would change, and doing just that.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::customer::v1 as customer;
use web::{Csrf, Departments, Form, Lang, Layout, Session, Trouble, When, page};

use crate::Floor;
use crate::addresses::{last, named, short};
use crate::format::Format;
use crate::view::missing;
use crate::{person, words};

/// Who may call this is offered a merge.
pub(crate) const MERGE: &str = "/ventanilla.customer.v1.CustomerService/MergeCustomers";

#[derive(Template)]
#[template(path = "merge.html")]
struct Preview {
    lang: Lang,
    names: Departments,
    sides: Vec<Side>,
    merged: Vec<person::Believed>,
    choices: Vec<Choice>,
    pairs: Vec<Pair>,
    revoked: usize,
    together: [(&'static str, i32); 3],
    affairs: Vec<Affair>,
    gaps: Vec<String>,
    token: String,
    ids: Vec<String>,
    reason: String,
    csrf: Csrf,
    request_id: String,
    may_merge: bool,
    changed: bool,
    unreadable: bool,
}

struct Side {
    id: String,
    called: String,
    records: usize,
    since: Option<When>,
    believed: Vec<person::Believed>,
}

struct Choice {
    attribute: String,
    wins: String,
    why: String,
    gives_way: Vec<String>,
}

struct Pair {
    grade: &'static str,
    score: String,
    doubt: Option<&'static str>,
    findings: String,
}

struct Affair {
    id: String,
    kind: &'static str,
    state: &'static str,
    department: String,
    subject: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    customers: Vec<String>,
}

/// `/floor/merge`: what it would change.
pub(crate) async fn preview(
    State(floor): State<Floor>,
    session: Session,
    Form(form): Form<Asked>,
) -> Result<Response, Trouble> {
    let names = names(&form.customers)?;
    shown(&floor, &session, names, Sheet::default()).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct Confirmed {
    #[serde(default)]
    customers: Vec<String>,
    token: String,
    #[serde(default)]
    reason: String,
    request_id: String,
}

/// `/floor/merge/confirm`: does what was shown, or shows it anew where something of it has changed.
pub(crate) async fn confirm(
    State(floor): State<Floor>,
    session: Session,
    Form(form): Form<Confirmed>,
) -> Result<Response, Trouble> {
    let customers = names(&form.customers)?;
    let request = customer::MergeCustomersRequest {
        customers: customers.clone(),
        token: form.token,
        reason: form.reason.clone(),
        request_id: form.request_id,
    };
    let trouble = match floor.customers(&session)?.merge_customers(request).await {
        Ok(merged) => {
            let to = format!("/floor/customers/{}", last(&merged.into_inner().name));
            return Ok(Redirect::to(&to).into_response());
        }
        Err(status) => Trouble::from(status),
    };
    let changed = matches!(trouble.reason(), "STALE_MERGE_TOKEN" | "IDENTITY_CONTENDED");
    let unreadable = trouble.status() == StatusCode::BAD_REQUEST;
    if !changed && !unreadable {
        return Err(trouble.back_to("/floor/matches", "Volver a las coincidencias", "Back to the matches"));
    }
    let sheet = Sheet { reason: form.reason, changed, unreadable, status: trouble.status() };
    shown(&floor, &session, customers, sheet).await
}

/// A preview that is asked for by its address alone, as by the link to the other language: what it was of stood in a form.
pub(crate) async fn again(_: Session) -> Redirect {
    Redirect::to("/floor/matches")
}

/// What is shown beside the preview.
#[derive(Default)]
struct Sheet {
    reason: String,
    changed: bool,
    unreadable: bool,
    status: StatusCode,
}

/// Customers as people type them: with their collection or without.
fn names(typed: &[String]) -> Result<Vec<String>, Trouble> {
    let typed = typed.iter().map(|id| id.trim()).filter(|id| !id.is_empty());
    typed
        .map(|id| {
            named("customers", id.strip_prefix("customers/").unwrap_or(id)).map_err(|_| {
                Trouble::new(StatusCode::BAD_REQUEST).naming(
                    "customers",
                    "Escriba el identificador entero de cada cliente.",
                    "Write the whole id of each customer.",
                )
            })
        })
        .collect()
}

async fn shown(floor: &Floor, session: &Session, names: Vec<String>, sheet: Sheet) -> Result<Response, Trouble> {
    let request = customer::PreviewMergeRequest { customers: names.clone() };
    let answered = floor.customers(session)?.preview_merge(request).await;
    let preview = answered.map_err(|status| {
        let trouble =
            Trouble::from(status).back_to("/floor/matches", "Volver a las coincidencias", "Back to the matches");
        if trouble.reason() == "CUSTOMERS_ALREADY_ONE" {
            return trouble.saying("Ya son un solo cliente.", "They are one customer already.");
        }
        trouble
    })?;
    let preview = preview.into_inner();
    let lang = session.lang;
    let format = Format(lang);
    let body = Preview {
        lang,
        names: session.departments(&floor.peers).await,
        sides: preview.customers.iter().map(|of| side(of, lang)).collect(),
        merged: preview.merged.as_ref().map(|merged| person::believed(merged, lang)).unwrap_or_default(),
        choices: preview.choices.iter().map(|choice| chosen(choice, &preview, lang)).collect(),
        pairs: preview.pairs.iter().map(|pair| paired(pair, format)).collect(),
        revoked: preview.revoked_links.len(),
        together: [
            (lang.of("asuntos abiertos", "open affairs"), preview.open_ticket_count),
            (lang.of("relojes", "clocks"), preview.clock_count),
            (lang.of("casos del defensor", "ombudsman's cases"), preview.case_count),
        ],
        affairs: preview
            .open_tickets
            .iter()
            .map(|ticket| Affair {
                id: short(&ticket.ticket),
                kind: words::ticket_type(ticket.ticket_type, lang),
                state: words::ticket_state(ticket.state, lang),
                department: ticket.department.clone(),
                subject: ticket.subject.clone(),
            })
            .collect(),
        gaps: preview.gaps.iter().map(|gap| missing(gap, lang)).collect(),
        token: preview.token,
        ids: names.iter().map(|name| last(name).to_owned()).collect(),
        reason: sheet.reason,
        csrf: session.csrf.clone(),
        request_id: floor.request_id(),
        may_merge: crate::calls::may(session, MERGE),
        changed: sheet.changed,
        unreadable: sheet.unreadable,
    };
    let title = lang.of("Qué cambiaría al fusionar", "What merging would change");
    Ok(page(Layout::new(lang, title).of(session, "/floor/matches").wide().status(sheet.status), body))
}

fn side(of: &customer::Customer, lang: Lang) -> Side {
    Side {
        id: last(&of.name).to_owned(),
        called: person::called(of, lang),
        records: of.source_records.len(),
        since: When::of(lang, of.create_time),
        believed: person::believed(of, lang),
    }
}

fn chosen(choice: &customer::AttributeChoice, preview: &customer::MergePreview, lang: Lang) -> Choice {
    let label = match choice.path.as_str() {
        "person_name" => lang.of("nombre", "name"),
        "birth_date" => lang.of("fecha de nacimiento", "date of birth"),
        "address" => lang.of("dirección", "address"),
        "language" => lang.of("idioma", "language"),
        other => other,
    };
    let value = |name: &String| {
        let of = preview.customers.iter().find(|of| of.name == *name);
        of.map(|of| attribute(of, &choice.path, lang)).unwrap_or_default()
    };
    Choice {
        attribute: label.to_owned(),
        wins: value(&choice.winner),
        why: choice.provenance.as_ref().map(|from| person::why(from, lang)).unwrap_or_default(),
        gives_way: choice.gives_way.iter().map(value).collect(),
    }
}

/// What is believed of an attribute that customers differ in.
fn attribute(of: &customer::Customer, path: &str, lang: Lang) -> String {
    let Some(golden) = &of.golden else { return String::new() };
    match path {
        "person_name" => person::name(golden.person_name.as_ref().and_then(|name| name.value.as_ref())),
        "birth_date" => golden.birth_date.as_ref().map(|date| date.value.clone()).unwrap_or_default(),
        "address" => person::address(golden.address.as_ref().and_then(|address| address.value.as_ref())),
        "language" => golden.language.as_ref().map(|of| words::language(of.value, lang).to_owned()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn paired(pair: &customer::MergePair, format: Format) -> Pair {
    let lang = format.0;
    let doubt = (pair.doubt() != customer::MatchDoubt::Unspecified).then(|| words::doubt(pair.doubt, lang));
    let found = pair.findings.iter().filter(|found| found.level() != customer::MatchLevel::Missing);
    let told = found.map(|found| format!("{}: {}", words::field(found.field, lang), words::level(found.level, lang)));
    Pair {
        grade: words::grade(pair.grade, lang),
        score: format.decimal(pair.score, 1),
        doubt,
        findings: told.collect::<Vec<_>>().join(" · "),
    }
}

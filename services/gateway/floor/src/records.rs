//! The records that make up a customer and what holds them together; taking some out again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::customer::v1 as customer;
use web::{Csrf, Departments, Form, Lang, Layout, Session, Trouble, When, page};

use crate::Floor;
use crate::addresses::{last, named, short};
use crate::calls::may;
use crate::format::Format;
use crate::{person, words};

const UNMERGE: &str = "/ventanilla.customer.v1.CustomerService/UnmergeCustomers";
const LINKS: &str = "/ventanilla.customer.v1.CustomerService/ListIdentityLinks";

#[derive(Template)]
#[template(path = "records.html")]
struct Records {
    lang: Lang,
    names: Departments,
    id: String,
    called: String,
    records: Vec<Record>,
    more: bool,
    links: Vec<Link>,
    may_unmerge: bool,
    etag: String,
    request_id: String,
    reason: String,
    csrf: Csrf,
    notice: Option<(&'static str, &'static str, &'static str)>,
    stand_now: Vec<(String, String)>,
}

struct Record {
    id: String,
    called: String,
    department: String,
    system: String,
    external_id: String,
    says: String,
    observed: Option<When>,
    version: i32,
    chosen: bool,
}

struct Link {
    kind: &'static str,
    state: &'static str,
    basis: &'static str,
    score: String,
    records: String,
    reason: String,
    by: String,
    at: Option<When>,
    counts: bool,
}

/// `/floor/customers/{customer}/records`.
pub(crate) async fn show(
    State(floor): State<Floor>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    shown(&floor, &session, &named("customers", &id)?, Sheet::default()).await
}

/// What is shown beside the records.
#[derive(Default)]
struct Sheet {
    reason: String,
    chosen: Vec<String>,
    notice: Option<(&'static str, &'static str, &'static str)>,
    stand_now: Vec<customer::Customer>,
    status: StatusCode,
}

async fn shown(floor: &Floor, session: &Session, name: &str, sheet: Sheet) -> Result<Response, Trouble> {
    let lang = session.lang;
    let mut customers = floor.customers(session)?;
    let request = customer::GetCustomerRequest { name: name.to_owned(), ..Default::default() };
    let of = customers.get_customer(request).await?.into_inner();
    let request = customer::ListSourceRecordsRequest { parent: name.to_owned(), page_size: 100, ..Default::default() };
    let records = customers.list_source_records(request).await?.into_inner();
    let links = if may(session, LINKS) {
        let request =
            customer::ListIdentityLinksRequest { parent: name.to_owned(), page_size: 100, ..Default::default() };
        customers.list_identity_links(request).await?.into_inner().links
    } else {
        Vec::new()
    };
    let body = Records {
        lang,
        names: session.departments(&floor.peers).await,
        id: last(&of.name).to_owned(),
        called: person::called(&of, lang),
        records: records.records.iter().map(|record| told(record, &sheet.chosen, lang)).collect(),
        more: !records.next_page_token.is_empty(),
        links: links.iter().map(|link| held(link, Format(lang))).collect(),
        may_unmerge: records.records.len() > 1 && may(session, UNMERGE),
        etag: of.etag,
        request_id: floor.request_id(),
        reason: sheet.reason,
        csrf: session.csrf.clone(),
        notice: sheet.notice,
        stand_now: sheet.stand_now.iter().map(|of| (last(&of.name).to_owned(), person::called(of, lang))).collect(),
    };
    let title = lang.of("Registros de un cliente", "Records of a customer");
    Ok(page(Layout::new(lang, title).of(session, "/floor/customers").wide().status(sheet.status), body))
}

fn told(record: &customer::SourceRecord, chosen: &[String], lang: Lang) -> Record {
    let mut says: Vec<String> = record
        .identifiers
        .iter()
        .map(|identifier| format!("{}: {}", words::identifier(identifier.r#type, lang), person::value(identifier)))
        .collect();
    let address = person::address(record.address.as_ref());
    says.extend([record.birth_date.clone(), address].into_iter().filter(|said| !said.is_empty()));
    Record {
        id: last(&record.name).to_owned(),
        called: person::name(record.person_name.as_ref()),
        department: record.department.clone(),
        system: record.source_system.clone(),
        external_id: record.external_id.clone(),
        says: says.join(" · "),
        observed: When::of(lang, record.observed_time),
        version: record.version,
        chosen: chosen.iter().any(|id| id == last(&record.name)),
    }
}

fn held(link: &customer::IdentityLink, format: Format) -> Link {
    let lang = format.0;
    Link {
        kind: words::link_type(link.r#type, lang),
        state: words::link_state(link.state, lang),
        basis: words::link_basis(link.basis, lang),
        score: if link.score == 0.0 { String::new() } else { format.decimal(link.score, 1) },
        records: link.source_records.iter().map(|name| short(name)).collect::<Vec<_>>().join(" ↔ "),
        reason: link.reason.clone(),
        by: link.asserted_by.clone(),
        at: When::of(lang, link.assert_time),
        counts: link.state() == customer::LinkState::Active,
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct TakenOut {
    #[serde(default)]
    records: Vec<String>,
    #[serde(default)]
    reason: String,
    etag: String,
    request_id: String,
}

/// The answer of the form: takes the chosen records out, or shows anew what has changed.
pub(crate) async fn take_out(
    State(floor): State<Floor>,
    session: Session,
    Path(id): Path<String>,
    Form(form): Form<TakenOut>,
) -> Result<Response, Trouble> {
    let name = named("customers", &id)?;
    let chosen = form.records.clone();
    let source_records: Result<Vec<_>, _> = form.records.iter().map(|id| named("sourceRecords", id)).collect();
    let request = customer::UnmergeCustomersRequest {
        name: name.clone(),
        source_records: source_records?,
        reason: form.reason.clone(),
        etag: form.etag,
        request_id: form.request_id,
    };
    let trouble = match floor.customers(&session)?.unmerge_customers(request).await {
        Ok(answer) => {
            let notice =
                Some(("good", "Separados. Ahora son estos clientes:", "Taken out. These are the customers now:"));
            let sheet = Sheet { notice, stand_now: answer.into_inner().customers, ..Sheet::default() };
            return shown(&floor, &session, &name, sheet).await;
        }
        Err(status) => Trouble::from(status),
    };
    let notice = match (trouble.reason(), trouble.status()) {
        ("STALE_ETAG" | "NOT_OF_THIS_CUSTOMER" | "IDENTITY_CONTENDED", _) => (
            "warn",
            "Mientras miraba, el cliente ha cambiado. No se ha separado nada: esto es lo que hay ahora.",
            "While you looked, the customer has changed. Nothing was taken out: this is how it stands now.",
        ),
        ("NOTHING_REMAINS", _) => ("bad", "Deje al menos un registro.", "Leave at least one record."),
        (_, StatusCode::BAD_REQUEST) => (
            "bad",
            "Elija qué registros se separan y escriba por qué.",
            "Choose the records to take out, and write why.",
        ),
        _ => {
            return Err(trouble.back_to(
                format!("/floor/customers/{id}/records"),
                "Volver a los registros",
                "Back to the records",
            ));
        }
    };
    let sheet =
        Sheet { reason: form.reason, chosen, notice: Some(notice), status: trouble.status(), ..Sheet::default() };
    shown(&floor, &session, &name, sheet).await
}

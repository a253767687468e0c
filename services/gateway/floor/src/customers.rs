//! Finding a customer: by a number, by what is known of them, or by id. What is typed travels in the body and never in an address.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use ventanilla_proto::customer::v1 as customer;
use web::{Csrf, Form, Lang, Layout, Session, Trouble, page};

use crate::Floor;
use crate::addresses::{last, named};
use crate::calls::may;
use crate::format::Format;
use crate::{person, words};

/// Customers that are shown to choose from.
const SHOWN: i32 = 10;

#[derive(Template)]
#[template(path = "customers.html")]
struct Customers {
    lang: Lang,
    csrf: Csrf,
    asked: Asked,
    found: Option<Vec<Found>>,
    said: &'static str,
    may_merge: bool,
}

struct Found {
    id: String,
    called: String,
    grade: &'static str,
    score: String,
    why: String,
    about: String,
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    id: String,
    phone: String,
    document: String,
    email: String,
    name: String,
    birth_date: String,
}

/// `/floor/customers`.
pub(crate) async fn ask(session: Session) -> Response {
    shown(&session, Asked::default(), None, "")
}

fn shown(session: &Session, asked: Asked, found: Option<Vec<Found>>, said: &'static str) -> Response {
    let lang = session.lang;
    let may_merge = may(session, crate::merge::MERGE);
    let body = Customers { lang, csrf: session.csrf.clone(), asked, found, said, may_merge };
    page(Layout::new(lang, lang.of("Buscar un cliente", "Find a customer")).of(session, "/floor/customers"), body)
}

/// The answer of the form: the customer, if there is but one it can be; else who it may be.
pub(crate) async fn find(
    State(floor): State<Floor>,
    session: Session,
    Form(mut asked): Form<Asked>,
) -> Result<Response, Trouble> {
    for typed in [&mut asked.id, &mut asked.phone, &mut asked.document, &mut asked.email, &mut asked.name] {
        *typed = typed.trim().to_owned();
    }
    let lang = session.lang;
    if !asked.id.is_empty() {
        let id = asked.id.strip_prefix("customers/").unwrap_or(&asked.id).to_owned();
        if named("customers", &id).is_ok() {
            return Ok(Redirect::to(&format!("/floor/customers/{id}")).into_response());
        }
        let said = lang.of("Eso no es un identificador de cliente.", "That is no id of a customer.");
        return Ok(shown(&session, asked, Some(Vec::new()), said));
    }
    let only_phone = [&asked.document, &asked.email, &asked.name].iter().all(|typed| typed.is_empty());
    match (only_phone, asked.phone.is_empty()) {
        (true, true) => {
            Ok(shown(&session, asked, None, lang.of("Escriba algo que buscar.", "Write something to look for.")))
        }
        (true, false) => by_phone(&floor, &session, asked).await,
        (false, _) => by_description(&floor, &session, asked).await,
    }
}

async fn by_phone(floor: &Floor, session: &Session, asked: Asked) -> Result<Response, Trouble> {
    let lang = session.lang;
    let mut customers = floor.customers(session)?;
    let request = customer::LookupByPhoneRequest { phone_number: asked.phone.clone(), region_code: String::new() };
    let answer = customers.lookup_by_phone(request).await?.into_inner();
    if answer.grade() == customer::MatchGrade::Certain {
        return Ok(Redirect::to(&format!("/floor/customers/{}", last(&answer.customer))).into_response());
    }
    let said = match answer.caller_number() {
        customer::CallerNumber::Usable if answer.shared_line => lang.of(
            "Es un número de varias personas: pregunte quién llama.",
            "Several people have this number: ask who is calling.",
        ),
        customer::CallerNumber::Usable => "",
        _ => lang.of("Ese número no se puede leer.", "That number cannot be read."),
    };
    let names: Vec<String> = if answer.customer.is_empty() { answer.candidates } else { vec![answer.customer] };
    let mut found = Vec::new();
    for name in names {
        if let Some((id, called, about)) = told(floor, session, &name).await {
            let grade = words::grade(answer.grade, lang);
            found.push(Found { id, called, grade, score: String::new(), why: String::new(), about });
        }
    }
    Ok(shown(session, asked, Some(found), said))
}

async fn by_description(floor: &Floor, session: &Session, asked: Asked) -> Result<Response, Trouble> {
    let lang = session.lang;
    let identifier = |kind: customer::IdentifierType, value: &String| {
        (!value.is_empty()).then(|| customer::Identifier {
            r#type: kind.into(),
            value: value.clone(),
            ..Default::default()
        })
    };
    let identifiers = [
        identifier(customer::IdentifierType::Phone, &asked.phone),
        identifier(customer::IdentifierType::Email, &asked.email),
        identifier(customer::IdentifierType::NationalId, &asked.document),
    ];
    let described = customer::PersonDescription {
        person_name: (!asked.name.is_empty())
            .then(|| customer::PersonName { full_name: asked.name.clone(), ..Default::default() }),
        identifiers: identifiers.into_iter().flatten().collect(),
        birth_date: asked.birth_date.clone(),
        address: None,
    };
    let request = customer::MatchCustomerRequest { person: Some(described), max_results: SHOWN };
    let matches = match floor.customers(session)?.match_customer(request).await {
        Ok(answer) => answer.into_inner().matches,
        Err(status) if status.code() == tonic::Code::InvalidArgument => {
            let said = lang.of(
                "Algo de lo escrito no se puede leer: el documento, el correo o la fecha.",
                "Something of what is written cannot be read: the document, the e-mail or the date.",
            );
            return Ok(shown(session, asked, Some(Vec::new()), said));
        }
        Err(status) => return Err(status.into()),
    };
    let format = Format(lang);
    let mut found = Vec::new();
    for matched in matches {
        let Some((id, called, about)) = told(floor, session, &matched.customer).await else { continue };
        let grade = words::grade(matched.grade, lang);
        found.push(Found {
            id,
            called,
            grade,
            score: format.decimal(matched.score, 1),
            why: why(&matched, lang),
            about,
        });
    }
    Ok(shown(session, asked, Some(found), ""))
}

/// What agrees: what speaks for it, and what they carry of what was asked for.
fn why(matched: &customer::CustomerMatch, lang: Lang) -> String {
    let agrees = matched.findings.iter().filter(|finding| finding.weight > 0.0);
    let agrees = agrees.map(|finding| words::field(finding.field, lang));
    let mut why: Vec<&str> = agrees.collect();
    for carried in &matched.carries {
        let carried = words::identifier(*carried, lang);
        if !why.contains(&carried) {
            why.push(carried);
        }
    }
    why.join(", ")
}

/// What a customer is called, and what tells them from others.
async fn told(floor: &Floor, session: &Session, name: &str) -> Option<(String, String, String)> {
    let lang = session.lang;
    let request = customer::GetCustomerRequest { name: name.to_owned(), ..Default::default() };
    let of = floor.customers(session).ok()?.get_customer(request).await.ok()?.into_inner();
    let known = person::believed(&of, lang).into_iter().skip(1).take(3).map(|known| known.value);
    Some((last(&of.name).to_owned(), person::called(&of, lang), known.collect::<Vec<_>>().join(" · ")))
}

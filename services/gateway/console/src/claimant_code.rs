//! Telling the claimant the office's code of their case, which the firm must not have: it is shown once, to whoever passes it on.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::TellClaimantCodeRequest;
use ventanilla_proto::r#type::v1::Channel;
use web::{Csrf, Form, Lang, Layout, Trouble, page};

use crate::office::Office;
use crate::people::Refused;
use crate::words::{self, Both};

/// Ways that are the office's own.
const CHANNELS: [(Channel, Both); 4] = [
    (Channel::Post, ("por carta", "by letter")),
    (Channel::InPerson, ("en persona", "in person")),
    (Channel::Phone, ("por teléfono de la oficina", "by the office's telephone")),
    (Channel::Email, ("por correo de la oficina", "by the office's e-mail")),
];

/// The form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    request_id: String,
    channel: i32,
    renewed: String,
}

#[derive(Template)]
#[template(path = "claimant_code.html")]
struct Page {
    lang: Lang,
    csrf: Csrf,
    request_id: String,
    case: String,
    channels: Vec<(i32, &'static str)>,
    code: Option<String>,
    refused: Option<Refused>,
}

/// `GET /console/cases/{case}/code`.
pub(crate) async fn show(office: Office, Path(case): Path<String>) -> Response {
    written(&office, case, None, None)
}

/// `POST /console/cases/{case}/code`.
pub(crate) async fn tell(office: Office, Path(case): Path<String>, Form(typed): Form<Typed>) -> Response {
    let request = TellClaimantCodeRequest {
        name: format!("cases/{case}"),
        channel: typed.channel,
        renewed: typed.renewed == "yes",
        request_id: typed.request_id,
    };
    match office.cases().tell_claimant_code(request).await {
        Ok(told) => written(&office, case, Some(told.into_inner().office_code), None),
        Err(status) => written(&office, case, None, Some(&Trouble::from(status))),
    }
}

fn written(office: &Office, case: String, code: Option<String>, refused: Option<&Trouble>) -> Response {
    let lang = office.lang;
    let refused = refused.map(|trouble| Refused::of(lang, trouble));
    let status = refused.as_ref().map_or(StatusCode::OK, |refused| refused.status);
    let channels = CHANNELS.iter().map(|(channel, words)| ((*channel).into(), words::of(lang, *words)));
    let body = Page {
        lang,
        csrf: office.session.csrf.clone(),
        request_id: office.request_id(),
        case,
        channels: channels.collect(),
        code,
        refused,
    };
    let title = lang.of("Código para el reclamante", "Code for the claimant");
    page(Layout::new(lang, title).of(&office.session, "/console").status(status), body)
}

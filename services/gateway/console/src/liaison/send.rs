//! What the firm sends, as the one call it stands for.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use ventanilla_proto::ombudsman::v1::{
    AddDossierEntryRequest, DossierKind, DossierVisibility, OfferSettlementRequest, ProveExecutionRequest,
    SubmitEntityStatementRequest,
};
use web::{Form, Lang, Trouble};

use super::{Wanted, case_of};
use crate::office::{self, Office};

/// What the firm does in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// It answers what is claimed.
    Statement,
    /// It brings evidence.
    Evidence,
    /// It offers the claimant something.
    Offer,
    /// It proves what it did.
    Proof,
}

impl Act {
    const ALL: [Self; 4] = [Self::Statement, Self::Evidence, Self::Offer, Self::Proof];

    /// As addresses name it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Evidence => "evidence",
            Self::Offer => "offer",
            Self::Proof => "proof",
        }
    }

    /// The one that addresses name so.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == word)
    }

    /// What is said once it was done.
    pub(super) const fn done(self, lang: Lang) -> &'static str {
        match self {
            Self::Statement => lang.of(
                "Sus alegaciones constan en el expediente. Las leen las dos partes.",
                "Your statement stands in the case. Both parties read it.",
            ),
            Self::Evidence => lang.of(
                "Lo que aporta consta en el expediente. Lo leen las dos partes.",
                "What you brought stands in the case. Both parties read it.",
            ),
            Self::Offer => lang.of(
                "Su oferta consta en el expediente. La oficina la comunica al reclamante, o resuelve.",
                "Your offer stands in the case. The office tells the claimant, or decides.",
            ),
            Self::Proof => lang.of(
                "Su prueba consta en el expediente. La oficina la examina; lo que vale cuenta desde ahora.",
                "Your proof stands in the case. The office judges it; what holds counts from now.",
            ),
        }
    }
}

/// Each of them, as addresses name it.
pub(crate) fn acts() -> impl Iterator<Item = &'static str> {
    Act::ALL.into_iter().map(Act::word)
}

/// A form of the page as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    etag: String,
    request_id: String,
    statement: String,
    content: String,
    terms: String,
    department: String,
    term_days: String,
    obligation: String,
    proof: String,
}

impl Typed {
    /// What was typed into the field of this name; what the contract calls by a name is called so here.
    pub(super) fn field(&self, name: &str) -> &str {
        match name {
            "statement" => &self.statement,
            "content" => &self.content,
            "terms" => &self.terms,
            "department" => &self.department,
            "term_days" => &self.term_days,
            "obligation" => &self.obligation,
            "proof" => &self.proof,
            _ => "",
        }
    }

    /// The words of a field as they are sent.
    fn words(&self, name: &str) -> String {
        self.field(name).trim().replace("\r\n", "\n")
    }

    /// How many days were typed; none is 0, which the office takes where nothing is left to be done.
    fn days(&self) -> Result<i32, Trouble> {
        let typed = self.term_days.trim();
        if typed.is_empty() {
            return Ok(0);
        }
        typed.parse().map_err(|_| {
            unreadable("term_days", "Escriba cuántos días, de 1 a 365.", "Write how many days, from 1 to 365.")
        })
    }
}

fn unreadable(field: &str, es: &'static str, en: &'static str) -> Trouble {
    Trouble::new(StatusCode::BAD_REQUEST)
        .saying("Hay algo que no se puede leer. No se ha enviado nada.", "Something cannot be read. Nothing was sent.")
        .naming(field, es, en)
}

/// `POST /firm/cases/{case}`: what the firm has to say. Both parties read it from then on.
pub(crate) async fn state(
    office: Office,
    Path(id): Path<String>,
    Form(typed): Form<Typed, { 512 * 1024 }>,
) -> Result<Response, Trouble> {
    taken(office, id, Act::Statement, typed).await
}

/// `POST /firm/cases/{case}/{act}`: evidence, an offer, or a proof of what was owed.
pub(crate) async fn act(
    office: Office,
    Path((id, act)): Path<(String, String)>,
    Form(typed): Form<Typed, { 512 * 1024 }>,
) -> Result<Response, Trouble> {
    let act = Act::of(&act).ok_or_else(|| Trouble::new(StatusCode::NOT_FOUND))?;
    taken(office, id, act, typed).await
}

/// The address of a form that is asked for by itself: the case as it stands.
pub(crate) async fn back(Path((id, _)): Path<(String, String)>) -> Redirect {
    Redirect::to(&format!("/firm/cases/{id}"))
}

async fn taken(office: Office, id: String, act: Act, typed: Typed) -> Result<Response, Trouble> {
    match send(&office, &id, act, &typed).await {
        Ok(()) => Ok(Redirect::to(&format!("/firm/cases/{id}?done={}", act.word())).into_response()),
        Err(trouble) => {
            let first = Wanted { done: String::new(), from: String::new() };
            case_of(&office, &id, (act, &typed), Some(&trouble), &first).await
        }
    }
}

async fn send(office: &Office, id: &str, act: Act, typed: &Typed) -> Result<(), Trouble> {
    let (name, etag, request_id) = (office::name(id), typed.etag.clone(), typed.request_id.clone());
    match act {
        Act::Statement => {
            let statement = typed.words("statement");
            let request = SubmitEntityStatementRequest { name, etag, statement, request_id };
            office.cases().submit_entity_statement(request).await?;
        }
        Act::Evidence => {
            let request = AddDossierEntryRequest {
                parent: name,
                kind: DossierKind::EntityEvidence.into(),
                visibility: DossierVisibility::Parties.into(),
                content_type: String::new(),
                content: typed.words("content").into_bytes(),
                request_id,
                receive_time: None,
            };
            office.cases().add_dossier_entry(request).await?;
        }
        Act::Offer => {
            let (terms, department, term_days) = (typed.words("terms"), typed.words("department"), typed.days()?);
            let request = OfferSettlementRequest { name, etag, terms, request_id, department, term_days };
            office.procedure().offer_settlement(request).await?;
        }
        Act::Proof => {
            // The name of the obligation is chosen: of this case, or the office is asked for none.
            let owed = typed.obligation.trim().to_owned();
            if !owed.starts_with(&format!("{name}/obligations/")) {
                return Err(unreadable("obligation", "Elija qué se cumplió.", "Choose what was carried out."));
            }
            let request = ProveExecutionRequest { name: owed, etag, proof: typed.words("proof"), request_id };
            office.procedure().prove_execution(request).await?;
        }
    }
    Ok(())
}

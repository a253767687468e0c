//! What could not be done, said so that whoever reads it knows what to do.

use std::borrow::Cow;
use std::collections::HashMap;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::visit::Visit;
use crate::{Lang, Layout, page};

/// A text in both languages.
type Both = (Cow<'static, str>, Cow<'static, str>);

/// One field that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Its name, as the form or the contract calls it.
    pub field: String,
    /// What is wrong, in Spanish.
    pub es: Cow<'static, str>,
    /// What is wrong, in English.
    pub en: Cow<'static, str>,
}

/// What is wrong with a field, and in which language it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The words.
    pub text: String,
    /// Their language, as HTML has it: what a service refuses it says in English, whoever reads.
    pub lang: &'static str,
}

impl FieldFault {
    /// What is wrong, for a reader of this language.
    pub fn said(&self, lang: Lang) -> Said {
        let of_a_service = self.es == self.en;
        let code = if of_a_service { Lang::En.code() } else { lang.code() };
        Said { text: lang.of(&self.es, &self.en).to_owned(), lang: code }
    }
}

/// An answer that is no success. Handlers return it; the layer around the pages shows it in the visitor's language.
#[derive(Debug, Clone)]
pub struct Trouble(Box<Told>);

#[derive(Debug, Clone)]
struct Told {
    status: StatusCode,
    code: Option<Code>,
    said: Option<Both>,
    faults: Vec<FieldFault>,
    reason: String,
    metadata: HashMap<String, String>,
    /// What the service said, in English.
    message: String,
    retry_after: Option<u64>,
    back: Option<(String, Both)>,
    go: Option<String>,
}

impl Trouble {
    /// With this status, and what is generally said of it.
    pub fn new(status: StatusCode) -> Self {
        Self(Box::new(Told {
            status,
            code: None,
            said: None,
            faults: Vec::new(),
            reason: String::new(),
            metadata: HashMap::new(),
            message: String::new(),
            retry_after: None,
            back: None,
            go: None,
        }))
    }

    /// Nothing is wrong: go there.
    pub(crate) fn go(to: String) -> Self {
        let mut trouble = Self::new(StatusCode::SEE_OTHER);
        trouble.0.go = Some(to);
        trouble
    }

    /// Too much of something; come back later.
    pub fn too_many(wait: std::time::Duration) -> Self {
        let mut trouble = Self::new(StatusCode::TOO_MANY_REQUESTS);
        trouble.0.retry_after = Some(wait.as_secs().max(1));
        trouble
    }

    /// Says this instead.
    #[must_use]
    pub fn saying(mut self, es: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        self.0.said = Some((es.into(), en.into()));
        self
    }

    /// Names a field and what is wrong with it.
    #[must_use]
    pub fn naming(
        mut self,
        field: impl Into<String>,
        es: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.faults.push(FieldFault { field: field.into(), es: es.into(), en: en.into() });
        self
    }

    /// Offers a way on: a path of ours and what the link says.
    #[must_use]
    pub fn back_to(
        mut self,
        path: impl Into<String>,
        es: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.back = Some((path.into(), (es.into(), en.into())));
        self
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What a service answered; `None` when none was asked.
    pub fn code(&self) -> Option<Code> {
        self.0.code
    }

    /// The reason a service gave, e.g. `STALE_ETAG`; empty for none.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// A fact a service gave with its reason.
    pub fn fact(&self, key: &str) -> Option<&str> {
        self.0.metadata.get(key).map(String::as_str)
    }

    /// What a service said, in English.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The fields that were not taken.
    pub fn faults(&self) -> &[FieldFault] {
        &self.0.faults
    }

    /// What is said of it in this language.
    pub fn text(&self, lang: Lang) -> &str {
        match &self.0.said {
            Some((es, en)) => lang.of(es, en),
            None => generally(self.0.status, lang),
        }
    }

    /// The page that shows it.
    pub(crate) fn page(self, visit: &Visit) -> Response {
        if let Some(to) = &self.0.go {
            return see_other(to);
        }
        // A token that ran out while somebody read a page: sign in again and come back.
        if self.0.status == StatusCode::UNAUTHORIZED && visit.only_looks && !visit.by_itself {
            return see_other(&visit.sign_in());
        }
        let lang = visit.lang;
        let mut layout = Layout::new(lang, title(self.0.status, lang)).status(self.0.status);
        if let Some(session) = &visit.session {
            layout = layout.of(session, visit.path.clone());
        }
        let trace = telemetry::current_trace_id().unwrap_or_default();
        let sign_in = (self.0.status == StatusCode::UNAUTHORIZED).then(|| visit.sign_in());
        let back = self.0.back.as_ref().map(|(href, (es, en))| (href.as_str(), lang.of(es, en)));
        let mut answer = page(
            layout,
            Sheet {
                lang,
                text: self.text(lang),
                faults: &self.0.faults,
                message: &self.0.message,
                reason: &self.0.reason,
                trace: &trace,
                back,
                sign_in,
            },
        );
        if let Some(seconds) = self.0.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }
}

pub(crate) fn see_other(to: &str) -> Response {
    match HeaderValue::try_from(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Sheet<'a> {
    lang: Lang,
    text: &'a str,
    faults: &'a [FieldFault],
    message: &'a str,
    reason: &'a str,
    trace: &'a str,
    back: Option<(&'a str, &'a str)>,
    sign_in: Option<String>,
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut answer = self.0.status.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let mut trouble = Self::new(http_status(status.code()));
        trouble.0.code = Some(status.code());
        // What broke inside is nobody's business; the trace is shown.
        if !matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss) {
            trouble.0.message = status.message().to_owned();
        }
        if let Some(info) = details.error_info() {
            trouble.0.reason.clone_from(&info.reason);
            trouble.0.metadata.clone_from(&info.metadata);
        }
        if let Some(bad) = details.bad_request() {
            for fault in &bad.field_violations {
                let said = fault.description.clone();
                trouble.0.faults.push(FieldFault {
                    field: fault.field.clone(),
                    es: Cow::Owned(said.clone()),
                    en: Cow::Owned(said),
                });
            }
        }
        let wait = details.retry_info().and_then(|info| info.retry_delay);
        trouble.0.retry_after = wait.map(|wait| wait.as_secs().max(1));
        trouble
    }
}

/// What a browser is told for an answer of a service.
const fn http_status(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted | Code::FailedPrecondition => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(status: StatusCode, lang: Lang) -> &'static str {
    match status.as_u16() {
        400 | 413 | 415 | 422 => lang.of("No se ha podido leer lo que ha enviado", "What you sent could not be read"),
        401 => lang.of("Vuelva a entrar", "Sign in again"),
        403 => lang.of("Esto no le está permitido", "You may not do this"),
        404 => lang.of("Esta página no existe", "There is no such page"),
        405 => lang.of("Esto no se hace así", "This is not done like that"),
        409 => lang.of("Ahora no se puede hacer", "This cannot be done now"),
        429 => lang.of("Demasiadas peticiones", "Too many requests"),
        503 => lang.of("Un servicio no responde", "A service does not answer"),
        504 => lang.of("Ha tardado demasiado", "It took too long"),
        _ => lang.of("Algo ha fallado aquí", "Something failed here"),
    }
}

fn generally(status: StatusCode, lang: Lang) -> &'static str {
    match status.as_u16() {
        400 | 413 | 415 | 422 => lang.of(
            "Vuelva atrás, corrija lo que se indica y envíelo otra vez. No se ha cambiado nada.",
            "Go back, mend what is named and send it again. Nothing was changed.",
        ),
        401 => lang.of(
            "Su sesión ha terminado. Entre otra vez: lo que ya estaba guardado sigue guardado.",
            "Your session is over. Sign in again: what was saved is still saved.",
        ),
        403 => lang.of(
            "Ninguno de sus roles permite hacer esto. Si cree que debería poder, hable con quien administra los accesos.",
            "None of your roles may do this. If you think you should be able to, talk to whoever manages access.",
        ),
        404 => lang.of(
            "No hay nada en esta dirección, o no le corresponde verlo.",
            "There is nothing at this address, or it is not yours to see.",
        ),
        405 => lang.of("Vuelva a la página y use sus botones.", "Go back to the page and use its buttons."),
        409 => lang.of(
            "El estado actual no permite este paso. Vuelva a la página y mire cómo está ahora.",
            "The present state does not allow this step. Go back to the page and see how it stands.",
        ),
        429 => lang.of("Espere un momento y vuelva a intentarlo.", "Wait a moment and try again."),
        503 | 504 => lang.of(
            "Vuelva a intentarlo dentro de un momento. Repetir el envío no hace nada dos veces.",
            "Try again in a moment. Sending again does nothing twice.",
        ),
        _ => lang.of(
            "No es culpa suya. Si vuelve a pasar, dé este número a soporte.",
            "It is not your fault. If it happens again, give this number to support.",
        ),
    }
}

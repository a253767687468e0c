//! Forms: urlencoded bodies of requests that change something. The layer around the pages holds every such request against the mark before a handler sees
//! it, whether the handler reads a form or not; what comes here has passed.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::visit::Visit;
use crate::{Trouble, csrf};

/// Most that anybody sends who is not signed in, in bytes. The longest form has two fields of 20,000 characters, which browsers count in UTF-16: of each up to
/// three bytes come, and of each byte three.
const OF_ANYBODY: usize = 384 * 1024;
/// Most that somebody sends who is: a draft is the longest.
const OF_SOMEBODY: usize = 1024 * 1024;

/// A body of a form, at most `LIMIT` bytes (384 KiB unless said otherwise). What cannot be read is answered by a page that names the field. Repeated
/// fields fill a `Vec`.
pub struct Form<T, const LIMIT: usize = OF_ANYBODY>(pub T);

#[derive(Deserialize)]
struct Mark {
    #[serde(default)]
    csrf: String,
}

/// The request with its body at hand, if it may change something: it is a form, no longer than anybody's may be, shows the mark of this visit and comes
/// from a page of ours.
pub(crate) async fn guarded(visit: &Visit, request: Request) -> Result<Request, Trouble> {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(Trouble::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .saying("Esta página espera los datos de un formulario.", "This page expects the data of a form."));
    }
    let bytes = whole(body, if visit.session.is_some() { OF_SOMEBODY } else { OF_ANYBODY }).await?;
    // The mark first: who cannot show it learns nothing of what the form would say.
    let mark = serde_html_form::from_bytes::<Mark>(&bytes).map(|form| form.csrf).unwrap_or_default();
    if !csrf::holds(&visit.web, &parts.headers, visit.bound_to(), &mark) {
        return Err(Trouble::new(StatusCode::FORBIDDEN).saying(
            "La página desde la que envía ha caducado o no es nuestra. Vuelva atrás, recárguela y envíe otra vez: no se ha cambiado nada.",
            "The page you send from has expired or is not ours. Go back, reload it and send again: nothing was changed.",
        ));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn whole(body: Body, limit: usize) -> Result<Bytes, Trouble> {
    axum::body::to_bytes(body, limit).await.map_err(|_| {
        Trouble::new(StatusCode::PAYLOAD_TOO_LARGE).saying(
            "Lo que ha escrito es demasiado largo. Acórtelo y envíelo otra vez.",
            "What you wrote is too long. Shorten it and send it again.",
        )
    })
}

impl<S: Send + Sync, T: DeserializeOwned, const LIMIT: usize> FromRequest<S> for Form<T, LIMIT> {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &S) -> Result<Self, Trouble> {
        let (parts, body) = request.into_parts();
        // Without the layer nobody has held it against the mark.
        Visit::of(&parts.extensions)?;
        let bytes = whole(body, LIMIT).await?;
        let reader = serde_html_form::Deserializer::from_bytes(&bytes);
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let field = match error.path().to_string() {
                path if path == "." => named_in(&error.inner().to_string()),
                path => path,
            };
            Trouble::new(StatusCode::BAD_REQUEST).naming(
                field,
                "Falta este campo o no se puede leer.",
                "This field is missing or cannot be read.",
            )
        })
    }
}

/// The field that a message of the reader names between backquotes.
fn named_in(message: &str) -> String {
    message.split('`').nth(1).unwrap_or_default().to_owned()
}

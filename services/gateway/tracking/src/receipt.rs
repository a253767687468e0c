//! The receipt, to take along.

use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{HeaderMap, HeaderValue, header};
use ventanilla_proto::ticketing::v1::{DocumentFormat, GetPublicReceiptRequest};
use web::Trouble;

use crate::kept::Kept;
use crate::{State, UNKNOWN, reason};

/// `GET /t/receipt.pdf`.
pub(crate) async fn pdf(Of(state): Of<State>, headers: HeaderMap) -> Result<Response, Trouble> {
    hand_out(&state, &headers, DocumentFormat::Pdf).await
}

/// `GET /t/receipt.txt`.
pub(crate) async fn text(Of(state): Of<State>, headers: HeaderMap) -> Result<Response, Trouble> {
    hand_out(&state, &headers, DocumentFormat::Text).await
}

async fn hand_out(state: &State, headers: &HeaderMap, format: DocumentFormat) -> Result<Response, Trouble> {
    let Some(kept) = Kept::read(&state.web, headers) else { return Ok(Redirect::to("/t").into_response()) };
    let request = GetPublicReceiptRequest { tracking_key: kept.key, proof: kept.proof, format: format.into() };
    let document = match async { state.tickets()?.get_public_receipt(request).await }.await {
        Ok(document) => document.into_inner(),
        Err(status) if reason(&status) == UNKNOWN => return Ok(Redirect::to("/t").into_response()),
        Err(status) => {
            return Err(Trouble::from(status).back_to("/t/affair", "Volver a mi asunto", "Back to my affair"));
        }
    };
    let name: String = document.file_name.chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
    let mut answer = document.content.into_response();
    let told = |text: &str| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    answer.headers_mut().insert(header::CONTENT_TYPE, told(&document.media_type));
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, told(&format!("attachment; filename=\"{name}\"")));
    Ok(answer)
}

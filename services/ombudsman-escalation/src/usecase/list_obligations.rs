//! Listing what the firm owes after a case.

use ombudsman_escalation_domain::{CaseId, Refused};
use server::PageToken;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, obligation};

const LIST: &str = "obligations";

/// A page that is asked for.
#[derive(Debug, Clone)]
pub struct Page {
    /// The case.
    pub case: CaseId,
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// Obligations in the order they came to be owed.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "obligation.list", skip_all, fields(case = %page.case))]
pub async fn run(office: Office, page: Page) -> Result<pb::ListObligationsResponse, Failure> {
    let filter = page.case.to_string();
    let after = match PageToken::decode(&page.token, LIST, filter.as_bytes())? {
        Some(token) => {
            let [number] = token.fields::<1>()?;
            number.parse().map_err(|_| Failure::Unreadable)?
        }
        None => 0,
    };
    case::get(&office.db, page.case).await?.ok_or(Refused::CaseNotFound)?;
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut found = obligation::list(&office.db, page.case, after, limit).await?;
    let more = found.len() > page.size;
    found.truncate(page.size);
    let next_page_token = match found.last() {
        Some(last) if more => PageToken::encode(LIST, filter.as_bytes(), &[&last.number.to_string()]),
        _ => String::new(),
    };
    let obligations = found.iter().map(|owed| answer::obligation(page.case, owed)).collect();
    Ok(pb::ListObligationsResponse { obligations, next_page_token })
}

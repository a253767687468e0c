//! Later cases of the same cause: what a decision did not end.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::PageToken;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{cause, decision};

const LIST: &str = "recurrences";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// The decided case.
    pub case: CaseId,
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// Cases of other customers, oldest first.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "cause.list_recurrences", skip_all, fields(case = %query.case))]
pub async fn run(office: Office, query: Query) -> Result<pb::ListRecurrencesResponse, Failure> {
    let bound = query.case.name();
    let after = match PageToken::decode(&query.token, LIST, bound.as_bytes())? {
        Some(token) => {
            let [at, id] = token.fields::<2>()?;
            let id = CaseId::parse(&id).map_err(|_| Failure::Unreadable)?;
            Some((at.parse().map_err(|_| Failure::Unreadable)?, id))
        }
        None => None,
    };
    let mut connection = office.db.reader().acquire().await?;
    decision::get(&mut connection, query.case).await?.ok_or(Refused::DecisionNotFound)?;
    drop(connection);
    let limit = i64::try_from(query.size + 1).unwrap_or(i64::MAX);
    let mut found = cause::later(&office.db, query.case, after, limit).await?;
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let key = [last.created_at.to_string(), last.case.name()];
            PageToken::encode(LIST, bound.as_bytes(), &[&key[0], &key[1]])
        }
        _ => String::new(),
    };
    Ok(pb::ListRecurrencesResponse { recurrences: found.iter().map(answer::recurrence).collect(), next_page_token })
}

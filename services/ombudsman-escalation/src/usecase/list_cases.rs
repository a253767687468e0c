//! Listing cases.

use jiff::Timestamp;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::vocabulary::Stage;
use ombudsman_escalation_domain::{CaseId, TicketId};
use server::{Call, PageToken};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, clock, wall};

const LIST: &str = "cases";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// Only in this state.
    pub stage: Option<Stage>,
    /// Only of this ticket.
    pub ticket: Option<TicketId>,
    /// Only the caller's own.
    pub assigned_to_me: bool,
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// Cases, newest first.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.list", skip_all)]
pub async fn run(office: Office, call: Call, query: Query) -> Result<pb::ListCasesResponse, Failure> {
    let assigned_to = query.assigned_to_me.then(|| call.actor().id.clone());
    let bound = format!("{:?}|{:?}|{assigned_to:?}", query.stage, query.ticket);
    let after = match PageToken::decode(&query.token, LIST, bound.as_bytes())? {
        Some(token) => Some(place(token)?),
        None => None,
    };
    let filter = case::Filter { stage: query.stage, ticket: query.ticket, assigned_to, after };
    let limit = i64::try_from(query.size + 1).unwrap_or(i64::MAX);
    let mut found = case::list(&office.db, &filter, limit).await?;
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let key = [last.created_at.to_string(), last.case.id.name()];
            PageToken::encode(LIST, bound.as_bytes(), &[&key[0], &key[1]])
        }
        _ => String::new(),
    };
    let ids: Vec<CaseId> = found.iter().map(|stored| stored.case.id).collect();
    let teams = wall::teams(office.db.reader(), &ids).await?;
    let terms = clock::terms(office.db.reader(), &ids).await?;
    let none = clock::Terms::default();
    let cases = found
        .iter()
        .map(|stored| {
            let team = teams.get(&stored.case.id).cloned().unwrap_or_default();
            answer::case(stored, &team, terms.get(&stored.case.id).unwrap_or(&none))
        })
        .collect();
    Ok(pb::ListCasesResponse { cases, next_page_token })
}

fn place(token: PageToken) -> Result<(Timestamp, CaseId), Failure> {
    let [at, id] = token.fields::<2>()?;
    // The token carries a checksum, so what is inside was written by this function's other half.
    Ok((at.parse().map_err(|_| Failure::Unreadable)?, CaseId::parse(&id).map_err(|_| Failure::Unreadable)?))
}

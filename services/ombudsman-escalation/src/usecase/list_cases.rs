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
use crate::store::case::{ByTerm, Filter, StoredCase};
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
    /// Only those that are open, or only those that are not.
    pub open: Option<bool>,
    /// By the next term that has to be kept, and not the newest first; of open ones alone.
    pub by_term: bool,
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// Cases, newest first or by the next term.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.list", skip_all)]
pub async fn run(office: Office, call: Call, query: Query) -> Result<pb::ListCasesResponse, Failure> {
    let assigned_to = query.assigned_to_me.then(|| call.actor().id.clone());
    let filter = Filter { stage: query.stage, ticket: query.ticket, assigned_to, open: query.open };
    let bound = format!("{filter:?}|{}", query.by_term);
    let token = PageToken::decode(&query.token, LIST, bound.as_bytes())?;
    let limit = i64::try_from(query.size + 1).unwrap_or(i64::MAX);
    let mut found = if query.by_term {
        case::by_term(&office.db, &filter, token.map(term_and_case).transpose()?, limit).await?
    } else {
        case::newest(&office.db, &filter, token.map(instant_and_case).transpose()?, limit).await?
    };
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let key = [place(last, query.by_term), last.case.id.name()];
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

/// The instant by which a case has its place in the list; empty for one in which no term runs.
fn place(stored: &StoredCase, by_term: bool) -> String {
    if by_term {
        stored.term_due_at.map(|due| due.to_string()).unwrap_or_default()
    } else {
        stored.created_at.to_string()
    }
}

fn instant_and_case(token: PageToken) -> Result<(Timestamp, CaseId), Failure> {
    let (at, id) = term_and_case(token)?;
    Ok((at.ok_or(Failure::Unreadable)?, id))
}

fn term_and_case(token: PageToken) -> Result<ByTerm, Failure> {
    let [at, id] = token.fields::<2>()?;
    // The token carries a checksum, so what is inside was written by this function's other half.
    let at = (!at.is_empty()).then(|| at.parse().map_err(|_| Failure::Unreadable)).transpose()?;
    Ok((at, CaseId::parse(&id).map_err(|_| Failure::Unreadable)?))
}

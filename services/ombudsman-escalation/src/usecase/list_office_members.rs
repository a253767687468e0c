//! Listing the register.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::MemberId;
use server::PageToken;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::staff;

const LIST: &str = "office_members";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// The people, in the order they were entered.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.list_members", skip_all)]
pub async fn run(office: Office, query: Query) -> Result<pb::ListOfficeMembersResponse, Failure> {
    let after = match PageToken::decode(&query.token, LIST, b"")? {
        Some(token) => {
            let [name] = token.fields::<1>()?;
            Some(MemberId::parse(&name).map_err(|_| Failure::Unreadable)?)
        }
        None => None,
    };
    let mut connection = office.db.reader().acquire().await?;
    let limit = i64::try_from(query.size + 1).unwrap_or(i64::MAX);
    let mut found = staff::page(&mut connection, after, limit, office.ambient.now()).await?;
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_page_token = match found.last() {
        Some(last) if more => PageToken::encode(LIST, b"", &[&last.row.id.name()]),
        _ => String::new(),
    };
    Ok(pb::ListOfficeMembersResponse { members: found.iter().map(answer::member).collect(), next_page_token })
}

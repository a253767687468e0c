//! Listing the seats that want somebody else.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use server::PageToken;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::propose_substitutes::{Ranking, proposals};
use crate::error::Failure;
use crate::grpc::vocabulary::{conflict_ground_to_proto, office_role_to_proto};
use crate::office::Office;
use crate::store::seats::{self, Place, Wanting};

const LIST: &str = "seat_conflicts";

/// How many are proposed for each seat.
const PROPOSALS: usize = 3;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Query {
    /// How many at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// The seats, by case, person and role.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.list_seat_conflicts", skip_all)]
pub async fn run(office: Office, query: Query) -> Result<pb::ListSeatConflictsResponse, Failure> {
    let after = match PageToken::decode(&query.token, LIST, b"")? {
        Some(token) => Some(place(token)?),
        None => None,
    };
    let now = office.ambient.now();
    let limit = i64::try_from(query.size + 1).unwrap_or(i64::MAX);
    let mut found = seats::wanting(&office.db, after.as_ref(), limit, now).await?;
    let more = found.len() > query.size;
    found.truncate(query.size);
    let next_page_token = match found.last() {
        Some(last) if more => {
            let key = [last.case.name(), last.seat.person.clone(), last.seat.office_role.to_string()];
            PageToken::encode(LIST, b"", &[&key[0], &key[1], &key[2]])
        }
        _ => String::new(),
    };
    let mut ranking = Ranking::new(&office).await?;
    let mut conflicts = Vec::with_capacity(found.len());
    for wanting in found {
        let ranked = ranking.of(wanting.case, wanting.seat.office_role).await?;
        conflicts.push(told(wanting, proposals(ranked, PROPOSALS)));
    }
    Ok(pb::ListSeatConflictsResponse { conflicts, next_page_token })
}

fn told(wanting: Wanting, proposals: Vec<pb::SubstituteProposal>) -> pb::SeatConflict {
    let seat = wanting.seat;
    pb::SeatConflict {
        case_name: wanting.case.name(),
        etag: postgres::etag(wanting.version),
        person: seat.person,
        office_role: office_role_to_proto(seat.office_role).into(),
        assign_time: Some(time_to_proto(seat.since)),
        grounds: wanting.grounds.iter().map(|ground| conflict_ground_to_proto(*ground).into()).collect(),
        proposals,
        leave_time: seat.left.map(time_to_proto),
    }
}

fn place(token: PageToken) -> Result<Place, Failure> {
    let [case, person, office_role] = token.fields::<3>()?;
    // The token carries a checksum, so what is inside was written by this function's other half.
    Ok(Place { case: CaseId::parse(&case).map_err(|_| Failure::Unreadable)?, person, office_role })
}

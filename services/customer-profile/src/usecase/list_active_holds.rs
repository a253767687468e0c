//! `ListActiveHolds`: what the firm must not do to a customer now.

use customer_profile_domain::{CustomerId, Hold, HoldKind, OfficeCase, OpenComplaint, holds};
use jiff::Timestamp;
use kernel::ResourceId;
use server::PageToken;
use server::parse::time_to_proto;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;
use ventanilla_proto::ombudsman::v1::CaseState;
use ventanilla_proto::ticketing::v1::TicketState;

use super::{Profile, standing};
use crate::error::ProfileError;
use crate::store::hold;
use crate::store::interaction::ticket_name;
use crate::store::view::{Case, Ticket};
use crate::{OMBUDSMAN, TICKETING};

/// Name that page tokens of this list are bound to.
pub(crate) const LIST: &str = "active_holds";

#[tracing::instrument(name = "hold.list", skip_all)]
pub(crate) async fn list_active_holds(
    profile: &Profile,
    id: CustomerId,
    after: Option<HoldKey>,
    page_size: usize,
) -> Result<proto::ListActiveHoldsResponse, ProfileError> {
    // The standings first: the rows that are read after them are at least as fresh.
    let known = [TICKETING, OMBUDSMAN].map(|source| (source, profile.standings.of(source)));
    let grounds = hold::grounds(profile.db.reader(), id).await?.ok_or(ProfileError::CustomerNotFound(id))?;
    let now = profile.ambient.now();
    let gaps = known.into_iter().filter_map(|(source, known)| {
        standing::of(source, known, grounds.parked.iter().any(|parked| parked == source), now).gap
    });
    let mut holds = found(&grounds.tickets, &grounds.cases);
    if let Some(after) = after {
        holds.retain(|hold| key(hold) > after);
    }
    let more = holds.len() > page_size;
    holds.truncate(page_size);
    let next_page_token = match holds.last() {
        Some(last) if more => {
            let (since, ground, kind) = key(last);
            PageToken::encode(LIST, id.uuid().as_bytes(), &[&since.to_string(), &ground.to_string(), kind.as_str()])
        }
        _ => String::new(),
    };
    let holds = holds.into_iter().map(to_proto).collect();
    Ok(proto::ListActiveHoldsResponse { holds, next_page_token, gaps: gaps.collect() })
}

/// What holds are ordered by: when they began, the case or the complaint they come from, and what they forbid.
pub(crate) type HoldKey = (Timestamp, Uuid, HoldKind);

fn key(hold: &Hold) -> HoldKey {
    (hold.since, hold.case.unwrap_or(hold.ticket), hold.kind)
}

/// The holds that these affairs and cases give, the oldest first.
pub(super) fn active(tickets: &[Ticket], cases: &[Case], most: usize) -> Vec<proto::Hold> {
    found(tickets, cases).into_iter().take(most).map(to_proto).collect()
}

fn found(tickets: &[Ticket], cases: &[Case]) -> Vec<Hold> {
    let complaints: Vec<OpenComplaint> = tickets.iter().filter(|ticket| ticket.complains).map(complaint).collect();
    let cases: Vec<OfficeCase> = cases.iter().map(office_case).collect();
    let mut found = holds(&complaints, &cases);
    found.sort_by_key(key);
    found
}

fn complaint(ticket: &Ticket) -> OpenComplaint {
    OpenComplaint {
        ticket: ticket.ticket_id,
        since: ticket.first_received_at,
        answered: ticket.state == i32::from(TicketState::Resolved),
        department: ticket.department.clone(),
    }
}

fn office_case(case: &Case) -> OfficeCase {
    let over = matches!(
        CaseState::try_from(case.state),
        Ok(CaseState::ArchivedUncured
            | CaseState::Inadmissible
            | CaseState::Notified
            | CaseState::Closed
            | CaseState::Withdrawn
            | CaseState::Rectified
            | CaseState::ForwardedInternally
            | CaseState::Settled
            | CaseState::OwnInitiative
            | CaseState::Binding
            | CaseState::NotBinding
            | CaseState::Compliance
            | CaseState::Complied
            | CaseState::Overdue
            | CaseState::Reported)
    );
    OfficeCase {
        case: case.case_id,
        ticket: case.ticket_id,
        since: case.filed_at_office_at,
        over,
        regime: case.regime.clone(),
    }
}

fn to_proto(hold: Hold) -> proto::Hold {
    let kind = match hold.kind {
        HoldKind::ServiceCut => proto::HoldKind::ServiceCut,
        HoldKind::Collection => proto::HoldKind::Collection,
    };
    proto::Hold {
        kind: kind.into(),
        article: hold.article.to_owned(),
        ticket: ticket_name(hold.ticket),
        case_name: hold.case.map(|case| format!("cases/{}", case.as_hyphenated())).unwrap_or_default(),
        since_time: Some(time_to_proto(hold.since)),
        department: hold.department,
    }
}

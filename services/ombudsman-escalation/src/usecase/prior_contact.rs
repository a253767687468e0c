//! Whether the firm had answered the claimant when a complaint reached the office: ticketing says when it answered what.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::case::Case;
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::ticketing::v1::{ClaimPoint, GetTicketRequest};

use crate::error::Failure;
use crate::office::Office;

/// Whether it had answered every point that it answers in that affair.
///
/// # Errors
/// [`Failure::Peer`] when ticketing does not answer.
#[tracing::instrument(name = "case.prior_contact", skip_all, fields(case = %of.id))]
pub(crate) async fn answered(office: &Office, call: &Call, of: &Case) -> Result<bool, Failure> {
    let mut tickets = TicketServiceClient::new(super::repeated::channel(office, call, crate::TICKETING)?);
    let asked = tickets.get_ticket(GetTicketRequest { name: of.ticket.name() }).await;
    let ticket = asked.map_err(|status| Failure::Peer { peer: crate::TICKETING, code: status.code() })?.into_inner();
    let reached = time_to_proto(of.complaint.filed_at_office);
    let by_then = |point: &ClaimPoint| {
        point.answer_time.is_some_and(|at| (at.seconds, at.nanos) <= (reached.seconds, reached.nanos))
    };
    let mut own = ticket.claim_points.iter().filter(|point| point.moved_to.is_empty()).peekable();
    Ok(own.peek().is_some() && own.all(by_then))
}

//! A customer brings their affair before the office with its tracking key and proof.

use kernel::{Channel, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::vocabulary::Parallel;
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::holder::{Holder, Located, as_customer};
use super::open_case;
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "OpenPublicCase";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Key and proof of the ticket.
    pub holder: Holder,
    /// What is declared about other proceedings.
    pub parallel: Option<Parallel>,
}

/// Opens the case for who holds key and proof. They are looked at first, whatever was answered to the request before.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.open_public", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OpenPublicCaseResponse, Failure> {
    let Located { ticket, customer } = command.holder.locate(&office, &call).await?;
    let opening = open_case::Command {
        key: command.key,
        ticket,
        regime: None,
        channel: Channel::Web,
        parallel: command.parallel,
        points: Vec::new(),
        facts_at: None,
        known_at: None,
        representative: None,
        regulator_reference: None,
    };
    let case = open_case::run(office.clone(), as_customer(call, customer), opening).await?;
    let id = CaseId::parse(&case.name).map_err(|_| Failure::Unreadable)?;
    // Whoever brought it is told the first code, and no later one: those the registry tells.
    let first = crate::store::case::get(&office.db, id).await?.is_some_and(|stored| stored.code_number == 0);
    let office_code = if first { office.seal.code(id.uuid(), 0).reveal() } else { String::new() };
    Ok(pb::OpenPublicCaseResponse { state: case.state, filed_at_office_time: case.filed_at_office_time, office_code })
}

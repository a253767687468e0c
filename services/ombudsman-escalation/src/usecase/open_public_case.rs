//! A customer brings their affair before the office with its tracking key and proof.

use kernel::{Channel, ResourceId as _, Role};
use ombudsman_escalation_domain::regime::Regime;
use ombudsman_escalation_domain::vocabulary::Parallel;
use ombudsman_escalation_domain::{CustomerId, TicketId};
use postgres::RequestKey;
use secrecy::{ExposeSecret as _, SecretString};
use server::{Call, Principal};
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;

use super::open_case;
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "OpenPublicCase";
/// The sector whose complaints are heard under finance's rules.
const FINANCE: &str = "finance";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// The tracking key, as it was typed: ticketing reads it.
    pub tracking_key: SecretString,
    /// The proof, likewise.
    pub proof: SecretString,
    /// What is declared about other proceedings.
    pub parallel: Option<Parallel>,
}

/// Opens the case for who holds key and proof. They are looked at first, whatever was answered to the request before.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.open_public", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OpenPublicCaseResponse, Failure> {
    let located = locate(&office, &call, &command).await?;
    let not_usable = || Failure::PeerAnswer { peer: crate::TICKETING };
    let ticket = TicketId::parse(&located.ticket).map_err(|_| not_usable())?;
    let customer = CustomerId::parse(&located.customer).map_err(|_| not_usable())?;
    let regime = if located.sector == FINANCE { "es.finance" } else { "es.general" };
    let opening = open_case::Command {
        key: command.key,
        ticket,
        regime: Regime::find(regime).ok_or_else(not_usable)?,
        channel: Channel::Web,
        parallel: command.parallel,
        points: Vec::new(),
        facts_at: None,
        known_at: None,
        representative: None,
        regulator_reference: None,
    };
    let mut call = call;
    call.principal = Principal::new(customer.uuid().to_string(), [Role::Customer]);
    call.on_behalf_of = None;
    let case = open_case::run(office, call, opening).await?;
    Ok(pb::OpenPublicCaseResponse { state: case.state, filed_at_office_time: case.filed_at_office_time })
}

async fn locate(office: &Office, call: &Call, command: &Command) -> Result<ticketing::LocatedTicket, Failure> {
    let silent = |code| Failure::Peer { peer: crate::TICKETING, code };
    let channel = office.peers.channel(crate::TICKETING).map_err(|_| silent(Code::Unavailable))?;
    let request = ticketing::LocateTicketRequest {
        tracking_key: command.tracking_key.expose_secret().to_owned(),
        proof: command.proof.expose_secret().to_owned(),
    };
    let located = PublicServiceClient::new(channel.for_call(call)).locate_ticket(request).await;
    located.map(tonic::Response::into_inner).map_err(|status| match status.code() {
        // A mistyped key is as unknown here as a wrong one: the customer has typed it rightly to get so far.
        Code::NotFound | Code::InvalidArgument => Failure::KeyOrProofUnknown,
        code => silent(code),
    })
}

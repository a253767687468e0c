//! Who holds a ticket's tracking key and proof: ticketing says whose they are.

use kernel::{ResourceId as _, Role};
use ombudsman_escalation_domain::{CustomerId, TicketId};
use secrecy::{ExposeSecret as _, SecretString};
use server::{Call, Principal};
use tonic::Code;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::public_service_client::PublicServiceClient;

use crate::error::Failure;
use crate::office::Office;

/// Key and proof, as they were typed: ticketing reads them.
pub struct Holder {
    /// The tracking key.
    pub tracking_key: SecretString,
    /// The proof.
    pub proof: SecretString,
}

/// What key and proof open.
pub(crate) struct Located {
    /// The ticket.
    pub(crate) ticket: TicketId,
    /// Whose it is.
    pub(crate) customer: CustomerId,
}

impl Holder {
    /// Asks ticketing what they open.
    ///
    /// # Errors
    /// [`Failure::KeyOrProofUnknown`] for every wrong pair; [`Failure::Peer`] when ticketing does not answer.
    pub(crate) async fn locate(&self, office: &Office, call: &Call) -> Result<Located, Failure> {
        let silent = |code| Failure::Peer { peer: crate::TICKETING, code };
        let channel = office.peers.channel(crate::TICKETING).map_err(|_| silent(Code::Unavailable))?;
        let request = ticketing::LocateTicketRequest {
            tracking_key: self.tracking_key.expose_secret().to_owned(),
            proof: self.proof.expose_secret().to_owned(),
        };
        let located = PublicServiceClient::new(channel.for_call(call)).locate_ticket(request).await;
        let located = located.map(tonic::Response::into_inner).map_err(|status| match status.code() {
            // A mistyped key is as unknown here as a wrong one: the customer has typed it rightly to get so far.
            Code::NotFound | Code::InvalidArgument => Failure::KeyOrProofUnknown,
            code => silent(code),
        })?;
        let not_usable = |_| Failure::PeerAnswer { peer: crate::TICKETING };
        Ok(Located {
            ticket: TicketId::parse(&located.ticket).map_err(not_usable)?,
            customer: CustomerId::parse(&located.customer).map_err(not_usable)?,
        })
    }
}

/// The call, as this customer's own.
pub(crate) fn as_customer(call: Call, customer: CustomerId) -> Call {
    let mut call = call;
    call.principal = Principal::new(customer.uuid().to_string(), [Role::Customer]);
    call.on_behalf_of = None;
    call
}

//! What the wall has to know of the other services at this moment: who is one person with whom, as customer-profile knows it, and who acted on which
//! affair, as ticketing does. It is closed until all of that is known here.

use std::time::Duration;

use server::Call;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use crate::error::Failure;
use crate::office::Office;
pub(crate) use crate::store::wall::Heard;
use crate::{CUSTOMER_PROFILE, TICKETING};

/// How long is waited for what another service has written down to be applied here.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Asks customer-profile and ticketing how much they have written down, and waits until all of that is applied here.
///
/// # Errors
/// [`Failure::LinksUnknown`] or [`Failure::TouchesUnknown`] when one is silent, or the office does not catch up with it in time.
#[tracing::instrument(name = "wall.hear", skip_all)]
pub(crate) async fn known(office: &Office, call: &Call) -> Result<Heard, Failure> {
    let (links, touches) = tokio::join!(all_of(office, call, CUSTOMER_PROFILE), all_of(office, call, TICKETING));
    Ok(Heard { links: links.ok_or(Failure::LinksUnknown)?, touches: touches.ok_or(Failure::TouchesUnknown)? })
}

/// Up to where the service's ledger was written when it was asked, once that is applied here; `None` where it is silent or that takes too long.
async fn all_of(office: &Office, call: &Call, service: &'static str) -> Option<i64> {
    let within = tokio::time::timeout(PATIENCE, async {
        let channel = office.peers.channel(service).ok()?.for_call(call);
        let head = LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.ok()?.into_inner();
        // What waits for a position will get one of the next.
        let written = head.position + head.waiting_count;
        while office.standings.of(service).position < written {
            tokio::time::sleep(LOOK).await;
        }
        Some(written)
    });
    within.await.ok().flatten()
}

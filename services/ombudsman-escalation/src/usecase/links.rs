//! Who is one person with whom, as customer-profile knows it at this moment: the wall is closed until that is known here.

use std::time::Duration;

use server::Call;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use crate::CUSTOMER_PROFILE;
use crate::error::Failure;
use crate::office::Office;
pub(crate) use crate::store::wall::Links;

/// How long is waited for what customer-profile has written down to be applied here.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// Asks customer-profile how much it has written down, and waits until all of that is applied here.
///
/// # Errors
/// [`Failure::LinksUnknown`] when it is silent, or the office does not catch up in time.
#[tracing::instrument(name = "wall.know_links", skip_all)]
pub(crate) async fn known(office: &Office, call: &Call) -> Result<Links, Failure> {
    let within = tokio::time::timeout(PATIENCE, async {
        let channel = office.peers.channel(CUSTOMER_PROFILE).map_err(|_| Failure::LinksUnknown)?.for_call(call);
        let head = LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await;
        let head = head.map_err(|_| Failure::LinksUnknown)?.into_inner();
        // What waits for a position will get one of the next.
        let written = head.position + head.waiting_count;
        while office.standings.of(CUSTOMER_PROFILE).position < written {
            tokio::time::sleep(LOOK).await;
        }
        Ok(Links(written))
    });
    within.await.unwrap_or(Err(Failure::LinksUnknown))
}

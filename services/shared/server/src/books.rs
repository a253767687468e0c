//! What every service does about ledgers, in one place: serve its own, sequence it, sign it, write
//! denials into it, and follow others'.

use std::sync::Arc;

use kernel::Ambient;
use ledger::checkpoint::Notary;
use ledger::{Draft, Feed, Follower, Ledger, Reaction, Stamp, Standings, append};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;

use crate::{Assembly, Denial, DenialSink, House, PeerError, Principal, Worker};

impl Assembly {
    /// Keeps the service's ledger: serves its feed, sequences what is committed, signs its head
    /// into the house's checkpoint folder, and records denials of sensitive methods.
    #[must_use]
    pub fn keep_ledger(self, ledger: &Ledger, house: &House) -> Self {
        let feed = Feed::new(ledger.clone(), house.ambient.clone(), caller_is_service);
        let notary = Notary::new(
            ledger.clone(),
            house.ambient.clone(),
            Arc::clone(&house.signing_key),
            house.checkpoint_dir.clone(),
        );
        let sequenced = ledger.clone();
        self.serve(LedgerServiceServer::new(feed))
            .worker(Worker::new("sequencer", move |cancel| sequenced.clone().sequence(cancel)))
            .worker(Worker::new("notary", move |cancel| notary.clone().run(cancel)))
            .denials(Arc::new(Denials { ledger: ledger.clone(), ambient: house.ambient.clone() }))
    }

    /// Follows the ledger of the peer `source` with `reaction`, on behalf of the service that owns
    /// `ledger`.
    ///
    /// # Errors
    /// [`PeerError`] when the house knows no such peer.
    pub fn follow<R: Reaction>(
        self,
        source: &'static str,
        reaction: R,
        ledger: &Ledger,
        standings: &Standings,
        house: &House,
    ) -> Result<Self, PeerError> {
        let client = LedgerServiceClient::new(house.peers.channel(source)?);
        let follower = Follower::new(ledger.clone(), source, reaction, house.ambient.clone(), standings.clone());
        Ok(self.worker(Worker::new(source, move |cancel| follower.clone().run(client.clone(), cancel))))
    }
}

/// Personal parts of a ledger go to services of the suite and to nobody else.
fn caller_is_service(extensions: &tonic::Extensions) -> bool {
    extensions.get::<Principal>().is_some_and(|principal| principal.has(kernel::Role::Service))
}

/// Writes denials into a service's own ledger.
struct Denials {
    ledger: Ledger,
    ambient: Ambient,
}

#[tonic::async_trait]
impl DenialSink for Denials {
    async fn record(&self, denial: Denial) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let now = self.ambient.now();
        let payload = AccessDenied {
            method: denial.method.to_owned(),
            roles: denial.roles.iter().map(ToString::to_string).collect(),
            reason: denial.reason.to_owned(),
        };
        let aggregate = format!("principals/{}", denial.actor.id);
        let stamp = Stamp::of(denial.actor, now, denial.traceparent);
        let mut tx = self.ledger.db().tx().await?;
        append(&mut tx, &[Draft::new(self.ambient.uuid(now), aggregate, &payload, &stamp)]).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(())
    }
}

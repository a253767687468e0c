//! What every service does about ledgers, in one place: serve its own, sequence it, sign it, write
//! denials into it, and follow others'.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::KeyPair as _;
use broker::Handing;
use kernel::Ambient;
use ledger::checkpoint::Notary;
use ledger::{Carrier, Draft, Feed, Follower, Ledger, Reaction, Stamp, Standings, append};
use postgres::{Db, Pulse, StoreError};
use seal::Sealer;
use tokio_util::sync::CancellationToken;
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;

use crate::affairs::{Affairs, NoAffairs, Parsed};
use crate::{Assembly, Denial, DenialSink, House, PeerError, Principal, Worker};

/// Time between two questions to the database what time it is.
const TIME_ASKED: Duration = Duration::from_secs(5);

impl House {
    /// Goes by the database's time from here on, if the house's clock hears it ([`Ambient::steady`]): what is stamped by
    /// several processes is compared with one another, and one machine's wrong clock must break nobody's promise. Before
    /// anything is stamped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn keep_time(&self, db: &Db) -> Result<(), StoreError> {
        self.ambient.hear(postgres::time(db).await?);
        Ok(())
    }

    /// Follows `source` on behalf of the service that owns `ledger`, over the house's broker where it has one.
    pub fn follower<R: Reaction>(
        &self,
        ledger: &Ledger,
        source: &'static str,
        reaction: R,
        standings: &Standings,
    ) -> Follower<R> {
        let carrier = self.broker.clone().map(|broker| Arc::new(broker) as Arc<dyn Carrier>);
        Follower::new(ledger.clone(), source, reaction, self.ambient.clone(), standings.clone()).carried_by(carrier)
    }
}

/// Hears the time again and again, since two counters drift apart and the database may be another after a failover.
async fn keep_time(db: Db, ambient: Ambient, cancel: CancellationToken) -> Result<(), StoreError> {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(TIME_ASKED) => {}
        }
        ambient.hear(postgres::time(&db).await?);
    }
}

impl Assembly {
    /// Keeps the service's ledger: serves its feed, sequences what is committed, signs its head
    /// into the house's checkpoint folder, records denials of sensitive methods, goes on hearing the database's time, and says that it serves while the database
    /// answers.
    #[must_use]
    pub fn keep_ledger(self, ledger: &Ledger, house: &House) -> Self {
        self.keep_ledger_of(ledger, house, NoAffairs)
    }

    /// The same, and tells which of its entries belong to an affair.
    #[must_use]
    pub fn keep_ledger_of(self, ledger: &Ledger, house: &House, affairs: impl Affairs) -> Self {
        let feed = Feed::new(ledger.clone(), house.ambient.clone(), caller_is_service)
            .signing_with(house.signing_key.public_key().as_ref())
            .telling_of(Arc::new(Parsed(affairs)));
        let notary = Notary::new(
            ledger.clone(),
            house.ambient.clone(),
            Arc::clone(&house.signing_key),
            house.checkpoint_dir.clone(),
        )
        .after(house.former_keys.clone());
        let (sequenced, claims, ambient) = (ledger.clone(), ledger.db().clone(), house.ambient.clone());
        let (timed, told) = (ledger.db().clone(), house.ambient.clone());
        let pulse = Pulse::of(ledger.db());
        self.serve(LedgerServiceServer::new(feed))
            .serving_while(move || {
                let pulse = pulse.clone();
                async move { pulse.look().await }
            })
            .hand_over(ledger, house)
            .worker(Worker::new("sequencer", move |cancel| sequenced.clone().sequence(cancel)))
            .worker(Worker::new("notary", move |cancel| notary.clone().run(cancel)))
            .worker(Worker::new("time", move |cancel| keep_time(timed.clone(), told.clone(), cancel)))
            .worker(Worker::new("claims", move |cancel| forget_claims(claims.clone(), ambient.clone(), cancel)))
            .denials(Arc::new(Denials { ledger: ledger.clone(), ambient: house.ambient.clone() }))
            .ledger_figures(ledger)
    }

    /// Hands the ledger to the house's broker, where it has one.
    fn hand_over(self, ledger: &Ledger, house: &House) -> Self {
        let Some(broker) = house.broker.clone() else { return self };
        let sealer = Sealer::new(Arc::clone(&house.signing_key));
        let handing = Handing::new(broker, ledger.clone(), sealer, house.ambient.clone());
        self.worker(Worker::new("handing", move |cancel| handing.clone().run(cancel)))
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
        let follower = house.follower(ledger, source, reaction, standings);
        Ok(self.worker(Worker::new(source, move |cancel| follower.clone().run(client.clone(), cancel))))
    }
}

/// How long a call may be retried under its `request_id`; filing a complaint and issuing a decision have no end.
const CLAIMS_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(48);
/// Time between two looks for claims that are too old, and how many go at once.
const CLAIMS_PAUSE: Duration = Duration::from_secs(60);
const CLAIMS_AT_ONCE: u16 = 2_000;

/// Forgets claims that nobody will ask for any more, so that their table does not grow for ever.
async fn forget_claims(db: Db, ambient: Ambient, cancel: CancellationToken) -> Result<(), StoreError> {
    loop {
        let before = ambient.now().checked_sub(CLAIMS_KEPT).unwrap_or(jiff::Timestamp::MIN);
        let forgotten = postgres::forget_claims(&db, before, CLAIMS_AT_ONCE.into()).await?;
        let pause = if forgotten < CLAIMS_AT_ONCE.into() { CLAIMS_PAUSE } else { Duration::ZERO };
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
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
            resource: String::new(),
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

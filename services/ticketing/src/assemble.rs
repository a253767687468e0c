//! The service put together: what it answers and what runs beside the calls.

use std::time::Duration;

use kernel::Role;
use ledger::checkpoint::Notary;
use ledger::{Feed, Follower, Ledger, Reaction, Standings};
use postgres::{Db, StoreError};
use server::{Assembly, House, PeerChannel, PeerError, Principal, Worker};
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::LedgerServiceServer;
use ventanilla_proto::ticketing::v1::ticket_service_server::TicketServiceServer;

use crate::grpc::Service;
use crate::proof::ProofKey;
use crate::reactions::{OnOmbudsman, OnSla};
use crate::store::create::openings;
use crate::usecase::Ticketing;
use crate::{SOURCE, Settings};

/// The largest request: five hundred histories of some dozens of steps, with room for long texts.
const LARGEST_REQUEST: usize = 4 * 1024 * 1024;
const CLOSING: Duration = Duration::from_secs(1);

const SLA: &str = "sla-monitor";
const OMBUDSMAN: &str = "ombudsman-escalation";

/// The service's migrations, to be applied after the house's.
pub fn migrations() -> Migrator {
    sqlx::migrate!("./migrations")
}

/// Puts the service together.
///
/// # Errors
/// [`StoreError`] when its database cannot be reached.
pub async fn assemble(settings: Settings, house: House) -> Result<Assembly, StoreError> {
    let db = Db::connect(&settings.database).await?;
    let ledger = Ledger::open(db.clone(), SOURCE);
    let standings = Standings::new(&[SLA, OMBUDSMAN]);
    standings.recall(&db).await?;
    let app = Ticketing {
        db: db.clone(),
        openings: openings(&db),
        ledger: ledger.clone(),
        ambient: house.ambient.clone(),
        policy: settings.policy(),
        proof_key: ProofKey::of(&house.signing_key),
    };
    let feed = Feed::new(ledger.clone(), house.ambient.clone(), is_service);
    let notary =
        Notary::new(ledger.clone(), house.ambient.clone(), house.signing_key.clone(), house.checkpoint_dir.clone());
    let sequenced = ledger.clone();
    let assembly = Assembly::new(SOURCE)
        .serve(TicketServiceServer::new(Service::new(app)).max_decoding_message_size(LARGEST_REQUEST))
        .serve(LedgerServiceServer::new(feed))
        .worker(Worker::new("sequencer", move |cancel| sequenced.clone().sequence(cancel)))
        .worker(Worker::new("notary", move |cancel| notary.clone().run(cancel)))
        .at_close(move || async move { db.close(CLOSING).await });
    let assembly = follow(assembly, "follow-sla", SLA, &house, &ledger, &standings, OnSla::new);
    Ok(follow(assembly, "follow-ombudsman", OMBUDSMAN, &house, &ledger, &standings, OnOmbudsman::new))
}

/// Personal parts of entries go to services alone.
fn is_service(known: &tonic::Extensions) -> bool {
    known.get::<Principal>().is_some_and(|principal| principal.has(Role::Service))
}

/// Adds the worker that follows `source`, where its address is known.
fn follow<R: Reaction>(
    assembly: Assembly,
    worker: &'static str,
    source: &'static str,
    house: &House,
    ledger: &Ledger,
    standings: &Standings,
    reaction: fn(kernel::Ambient) -> R,
) -> Assembly {
    let channel: PeerChannel = match house.peers.channel(source) {
        Ok(channel) => channel,
        Err(PeerError::Unknown(_) | PeerError::Address(_)) => {
            tracing::warn!(source, "no address is configured; its ledger is not followed");
            return assembly;
        }
    };
    let (ledger, standings, ambient) = (ledger.clone(), standings.clone(), house.ambient.clone());
    assembly.worker(Worker::new(worker, move |cancel: CancellationToken| {
        let reaction = reaction(ambient.clone());
        let follower = Follower::new(ledger.clone(), source, reaction, ambient.clone(), standings.clone());
        follower.run(LedgerServiceClient::new(channel.clone()), cancel)
    }))
}

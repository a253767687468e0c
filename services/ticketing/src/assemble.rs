//! The service put together: what it answers and what runs beside the calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ledger::{Ledger, Reaction, Standings};
use postgres::StoreError;
use server::{Assembly, House, PeerChannel, Worker};
use sqlx::migrate::Migrator;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ticketing::v1::article_service_server::ArticleServiceServer;
use ventanilla_proto::ticketing::v1::characteristic_service_server::CharacteristicServiceServer;
use ventanilla_proto::ticketing::v1::desk_service_server::DeskServiceServer;
use ventanilla_proto::ticketing::v1::finding_service_server::FindingServiceServer;
use ventanilla_proto::ticketing::v1::incident_service_server::IncidentServiceServer;
use ventanilla_proto::ticketing::v1::learning_service_server::LearningServiceServer;
use ventanilla_proto::ticketing::v1::notice_service_server::NoticeServiceServer;
use ventanilla_proto::ticketing::v1::process_service_server::ProcessServiceServer;
use ventanilla_proto::ticketing::v1::public_service_server::PublicServiceServer;
use ventanilla_proto::ticketing::v1::redress_service_server::RedressServiceServer;
use ventanilla_proto::ticketing::v1::relation_service_server::RelationServiceServer;
use ventanilla_proto::ticketing::v1::team_service_server::TeamServiceServer;
use ventanilla_proto::ticketing::v1::ticket_service_server::TicketServiceServer;

use crate::grpc::{
    Articles, Characteristics, Desk, Finding, Incidents, Learning, Notices, Processes, Public, Redresses, Relations,
    Service, Team,
};
use crate::guesses::Guesses;
use crate::proof::{NoProofKey, ProofKey};
use crate::reactions::{OnCustomers, OnOmbudsman, OnSla};
use crate::seal::Sealer;
use crate::store::create::openings;
use crate::usecase::{KnownSets, Ticketing};
use crate::workers::danger::DangerFigures;
use crate::workers::{announcing, apart, lapses, telling, words};
use crate::{SOURCE, Settings};

/// The largest request: five hundred histories of some dozens of steps, with room for long texts.
const LARGEST_REQUEST: usize = 4 * 1024 * 1024;
/// Rules of one queue, or the names of five hundred affairs, and nothing else.
const LARGEST_TEAM_REQUEST: usize = 64 * 1024;
/// A filing with fifty claim points of two thousand characters.
const LARGEST_RELATION_REQUEST: usize = 512 * 1024;
/// A map of a hundred steps with texts in five languages.
const LARGEST_PROCESS_REQUEST: usize = 2 * 1024 * 1024;
/// Fifty rules with a hundred words each, and titles in five languages.
const LARGEST_CHARACTERISTIC_REQUEST: usize = 3 * 1024 * 1024;
/// A message of twenty thousand characters with twenty files, or a macro or a template of notices in five languages.
const LARGEST_DESK_REQUEST: usize = 256 * 1024;
/// Question and answer in five languages.
const LARGEST_ARTICLE_REQUEST: usize = 512 * 1024;
/// Documents that are set at a time.
const PAPERS: usize = 2;
const CLOSING: Duration = Duration::from_secs(1);

const SLA: &str = "sla-monitor";
const OMBUDSMAN: &str = "ombudsman-escalation";
const CUSTOMER_PROFILE: &str = "customer-profile";

/// The service's migrations, to be applied after the house's.
pub fn migrations() -> Migrator {
    sqlx::migrate!("./migrations")
}

/// Why the service cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// Its database cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is given as the secret of proofs is none.
    #[error(transparent)]
    ProofKey(#[from] NoProofKey),
    /// The signing key was changed, and the secret of proofs would change with it.
    #[error(
        "the signing key was changed and service.proof_key is not set: customers' proofs would open nothing on the telephone. Give what \
         `ventanilla proof-key FILE` prints of the first signing key (deploy/README.md, \"Rotating the signing key\")"
    )]
    ProofKeyLost,
}

/// What proofs are derived under: what is given, or else what belongs to the one signing key there ever was.
fn proof_key(settings: &Settings, house: &House) -> Result<ProofKey, AssembleError> {
    match &settings.proof_key {
        Some(given) => Ok(ProofKey::given(given)?),
        None if house.former_keys.is_empty() => Ok(ProofKey::of(&house.signing_key)),
        None => Err(AssembleError::ProofKeyLost),
    }
}

/// Puts the service together.
///
/// # Errors
/// [`AssembleError`].
pub async fn assemble(settings: Settings, house: House) -> Result<Assembly, AssembleError> {
    let proof_key = proof_key(&settings, &house)?;
    let db = house.open(SOURCE, &settings.database, &migrations()).await?;
    house.keep_time(&db).await?;
    let ledger = Ledger::open(db.clone(), SOURCE);
    let standings = Standings::new(&[SLA, OMBUDSMAN, CUSTOMER_PROFILE]);
    standings.recall(&db).await?;
    let app = Ticketing {
        db: db.clone(),
        openings: openings(&db),
        sets: KnownSets::default(),
        ledger: ledger.clone(),
        ambient: house.ambient.clone(),
        peers: house.peers.clone(),
        telling: Arc::new(Notify::new()),
        announcing: Arc::new(Notify::new()),
        notices: settings.notices(),
        policy: settings.policy(),
        proof_key,
        guesses: Arc::new(Mutex::new(Guesses::default())),
        sealer: Sealer::new(house.signing_key.clone()),
        firm: settings.firm_name.as_str().into(),
        papers: Arc::new(Semaphore::new(PAPERS)),
        keep_ended: settings.keep_ended(),
    };
    let danger = DangerFigures::new(app.clone());
    let (lapsing, teller, announcer) = (app.clone(), app.clone(), app.clone());
    let (reader, reader_anew) = (app.clone(), app.clone());
    let parting = app.clone();
    let assembly = Assembly::new(SOURCE)
        .serve(TicketServiceServer::new(Service::new(app.clone())).max_decoding_message_size(LARGEST_REQUEST))
        .serve(TeamServiceServer::new(Team::new(app.clone())).max_decoding_message_size(LARGEST_TEAM_REQUEST))
        .serve(IncidentServiceServer::new(Incidents::new(app.clone())).max_decoding_message_size(LARGEST_TEAM_REQUEST))
        .serve(
            RelationServiceServer::new(Relations::new(app.clone())).max_decoding_message_size(LARGEST_RELATION_REQUEST),
        )
        .serve(FindingServiceServer::new(Finding::new(app.clone())).max_decoding_message_size(LARGEST_TEAM_REQUEST))
        .serve(ArticleServiceServer::new(Articles::new(app.clone())).max_decoding_message_size(LARGEST_ARTICLE_REQUEST))
        .serve(LearningServiceServer::new(Learning::new(app.clone())).max_decoding_message_size(LARGEST_TEAM_REQUEST))
        .serve(RedressServiceServer::new(Redresses::new(app.clone())).max_decoding_message_size(LARGEST_TEAM_REQUEST))
        .serve(NoticeServiceServer::new(Notices::new(app.clone())).max_decoding_message_size(LARGEST_DESK_REQUEST))
        .serve(DeskServiceServer::new(Desk::new(app.clone())).max_decoding_message_size(LARGEST_DESK_REQUEST))
        .serve(
            ProcessServiceServer::new(Processes::new(app.clone())).max_decoding_message_size(LARGEST_PROCESS_REQUEST),
        )
        .serve(
            CharacteristicServiceServer::new(Characteristics::new(app.clone()))
                .max_decoding_message_size(LARGEST_CHARACTERISTIC_REQUEST),
        )
        .serve(PublicServiceServer::new(Public::new(app.clone())).max_decoding_message_size(LARGEST_DESK_REQUEST))
        .keep_ledger_of(&ledger, &house, app.clone())
        .worker(Worker::new("lapses", move |cancel| lapses::run(lapsing.clone(), cancel)))
        .worker(Worker::new("words", move |cancel| words::run(reader.clone(), cancel)))
        .worker(Worker::new("words-anew", move |cancel| words::anew(reader_anew.clone(), cancel)))
        .worker(Worker::new("announcing", move |cancel| announcing::run(announcer.clone(), cancel)))
        .worker(Worker::new("apart", move |cancel| apart::run(parting.clone(), cancel)))
        .worker(Worker::new("telling", move |cancel| telling::run(teller.clone(), cancel)))
        .figures("danger", move || {
            let danger = danger.clone();
            async move { danger.look().await }
        });
    let assembly =
        ::rights::answer(assembly, app, &ledger, &house).at_close(move || async move { db.close(CLOSING).await });
    let assembly = follow(assembly, "follow-sla", SLA, &house, &ledger, &standings, OnSla::new);
    let assembly = follow(assembly, "follow-ombudsman", OMBUDSMAN, &house, &ledger, &standings, OnOmbudsman::new);
    Ok(follow(assembly, "follow-customer-profile", CUSTOMER_PROFILE, &house, &ledger, &standings, OnCustomers::new))
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
        Err(error) => {
            tracing::warn!(source, %error, "its ledger is not followed");
            return assembly;
        }
    };
    let (ledger, standings, house) = (ledger.clone(), standings.clone(), house.clone());
    assembly.worker(Worker::new(worker, move |cancel: CancellationToken| {
        let follower = house.follower(&ledger, source, reaction(house.ambient.clone()), &standings);
        follower.run(LedgerServiceClient::new(channel.clone()), cancel)
    }))
}

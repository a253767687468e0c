//! ombudsman-escalation: the office of the ombudsman inside the suite and outside the firm. Cases, admission
//! on a closed list, a dossier that proves itself, a conflict wall that is computed, decisions that answer
//! every point and never change.

pub mod bundle;
pub mod config;
pub mod document;
pub mod error;
pub mod grpc;
pub mod office;
pub mod reactions;
mod rights;
pub mod seal;
mod store;
pub mod usecase;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use ledger::{Ledger, Standings};
use postgres::StoreError;
use server::{Assembly, House, PeerError, Worker};
use tokio::sync::Semaphore;
use ventanilla_proto::ombudsman::v1::claimant_service_server::ClaimantServiceServer;
use ventanilla_proto::ombudsman::v1::house_service_server::HouseServiceServer;
use ventanilla_proto::ombudsman::v1::ombudsman_service_server::OmbudsmanServiceServer;
use ventanilla_proto::ombudsman::v1::precedent_service_server::PrecedentServiceServer;
use ventanilla_proto::ombudsman::v1::procedure_service_server::ProcedureServiceServer;
use ventanilla_proto::ombudsman::v1::report_service_server::ReportServiceServer;

use ledger::archive::Kept;

pub use config::Settings;

/// The schema this service owns.
pub const SCHEMA: &str = "ombudsman";

/// Name of this service, and of its ledger for others.
pub const SOURCE: &str = "ombudsman-escalation";
/// What it goes on asking for of archived months: all of every case, which its dossier is held against, and whose data was destroyed.
pub const KEPT: Kept = Kept {
    content_of_types: &["ventanilla.rights.v1.PersonalDataErased"],
    content_of_aggregates: &["cases/"],
    ..Kept::NOTHING
};

/// Settings of the process unless told otherwise.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The ledger of affairs.
pub(crate) const TICKETING: &str = "ticketing";
/// The ledger of clocks.
pub(crate) const SLA_MONITOR: &str = "sla-monitor";
/// The ledger of who is one person with whom, and of who is erased.
pub(crate) const CUSTOMER_PROFILE: &str = "customer-profile";

/// Largest request: a dossier entry with its content.
const REQUEST_BYTES: usize = 512 * 1024;
/// Largest answer: a dossier to take away.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// Documents that are set at once: each keeps a processor busy.
const PAPERS: usize = 2;

/// The tables of this service.
pub fn migrations() -> sqlx::migrate::Migrator {
    sqlx::migrate!("./migrations")
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("the database of the office cannot be used")]
    Store(#[from] StoreError),
    /// The office's key.
    #[error(transparent)]
    Key(#[from] config::NotAKey),
    /// Drafts could not be read.
    #[error(
        "drafts are closed under keys that the office was not given: {}; give them in former_office_keys, or say in lost_draft_keys that \
         they are lost", .0.join(", ")
    )]
    DraftKeyMissing(Vec<String>),
    /// A ledger to follow has no address.
    #[error(transparent)]
    Peer(#[from] PeerError),
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`].
pub async fn assemble(settings: Settings, house: House) -> Result<Assembly, StartError> {
    let seal = seal::Keyring::new(&settings.key()?, &settings.former_keys()?);
    let keep_ended = settings.keep_ended();
    let db = house.open(SOURCE, &settings.database, &migrations()).await?;
    house.keep_time(&db).await?;
    let missing = usecase::draft_keys::missing(&db, &seal, &settings.lost_keys()).await?;
    if !missing.is_empty() {
        return Err(StartError::DraftKeyMissing(missing));
    }
    let ledger = Ledger::open(db.clone(), SOURCE);
    let standings = Standings::new(&[TICKETING, SLA_MONITOR, CUSTOMER_PROFILE]);
    standings.recall(&db).await?;
    let office = office::Office {
        db: db.clone(),
        ledger: ledger.clone(),
        standings: standings.clone(),
        ambient: house.ambient.clone(),
        peers: house.peers.clone(),
        seal,
        sealer: ::seal::Sealer::new(Arc::clone(&house.signing_key)),
        name: settings.office_name.as_str().into(),
        accredited: settings.accredited,
        papers: Arc::new(Semaphore::new(PAPERS)),
    };
    let service = OmbudsmanServiceServer::new(grpc::ombudsman_service::Service::new(office.clone()))
        .max_decoding_message_size(REQUEST_BYTES)
        .max_encoding_message_size(ANSWER_BYTES);
    let precedents = PrecedentServiceServer::new(grpc::precedent_service::Service::new(office.clone()))
        .max_encoding_message_size(ANSWER_BYTES);
    let reports = ReportServiceServer::new(grpc::report_service::Service::new(office.clone()))
        .max_encoding_message_size(ANSWER_BYTES);
    let procedure = ProcedureServiceServer::new(grpc::procedure_service::Service::new(office.clone()))
        .max_decoding_message_size(REQUEST_BYTES);
    let claimant = ClaimantServiceServer::new(grpc::claimant_service::Service::new(office.clone()))
        .max_decoding_message_size(REQUEST_BYTES)
        .max_encoding_message_size(ANSWER_BYTES);
    let involvements = reactions::ticketing::Involvements::new(house.ambient.clone());
    let assembly = Assembly::new(SOURCE)
        .serve(service)
        .serve(precedents)
        .serve(reports)
        .serve(procedure)
        .serve(claimant)
        .serve(HouseServiceServer::new(grpc::house_service::Service::new(office.clone())))
        .keep_ledger_of(&ledger, &house, office.clone())
        .follow(TICKETING, involvements, &ledger, &standings, &house)?
        .follow(SLA_MONITOR, reactions::sla_monitor::Clocks::new(house.ambient.clone()), &ledger, &standings, &house)?
        .follow(
            CUSTOMER_PROFILE,
            reactions::customer_profile::Customers::new(house.ambient.clone()),
            &ledger,
            &standings,
            &house,
        )?;
    let screens = workers::screens::Screens::new(office.clone());
    let assembly = assembly.worker(Worker::new("screens", move |cancel| screens.clone().run(cancel)));
    let holdings = rights::Holdings { office, keep_ended };
    let assembly = ::rights::answer(assembly, holdings, &ledger, &house);
    Ok(assembly.at_close(move || async move { db.close(Duration::from_secs(1)).await }))
}

//! sla-monitor: which deadlines run, why they fall when they fall, and what was kept.
//!
//! `grpc` is the edge, `usecase` the recipe of each RPC, `store` the SQL, `reactions` what the other services' ledgers do to
//! clocks, `workers` what raises warnings and breaches; the decisions stand in the domain crate.

pub mod config;
mod error;
mod grpc;
mod monitor;
mod names;
mod policy;
mod reactions;
pub mod recompute;
mod rights;
mod store;
mod usecase;
mod workers;

use std::time::Duration;

use ::rights::OnErasure;
use ledger::{Ledger, Standings};
use server::{Assembly, House, Worker};
use sla_monitor_domain::data::DataError;
use sla_monitor_domain::{Calendar, Catalogue};
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::sla::v1::measure_service_server::MeasureServiceServer;
use ventanilla_proto::sla::v1::policy_service_server::PolicyServiceServer;
use ventanilla_proto::sla::v1::sla_service_server::SlaServiceServer;

use ledger::archive::Kept;

pub use config::{LawSettings, Settings};

use monitor::{Law, Monitor};
use reactions::{ombudsman, ticketing};
use workers::calibration::CalibrationWorker;
use workers::customer::CustomerWorker;
use workers::due::DueWorker;
use workers::outlook::OutlookFigures;

/// The schema of this service.
pub const SCHEMA: &str = "sla_monitor";
/// Name of the service and of its ledger.
pub const SOURCE: &str = "sla-monitor";
/// What it goes on asking for of archived months: nothing.
pub const KEPT: Kept = Kept::NOTHING;
/// Embedded settings of the service's process.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The ledger of who is erased.
const CUSTOMER_PROFILE: &str = "customer-profile";

/// The largest request: names and filters only.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// The largest request to write: a calendar with all the days it may change.
const MAX_POLICY_REQUEST_BYTES: usize = 512 * 1024;

/// The largest request that brings measured calls: five hundred of them, a kilobyte each at most.
const MAX_CALLS_BYTES: usize = 512 * 1024;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database.
    #[error("the schema sla_monitor cannot be reached: check `service.database`, and run `migrate`")]
    Database(#[from] postgres::StoreError),
    /// Its settings name a calendar or a reading that does not exist.
    #[error("check `service.law`: {0}")]
    Law(#[from] DataError),
    /// It does not know where to hear of affairs and cases.
    #[error(
        "set the addresses of `peers.ticketing`, `peers.ombudsman-escalation` and `peers.customer-profile`: clocks start, and erasures come, by their ledgers"
    )]
    Peers(#[from] server::PeerError),
}

/// The tables of this service.
pub fn migrations() -> sqlx::migrate::Migrator {
    sqlx::migrate!("./migrations")
}

/// Puts the service together, under the law that ships.
///
/// # Errors
/// [`StartError`] says what to mend.
pub async fn assemble(settings: Settings, house: House) -> Result<Assembly, StartError> {
    let ships = Catalogue::embedded_for(&settings.law.switches, &settings.law.company)?;
    assemble_under(ships, settings, house).await
}

/// Puts the service together under a law that this release does not ship: that of the one before it, or of the next.
///
/// # Errors
/// As [`assemble`].
pub async fn assemble_under(ships: Catalogue, settings: Settings, house: House) -> Result<Assembly, StartError> {
    let db = house.open(SOURCE, &settings.database, &migrations()).await?;
    house.keep_time(&db).await?;
    let numbers = store::shipped::keep(&db, &ships, house.ambient.now()).await?;
    let law = Law::shipping(ships, &numbers, settings.law);
    let standings = Standings::new(&[ticketing::SOURCE, ombudsman::SOURCE, CUSTOMER_PROFILE]);
    standings.recall(&db).await?;
    let ledger = Ledger::open(db.clone(), SOURCE);
    let (ambient, due) = (house.ambient.clone(), settings.due);
    let mut monitor = Monitor::new(db.clone(), ledger.clone(), ambient, standings.clone(), (law, due));
    (monitor.measures, monitor.board, monitor.firm) = (settings.measures, settings.board, settings.firm_name.into());
    let shipped = monitor.law();
    let shipped: Vec<&Calendar> = shipped.catalogue.calendars().collect();
    if let Some(id) = store::law::remember(&db, &shipped, house.ambient.now()).await? {
        return Err(DataError::new(&id, "ships with other content than it had under the same version").into());
    }
    monitor.refresh().await?.check()?;
    workers::board::prepare(&monitor).await?;
    let mut sources = Vec::new();
    for source in [ticketing::SOURCE, ombudsman::SOURCE] {
        sources.push((source, LedgerServiceClient::new(house.peers.channel(source)?)));
    }
    let (reader, sums) = (monitor.clone(), monitor.clone());
    let due = DueWorker::new(monitor.clone(), sources);
    let calibration = CalibrationWorker::new(monitor.clone());
    let customers = CustomerWorker::new(monitor.clone(), house.peers.channel(CUSTOMER_PROFILE)?);
    let outlook = OutlookFigures::new(monitor.clone());
    let api = SlaServiceServer::new(grpc::SlaApi::new(monitor.clone())).max_decoding_message_size(MAX_REQUEST_BYTES);
    let policies = PolicyServiceServer::new(grpc::PolicyApi::new(monitor.clone()))
        .max_decoding_message_size(MAX_POLICY_REQUEST_BYTES);
    let measures =
        MeasureServiceServer::new(grpc::MeasureApi::new(monitor.clone())).max_decoding_message_size(MAX_CALLS_BYTES);
    let assembly = Assembly::new(SOURCE)
        .serve(api)
        .serve(policies)
        .serve(measures)
        .keep_ledger_of(&ledger, &house, monitor.clone())
        .follow(ticketing::SOURCE, ticketing::Affairs(monitor.clone()), &ledger, &standings, &house)?
        .follow(ombudsman::SOURCE, ombudsman::Cases(monitor.clone()), &ledger, &standings, &house)?
        .follow(CUSTOMER_PROFILE, OnErasure::new(house.ambient.clone()), &ledger, &standings, &house)?
        .worker(Worker::new("due", move |cancel| due.clone().run(cancel)))
        .worker(Worker::new("law", move |cancel| workers::law::run(reader.clone(), cancel)))
        .worker(Worker::new("board", move |cancel| workers::board::run(sums.clone(), cancel)))
        .worker(Worker::new("customer", move |cancel| customers.clone().run(cancel)))
        .worker(Worker::new("calibration", move |cancel| calibration.clone().run(cancel)))
        .figures("outlook", move || {
            let outlook = outlook.clone();
            async move { outlook.look().await }
        });
    let assembly = ::rights::answer(assembly, monitor, &ledger, &house);
    Ok(assembly.at_close(move || async move { db.close(Duration::from_secs(1)).await }))
}

//! customer-profile: one customer for every department.
//!
//! `grpc` is the edge, `usecase` the recipe of each RPC, `store` the SQL, `reactions` what the other
//! services' ledgers do here; the decisions stand in the domain crate.

mod comparing;
mod config;
mod content;
mod error;
mod golden;
mod grounds;
mod grpc;
mod identity_link;
mod judgement;
mod listening;
pub mod reactions;
mod rights;
mod rules;
mod store;
mod survivorship;
mod turns;
mod usecase;
mod wishes;
mod workers;
mod worth;

use std::sync::Arc;

use ledger::{Ledger, Reaction, Standings};
use server::{Assembly, House, Worker};
use ventanilla_proto::customer::v1::customer_service_server::CustomerServiceServer;
use ventanilla_proto::customer::v1::rights_service_server::RightsServiceServer;
use ventanilla_proto::customer::v1::rules_service_server::RulesServiceServer;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use ledger::archive::Kept;

pub use config::{EffortSettings, IdentitySettings, Settings, WorthSettings};
pub use error::ProfileError;
pub use rights::JOURNAL;
pub use usecase::Profile;

/// The schema of this service.
pub const SCHEMA: &str = "customer_profile";
/// Name of the service and of its ledger.
pub const SOURCE: &str = "customer-profile";
/// What it goes on asking for of archived months: claims that two of its records are one person, whose words are found when a person's are destroyed.
pub const KEPT: Kept = Kept { content_of_types: &["ventanilla.customer.v1.IdentityLinkAsserted"], ..Kept::NOTHING };
/// Embedded settings of the service's process.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The ledger of affairs and promises.
pub(crate) const TICKETING: &str = "ticketing";
/// The ledger of clocks.
pub(crate) const SLA_MONITOR: &str = "sla-monitor";
/// The ledger of cases.
pub(crate) const OMBUDSMAN: &str = "ombudsman-escalation";

/// The largest request: a record with every field full is far below it.
const MAX_REQUEST_BYTES: usize = 256 * 1024;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database.
    #[error("the schema customer_profile cannot be reached: check `service.database`, and run `migrate`")]
    Database(#[from] postgres::StoreError),
    /// Its file of weights.
    #[error(
        "the weights of matching cannot be used: {0}; write them anew with estimate-matching, or leave out service.identity.rules_file"
    )]
    Rules(String),
    /// Its journal of erasures.
    #[error("{0}; the journal lies in `checkpoint_dir`")]
    Journal(#[from] rights::JournalError),
    /// An erasure of the journal that could not be done again.
    #[error("an erasure that a restored database has forgotten cannot be done again: {0}")]
    Erasure(String),
}

/// The tables of this service.
pub fn migrations() -> sqlx::migrate::Migrator {
    sqlx::migrate!("./migrations")
}

/// Puts the service together.
///
/// # Errors
/// [`StartError`] says what to mend.
pub async fn assemble(settings: Settings, house: House) -> Result<Assembly, StartError> {
    let db = house.open(SOURCE, &settings.database, &migrations()).await?;
    house.keep_time(&db).await?;
    let standings = Standings::new(&[TICKETING, SLA_MONITOR, OMBUDSMAN]);
    standings.recall(&db).await?;
    let ledger = Ledger::open(db.clone(), SOURCE);
    let configured = settings.identity.survivorship();
    let survivorship = survivorship::SurvivorshipInForce::open(db.reader(), configured, house.ambient.now()).await?;
    let (journal, lines) = rights::Journal::open(&house.checkpoint_dir)?;
    let (kept, rules) = settings.identity.rules().map_err(StartError::Rules)?;
    let profile = Profile {
        peers: house.peers.clone(),
        journal,
        match_keys: workers::match_keys::MatchKeys::new(db.clone(), house.ambient.clone()),
        turns: turns::Turns::default(),
        newcomers: usecase::ingest_source_record::newcomers(&db, &house.ambient, &survivorship),
        db: db.clone(),
        ledger: ledger.clone(),
        ambient: house.ambient.clone(),
        standings,
        survivorship,
        worth: Arc::new(settings.worth),
        effort: Arc::new(settings.effort),
        goodwill: Arc::new(settings.goodwill),
        rules: rules::RulesInForce::open(db.reader(), kept, rules, house.ambient.now()).await?,
        reviews: Arc::default(),
    };
    // Before anybody is served.
    rights::reconcile(&profile, lines).await?;
    customer_profile_domain::read_numbering_plans();
    let customers = CustomerServiceServer::new(grpc::CustomerApi::new(profile.clone()))
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let match_keys = profile.match_keys.clone();
    let mut assembly = Assembly::new(SOURCE)
        .serve(customers)
        .serve(RightsServiceServer::new(grpc::RightsApi::new(profile.clone())))
        .serve(RulesServiceServer::new(grpc::RulesApi::new(profile.clone())))
        .keep_ledger_of(&ledger, &house, profile.clone())
        .worker(Worker::new("match-keys", move |cancel| match_keys.clone().run(cancel)));
    for (lane, name) in workers::comparisons::LANES.into_iter().enumerate() {
        let comparisons = workers::comparisons::Comparisons::new(profile.clone(), lane);
        assembly = assembly.worker(Worker::new(name, move |cancel| comparisons.clone().run(cancel)));
    }
    let reviews = workers::rules_reviews::RulesReviews::new(profile.clone());
    assembly = assembly.worker(Worker::new("rules-reviews", move |cancel| reviews.clone().run(cancel)));
    let records = workers::golden_records::GoldenRecords::new(profile.clone());
    assembly = assembly.worker(Worker::new("golden-records", move |cancel| records.clone().run(cancel)));
    assembly = ::rights::answer(assembly, profile.clone(), &ledger, &house);
    assembly = follow(assembly, &house, &profile, TICKETING, reactions::ticketing::Affairs);
    assembly = follow(assembly, &house, &profile, SLA_MONITOR, reactions::sla_monitor::Clocks);
    assembly = follow(assembly, &house, &profile, OMBUDSMAN, reactions::ombudsman::Cases);
    Ok(assembly.at_close(move || async move { db.close(std::time::Duration::from_secs(1)).await }))
}

/// Follows a source, if anybody said where it is; the view names those that are missing.
fn follow<R: Reaction + Copy>(
    assembly: Assembly,
    house: &House,
    profile: &Profile,
    source: &'static str,
    reaction: R,
) -> Assembly {
    let channel = match house.peers.channel(source) {
        Ok(channel) => channel,
        Err(error) => {
            tracing::warn!(source, %error, "the view goes without this source");
            return assembly;
        }
    };
    let (ledger, standings, house) = (profile.ledger.clone(), profile.standings.clone(), house.clone());
    assembly.worker(Worker::new(source, move |cancel| {
        let reaction = reactions::erasure::Hearing { reaction, source, ambient: house.ambient.clone() };
        let follower = house.follower(&ledger, source, reaction, &standings);
        follower.run(LedgerServiceClient::new(channel.clone()), cancel)
    }))
}

//! webhooks: telling other systems what happens, and how far that is.
//!
//! ```text
//! ledgers of the four -> reactions (a row in `event`, one in `unspread`) -> spread (rows in `delivery`, a lane for each affair)
//!                                                            -> courier: takes a lane by lease, signs, posts, writes what became of it
//! ```
//!
//! `grpc` is the edge, `usecase` the recipe of each RPC, `store` the SQL, `post` the one place that makes a connection to where
//! somebody said; the decisions stand in the domain crate. Nothing personal comes here: of an entry only its chained part is kept.

pub mod catalogue;
pub mod config;
pub mod envelope;
mod error;
mod figures;
mod grpc;
mod hooks;
mod keys;
mod names;
pub mod post;
pub mod reactions;
mod store;
mod usecase;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use ledger::{Ledger, Standings};
use server::{Assembly, House, Worker};
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::webhook::v1::webhook_service_server::WebhookServiceServer;

use ledger::archive::Kept;

pub use config::Settings;

use hooks::Hooks;
use post::{Post, PostError, Resolve, SystemResolver};
use reactions::OnLedger;
use workers::horizon::{Horizon, Horizons};

/// The schema of this service.
pub const SCHEMA: &str = "webhooks";
/// Name of the service and of its ledger.
pub const SOURCE: &str = "webhooks";
/// What it goes on asking for of archived months: nothing.
pub const KEPT: Kept = Kept::NOTHING;
/// Embedded settings of the service's process.
pub const DEFAULTS: &str = include_str!("../defaults.toml");

/// The ledger that tells whose an affair is.
const TICKETING: &str = "ticketing";
/// The ledger that tells what a case is about.
const OFFICE: &str = "ombudsman-escalation";
/// Whose ledgers are followed.
const FOLLOWED: [&str; 4] = ["customer-profile", TICKETING, "sla-monitor", OFFICE];

/// The largest request: fifty patterns and fifty departments.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its database.
    #[error("the schema webhooks cannot be reached: check `service.database`, and run `migrate`")]
    Database(#[from] postgres::StoreError),
    /// Its keys.
    #[error("check `service.secret_key` and `service.former_secret_keys`: {0}")]
    Key(#[from] config::NotAKey),
    /// A subscription's secret was made of another key.
    #[error(
        "secrets were made of the key {0}, which is not here: put it into `service.secret_key` or `service.former_secret_keys`"
    )]
    KeyMissing(String),
    /// A lane would be another's while it is still told.
    #[error(
        "`service.courier.lease_ms` must be at least a second longer than `service.endpoints.timeout_ms`: a process that is taken for dead while it waits for an answer tells an affair out of its order"
    )]
    Lease,
    /// The authorities that certificates are held against.
    #[error("check `service.endpoints.ca_file`: {0}")]
    Post(#[from] PostError),
    /// It does not know where to hear of what happens.
    #[error(
        "set the addresses of `peers.customer-profile`, `peers.ticketing`, `peers.sla-monitor` and `peers.ombudsman-escalation`: their ledgers are what is told"
    )]
    Peers(#[from] server::PeerError),
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
    assemble_with(settings, house, Arc::new(SystemResolver)).await
}

/// The same with another way to find where a name leads; for tests of what a name may lead to.
///
/// # Errors
/// [`StartError`] says what to mend.
pub async fn assemble_with(
    settings: Settings,
    house: House,
    resolver: Arc<dyn Resolve>,
) -> Result<Assembly, StartError> {
    if !settings.outlasts_an_attempt() {
        return Err(StartError::Lease);
    }
    let keys = keys::Keys::of(&settings)?;
    let post = Post::new(&settings.endpoints, resolver)?;
    let db = house.open(SOURCE, &settings.database, &migrations()).await?;
    house.keep_time(&db).await?;
    if let Some(missing) = store::secret::unknown_key(db.reader(), &keys.ids()).await? {
        return Err(StartError::KeyMissing(missing));
    }
    let standings = Standings::new(&FOLLOWED);
    standings.recall(&db).await?;
    let ledger = Ledger::open(db.clone(), SOURCE);
    let hooks =
        Hooks::new((db.clone(), ledger.clone()), house.ambient.clone(), standings.clone(), (keys, post), &settings);
    let api =
        WebhookServiceServer::new(grpc::WebhookApi::new(hooks.clone())).max_decoding_message_size(MAX_REQUEST_BYTES);
    let mut assembly = Assembly::new(SOURCE).serve(api).keep_ledger(&ledger, &house);
    for source in FOLLOWED {
        assembly = assembly.follow(source, OnLedger::new(source, hooks.came.clone()), &ledger, &standings, &house)?;
    }
    let horizon =
        |source| Ok::<_, StartError>(Horizon::new(source, LedgerServiceClient::new(house.peers.channel(source)?)));
    let heard = Horizons { ticketing: horizon(TICKETING)?, office: horizon(OFFICE)? };
    let (spread, courier, sweep) = (hooks.clone(), hooks.clone(), hooks);
    let assembly = assembly
        .worker(Worker::new("spread", move |cancel| workers::spread::run(spread.clone(), heard.clone(), cancel)))
        .worker(Worker::new("courier", move |cancel| workers::courier::run(courier.clone(), cancel)))
        .worker(Worker::new("sweep", move |cancel| workers::sweep::run(sweep.clone(), cancel)));
    Ok(assembly.at_close(move || async move { db.close(Duration::from_secs(1)).await }))
}

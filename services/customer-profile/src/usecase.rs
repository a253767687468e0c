//! One operation, one file: the recipe of each RPC.

use std::sync::Arc;

use customer_profile_domain::SourceOrder;
use kernel::Ambient;
use ledger::{Ledger, Standings};
use postgres::Db;

use crate::workers::match_keys::MatchKeys;

pub(crate) mod get_customer;
pub(crate) mod get_customer_view;
pub(crate) mod ingest_source_record;
pub(crate) mod list_source_records;
pub(crate) mod list_timeline;
pub(crate) mod lookup_by_phone;
pub(crate) mod match_customer;
pub(crate) mod record_interaction;
mod standing;

/// What every use case works with. Cheap to clone.
#[derive(Clone)]
pub struct Profile {
    /// The schema.
    pub db: Db,
    /// The service's own ledger.
    pub ledger: Ledger,
    /// Clock and chance.
    pub ambient: Ambient,
    /// How far behind the sources of the view are.
    pub standings: Standings,
    /// Which source systems to believe first.
    pub source_order: Arc<SourceOrder>,
    /// Where records of people nobody knows are written.
    pub(crate) newcomers: ingest_source_record::Newcomers,
    /// Where the match keys of records are made.
    pub(crate) match_keys: MatchKeys,
}

impl Profile {
    /// Says that a record came or changed: its entry is to be sequenced, and its match keys are to be made.
    fn nudge(&self) {
        self.ledger.nudge();
        self.match_keys.nudge();
    }
}

//! One operation, one file: the recipe of each RPC.

use std::sync::Arc;

use customer_profile_domain::CustomerId;
use jiff::Timestamp;
use kernel::{Ambient, ResourceId, Role};
use ledger::{Ledger, Standings};
use postgres::{Claim, Db, Kept, RequestKey, StoreError, Tx};
use prost::Message;
use server::{Call, Peers};
use tokio::sync::Notify;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::config::{EffortSettings, GoodwillSettings, WorthSettings};
use crate::error::ProfileError;
use crate::rights::Journal;
use crate::rules::RulesInForce;
use crate::store;
use crate::store::customer::{Locked, Standing};
use crate::survivorship::SurvivorshipInForce;
use crate::turns::Turns;
use crate::workers::match_keys::MatchKeys;

pub(crate) mod answer_match_proposal;
pub(crate) mod check_renewal;
pub(crate) mod declare_vulnerability;
mod effort_cap;
pub(crate) mod erase_customer;
pub(crate) mod export_customer;
pub(crate) mod get_customer;
pub(crate) mod get_customer_view;
mod get_steps;
pub(crate) mod ingest_facts;
pub(crate) mod ingest_source_record;
pub(crate) mod list_active_holds;
pub(crate) mod list_identity_links;
pub(crate) mod list_match_proposals;
pub(crate) mod list_source_records;
pub(crate) mod list_timeline;
pub(crate) mod lookup_by_phone;
pub(crate) mod match_customer;
pub(crate) mod merge_customers;
pub(crate) mod next_actions;
pub(crate) mod record_interaction;
pub(crate) mod regroup;
pub(crate) mod restrict_customer;
pub(crate) mod review_rules;
mod standing;
pub(crate) mod state_consent;
pub(crate) mod state_contact_preferences;
pub(crate) mod state_relation;
pub(crate) mod steward;
pub(crate) mod unmerge_customers;
pub(crate) mod watch_customer;
pub(crate) mod what_is_known;

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
    /// Which values to believe.
    pub survivorship: SurvivorshipInForce,
    /// How scores are graded.
    pub rules: RulesInForce,
    /// From how much spent in a year a customer counts as what.
    pub(crate) worth: Arc<WorthSettings>,
    /// What contacts may cost a customer.
    pub(crate) effort: Arc<EffortSettings>,
    /// What may be given for what went wrong.
    pub(crate) goodwill: Arc<GoodwillSettings>,
    /// Wakes who looks at what other rules would change.
    pub(crate) reviews: Arc<Notify>,
    /// Where records of people nobody knows are written.
    pub(crate) newcomers: ingest_source_record::Newcomers,
    /// Whose turn it is to link by which identifier, in this process.
    pub(crate) turns: Turns,
    /// The other services.
    pub(crate) peers: Peers,
    /// Erasures, outside the database.
    pub(crate) journal: Journal,
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

/// How often work is begun anew when other links changed under it.
const ATTEMPTS: usize = 8;

/// Does what may meet others who change the same identities, again when it did.
async fn insist<T, F>(attempt: impl Fn() -> F) -> Result<T, ProfileError>
where
    F: Future<Output = Result<T, ProfileError>>,
{
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if error.is_contention() => tracing::debug!("identity was contended; beginning anew"),
            done => return done,
        }
    }
    attempt().await
}

/// A call's transaction, or the answer that it was given before.
enum Begun<M> {
    Fresh(Tx),
    Replay(M),
}

/// Begins a mutation and claims its `request_id`.
async fn begin<M: Message + Default>(
    profile: &Profile,
    key: &RequestKey,
    now: Timestamp,
) -> Result<Begun<M>, ProfileError> {
    let mut tx = profile.db.tx().await?;
    match postgres::claim(&mut tx, key, now).await? {
        Claim::Fresh => Ok(Begun::Fresh(tx)),
        Claim::Replay(answer) => stored_answer(&answer).map(Begun::Replay),
    }
}

/// The same for what is said of a customer, whom somebody must have known.
async fn begin_about<M: Message + Default>(
    profile: &Profile,
    key: &RequestKey,
    customer: CustomerId,
    now: Timestamp,
) -> Result<Begun<M>, ProfileError> {
    insist(|| async {
        let mut begun = begin(profile, key, now).await?;
        if let Begun::Fresh(tx) = &mut begun {
            living(tx, customer).await?;
        }
        Ok(begun)
    })
    .await
}

/// Who somebody is, kept so until the transaction ends; refused when nobody is, or is any more.
async fn living(tx: &mut Tx, customer: CustomerId) -> Result<Standing, ProfileError> {
    let standing = store::customer::hold(tx, customer).await?.ok_or(ProfileError::CustomerNotFound(customer))?;
    still(&standing, customer)?;
    if standing.erased {
        return Err(ProfileError::CustomerErased(standing.customer));
    }
    Ok(standing)
}

/// That an id is still one of these: who waited for a lock reads the locked row anew, and not what the id resolved to.
pub(crate) fn still(standing: &Standing, id: CustomerId) -> Result<(), ProfileError> {
    if standing.ids.contains(&id.uuid()) { Ok(()) } else { Err(ProfileError::IdentityContended) }
}

/// The same, and nobody else writes of them meanwhile.
async fn alone(tx: &mut Tx, customer: CustomerId) -> Result<Standing, ProfileError> {
    let known = store::customer::resolve(tx, &[customer]).await?;
    let goes_on = *known.get(&customer).ok_or(ProfileError::CustomerNotFound(customer))?;
    match store::customer::lock_active(tx, &[goes_on.uuid()]).await? {
        Locked::All(_) => {
            let standing = living(tx, goes_on).await?;
            still(&standing, customer)?;
            Ok(standing)
        }
        Locked::Absorbed => Err(ProfileError::IdentityContended),
        Locked::Erased(id) => Err(ProfileError::CustomerErased(id)),
    }
}

/// Roles that keep data which is not used: they see who a restricted customer is.
const KEEPERS: [Role; 3] = [Role::PrivacyOfficer, Role::Steward, Role::Service];

/// Whether the caller sees data that is kept and not used.
fn keeps(call: &Call) -> bool {
    call.acting().has_any(&KEEPERS)
}

/// Refused when the customer's data is kept and not used, and the caller is not one who keeps it.
async fn open_to(profile: &Profile, call: &Call, customer: CustomerId) -> Result<(), ProfileError> {
    if !keeps(call) && store::customer::is_restricted(profile.db.reader(), customer).await? {
        return Err(ProfileError::CustomerRestricted(customer));
    }
    Ok(())
}

/// A customer as this caller may see it: of a restricted one, that it is there.
fn shown_to(call: &Call, customer: proto::Customer) -> proto::Customer {
    if customer.state() != proto::CustomerState::Restricted || keeps(call) {
        return customer;
    }
    proto::Customer { golden: None, identifiers: Vec::new(), source_records: Vec::new(), ..customer }
}

/// Every id of these customers: of whom an answer that shows them holds words.
fn ids_of(customers: &[proto::Customer]) -> Vec<CustomerId> {
    let names = customers.iter().flat_map(|customer| std::iter::once(&customer.name).chain(&customer.also_known_as));
    names.filter_map(|name| CustomerId::parse(name).ok()).collect()
}

/// An answer that was kept.
fn stored_answer<M: Message + Default>(bytes: &[u8]) -> Result<M, ProfileError> {
    M::decode(bytes).map_err(|_| StoreError::corrupt("request", "answer", "of a replay").into())
}

/// Keeps the answer and commits. `about` are the customers whose words it may hold, by the ids they were given with: any of
/// them may have it destroyed.
async fn finish<M: Message>(mut tx: Tx, key: &RequestKey, about: &[CustomerId], answer: M) -> Result<M, ProfileError> {
    let encoded = answer.encode_to_vec();
    let about: Vec<Uuid> = about.iter().map(|id| id.uuid()).collect();
    let kept = Kept { answer: &encoded, forever: false, about: &about };
    postgres::keep_answer(&mut tx, key.id, kept).await?;
    tx.commit().await?;
    Ok(answer)
}

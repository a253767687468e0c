//! What a service says of the personal data it holds.

use futures::stream::BoxStream;
use jiff::Timestamp;
use kernel::Classify;
use ledger::Draft;
use postgres::{StoreError, Tx};
use prost_types::Any;
use server::Call;
use uuid::Uuid;

use crate::ErasureId;

/// Resources of the service's contract, one after the other, grouped by kind.
pub type Records<E> = BoxStream<'static, Result<Any, E>>;

/// A service that holds data of people. Cheap to clone.
#[async_trait::async_trait]
pub trait DataHolder: Clone + Send + Sync + 'static {
    /// Why it fails.
    type Error: Classify + From<StoreError> + From<sqlx::Error> + Send + Sync;

    /// What stands against destroying what is held of these customers.
    ///
    /// # Errors
    /// The database.
    async fn holds(&self, customers: &[Uuid], now: Timestamp) -> Result<Vec<Hold>, Self::Error>;

    /// Everything that is held of these customers and that a person may read of themselves.
    fn records(&self, customers: Vec<Uuid>) -> Records<Self::Error>;

    /// The same for who asks in this call, where a service writes down who was shown what.
    fn records_for(&self, _call: &Call, customers: Vec<Uuid>) -> Records<Self::Error> {
        self.records(customers)
    }

    /// Waits until everybody is done who may be adding to what is held of a customer because they began before it was known here that
    /// the customer is erased; whoever begins later knows it. Nothing to wait for unless said otherwise.
    ///
    /// # Errors
    /// The database; it is tried again.
    async fn settle(&self) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Destroys what is held of these customers and not needed, under the locks that keep others from adding to it. Doing it
    /// again does no harm. Stored answers and the ledger are not its business.
    ///
    /// # Errors
    /// The database, or whatever else the service does; it is tried again.
    async fn erase(&self, tx: &mut Tx, customers: &[Uuid], now: Timestamp) -> Result<Leftover, Self::Error>;

    /// What else there is to do and to say in the transaction that ends the service's part; nothing unless said otherwise.
    ///
    /// # Errors
    /// The database, or whatever else the service does; it is tried again.
    async fn erased(&self, _tx: &mut Tx, _erasure: ErasureId, _now: Timestamp) -> Result<Vec<Draft>, Self::Error> {
        Ok(Vec::new())
    }
}

/// Why data must not be destroyed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Resource name of what needs it.
    pub resource: String,
    /// Why.
    pub reason: HoldReason,
    /// When it may be destroyed; while the matter is open, the earliest instant possible.
    pub until: Timestamp,
}

/// Why data must not be destroyed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldReason {
    /// The affair or case is not over.
    MatterOpen,
    /// It is over, and may still be claimed about (GDPR art. 17.3.e).
    ClaimsPossible,
}

impl Hold {
    /// The hold of a matter that ended at `ended_at`, or has not, and is kept for `keep` after its end; `None` when that time
    /// is over.
    pub fn of(
        resource: String,
        ended_at: Option<Timestamp>,
        keep: jiff::SignedDuration,
        now: Timestamp,
    ) -> Option<Self> {
        let until = |from: Timestamp| from.checked_add(keep).unwrap_or(Timestamp::MAX);
        match ended_at {
            None => Some(Self { resource, reason: HoldReason::MatterOpen, until: until(now) }),
            Some(at) if until(at) > now => {
                Some(Self { resource, reason: HoldReason::ClaimsPossible, until: until(at) })
            }
            Some(_) => None,
        }
    }
}

/// Puts the holds that end last first.
pub fn latest_first(holds: &mut [Hold]) {
    holds.sort_by(|a, b| b.until.cmp(&a.until).then_with(|| a.resource.cmp(&b.resource)));
}

/// What became of an erasing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Names of the resources whose words are gone now: their stored answers and ledger entries go with them.
    pub resources: Vec<String>,
    /// How many matters are needed still, because they were opened or changed since nothing stood against it.
    pub needed: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_matter_is_held_while_it_is_open_and_for_a_time_after_its_end() {
        let day = SignedDuration::from_hours(24);
        let at = |days: i64| Timestamp::UNIX_EPOCH + day * i32::try_from(days).unwrap();
        let hold = |ended: Option<i64>, now| Hold::of("tickets/x".into(), ended.map(at), day * 10, at(now));
        assert_eq!(hold(None, 5).map(|h| (h.reason, h.until)), Some((HoldReason::MatterOpen, at(15))));
        assert_eq!(hold(Some(3), 5).map(|h| (h.reason, h.until)), Some((HoldReason::ClaimsPossible, at(13))));
        assert_eq!(hold(Some(3), 13), None, "the end itself is free");
        assert_eq!(hold(Some(3), 12).map(|h| h.until), Some(at(13)));
    }
}

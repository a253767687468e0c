//! Writes customers anew whose golden record was put together by other settings, or by another edition of the program, than those in
//! force. A batch a transaction and one process at a time, so that it goes on where it stopped, in whatever process.

use std::collections::BTreeMap;
use std::time::Duration;

use customer_profile_domain::{CustomerId, Group, Node, Record, SourceRecordId, Survivorship};
use jiff::Timestamp;
use kernel::{Classify as _, Kind, ResourceId};
use postgres::{StoreError, Tx};
use prost::Message;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::error::ProfileError;
use crate::golden;
use crate::store::survivorship::{self as store, Anew, Held};
use crate::store::{identity, record};
use crate::usecase::{Profile, regroup};

/// Customers looked at in one transaction.
const BATCH: i64 = 64;
/// How long it waits when there is nothing to do; how long another process may not know of other settings.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits for who is writing one of the next customers.
const BREATH: Duration = Duration::from_millis(20);

/// The worker of one process. Cheap to clone.
#[derive(Clone)]
pub(crate) struct GoldenRecords {
    profile: Profile,
}

/// When to go on.
enum Next {
    Now,
    Soon,
    Later,
}

impl GoldenRecords {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile }
    }

    /// Works until cancelled.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub(crate) async fn run(self, cancel: CancellationToken) -> Result<(), ProfileError> {
        while !cancel.is_cancelled() {
            let pause = match self.round().await {
                Ok(Next::Now) => continue,
                Ok(Next::Soon) => BREATH,
                Ok(Next::Later) => IDLE,
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "customers are written anew soon");
                    IDLE
                }
                Err(error) => return Err(error),
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        Ok(())
    }

    /// Writes the next customers.
    async fn round(&self) -> Result<Next, ProfileError> {
        let pool = self.profile.db.reader();
        let in_force = self.profile.survivorship.refresh(pool).await?;
        if !store::is_any_at_work(pool).await? {
            return Ok(Next::Later);
        }
        let mut tx = self.profile.db.tx().await?;
        let (number, after) = match store::at_work(&mut tx).await? {
            Some((number, after)) if number == in_force.number => (number, after),
            _ => {
                tx.rollback().await?;
                return Ok(Next::Later);
            }
        };
        let seen = store::customers_after(&mut tx, after, number, BATCH).await?;
        let Some((last, _)) = seen.last() else {
            store::done(&mut tx, number, self.profile.ambient.now()).await?;
            tx.commit().await?;
            tracing::info!(number, "every customer is written by the values to believe now");
            return Ok(Next::Later);
        };
        let others: Vec<Uuid> = seen.iter().filter(|(_, other)| *other).map(|(id, _)| *id).collect();
        // Before the locks, as everybody takes it who writes a customer.
        let now = self.profile.ambient.now();
        let held = store::hold(&mut tx, &others).await?;
        // Whom somebody else writes, or wrote as of later, is met again.
        let held: Vec<Held> = held.into_iter().filter(|held| !regroup::is_of_later(held.written_at, now)).collect();
        let (anew, unreadable) = put_together(&mut tx, held, &in_force.survivorship, now).await?;
        let is_done = |id: &Uuid| anew.iter().any(|done| done.id == *id) || unreadable.contains(id);
        let missed = others.iter().find(|id| !is_done(id)).copied();
        store::put(&mut tx, &anew, number, now).await?;
        let before = |missed: Uuid| seen.iter().map(|(id, _)| *id).take_while(|id| *id < missed).last();
        let reached = missed.map_or(Some(*last), before);
        if let Some(reached) = reached {
            store::went_on(&mut tx, number, reached).await?;
        }
        tx.commit().await?;
        Ok(if missed.is_some() { Next::Soon } else { Next::Now })
    }
}

/// The golden records of these customers, and those that cannot be put together.
async fn put_together(
    tx: &mut Tx,
    held: Vec<Held>,
    survivorship: &Survivorship,
    now: Timestamp,
) -> Result<(Vec<Anew>, Vec<Uuid>), StoreError> {
    let ids: Vec<Uuid> = held.iter().map(|held| held.id).collect();
    let mut groups: BTreeMap<Uuid, Vec<Node>> = BTreeMap::new();
    for member in identity::members(tx, &ids).await? {
        groups.entry(member.customer.uuid()).or_default().push(member.node);
    }
    let mut unreadable = Vec::new();
    let said = loop {
        let records: Vec<Uuid> = groups.values().flatten().map(|node| node.record.uuid()).collect();
        match record::load(tx, &records).await {
            Ok(said) => break said,
            // A record that nobody can read must not stop the others: its customer stays as it is.
            Err(StoreError::Corrupt { table: "source_record", column, row }) => {
                let of_row = |nodes: &Vec<Node>| nodes.iter().any(|node| node.record.uuid().to_string() == row);
                let Some(of) = groups.iter().find(|(_, nodes)| of_row(nodes)).map(|(id, _)| *id) else {
                    return Err(StoreError::Corrupt { table: "source_record", column, row });
                };
                tracing::error!(source_record = row, "a record cannot be read: its customer is not written anew");
                groups.remove(&of);
                unreadable.push(of);
            }
            Err(error) => return Err(error),
        }
    };
    let mut said: BTreeMap<SourceRecordId, Record> =
        said.into_iter().map(|stored| (stored.record.id, stored.record)).collect();
    let mut anew = Vec::with_capacity(held.len());
    for held in held {
        let Some(mut records) = groups.remove(&held.id) else { continue };
        records.sort_by_key(|node| (node.recorded_at, node.record));
        let of_it: Vec<Record> = records.iter().filter_map(|node| said.remove(&node.record)).collect();
        let group = Group { customer: CustomerId::from_uuid(held.id), records };
        let shown = golden::customer(&group, &of_it, survivorship, now);
        anew.push(Anew {
            id: held.id,
            profile: shown.encode_to_vec(),
            language: i16::try_from(golden::language(&shown)).unwrap_or_default(),
            differs: untimed(shown) != untimed(held.shown),
        });
        // Somebody may be waiting in a ring.
        tokio::task::yield_now().await;
    }
    Ok((anew, unreadable))
}

/// A customer without when it was written.
fn untimed(customer: proto::Customer) -> proto::Customer {
    proto::Customer { update_time: None, ..customer }
}

//! `IngestSourceRecord`: what a department's system says is kept, and linked to whom it is about.
//!
//! Two calls that carry the same identifier take turns by advisory locks on what they carry, so
//! that one identity never becomes two customers. The locks are taken in one order by all.
//!
//! Who is new is written together with whoever else comes (`newcomers`). For the others a call costs about
//! ten round trips: what is linked to whom is read under locks, and decided, in between.

mod newcomers;
mod revise;

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use customer_profile_domain::{Content, CustomerId, IdentifierKey, Node, Record, Slug, SourceRecordId};
use jiff::Timestamp;
use kernel::{Actor, ActorKind, Department, Personal, ResourceId, Role};
use ledger::{Draft, Stamp};
use postgres::{RequestKey, StoreError, Tx};
use server::Call;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use newcomers::Arrival;
pub(crate) use newcomers::{Newcomers, newcomers};
use revise::{Cause, Revision};

use super::regroup::{self, Component, Reading, Regrouped};
use super::{Begun, Profile};
use crate::error::ProfileError;
use crate::store::record::{self, Head, NewRecord, NewVersion, Stored};
use crate::store::{comparison, identity};

/// A record as it was sent, valid by itself.
#[derive(Debug, Clone)]
pub(crate) struct Draught {
    pub source_system: Slug,
    pub department: Department,
    pub external_id: Personal<String>,
    pub content: Content,
    /// The record as it was sent, without what only answers hold.
    pub encoded: Personal<Vec<u8>>,
}

#[tracing::instrument(name = "source_record.ingest", skip_all, fields(source_system = %draught.source_system))]
pub(crate) async fn ingest_source_record(
    profile: Profile,
    call: Call,
    draught: Draught,
    key: RequestKey,
) -> Result<proto::SourceRecord, ProfileError> {
    // A system whose token names a department speaks for that one.
    if let Some(own) = foreign(&call, &draught.department) {
        return Err(ProfileError::DepartmentMismatch { owner: own.clone() });
    }
    // What nobody proved is written by itself.
    if !draught.content.unproven {
        let arrival = Arrival { call: call.clone(), draught: draught.clone(), key };
        match profile.newcomers.write(arrival).await {
            Ok(Some(record)) => {
                profile.nudge();
                return Ok(record);
            }
            // Somebody knows this person, or is just being told.
            Ok(None) | Err(StoreError::Contended | StoreError::Constraint { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Of many about one person each waits here, and not in the database with a connection of its own.
    let turn = profile.turns.take(&locks_of(&draught)).await.ok_or(ProfileError::IdentityContended)?;
    let done = super::insist(|| attempt(&profile, &call, &draught, &key)).await;
    drop(turn);
    done
}

async fn attempt(
    profile: &Profile,
    call: &Call,
    draught: &Draught,
    key: &RequestKey,
) -> Result<proto::SourceRecord, ProfileError> {
    let mut tx = match super::begin(profile, key, profile.ambient.now()).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let mut touched: BTreeSet<IdentifierKey> = draught.content.identifiers.iter().map(|i| i.key().clone()).collect();
    // Those that the record carries and did not, or did and does not.
    let mut changed = touched.clone();
    let locks = locks_of(draught);
    identity::lock(&mut tx, &locks.iter().copied().collect::<Vec<_>>()).await?;
    // Not before: whoever wrote of the same while this waited was earlier.
    let now = profile.ambient.now();

    let known = record::find(&mut tx, &draught.source_system, draught.external_id.expose()).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone()).occurred(draught.content.observed_at);
    let head = match known {
        Some(head) => {
            if head.department != draught.department {
                return Err(ProfileError::DepartmentMismatch { owner: head.department });
            }
            if draught.content.unproven && !is_unproven(&mut tx, head.id).await? {
                return Err(ProfileError::DepartmentMismatch { owner: head.department });
            }
            let supersedes = draught.content.supersedes(head.observed_at);
            let version = new_version(draught, head.id, head.latest_version + 1, now, call);
            if !record::append(&mut tx, &version).await? {
                return answer_as_stored(tx, call, key, head.id).await;
            }
            if !supersedes {
                let entry = ingested(profile, &head, version.version, head.customer, draught, &stamp);
                ledger::append(&mut tx, &[entry]).await?;
                let answered = answer_as_stored(tx, call, key, head.id).await;
                profile.nudge();
                return answered;
            }
            let old = lock_old(&mut tx, &head, &locks).await?;
            changed = old.symmetric_difference(&touched).cloned().collect();
            touched.extend(old);
            record::supersede(&mut tx, &version, record::name_key(&draught.content)).await?;
            record::put_identifiers(&mut tx, &head, &draught.content).await?;
            Head { version: version.version, latest_version: version.version, ..head }
        }
        None => first_version(profile, &mut tx, draught, call, now).await?,
    };
    let current = current(draught, &head);
    let (revision, regrouped) =
        relink(profile, &mut tx, &head, &current, [&touched, &changed], &call.actor().id, now).await?;
    let customer = regrouped.customer_of(head.id).unwrap_or(head.own_customer);
    let mut entries = vec![ingested(profile, &head, head.version, customer, draught, &stamp)];
    entries.extend(regrouped.entries(
        profile,
        &stamp,
        &revision.asserted,
        &revision.revoked,
        revision.edition.as_str(),
    ));
    ledger::append(&mut tx, &entries).await?;
    let stored = Stored {
        record: current,
        external_id: draught.external_id.expose().clone(),
        customer,
        latest_version: head.latest_version,
        updated_at: now,
    };
    let answered = answer(tx, key, &stored).await;
    profile.nudge();
    answered
}

/// The department that a system's token names, when it brings a record of another one. Who imports, keeps records or speaks for
/// a service brings those of any.
fn foreign<'a>(call: &'a Call, department: &Department) -> Option<&'a Department> {
    let any = call.acting().has_any(&[Role::Importer, Role::Steward, Role::Service]);
    let own = call.actor().department.as_ref().filter(|_| call.acting().has(Role::Crm) && !any);
    own.filter(|own| *own != department)
}

/// Whether nobody proved who says what a record says.
async fn is_unproven(tx: &mut Tx, record: SourceRecordId) -> Result<bool, StoreError> {
    Ok(record::load(tx, &[record.uuid()]).await?.iter().all(|stored| stored.record.content.unproven))
}

/// Asserts and revokes what the touched identifiers justify, and writes the customers that follow. `changed` are those of
/// them whose carriers are others now.
async fn relink(
    profile: &Profile,
    tx: &mut Tx,
    head: &Head,
    current: &Record,
    [touched, changed]: [&BTreeSet<IdentifierKey>; 2],
    by: &str,
    now: Timestamp,
) -> Result<(Revision, Regrouped), ProfileError> {
    // A record that was just written is its own customer, which has no row yet.
    let fresh = (head.latest_version == 1).then_some(head.own_customer);
    let cause = if fresh.is_some() { Cause::NewRecord } else { Cause::Changed };
    let revision = revise::revise(profile, tx, touched, changed, cause, now).await?;
    write_links(tx, &revision, by, now).await?;
    let mut customers = revision.customers.clone();
    customers.insert(head.customer);
    let component = if fresh.is_some() && customers.len() == 1 {
        let node = Node { record: head.id, own_customer: head.own_customer, recorded_at: head.recorded_at };
        Component::alone(node)
    } else {
        touched_by(tx, &revision, customers, fresh).await?
    };
    if component.customer_of(head.id).is_none() {
        return Err(ProfileError::IdentityContended);
    }
    let regrouped = regroup::settle(profile, tx, &component, Some(current), now).await?;
    Ok((revision, regrouped))
}

/// What the carriers of these identifiers are to each other, now that somebody who carried them too is gone with all they
/// brought; answers the entries that tell of it. The identifiers must be locked ([`lock_identifiers_of`]).
pub(crate) async fn left_behind(
    profile: &Profile,
    tx: &mut Tx,
    identifiers: &BTreeSet<IdentifierKey>,
    stamp: &Stamp,
) -> Result<Vec<Draft>, ProfileError> {
    let revision = revise::revise(profile, tx, identifiers, identifiers, Cause::Gone, stamp.recorded_at).await?;
    follow_up(profile, tx, &revision, revision.customers.clone(), stamp).await
}

/// Links by the rules in force what these records carry, and holds apart what they do, whatever was made of it before.
pub(crate) async fn link_anew(profile: &Profile, records: &[Uuid]) -> Result<(), ProfileError> {
    super::insist(|| try_link_anew(profile, records)).await
}

#[tracing::instrument(name = "identity.link_anew", skip_all)]
async fn try_link_anew(profile: &Profile, records: &[Uuid]) -> Result<(), ProfileError> {
    let mut tx = profile.db.tx().await?;
    let identifiers = identity::identifiers_of_all(&mut tx, records).await?;
    let locks: BTreeSet<i64> = identifiers.iter().map(identifier_lock).collect();
    identity::lock(&mut tx, &locks.into_iter().collect::<Vec<_>>()).await?;
    if identity::identifiers_of_all(&mut tx, records).await? != identifiers {
        return Err(ProfileError::IdentityContended);
    }
    let now = profile.ambient.now();
    let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
    let stamp = Stamp::of(actor, now, server::current_traceparent());
    let revision = revise::revise(profile, &mut tx, &identifiers, &BTreeSet::new(), Cause::Changed, now).await?;
    // Who hangs together by links that stay may be apart now, and the other way round.
    let mut customers = identity::linked_among(&mut tx, records).await?;
    customers.extend(&revision.customers);
    let entries = follow_up(profile, &mut tx, &revision, customers, &stamp).await?;
    if entries.is_empty() && revision.asserted.is_empty() && revision.revoked.is_empty() {
        tx.rollback().await?;
        return Ok(());
    }
    ledger::append(&mut tx, &entries).await?;
    tx.commit().await?;
    profile.ledger.nudge();
    Ok(())
}

async fn follow_up(
    profile: &Profile,
    tx: &mut Tx,
    revision: &Revision,
    customers: BTreeSet<CustomerId>,
    stamp: &Stamp,
) -> Result<Vec<Draft>, ProfileError> {
    let now = stamp.recorded_at;
    write_links(tx, revision, &stamp.actor.id, now).await?;
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    let component = touched_by(tx, revision, customers, None).await?;
    let regrouped = regroup::settle(profile, tx, &component, None, now).await?;
    Ok(regrouped.entries(profile, stamp, &revision.asserted, &revision.revoked, revision.edition.as_str()))
}

/// The identifiers that the records of these customers brought, locked: nobody else links by them until the transaction ends.
pub(crate) async fn lock_identifiers_of(
    tx: &mut Tx,
    customers: &[Uuid],
) -> Result<BTreeSet<IdentifierKey>, ProfileError> {
    let brought = identity::identifiers_brought(tx, customers).await?;
    let locks: BTreeSet<i64> = brought.iter().map(identifier_lock).collect();
    identity::lock(tx, &locks.into_iter().collect::<Vec<_>>()).await?;
    // Whoever held one of them may have brought another.
    if identity::identifiers_brought(tx, customers).await? == brought {
        Ok(brought)
    } else {
        Err(ProfileError::IdentityContended)
    }
}

async fn write_links(tx: &mut Tx, revision: &Revision, by: &str, now: Timestamp) -> Result<(), StoreError> {
    if !revision.asserted.is_empty() {
        identity::assert_links(tx, &revision.asserted, by, now).await?;
    }
    if !revision.revoked.is_empty() {
        identity::revoke_links(tx, &revision.revoked, by, now).await?;
    }
    if !revision.tipped.is_empty() {
        // What a score made of the identifier until now is to be looked at again.
        comparison::again(tx, &revision.tipped).await?;
    }
    Ok(())
}

/// What hangs together with these customers, whom the revision touches.
async fn touched_by(
    tx: &mut Tx,
    revision: &Revision,
    customers: BTreeSet<CustomerId>,
    fresh: Option<CustomerId>,
) -> Result<Component, ProfileError> {
    let read = Component::read(tx, customers, fresh, Reading::Locked).await;
    let component = read.map_err(|error| match error {
        // Somebody who carried the same, and was erased between our reading it and our locking.
        ProfileError::CustomerErased(_) => ProfileError::IdentityContended,
        other => other,
    })?;
    if revision.records.iter().any(|record| component.customer_of(*record).is_none()) {
        // One of them went to another customer between our reading it and our locking.
        return Err(ProfileError::IdentityContended);
    }
    Ok(component)
}

/// The record in the version that was just written.
fn current(draught: &Draught, head: &Head) -> Record {
    Record {
        id: head.id,
        own_customer: head.own_customer,
        source_system: draught.source_system.clone(),
        department: draught.department.clone(),
        recorded_at: head.recorded_at,
        version: head.version,
        content: draught.content.clone(),
    }
}

/// Writes a record nobody sent before. It brings a customer id of its own.
async fn first_version(
    profile: &Profile,
    tx: &mut Tx,
    draught: &Draught,
    call: &Call,
    now: Timestamp,
) -> Result<Head, ProfileError> {
    let id = SourceRecordId::from_uuid(profile.ambient.uuid(now));
    let own_customer = CustomerId::from_uuid(profile.ambient.uuid(now));
    let version = new_version(draught, id, 1, now, call);
    let record = NewRecord {
        source_system: &draught.source_system,
        external_id: draught.external_id.expose(),
        department: &draught.department,
        own_customer,
    };
    record::insert(tx, &record, &version, &draught.content).await.map_err(|error| match error.constraint() {
        // Another call brought the record between our lock and our read of it: read again.
        Some("source_record_external_key") => ProfileError::IdentityContended,
        _ => error.into(),
    })?;
    Ok(Head {
        id,
        own_customer,
        customer: own_customer,
        department: draught.department.clone(),
        version: 1,
        latest_version: 1,
        observed_at: draught.content.observed_at,
        recorded_at: now,
    })
}

/// The identifiers of the version before, locked too: whoever still carries them is touched.
async fn lock_old(tx: &mut Tx, head: &Head, held: &BTreeSet<i64>) -> Result<BTreeSet<IdentifierKey>, ProfileError> {
    let old = identity::identifiers_of(tx, head.id).await?;
    let more: BTreeSet<i64> = old.iter().map(identifier_lock).filter(|lock| !held.contains(lock)).collect();
    if !more.is_empty() {
        identity::lock(tx, &more.into_iter().collect::<Vec<_>>()).await?;
    }
    Ok(old)
}

fn new_version<'a>(
    draught: &'a Draught,
    record: SourceRecordId,
    version: i32,
    now: Timestamp,
    call: &'a Call,
) -> NewVersion<'a> {
    NewVersion {
        record,
        version,
        content: draught.encoded.expose(),
        observed_at: draught.content.observed_at,
        now,
        actor: call.actor(),
    }
}

/// Reads the record as it stands, and answers with that.
async fn answer_as_stored(
    mut tx: Tx,
    call: &Call,
    key: &RequestKey,
    id: SourceRecordId,
) -> Result<proto::SourceRecord, ProfileError> {
    let stored = record::load(&mut tx, &[id.uuid()]).await?;
    // Gone: whoever it was of was erased after the record was found.
    let stored = stored.first().ok_or(ProfileError::IdentityContended)?;
    let own_customer = stored.record.own_customer;
    if super::keeps(call) || !crate::store::customer::is_restricted(&mut *tx, own_customer).await? {
        return answer(tx, key, stored).await;
    }
    // It may hold more than what was sent, and is kept and not used.
    let told = record::to_proto(stored);
    let told = proto::SourceRecord {
        name: told.name,
        source_system: told.source_system,
        department: told.department,
        external_id: told.external_id,
        version: told.version,
        customer: told.customer,
        own_customer: told.own_customer,
        observed_time: told.observed_time,
        create_time: told.create_time,
        update_time: told.update_time,
        etag: told.etag,
        ..Default::default()
    };
    super::finish(tx, key, &[own_customer], told).await
}

/// Keeps the answer and commits.
async fn answer(tx: Tx, key: &RequestKey, stored: &Stored) -> Result<proto::SourceRecord, ProfileError> {
    super::finish(tx, key, &[stored.record.own_customer], record::to_proto(stored)).await
}
fn ingested(
    profile: &Profile,
    head: &Head,
    version: i32,
    customer: CustomerId,
    draught: &Draught,
    stamp: &Stamp,
) -> Draft {
    let payload = proto::SourceRecordIngested {
        source_record: head.id.name(),
        customer: customer.name(),
        source_system: draught.source_system.to_string(),
        department: draught.department.to_string(),
        version,
    };
    Draft::new(profile.ambient.uuid(stamp.recorded_at), customer.name(), &payload, stamp)
}

fn identifier_lock(key: &IdentifierKey) -> i64 {
    lock_of(&["identifier", key.kind.as_str(), key.value.expose()])
}

/// Everything a record is locked by: itself, and what it carries.
fn locks_of(draught: &Draught) -> BTreeSet<i64> {
    let identifiers = draught.content.identifiers.iter();
    identifiers.map(|i| identifier_lock(i.key())).chain([record_lock(draught)]).collect()
}

fn record_lock(draught: &Draught) -> i64 {
    lock_of(&["record", draught.source_system.as_str(), draught.external_id.expose()])
}

fn lock_of(parts: &[&str]) -> i64 {
    let hash = digest(&SHA256, parts.join("\0").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_ref()[..8]);
    i64::from_be_bytes(first)
}

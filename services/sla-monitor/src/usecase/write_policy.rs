//! `PutPolicy`, `ActivatePolicy`, `WithdrawPolicy`: policies of the house in versions.
//!
//! A draft holds for nothing and may be written over. Activated, a version is never edited; the version before it ends where it begins, and clocks
//! stay under the version they were started under.

use jiff::Timestamp;
use postgres::{RequestKey, StoreError};
use server::Call;
use ventanilla_proto::sla::v1 as proto;

use super::get_calendar::calendar;
use super::get_policy::{Version, took_effect};
use super::write::{Begun, begin, finish};
use crate::error::Failure;
use crate::grpc::present;
use crate::monitor::{Monitor, Version as Which};
use crate::store::law::{Stands, StoredPolicy, bump, insert_policy, lock_policy, update_policy};

/// So many etags has each version to itself, so that none is ever one of another version.
const ETAGS_OF_A_VERSION: i64 = 1 << 20;

/// A draft to be written.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// Id of the policy.
    pub id: String,
    /// What is written, as the contract spells it.
    pub content: proto::Policy,
    /// Calendar it names.
    pub calendar: Option<String>,
    /// The draft that is written over; none where there is no draft.
    pub etag: Option<i64>,
    /// The call.
    pub key: RequestKey,
}

/// A version that is to take effect, or to end.
#[derive(Debug, Clone)]
pub struct Turned {
    /// Id of the policy.
    pub id: String,
    /// The version the caller decided on.
    pub etag: i64,
    /// From when on; now where nothing was said.
    pub at: Option<Timestamp>,
    /// The call.
    pub key: RequestKey,
}

fn of_the_house(monitor: &Monitor, id: &str) -> Result<String, Failure> {
    let name = format!("policies/{id}");
    if monitor.law().is_shipped(id) { Err(Failure::Shipped(name)) } else { Ok(name) }
}

/// Writes the draft.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "policy.put", skip_all, fields(policy.id = %new.id))]
pub async fn put_policy(monitor: &Monitor, call: &Call, new: NewDraft) -> Result<proto::Policy, Failure> {
    let name = of_the_house(monitor, &new.id)?;
    if let Some(named) = &new.calendar {
        calendar(monitor, named, Which::Newest).await?;
    }
    let mut tx = match begin(monitor, &new.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let (now, versions) = lock_policy(&mut tx, &new.id).await?;
    let draft = versions.first().filter(|v| v.stands == Stands::Draft);
    let stored = match (draft, new.etag) {
        (Some(draft), Some(etag)) if draft.version == etag => {
            let stored = StoredPolicy {
                content: new.content,
                by: call.actor().clone(),
                written: now,
                version: draft.version + 1,
                ..draft.clone()
            };
            update_policy(&mut tx, &stored).await?;
            stored
        }
        (None, None) => {
            let number = versions.first().map_or(1, |newest| newest.number + 1);
            let stored = StoredPolicy {
                number,
                id: new.id,
                stands: Stands::Draft,
                content: new.content,
                by: call.actor().clone(),
                written: now,
                version: i64::from(number) * ETAGS_OF_A_VERSION + 1,
            };
            if !insert_policy(&mut tx, &stored).await? {
                return Err(StoreError::Stale.into());
            }
            stored
        }
        _ => return Err(StoreError::Stale.into()),
    };
    let answer = present::house_policy(&Version::of(stored, false, now)?);
    let entry = proto::PolicyWritten { policy: Some(answer.clone()) };
    finish(monitor, tx, (call, &new.key), (name, &entry), answer).await
}

/// Lets the draft take effect.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "policy.activate", skip_all, fields(policy.id = %turned.id))]
pub async fn activate_policy(monitor: &Monitor, call: &Call, turned: Turned) -> Result<proto::Policy, Failure> {
    let name = of_the_house(monitor, &turned.id)?;
    let mut tx = match begin(monitor, &turned.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let (_, versions) = lock_policy(&mut tx, &turned.id).await?;
    let Some(draft) = versions.first() else { return Err(Failure::PolicyNotFound(name)) };
    if draft.version != turned.etag {
        return Err(StoreError::Stale.into());
    }
    if draft.stands != Stands::Draft {
        return Err(Failure::PolicyVersionNotFound { policy: turned.id, version: 0 });
    }
    // From here on nobody judges an affair by what was before until this is committed.
    let now = bump(&mut tx).await?;
    let from = turned.at.unwrap_or(now);
    if from < now {
        return Err(Failure::InThePast);
    }
    for before in versions.iter().skip(1) {
        if let Stands::Active { from: since, until } = before.stands
            && until.is_none_or(|until| until > from)
        {
            // One that was to begin later than this one never takes effect.
            let ended = Stands::Active { from: since, until: Some(from.max(since)) };
            update_policy(&mut tx, &StoredPolicy { stands: ended, version: before.version + 1, ..before.clone() })
                .await?;
        }
    }
    let stored =
        StoredPolicy { stands: Stands::Active { from, until: None }, version: draft.version + 1, ..draft.clone() };
    update_policy(&mut tx, &stored).await?;
    let answer = present::house_policy(&Version::of(stored, false, now)?);
    let entry = proto::PolicyActivated { policy: Some(answer.clone()) };
    let answer = finish(monitor, tx, (call, &turned.key), (name, &entry), answer).await?;
    monitor.refresh().await?;
    Ok(answer)
}

/// Sets an end to the version that is in force or activated for later.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "policy.withdraw", skip_all, fields(policy.id = %turned.id))]
pub async fn withdraw_policy(monitor: &Monitor, call: &Call, turned: Turned) -> Result<proto::Policy, Failure> {
    let name = of_the_house(monitor, &turned.id)?;
    let mut tx = match begin(monitor, &turned.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let (_, versions) = lock_policy(&mut tx, &turned.id).await?;
    if versions.is_empty() {
        return Err(Failure::PolicyNotFound(name));
    }
    let now = bump(&mut tx).await?;
    let ends_later = |stored: &&StoredPolicy| match stored.stands {
        Stands::Active { from, until } => until.is_none_or(|until| until > now && until > from),
        Stands::Draft => false,
    };
    let Some(known) = versions.iter().find(|stored| stored.version == turned.etag && ends_later(stored)) else {
        let any = versions.iter().any(|stored| ends_later(&stored));
        return Err(if any { StoreError::Stale.into() } else { Failure::NotInForce(name) });
    };
    let Stands::Active { from, until: set } = known.stands else { return Err(Failure::NotInForce(name)) };
    let until = turned.at.unwrap_or(now);
    if until < now {
        return Err(Failure::InThePast);
    }
    // An end that is set already, by the version after it maybe, is only made earlier.
    let until = set.map_or(until, |set| until.min(set)).max(from);
    let stands = Stands::Active { from, until: Some(until) };
    let stored = StoredPolicy { stands, version: known.version + 1, ..known.clone() };
    update_policy(&mut tx, &stored).await?;
    let version = stored.number;
    let replaced = versions.iter().any(|other| other.number > version && took_effect(other));
    let answer = present::house_policy(&Version::of(stored, replaced, now)?);
    let entry =
        proto::PolicyWithdrawn { policy: name.clone(), version, in_force_until_time: Some(present::time(until)) };
    let answer = finish(monitor, tx, (call, &turned.key), (name, &entry), answer).await?;
    monitor.refresh().await?;
    Ok(answer)
}

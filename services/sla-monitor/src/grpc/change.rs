//! Entries of this service's ledger as items of `WatchClocks`.

use prost::{Message, Name};
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::sla::v1 as proto;

use super::convert::Watch;

/// The change that an entry tells of, when it is about a clock that is watched.
pub fn change(entry: &Entry, watch: &Watch) -> Option<proto::ClockChange> {
    let mut change = read(entry)?;
    change.occurred_time = entry.occurred_time;
    change.recorded_time = entry.recorded_time;
    let about = watch.subject.is_empty()
        || change.subject == watch.subject
        || change.subject.strip_prefix(&watch.subject).is_some_and(|rest| rest.starts_with("/promises/"));
    let whose = watch.customer.is_empty() || change.customer == watch.customer;
    (about && whose).then_some(change)
}

fn payload<M: Message + Name + Default>(entry: &Entry) -> Option<M> {
    // An entry that does not decode was written by a newer version: not ours to tell.
    (entry.r#type == M::full_name()).then(|| M::decode(entry.payload.as_slice()).ok()).flatten()
}

fn read(entry: &Entry) -> Option<proto::ClockChange> {
    use proto::ClockChangeKind as K;
    if let Some(e) = payload::<proto::ClockStarted>(entry) {
        return Some(proto::ClockChange {
            kind: K::Started.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            state: if e.due_time.is_some() { proto::ClockState::Running } else { proto::ClockState::Scheduled }.into(),
            due_time: e.due_time,
            ..proto::ClockChange::default()
        });
    }
    if let Some(e) = payload::<proto::ClockMoved>(entry) {
        return Some(proto::ClockChange {
            kind: K::Moved.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            state: e.state,
            due_time: e.due_time,
            ..proto::ClockChange::default()
        });
    }
    if let Some(e) = payload::<proto::WarningRaised>(entry) {
        return Some(proto::ClockChange {
            kind: K::Warned.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            due_time: e.due_time,
            threshold_percent: e.threshold_percent,
            lead_minutes: e.lead_minutes,
            ..proto::ClockChange::default()
        });
    }
    if let Some(e) = payload::<proto::ClockBreached>(entry) {
        return Some(proto::ClockChange {
            kind: K::Breached.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            breached_time: e.breached_time,
            ..proto::ClockChange::default()
        });
    }
    if let Some(e) = payload::<proto::ClockSettled>(entry) {
        return Some(proto::ClockChange {
            kind: K::Settled.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            state: e.state,
            breached_time: e.breached_time,
            ..proto::ClockChange::default()
        });
    }
    of_a_party(entry)
}

/// What an entry tells of the time of a party to a case.
fn of_a_party(entry: &Entry) -> Option<proto::ClockChange> {
    use proto::ClockChangeKind as K;
    if let Some(e) = payload::<proto::PartyTermStarted>(entry) {
        return Some(proto::ClockChange {
            kind: K::Started.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            state: proto::ClockState::Running.into(),
            due_time: e.due_time,
            ..proto::ClockChange::default()
        });
    }
    if let Some(e) = payload::<proto::PartyTermWarned>(entry) {
        return Some(proto::ClockChange {
            kind: K::Warned.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            due_time: e.due_time,
            threshold_percent: e.threshold_percent,
            ..proto::ClockChange::default()
        });
    }
    if let Some(e) = payload::<proto::PartyTermLapsed>(entry) {
        return Some(proto::ClockChange {
            kind: K::Lapsed.into(),
            clock: e.clock,
            subject: e.subject,
            customer: e.customer,
            state: proto::ClockState::Lapsed.into(),
            lapse_time: e.lapse_time,
            ..proto::ClockChange::default()
        });
    }
    let e = payload::<proto::PartyTermSettled>(entry)?;
    Some(proto::ClockChange {
        kind: K::Settled.into(),
        clock: e.clock,
        subject: e.subject,
        customer: e.customer,
        state: e.state,
        lapse_time: e.lapse_time,
        ..proto::ClockChange::default()
    })
}

//! The published parameters once more, from an exported ledger alone: for an auditor, who has the entries and nothing of this service's tables.

use std::collections::BTreeMap;
use std::fmt;

use prost::{Message, Name};
use sla_monitor_domain::call::{Attained, Version, recount};
use sla_monitor_domain::figures::{self, AffairTold, COMPLAINTS, Parameter, Published, Told};
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::ticketing::v1 as ticketing;

pub use sla_monitor_domain::figures::{Abandoned, Period, Recomputed};

use crate::grpc::measured::{instant, read, read_judgements};
use crate::policy;

/// An entry that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Its position; 0 where the counts of all of them cannot be true together.
    pub position: i64,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the entry at position {} is none that this service writes", self.position)
    }
}

impl std::error::Error for Unreadable {}

/// Counts a period from the entries of this service's ledger, in the order of their positions and from the first one on.
///
/// # Errors
/// [`Unreadable`] names the first entry that cannot be read; what is passed over would be counted nowhere.
pub fn recompute<'a>(entries: impl IntoIterator<Item = &'a Entry>, period: &Period) -> Result<Recomputed, Unreadable> {
    let mut told = Vec::new();
    // What was written down later was not known when the figures were published.
    let known = |entry: &&Entry| instant(entry.recorded_time.as_ref()).is_none_or(|at| at <= period.as_of);
    for entry in entries.into_iter().filter(known) {
        let read = told_by(period.law(), entry).map_err(|_| Unreadable { position: entry.position })?;
        told.extend(read);
    }
    figures::recompute(told, period).ok_or(Unreadable { position: 0 })
}

/// Counts how often the house's own policies about calls were kept in a period, by version, from the entries of this service's ledger, in the order of their
/// positions and from the first one on; each verdict is derived anew from the instants of its call.
///
/// # Errors
/// As [`recompute`].
pub fn recompute_targets<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    period: &Period,
) -> Result<BTreeMap<Version, Attained>, Unreadable> {
    let mut told = Vec::new();
    let known = |entry: &&Entry| instant(entry.recorded_time.as_ref()).is_none_or(|at| at <= period.as_of);
    for entry in entries.into_iter().filter(known) {
        let unreadable = || Unreadable { position: entry.position };
        let Some(calls) = payload::<proto::CallsMeasured>(entry).map_err(|_| unreadable())? else { continue };
        for call in &calls.calls {
            let judgements = read_judgements(call);
            told.push(read(&calls.source_system, call).zip(judgements).ok_or_else(unreadable)?);
        }
    }
    Ok(recount(&told, |call| period.counts(call)))
}

/// Counts what brought the complaints of a period about, from the entries of the ledger of affairs, in the order of their positions and from the first one on:
/// whatever department works on them.
///
/// # Errors
/// As [`recompute`].
pub fn recompute_causes<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    period: &Period,
) -> Result<Vec<Parameter>, Unreadable> {
    let mut told = Vec::new();
    let known = |entry: &&Entry| instant(entry.recorded_time.as_ref()).is_none_or(|at| at <= period.as_of);
    for entry in entries.into_iter().filter(known) {
        told.extend(affair_told_by(entry).map_err(|_| Unreadable { position: entry.position })?);
    }
    Ok(figures::recount_causes(told, period))
}

/// What an entry of the ledger of affairs tells that is counted.
fn affair_told_by(entry: &Entry) -> Result<Option<AffairTold>, Broken> {
    let complains = |kind| COMPLAINTS.contains(&policy::ticket_type(kind));
    if let Some(opened) = payload::<ticketing::TicketOpened>(entry)? {
        return Ok(Some(AffairTold::Opened {
            received: instant(opened.first_received_time.as_ref()).ok_or(Broken)?,
            complains: complains(opened.ticket_type()),
            split_from: Some(opened.split_from).filter(|parent| !parent.is_empty()),
            ticket: opened.ticket,
        }));
    }
    if let Some(filed) = payload::<ticketing::TicketReclassified>(entry)? {
        return Ok(Some(AffairTold::Filed { complains: complains(filed.ticket_type()), ticket: filed.ticket }));
    }
    if let Some(stated) = payload::<ticketing::RootCauseStated>(entry)? {
        let cause = stated.cause.strip_prefix("causes/").ok_or(Broken)?.to_owned();
        return Ok(Some(AffairTold::Stated { ticket: stated.ticket, cause }));
    }
    Ok(None)
}

/// Not a message of its type.
struct Broken;

/// What an entry tells that is counted; none of one that tells of something else.
fn told_by(law: &Published, entry: &Entry) -> Result<Option<Told>, Broken> {
    if let Some(calls) = payload::<proto::CallsMeasured>(entry)? {
        let read = calls.calls.iter().map(|call| read(&calls.source_system, call).ok_or(Broken));
        return Ok(Some(Told::Calls(read.collect::<Result<_, _>>()?)));
    }
    if let Some(started) = payload::<proto::ClockStarted>(entry)? {
        return Ok(Some(Told::Started {
            origin: instant(started.origin_time.as_ref()).ok_or(Broken)?,
            due: instant(started.due_time.as_ref()),
            is_legal_answer: law.terms.contains(&started.rule),
            clock: started.clock,
        }));
    }
    if let Some(moved) = payload::<proto::ClockMoved>(entry)? {
        let at = instant(entry.occurred_time.as_ref()).ok_or(Broken)?;
        let breached = instant(moved.breached_time.as_ref());
        return Ok(Some(Told::Moved { at, due: instant(moved.due_time.as_ref()), breached, clock: moved.clock }));
    }
    if let Some(settled) = payload::<proto::ClockSettled>(entry)? {
        let at = instant(settled.settled_time.as_ref()).ok_or(Broken)?;
        let met = (settled.state() == proto::ClockState::Fulfilled).then_some(at);
        return Ok(Some(Told::Settled {
            met,
            breached: instant(settled.breached_time.as_ref()),
            clock: settled.clock,
        }));
    }
    if let Some(breached) = payload::<proto::ClockBreached>(entry)? {
        let at = instant(breached.breached_time.as_ref()).ok_or(Broken)?;
        return Ok(Some(Told::Breached { at, clock: breached.clock }));
    }
    Ok(None)
}

fn payload<M: Message + Name + Default>(entry: &Entry) -> Result<Option<M>, Broken> {
    if entry.r#type != M::full_name() {
        return Ok(None);
    }
    M::decode(entry.payload.as_slice()).map(Some).map_err(|_| Broken)
}

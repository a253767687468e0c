//! `RecordCalls`: what a telephone system measured of calls that are over, and what the house's policies make of each.

use std::collections::BTreeMap;

use ledger::{Draft, Stamp, append};
use postgres::RequestKey;
use server::Call as Caller;
use sla_monitor_domain::Rule;
use sla_monitor_domain::call::{Judgement, judgements};
use ventanilla_proto::sla::v1 as proto;

use super::write::{Begun, begin, keep};
use crate::error::Failure;
use crate::grpc::measured;
use crate::monitor::{Law, Monitor};
use crate::store::call::{Call, get, insert};
use crate::store::judged;

/// Calls that are named when they differ from what is known.
const MOST_NAMED: usize = 20;

/// What is asked to be recorded.
#[derive(Debug, Clone)]
pub struct NewCalls {
    /// The system that measured them.
    pub source_system: String,
    /// The calls, each once.
    pub calls: Vec<Call>,
    /// The call of the RPC.
    pub key: RequestKey,
}

/// Records those that are not known yet.
///
/// # Errors
/// [`Failure::CallDiffers`] when one is known with other content; nothing was recorded then.
#[tracing::instrument(name = "call.record", skip_all, fields(calls = new.calls.len()))]
pub async fn record_calls(
    monitor: &Monitor,
    caller: &Caller,
    new: NewCalls,
) -> Result<proto::RecordCallsResponse, Failure> {
    let now = monitor.ambient.now();
    let mut tx = match begin(monitor, &new.key).await? {
        Begun::Replay(answer) => return Ok(answer),
        Begun::Fresh(tx) => tx,
    };
    let inserted = insert(&mut tx, &new.source_system, &new.calls, now).await?;
    let is_new = |call: &&Call| inserted.contains(&call.measured.key.1);
    if inserted.len() < new.calls.len() {
        let ids: Vec<String> =
            new.calls.iter().filter(|call| !is_new(call)).map(|call| call.measured.key.1.clone()).collect();
        let known = get(&mut tx, &new.source_system, &ids).await?;
        refuse_others(&new.calls, &known)?;
    }
    let fresh: Vec<&Call> = new.calls.iter().filter(is_new).collect();
    if let Some(first) = fresh.iter().map(|call| call.measured.arrived).min() {
        // Whoever changes what holds waits until these are judged, or is waited for.
        let law = monitor.law_now(&mut tx).await?;
        let judged: Vec<(&Call, Vec<Judgement>)> = fresh.iter().map(|call| (*call, made_of(&law, call))).collect();
        judged::insert(&mut tx, &new.source_system, &judged).await?;
        let stamp = Stamp::of(caller.actor().clone(), now, caller.traceparent.clone()).occurred(first);
        let payload = measured::entry(&new.source_system, &judged);
        let aggregate = format!("telephoneSystems/{}", new.source_system);
        append(&mut tx, &[Draft::new(monitor.ambient.uuid(now), aggregate, &payload, &stamp)]).await?;
    }
    let answer = proto::RecordCallsResponse {
        recorded_count: count(fresh.len()),
        known_count: count(new.calls.len() - fresh.len()),
    };
    keep(monitor, tx, &new.key, answer).await
}

/// What the house's policies make of a call.
fn made_of(law: &Law, call: &Call) -> Vec<Judgement> {
    let calendar_of = |rule: &Rule| {
        let named = rule.measure.as_ref().and_then(|measure| measure.calendar.as_deref());
        &**named.and_then(|id| law.calendar(id)).unwrap_or_else(|| law.calendar_of(&call.measured.department))
    };
    judgements(law.policies.iter().map(|rule| &**rule), &call.measured, &call.facts(), calendar_of)
}

fn count(of: usize) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

/// Refuses calls that are known with other content, each by its path in the request.
fn refuse_others(sent: &[Call], known: &[Call]) -> Result<(), Failure> {
    let known: BTreeMap<&str, &Call> = known.iter().map(|call| (call.measured.key.1.as_str(), call)).collect();
    let differ = |(_, call): &(usize, &Call)| {
        known.get(call.measured.key.1.as_str()).is_some_and(|known| !call.says_the_same_as(known))
    };
    let differing: Vec<String> =
        sent.iter().enumerate().filter(differ).map(|(i, _)| format!("calls[{i}]")).take(MOST_NAMED).collect();
    if differing.is_empty() { Ok(()) } else { Err(Failure::CallDiffers(differing)) }
}

//! Simulations and replays to answers.

use std::collections::BTreeMap;

use kernel::ResourceId as _;
use ventanilla_proto::sla::v1 as proto;

use super::{obligation, time};
use crate::names::{ClockId, TicketId};
use crate::usecase::replay_clocks as replayed;
use crate::usecase::simulate_policy::{Flip, Item, Of, Simulated, Stood, Tally};

const fn verdict(stood: Stood) -> proto::PolicyVerdict {
    match stood {
        Stood::Kept => proto::PolicyVerdict::Kept,
        Stood::Breached => proto::PolicyVerdict::Breached,
        Stood::Open => proto::PolicyVerdict::Open,
        Stood::FellAway => proto::PolicyVerdict::FellAway,
        Stood::None => proto::PolicyVerdict::None,
    }
}

fn flip(flip: &Flip) -> proto::PolicyFlip {
    proto::PolicyFlip {
        ticket: match &flip.of {
            Of::Ticket(id) => TicketId::from_uuid(*id).name(),
            Of::Call(_) => String::new(),
        },
        call: match &flip.of {
            Of::Ticket(_) => String::new(),
            Of::Call(name) => name.to_string(),
        },
        now: verdict(flip.now).into(),
        then: verdict(flip.then).into(),
        policy: if flip.rule.is_empty() { String::new() } else { format!("policies/{}", flip.rule) },
    }
}

fn tally(key: &str, tally: &Tally) -> proto::PolicyTally {
    #[allow(clippy::cast_precision_loss, reason = "counts of affairs are far below 2^52")]
    let share = |kept: i64, breached: i64| (kept + breached > 0).then(|| kept as f64 / (kept + breached) as f64);
    proto::PolicyTally {
        key: key.to_owned(),
        affair_count: tally.affairs,
        clock_count: tally.clocks,
        kept_count: tally.kept,
        breached_count: tally.breached,
        open_count: tally.open,
        fell_away_count: tally.fell_away,
        attainment: share(tally.kept, tally.breached),
        attainment_now: share(tally.kept_now, tally.breached_now),
    }
}

fn tallies(by: &BTreeMap<String, Tally>) -> Vec<proto::PolicyTally> {
    by.iter().map(|(key, of)| tally(key, of)).collect()
}

fn result(simulated: &Simulated, calendar: &str) -> proto::PolicySimulation {
    proto::PolicySimulation {
        policy: Some(obligation(&simulated.policy, calendar)),
        total: Some(tally("", &simulated.total)),
        by_department: tallies(&simulated.by_department),
        by_ticket_type: tallies(&simulated.by_type),
        by_channel: tallies(&simulated.by_channel),
        by_segment: tallies(&simulated.by_segment),
        by_queue: tallies(&simulated.by_queue),
        flip_count: simulated.flips,
        as_of_time: Some(time(simulated.now)),
    }
}

const fn progress(done_count: i64, total_count: i64) -> proto::PolicyProgress {
    proto::PolicyProgress { done_count, total_count }
}

/// One item of a simulation.
pub fn simulation(item: Item, calendar: &str) -> proto::SimulatePolicyResponse {
    use proto::simulate_policy_response::Item as Wire;
    let item = match item {
        Item::Progress(done, total) => Wire::Progress(progress(done, total)),
        Item::Flips(flips) => Wire::Flips(proto::PolicyFlips { flips: flips.iter().map(flip).collect() }),
        Item::Result(simulated) => Wire::Result(result(&simulated, calendar)),
    };
    proto::SimulatePolicyResponse { item: Some(item) }
}

/// One item of a replay.
pub fn replay(item: replayed::Item) -> proto::ReplayClocksResponse {
    use proto::replay_clocks_response::Item as Wire;
    let item = match item {
        replayed::Item::Progress(done, total) => Wire::Progress(progress(done, total)),
        replayed::Item::Difference(difference) => Wire::Difference(self::difference(&difference)),
        replayed::Item::Summary(clock_count, difference_count, took) => Wire::Summary(proto::ReplaySummary {
            clock_count,
            difference_count,
            took_duration: prost_types::Duration::try_from(took).ok(),
        }),
    };
    proto::ReplayClocksResponse { item: Some(item) }
}

fn difference(difference: &replayed::Difference) -> proto::ClockDifference {
    let (stored, now, then) = (&difference.kept.stored, &difference.now, difference.then.as_ref());
    let differing = then.map(|then| now.differs_from(then)).unwrap_or_default();
    proto::ClockDifference {
        clock: ClockId::from_uuid(stored.id).name(),
        subject: stored.subject.clone(),
        policy: format!("policies/{}", stored.rule),
        state_now: state_of(&now.state).into(),
        state_then: then.map_or(proto::ClockState::Unspecified, |then| state_of(&then.state)).into(),
        due_time_now: now.due.map(time),
        due_time_then: then.and_then(|then| then.due).map(time),
        breached_time_now: now.breached.map(time),
        breached_time_then: then.and_then(|then| then.breached).map(time),
        calendar_version: difference.calendar_version.clone(),
        policy_version: difference.rule_version,
        settled_time_now: now.settled.map(time),
        settled_time_then: then.and_then(|then| then.settled).map(time),
        origin_time_now: Some(time(now.origin)),
        origin_time_then: then.map(|then| time(then.origin)),
        epoch_now: now.epoch,
        epoch_then: then.map_or(0, |then| then.epoch),
        lapse_time_now: now.lapsed.map(time),
        lapse_time_then: then.and_then(|then| then.lapsed).map(time),
        differing_fields: differing.into_iter().map(str::to_owned).collect(),
    }
}

fn state_of(word: &str) -> proto::ClockState {
    match word {
        "scheduled" => proto::ClockState::Scheduled,
        "running" => proto::ClockState::Running,
        "paused" => proto::ClockState::Paused,
        "fulfilled" => proto::ClockState::Fulfilled,
        "cancelled" => proto::ClockState::Cancelled,
        "lapsed" => proto::ClockState::Lapsed,
        _ => proto::ClockState::Unspecified,
    }
}

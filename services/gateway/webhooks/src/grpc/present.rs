//! Values to answers.

use jiff::SignedDuration;
use kernel::ResourceId as _;
use postgres::etag;
use server::parse::{actor_to_proto, time_to_proto};
use ventanilla_proto::webhook::v1 as proto;
use webhooks_domain::endpoint::{Endpoint, Rules};
use webhooks_domain::standing::{Reason, State};

use crate::catalogue::Kind;
use crate::store::delivery::{self, Attempt, Shown};
use crate::store::subscription::Stored;

/// Whether a subscription is told.
pub const fn state(state: State) -> proto::SubscriptionState {
    match state {
        State::Active => proto::SubscriptionState::Active,
        State::Paused(_) => proto::SubscriptionState::Paused,
        State::Disabled(_) => proto::SubscriptionState::Disabled,
    }
}

const fn reason(state: State) -> proto::StopReason {
    match state.reason() {
        None => proto::StopReason::Unspecified,
        Some(Reason::Asked) => proto::StopReason::Asked,
        Some(Reason::Failing) => proto::StopReason::Failing,
        Some(Reason::Gone) => proto::StopReason::Gone,
    }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// A subscription, with how many deliveries wait and were given up where that was counted.
pub fn subscription(stored: &Stored, counts: Option<(i64, i64)>) -> proto::Subscription {
    let (waiting_count, dead_count) = counts.unwrap_or_default();
    proto::Subscription {
        name: stored.id.name(),
        url: stored.url.clone(),
        event_types: texts(&stored.filter.patterns),
        departments: texts(&stored.filter.departments),
        department: stored.department.to_string(),
        description: stored.description.clone(),
        state: state(stored.state).into(),
        stop_reason: reason(stored.state).into(),
        failing_since_time: stored.health.failing_since.map(time_to_proto),
        waiting_count,
        dead_count,
        secret_number: stored.secret_number,
        former_secret_until_time: None,
        create_time: Some(time_to_proto(stored.created_at)),
        update_time: Some(time_to_proto(stored.updated_at)),
        creator: Some(actor_to_proto(&stored.creator)),
        etag: etag(stored.version),
    }
}

/// The entry that says what a subscription says.
pub fn put(stored: &Stored, rules: &Rules, created: bool) -> proto::SubscriptionPut {
    proto::SubscriptionPut {
        subscription: stored.id.name(),
        department: stored.department.to_string(),
        endpoint: Endpoint::parse(&stored.url, rules).map(|endpoint| endpoint.place()).unwrap_or_default(),
        event_types: texts(&stored.filter.patterns),
        departments: texts(&stored.filter.departments),
        created,
    }
}

/// The entry that says whether a subscription is told.
pub fn turned(stored: &Stored) -> proto::SubscriptionTurned {
    proto::SubscriptionTurned {
        subscription: stored.id.name(),
        state: state(stored.state).into(),
        reason: reason(stored.state).into(),
    }
}

/// A delivery without its body.
pub fn delivery(shown: &Shown) -> proto::Delivery {
    let state = match shown.state {
        delivery::State::Waiting => proto::DeliveryState::Waiting,
        delivery::State::Delivered => proto::DeliveryState::Delivered,
        delivery::State::Dead => proto::DeliveryState::Dead,
    };
    proto::Delivery {
        name: shown.name.to_string(),
        event_id: shown.event_id.as_hyphenated().to_string(),
        event_type: shown.event_type.clone(),
        source: shown.source.clone(),
        position: shown.number,
        subject: shown.subject.clone(),
        affair: shown.affair.clone(),
        event_time: Some(time_to_proto(shown.occurred_at)),
        state: state.into(),
        attempt_count: shown.attempts,
        create_time: Some(time_to_proto(shown.created_at)),
        last_attempt_time: shown.last_attempt_at.map(time_to_proto),
        next_attempt_time: shown.next_at.map(time_to_proto),
        end_time: shown.ended_at.map(time_to_proto),
        last_status: shown.last_status.unwrap_or_default(),
        last_outcome: shown.last_outcome.as_deref().map_or(proto::AttemptOutcome::Unspecified, outcome).into(),
        body: String::new(),
        last_duration: shown.last_duration.map(duration),
        attempts: Vec::new(),
    }
}

/// An attempt.
pub fn attempt(made: &Attempt) -> proto::Attempt {
    proto::Attempt {
        end_time: Some(time_to_proto(made.ended_at)),
        duration: Some(duration(made.duration)),
        status: made.status.unwrap_or_default(),
        outcome: outcome(&made.outcome).into(),
    }
}

/// The word that is stored of what became of an attempt; none when nothing did.
pub const fn outcome_word(outcome: proto::AttemptOutcome) -> Option<&'static str> {
    Some(match outcome {
        proto::AttemptOutcome::Unspecified => return None,
        proto::AttemptOutcome::Taken => "taken",
        proto::AttemptOutcome::Refused => "refused",
        proto::AttemptOutcome::Gone => "gone",
        proto::AttemptOutcome::Unreachable => "unreachable",
        proto::AttemptOutcome::TimedOut => "timed_out",
        proto::AttemptOutcome::Unresolved => "unresolved",
        proto::AttemptOutcome::ForbiddenAddress => "forbidden_address",
        proto::AttemptOutcome::Untrusted => "untrusted",
    })
}

/// What became of an attempt, by the word that is stored; unspecified when it is of a newer version of this service.
pub fn outcome(word: &str) -> proto::AttemptOutcome {
    let mut all = (0_i32..).map_while(|number| proto::AttemptOutcome::try_from(number).ok());
    all.find(|outcome| outcome_word(*outcome) == Some(word)).unwrap_or_default()
}

fn duration(of: SignedDuration) -> prost_types::Duration {
    prost_types::Duration { seconds: of.as_secs(), nanos: of.subsec_nanos() }
}

/// A kind of event.
pub fn event_type(kind: &Kind) -> proto::EventType {
    proto::EventType {
        r#type: kind.event_type.clone(),
        message: kind.message.full_name().to_owned(),
        description: kind.description.clone(),
    }
}

//! How deliveries go, as figures. No label names a subscription or its endpoint: there are as many as somebody makes.

use std::sync::OnceLock;

use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram};
use webhooks_domain::pace::Outcome;

use crate::store::delivery::Backlog;
use crate::store::lane::Made;

/// What is counted of attempts.
struct Attempts {
    count: Counter<u64>,
    duration: Histogram<f64>,
    delay: Histogram<f64>,
}

fn attempts() -> &'static Attempts {
    static ATTEMPTS: OnceLock<Attempts> = OnceLock::new();
    ATTEMPTS.get_or_init(|| Attempts {
        count: telemetry::meter()
            .u64_counter("ventanilla.webhook.attempts")
            .with_description("attempts to deliver an event, by what became of them")
            .build(),
        duration: telemetry::meter()
            .f64_histogram("ventanilla.webhook.attempt.duration")
            .with_unit("s")
            .with_description("how long attempts took, by what became of them")
            .build(),
        delay: telemetry::meter()
            .f64_histogram("ventanilla.webhook.delivery.delay")
            .with_unit("s")
            .with_description("from when a delivery was asked for to when the endpoint took it")
            .build(),
    })
}

/// An attempt was made of what was asked for at this instant.
pub fn attempted(made: Made, asked_at: Timestamp) {
    let attempts = attempts();
    let of = [KeyValue::new("outcome", made.outcome.as_str())];
    attempts.count.add(1, &of);
    attempts.duration.record(made.duration.as_secs_f64(), &of);
    if let Outcome::Taken(_) = made.outcome {
        attempts.delay.record(made.ended_at.duration_since(asked_at).as_secs_f64().max(0.0), &[]);
    }
}

/// What is left to do.
struct Left {
    deliveries: Gauge<i64>,
    unspread: Gauge<i64>,
    oldest: Gauge<f64>,
}

fn left() -> &'static Left {
    static LEFT: OnceLock<Left> = OnceLock::new();
    LEFT.get_or_init(|| Left {
        deliveries: telemetry::meter()
            .i64_gauge("ventanilla.webhook.deliveries")
            .with_description(
                "deliveries that wait for an endpoint that is told, for one that is not, or were given up",
            )
            .build(),
        unspread: telemetry::meter()
            .i64_gauge("ventanilla.webhook.events.unspread")
            .with_description(
                "events of which no subscription was told yet: those that wait to be told whose they are among them",
            )
            .build(),
        oldest: telemetry::meter()
            .f64_gauge("ventanilla.webhook.waiting.age")
            .with_unit("s")
            .with_description("since when the oldest delivery waits for an endpoint that is told; 0 when none does")
            .build(),
    })
}

/// So much is left to do.
pub fn stands(backlog: &Backlog, now: Timestamp) {
    let left = left();
    for (state, count) in [("waiting", backlog.waiting), ("paused", backlog.paused), ("dead", backlog.dead)] {
        left.deliveries.record(count, &[KeyValue::new("state", state)]);
    }
    left.unspread.record(backlog.unspread, &[]);
    let age = backlog.oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
    left.oldest.record(age, &[]);
}

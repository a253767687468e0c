//! How far behind its sources a service is, as figures.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;

use jiff::Timestamp;

use crate::standing::SourceStanding;

fn lag() -> &'static Gauge<i64> {
    static LAG: OnceLock<Gauge<i64>> = OnceLock::new();
    LAG.get_or_init(|| {
        telemetry::meter()
            .i64_gauge("ventanilla.follower.lag")
            .with_description("entries of the source that are not applied here, as far as its head is known")
            .build()
    })
}

fn age() -> &'static Gauge<f64> {
    static AGE: OnceLock<Gauge<f64>> = OnceLock::new();
    AGE.get_or_init(|| {
        telemetry::meter()
            .f64_gauge("ventanilla.follower.age")
            .with_unit("s")
            .with_description("since when the service last knew itself caught up with the source")
            .build()
    })
}

/// Position of the last checkpoint that was signed.
pub(crate) fn signed(source: &'static str, position: i64) {
    static SIGNED: OnceLock<Gauge<i64>> = OnceLock::new();
    SIGNED
        .get_or_init(|| {
            telemetry::meter()
                .i64_gauge("ventanilla.ledger.checkpoint.position")
                .with_description("position that the last signed checkpoint covers")
                .build()
        })
        .record(position, &[KeyValue::new("ventanilla.service", source)]);
}

/// Where `follower` stands with `source` at `now`.
pub(crate) fn followed(follower: &'static str, source: &'static str, standing: SourceStanding, now: Timestamp) {
    let of = [KeyValue::new("ventanilla.service", follower), KeyValue::new("ventanilla.source", source)];
    lag().record((standing.head_position - standing.position).max(0), &of);
    if let Some(as_of) = standing.as_of {
        age().record(now.duration_since(as_of).as_secs_f64().max(0.0), &of);
    }
}

//! How far behind its sources a service is, as figures.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge};

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
            .with_description(
                "since when the service last knew itself caught up with the source, or began to follow it where it never was",
            )
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

/// Where `follower` stands with `source` at `now`, which it follows since it `began`.
pub(crate) fn followed(
    follower: &'static str,
    source: &'static str,
    standing: SourceStanding,
    began: Timestamp,
    now: Timestamp,
) {
    let of = [KeyValue::new("ventanilla.service", follower), KeyValue::new("ventanilla.source", source)];
    lag().record((standing.head_position - standing.position).max(0), &of);
    age().record(age_of(standing, began, now), &of);
}

/// How old what is known of a source is, in seconds: of who never was caught up, as old as its following. That is the one to know of.
fn age_of(standing: SourceStanding, began: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(standing.as_of.unwrap_or(began)).as_secs_f64().max(0.0)
}

/// `follower` applied so many entries of `source` that came `by` its ledger or a broker; those that another process of it had applied are
/// counted too.
pub(crate) fn came(follower: &'static str, source: &'static str, by: &'static str, entries: usize) {
    static CAME: OnceLock<Counter<u64>> = OnceLock::new();
    let came = CAME.get_or_init(|| {
        telemetry::meter()
            .u64_counter("ventanilla.follower.entries")
            .with_description("entries of the source that came here, by its own feed or carried by a broker")
            .build()
    });
    let of = [
        KeyValue::new("ventanilla.service", follower),
        KeyValue::new("ventanilla.source", source),
        KeyValue::new("ventanilla.by", by),
    ];
    came.add(u64::try_from(entries).unwrap_or(u64::MAX), &of);
}

/// Whether a broker brings `source` to `follower` now. Told by who was given one alone.
pub(crate) fn carried(follower: &'static str, source: &'static str, now: bool) {
    static CARRIED: OnceLock<Gauge<u64>> = OnceLock::new();
    CARRIED
        .get_or_init(|| {
            telemetry::meter()
                .u64_gauge("ventanilla.follower.carried")
                .with_description(
                    "1 while a broker brings the entries of the source, 0 while its ledger is asked for all of them",
                )
                .build()
        })
        .record(
            now.into(),
            &[KeyValue::new("ventanilla.service", follower), KeyValue::new("ventanilla.source", source)],
        );
}

/// So many things that a broker brought of `source` were not what its ledger said; none is told too, so that the figure is there.
pub(crate) fn forged(follower: &'static str, source: &'static str, things: u64) {
    static FORGED: OnceLock<Counter<u64>> = OnceLock::new();
    FORGED
        .get_or_init(|| {
            telemetry::meter()
                .u64_counter("ventanilla.follower.forged")
                .with_description("what a broker brought and the ledger's key did not sign, or what did not follow from the entry before")
                .build()
        })
        .add(things, &[KeyValue::new("ventanilla.service", follower), KeyValue::new("ventanilla.source", source)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_never_was_caught_up_is_as_old_as_its_following() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let heard = |as_of| SourceStanding { as_of, ..SourceStanding::default() };
        assert_eq!(age_of(heard(None), at(10), at(100)), 90.0);
        assert_eq!(age_of(heard(Some(at(95))), at(10), at(100)), 5.0);
        assert_eq!(age_of(heard(Some(at(101))), at(10), at(100)), 0.0, "its clock may be ahead");
    }
}

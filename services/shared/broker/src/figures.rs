//! How the handing over goes, as figures.

use std::sync::OnceLock;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;

/// Whether this process hands `source` over now.
pub(crate) fn handing(source: &'static str, now: bool) {
    static HANDING: OnceLock<Gauge<u64>> = OnceLock::new();
    HANDING
        .get_or_init(|| {
            telemetry::meter()
                .u64_gauge("ventanilla.broker.handing")
                .with_description("1 while this process hands its ledger to the broker; of several replicas one does")
                .build()
        })
        .record(now.into(), &[KeyValue::new("ventanilla.service", source)]);
}

/// The last entry of `source` that the broker has taken.
pub(crate) fn handed(source: &'static str, position: i64) {
    static HANDED: OnceLock<Gauge<i64>> = OnceLock::new();
    HANDED
        .get_or_init(|| {
            telemetry::meter()
                .i64_gauge("ventanilla.broker.position")
                .with_description("position of the last entry that the broker took from this process")
                .build()
        })
        .record(position, &[KeyValue::new("ventanilla.service", source)]);
}

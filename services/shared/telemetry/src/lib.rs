//! How the house is seen running: log lines on standard error, traces and metrics by OTLP, the page
//! that Prometheus reads, W3C trace context across every hop.
//!
//! Nothing here knows a service or a request. Personal data is kept out by those who make spans
//! (`skip_all`), not filtered here.

mod collector;
mod context;
mod page;
mod queue;
mod settings;
mod start;
pub mod testing;

use std::sync::atomic::{AtomicBool, Ordering};

pub use collector::{Collector, CollectorError, Unreached};
pub use context::{
    current_trace_id, current_traceparent, inject, link, link_all, rename, set_parent, trace_id_in, trace_id_of,
    traceparent_of,
};
pub use settings::{LogFormat, Settings};
pub use start::{Guard, InitError, init};

static METERED: AtomicBool = AtomicBool::new(false);

/// Whether this process shows its figures to anybody: what costs a question to be known need not be
/// asked otherwise.
pub fn is_metered() -> bool {
    METERED.load(Ordering::Relaxed)
}

/// The meter every instrument of the house is made with. Where neither an OTLP endpoint nor a page
/// for Prometheus is set it records nothing and costs nothing.
pub fn meter() -> opentelemetry::metrics::Meter {
    opentelemetry::global::meter("ventanilla")
}

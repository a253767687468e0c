//! How the house is seen running: log lines on standard error, traces and metrics by OTLP, W3C
//! trace context across every hop.
//!
//! Nothing here knows a service or a request. Personal data is kept out by those who make spans
//! (`skip_all`), not filtered here.

mod context;
mod queue;
mod settings;
mod start;
pub mod testing;

pub use context::{
    current_trace_id, current_traceparent, inject, link, link_all, set_parent, trace_id_of, traceparent_of,
};
pub use settings::{LogFormat, Settings};
pub use start::{Guard, InitError, init};

/// The meter every instrument of the house is made with. Without an OTLP endpoint it records
/// nothing and costs nothing.
pub fn meter() -> opentelemetry::metrics::Meter {
    opentelemetry::global::meter("ventanilla")
}

//! What an operator may choose.

use std::path::PathBuf;

use serde::Deserialize;

/// Where telemetry goes and how much of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Collector that takes OTLP over gRPC, e.g. `http://localhost:4317`, or `https://…` over TLS. Nothing is exported
    /// without it; trace ids are made all the same, because the ledger keeps them.
    pub otlp_endpoint: Option<String>,
    /// The authorities that certify the collector, in PEM; those of the web unless set.
    pub otlp_ca_file: Option<PathBuf>,
    /// Where to serve the page that Prometheus reads, e.g. `0.0.0.0:9464`; nowhere unless set. Whoever
    /// reaches it reads figures without a token: keep it among operators.
    pub metrics_listen: Option<String>,
    /// Share of the traces that begin here which are exported, 0 to 1. A caller's own decision
    /// goes before it.
    pub sample_ratio: f64,
    /// Shape of the log lines on standard error.
    pub log_format: LogFormat,
    /// Which log lines, in the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            otlp_ca_file: None,
            metrics_listen: None,
            sample_ratio: 1.0,
            log_format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

/// Shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for a collector.
    Json,
}

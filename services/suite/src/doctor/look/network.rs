//! Ports, peers, the collector.

use std::time::Duration;

use kernel::Ambient;
use server::{HealthError, Peers, StartError, Tls, TokenSource};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Request};
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use crate::doctor::finding::Finding;
use crate::doctor::patient::{Patient, Process};
use crate::services::Service;

/// How long anybody may take to answer.
const LIMIT: Duration = Duration::from_secs(3);

/// Everything that is looked at by asking others.
pub async fn look(patient: &Patient, ambient: &Ambient) -> Vec<Finding> {
    let mut findings = vec![serving(patient).await];
    findings.extend(page(patient).await);
    findings.push(collector(patient).await);
    findings.extend(peers(patient, ambient).await);
    findings
}

async fn serving(patient: &Patient) -> Finding {
    let asked = match &patient.process {
        Process::Service(settings) => server::ask_health(patient.name, settings).await,
        Process::Window(_) => server::ask_readiness(patient.listen()).await.map_err(StartError::from),
    };
    let about = patient.name;
    match asked {
        Ok(()) => Finding::well(about, "serving", format!("it serves at {}", patient.listen())),
        Err(StartError::Health(error @ HealthError::Address(_))) => {
            Finding::ill(about, "serving", error.to_string(), "write host and port, e.g. 0.0.0.0:7102")
        }
        Err(StartError::Tls(error)) => {
            let cure = "mend the certificate files that `tls` names (deploy/README.md)";
            Finding::ill(about, "serving", kernel::chain(&error).to_string(), cure)
        }
        Err(error) => {
            let cure = "start it, and read what it says at its start (deploy/runbook/service-down.md); another port is `listen`";
            Finding::ill(about, "serving", error.to_string(), cure)
        }
    }
}

async fn page(patient: &Patient) -> Option<Finding> {
    let at = patient.telemetry().metrics_listen.as_ref()?;
    let at = at.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]");
    let asked = async {
        let mut stream = TcpStream::connect(&at).await?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(LIMIT, asked).await;
    Some(match answer {
        Ok(Ok(answer)) if answer.ends_with(b"200") => {
            Finding::well(patient.name, "figures", format!("{at}/metrics is shown"))
        }
        _ => {
            let says = format!("nobody shows figures at {at}/metrics");
            Finding::ill(patient.name, "figures", says, "start the process, or correct `telemetry.metrics_listen`")
        }
    })
}

async fn collector(patient: &Patient) -> Finding {
    let about = patient.name;
    let collector = match telemetry::Collector::of(patient.telemetry()) {
        Ok(Some(collector)) => collector,
        Ok(None) => {
            let cure = "set `telemetry.otlp_endpoint` to a collector's address, e.g. http://collector:4317";
            return Finding::note(about, "telemetry", "traces go nowhere", cure);
        }
        Err(error) => {
            let says = format!("{}: the process does not start", kernel::chain(&error));
            return Finding::ill(about, "telemetry", says, "correct it");
        }
    };
    let at = collector.at();
    match tokio::time::timeout(LIMIT, collector.reach()).await {
        Ok(Ok(())) => Finding::well(about, "telemetry", format!("the collector listens at {at}")),
        Ok(Err(telemetry::Unreached::NotIt(error))) => {
            let says =
                format!("who listens at {at}, where traces go, is not the collector by TLS: {}", kernel::chain(&error));
            let cure = "mend the collector's certificate, or name who certifies it in `telemetry.otlp_ca_file`; \
                        where it speaks plain HTTP/2 write http://";
            Finding::ill(about, "telemetry", says, cure)
        }
        _ => {
            let cure = "start the collector, or correct `telemetry.otlp_endpoint`; spans that nobody takes are dropped";
            Finding::ill(about, "telemetry", format!("nobody listens at {at}, where traces go"), cure)
        }
    }
}

/// Whom a process cannot do without.
fn needed(patient: &Patient) -> Vec<&'static str> {
    let all = Service::ALL.map(Service::name).into_iter().filter(|name| *name != patient.name);
    // Nobody but the window asks webhooks anything.
    all.filter(|name| patient.service.is_none() || *name != Service::Webhooks.name()).collect()
}

async fn peers(patient: &Patient, ambient: &Ambient) -> Vec<Finding> {
    let about = patient.name;
    let known = patient.peers();
    let mut findings = Vec::new();
    for name in needed(patient).into_iter().filter(|name| !known.contains_key(*name)) {
        let says = format!("it does not know where {name} is");
        findings.push(Finding::ill(about, "peers", says, format!("set `peers.{name}` to its address")));
    }
    let (tokens, settings) = match &patient.process {
        Process::Service(settings) => {
            let file = settings.auth.service_token_file.clone();
            (
                file.map_or_else(TokenSource::nothing, |file| TokenSource::file(file, ambient.clone())),
                &settings.peer_calls,
            )
        }
        Process::Window(settings) => (TokenSource::nothing(), &settings.peer_calls),
    };
    let tls = match &patient.process {
        Process::Service(settings) => settings.tls.clone(),
        Process::Window(settings) => settings.tls.clone(),
    };
    let tls = match tls.map(Tls::open).transpose() {
        Ok(tls) => tls,
        Err(error) => {
            let cure = "mend the certificate files that `tls` names (deploy/README.md)";
            findings.push(Finding::ill(about, "peers", kernel::chain(&error).to_string(), cure));
            return findings;
        }
    };
    let channels = match Peers::over(tls.as_ref(), &known, tokens, settings) {
        Ok(channels) => channels,
        Err(error) => {
            findings.push(Finding::ill(about, "peers", error.to_string(), "write it as http://host:port"));
            return findings;
        }
    };
    for (name, address) in &known {
        let Ok(channel) = channels.channel(name) else { continue };
        let mut request = Request::new(GetHeadRequest {});
        request.set_timeout(LIMIT);
        let asked = tokio::time::timeout(LIMIT, LedgerServiceClient::new(channel).get_head(request)).await;
        let code = asked.map_or(Code::DeadlineExceeded, |answer| answer.err().map_or(Code::Ok, |status| status.code()));
        findings.push(peer(patient, name, address, code));
    }
    findings
}

fn peer(patient: &Patient, name: &str, address: &str, code: Code) -> Finding {
    let about = patient.name;
    match code {
        Code::Ok => Finding::well(about, "peers", format!("{name} answers at {address} and takes its token")),
        // The window shows its callers' tokens and has none: to be asked for one is an answer.
        Code::Unauthenticated if patient.service.is_none() => {
            Finding::well(about, "peers", format!("{name} answers at {address}"))
        }
        Code::Unauthenticated | Code::PermissionDenied => {
            let says = format!("{name} does not take its token");
            let cure = format!(
                "the token of {about} must be signed by a key in {name}'s key set, for its issuer and audience, not be over, and have the role service"
            );
            Finding::ill(about, "peers", says, cure)
        }
        Code::Unavailable | Code::DeadlineExceeded => {
            let says = format!("{name} cannot be reached at {address}");
            Finding::ill(
                about,
                "peers",
                says,
                format!("start {name}, or correct `peers.{name}`; a firewall may be between"),
            )
        }
        other => {
            let says = format!("{name} at {address} answered {other:?}");
            Finding::ill(about, "peers", says, format!("look at the log of {name}"))
        }
    }
}

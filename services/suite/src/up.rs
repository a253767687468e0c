//! `up`: starts the suite, says how to use it, and keeps it running until it is told to stop.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use kernel::{Ambient, Role};
use serde::Serialize;

use crate::cli;
use crate::data_folder::DataFolder;
use crate::signals::StopSignals;
use crate::suite::Suite;

/// What `--json` prints, on one line.
#[derive(Serialize)]
struct Ready<'a> {
    services: &'a BTreeMap<String, String>,
    tokens: BTreeMap<&'static str, String>,
    data: String,
    pid: u32,
}

/// Runs `up`.
pub async fn run(up: cli::Up) -> anyhow::Result<()> {
    let mut stop = StopSignals::listen().context("signals cannot be caught")?;
    let ambient = Ambient::steady();
    let folder = DataFolder::open(up.data.data.as_deref())?;
    let start = Suite::start(folder, up.port_base, &ambient);
    let mut suite = tokio::select! {
        suite = start => suite?,
        () = stop.next() => {
            eprintln!("ventanilla: stopped while starting");
            return Ok(());
        }
    };
    let tokens = tokens(&suite, &ambient)?;
    greet(&suite, &tokens, &ambient);
    if up.json {
        let data = suite.folder.path().display().to_string();
        let ready = Ready { services: &suite.addresses, tokens, data, pid: std::process::id() };
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, &ready)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }

    let failure = tokio::select! {
        () = stop.next() => None,
        error = suite.failed() => Some(error),
    };
    eprintln!("ventanilla: stopping; open calls get a few seconds to end (once more to stop at once)");
    let stopping = suite.stop();
    tokio::select! {
        stopped = stopping => stopped?,
        // Postgres is stopped by its watchdog, and recovers what was confirmed.
        () = stop.next() => std::process::exit(130),
    }
    eprintln!("ventanilla: stopped, nothing is left running");
    failure.map_or(Ok(()), Err)
}

fn tokens(suite: &Suite, ambient: &Ambient) -> anyhow::Result<BTreeMap<&'static str, String>> {
    Role::ALL.iter().map(|role| Ok((role.as_str(), suite.keys.token(*role, None, None, ambient)?))).collect()
}

/// For a person at a terminal; standard error, so that `--json` stays alone on standard output.
fn greet(suite: &Suite, tokens: &BTreeMap<&'static str, String>, ambient: &Ambient) {
    eprintln!("ventanilla is ready. Its data is in {}; Ctrl-C stops it.\n", suite.folder.path().display());
    for (service, address) in &suite.addresses {
        eprintln!("  {service:<22}{address}");
    }
    let window = suite.addresses.get(gateway::NAME).map(String::as_str).unwrap_or_default();
    eprintln!("\nIn a browser: {window}/sign-in for staff (paste a token), {window}/t for customers (key and proof),");
    eprintln!("{window}/reference for who writes programs.");
    eprintln!("\nA token for every role, valid for 12 hours:\n");
    for (role, token) in tokens {
        eprintln!("  {role:<15}{token}");
    }
    let host = |service: &str| {
        let address = suite.addresses.get(service).map(String::as_str).unwrap_or_default();
        address.trim_start_matches("http://").to_owned()
    };
    let token = |role: &str| tokens.get(role).map(String::as_str).unwrap_or_default();
    let now = ambient.now();
    eprintln!("\nThree calls to paste (reflection is on, so grpcurl needs no .proto file):\n");
    eprintln!("# a department's system brings a person");
    eprintln!(
        "grpcurl -plaintext -H 'authorization: Bearer {}' -d '{{\"record\": {{\"sourceSystem\": \"crm-retail\", \
         \"department\": \"billing\", \"externalId\": \"C-1001\", \"personName\": {{\"givenName\": \"Carmen\", \
         \"firstSurname\": \"Ruiz\"}}, \"identifiers\": [{{\"type\": \"IDENTIFIER_TYPE_PHONE\", \"value\": \"600 123 456\"}}], \
         \"observedTime\": \"{now:.0}\"}}, \"requestId\": \"{}\"}}' {} ventanilla.customer.v1.CustomerService/IngestSourceRecord\n",
        token("crm"),
        ambient.uuid(now),
        host("customer-profile"),
    );
    eprintln!("# the phone rings: who is it?");
    eprintln!(
        "grpcurl -plaintext -H 'authorization: Bearer {}' -d '{{\"phoneNumber\": \"+34600123456\"}}' \
         {} ventanilla.customer.v1.CustomerService/LookupByPhone\n",
        token("ivr"),
        host("customer-profile"),
    );
    eprintln!("# which deadlines does the law set?");
    eprintln!(
        "grpcurl -plaintext -H 'authorization: Bearer {}' -d '{{\"pageSize\": 5}}' {} ventanilla.sla.v1.SlaService/ListPolicies\n",
        token("agent"),
        host("sla-monitor"),
    );
}

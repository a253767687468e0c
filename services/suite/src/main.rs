//! The `ventanilla` command: the whole suite on one machine.
//!
//! Here lives what an operator types; what the services do lives in their own crates.

mod cli;
mod client;
mod data_folder;
mod database;
mod demo;
mod doctor;
mod estimate_matching;
mod evaluate_matching;
mod import;
mod keys;
mod recompute;
mod restore_drill;
mod rotate_office_key;
mod services;
mod signals;
mod suite;
mod token;
mod up;
mod verify;
mod verify_dossier;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use kernel::Ambient;

use crate::cli::{Cli, Command};

/// How long the last spans may take on their way to the collector.
const FLUSH: Duration = Duration::from_millis(1_500);

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ventanilla: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")?;
    runtime.block_on(async {
        let command = cli.command.unwrap_or(Command::Up(cli.up));
        let telemetry = telemetry::init("ventanilla", &telemetry_settings(&command))?;
        let result = match command {
            Command::Up(up) => up::run(up).await,
            Command::Token(token) => token::run(&token),
            Command::RotateOfficeKey(data) => rotate_office_key::run(&data),
            Command::RotateSigningKey(data) => verify::run_rotate(&data),
            Command::PublicKey(of) => verify::run_public_key(&of),
            Command::ProofKey(of) => verify::run_proof_key(&of),
            Command::Import(import) => import::run(import).await,
            Command::Demo(demo) => demo::run(demo).await,
            Command::RestoreDrill(drill) => restore_drill::run(drill).await,
            Command::Doctor(doctor) => doctor::run(doctor).await,
            Command::Verify(verify) => verify::run(verify).await,
            Command::VerifyReceipt(verify) => verify::run_receipt(&verify),
            Command::VerifyDecision(verify) => verify::run_decision(&verify),
            Command::VerifyDossier(verify) => verify_dossier::run(&verify),
            Command::Export(export) => verify::run_export(export).await,
            Command::Recompute(asked) => recompute::run(&asked, Ambient::system().now()),
            Command::EvaluateMatching(evaluate) => {
                let expected_records = evaluate.expected_records;
                let manner = match evaluate.among_themselves {
                    true => evaluate_matching::Manner::AmongThemselves,
                    false => evaluate_matching::Manner::AsTheService { expected_records },
                };
                evaluate_matching::run(&evaluate.files, evaluate.rules.as_deref(), manner, evaluate.json)
            }
            Command::EstimateMatching(estimate) => {
                estimate_matching::run(&estimate.files, &estimate.out, estimate.json)
            }
        };
        telemetry.shutdown(FLUSH).await;
        result
    })
}

/// Warnings alone unless RUST_LOG asks for more: standard error is read by a person here. A drill destroys what services stand on, and
/// what they say to that is no news.
fn telemetry_settings(command: &Command) -> telemetry::Settings {
    let otlp = match command {
        Command::Up(up) => up.otlp.clone(),
        Command::Demo(demo) => demo.otlp.clone(),
        _ => None,
    };
    let quiet = if matches!(command, Command::RestoreDrill(_)) { "off" } else { "warn,sqlx=error" };
    let filter = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty()).unwrap_or_else(|| quiet.to_owned());
    telemetry::Settings { otlp_endpoint: otlp, filter, ..telemetry::Settings::default() }
}

//! The fault driver as a command.
//!
//! ```text
//! cargo run -p ventanilla-tests --bin ventanilla-faults -- --kills 1000 [--victims postgres] [--seed N] [--json]
//! cargo run -p ventanilla-tests --bin ventanilla-faults -- --roll 10 [--seed N] [--json]
//! cargo run -p ventanilla-tests --bin ventanilla-faults -- --cancel 20000 [--percent 20] [--seed N] [--json]
//! cargo run -p ventanilla-tests --bin ventanilla-faults -- --migrate VERSION [--rows 20000] [--statements FOLDER] [--json]
//! ```
//!
//! Kills random services and Postgres with SIGKILL under load, or replaces both replicas of each service and of the window one by one
//! by SIGTERM and SIGKILL in turn, or cancels calls at random moments, and
//! checks that nothing acknowledged is lost, nothing happened twice and no transaction was left open. Or brings schemas of an older version up
//! to date under load: nobody waits longer than a second, and nothing fails that did not fail before.
//! Ends with an error when the checker finds anything.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::killer::Victims;
use ventanilla_tests::faults::service::Part;
use ventanilla_tests::faults::{cancel, node, roll, run, upgrade};
use ventanilla_tests::tree;

/// Kills services and Postgres under load, or cancels calls, and checks what is left.
#[derive(Parser)]
struct Arguments {
    /// How many kills.
    #[arg(long, default_value_t = 1000, conflicts_with = "cancel")]
    kills: usize,
    /// Who is killed.
    #[arg(long, value_enum, default_value_t = Victims::All)]
    victims: Victims,
    /// Clients at once.
    #[arg(long, default_value_t = 6)]
    clients: u64,
    /// How many calls are cancelled, instead of kills.
    #[arg(long)]
    cancel: Option<usize>,
    /// How often each of two replicas of every service and of the window is replaced, instead of kills.
    #[arg(long, conflicts_with = "cancel")]
    roll: Option<usize>,
    /// The last file of an older schema, which is brought up to date under the statements of the stores, instead of kills.
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["cancel", "roll"])]
    migrate: Option<i64>,
    /// Rows that are made up in each table of the older schema.
    #[arg(long, default_value_t = 20_000)]
    rows: u32,
    /// The statements: `.sqlx` of a former commit (git archive COMMIT .sqlx | tar -x -C FOLDER); today's unless said.
    #[arg(long, value_name = "FOLDER")]
    statements: Option<PathBuf>,
    /// Per cent of the calls that are cancelled.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100))]
    percent: u64,
    /// Repeats the choices of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
    /// The summary on one line.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    // The driver is its own node, so that one build holds both.
    if node::is_asked_for() {
        return node::main();
    }
    match drive(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ventanilla-faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well.
fn drive(arguments: &Arguments) -> anyhow::Result<bool> {
    let seed = arguments.seed.unwrap_or_else(Dice::seed);
    eprintln!("ventanilla-faults: seed {seed}");
    let program = std::env::current_exe()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(cancelled) = arguments.cancel {
        let bar = bar(cancelled, "calls cancelled")?;
        let told = bar.clone();
        let order = cancel::Order { seed, cancelled, percent: arguments.percent };
        let summary = runtime.block_on(cancel::run(&program, order, move |_| told.inc(1)))?;
        bar.finish_and_clear();
        tell(&summary, arguments.json)?;
        return Ok(summary.faults.is_empty() && summary.left_in_transaction == 0 && summary.all_acknowledged);
    }
    if let Some(from) = arguments.migrate {
        let statements = arguments.statements.clone().unwrap_or_else(|| tree::root().join(".sqlx"));
        // In each of five schemas.
        let clients = arguments.clients.div_ceil(2);
        let order = upgrade::Order { seed, from, rows: arguments.rows, clients, statements, planted: Vec::new() };
        let bar = bar(0, "files")?;
        let summary = runtime.block_on(upgrade::run(order, |file, files| {
            bar.set_length(files as u64);
            bar.set_message(file.to_owned());
            bar.inc(1);
        }))?;
        bar.finish_and_clear();
        tell(&summary, arguments.json)?;
        return Ok(summary.is_well());
    }
    if let Some(rounds) = arguments.roll {
        let bar = bar(rounds * Part::ALL.len() * 2, "replicas replaced")?;
        let order = roll::Order { seed, rounds, clients: arguments.clients };
        let summary = runtime.block_on(roll::run(&program, order, |part, took| {
            bar.set_message(format!("last {} in {} ms", part.name(), took.as_millis()));
            bar.inc(1);
        }))?;
        bar.finish_and_clear();
        tell(&summary, arguments.json)?;
        return Ok(summary.faults.is_empty());
    }
    let bar = bar(arguments.kills, "kills")?;
    let order = run::Order { seed, kills: arguments.kills, clients: arguments.clients, victims: arguments.victims };
    let summary = runtime.block_on(run::run(&program, order, |kill| {
        bar.set_message(format!("last {} in {} ms", kill.victim.name(), kill.recovered.as_millis()));
        bar.inc(1);
    }))?;
    bar.finish_and_clear();
    tell(&summary, arguments.json)?;
    Ok(summary.faults.is_empty())
}

fn bar(length: usize, of: &str) -> anyhow::Result<ProgressBar> {
    let style = format!("{{bar:40}} {{pos}}/{{len}} {of} {{msg}} {{elapsed}} (about {{eta}} left)");
    Ok(ProgressBar::new(length as u64).with_style(ProgressStyle::with_template(&style)?))
}

fn tell(summary: &impl Serialize, on_one_line: bool) -> anyhow::Result<()> {
    let text = if on_one_line { serde_json::to_string(summary) } else { serde_json::to_string_pretty(summary) };
    println!("{}", text?);
    Ok(())
}

//! The fault driver as a command.
//!
//! ```text
//! cargo run -p ventanilla-tests --bin ventanilla-faults -- --kills 1000 [--seed N] [--clients N] [--json]
//! ```
//!
//! Kills random services and Postgres with SIGKILL under load and checks that nothing acknowledged is
//! lost and nothing happened twice. Ends with an error when the checker finds anything.

use std::process::ExitCode;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::Ambient;
use ventanilla_tests::faults::node;
use ventanilla_tests::faults::run::{Order, Percentiles, Summary, run};

/// Kills services and Postgres under load and checks what is left.
#[derive(Parser)]
struct Arguments {
    /// How many kills.
    #[arg(long, default_value_t = 1000)]
    kills: usize,
    /// Repeats the choices of an earlier run.
    #[arg(long)]
    seed: Option<u64>,
    /// Clients at once.
    #[arg(long, default_value_t = 6)]
    clients: u64,
    /// The summary as one JSON line on standard output.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    // The driver is its own node, so that one build holds both.
    if node::is_asked_for() {
        return node::main();
    }
    let arguments = Arguments::parse();
    match drive(&arguments) {
        Ok(summary) if summary.faults.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ventanilla-faults: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn drive(arguments: &Arguments) -> anyhow::Result<Summary> {
    let seed = arguments.seed.unwrap_or_else(|| u64::from_le_bytes(Ambient::system().bytes()));
    let order = Order { seed, kills: arguments.kills, clients: arguments.clients };
    eprintln!("ventanilla-faults: seed {seed}");
    let style = "{bar:40} {pos}/{len} kills, last {msg}, {elapsed} (about {eta} left)";
    let bar = ProgressBar::new(arguments.kills as u64).with_style(ProgressStyle::with_template(style)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let summary = runtime.block_on(run(&std::env::current_exe()?, order, |kill| {
        bar.set_message(format!("{} in {} ms", kill.victim.name(), kill.recovered.as_millis()));
        bar.inc(1);
    }))?;
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        tell(&summary);
    }
    Ok(summary)
}

fn tell(summary: &Summary) {
    let times = |p: &Percentiles| format!("p50 {} ms, p99 {} ms, max {} ms", p.p50, p.p99, p.max);
    println!("seed                {}", summary.seed);
    println!("kills               {:?}", summary.kills);
    println!(
        "acknowledged        {} (retried {}, refused {}, internal {})",
        summary.acknowledged, summary.retried, summary.refused, summary.internal
    );
    println!("ledger entries      {:?}", summary.entries);
    println!("lost                {}", summary.lost);
    println!("duplicated          {}", summary.duplicated);
    println!("service recovery    {}", times(&summary.service_recovery_ms));
    println!("postgres recovery   {}", times(&summary.postgres_recovery_ms));
    println!("  after it was back {}", times(&summary.after_postgres_ms));
    println!("at rest after       {} ms", summary.rest_ms);
    println!("took                {} s", summary.seconds);
    for fault in &summary.faults {
        println!("FAULT               {fault}");
    }
}

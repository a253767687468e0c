//! The load driver: `cargo run --release -p ventanilla-tests --bin load -- --help`.

use std::process::ExitCode;

use clap::Parser as _;
use ventanilla_tests::faults::node;
use ventanilla_tests::load;

fn main() -> ExitCode {
    // Where services run as processes of their own, the driver is their program too.
    if node::is_asked_for() {
        return node::main();
    }
    match measure(load::Plan::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(plan: load::Plan) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(load::run(plan))
}

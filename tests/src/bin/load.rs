//! The load driver: `cargo run --release -p ventanilla-tests --bin load -- --help`.

use clap::Parser as _;
use ventanilla_tests::load;

fn main() -> anyhow::Result<()> {
    let plan = load::Plan::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(load::run(plan))
}

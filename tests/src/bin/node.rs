//! `VENTANILLA_NODE=ticketing ventanilla-node --config FILE`: one service as a process that a driver
//! can kill. See `src/faults/node.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ventanilla_tests::faults::node::main()
}

//! The ticketing service as a process of its own.

use std::process::ExitCode;

use server::Binary;
use ventanilla_ticketing::{DEFAULTS, KEPT, Settings, assemble, migrations};

fn main() -> ExitCode {
    server::main(Binary {
        name: ventanilla_ticketing::SOURCE,
        defaults: DEFAULTS,
        assemble,
        migrate: |settings: Settings| async move { postgres::migrate(&settings.database, &migrations()).await },
        database: |settings: Settings| settings.database,
        kept: KEPT,
    })
}

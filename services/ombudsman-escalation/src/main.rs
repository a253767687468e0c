//! The service's own binary.

use std::process::ExitCode;

use ombudsman_escalation::{DEFAULTS, KEPT, SOURCE, Settings, assemble, migrations};

fn main() -> ExitCode {
    server::main(server::Binary {
        name: SOURCE,
        defaults: DEFAULTS,
        assemble,
        migrate: |settings: Settings| async move { postgres::migrate(&settings.database, &migrations()).await },
        database: |settings: Settings| settings.database,
        kept: KEPT,
    })
}

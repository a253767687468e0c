//! One service, or the window, as a process of its own, by the same code path as its own binary: `server::main`
//! with the service's `assemble`, `server::front` with the window's `serve`. Which one is named by [`NAME`]; everything else is
//! the settings file that `--config` gives.
//!
//! A node ends when its standard input does, so that nothing outlives the driver however it ends. It begins a session, as a process
//! that an init system starts does: to Linux' scheduler a session is a group of its own (sched(7)), and the driver another.

use std::io::Read;
use std::process::ExitCode;

use server::{Binary, Front, Hall};

/// The environment variable that says who to be.
pub const NAME: &str = "VENTANILLA_NODE";

/// Whether this process was started to be a node.
pub fn is_asked_for() -> bool {
    std::env::var_os(NAME).is_some()
}

/// Serves as [`NAME`] says until told to stop or until standard input ends.
pub fn main() -> ExitCode {
    // Refused to who leads a group of processes, and then a session is what it has.
    let _ = rustix::process::setsid();
    std::thread::spawn(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
        std::process::exit(3);
    });
    let name = std::env::var(NAME).unwrap_or_default();
    macro_rules! serve {
        ($service:ident) => {
            server::main(Binary {
                name: $service::SOURCE,
                // The driver writes every setting into the file it gives.
                defaults: "",
                assemble: $service::assemble,
                migrate: |_| async { Err::<(), _>("the driver migrates; a node only serves") },
                database: |settings: $service::Settings| settings.database,
                kept: $service::KEPT,
            })
        };
    }
    match name.as_str() {
        customer_profile::SOURCE => serve!(customer_profile),
        ticketing::SOURCE => serve!(ticketing),
        sla_monitor::SOURCE => serve!(sla_monitor),
        ombudsman_escalation::SOURCE => serve!(ombudsman_escalation),
        webhooks::SOURCE => serve!(webhooks),
        gateway::NAME => server::front(Front {
            name: gateway::NAME,
            defaults: "",
            serve: |settings: gateway::Settings, hall: Hall| gateway::serve(settings, hall),
        }),
        _ => {
            eprintln!("{NAME} names no process: set it to a service, e.g. ticketing, or to gateway");
            ExitCode::FAILURE
        }
    }
}

//! The gateway's own binary.

use std::process::ExitCode;

use gateway::{DEFAULTS, NAME, Settings, serve};
use server::Hall;

fn main() -> ExitCode {
    server::front(server::Front {
        name: NAME,
        defaults: DEFAULTS,
        serve: |settings: Settings, hall: Hall| serve(settings, hall),
    })
}

//! The gateway's own binary, told what it cannot do: it ends at once and says why.

use std::process::{Command, Output};

const GATEWAY: &str = env!("CARGO_BIN_EXE_ventanilla-gateway");

/// What it says with these settings in its environment and nowhere else.
fn told(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut gateway = Command::new(GATEWAY);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VENTANILLA_")) {
        gateway.env_remove(name);
    }
    gateway.args(arguments).envs(settings.iter().copied()).output().expect("it is built")
}

const WINDOW: [(&str, &str); 2] =
    [("VENTANILLA__SERVICE__WEB__PUBLIC_URL", "http://localhost:7100"), ("VENTANILLA__LISTEN", "127.0.0.1:1")];

#[test]
fn who_would_migrate_it_is_told_that_it_keeps_no_schema() {
    let said = told(&["migrate"], &WINDOW);
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains("it keeps no schema"), "{text}");
}

#[test]
fn a_setting_of_another_kind_is_named_and_its_value_is_not() {
    let mut settings = WINDOW.to_vec();
    settings.push(("VENTANILLA__SERVICE__IVR__LIMIT_MS", "hunter2"));
    let said = told(&[], &settings);
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success() && text.contains("the settings cannot be used"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

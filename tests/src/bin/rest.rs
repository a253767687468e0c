//! REST in front of a scene with one affair in full swing, for tools from outside: `tests/rest/schemathesis.py`.
//!
//! Prints one line of JSON once it is ready (`url`, `tokens` by role) and goes when its standard input ends. What the services log goes
//! to standard error, from warnings on or as `RUST_LOG` says: why an answer was a 500 is told to nobody else.

use std::collections::BTreeMap;

use kernel::Role;
use tracing_subscriber::EnvFilter;
use ventanilla_tests::scene::trial::Trial;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(wanted).with_writer(std::io::stderr).with_ansi(false).init();
    let trial = Trial::begin().await;
    let rest = trial.scene.rest().await;
    let tokens: BTreeMap<&str, String> =
        Role::ALL.iter().map(|role| (role.as_str(), trial.scene.role_token(*role))).collect();
    let ready =
        serde_json::json!({"url": format!("http://{}", rest.address), "tokens": tokens, "resources": trial.resources});
    println!("{ready}");
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    rest.stop();
    Ok(())
}

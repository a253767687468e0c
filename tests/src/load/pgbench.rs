//! pgbench, beside the services.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// A script with the values of its variables.
pub(super) struct Script {
    /// What pgbench runs over and over.
    pub(super) text: String,
    /// `-D name=value`.
    pub(super) variables: Vec<(String, String)>,
}

/// pgbench on one database.
pub(super) struct Pgbench {
    program: PathBuf,
    url: String,
    customers: u32,
}

impl Pgbench {
    /// pgbench, wherever Postgres' programs are; `None`, told on standard error, when it is nowhere.
    pub(super) fn find(url: String, customers: u32) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
            folders.extend(versions.flatten().map(|version| version.path().join("bin")));
        }
        let program = folders.into_iter().map(|folder| folder.join("pgbench")).find(|program| program.is_file());
        if program.is_none() {
            eprintln!("pgbench is not installed: the bare rates and ratios are left out");
        }
        program.map(|program| Self { program, url, customers })
    }

    /// Transactions a second with so many clients.
    pub(super) async fn rate(&self, script: &Script, clients: usize, seconds: u64) -> anyhow::Result<f64> {
        let file = tempfile(&script.text)?;
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", &clients.min(2).to_string()]);
        command.args(["-T", &seconds.to_string(), "-D", &format!("customers={}", self.customers)]);
        for (name, value) in &script.variables {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        command.arg("-f").arg(&file.0).arg(&self.url);
        // Its sessions plan as the services' do.
        command.env("PGOPTIONS", "-c enable_seqscan=off -c jit=off");
        let output =
            command.stdin(Stdio::null()).kill_on_drop(true).output().await.context("pgbench does not start")?;
        let told = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let failed = told.lines().any(|line| line.starts_with("number of failed") && !line.contains(": 0 "));
        if !output.status.success() || failed || errors.contains("aborted") {
            bail!("pgbench failed: {}", errors.trim());
        }
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.with_context(|| format!("pgbench told no rate: {told}"))
    }
}

/// A file that goes with its name.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn tempfile(text: &str) -> anyhow::Result<File> {
    let name = format!("ventanilla-pgbench-{}.sql", std::process::id());
    let path = Path::new(&std::env::temp_dir()).join(name);
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(File(path))
}

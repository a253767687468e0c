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
        let told = self.run(self.command(script, &file, clients, seconds)).await?;
        let rate = told.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        rate.with_context(|| format!("pgbench told no rate: {told}"))
    }

    /// 99th percentile in milliseconds at so many transactions a second whatever they take, each counted from when it
    /// was due: what the machine and Postgres alone make of such a load.
    pub(super) async fn p99_at(&self, script: &Script, clients: usize, rate: f64, seconds: u64) -> anyhow::Result<f64> {
        let file = tempfile(&script.text)?;
        let logs = Logs::new()?;
        let mut command = self.command(script, &file, clients, seconds);
        command.args(["-R", &format!("{rate:.1}"), "-l", "--log-prefix"]).arg(logs.0.join("log"));
        self.run(command).await?;
        let mut micros = logs.latencies()?;
        micros.sort_unstable();
        let place = (micros.len() * 99).div_ceil(100).checked_sub(1).context("pgbench did nothing")?;
        Ok(micros[place] as f64 / 1_000.0)
    }

    fn command(&self, script: &Script, file: &File, clients: usize, seconds: u64) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-c", &clients.to_string(), "-j", &clients.min(2).to_string()]);
        command.args(["-T", &seconds.to_string(), "-D", &format!("customers={}", self.customers)]);
        for (name, value) in &script.variables {
            command.arg("-D").arg(format!("{name}={value}"));
        }
        command.arg("-f").arg(&file.0);
        // Its sessions plan as the services' do.
        command.env("PGOPTIONS", "-c enable_seqscan=off -c jit=off");
        command
    }

    /// What it tells when all went well.
    async fn run(&self, mut command: Command) -> anyhow::Result<String> {
        command.arg(&self.url).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.context("pgbench does not start")?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        let failed = told.lines().any(|line| line.starts_with("number of failed") && !line.contains(": 0 "));
        if !output.status.success() || failed || errors.contains("aborted") {
            bail!("pgbench failed: {}", errors.trim());
        }
        Ok(told)
    }
}

/// A folder for what pgbench writes of each transaction.
struct Logs(PathBuf);

impl Logs {
    fn new() -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("ventanilla-pgbench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(Self(folder))
    }

    /// Of all transactions but those that were due while it still connected, in microseconds: of each line the third word, and
    /// the fifth and sixth for when it ended.
    fn latencies(&self) -> anyhow::Result<Vec<u64>> {
        let mut ended = Vec::new();
        for file in std::fs::read_dir(&self.0)? {
            for line in std::fs::read_to_string(file?.path())?.lines() {
                let words: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
                let [_, _, micros, _, seconds, fraction, ..] = words[..] else {
                    bail!("pgbench logs in another way: {line}");
                };
                ended.push((seconds * 1_000_000 + fraction - micros, micros));
            }
        }
        let begun = ended.iter().map(|(due, _)| *due).min().unwrap_or_default();
        let latencies =
            ended.into_iter().filter(|(due, _)| *due >= begun + 1_000_000).map(|(_, micros)| micros).collect();
        Ok(latencies)
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
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

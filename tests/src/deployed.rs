//! What is shipped, brought up as an operator does: the services' own binaries by `deploy/local/up`, with its roles, keys and settings, on a
//! database server, ports and folders of its own, so that several runs and an installation on the same machine do not meet.
//!
//! Everything here blocks; from async code call it in `spawn_blocking`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context as _, bail, ensure};
use postgres::cluster::{Cluster, Options};

use crate::faults::process::Folder;
use crate::tree::{dependencies, root, text};

/// The programs that are shipped, and the folders of their packages.
const SHIPPED: [(&str, &str); 7] = [
    ("ventanilla-customer-profile", "services/customer-profile"),
    ("ventanilla-ticketing", "services/ticketing"),
    ("ventanilla-sla-monitor", "services/sla-monitor"),
    ("ventanilla-ombudsman-escalation", "services/ombudsman-escalation"),
    ("ventanilla-webhooks", "services/gateway/webhooks"),
    ("ventanilla-gateway", "services/gateway"),
    ("ventanilla", "services/suite"),
];
/// What the scripts ask of a machine.
const TOOLS: [&str; 4] = ["psql", "openssl", "curl", "setpriv"];
/// The ports of `deploy/local`, of services and of their figures.
const PORTS: [u16; 2] = [7100, 9100];
/// A machine that does much else is slow; what the telephone is told at the limit is another test's matter.
const PATIENT_WINDOW: &str = "[service.ivr]\nlimit_ms = 10000\n";

/// The folder that holds all that is shipped, as it stands in the repository now; `beside` is any program of the same build. Otherwise what
/// is missing.
///
/// `cargo test --workspace` builds them all before the first test, since each is a program of a package that has tests of its own.
///
/// # Errors
/// A sentence that says what to build or to install.
pub fn built(beside: &Path) -> Result<PathBuf, String> {
    let folder = beside.parent().ok_or("a program is in a folder")?;
    for (program, home) in SHIPPED {
        let cure = format!("cargo build -p {program}, or cargo test --workspace, builds it");
        let made = modified(&folder.join(program)).ok_or_else(|| format!("{program} was not built: {cure}"))?;
        let newer = sources(home).into_iter().find(|path| modified(path).is_some_and(|changed| changed > made));
        if let Some(newer) = newer {
            let newer = newer.strip_prefix(root()).unwrap_or(&newer).display().to_string();
            return Err(format!("{program} was built before {newer} changed: {cure}"));
        }
    }
    for tool in TOOLS {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return Err(format!("{tool} is missing: apt-get install postgresql openssl curl util-linux"));
        }
    }
    Ok(folder.to_owned())
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// The files that a package and those of the house it depends on are made of.
fn sources(home: &str) -> Vec<PathBuf> {
    let manifest = text("Cargo.toml");
    let known: BTreeMap<&str, &str> = manifest
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" = { path = \"")?;
            Some((name, rest.split('"').next()?))
        })
        .collect();
    let (mut folders, mut open) = (BTreeSet::new(), vec![home.to_owned()]);
    while let Some(folder) = open.pop() {
        let uses = dependencies(&text(format!("{folder}/Cargo.toml")), "dependencies");
        if folders.insert(folder) {
            open.extend(uses.iter().filter_map(|name| known.get(name.as_str())).map(|path| (*path).to_owned()));
        }
    }
    // Not what it is tried with, and not the packages that lie below its folder.
    let foreign = |item: &walkdir::DirEntry| {
        let name = item.file_name().to_string_lossy();
        item.depth() > 0
            && (["tests", "examples", "target"].contains(&name.as_ref())
                || name.starts_with("README")
                || item.path().join("Cargo.toml").exists())
    };
    let files = |folder: &String| {
        let all = walkdir::WalkDir::new(root().join(folder)).into_iter();
        all.filter_entry(|item| !foreign(item)).flatten().filter(|item| item.file_type().is_file()).collect::<Vec<_>>()
    };
    folders.iter().flat_map(files).map(walkdir::DirEntry::into_path).collect()
}

/// The house as an operator runs it. What runs is stopped when this is dropped, and when the process that holds it is killed.
pub struct Deployed {
    told: String,
    built: PathBuf,
    local: Local,
    /// Stops the services once nobody holds its standard input.
    guard: Child,
    // After the guard: the services write into it until they are drained.
    server: Cluster,
    _folder: Folder,
}

/// Where it is, as `deploy/local` is told.
#[derive(Clone)]
struct Local {
    data: PathBuf,
    shift: u16,
}

impl Local {
    fn script(&self, name: &str) -> Command {
        let mut command = Command::new(root().join("deploy/local").join(name));
        without_theirs(&mut command);
        command.env("VENTANILLA_LOCAL", &self.data).env("VENTANILLA_PORT_SHIFT", self.shift.to_string());
        command
    }

    /// The processes that were started, by name.
    fn processes(&self) -> anyhow::Result<BTreeMap<String, u32>> {
        let mut processes = BTreeMap::new();
        for item in std::fs::read_dir(self.data.join("run")).context("what runs is not told")? {
            let path = item?.path();
            if path.extension().is_some_and(|extension| extension == "pid") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                processes.insert(name, std::fs::read_to_string(&path)?.trim().parse()?);
            }
        }
        Ok(processes)
    }
}

/// What a developer set for a house of their own is not meant for this one.
fn without_theirs(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VENTANILLA_")) {
        command.env_remove(name);
    }
}

impl Deployed {
    /// Brings up what stands in the folder `built`.
    ///
    /// # Errors
    /// What the script said when something does not come up.
    pub fn up(built: &Path) -> anyhow::Result<Self> {
        let folder = Folder::new("deployed")?;
        // As a server that somebody relies on: the doctor looks at that too.
        let server = Cluster::start(&folder.path().join("postgres"), &Options { talk: false, ..Options::durable() })?;
        let local = Local { data: folder.path().join("data"), shift: free_shift()? };
        std::fs::create_dir(&local.data)?;
        // What the house adds for itself is read behind what `up` writes.
        std::fs::write(local.data.join("gateway.extra.toml"), PATIENT_WINDOW)?;
        let mut guard = Command::new("sh");
        guard.arg("-c").arg("cat >/dev/null; exec \"$0\"").arg(local.script("down").get_program());
        without_theirs(&mut guard);
        guard.env("VENTANILLA_LOCAL", &local.data);
        // In a group of its own: what a terminal sends to this process must not end who cleans up after it.
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?;
        let mut deployed = Self { told: String::new(), built: built.to_owned(), local, guard, server, _folder: folder };
        let mut up = deployed.local.script("up");
        up.arg("--json").env("VENTANILLA_BIN", built).env("VENTANILLA_ADMIN_URL", deployed.server.url("postgres"));
        if rustix::process::geteuid().is_root() {
            // No user is made on a machine that somebody tests on.
            up.env("VENTANILLA_USER", "nobody");
        }
        let said = up.stdin(Stdio::null()).output().context("deploy/local/up cannot be started")?;
        ensure!(said.status.success(), "deploy/local/up: {}", String::from_utf8_lossy(&said.stderr));
        deployed.told = String::from_utf8(said.stdout).context("it tells where it is")?;
        Ok(deployed)
    }

    /// Where the services are, who issues their tokens, and the database: what `up --json` prints.
    pub fn told(&self) -> &str {
        &self.told
    }

    /// What `status` says, once every process runs and serves.
    ///
    /// # Errors
    /// The same, when one does not.
    pub fn status(&self) -> anyhow::Result<String> {
        let said = self.local.script("status").output()?;
        let told = String::from_utf8_lossy(&said.stdout).into_owned();
        ensure!(said.status.success(), "deploy/local/status: {told}");
        Ok(told)
    }

    /// What the doctor says of it, as JSON, where it finds nothing wrong.
    ///
    /// # Errors
    /// The same, where it does.
    pub fn doctor(&self) -> anyhow::Result<String> {
        let mut doctor = Command::new(self.built.join("ventanilla"));
        without_theirs(&mut doctor);
        doctor.arg("doctor").arg(self.local.data.join("config")).arg("--json");
        doctor.env("VENTANILLA_ADMIN_URL", self.server.url("ventanilla"));
        let said = doctor.output().context("ventanilla cannot be started")?;
        let told = String::from_utf8_lossy(&said.stdout).into_owned();
        ensure!(said.status.success(), "the doctor: {told}{}", String::from_utf8_lossy(&said.stderr));
        Ok(told)
    }

    /// Drains and stops it by its own script.
    ///
    /// # Errors
    /// When the script fails, or leaves a process running.
    pub fn down(self) -> anyhow::Result<()> {
        let processes = self.local.processes()?;
        ensure!(processes.len() == SHIPPED.len() - 1, "these were started: {processes:?}");
        let said = self.local.script("down").output()?;
        ensure!(said.status.success(), "deploy/local/down: {}", String::from_utf8_lossy(&said.stderr));
        let told = String::from_utf8_lossy(&said.stderr);
        ensure!(!told.contains("did not drain"), "deploy/local/down: {told}");
        for (name, pid) in processes {
            // One that has ended and was not collected yet is no program any more.
            ensure!(std::fs::read_link(format!("/proc/{pid}/exe")).is_err(), "{name} was left running");
        }
        Ok(())
    }

    /// The last lines of every process's log.
    pub fn logs(&self) -> String {
        let mut told = String::new();
        for item in std::fs::read_dir(self.local.data.join("log")).into_iter().flatten().flatten() {
            let log = std::fs::read_to_string(item.path()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines.iter().skip(lines.len().saturating_sub(20)).copied().collect::<Vec<_>>().join("\n");
            told.push_str(&format!("== {}\n{last}\n", item.path().display()));
        }
        told
    }
}

impl Drop for Deployed {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// By how much the ports are moved, so that all of them are free, and neither an installation's own nor among those that other tests take.
fn free_shift() -> anyhow::Result<u16> {
    const FIRST: u16 = 100;
    const STEPS: u16 = 257;
    const STEP: u16 = 7;
    let start = u16::from_le_bytes(kernel::Ambient::system().bytes()) % STEPS;
    let ports = |shift: u16| PORTS.into_iter().flat_map(move |first| (0..6).map(move |one| first + shift + one));
    let free = |shift: &u16| ports(*shift).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    let found = (0..STEPS).map(|step| FIRST + (start + step) % STEPS * STEP).find(free);
    let Some(found) = found else { bail!("there are not twelve free ports") };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_is_made_of_are_its_own_files_and_those_of_the_house_it_depends_on() {
        let sources = sources("services/sla-monitor");
        let has = |path: &str| sources.contains(&root().join(path));
        for own in ["services/sla-monitor/src/main.rs", "services/shared/postgres/src/db.rs", "proto/src/lib.rs"] {
            assert!(has(own), "{own}");
        }
        for read in
            ["services/shared/postgres/migrations/20261120000100_request.sql", "services/sla-monitor/Cargo.toml"]
        {
            assert!(has(read), "{read}");
        }
        for other in ["services/ticketing/src/main.rs", "services/shared/testkit/src/lib.rs", "proto/README.md"] {
            assert!(root().join(other).exists() && !has(other), "{other}");
        }
    }

    #[test]
    fn what_was_not_built_is_named_with_what_builds_it() {
        let empty = Folder::new("unbuilt").unwrap();
        let why = built(&empty.path().join("any")).unwrap_err();
        assert!(why.starts_with("ventanilla-customer-profile was not built: cargo build -p"), "{why}");
        // As old as the first day: everything in the repository is newer.
        for (program, _) in SHIPPED {
            let file = std::fs::File::create(empty.path().join(program)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let why = built(&empty.path().join("any")).unwrap_err();
        assert!(why.contains("ventanilla-customer-profile was built before "), "{why}");
    }
}

//! A child process that ends with its owner.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};

use super::node;
use super::service::Part;

/// One process of the house. Killed when dropped; ends by itself when the driver is killed, because its
/// standard input ends then.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `program` as `part`, with this settings file; what it says is appended to `log`.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(program: &Path, part: Part, settings: &Path, log: &Path) -> anyhow::Result<Self> {
        let open = || -> anyhow::Result<File> {
            let file = OpenOptions::new().create(true).append(true).open(log);
            file.with_context(|| format!("{} cannot be written", log.display()))
        };
        let mut command = Command::new(program);
        command.arg("--config").arg(settings).env(node::NAME, part.name());
        // What the developer set for a suite of their own is not meant for this one.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VENTANILLA__")) {
            command.env_remove(name);
        }
        command.env_remove("VENTANILLA_CONFIG");
        command.stdin(Stdio::piped()).stdout(open()?).stderr(open()?);
        let child = command.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
        Ok(Self { child })
    }

    /// SIGTERM, without waiting for what it does.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn terminate(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// SIGSTOP: it stands still where it is, and its connections stay open.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn pause(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT: it goes on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("the process has no id")?;
        kill_process(pid, signal).with_context(|| format!("the process cannot be sent {signal:?}"))
    }

    /// SIGKILL, and waits until the process is gone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().context("the process cannot be killed")?;
        self.child.wait().context("the killed process cannot be collected")?;
        Ok(())
    }

    /// The most memory that it has had resident, in bytes, where the system tells (Linux' `VmHWM`).
    pub fn most_resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    }

    /// Whether it ended, by itself or killed.
    pub fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder that goes with its owner.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder of this process's own among the temporary ones.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(what: &str) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let random = u64::from_le_bytes(kernel::Ambient::system().bytes());
        let path = std::env::temp_dir().join(format!("ventanilla-{what}-{}-{random:016x}", std::process::id()));
        // Passable for others: as root the database server runs under another account.
        let made = std::fs::DirBuilder::new().mode(0o711).create(&path);
        made.with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

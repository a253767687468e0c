//! The server process as its data folder shows it: who runs, whether it is ready, how it is stopped.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{ClusterError, POLL};

/// What `postmaster.pid` says.
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) ready: bool,
}

impl PidFile {
    pub(super) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        // The eighth line holds the state since Postgres 10; it is written last.
        let ready = text.lines().nth(7).is_some_and(|line| line.trim() == "ready");
        Some(Self { pid, ready })
    }
}

/// The major version that made the data folder; `None` when there is none yet.
pub(super) fn version_of(data: &Path) -> Result<Option<String>, ClusterError> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ClusterError::at(&path, source)),
    }
}

/// Ends a server that runs on `data` though nobody owns it, and forgets a pid file whose process is
/// gone or is something else by now (Postgres would take that process for itself and refuse).
pub(super) fn stop_orphan(data: &Path, tell: impl FnOnce(u32)) -> Result<(), ClusterError> {
    let Some(file) = PidFile::read(data) else { return Ok(()) };
    if runs_on(file.pid, data) {
        tell(file.pid);
        stop(file.pid, || !alive(file.pid))?;
    }
    let path = data.join("postmaster.pid");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ClusterError::at(&path, error)),
        _ => Ok(()),
    }
}

/// Fast shutdown (connections are cut, data is flushed), then immediate, then the kernel's way.
pub(super) fn stop(pid: u32, mut gone: impl FnMut() -> bool) -> Result<(), ClusterError> {
    let steps = [(Signal::INT, 10), (Signal::QUIT, 5), (Signal::KILL, 5)];
    for (signal, seconds) in steps {
        send(pid, signal);
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < deadline {
            if gone() {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
    }
    Err(ClusterError::WillNotStop { pid })
}

fn pid(raw: u32) -> Option<Pid> {
    i32::try_from(raw).ok().and_then(Pid::from_raw)
}

fn send(raw: u32, signal: Signal) {
    if let Some(pid) = pid(raw) {
        // It may have ended meanwhile, which is what the signal is for.
        let _ = kill_process(pid, signal);
    }
}

fn alive(raw: u32) -> bool {
    pid(raw).is_some_and(|pid| match test_kill_process(pid) {
        Ok(()) => !is_zombie(raw),
        Err(error) => error == rustix::io::Errno::PERM,
    })
}

/// A killed server whose new parent has not collected it yet.
fn is_zombie(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}

/// Whether `pid` is a Postgres server on `data`, and not a stranger that got the same number.
fn runs_on(pid: u32, data: &Path) -> bool {
    if !alive(pid) {
        return false;
    }
    let command_line = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => match Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]).output() {
            Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
            Err(_) => return false,
        },
    };
    command_line.contains("postgres") && command_line.contains(&*data.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_ready_when_its_eighth_line_says_so() {
        let text = |state: &str| format!("71\n/data\n1790000000\n5432\n\n127.0.0.1\n  1 2\n{state}\n");
        assert!(PidFile::parse(&text("ready   ")).is_some_and(|file| file.pid == 71 && file.ready));
        assert!(PidFile::parse(&text("starting")).is_some_and(|file| !file.ready));
        assert!(PidFile::parse("71\n/data\n").is_some_and(|file| !file.ready));
        assert!(PidFile::parse("").is_none());
    }

    #[test]
    fn a_stranger_with_the_same_number_is_not_taken_for_the_server() {
        assert!(!runs_on(std::process::id(), Path::new("/nowhere/data")));
    }
}

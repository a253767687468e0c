//! A private Postgres: finds the machine's binaries, makes a data folder, starts a server on a free
//! loopback port, and leaves nothing running when its owner goes, however it goes.
//!
//! Used by the suite and by tests. Production points at a server somebody else runs.
//!
//! Everything here blocks; from async code call it in `spawn_blocking`.

mod account;
mod backup;
mod binaries;
mod error;
mod init;
mod launch;
mod postmaster;

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use backup::restore;
pub use error::ClusterError;

use account::Account;
use binaries::Binaries;
use init::{init, read_password};
use launch::spawn;
use postmaster::PidFile;

/// The superuser of every private cluster.
const SUPERUSER: &str = "postgres";
const POLL: Duration = Duration::from_millis(20);
/// Crash recovery may take a while; a server that still says "starting" gets this long.
const START_LIMIT: Duration = Duration::from_secs(300);
/// How long passing obstacles are waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a cluster is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The loopback port; `None` takes a free one at each start.
    pub port: Option<u16>,
    /// Connections allowed at once.
    pub max_connections: u32,
    /// Whether commits survive a crash of the machine. `false` is for tests alone.
    pub durable: bool,
    /// Whether progress is told on standard error.
    pub talk: bool,
    /// Folder that finished WAL is copied into, second by second; for who wants to go back to an instant.
    pub archive: Option<PathBuf>,
}

impl Options {
    /// For data that must live.
    pub fn durable() -> Self {
        Self { port: None, max_connections: 120, durable: true, talk: true, archive: None }
    }

    /// For data that is thrown away: no waiting for the disk.
    pub fn throwaway() -> Self {
        Self { port: None, max_connections: 300, durable: false, talk: false, archive: None }
    }
}

/// A running private Postgres. Stops when dropped; when this process is killed, a watchdog stops it.
#[derive(Debug)]
pub struct Cluster {
    home: PathBuf,
    port: u16,
    password: String,
    server: Option<Child>,
    watchdog: Option<Child>,
    /// Held for as long as the server is ours.
    _lock: HomeLock,
}

impl Cluster {
    /// Starts the cluster kept in `home`, making it first when `home` is empty or absent.
    ///
    /// A server left behind by an owner that was killed is stopped first; its data is kept.
    ///
    /// # Errors
    /// Each one a sentence with its cure, see [`ClusterError`].
    pub fn start(home: &Path, options: &Options) -> Result<Self, ClusterError> {
        let account = Account::for_server()?;
        make_home(home, &account)?;
        // Postgres changes its folder, so a relative path would stop meaning the same.
        let home = home.canonicalize().map_err(|source| ClusterError::at(home, source))?;
        account.can_reach(&home)?;
        if let Some(archive) = &options.archive {
            backup::make_folder(archive, &account)?;
        }
        let lock = lock(&home)?;
        let data = home.join("data");
        let binaries = Binaries::find(postmaster::version_of(&data)?.as_deref(), &home)?;

        postmaster::stop_orphan(&data, |pid| {
            say(options, format_args!("stopping a Postgres left behind (pid {pid})"))
        })?;
        let password = if data.join("PG_VERSION").exists() {
            read_password(&home)?
        } else {
            say(options, format_args!("making a Postgres {} data folder in {}", binaries.version, home.display()));
            init(&binaries, &home, &account, options)?
        };

        let began = Instant::now();
        let deadline = began + START_LIMIT;
        let (server, watchdog, port) = loop {
            let port = match options.port {
                Some(port) => port,
                None => free_port(&home)?,
            };
            let server = spawn(&binaries, &home, &account, port, options)?;
            // At once: from here on there is something that must not outlive us.
            let mut watchdog = watch_over(server.id());
            let ready = wait_until_ready(server, &home, port, deadline, options);
            if ready.is_err()
                && let Some(watchdog) = &mut watchdog
            {
                end(watchdog);
            }
            match ready {
                Ok(server) => break (server, watchdog, port),
                // Another process took the free port between our look and the server's; or the
                // killed owner's backends have not noticed yet that they are orphans.
                Err(ClusterError::PortTaken { .. }) if options.port.is_none() && began.elapsed() < PATIENCE => {}
                Err(ClusterError::StillInUse { .. }) if began.elapsed() < PATIENCE => std::thread::sleep(POLL * 10),
                Err(error) => return Err(error),
            }
        };
        Ok(Self { home, port, password, server: Some(server), watchdog, _lock: lock })
    }

    /// Address of `database` for the superuser. Holds the password: not for logs.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// The loopback port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().map_or(0, Child::id)
    }

    /// The folder it lives in.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Stops the server: first politely, then at once.
    ///
    /// # Errors
    /// [`ClusterError::WillNotStop`] when it survives even that.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        self.shut_down()
    }

    /// Lets the server outlive this process. Somebody else must stop it: [`stop_left_behind`].
    pub fn detach(mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            end(&mut watchdog);
        }
        self.server = None;
    }

    fn shut_down(&mut self) -> Result<(), ClusterError> {
        // The watchdog first: afterwards the process id may belong to somebody else.
        if let Some(mut watchdog) = self.watchdog.take() {
            end(&mut watchdog);
        }
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let pid = server.id();
        postmaster::stop(pid, || !matches!(server.try_wait(), Ok(None)))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            eprintln!("ventanilla: {error}");
        }
    }
}

/// Stops the server that a detached [`Cluster`] or a killed owner left running in `home`, if any.
///
/// # Errors
/// [`ClusterError::WillNotStop`], or a folder that cannot be read.
pub fn stop_left_behind(home: &Path) -> Result<(), ClusterError> {
    postmaster::stop_orphan(&home.join("data"), |_| ())
}

fn say(options: &Options, what: std::fmt::Arguments<'_>) {
    if options.talk {
        eprintln!("ventanilla: {what}");
    }
}

fn make_home(home: &Path, account: &Account) -> Result<(), ClusterError> {
    if !home.exists() {
        // Parents stay passable, or the server's account could not get to its own folder.
        let parents = home.parent().unwrap_or(home);
        fs::create_dir_all(parents).map_err(|source| ClusterError::at(parents, source))?;
        fs::DirBuilder::new().mode(0o700).create(home).map_err(|source| ClusterError::at(home, source))?;
    }
    let known = ["data", "making", "password", "postgres.log", "lock"];
    let entries = fs::read_dir(home).map_err(|source| ClusterError::at(home, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| ClusterError::at(home, source))?;
        if !known.iter().any(|name| entry.file_name() == *name) {
            return Err(ClusterError::Foreign { home: home.to_owned(), what: entry.path() });
        }
    }
    account.own(home)
}

/// The folder is ours, until this is dropped.
#[derive(Debug)]
struct HomeLock(File);

impl Drop for HomeLock {
    fn drop(&mut self) {
        // Said aloud, not left to the closing of the file: a child that another thread is forking just now
        // has a copy of it until it executes, and would hold the folder after we let it go.
        let _ = self.0.unlock();
    }
}

fn lock(home: &Path) -> Result<HomeLock, ClusterError> {
    let path = home.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|source| ClusterError::at(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(HomeLock(file)),
        Err(fs::TryLockError::WouldBlock) => Err(ClusterError::Held { home: home.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(ClusterError::at(&path, source)),
    }
}

fn wait_until_ready(
    mut server: Child,
    home: &Path,
    port: u16,
    deadline: Instant,
    options: &Options,
) -> Result<Child, ClusterError> {
    let log = home.join("postgres.log");
    let began = fs::metadata(&log).map_or(0, |meta| meta.len());
    let started = Instant::now();
    let mut told = started;
    loop {
        if !matches!(server.try_wait(), Ok(None)) {
            return Err(ClusterError::from_log(&tail(&log, began), home, port));
        }
        if PidFile::read(&home.join("data")).is_some_and(|file| file.pid == server.id() && file.ready) {
            return Ok(server);
        }
        if Instant::now() > deadline {
            let pid = server.id();
            postmaster::stop(pid, || !matches!(server.try_wait(), Ok(None)))?;
            return Err(ClusterError::NotReady { seconds: started.elapsed().as_secs(), log });
        }
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            say(options, format_args!("Postgres is still starting ({} s)", started.elapsed().as_secs()));
        }
        std::thread::sleep(POLL);
    }
}

/// The log from `began` on; the server may have written before we looked, so a bit more is read.
fn tail(log: &Path, began: u64) -> String {
    use std::io::Seek;
    let Ok(mut file) = File::open(log) else { return String::new() };
    let _ = file.seek(std::io::SeekFrom::Start(began.saturating_sub(2048)));
    let mut bytes = Vec::new();
    let _ = file.take(64 * 1024).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A shell that waits for the end of a pipe we hold and then stops the server: the kernel closes the
/// pipe even when we are killed. Without a shell the next start still cleans up.
fn watch_over(pid: u32) -> Option<Child> {
    let mut command = Command::new("sh");
    command.args(["-c", r#"read -r _; kill -INT "$1" 2>/dev/null"#, "sh", &pid.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().ok()
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn free_port(home: &Path) -> Result<u16, ClusterError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| ClusterError::at(home, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_let_go_is_free_even_while_a_forked_child_has_a_copy_of_its_lock() {
        let home = std::env::temp_dir().join(format!("ventanilla-lock-{}", std::process::id()));
        fs::create_dir_all(&home).unwrap();
        let held = lock(&home).unwrap();
        assert!(matches!(lock(&home), Err(ClusterError::Held { .. })));
        let copy = held.0.try_clone().unwrap();
        drop(held);
        let free = lock(&home);
        drop(copy);
        fs::remove_dir_all(&home).unwrap();
        assert!(free.is_ok());
    }
}

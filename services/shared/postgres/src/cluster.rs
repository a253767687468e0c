//! A private Postgres: finds the machine's binaries, makes a data folder, starts a server on a free
//! loopback port, and leaves nothing running when its owner goes, however it goes.
//!
//! Used by the suite and by tests. Production points at a server somebody else runs.
//!
//! Everything here blocks; from async code call it in `spawn_blocking`.

mod account;
mod binaries;
mod error;
mod postmaster;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub use error::ClusterError;

use account::Account;
use binaries::Binaries;
use postmaster::PidFile;

/// The superuser of every private cluster.
const SUPERUSER: &str = "postgres";
const POLL: Duration = Duration::from_millis(20);
/// Crash recovery may take a while; a server that still says "starting" gets this long.
const START_LIMIT: Duration = Duration::from_secs(300);
/// How long passing obstacles are waited for.
const PATIENCE: Duration = Duration::from_secs(20);
const LOG_KEPT: u64 = 10 * 1024 * 1024;

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
}

impl Options {
    /// For data that must live.
    pub fn durable() -> Self {
        Self { port: None, max_connections: 120, durable: true, talk: true }
    }

    /// For data that is thrown away: no waiting for the disk.
    pub fn throwaway() -> Self {
        Self { port: None, max_connections: 300, durable: false, talk: false }
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
    _lock: File,
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
        let lock = lock(&home)?;
        let data = home.join("data");
        let binaries = Binaries::find(postmaster::version_of(&data)?.as_deref(), &home)?;

        postmaster::stop_orphan(&data, |pid| say(options, format_args!("stopping a Postgres left behind (pid {pid})")))?;
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
    let known = ["data", "password", "postgres.log", "lock"];
    let entries = fs::read_dir(home).map_err(|source| ClusterError::at(home, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| ClusterError::at(home, source))?;
        if !known.iter().any(|name| entry.file_name() == *name) {
            return Err(ClusterError::Foreign { home: home.to_owned(), what: entry.path() });
        }
    }
    account.own(home)
}

fn lock(home: &Path) -> Result<File, ClusterError> {
    let path = home.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|source| ClusterError::at(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(ClusterError::Held { home: home.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(ClusterError::at(&path, source)),
    }
}

fn read_password(home: &Path) -> Result<String, ClusterError> {
    let path = home.join("password");
    let text = fs::read_to_string(&path).map_err(|source| ClusterError::at(&path, source))?;
    Ok(text.trim().to_owned())
}

/// Runs initdb into a neighbour folder and renames it, so that a crash leaves no half-made one.
fn init(binaries: &Binaries, home: &Path, account: &Account, options: &Options) -> Result<String, ClusterError> {
    let data = home.join("data");
    // What stands here without a PG_VERSION is the rest of an interrupted initdb.
    if data.exists() {
        fs::remove_dir_all(&data).map_err(|source| ClusterError::at(&data, source))?;
    }
    let password = random_word().map_err(|source| ClusterError::at(Path::new("/dev/urandom"), source))?;
    let file = home.join("password");
    let _ = fs::remove_file(&file);
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut open| open.write_all(password.as_bytes()))
        .map_err(|source| ClusterError::at(&file, source))?;
    account.own(&file)?;

    let mut last = None;
    // C.UTF-8 knows the case of letters beyond ASCII and sorts the same everywhere; not every system has it.
    for locale in ["C.UTF-8", "C"] {
        let mut command = Command::new(binaries.initdb());
        command.arg("--pgdata").arg(&data);
        command.args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", locale]);
        command.arg("--pwfile").arg(&file);
        if !options.durable {
            command.arg("--no-sync");
        }
        command.env("LC_ALL", "C").current_dir(home).stdin(Stdio::null());
        account.put_on(&mut command);
        let output = command.output().map_err(|source| ClusterError::at(&binaries.initdb(), source))?;
        if output.status.success() {
            return Ok(password);
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        last = Some(ClusterError::from_log(&text, home, 0));
        if !text.contains("locale") {
            break;
        }
        let _ = fs::remove_dir_all(&data);
    }
    Err(last.expect("the loop ran at least once"))
}

fn spawn(
    binaries: &Binaries,
    home: &Path,
    account: &Account,
    port: u16,
    options: &Options,
) -> Result<Child, ClusterError> {
    let log = home.join("postgres.log");
    if fs::metadata(&log).is_ok_and(|meta| meta.len() > LOG_KEPT) {
        let _ = fs::remove_file(&log);
    }
    let open = || OpenOptions::new().create(true).append(true).mode(0o600).open(&log);
    let out = open().map_err(|source| ClusterError::at(&log, source))?;
    let err = open().map_err(|source| ClusterError::at(&log, source))?;

    let mut command = Command::new(binaries.postgres());
    command.arg("-D").arg(home.join("data"));
    for setting in settings(port, options) {
        command.arg("-c").arg(setting);
    }
    command.current_dir(home).env("LC_ALL", "C").stdin(Stdio::null()).stdout(out).stderr(err);
    // A group of its own: Ctrl-C in a terminal is for us, and we drain before Postgres may go.
    command.process_group(0);
    account.put_on(&mut command);
    command.spawn().map_err(|source| ClusterError::at(&binaries.postgres(), source))
}

fn settings(port: u16, options: &Options) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        format!("port={port}"),
        format!("max_connections={}", options.max_connections),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
        // Statements and the DETAIL of an error quote values; values here are about people.
        "log_error_verbosity=terse".to_owned(),
        "log_min_error_statement=panic".to_owned(),
        "log_checkpoints=off".to_owned(),
    ];
    let tuned: &[&str] = if options.durable {
        &["shared_buffers=256MB", "wal_compression=on", "max_wal_size=2GB", "checkpoint_timeout=15min"]
    } else {
        &[
            "shared_buffers=128MB",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
            "max_wal_size=2GB",
            "checkpoint_timeout=30min",
            "autovacuum_naptime=60min",
        ]
    };
    settings.extend(tuned.iter().map(|line| (*line).to_owned()));
    settings
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

fn random_word() -> std::io::Result<String> {
    let mut bytes = [0_u8; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

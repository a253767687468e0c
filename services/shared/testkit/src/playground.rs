//! One throwaway Postgres for all test processes of this user and this checkout.
//!
//! nextest runs a process per test, so the cluster belongs to none of them. Every process holds a
//! shared lock on `users` while it lives; who finds no server starts one under `starting`, together
//! with a supervisor: a small shell that waits for the shared lock to be free, lets half a minute
//! pass for the next run, and then stops the server and deletes the folder.
//!
//! Without util-linux's `flock` there is no supervisor; the server then stays for the next run.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use postgres::cluster::{Cluster, Options};

/// $1 folder, $2 seconds of patience.
const SUPERVISOR: &str = r#"
cd "$1" || exit 0
exec 8>supervisor 9>users || exit 0
flock -n 8 || exit 0
while :; do
    flock -x 9 && flock -u 9
    sleep "$2"
    if flock -n -x 9; then
        pid=$(head -n 1 cluster/data/postmaster.pid 2>/dev/null)
        if [ -n "$pid" ]; then
            kill -INT "$pid" 2>/dev/null
            tries=0
            while [ -e cluster/data/postmaster.pid ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
            [ -e cluster/data/postmaster.pid ] && kill -KILL "$pid" 2>/dev/null
        fi
        cd / && rm -rf "$1"
        exit 0
    fi
done
"#;

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// Templates, the databases of some tests at a time, and the server's own log, with room for those that run beside; in bytes.
const ROOM: u64 = 3 << 30;

/// Our share in the throwaway server.
#[derive(Debug)]
pub struct Playground {
    url: String,
    /// While this is open the supervisor waits.
    _user: File,
}

impl Playground {
    /// The server of this user and this checkout, started if it does not run.
    ///
    /// # Errors
    /// When Postgres cannot be started; the message ends in a cure.
    pub fn join() -> anyhow::Result<Self> {
        Self::join_at(&folder(), 30)
    }

    /// The server kept in `folder`, whose supervisor gives it `patience` seconds of idleness.
    ///
    /// # Errors
    /// When Postgres cannot be started; the message ends in a cure.
    pub fn join_at(folder: &Path, patience: u32) -> anyhow::Result<Self> {
        let user = join_users(folder)?;
        let starting = open(&folder.join("starting"))?;
        starting.lock().context("the lock on the start of the test database")?;
        let note = folder.join("url");
        let url = match fs::read_to_string(&note) {
            Ok(url) if answers(&url) => url,
            _ => {
                let cluster = Cluster::start(&folder.join("cluster"), &Options::throwaway())?;
                let url = cluster.url("postgres");
                write_private(&note, &url)?;
                cluster.detach();
                supervise(folder, patience);
                url
            }
        };
        Ok(Self { url, _user: user })
    }

    /// Address of its `postgres` database, for the superuser.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn folder() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
    // The account the process runs as, without asking the C library: the owner of its own /proc entry.
    let uid = fs::metadata("/proc/self").map_or(0, |meta| meta.uid());
    let name = format!("ventanilla-tests-{uid}-{:016x}", hasher.finish());
    // One folder for all processes: who comes later goes where the first one went, whatever room is left by then.
    let places = [Path::new(MEMORY).join(&name), std::env::temp_dir().join(name)];
    let [in_memory, on_disk] = &places;
    match places.iter().find(|place| place.exists()) {
        Some(taken) => taken.clone(),
        // What no supervisor clears away would take memory until the machine is started anew.
        None if has_supervisor() && has_room(Path::new(MEMORY)) => in_memory.clone(),
        None => on_disk.clone(),
    }
}

fn has_supervisor() -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("flock").exists()))
}

/// Whether there is room for the server here, in memory. A database a test is some hundreds of files that live for a second: on a disk most of a
/// test's time goes into making and removing them.
fn has_room(folder: &Path) -> bool {
    let writable = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok();
    writable && rustix::fs::statvfs(folder).is_ok_and(|has| has.f_bavail.saturating_mul(has.f_frsize) >= ROOM)
}

/// Takes the shared lock; when the supervisor deleted the file meanwhile, on its successor.
fn join_users(folder: &Path) -> anyhow::Result<File> {
    loop {
        if !folder.exists() {
            // Passable for others: as root the server runs under another account.
            match DirBuilder::new().mode(0o711).create(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error).with_context(|| format!("making {}", folder.display()));
                }
                _ => {}
            }
        }
        let path = folder.join("users");
        let Ok(file) = open(&path) else {
            ensure!(
                folder.exists() || folder.parent().is_some_and(Path::exists),
                "{} cannot be made",
                folder.display()
            );
            continue;
        };
        file.lock_shared().context("the shared lock on the test database")?;
        let same = fs::metadata(&path).is_ok_and(|now| file.metadata().is_ok_and(|held| held.ino() == now.ino()));
        if same {
            return Ok(file);
        }
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).with_context(|| format!("writing {}", path.display()))
}

/// Whether something listens where the note says; the port is all that is asked.
fn answers(url: &str) -> bool {
    let address = url.rsplit('@').next().and_then(|rest| rest.split('/').next()).unwrap_or_default();
    address
        .parse()
        .is_ok_and(|address| std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(2)).is_ok())
}

fn supervise(folder: &Path, patience: u32) {
    let mut command = Command::new("sh");
    command.args(["-c", SUPERVISOR, "ventanilla-test-supervisor"]).arg(folder).arg(patience.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that neither Ctrl-C nor a test runner's kill reaches it.
    command.process_group(0).current_dir("/");
    // Nobody waits for it, on purpose: it outlives this process.
    let _ = command.spawn();
}

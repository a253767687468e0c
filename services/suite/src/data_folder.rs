//! The folder everything of one suite lives in: database, keys, passwords, checkpoints, and a note
//! of what runs now.
//!
//! ```text
//! ventanilla.json   what this folder is, and the layout's version
//! lock              held while a suite runs here
//! running.json      addresses and process of the suite that runs
//! keys/             token.pk8  ledger.pk8  office.key
//! passwords/        one file per database role
//! postgres/         the private Postgres
//! checkpoints/      signed checkpoints, one file per ledger
//! import/           which cases of event logs are loaded
//! ```

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

const MARK: &str = "ventanilla.json";
const LAYOUT: u32 = 1;

/// A data folder that exists and is ours.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

/// Held while a suite runs on a folder.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What runs on a folder now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// Process id of the suite.
    pub pid: u32,
    /// Address by service.
    pub services: BTreeMap<String, String>,
    /// Address of the database for an administrator; holds its password.
    pub database: String,
}

#[derive(Serialize, Deserialize)]
struct Mark {
    what: String,
    layout: u32,
}

impl DataFolder {
    /// Opens the folder the user named, or the usual one, making it when it is absent.
    pub fn open(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => usual()?,
        };
        Self::open_at(&path)
    }

    fn open_at(path: &Path) -> anyhow::Result<Self> {
        make(path)?;
        let path = path.canonicalize().with_context(|| format!("{} cannot be used", path.display()))?;
        let mark = path.join(MARK);
        match fs::read_to_string(&mark) {
            Ok(text) => check_mark(&path, &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let foreign = fs::read_dir(&path).map_err(|error| unusable(&path, &error))?.flatten().next();
                if let Some(entry) = foreign {
                    bail!(
                        "{} is not a data folder of ventanilla ({} stands in it): choose an empty or new folder with --data",
                        path.display(),
                        entry.file_name().to_string_lossy()
                    );
                }
                let text = serde_json::to_string(&Mark { what: "ventanilla data folder".to_owned(), layout: LAYOUT })?;
                fs::write(&mark, text).map_err(|error| unusable(&path, &error))?;
            }
            Err(error) => return Err(unusable(&mark, &error)),
        }
        Ok(Self(path))
    }

    /// The folder the user named or the usual one, if there is one already.
    pub fn existing(named: Option<&Path>) -> anyhow::Result<Option<Self>> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => usual()?,
        };
        if path.join(MARK).exists() { Self::open_at(&path).map(Some) } else { Ok(None) }
    }

    /// A new folder for a suite that is thrown away with it; see [`Self::discard`].
    pub fn temporary() -> anyhow::Result<Self> {
        Self::open_at(&env::temp_dir().join(format!("ventanilla-demo-{}", std::process::id())))
    }

    /// Deletes the folder with everything in it.
    pub fn discard(self) {
        let _ = fs::remove_dir_all(&self.0);
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path inside.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a folder inside that only its owner may enter.
    pub fn private(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.at(name);
        match DirBuilder::new().mode(0o700).recursive(true).create(&path) {
            Ok(()) => Ok(path),
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Takes the folder for this process.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.at("lock");
        let file = open_lock(&path).map_err(|error| unusable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => {
                let who = self.read_running().map(|running| format!(" (pid {})", running.pid)).unwrap_or_default();
                bail!(
                    "a suite already runs on {}{who}: stop it first, or start on another folder with --data",
                    self.0.display()
                )
            }
            Err(fs::TryLockError::Error(error)) => Err(unusable(&path, &error)),
        }
    }

    /// The suite that runs on this folder now, if one does.
    pub fn running(&self) -> Option<Running> {
        let running = self.read_running()?;
        // The note of a killed suite stays; its lock does not.
        let lock = open_lock(&self.at("lock")).ok()?;
        match lock.try_lock_shared() {
            Err(fs::TryLockError::WouldBlock) => Some(running),
            _ => None,
        }
    }

    fn read_running(&self) -> Option<Running> {
        serde_json::from_str(&fs::read_to_string(self.at("running.json")).ok()?).ok()
    }

    /// Notes what runs.
    pub fn note_running(&self, running: &Running) -> anyhow::Result<()> {
        self.write_private("running.json", &serde_json::to_vec(running)?)
    }

    /// Forgets what ran.
    pub fn forget_running(&self) {
        let _ = fs::remove_file(self.at("running.json"));
    }

    /// Reads a small secret file, making it with `make` when it is absent.
    pub fn secret(&self, name: &str, make: impl FnOnce() -> anyhow::Result<Vec<u8>>) -> anyhow::Result<Vec<u8>> {
        let path = self.at(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = make()?;
                self.write_private(name, &bytes)?;
                Ok(bytes)
            }
            Err(error) => Err(unusable(&path, &error)),
        }
    }

    /// Writes a file only its owner may read, whole or not at all.
    pub fn write_private(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.at(name);
        let draft = path.with_extension("new");
        let _ = fs::remove_file(&draft);
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&draft, &path))
            .map_err(|error| unusable(&path, &error))
    }
}

fn open_lock(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

fn make(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        ensure!(path.is_dir(), "{} is not a folder: choose another with --data", path.display());
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| unusable(parent, &error))?;
    }
    // Root's Postgres runs under another account, which must get through to its own part; what is
    // secret in here is closed by itself.
    let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
    DirBuilder::new().mode(mode).create(path).map_err(|error| unusable(path, &error))
}

fn check_mark(path: &Path, text: &str) -> anyhow::Result<()> {
    let Ok(mark) = serde_json::from_str::<Mark>(text) else {
        bail!("{} in {} is damaged: put back a copy, or choose another folder with --data", MARK, path.display());
    };
    ensure!(
        mark.layout <= LAYOUT,
        "{} was made by a newer ventanilla (layout {}, this one knows {LAYOUT}): start the newer one, or choose another folder with --data",
        path.display(),
        mark.layout
    );
    Ok(())
}

fn usual() -> anyhow::Result<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set("VENTANILLA_DATA") {
        return Ok(path);
    }
    // Under /root the server's account could not reach its data.
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/ventanilla"));
    }
    match (set("XDG_DATA_HOME"), set("HOME")) {
        (Some(data), _) => Ok(data.join("ventanilla")),
        (None, Some(home)) => Ok(home.join(".local/share/ventanilla")),
        (None, None) => bail!("this account has no home folder: name a data folder with --data"),
    }
}

/// What a failed file operation on the folder means to its user.
pub fn unusable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let path = path.display();
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            anyhow::anyhow!("the disk that holds {path} is full: free some space and start again")
        }
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            anyhow::anyhow!(
                "{path} may not be written by this user: correct its owner, or choose another folder with --data"
            )
        }
        _ => anyhow::anyhow!("{path} cannot be used ({error}): choose another folder with --data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("ventanilla-folder-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn an_absent_folder_is_made_and_found_again() {
        let place = Place::new("absent");
        let made = DataFolder::open(Some(&place.0.join("deep/inside"))).unwrap();
        let again = DataFolder::open(Some(made.path())).unwrap();
        assert_eq!(made.path(), again.path());
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let place = Place::new("foreign");
        fs::create_dir_all(&place.0).unwrap();
        fs::write(place.0.join("thesis.txt"), "mine").unwrap();
        let error = DataFolder::open(Some(&place.0)).unwrap_err().to_string();
        assert!(error.contains("thesis.txt") && error.contains("--data"), "{error}");
    }

    #[test]
    fn a_newer_layout_is_refused() {
        let place = Place::new("newer");
        let folder = DataFolder::open(Some(&place.0)).unwrap();
        fs::write(folder.at(MARK), r#"{"what":"ventanilla data folder","layout":99}"#).unwrap();
        let error = DataFolder::open(Some(&place.0)).unwrap_err().to_string();
        assert!(error.contains("newer"), "{error}");
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let place = Place::new("file");
        fs::write(&place.0, "").unwrap();
        let error = DataFolder::open(Some(&place.0)).unwrap_err().to_string();
        assert!(error.contains("not a folder"), "{error}");
        fs::remove_file(&place.0).unwrap();
    }

    #[test]
    fn only_one_suite_at_a_time() {
        let place = Place::new("lock");
        let folder = DataFolder::open(Some(&place.0)).unwrap();
        let running = Running { pid: 4711, services: BTreeMap::new(), database: String::new() };
        folder.note_running(&running).unwrap();
        assert!(folder.running().is_none(), "a note without a lock is that of a killed suite");
        let held = folder.lock().unwrap();
        let error = folder.lock().unwrap_err().to_string();
        assert!(error.contains("4711") && error.contains("--data"), "{error}");
        assert_eq!(folder.running().map(|running| running.pid), Some(4711));
        drop(held);
        folder.lock().unwrap();
    }

    #[test]
    fn a_secret_is_made_once_and_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = Place::new("secret");
        let folder = DataFolder::open(Some(&place.0)).unwrap();
        folder.private("keys").unwrap();
        let first = folder.secret("keys/a", || Ok(b"one".to_vec())).unwrap();
        let second = folder.secret("keys/a", || Ok(b"two".to_vec())).unwrap();
        assert_eq!((first.as_slice(), second.as_slice()), (&b"one"[..], &b"one"[..]));
        assert_eq!(fs::metadata(folder.at("keys/a")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

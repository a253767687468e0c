//! Where the machine keeps its Postgres.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;

/// The oldest major version that is supported.
pub(super) const OLDEST: u32 = 15;

/// A folder with `postgres` and `initdb` of one version.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    folder: PathBuf,
    pub(super) version: u32,
}

impl Binaries {
    /// The binaries for a data folder of version `wanted`, or the newest when it is yet to be made.
    pub(super) fn find(wanted: Option<&str>, home: &Path) -> Result<Self, ClusterError> {
        let found: Vec<Self> = candidates().into_iter().filter_map(Self::at).collect();
        choose(found, wanted, home)
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder, version })
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// `pg_basebackup`, which stands beside the server itself, where that is found by a link.
    pub(super) fn base_backup(&self) -> PathBuf {
        let server = fs::canonicalize(self.postgres()).unwrap_or_else(|_| self.postgres());
        let beside = server.parent().unwrap_or(&self.folder).join("pg_basebackup");
        if beside.is_file() { beside } else { self.folder.join("pg_basebackup") }
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }
}

fn choose(found: Vec<Binaries>, wanted: Option<&str>, home: &Path) -> Result<Binaries, ClusterError> {
    let newest = found.iter().map(|binaries| binaries.version).max();
    let chosen = match wanted {
        Some(wanted) => found.into_iter().find(|binaries| binaries.version.to_string() == wanted),
        None => found.into_iter().filter(|b| b.version >= OLDEST).max_by_key(|b| b.version),
    };
    match (chosen, newest, wanted) {
        (Some(binaries), _, _) => Ok(binaries),
        (None, None, _) => Err(ClusterError::NoBinaries),
        (None, Some(_), Some(wanted)) => {
            Err(ClusterError::OtherVersion { home: home.to_owned(), wanted: wanted.to_owned() })
        }
        (None, Some(found), None) => Err(ClusterError::TooOld { found }),
    }
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    let below = |root: &str, bin: &str| -> Vec<PathBuf> {
        fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path().join(bin)).collect()
    };
    folders.extend(below("/usr/lib/postgresql", "bin"));
    folders.extend(
        below("/opt/homebrew/opt", "bin").into_iter().filter(|path| path.to_string_lossy().contains("postgresql")),
    );
    folders.extend(
        ["/usr/pgsql-18/bin", "/usr/pgsql-17/bin", "/usr/pgsql-16/bin", "/usr/pgsql-15/bin"].map(PathBuf::from),
    );
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    folders
}

/// The major version in `postgres (PostgreSQL) 15.4 (Debian …)`.
fn major(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(versions: &[u32]) -> Vec<Binaries> {
        versions.iter().map(|version| Binaries { folder: PathBuf::new(), version: *version }).collect()
    }

    #[test]
    fn reads_the_version_in_all_its_spellings() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major(""), None);
    }

    #[test]
    fn a_new_folder_gets_the_newest_and_an_old_one_its_own() {
        let home = Path::new("/data");
        assert_eq!(choose(installed(&[15, 17, 16]), None, home).unwrap().version, 17);
        assert_eq!(choose(installed(&[15, 17, 16]), Some("15"), home).unwrap().version, 15);
    }

    #[test]
    fn what_is_missing_is_said_with_its_cure() {
        let home = Path::new("/data");
        let none = choose(installed(&[]), None, home).unwrap_err().to_string();
        assert!(none.contains("install") && none.contains("VENTANILLA_DATABASE_URL"), "{none}");
        let old = choose(installed(&[13]), None, home).unwrap_err().to_string();
        assert!(old.contains("13") && old.contains("15"), "{old}");
        let other = choose(installed(&[17]), Some("15"), home).unwrap_err().to_string();
        assert!(other.contains("/data") && other.contains("Postgres 15"), "{other}");
    }
}

//! What can go wrong, each in one sentence that ends in a cure.

use std::io;
use std::path::{Path, PathBuf};

/// Why a private Postgres did not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No binaries anywhere.
    #[error(
        "no Postgres was found in PATH, in /usr/lib/postgresql or by pg_config: install version 15 or newer \
         (Debian and Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; \
         macOS: brew install postgresql@17), or set VENTANILLA_DATABASE_URL to a server you run"
    )]
    NoBinaries,
    /// Binaries, but of an unsupported version.
    #[error(
        "Postgres {found} is installed, 15 or newer is needed: install it, or set VENTANILLA_DATABASE_URL to a server you run"
    )]
    TooOld {
        /// The newest major version found.
        found: u32,
    },
    /// The data folder belongs to a version that is not installed.
    #[error(
        "the data in {} was made by Postgres {wanted}, which is not installed: install Postgres {wanted}, \
         or start on another folder with --data", home.display()
    )]
    OtherVersion {
        /// The cluster's folder.
        home: PathBuf,
        /// The major version that made it.
        wanted: String,
    },
    /// Something in the folder that we did not put there.
    #[error(
        "{} is not a folder of this suite ({} stands in it): choose an empty or new one with --data",
        home.display(), what.display()
    )]
    Foreign {
        /// The cluster's folder.
        home: PathBuf,
        /// What stands in it.
        what: PathBuf,
    },
    /// Another process owns the folder.
    #[error("another process is using {}: stop it first, or start on another folder with --data", home.display())]
    Held {
        /// The cluster's folder.
        home: PathBuf,
    },
    /// Root, and no account to lend.
    #[error(
        "Postgres does not run as root and this machine has neither a user postgres nor nobody: start as an ordinary user"
    )]
    NoAccount,
    /// Root, and the lent account cannot get to the folder.
    #[error(
        "Postgres runs as user {account} when started by root, and {account} may not pass {} on the way to {}: \
         choose a folder under /var/lib or /tmp with --data, or start as an ordinary user",
        folder.display(), home.display()
    )]
    OutOfReach {
        /// The cluster's folder.
        home: PathBuf,
        /// The folder above it that bars the way.
        folder: PathBuf,
        /// The account.
        account: String,
    },
    /// The port is in use.
    #[error("port {port} is taken: stop what listens there, or choose another port")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// No space.
    #[error("the disk that holds {} is full: free some space and start again; nothing that was confirmed is lost", home.display())]
    DiskFull {
        /// The cluster's folder.
        home: PathBuf,
    },
    /// No permission.
    #[error("{} may not be written by this user: correct its owner, or start on another folder with --data", path.display())]
    NotWritable {
        /// What may not be written.
        path: PathBuf,
    },
    /// Shared memory of a killed server is still attached.
    #[error("processes of a killed Postgres still use {}: they end within seconds, start again then", home.display())]
    StillInUse {
        /// The cluster's folder.
        home: PathBuf,
    },
    /// Anything else the server said.
    #[error("Postgres did not start ({said}): the whole story is in {}", log.display())]
    Refused {
        /// Its last FATAL or PANIC line.
        said: String,
        /// Its log.
        log: PathBuf,
    },
    /// It runs, and does not accept connections.
    #[error("Postgres was not ready after {seconds} s: see {}", log.display())]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// Its log.
        log: PathBuf,
    },
    /// It outlives every signal.
    #[error("Postgres (pid {pid}) does not stop: end it by hand with kill -9 {pid}")]
    WillNotStop {
        /// The process.
        pid: u32,
    },
    /// A copy of a cluster that was not made.
    #[error("{} did not copy ({said}): see that there is room and that pg_basebackup is installed beside the server", program.display())]
    NotCopied {
        /// What was run.
        program: PathBuf,
        /// The last thing it said.
        said: String,
    },
    /// A path with letters that a shell reads.
    #[error("{} cannot stand in a command of Postgres: choose a folder without quotes, dollar and percent signs", path.display())]
    Unspeakable {
        /// The path.
        path: PathBuf,
    },
    /// Any other trouble with a file.
    #[error("{} cannot be used ({source}): check the folder, or choose another with --data", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ClusterError {
    pub(super) fn at(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { home: path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NotWritable { path },
            _ => Self::Io { path, source },
        }
    }

    /// Reads the cause out of what initdb or the server wrote (in English: they run with LC_ALL=C).
    pub(super) fn from_log(text: &str, home: &Path, port: u16) -> Self {
        let home = home.to_owned();
        if text.contains("No space left on device") {
            Self::DiskFull { home }
        } else if text.contains("Address already in use") || text.contains("could not create any TCP/IP sockets") {
            Self::PortTaken { port }
        } else if text.contains("is still in use") {
            Self::StillInUse { home }
        } else if text.contains("Permission denied") || text.contains("Read-only file system") {
            Self::NotWritable { path: home }
        } else {
            let telling = |line: &&str| line.contains("FATAL") || line.contains("PANIC") || line.contains("error:");
            let line = text.lines().rev().find(telling).or_else(|| text.lines().last()).unwrap_or("no word from it");
            let said = line.rsplit(":  ").next().unwrap_or(line).trim().to_owned();
            Self::Refused { said, log: home.join("postgres.log") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> ClusterError {
        ClusterError::from_log(text, Path::new("/data"), 5432)
    }

    #[test]
    fn knows_the_causes_that_have_a_cure() {
        assert!(matches!(
            from("PANIC:  could not write to file: No space left on device"),
            ClusterError::DiskFull { .. }
        ));
        assert!(matches!(
            from(
                "LOG:  could not bind IPv4 address: Address already in use\nFATAL:  could not create any TCP/IP sockets"
            ),
            ClusterError::PortTaken { port: 5432 }
        ));
        assert!(matches!(
            from("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use"),
            ClusterError::StillInUse { .. }
        ));
        assert!(matches!(from("initdb: error: could not create: Permission denied"), ClusterError::NotWritable { .. }));
    }

    #[test]
    fn quotes_the_servers_own_words_for_the_rest() {
        let error = from("2026 [1] LOG:  starting\n2026 [1] FATAL:  data directory \"/data\" has wrong ownership\n")
            .to_string();
        assert!(error.contains("has wrong ownership") && error.contains("/data/postgres.log"), "{error}");
    }
}

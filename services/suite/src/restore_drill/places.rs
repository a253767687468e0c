//! What lies where. Only `before/postgres` is destroyed: keys, checkpoints and the journal of erasures lie elsewhere, as they
//! should in a house that hopes to see the morning.
//!
//! ```text
//! acknowledged.jsonl   what callers were told was done
//! before/              the suite's data folder
//! archive/             WAL
//! backup/              the base backup
//! months/              archived months of ledgers
//! after/               the restored suite's data folder
//! report.json
//! ```

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// The folder of one drill.
pub struct Places(PathBuf);

impl Places {
    /// A new or empty folder: the one named, or one among the temporary ones.
    pub fn make(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("ventanilla-drill-{}", std::process::id())),
        };
        // Passable for others: as root the database server runs under another account.
        let made = fs::DirBuilder::new().mode(0o711).recursive(true).create(&path);
        made.with_context(|| format!("{} cannot be made", path.display()))?;
        let path = path.canonicalize()?;
        let something = fs::read_dir(&path).with_context(|| format!("{} cannot be read", path.display()))?.next();
        ensure!(something.is_none(), "{} is not empty: a drill begins in a folder of its own", path.display());
        Ok(Self(path))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// What callers were told was done.
    pub fn acknowledged(&self) -> PathBuf {
        self.0.join("acknowledged.jsonl")
    }

    /// The suite that is destroyed.
    pub fn before(&self) -> PathBuf {
        self.0.join("before")
    }

    /// Where WAL is archived.
    pub fn archive(&self) -> PathBuf {
        self.0.join("archive")
    }

    /// The base backup.
    pub fn backup(&self) -> PathBuf {
        self.0.join("backup")
    }

    /// Where archived months of ledgers are.
    pub fn months(&self) -> PathBuf {
        self.0.join("months")
    }

    /// The suite that is restored.
    pub fn after(&self) -> PathBuf {
        self.0.join("after")
    }

    /// The report.
    pub fn report(&self) -> PathBuf {
        self.0.join("report.json")
    }

    /// Size of the base backup.
    pub fn backup_bytes(&self) -> anyhow::Result<u64> {
        bytes(&self.backup())
    }

    /// Size of the archived WAL.
    pub fn archive_bytes(&self) -> anyhow::Result<u64> {
        bytes(&self.archive())
    }

    /// Deletes all of it.
    pub fn discard(self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        let meta = entry.metadata()?;
        sum += if meta.is_dir() { bytes(&entry.path())? } else { meta.len() };
    }
    Ok(sum)
}

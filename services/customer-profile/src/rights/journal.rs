//! Erasures, written down outside the database: a restored backup brings back who was erased after it was made, and the
//! journal takes them away again before anybody is served.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use customer_profile_domain::ErasureGround;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Name of its file, beside the checkpoints.
pub const JOURNAL: &str = "customer-profile.erasures.jsonl";

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Its file.
    #[error("the journal of erasures {path} cannot be used")]
    File {
        /// Where it is.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line in it.
    #[error("line {line} of the journal of erasures {path} cannot be read; restore the file, or an erasure is lost")]
    Line {
        /// Where it is.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
    },
}

/// One erasure: ids alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Its id.
    pub erasure: Uuid,
    /// The customer that was erased.
    pub customer: Uuid,
    /// Every customer id of the person.
    pub ids: Vec<Uuid>,
    /// Word of the ground.
    pub ground: String,
    /// When it was granted.
    pub asked_at: Timestamp,
}

impl Line {
    /// The ground; what nobody can read any more was a duty.
    pub(crate) fn ground(&self) -> ErasureGround {
        ErasureGround::stored(&self.ground).unwrap_or(ErasureGround::LegalDuty)
    }
}

/// The journal. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
    written: Arc<Mutex<BTreeSet<Uuid>>>,
}

impl Journal {
    /// Opens the journal in `folder`, where the checkpoints are, and reads what is in it. A last line without an end was torn
    /// by a crash, and is cut away: its erasure is in the database, and is written again.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Vec<Line>), JournalError> {
        let path = folder.join(JOURNAL);
        let at = |source| JournalError::File { path: path.clone(), source };
        std::fs::create_dir_all(folder).map_err(at)?;
        let (mut lines, mut whole) = (Vec::new(), 0);
        match File::open(&path) {
            Ok(file) => {
                let mut reader = BufReader::new(file);
                let mut text = String::new();
                for number in 1.. {
                    text.clear();
                    let read = reader.read_line(&mut text).map_err(at)?;
                    if !text.ends_with('\n') {
                        break;
                    }
                    let line = serde_json::from_str::<Line>(&text);
                    lines.push(line.map_err(|_| JournalError::Line { path: path.clone(), line: number })?);
                    whole += read as u64;
                }
                OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(whole)).map_err(at)?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(at(error)),
        }
        let written = lines.iter().map(|line| line.erasure).collect();
        Ok((Self { path, written: Arc::new(Mutex::new(written)) }, lines))
    }

    /// Adds a line, on the disk when this returns; one that is there is not added again.
    pub(crate) async fn add(&self, line: Line) -> Result<(), JournalError> {
        let (journal, path) = (self.clone(), self.path.clone());
        let added = tokio::task::spawn_blocking(move || journal.add_now(&line)).await;
        added.map_err(|error| JournalError::File { path, source: error.into() })?
    }

    fn add_now(&self, line: &Line) -> Result<(), JournalError> {
        let at = |source| JournalError::File { path: self.path.clone(), source };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.contains(&line.erasure) {
            return Ok(());
        }
        let mut text = serde_json::to_vec(line).map_err(|error| at(error.into()))?;
        text.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path).map_err(at)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(at)?;
        written.insert(line.erasure);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read_back_without_the_line_that_a_crash_tore() {
        let folder = std::env::temp_dir().join(format!("ventanilla-journal-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let line = |id: u128| Line {
            erasure: Uuid::from_u128(id),
            customer: Uuid::from_u128(id + 100),
            ids: vec![Uuid::from_u128(id + 100)],
            ground: "objection".to_owned(),
            asked_at: Timestamp::UNIX_EPOCH,
        };
        let (journal, lines) = Journal::open(&folder).unwrap();
        assert_eq!(lines, []);
        journal.add_now(&line(1)).unwrap();
        journal.add_now(&line(1)).unwrap();
        journal.add_now(&line(2)).unwrap();
        let path = folder.join(JOURNAL);
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"{\"erasure\":\"0000").unwrap();
        let (journal, lines) = Journal::open(&folder).unwrap();
        assert_eq!(lines, [line(1), line(2)]);
        journal.add_now(&line(3)).unwrap();
        assert_eq!(Journal::open(&folder).unwrap().1, [line(1), line(2), line(3)]);
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(matches!(Journal::open(&folder), Err(JournalError::Line { line: 1, .. })));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

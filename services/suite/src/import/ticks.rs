//! Which cases are loaded: one line each in a file of the data folder, added when a case is wholly
//! there.
//!
//! A line names the case *with its events*, so that a case which has changed in a later file is
//! loaded again.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::load::NAMESPACE;
use super::read::Case;
use crate::data_folder::{DataFolder, unusable};

/// The cases that are loaded.
pub struct Ticks {
    before: HashSet<Uuid>,
    file: Mutex<File>,
}

impl Ticks {
    /// Those of this data folder.
    pub fn open(folder: &DataFolder) -> anyhow::Result<Self> {
        let path = folder.private("import")?.join("loaded");
        let text = fs::read_to_string(&path).unwrap_or_default();
        // A line cut short by a crash is none; its case is loaded again.
        let before = text.lines().filter_map(|line| line.parse().ok()).collect();
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(|error| unusable(&path, &error))?;
        if !text.is_empty() && !text.ends_with('\n') {
            (&file).write_all(b"\n")?;
        }
        Ok(Self { before, file: Mutex::new(file) })
    }

    /// Whether the case was loaded before this run, as it is.
    pub fn has(&self, case: &Case) -> bool {
        self.before.contains(&fingerprint(case))
    }

    /// Notes that the case is loaded.
    pub fn note(&self, case: &Case) -> std::io::Result<()> {
        let line = format!("{}\n", fingerprint(case));
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
    }
}

/// The case with its events, as one id.
pub(super) fn fingerprint(case: &Case) -> Uuid {
    let mut text = case.id.clone();
    for event in &case.events {
        text.push_str(&format!("\u{1e}{}\u{1f}{}", event.at, event.activity));
    }
    Uuid::new_v5(&NAMESPACE, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::read::Event;
    use super::*;

    fn case(activity: &str) -> Case {
        let at = "2010-04-01T00:00:00Z".parse().unwrap();
        Case { id: "1-36".to_owned(), events: vec![Event { activity: activity.to_owned(), at }] }
    }

    #[test]
    fn a_loaded_case_is_known_at_the_next_run_until_it_changes() {
        let path = std::env::temp_dir().join(format!("ventanilla-ticks-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let folder = DataFolder::open(Some(&path)).unwrap();
        let ticks = Ticks::open(&folder).unwrap();
        assert!(!ticks.has(&case("1")));
        ticks.note(&case("1")).unwrap();
        // A crash in the middle of the next line.
        fs::OpenOptions::new().append(true).open(folder.at("import/loaded")).unwrap().write_all(b"3f2a").unwrap();

        let ticks = Ticks::open(&folder).unwrap();
        assert!(ticks.has(&case("1")));
        assert!(!ticks.has(&case("2")));
        ticks.note(&case("2")).unwrap();
        assert!(Ticks::open(&folder).unwrap().has(&case("2")));
        fs::remove_dir_all(&path).unwrap();
    }
}

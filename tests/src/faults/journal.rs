//! What was asked and what was acknowledged, kept in a file of the driver: outside Postgres, and in
//! the one process that is never killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::service::Service;

/// Kinds of effect that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// IngestSourceRecord.
    Record,
    /// RecordInteraction.
    Interaction,
    /// CreateTicket.
    Ticket,
    /// AddMessage.
    Message,
    /// MakePromise.
    Promise,
    /// StartTicket, which carries no words of the caller.
    Start,
    /// HoldTicket and ResumeTicket.
    Transition,
    /// OpenCase.
    Case,
}

impl Kind {
    /// Who does it.
    pub const fn service(self) -> Service {
        match self {
            Self::Record | Self::Interaction => Service::CustomerProfile,
            Self::Ticket | Self::Message | Self::Promise | Self::Start | Self::Transition => Service::Ticketing,
            Self::Case => Service::OmbudsmanEscalation,
        }
    }
}

/// One effect that is wanted: named by a mark that is written into what it makes, whatever
/// `request_id` each try of it carries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wish {
    /// Kind.
    pub kind: Kind,
    /// The mark.
    pub mark: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
enum Line {
    Asked { wish: Wish, request_id: Uuid },
    Acknowledged { wish: Wish, request_id: Uuid, resource: String },
    Refused { wish: Wish, request_id: Uuid, code: String, reason: String },
}

/// The file.
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// A new journal in `folder`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("journal.jsonl");
        let file = OpenOptions::new().create_new(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    /// Notes, before it is sent, that a wish goes out under this `request_id`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn asked(&self, wish: &Wish, request_id: Uuid) -> anyhow::Result<()> {
        self.write(&Line::Asked { wish: wish.clone(), request_id })
    }

    /// Notes that a wish was acknowledged, and by which resource.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn acknowledged(&self, wish: &Wish, request_id: Uuid, resource: &str) -> anyhow::Result<()> {
        self.write(&Line::Acknowledged { wish: wish.clone(), request_id, resource: resource.to_owned() })
    }

    /// Notes that a wish was refused for good.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn refused(&self, wish: &Wish, request_id: Uuid, code: &str, reason: &str) -> anyhow::Result<()> {
        self.write(&Line::Refused { wish: wish.clone(), request_id, code: code.to_owned(), reason: reason.to_owned() })
    }

    fn write(&self, line: &Line) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&bytes).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Reads it all back.
    ///
    /// # Errors
    /// When the file cannot be read or holds a line that is none of ours.
    pub fn read(&self) -> anyhow::Result<Record> {
        let text = std::fs::read_to_string(&self.path)?;
        let mut record = Record::default();
        for line in text.lines() {
            match serde_json::from_str(line)? {
                Line::Asked { wish, request_id } => {
                    record.asked.entry(wish).or_default().insert(request_id);
                }
                Line::Acknowledged { wish, request_id, resource } => {
                    record.acknowledged.insert(wish, (request_id, resource));
                }
                Line::Refused { wish, code, reason, .. } => record.refused.push((wish, code, reason)),
            }
        }
        Ok(record)
    }
}

/// What the journal says.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Every wish that went out, with the `request_id`s it went out under.
    pub asked: BTreeMap<Wish, BTreeSet<Uuid>>,
    /// What was acknowledged: under which id, by which resource.
    pub acknowledged: BTreeMap<Wish, (Uuid, String)>,
    /// What was refused for good: wish, code, reason.
    pub refused: Vec<(Wish, String, String)>,
}

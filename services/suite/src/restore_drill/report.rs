//! What the drill came to.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;

use super::places::Places;
use super::verdict::{Forgetting, Held, Writes};

/// Names that are told to a person; the file has all.
const NAMED: usize = 10;

/// What was measured.
pub struct Facts {
    /// The instant that was gone back to.
    pub point: Timestamp,
    /// When the database was destroyed.
    pub destroyed: Timestamp,
    /// When the archive last took something before.
    pub archived: Option<Timestamp>,
    /// Bytes of base backup and of archived WAL.
    pub bytes: (u64, u64),
    /// How long the base backup took.
    pub backed_up: Duration,
    /// How long copying it took.
    pub copied: Duration,
    /// How long rolling forward took, to the first connection.
    pub rolled_forward: Duration,
    /// How long the services took until all answered, erasures included.
    pub started: Duration,
    /// From the destruction until then.
    pub recovered: Duration,
}

/// The report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether all is as it should be.
    pub holds: bool,
    point: Timestamp,
    destroyed: Timestamp,
    /// How much of the past is gone.
    rpo: Rpo,
    /// How long nobody was served.
    rto: Rto,
    writes: Writes,
    erasure: Forgetting,
    ledgers: Vec<Held>,
}

/// See [`Report::rpo`].
#[derive(Debug, Serialize)]
struct Rpo {
    /// From the point that was chosen to the destruction.
    chosen_seconds: f64,
    /// From what the archive last took to the destruction: what could not have been had back at all.
    archive_seconds: Option<f64>,
    /// Acknowledged writes that are gone.
    gone_writes: usize,
}

/// See [`Report::rto`].
#[derive(Debug, Serialize)]
struct Rto {
    seconds: f64,
    seconds_per_gigabyte: f64,
    base_backup_bytes: u64,
    archived_wal_bytes: u64,
    copying_seconds: f64,
    rolling_forward_seconds: f64,
    starting_seconds: f64,
    base_backup_seconds: f64,
}

impl Report {
    /// Of what was measured and judged.
    pub fn of(facts: Facts, writes: Writes, erasure: Forgetting, ledgers: Vec<Held>) -> Self {
        let holds = writes.lost.is_empty()
            && writes.kept > 0
            && erasure.holds
            && ledgers.iter().all(|ledger| ledger.fault.is_none());
        let until = |from: Timestamp| facts.destroyed.duration_since(from).as_secs_f64();
        let gigabytes = (facts.bytes.0 + facts.bytes.1) as f64 / 1e9;
        Self {
            holds,
            point: facts.point,
            destroyed: facts.destroyed,
            rpo: Rpo {
                chosen_seconds: until(facts.point),
                archive_seconds: facts.archived.map(until),
                gone_writes: writes.gone.len(),
            },
            rto: Rto {
                seconds: facts.recovered.as_secs_f64(),
                seconds_per_gigabyte: facts.recovered.as_secs_f64() / gigabytes.max(f64::MIN_POSITIVE),
                base_backup_bytes: facts.bytes.0,
                archived_wal_bytes: facts.bytes.1,
                copying_seconds: facts.copied.as_secs_f64(),
                rolling_forward_seconds: facts.rolled_forward.as_secs_f64(),
                starting_seconds: facts.started.as_secs_f64(),
                base_backup_seconds: facts.backed_up.as_secs_f64(),
            },
            writes,
            erasure,
            ledgers,
        }
    }

    /// Writes the whole of it into the drill's folder, and on standard output for a program or for a person.
    pub fn tell(&self, places: &Places, json: bool) -> anyhow::Result<()> {
        let path = places.report();
        let whole = serde_json::to_vec_pretty(self)?;
        std::fs::write(&path, whole).with_context(|| format!("{} cannot be written", path.display()))?;
        let mut out = std::io::stdout().lock();
        if json {
            serde_json::to_writer(&mut out, self)?;
            out.write_all(b"\n")?;
        } else {
            self.in_words(&mut out)?;
        }
        out.flush()?;
        Ok(())
    }

    fn in_words(&self, mut out: impl std::io::Write) -> std::io::Result<()> {
        let (rto, writes) = (&self.rto, &self.writes);
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        writeln!(
            out,
            "went back to {}, {:.1} s before the database was destroyed",
            self.point, self.rpo.chosen_seconds
        )?;
        writeln!(
            out,
            "RTO {:.1} s ({:.1} s a GB): copying {:.1}, rolling forward {:.1}, starting {:.1}; base backup {:.2} GB in {:.1} s, WAL {:.2} GB",
            rto.seconds,
            rto.seconds_per_gigabyte,
            rto.copying_seconds,
            rto.rolling_forward_seconds,
            rto.starting_seconds,
            gigabytes(rto.base_backup_bytes),
            rto.base_backup_seconds,
            gigabytes(rto.archived_wal_bytes)
        )?;
        if let Some(behind) = self.rpo.archive_seconds {
            writeln!(out, "RPO {behind:.1} s: what came later had not reached the archive")?;
        }
        writeln!(
            out,
            "writes: {} acknowledged; {} by the point and there, {} by the point and LOST, {} after it and gone, {} after it and there",
            writes.acknowledged,
            writes.kept,
            writes.lost.len(),
            writes.gone.len(),
            writes.spared
        )?;
        for (what, list) in [("lost", &writes.lost), ("gone", &writes.gone)] {
            for write in list.iter().take(NAMED) {
                writeln!(out, "  {what}  {}  {}", write.at, write.resource)?;
            }
            if list.len() > NAMED {
                writeln!(out, "  {what}  and {} more, all named in the report", list.len() - NAMED)?;
            }
        }
        let erasure = &self.erasure;
        if erasure.holds {
            writeln!(
                out,
                "erasure: the backup brought the person back; they were erased again before anybody was answered"
            )?;
        } else {
            writeln!(
                out,
                "erasure: NOT repeated (shown as {}; brought back in {} tables, left in {})",
                erasure.answered,
                erasure.brought_back.len(),
                erasure.left.join(", ")
            )?;
        }
        for ledger in &self.ledgers {
            let state = ledger.fault.as_deref().unwrap_or("intact");
            writeln!(
                out,
                "{:<22}{state}: {} entries, {} months of them archived, against {} checkpoints; signed and gone: {:?}",
                ledger.ledger, ledger.entries, ledger.archived_months, ledger.checkpoints, ledger.signed_and_gone
            )?;
        }
        writeln!(out, "{}", if self.holds { "the drill holds" } else { "the drill FAILED" })
    }
}

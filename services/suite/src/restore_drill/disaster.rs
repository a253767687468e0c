//! Backing up, destroying, restoring.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use kernel::Ambient;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};

use crate::suite::Suite;

use super::places::Places;

/// How long WAL may take to the archive.
const ARCHIVED: Duration = Duration::from_secs(120);
/// How long processes of a killed server may take to end.
const ORPHANS: Duration = Duration::from_secs(20);

/// Takes the base backup of the running suite, and says how long it took.
pub async fn back_up(suite: &Suite, places: &Places) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let cluster = suite.cluster().context("the drill has a server of its own")?;
    let into = places.backup();
    tokio::task::block_in_place(|| cluster.back_up(&into))?;
    Ok(began.elapsed())
}

/// Waits until what was committed at `point` is archived, and says when the archive last took something.
pub async fn until_archived(suite: &Suite, point: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    let mut admin = PgConnection::connect(suite.database_url()).await?;
    let deadline = Instant::now() + ARCHIVED;
    // A segment that was begun after the point holds a commit after it, where the rolling forward may stop.
    let (at_point,): (String,) =
        sqlx::query_as("select pg_walfile_name(pg_current_wal_lsn())").fetch_one(&mut admin).await?;
    loop {
        let (last, at): (Option<String>, Option<jiff_sqlx::Timestamp>) =
            sqlx::query_as("select last_archived_wal, last_archived_time from pg_stat_archiver")
                .fetch_one(&mut admin)
                .await?;
        let at = at.map(|at| at.to_jiff());
        if last.is_some_and(|last| last >= at_point) && at.is_some_and(|at| at > point) {
            admin.close().await?;
            return Ok(at);
        }
        if Instant::now() > deadline {
            bail!("WAL of {point} was not archived in {ARCHIVED:?}: look into the server's log");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Kills the database server under the running services and deletes all that it had.
pub async fn destroy(suite: Suite, places: &Places, ambient: &Ambient) -> anyhow::Result<Timestamp> {
    let pid = suite.cluster().map_or(0, postgres::cluster::Cluster::pid);
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).context("the server has no process")?;
    kill_process(pid, Signal::KILL).context("the server cannot be killed")?;
    let destroyed = ambient.now();
    // The services lose what they stand on.
    suite.abandon().await;
    let data = places.before().join("postgres");
    let deadline = Instant::now() + ORPHANS;
    // Backends of a killed server take a moment to notice, and write until then.
    while let Err(error) = fs::remove_dir_all(&data) {
        let deleted = Instant::now() < deadline;
        anyhow::ensure!(deleted, "{} cannot be deleted: {error}", data.display());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(destroyed)
}

/// Makes a new data folder of the base backup, to be rolled forward to the point, with the keys and the journal of erasures
/// that were kept elsewhere; says how long it took.
pub async fn restore(places: &Places, without_erasures: bool, point: Timestamp) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let (before, after) = (places.before(), places.after());
    let folder = crate::data_folder::DataFolder::open(Some(&after))?;
    for kept in ["keys", "passwords"] {
        copy(&before.join(kept), &folder.private(kept)?)?;
    }
    let checkpoints = folder.private("checkpoints")?;
    // The old checkpoints stay where they are, as evidence of what was lost; new ones begin beside them.
    let journal = before.join("checkpoints").join(customer_profile::JOURNAL);
    if !without_erasures {
        let to = checkpoints.join(customer_profile::JOURNAL);
        fs::copy(&journal, to).with_context(|| format!("{} cannot be copied", journal.display()))?;
    }
    // What tells of archived months is where the restored ledgers begin.
    for kept in fs::read_dir(before.join("checkpoints"))? {
        let (path, name) = kept.map(|kept| (kept.path(), kept.file_name()))?;
        if name.to_string_lossy().ends_with(".months.jsonl") {
            fs::copy(&path, checkpoints.join(name)).with_context(|| format!("{} cannot be copied", path.display()))?;
        }
    }
    let (home, backup, archive) = (after.join("postgres"), places.backup(), places.archive());
    tokio::task::block_in_place(|| postgres::cluster::restore(&home, &backup, &archive, point))?;
    Ok(began.elapsed())
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("{} cannot be read", from.display()))? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

//! Months go out of the ledger: written, read back, signed, and only then let go.
//!
//! ```text
//! file (.part, then its name) -> read back against chain and checkpoints -> manifest beside the file -> manifest beside the checkpoints
//!   -> one transaction: what is kept, the partition leaves the ledger, the month is archived -> seven days later: the table is dropped
//! ```
//!
//! Whatever is cut off before the transaction is done again by the next run; after it nothing is left to do. A reader sees an entry in the
//! ledger or among what is kept, never in both and never in neither.

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use futures::TryStreamExt as _;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError, Tx};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Executor, PgExecutor, Row as _};

use super::file::Writing;
use super::{
    ArchiveError, Kept, KeptDigest, KeptEntry, Manifest, MonthFile, file_name, manifests_of, note, read, written,
};
use crate::checkpoint::{self, Checkpoint};
use crate::rows::{EntryRow, entry_columns};
use crate::verify::{Fault, Verifier, exported};

/// How long the ledger is waited for. Who waits for it has everybody behind it.
const PATIENCE: &str = "savepoint leaving; set local lock_timeout = '800ms'";
/// How often it is tried whose lock others hold, and what lies between two tries: a minute and more.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_secs(1);
/// Rows that are written together.
const BATCH: usize = 5_000;
/// How long a table stays beside the ledger after its month was archived.
const STAYS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is to be archived, where to, and by whom it is signed.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Name of the ledger.
    pub source: &'a str,
    /// The last month that goes, as its first day.
    pub through: Date,
    /// Where the files go.
    pub folder: &'a Path,
    /// Where the checkpoints are.
    pub checkpoint_dir: &'a Path,
    /// The key that the service signs with.
    pub key: &'a Ed25519KeyPair,
    /// Public keys that signed before it.
    pub former: &'a [Vec<u8>],
    /// What the service goes on asking for.
    pub kept: Kept,
    /// Now.
    pub now: Timestamp,
}

/// A closed month that is in the ledger.
struct Month {
    month: Date,
    first: i64,
    last: i64,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
}

/// What the file of a month says when it is read back.
struct ReadBack {
    sha256: String,
    kept_sha256: String,
    /// Positions that are kept, and whether with their content.
    kept: Vec<(i64, bool)>,
}

impl Order<'_> {
    fn keys(&self) -> Vec<Vec<u8>> {
        let own = self.key.public_key().as_ref().to_vec();
        std::iter::once(own).chain(self.former.iter().cloned()).collect()
    }
}

/// Archives every closed month up to `order.through` that is not yet, oldest first. `db` is the owner's way in. Gives their manifests.
///
/// # Errors
/// [`ArchiveError`], of the first month that could not be archived.
pub async fn archive(db: &Db, order: Order<'_>) -> Result<Vec<Manifest>, ArchiveError> {
    let signed = checkpoint::read(&checkpoint::file_of(order.checkpoint_dir, order.source))?;
    let months = closed(db).await?;
    let mut done = Vec::new();
    for month in months.iter().take_while(|month| month.month <= order.through) {
        may_go(db, order, &signed, month).await?;
        let manifest = outside(db, order, &signed, month).await?;
        done.push(manifest);
    }
    Ok(done)
}

async fn closed(db: &Db) -> Result<Vec<Month>, ArchiveError> {
    let rows = sqlx::query(
        "select month, first_position, last_position, prev_hash, hash from ledger_month
         where last_position is not null and archived_at is null order by first_position",
    );
    let month = |row: &PgRow| -> Result<Month, sqlx::Error> {
        Ok(Month {
            month: row.try_get::<jiff_sqlx::Date, _>("month")?.to_jiff(),
            first: row.try_get("first_position")?,
            last: row.try_get("last_position")?,
            prev_hash: row.try_get("prev_hash")?,
            hash: row.try_get("hash")?,
        })
    };
    Ok(rows.fetch_all(db.reader()).await?.iter().map(month).collect::<Result<_, _>>()?)
}

/// Whether nobody needs the month in the ledger any more, and it is under a signature.
async fn may_go(db: &Db, order: Order<'_>, signed: &[Checkpoint], month: &Month) -> Result<(), ArchiveError> {
    let (name, last) = (written(month.month), month.last);
    let head: i64 = sqlx::query_scalar("select position from ledger_head").fetch_one(db.reader()).await?;
    if head <= last {
        return Err(ArchiveError::Last { month: name });
    }
    if signed.iter().all(|checkpoint| checkpoint.position < last) {
        return Err(ArchiveError::Unsigned { month: name, last });
    }
    for (schema, position) in followers(db, order.source).await? {
        if position < last {
            return Err(ArchiveError::Followed { schema, position, month: name, last });
        }
    }
    Ok(())
}

/// How far every service has applied this ledger whose schema stands in the same database and may be looked at.
async fn followers(db: &Db, source: &str) -> Result<Vec<(String, i64)>, ArchiveError> {
    let schemas: Vec<String> = sqlx::query_scalar(
        "select format('%I', n.nspname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relname = 'ledger_cursor' and c.relkind = 'r'
           and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
         order by 1",
    )
    .fetch_all(db.reader())
    .await?;
    let mut found = Vec::new();
    for schema in schemas {
        let position = format!("select position from {schema}.ledger_cursor where source = $1");
        let position: Option<i64> =
            sqlx::query_scalar(AssertSqlSafe(position)).bind(source).fetch_optional(db.reader()).await?;
        found.extend(position.map(|position| (schema, position)));
    }
    Ok(found)
}

/// Writes, signs, and lets go.
async fn outside(db: &Db, order: Order<'_>, signed: &[Checkpoint], month: &Month) -> Result<Manifest, ArchiveError> {
    let path = order.folder.join(file_name(order.source, month.month));
    let beside_checkpoints = manifests_of(order.checkpoint_dir, order.source);
    let unusable = |source| ArchiveError::File { path: path.clone(), source };
    let mut manifest = Manifest {
        source: order.source.to_owned(),
        month: month.month,
        first_position: month.first,
        last_position: month.last,
        prev_hash: hex::encode(&month.prev_hash),
        hash: hex::encode(&month.hash),
        sha256: String::new(),
        kept_sha256: String::new(),
        signed_at: order.now,
        key_id: String::new(),
        signature: String::new(),
    };
    let known = read(&beside_checkpoints)?.into_iter().rfind(|known| known.month == month.month);
    if known.as_ref().is_some_and(|known| !known.agrees(&manifest)) {
        return Err(ArchiveError::Contradicted { month: written(month.month) });
    }
    // A run that was cut off has written it, or a run before the database was put back.
    let known = known.filter(|known| sha256(&path).is_ok_and(|found| found == known.sha256));
    if known.is_none() {
        write(db, month, &path).await?;
    }
    let back = read_back(order, signed, month, &path)?;
    let manifest = match known {
        Some(known) if known.kept_sha256 == back.kept_sha256 => known,
        _ => {
            (manifest.sha256, manifest.kept_sha256) = (back.sha256, back.kept_sha256);
            manifest.signed(order.key)
        }
    };
    std::fs::create_dir_all(order.checkpoint_dir).map_err(unusable)?;
    note(&manifests_of(order.folder, order.source), &manifest)?;
    note(&beside_checkpoints, &manifest)?;
    let_go(db, order.now, &manifest, &back.kept).await?;
    Ok(manifest)
}

async fn write(db: &Db, month: &Month, path: &Path) -> Result<(), ArchiveError> {
    let unusable = |source| ArchiveError::File { path: path.to_owned(), source };
    let mut file = Writing::begin(path.to_owned()).map_err(unusable)?;
    let mut rows = sqlx::query(concat!(
        "select ",
        entry_columns!(),
        ", null::bytea as salt, null::bytea as personal from ledger l where position between $1 and $2 order by position",
    ))
    .bind(month.first)
    .bind(month.last)
    .fetch(db.reader());
    while let Some(row) = rows.try_next().await? {
        let (prev_hash, hash): (Vec<u8>, Vec<u8>) = (row.try_get("prev_hash")?, row.try_get("hash")?);
        let entry = exported(row.try_get("position")?, EntryRow::read(&row)?, &prev_hash, &hash);
        file.push(&entry).map_err(unusable)?;
    }
    file.finish().map_err(unusable)
}

/// Holds what was written against the chain, the month and the checkpoints.
fn read_back(order: Order<'_>, signed: &[Checkpoint], month: &Month, path: &Path) -> Result<ReadBack, ArchiveError> {
    let unusable = |source| ArchiveError::File { path: path.to_owned(), source };
    let broken = |fault| ArchiveError::Broken { month: written(month.month), fault };
    let altered = || broken(Fault::MonthAltered { month: written(month.month) });
    let before = month.prev_hash.as_slice().try_into().map_err(|_| altered())?;
    let mut verifier = Verifier::new(order.source, signed, &order.keys()).after(month.first - 1, before);
    let (mut digest, mut kept) = (KeptDigest::new(), Vec::new());
    let mut file = MonthFile::open(path).map_err(unusable)?;
    loop {
        let page = file.page().map_err(unusable)?;
        if page.is_empty() {
            break;
        }
        for entry in &page {
            verifier.check(entry);
            if let Some(row) = order.kept.of(entry) {
                kept.push((row.position, row.payload.is_some()));
                digest.push(&row).map_err(unusable)?;
            }
        }
    }
    let stands = verifier.stands();
    if let Some(fault) = verifier.fault() {
        return Err(broken(fault.clone()));
    }
    if stands != (month.last, month.hash.as_slice()) {
        return Err(altered());
    }
    Ok(ReadBack { sha256: file.sha256().map_err(unusable)?, kept_sha256: digest.finish(), kept })
}

/// SHA-256 of a file, hex.
fn sha256(path: &Path) -> std::io::Result<String> {
    MonthFile::open(path)?.sha256()
}

/// In one transaction what is kept is written and the partition leaves the ledger.
async fn let_go(db: &Db, now: Timestamp, manifest: &Manifest, kept: &[(i64, bool)]) -> Result<(), ArchiveError> {
    let (first, last) = (manifest.first_position, manifest.last_position);
    let mut tx = db.tx().await?;
    tx.execute("set local statement_timeout = 0").await?;
    let insert = format!(
        "insert into ledger_kept (position, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department, traceparent,
                                  committed, payload)
         select l.position, l.aggregate, l.type, l.occurred_at, l.recorded_at, l.actor_kind, l.actor_id, l.actor_department, l.traceparent,
                l.commitment is not null, case when k.content then l.payload end
         from unnest($1::bigint[], $2::boolean[]) as k (position, content) join ledger_from_{first} l on l.position = k.position"
    );
    for batch in kept.chunks(BATCH) {
        let (positions, content): (Vec<i64>, Vec<bool>) = batch.iter().copied().unzip();
        sqlx::query(AssertSqlSafe(insert.clone())).bind(positions).bind(content).execute(&mut *tx).await?;
    }
    if kept_sha256(&mut *tx, first, last).await? != manifest.kept_sha256 {
        let month = written(manifest.month);
        return Err(ArchiveError::Broken { fault: Fault::KeptAltered { month: month.clone() }, month });
    }
    leave(&mut tx, first).await?;
    let archived =
        sqlx::query("update ledger_month set archived_at = $1 where first_position = $2 and archived_at is null")
            .bind(now.to_sqlx())
            .bind(first)
            .execute(&mut *tx)
            .await?;
    if archived.rows_affected() != 1 {
        return Err(StoreError::Contended.into());
    }
    tx.commit().await?;
    Ok(())
}

async fn leave(tx: &mut Tx, first: i64) -> Result<(), ArchiveError> {
    let detach = format!("alter table ledger detach partition ledger_from_{first}");
    for _ in 0..TRIES {
        tx.execute(PATIENCE).await?;
        match tx.execute(AssertSqlSafe(detach.clone())).await.map_err(StoreError::from) {
            Ok(_) => return Ok(()),
            Err(StoreError::Contended) => {
                tx.execute("rollback to savepoint leaving").await?;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(ArchiveError::Busy { tries: TRIES })
}

/// SHA-256 of what the database keeps between two positions, hex.
pub(crate) async fn kept_sha256(executor: impl PgExecutor<'_>, first: i64, last: i64) -> Result<String, StoreError> {
    let mut rows = sqlx::query(
        "select position, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department, traceparent, committed, payload
         from ledger_kept where position between $1 and $2 order by position",
    )
        .bind(first)
        .bind(last)
        .fetch(executor);
    let mut digest = KeptDigest::new();
    while let Some(row) = rows.try_next().await? {
        let entry = kept_entry(&row)?;
        digest.push(&entry).map_err(|_| StoreError::corrupt("ledger_kept", "payload", entry.position))?;
    }
    Ok(digest.finish())
}

fn kept_entry(row: &PgRow) -> Result<KeptEntry, sqlx::Error> {
    Ok(KeptEntry {
        position: row.try_get("position")?,
        aggregate: row.try_get("aggregate")?,
        r#type: row.try_get("type")?,
        occurred_at: row.try_get::<jiff_sqlx::Timestamp, _>("occurred_at")?.to_jiff(),
        recorded_at: row.try_get::<jiff_sqlx::Timestamp, _>("recorded_at")?.to_jiff(),
        actor_kind: row.try_get("actor_kind")?,
        actor_id: row.try_get("actor_id")?,
        actor_department: row.try_get::<Option<String>, _>("actor_department")?.unwrap_or_default(),
        traceparent: row.try_get("traceparent")?,
        committed: row.try_get("committed")?,
        payload: row.try_get::<Option<Vec<u8>>, _>("payload")?.map(hex::encode),
    })
}

/// Drops the tables of months that were archived seven days ago or more, each once its file was found to be the one that was signed. Gives the months.
///
/// # Errors
/// [`ArchiveError`]; what was not dropped stays.
pub async fn drop_archived(db: &Db, order: Order<'_>) -> Result<Vec<String>, ArchiveError> {
    let archived: Vec<i64> = sqlx::query_scalar(
        "select first_position from ledger_month m
         where archived_at <= $1 and to_regclass('ledger_from_' || first_position) is not null
           and not exists (select from pg_inherits where inhrelid = to_regclass('ledger_from_' || first_position))
         order by first_position",
    )
    .bind((order.now - STAYS).to_sqlx())
    .fetch_all(db.reader())
    .await?;
    let manifests = read(&manifests_of(order.folder, order.source))?;
    let mut dropped = Vec::new();
    for first in archived {
        let signed = manifests.iter().rfind(|manifest| {
            manifest.first_position == first
                && manifest.source == order.source
                && order.keys().iter().any(|key| manifest.holds(key))
        });
        let Some(manifest) = signed else {
            return Err(ArchiveError::File {
                path: manifests_of(order.folder, order.source),
                source: std::io::Error::other(format!("it tells of no month that begins at {first}")),
            });
        };
        let path = order.folder.join(manifest.file_name());
        let found = sha256(&path).map_err(|source| ArchiveError::File { path: path.clone(), source })?;
        let month = written(manifest.month);
        if found != manifest.sha256 {
            return Err(ArchiveError::Broken { fault: Fault::MonthAltered { month: month.clone() }, month });
        }
        let drop = format!("drop table ledger_from_{first}");
        db.reader().execute(AssertSqlSafe(drop)).await?;
        dropped.push(month);
    }
    Ok(dropped)
}

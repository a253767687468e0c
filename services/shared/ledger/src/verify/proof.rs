//! Archived months as the beginning of a chain.

use std::collections::BTreeMap;
use std::path::Path;

use futures::TryStreamExt as _;
use postgres::{Db, StoreError};
use sqlx::Row as _;

use super::{Exported, Fault, Verifier};
use crate::archive::{Archive, Manifest, MonthFile, kept_sha256, written};

/// Brings the verifier past every archived month before the position `first`: by the files where they are at hand, and by the manifests where not. What the
/// database keeps of each is held against its manifest.
pub(super) async fn months(
    verifier: &mut Verifier,
    db: Option<&Db>,
    source: &str,
    archive: &Archive,
    first: i64,
) -> Result<(), StoreError> {
    // One that was archived again, after the database was put back, is told of twice.
    let told: BTreeMap<i64, &Manifest> = archive.manifests.iter().map(|told| (told.first_position, told)).collect();
    for manifest in told.into_values().filter(|manifest| manifest.last_position < first) {
        if verifier.fault().is_some() {
            return Ok(());
        }
        month(verifier, db, source, archive.folder.as_deref(), manifest).await?;
    }
    let (last, _) = verifier.stands();
    if first != i64::MAX && last + 1 < first {
        verifier.fail(Fault::MonthMissing { position: last + 1 });
    }
    Ok(())
}

async fn month(
    verifier: &mut Verifier,
    db: Option<&Db>,
    source: &str,
    folder: Option<&Path>,
    manifest: &Manifest,
) -> Result<(), StoreError> {
    let month = written(manifest.month);
    if manifest.source != source || !verifier.keys().iter().any(|key| manifest.holds(key)) {
        verifier.fail(Fault::MonthUnsigned { month });
        return Ok(());
    }
    let (last, hash) = verifier.stands();
    if (last + 1, hex::encode(hash)) != (manifest.first_position, manifest.prev_hash.clone()) {
        let gap = last + 1 < manifest.first_position;
        let fault = Fault::Broken { position: manifest.first_position };
        verifier.fail(if gap { Fault::MonthMissing { position: last + 1 } } else { fault });
        return Ok(());
    }
    match folder {
        Some(folder) => {
            read(verifier, db, manifest, &folder.join(manifest.file_name())).await?;
            verifier.verdict.months_read += 1;
        }
        None => match hex::decode(&manifest.hash).ok().and_then(|hash| hash.try_into().ok()) {
            Some(hash) => verifier.pass_to(manifest.last_position, hash),
            None => verifier.fail(Fault::MonthAltered { month: month.clone() }),
        },
    }
    verifier.verdict.archived_months += 1;
    if let Some(db) = db
        && verifier.fault().is_none()
        && kept_sha256(db.reader(), manifest.first_position, manifest.last_position).await? != manifest.kept_sha256
    {
        verifier.fail(Fault::KeptAltered { month });
    }
    Ok(())
}

/// Every entry of a file, with the personal parts that are still in the database. An entry that is bad is named before the file is.
async fn read(verifier: &mut Verifier, db: Option<&Db>, manifest: &Manifest, path: &Path) -> Result<(), StoreError> {
    let month = || written(manifest.month);
    let Ok(mut file) = MonthFile::open(path) else {
        verifier.fail(Fault::MonthUnread { month: month() });
        return Ok(());
    };
    loop {
        let Ok(mut page) = file.page() else {
            verifier.fail(Fault::MonthUnread { month: month() });
            return Ok(());
        };
        if page.is_empty() {
            break;
        }
        if let Some(db) = db {
            personal_parts(db, &mut page).await?;
        }
        page.iter().for_each(|entry| verifier.check(entry));
    }
    let as_signed = file.sha256().is_ok_and(|found| found == manifest.sha256);
    let (last, hash) = verifier.stands();
    if !as_signed || (last, hex::encode(hash)) != (manifest.last_position, manifest.hash.clone()) {
        verifier.fail(Fault::MonthAltered { month: month() });
    }
    Ok(())
}

async fn personal_parts(db: &Db, page: &mut [Exported]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(()) };
    let mut rows = sqlx::query("select position, salt, personal from ledger_personal where position between $1 and $2")
        .bind(first.position)
        .bind(last.position)
        .fetch(db.reader());
    let mut parts = BTreeMap::new();
    while let Some(row) = rows.try_next().await? {
        let (position, salt, personal): (i64, Vec<u8>, Vec<u8>) =
            (row.try_get("position")?, row.try_get("salt")?, row.try_get("personal")?);
        parts.insert(position, (hex::encode(salt), hex::encode(personal)));
    }
    for entry in page {
        if let Some((salt, personal)) = parts.remove(&entry.position) {
            (entry.salt, entry.personal) = (salt, personal);
        }
    }
    Ok(())
}

//! Ledgers, cursors, checkpoints and the journal of erasures, by each service's own role.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::signature::KeyPair as _;
use broker::{Broker, BrokerSettings};
use jiff::Timestamp;
use ledger::archive;
use ledger::checkpoint::{self, Checkpoint};
use ledger::verify::verify_tail;
use postgres::{Db, StoreError};
use serde::Deserialize;
use sqlx::Row as _;
use uuid::Uuid;

use crate::doctor::finding::Finding;
use crate::doctor::judge::{self, Books, Cursor, Months};
use crate::doctor::patient::Kept;
use crate::services::Service;

/// What is seen of one service's ledger. `heads` are the last positions of all that are looked at.
pub async fn look(
    kept: Kept<'_>,
    db: &Db,
    heads: &BTreeMap<&'static str, i64>,
    tail: i64,
    now: Timestamp,
) -> Result<Vec<Finding>, StoreError> {
    let about = kept.name;
    let file = checkpoint::file_of(&kept.process.checkpoint_dir, about);
    // What covers no more than what comes before the entries that are looked at says nothing of them.
    let before = head(db).await?.saturating_sub(tail).max(0);
    let signed = match checkpoint::since(&file, before) {
        Ok(signed) => signed,
        Err(error) => {
            let cure = "put the file back from its copy: it is what proves the ledger";
            return Ok(vec![Finding::ill(about, "checkpoints", error.to_string(), cure)]);
        }
    };
    let books = read(kept, db, &signed, tail).await?;
    let mut findings = judge::books(about, &books, now);
    findings.push(judge::checkpoints(about, &signed, books.position, books.began, now));
    let own = own_key(kept).map(|key| checkpoint::key_id(&key));
    findings.extend(own.and_then(|own| judge::signer(about, &signed, &own)));
    let manifests = archive::read(&archive::manifests_of(&kept.process.checkpoint_dir, about));
    let manifests = manifests.as_deref().map_err(kernel::chain);
    findings.push(judge::months(about, &months(db).await?, books.position, manifests));
    findings.extend(judge::lag(about, &cursors(kept.service, db, heads).await?, now));
    if let Some(settings) = &kept.process.broker {
        findings.push(broker(kept, settings, books.position).await);
    }
    if kept.service == Service::CustomerProfile {
        let granted = granted(db).await?;
        findings.push(judge::erasures(about, &granted, &journal(kept)));
    }
    Ok(findings)
}

/// Whether the process reaches its broker, and how far its ledger was handed over.
async fn broker(kept: Kept<'_>, settings: &BrokerSettings, position: i64) -> Finding {
    let asked = async {
        let broker = Broker::new(settings.clone(), kept.name)?;
        broker::standing(&broker, kept.name).await
    };
    judge::broker(kept.name, asked.await.map_err(|error| kernel::chain(&error)), position)
}

/// The last position of a ledger.
pub async fn head(db: &Db) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("select position from ledger_head").fetch_one(db.reader()).await?)
}

/// The public key that the process signs with.
fn own_key(kept: Kept<'_>) -> Option<Vec<u8>> {
    server::signing_key(&kept.process.signing_key_file).ok().map(|key| key.public_key().as_ref().to_vec())
}

async fn read(kept: Kept<'_>, db: &Db, signed: &[Checkpoint], tail: i64) -> Result<Books, StoreError> {
    let own = own_key(kept);
    // What cannot be read is told of where keys are looked at.
    let former = server::former_keys(kept.process).unwrap_or_default().public_keys();
    let keys: Vec<Vec<u8>> = own.into_iter().chain(former).collect();
    let verdict = verify_tail(db, kept.name, signed, &keys, tail).await?;
    let row = sqlx::query(
        "select h.position,
                h.position = coalesce((select max(position) from ledger), 0)
                and h.hash = coalesce((select hash from ledger l where l.position = h.position), h.hash) as last,
                (select recorded_at from ledger order by position limit 1) as began,
                (select count(*) from ledger_inbox) as waiting, (select min(recorded_at) from ledger_inbox) as oldest,
                (select count(*) from ledger_parked) as parked
         from ledger_head h",
    )
    .fetch_one(db.reader())
    .await?;
    let oldest: Option<jiff_sqlx::Timestamp> = row.try_get("oldest")?;
    let began: Option<jiff_sqlx::Timestamp> = row.try_get("began")?;
    Ok(Books {
        verdict,
        head_is_last: row.try_get("last")?,
        position: row.try_get("position")?,
        began: began.map(|began| began.to_jiff()),
        waiting: row.try_get("waiting")?,
        oldest: oldest.map(|oldest| oldest.to_jiff()),
        parked: row.try_get("parked")?,
    })
}

async fn months(db: &Db) -> Result<Months, StoreError> {
    let row = sqlx::query(
        "select (now() at time zone 'UTC')::date as today, month, first_position,
                coalesce((select max(last_position) from ledger_month where archived_at is not null), 0) as archived_to,
                (select count(*) from ledger_month where archived_at is not null) as archived
         from ledger_month where last_position is null",
    )
    .fetch_one(db.reader())
    .await?;
    let date = |column| -> Result<_, sqlx::Error> { Ok(row.try_get::<jiff_sqlx::Date, _>(column)?.to_jiff()) };
    Ok(Months {
        today: date("today")?,
        open: (date("month")?, row.try_get("first_position")?),
        archived_to: row.try_get("archived_to")?,
        archived: row.try_get("archived")?,
    })
}

/// Where the service stands with every ledger that it follows; one that it never heard of has no row.
async fn cursors(service: Service, db: &Db, heads: &BTreeMap<&'static str, i64>) -> Result<Vec<Cursor>, StoreError> {
    let rows = sqlx::query("select source, position, head_position, as_of from ledger_cursor order by source");
    let rows = rows.fetch_all(db.reader()).await?;
    let mut cursors = Vec::new();
    for row in rows {
        let source: String = row.try_get("source")?;
        let as_of: Option<jiff_sqlx::Timestamp> = row.try_get("as_of")?;
        let heard: i64 = row.try_get("head_position")?;
        cursors.push(Cursor {
            position: row.try_get("position")?,
            head: heads.get(source.as_str()).copied().unwrap_or(heard),
            as_of: as_of.map(|as_of| as_of.to_jiff()),
            source,
        });
    }
    for source in service.follows().map(Service::name) {
        if cursors.iter().all(|cursor| cursor.source != source) {
            cursors.push(Cursor { source: source.to_owned(), position: 0, head: 0, as_of: None });
        }
    }
    Ok(cursors)
}

async fn granted(db: &Db) -> Result<BTreeSet<Uuid>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from erasure_request").fetch_all(db.reader()).await?;
    Ok(ids.into_iter().collect())
}

/// Ids of the erasures in the journal.
fn journal(kept: Kept<'_>) -> BTreeSet<Uuid> {
    #[derive(Deserialize)]
    struct Line {
        erasure: Uuid,
    }
    let file = kept.process.checkpoint_dir.join(customer_profile::JOURNAL);
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()).map(|line| line.erasure).collect()
}

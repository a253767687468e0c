//! Evaluations as they were published.

use jiff::Timestamp;
use postgres::{Db, StoreError};
use sqlx::PgConnection;

/// An evaluation, as it is about to be published.
#[derive(Debug, Clone)]
pub struct New {
    /// Its year.
    pub year: i32,
    /// Which of the year, from 1.
    pub version: i32,
    /// Its figures, as the contract has them.
    pub content: Vec<u8>,
    /// Text in Spanish.
    pub text_es: String,
    /// Text in English.
    pub text_en: String,
    /// Entries of the ledger when it was counted, and the hash of the last.
    pub ledger: (i64, Vec<u8>),
    /// Who publishes it.
    pub published_by: String,
}

/// An evaluation that was published.
#[derive(Debug, Clone)]
pub struct Kept {
    /// What was published.
    pub what: New,
    /// When.
    pub published: Timestamp,
}

/// The database's time, and the number that the next evaluation of a year gets.
#[tracing::instrument(name = "db.evaluation.next", skip_all)]
pub async fn next(db: &Db, year: i32) -> Result<(Timestamp, i32), StoreError> {
    let row = sqlx::query!(
        r#"select now() as "now!: jiff_sqlx::Timestamp", coalesce(max(version), 0) + 1 as "version!"
           from sla_monitor.evaluation where year = $1"#,
        year
    )
    .fetch_one(db.reader())
    .await?;
    Ok((row.now.to_jiff(), row.version))
}

/// The end of the ledger at the snapshot of a transaction: how many entries, and the hash of the last; none while entries wait for their position.
#[tracing::instrument(name = "db.evaluation.ledger_end", skip_all)]
pub async fn ledger_end(tx: &mut PgConnection) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let row = sqlx::query!(
        r#"select position, hash, exists (select from sla_monitor.ledger_inbox) as "waits!" from sla_monitor.ledger_head"#
    )
    .fetch_one(tx)
    .await?;
    Ok((!row.waits).then_some((row.position, row.hash)))
}

/// Writes one, and answers when.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else has written that version meanwhile.
#[tracing::instrument(name = "db.evaluation.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, kept: &New) -> Result<Timestamp, StoreError> {
    let written = sqlx::query_scalar!(
        r#"insert into sla_monitor.evaluation (year, version, content, text_es, text_en, ledger_position, ledger_hash, published_by, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
         on conflict on constraint evaluation_pkey do nothing
         returning published_at as "published_at: jiff_sqlx::Timestamp""#,
        kept.year,
        kept.version,
        kept.content,
        kept.text_es,
        kept.text_en,
        kept.ledger.0,
        kept.ledger.1,
        kept.published_by,
    )
    .fetch_optional(tx)
    .await?;
    written.map(jiff_sqlx::Timestamp::to_jiff).ok_or(StoreError::Stale)
}

/// One version of a year; the newest for 0.
#[tracing::instrument(name = "db.evaluation.get", skip_all)]
pub async fn get(db: &Db, year: i32, version: i32) -> Result<Option<Kept>, StoreError> {
    let row = sqlx::query!(
        r#"select version, content, text_es, text_en, ledger_position, ledger_hash, published_by, published_at as "published_at: jiff_sqlx::Timestamp"
           from sla_monitor.evaluation where year = $1 and (version = $2 or $2 = 0) order by version desc limit 1"#,
        year,
        version
    )
    .fetch_optional(db.reader())
    .await?;
    Ok(row.map(|row| {
        let what = New {
            year,
            version: row.version,
            content: row.content,
            text_es: row.text_es,
            text_en: row.text_en,
            ledger: (row.ledger_position, row.ledger_hash),
            published_by: row.published_by,
        };
        Kept { what, published: row.published_at.to_jiff() }
    }))
}

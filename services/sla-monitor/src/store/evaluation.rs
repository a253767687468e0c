//! Evaluations as they were published.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError};
use sqlx::PgConnection;

/// An evaluation.
#[derive(Debug, Clone)]
pub struct Kept {
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
    /// Who published it.
    pub published_by: String,
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

/// Writes one.
///
/// # Errors
/// [`StoreError::Contended`] when somebody else has written that version meanwhile.
#[tracing::instrument(name = "db.evaluation.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, kept: &Kept) -> Result<(), StoreError> {
    let written = sqlx::query!(
        "insert into sla_monitor.evaluation (year, version, content, text_es, text_en, ledger_position, ledger_hash, published_by, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint evaluation_pkey do nothing",
        kept.year,
        kept.version,
        kept.content,
        kept.text_es,
        kept.text_en,
        kept.ledger.0,
        kept.ledger.1,
        kept.published_by,
        kept.published.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    if written.rows_affected() == 0 { Err(StoreError::Contended) } else { Ok(()) }
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
    Ok(row.map(|row| Kept {
        year,
        version: row.version,
        content: row.content,
        text_es: row.text_es,
        text_en: row.text_en,
        ledger: (row.ledger_position, row.ledger_hash),
        published_by: row.published_by,
        published: row.published_at.to_jiff(),
    }))
}

//! Destroying the personal parts of entries. Positions, hashes and commitments stay, and the chain still verifies.

use postgres::StoreError;
use prost::Message;
use sqlx::{PgConnection, Row};
use ventanilla_proto::ledger::v1::Entry;

/// Destroys the personal parts of every entry about these resources (names, e.g. `tickets/{id}`) in this ledger, and in the
/// parked entries of others that are about them or name them.
///
/// Answers `false`, and nothing is destroyed, while such an entry waits for its position: the sequencer would bring its
/// personal part after us. Nobody may be writing about the resources meanwhile: hold their locks.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.ledger.forget", skip_all)]
pub async fn forget(tx: &mut PgConnection, resources: &[String]) -> Result<bool, StoreError> {
    let waits: bool = sqlx::query_scalar(
        "select exists (select from ledger_inbox where aggregate = any($1) and commitment is not null)",
    )
    .bind(resources)
    .fetch_one(&mut *tx)
    .await?;
    if waits {
        return Ok(false);
    }
    sqlx::query(
        "delete from ledger_personal where position = any(array(
             select position from ledger_known where aggregate = any($1) and committed))",
    )
    .bind(resources)
    .execute(&mut *tx)
    .await?;
    strip_parked(tx, resources).await?;
    Ok(true)
}

/// The same of single entries, by position.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.ledger.forget_entries", skip_all)]
pub async fn forget_entries(tx: &mut PgConnection, positions: &[i64]) -> Result<(), StoreError> {
    sqlx::query("delete from ledger_personal where position = any($1)").bind(positions).execute(tx).await?;
    Ok(())
}

/// Of an aggregate that is parked because of an entry which names one of the resources, all is about it.
async fn strip_parked(tx: &mut PgConnection, resources: &[String]) -> Result<(), StoreError> {
    let parked = sqlx::query(
        "with concerned as materialized (
             select distinct source, aggregate from ledger_parked p
             where p.aggregate = any($1)
                or exists (select from unnest($1::text[]) as r (name) where position(convert_to(r.name, 'UTF8') in p.entry) > 0)
         )
         select source, position, entry from ledger_parked join concerned using (source, aggregate)",
    )
    .bind(resources)
    .fetch_all(&mut *tx)
    .await?;
    for row in parked {
        let (source, position): (String, i64) = (row.try_get("source")?, row.try_get("position")?);
        let bytes: Vec<u8> = row.try_get("entry")?;
        let entry = Entry::decode(bytes.as_slice())
            .map_err(|_| StoreError::corrupt("ledger_parked", "entry", format!("{source}:{position}")))?;
        let stripped = Entry { personal: Vec::new(), salt: Vec::new(), ..entry };
        sqlx::query("update ledger_parked set entry = $3 where source = $1 and position = $2")
            .bind(source)
            .bind(position)
            .bind(stripped.encode_to_vec())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

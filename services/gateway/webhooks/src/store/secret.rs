//! What secrets are made of.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use webhooks_domain::SubscriptionId;
use webhooks_domain::secret::{HouseKey, Salt, Secret};

use super::instant;
use crate::keys::Keys;

/// The id of a key that a secret was made of and that is not among these.
#[tracing::instrument(name = "db.secret.unknown_key", skip_all)]
pub async fn unknown_key(pool: &PgPool, known: &[String]) -> Result<Option<String>, StoreError> {
    let found = sqlx::query_scalar!("select key_id from webhooks.secret where key_id <> all($1) limit 1", known);
    Ok(found.fetch_optional(pool).await?)
}

/// Keeps a secret of this number.
#[tracing::instrument(name = "db.secret.insert", skip_all)]
pub async fn insert(
    tx: &mut PgConnection,
    (of, number): (SubscriptionId, i32),
    salt: &Salt,
    key: &HouseKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into webhooks.secret (subscription_id, number, salt, key_id, created_at) values ($1, $2, $3, $4, $5)",
        of.uuid(),
        number,
        salt.as_slice(),
        key.id(),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The secrets before this one sign until then, or until earlier if that was said before; what is over is forgotten.
#[tracing::instrument(name = "db.secret.end_former", skip_all)]
pub async fn end_former(
    tx: &mut PgConnection,
    (of, number): (SubscriptionId, i32),
    until: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.secret set until = least(until, $3) where subscription_id = $1 and number < $2",
        of.uuid(),
        number,
        until.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from webhooks.secret where subscription_id = $1 and until <= $2",
        of.uuid(),
        now.to_sqlx() as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A secret and until when it signs.
pub struct Kept {
    /// Its number.
    pub number: i32,
    /// The secret.
    pub secret: Secret,
    /// Until when; for ever when none.
    pub until: Option<Timestamp>,
}

/// The secrets of a subscription that sign now, the newest first.
#[tracing::instrument(name = "db.secret.that_sign", skip_all)]
pub async fn that_sign(
    pool: &PgPool,
    keys: &Keys,
    of: SubscriptionId,
    now: Timestamp,
) -> Result<Vec<Kept>, StoreError> {
    let rows = sqlx::query!(
        "select number, salt, key_id, until from webhooks.secret
         where subscription_id = $1 and (until is null or until > $2) order by number desc",
        of.uuid(),
        now.to_sqlx() as _,
    )
    .fetch_all(pool)
    .await?;
    let read = rows.into_iter().map(|row| {
        let corrupt = |column| StoreError::corrupt("secret", column, format!("{of} {}", row.number));
        let salt: Salt = row.salt.as_slice().try_into().map_err(|_| corrupt("salt"))?;
        let key = keys.get(&row.key_id).ok_or_else(|| corrupt("key_id"))?;
        Ok(Kept { number: row.number, secret: key.secret(of, row.number, &salt), until: instant(row.until) })
    });
    read.collect()
}

//! What customers bought and agreed.

use std::fmt;

use customer_profile_domain::{CustomerId, Dealing as Fact, DealingKind, Slug, Sums};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Personal, ResourceId};
use postgres::StoreError;
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A dealing as a system told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dealing {
    pub source_system: Slug,
    pub external_id: Personal<String>,
    pub customer: CustomerId,
    pub kind: DealingKind,
    pub amount: Option<Amount>,
    pub occurred_at: Timestamp,
}

/// How much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount {
    pub minor_units: i64,
    pub currency: String,
}

/// Writes it down; answers when that was, and whether it was now. `None` when it was told before, and otherwise.
#[tracing::instrument(name = "db.dealing.put", skip_all)]
pub(crate) async fn put(
    tx: &mut PgConnection,
    id: Uuid,
    told: &Dealing,
    now: Timestamp,
) -> Result<Option<(Timestamp, bool)>, StoreError> {
    let written = sqlx::query!(
        "insert into customer_profile.dealing
             (id, source_system, external_id, customer_id, kind, minor_units, currency, occurred_at, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint dealing_external_key do nothing",
        id,
        told.source_system.as_str(),
        told.external_id.expose(),
        told.customer.uuid(),
        told.kind.as_str(),
        told.amount.as_ref().map(|amount| amount.minor_units),
        told.amount.as_ref().map(|amount| amount.currency.as_str()),
        told.occurred_at.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    if written.rows_affected() == 1 {
        return Ok(Some((now, true)));
    }
    let row = sqlx::query!(
        r#"select d.customer_id, d.kind, d.minor_units, d.currency, d.occurred_at, d.recorded_at,
                  (select a.customer_id = b.customer_id from customer_profile.customer_alias a, customer_profile.customer_alias b
                   where a.id = d.customer_id and b.id = $3) as same
           from customer_profile.dealing d where d.source_system = $1 and d.external_id = $2"#,
        told.source_system.as_str(),
        told.external_id.expose(),
        told.customer.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    // Destroyed with its customer in this very moment: the caller does it again.
    let row = row.ok_or(StoreError::Contended)?;
    let known = Dealing {
        // Told again by another id of one customer, it is the same fact.
        customer: if row.same == Some(true) { told.customer } else { CustomerId::from_uuid(row.customer_id) },
        kind: DealingKind::stored(&row.kind).ok_or_else(|| StoreError::corrupt("dealing", "kind", row.customer_id))?,
        amount: row.minor_units.zip(row.currency).map(|(minor_units, currency)| Amount { minor_units, currency }),
        occurred_at: row.occurred_at.to_jiff(),
        ..told.clone()
    };
    Ok((known == *told).then(|| (row.recorded_at.to_jiff(), false)))
}

/// Dealings of a customer as the statement of the view gives them: the last ones, and what is summed over all.
#[derive(Deserialize)]
pub(crate) struct Summary {
    last: Option<Vec<Row>>,
    purchases: i64,
    spent: i64,
    contracts: i64,
    first_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Row {
    kind: String,
    at: Timestamp,
}

/// Without what is personal.
impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Summary").finish_non_exhaustive()
    }
}

impl Summary {
    /// The last dealings, and the sums.
    pub(crate) fn read(self, customer: CustomerId) -> Result<(Vec<Fact>, Sums), StoreError> {
        let fact = |row: Row| {
            let kind = DealingKind::stored(&row.kind);
            let kind = kind.ok_or_else(|| StoreError::corrupt("dealing", "kind", customer.uuid()))?;
            Ok(Fact { kind, at: row.at })
        };
        let last: Result<Vec<Fact>, StoreError> = self.last.unwrap_or_default().into_iter().map(fact).collect();
        Ok((
            last?,
            Sums { purchases: self.purchases, spent: self.spent, contracts: self.contracts, first_at: self.first_at },
        ))
    }
}

/// The dealings under these ids after the one at `place`, the oldest first, each with its id and the instant it was told.
#[tracing::instrument(name = "db.dealing.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    ids: &[Uuid],
    place: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<(Uuid, Dealing, Timestamp)>, StoreError> {
    let rows = sqlx::query!(
        "select id, source_system, external_id, customer_id, kind, minor_units, currency, occurred_at, recorded_at
         from customer_profile.dealing
         where customer_id = any($1) and (occurred_at, id) > (coalesce($2, '-infinity'::timestamptz), $3)
         order by occurred_at, id limit $4",
        ids,
        place.map(|(at, _)| at.to_sqlx()) as _,
        place.map_or(Uuid::nil(), |(_, id)| id),
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = |column| StoreError::corrupt("dealing", column, row.customer_id);
            let dealing = Dealing {
                source_system: row.source_system.parse().map_err(|_| corrupt("source_system"))?,
                external_id: row.external_id.into(),
                customer: CustomerId::from_uuid(row.customer_id),
                kind: DealingKind::stored(&row.kind).ok_or_else(|| corrupt("kind"))?,
                amount: row
                    .minor_units
                    .zip(row.currency)
                    .map(|(minor_units, currency)| Amount { minor_units, currency }),
                occurred_at: row.occurred_at.to_jiff(),
            };
            Ok((row.id, dealing, row.recorded_at.to_jiff()))
        })
        .collect()
}

//! Customers who were erased.

use std::collections::HashSet;

use kernel::ResourceId as _;
use postgres::StoreError;
use sqlx::PgConnection;
use ticketing_domain::CustomerId;
use uuid::Uuid;

/// Notes that these ids are of somebody who was erased. A second time changes nothing.
#[tracing::instrument(name = "db.erased_customer.add", skip_all)]
pub(crate) async fn add(tx: &mut PgConnection, customers: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ticketing.erased_customer (customer_id) select distinct id from unnest($1::uuid[]) as c (id)
         on conflict on constraint erased_customer_pkey do nothing",
        customers,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Those of these customers who were erased.
#[tracing::instrument(name = "db.erased_customer.among", skip_all)]
pub(crate) async fn among(tx: &mut PgConnection, customers: &[Uuid]) -> Result<HashSet<CustomerId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "select customer_id from ticketing.erased_customer where customer_id = any($1)",
        customers,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(CustomerId::from_uuid).collect())
}

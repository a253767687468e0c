//! Customers who were erased.

use postgres::StoreError;
use sqlx::PgConnection;
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
